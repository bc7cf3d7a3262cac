/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "packet-text.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/check.h"
#include "text.h"

#define ETHER_HEADER 14
#define ETHER_IPV4 0x0800
#define ETHER_ARP 0x0806
#define ETHER_IPV6 0x86dd
#define ETHER_VLAN 0x8100

#define IP_ICMP 1
#define IP_TCP 6
#define IP_UDP 17
#define IP_ICMP6 58

static uint16_t be16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t be32(const uint8_t *at)
{
	return (uint32_t)be16(at) << 16 | be16(at + 2);
}

static void decode_tcp(const uint8_t *at, size_t size, struct fmt_frame *frame)
{
	frame->transport = FMT_TRANSPORT_TCP;
	if (size < 20)
		return;
	const size_t header = (size_t)(at[12] >> 4) * 4;

	if (header < 20 || header > size)
		return;
	frame->has_transport = true;
	frame->source_port = be16(at);
	frame->target_port = be16(at + 2);
	frame->seq = be32(at + 4);
	frame->ack = be32(at + 8);
	frame->tcp_flags = at[13];
	frame->window = be16(at + 14);
	frame->payload = at + header;
	frame->payload_size = size - header;
}

static void decode_udp(const uint8_t *at, size_t size, struct fmt_frame *frame)
{
	frame->transport = FMT_TRANSPORT_UDP;
	if (size < 8)
		return;
	frame->has_transport = true;
	frame->source_port = be16(at);
	frame->target_port = be16(at + 2);
	frame->payload = at + 8;
	frame->payload_size = size - 8;
}

static void decode_icmp(const uint8_t *at, size_t size, struct fmt_frame *frame)
{
	if (size < 8)
		return;
	frame->has_transport = true;
	frame->icmp_type = at[0];
	frame->icmp_code = at[1];
	frame->icmp_id = be16(at + 4);
	frame->icmp_seq = be16(at + 6);
}

static void decode_transport(const uint8_t *at, size_t size, struct fmt_frame *frame)
{
	switch (frame->protocol) {
	case IP_TCP:
		decode_tcp(at, size, frame);
		return;
	case IP_UDP:
		decode_udp(at, size, frame);
		return;
	case IP_ICMP:
		frame->transport = FMT_TRANSPORT_ICMP;
		decode_icmp(at, size, frame);
		return;
	case IP_ICMP6:
		frame->transport = FMT_TRANSPORT_ICMP6;
		decode_icmp(at, size, frame);
		return;
	}
}

static void decode_ipv4(const uint8_t *at, size_t size, struct fmt_frame *frame)
{
	if (size < 20 || at[0] >> 4 != 4)
		return;
	const size_t header = (size_t)(at[0] & 15) * 4;
	const size_t total = be16(at + 2);

	/* A total of 0 is what segmentation offload leaves. */
	if (header < 20 || header > size || (total && total < header))
		return;
	frame->ip_version = 4;
	frame->protocol = at[9];
	frame->fragment = be16(at + 6) & 0x1fff;
	memcpy(frame->source, at + 12, 4);
	memcpy(frame->target, at + 16, 4);
	/* A short frame is padded; what is behind the packet is not payload. */
	if (total && total < size)
		size = total;
	if (!frame->fragment)
		decode_transport(at + header, size - header, frame);
}

static void decode_ipv6(const uint8_t *at, size_t size, struct fmt_frame *frame)
{
	if (size < 40 || at[0] >> 4 != 6)
		return;
	const size_t total = 40u + be16(at + 4);

	frame->ip_version = 6;
	frame->protocol = at[6];
	memcpy(frame->source, at + 8, 16);
	memcpy(frame->target, at + 24, 16);
	if (total > 40 && total < size)
		size = total;
	size_t next = 40;

	/* Hop-by-hop options come before every multicast report. */
	if (frame->protocol == 0 && size >= 48) {
		next += 8u + at[41] * 8u;
		frame->protocol = at[40];
	}
	if (next <= size)
		decode_transport(at + next, size - next, frame);
}

