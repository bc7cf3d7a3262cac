/* SPDX-License-Identifier: GPL-2.0-or-later */
/* packets.h - which frame a packet event is about, and to which TCP connection it belongs. */
#ifndef FMT_PACKETS_H
#define FMT_PACKETS_H

#include "base/cleanup.h"
#include "event.h"
#include "packet-text.h"

/* Only the send holds the frame; arrivals and drops name it by number.  What is kept of one: */
#define FMT_PACKET_HEAD 256

struct fmt_packet {
	uint64_t id;
	uint64_t link, iface;
	node_id sender;
	vtime_ns sent, depart;
	event_seq send_seq;		/* the event that holds the whole frame */
	size_t size;			/* of the frame */
	size_t head_size;
	uint8_t head[FMT_PACKET_HEAD];
	struct fmt_frame frame;		/* its payload is NULL; payload_size is true */
	int64_t stream;			/* number of the TCP connection, from 0; -1: none */
};

struct fmt_packets;

struct fmt_packets *fmt_packets_new(void);
void fmt_packets_free(struct fmt_packets *packets);
DEFINE_CLEANUP(struct fmt_packets *, fmt_packets_free)

/* Takes the events of a trace in order, from the first, and gives the packet that one is about.  NULL: it is about
 * none, or about one whose send was not seen, or was too many packets ago.  Valid until the next call. */
const struct fmt_packet *fmt_packets_see(struct fmt_packets *packets, const struct fmt_event *event);

/* For who needs no more of a send than its packet and connection (-1: none), and asks for nothing else: frames are not kept.  False: it
 * is no send. */
bool fmt_packets_connection(struct fmt_packets *packets, const struct fmt_event *event, uint64_t *ret_packet, int64_t *ret_stream);

/* Both of TCP, with the same addresses and ports, in any direction. */
bool fmt_same_connection(const struct fmt_frame *a, const struct fmt_frame *b);

#endif
