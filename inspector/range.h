/* SPDX-License-Identifier: GPL-2.0-or-later */
/* range.h - what happened between two events. */
#ifndef INSP_RANGE_H
#define INSP_RANGE_H

#include "run.h"

struct insp_range {
	uint32_t first, last;		/* events, both in it; INSP_NONE: no range */
};

struct insp_range_sum {
	uint32_t events;
	uint32_t packets;		/* sent; copies that a link made do not count */
	uint64_t bytes;			/* of their frames */
	uint32_t received, lost;	/* arrivals (of copies, too) and losses that lie in the range */
	uint32_t again;			/* sent packets whose bytes TCP had sent before */
	uint32_t calls;			/* begun */
	uint32_t failed;		/* calls that returned an error in the range */
	vtime_ns ran;			/* processor time of the slices that end in it */
};

static inline vtime_ns insp_range_duration(const struct insp_run *run, const struct insp_range *range)
{
	return insp_vtime(run, range->last) - insp_vtime(run, range->first);
}

/* Fills sums[run->lane_count], by lane, and *all.  Processor time is read from the trace, the rest is known.  0; -ECANCELED; what
 * fmt_reader_open() and fmt_scan_next() return. */
int insp_range_read(const struct insp_run *run, const struct insp_range *range, insp_progress progress, void *data,
		    struct insp_range_sum *sums, struct insp_range_sum *all, struct fmt_error *error);

#endif
