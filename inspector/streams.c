/* SPDX-License-Identifier: GPL-2.0-or-later */
/* streams.c - conversations: found while a run is loaded, put together when somebody wants to read one. */
#include "streams.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "streams-int.h"

DEFINE_CLEANUP(struct fmt_reader *, fmt_reader_close)

/* ---- finding ---- */

static uint64_t hash_end(uint64_t hash, const uint8_t *address, uint16_t port)
{
	for (int i = 0; i < 16; i++)
		hash = (hash ^ address[i]) * 0x100000001b3;
	return (hash ^ port) * 0x100000001b3;
}

/* The same from both sides. */
static uint64_t hash_of(const uint8_t *a, uint16_t port_a, const uint8_t *b, uint16_t port_b, uint8_t proto)
{
	const uint64_t sum = hash_end(proto, a, port_a) + hash_end(proto, b, port_b);

	return sum ^ sum >> 29;
}

/* 0, 1: the side that sends the frame; -1: it is of another stream. */
static int side_of(const struct insp_stream *stream, const struct fmt_frame *frame, uint8_t proto)
{
	if (stream->proto != proto || stream->ip_version != frame->ip_version)
		return -1;
	for (int side = 0; side < 2; side++)
		if (stream->port[side] == frame->source_port && stream->port[!side] == frame->target_port &&
		    memcmp(stream->address[side], frame->source, 16) == 0 &&
		    memcmp(stream->address[!side], frame->target, 16) == 0)
			return side;
	return -1;
}

static void grow_table(const struct insp_run *run, struct insp__stream_table *table)
{
	table->count = table->count ? table->count * 2 : 256;
	free(table->slots);
	table->slots = calloc(table->count, sizeof(*table->slots));
	CHECK(table->slots);
	for (uint32_t i = 0; i < run->stream_count; i++) {
		const struct insp_stream *s = &run->streams[i];
		uint64_t at = hash_of(s->address[0], s->port[0], s->address[1], s->port[1], s->proto);

		while (table->slots[at & (table->count - 1)])
			at++;
		table->slots[at & (table->count - 1)] = i + 1;
	}
}

static struct insp_stream *new_stream(struct insp_run *run, const struct insp_packet *packet,
				      const struct fmt_frame *frame)
{
	if (run->stream_count == run->stream_capacity) {
		run->stream_capacity = run->stream_capacity ? run->stream_capacity * 2 : 64;
		run->streams = reallocarray(run->streams, run->stream_capacity, sizeof(*run->streams));
		CHECK(run->streams);
	}
	struct insp_stream *stream = &run->streams[run->stream_count++];

	*stream = (struct insp_stream){.port = {frame->source_port, frame->target_port}, .lane = {UINT16_MAX, UINT16_MAX},
				       .ip_version = frame->ip_version, .proto = packet->proto,
				       .first = (uint32_t)(packet - run->packets)};
	memcpy(stream->address[0], frame->source, 16);
	memcpy(stream->address[1], frame->target, 16);
	return stream;
}

static struct insp_stream *find_stream(struct insp_run *run, struct insp__stream_table *table,
				       const struct insp_packet *packet, const struct fmt_frame *frame, int *ret_side)
{
	if (run->stream_count * 2 >= table->count)
		grow_table(run, table);
	uint64_t at = hash_of(frame->source, frame->source_port, frame->target, frame->target_port, packet->proto);

	for (; table->slots[at & (table->count - 1)]; at++) {
		struct insp_stream *stream = &run->streams[table->slots[at & (table->count - 1)] - 1];
		const int side = side_of(stream, frame, packet->proto);

		if (side >= 0) {
			*ret_side = side;
			return stream;
		}
	}
	if (run->stream_count == INSP_STREAMS_MAX)
		return NULL;
	*ret_side = 0;
	table->slots[at & (table->count - 1)] = run->stream_count + 1;
	return new_stream(run, packet, frame);
}

