/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link.h - the sending end of a link: serialisation at a rate, a ring that fills, loss, delay.
 * It belongs to the sender's node, so that a full ring stops the real driver's queue.
 */
#ifndef REC_LINK_H
#define REC_LINK_H

#include "aqm.h"
#include "experiment.h"
#include "jitter.h"
#include "loss.h"
#include "stream.h"

struct rec_link_kept {
	vtime_ns depart_ns;
	uint32_t size;
};

struct rec_link_end {
	const struct rec_exp_link *link;
	unsigned side;			/* 0 or 1: which end of the link sends here */
	/* chance, each of a stream of its own: so a change of one characteristic does not move the others */
	struct rec_loss loss;
	struct rec_jitter jitter;
	struct rec_aqm aqm;
	struct rec_stream duplicate, corrupt, reorder;
	const struct rec_reseeds *reseeds;	/* borrowed; NULL: none */
	size_t reseeds_passed;
	vtime_ns free_at;		/* when the line has sent all that it was given */
	/* the delivery that was used last */
	const vtime_ns *delivery_table;	/* whose number delivery is; NULL: none was used */
	uint64_t delivery;
	uint32_t delivery_left;		/* bytes */
	vtime_ns last_arrive;		/* of the frames that keep their order */
	uint32_t ring_count;		/* frames given and not yet departed */
	uint64_t ring_bytes;		/* of these */
	struct rec_link_kept *ring;	/* oldest first */
	uint32_t ring_head, ring_capacity;
	/* the carrier as the node's kernel knows it */
	vtime_ns carrier_next;		/* when it changes; UINT64_MAX: never */
	size_t carrier_phase;		/* that begins then */
	/* policing of what arrives here */
	unsigned __int128 bucket;	/* bits times nanoseconds in a second */
	vtime_ns bucket_at;		/* 0: full */
};

enum rec_link_verdict { REC_LINK_SENT, REC_LINK_KEPT, REC_LINK_FULL };

struct rec_link_result {
	enum rec_link_verdict verdict;	/* SENT: departs at once; KEPT: occupies the ring until depart_ns; FULL: refused */
	bool duplicate;			/* arrives twice */
	vtime_ns depart_ns;		/* its last bit leaves */
	vtime_ns arrive_ns;		/* its last bit arrives */
	uint32_t corrupt_bit;		/* that is flipped on the way, from the first byte's lowest; UINT32_MAX: none */
	const char *drop;		/* NULL, or why it will not arrive ("loss"); it departs all the same */
};

void rec_link_end_init(struct rec_link_end *end, const struct rec_exp_link *link, unsigned side, uint64_t seed);
void rec_link_end_done(struct rec_link_end *end);
struct rec_link_result rec_link_end_send(struct rec_link_end *end, vtime_ns now, size_t frame_size);
/* Departure of the oldest frame in the ring; UINT64_MAX: empty. */
vtime_ns rec_link_end_next(const struct rec_link_end *end);
/* Takes frames that have departed by now off the ring; their number. */
uint32_t rec_link_end_departed(struct rec_link_end *end, vtime_ns now);
/* The sender no longer asks when what it gave has departed; it leaves all the same. */
void rec_link_end_forget(struct rec_link_end *end);
/* Of a frame that arrives here, in the order of arrivals: whether the limit at the receiving side lets it in. */
bool rec_link_end_admits(struct rec_link_end *end, vtime_ns arrive, size_t frame_size);

/* Whether the carrier changes by now, to *ret_on; to be called until it does not. */
bool rec_link_end_carrier(struct rec_link_end *end, vtime_ns now, bool *ret_on);

#endif
