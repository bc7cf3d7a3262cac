/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * export-pcap.c - packets as captures with nanoseconds, which Wireshark, tshark and tcpdump read.
 *
 * pcap, of the whole system: every frame once, when it is handed to its link.  Of one node, or one interface of it: what a capture there
 * sees, in both directions; an arrival has its own time, and the frame of its send with what happened to it on the way.
 * pcapng: what captures on all interfaces see, or on those of a node, in one file that names them and says which way a frame went.
 */
#include "export-int.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/le.h"

#define SNAPLEN 262144
#define NS_PER_S 1000000000u

DEFINE_CLEANUP(pcap_t *, pcap_close)

/* ---- which frames ---- */

/* A frame as an interface meets it. */
struct frame {
	vtime_ns vtime;
	node_id node;
	uint64_t link, iface;
	bool arrives;
	struct fmt_bytes bytes;
};

struct capture {
	struct fmt_walk walk;
	const struct fmt_export_options *options;
	bool arrivals;			/* wanted beside what is sent */
	node_id node;			/* of options->node, 0 while it is not known */
	bool met;			/* the interface of options was */
	/* bits that were flipped on the way, of packets that have not arrived */
	struct corruption {
		uint64_t packet, bit;
	} *corrupt;
	size_t corrupt_count;
	struct fmt_buf damaged;		/* a frame with its bit flipped */
};

static void capture_done(struct capture *capture)
{
	fmt_walk_done(&capture->walk);
	free(capture->corrupt);
	fmt_buf_done(&capture->damaged);
}

static int find_node(const struct fmt_roster *roster, const char *name, node_id *ret)
{
	for (size_t i = 0; i < roster->node_count; i++)
		if (strcmp(roster->nodes[i].name, name) == 0) {
			*ret = roster->nodes[i].id;
			return 0;
		}
	return -ENOENT;
}

/* "eth0"; "if3" where the trace has no name for it. */
static void interface_name(const struct fmt_roster *roster, const struct frame *frame, char name[FMT_ROSTER_IF_SIZE])
{
	const struct fmt_roster_link *link = fmt_roster_link(roster, frame->link);
	const char *known = !link ? "" : link->node_a == frame->node ? link->if_a : link->node_b == frame->node ? link->if_b : "";

	if (*known)
		memcpy(name, known, FMT_ROSTER_IF_SIZE);
	else
		snprintf(name, FMT_ROSTER_IF_SIZE, "if%llu", (unsigned long long)frame->iface);
}

static void learn_corruption(struct capture *capture, const struct fmt_event *event)
{
	struct fmt_ev_packet_corrupt ev;

	if (fmt_get_packet_corrupt(event, &ev) < 0)
		return;
	capture->corrupt = reallocarray(capture->corrupt, capture->corrupt_count + 1, sizeof(*capture->corrupt));
	CHECK(capture->corrupt);
	capture->corrupt[capture->corrupt_count++] = (struct corruption){ev.packet, ev.bit};
}

/* What has arrived of a frame, when the link damaged it. */
static void damage(struct capture *capture, uint64_t packet, struct frame *frame)
{
	for (size_t i = 0; i < capture->corrupt_count; i++) {
		const struct corruption corruption = capture->corrupt[i];

		if (corruption.packet != packet || corruption.bit / 8 >= frame->bytes.size)
			continue;
		fmt_buf_clear(&capture->damaged);
		fmt_buf_put(&capture->damaged, frame->bytes.data, frame->bytes.size);
		capture->damaged.data[corruption.bit / 8] ^= (uint8_t)(1u << corruption.bit % 8);
		frame->bytes.data = capture->damaged.data;
		capture->corrupt[i] = capture->corrupt[--capture->corrupt_count];
		return;
	}
}

/* The frame that an event put on the wire or took off it.  1, 0: none, -EBADMSG. */
static int frame_of(struct capture *capture, const struct fmt_event *event, struct frame *ret, struct fmt_error *error)
{
	const struct fmt_packet *packet = fmt_filter_packet(capture->walk.filter);
	struct fmt_ev_packet_send send;
	struct fmt_ev_packet_recv recv;
	struct fmt_event sent = *event;

	if (event->kind == FMT_packet_corrupt)
		learn_corruption(capture, event);
	if (!packet || (event->kind != FMT_packet_send && event->kind != FMT_packet_recv))
		return 0;
	*ret = (struct frame){.vtime = event->vtime, .node = event->node, .arrives = event->kind == FMT_packet_recv};
	if (ret->arrives) {
		if (!capture->arrivals || fmt_get_packet_recv(event, &recv) < 0)
			return 0;
		const int failed = fmt_reader_event(capture->walk.reader, packet->send_seq, &sent, error);

		if (failed < 0)
			return failed;
	}
	if (fmt_get_packet_send(&sent, &send) < 0)
		return 0;
	ret->link = ret->arrives ? recv.link : send.link;
	ret->iface = ret->arrives ? recv.iface : send.iface;
	ret->bytes = send.frame;
	if (ret->arrives)
		damage(capture, recv.packet, ret);
	return 1;
}

