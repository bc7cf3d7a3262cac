/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rings.c - packets by way of memory that a program shares with its kernel: rings of packet sockets, all three versions. */
#include "say.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define PROTOCOL 0x88b5		/* for experiments */
#define BLOCK 16384u
#define BLOCKS 4u
#define FRAME 2048u
#define RING (BLOCK * BLOCKS)

static int sender;

static void send_text(const char *format, int number)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(PROTOCOL), .sll_ifindex = 1, .sll_halen = 6};
	char text[64] = "";

	snprintf(text, sizeof(text), format, number);
	if (sendto(sender, text, sizeof(text), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		say("send: %s", strerrorname_np(errno));
}

/* Each frame passes lo twice, out and in: only what comes in is looked at. */
static int open_ring(int version, char **ret_ring)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(PROTOCOL), .sll_ifindex = 1};
	struct tpacket_req3 request = {.tp_block_size = BLOCK, .tp_block_nr = BLOCKS, .tp_frame_size = FRAME,
				       .tp_frame_nr = RING / FRAME, .tp_retire_blk_tov = 20};
	const socklen_t size = version == TPACKET_V3 ? sizeof(request) : sizeof(struct tpacket_req);
	int on = 1, s = socket(AF_PACKET, SOCK_DGRAM, htons(PROTOCOL));

	TRY(setsockopt(s, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)));
	TRY(setsockopt(s, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)));
	TRY(setsockopt(s, SOL_PACKET, PACKET_RX_RING, &request, size));
	IS(mmap(NULL, RING / 2, PROT_READ, MAP_SHARED, s, 0) == MAP_FAILED && errno == EINVAL);
	IS(mmap(NULL, RING, PROT_READ, MAP_SHARED, s, 4096) == MAP_FAILED && errno == EINVAL);
	*ret_ring = mmap(NULL, RING, PROT_READ | PROT_WRITE, MAP_SHARED, s, 0);
	IS(*ret_ring != MAP_FAILED);
	TRY(setsockopt(s, SOL_PACKET, PACKET_RX_RING, &(struct tpacket_req3){0}, size));
	TRY(bind(s, (struct sockaddr *)&at, sizeof(at)));
	return s;
}

static void wait_for_one(int s)
{
	struct pollfd p = {s, POLLIN, 0};

	if (poll(&p, 1, 5000) != 1)
		say("nothing comes");
}

/* One frame at a time; the ring comes round, since it has 32 frames. */
static void by_frames(int version)
{
	char *ring;
	int s = open_ring(version, &ring);

	for (unsigned i = 0; i < 40; i++) {
		char *frame = ring + i % (RING / FRAME) * FRAME;
		volatile unsigned int *status = version == TPACKET_V2 ? &((struct tpacket2_hdr *)frame)->tp_status : NULL;
		volatile unsigned long *old = (volatile unsigned long *)frame;

		send_text("packet %d", (int)i);
		wait_for_one(s);
		const unsigned flags = status ? *status : (unsigned)*old;
		const unsigned offset = status ? ((struct tpacket2_hdr *)frame)->tp_net : ((struct tpacket_hdr *)frame)->tp_net;
		if (i % 13 == 0 || !(flags & TP_STATUS_USER))
			say("%u: %s, is ours %d", i, frame + offset, !!(flags & TP_STATUS_USER));
		if (status)
			*status = TP_STATUS_KERNEL;
		else
			*old = TP_STATUS_KERNEL;
	}
	/* What is not taken stays; what has no room is lost, and counted. */
	for (int i = 0; i < 40; i++)
		send_text("more %d", i);
	wait_for_one(s);
	struct tpacket_stats stats;
	socklen_t size = sizeof(stats);
	TRY(getsockopt(s, SOL_PACKET, PACKET_STATISTICS, &stats, &size));
	say("packets %u, lost %u", stats.tp_packets, stats.tp_drops);
	TRY(munmap(ring, RING));
	close(s);
}

static void version_1(void)
{
	by_frames(TPACKET_V1);
}

static void version_2(void)
{
	by_frames(TPACKET_V2);
}

static void version_3(void)
{
	char *ring;
	int s = open_ring(TPACKET_V3, &ring);
	unsigned count = 0;

	for (unsigned i = 0; i < 6; i++) {
		struct tpacket_block_desc *block = (void *)(ring + i % BLOCKS * BLOCK);

		for (int k = 0; k < 5; k++)
			send_text("packet %d", (int)i * 5 + k);
		wait_for_one(s);
		const struct tpacket3_hdr *packet = (const void *)((char *)block + block->hdr.bh1.offset_to_first_pkt);
		for (unsigned k = 0; k < block->hdr.bh1.num_pkts; k++) {
			if (count++ % 7 == 0)
				say("%s", (const char *)packet + packet->tp_net);
			packet = (const void *)((const char *)packet + packet->tp_next_offset);
		}
		block->hdr.bh1.block_status = TP_STATUS_KERNEL;
	}
	say("%u packets", count);
	/* A child has the ring as well, and it outlives the socket's descriptor. */
	const pid_t child = fork();
	if (child == 0) {
		say("child: %d", ((struct tpacket_block_desc *)ring)->version > 0);
		_exit(0);
	}
	wait_and_say("child", child);
	close(s);
	say("still there: %d", ((struct tpacket_block_desc *)ring)->version > 0);
	TRY(munmap(ring, RING));
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	sender = socket(AF_PACKET, SOCK_DGRAM, 0);
	PART(version_1);
	PART(version_2);
	PART(version_3);
	return 0;
}
