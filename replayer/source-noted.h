/* SPDX-License-Identifier: GPL-2.0-or-later */
/* source-noted.h - where programs are at the notes of a trace. */
#ifndef REP_SOURCE_NOTED_H
#define REP_SOURCE_NOTED_H

#include "symbols.h"
#include "trace.h"

/* Executes the run up to each note and gives take() the place of every frame there whose source is known: of the thread that the noted
 * event is about; of all threads of its node, when it is about none (a packet); of all nodes, when it is the machine's.  The moment is
 * that which a window shows: the event has happened, or is just about to if it ends the thread.  *ret_notes: at how many places there are
 * notes.  0; -errno: error says why it cannot be executed. */
int rep__noted_places(const char *path, void (*take)(void *arg, const struct rep_place_info *place), void *arg, uint32_t *ret_notes,
		      struct fmt_error *error);

#endif
