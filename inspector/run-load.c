/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run-load.c - fills a run from a trace. */
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "packet-text.h"
#include "run-int.h"
#include "scan.h"
#include "steps.h"
#include "streams-int.h"

DEFINE_CLEANUP(struct fmt_reader *, fmt_reader_close)

struct slot {
	uint64_t id;
	uint32_t packet;		/* + 1; 0: free */
};

struct insp__loader {
	struct insp_run *run;
	struct fmt_reader *reader;
	struct slot *slots;		/* packets under way by their id; open addressing */
	size_t slot_count, slot_used;	/* count is a power of two, at least twice what is used */
	uint32_t *thread_slots;		/* threads by lane and tid, + 1 */
	uint32_t thread_slot_count;
	struct insp__stream_table streams;
	struct { uint16_t lane, thread; } *scanned;	/* of the scan's threads */
	uint16_t lane_of[65536];	/* nodes by number; beyond that they are searched */
};

void *insp__grow(void *array, uint32_t count, uint32_t *capacity, size_t size)
{
	if (count < *capacity)
		return array;
	*capacity = *capacity ? *capacity * 2 : 64;
	array = reallocarray(array, *capacity, size);
	CHECK(array);
	return array;
}

static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static struct slot *find_slot(struct slot *slots, size_t count, uint64_t id)
{
	size_t at = mix(id) & (count - 1);

	while (slots[at].packet && slots[at].id != id)
		at = (at + 1) & (count - 1);
	return &slots[at];
}

/* What came behind it in its row moves up, so that it is still found. */
static void forget_slot(struct insp__loader *loader, struct slot *slot)
{
	const size_t mask = loader->slot_count - 1;
	size_t hole = (size_t)(slot - loader->slots);

	for (size_t at = (hole + 1) & mask; loader->slots[at].packet; at = (at + 1) & mask) {
		const size_t home = mix(loader->slots[at].id) & mask;

		if (((at - home) & mask) < ((at - hole) & mask))
			continue;
		loader->slots[hole] = loader->slots[at];
		hole = at;
	}
	loader->slots[hole].packet = 0;
	loader->slot_used--;
}

static void grow_slots(struct insp__loader *loader)
{
	const size_t count = loader->slot_count ? loader->slot_count * 2 : 1024;
	struct slot *slots = calloc(count, sizeof(*slots));

	CHECK(slots);
	for (size_t i = 0; i < loader->slot_count; i++)
		if (loader->slots[i].packet)
			*find_slot(slots, count, loader->slots[i].id) = loader->slots[i];
	free(loader->slots);
	loader->slots = slots;
	loader->slot_count = count;
}

void insp__copy_text(char *to, size_t size, struct fmt_bytes text)
{
	const size_t length = text.size < size - 1 ? text.size : size - 1;

	for (size_t i = 0; i < length; i++)
		to[i] = text.data[i] >= ' ' && text.data[i] < 127 ? (char)text.data[i] : '?';
	to[length] = '\0';
}

/* ---- lanes and threads ---- */

static uint32_t lane_of_node(const struct insp__loader *loader, node_id node)
{
	const struct insp_run *run = loader->run;

	if (node < 65536)
		return loader->lane_of[node];
	for (uint32_t i = 1; i < run->lane_count; i++)
		if (run->lanes[i].node == node)
			return i;
	return 0;
}

static void add_lane(struct insp__loader *loader, node_id node, struct fmt_bytes name, struct fmt_bytes address)
{
	struct insp_run *run = loader->run;

	if (node == 0 || run->lane_count >= INSP_LANES_MAX || lane_of_node(loader, node))
		return;
	struct insp_lane *lane = &run->lanes[run->lane_count];

	lane->node = node;
	insp__copy_text(lane->name, sizeof(lane->name), name);
	insp__copy_text(lane->address, sizeof(lane->address), address);
	if (!lane->name[0])
		snprintf(lane->name, sizeof(lane->name), "n%u", node);
	if (node < 65536)
		loader->lane_of[node] = (uint16_t)run->lane_count;
	run->lane_count++;
}

/* Lanes must be known before the first event is counted: nodes are told at the very beginning.  An event of a node
 * that nobody told of is the machine's. */
