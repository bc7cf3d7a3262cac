/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A scan gives of every event what the whole event says, whatever is around it. */
#include <unistd.h>

#include "random-events.h"
#include "scan.h"

#define EVENTS 60000		/* some chunks */

static char path[] = "/tmp/hindcast-test-XXXXXX";

static const struct fmt_scan_want wants[] = {
	{FMT_syscall, {"nr", "ret"}}, {FMT_syscall_exit, {"nr", "ret"}}, {FMT_packet_send, {"packet", "link", "depart_ns", "frame"}},
	{FMT_packet_drop, {"packet"}}, {FMT_position, {"id", "x", "y"}}, {FMT_timer, {"expires_ns", "nr"}}, {FMT_end, {"status"}},
	{FMT_tcp, {"rcv_wnd", "sock"}},
};

static void write_trace(void)
{
	static struct fmt_event events[100];
	struct fmt_buf records = {0};
	struct fmt_writer *writer;
	vtime_ns last = 0;

	EQUAL(fmt_writer_new(path, &writer), 0);
	for (int i = 0; i < EVENTS; i += 100) {
		const size_t count = random_events(&records, events, 100);

		for (size_t at = 0; at < count; at++) {
			events[at].vtime = last += random_below(1000);
			EQUAL(fmt_writer_event(writer, &events[at]), 0);
		}
	}
	EQUAL(fmt_writer_finish(writer, NULL), 0);
	fmt_buf_done(&records);
}

static const struct fmt_scan_want *want_of(uint32_t kind)
{
	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++)
		if (wants[i].kind == kind)
			return &wants[i];
	return NULL;
}

static void compare_field(const struct fmt_scanned *is, int at, const struct fmt_field *field, const struct fmt_value *value)
{
	if (field->type != 'B') {
		EQUAL(is->value[at], value->u);
		return;
	}
	EQUAL(is->value[at], value->bytes.size);
	const size_t known = value->bytes.size < FMT_SCAN_HEAD ? value->bytes.size : FMT_SCAN_HEAD;

	SAME(is->head, known, value->bytes.data, known);
}

static void compare(const struct fmt_scanned *is, const struct fmt_event *event)
{
	const struct fmt_scan_want *want = want_of(event->kind);
	struct fmt_value values[FMT_FIELD_MAX];

	EQUAL(is->vtime, event->vtime);
	EQUAL(is->kind, event->kind);
	if (!want)
		return;
	const struct fmt_kind_info *info = fmt_kind_info(event->kind);
	const bool known = fmt_event_values(event, values) >= 0;

	EQUAL(is->known, known);
	for (int at = 0; known && at < FMT_SCAN_FIELDS && want->fields[at]; at++)
		for (size_t i = 0; i < info->field_count; i++)
			if (strcmp(info->fields[i].name, want->fields[at]) == 0)
				compare_field(is, at, &info->fields[i], &values[i]);
}

static void test_same(void)
{
	struct fmt_reader *reader, *other;
	struct fmt_error error = {{0}};
	const struct fmt_scanned *scanned;
	struct fmt_event event;
	unsigned int chunks = 0;
	event_seq seq = 0;
	size_t threads;

	part("a scan says what the events say");
	EQUAL(fmt_reader_open(path, &reader, &error), 0);
	EQUAL(fmt_reader_open(path, &other, &error), 0);
	struct fmt_scan *scan = fmt_scan_new(reader, wants, sizeof(wants) / sizeof(wants[0]));

	for (; fmt_scan_next(scan, &scanned, &error) > 0; seq++) {
		EQUAL(scanned->seq, seq);
		EQUAL(fmt_reader_event(other, seq, &event, &error), 0);
		compare(scanned, &event);
		const struct fmt_scan_thread *thread = fmt_scan_threads(scan, &threads) + scanned->thread;

		HOLDS(scanned->thread < threads);
		EQUAL(thread->node, event.node);
		EQUAL(thread->tid, event.tid);
		chunks += scanned->first;
	}
	STRING(error.text, "");
	EQUAL(seq, fmt_reader_count(other));
	/* Backwards, into the middle of a chunk: it begins anew. */
	fmt_scan_seek(scan, seq / 2);
	EQUAL(fmt_scan_next(scan, &scanned, &error), 1);
	HOLDS(scanned->first && scanned->seq <= seq / 2 && scanned->seq);
	EQUAL(fmt_reader_event(other, scanned->seq, &event, &error), 0);
	compare(scanned, &event);
	fmt_scan_seek(scan, seq);
	EQUAL(fmt_scan_next(scan, &scanned, &error), 0);
	HOLDS(chunks > 2);
	fmt_scan_free(scan);
	fmt_reader_close(reader);
	fmt_reader_close(other);
}

/* A flipped bit is found, or it is where a scan does not look. */
static void test_damage(void)
{
	unsigned int found = 0;
	FILE *file = fopen(path, "r+");

	part("damage");
	HOLDS(file);
	fseek(file, 0, SEEK_END);
	for (long size = ftell(file), at = size / 50; at < size; at += size / 50) {
		struct fmt_reader *reader = NULL;
		struct fmt_error error = {{0}};
		const struct fmt_scanned *scanned;
		int got = 0;

		fseek(file, at, SEEK_SET);
		const int was = fgetc(file);

		fseek(file, at, SEEK_SET);
		fputc(was ^ 0x10, file);
		fflush(file);
		if (fmt_reader_open(path, &reader, &error) == 0) {
			struct fmt_scan *scan = fmt_scan_new(reader, wants, sizeof(wants) / sizeof(wants[0]));

			while ((got = fmt_scan_next(scan, &scanned, &error)) > 0)
				continue;
			HOLDS(got == 0 || error.text[0]);
			found += got < 0;
			fmt_scan_free(scan);
		}
		fmt_reader_close(reader);
		fseek(file, at, SEEK_SET);
		fputc(was, file);
		fflush(file);
	}
	fclose(file);
	HOLDS(found);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)random_u64();
	close(mkstemp(path));
	write_trace();
	test_same();
	test_damage();
	unlink(path);
	return done();
}
