/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-note.c - notes come to a finished trace and go from it; its run stays what it was.
 */
#include "trace.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "unit.h"

#define EVENTS 1000

static char directory[] = "/tmp/hindcast-test-XXXXXX";
static char path[PATH_MAX];

static void write_trace(bool finished)
{
	struct fmt_writer *w;

	unlink(path);
	EQUAL(fmt_writer_new(path, &w), 0);
	for (uint64_t n = 0; n < EVENTS; n++)
		EQUAL(fmt_writer_event(w, &(struct fmt_event){.vtime = n, .node = 1, .kind = 1000}), 0);
	if (finished) {
		EQUAL(fmt_writer_finish(w, NULL), 0);
		return;
	}
	EQUAL(fmt_writer_flush(w, /* now= */ true), 0);
	fmt_writer_abandon(w);
}

static struct fmt_reader *open_good(void)
{
	struct fmt_error error = {{0}};
	struct fmt_reader *r = NULL;

	if (fmt_reader_open(path, &r, &error) < 0) {
		printf("not ok: %s: %s\n", path, error.text);
		exit(1);
	}
	return r;
}

static size_t count_notes(void)
{
	struct fmt_reader *r = open_good();
	size_t count = 0;

	while (fmt_reader_note(r, count))
		count++;
	EQUAL(fmt_reader_count(r), EVENTS);
	EQUAL(fmt_reader_verify(r, NULL), 0);
	fmt_reader_close(r);
	return count;
}

static const struct fmt_note here = {.seq = 7, .author = "somebody", .time_s = 1000, .text = "look here"};

static void test_add(void)
{
	struct fmt_error error = {{0}};
	uint64_t id = 0, second = 0;

	part("a note is added, with its id and without");
	write_trace(/* finished= */ true);
	EQUAL(fmt_note_add(path, &here, &id, &error), 0);
	EQUAL(id, 1);
	EQUAL(fmt_note_add(path, &here, /* ret_id= */ NULL, &error), 0);
	EQUAL(fmt_note_add(path, &here, &second, /* error= */ NULL), 0);
	EQUAL(second, 3);
	EQUAL(count_notes(), 3);
	struct fmt_reader *r = open_good();
	const struct fmt_note *note = fmt_reader_note(r, 1);

	EQUAL(note->id, 2);
	EQUAL(note->seq, here.seq);
	EQUAL(note->time_s, here.time_s);
	STRING(note->author, here.author);
	STRING(note->text, here.text);
	fmt_reader_close(r);
}

static void test_remove(void)
{
	struct fmt_error error = {{0}};

	part("a note is removed, once");
	EQUAL(fmt_note_remove(path, 2, &error), 0);
	EQUAL(count_notes(), 2);
	EQUAL(fmt_note_remove(path, 2, &error), -ENOENT);
	HOLDS(strstr(error.text, "no note 2"));
	EQUAL(count_notes(), 2);
}

/* A refusal changes neither the trace nor the caller's id. */
static void test_refuse(void)
{
	struct fmt_note beyond = here;
	struct fmt_error error = {{0}};
	uint64_t id = 99;

	part("what is refused");
	beyond.seq = EVENTS;
	EQUAL(fmt_note_add(path, &beyond, &id, &error), -EINVAL);
	HOLDS(error.text[0]);
	EQUAL(fmt_note_add(path, &beyond, NULL, NULL), -EINVAL);
	EQUAL(id, 99);
	EQUAL(count_notes(), 2);
	write_trace(/* finished= */ false);
	EQUAL(fmt_note_add(path, &here, NULL, &error), -EBUSY);
	EQUAL(fmt_note_remove(path, 1, &error), -EBUSY);
	unlink(path);
	EQUAL(fmt_note_add(path, &here, NULL, &error), -ENOENT);
}

/* The copy cannot be written: the trace stays, and there is nothing beside it. */
static void test_no_room(void)
{
	struct fmt_error error = {{0}};
	char copy_path[PATH_MAX + 8];

	part("a copy that cannot be made leaves the trace alone");
	write_trace(/* finished= */ true);
	snprintf(copy_path, sizeof(copy_path), "%s.tmp", path);
	EQUAL(mkdir(copy_path, 0700), 0);
	HOLDS(fmt_note_add(path, &here, NULL, &error) < 0);
	HOLDS(strstr(error.text, copy_path));
	EQUAL(rmdir(copy_path), 0);
	EQUAL(count_notes(), 0);
}

int main(void)
{
	HOLDS(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/notes.hct", directory);
	test_add();
	test_remove();
	test_refuse();
	test_no_room();
	unlink(path);
	rmdir(directory);
	return done();
}
