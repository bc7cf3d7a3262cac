/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * encoder.c - what a trace's writer has taken in becomes records of the log, in a thread of its own.
 *
 * The run goes on meanwhile.  The thread has three kinds of work: a full batch of events, which comes first since the next batch
 * cannot be given before; embedded files, part by part, whose content waits in memory; and the tail of a flush, which comes after the
 * files that were given before it, so that who reads up to it has them.  Where there cannot be a thread the same is done at once.
 * What is written is the same in either case but for the order of records, which no reader minds.
 *
 * Everything that encoding needs (columns, payload, summaries, hash, packer, the end of the log) is the thread's while it has work;
 * who else needs it waits first (fmt__encoder_wait()).  After the first error nothing is written any more.
 */
#include "writer-int.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "effect.h"

#define HASHED_AT_ONCE 16384u	/* bytes of records */
#define HASHED_APART 1024u	/* bodies from this size on */

/* A file whose content is to be embedded. */
struct file_job {
	struct file_job *next;
	uint8_t hash[FMT_HASH_SIZE];
	struct fmt__hash *check;	/* of the parts that were encoded */
	size_t size;
	uint8_t bytes[];
};

struct fmt__encoder {
	struct fmt_writer *writer;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t change;		/* of what follows */
	bool batch;			/* the writer's full batch is to be encoded */
	bool tail, tail_begun;		/* ... its tail is; is being */
	uint64_t tail_after;		/* ... once so many files were */
	struct file_job *files, **last_file;
	size_t files_size;		/* bytes of their contents */
	uint64_t files_given, files_done;
	bool stale;			/* a file did not have its hash */
	bool quit;			/* once there is nothing to do */
	int error;			/* the first */
};

/* ---- records ---- */

int fmt__writer_publish(struct fmt_writer *w)
{
	if (w->published || w->held)
		return 0;
	if (rename(w->part_path, w->path) < 0)
		return -errno;
	w->published = true;
	return 0;
}

static struct fmt__packed pack_columns(struct fmt_writer *w)
{
	const struct fmt_buf *raw = &w->columns.raw;

	return (struct fmt__packed){.codec = fmt__pack_columns(w->packer, &w->columns, &w->packed),
				    .raw_size = (uint32_t)raw->size,
				    .checksum = fmt_crc32c(0, raw->data, raw->size),
				    .stored_size = w->packed.size};
}

static struct fmt__packed pack_payload(struct fmt_writer *w)
{
	size_t size;
	const uint8_t *literals = fmt__payload_literals(w->payload, &size);

	return (struct fmt__packed){.codec = fmt__pack(w->packer, literals, size, &w->packed_payload),
				    .raw_size = (uint32_t)size,
				    .checksum = fmt_crc32c(0, literals, size),
				    .stored_size = w->packed_payload.size};
}

static void hash_records(struct fmt_writer *w)
{
	fmt__hash_put(w->hash, w->records.data, w->records.size);
	fmt_buf_clear(&w->records);
}

/* The hash of the run and the summary both want records.  A few at a time, so that they stay in the cache; large bodies are not
 * copied. */
static void sum_up(struct fmt_writer *w, const struct fmt__batch *batch)
{
	struct fmt_buf *records = &w->records;

	for (uint32_t i = 0; i < batch->count; i++) {
		const struct fmt_event *event = &batch->events[i];
		const size_t start = records->size + sizeof(le32);

		fmt_record_put_head(records, event);
		fmt__summary_see(w->summaries, event, (struct fmt_bytes){records->data + start, records->size - start});
		if (event->body_size < HASHED_APART)
			fmt_buf_put(records, event->body, event->body_size);
		if (event->body_size >= HASHED_APART || records->size >= HASHED_AT_ONCE)
			hash_records(w);
		if (event->body_size >= HASHED_APART)
			fmt__hash_put(w->hash, event->body, event->body_size);
	}
	hash_records(w);
	fmt__summary_put(w->summaries, &w->summary);
}

