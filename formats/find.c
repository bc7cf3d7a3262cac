/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * find.c - looks for something in a trace.
 *
 * Chunks that cannot have what is wanted are passed over by their summaries, each of which is read once; of the others the events are
 * looked at. A connection is known by the frame that began it: the summary of some chunk says where that is.  A packet is looked for
 * by halves, since the packets of a node are counted up.
 */
#include "reader-int.h"

#include "packets.h"

/* From here on all that are left are loaded together: for one it costs half as much. */
#define SUMMARIES_ONE_BY_ONE 64u

static int load_summaries(struct fmt_reader *r, struct fmt_error *error)
{
	if (r->db) {
		const int failed = fmt__db_summaries(r->db, &r->index, r->summaries, error);

		r->summary_count = failed < 0 ? r->summary_count : SIZE_MAX;
		return failed;
	}
	for (size_t i = 0; i < r->index.chunk_count; i++) {
		const struct fmt__chunk *chunk = &r->index.chunks[i];
		const int failed = fmt__reader_load(r, FMT__DB_SUMMARY, chunk->summary_location, chunk->summary_size, error);

		if (failed < 0)
			return failed;
		fmt_buf_clear(&r->summaries[i]);
		fmt_buf_put(&r->summaries[i], r->stored.data, chunk->summary_size);
	}
	r->summary_count = SIZE_MAX;
	return 0;
}

/* The summary of a chunk.  0, -EBADMSG, -errno. */
static int get_summary(struct fmt_reader *r, size_t number, const struct fmt_buf **ret, struct fmt_error *error)
{
	const struct fmt__chunk *chunk = &r->index.chunks[number];
	int failed = 0;

	if (!r->summaries) {
		r->summaries = calloc(r->index.chunk_count, sizeof(*r->summaries));
		CHECK(r->summaries);
	}
	struct fmt_buf *summary = &r->summaries[number];

	if (r->summary_count != SIZE_MAX && !summary->size && chunk->summary_size) {
		if (r->summary_count++ >= SUMMARIES_ONE_BY_ONE) {
			failed = load_summaries(r, error);
		} else {
			failed = fmt__reader_load(r, FMT__DB_SUMMARY, chunk->summary_location, chunk->summary_size, error);
			if (failed == 0)
				fmt_buf_put(summary, r->stored.data, chunk->summary_size);
		}
	}
	*ret = summary;
	return failed;
}

/* The frame that an event sends.  False: it sends none. */
static bool frame_of(const struct fmt_event *event, struct fmt_frame *ret)
{
	struct fmt_ev_packet_send ev;

	if (event->kind != FMT_packet_send || fmt_get_packet_send(event, &ev) < 0)
		return false;
	fmt_frame_decode(ev.frame.data, ev.frame.size, ret);
	return true;
}

/* Where a connection begins.  1, 0: no chunk says that, -EBADMSG. */
static int find_beginning(struct fmt_reader *r, uint64_t number, event_seq *ret, struct fmt_error *error)
{
	for (size_t i = 0; i < r->index.chunk_count; i++) {
		struct fmt__summary_stream stream = {0};
		const struct fmt_buf *summary;
		size_t pos = 0;
		const int failed = get_summary(r, i, &summary, error);

		if (failed < 0)
			return failed;
		while (fmt__summary_stream(summary->data, summary->size, &pos, &stream) > 0) {
			if (stream.number != number || !stream.begins)
				continue;
			*ret = r->index.chunks[i].first_seq + stream.index;
			return 1;
		}
	}
	return 0;
}

/* The connection that is looked for becomes r->connection.  1, 0: no chunk says where it begins, -EBADMSG. */
static int find_connection(struct fmt_reader *r, uint64_t number, struct fmt_error *error)
{
	_cleanup_(fmt_buf_done) struct fmt_buf body = {0};
	struct fmt_event event;
	event_seq seq;

	if (r->has_connection && r->connection_number == number)
		return 1;
	r->has_connection = false;
	int got = find_beginning(r, number, &seq, error);

	if (got <= 0)
		return got;
	got = fmt__reader_one(r, seq, &event, &body, error);
	if (got < 0)
		return got;
	r->has_connection = frame_of(&event, &r->connection);
	r->connection.payload = NULL;
	r->connection_number = number;
	return r->has_connection;
}

/* The chunk in which a packet is sent, by what others of its node tell: their counts rise.  1, 0: it is not found so, -EBADMSG. */
static int find_sender(struct fmt_reader *r, uint64_t packet, size_t *ret, struct fmt_error *error)
{
	size_t low = 0, high = r->index.chunk_count;

	while (low < high) {
		enum fmt__summary_place place = FMT__SUMMARY_UNKNOWN;
		const size_t middle = low + (high - low) / 2;
		size_t at = middle;

		for (; at < high && place == FMT__SUMMARY_UNKNOWN; at++) {
			const struct fmt_buf *summary;
			const int failed = get_summary(r, at, &summary, error);

			if (failed < 0)
				return failed;
			place = fmt__summary_packet(summary->data, summary->size, packet);
		}
		if (place == FMT__SUMMARY_HERE) {
			*ret = at - 1;
			return 1;
		}
		if (place == FMT__SUMMARY_LATER)
			low = at;
		else
			high = middle;
	}
	return 0;
}

/* Which events of a chunk may be of a connection that is there: those from where it begins, to where another with the same
 * addresses and ports does. */
struct span {
	uint32_t first, end;
};

