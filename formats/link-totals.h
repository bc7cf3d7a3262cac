/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link-totals.h - what each direction of each link carried and lost in a whole run, from link-load and link-loss events. */
#ifndef FMT_LINK_TOTALS_H
#define FMT_LINK_TOTALS_H

#include "event.h"

#define FMT_LINK_LOSSES_MAX 8		/* reasons that are told apart; the rest is one */

struct fmt_link_total {
	uint64_t link, side;
	uint64_t frames, bytes;
	uint64_t busy_ns, time_ns;	/* of the intervals that told of it */
	double busiest;			/* share of an interval */
	uint64_t queue_max;
	struct fmt_link_loss {
		char reason[24];
		uint64_t frames;
	} losses[FMT_LINK_LOSSES_MAX];
	size_t loss_count;
};

struct fmt_link_totals {
	struct fmt_link_total *list;	/* by link and side */
	size_t count, capacity;
};

/* Takes what an event tells; most tell nothing. */
void fmt_link_totals_see(struct fmt_link_totals *totals, const struct fmt_event *event);
/* NULL: nothing was told of that direction. */
const struct fmt_link_total *fmt_link_totals_get(const struct fmt_link_totals *totals, uint64_t link, uint64_t side);
void fmt_link_totals_done(struct fmt_link_totals *totals);

#endif
