/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * export-pcap.c - packets as a capture with nanoseconds, which Wireshark, tshark and tcpdump read.
 *
 * Of the whole system: every frame once, when it is handed to its link.  Of one node: what a capture on all its interfaces
 * sees, in both directions; an arrival has its own time, and the frame of its send.
 */
#include "export-int.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <string.h>

#include "base/check.h"

#define SNAPLEN 262144

DEFINE_CLEANUP(pcap_t *, pcap_close)

static int find_node(const struct fmt_roster *roster, const char *name, node_id *ret)
{
	for (size_t i = 0; i < roster->node_count; i++)
		if (strcmp(roster->nodes[i].name, name) == 0) {
			*ret = roster->nodes[i].id;
			return 0;
		}
	return -ENOENT;
}

/* The frame that an event put on the wire or took off it.  1, 0: none, -EBADMSG. */
static int frame_of(struct fmt_walk *walk, const struct fmt_event *event, bool arrivals,
		    struct fmt_bytes *ret, struct fmt_error *error)
{
	const struct fmt_packet *packet = fmt_filter_packet(walk->filter);
	struct fmt_ev_packet_send send;
	struct fmt_event sent = *event;

	if (!packet || event->kind == FMT_packet_drop)
		return 0;
	if (event->kind == FMT_packet_recv) {
		if (!arrivals)
			return 0;
		const int failed = fmt_reader_event(walk->reader, packet->send_seq, &sent, error);

		if (failed < 0)
			return failed;
	}
	if (fmt_get_packet_send(&sent, &send) < 0)
		return 0;
	*ret = send.frame;
	return 1;
}

static void put_frame(pcap_dumper_t *dumper, vtime_ns vtime, struct fmt_bytes frame)
{
	/* The fraction is in ns, as the file says of itself. */
	const struct pcap_pkthdr header = {
		.ts = {.tv_sec = (time_t)(vtime / 1000000000u), .tv_usec = (suseconds_t)(vtime % 1000000000u)},
		.caplen = (bpf_u_int32)(frame.size < SNAPLEN ? frame.size : SNAPLEN),
		.len = (bpf_u_int32)frame.size};

	pcap_dump((u_char *)dumper, &header, frame.data);
}

int fmt__export_pcap(struct fmt_reader *r, FILE *out, const struct fmt_export_options *options,
		     struct fmt_error *error)
{
	_cleanup_(pcap_closep) pcap_t *dead = pcap_open_dead_with_tstamp_precision(
		DLT_EN10MB, SNAPLEN, PCAP_TSTAMP_PRECISION_NANO);
	_cleanup_(fmt_walk_done) struct fmt_walk walk = {0};
	struct fmt_event event;
	node_id node = 0;
	int got = fmt_walk_init_packets(&walk, r, options->filter, error);

	CHECK(dead);
	if (got < 0)
		return got;
	pcap_dumper_t *const dumper = pcap_dump_fopen(dead, out);

	if (!dumper)
		return fmt__export_refuse(error, "libpcap: %s", pcap_geterr(dead));
	while ((got = fmt_walk_next(&walk, &event, error)) > 0) {
		struct fmt_bytes frame;

		if (options->node && !node)
			find_node(&walk.roster, options->node, &node);
		if (options->node && event.node != node)
			continue;
		got = frame_of(&walk, &event, options->node != NULL, &frame, error);
		if (got < 0)
			break;
		if (got > 0)
			put_frame(dumper, event.vtime, frame);
	}
	pcap_dump_flush(dumper);
	if (got == 0 && options->node && find_node(&walk.roster, options->node, &node) < 0)
		return fmt__export_refuse(error, "there is no node %s", options->node);
	return got;
}
