/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-note.c - notes come to a finished trace and go from it; its run stays what it was.
 */
#include "trace.h"

#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
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

static void in_trace(const char *at, const char *sql)
{
	sqlite3 *db;

	EQUAL(sqlite3_open(at, &db), SQLITE_OK);
	EQUAL(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	EQUAL(sqlite3_close(db), SQLITE_OK);
}

static int ask(const char *at, const char *sql)
{
	sqlite3_stmt *stmt;
	sqlite3 *db;

	EQUAL(sqlite3_open(at, &db), SQLITE_OK);
	EQUAL(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	EQUAL(sqlite3_step(stmt), SQLITE_ROW);
	const int answer = sqlite3_column_int(stmt, 0);

	sqlite3_finalize(stmt);
	EQUAL(sqlite3_close(db), SQLITE_OK);
	return answer;
}

static size_t meta_size(const char *key)
{
	struct fmt_reader *r = open_good();
	size_t size = 0;

	fmt_reader_meta(r, key, &size);
	fmt_reader_close(r);
	return size;
}

/* Somebody who sends a trace must not have a say in what happens to it here. */
static void test_trigger(void)
{
	part("what a trace wants to happen when it is noted does not");
	write_trace(/* finished= */ true);
	in_trace(path, "CREATE TRIGGER strange AFTER INSERT ON note BEGIN "
		       "INSERT INTO meta VALUES('stranger', x'2a'); UPDATE note SET text = 'gone'; END");
	EQUAL(fmt_note_add(path, &here, NULL, NULL), 0);
	EQUAL(meta_size("stranger"), 0);
	struct fmt_reader *r = open_good();

	STRING(fmt_reader_note(r, 0)->text, here.text);
	fmt_reader_close(r);
}

static void copy_to(const char *from, const char *to)
{
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");
	int c;

	HOLDS(in && out);
	while ((c = getc(in)) != EOF)
		putc(c, out);
	fclose(in);
	EQUAL(fclose(out), 0);
}

/* The journal of a transaction that would, rolled back, bring a stranger's meta in. */
static void make_journal(const char *at)
{
	char other[PATH_MAX + 8], journal[PATH_MAX + 16];
	sqlite3 *db;

	snprintf(other, sizeof(other), "%s.other", path);
	snprintf(journal, sizeof(journal), "%s-journal", other);
	copy_to(path, other);
	in_trace(other, "INSERT INTO meta VALUES('stranger', x'2a')");
	EQUAL(sqlite3_open(other, &db), SQLITE_OK);
	/* So small a cache that the journal is complete on the disk before the transaction ends. */
	EQUAL(sqlite3_exec(db, "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN; DELETE FROM meta WHERE key = 'stranger'; "
			       "CREATE TABLE more(x); INSERT INTO more VALUES(zeroblob(100000))", NULL, NULL, NULL), SQLITE_OK);
	copy_to(journal, at);
	EQUAL(sqlite3_close(db), SQLITE_OK);
	unlink(other);
}

static void test_journal(void)
{
	char copy_path[PATH_MAX + 8], journal[PATH_MAX + 16];

	part("a journal that lies where the copy will be is not rolled back into it");
	write_trace(/* finished= */ true);
	snprintf(copy_path, sizeof(copy_path), "%s.tmp", path);
	snprintf(journal, sizeof(journal), "%s-journal", copy_path);
	make_journal(journal);
	copy_to(path, copy_path);
	EQUAL(ask(copy_path, "SELECT count(*) FROM meta WHERE key = 'stranger'"), 1);
	make_journal(journal);
	EQUAL(fmt_note_add(path, &here, NULL, NULL), 0);
	EQUAL(meta_size("stranger"), 0);
	EQUAL(count_notes(), 1);
	HOLDS(access(journal, F_OK) < 0);
}

int main(void)
{
	HOLDS(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/notes.hct", directory);
	test_add();
	test_remove();
	test_refuse();
	test_no_room();
	test_trigger();
	test_journal();
	unlink(path);
	rmdir(directory);
	return done();
}
