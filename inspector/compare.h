/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compare.h - a second run beside the first, for the rest of the window. */
#ifndef INSP_COMPARE_H
#define INSP_COMPARE_H

#include "pair.h"
#include "text-table.h"
#include "window.h"

/* Makes what is said above the lanes while two runs are compared. */
void insp__compare_bar_add(InspWindow *window);
/* Loads and compares in a thread; then the lanes have a second half. */
void insp__compare_open(InspWindow *window, const char *path);
void insp__compare_close(InspWindow *window);
/* The focus has moved: the second run goes to where that stands there. */
void insp__compare_follow(InspWindow *window);
/* Goes to an event of the second run; the focus goes to where that stands in the first. */
void insp__compare_goto(InspWindow *window, uint32_t seq);
/* Opens a gap that is closed, closes one that is open. */
void insp__compare_turn_gap(InspWindow *window, uint32_t gap);
/* NULL: no second run is open. */
const struct insp_pair *insp__compare_pair(InspWindow *window);
/* Where the second run is; INSP_NONE: none is open. */
uint32_t insp__compare_other(InspWindow *window);
/* compare-state.c: the second run's side of the panes is asked for.  Of a node, by its name in the first run; of the thread that is looked
 * at, in the frame that so many are around; of an opened row; of one more expression. */
void insp__compare_state(InspWindow *window, const char *node);
void insp__compare_program(InspWindow *window, guint depth);
void insp__compare_expand(InspWindow *window, InspTextRow *row);
void insp__compare_watch(InspWindow *window, const char *expression);
/* Another address is looked at. */
void insp__compare_memory(InspWindow *window);
/* Ends what the second run's replay is asked. */
void insp__compare_cancel(InspWindow *window);
/* Reads of the second run, and questions to its replay, that are under way. */
guint insp__compare_pending(InspWindow *window);

#endif
