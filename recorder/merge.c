/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

void rec_merge_init(struct rec_merge *merge, size_t node_count)
{
	*merge = (struct rec_merge){
		.nodes = calloc(node_count, sizeof(*merge->nodes)),
		.heap = calloc(node_count, sizeof(*merge->heap)),
		.node_count = node_count,
	};
	CHECK(merge->nodes && merge->heap);
}

void rec_merge_done(struct rec_merge *merge)
{
	for (size_t i = 0; i < merge->node_count; i++)
		fmt_buf_done(&merge->nodes[i].events);
	free(merge->nodes);
	free(merge->heap);
	*merge = (struct rec_merge){0};
}

void rec_merge_add(struct rec_merge *merge, node_id node, const void *records, size_t size)
{
	CHECK(node >= 1 && node <= merge->node_count);
	struct rec_merge_node *n = &merge->nodes[node - 1];

	CHECK(!n->has_head);
	fmt_buf_put(&n->events, records, size);
}

/* Reads the next event that waits.  1, 0 when none does, -EPROTO. */
static int next_head(struct rec_merge *merge, node_id node)
{
	struct rec_merge_node *n = &merge->nodes[node - 1];
	n->begin = n->pos;
	const int got = fmt_record_next(n->events.data, n->events.size, &n->pos, &n->head);

	n->has_head = false;
	if (!got)
		return 0;
	if (got < 0 || n->head.node != node || n->head.vtime < n->last) {
		merge->culprit = node;
		return -EPROTO;
	}
	n->has_head = true;
	return 1;
}

static bool before(const struct rec_merge *merge, node_id a, node_id b)
{
	const vtime_ns a_time = merge->nodes[a - 1].head.vtime;
	const vtime_ns b_time = merge->nodes[b - 1].head.vtime;

	return a_time != b_time ? a_time < b_time : a < b;
}

static void push(struct rec_merge *merge, node_id node)
{
	size_t at = merge->heap_count++;

	for (; at && before(merge, node, merge->heap[(at - 1) / 2]); at = (at - 1) / 2)
		merge->heap[at] = merge->heap[(at - 1) / 2];
	merge->heap[at] = node;
}

/* Moves a node whose head has changed down from the top. */
static void sink(struct rec_merge *merge, node_id node)
{
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < merge->heap_count &&
		    before(merge, merge->heap[child + 1], merge->heap[child]))
			child++;
		if (child >= merge->heap_count || !before(merge, merge->heap[child], node))
			break;
		merge->heap[at] = merge->heap[child];
		at = child;
	}
	merge->heap[at] = node;
}

static int take_first(struct rec_merge *merge, int (*emit)(void *, const struct fmt_event *),
		      void *arg)
{
	const node_id node = merge->heap[0];
	struct rec_merge_node *n = &merge->nodes[node - 1];
	const int error = emit(arg, &n->head);

	if (error < 0)
		return error;
	n->last = n->head.vtime;
	const int got = next_head(merge, node);

	if (got < 0)
		return got;
	if (got)
		sink(merge, node);
	else if (--merge->heap_count)
		sink(merge, merge->heap[merge->heap_count]);
	return 0;
}

/* Lets go of what was taken; the few records of a node that ran past until move to the front. */
static void compact(struct rec_merge_node *n)
{
	memmove(n->events.data, n->events.data + n->begin, n->events.size - n->begin);
	n->events.size -= n->begin;
	n->begin = 0;
	n->pos = 0;
	n->has_head = false;
}

int rec_merge_take(struct rec_merge *merge, vtime_ns until,
		   int (*emit)(void *arg, const struct fmt_event *event), void *arg)
{
	int error = 0;

	merge->heap_count = 0;
	for (node_id node = 1; node <= merge->node_count && error >= 0; node++) {
		error = merge->nodes[node - 1].events.size ? next_head(merge, node) : 0;
		if (error > 0)
			push(merge, node);
	}
	if (error > 0)
		error = 0;
	while (!error && merge->heap_count && merge->nodes[merge->heap[0] - 1].head.vtime < until)
		error = take_first(merge, emit, arg);
	for (size_t i = 0; i < merge->node_count; i++)
		if (merge->nodes[i].events.size)
			compact(&merge->nodes[i]);
	return error;
}
