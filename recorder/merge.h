/* SPDX-License-Identifier: GPL-2.0-or-later */
/* merge.h - the events of all nodes in one order: (vtime, node, order in the node). */
#ifndef REC_MERGE_H
#define REC_MERGE_H

#include "event.h"

struct rec_merge_node {
	struct fmt_buf events;		/* records that wait */
	size_t begin, pos;		/* of head, and behind it */
	struct fmt_event head;		/* first that waits, while has_head; points into events */
	bool has_head;
	vtime_ns last;			/* vtime of the last one that was taken */
};

struct rec_merge {
	struct rec_merge_node *nodes;	/* [id - 1] */
	size_t node_count;
	node_id *heap;			/* nodes with a head, by its place */
	size_t heap_count;
	node_id culprit;		/* of the last -EPROTO */
};

void rec_merge_init(struct rec_merge *merge, size_t node_count);
void rec_merge_done(struct rec_merge *merge);
/* Adds records of a node behind those that wait. */
void rec_merge_add(struct rec_merge *merge, node_id node, const void *records, size_t size);
/* Hands over all events before until, in order.  0; -EPROTO: a node's records are damaged or do not ascend;
 * what emit returned when that is not 0. */
int rec_merge_take(struct rec_merge *merge, vtime_ns until,
		   int (*emit)(void *arg, const struct fmt_event *event), void *arg);

#endif