/* A packet that crosses several links is counted where it began. */
static void follow_tcp(struct insp_stream *stream, int side, struct insp_packet *packet, const struct fmt_frame *frame)
{
	const uint32_t length = (uint32_t)frame->payload_size + ((frame->tcp_flags & 3) != 0);
	const uint32_t end = frame->seq + length;

	if (frame->tcp_flags & 2)
		stream->next[side] = end;
	else if (length && stream->next[side] && (int32_t)(end - stream->next[side]) <= 0)
		packet->marks |= INSP_MARK_AGAIN;
	else if (length)
		stream->next[side] = end;
}

void insp__stream_add(struct insp_run *run, struct insp__stream_table *table, struct insp_packet *packet,
		      const struct fmt_frame *frame)
{
	int side = 0;
	struct insp_stream *stream = find_stream(run, table, packet, frame, &side);

	if (!stream)
		return;
	packet->stream = (uint32_t)(stream - run->streams);
	stream->packets++;
	if (stream->lane[side] == UINT16_MAX)
		stream->lane[side] = packet->from;
	if (packet->proto == INSP_PROTO_TCP && packet->from == stream->lane[side])
		follow_tcp(stream, side, packet, frame);
}

int insp_stream_side(const struct insp_run *run, uint32_t number)
{
	const struct insp_packet *packet = &run->packets[number];
	const struct insp_stream *stream = &run->streams[packet->stream];
	const struct insp_packet *first = &run->packets[stream->first];

	/* Lanes tell, but for what a router passes on; there the way to the other end does. */
	if (packet->from == stream->lane[0])
		return 0;
	if (packet->from == stream->lane[1])
		return 1;
	return packet->to == first->from ? 1 : 0;
}

uint32_t insp_stream_step(const struct insp_run *run, uint32_t packet, int direction)
{
	const uint32_t stream = run->packets[packet].stream;

	if (stream == INSP_NONE)
		return INSP_NONE;
	for (int64_t i = (int64_t)packet + direction; i >= 0 && i < run->packet_count; i += direction)
		if (run->packets[i].stream == stream)
			return (uint32_t)i;
	return INSP_NONE;
}

void insp_stream_put_end(const struct insp_stream *stream, int side, char *to, size_t size)
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(stream->ip_version == 6 ? AF_INET6 : AF_INET, stream->address[side], text, sizeof(text));
	snprintf(to, size, stream->ip_version == 6 ? "[%s]:%u" : "%s:%u", text, stream->port[side]);
}

/* ---- reading ---- */

#define WAITING_MAX 1024	/* segments that came before their turn; then what is missing is given up */

struct segment {
	uint32_t seq, packet;
	uint32_t size;
	uint8_t *bytes;		/* owned */
};

struct side {
	bool known;		/* next is valid */
	uint32_t next;
	struct segment waiting[WAITING_MAX];
	uint32_t count;
};

static void say(struct insp_talk *talk, int side, uint32_t packet, const uint8_t *bytes, size_t size, bool gap, bool apart)
{
	struct insp_said *last = talk->count ? &talk->said[talk->count - 1] : NULL;

	if (talk->bytes.size + size > INSP_TALK_MAX) {
		talk->cut = true;
		return;
	}
	if (!last || last->side != side || gap || apart) {
		if (talk->count == talk->capacity) {
			talk->capacity = talk->capacity ? talk->capacity * 2 : 64;
			talk->said = reallocarray(talk->said, talk->capacity, sizeof(*talk->said));
			CHECK(talk->said);
		}
		last = &talk->said[talk->count++];
		*last = (struct insp_said){.packet = packet, .side = (uint8_t)side, .gap = gap, .offset = talk->bytes.size};
	}
	fmt_buf_put(&talk->bytes, bytes, size);
	last->size += size;
}

/* Says what of a segment is new; it begins at or before what is next. */
static void say_segment(struct insp_talk *talk, struct side *s, int side, const struct segment *segment, bool gap)
{
	const uint32_t old = s->next - segment->seq;

	if (old >= segment->size)
		return;
	say(talk, side, segment->packet, segment->bytes + old, segment->size - old, gap, /* apart= */ false);
	s->next = segment->seq + segment->size;
}

