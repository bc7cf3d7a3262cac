/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * writer-ring.c - a trace that keeps only the end of its run.
 *
 * A ring is a log that begins anew at each lap, which is `ring` of virtual time: another log is written with what must still be told
 * of what goes and the lap that has just ended, and takes the place of the first one.  So a kill at any moment leaves
 * a log of one lap at least.  It is a writer of its own, so its chunks and its hash are those of any trace with these events.
 *
 * What must still be told are images of all processes, so that the trace can be replayed.  The recorder need not make them: the
 * log that is there can be replayed, so `hindcast trim --images-only` executes it up to the beginning of the new lap, and does so
 * while that lap is being recorded.  So recording waits only when it is faster than replay, and since nothing but the trace has a
 * say in the images, they are the same however many workers there are.  When that fails (and always without a program) past.c tells
 * who there is, and that is all.
 *
 *	lap 1 is recorded             lap 2 is recorded                  lap 3 is recorded
 *	                              images of the end of lap 1         images of the end of lap 2
 *	log: lap 1                    log: laps 1, 2                     log: images of the end of lap 1, laps 2, 3
 */
#include "writer-int.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "past.h"
#include "text.h"

/* Events from one look whether the images are made to the next: some milliseconds. */
#define EVENTS_A_LOOK 256u

void fmt_writer_ring(struct fmt_writer *w, vtime_ns duration, const char *program)
{
	CHECK(duration && !w->open.first_seq && !w->open.count);
	w->ring = duration;
	w->past = fmt_past_new();
	w->program = program;
}

/* ---- images ------------------------------------------------------------- */

static char *images_path(const struct fmt_writer *w)
{
	char *path = NULL;

	CHECK(asprintf(&path, "%s.images", w->path) > 0);
	return path;
}

/* Runs the program that makes them; its words are nobody's.  0 or -errno. */
static int spawn(const char *program, char *const argv[], pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;

	CHECK(posix_spawn_file_actions_init(&actions) == 0 && posix_spawnattr_init(&attributes) == 0);
	CHECK(posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0);
	CHECK(posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) == 0);
	CHECK(posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0);
	/* A terminal's ^C is for the recorder. */
	CHECK(posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP) == 0);
	const int error = posix_spawn(ret, program, &actions, &attributes, argv, environ);

	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return -error;
}

/* Begins to make images of all processes as they are where the last lap begins, while it is being recorded. */
static void begin_images(struct fmt_writer *w)
{
	_cleanup_free_ char *path = images_path(w), *from = NULL;

	if (!w->program)
		return;
	CHECK(asprintf(&from, "%" PRIu64 "ns", w->lap_start) > 0);
	char *const argv[] = {"hindcast", "trim", "--images-only", "--from", from, "--output", path, w->path, NULL};

	if (spawn(w->program, argv, &w->imager) < 0) {
		w->imager = 0;
		w->program = NULL;
	}
}

/* What writers of a trace beside this one may have left: "images", "lap". */
static void remove_beside(const struct fmt_writer *w, const char *what)
{
	static const char *const suffixes[] = {"", ".part", ".tmp"};

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		_cleanup_free_ char *path = NULL;

		CHECK(asprintf(&path, "%s.%s%s", w->path, what, suffixes[i]) > 0);
		unlink(path);
	}
}

void fmt_writer_tidy(const struct fmt_writer *w)
{
	remove_beside(w, "images");
	remove_beside(w, "lap");
}

/* They are made, or not.  Their file loses its name at once: a recorder that is killed leaves nothing but its trace.  Without them
 * the trace begins without: the next ones would have nothing to begin with. */
static void take_images(struct fmt_writer *w, int status)
{
	_cleanup_free_ char *path = images_path(w);

	w->imager = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || fmt_reader_open(path, &w->images, NULL) < 0)
		w->program = NULL;
	remove_beside(w, "images");
}

static void await_images(struct fmt_writer *w)
{
	int status = 0;

	if (!w->imager)
		return;
	while (waitpid(w->imager, &status, 0) < 0 && errno == EINTR)
		continue;
	take_images(w, status);
}

/* Takes them if they are made. */
static void look_for_images(struct fmt_writer *w)
{
	int status = 0;

	if (!w->imager || ++w->imager_asked < EVENTS_A_LOOK)
		return;
	w->imager_asked = 0;
	if (waitpid(w->imager, &status, WNOHANG) > 0)
		take_images(w, status);
}

