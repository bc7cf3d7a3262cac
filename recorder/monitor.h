/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * monitor.h - how much the links carry, and how long their queues are, in intervals of virtual time.
 *
 * The machine shows it all events in their total order, so what it tells does not depend on workers.
 */
#ifndef REC_MONITOR_H
#define REC_MONITOR_H

#include "experiment.h"

struct rec_monitor {
	const struct rec_experiment *exp;
	struct rec_monitor_side *sides;	/* [2 * link + side] */
	vtime_ns from, next;		/* the present interval; next UINT64_MAX: nothing is told */
};

void rec_monitor_init(struct rec_monitor *monitor, const struct rec_experiment *exp);
void rec_monitor_done(struct rec_monitor *monitor);
void rec_monitor_see(struct rec_monitor *monitor, const struct fmt_event *event);
/* When the interval ends.  Then, before any event of that time or later: */
vtime_ns rec_monitor_next(const struct rec_monitor *monitor);
/* appends what is to be told of the interval that ends at now, and begins the next one. */
void rec_monitor_tell(struct rec_monitor *monitor, vtime_ns now, struct fmt_buf *records);

#endif
