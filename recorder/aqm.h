/* SPDX-License-Identifier: GPL-2.0-or-later */
/* aqm.h - active queue management: disciplines that drop before the queue is full. */
#ifndef REC_AQM_H
#define REC_AQM_H

#include "channel.h"
#include "stream.h"

struct rec_aqm {
	struct rec_stream stream;
	/* RED */
	uint64_t mean;			/* of the length in frames, times 2^RED_POINT */
	uint64_t since_drop;		/* frames */
	vtime_ns empty_at;		/* when the queue was last known to run empty */
	/* CoDel */
	vtime_ns first_above;		/* 0: below target */
	vtime_ns drop_next;
	uint32_t count, last_count;
	bool dropping;
};

struct rec_aqm_frame {			/* a frame that comes to the queue */
	vtime_ns now;
	vtime_ns begin;			/* its turn on the line; now: at once */
	uint32_t length;		/* frames in the queue, without it */
	vtime_ns line_ns;		/* that it takes on the line */
};

/* Why the discipline drops the frame ("red", "codel"), or NULL.  One draw a frame, whatever the discipline. */
const char *rec_aqm_drops(struct rec_aqm *aqm, const struct rec_queue_rule *rule, const struct rec_aqm_frame *frame);

#endif
