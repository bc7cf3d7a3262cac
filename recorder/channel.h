/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * channel.h - all that characterises one direction of a link.
 *
 * A new characteristic is a member here, a row of SCOPE(channel) in experiment-keys.def with its reader in
 * experiment-channel.c, and its place in link.c, which shows the way of a frame.  The timeline changes it like any other.
 */
#ifndef REC_CHANNEL_H
#define REC_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "event.h"

#define REC_PPB 1000000000u		/* shares are parts of this */

enum rec_jitter_law { REC_JITTER_NONE, REC_JITTER_UNIFORM, REC_JITTER_NORMAL, REC_JITTER_PARETO, REC_JITTER_TABLE };

struct rec_jitter_law_of {		/* what is added to the delay, frame by frame */
	enum rec_jitter_law law;
	bool overtakes;			/* a later frame may arrive before an earlier one */
	vtime_ns spread_ns;		/* UNIFORM: the most; NORMAL, PARETO: the standard deviation */
	vtime_ns least_ns;		/* the delay with jitter is never below it */
	uint64_t correlation_ppb;	/* how often a frame gets what the one before it got */
	const int64_t *table;		/* TABLE: each equally often; ascending; owned by the experiment */
	uint32_t table_count;
};

enum rec_discipline { REC_DROP_TAIL, REC_RED, REC_CODEL };

struct rec_queue_rule {			/* how the queue is kept short; its length is queue_frames */
	enum rec_discipline discipline;
	bool drops;			/* when it is full a frame is lost, instead of the driver being stopped */
	uint64_t bytes;			/* 0: only frames are counted */
	uint32_t red_min, red_max;	/* of the mean length, in frames */
	uint64_t red_share_ppb;		/* dropped at red_max */
	vtime_ns target_ns, interval_ns;/* CODEL */
};

struct rec_deliveries {			/* instead of a rate: when the line takes a full frame (Mahimahi's traces) */
	const vtime_ns *at;		/* ascending, several at a time allowed; owned by the experiment */
	uint32_t count;			/* 0: none, there is a rate */
	vtime_ns period;		/* after which they come again */
};

#define REC_DELIVERY_SIZE 1514u		/* bytes that one delivery takes; what is not used of it is lost */

struct rec_exp_channel {
	uint64_t rate_bps;		/* 0: unlimited */
	struct rec_deliveries deliveries;
	vtime_ns delay_ns;		/* at least 1 */
	uint64_t loss_ppb;		/* of frames; with bursts: between these */
	uint32_t queue_frames;		/* sending ring, default 64 */
	/* bursts (Gilbert and Elliott): chances a frame to begin and to end one, and of loss within it */
	uint64_t burst_begin_ppb, burst_end_ppb, burst_loss_ppb;
	uint64_t loss_correlation_ppb;	/* how often a frame shares the fate of the one before it */
	uint64_t duplicate_ppb, corrupt_ppb;
	uint64_t reorder_ppb;		/* share of frames that arrive reorder_ns later, and may be overtaken */
	vtime_ns reorder_ns;
	struct rec_jitter_law_of jitter;
	struct rec_queue_rule queue;
	uint64_t police_bps;		/* limit at the receiving side, where what is too much is lost; 0: none */
	uint64_t police_bytes;		/* what may come at once */
	/* what the timeline does */
	bool down;			/* no carrier, for both directions */
	bool cut;			/* frames are lost without anybody noticing: a partition */
	bool held;			/* frames wait on the way until it is released */
	bool closed;			/* between contacts: nothing is sent, and the carrier is off; what has left arrives */
};

/* Whether an interface that sends on it finds a carrier. */
static inline bool rec_channel_carrier(const struct rec_exp_channel *channel)
{
	return !channel->down && !channel->closed;
}

#endif
