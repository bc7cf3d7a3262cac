/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the inspector holds of a run, against brute force over the same trace. */
#include <errno.h>
#include <math.h>
#include <unistd.h>

#include "../unit/unit.h"
#include "dissect.h"
#include "fold.h"
#include "run-for-tests.h"
#include "search.h"
#include "series.h"
#include "summary.h"
#include "view.h"
#include "steps.h"

#define ROUNDS 500

static char path[] = "/tmp/hindcast-test-XXXXXX";
static struct insp_run *run;

static void load(void)
{
	struct fmt_error error = {{0}};

	part("load");
	EQUAL(insp_run_load(path, NULL, NULL, &run, &error), 0);
	insp_run_check(run);
	EQUAL(run->lane_count, 4);
	STRING(run->lanes[2].name, "server");
	STRING(run->lanes[2].address, "10.0.0.2/24");
	STRING(run->seed, "42");
	EQUAL(run->packet_count, ROUNDS + 1);
	EQUAL(run->drops, (ROUNDS - 4) / 7 + 1);
	EQUAL(run->flight_max, 5000);
	HOLDS(!run->damage && !run->warning);
	EQUAL(insp_lane_find(run, "router"), 3);
	EQUAL(insp_lane_find(run, "n2"), 2);
	EQUAL(insp_lane_find(run, "nobody"), INSP_NONE);
}

static void packets(void)
{
	uint32_t flying = 0;

	part("packets");
	for (uint32_t i = 0; i < run->packet_count; i++) {
		const struct insp_packet *packet = &run->packets[i];

		EQUAL(insp_packet_of(run, packet->send), i);
		if (packet->end != INSP_NONE)
			EQUAL(insp_packet_of(run, packet->end), i);
		else
			flying++;
		if (i < ROUNDS) {
			EQUAL(packet->fate, i % 7 == 3 ? INSP_DROPPED : INSP_RECEIVED);
			EQUAL(packet->to, 2);
			EQUAL(packet->proto, INSP_PROTO_TCP);
			EQUAL(packet->tcp_flags, 2);
		}
	}
	EQUAL(flying, 1);
	EQUAL(insp_packet_of(run, 0), INSP_NONE);
}

/* Every step from every event, compared with looking at the neighbours one by one. */
static void steps(void)
{
	part("steps");
	for (int grain = 0; grain < INSP_GRAIN_COUNT; grain++)
		for (uint32_t lane = 0; lane <= run->lane_count; lane++) {
			const uint32_t scope = lane == run->lane_count ? INSP_NONE : lane;
			uint32_t before = INSP_NONE;

			for (uint32_t seq = 0; seq < run->count; seq++) {
				EQUAL(insp_step(run, seq, -1, grain, scope), before);
				if (!insp_grain_has(run, grain, seq) || (scope != INSP_NONE && insp_lane_of(run, seq) != scope))
					continue;
				EQUAL(insp_step(run, before, 1, grain, scope), seq);
				before = seq;
			}
			if (before != INSP_NONE)
				EQUAL(insp_step(run, before, 1, grain, scope), INSP_NONE);
		}
}

static void expect_position(const char *text, uint32_t expected)
{
	struct fmt_error error = {{0}};
	uint32_t seq = 0;

	EQUAL(insp_position_parse(run, text, &seq, &error), 0);
	EQUAL(seq, expected);
}

static void expect_no_position(const char *text, const char *why)
{
	struct fmt_error error = {{0}};
	uint32_t seq = 77;

	EQUAL(insp_position_parse(run, text, &seq, &error), -EINVAL);
	EQUAL(seq, 77);
	HOLDS(strstr(error.text, why));
}

