/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What two sides said, out of segments that were lost, came late, or came twice; and two runs side by side. */
#include <string.h>
#include <unistd.h>

#include "../unit/unit.h"
#include "base/check.h"
#include "pair.h"
#include "diff.h"
#include "run-for-tests.h"
#include "streams.h"

static char path[2][40];

/* A frame of TCP with a payload, from the client (side 0) or the server. */
static size_t put_tcp(uint8_t *frame, int side, uint32_t seq, uint8_t flags, const char *payload)
{
	const size_t size = strlen(payload), total = 40 + size;

	memcpy(frame, run_frame, 54);
	frame[16] = (uint8_t)(total >> 8);
	frame[17] = (uint8_t)total;
	if (side) {
		frame[29] = 2;
		frame[33] = 1;
		memcpy(frame + 34, (uint8_t[]){0, 80, 0x9c, 0x40}, 4);
	}
	for (int i = 0; i < 4; i++)
		frame[38 + i] = (uint8_t)(seq >> (24 - 8 * i));
	frame[46] = 0x50;
	frame[47] = flags;
	memcpy(frame + 54, payload, size);
	return 54 + size;
}

struct segment {
	int side;
	uint32_t seq;
	uint8_t flags;
	const char *payload;
	bool lost;
};

static int write_segments(const char *to, const struct segment *segments, size_t count, const char *line)
{
	struct fmt_writer *writer = NULL;
	struct fmt_buf buf = {0};
	int r = fmt_writer_new(to, &writer);

	put_begin(&buf);
	for (size_t i = 0; i < count; i++) {
		const struct segment *s = &segments[i];
		const node_id from = s->side ? 2 : 1, other = s->side ? 1 : 2;
		const vtime_ns at = 10000 + i * 20000;
		uint8_t frame[256];
		const size_t size = put_tcp(frame, s->side, s->seq, s->flags, s->payload);

		fmt_put_packet_send(&buf, at, from, 0, &(struct fmt_ev_packet_send){
			.link = 7, .packet = i + 1, .depart_ns = at, .frame = {frame, size}});
		if (s->lost)
			fmt_put_packet_drop(&buf, at, from, 0,
					    &(struct fmt_ev_packet_drop){.link = 7, .packet = i + 1, .reason = T("loss")});
		else
			fmt_put_packet_recv(&buf, at + 5000, other, 0,
					    &(struct fmt_ev_packet_recv){.link = 7, .packet = i + 1, .size = size});
	}
	fmt_put_output(&buf, 900000, 2, 30, &(struct fmt_ev_output){1, {(const uint8_t *)line, strlen(line)}});
	put_end(&buf, 1000000);
	if (r == 0)
		r = write_records(writer, &buf);
	fmt_buf_done(&buf);
	return r < 0 ? r : fmt_writer_finish(writer, NULL);
}

static struct insp_run *load(const char *from)
{
	struct insp_run *run = NULL;
	struct fmt_error error = {{0}};

	EQUAL(insp_run_load(from, NULL, NULL, &run, &error), 0);
	CHECK(run);
	return run;
}

/* Bytes of one side, one after the other. */
static char *said(const struct insp_talk *talk, int side, bool *ret_gap)
{
	char *text = calloc(1, talk->bytes.size + 1);

	for (uint32_t i = 0; i < talk->count; i++)
		if (talk->said[i].side == side) {
			strncat(text, (const char *)talk->bytes.data + talk->said[i].offset, talk->said[i].size);
			*ret_gap |= talk->said[i].gap;
		}
	return text;
}

static const struct segment usual[] = {
	{0, 99, 2, "", false},			/* SYN */
	{1, 499, 0x12, "", false},
	{0, 100, 0x18, "GET ", false},
	{0, 104, 0x18, "/one", true},		/* lost */
	{0, 108, 0x18, " HTTP", false},		/* comes before its turn */
	{0, 104, 0x18, "/one", false},		/* again */
	{0, 108, 0x18, " HTTP", false},		/* once more than needed */
	{1, 500, 0x18, "200 ", false},
	{1, 502, 0x18, "0 OK", false},		/* overlaps what was said */
};
#define USUAL (sizeof(usual) / sizeof(usual[0]))

