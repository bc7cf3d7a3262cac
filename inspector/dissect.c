/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissect-int.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"

void insp__field(struct insp_dissection *d, uint32_t depth, const struct insp__part *part, uint32_t offset,
		 uint32_t size, const char *format, ...)
{
	va_list args;

	if (d->count == INSP_FIELDS_MAX)
		return;
	struct insp_field *field = &d->fields[d->count++];

	field->depth = depth;
	field->offset = part->at + offset;
	field->size = size;
	if (d->count == INSP_FIELDS_MAX) {
		snprintf(field->text, sizeof(field->text), "more fields than are shown");
		return;
	}
	va_start(args, format);
	vsnprintf(field->text, sizeof(field->text), format, args);
	va_end(args);
}

struct insp__part insp__rest(const struct insp__part *part, uint32_t skip)
{
	CHECK(skip <= part->size);
	return (struct insp__part){part->frame, part->at + skip, part->size - skip};
}

bool insp__cut(struct insp_dissection *d, const struct insp__part *part, uint32_t need, const char *layer)
{
	if (part->size >= need)
		return false;
	insp__field(d, 0, part, 0, part->size, "%s: cut off, %u of at least %u bytes", layer, part->size, need);
	return true;
}

void insp__printable(char *to, size_t size, const uint8_t *bytes, size_t count)
{
	size_t used = 0;

	for (; used < count && used + 1 < size; used++)
		to[used] = bytes[used] >= ' ' && bytes[used] < 127 ? (char)bytes[used] : '.';
	to[used] = '\0';
}

static void put_mac(struct insp_dissection *d, const struct insp__part *part, uint32_t offset, const char *name)
{
	const uint8_t *at = part->frame + part->at + offset;

	insp__field(d, 1, part, offset, 6, "%s: %02x:%02x:%02x:%02x:%02x:%02x%s", name, at[0], at[1], at[2], at[3],
		    at[4], at[5], at[0] & 1 ? " (group)" : "");
}

static const char *put_address(char *to, int family, const struct insp__part *part, uint32_t offset)
{
	CHECK(inet_ntop(family, part->frame + part->at + offset, to, INET6_ADDRSTRLEN));
	return to;
}

/* ---- transport ---- */

static void tcp_option(struct insp_dissection *d, const struct insp__part *part, uint32_t at, uint8_t kind,
		       uint8_t size)
{
	switch (kind) {
	case 2:
		if (size == 4)
			insp__field(d, 2, part, at, size, "Maximum segment size: %u", insp__u16(part, at + 2));
		return;
	case 3:
		if (size == 3)
			insp__field(d, 2, part, at, size, "Window scale: %u (times %u)", insp__u8(part, at + 2),
				    1u << (insp__u8(part, at + 2) & 15));
		return;
	case 4:
		insp__field(d, 2, part, at, size, "Selective acknowledgements permitted");
		return;
	case 5:
		for (uint8_t i = 2; i + 8 <= size; i += 8)
			insp__field(d, 2, part, at + i, 8, "Selective acknowledgement: %u to %u",
				    insp__u32(part, at + i), insp__u32(part, at + i + 4));
		return;
	case 8:
		if (size == 10)
			insp__field(d, 2, part, at, size, "Timestamps: %u, echo %u", insp__u32(part, at + 2),
				    insp__u32(part, at + 6));
		return;
	case 30:
		if (size >= 3)
			insp__field(d, 2, part, at, size, "Multipath TCP: subtype %u", insp__u8(part, at + 2) >> 4);
		return;
	case 34:
		insp__field(d, 2, part, at, size, "Fast open cookie: %u bytes", size - 2u);
		return;
	default:
		insp__field(d, 2, part, at, size, "Option %u: %u bytes", kind, size);
	}
}

static void tcp_options(struct insp_dissection *d, const struct insp__part *part, uint32_t header)
{
	if (header > 20)
		insp__field(d, 1, part, 20, header - 20, "Options: %u bytes", header - 20);
	for (uint32_t at = 20; at < header;) {
		const uint8_t kind = insp__u8(part, at);

		if (kind == 0)
			return;
		if (kind == 1) {
			at++;
			continue;
		}
		const uint8_t size = at + 1 < header ? insp__u8(part, at + 1) : 0;

		if (size < 2 || at + size > header) {
			insp__field(d, 2, part, at, header - at, "Damaged option %u", kind);
			return;
		}
		tcp_option(d, part, at, kind, size);
		at += size;
	}
}

