/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz-container.c - any file as a trace: opened, read, looked through, verified. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dump.h"
#include "fuzz.h"
#include "scan.h"

#define EVENTS_MAX 2000

static void see_mark(void *context, const struct fmt_mark *mark)
{
	*(uint64_t *)context += mark->crc;
}

static void scan(struct fmt_reader *r)
{
	static const struct fmt_scan_want wants[] = {{FMT_syscall, {"nr", "ret"}}, {FMT_packet_send, {"packet", "depart_ns", "frame"}},
						     {FMT_position, {"x", "y"}}};
	struct fmt_scan *scan = fmt_scan_new(r, wants, sizeof(wants) / sizeof(wants[0]));
	const struct fmt_scanned *event;
	struct fmt_error error;

	for (int i = 0; i < EVENTS_MAX && fmt_scan_next(scan, &event, &error) > 0; i++)
		continue;
	fmt_scan_free(scan);
}

static void look_at(struct fmt_reader *r)
{
	const struct fmt_want wants[] = {{.has_node = true, .node = 1}, {.has_stream = true}, {.has_packet = true, .packet = 1ull << 40}};
	struct fmt_error error;
	struct fmt_event event;
	struct fmt_trace_file file;
	uint64_t sum = 0;

	for (event_seq seq = 0; seq < fmt_reader_count(r) && seq < EVENTS_MAX; seq++)
		if (fmt_reader_event(r, seq, &event, &error) < 0)
			break;
	scan(r);
	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++) {
		event_seq at = 0;

		fmt_reader_find(r, &wants[i], /* backwards= */ false, &at, &event, &error);
	}
	fmt_reader_marks(r, see_mark, &sum, &error);
	for (size_t i = 0; fmt_reader_file_at(r, i, &file); i++) {
		const int fd = fmt_reader_file(r, file.hash, &error);

		if (fd >= 0)
			close(fd);
	}
	for (size_t i = 0; fmt_reader_note(r, i); i++)
		sum += fmt_reader_note(r, i)->id;
	fmt_reader_verify(r, &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct fmt_reader *r = NULL;
	struct fmt_error error;
	char path[40];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fmt_reader_open(path, &r, &error) == 0)
		look_at(r);
	fmt_reader_close(r);
	close(fd);
	return 0;
}