/* The waiting segment that begins first. */
static uint32_t earliest(const struct side *s)
{
	uint32_t best = 0;

	for (uint32_t i = 1; i < s->count; i++)
		if ((int32_t)(s->waiting[i].seq - s->waiting[best].seq) < 0)
			best = i;
	return best;
}

/* Says what waits and has its turn; all: also over a hole. */
static void say_waiting(struct insp_talk *talk, struct side *s, int side, bool all)
{
	while (s->count) {
		const uint32_t i = earliest(s);
		struct segment segment = s->waiting[i];
		const bool hole = (int32_t)(segment.seq - s->next) > 0;

		if (hole && !all)
			return;
		if (hole)
			s->next = segment.seq;
		say_segment(talk, s, side, &segment, hole);
		free(segment.bytes);
		s->waiting[i] = s->waiting[--s->count];
	}
}

static void take_segment(struct insp_talk *talk, struct side *s, int side, uint32_t packet, const struct fmt_frame *frame)
{
	if (!s->known || frame->tcp_flags & 2) {
		s->next = frame->seq + ((frame->tcp_flags & 2) != 0);
		s->known = true;
	}
	if (!frame->payload_size)
		return;
	if (s->count == WAITING_MAX)
		say_waiting(talk, s, side, /* all= */ true);
	struct segment *segment = &s->waiting[s->count++];

	*segment = (struct segment){frame->seq, packet, (uint32_t)frame->payload_size, malloc(frame->payload_size)};
	CHECK(segment->bytes);
	memcpy(segment->bytes, frame->payload, frame->payload_size);
	say_waiting(talk, s, side, /* all= */ false);
}

static int take_packet(const struct insp_run *run, struct fmt_reader *reader, uint32_t number, struct side *sides,
		       struct insp_talk *talk, struct fmt_error *error)
{
	const int side = insp_stream_side(run, number);
	struct fmt_ev_packet_send sent;
	struct fmt_frame frame;
	struct fmt_event event;
	const int r = fmt_reader_event(reader, run->packets[number].send, &event, error);

	if (r < 0 || fmt_get_packet_send(&event, &sent) < 0)
		return r;
	fmt_frame_decode(sent.frame.data, sent.frame.size, &frame);
	if (!frame.has_transport)
		return 0;
	if (run->packets[number].proto == INSP_PROTO_TCP)
		take_segment(talk, &sides[side], side, number, &frame);
	else
		say(talk, side, number, frame.payload, frame.payload_size, /* gap= */ false, /* apart= */ true);
	return 0;
}

int insp_talk_read(const struct insp_run *run, uint32_t stream, insp_progress progress, void *data,
		   struct insp_talk *ret, struct fmt_error *error)
{
	_cleanup_(fmt_reader_closep) struct fmt_reader *reader = NULL;
	_cleanup_free_ struct side *sides = calloc(2, sizeof(*sides));
	int r = fmt_reader_open(run->path, &reader, error);

	CHECK(sides && stream < run->stream_count);
	for (uint32_t i = run->streams[stream].first; i < run->packet_count && r == 0 && !ret->cut; i++) {
		const struct insp_packet *packet = &run->packets[i];

		if (progress && i % 4096 == 0 && !progress(data, i, run->packet_count))
			r = -ECANCELED;
		else if (packet->stream == stream && packet->fate == INSP_RECEIVED && !(packet->marks & INSP_MARK_COPY) &&
			 packet->from == run->streams[stream].lane[insp_stream_side(run, i)])
			r = take_packet(run, reader, i, sides, ret, error);
	}
	for (int side = 0; side < 2; side++)
		say_waiting(ret, &sides[side], side, /* all= */ true);
	return r;
}

void insp_talk_done(struct insp_talk *talk)
{
	fmt_buf_done(&talk->bytes);
	free(talk->said);
	*talk = (struct insp_talk){0};
}