static void positions(void)
{
	char text[64];

	part("positions");
	expect_position("@12", 12);
	expect_position("12", 12);
	expect_position("100%", run->count - 1);
	expect_position("0s", 3);		/* the last of those that happen at 0 */
	expect_position("1.5us", 8);
	expect_position("1499ns", 7);
	expect_position("0.0015 ms", 8);
	expect_no_position("@99999999", "past the last event");
	expect_no_position("3h", "is no position");
	expect_no_position("", "is no position");
	expect_no_position("101%", "is no position");
	expect_no_position("-1", "is no position");
	expect_no_position("nan%", "is no position");
	expect_no_position("99s", "after the end");
	insp_put_time(text, sizeof(text), 12000345678);
	STRING(text, "12.000\u2009345\u2009678");
	insp_put_duration(text, sizeof(text), 999);
	STRING(text, "999\u2009ns");
	insp_put_duration(text, sizeof(text), 20060749);
	STRING(text, "20.1\u2009ms");
	insp_put_duration(text, sizeof(text), 999999999);
	STRING(text, "1.00\u2009s");
}

#define COLUMNS 97

static void compare_cells(const struct insp_view *view)
{
	static struct insp_cell cells[4 * COLUMNS];
	uint32_t counts[4 * COLUMNS] = {0}, trouble[4 * COLUMNS] = {0}, bad = 0;

	insp_view_cells(view, COLUMNS, cells);
	for (uint32_t seq = 0; seq < run->count; seq++) {
		const double coord = insp_view_coord(view, seq);
		uint32_t column = 0;

		if (coord < view->from || coord >= view->from + view->span)
			continue;
		while (coord >= view->from + view->span * (column + 1) / COLUMNS)
			column++;
		counts[insp_lane_of(run, seq) * COLUMNS + column]++;
		trouble[insp_lane_of(run, seq) * COLUMNS + column] |= insp_grain_has(run, INSP_GRAIN_FAULT, seq);
	}
	for (uint32_t i = 0; i < 4 * COLUMNS; i++)
		bad += cells[i].count != counts[i] || cells[i].trouble != trouble[i];
	EQUAL(bad, 0);
}

static void views(void)
{
	struct insp_view view;

	part("views");
	insp_view_init(&view, run, 970);
	for (int i = 0; i < 300; i++) {
		view.axis = i % 2 ? INSP_AXIS_EVENT : INSP_AXIS_TIME;
		insp_view_whole(&view);
		insp_view_zoom(&view, pow(0.8, (double)random_below(40)), (double)random_below(970));
		insp_view_pan(&view, (double)random_below(2000) - 1000);
		compare_cells(&view);
		const uint32_t seq = (uint32_t)random_below(run->count);

		insp_view_show(&view, seq);
		HOLDS(insp_view_x_of(&view, seq) >= 0 && insp_view_x_of(&view, seq) <= view.width);
		HOLDS(insp_view_tick(&view, 100) * view.width / view.span >= 99.9);
	}
	/* Magnifying keeps what is under the pointer. */
	insp_view_whole(&view);
	const double still = insp_view_at(&view, 400);

	insp_view_zoom(&view, 0.01, 400);
	HOLDS(fabs(insp_view_at(&view, 400) - still) < 1);
	for (int i = 0; i < 200; i++)
		insp_view_zoom(&view, 0.5, 400);
	EQUAL(view.span, INSP_SPAN_MIN);
}

static void marks(void)
{
	struct insp_view view;
	char text[64];

	part("marks");
	insp_view_init(&view, run, 1000);
	insp_view_put_mark(&view, 5.02e9, 2e7, text, sizeof(text));
	STRING(text, "5.02");
	insp_view_put_mark(&view, 5.02e9, 1e9, text, sizeof(text));
	STRING(text, "5");
	insp_view_put_mark(&view, 5.0201e9, 1e5, text, sizeof(text));
	STRING(text, "5.020\u20091");
	insp_view_put_mark(&view, 5e9, 1, text, sizeof(text));
	STRING(text, "5.000\u2009000\u2009000");
}

