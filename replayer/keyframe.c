/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keyframe.c - a whole state as bytes and back.
 *
 * Rows are plain and hold no pointers, so a keyframe is the rows as they lie in memory, compressed.  It never leaves the
 * machine and the version that made it (state.c sees to that), so its layout is nobody else's business.
 */
#include "state-int.h"

#include <errno.h>
#include <stdlib.h>
#include <zstd.h>

/* Fast: half of the time of a jump is spent in unpacking. */
#define LEVEL 1

static void put_rows(struct fmt_buf *out, const struct rep_table *table, size_t row_size)
{
	const uint32_t count = table->count;

	fmt_buf_put(out, &count, sizeof(count));
	if (count)
		fmt_buf_put(out, table->rows, count * row_size);
}

static void put_state(struct fmt_buf *out, const struct rep_state *state)
{
	const uint64_t head[] = {state->next, state->vtime, state->ended};

	fmt_buf_put(out, head, sizeof(head));
	put_rows(out, &state->links, sizeof(struct rep_state_link));
	put_rows(out, &state->nodes, sizeof(struct rep_state_node));
	for (uint32_t i = 0; i < state->nodes.count; i++)
		for (size_t j = 0; j < REP__NODE_TABLES; j++)
			put_rows(out, rep__node_table(rep__row(&state->nodes, struct rep_state_node, i), j),
				 rep__node_tables[j].row_size);
}

void rep__keyframe_put(struct fmt_buf *out, const struct rep_state *state)
{
	_cleanup_(fmt_buf_done) struct fmt_buf raw = {0};

	put_state(&raw, state);
	const size_t bound = ZSTD_compressBound(raw.size);

	fmt_buf_reserve(out, bound);
	const size_t size = ZSTD_compress(out->data + out->size, bound, raw.data, raw.size, LEVEL);

	CHECK(!ZSTD_isError(size));
	out->size += size;
}

struct cursor {
	const uint8_t *at;
	size_t left;
};

static bool take(struct cursor *from, void *to, size_t size)
{
	if (size > from->left)
		return false;
	memcpy(to, from->at, size);
	from->at += size;
	from->left -= size;
	return true;
}

/* The table is empty, whatever its fields say. */
static bool take_rows(struct cursor *from, struct rep_table *table, size_t row_size)
{
	uint32_t count;

	*table = (struct rep_table){0};
	if (!take(from, &count, sizeof(count)) || count > from->left / row_size)
		return false;
	if (!count)
		return true;
	table->rows = calloc(count, row_size);
	CHECK(table->rows);
	table->count = table->capacity = count;
	return take(from, table->rows, count * row_size);
}

static bool take_state(struct cursor *from, struct rep_state *ret)
{
	uint64_t head[3];

	if (!take(from, head, sizeof(head)))
		return false;
	ret->next = head[0];
	ret->vtime = head[1];
	ret->ended = head[2];
	if (!take_rows(from, &ret->links, sizeof(struct rep_state_link)) ||
	    !take_rows(from, &ret->nodes, sizeof(struct rep_state_node)))
		return false;
	/* What the nodes' rows say of tables are pointers of another time. */
	for (uint32_t i = 0; i < ret->nodes.count; i++)
		for (size_t j = 0; j < REP__NODE_TABLES; j++)
			*rep__node_table(rep__row(&ret->nodes, struct rep_state_node, i), j) = (struct rep_table){0};
	for (uint32_t i = 0; i < ret->nodes.count; i++)
		for (size_t j = 0; j < REP__NODE_TABLES; j++)
			if (!take_rows(from, rep__node_table(rep__row(&ret->nodes, struct rep_state_node, i), j),
				       rep__node_tables[j].row_size))
				return false;
	return from->left == 0;
}

int rep__keyframe_get(const uint8_t *bytes, size_t size, struct rep_state *ret)
{
	const unsigned long long raw_size = ZSTD_getFrameContentSize(bytes, size);

	rep__state_clear(ret);
	if (raw_size == ZSTD_CONTENTSIZE_ERROR || raw_size == ZSTD_CONTENTSIZE_UNKNOWN || raw_size > SIZE_MAX / 2)
		return -EBADMSG;
	_cleanup_free_ uint8_t *raw = malloc(raw_size + 1);

	CHECK(raw);
	if (ZSTD_decompress(raw, raw_size, bytes, size) != raw_size)
		return -EBADMSG;
	struct cursor from = {raw, raw_size};

	if (take_state(&from, ret))
		return 0;
	rep__state_clear(ret);
	return -EBADMSG;
}
