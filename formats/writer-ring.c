/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * writer-ring.c - a trace that keeps only the end of its run.
 *
 * A ring is a log that begins anew at each lap, which is `ring` of virtual time: another log is written with what must still be told
 * of what goes (past.c) and the lap that has just ended, and takes the place of the first one.  So a kill at any moment leaves
 * a log of one lap at least.  It is a writer of its own, so its chunks and its hash are those of any trace with these events.
 */
#include "writer-int.h"

#include <stdio.h>
#include <string.h>

#include "past.h"
#include "text.h"

void fmt_writer_ring(struct fmt_writer *w, vtime_ns duration)
{
	CHECK(duration && !w->open.first_seq && !w->open.count);
	w->ring = duration;
	w->past = fmt_past_new();
}

static int add_facts(struct fmt_writer *w, const struct fmt_buf *facts)
{
	struct fmt_event record;
	size_t pos = 0;
	int error = 0;

	while (error == 0 && fmt_record_next(facts->data, facts->size, &pos, &record) > 0)
		error = fmt__writer_add(w, &record);
	return error;
}

/* The lap that has ended, from the old log to the new one. */
static int add_lap(struct fmt_writer *w, const char *log_path, vtime_ns from)
{
	struct fmt_reader *reader = NULL;
	struct fmt_event event;
	event_seq seq = 0;
	int error = fmt_reader_open(log_path, &reader, NULL);

	if (error == 0)
		error = fmt_reader_seek(reader, from, &seq, NULL);
	for (; error == 0 && seq < fmt_reader_count(reader); seq++) {
		error = fmt_reader_event(reader, seq, &event, NULL);
		if (error == 0)
			error = fmt__writer_add(w, &event);
	}
	fmt_reader_close(reader);
	return error;
}

/* All that a log without what went has; it is published at its own path. */
static int fill_lap(struct fmt_writer *w, const struct fmt_writer *old)
{
	int error = 0;

	for (size_t i = 0; error == 0 && i < old->known.meta_count; i++)
		error = fmt_writer_meta(w, old->known.metas[i].key, old->known.metas[i].value, old->known.metas[i].size);
	if (error == 0)
		error = add_facts(w, &old->facts);
	if (error == 0)
		error = add_lap(w, old->path, old->lap_start);
	return error == 0 ? fmt_writer_flush(w, /* now= */ true) : error;
}

static void swap_buffers(struct fmt_buf *a, struct fmt_buf *b)
{
	const struct fmt_buf old = *a;

	*a = *b;
	*b = old;
}

/* The new log takes the place of the old one, and its writer that of this one. */
static int take_place(struct fmt_writer *w, struct fmt_writer *new)
{
	/* Threads know their writers by their places. */
	fmt__writer_stop(w);
	fmt__writer_stop(new);
	if (rename(new->path, w->path) < 0)
		return -errno;
	const struct fmt_writer old = *w, laps = *new;

	*w = laps;
	*new = old;
	/* The names stay, and so does what is known of the ring. */
	w->path = old.path;
	w->part_path = old.part_path;
	w->tmp_path = old.tmp_path;
	new->path = laps.path;
	new->part_path = laps.part_path;
	new->tmp_path = laps.tmp_path;
	w->ring = old.ring;
	w->lapped = true;
	w->said = old.said;
	new->said = (struct fmt__index){0};
	swap_buffers(&w->facts, &new->facts);
	w->past = old.past;
	new->past = NULL;
	return 0;
}

/* A lap has ended: what came before it goes. */
static int lap(struct fmt_writer *w, vtime_ns now)
{
	_cleanup_(fmt__writer_freep) struct fmt_writer *new = NULL;
	_cleanup_free_ char *path = NULL;
	int error = fmt_writer_flush(w, /* now= */ true);

	if (error < 0)
		return error;
	CHECK(asprintf(&path, "%s.lap", w->path) > 0);
	error = fmt_writer_new(path, &new);
	if (error == 0)
		error = fill_lap(new, w);
	if (error == 0)
		error = take_place(w, new);
	if (error < 0) {
		unlink(path);
		return error;
	}
	w->lap_start = now - now % w->ring;
	fmt_buf_clear(&w->facts);
	fmt_past_put(w->past, &w->facts);
	return 0;
}

int fmt_writer_event(struct fmt_writer *w, const struct fmt_event *event)
{
	if (!w->ring)
		return fmt__writer_add(w, event);
	if (w->error == 0 && event->vtime <= INT64_MAX && event->vtime >= w->lap_start + w->ring) {
		const int error = fmt__writer_error(w, lap(w, event->vtime));

		if (error < 0)
			return error;
	}
	fmt_past_learn(w->past, event);
	return fmt__writer_add(w, event);
}

int fmt__writer_describe_ring(struct fmt_writer *w)
{
	_cleanup_(fmt_buf_done) struct fmt_buf text = {0};

	if (!w->ring)
		return 0;
	fmt_put_text(&text, "recorded as a ring of ");
	fmt_put_vtime(&text, w->ring);
	fmt_put_text(&text, ": %s, and it cannot be replayed", w->lapped ? "only the end of the run is there" : "files are not kept");
	return fmt_writer_own_meta(w, FMT_META_CHANGED, text.data, text.size);
}