static void dissect_tcp(struct insp_dissection *d, const struct insp__part *part)
{
	static const char *const names[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
	char flags[48] = "";

	if (insp__cut(d, part, 20, "TCP"))
		return;
	const uint32_t header = (insp__u8(part, 12) >> 4) * 4u;
	const uint16_t source = insp__u16(part, 0), target = insp__u16(part, 2);

	for (int i = 0; i < 8; i++)
		if (insp__u8(part, 13) & 1 << i)
			snprintf(flags + strlen(flags), sizeof(flags) - strlen(flags), " %s", names[i]);
	if (header < 20 || header > part->size) {
		insp__field(d, 0, part, 0, part->size, "TCP: damaged header length %u", header);
		return;
	}
	insp__field(d, 0, part, 0, header, "TCP, %u > %u%s, %u bytes", source, target, flags, part->size - header);
	insp__field(d, 1, part, 0, 2, "Source port: %u", source);
	insp__field(d, 1, part, 2, 2, "Destination port: %u", target);
	insp__field(d, 1, part, 4, 4, "Sequence number: %u", insp__u32(part, 4));
	insp__field(d, 1, part, 8, 4, "Acknowledgement number: %u", insp__u32(part, 8));
	insp__field(d, 1, part, 12, 1, "Header: %u bytes", header);
	insp__field(d, 1, part, 13, 1, "Flags:%s", flags[0] ? flags : " none");
	insp__field(d, 1, part, 14, 2, "Window: %u", insp__u16(part, 14));
	insp__field(d, 1, part, 16, 2, "Checksum: 0x%04x", insp__u16(part, 16));
	if (insp__u8(part, 13) & 0x20)
		insp__field(d, 1, part, 18, 2, "Urgent pointer: %u", insp__u16(part, 18));
	tcp_options(d, part, header);
	const struct insp__part payload = insp__rest(part, header);

	if (payload.size)
		insp__payload(d, &payload, /* tcp= */ true, source, target);
}

static void dissect_udp(struct insp_dissection *d, const struct insp__part *part)
{
	if (insp__cut(d, part, 8, "UDP"))
		return;
	const uint16_t source = insp__u16(part, 0), target = insp__u16(part, 2);
	const struct insp__part payload = insp__rest(part, 8);

	insp__field(d, 0, part, 0, 8, "UDP, %u > %u, %u bytes", source, target, payload.size);
	insp__field(d, 1, part, 0, 2, "Source port: %u", source);
	insp__field(d, 1, part, 2, 2, "Destination port: %u", target);
	insp__field(d, 1, part, 4, 2, "Length: %u", insp__u16(part, 4));
	insp__field(d, 1, part, 6, 2, "Checksum: 0x%04x", insp__u16(part, 6));
	if (payload.size)
		insp__payload(d, &payload, /* tcp= */ false, source, target);
}

static const struct icmp_name {
	uint8_t six, type;
	const char *name;
} icmp_names[] = {
	{0, 0, "echo reply"}, {0, 3, "unreachable"}, {0, 5, "redirect"}, {0, 8, "echo request"},
	{0, 11, "time exceeded"}, {1, 1, "unreachable"}, {1, 2, "packet too big"}, {1, 3, "time exceeded"},
	{1, 128, "echo request"}, {1, 129, "echo reply"}, {1, 133, "router solicitation"},
	{1, 134, "router advertisement"}, {1, 135, "neighbour solicitation"}, {1, 136, "neighbour advertisement"},
	{1, 143, "multicast listener report"},
};

static void dissect_icmp(struct insp_dissection *d, const struct insp__part *part, bool six)
{
	char target[INET6_ADDRSTRLEN];
	const char *name = "other";

	if (insp__cut(d, part, 8, six ? "ICMPv6" : "ICMP"))
		return;
	const uint8_t type = insp__u8(part, 0);

	for (size_t i = 0; i < sizeof(icmp_names) / sizeof(icmp_names[0]); i++)
		if (icmp_names[i].six == six && icmp_names[i].type == type)
			name = icmp_names[i].name;
	insp__field(d, 0, part, 0, part->size, "%s, %s", six ? "ICMPv6" : "ICMP", name);
	insp__field(d, 1, part, 0, 1, "Type: %u (%s)", type, name);
	insp__field(d, 1, part, 1, 1, "Code: %u", insp__u8(part, 1));
	insp__field(d, 1, part, 2, 2, "Checksum: 0x%04x", insp__u16(part, 2));
	if (six ? type == 128 || type == 129 : type == 0 || type == 8) {
		insp__field(d, 1, part, 4, 2, "Identifier: %u", insp__u16(part, 4));
		insp__field(d, 1, part, 6, 2, "Sequence: %u", insp__u16(part, 6));
		insp__field(d, 1, part, 8, part->size - 8, "Data: %u bytes", part->size - 8);
	} else if (six && (type == 135 || type == 136) && part->size >= 24) {
		insp__field(d, 1, part, 8, 16, "Target: %s", put_address(target, AF_INET6, part, 8));
	} else if (part->size > 8) {
		insp__field(d, 1, part, 8, part->size - 8, "Body: %u bytes", part->size - 8);
	}
}

static void dissect_transport(struct insp_dissection *d, const struct insp__part *part, uint8_t protocol)
{
	if (protocol == IPPROTO_TCP)
		dissect_tcp(d, part);
	else if (protocol == IPPROTO_UDP)
		dissect_udp(d, part);
	else if (protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6)
		dissect_icmp(d, part, protocol == IPPROTO_ICMPV6);
	else if (part->size)
		insp__field(d, 0, part, 0, part->size, "Protocol %u: %u bytes", protocol, part->size);
}

/* ---- network ---- */

static const char *protocol_name(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_ICMP: return "ICMP";
	case IPPROTO_TCP: return "TCP";
	case IPPROTO_UDP: return "UDP";
	case IPPROTO_ICMPV6: return "ICMPv6";
	default: return "other";
	}
}