int fmt__writer_append(struct fmt_writer *w, struct fmt__batch *batch, bool tail)
{
	CHECK(batch->count);
	struct fmt__chunk chunk = {
		.first_seq = batch->first_seq,
		.t0 = batch->events[0].vtime,
		.t1 = batch->events[batch->count - 1].vtime,
		.count = batch->count,
		.tail = tail,
	};
	size_t at = 0;

	for (uint32_t i = 0; i < batch->count; at += batch->events[i++].body_size)
		batch->events[i].body = batch->bodies.data + at;
	fmt__columns_put(&w->columns, w->payload, /* learn= */ !tail, batch->events, chunk.count);
	chunk.columns = pack_columns(w);
	chunk.payload = pack_payload(w);
	chunk.payload_start = fmt__payload_start(w->payload);
	fmt_buf_clear(&w->summary);
	if (!tail)
		sum_up(w, batch);
	chunk.summary_size = w->summary.size;
	const int error = fmt__log_append_chunk(w->fd, &w->end, &chunk, w->packed.data, w->summary.data, w->packed_payload.data);

	if (tail)
		fmt__payload_drop(w->payload);
	else
		fmt__payload_commit(w->payload);
	return error < 0 ? error : fmt__writer_publish(w);
}

int fmt__writer_append_part(struct fmt_writer *w, const uint8_t hash[FMT_HASH_SIZE], uint32_t part,
			    const uint8_t *raw, size_t size)
{
	struct fmt_wire_file_part wire = {0};

	memcpy(wire.hash, hash, FMT_HASH_SIZE);
	le32_put(&wire.part, part);
	le32_put(&wire.codec, fmt__pack(w->file_packer, raw, size, &w->packed));
	le32_put(&wire.raw_size, (uint32_t)size);
	return fmt__log_append(w->fd, &w->end, FMT_RECORD_FILE_PART, &wire, sizeof(wire), w->packed.data, w->packed.size);
}

int fmt__writer_append_file(struct fmt_writer *w, const uint8_t hash[FMT_HASH_SIZE], uint64_t size, size_t part_count)
{
	struct fmt_wire_file wire = {0};

	memcpy(wire.hash, hash, FMT_HASH_SIZE);
	le64_put(&wire.size, size);
	le32_put(&wire.parts, (uint32_t)part_count);
	return fmt__log_append(w->fd, &w->end, FMT_RECORD_FILE, &wire, sizeof(wire), NULL, 0);
}

/* ---- the thread ---- */

/* The next part of a file: *part counts. */
static int encode_part(struct fmt_writer *w, struct file_job *job, uint32_t *part)
{
	const size_t at = (size_t)*part * FMT_FILE_PART_MAX;
	const size_t left = job->size - at;
	const size_t size = left < FMT_FILE_PART_MAX ? left : FMT_FILE_PART_MAX;

	fmt__hash_put(job->check, job->bytes + at, size);
	return fmt__writer_append_part(w, job->hash, (*part)++, job->bytes + at, size);
}

/* All of its parts are there. */
static bool is_encoded(const struct file_job *job, uint32_t parts)
{
	return (uint64_t)parts * FMT_FILE_PART_MAX >= job->size;
}

static bool is_stale(struct file_job *job)
{
	uint8_t found[FMT_HASH_SIZE];

	fmt__hash_get(job->check, found);
	return memcmp(found, job->hash, FMT_HASH_SIZE) != 0;
}

static void free_job(struct file_job *job)
{
	fmt__hash_free(job->check);
	free(job);
}

/* Takes the first file off the list. */
static void file_done(struct fmt__encoder *encoder)
{
	struct file_job *job = encoder->files;

	encoder->files = job->next;
	if (!encoder->files)
		encoder->last_file = &encoder->files;
	encoder->files_size -= job->size;
	encoder->files_done++;
	free_job(job);
}

/* Does the next piece of the first file; the lock is not held during it.  Parts count when the record of the file follows them; where
 * that fails, they are passed over. */
static void work_on_file(struct fmt__encoder *encoder, uint32_t *part)
{
	struct fmt_writer *w = encoder->writer;
	struct file_job *job = encoder->files;
	int error = encoder->error;

	CHECK(pthread_mutex_unlock(&encoder->lock) == 0);
	if (error == 0)
		error = encode_part(w, job, part);
	const bool whole = error < 0 || is_encoded(job, *part);
	const bool stale = error == 0 && whole && is_stale(job);

	if (error == 0 && whole && !stale)
		error = fmt__writer_append_file(w, job->hash, job->size, *part);
	CHECK(pthread_mutex_lock(&encoder->lock) == 0);
	encoder->error = error;
	encoder->stale = encoder->stale || stale;
	if (!whole)
		return;
	file_done(encoder);
	*part = 0;
}

