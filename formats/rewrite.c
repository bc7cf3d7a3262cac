/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rewrite.c - a trace from another.
 *
 * Everything passes through the writer, so what comes out is a trace like any other: chunks cut by content, payload
 * stored once, a run hash of its own.  What was said of the first one (it is not finished, it was changed) is said of the second, too,
 * and notes go with the events that they are about. Source files go along.
 */
#include "rewrite.h"

#include <string.h>

#include "sources.h"
#include "writer-int.h"

struct copy {
	struct fmt_reader *from;
	struct fmt_writer *to;
	const struct fmt_rewrite *how;
	size_t next_note;
	event_seq written;
};

static int copy_metas(struct copy *copy)
{
	const char *key;

	for (size_t i = 0; (key = fmt_reader_meta_key(copy->from, i)); i++) {
		struct fmt_bytes value;

		if (fmt__meta_is_own(key))
			continue;
		value.data = fmt_reader_meta(copy->from, key, &value.size);
		if (copy->how->meta)
			value = copy->how->meta(copy->how->context, key, value);
		const int error = fmt_writer_meta(copy->to, key, value.data, value.size);

		if (error < 0)
			return error;
	}
	return 0;
}

static int copy_files(struct copy *copy, struct fmt_error *error)
{
	struct fmt_trace_file file;

	for (size_t i = 0; fmt_reader_file_at(copy->from, i, &file); i++) {
		if (copy->how->file && !copy->how->file(copy->how->context, file.hash))
			continue;
		_cleanup_close_ int fd = fmt_reader_file(copy->from, file.hash, error);
		/* It is what its hash says; so it need not be compressed again, unless that is what is wanted. */
		const int failed = fd < 0 ? fd : copy->how->level ? fmt_writer_file(copy->to, file.hash, fd)
								  : fmt__writer_carry(copy->to, copy->from, file.hash);

		if (failed < 0)
			return failed;
	}
	return 0;
}

/* Notes of events that are gone are at the next one that stays, or at the last. */
static int copy_notes(struct copy *copy, event_seq up_to)
{
	const struct fmt_note *note;

	for (; (note = fmt_reader_note(copy->from, copy->next_note)) && note->seq <= up_to; copy->next_note++) {
		struct fmt_note moved = *note;

		moved.seq = copy->written ? copy->written - 1 : 0;
		const int error = fmt_writer_note(copy->to, &moved);

		if (error < 0)
			return error;
	}
	return 0;
}

static int copy_events(struct copy *copy, struct fmt_error *error)
{
	struct fmt_event event;

	for (event_seq seq = 0; seq < fmt_reader_count(copy->from); seq++) {
		int got = fmt_reader_event(copy->from, seq, &event, error);

		if (got < 0)
			return got;
		if (copy->how->event && !copy->how->event(copy->how->context, &event))
			continue;
		got = fmt_writer_event(copy->to, &event);
		if (got < 0)
			return got;
		copy->written++;
		got = copy_notes(copy, seq);
		if (got < 0)
			return got;
	}
	return copy_notes(copy, UINT64_MAX);
}

/* What was said of the first trace, then what is said now. */
static int copy_sayings(struct copy *copy)
{
	_cleanup_(fmt_buf_done) struct fmt_buf changed = {0};
	size_t size = 0;
	const char *before = fmt_reader_meta(copy->from, FMT_META_CHANGED, &size);
	const char *unfinished = fmt_reader_finished(copy->from) ? NULL : fmt_reader_warning(copy->from);
	int error = 0;

	if (unfinished)
		error = fmt_writer_own_meta(copy->to, FMT_META_UNFINISHED, unfinished, strlen(unfinished));
	if (before)
		fmt_buf_put(&changed, before, size);
	if (before && copy->how->changed)
		fmt_buf_put(&changed, "; ", 2);
	if (copy->how->changed)
		fmt_buf_put(&changed, copy->how->changed, strlen(copy->how->changed));
	if (error == 0 && changed.size)
		error = fmt_writer_own_meta(copy->to, FMT_META_CHANGED, changed.data, changed.size);
	return error;
}

static int copy_sources(struct copy *copy, struct fmt_error *error)
{
	_cleanup_(fmt_buf_done) struct fmt_buf packed = {0};
	size_t size = 0;
	const void *value = fmt_reader_meta(copy->from, FMT_META_SOURCES, &size);

	if (copy->how->sources) {
		fmt_sources_pack(copy->how->sources, &packed);
		value = copy->how->sources->size ? packed.data : NULL;
		size = packed.size;
	}
	const int failed = value ? fmt_writer_own_meta(copy->to, FMT_META_SOURCES, value, size) : 0;

	return failed == -E2BIG ? fmt__fail(error, failed, "the programs' source takes %zu bytes, and all metas of a trace at most %u",
					    size, FMT_META_MAX) : failed;
}

static int write_copy(struct copy *copy, struct fmt_error *error)
{
	int failed = copy_metas(copy);

	if (copy->how->level)
		fmt_writer_level(copy->to, copy->how->level);
	if (failed == 0)
		failed = copy_files(copy, error);
	if (failed == 0 && copy->how->begin)
		failed = copy->how->begin(copy->how->context, copy->to, &copy->written);
	if (failed == 0)
		failed = copy_events(copy, error);
	if (failed == 0)
		failed = copy_sources(copy, error);
	return failed < 0 ? failed : copy_sayings(copy);
}

int fmt_rewrite(struct fmt_reader *from, const char *path, const struct fmt_rewrite *how, struct fmt_error *error)
{
	struct copy copy = {.from = from, .how = how};
	int failed = fmt_writer_new(path, &copy.to);

	error->text[0] = 0;
	if (failed == 0) {
		fmt_writer_hold(copy.to);
		failed = write_copy(&copy, error) ?: fmt_writer_finish(copy.to, NULL);
		if (failed < 0)
			fmt_writer_discard(copy.to);
	}
	if (failed < 0 && !error->text[0])
		return fmt__fail(error, failed, "cannot write %s: %s", path,
				 failed == -EINVAL ? "it is no regular file" : strerror(-failed));
	return failed;
}