static struct span span_of(const struct fmt_reader *r, const struct fmt__cached *cached, uint64_t number, const struct fmt_frame *frame)
{
	const struct fmt_buf *summary = &r->summaries[cached->chunk];
	struct span span = {0, r->index.chunks[cached->chunk].count};
	struct fmt__summary_stream stream = {0};
	struct fmt_frame other;
	size_t pos = 0;

	/* By number, so one that comes later begins later. */
	while (fmt__summary_stream(summary->data, summary->size, &pos, &stream) > 0) {
		if (!stream.begins || stream.index >= span.end || stream.number < number)
			continue;
		if (stream.number == number)
			span.first = stream.index;
		else if (frame_of(&cached->events[stream.index], &other) && fmt_same_connection(frame, &other))
			span.end = stream.index;
	}
	return span;
}

static bool is_wanted(const struct fmt_event *event, const struct fmt_want *want)
{
	struct fmt_ev_packet_send ev;
	bool kind = !want->kind_count;

	for (size_t i = 0; i < want->kind_count && !kind; i++)
		kind = want->kinds[i] == event->kind;
	if (!kind || (want->has_node && event->node != want->node) || (want->has_tid && event->tid != want->tid))
		return false;
	if (!want->has_packet)
		return true;
	return event->kind == FMT_packet_send && fmt_get_packet_send(event, &ev) == 0 && ev.packet == want->packet;
}

/* In one chunk, from an event of it on.  True: *index is where. */
static bool find_in_chunk(const struct fmt_reader *r, const struct fmt__cached *cached, const struct fmt_want *want,
			  const struct fmt_frame *connection, bool backwards, uint32_t *index)
{
	const struct span span = connection ? span_of(r, cached, want->stream, connection)
					    : (struct span){0, r->index.chunks[cached->chunk].count};
	struct fmt_frame frame;

	for (uint32_t i = *index; i < r->index.chunks[cached->chunk].count; i += backwards ? -1u : 1u) {
		const struct fmt_event *event = &cached->events[i];

		if (i < span.first || i >= span.end || !is_wanted(event, want))
			continue;
		if (connection && (!frame_of(event, &frame) || !fmt_same_connection(connection, &frame)))
			continue;
		*index = i;
		return true;
	}
	return false;
}

/* 1, 0, -EBADMSG. */
static int may_have(struct fmt_reader *r, size_t chunk, const struct fmt_want *want, struct fmt_error *error)
{
	const struct fmt_buf *summary;
	const int failed = get_summary(r, chunk, &summary, error);
	bool damaged = false;

	return failed < 0 ? failed : fmt__summary_has(summary->data, summary->size, want, &damaged);
}

int fmt_reader_chunk_may_have(struct fmt_reader *r, size_t index, const struct fmt_want *want, struct fmt_error *error)
{
	CHECK(index < r->index.chunk_count);
	return may_have(r, index, want, error);
}

int fmt_reader_find(struct fmt_reader *r, const struct fmt_want *want, bool backwards, event_seq *seq, struct fmt_event *ret,
		    struct fmt_error *error)
{
	const size_t chunks = r->index.chunk_count;
	struct fmt__cached *cached;
	size_t first, sent;

	if (*seq >= fmt_reader_count(r)) {
		if (!backwards || !chunks)
			return 0;
		*seq = fmt_reader_count(r) - 1;
	}
	int got = want->has_stream ? find_connection(r, want->stream, error) : 1;

	if (got <= 0)
		return got;
	first = fmt__reader_chunk_of(r, *seq);
	if (want->has_packet && !backwards) {
		got = find_sender(r, want->packet, &sent, error);
		if (got < 0)
			return got;
		first = got && sent > first ? sent : first;
	}
	for (size_t i = first; i < chunks; i += backwards ? (size_t)-1 : 1) {
		const struct fmt__chunk *chunk = &r->index.chunks[i];
		uint32_t index = backwards ? chunk->count - 1 : 0;

		got = may_have(r, i, want, error);
		if (got < 0)
			return got;
		if (!got)
			continue;
		if (*seq >= chunk->first_seq && *seq - chunk->first_seq < chunk->count)
			index = (uint32_t)(*seq - chunk->first_seq);
		got = fmt__reader_chunk(r, i, &cached, error);
		if (got < 0)
			return got;
		if (!find_in_chunk(r, cached, want, want->has_stream ? &r->connection : NULL, backwards, &index))
			continue;
		*seq = chunk->first_seq + index;
		*ret = cached->events[index];
		return 1;
	}
	return 0;
}

int fmt__reader_only_nodes(struct fmt_reader *r, size_t chunk, bool (*of_these)(const void *context, node_id node), const void *context,
			   struct fmt_error *error)
{
	const struct fmt_buf *summary;
	const int failed = get_summary(r, chunk, &summary, error);

	return failed < 0 ? failed : fmt__summary_only_nodes(summary->data, summary->size, of_these, context);
}

int fmt_reader_marks(struct fmt_reader *r, void (*see)(void *context, const struct fmt_mark *mark), void *context,
		     struct fmt_error *error)
{
	for (size_t i = 0; i < r->index.chunk_count; i++) {
		struct fmt__summary_mark mark;
		const struct fmt_buf *summary;
		uint64_t left = 0;
		size_t pos = 0;
		int got = get_summary(r, i, &summary, error);

		if (got < 0)
			return got;
		while ((got = fmt__summary_mark(summary->data, summary->size, &pos, &mark, &left)) > 0)
			see(context, &(struct fmt_mark){mark.node, mark.number, r->index.chunks[i].first_seq + mark.index, mark.crc});
		if (got < 0)
			return fmt__fail(error, -EBADMSG, "chunk %zu: its summary is damaged; copy or record the trace again", i);
	}
	return 0;
}