static void ipv4_fields(struct insp_dissection *d, const struct insp__part *part, uint32_t header)
{
	char text[INET6_ADDRSTRLEN];
	const uint16_t fragment = insp__u16(part, 6);

	insp__field(d, 1, part, 0, 1, "Header: %u bytes", header);
	insp__field(d, 1, part, 1, 1, "Traffic class: 0x%02x", insp__u8(part, 1));
	insp__field(d, 1, part, 2, 2, "Total length: %u", insp__u16(part, 2));
	insp__field(d, 1, part, 4, 2, "Identification: 0x%04x", insp__u16(part, 4));
	insp__field(d, 1, part, 6, 2, "Fragment: offset %u%s%s", (fragment & 0x1fffu) * 8,
		    fragment & 0x4000 ? ", do not fragment" : "", fragment & 0x2000 ? ", more follow" : "");
	insp__field(d, 1, part, 8, 1, "Hop limit: %u", insp__u8(part, 8));
	insp__field(d, 1, part, 9, 1, "Protocol: %u (%s)", insp__u8(part, 9), protocol_name(insp__u8(part, 9)));
	insp__field(d, 1, part, 10, 2, "Header checksum: 0x%04x", insp__u16(part, 10));
	insp__field(d, 1, part, 12, 4, "Source: %s", put_address(text, AF_INET, part, 12));
	insp__field(d, 1, part, 16, 4, "Destination: %s", put_address(text, AF_INET, part, 16));
}

static void dissect_ipv4(struct insp_dissection *d, struct insp__part *part)
{
	char source[INET6_ADDRSTRLEN], target[INET6_ADDRSTRLEN];

	if (insp__cut(d, part, 20, "IPv4"))
		return;
	const uint32_t header = (insp__u8(part, 0) & 15) * 4u, total = insp__u16(part, 2);

	if (header < 20 || header > part->size || (total && total < header)) {
		insp__field(d, 0, part, 0, part->size, "IPv4: damaged header length %u", header);
		return;
	}
	/* A short frame is padded; a total of 0 is what segmentation offload leaves. */
	if (total && total < part->size)
		part->size = total;
	insp__field(d, 0, part, 0, header, "IPv4, %s > %s", put_address(source, AF_INET, part, 12),
		    put_address(target, AF_INET, part, 16));
	ipv4_fields(d, part, header);
	const struct insp__part rest = insp__rest(part, header);

	if (insp__u16(part, 6) & 0x1fff)
		insp__field(d, 0, &rest, 0, rest.size, "Fragment: %u bytes", rest.size);
	else
		dissect_transport(d, &rest, insp__u8(part, 9));
}

