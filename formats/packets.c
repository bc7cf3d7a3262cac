/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packets.c - frames in flight and TCP connections.
 *
 * Frames are kept in sets of WAYS, the oldest of a set makes room: 16384 frames, 7 MiB, whatever the trace is.
 * Connections get numbers in the order of their first segment, as Wireshark gives them: a SYN with another
 * initial number on known addresses and ports begins a new one.  A segment that is forwarded is the same
 * connection on every hop.
 */
#include "packets.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define SETS 4096u
#define WAYS 4u
#define STREAMS_MAX (1u << 20)	/* 128 MiB of them; later ones have no number */
#define TCP_SYN 0x02
#define TCP_ACK 0x10

struct stream {
	uint8_t low[18], high[18];	/* address and port, the smaller first */
	bool used;
	bool has_initial;
	uint32_t initial;		/* number of the last SYN; valid with has_initial */
	int64_t number;
};

struct fmt_packets {
	struct fmt_packet frames[SETS][WAYS];
	uint64_t use[SETS][WAYS];
	uint64_t now;
	struct stream *streams;		/* open addressing; capacity is a power of two */
	size_t stream_capacity, stream_used;
	int64_t next_stream;
};

struct fmt_packets *fmt_packets_new(void)
{
	struct fmt_packets *packets = calloc(1, sizeof(*packets));

	CHECK(packets);
	packets->stream_capacity = 256;
	packets->streams = calloc(packets->stream_capacity, sizeof(*packets->streams));
	CHECK(packets->streams);
	return packets;
}

void fmt_packets_free(struct fmt_packets *packets)
{
	if (!packets)
		return;
	free(packets->streams);
	free(packets);
}

static uint64_t mix(uint64_t value)
{
	value = (value ^ value >> 33) * 0xff51afd7ed558ccd;
	value = (value ^ value >> 33) * 0xc4ceb9fe1a85ec53;
	return value ^ value >> 33;
}

/* ---- connections ---- */

static void put_end(uint8_t ret[18], const uint8_t address[16], uint16_t port)
{
	memcpy(ret, address, 16);
	ret[16] = (uint8_t)(port >> 8);
	ret[17] = (uint8_t)port;
}

static uint64_t hash_end(uint64_t hash, const uint8_t end[18])
{
	uint64_t words[2];

	memcpy(words, end, sizeof(words));
	hash = mix(mix(hash ^ words[0]) ^ words[1]);
	return mix(hash ^ (uint64_t)(end[16] << 8 | end[17]));
}

/* The place of a connection, or the free one where it belongs. */
static struct stream *find_stream(struct stream *streams, size_t capacity, const struct stream *key)
{
	for (size_t at = hash_end(hash_end(0, key->low), key->high);; at++) {
		struct stream *stream = &streams[at & (capacity - 1)];

		if (!stream->used || (memcmp(stream->low, key->low, sizeof(key->low)) == 0 &&
				      memcmp(stream->high, key->high, sizeof(key->high)) == 0))
			return stream;
	}
}

static void grow_streams(struct fmt_packets *packets)
{
	const size_t capacity = packets->stream_capacity * 2;
	struct stream *streams = calloc(capacity, sizeof(*streams));

	CHECK(streams);
	for (size_t i = 0; i < packets->stream_capacity; i++)
		if (packets->streams[i].used)
			*find_stream(streams, capacity, &packets->streams[i]) = packets->streams[i];
	free(packets->streams);
	packets->streams = streams;
	packets->stream_capacity = capacity;
}

static struct stream key_of(const struct fmt_frame *frame)
{
	struct stream key = {.used = true};

	put_end(key.low, frame->source, frame->source_port);
	put_end(key.high, frame->target, frame->target_port);
	if (memcmp(key.low, key.high, sizeof(key.low)) > 0) {
		put_end(key.high, frame->source, frame->source_port);
		put_end(key.low, frame->target, frame->target_port);
	}
	return key;
}

