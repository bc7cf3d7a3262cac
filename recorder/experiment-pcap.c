/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * experiment-pcap.c - captures as sources of traffic: their frames, at their times, with other addresses.
 *
 * A capture is read when the addresses of all hosts are known.  IP packets get the addresses that `addresses` says, the
 * checksums that follow from these, the medium's own hardware address as their source, and as their destination that of the host that
 * has the address, or else of the host at the other end of the link.
 */
#include "experiment-int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"

#define NS_PER_S 1000000000ull
#define FRAMES_SIZE_MAX (1ull << 30)	/* of one capture: it is kept in memory */
#define ETH_HEADER 14u
#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd

struct capture {			/* while it is read */
	struct rec__load *load;
	const struct rec__capture *from;
	struct rec_exp_medium *medium;
	const struct rec_exp_end *own, *peer;	/* ends of the link */
	char *path;
	uint64_t size;			/* of all frames */
};

static void capture_close(pcap_t *pcap)
{
	if (pcap)
		pcap_close(pcap);
}

DEFINE_CLEANUP(pcap_t *, capture_close)

/* ---- addresses ---- */

static size_t parse_address(const char *text, uint8_t ret[16])
{
	char plain[INET6_ADDRSTRLEN];

	snprintf(plain, sizeof(plain), "%.*s", (int)strcspn(text, "/"), text);
	return inet_pton(AF_INET, plain, ret) == 1 ? 4 : inet_pton(AF_INET6, plain, ret) == 1 ? 16 : 0;
}

/* The end that has an address; NULL: none. */
static const struct rec_exp_end *end_of_address(const struct rec_experiment *exp, const uint8_t *address, size_t size)
{
	uint8_t own[16];

	for (size_t i = 0; i < 2 * exp->link_count; i++) {
		const struct rec_exp_end *end = &exp->links[i / 2].end[i % 2];
		const char *text = size == 4 ? end->ipv4 : end->ipv6;

		if (*text && parse_address(text, own) == size && !memcmp(own, address, size))
			return end;
	}
	return NULL;
}

/* What a value of the map stands for: an address, or a host's first address of that family. */
static int take_target(struct capture *c, int value, size_t size, uint8_t ret[16])
{
	const struct rec_experiment *exp = c->load->exp;
	const char *text = rec__scalar(c->load, value, "a new address");
	node_id id;

	if (!text)
		return -EINVAL;
	if (parse_address(text, ret) == size)
		return 0;
	if (rec__find_host(c->load, value, &id) < 0)
		return rec__fail(c->load, value, "'%s' is neither an address of the same family nor a host", text);
	for (size_t i = 0; i < 2 * exp->link_count; i++) {
		const struct rec_exp_end *end = &exp->links[i / 2].end[i % 2];

		if (end->node == id && parse_address(size == 4 ? end->ipv4 : end->ipv6, ret) == size)
			return 0;
	}
	return rec__fail(c->load, value, "'%s' has no address of that family", text);
}

static int check_addresses(struct capture *c)
{
	const int map = c->from->addresses;
	uint8_t from[16], to[16];

	if (!map)
		return 0;
	if (rec__check_names(c->load, map, "addresses (a map from old to new ones)") < 0)
		return -EINVAL;
	const yaml_node_t *node = rec__yaml(c->load, map);

	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
		const char *text = rec__scalar(c->load, pair->key, "an address");
		const size_t size = text ? parse_address(text, from) : 0;

		if (!size)
			return rec__fail(c->load, pair->key, "'%s' is not an address", text ?: "");
		if (take_target(c, pair->value, size, to) < 0)
			return -EINVAL;
	}
	return 0;
}

/* An address in a packet becomes the one that the map has for it. */
static void rewrite(struct capture *c, uint8_t *address, size_t size)
{
	uint8_t from[16];

	if (!c->from->addresses)
		return;
	const yaml_node_t *node = rec__yaml(c->load, c->from->addresses);

	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
		const char *text = (const char *)rec__yaml(c->load, pair->key)->data.scalar.value;

		if (parse_address(text, from) != size || memcmp(from, address, size))
			continue;
		CHECK(!take_target(c, pair->value, size, from));
		memcpy(address, from, size);
		return;
	}
}

/* ---- checksums ---- */