/* As above, of events. */
static void work_on_events(struct fmt__encoder *encoder, struct fmt__batch *batch, bool tail)
{
	int error = encoder->error;

	CHECK(pthread_mutex_unlock(&encoder->lock) == 0);
	if (error == 0)
		error = fmt__writer_append(encoder->writer, batch, tail);
	CHECK(pthread_mutex_lock(&encoder->lock) == 0);
	encoder->error = error;
}

static bool is_tail_due(const struct fmt__encoder *encoder)
{
	return encoder->tail && encoder->files_done >= encoder->tail_after;
}

static void work(struct fmt__encoder *encoder, uint32_t *part)
{
	if (encoder->batch) {
		work_on_events(encoder, &encoder->writer->full, /* tail= */ false);
		encoder->batch = false;
	} else if (is_tail_due(encoder)) {
		encoder->tail_begun = true;
		work_on_events(encoder, &encoder->writer->tail, /* tail= */ true);
		encoder->tail = encoder->tail_begun = false;
	} else {
		work_on_file(encoder, part);
	}
}

static bool has_work(const struct fmt__encoder *encoder)
{
	return encoder->batch || encoder->tail || encoder->files;
}

static void *encoder_main(void *arg)
{
	struct fmt__encoder *encoder = arg;
	uint32_t part = 0;

	CHECK(pthread_mutex_lock(&encoder->lock) == 0);
	for (;;) {
		while (!has_work(encoder) && !encoder->quit)
			CHECK(pthread_cond_wait(&encoder->change, &encoder->lock) == 0);
		if (!has_work(encoder))
			break;
		work(encoder, &part);
		CHECK(pthread_cond_broadcast(&encoder->change) == 0);
	}
	CHECK(pthread_mutex_unlock(&encoder->lock) == 0);
	return NULL;
}

static void apply_cpus(const struct fmt_writer *w)
{
	/* Where it cannot be, it runs where it did: nothing but time depends on it. */
	if (CPU_COUNT(&w->cpus))
		pthread_setaffinity_np(w->encoder->thread, sizeof(w->cpus), &w->cpus);
}

void fmt_writer_run_on(struct fmt_writer *w, const cpu_set_t *cpus)
{
	w->cpus = *cpus;
	if (w->encoder)
		apply_cpus(w);
}

/* Signals are for the recorder's own threads. */
static void start(struct fmt_writer *w)
{
	struct fmt__encoder *encoder = calloc(1, sizeof(*encoder));
	sigset_t all, old;

	CHECK(encoder);
	encoder->writer = w;
	encoder->last_file = &encoder->files;
	CHECK(pthread_mutex_init(&encoder->lock, NULL) == 0 && pthread_cond_init(&encoder->change, NULL) == 0);
	sigfillset(&all);
	CHECK(pthread_sigmask(SIG_SETMASK, &all, &old) == 0);
	if (pthread_create(&encoder->thread, NULL, encoder_main, encoder) == 0) {
		w->encoder = encoder;
		pthread_setname_np(encoder->thread, "hindcast-trace");
		apply_cpus(w);
	} else {
		free(encoder);
	}
	CHECK(pthread_sigmask(SIG_SETMASK, &old, NULL) == 0);
}

static bool has_any(const struct fmt__encoder *encoder)
{
	return has_work(encoder);
}

static bool has_batch(const struct fmt__encoder *encoder)
{
	return encoder->batch;
}

static bool has_tail(const struct fmt__encoder *encoder)
{
	return encoder->tail;
}

/* Until it has nothing of a kind to do.  0, or the first error. */
static int wait_for(struct fmt_writer *w, bool (*has)(const struct fmt__encoder *encoder))
{
	struct fmt__encoder *encoder = w->encoder;

	if (!encoder)
		return 0;
	CHECK(pthread_mutex_lock(&encoder->lock) == 0);
	while (has(encoder))
		CHECK(pthread_cond_wait(&encoder->change, &encoder->lock) == 0);
	const int error = encoder->error;

	CHECK(pthread_mutex_unlock(&encoder->lock) == 0);
	return error;
}