static void arrows(void)
{
	static struct insp_arrow many[2 * ROUNDS], few[40];
	struct insp_view view;
	double step;
	uint32_t sum = 0, lost = 0;

	part("arrows");
	insp_view_init(&view, run, 1000);
	EQUAL(insp_view_arrows(&view, many, 2 * ROUNDS, &step), ROUNDS + 1);
	EQUAL(step, 0);
	const uint32_t count = insp_view_arrows(&view, few, 40, &step);

	HOLDS(count <= 40 && step > 0);
	for (uint32_t i = 0; i < count; i++) {
		sum += few[i].count;
		lost += few[i].fate == INSP_DROPPED ? few[i].count : 0;
	}
	EQUAL(sum, ROUNDS + 1);
	EQUAL(lost, run->drops);
	/* A packet that was sent before the view and arrives in it is seen. */
	insp_view_fit(&view, (double)insp_vtime(run, run->packets[0].end) - 100, (double)insp_vtime(run, run->packets[0].end) + 100);
	HOLDS(insp_view_arrows(&view, many, 2 * ROUNDS, &step) >= 1);
	EQUAL(many[0].packet, 0);
}

static void series(void)
{
	double values[50], sum = 0;
	struct insp_view view;

	part("series");
	insp_view_init(&view, run, 1000);
	insp_series_read(&view, INSP_SERIES_BITS, INSP_NONE, 50, values);
	for (int i = 0; i < 50; i++)
		sum += values[i] * view.span / 50 / 1e9;
	EQUAL(llround(sum), (long long)(ROUNDS - run->drops) * sizeof(run_frame) * 8);
	insp_series_read(&view, INSP_SERIES_BITS, 1, 50, values);
	EQUAL(values[25], 0);
	insp_series_read(&view, INSP_SERIES_QUEUE, 1, 50, values);
	for (int i = 0; i < 50; i++)
		HOLDS(values[i] >= 0);
	insp_series_read(&view, INSP_SERIES_EVENTS, 3, 50, values);
	EQUAL(values[0], 0);
}

static void states(void)
{
	uint32_t count;
	struct insp_thread_state *at_start = insp_fold(run, 3, INSP_NONE, &count);

	part("states");
	EQUAL(count, 0);
	free(at_start);
	struct insp_thread_state *middle = insp_fold(run, run->packets[8].send + 1, INSP_NONE, &count);

	EQUAL(count, 3);
	STRING(middle[0].name, "worker");
	EQUAL(middle[0].doing, INSP_DOING_RUNS);
	EQUAL(middle[1].tid, 31);
	STRING(middle[1].name, "worker");
	EQUAL(middle[1].doing, INSP_DOING_WAITS);
	EQUAL(middle[1].call, 45);
	HOLDS(middle[1].changed && !middle[0].changed);
	free(middle);
	struct insp_thread_state *end = insp_fold(run, run->count - 1, INSP_NONE, &count);

	EQUAL(count, 3);
	EQUAL(end[0].doing, INSP_DOING_ENDED);
	EQUAL(end[0].code, 9);
	EQUAL(end[1].doing, INSP_DOING_ENDED);
	EQUAL(end[2].doing, INSP_DOING_WAITS);
	EQUAL(end[2].call, 7);
	free(end);
}

static bool stop(void *data, uint32_t done, uint32_t count)
{
	return false;
}

static void searches(void)
{
	struct fmt_error error = {{0}};
	struct insp_hits hits = {0};

	part("searches");
	EQUAL(insp_search(run, "kind==packet-drop", NULL, NULL, &hits, &error), 0);
	EQUAL(hits.count, run->drops);
	free(hits.seqs);
	EQUAL(insp_search(run, "node==server && kind==output", NULL, NULL, &hits, &error), 0);
	EQUAL(hits.count, ROUNDS / 50);
	for (uint32_t i = 0; i < hits.count; i++)
		EQUAL(run->kind[hits.seqs[i]], FMT_output);
	free(hits.seqs);
	EQUAL(insp_search(run, "kind==nothing", NULL, NULL, &hits, &error), -EINVAL);
	HOLDS(error.text[0]);
	EQUAL(insp_search(run, "", stop, NULL, &hits, &error), -ECANCELED);
	hits = insp_hits_of_grain(run, INSP_GRAIN_OUTPUT);
	EQUAL(hits.count, ROUNDS / 50);
	free(hits.seqs);
}

