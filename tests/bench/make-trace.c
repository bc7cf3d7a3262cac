/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * make-trace.c - a trace of any size that looks like a recorded one, for tests and benchmarks that need millions of events.
 *
 * Nodes stand in a ring.  Each has a server and a client, and each client has a TCP connection to the server of the next
 * node, which begins as connections do: socket, bind, listen, connect, three segments, accept.  Then rounds: a client sends
 * a request, the segment arrives after the link's delay, the server wakes, reads it and answers, and a thread of the client
 * reads that; in between others make calls of their own (reads of files, looks at clocks, output).  One segment in 200 is lost.
 *
 * The same arguments give the same trace.  With --differ-at one event and what follows of its node are of another seed.  With
 * --disguise the run is the same but for what a comparison may ignore.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "diff.h"
#include "effect.h"
#include "trace.h"

#define NODES_MAX 4000u
#define FLIGHT_MAX 65536u	/* segments under way; a power of two */
#define DELAY_NS 500000u
#define PAYLOAD_MAX 1400u
#define FRAME_HEAD 66u

enum { SYS_read = 0, SYS_write = 1, SYS_socket = 41, SYS_connect = 42, SYS_accept = 43, SYS_sendto = 44, SYS_recvfrom = 45,
       SYS_bind = 49, SYS_listen = 50, SYS_pread = 17, SYS_futex = 202 };
enum { SERVER = 20, HELPER = 21, CLIENT = 30, READER = 31, SERVER_FD = 4, CLIENT_FD = 3, LISTEN_FD = 3 };

DEFINE_CLEANUP(struct fmt_writer *, fmt_writer_abandon)

struct options {
	uint64_t events, nodes, packets, payload, seed, differ_at;
	unsigned int disguise;		/* enum fmt_diff_ignore */
	bool log;
	const char *path;
};

/* One direction of a connection: client of node i to server of node i + 1, or back. */
struct flow {
	uint32_t seq, ack;
	uint16_t ip_id;
};

struct node {
	uint64_t packets;		/* sent */
	struct flow request, answer;	/* of its own client's connection */
	uint64_t answered;		/* requests of its client */
	uint64_t offset;		/* in the file that it reads */
	uint64_t ran;
};

struct flight {
	uint64_t at;
	uint64_t packet;
	uint32_t from, to;		/* nodes, from 0 */
	uint32_t client;		/* node whose connection it is */
	uint32_t size;			/* of the payload */
	bool answer, syn, lost;
	uint8_t payload[PAYLOAD_MAX];
};

struct maker {
	struct options options;
	struct fmt_writer *writer;
	struct fmt_buf record, effects, frame;
	struct node *nodes;
	struct flight *flights;		/* a ring, in the order of arrival */
	uint64_t flight_first, flight_end;
	uint64_t now, written, chance;
	int error;
};

/* ---- chance and time ---- */