static uint32_t sum_of(const uint8_t *bytes, size_t size, uint32_t sum)
{
	for (size_t i = 0; i + 1 < size; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	if (size % 2)
		sum += (uint32_t)bytes[size - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void put_checksum(uint8_t *at, uint32_t sum)
{
	const uint16_t value = (uint16_t)~sum;

	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* Of TCP, UDP or ICMPv6 in a whole packet; parts of one, and UDP without a checksum, stay as they are. */
static void sum_transport(uint8_t *segment, size_t size, unsigned int protocol, const uint8_t *addresses, size_t addresses_size)
{
	const size_t at = protocol == IPPROTO_TCP ? 16 : protocol == IPPROTO_UDP ? 6 : 2;
	const uint8_t pseudo[8] = {(uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size,
				   0, 0, 0, (uint8_t)protocol};

	if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP && protocol != IPPROTO_ICMPV6)
		return;
	if (size < at + 2 || (protocol == IPPROTO_UDP && !segment[6] && !segment[7]))
		return;
	segment[at] = segment[at + 1] = 0;
	const uint32_t sum = sum_of(segment, size, sum_of(pseudo, sizeof(pseudo), sum_of(addresses, addresses_size, 0)));

	put_checksum(segment + at, sum);
	if (protocol == IPPROTO_UDP && !segment[6] && !segment[7])
		segment[6] = segment[7] = 0xff;
}

/* ---- frames ---- */

static void set_hardware(struct capture *c, uint8_t *frame, const uint8_t *destination, size_t size)
{
	const struct rec_exp_end *end = end_of_address(c->load->exp, destination, size);
	const bool is_group = size == 4 ? destination[0] >= 224 : destination[0] == 0xff;

	memcpy(frame + 6, c->own->mac, 6);
	/* Group addresses keep theirs. */
	if (is_group)
		return;
	if (c->load->exp->nodes[c->peer->node - 1].medium)
		memcpy(frame, end ? end->mac : frame, 6);
	else
		memcpy(frame, c->peer->mac, 6);
}

static void adapt_ipv4(struct capture *c, uint8_t *frame, size_t size)
{
	uint8_t *ip = frame + ETH_HEADER;
	const size_t header = (size_t)(ip[0] & 15) * 4, total = (size_t)ip[2] << 8 | ip[3];
	const bool is_part = (ip[6] & 0x3f) || ip[7];

	if (header < 20 || total < header || ETH_HEADER + header > size)
		return;
	rewrite(c, ip + 12, 4);
	rewrite(c, ip + 16, 4);
	ip[10] = ip[11] = 0;
	put_checksum(ip + 10, sum_of(ip, header, 0));
	if (!is_part && ETH_HEADER + total <= size)
		sum_transport(ip + header, total - header, ip[9], ip + 12, 8);
	set_hardware(c, frame, ip + 16, 4);
}

static void adapt_ipv6(struct capture *c, uint8_t *frame, size_t size)
{
	uint8_t *ip = frame + ETH_HEADER;
	const size_t payload = (size_t)ip[4] << 8 | ip[5];

	rewrite(c, ip + 8, 16);
	rewrite(c, ip + 24, 16);
	if (ETH_HEADER + 40 + payload <= size)
		sum_transport(ip + 40, payload, ip[6], ip + 8, 32);
	set_hardware(c, frame, ip + 24, 16);
}

static void adapt(struct capture *c, uint8_t *frame, size_t size)
{
	const unsigned int type = (unsigned int)frame[12] << 8 | frame[13];

	if (type == ETHERTYPE_IPV4 && size >= ETH_HEADER + 20)
		adapt_ipv4(c, frame, size);
	else if (type == ETHERTYPE_IPV6 && size >= ETH_HEADER + 40)
		adapt_ipv6(c, frame, size);
}

/* How much of a record stands before the IP packet; ETH_HEADER for Ethernet, which stays. */
static int header_of(int type, size_t *ret)
{
	switch (type) {
	case DLT_EN10MB:
		*ret = ETH_HEADER;
		return 0;
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
		*ret = 0;
		return 0;
	case DLT_LINUX_SLL:
		*ret = 16;
		return 0;
	case DLT_LINUX_SLL2:
		*ret = 20;
		return 0;
	default:
		return -EINVAL;
	}
}

/* One record of the file; what the capture has cut off is zero. */
static int add_frame(struct capture *c, const struct pcap_pkthdr *header, const uint8_t *bytes, int type, vtime_ns at)
{
	size_t skipped = 0;

	CHECK(!header_of(type, &skipped));
	if (header->caplen <= skipped || header->len < header->caplen)
		return 0;
	const size_t size = header->len - skipped + ETH_HEADER;
	const unsigned int version = bytes[skipped] >> 4;

	c->size += size;
	if (c->size > FRAMES_SIZE_MAX)
		return rec__fail(c->load, c->from->file, "%s: there are more than %llu MiB of frames", c->path, FRAMES_SIZE_MAX >> 20);
	c->medium->frames = rec__grow(c->medium->frames, c->medium->frame_count, sizeof(*c->medium->frames));
	struct rec_exp_frame *frame = &c->medium->frames[c->medium->frame_count++];

	*frame = (struct rec_exp_frame){.at = at, .size = (uint32_t)size, .bytes = calloc(1, size)};
	CHECK(frame->bytes);
	if (type == DLT_EN10MB) {
		memcpy(frame->bytes, bytes, header->caplen);
	} else {
		memcpy(frame->bytes + ETH_HEADER, bytes + skipped, header->caplen - skipped);
		frame->bytes[12] = version == 6 ? 0x86 : 0x08;
		frame->bytes[13] = version == 6 ? 0xdd : 0x00;
	}
	adapt(c, frame->bytes, size);
	return 0;
}

/* ---- the file ---- */

static uint64_t time_of(const struct pcap_pkthdr *header)
{
	/* tv_usec holds nanoseconds, as was asked for. */
	return (uint64_t)header->ts.tv_sec * NS_PER_S + (uint64_t)header->ts.tv_usec;
}

/* The first frame leaves at the beginning, the others as much later as they were; one that was captured out of order
 * leaves with the one before it. */
static int read_frames(struct capture *c, pcap_t *pcap)
{
	const int type = pcap_datalink(pcap);
	struct pcap_pkthdr *header;
	const uint8_t *bytes;
	uint64_t first = 0, last = 0;
	bool begun = false;
	int got, error = 0;

	while (!error && (got = pcap_next_ex(pcap, &header, &bytes)) == 1) {
		const uint64_t time = time_of(header);

		if (!begun)
			first = last = time;
		begun = true;
		last = time > last ? time : last;
		error = add_frame(c, header, bytes, type, c->from->start + (last - first));
	}
	if (!error && got == PCAP_ERROR)
		return rec__fail(c->load, c->from->file, "%s: damaged after %zu frames: %s", c->path, c->medium->frame_count,
				 pcap_geterr(pcap));
	if (!error && !c->medium->frame_count)
		return rec__fail(c->load, c->from->file, "%s: there is no frame in it", c->path);
	return error;
}

static int read_capture(struct capture *c)
{
	char why[PCAP_ERRBUF_SIZE];
	size_t skipped;
	_cleanup_(capture_closep) pcap_t *pcap =
		pcap_open_offline_with_tstamp_precision(c->path, PCAP_TSTAMP_PRECISION_NANO, why);

	if (!pcap)
		return rec__fail(c->load, c->from->file, "%s: this capture cannot be read: %s", c->path, why);
	if (header_of(pcap_datalink(pcap), &skipped) < 0)
		return rec__fail(c->load, c->from->file, "%s: captures of the kind %s are not understood; Ethernet, raw IP and "
				 "Linux's cooked ones are", c->path, pcap_datalink_val_to_name(pcap_datalink(pcap)) ?: "?");
	return read_frames(c, pcap);
}

static int take_capture(struct rec__load *load, const struct rec__capture *from)
{
	const struct rec_experiment *exp = load->exp;
	struct capture c = {.load = load, .from = from, .medium = exp->nodes[from->node - 1].medium};
	unsigned int links = 0;

	for (size_t i = 0; i < exp->link_count; i++) {
		const struct rec_exp_end *end = exp->links[i].end;

		if (end[0].node != from->node && end[1].node != from->node)
			continue;
		c.own = &end[end[1].node == from->node];
		c.peer = &end[end[1].node != from->node];
		links++;
	}
	if (links != 1)
		return rec__fail(load, from->value, "a capture leaves onto one link, and there are %u", links);
	const char *path = rec__scalar(load, from->file, "the path of a capture");

	if (!path || check_addresses(&c) < 0)
		return -EINVAL;
	c.path = rec__file_path(load, path);
	const int error = read_capture(&c) ?: rec__note_input(load, from->file, path);

	free(c.path);
	return error;
}

int rec__take_captures(struct rec__load *load)
{
	int error = 0;

	for (size_t i = 0; i < load->capture_count && !error; i++)
		error = take_capture(load, &load->captures[i]);
	return error;
}