static void summaries(void)
{
	struct fmt_reader *reader = NULL;
	struct fmt_buf text = {0};
	struct fmt_event event;
	vtime_ns ran;

	part("summaries");
	EQUAL(fmt_reader_open(path, &reader, NULL), 0);
	EQUAL(fmt_reader_event(reader, 9, &event, NULL), 0);
	insp_put_summary(&text, &event, &ran);
	fmt_buf_put(&text, "", 1);
	STRING((char *)text.data, "sendto(3, 0, 0) = EAGAIN");
	EQUAL(ran, 300);
	for (event_seq seq = 0; seq < run->count; seq++) {
		fmt_buf_clear(&text);
		fmt_reader_event(reader, seq, &event, NULL);
		insp_put_summary(&text, &event, &ran);
		HOLDS(!memchr(text.data, '\n', text.size));
	}
	fmt_buf_done(&text);
	fmt_reader_close(reader);
}

/* ---- packets taken apart ---- */

static const uint8_t dns[] = {
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00,
	0x45, 0, 0, 73, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
	0, 53, 0x30, 0x39, 0, 53, 0, 0,
	0x12, 0x34, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, 3, 'w', 'w', 'w', 2, 'd', 'e', 0, 0, 1, 0, 1,
	0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7};
static const char http[] = "HTTP/1.1 200 OK\r\nServer: x\r\n\r\nbody";
static const uint8_t tls[] = {22, 3, 3, 0, 4, 1, 2, 3, 4, 23, 3, 3, 0, 9, 1};

static bool has_line(const struct insp_dissection *d, const char *text)
{
	for (uint32_t i = 0; i < d->count; i++)
		if (strcmp(d->fields[i].text, text) == 0)
			return true;
	return false;
}

/* A copy of exactly its size, so that a sanitizer sees every byte too many. */
static void dissect_copy(const uint8_t *frame, size_t size, struct insp_dissection *d)
{
	uint8_t *copy = malloc(size + !size);

	memcpy(copy, frame, size);
	insp_dissect(copy, size, d);
	for (uint32_t i = 0; i < d->count; i++)
		HOLDS((size_t)d->fields[i].offset + d->fields[i].size <= size);
	free(copy);
}

static void dissect_payload(const void *payload, size_t size, struct insp_dissection *d)
{
	uint8_t frame[54 + 64];

	memcpy(frame, run_frame, 54);
	memcpy(frame + 54, payload, size);
	frame[17] = (uint8_t)(40 + size);
	frame[46] = 0x50;
	dissect_copy(frame, 54 + size, d);
}

static void dissection(void)
{
	static struct insp_dissection d;

	part("dissection");
	dissect_copy(run_frame, sizeof(run_frame), &d);
	HOLDS(has_line(&d, "TCP, 40000 > 80 SYN, 0 bytes"));
	HOLDS(has_line(&d, "Maximum segment size: 1460"));
	HOLDS(has_line(&d, "Window scale: 7 (times 128)"));
	HOLDS(has_line(&d, "Timestamps: 1, echo 0"));
	dissect_copy(dns, sizeof(dns), &d);
	HOLDS(has_line(&d, "Question: www.de A"));
	HOLDS(has_line(&d, "Record: www.de A 192.0.2.7"));
	dissect_payload(http, sizeof(http) - 1, &d);
	HOLDS(has_line(&d, "HTTP, HTTP/1.1 200 OK"));
	HOLDS(has_line(&d, "Body: 4 bytes in this segment"));
	dissect_payload(tls, sizeof(tls), &d);
	HOLDS(has_line(&d, "TLS, handshake, 4 bytes"));
	HOLDS(has_line(&d, "TLS, application data, 9 bytes, goes on in the next segment"));
	for (size_t size = 0; size < sizeof(dns); size++)
		dissect_copy(dns, size, &d);
	for (size_t size = 0; size < sizeof(run_frame); size++)
		dissect_copy(run_frame, size, &d);
	/* Any bytes whatever: fields stay within the frame. */
	for (int i = 0; i < 20000; i++) {
		uint8_t frame[sizeof(dns)];

		memcpy(frame, i % 2 ? dns : run_frame, sizeof(run_frame));
		for (uint64_t k = 1 + random_below(4); k; k--)
			frame[12 + random_below(sizeof(run_frame) - 12)] = (uint8_t)random_u64();
		dissect_copy(frame, random_below(4) ? sizeof(run_frame) : random_below(sizeof(run_frame)), &d);
	}
}

