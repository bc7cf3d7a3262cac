/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * columns.c - the events of a chunk, turned from rows into columns.
 *
 * Values of one field are like each other, and change by little from one event of a thread to its next; bytes of packets and
 * memory are like none of them.  So each field of each kind has a column of differences, and all bytes are apart, where
 * payload.c finds what a packet, its next hop and the reader's buffer share.
 *
 * A difference is to the value that the same field had in the same context: kind, thread, and, behind a field that
 * chooses what the others mean (the number of a call, the link of a packet), that one.  Contexts are FMT__SLOTS places of a
 * table, chosen by a sum; two that fall together predict worse, and are still decoded right, since both sides do the same.
 *
 * The layout of each kind is in the chunk itself, so a reader takes apart kinds that it does not know.  Encoder (columns-put.c)
 * and decoder (columns-get.c) are twins: X_put and X_get are in the same order in both, and go through the columns in the same order.
 */
#include "columns-int.h"

#include <stdlib.h>

#include "base/check.h"

struct fmt__slots *fmt__slots_new(void)
{
	struct fmt__slots *slots = calloc(1, sizeof(*slots));

	CHECK(slots);
	return slots;
}

void fmt__slots_free(struct fmt__slots *slots)
{
	free(slots);
}

void fmt__shape_init(struct fmt__shape *shape, struct fmt__slots *slots, size_t count)
{
	shape->recent = calloc(count, sizeof(*shape->recent));
	CHECK(shape->recent);
	shape->slots = slots;
	if (++slots->now)
		return;
	/* After 2^32 chunks old stamps would be new ones. */
	memset(slots->stamp, 0, sizeof(slots->stamp));
	slots->now = 1;
}

void fmt__shape_done(struct fmt__shape *shape)
{
	free(shape->kinds);
	free(shape->threads);
	free(shape->recent);
}

void *fmt__grow(void *array, size_t count, size_t *capacity, size_t size)
{
	if (count < *capacity)
		return array;
	*capacity = *capacity ? *capacity * 2 : 32;
	array = reallocarray(array, *capacity, size);
	CHECK(array);
	return array;
}