static void decode_arp(const uint8_t *at, size_t size, struct fmt_frame *frame)
{
	if (size < 28 || be16(at + 2) != ETHER_IPV4 || at[4] != 6 || at[5] != 4)
		return;
	frame->arp_op = be16(at + 6);
	memcpy(frame->source, at + 14, 4);
	memcpy(frame->target, at + 24, 4);
}

void fmt_frame_decode(const uint8_t *frame, size_t size, struct fmt_frame *ret)
{
	*ret = (struct fmt_frame){0};
	if (size < ETHER_HEADER)
		return;
	size_t next = ETHER_HEADER;

	ret->ether_type = be16(frame + 12);
	if (ret->ether_type == ETHER_VLAN && size >= ETHER_HEADER + 4) {
		ret->ether_type = be16(frame + 16);
		next += 4;
	}
	if (ret->ether_type == ETHER_IPV4)
		decode_ipv4(frame + next, size - next, ret);
	else if (ret->ether_type == ETHER_IPV6)
		decode_ipv6(frame + next, size - next, ret);
	else if (ret->ether_type == ETHER_ARP)
		decode_arp(frame + next, size - next, ret);
}

void fmt_put_address(struct fmt_buf *out, const struct fmt_frame *frame, const uint8_t *address)
{
	char text[INET6_ADDRSTRLEN];

	CHECK(inet_ntop(frame->ip_version == 6 ? AF_INET6 : AF_INET, address, text, sizeof(text)));
	fmt_put_text(out, "%s", text);
}

/* As tcpdump has them, in its order, without the dots. */
static void put_flag_letters(struct fmt_buf *out, uint8_t flags)
{
	static const char letters[] = "FSRPAUEC";
	static const uint8_t order[] = {1, 0, 2, 3, 4, 5, 6, 7};

	for (size_t i = 0; i < sizeof(order); i++)
		if (flags & 1u << order[i])
			fmt_put_text(out, "%c", letters[order[i]]);
	if (!flags)
		fmt_put_text(out, "none");
}

static void put_endpoint(struct fmt_buf *out, const struct fmt_frame *frame, const uint8_t *address,
			 uint16_t port)
{
	const bool ports = frame->has_transport && (frame->transport == FMT_TRANSPORT_TCP ||
						    frame->transport == FMT_TRANSPORT_UDP);

	if (ports && frame->ip_version == 6)
		fmt_put_text(out, "[");
	fmt_put_address(out, frame, address);
	if (ports)
		fmt_put_text(out, frame->ip_version == 6 ? "]:%u" : ":%u", port);
}

static const char *icmp_name(const struct fmt_frame *frame)
{
	const bool six = frame->transport == FMT_TRANSPORT_ICMP6;

	switch (frame->icmp_type) {
	case 0:
		return six ? NULL : "echo-reply";
	case 1:
		return six ? "unreachable" : NULL;
	case 3:
		return six ? "time-exceeded" : "unreachable";
	case 8:
		return six ? NULL : "echo-request";
	case 11:
		return six ? NULL : "time-exceeded";
	case 128:
		return six ? "echo-request" : NULL;
	case 129:
		return six ? "echo-reply" : NULL;
	case 133:
		return six ? "router-solicit" : NULL;
	case 134:
		return six ? "router-advert" : NULL;
	case 135:
		return six ? "neighbour-solicit" : NULL;
	case 136:
		return six ? "neighbour-advert" : NULL;
	case 143:
		return six ? "multicast-report" : NULL;
	default:
		return NULL;
	}
}

static bool icmp_is_echo(const struct fmt_frame *frame)
{
	const uint8_t type = frame->icmp_type;

	return frame->transport == FMT_TRANSPORT_ICMP6 ? type == 128 || type == 129 :
							 type == 0 || type == 8;
}

