/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * note.c - notes are added to a finished trace by a copy that takes its place.
 *
 * Readers open a trace as immutable, so nothing in it may change under them; and a trace that is half written because
 * somebody was killed is worse than a copy.  On file systems that share blocks the copy costs nothing.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "trace-int.h"

uint64_t fmt_note_time_s(void)
{
	struct timespec now;

	CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
	return (uint64_t)now.tv_sec;
}

static int copy_file(int from, int to, uint64_t size)
{
	while (size) {
		const ssize_t got = copy_file_range(from, NULL, to, NULL, size, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -EIO;
		size -= (uint64_t)got;
	}
	return 0;
}

/* What bears the name of the copy's journal: SQLite would take it for one that it has to roll back. */
static int remove_journals(const char *copy_path)
{
	static const char *const suffixes[] = {"-journal", "-wal", "-shm"};

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		_cleanup_free_ char *path = NULL;

		CHECK(asprintf(&path, "%s%s", copy_path, suffixes[i]) > 0);
		if (unlink(path) < 0 && errno != ENOENT)
			return -errno;
	}
	return 0;
}

/* A copy of the trace, beside it, with its mode. */
static int copy_trace(const char *path, const char *copy_path)
{
	_cleanup_close_ int from = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (from < 0 || fstat(from, &st) < 0)
		return -errno;
	if (unlink(copy_path) < 0 && errno != ENOENT)
		return -errno;
	int error = remove_journals(copy_path);

	if (error < 0)
		return error;
	_cleanup_close_ int to = open(copy_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, st.st_mode & 0777);

	if (to < 0)
		return -errno;
	error = copy_file(from, to, (uint64_t)st.st_size);
	/* What was not written after all is told here, and not again. */
	if (error == 0 && close(STEAL_FD(to)) < 0)
		error = -errno;
	return error;
}

/* What is in the copy is on the disk before it takes the trace's place. */
static int put_in_place(const char *copy_path, const char *path)
{
	_cleanup_close_ int fd = open(copy_path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fdatasync(fd) < 0)
		return -errno;
	return rename(copy_path, path) < 0 ? -errno : 0;
}

/* With note, adds it; else removes the one with *id. */
static int change(const char *path, const struct fmt_note *note, uint64_t *id, struct fmt_error *error)
{
	_cleanup_free_ char *copy_path = NULL;

	CHECK(asprintf(&copy_path, "%s.tmp", path) > 0);
	int failed = copy_trace(path, copy_path);

	if (failed == 0)
		failed = note ? fmt__db_add_note(copy_path, note, id) : fmt__db_remove_note(copy_path, *id);
	if (failed == 0)
		failed = put_in_place(copy_path, path);
	if (failed == 0)
		return 0;
	unlink(copy_path);
	return fmt__fail(error, failed, "cannot write %s: %s", copy_path, strerror(-failed));
}

/* A trace that may have notes. */
static int open_finished(const char *path, struct fmt_reader **ret, struct fmt_error *error)
{
	const int failed = fmt_reader_open(path, ret, error);

	if (failed < 0 || fmt_reader_hash(*ret))
		return failed;
	fmt_reader_close(*ret);
	*ret = NULL;
	return fmt__fail(error, -EBUSY, "a trace whose recorder did not come to its end, or that is cut, can have no notes; "
					"hindcast pack makes one of it that can");
}

static bool has_note(const struct fmt_reader *r, uint64_t id)
{
	const struct fmt_note *note;

	for (size_t i = 0; (note = fmt_reader_note(r, i)); i++)
		if (note->id == id)
			return true;
	return false;
}

int fmt_note_add(const char *path, const struct fmt_note *note, uint64_t *ret_id, struct fmt_error *error)
{
	struct fmt_reader *reader = NULL;
	int failed = open_finished(path, &reader, error);
	uint64_t id = 0;

	if (failed < 0)
		return failed;
	const char *complaint = fmt__note_complaint(note, fmt_reader_count(reader));

	if (fmt_reader_note(reader, FMT_NOTES_MAX - 1))
		failed = fmt__fail(error, -E2BIG, "there are %u notes already", FMT_NOTES_MAX);
	else if (complaint)
		failed = fmt__fail(error, -EINVAL, "the note cannot be added: %s", complaint);
	fmt_reader_close(reader);
	if (failed == 0)
		failed = change(path, note, &id, error);
	if (failed == 0 && ret_id)
		*ret_id = id;
	return failed;
}

int fmt_note_remove(const char *path, uint64_t id, struct fmt_error *error)
{
	struct fmt_reader *reader = NULL;
	const int failed = open_finished(path, &reader, error);

	if (failed < 0)
		return failed;
	const bool found = has_note(reader, id);

	fmt_reader_close(reader);
	if (!found)
		return fmt__fail(error, -ENOENT, "there is no note %llu", (unsigned long long)id);
	return change(path, NULL, &id, error);
}
