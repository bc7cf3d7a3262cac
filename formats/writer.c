/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * writer.c - writes a trace.
 *
 * A trace has two forms.  While the run goes on it is a log (log.c): records appended to one file.  When the run
 * ends it becomes a database (database.c), which takes the place of the log.
 *
 * Why not a database from the start?  A recorder may be killed at any moment, and the one file it leaves,
 * copied elsewhere or read without the right to write, must be a trace.  A transaction of SQLite is not one write:
 * with a rollback journal, a kill within it leaves a file that is wrong without its journal; with a
 * write-ahead log, the file lacks what was not checkpointed, and is wrong within a checkpoint.  Every commit
 * changes a table's root page and page 1, and nothing writes two pages at once.  An appended record with a
 * checksum needs no companion: it is there or it is not.  The canonical layout needs a rewrite at the
 * end in either case, and timed flushes cost what they add, not a whole chunk each second.
 *
 *	path.part	the log, until its first flush; it does not touch what is at path
 *	path		the log after its first flush; the database after the end
 *	path.tmp	the database while it is written
 *
 * Invariants:
 * 1. Events are cut into chunks by their number and size alone (FMT_CHUNK_EVENTS_MAX, FMT_CHUNK_ROWS_MAX), never
 *    by time or flushes.
 * 2. In the log, tails hold what flushes wrote of the open chunk; its record supersedes them.
 * 3. flushed <= open.count; the events from flushed on are in no record yet, nor given to be.
 * 4. After the first error of the file nothing is written any more.
 *
 * Encoding takes many times as long as taking events in, so it is done by a thread of its own (encoder.c); what it writes is the same.
 *
 * Memory: three batches (FMT_CHUNK_ROWS_MAX each, or one event of FMT_BODY_MAX), a chunk's columns and compressed form, payload.c's
 * window, and 64 bytes for each connection (packets.c), the metas (FMT_META_MAX), files that wait to be
 * embedded (FMT__FILES_WAITING_MAX), 72 bytes for each file, and about 12 MiB of zstd.
 */
#include "past.h"
#include "writer-int.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "effect.h"
#include "unfinished.h"

/* A second at most is lost: a tenth of it is for the thread that writes what a flush gives it.  It takes longer where large files that
 * were mapped just before have to be embedded first. */
#define FLUSH_INTERVAL_NS 900000000ull

/* What finish() adds to the metas of the run, generously. */
#define OWN_METAS_MAX 16u
#define OWN_METAS_SIZE 65536u