static void put_icmp(struct fmt_buf *out, const struct fmt_frame *frame)
{
	const char *name = icmp_name(frame);

	fmt_put_text(out, frame->transport == FMT_TRANSPORT_ICMP6 ? "icmp6 " : "icmp ");
	if (name)
		fmt_put_text(out, "%s", name);
	else
		fmt_put_text(out, "type=%u", frame->icmp_type);
	if (frame->icmp_code)
		fmt_put_text(out, " code=%u", frame->icmp_code);
	if (icmp_is_echo(frame))
		fmt_put_text(out, " id=%u seq=%u", frame->icmp_id, frame->icmp_seq);
}

static void put_transport(struct fmt_buf *out, const struct fmt_frame *frame)
{
	if (!frame->has_transport) {
		fmt_put_text(out, frame->fragment ? "protocol=%u fragment" : "protocol=%u",
			     frame->protocol);
		return;
	}
	switch (frame->transport) {
	case FMT_TRANSPORT_TCP:
		fmt_put_text(out, "tcp ");
		put_flag_letters(out, frame->tcp_flags);
		fmt_put_text(out, " seq=%u ack=%u win=%u len=%zu", frame->seq, frame->ack,
			     frame->window, frame->payload_size);
		return;
	case FMT_TRANSPORT_UDP:
		fmt_put_text(out, "udp len=%zu", frame->payload_size);
		return;
	default:
		put_icmp(out, frame);
		return;
	}
}

static void put_arp(struct fmt_buf *out, const struct fmt_frame *frame)
{
	fmt_put_text(out, frame->arp_op == 1 ? "arp who-has " : "arp ");
	fmt_put_address(out, frame, frame->arp_op == 1 ? frame->target : frame->source);
	if (frame->arp_op == 1) {
		fmt_put_text(out, " tell ");
		fmt_put_address(out, frame, frame->source);
	} else if (frame->arp_op == 2) {
		fmt_put_text(out, " is-at");
	} else {
		fmt_put_text(out, " op=%u", frame->arp_op);
	}
}

void fmt_put_frame(struct fmt_buf *out, const uint8_t *frame, size_t size)
{
	struct fmt_frame decoded;

	fmt_frame_decode(frame, size, &decoded);
	if (decoded.ether_type == ETHER_ARP && decoded.arp_op) {
		put_arp(out, &decoded);
		return;
	}
	if (!decoded.ip_version) {
		fmt_put_text(out, size < ETHER_HEADER ? "short" : "ether=%#06x",
			     decoded.ether_type);
		return;
	}
	put_endpoint(out, &decoded, decoded.source, decoded.source_port);
	fmt_put_text(out, " > ");
	put_endpoint(out, &decoded, decoded.target, decoded.target_port);
	fmt_put_text(out, " ");
	put_transport(out, &decoded);
}

static void put_flag_words(struct fmt_buf *out, uint8_t flags)
{
	static const struct {
		uint8_t flag;
		const char *name;
	} names[] = {{2, " SYN"}, {1, " FIN"}, {4, " RST"}, {8, " PSH"}, {16, " ACK"}, {32, " URG"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (flags & names[i].flag)
			fmt_put_text(out, "%s", names[i].name);
}

void fmt_put_frame_gist(struct fmt_buf *out, const struct fmt_frame *frame)
{
	if (frame->ether_type == ETHER_ARP && frame->arp_op) {
		fmt_put_text(out, "ARP ");
		fmt_put_text(out, frame->arp_op == 1 ? "who has " : "answer for ");
		fmt_put_address(out, frame, frame->arp_op == 1 ? frame->target : frame->source);
	} else if (frame->transport == FMT_TRANSPORT_TCP && frame->has_transport) {
		fmt_put_text(out, "TCP %u>%u", frame->source_port, frame->target_port);
		put_flag_words(out, frame->tcp_flags);
		if (frame->payload_size)
			fmt_put_text(out, " %zu bytes", frame->payload_size);
	} else if (frame->transport == FMT_TRANSPORT_UDP && frame->has_transport) {
		fmt_put_text(out, "UDP %u>%u %zu bytes", frame->source_port, frame->target_port,
			     frame->payload_size);
	} else if (frame->ip_version) {
		put_transport(out, frame);
	} else {
		fmt_put_text(out, "ether type %#06x", frame->ether_type);
	}
}
