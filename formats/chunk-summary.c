/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chunk-summary.c - what a chunk says of itself for who looks for something.
 *
 *	kinds	threads	senders	marks	connections
 *
 * Each is a list of varints that rise, as differences: some hundred bytes for a chunk of 16384 events.  All of them together are
 * read once, and then a search through 50 million events looks at 3000 of these and decodes one chunk.
 */
#include "chunk-summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "effect.h"
#include "packets.h"
#include "wire.h"

#define SEEN 1024u

struct thread {
	node_id node;
	uint32_t tid;
};

struct sender {
	node_id node;
	uint64_t first, last;		/* counts of the packets that it sent */
};

/* What is known of a node's events so far. */
struct chain {
	uint64_t events;
	uint32_t crc;
};

struct fmt__summaries {
	struct fmt_packets *packets;
	int64_t next_stream;
	struct chain *chains;		/* by node */
	size_t chain_count;
	/* of the chunk that is summed up */
	uint32_t event_count;
	uint32_t kinds[FMT_CHUNK_EVENTS_MAX];
	struct thread threads[FMT_CHUNK_EVENTS_MAX];
	struct sender senders[FMT_CHUNK_EVENTS_MAX];
	struct fmt__summary_stream streams[FMT_CHUNK_EVENTS_MAX];
	struct fmt__summary_mark marks[FMT_CHUNK_EVENTS_MAX];
	size_t kind_count, thread_count, sender_count, stream_count, mark_count;
	/* 1 + where something is in these arrays, by some of its bits: most of what an event tells was told just before.  What another has
	 * overwritten is there twice, until the array is sorted. */
	uint16_t kind_at[SEEN], thread_at[SEEN], sender_at[SEEN], stream_at[SEEN];
};

_Static_assert(FMT_CHUNK_EVENTS_MAX < UINT16_MAX, "a place in these arrays");

struct fmt__summaries *fmt__summaries_new(void)
{
	struct fmt__summaries *summaries = calloc(1, sizeof(*summaries));

	CHECK(summaries);
	summaries->packets = fmt_packets_new();
	return summaries;
}

void fmt__summaries_free(struct fmt__summaries *summaries)
{
	if (!summaries)
		return;
	fmt_packets_free(summaries->packets);
	free(summaries->chains);
	free(summaries);
}

/* ---- summing up ---- */

