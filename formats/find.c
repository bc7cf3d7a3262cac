/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * find.c - looks for something in a trace.
 *
 * All summaries are read once; then chunks that cannot have what is wanted are passed over, and of the others the events are
 * looked at. A connection is known by the frame that began it: the summary of some chunk says where that is.
 */
#include "reader-int.h"

#include "packets.h"

/* All summaries, once. */
static int load_summaries(struct fmt_reader *r, struct fmt_error *error)
{
	if (r->summaries || !r->index.chunk_count)
		return 0;
	r->summaries = calloc(r->index.chunk_count, sizeof(*r->summaries));
	CHECK(r->summaries);
	for (size_t i = 0; i < r->index.chunk_count; i++) {
		const struct fmt__chunk *chunk = &r->index.chunks[i];
		const int failed = chunk->summary_size ? fmt__reader_load(r, FMT__DB_SUMMARY, chunk->summary_location,
									  chunk->summary_size, error) : 0;

		if (failed < 0)
			return failed;
		if (chunk->summary_size)
			fmt_buf_put(&r->summaries[i], r->stored.data, chunk->summary_size);
	}
	return 0;
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

/* The connection that is looked for, by a frame of it: the one that began it.  1, 0: no chunk says where, -EBADMSG. */
static int find_beginning(struct fmt_reader *r, uint64_t number, struct fmt_frame *ret, struct fmt_error *error)
{
	for (size_t i = 0; i < r->index.chunk_count; i++) {
		struct fmt__summary_stream stream = {0};
		struct fmt_event event;
		size_t pos = 0;

		while (fmt__summary_stream(r->summaries[i].data, r->summaries[i].size, &pos, &stream) > 0) {
			if (stream.number != number || !stream.begins)
				continue;
			const int failed = fmt_reader_event(r, r->index.chunks[i].first_seq + stream.index, &event, error);

			return failed < 0 ? failed : frame_of(&event, ret);
		}
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

static bool may_have(const struct fmt_reader *r, size_t chunk, const struct fmt_want *want)
{
	bool damaged = false;

	return fmt__summary_has(r->summaries[chunk].data, r->summaries[chunk].size, want, &damaged);
}

int fmt_reader_chunk_may_have(struct fmt_reader *r, size_t index, const struct fmt_want *want, struct fmt_error *error)
{
	CHECK(index < r->index.chunk_count);
	const int failed = load_summaries(r, error);

	return failed < 0 ? failed : may_have(r, index, want);
}

int fmt_reader_find(struct fmt_reader *r, const struct fmt_want *want, bool backwards, event_seq *seq, struct fmt_event *ret,
		    struct fmt_error *error)
{
	const size_t chunks = r->index.chunk_count;
	struct fmt_frame connection;
	struct fmt__cached *cached;

	if (*seq >= fmt_reader_count(r)) {
		if (!backwards || !chunks)
			return 0;
		*seq = fmt_reader_count(r) - 1;
	}
	int got = load_summaries(r, error);

	if (got == 0 && want->has_stream && (got = find_beginning(r, want->stream, &connection, error)) == 0)
		return 0;
	if (got < 0)
		return got;
	for (size_t i = fmt__reader_chunk_of(r, *seq); i < chunks; i += backwards ? (size_t)-1 : 1) {
		const struct fmt__chunk *chunk = &r->index.chunks[i];
		uint32_t index = backwards ? chunk->count - 1 : 0;

		if (!may_have(r, i, want))
			continue;
		if (*seq >= chunk->first_seq && *seq - chunk->first_seq < chunk->count)
			index = (uint32_t)(*seq - chunk->first_seq);
		got = fmt__reader_chunk(r, i, &cached, error);
		if (got < 0)
			return got;
		if (!find_in_chunk(r, cached, want, want->has_stream ? &connection : NULL, backwards, &index))
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
	const int failed = load_summaries(r, error);

	return failed < 0 ? failed : fmt__summary_only_nodes(r->summaries[chunk].data, r->summaries[chunk].size, of_these, context);
}

int fmt_reader_marks(struct fmt_reader *r, void (*see)(void *context, const struct fmt_mark *mark), void *context,
		     struct fmt_error *error)
{
	const int failed = load_summaries(r, error);

	for (size_t i = 0; failed == 0 && i < r->index.chunk_count; i++) {
		struct fmt__summary_mark mark;
		uint64_t left = 0;
		size_t pos = 0;
		int got;

		while ((got = fmt__summary_mark(r->summaries[i].data, r->summaries[i].size, &pos, &mark, &left)) > 0)
			see(context, &(struct fmt_mark){mark.node, mark.number, r->index.chunks[i].first_seq + mark.index, mark.crc});
		if (got < 0)
			return fmt__fail(error, -EBADMSG, "chunk %zu: its summary is damaged; copy or record the trace again", i);
	}
	return failed;
}
