/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link.h - the sending end of a link: serialisation at a rate, a ring that fills, loss, delay.
 * It belongs to the sender's node, so that a full ring stops the real driver's queue.
 */
#ifndef REC_LINK_H
#define REC_LINK_H

#include "experiment.h"
#include "stream.h"

struct rec_link_end {
	const struct rec_exp_link *link;
	unsigned side;			/* 0 or 1: which end of the link sends here */
	struct rec_stream loss;
	vtime_ns free_at;		/* when the line has sent all that it was given */
	uint32_t ring_count;		/* frames given and not yet departed */
	/* departure times of these, oldest first */
	vtime_ns *ring;
	uint32_t ring_head;
};

enum rec_link_verdict { REC_LINK_SENT, REC_LINK_KEPT, REC_LINK_FULL };

struct rec_link_result {
	enum rec_link_verdict verdict;	/* SENT: departs at once; KEPT: occupies the ring until depart_ns; FULL: refused */
	vtime_ns depart_ns;		/* its last bit leaves */
	vtime_ns arrive_ns;		/* its last bit arrives */
	const char *drop;		/* NULL, or why it will not arrive ("loss"); it departs all the same */
};

void rec_link_end_init(struct rec_link_end *end, const struct rec_exp_link *link, unsigned side, uint64_t seed);
void rec_link_end_done(struct rec_link_end *end);
struct rec_link_result rec_link_end_send(struct rec_link_end *end, vtime_ns now, size_t frame_size);
/* Departure of the oldest frame in the ring; UINT64_MAX: empty. */
vtime_ns rec_link_end_next(const struct rec_link_end *end);
/* Takes frames that have departed by now off the ring; their number. */
uint32_t rec_link_end_departed(struct rec_link_end *end, vtime_ns now);

#endif