static void talks(void)
{
	part("a talk with losses");
	EQUAL(write_segments(path[0], usual, USUAL, "x"), 0);
	_cleanup_(insp_run_freep) struct insp_run *run = load(path[0]);
	struct insp_talk talk = {0};
	struct fmt_error error = {{0}};
	bool gap = false;

	EQUAL(run->stream_count, 1);
	EQUAL(run->streams[0].packets, USUAL + 1);
	EQUAL(insp_talk_read(run, 0, NULL, NULL, &talk, &error), 0);
	char *client = said(&talk, 0, &gap), *server = said(&talk, 1, &gap);

	STRING(client, "GET /one HTTP");
	STRING(server, "200 OK");
	HOLDS(!gap && !talk.cut);
	EQUAL(talk.count, 2);
	HOLDS(run->packets[5].marks & INSP_MARK_AGAIN);
	HOLDS(run->packets[6].marks & INSP_MARK_AGAIN);
	HOLDS(!(run->packets[4].marks & INSP_MARK_AGAIN));
	EQUAL(insp_stream_step(run, 2, 1), 3);
	EQUAL(insp_stream_step(run, 0, -1), INSP_NONE);
	free(client);
	free(server);
	insp_talk_done(&talk);
}

static void holes(void)
{
	static const struct segment segments[] = {{0, 99, 2, "", false}, {0, 100, 0x18, "ab", false}, {0, 104, 0x18, "ef", false}};

	part("a talk with a hole");
	EQUAL(write_segments(path[0], segments, 3, "x"), 0);
	_cleanup_(insp_run_freep) struct insp_run *run = load(path[0]);
	struct insp_talk talk = {0};
	struct fmt_error error = {{0}};
	bool gap = false;

	EQUAL(insp_talk_read(run, 0, NULL, NULL, &talk, &error), 0);
	char *client = said(&talk, 0, &gap);

	STRING(client, "abef");
	HOLDS(gap);
	free(client);
	insp_talk_done(&talk);
}

static struct insp_pair *compare(const struct insp_run *a, const struct insp_run *b, unsigned int ignore)
{
	struct insp_pair *pair = NULL;
	struct fmt_error error = {{0}};

	EQUAL(insp_pair_new(a, b, ignore, NULL, NULL, &pair, &error), 0);
	CHECK(pair);
	return pair;
}

static void pairs(void)
{
	part("two runs");
	struct segment other[USUAL];

	memcpy(other, usual, sizeof(usual));
	other[3].lost = false;
	EQUAL(write_segments(path[0], usual, USUAL, "one\n"), 0);
	EQUAL(write_segments(path[1], other, USUAL, "two\n"), 0);
	_cleanup_(insp_run_freep) struct insp_run *a = load(path[0]);
	_cleanup_(insp_run_freep) struct insp_run *b = load(path[1]);
	_cleanup_(insp_pair_freep) struct insp_pair *same = compare(a, a, 0);
	_cleanup_(insp_pair_freep) struct insp_pair *pair = compare(a, b, 0);
	_cleanup_(insp_pair_freep) struct insp_pair *mirrored = compare(b, a, 0);

	EQUAL(same->difference_count, 0);
	EQUAL(same->same, a->count);
	/* The loss on the client, the arrival and the line on the server. */
	EQUAL(pair->difference_count, 3);
	EQUAL(pair->alone[0], 1);
	EQUAL(pair->alone[1], 1);
	EQUAL(pair->changed, 1);
	EQUAL(pair->differences[0].first[0], a->packets[3].end);
	EQUAL(pair->differences[0].first[1], INSP_NONE);
	EQUAL(pair->differences[1].first[1], b->packets[3].end);
	EQUAL(mirrored->difference_count, 3);
	EQUAL(mirrored->alone[1], pair->alone[0]);
	for (uint32_t i = 0; i < 3; i++)
		for (int side = 0; side < 2; side++)
			EQUAL(mirrored->differences[i].first[!side], pair->differences[i].first[side]);
	EQUAL(insp_pair_step(pair, 0, 0, 1), 0);
	EQUAL(insp_pair_other(pair, 0, a->packets[5].send), b->packets[5].send);
	_cleanup_(insp_pair_freep) struct insp_pair *blind = compare(a, b, FMT_IGNORE_PAYLOAD);

	EQUAL(blind->changed, 0);
}

int main(void)
{
	for (int i = 0; i < 2; i++) {
		strcpy(path[i], "/tmp/hindcast-test-XXXXXX");
		const int fd = mkstemp(path[i]);

		CHECK(fd >= 0);
		close(fd);
	}
	talks();
	holes();
	pairs();
	for (int i = 0; i < 2; i++)
		unlink(path[i]);
	return done();
}