/* splitmix64 */
static uint64_t draw(struct maker *maker)
{
	uint64_t z = maker->chance += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static bool one_in(struct maker *maker, uint64_t n)
{
	return draw(maker) % n == 0;
}

/* ---- events ---- */

static void flush(struct maker *maker)
{
	struct fmt_event event;
	size_t pos = 0;

	while (maker->error == 0 &&
	       fmt_record_next(maker->record.data, maker->record.size, &pos, &event) > 0) {
		if (event.vtime && maker->options.disguise & FMT_IGNORE_TIME)
			event.vtime += 1000;
		if (event.tid && maker->options.disguise & FMT_IGNORE_PIDS)
			event.tid += 1000;
		maker->error = fmt_writer_event(maker->writer, &event);
		if (++maker->written == maker->options.differ_at)
			maker->chance ^= 1;
	}
	fmt_buf_clear(&maker->record);
}

#define PUT(maker, what, node, tid, ...)                                                           \
	do {                                                                                       \
		fmt_put_##what(&(maker)->record, (maker)->now, node, tid,                          \
			       &(struct fmt_ev_##what){__VA_ARGS__});                              \
		flush(maker);                                                                      \
	} while (0)

static struct fmt_bytes text(const char *string)
{
	return (struct fmt_bytes){(const uint8_t *)string, strlen(string)};
}

static struct fmt_bytes effects_of(struct maker *maker, const struct fmt_effect *effect)
{
	fmt_buf_clear(&maker->effects);
	fmt_effect_put(&maker->effects, effect);
	return (struct fmt_bytes){maker->effects.data, maker->effects.size};
}

/* A little time passes, and a thread has run for most of it. */
static uint64_t run(struct maker *maker, uint32_t node)
{
	const uint64_t ran = 1000 + draw(maker) % 8 * 20;

	maker->now += ran + 100;
	maker->nodes[node].ran += ran;
	return ran;
}

static uint64_t buffer_of(uint32_t tid)
{
	return 0x7ffff0000000 + tid * 0x10000ull;
}

/* ---- frames ---- */

static void put_be(struct fmt_buf *buf, uint64_t value, size_t size)
{
	for (size_t i = size; i-- > 0;)
		fmt_buf_put(buf, &(uint8_t){(uint8_t)(value >> 8 * i)}, 1);
}

static uint32_t address(uint32_t node)
{
	return 10u << 24 | (node + 1);
}

static struct fmt_bytes frame_of(struct maker *maker, const struct flight *flight, struct flow *flow)
{
	struct fmt_buf *out = &maker->frame;
	const uint16_t client_port = (uint16_t)((maker->options.disguise & FMT_IGNORE_PORTS ? 50000 : 40000) + flight->client);

	fmt_buf_clear(out);
	put_be(out, 0x020000000000 | flight->to, 6);
	put_be(out, 0x020000000000 | flight->from, 6);
	put_be(out, 0x0800, 2);
	put_be(out, 0x4500, 2);
	put_be(out, FRAME_HEAD - 14 + flight->size, 2);
	put_be(out, flow->ip_id++, 2);
	put_be(out, 0x40004006, 4);
	put_be(out, 0, 2);
	put_be(out, address(flight->from), 4);
	put_be(out, address(flight->to), 4);
	put_be(out, flight->answer ? 80 : client_port, 2);
	put_be(out, flight->answer ? client_port : 80, 2);
	put_be(out, flow->seq, 4);
	put_be(out, flow->ack, 4);
	put_be(out, flight->syn ? (flight->answer ? 0x8012 : 0x8002) : 0x8018, 2);
	put_be(out, 0xfaf0, 2);
	put_be(out, draw(maker), 2);
	put_be(out, 0, 2);
	put_be(out, 0x0101080a, 4);
	put_be(out, maker->now / 1000000, 4);
	put_be(out, maker->now / 1000000 - 1, 4);
	fmt_buf_put(out, flight->payload, flight->size);
	flow->seq += flight->size + flight->syn;
	return (struct fmt_bytes){out->data, out->size};
}

/* The segment that goes out next; the caller fills in what it carries, then calls send_flight(). */
static struct flight *begin_flight(struct maker *maker, uint32_t client, bool answer)
{
	const uint32_t server = (uint32_t)((client + 1) % maker->options.nodes);
	struct flight *flight = &maker->flights[maker->flight_end & (FLIGHT_MAX - 1)];

	CHECK(maker->flight_end - maker->flight_first < FLIGHT_MAX);
	flight->client = client;
	flight->from = answer ? server : client;
	flight->to = answer ? client : server;
	flight->answer = answer;
	flight->syn = flight->lost = false;
	flight->size = 0;
	return flight;
}

static void send_flight(struct maker *maker, struct flight *flight)
{
	struct node *client = &maker->nodes[flight->client];
	struct flow *flow = flight->answer ? &client->answer : &client->request;
	const uint32_t from = flight->from + 1, link = flight->client + 1;

	flight->packet = (uint64_t)from << 40 | maker->nodes[flight->from].packets++;
	flight->at = maker->now + DELAY_NS;
	flight->lost = !flight->syn && one_in(maker, 200);
	PUT(maker, packet_send, from, 0, link, flight->answer ? 2 : 1, flight->packet, maker->now + 800,
	    frame_of(maker, flight, flow));
	(flight->answer ? &client->request : &client->answer)->ack = flow->seq;
	if (flight->lost)
		PUT(maker, packet_drop, from, 0, link, flight->answer ? 2 : 1, flight->packet, text("loss"));
	maker->flight_end++;
}

/* What a request or an answer says: a line, then bytes that no compressor likes. */
static void fill_payload(struct maker *maker, struct flight *flight)
{
	char *line = (char *)flight->payload;
	const size_t size = maker->options.payload;
	int at = snprintf(line, PAYLOAD_MAX, "%s /item/%llu HTTP/1.1\r\n\r\n", flight->answer ? "200" : "GET",
			  (unsigned long long)(draw(maker) % 100000));

	for (; (size_t)at + 8 <= size; at += 8) {
		const uint64_t word = draw(maker) ^ (maker->options.disguise & FMT_IGNORE_PAYLOAD ? UINT64_MAX : 0);

		memcpy(line + at, &word, 8);
	}
	flight->size = (uint32_t)at;
}

/* ---- what programs do ---- */

/* A call of bytes out of the program. */
static void send_call(struct maker *maker, uint32_t node, uint32_t tid, int fd, const struct flight *flight)
{
	const uint64_t ran = run(maker, node);
	const struct fmt_effect read = {.op = FMT_EFFECT_READ, .addr = buffer_of(tid), .size = flight->size,
					.crc = fmt_crc32c(0, flight->payload, flight->size)};

	PUT(maker, syscall, node + 1, tid, ran, SYS_sendto, (uint64_t)fd, buffer_of(tid), flight->size, 0, 0, 0, flight->size,
	    effects_of(maker, &read));
}

static void wait_call(struct maker *maker, uint32_t node, uint32_t tid, int fd)
{
	const uint64_t ran = run(maker, node);

	PUT(maker, syscall_enter, node + 1, tid, ran, SYS_recvfrom, (uint64_t)fd, buffer_of(tid), 4096, 0, 0, 0, {NULL, 0});
}

/* A waiting thread wakes with bytes. */
static void receive_call(struct maker *maker, uint32_t node, uint32_t tid, const struct flight *flight)
{
	const struct fmt_effect write = {.op = FMT_EFFECT_WRITE, .addr = buffer_of(tid), .size = flight->size,
					 .bytes = flight->payload};

	maker->now += 1000;
	PUT(maker, syscall_exit, node + 1, tid, SYS_recvfrom, flight->size, effects_of(maker, &write));
}

static void send_request(struct maker *maker, uint32_t node)
{
	struct flight *flight = begin_flight(maker, node, /* answer= */ false);

	fill_payload(maker, flight);
	send_call(maker, node, CLIENT, CLIENT_FD, flight);
	send_flight(maker, flight);
}

static void send_answer(struct maker *maker, const struct flight *request)
{
	struct flight *flight = begin_flight(maker, request->client, /* answer= */ true);

	fill_payload(maker, flight);
	send_call(maker, flight->from, SERVER, SERVER_FD, flight);
	send_flight(maker, flight);
}

/* A call without the network: a read of a file, a wake-up, a look at the clock, a line of output. */
static void work(struct maker *maker, uint32_t node)
{
	const uint32_t tid = one_in(maker, 2) ? HELPER : CLIENT;
	struct node *it = &maker->nodes[node];
	const uint64_t ran = run(maker, node);
	const struct fmt_effect copy = {.op = FMT_EFFECT_COPY, .addr = buffer_of(tid) + 4096, .size = 512, .file = 1,
					.offset = it->offset};
	char line[80];

	switch (draw(maker) % 16) {
	case 0:
		PUT(maker, tsc, node + 1, tid, ran, 0x555555555000, maker->now * 3);
		return;
	case 1:
		snprintf(line, sizeof(line), "n%u: %llu requests answered\n", node + 1, (unsigned long long)it->answered);
		PUT(maker, syscall, node + 1, tid, ran, SYS_write, 1, buffer_of(tid), strlen(line), 0, 0, 0, (int64_t)strlen(line),
		    {NULL, 0});
		PUT(maker, output, node + 1, tid, 1, text(line));
		return;
	case 2 ... 6:
		PUT(maker, syscall, node + 1, tid, ran, SYS_futex, 0x7ffff7000000 + tid * 64, 129, 1, 0, 0, 0, one_in(maker, 4),
		    {NULL, 0});
		return;
	default:
		PUT(maker, syscall, node + 1, tid, ran, SYS_pread, 5, buffer_of(tid) + 4096, 512, it->offset, 0, 0, 512,
		    effects_of(maker, &copy));
		it->offset = (it->offset + 512) % (1 << 20);
	}
}

/* What has arrived by now. */
static void arrive(struct maker *maker)
{
	while (maker->flight_first < maker->flight_end && maker->error == 0) {
		const struct flight *flight = &maker->flights[maker->flight_first & (FLIGHT_MAX - 1)];

		if (flight->at > maker->now)
			return;
		maker->flight_first++;
		if (flight->lost)
			continue;
		PUT(maker, packet_recv, flight->to + 1, 0, flight->client + 1, flight->answer ? 2 : 1, flight->packet,
		    FRAME_HEAD + flight->size);
		if (flight->syn)
			continue;
		receive_call(maker, flight->to, flight->answer ? READER : SERVER, flight);
		if (flight->answer)
			maker->nodes[flight->client].answered++;
		else
			send_answer(maker, flight);
		wait_call(maker, flight->to, flight->answer ? READER : SERVER, flight->answer ? CLIENT_FD : SERVER_FD);
	}
}

/* ---- the run ---- */

static void describe(struct maker *maker)
{
	for (uint32_t i = 0; i < maker->options.nodes; i++) {
		char name[16], where[32], seed[24];

		snprintf(name, sizeof(name), "n%u", i + 1);
		snprintf(where, sizeof(where), "10.%u.%u.%u/8", address(i) >> 16 & 255, address(i) >> 8 & 255, address(i) & 255);
		snprintf(seed, sizeof(seed), "%llu", (unsigned long long)maker->options.seed);
		PUT(maker, node, 0, 0, i + 1, text(name), text(where), text(seed));
	}
	for (uint32_t i = 0; i < maker->options.nodes; i++)
		PUT(maker, link, 0, 0, i + 1, i + 1, text("eth0"), (i + 1) % maker->options.nodes + 1, text("eth1"), 1000000000,
		    DELAY_NS, 5000000);
}

static void start_process(struct maker *maker, uint32_t node, uint32_t pid, const char *path)
{
	maker->now += 1000;
	PUT(maker, start, node + 1, pid, pid, text(path));
	PUT(maker, exec, node + 1, pid, .pid = pid, .path = text(path), .args = {(const uint8_t *)path, strlen(path) + 1});
}

static void call(struct maker *maker, uint32_t node, uint32_t tid, uint64_t nr, uint64_t a0, int64_t ret)
{
	const uint64_t ran = run(maker, node);

	PUT(maker, syscall, node + 1, tid, ran, nr, nr == SYS_socket ? 2 : a0, nr == SYS_socket ? 1 : buffer_of(tid), 16, 0, 0, 0, ret,
	    {NULL, 0});
}

static void start_node(struct maker *maker, uint32_t node)
{
	start_process(maker, node, SERVER, "/usr/bin/server");
	call(maker, node, SERVER, SYS_socket, 0, LISTEN_FD);
	call(maker, node, SERVER, SYS_bind, LISTEN_FD, 0);
	call(maker, node, SERVER, SYS_listen, LISTEN_FD, 0);
	PUT(maker, clone, node + 1, SERVER, HELPER, SERVER, 0x3d0f00, buffer_of(HELPER), 0);
	start_process(maker, node, CLIENT, "/usr/bin/client");
	PUT(maker, clone, node + 1, CLIENT, READER, CLIENT, 0x3d0f00, buffer_of(READER), 0);
}

static void connect_node(struct maker *maker, uint32_t node)
{
	const uint32_t server = (uint32_t)((node + 1) % maker->options.nodes);

	call(maker, node, CLIENT, SYS_socket, 0, CLIENT_FD);
	for (int answer = 0; answer < 2; answer++) {
		struct flight *flight = begin_flight(maker, node, answer);

		flight->syn = true;
		send_flight(maker, flight);
		maker->now += DELAY_NS;
		arrive(maker);
	}
	call(maker, node, CLIENT, SYS_connect, CLIENT_FD, 0);
	call(maker, server, SERVER, SYS_accept, LISTEN_FD, SERVER_FD);
	wait_call(maker, node, READER, CLIENT_FD);
	wait_call(maker, server, SERVER, SERVER_FD);
}

static void end_run(struct maker *maker)
{
	maker->now += DELAY_NS;
	for (uint32_t i = 0; i < maker->options.nodes; i++) {
		PUT(maker, exit, i + 1, READER, CLIENT, 0, 0, {NULL, 0});
		PUT(maker, exit, i + 1, CLIENT, CLIENT, 0, 1, {NULL, 0});
		PUT(maker, exit, i + 1, HELPER, SERVER, 15, 0, {NULL, 0});
		PUT(maker, exit, i + 1, SERVER, SERVER, 15, 1, {NULL, 0});
	}
	PUT(maker, end, 0, 0, 0, text("all processes have ended"));
}

static void make(struct maker *maker)
{
	const uint64_t closing = maker->options.nodes * 4 + 1;

	describe(maker);
	for (uint32_t i = 0; i < maker->options.nodes; i++)
		start_node(maker, i);
	for (uint32_t i = 0; i < maker->options.nodes; i++)
		connect_node(maker, i);
	while (maker->written + closing < maker->options.events && maker->error == 0) {
		const uint32_t node = (uint32_t)(draw(maker) % maker->options.nodes);

		arrive(maker);
		/* A request and its answer are ten events, five of them about packets. */
		if (draw(maker) % 1000 < maker->options.packets / 5)
			send_request(maker, node);
		else
			work(maker, node);
	}
	end_run(maker);
}

/* ---- the program ---- */

static const char usage[] =
	"usage: make-trace [OPTION...] PATH\n"
	"  --events N     about so many (default 100000)\n"
	"  --nodes N      2 to 4000 (default 3)\n"
	"  --packets N    share of events about packets, per mille, up to 500 (default 300)\n"
	"  --payload N    bytes of a segment, up to 1392 (default 64)\n"
	"  --seed N       (default 1)\n"
	"  --differ-at N  another seed from this event on\n"
	"  --disguise LIST  other time, pids, ports, payload\n"
	"  --log          leave the trace as a killed recorder would\n";

static bool parse(int argc, char **argv, struct options *options)
{
	static const struct option long_options[] = {
		{"events", 1, NULL, 'e'}, {"nodes", 1, NULL, 'n'}, {"packets", 1, NULL, 'p'}, {"payload", 1, NULL, 'y'},
		{"seed", 1, NULL, 's'}, {"differ-at", 1, NULL, 'd'}, {"log", 0, NULL, 'l'}, {"disguise", 1, NULL, 'i'}, {NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		const uint64_t value = optarg && option != 'i' ? strtoull(optarg, NULL, 10) : 0;

		switch (option) {
		case 'e': options->events = value; break;
		case 'n': options->nodes = value; break;
		case 'p': options->packets = value; break;
		case 'y': options->payload = value; break;
		case 's': options->seed = value; break;
		case 'd': options->differ_at = value; break;
		case 'l': options->log = true; break;
		case 'i':
			if (fmt_diff_ignore(optarg, &options->disguise, NULL) < 0)
				return false;
			break;
		default: return false;
		}
	}
	options->path = argv[optind];
	return optind + 1 == argc && options->nodes >= 2 && options->nodes <= NODES_MAX && options->packets <= 500 &&
	       options->payload <= PAYLOAD_MAX - 8;
}

static int write_trace(struct maker *maker)
{
	_cleanup_(fmt_writer_abandonp) struct fmt_writer *writer = NULL;
	char seed[24];
	int error = fmt_writer_new(maker->options.path, &writer);

	if (error < 0)
		return error;
	maker->writer = writer;
	maker->chance = maker->options.seed;
	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)maker->options.seed);
	error = fmt_writer_meta(writer, "seed", seed, strlen(seed));
	if (error < 0)
		return error;
	make(maker);
	if (maker->error < 0)
		return maker->error;
	if (maker->options.log)
		return fmt_writer_flush(writer, /* now= */ true);
	error = fmt_writer_finish(writer, NULL);
	if (error == 0)
		(void)STEAL(writer);
	return error;
}

int main(int argc, char **argv)
{
	struct maker maker = {.options = {.events = 100000, .nodes = 3, .packets = 300, .payload = 64, .seed = 1}};

	if (!parse(argc, argv, &maker.options)) {
		fputs(usage, stderr);
		return 2;
	}
	maker.nodes = calloc(maker.options.nodes, sizeof(*maker.nodes));
	maker.flights = calloc(FLIGHT_MAX, sizeof(*maker.flights));
	CHECK(maker.nodes && maker.flights);
	const int error = write_trace(&maker);

	if (error < 0)
		fprintf(stderr, "make-trace: %s: %s\n", maker.options.path, strerror(-error));
	fmt_buf_done(&maker.record);
	fmt_buf_done(&maker.effects);
	fmt_buf_done(&maker.frame);
	free(maker.nodes);
	free(maker.flights);
	return error < 0;
}
