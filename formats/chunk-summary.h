/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chunk-summary.h - what a chunk says of itself for who looks for something: kinds, threads, packets sent, connections.
 *
 * docs/trace-format.5.md has the bytes.  A reader passes over chunks that cannot have what it looks for, without reading them.
 */
#ifndef FMT_CHUNK_SUMMARY_H
#define FMT_CHUNK_SUMMARY_H

#include "event.h"
#include "trace.h"

/* Makes summaries of the chunks of a trace in order; knows the packets under way and the connections so far. */
struct fmt__summaries;
struct fmt__summaries *fmt__summaries_new(void);
void fmt__summaries_free(struct fmt__summaries *summaries);
/* The next event of a chunk that is summed up, and its head: what its record (fmt_record_put()) has before the body, without the size. */
void fmt__summary_see(struct fmt__summaries *summaries, const struct fmt_event *event, struct fmt_bytes head);
/* The summary of the events that were seen since the last one, into out (cleared first).  Empty when it would be longer than
 * FMT_SUMMARY_MAX: that says nothing, and is right. */
void fmt__summary_put(struct fmt__summaries *summaries, struct fmt_buf *out);
/* May an event of the chunk be wanted?  An empty summary may hold everything; so may one that is damaged, but
 * *ret_damaged is set. */
bool fmt__summary_has(const uint8_t *bytes, size_t size, const struct fmt_want *want, bool *ret_damaged);

/* Are all events of the chunk of nodes that are of these?  False when that cannot be known. */
bool fmt__summary_only_nodes(const uint8_t *bytes, size_t size, bool (*of_these)(const void *context, node_id node), const void *context);
/* Where a packet is sent, by those that its node sends in the chunk. */
enum fmt__summary_place { FMT__SUMMARY_UNKNOWN, FMT__SUMMARY_EARLIER, FMT__SUMMARY_HERE, FMT__SUMMARY_LATER };
enum fmt__summary_place fmt__summary_packet(const uint8_t *bytes, size_t size, uint64_t packet);
/* Where a node has come to a multiple of FMT_MARK_EVENTS events. */
struct fmt__summary_mark {
	node_id node;
	uint64_t number;		/* 1 for the first of the node */
	uint32_t index;			/* of that event in the chunk */
	uint32_t crc;			/* CRC-32C of all records of the node up to it */
};
/* As fmt__summary_stream(), by node, then number. */
int fmt__summary_mark(const uint8_t *bytes, size_t size, size_t *pos, struct fmt__summary_mark *ret, uint64_t *left);
/* A connection that is in a chunk. */
struct fmt__summary_stream {
	uint64_t number;
	bool begins;
	uint32_t index;			/* with begins: of the event in the chunk that began it */
};
/* The connections of a chunk one by one, by number; *pos is 0 first, and *ret is what it was.  1, 0 after the last, -EBADMSG. */
int fmt__summary_stream(const uint8_t *bytes, size_t size, size_t *pos, struct fmt__summary_stream *ret);

#endif
