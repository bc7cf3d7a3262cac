/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diff-side.c - reads one run of a comparison, in a thread of its own: taking chunks apart is most of what it costs to compare two
 * runs, and there are two.
 *
 *	thread:  chunk -> events -> hashes of what counts -> [ block | block | block | block ] -> who compares
 *
 * A chunk that only has events of nodes that have parted is passed over unread.  When that is seen depends on who is faster, so
 * who compares must do the same whether it gets such events or not.
 *
 * Memory: BLOCKS * BLOCK_MARKS * 24 bytes.
 */
#include "diff-int.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "reader-int.h"

#define BLOCKS 4u
#define BLOCK_MARKS 8192u

struct block {
	struct fmt__diff_mark marks[BLOCK_MARKS];
	size_t count;
};

struct fmt__diff_side {
	struct fmt_reader *reader;
	event_seq from;
	const struct fmt__diff_view *view;
	const atomic_bool *parted;
	pthread_t thread;
	struct block *filling;		/* by the thread */
	size_t taken;			/* of the first full block, by who compares */
	bool has_block;			/* who compares knows that there is a full one */
	pthread_mutex_t lock;
	pthread_cond_t change;		/* of what follows */
	uint64_t first, end;		/* full blocks are first to end - 1, modulo BLOCKS */
	bool over;			/* there will be no more */
	bool stop;			/* nobody wants more */
	int failed;
	struct fmt_error error;
	struct block blocks[BLOCKS];
};

/* The block that is filled goes to who compares, and there is another one.  False: nobody wants more. */
static bool pass_on(struct fmt__diff_side *side)
{
	CHECK(pthread_mutex_lock(&side->lock) == 0);
	side->end++;
	CHECK(pthread_cond_signal(&side->change) == 0);
	while (side->end - side->first == BLOCKS && !side->stop)
		CHECK(pthread_cond_wait(&side->change, &side->lock) == 0);
	const bool stop = side->stop;

	side->filling = &side->blocks[side->end % BLOCKS];
	side->filling->count = 0;
	CHECK(pthread_mutex_unlock(&side->lock) == 0);
	return !stop;
}

static bool is_parted(const void *context, node_id node)
{
	const struct fmt__diff_side *side = context;

	return node >= FMT__DIFF_NODES_MAX || atomic_load_explicit(&side->parted[node], memory_order_relaxed);
}

/* The events of a chunk, from one on.  1, 0: nobody wants more, -EBADMSG. */
static int read_chunk(struct fmt__diff_side *side, size_t number, struct fmt_buf *scratch)
{
	const struct fmt__chunk *chunk = &side->reader->index.chunks[number];
	struct fmt__cached *cached;
	int got = fmt__reader_only_nodes(side->reader, number, is_parted, side, &side->error);

	if (got != 0)
		return got;
	got = fmt__reader_chunk(side->reader, number, &cached, &side->error);
	if (got < 0)
		return got;
	for (size_t i = chunk->first_seq < side->from ? side->from - chunk->first_seq : 0; i < chunk->count; i++) {
		const struct fmt_event *event = &cached->events[i];

		if (is_parted(side, event->node))
			continue;
		side->filling->marks[side->filling->count++] = (struct fmt__diff_mark){
			fmt__diff_view_hash(side->view, event, scratch), event->seq, event->node};
		if (side->filling->count == BLOCK_MARKS && !pass_on(side))
			return 0;
	}
	return 1;
}

static void *read_side(void *arg)
{
	struct fmt__diff_side *side = arg;
	_cleanup_(fmt_buf_done) struct fmt_buf scratch = {0};
	const size_t count = side->reader->index.chunk_count;
	int got = 1;

	for (size_t i = side->from < fmt_reader_count(side->reader) ? fmt__reader_chunk_of(side->reader, side->from) : count;
	     i < count && got > 0; i++)
		got = read_chunk(side, i, &scratch);
	if (got > 0 && side->filling->count)
		pass_on(side);
	CHECK(pthread_mutex_lock(&side->lock) == 0);
	side->over = true;
	side->failed = got < 0 ? got : 0;
	CHECK(pthread_cond_signal(&side->change) == 0);
	CHECK(pthread_mutex_unlock(&side->lock) == 0);
	return NULL;
}

struct fmt__diff_side *fmt__diff_side_start(struct fmt_reader *reader, event_seq from, const struct fmt__diff_view *view,
					    const atomic_bool *parted)
{
	struct fmt__diff_side *side = calloc(1, sizeof(*side));

	CHECK(side);
	side->reader = reader;
	side->from = from;
	side->view = view;
	side->parted = parted;
	side->filling = &side->blocks[0];
	CHECK(pthread_mutex_init(&side->lock, NULL) == 0 && pthread_cond_init(&side->change, NULL) == 0);
	if (pthread_create(&side->thread, NULL, read_side, side) == 0)
		return side;
	free(side);
	return NULL;
}

/* Waits for a full block.  1, 0: there will be none, -EBADMSG. */
static int wait_block(struct fmt__diff_side *side)
{
	CHECK(pthread_mutex_lock(&side->lock) == 0);
	while (side->first == side->end && !side->over)
		CHECK(pthread_cond_wait(&side->change, &side->lock) == 0);
	side->has_block = side->first != side->end;
	const int failed = side->failed;

	CHECK(pthread_mutex_unlock(&side->lock) == 0);
	return side->has_block ? 1 : failed;
}

int fmt__diff_side_peek(struct fmt__diff_side *side, struct fmt__diff_mark *ret)
{
	const int got = side->has_block ? 1 : wait_block(side);

	if (got > 0)
		*ret = side->blocks[side->first % BLOCKS].marks[side->taken];
	return got;
}

void fmt__diff_side_take(struct fmt__diff_side *side)
{
	CHECK(side->has_block);
	if (++side->taken < side->blocks[side->first % BLOCKS].count)
		return;
	CHECK(pthread_mutex_lock(&side->lock) == 0);
	side->first++;
	CHECK(pthread_cond_signal(&side->change) == 0);
	CHECK(pthread_mutex_unlock(&side->lock) == 0);
	side->taken = 0;
	side->has_block = false;
}

void fmt__diff_side_stop(struct fmt__diff_side *side, struct fmt_error *error)
{
	if (!side)
		return;
	CHECK(pthread_mutex_lock(&side->lock) == 0);
	side->stop = true;
	CHECK(pthread_cond_signal(&side->change) == 0);
	CHECK(pthread_mutex_unlock(&side->lock) == 0);
	CHECK(pthread_join(side->thread, NULL) == 0);
	if (error && side->failed < 0)
		*error = side->error;
	pthread_mutex_destroy(&side->lock);
	pthread_cond_destroy(&side->change);
	free(side);
}