static bool is_wanted(struct capture *capture, const struct frame *frame)
{
	const struct fmt_export_options *options = capture->options;
	char name[FMT_ROSTER_IF_SIZE];

	if (options->node && !capture->node)
		find_node(&capture->walk.roster, options->node, &capture->node);
	if (options->node && frame->node != capture->node)
		return false;
	if (!options->interface)
		return true;
	interface_name(&capture->walk.roster, frame, name);
	if (strcmp(name, options->interface) != 0)
		return false;
	capture->met = true;
	return true;
}

/* Whether the node has an interface of that name, though nothing passed it. */
static bool has_interface(const struct capture *capture)
{
	const struct fmt_roster *roster = &capture->walk.roster;

	for (size_t i = 0; i < roster->link_count; i++) {
		const struct fmt_roster_link *link = &roster->links[i];

		if ((link->node_a == capture->node && !strcmp(link->if_a, capture->options->interface)) ||
		    (link->node_b == capture->node && !strcmp(link->if_b, capture->options->interface)))
			return true;
	}
	return false;
}

/* Calls take for each frame that is wanted, in order. */
static int each_frame(struct capture *capture, struct fmt_reader *r, const struct fmt_export_options *options,
		      void (*take)(void *arg, const struct fmt_roster *roster, const struct frame *frame), void *arg,
		      struct fmt_error *error)
{
	struct fmt_event event;
	int got;

	if (options->interface && !options->node)
		return fmt__export_refuse(error, "--interface %s is of which node? Say it with --node", options->interface);
	capture->options = options;
	capture->walk.go_on = options->go_on;
	capture->walk.go_on_data = options->go_on_data;
	got = fmt_walk_init_packets(&capture->walk, r, options->filter, error);
	while (got == 0 && (got = fmt_walk_next(&capture->walk, &event, error)) > 0) {
		struct frame frame;

		got = frame_of(capture, &event, &frame, error);
		if (got > 0 && is_wanted(capture, &frame))
			take(arg, &capture->walk.roster, &frame);
		got = got < 0 ? got : 0;
	}
	if (got < 0)
		return got;
	if (options->node && find_node(&capture->walk.roster, options->node, &capture->node) < 0)
		return fmt__export_refuse(error, "there is no node %s", options->node);
	if (options->interface && !capture->met && !has_interface(capture))
		return fmt__export_refuse(error, "node %s has no interface %s", options->node, options->interface);
	return 0;
}

/* ---- pcap ---- */

static void put_frame(void *arg, const struct fmt_roster *roster, const struct frame *frame)
{
	const size_t size = frame->bytes.size;
	/* The fraction is in ns, as the file says of itself. */
	const struct pcap_pkthdr header = {
		.ts = {.tv_sec = (time_t)(frame->vtime / NS_PER_S), .tv_usec = (suseconds_t)(frame->vtime % NS_PER_S)},
		.caplen = (bpf_u_int32)(size < SNAPLEN ? size : SNAPLEN),
		.len = (bpf_u_int32)size};

	pcap_dump(arg, &header, frame->bytes.data);
}

int fmt__export_pcap(struct fmt_reader *r, FILE *out, const struct fmt_export_options *options,
		     struct fmt_error *error)
{
	_cleanup_(pcap_closep) pcap_t *dead = pcap_open_dead_with_tstamp_precision(
		DLT_EN10MB, SNAPLEN, PCAP_TSTAMP_PRECISION_NANO);
	_cleanup_(capture_done) struct capture capture = {.arrivals = options->node};

	CHECK(dead);
	pcap_dumper_t *const dumper = pcap_dump_fopen(dead, out);

	if (!dumper)
		return fmt__export_refuse(error, "libpcap: %s", pcap_geterr(dead));
	const int r2 = each_frame(&capture, r, options, put_frame, dumper, error);

	pcap_dump_flush(dumper);
	return r2;
}

/* ---- pcapng: blocks of 32-bit words in the byte order that the first one shows ---- */

enum block { BLOCK_INTERFACE = 1, BLOCK_PACKET = 6, BLOCK_SECTION = 0x0a0d0d0a };
enum option { OPTION_END = 0, OPTION_IF_NAME = 2, OPTION_EPB_FLAGS = 2, OPTION_SHB_USERAPPL = 4, OPTION_IF_TSRESOL = 9 };
enum direction { DIRECTION_IN = 1, DIRECTION_OUT = 2 };

