/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-find.c - looking for something in a trace gives what a look at every event gives; payload that comes again is copied. */
#include <unistd.h>

#include "base/check.h"
#include "effect.h"
#include "packets.h"
#include "trace.h"
#include "unit.h"
#include "walk.h"

#define EVENTS 60000u
#define STREAMS 7u

static char path[] = "/tmp/hindcast-find-XXXXXX";

static void put_be(uint8_t *to, uint32_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = (uint8_t)(value >> 8 * (size - 1 - i));
}

/* Some connections share addresses and ports: a new SYN begins the next. */
static void put_segment(struct fmt_buf *buf, uint64_t i, uint64_t packet)
{
	static uint32_t initial[STREAMS];
	uint8_t frame[54 + 40] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, sizeof(frame) - 14};
	const uint32_t which = (uint32_t)random_below(STREAMS);
	const bool opens = !initial[which] || !random_below(300);

	if (opens)
		initial[which] = (uint32_t)i + 1;
	frame[23] = 6;
	put_be(frame + 26, 10u << 24 | 1, 4);
	put_be(frame + 30, 10u << 24 | 2, 4);
	put_be(frame + 34, 1000 + which, 2);
	put_be(frame + 36, 80, 2);
	put_be(frame + 38, initial[which], 4);
	frame[46] = 0x50;
	frame[47] = opens ? 2 : 16;
	fmt_put_packet_send(buf, i, 1, 0, &(struct fmt_ev_packet_send){
		.link = 1, .iface = 1, .packet = packet, .depart_ns = i, .frame = {frame, sizeof(frame)}});
}

static void write_trace(uint64_t events, uint64_t *ret_packets)
{
	struct fmt_writer *w = NULL;
	struct fmt_buf buf = {0};
	struct fmt_event event;
	uint64_t packets = 0;

	CHECK(fmt_writer_new(path, &w) == 0);
	for (uint64_t i = 0; i < events; i++) {
		const node_id node = i / 9000 == 3 ? 5 : 1 + (node_id)random_below(3);
		size_t pos = 0;

		fmt_buf_clear(&buf);
		if (random_below(4) == 0)
			put_segment(&buf, i, 1ull << 40 | packets++);
		else if (i == 31234)
			fmt_put_warn(&buf, i, 9, 77, &(struct fmt_ev_warn){{NULL, 0}});
		else
			fmt_put_syscall(&buf, i, node, 10 + (uint32_t)random_below(2), &(struct fmt_ev_syscall){.nr = i % 5});
		CHECK(fmt_record_next(buf.data, buf.size, &pos, &event) == 1);
		CHECK(fmt_writer_event(w, &event) == 0);
	}
	CHECK(fmt_writer_finish(w, NULL) == 0);
	fmt_buf_done(&buf);
	*ret_packets = packets;
}

/* Numbers of connections, as who reads all events from the first gives them; -1: no segment. */
static void number_streams(struct fmt_reader *r, int64_t *ret)
{
	struct fmt_packets *packets = fmt_packets_new();
	struct fmt_event event;

	for (event_seq seq = 0; seq < EVENTS; seq++) {
		CHECK(fmt_reader_event(r, seq, &event, NULL) == 0);
		const struct fmt_packet *packet = fmt_packets_see(packets, &event);

		ret[seq] = packet ? packet->stream : -1;
	}
	fmt_packets_free(packets);
}

static bool wants(const struct fmt_want *want, const struct fmt_event *event, int64_t stream)
{
	struct fmt_ev_packet_send ev;

	if ((want->kind_count && event->kind != want->kinds[0]) || (want->has_node && event->node != want->node) ||
	    (want->has_tid && event->tid != want->tid) || (want->has_stream && stream != (int64_t)want->stream))
		return false;
	return !want->has_packet || (event->kind == FMT_packet_send && fmt_get_packet_send(event, &ev) == 0 && ev.packet == want->packet);
}