static uint64_t wall_ns(void)
{
	struct timespec now;

	CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void fmt__writer_free(struct fmt_writer *w)
{
	if (!w)
		return;
	/* It may be at work yet. */
	fmt__writer_stop(w);
	fmt__writer_end_images(w);
	if (w->fd >= 0)
		close(w->fd);
	fmt_unfinished_remove(w->part_path);
	fmt_unfinished_remove(w->tmp_path);
	free(w->path);
	free(w->part_path);
	free(w->tmp_path);
	free(w->open.events);
	free(w->full.events);
	free(w->tail.events);
	fmt_buf_done(&w->open.bodies);
	fmt_buf_done(&w->full.bodies);
	fmt_buf_done(&w->tail.bodies);
	fmt__columns_done(&w->columns);
	fmt_buf_done(&w->records);
	fmt_buf_done(&w->packed);
	fmt_buf_done(&w->packed_payload);
	fmt_buf_done(&w->summary);
	fmt__payload_free(w->payload);
	fmt__summaries_free(w->summaries);
	fmt__hash_free(w->hash);
	fmt__index_done(&w->known);
	fmt__index_done(&w->said);
	fmt_buf_done(&w->facts);
	fmt_buf_done(&w->given);
	fmt_past_free(w->past);
	ZSTD_freeCCtx(w->packer);
	ZSTD_freeCCtx(w->file_packer);
	free(w);
}

/* ---- beginning ---- */

/* What is at path may be replaced: nothing, or a file that no recorder writes. */
static int check_replaceable(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	/* A rename would replace /dev/stdout, not write to it. */
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (flock(fd, LOCK_SH | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : 0;
	return 0;
}

static int open_log(const char *part_path)
{
	_cleanup_close_ int fd = open(part_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (ftruncate(fd, 0) < 0)
		return -errno;
	return STEAL_FD(fd);
}

/* Memory is there when it is used. */
static void batch_init(struct fmt__batch *batch)
{
	batch->events = fmt__alloc(FMT_CHUNK_EVENTS_MAX * sizeof(*batch->events));
	fmt_buf_reserve(&batch->bodies, FMT_CHUNK_ROWS_MAX);
}

int fmt_writer_new(const char *path, struct fmt_writer **ret)
{
	_cleanup_(fmt__writer_freep) struct fmt_writer *w = calloc(1, sizeof(*w));

	CHECK(w);
	CHECK(path[0]);
	w->fd = -EBADF;
	int error = check_replaceable(path);

	if (error < 0)
		return error;
	/* A link stays, and what it points to is replaced. */
	w->path = realpath(path, NULL);
	if (!w->path)
		w->path = strdup(path);
	CHECK(w->path);
	CHECK(asprintf(&w->part_path, "%s.part", w->path) > 0);
	CHECK(asprintf(&w->tmp_path, "%s.tmp", w->path) > 0);
	sigset_t old;

	fmt_unfinished_defer(&old);
	w->fd = open_log(w->part_path);
	if (w->fd >= 0) {
		fmt_unfinished_add(w->part_path);
		fmt_unfinished_add(w->tmp_path);
	}
	fmt_unfinished_resume(&old);
	if (w->fd < 0)
		return w->fd;
	error = fmt__log_begin(w->fd, &w->end);
	if (error < 0) {
		unlink(w->part_path);
		return error;
	}
	batch_init(&w->open);
	batch_init(&w->full);
	batch_init(&w->tail);
	w->hash = fmt__hash_new();
	w->packer = fmt__packer_new(/* far= */ true);
	w->file_packer = fmt__packer_new(/* far= */ false);
	w->payload = fmt__payload_new();
	w->summaries = fmt__summaries_new();
	w->flush_time_ns = wall_ns();
	*ret = STEAL(w);
	return 0;
}

/* ---- appending ---- */

/* Keeps the first error. */
int fmt__writer_error(struct fmt_writer *w, int error)
{
	if (error < 0 && w->error == 0)
		w->error = error;
	return error;
}

/* The open batch is full: it is encoded, and the other one, which has been, is open next.  The error may be that of the one before. */
static int close_chunk(struct fmt_writer *w)
{
	if (w->open.count == 0)
		return 0;
	const int error = fmt__encoder_wait_batch(w);

	if (error < 0)
		return error;
	const struct fmt__batch full = w->open;

	w->open = w->full;
	w->full = full;
	w->open.first_seq = full.first_seq + full.count;
	w->open.count = w->flushed = 0;
	w->flushed_bodies = 0;
	fmt_buf_clear(&w->open.bodies);
	return fmt__encoder_batch(w);
}

static bool fits_chunk(const struct fmt_writer *w, const struct fmt_event *event)
{
	const struct fmt__batch *open = &w->open;
	const size_t rows = open->bodies.size + event->body_size + (open->count + 1ull) * FMT_ROW_HEAD;

	return open->count == 0 || (open->count < FMT_CHUNK_EVENTS_MAX && rows <= FMT_CHUNK_ROWS_MAX);
}

static void put_in_chunk(struct fmt_writer *w, const struct fmt_event *event)
{
	CHECK(w->open.count < FMT_CHUNK_EVENTS_MAX);
	w->open.events[w->open.count++] = *event;
	fmt_buf_put(&w->open.bodies, event->body, event->body_size);
	w->vtime = event->vtime;
}

int fmt__writer_add(struct fmt_writer *w, const struct fmt_event *event)
{
	if (w->error < 0)
		return w->error;
	if (event->vtime < w->vtime || event->vtime > INT64_MAX)
		return -EINVAL;
	if (event->body_size > FMT_BODY_MAX)
		return -E2BIG;
	if (!fits_chunk(w, event)) {
		const int error = fmt__writer_error(w, close_chunk(w));

		if (error < 0)
			return error;
	}
	put_in_chunk(w, event);
	return 0;
}

/* ---- metas and files ---- */

int fmt_writer_meta(struct fmt_writer *w, const char *key, const void *value, size_t size)
{
	_cleanup_(fmt_buf_done) struct fmt_buf head = {0};

	if (w->error < 0)
		return w->error;
	if (!key[0] || fmt__meta_is_own(key))
		return -EINVAL;
	/* add_own_meta() needs room, too. */
	if (w->known.meta_count >= FMT_METAS_MAX - OWN_METAS_MAX ||
	    w->known.meta_bytes + w->said.meta_bytes + strlen(key) + size > FMT_META_MAX - OWN_METAS_SIZE)
		return -E2BIG;
	const int error = fmt__index_add_meta(&w->known, key, strlen(key), value, size);

	if (error < 0)
		return error;
	const int encoded = fmt__writer_error(w, fmt__encoder_wait(w));

	if (encoded < 0)
		return encoded;
	fmt_buf_put_u64(&head, strlen(key));
	fmt_buf_put(&head, key, strlen(key));
	return fmt__writer_error(w, fmt__log_append(w->fd, &w->end, FMT_RECORD_META, head.data, head.size,
					     value, size));
}

int fmt_writer_own_meta(struct fmt_writer *w, const char *key, const void *value, size_t size)
{
	CHECK(fmt__meta_is_own(key));
	if (w->said.meta_count >= OWN_METAS_MAX / 2 ||
	    w->known.meta_bytes + w->said.meta_bytes + strlen(key) + size > FMT_META_MAX - OWN_METAS_SIZE / 2)
		return -E2BIG;
	return fmt__index_add_meta(&w->said, key, strlen(key), value, size);
}

int fmt_writer_note(struct fmt_writer *w, const struct fmt_note *note)
{
	if (fmt__note_complaint(note, w->open.first_seq + w->open.count + 1))
		return -EINVAL;
	return fmt__index_add_note(&w->said, note);
}

void fmt_writer_hold(struct fmt_writer *w)
{
	CHECK(!w->open.first_seq && !w->open.count);
	w->held = true;
}

void fmt_writer_level(struct fmt_writer *w, int level)
{
	fmt__writer_error(w, fmt__encoder_wait(w));
	fmt__packer_level(w->packer, level);
	fmt__packer_level(w->file_packer, level);
}

/* Up to size bytes at a place of a file; fewer only at its end.  Number of bytes, -errno. */
ssize_t fmt__read_part(int fd, uint64_t at, uint8_t *ret, size_t size)
{
	size_t got = 0;

	while (got < size) {
		const ssize_t n = pread(fd, ret + got, size - got, (off_t)(at + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

/* A file that is too large to wait in memory is written at once, part by part; an empty one has one empty part.  The parts count when
 * the record of the file follows them; where that fails, they are passed over. */
static int append_file(struct fmt_writer *w, const uint8_t hash[FMT_HASH_SIZE], int fd)
{
	_cleanup_(fmt__hash_freep) struct fmt__hash *check = fmt__hash_new();
	_cleanup_free_ uint8_t *raw = malloc(FMT_FILE_PART_MAX);
	uint8_t found[FMT_HASH_SIZE];
	uint32_t part_count = 0;
	uint64_t at = 0;
	ssize_t size;
	int error = fmt__writer_error(w, fmt__encoder_wait(w));

	CHECK(raw);
	do {
		size = error < 0 ? error : fmt__read_part(fd, at, raw, FMT_FILE_PART_MAX);
		if (size < 0)
			return (int)size;
		if (size == 0 && part_count)
			break;
		fmt__hash_put(check, raw, (size_t)size);
		error = fmt__writer_error(w, fmt__writer_append_part(w, hash, part_count++, raw, (size_t)size));
		at += (uint64_t)size;
	} while (size == FMT_FILE_PART_MAX);
	fmt__hash_get(check, found);
	if (error == 0 && memcmp(found, hash, FMT_HASH_SIZE) != 0)
		return -ESTALE;
	return error < 0 ? error : fmt__writer_error(w, fmt__writer_append_file(w, hash, at, part_count));
}

int fmt_writer_file(struct fmt_writer *w, const uint8_t hash[FMT_HASH_SIZE], int fd)
{
	struct fmt__file file = {0};
	struct stat st;
	int error = -EAGAIN;

	if (w->error < 0)
		return w->error;
	if (w->ring)
		fmt_buf_put(&w->given, hash, FMT_HASH_SIZE);
	if (fmt__index_file(&w->known, hash))
		return 0;
	if (w->known.file_count >= FMT_FILES_MAX)
		return -E2BIG;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size > 0 && (uint64_t)st.st_size <= FMT__FILES_WAITING_MAX)
		error = fmt__encoder_file(w, hash, fd, (size_t)st.st_size);
	if (error == -EAGAIN)
		error = append_file(w, hash, fd);
	if (error < 0)
		return error;
	memcpy(file.hash, hash, FMT_HASH_SIZE);
	return fmt__index_add_file(&w->known, &file);
}

/* What came since the last flush; the chunk that will hold it all is written when it is full. */
static int give_tail(struct fmt_writer *w)
{
	const int error = fmt__encoder_wait_tail(w);

	if (error < 0)
		return error;
	w->tail.first_seq = w->open.first_seq + w->flushed;
	w->tail.count = w->open.count - w->flushed;
	memcpy(w->tail.events, w->open.events + w->flushed, w->tail.count * sizeof(*w->tail.events));
	fmt_buf_clear(&w->tail.bodies);
	if (w->open.bodies.size > w->flushed_bodies)
		fmt_buf_put(&w->tail.bodies, w->open.bodies.data + w->flushed_bodies, w->open.bodies.size - w->flushed_bodies);
	w->flushed = w->open.count;
	w->flushed_bodies = w->open.bodies.size;
	return fmt__encoder_tail(w);
}

int fmt_writer_flush(struct fmt_writer *w, bool now)
{
	if (w->error < 0)
		return w->error;
	const uint64_t wall = wall_ns();

	if (!now && wall - w->flush_time_ns < FLUSH_INTERVAL_NS)
		return 0;
	w->flush_time_ns = wall;
	const bool more = w->flushed < w->open.count;
	int error = more ? fmt__writer_error(w, give_tail(w)) : 0;

	/* Where there is nothing new, the thread has nothing that would put the log in its place. */
	if (error == 0 && (now || !more))
		error = fmt__writer_error(w, fmt__encoder_wait(w));
	if (error == 0 && !more)
		error = fmt__writer_error(w, fmt__writer_publish(w));
	return error == 0 && !now && fmt__encoder_stale(w) ? -ESTALE : error;
}

/* ---- ending ---- */

static void add_own_meta(struct fmt__index *index, const char *key, const void *value, size_t size)
{
	/* fmt_writer_meta() has refused these keys and left room for them. */
	CHECK(fmt__index_add_meta(index, key, strlen(key), value, size) == 0);
}

static void add_own_number(struct fmt__index *index, const char *key, uint64_t value)
{
	char text[24];
	const int size = snprintf(text, sizeof(text), "%llu", (unsigned long long)value);

	add_own_meta(index, key, text, (size_t)size);
}

/* From the log to the database at tmp_path. */
static int convert(struct fmt_writer *w, uint8_t ret_hash[FMT_HASH_SIZE])
{
	_cleanup_(fmt__index_done) struct fmt__index index = {0};
	uint8_t events_hash[FMT_HASH_SIZE];
	uint64_t end, size;
	int error = fmt__log_scan(w->fd, &index, &end, &size, NULL);

	if (error < 0)
		return error;
	/* Somebody wrote into our log, or the disk lost some of it. */
	if (end != w->end || fmt__index_events(&index) != w->open.first_seq)
		return -EIO;
	fmt__index_sort(&index);
	fmt__hash_get(w->hash, events_hash);
	fmt__run_hash(&index, events_hash, ret_hash);
	add_own_number(&index, "format.compat", index.compat);
	add_own_number(&index, "format.incompat", index.incompat);
	add_own_number(&index, "format.events", fmt__index_events(&index));
	add_own_meta(&index, "format.hash", ret_hash, FMT_HASH_SIZE);
	for (size_t i = 0; i < w->said.meta_count; i++)
		add_own_meta(&index, w->said.metas[i].key, w->said.metas[i].value, w->said.metas[i].size);
	for (size_t i = 0; i < w->said.note_count; i++)
		CHECK(fmt__index_add_note(&index, &w->said.notes[i]) == 0);
	fmt__index_sort(&index);
	if (unlink(w->tmp_path) < 0 && errno != ENOENT)
		return -errno;
	return fmt__db_write(w->tmp_path, w->fd, &index);
}

static int finish(struct fmt_writer *w, uint8_t ret_hash[FMT_HASH_SIZE])
{
	uint8_t hash[FMT_HASH_SIZE];

	if (w->error < 0)
		return w->error;
	const int described = fmt__writer_describe_ring(w);

	if (described < 0)
		return described;
	int error = fmt__writer_error(w, close_chunk(w));

	if (error == 0)
		error = fmt__writer_error(w, fmt__encoder_wait(w));
	if (error == 0 && fmt__encoder_stale(w))
		error = -ESTALE;
	if (error == 0)
		error = convert(w, hash);
	if (error == 0 && rename(w->tmp_path, w->path) < 0)
		error = -errno;
	if (error < 0) {
		unlink(w->tmp_path);
		return error;
	}
	if (!w->published)
		unlink(w->part_path);
	if (ret_hash)
		memcpy(ret_hash, hash, FMT_HASH_SIZE);
	return 0;
}

/* What is whole of the log is where the trace should be.  False: it has no events. */
static bool keep_log(struct fmt_writer *w)
{
	_cleanup_(fmt__index_done) struct fmt__index index = {0};
	uint64_t end, size;

	fmt__encoder_wait(w);
	if (w->published)
		return true;
	if (fmt__log_scan(w->fd, &index, &end, &size, NULL) < 0 || !fmt__index_events(&index)) {
		unlink(w->part_path);
		return false;
	}
	return fmt__writer_publish(w) == 0;
}

int fmt_writer_finish(struct fmt_writer *w, uint8_t ret_hash[FMT_HASH_SIZE])
{
	const int error = finish(w, ret_hash);

	if (error == 0)
		fmt__writer_free(w);
	return error;
}

bool fmt_writer_give_up(struct fmt_writer *w)
{
	const bool kept = keep_log(w);

	fmt__writer_free(w);
	return kept;
}

void fmt_writer_discard(struct fmt_writer *w)
{
	fmt__writer_stop(w);
	unlink(w->published ? w->path : w->part_path);
	fmt__writer_free(w);
}

void fmt_writer_abandon(struct fmt_writer *w)
{
	fmt__writer_free(w);
}