static void learn_lanes(struct insp__loader *loader)
{
	struct insp_run *run = loader->run;
	struct fmt_ev_node ev;
	struct fmt_event event;

	run->lanes = calloc(INSP_LANES_MAX, sizeof(*run->lanes));
	CHECK(run->lanes);
	strcpy(run->lanes[0].name, "machine");
	run->lane_count = 1;
	for (event_seq seq = 0; seq < run->count; seq++) {
		if (fmt_reader_event(loader->reader, seq, &event, NULL) < 0 ||
		    (event.kind != FMT_node && event.kind != FMT_link))
			break;
		if (event.kind == FMT_node && fmt_get_node(&event, &ev) == 0 && ev.id <= UINT32_MAX)
			add_lane(loader, (node_id)ev.id, ev.name, ev.address);
	}
}

static void grow_thread_slots(struct insp__loader *loader)
{
	const struct insp_run *run = loader->run;

	loader->thread_slot_count = loader->thread_slot_count ? loader->thread_slot_count * 2 : 256;
	free(loader->thread_slots);
	loader->thread_slots = calloc(loader->thread_slot_count, sizeof(*loader->thread_slots));
	CHECK(loader->thread_slots);
	for (uint32_t i = 0; i < run->thread_count; i++) {
		uint64_t at = mix((uint64_t)run->threads[i].lane << 32 | run->threads[i].tid);

		while (loader->thread_slots[at & (loader->thread_slot_count - 1)])
			at++;
		loader->thread_slots[at & (loader->thread_slot_count - 1)] = i + 1;
	}
}

/* Index of a thread, made when it is new; past the limit all that are new share index 0, the machine. */
static uint16_t thread_of(struct insp__loader *loader, uint32_t lane, uint32_t tid)
{
	struct insp_run *run = loader->run;

	if (run->thread_count * 2 >= loader->thread_slot_count)
		grow_thread_slots(loader);
	const uint32_t mask = loader->thread_slot_count - 1;
	uint64_t at = mix((uint64_t)lane << 32 | tid);

	for (; loader->thread_slots[at & mask]; at++) {
		const uint32_t index = loader->thread_slots[at & mask] - 1;

		if (run->threads[index].lane == lane && run->threads[index].tid == tid)
			return (uint16_t)index;
	}
	if (run->thread_count >= INSP_THREADS_MAX)
		return 0;
	loader->thread_slots[at & mask] = run->thread_count + 1;
	run->threads = insp__grow(run->threads, run->thread_count, &run->thread_capacity, sizeof(*run->threads));
	run->threads[run->thread_count] = (struct insp_thread){lane, tid};
	return (uint16_t)run->thread_count++;
}

/* ---- packets ---- */

static void classify(struct insp_packet *packet, struct fmt_bytes bytes, struct fmt_frame *frame)
{
	static const uint8_t protos[] = {
		[FMT_TRANSPORT_TCP] = INSP_PROTO_TCP, [FMT_TRANSPORT_UDP] = INSP_PROTO_UDP,
		[FMT_TRANSPORT_ICMP] = INSP_PROTO_ICMP, [FMT_TRANSPORT_ICMP6] = INSP_PROTO_ICMP};

	fmt_frame_decode(bytes.data, bytes.size, frame);
	packet->proto = protos[frame->transport];
	packet->tcp_flags = frame->tcp_flags;
	packet->seq = frame->seq;
	packet->ack = frame->ack;
	packet->header = frame->payload && bytes.size - frame->payload_size < UINT16_MAX
				 ? (uint16_t)(bytes.size - frame->payload_size) : UINT16_MAX;
	if (frame->ether_type == ETH_P_ARP)
		packet->proto = INSP_PROTO_ARP;
}

uint16_t insp__link_index(const struct insp_run *run, uint64_t id)
{
	/* Links are numbered in the order in which they are told of, in all traces so far. */
	if (id < run->link_count && run->links[id].id == id)
		return (uint16_t)id;
	for (uint32_t i = 0; i < run->link_count; i++)
		if (run->links[i].id == id)
			return (uint16_t)i;
	return UINT16_MAX;
}

static struct insp_packet *add_packet(struct insp__loader *loader, uint32_t seq, uint64_t id)
{
	struct insp_run *run = loader->run;

	if ((loader->slot_used + 1) * 2 > loader->slot_count)
		grow_slots(loader);
	run->packets = insp__grow(run->packets, run->packet_count, &run->packet_capacity, sizeof(*run->packets));
	struct insp_packet *packet = &run->packets[run->packet_count];

	*packet = (struct insp_packet){.send = seq, .end = INSP_NONE, .stream = INSP_NONE};
	struct slot *slot = find_slot(loader->slots, loader->slot_count, id);