/* All that is found, in both directions, against all that there is. */
static void compare(struct fmt_reader *r, const int64_t *streams, const struct fmt_want *want)
{
	struct fmt_event event, found;
	unsigned long there = 0;
	event_seq at = 0;

	for (event_seq seq = 0; seq < EVENTS; seq++) {
		CHECK(fmt_reader_event(r, seq, &event, NULL) == 0);
		if (!wants(want, &event, streams[seq]))
			continue;
		there++;
		EQUAL(fmt_reader_find(r, want, /* backwards= */ false, &at, &found, NULL), 1);
		EQUAL(at, seq);
		EQUAL(found.seq, seq);
		at++;
	}
	EQUAL(fmt_reader_find(r, want, /* backwards= */ false, &at, &found, NULL), 0);
	at = EVENTS;
	for (event_seq seq = EVENTS; seq-- > 0;) {
		CHECK(fmt_reader_event(r, seq, &event, NULL) == 0);
		if (!wants(want, &event, streams[seq]))
			continue;
		EQUAL(fmt_reader_find(r, want, /* backwards= */ true, &at, &found, NULL), 1);
		EQUAL(at, seq);
		if (at-- == 0)
			break;
	}
	printf("# %lu found\n", there);
	HOLDS(there > 0);
}

static void test_find(void)
{
	static const uint32_t warn[] = {FMT_warn}, call[] = {FMT_syscall};
	static int64_t streams[EVENTS];
	struct fmt_reader *r = NULL;
	struct fmt_event event;
	event_seq at = 0;
	uint64_t packets;

	part("what is found is what is there");
	write_trace(EVENTS, &packets);
	EQUAL(fmt_reader_open(path, &r, NULL), 0);
	number_streams(r, streams);
	compare(r, streams, &(struct fmt_want){.kinds = warn, .kind_count = 1});
	compare(r, streams, &(struct fmt_want){.has_node = true, .node = 5});
	compare(r, streams, &(struct fmt_want){.kinds = call, .kind_count = 1, .has_node = true, .node = 2, .has_tid = true, .tid = 11});
	compare(r, streams, &(struct fmt_want){.has_packet = true, .packet = 1ull << 40 | packets / 2});
	compare(r, streams, &(struct fmt_want){.has_stream = true, .stream = 0});
	compare(r, streams, &(struct fmt_want){.has_stream = true, .stream = STREAMS + 12});
	EQUAL(fmt_reader_find(r, &(struct fmt_want){.has_node = true, .node = 6}, false, &at, &event, NULL), 0);
	EQUAL(fmt_reader_find(r, &(struct fmt_want){.has_stream = true, .stream = 100000}, false, &at, &event, NULL), 0);
	EQUAL(fmt_reader_verify(r, NULL), 0);
	fmt_reader_close(r);
	unlink(path);
}

/* Chunks whose payload is in part that of chunks before, over many times the window. */
static void test_payload(void)
{
	static uint8_t bytes[250000];
	struct fmt_writer *w = NULL;
	struct fmt_reader *r = NULL;
	struct fmt_buf buf = {0};
	struct fmt_trace_stat stat;
	struct fmt_event event;

	part("payload that comes again");
	CHECK(fmt_writer_new(path, &w) == 0);
	for (uint64_t i = 0; i < 1600; i++) {
		size_t pos = 0;

		/* 200 kB of each are as in the event before, 20 kB are all the same, and 30 kB are new. */
		memmove(bytes, bytes + 30000, 200000);
		for (size_t k = 200000; k < 230000; k++)
			bytes[k] = (uint8_t)random_u64();
		memset(bytes + 230000, (int)(i % 400), 20000);
		fmt_buf_clear(&buf);
		fmt_put_output(&buf, i, 1, 1, &(struct fmt_ev_output){1, {bytes, sizeof(bytes)}});
		CHECK(fmt_record_next(buf.data, buf.size, &pos, &event) == 1);
		CHECK(fmt_writer_event(w, &event) == 0);
	}
	CHECK(fmt_writer_finish(w, NULL) == 0);
	EQUAL(fmt_reader_open(path, &r, NULL), 0);
	EQUAL(fmt_reader_verify(r, NULL), 0);
	fmt_reader_stat(r, &stat);
	printf("# %llu bytes of %llu in %llu chunks\n", (unsigned long long)stat.payload_bytes, 1600ull * sizeof(bytes),
	       (unsigned long long)stat.chunks);
	/* What is new, once. */
	HOLDS(stat.payload_bytes < 1600 * 30000ull * 102 / 100);
	/* Any chunk by itself, in a reader that knows no other. */
	for (int i = 0; i < 10; i++) {
		fmt_reader_close(r);
		EQUAL(fmt_reader_open(path, &r, NULL), 0);
		EQUAL(fmt_reader_event(r, random_below(1600), &event, NULL), 0);
		EQUAL(event.body_size, sizeof(bytes) + 4);
	}
	fmt_reader_close(r);
	fmt_buf_done(&buf);
	unlink(path);
}

