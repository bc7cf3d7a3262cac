/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pair.h - two runs side by side: which events they have in common.
 *
 * Events are compared node by node (by the nodes' numbers), each node's in its own order.  Until a node parts, events are the
 * same to the last bit.  Behind that the nearest place is looked for from which on both do the same, perhaps at another time; what
 * lies between is set side by side where it is of a kind, and stands alone where not.
 */
#ifndef INSP_PAIR_H
#define INSP_PAIR_H

#include "run.h"

enum insp_match { INSP_SAME, INSP_CHANGED, INSP_ALONE };

/* Events of one node in a row of which none is the same. */
struct insp_difference {
	uint32_t lane[2];
	uint32_t first[2], last[2];	/* events of each run; INSP_NONE: this run has none here */
	vtime_ns begin;			/* when the earlier of the first ones happens */
};

/* A node, which one of the runs may not have. */
struct insp_pair_row {
	uint32_t lane[2];		/* INSP_NONE: not in this run */
	uint32_t common;		/* so many events are the same from its begin on */
};

struct insp_pair {
	const struct insp_run *run[2];
	uint8_t *match[2];		/* of each event: enum insp_match */
	uint32_t *other[2];		/* ... its partner; of one that is alone the last partner of its node before; INSP_NONE */
	uint8_t *block_match[2];	/* [block * lane_count + lane]: bit 1 << enum insp_match of each event */
	struct insp_difference *differences;	/* by begin */
	uint32_t difference_count, difference_capacity;
	struct insp_pair_row *rows;	/* all nodes of both, by their numbers; first is the machine */
	uint32_t row_count;
	uint32_t *row_of[2];		/* of each lane */
	uint32_t same, changed, alone[2];
};

/* ignore: flags of fmt_diff_ignore.  0; what the readers say; -ECANCELED. */
int insp_pair_new(const struct insp_run *a, const struct insp_run *b, unsigned int ignore, insp_progress progress, void *data,
		  struct insp_pair **ret, struct fmt_error *error);
void insp_pair_free(struct insp_pair *pair);
DEFINE_CLEANUP(struct insp_pair *, insp_pair_free)
/* The next (direction > 0) or previous difference, by time and then by place, seen from an event of run side; its index, or INSP_NONE. */
uint32_t insp_pair_step(const struct insp_pair *pair, int side, uint32_t seq, int direction);
/* The event of the other run that stands where this one does: its partner, or else the last one of the same node before; where there
 * is none the last one that has happened by then.  The other run has events. */
uint32_t insp_pair_other(const struct insp_pair *pair, int side, uint32_t seq);
/* The packets that both runs are about at events of theirs, which stand beside each other; INSP_NONE: a run has none there.  One is
 * completed by its partner; what a run has alone stands alone, unless both events were chosen. */
void insp_pair_packets(const struct insp_pair *pair, const uint32_t seqs[2], uint32_t ret[2]);
/* The packet that another one is in the other run: that which the sender has sent instead; INSP_NONE. */
uint32_t insp_pair_packet(const struct insp_pair *pair, int side, uint32_t packet);

#endif