bool fmt_same_connection(const struct fmt_frame *a, const struct fmt_frame *b)
{
	if (!a->has_transport || a->transport != FMT_TRANSPORT_TCP || !b->has_transport || b->transport != FMT_TRANSPORT_TCP)
		return false;
	const struct stream x = key_of(a), y = key_of(b);

	return memcmp(x.low, y.low, sizeof(x.low)) == 0 && memcmp(x.high, y.high, sizeof(x.high)) == 0;
}

static int64_t stream_of(struct fmt_packets *packets, const struct fmt_frame *frame)
{
	if (!frame->has_transport || frame->transport != FMT_TRANSPORT_TCP)
		return -1;
	if (packets->stream_used * 2 >= packets->stream_capacity &&
	    packets->stream_used < STREAMS_MAX)
		grow_streams(packets);
	const struct stream key = key_of(frame);
	struct stream *stream = find_stream(packets->streams, packets->stream_capacity, &key);
	const bool opens = (frame->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;

	if (!stream->used) {
		if (packets->stream_used >= STREAMS_MAX)
			return -1;
		*stream = key;
		packets->stream_used++;
		stream->number = packets->next_stream++;
	} else if (opens && stream->has_initial && stream->initial != frame->seq) {
		stream->number = packets->next_stream++;
	}
	if (opens) {
		stream->has_initial = true;
		stream->initial = frame->seq;
	}
	return stream->number;
}

/* ---- frames ---- */

static struct fmt_packet *make_room(struct fmt_packets *packets, uint64_t id)
{
	const size_t set = mix(id) % SETS;
	size_t oldest = 0;

	for (size_t way = 1; way < WAYS; way++)
		if (packets->use[set][way] < packets->use[set][oldest])
			oldest = way;
	packets->use[set][oldest] = ++packets->now;
	return &packets->frames[set][oldest];
}

static const struct fmt_packet *see_send(struct fmt_packets *packets, const struct fmt_event *event)
{
	struct fmt_ev_packet_send ev;

	if (fmt_get_packet_send(event, &ev) < 0)
		return NULL;
	struct fmt_packet *packet = make_room(packets, ev.packet);

	*packet = (struct fmt_packet){
		.id = ev.packet, .link = ev.link, .iface = ev.iface, .sender = event->node,
		.sent = event->vtime, .depart = ev.depart_ns, .send_seq = event->seq,
		.size = ev.frame.size};
	packet->head_size = ev.frame.size < FMT_PACKET_HEAD ? ev.frame.size : FMT_PACKET_HEAD;
	if (packet->head_size)
		memcpy(packet->head, ev.frame.data, packet->head_size);
	fmt_frame_decode(ev.frame.data, ev.frame.size, &packet->frame);
	packet->frame.payload = NULL;
	packet->stream = stream_of(packets, &packet->frame);
	return packet;
}

bool fmt_packets_connection(struct fmt_packets *packets, const struct fmt_event *event, uint64_t *ret_packet, int64_t *ret_stream)
{
	struct fmt_ev_packet_send ev;
	struct fmt_frame frame;

	if (event->kind != FMT_packet_send || fmt_get_packet_send(event, &ev) < 0)
		return false;
	fmt_frame_decode(ev.frame.data, ev.frame.size, &frame);
	*ret_packet = ev.packet;
	*ret_stream = stream_of(packets, &frame);
	return true;
}

static const struct fmt_packet *find(const struct fmt_packets *packets, uint64_t id)
{
	const size_t set = mix(id) % SETS;

	for (size_t way = 0; way < WAYS; way++)
		if (packets->use[set][way] && packets->frames[set][way].id == id)
			return &packets->frames[set][way];
	return NULL;
}

const struct fmt_packet *fmt_packets_see(struct fmt_packets *packets, const struct fmt_event *event)
{
	struct fmt_ev_packet_recv recv;
	struct fmt_ev_packet_drop drop;

	switch (event->kind) {
	case FMT_packet_send:
		return see_send(packets, event);
	case FMT_packet_recv:
		return fmt_get_packet_recv(event, &recv) < 0 ? NULL : find(packets, recv.packet);
	case FMT_packet_drop:
		return fmt_get_packet_drop(event, &drop) < 0 ? NULL : find(packets, drop.packet);
	default:
		return NULL;
	}
}