static void drop_images(struct fmt_writer *w)
{
	fmt_reader_close(w->images);
	w->images = NULL;
}

void fmt__writer_end_images(struct fmt_writer *w)
{
	if (!w->ring)
		return;
	if (w->imager)
		kill(w->imager, SIGKILL);
	await_images(w);
	drop_images(w);
	remove_beside(w, "images");
}

/* ---- a new log ---------------------------------------------------------- */

static int add_facts(struct fmt_writer *w, const struct fmt_buf *facts)
{
	struct fmt_event record;
	size_t pos = 0;
	int error = 0;

	while (error == 0 && fmt_record_next(facts->data, facts->size, &pos, &record) > 0)
		error = fmt__writer_add(w, &record);
	return error;
}

/* Events of a trace from a time on. */
static int add_events(struct fmt_writer *w, struct fmt_reader *reader, vtime_ns from)
{
	struct fmt_event event;
	event_seq seq = 0;
	int error = fmt_reader_seek(reader, from, &seq, NULL);

	for (; error == 0 && seq < fmt_reader_count(reader); seq++) {
		error = fmt_reader_event(reader, seq, &event, NULL);
		if (error == 0)
			error = fmt__writer_add(w, &event);
	}
	return error;
}

static bool has_hash(const struct fmt_buf *hashes, const uint8_t hash[FMT_HASH_SIZE])
{
	for (size_t at = 0; at < hashes->size; at += FMT_HASH_SIZE)
		if (memcmp(hashes->data + at, hash, FMT_HASH_SIZE) == 0)
			return true;
	return false;
}

/* Embedded files of a trace; given: only these, NULL: all. */
static int add_files(struct fmt_writer *w, struct fmt_reader *reader, const struct fmt_buf *given)
{
	struct fmt_trace_file file;
	int error = 0;

	for (size_t i = 0; error == 0 && fmt_reader_file_at(reader, i, &file); i++)
		if (!given || has_hash(given, file.hash))
			error = fmt__writer_carry(w, reader, file.hash);
	return error;
}

/* What the lap begins with: images and all that is told with them, or at least who there is. */
static int add_beginning(struct fmt_writer *w, const struct fmt_writer *old)
{
	if (!old->images)
		return add_facts(w, &old->facts);
	const int error = add_files(w, old->images, NULL);

	return error < 0 ? error : add_events(w, old->images, 0);
}

/* All that a log without what went has; it is published at its own path. */
static int fill_lap(struct fmt_writer *w, const struct fmt_writer *old)
{
	struct fmt_reader *reader = NULL;
	int error = 0;

	for (size_t i = 0; error == 0 && i < old->known.meta_count; i++)
		error = fmt_writer_meta(w, old->known.metas[i].key, old->known.metas[i].value, old->known.metas[i].size);
	if (error == 0)
		error = fmt_reader_open(old->path, &reader, NULL);
	if (error == 0)
		error = add_files(w, reader, &old->given);
	if (error == 0)
		error = add_beginning(w, old);
	if (error == 0)
		error = add_events(w, reader, old->lap_start);
	fmt_reader_close(reader);
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
	swap_buffers(&w->given, &new->given);
	w->program = old.program;
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

	/* Nobody asks this log's encoder any more. */
	if (error == 0 && fmt__encoder_stale(w))
		error = -ESTALE;
	if (error < 0)
		return error;
	await_images(w);
	CHECK(asprintf(&path, "%s.lap", w->path) > 0);
	error = fmt_writer_new(path, &new);
	if (error == 0)
		error = fill_lap(new, w);
	drop_images(w);
	if (error == 0)
		error = take_place(w, new);
	if (error < 0) {
		unlink(path);
		return error;
	}
	w->lap_start = now - now % w->ring;
	fmt_buf_clear(&w->facts);
	fmt_past_put(w->past, &w->facts);
	begin_images(w);
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
	look_for_images(w);
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
	fmt_put_text(&text, ": %s%s", w->lapped ? "only the end of the run is there" : "all of the run is there",
		     w->program || !w->lapped ? "" : ", and it cannot be replayed");
	return fmt_writer_own_meta(w, FMT_META_CHANGED, text.data, text.size);
}