	loader->slot_used += !slot->packet;
	*slot = (struct slot){id, ++run->packet_count};
	return packet;
}

static struct insp_packet *find_packet(struct insp__loader *loader, uint64_t id)
{
	const struct slot *slot = loader->slot_count ? find_slot(loader->slots, loader->slot_count, id) : NULL;

	return slot && slot->packet ? &loader->run->packets[slot->packet - 1] : NULL;
}

/* What a scan has of a frame is not enough for TCP over IPv6, and behind a VLAN or options of IP. */
static bool is_cut_short(const uint8_t *head, uint64_t size)
{
	if (size <= FMT_SCAN_HEAD)
		return false;
	switch (head[12] << 8 | head[13]) {
	case ETH_P_IP:
		return head[14] != 0x45;
	case ETH_P_IPV6:
		return head[20] != IPPROTO_UDP && head[20] != IPPROTO_ICMPV6;
	default:
		return (head[12] << 8 | head[13]) == ETH_P_8021Q;
	}
}

/* The frame that an event sends; of most only the first bytes.  Valid until the reader or the scan goes on. */
static struct fmt_bytes frame_of(struct insp__loader *loader, const struct fmt_scanned *sent)
{
	struct fmt_ev_packet_send ev;
	struct fmt_event event;

	if (is_cut_short(sent->head, sent->value[3]) && fmt_reader_event(loader->reader, sent->seq, &event, NULL) == 0 &&
	    fmt_get_packet_send(&event, &ev) == 0)
		return ev.frame;
	return (struct fmt_bytes){sent->head, sent->value[3]};
}

static void send_packet(struct insp__loader *loader, const struct fmt_scanned *sent, uint32_t lane)
{
	struct insp_run *run = loader->run;
	const uint16_t link = insp__link_index(run, sent->value[1]);
	struct insp_packet *packet = add_packet(loader, (uint32_t)sent->seq, sent->value[0]);
	struct fmt_frame frame;

	packet->depart = sent->value[2];
	packet->size = (uint32_t)sent->value[3];
	packet->from = (uint16_t)lane;
	packet->link = link;
	packet->to = link == UINT16_MAX ? (uint16_t)lane
					: run->links[link].a == lane ? run->links[link].b : run->links[link].a;
	classify(packet, frame_of(loader, sent), &frame);
	if (packet->header != UINT16_MAX)
		insp__stream_add(run, &loader->streams, packet, &frame);
}

/* What the link made of another packet is like that one. */
static void copy_packet(struct insp__loader *loader, uint32_t seq, uint64_t id, uint64_t original)
{
	struct insp_packet *packet = add_packet(loader, seq, id);
	const struct insp_packet *other = find_packet(loader, original);

	if (!other || other == packet)
		return;
	*packet = *other;
	packet->send = seq;
	packet->end = INSP_NONE;
	packet->fate = INSP_FLYING;
	packet->marks = INSP_MARK_COPY;
}

/* A packet arrives or is lost.  One that came twice keeps its first end. */
static void end_packet(struct insp__loader *loader, uint32_t seq, uint64_t id, enum insp_fate fate, uint32_t lane)
{
	struct insp_run *run = loader->run;
	struct insp_packet *packet = find_packet(loader, id);

	if (!packet || packet->end != INSP_NONE)
		return;
	forget_slot(loader, find_slot(loader->slots, loader->slot_count, id));
	packet->end = seq;
	packet->fate = (uint8_t)fate;
	if (fate == INSP_DROPPED) {
		run->drops++;
		return;
	}
	packet->to = (uint16_t)lane;
	const vtime_ns took = insp_vtime(run, seq) - insp_vtime(run, packet->send);

	if (took > run->flight_max)
		run->flight_max = took;
	if (packet->link == UINT16_MAX)
		return;
	uint32_t *last = &run->links[packet->link].last[run->links[packet->link].b == lane];
	const uint32_t number = (uint32_t)(packet - run->packets);

	if (*last && *last - 1 > number)
		packet->marks |= INSP_MARK_LATE;
	else
		*last = number + 1;
}