struct section {
	FILE *out;
	struct fmt_buf body;
	struct known_interface {
		node_id node;
		uint64_t link, iface;
	} *interfaces;			/* by their numbers in the file */
	size_t count;
};

static void put_u32(struct section *section, uint32_t value)
{
	uint8_t word[4];

	le32_put(word, value);
	fmt_buf_put(&section->body, word, sizeof(word));
}

static void pad(struct section *section)
{
	while (section->body.size % 4)
		fmt_buf_put(&section->body, "", 1);
}

static void put_option(struct section *section, enum option code, const void *value, size_t size)
{
	put_u32(section, (uint32_t)code | (uint32_t)size << 16);
	fmt_buf_put(&section->body, value, size);
	pad(section);
}

static void put_block(struct section *section, enum block type)
{
	uint8_t head[4], size[4];

	CHECK(section->body.size % 4 == 0);
	le32_put(head, (uint32_t)type);
	le32_put(size, (uint32_t)section->body.size + 12);
	fwrite(head, sizeof(head), 1, section->out);
	fwrite(size, sizeof(size), 1, section->out);
	fwrite(section->body.data, 1, section->body.size, section->out);
	fwrite(size, sizeof(size), 1, section->out);
	fmt_buf_clear(&section->body);
}

static void put_section(struct section *section)
{
	put_u32(section, 0x1a2b3c4d);		/* shows the byte order */
	put_u32(section, 1);			/* version 1.0 */
	put_u32(section, UINT32_MAX);		/* of unknown length: 64 bits of ones */
	put_u32(section, UINT32_MAX);
	put_option(section, OPTION_SHB_USERAPPL, "hindcast", 8);
	put_option(section, OPTION_END, NULL, 0);
	put_block(section, BLOCK_SECTION);
}

static void put_interface(struct section *section, const struct fmt_roster *roster, const struct frame *frame)
{
	char name[80 + FMT_ROSTER_IF_SIZE], interface[FMT_ROSTER_IF_SIZE], buf[16];
	const uint8_t nanoseconds = 9;

	interface_name(roster, frame, interface);
	snprintf(name, sizeof(name), "%s:%s", fmt_roster_node(roster, frame->node, buf), interface);
	put_u32(section, DLT_EN10MB);
	put_u32(section, SNAPLEN);
	put_option(section, OPTION_IF_NAME, name, strlen(name));
	put_option(section, OPTION_IF_TSRESOL, &nanoseconds, 1);
	put_option(section, OPTION_END, NULL, 0);
	put_block(section, BLOCK_INTERFACE);
}

/* The number of an interface in the file; its block comes before its first frame. */
static uint32_t interface_number(struct section *section, const struct fmt_roster *roster, const struct frame *frame)
{
	for (size_t i = 0; i < section->count; i++) {
		const struct known_interface *known = &section->interfaces[i];

		if (known->node == frame->node && known->link == frame->link && known->iface == frame->iface)
			return (uint32_t)i;
	}
	section->interfaces = reallocarray(section->interfaces, section->count + 1, sizeof(*section->interfaces));
	CHECK(section->interfaces);
	section->interfaces[section->count] = (struct known_interface){frame->node, frame->link, frame->iface};
	put_interface(section, roster, frame);
	return (uint32_t)section->count++;
}

static void put_packet(void *arg, const struct fmt_roster *roster, const struct frame *frame)
{
	struct section *section = arg;
	uint8_t flags[4];
	const size_t size = frame->bytes.size < SNAPLEN ? frame->bytes.size : SNAPLEN;
	const uint32_t number = interface_number(section, roster, frame);

	put_u32(section, number);
	put_u32(section, (uint32_t)(frame->vtime >> 32));
	put_u32(section, (uint32_t)frame->vtime);
	put_u32(section, (uint32_t)size);
	put_u32(section, (uint32_t)frame->bytes.size);
	fmt_buf_put(&section->body, frame->bytes.data, size);
	pad(section);
	le32_put(flags, frame->arrives ? DIRECTION_IN : DIRECTION_OUT);
	put_option(section, OPTION_EPB_FLAGS, flags, sizeof(flags));
	put_option(section, OPTION_END, NULL, 0);
	put_block(section, BLOCK_PACKET);
}

int fmt__export_pcapng(struct fmt_reader *r, FILE *out, const struct fmt_export_options *options,
		       struct fmt_error *error)
{
	_cleanup_(capture_done) struct capture capture = {.arrivals = true};
	struct section section = {.out = out};

	put_section(&section);
	const int r2 = each_frame(&capture, r, options, put_packet, &section, error);

	fmt_buf_done(&section.body);
	free(section.interfaces);
	return r2;
}