/* A trace with one byte changed opens whole, opens up to the damage, or is refused with a reason. */
static void damage(void)
{
	FILE *file = fopen(path, "r+b");
	uint32_t refused = 0, shortened = 0;

	part("damage");
	fseek(file, 0, SEEK_END);
	const long size = ftell(file);

	for (long at = 0; at < size; at += size / 200 + 1) {
		struct fmt_error error = {{0}};
		struct insp_run *other = NULL;

		fseek(file, at, SEEK_SET);
		const int was = fgetc(file);

		fseek(file, at, SEEK_SET);
		fputc(was ^ 0x55, file);
		fflush(file);
		const int r = insp_run_load(path, NULL, NULL, &other, &error);

		if (r < 0)
			HOLDS(error.text[0]);
		else
			insp_run_check(other);
		refused += r < 0;
		shortened += r == 0 && other->damage;
		insp_run_free(other);
		fseek(file, at, SEEK_SET);
		fputc(was, file);
		fflush(file);
	}
	fclose(file);
	HOLDS(refused + shortened > 0);
}

/* What stands far behind in a frame is known as what stands in front is. */
static void frames(void)
{
	static const uint8_t heads[][54] = {
		/* IPv4 with options, a VLAN, IPv6, IPv6 with options: all are TCP with the same header behind it */
		{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x48, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2},
		{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x81, 0, 0, 5, 8, 0, 0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2},
		{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 0, 6, 64, 0xfd, [38] = 0xfd, [53] = 2},
		{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 0, 0, 64, 0xfd, [38] = 0xfd, [53] = 2},
	};
	static const size_t sizes[] = {46, 38, 54, 54};
	static const uint8_t tcp[20] = {0x9c, 0x40, 0, 80, 0, 0, 0, 7, 0, 0, 0, 9, 0x50, 0x10};
	char there[] = "/tmp/hindcast-test-XXXXXX";
	struct fmt_writer *writer;
	struct insp_run *other;
	struct fmt_error error;

	part("frames");
	close(mkstemp(there));
	EQUAL(fmt_writer_new(there, &writer), 0);
	for (uint64_t i = 0; i < 4; i++) {
		uint8_t bytes[200] = {0};
		struct fmt_buf buf = {0};

		memcpy(bytes, heads[i], sizes[i]);
		if (i == 3)
			bytes[54] = 6;	/* eight bytes of options, then TCP */
		memcpy(bytes + sizes[i] + (i == 3 ? 8 : 0), tcp, sizeof(tcp));
		fmt_put_packet_send(&buf, i, 1, 0, &(struct fmt_ev_packet_send){.packet = i, .frame = {bytes, 150}});
		EQUAL(write_records(writer, &buf), 0);
		fmt_buf_done(&buf);
	}
	EQUAL(fmt_writer_finish(writer, NULL), 0);
	EQUAL(insp_run_load(there, NULL, NULL, &other, &error), 0);
	EQUAL(other->packet_count, 4);
	for (uint32_t i = 0; i < 4; i++) {
		EQUAL(other->packets[i].proto, INSP_PROTO_TCP);
		EQUAL(other->packets[i].seq, 7);
		EQUAL(other->packets[i].ack, 9);
		EQUAL(other->packets[i].tcp_flags, 0x10);
		EQUAL(other->packets[i].header, sizes[i] + (i == 3 ? 8 : 0) + 20);
	}
	insp_run_free(other);
	unlink(there);
}

int main(void)
{
	close(mkstemp(path));
	EQUAL(write_run(path, ROUNDS), 0);
	load();
	packets();
	frames();
	steps();
	positions();
	views();
	marks();
	arrows();
	series();
	states();
	searches();
	summaries();
	dissection();
	damage();
	insp_run_free(run);
	unlink(path);
	return done();
}
