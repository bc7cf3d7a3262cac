/* SPDX-License-Identifier: GPL-2.0-or-later */
/* columns-int.h - what columns-put.c (encoder), columns-get.c (decoder) and scan.c (decodes some) have in common. */
#ifndef FMT_COLUMNS_INT_H
#define FMT_COLUMNS_INT_H

#include <string.h>

#include "columns.h"
#include "effect.h"
#include "varint.h"

#define FMT__SLOTS 4096u
#define FMT__EFFECT_SLOTS 4u
#define FMT__FRAME_HEAD 66u		/* Ethernet, IPv4, TCP with timestamps */
#define FMT__COLUMNS_MAX 4096u

/* Columns that do not belong to a field of a kind. */
enum fmt__column_number {
	FMT__COLUMN_KIND, FMT__COLUMN_THREAD, FMT__COLUMN_TIME, FMT__COLUMN_OPAQUE, FMT__COLUMN_OP, FMT__COLUMN_WHERE, FMT__COLUMN_ADDR,
	FMT__COLUMN_SIZE, FMT__COLUMN_EXTRA, FMT__COLUMN_CRC, FMT__COLUMN_COPIES,
	FMT__COLUMN_HEAD = FMT__COLUMN_COPIES + FMT__COPY_COLUMNS,
	FMT__COLUMN_FIELD = FMT__COLUMN_HEAD + FMT__FRAME_HEAD,
};

/* What is remembered of a context. */
struct fmt__slot {
	uint64_t value[FMT_FIELD_MAX];
	uint64_t addr[FMT__EFFECT_SLOTS], size[FMT__EFFECT_SLOTS];
	uint8_t head[FMT__FRAME_HEAD];
};

/* All contexts.  Those of the chunk before are forgotten one by one, as they are met. */
struct fmt__slots {
	struct fmt__slot slot[FMT__SLOTS];
	uint32_t stamp[FMT__SLOTS];	/* of the chunk that a slot is of */
	uint32_t now;			/* stamp of this chunk, from 1 */
};

struct fmt__thread {
	node_id node;
	uint32_t tid;
};

struct fmt__kind {
	uint32_t kind;
	char types[FMT_FIELD_MAX + 1];	/* "" with opaque */
	bool opaque;			/* its body is bytes */
	size_t first_column;		/* decoding: of its fields */
};

/* Both directions. */
struct fmt__shape {
	struct fmt__kind *kinds;
	size_t kind_count, kind_capacity;
	struct fmt__thread *threads;
	size_t thread_count, thread_capacity;
	uint32_t *recent;		/* threads, the last one first */
	struct fmt__slots *slots;	/* borrowed */
};

/* For a chunk of count events.  It has new slots. */
void fmt__shape_init(struct fmt__shape *shape, struct fmt__slots *slots, size_t count);
void fmt__shape_done(struct fmt__shape *shape);
/* Room for one more element: the array, moved where it was full. */
void *fmt__grow(void *array, size_t count, size_t *capacity, size_t size);

/* The place of a context among FMT__SLOTS. */
static inline size_t fmt__slot_index(size_t kind, size_t thread, uint64_t context)
{
	return (kind * 1000003u + thread * 8191u + context) % FMT__SLOTS;
}

static inline struct fmt__slot *fmt__slot_of(const struct fmt__shape *shape, size_t kind, size_t thread, uint64_t context)
{
	struct fmt__slots *slots = shape->slots;
	const size_t at = fmt__slot_index(kind, thread, context);

	if (slots->stamp[at] != slots->now) {
		slots->stamp[at] = slots->now;
		slots->slot[at] = (struct fmt__slot){0};
	}
	return &slots->slot[at];
}

/* The thread of a rank, which comes to the front: its index. */
static inline uint32_t fmt__thread_to_front(struct fmt__shape *shape, size_t rank)
{
	const uint32_t index = shape->recent[rank];

	for (; rank; rank--)
		shape->recent[rank] = shape->recent[rank - 1];
	shape->recent[0] = index;
	return index;
}

static inline bool fmt__effect_has_size(enum fmt_effect_op op)
{
	return op != FMT_EFFECT_TLS && op != FMT_EFFECT_RESIZE;
}

static inline uint64_t fmt__zigzag(uint64_t difference)
{
	return difference << 1 ^ (uint64_t)((int64_t)difference >> 63);
}

static inline uint64_t fmt__unzigzag(uint64_t value)
{
	return value >> 1 ^ -(value & 1);
}

/* A column that is read. */
struct fmt__column {
	const uint8_t *at, *end;	/* what is left */
};

/* Takes a number.  False: there is nothing (right) there. */
static inline bool fmt__column_u64(struct fmt__column *column, uint64_t *ret)
{
	const uint8_t *at = fmt__varint_get(column->at, column->end, ret);

	if (!at)
		return false;
	column->at = at;
	return true;
}

/* The thread of the next event, by the column of threads. */
static inline bool fmt__column_thread(struct fmt__column *column, struct fmt__shape *shape, size_t *ret)
{
	uint64_t rank;

	if (!fmt__column_u64(column, &rank) || rank >= shape->thread_count)
		return false;
	*ret = fmt__thread_to_front(shape, rank);
	return true;
}

/* columns-get.c: what stands before the columns of a chunk of count events (shape->recent has room for as many), and the columns
 * themselves, which the caller frees in any case.  NULL; else what is wrong. */
const char *fmt__columns_open(struct fmt__shape *shape, struct fmt__column head, size_t count, uint64_t *ret_bodies,
			      struct fmt__column **ret_columns, size_t *ret_column_count);

#endif