static void add_link(struct insp__loader *loader, const struct fmt_ev_link *ev)
{
	struct insp_run *run = loader->run;

	if (ev->node_a > UINT32_MAX || ev->node_b > UINT32_MAX || run->link_count >= 65535)
		return;
	run->links = insp__grow(run->links, run->link_count, &run->link_capacity, sizeof(*run->links));
	run->links[run->link_count++] = (struct insp_link){.id = ev->id, .rate_bps = ev->rate_bps, .delay = ev->delay_ns,
		.a = (uint16_t)lane_of_node(loader, (node_id)ev->node_a),
		.b = (uint16_t)lane_of_node(loader, (node_id)ev->node_b)};
}

/* ---- events ---- */

static uint16_t call_aux(uint64_t nr, int64_t ret)
{
	return (uint16_t)((nr < 0x7fff ? nr : 0x7fff) | (ret < 0 && ret > -4096 ? 0x8000 : 0));
}

static void learn_packet(struct insp__loader *loader, const struct fmt_scanned *event, uint32_t lane)
{
	const uint32_t seq = (uint32_t)event->seq;
	const uint64_t id = event->value[0];
	struct insp_packet *packet;

	switch (event->kind) {
	case FMT_packet_send:
		send_packet(loader, event, lane);
		return;
	case FMT_packet_copy:
		copy_packet(loader, seq, id, event->value[1]);
		return;
	case FMT_packet_corrupt:
		packet = find_packet(loader, id);
		if (packet)
			packet->marks |= INSP_MARK_CORRUPT;
		return;
	case FMT_packet_recv:
		end_packet(loader, seq, id, INSP_RECEIVED, lane);
		return;
	default:
		loader->run->aux[seq] = 0x8000;
		end_packet(loader, seq, id, INSP_DROPPED, lane);
	}
}

/* The first event of a block gives its base.  A block that lasts longer than its offsets reach gets whole times. */
static void keep_vtime(struct insp_run *run, uint32_t seq, vtime_ns vtime)
{
	struct insp_block *block = &run->blocks[seq / INSP_BLOCK];

	if (seq % INSP_BLOCK == 0)
		block->base = vtime;
	if (!block->wide && vtime - block->base > UINT32_MAX) {
		block->wide = calloc(INSP_BLOCK, sizeof(*block->wide));
		CHECK(block->wide);
		for (uint32_t i = seq - seq % INSP_BLOCK; i < seq; i++)
			block->wide[i % INSP_BLOCK] = block->base + run->offset[i];
	}
	if (block->wide)
		block->wide[seq % INSP_BLOCK] = vtime;
	else
		run->offset[seq] = (uint32_t)(vtime - block->base);
}

/* What is rare, and has texts. */
static int learn_whole(struct insp__loader *loader, uint32_t seq, uint32_t lane, struct fmt_error *error)
{
	struct insp_run *run = loader->run;
	struct fmt_event event;
	struct fmt_ev_link link;
	const int failed = fmt_reader_event(loader->reader, seq, &event, error);

	if (failed < 0)
		return failed;
	if (event.kind == FMT_link && fmt_get_link(&event, &link) == 0)
		add_link(loader, &link);
	else if (event.kind >= FMT_start && event.kind <= FMT_exit)
		insp__learn_life(run, &event, seq, lane);
	else if (event.kind == FMT_link_change)
		insp__learn_link_change(run, &event, seq);
	return 0;
}

/* What is looked at of most events. */
static const struct fmt_scan_want wants[] = {
	{FMT_syscall, {"nr", "ret"}}, {FMT_syscall_enter, {"nr"}}, {FMT_syscall_exit, {"nr", "ret"}}, {FMT_signal, {"signo"}},
	{FMT_packet_send, {"packet", "link", "depart_ns", "frame"}}, {FMT_packet_drop, {"packet"}}, {FMT_packet_recv, {"packet"}},
	{FMT_packet_copy, {"packet", "original"}}, {FMT_packet_corrupt, {"packet"}}, {FMT_end, {"status"}},
	{FMT_position, {"id", "x", "y"}}, {FMT_tcp_congestion, {"cwnd", "ssthresh"}},
};