static int compare_kinds(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int compare_threads(const void *a, const void *b)
{
	const struct thread *x = a, *y = b;

	return x->node != y->node ? (x->node > y->node) - (x->node < y->node) : (x->tid > y->tid) - (x->tid < y->tid);
}

static int compare_senders(const void *a, const void *b)
{
	const struct sender *x = a, *y = b;

	return x->node != y->node ? (x->node > y->node) - (x->node < y->node) : (x->first > y->first) - (x->first < y->first);
}

/* Of the same connection, the event that begins it comes first. */
static int compare_streams(const void *a, const void *b)
{
	const struct fmt__summary_stream *x = a, *y = b;

	return x->number != y->number ? (x->number > y->number) - (x->number < y->number) : y->begins - x->begins;
}

static int compare_marks(const void *a, const void *b)
{
	const struct fmt__summary_mark *x = a, *y = b;

	if (x->node != y->node)
		return (x->node > y->node) - (x->node < y->node);
	return (x->number > y->number) - (x->number < y->number);
}

#define PACKET_NODE(packet) ((node_id)((packet) >> 40))
#define PACKET_COUNT(packet) ((packet) & ((1ull << 40) - 1))

static void see_sender(struct fmt__summaries *summaries, uint64_t packet)
{
	const node_id node = PACKET_NODE(packet);
	const uint64_t count = PACKET_COUNT(packet);
	uint16_t *at = &summaries->sender_at[node % SEEN];
	struct sender *sender = &summaries->senders[*at - !!*at];

	if (!*at || sender->node != node) {
		summaries->senders[summaries->sender_count++] = (struct sender){node, count, count};
		*at = (uint16_t)summaries->sender_count;
		return;
	}
	if (count < sender->first)
		sender->first = count;
	if (count > sender->last)
		sender->last = count;
}

static void see_stream(struct fmt__summaries *summaries, int64_t number, uint32_t index)
{
	const bool begins = number >= summaries->next_stream;
	uint16_t *at = &summaries->stream_at[(uint64_t)number % SEEN];

	if (*at && !begins && summaries->streams[*at - 1].number == (uint64_t)number)
		return;
	if (begins)
		summaries->next_stream = number + 1;
	summaries->streams[summaries->stream_count++] = (struct fmt__summary_stream){(uint64_t)number, begins, begins ? index : 0};
	*at = (uint16_t)summaries->stream_count;
}

/* Arrivals do not count: what they are about is known from where it was sent. */
static void see_packet(struct fmt__summaries *summaries, const struct fmt_event *event, uint32_t index)
{
	uint64_t packet;
	int64_t stream;

	if (!fmt_packets_connection(summaries->packets, event, &packet, &stream))
		return;
	see_sender(summaries, packet);
	if (stream >= 0)
		see_stream(summaries, stream, index);
}

static struct chain *chain_of(struct fmt__summaries *summaries, node_id node)
{
	if (node >= summaries->chain_count) {
		const size_t count = node + 64u;

		summaries->chains = reallocarray(summaries->chains, count, sizeof(*summaries->chains));
		CHECK(summaries->chains);
		memset(summaries->chains + summaries->chain_count, 0, (count - summaries->chain_count) * sizeof(*summaries->chains));
		summaries->chain_count = count;
	}
	return &summaries->chains[node];
}

static void see_record(struct fmt__summaries *summaries, const struct fmt_event *event, struct fmt_bytes head, uint32_t index)
{
	if (event->node >= FMT_MARK_NODES)
		return;
	struct chain *chain = chain_of(summaries, event->node);

	chain->crc = fmt_crc32c(fmt_crc32c(chain->crc, head.data, head.size), event->body, event->body_size);
	if (++chain->events % FMT_MARK_EVENTS == 0)
		summaries->marks[summaries->mark_count++] = (struct fmt__summary_mark){
			event->node, chain->events / FMT_MARK_EVENTS, index, chain->crc};
}

static void see_thread(struct fmt__summaries *summaries, const struct fmt_event *event)
{
	const struct thread thread = {event->node, event->tid};
	uint16_t *at = &summaries->thread_at[(event->node * 31 + event->tid) % SEEN];

	if (*at && compare_threads(&summaries->threads[*at - 1], &thread) == 0)
		return;
	summaries->threads[summaries->thread_count++] = thread;
	*at = (uint16_t)summaries->thread_count;
}

static void see_kind(struct fmt__summaries *summaries, uint32_t kind)
{
	uint16_t *at = &summaries->kind_at[kind % SEEN];

	if (*at && summaries->kinds[*at - 1] == kind)
		return;
	summaries->kinds[summaries->kind_count++] = kind;
	*at = (uint16_t)summaries->kind_count;
}

static void put_kinds(struct fmt__summaries *summaries, struct fmt_buf *out)
{
	uint32_t *kinds = summaries->kinds;
	size_t count = 0;

	qsort(kinds, summaries->kind_count, sizeof(*kinds), compare_kinds);
	for (size_t i = 0; i < summaries->kind_count; i++)
		if (!count || kinds[count - 1] != kinds[i])
			kinds[count++] = kinds[i];
	fmt_buf_put_u64(out, count);
	for (size_t i = 0; i < count; i++)
		fmt_buf_put_u64(out, kinds[i] - (i ? kinds[i - 1] : 0));
}

static void put_threads(struct fmt__summaries *summaries, struct fmt_buf *out)
{
	struct thread *threads = summaries->threads;
	size_t count = 0;

	qsort(threads, summaries->thread_count, sizeof(*threads), compare_threads);
	for (size_t i = 0; i < summaries->thread_count; i++)
		if (!count || compare_threads(&threads[count - 1], &threads[i]) != 0)
			threads[count++] = threads[i];
	fmt_buf_put_u64(out, count);
	for (size_t i = 0; i < count; i++) {
		const bool same = i && threads[i - 1].node == threads[i].node;

		fmt_buf_put_u64(out, threads[i].node - (i ? threads[i - 1].node : 0));
		fmt_buf_put_u64(out, threads[i].tid - (same ? threads[i - 1].tid : 0));
	}
}

/* A node's packets are counted up, so what it sent in a chunk is a range. */
static void put_senders(struct fmt__summaries *summaries, struct fmt_buf *out)
{
	struct sender *senders = summaries->senders;
	size_t count = 0;

	qsort(senders, summaries->sender_count, sizeof(*senders), compare_senders);
	for (size_t i = 0; i < summaries->sender_count; i++) {
		if (!count || senders[count - 1].node != senders[i].node)
			senders[count++] = senders[i];
		else if (senders[i].last > senders[count - 1].last)
			senders[count - 1].last = senders[i].last;
	}
	fmt_buf_put_u64(out, count);
	for (size_t i = 0; i < count; i++) {
		fmt_buf_put_u64(out, senders[i].node - (i ? senders[i - 1].node : 0));
		fmt_buf_put_u64(out, senders[i].first);
		fmt_buf_put_u64(out, senders[i].last - senders[i].first);
	}
}

static void put_marks(struct fmt__summaries *summaries, struct fmt_buf *out)
{
	const struct fmt__summary_mark *marks = summaries->marks;

	qsort(summaries->marks, summaries->mark_count, sizeof(*marks), compare_marks);
	fmt_buf_put_u64(out, summaries->mark_count);
	for (size_t i = 0; i < summaries->mark_count; i++) {
		fmt_buf_put_u64(out, marks[i].node - (i ? marks[i - 1].node : 0));
		fmt_buf_put_u64(out, marks[i].number);
		fmt_buf_put_u64(out, marks[i].index);
		fmt_buf_put_u64(out, marks[i].crc);
	}
}

static void put_streams(struct fmt__summaries *summaries, struct fmt_buf *out)
{
	struct fmt__summary_stream *streams = summaries->streams;
	size_t count = 0;

	qsort(streams, summaries->stream_count, sizeof(*streams), compare_streams);
	for (size_t i = 0; i < summaries->stream_count; i++)
		if (!count || streams[count - 1].number != streams[i].number)
			streams[count++] = streams[i];
	for (size_t i = 0; i < count; i++) {
		const uint64_t difference = streams[i].number - (i ? streams[i - 1].number : 0);

		fmt_buf_put_u64(out, difference << 1 | streams[i].begins);
		if (streams[i].begins)
			fmt_buf_put_u64(out, streams[i].index);
	}
}

static void forget(struct fmt__summaries *summaries)
{
	summaries->event_count = 0;
	summaries->kind_count = summaries->thread_count = summaries->sender_count = summaries->stream_count =
		summaries->mark_count = 0;
	memset(summaries->kind_at, 0, sizeof(summaries->kind_at));
	memset(summaries->thread_at, 0, sizeof(summaries->thread_at));
	memset(summaries->sender_at, 0, sizeof(summaries->sender_at));
	memset(summaries->stream_at, 0, sizeof(summaries->stream_at));
}

void fmt__summary_see(struct fmt__summaries *summaries, const struct fmt_event *event, struct fmt_bytes head)
{
	const uint32_t index = summaries->event_count++;

	CHECK(index < FMT_CHUNK_EVENTS_MAX);
	see_kind(summaries, event->kind);
	see_thread(summaries, event);
	see_packet(summaries, event, index);
	see_record(summaries, event, head, index);
}

void fmt__summary_put(struct fmt__summaries *summaries, struct fmt_buf *out)
{
	fmt_buf_clear(out);
	put_kinds(summaries, out);
	put_threads(summaries, out);
	put_senders(summaries, out);
	put_marks(summaries, out);
	put_streams(summaries, out);
	forget(summaries);
	if (out->size > FMT_SUMMARY_MAX)
		fmt_buf_clear(out);
}

/* ---- asking ---- */

struct cursor {
	const uint8_t *bytes;
	size_t size, pos;
	bool damaged;
};

/* 0 when there is nothing (right) there. */
static uint64_t take(struct cursor *cursor)
{
	uint64_t value = 0;

	if (fmt_get_u64(cursor->bytes, cursor->size, &cursor->pos, &value) < 0)
		cursor->damaged = true;
	return value;
}

/* These three go over a whole list, for the next begins behind it. */
static bool has_kind(struct cursor *cursor, const struct fmt_want *want)
{
	uint64_t kind = 0;
	bool found = !want->kind_count;

	for (uint64_t left = take(cursor); left && !cursor->damaged; left--) {
		kind += take(cursor);
		for (size_t i = 0; i < want->kind_count; i++)
			found = found || want->kinds[i] == kind;
	}
	return found;
}

static bool has_thread(struct cursor *cursor, const struct fmt_want *want)
{
	uint64_t node = 0, tid = 0;
	bool found = false;

	for (uint64_t left = take(cursor); left && !cursor->damaged; left--) {
		const uint64_t difference = take(cursor);

		node += difference;
		tid = take(cursor) + (difference ? 0 : tid);
		found = found || ((!want->has_node || node == want->node) && (!want->has_tid || tid == want->tid));
	}
	return found || (!want->has_node && !want->has_tid);
}

static bool has_packet(struct cursor *cursor, const struct fmt_want *want)
{
	uint64_t node = 0;
	bool found = !want->has_packet;

	for (uint64_t left = take(cursor); left && !cursor->damaged; left--) {
		node += take(cursor);
		const uint64_t first = take(cursor), more = take(cursor);

		found = found || (node == PACKET_NODE(want->packet) && PACKET_COUNT(want->packet) >= first &&
				  PACKET_COUNT(want->packet) - first <= more);
	}
	return found;
}

static struct fmt__summary_mark next_mark(struct cursor *cursor, node_id node)
{
	struct fmt__summary_mark mark = {.node = node + (node_id)take(cursor)};

	mark.number = take(cursor);
	mark.index = (uint32_t)take(cursor);
	mark.crc = (uint32_t)take(cursor);
	return mark;
}

static void pass_marks(struct cursor *cursor)
{
	for (uint64_t left = take(cursor); left && !cursor->damaged; left--)
		next_mark(cursor, 0);
}

static int next_stream(struct cursor *cursor, struct fmt__summary_stream *stream)
{
	if (cursor->pos == cursor->size)
		return 0;
	const uint64_t word = take(cursor);

	stream->number += word >> 1;
	stream->begins = word & 1;
	stream->index = stream->begins ? (uint32_t)take(cursor) : 0;
	return cursor->damaged ? -EBADMSG : 1;
}

static bool has_stream(struct cursor *cursor, const struct fmt_want *want)
{
	struct fmt__summary_stream stream = {0};
	bool found = false;

	while (!found && next_stream(cursor, &stream) > 0)
		found = stream.number == want->stream;
	return found;
}

bool fmt__summary_has(const uint8_t *bytes, size_t size, const struct fmt_want *want, bool *ret_damaged)
{
	struct cursor cursor = {bytes, size, 0, false};

	if (!size)
		return true;
	const bool kind = has_kind(&cursor, want), thread = has_thread(&cursor, want), packet = has_packet(&cursor, want);
	bool found = kind && thread && packet;

	if (found && want->has_stream) {
		pass_marks(&cursor);
		found = has_stream(&cursor, want);
	}

	*ret_damaged = cursor.damaged;
	return found || cursor.damaged;
}

enum fmt__summary_place fmt__summary_packet(const uint8_t *bytes, size_t size, uint64_t packet)
{
	const struct fmt_want nothing = {0};
	struct cursor cursor = {bytes, size, 0, false};
	uint64_t node = 0;

	if (!size)
		return FMT__SUMMARY_UNKNOWN;
	has_kind(&cursor, &nothing);
	has_thread(&cursor, &nothing);
	for (uint64_t left = take(&cursor); left && !cursor.damaged; left--) {
		node += take(&cursor);
		const uint64_t first = take(&cursor), more = take(&cursor);

		if (cursor.damaged || node != PACKET_NODE(packet))
			continue;
		if (PACKET_COUNT(packet) < first)
			return FMT__SUMMARY_EARLIER;
		return PACKET_COUNT(packet) - first <= more ? FMT__SUMMARY_HERE : FMT__SUMMARY_LATER;
	}
	return FMT__SUMMARY_UNKNOWN;
}

/* Over the lists before the marks. */
static void pass_to_marks(struct cursor *cursor)
{
	const struct fmt_want nothing = {0};

	has_kind(cursor, &nothing);
	has_thread(cursor, &nothing);
	has_packet(cursor, &nothing);
}

bool fmt__summary_only_nodes(const uint8_t *bytes, size_t size, bool (*of_these)(const void *context, node_id node), const void *context)
{
	const struct fmt_want nothing = {0};
	struct cursor cursor = {bytes, size, 0, false};
	node_id node = 0;
	bool only = size > 0;

	if (!size)
		return false;
	has_kind(&cursor, &nothing);
	for (uint64_t left = take(&cursor); left && only && !cursor.damaged; left--) {
		node += (node_id)take(&cursor);
		take(&cursor);
		only = of_these(context, node);
	}
	return only && !cursor.damaged;
}

int fmt__summary_mark(const uint8_t *bytes, size_t size, size_t *pos, struct fmt__summary_mark *ret, uint64_t *left)
{
	struct cursor cursor = {bytes, size, *pos, false};

	if (!size)
		return 0;
	if (!*pos) {
		pass_to_marks(&cursor);
		*left = take(&cursor);
		*ret = (struct fmt__summary_mark){0};
	}
	if (cursor.damaged || !*left)
		return cursor.damaged ? -EBADMSG : 0;
	--*left;
	*ret = next_mark(&cursor, ret->node);
	*pos = cursor.pos;
	return cursor.damaged ? -EBADMSG : 1;
}

/* ret keeps the number between calls. */
int fmt__summary_stream(const uint8_t *bytes, size_t size, size_t *pos, struct fmt__summary_stream *ret)
{
	struct cursor cursor = {bytes, size, *pos, false};

	if (!*pos && size) {
		pass_to_marks(&cursor);
		pass_marks(&cursor);
		*ret = (struct fmt__summary_stream){0};
	}
	const int got = cursor.damaged ? -EBADMSG : next_stream(&cursor, ret);

	*pos = cursor.pos;
	return got;
}
