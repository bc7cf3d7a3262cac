/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sketch.h - a run as the summaries of its trace show it: for the first picture, while the run itself is read.
 *
 * It has the nodes, the whole time, and how much each node did when; each of its events stands for INSP_SKETCH_WEIGHT of a node, and its
 * time is only about right.  Where a chunk has something that went wrong, the machine has an event for it.
 */
#ifndef INSP_SKETCH_H
#define INSP_SKETCH_H

#include "run.h"

#define INSP_SKETCH_WEIGHT 128u
#define INSP_SKETCH_MIN 2000000u	/* events; a run of fewer is read before anybody has looked at its sketch */

struct insp_sketch {
	struct insp_run *run;		/* weight is INSP_SKETCH_WEIGHT */
	uint64_t events;		/* of the run itself */
	uint32_t *notes;		/* events of the sketch where notes are, rising */
	uint32_t note_count;
};

/* NULL: the run is short, its trace has no summaries, or it cannot be read. */
struct insp_sketch *insp_sketch_load(const char *path);
void insp_sketch_free(struct insp_sketch *sketch);

#endif