static int learn_fields(struct insp__loader *loader, const struct fmt_scanned *event, uint32_t lane, struct fmt_error *error)
{
	struct insp_run *run = loader->run;
	const uint32_t seq = (uint32_t)event->seq;
	const uint64_t *value = event->value;

	switch (event->kind) {
	case FMT_syscall:
	case FMT_syscall_exit:
		run->aux[seq] = call_aux(value[0], (int64_t)value[1]);
		return 0;
	case FMT_syscall_enter:
	case FMT_signal:
		run->aux[seq] = call_aux(value[0], 0);
		return 0;
	case FMT_panic:
	case FMT_fault:
		run->aux[seq] = 0x8000;
		return 0;
	case FMT_end:
		run->aux[seq] = value[0] ? 0x8000 : 0;
		return 0;
	case FMT_position:
		insp__learn_position(run, seq, value[0], (int64_t)value[1], (int64_t)value[2]);
		return 0;
	case FMT_node_down:
	case FMT_node_up:
		insp__learn_outage(run, seq, INSP_OUTAGE_NODE, lane, event->kind == FMT_node_down);
		return 0;
	case FMT_tcp_congestion:
		insp__learn_congestion(run, seq, lane, value[0], value[1]);
		return 0;
	case FMT_packet_send ... FMT_packet_corrupt:
		learn_packet(loader, event, lane);
		return 0;
	case FMT_link:
	case FMT_link_change:
	case FMT_start ... FMT_exit:
		return learn_whole(loader, seq, lane, error);
	default:
		return 0;
	}
}

/* The threads of a chunk are looked up once. */
static void learn_threads(struct insp__loader *loader, const struct fmt_scan *scan)
{
	size_t count;
	const struct fmt_scan_thread *threads = fmt_scan_threads(scan, &count);

	loader->scanned = reallocarray(loader->scanned, count, sizeof(*loader->scanned));
	CHECK(loader->scanned);
	for (size_t i = 0; i < count; i++) {
		const uint32_t lane = lane_of_node(loader, threads[i].node);

		loader->scanned[i].lane = (uint16_t)lane;
		loader->scanned[i].thread = thread_of(loader, lane, threads[i].tid);
	}
}

/* What is known of every event. */
static void count_event(struct insp_run *run, uint32_t seq, vtime_ns vtime, uint32_t lane, uint16_t thread, uint32_t kind)
{
	struct insp_block *block = &run->blocks[seq / INSP_BLOCK];

	keep_vtime(run, seq, vtime);
	run->kind[seq] = kind < 255 ? (uint8_t)kind : 255;
	run->thread[seq] = thread;
	block->kinds |= insp_kind_bit(kind);
	block->lanes |= 1ull << (lane % 64);
	run->block_counts[(size_t)(seq / INSP_BLOCK) * run->lane_count + lane]++;
	run->lanes[lane].events++;
}

static void uncount_event(struct insp_run *run, uint32_t seq)
{
	const uint32_t lane = insp_lane_of(run, seq);

	run->block_counts[(size_t)(seq / INSP_BLOCK) * run->lane_count + lane]--;
	run->lanes[lane].events--;
}

static void learn_trouble(struct insp_run *run, uint32_t seq)
{
	if (!insp_grain_has(run, INSP_GRAIN_FAULT, seq))
		return;
	run->troubles = insp__grow(run->troubles, run->trouble_count, &run->trouble_capacity, sizeof(*run->troubles));
	run->troubles[run->trouble_count++] = seq;
}

static int learn(struct insp__loader *loader, const struct fmt_scanned *event, struct fmt_error *error)
{
	const uint32_t seq = (uint32_t)event->seq, lane = loader->scanned[event->thread].lane;

	count_event(loader->run, seq, event->vtime, lane, loader->scanned[event->thread].thread, event->kind);
	const int failed = event->known ? learn_fields(loader, event, lane, error) : 0;

	if (failed < 0)
		uncount_event(loader->run, seq);
	else
		learn_trouble(loader->run, seq);
	return failed;
}

/* Memory for every event, as the trace's index counts them. */
static void allocate(struct insp_run *run)
{
	const size_t count = run->count ? run->count : 1;

	run->block_count = run->block_capacity = (run->count + INSP_BLOCK - 1) / INSP_BLOCK;
	run->offset = calloc(count, sizeof(*run->offset));
	run->thread = calloc(count, sizeof(*run->thread));
	run->kind = calloc(count, sizeof(*run->kind));
	run->aux = calloc(count, sizeof(*run->aux));
	run->blocks = calloc(run->block_count + 1u, sizeof(*run->blocks));
	CHECK(run->offset && run->thread && run->kind && run->aux && run->blocks);
}