int fmt__encoder_wait(struct fmt_writer *w)
{
	return wait_for(w, has_any);
}

int fmt__encoder_wait_batch(struct fmt_writer *w)
{
	return wait_for(w, has_batch);
}

int fmt__encoder_wait_tail(struct fmt_writer *w)
{
	return wait_for(w, has_tail);
}

bool fmt__encoder_stale(struct fmt_writer *w)
{
	if (!w->encoder)
		return false;
	CHECK(pthread_mutex_lock(&w->encoder->lock) == 0);
	const bool stale = w->encoder->stale;

	CHECK(pthread_mutex_unlock(&w->encoder->lock) == 0);
	return stale;
}

int fmt__encoder_batch(struct fmt_writer *w)
{
	if (!w->encoder)
		start(w);
	if (!w->encoder)
		return fmt__writer_append(w, &w->full, /* tail= */ false);
	CHECK(pthread_mutex_lock(&w->encoder->lock) == 0);
	CHECK(!w->encoder->batch);
	w->encoder->batch = true;
	/* It holds what the tail does, and a tail must not come after its chunk. */
	w->encoder->tail = w->encoder->tail_begun;
	CHECK(pthread_cond_broadcast(&w->encoder->change) == 0);
	CHECK(pthread_mutex_unlock(&w->encoder->lock) == 0);
	return 0;
}

int fmt__encoder_tail(struct fmt_writer *w)
{
	if (!w->encoder)
		start(w);
	if (!w->encoder)
		return fmt__writer_append(w, &w->tail, /* tail= */ true);
	CHECK(pthread_mutex_lock(&w->encoder->lock) == 0);
	CHECK(!w->encoder->tail);
	w->encoder->tail = true;
	w->encoder->tail_after = w->encoder->files_given;
	CHECK(pthread_cond_broadcast(&w->encoder->change) == 0);
	CHECK(pthread_mutex_unlock(&w->encoder->lock) == 0);
	return 0;
}

/* Adds a file to those that wait, once there is room. */
static int add_job(struct fmt__encoder *encoder, struct file_job *job)
{
	CHECK(pthread_mutex_lock(&encoder->lock) == 0);
	while (encoder->files_size > FMT__FILES_WAITING_MAX - job->size)
		CHECK(pthread_cond_wait(&encoder->change, &encoder->lock) == 0);
	const int error = encoder->error;

	*encoder->last_file = job;
	encoder->last_file = &job->next;
	encoder->files_size += job->size;
	encoder->files_given++;
	CHECK(pthread_cond_broadcast(&encoder->change) == 0);
	CHECK(pthread_mutex_unlock(&encoder->lock) == 0);
	return error;
}

int fmt__encoder_file(struct fmt_writer *w, const uint8_t hash[FMT_HASH_SIZE], int fd, size_t size)
{
	CHECK(size <= FMT__FILES_WAITING_MAX);
	if (!w->encoder)
		start(w);
	if (!w->encoder)
		return -EAGAIN;
	_cleanup_free_ struct file_job *job = malloc(sizeof(*job) + size);

	CHECK(job);
	const ssize_t got = fmt__read_part(fd, 0, job->bytes, size);

	if (got < 0)
		return (int)got;
	*job = (struct file_job){.size = (size_t)got, .check = fmt__hash_new()};
	memcpy(job->hash, hash, FMT_HASH_SIZE);
	return add_job(w->encoder, STEAL(job));
}

void fmt__writer_stop(struct fmt_writer *w)
{
	struct fmt__encoder *encoder = w->encoder;

	if (!encoder)
		return;
	CHECK(pthread_mutex_lock(&encoder->lock) == 0);
	encoder->quit = true;
	CHECK(pthread_cond_broadcast(&encoder->change) == 0);
	CHECK(pthread_mutex_unlock(&encoder->lock) == 0);
	CHECK(pthread_join(encoder->thread, NULL) == 0);
	pthread_mutex_destroy(&encoder->lock);
	pthread_cond_destroy(&encoder->change);
	free(STEAL(w->encoder));
}