/* The first part of a file, as another. */
static void copy_part(const char *from, const char *to, size_t size)
{
	FILE *in = fopen(from, "re"), *out = fopen(to, "we");
	uint8_t *bytes = malloc(size);

	CHECK(in && out && bytes);
	CHECK(fread(bytes, 1, size, in) == size && fwrite(bytes, 1, size, out) == size);
	fclose(in);
	fclose(out);
	free(bytes);
}

/* Its events are the first of the whole one.  Number of them. */
static uint64_t compare_cut(struct fmt_reader *whole, const char *cut_path)
{
	struct fmt_reader *cut = NULL;
	struct fmt_event a, b;

	if (fmt_reader_open(cut_path, &cut, NULL) < 0)
		return 0;
	const uint64_t count = fmt_reader_count(cut);

	HOLDS(fmt_reader_warning(cut) && strstr(fmt_reader_warning(cut), "cut off"));
	for (event_seq seq = 0; seq < count; seq += 500) {
		EQUAL(fmt_reader_event(cut, seq, &a, NULL), 0);
		EQUAL(fmt_reader_event(whole, seq, &b, NULL), 0);
		HOLDS(a.vtime == b.vtime && a.kind == b.kind && a.body_size == b.body_size &&
		      memcmp(a.body, b.body, a.body_size) == 0);
	}
	fmt_reader_close(cut);
	return count;
}

static void test_cut(void)
{
	struct fmt_reader *whole = NULL;
	struct fmt_trace_stat stat;
	uint64_t packets, before = 0;
	unsigned long partly = 0;
	char cut_path[sizeof(path) + 4];

	part("a cut trace has what is whole of it");
	/* SQLite keeps some eight chunks' rows together, so it takes more than that. */
	write_trace(EVENTS * 8, &packets);
	EQUAL(fmt_reader_open(path, &whole, NULL), 0);
	fmt_reader_stat(whole, &stat);
	snprintf(cut_path, sizeof(cut_path), "%s.cut", path);
	for (uint64_t percent = 5; percent < 100; percent += 5) {
		copy_part(path, cut_path, stat.file_size * percent / 100);
		const uint64_t count = compare_cut(whole, cut_path);

		HOLDS(count >= before);
		before = count;
		partly += count > 0 && count < EVENTS * 8;
	}
	printf("# %lu cuts left a part, %llu events at the last\n", partly, (unsigned long long)before);
	HOLDS(partly > 3);
	fmt_reader_close(whole);
	unlink(cut_path);
	unlink(path);
}

/* A walk, which looks only at kinds that the filter can want, gives what the filter says of every event. */
static void test_walk(void)
{
	static const char *const filters[] = {
		"kind==exit", "!(kind==syscall)", "kind in {exec, exit, packet-*} && !(pid > 500)", "ret < 0", "!(ret < 0)", "ret",
		"kind==exit || text contains what", "kind-999999", "kind==999999", "seq in [20, 40] && !(kind==note)", "kind != exit",
		"nr == read or signo == 9 or kind matches \"^l\"", "kind==exit && kind==exec",
		"effects > 10 && seq > 100", "node in [1, 1] && tid<3"};
	struct fmt_reader *r = NULL;

	part("walks with filters");
	EQUAL(fmt_reader_open("tests/golden/v1.hct", &r, NULL), 0);
	for (size_t i = 0; r && i < sizeof(filters) / sizeof(filters[0]); i++) {
		struct fmt_error error = {{0}};
		struct fmt_filter *filter = NULL;
		struct fmt_roster roster = {0};
		struct fmt_walk walk = {0};
		struct fmt_event event, found;

		EQUAL(fmt_filter_new(filters[i], &filter, &error), 0);
		EQUAL(fmt_walk_init(&walk, r, filters[i], &error), 0);
		STRING(error.text, "");
		for (event_seq seq = 0; seq < fmt_reader_count(r); seq++) {
			CHECK(fmt_reader_event(r, seq, &event, NULL) == 0);
			fmt_roster_learn(&roster, &event);
			if (!fmt_filter_match(filter, &event, &roster))
				continue;
			EQUAL(fmt_walk_next(&walk, &found, NULL), 1);
			EQUAL(found.seq, seq);
		}
		EQUAL(fmt_walk_next(&walk, &found, NULL), 0);
		fmt_walk_done(&walk);
		fmt_roster_done(&roster);
		fmt_filter_free(filter);
	}
	fmt_reader_close(r);
}

int main(void)
{
	const int fd = mkstemp(path);

	CHECK(fd >= 0);
	close(fd);
	test_find();
	test_payload();
	test_cut();
	test_walk();
	return done();
}