/* The next event of a scan.  1, 0 after the last, -EBADMSG, -errno. */
static int read_event(struct insp__loader *loader, struct fmt_scan *scan, uint32_t seq, vtime_ns before, struct fmt_error *error)
{
	const struct fmt_scanned *event;
	const int got = fmt_scan_next(scan, &event, error);

	if (got <= 0)
		return got;
	CHECK(event->seq == seq);
	if (event->vtime < before) {
		snprintf(error->text, sizeof(error->text), "event %u is earlier than the one before it", seq);
		return -EBADMSG;
	}
	if (event->first)
		learn_threads(loader, scan);
	const int failed = learn(loader, event, error);

	return failed < 0 ? failed : 1;
}

/* What is not read is not there. */
static void stop_at(struct insp_run *run, uint32_t seq, int bad, const struct fmt_error *error)
{
	run->damage = strdup(error->text[0] ? error->text : strerror(-bad));
	CHECK(run->damage);
	run->count = seq;
	run->block_count = (seq + INSP_BLOCK - 1) / INSP_BLOCK;
}

static int read_events(struct insp__loader *loader, insp_progress progress, void *data)
{
	_cleanup_(fmt_scan_freep) struct fmt_scan *scan = fmt_scan_new(loader->reader, wants, sizeof(wants) / sizeof(wants[0]));
	struct insp_run *run = loader->run;
	struct fmt_error error = {{0}};
	uint32_t seq = 0;
	int got = 0;

	for (; seq < run->count && (got = read_event(loader, scan, seq, seq ? insp_vtime(run, seq - 1) : 0, &error)) > 0; seq++) {
		if (progress && seq % 8192 == 0 && !progress(data, seq, run->count))
			return -ECANCELED;
	}
	if (got < 0)
		stop_at(run, seq, got, &error);
	return 0;
}

static void learn_meta(struct insp_run *run, struct fmt_reader *reader)
{
	const uint8_t *hash = fmt_reader_hash(reader);
	const char *warning = fmt_reader_warning(reader);
	size_t size;
	const void *seed = fmt_reader_meta(reader, "seed", &size);

	if (hash)
		for (size_t i = 0; i < FMT_HASH_SIZE; i++)
			snprintf(run->hash + 2 * i, 3, "%02x", hash[i]);
	if (warning)
		CHECK((run->warning = strdup(warning)));
	if (seed)
		insp__copy_text(run->seed, sizeof(run->seed), (struct fmt_bytes){seed, size});
}

static int refuse(struct fmt_error *error, int number, const char *text)
{
	snprintf(error->text, sizeof(error->text), "%s", text);
	return number;
}

struct insp__loader *insp__loader_new(struct insp_run *run, struct fmt_reader *reader)
{
	struct insp__loader *loader = calloc(1, sizeof(*loader));

	CHECK(loader);
	loader->run = run;
	loader->reader = reader;
	allocate(run);
	learn_meta(run, reader);
	learn_lanes(loader);
	run->block_counts = calloc((size_t)run->block_count * run->lane_count + 1, sizeof(*run->block_counts));
	CHECK(run->block_counts);
	thread_of(loader, 0, 0);
	return loader;
}

void insp__loader_free(struct insp__loader *loader)
{
	if (!loader)
		return;
	free(loader->slots);
	free(loader->thread_slots);
	free(loader->scanned);
	free(loader->streams.slots);
	free(loader);
}

void insp__loader_put(struct insp__loader *loader, uint32_t seq, vtime_ns vtime, node_id node, uint32_t kind)
{
	const uint32_t lane = lane_of_node(loader, node);

	count_event(loader->run, seq, vtime, lane, thread_of(loader, lane, 0), kind);
	learn_trouble(loader->run, seq);
}

int insp_run_load(const char *path, insp_progress progress, void *data, struct insp_run **ret, struct fmt_error *error)
{
	_cleanup_(insp_run_freep) struct insp_run *run = calloc(1, sizeof(*run));
	_cleanup_(fmt_reader_closep) struct fmt_reader *reader = NULL;

	CHECK(run && error);
	run->weight = 1;
	CHECK((run->path = strdup(path)));
	int r = fmt_reader_open(path, &reader, error);

	if (r < 0)
		return r;
	if (fmt_reader_count(reader) >= INSP_NONE)
		return refuse(error, -EFBIG, "the trace has more events than can be shown at once; cut a part out of it");
	run->count = (uint32_t)fmt_reader_count(reader);
	struct insp__loader *loader = insp__loader_new(run, reader);

	r = read_events(loader, progress, data);
	insp__loader_free(loader);
	if (r < 0)
		return r;
	insp__measure_activity(run);
	insp__bundle_packets(run);
	*ret = STEAL(run);
	return 0;
}
