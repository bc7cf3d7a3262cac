/* SPDX-License-Identifier: GPL-2.0-or-later */
/* packet-text.h - what is in an Ethernet frame. */
#ifndef FMT_PACKET_TEXT_H
#define FMT_PACKET_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

enum fmt_transport { FMT_TRANSPORT_OTHER, FMT_TRANSPORT_TCP, FMT_TRANSPORT_UDP, FMT_TRANSPORT_ICMP,
		     FMT_TRANSPORT_ICMP6 };

/* Only what the frame is long enough for; the rest is 0. */
struct fmt_frame {
	uint16_t ether_type;
	uint8_t ip_version;		/* 4, 6; 0: not IP, or cut */
	uint8_t protocol;		/* of IP */
	bool fragment;			/* not the first one: has no ports */
	uint8_t source[16], target[16];	/* IP, the first 4 bytes for version 4; those of ARP */
	bool has_transport;		/* what follows is valid, as its protocol has it */
	enum fmt_transport transport;
	uint16_t source_port, target_port;
	uint32_t seq, ack;
	uint8_t tcp_flags;
	uint16_t window;
	uint8_t icmp_type, icmp_code;
	uint16_t icmp_id, icmp_seq;
	uint16_t arp_op;
	const uint8_t *payload;		/* of TCP or UDP; borrowed */
	size_t payload_size;
};

void fmt_frame_decode(const uint8_t *frame, size_t size, struct fmt_frame *ret);
/* "10.0.0.1:40000 > 10.0.0.2:80 tcp SA seq=1 ack=2 win=64240 len=0", "arp who-has 10.0.0.2 tell 10.0.0.1"... */
void fmt_put_frame(struct fmt_buf *out, const uint8_t *frame, size_t size);
/* "tcp SYN ACK", "udp 40 bytes", "icmp echo request seq 1", without addresses. */
void fmt_put_frame_gist(struct fmt_buf *out, const struct fmt_frame *frame);
/* An address of decoded frame, "10.0.0.1" or "fe80::1". */
void fmt_put_address(struct fmt_buf *out, const struct fmt_frame *frame, const uint8_t *address);

#endif