static void dissect_ipv6(struct insp_dissection *d, struct insp__part *part)
{
	char source[INET6_ADDRSTRLEN], target[INET6_ADDRSTRLEN];
	uint8_t next;
	uint32_t header = 40;

	if (insp__cut(d, part, 40, "IPv6"))
		return;
	const uint32_t total = 40u + insp__u16(part, 4);

	if (total > 40 && total < part->size)
		part->size = total;
	next = insp__u8(part, 6);
	insp__field(d, 0, part, 0, 40, "IPv6, %s > %s", put_address(source, AF_INET6, part, 8),
		    put_address(target, AF_INET6, part, 24));
	insp__field(d, 1, part, 0, 4, "Traffic class: 0x%02x, flow label: 0x%05x",
		    (insp__u32(part, 0) >> 20) & 0xff, insp__u32(part, 0) & 0xfffff);
	insp__field(d, 1, part, 4, 2, "Payload length: %u", insp__u16(part, 4));
	insp__field(d, 1, part, 6, 1, "Next header: %u", next);
	insp__field(d, 1, part, 7, 1, "Hop limit: %u", insp__u8(part, 7));
	insp__field(d, 1, part, 8, 16, "Source: %s", source);
	insp__field(d, 1, part, 24, 16, "Destination: %s", target);
	if (next == 0 && part->size >= 48) {
		const uint32_t size = 8u + insp__u8(part, 41) * 8u;

		next = insp__u8(part, 40);
		header = 40 + size <= part->size ? 40 + size : part->size;
		insp__field(d, 1, part, 40, header - 40, "Hop-by-hop options: %u bytes", size);
	}
	const struct insp__part rest = insp__rest(part, header);

	dissect_transport(d, &rest, next);
}

static void dissect_arp(struct insp_dissection *d, const struct insp__part *part)
{
	char source[INET6_ADDRSTRLEN], target[INET6_ADDRSTRLEN];

	if (insp__cut(d, part, 28, "ARP"))
		return;
	const uint16_t op = insp__u16(part, 6);

	put_address(source, AF_INET, part, 14);
	put_address(target, AF_INET, part, 24);
	if (op == 1)
		insp__field(d, 0, part, 0, 28, "ARP, who has %s? tell %s", target, source);
	else
		insp__field(d, 0, part, 0, 28, "ARP, %s is here", source);
	insp__field(d, 1, part, 6, 2, "Operation: %u (%s)", op, op == 1 ? "request" : op == 2 ? "reply" : "other");
	put_mac(d, part, 8, "Sender hardware address");
	insp__field(d, 1, part, 14, 4, "Sender address: %s", source);
	put_mac(d, part, 18, "Target hardware address");
	insp__field(d, 1, part, 24, 4, "Target address: %s", target);
}

void insp_dissect(const uint8_t *frame, size_t size, struct insp_dissection *ret)
{
	struct insp__part part = {frame, 0, (uint32_t)size};
	uint32_t header = 14;

	ret->count = 0;
	if (insp__cut(ret, &part, 14, "Ethernet"))
		return;
	uint16_t type = insp__u16(&part, 12);

	if (type == 0x8100 && size >= 18) {
		type = insp__u16(&part, 16);
		header = 18;
	}
	insp__field(ret, 0, &part, 0, header, "Ethernet, %u bytes", part.size);
	put_mac(ret, &part, 0, "Destination");
	put_mac(ret, &part, 6, "Source");
	if (header == 18)
		insp__field(ret, 1, &part, 14, 2, "VLAN: %u", insp__u16(&part, 14) & 0xfff);
	insp__field(ret, 1, &part, header - 2, 2, "Type: 0x%04x", type);
	part = insp__rest(&part, header);
	if (type == 0x0800)
		dissect_ipv4(ret, &part);
	else if (type == 0x86dd)
		dissect_ipv6(ret, &part);
	else if (type == 0x0806)
		dissect_arp(ret, &part);
	else if (part.size)
		insp__field(ret, 0, &part, 0, part.size, "Data: %u bytes", part.size);
}
