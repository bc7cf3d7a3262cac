/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-diff.c - a comparison that reads both runs says how far it is, and ends when it is told so, with nothing said of the runs. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "diff.h"
#include "unit.h"

#define EVENTS 60000u

static char paths[2][32] = {"/tmp/hindcast-diff-XXXXXX", "/tmp/hindcast-diff-XXXXXX"};

static void write_trace(const char *path, vtime_ns later)
{
	struct fmt_writer *w = NULL;
	struct fmt_buf buf = {0};
	struct fmt_event event;

	CHECK(fmt_writer_new(path, &w) == 0);
	for (uint64_t i = 0; i < EVENTS; i++) {
		size_t pos = 0;

		fmt_buf_clear(&buf);
		fmt_put_syscall(&buf, i + later, 1 + (node_id)(i % 3), 10, &(struct fmt_ev_syscall){.nr = i % 5});
		CHECK(fmt_record_next(buf.data, buf.size, &pos, &event) == 1);
		CHECK(fmt_writer_event(w, &event) == 0);
	}
	CHECK(fmt_writer_finish(w, NULL) == 0);
	fmt_buf_done(&buf);
}

struct asked {
	unsigned int times;
	unsigned int patience;		/* the answer to that question is no */
	uint64_t last;
};

static bool goes_on(void *data, uint64_t done, uint64_t count)
{
	struct asked *asked = data;

	HOLDS(count == 2 * EVENTS);
	HOLDS(done <= count && (!asked->times || done > asked->last));
	asked->last = done;
	return ++asked->times != asked->patience;
}

/* What fmt_diff() answers when the question number `patience` is denied, and what it has printed by then. */
static int compare(struct fmt_reader *r[2], unsigned int patience, struct asked *ret_asked, size_t *ret_said)
{
	struct asked asked = {.patience = patience};
	const struct fmt_diff_options options = {.ignore = FMT_IGNORE_TIME, .json = true, .go_on = goes_on, .go_on_data = &asked};
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_said);

	CHECK(out);
	const int got = fmt_diff(r[0], r[1], &options, out, NULL);

	fclose(out);
	free(text);
	*ret_asked = asked;
	return got;
}

int main(void)
{
	struct fmt_reader *r[2];
	struct asked asked;
	size_t said;

	for (int i = 0; i < 2; i++) {
		const int fd = mkstemp(paths[i]);

		CHECK(fd >= 0);
		close(fd);
		write_trace(paths[i], (vtime_ns)i);
		CHECK(fmt_reader_open(paths[i], &r[i], NULL) == 0);
	}
	EQUAL(compare(r, 0, &asked, &said), 0);
	HOLDS(said > 0);
	HOLDS(asked.times >= 20 && asked.last > 2 * EVENTS * 9 / 10);
	for (unsigned int patience = 1; patience <= 3; patience++) {
		EQUAL(compare(r, patience, &asked, &said), -ECANCELED);
		EQUAL(asked.times, patience);
		EQUAL(said, 0);
	}
	for (int i = 0; i < 2; i++) {
		fmt_reader_close(r[i]);
		unlink(paths[i]);
	}
	return done();
}
