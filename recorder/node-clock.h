/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * node-clock.h - what a node's own clock shows at a virtual time.
 *
 * A node that boots anew counts from REC_CLOCK_START_NS again, and a clock may run too fast or too slow.  Recorder and
 * replayer reckon with these few functions, so that they cannot disagree.
 */
#ifndef REC_NODE_CLOCK_H
#define REC_NODE_CLOCK_H

#include <stdint.h>

#include "event.h"

#define REC_DRIFT_PPB_MAX 500000000	/* half as fast, or half again as fast */

struct rec_node_clock {
	vtime_ns from;		/* when the clock was last set */
	uint64_t local_ns;	/* what it showed then */
	int64_t drift_ppb;	/* how much faster than virtual time it has run since */
	uint64_t shown_ns;	/* the latest time that a program has seen: the clock never goes back behind it */
};

/* A clock that shows local_ns at a time, and drifts from there. */
void rec_node_clock_set(struct rec_node_clock *clock, vtime_ns now, uint64_t local_ns, int64_t drift_ppb);
/* What it shows at a time at or after the one that it was set at. */
uint64_t rec_node_clock_at(const struct rec_node_clock *clock, vtime_ns now);
/* The first virtual time at which it shows local_ns; UINT64_MAX: never. */
vtime_ns rec_node_clock_when(const struct rec_node_clock *clock, uint64_t local_ns);
/* A program has seen this time. */
void rec_node_clock_shown(struct rec_node_clock *clock, uint64_t local_ns);

#endif
