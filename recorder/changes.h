/* SPDX-License-Identifier: GPL-2.0-or-later */
/* changes.h - what the machine tells of the timeline, in the order of time: seeds, positions, changes of links (by link and side). */
#ifndef REC_CHANGES_H
#define REC_CHANGES_H

#include "experiment.h"

struct rec_change {
	vtime_ns at;
	uint32_t link;
	uint32_t side;
	size_t phase;
};

struct rec_changes {
	struct rec_change *list;
	size_t count, next;		/* next: the first that was not told */
	size_t next_move;		/* likewise of the experiment's moves */
	size_t next_reseed;
};

void rec_changes_init(struct rec_changes *changes, const struct rec_experiment *exp);
void rec_changes_done(struct rec_changes *changes);
/* Time of the next; UINT64_MAX: none. */
vtime_ns rec_changes_next(const struct rec_changes *changes, const struct rec_experiment *exp);
/* Appends the event of the next one. */
void rec_changes_tell(struct rec_changes *changes, const struct rec_experiment *exp, struct fmt_buf *records);

#endif
