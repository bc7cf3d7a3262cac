/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reader.c - reads a trace in either form: the database of a run that ended, the log of one that did not.
 *
 * Nothing in a trace is trusted.  Opening reads the index and checks it; a chunk is checked whole when the first of
 * its events is asked for; what does not fit is -EBADMSG with the place.  verify() checks all at once.
 *
 * Memory: the index (two hundred bytes for each chunk and file part, and its summary once something is looked for), CACHE_SIZE chunks
 * decoded (4 MiB of bodies and 1 MiB of fmt_event each, unless there are larger events), and 16 MiB of literals.
 */
#include "reader-int.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "effect.h"

#define SQLITE_MAGIC "SQLite format 3"	/* and its zero byte */
#define SQLITE_HEADER_SIZE 100
#define SQLITE_PAGE_SIZE_AT 16		/* u16, big-endian, 1 means 65536 */
#define SQLITE_PAGE_COUNT_AT 28		/* u32, big-endian */
#define SQLITE_USER_VERSION_AT 60
#define SQLITE_APPLICATION_ID_AT 68

#define WARM_MAX (8u << 20)	/* bytes */
#define WARM_LITERALS 8		/* so many chunks' literals are mostly wanted by one */

DEFINE_CLEANUP(struct fmt_reader *, fmt_reader_close)

void fmt_reader_close(struct fmt_reader *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < CACHE_SIZE; i++) {
		fmt_buf_done(&r->cache[i].bodies);
		free(r->cache[i].events);
	}
	for (size_t i = 0; i < LITERALS_SIZE; i++)
		fmt_buf_done(&r->literals[i].raw);
	for (size_t i = 0; r->summaries && i < r->index.chunk_count; i++)
		fmt_buf_done(&r->summaries[i]);
	free(r->summaries);
	fmt__slots_free(r->slots);
	fmt_buf_done(&r->stored);
	fmt_buf_done(&r->raw);
	fmt_buf_done(&r->part);
	ZSTD_freeDCtx(r->unpacker);
	fmt__db_close(r->db);
	fmt__index_done(&r->index);
	if (r->log_fd >= 0)
		close(r->log_fd);
	free(r);
}

/* ---- opening ---- */

static uint32_t be32(const uint8_t *from)
{
	return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

/* What the header of a database says, before SQLite sees it: only here a newer version can be told from damage. */
static int check_db_header(struct fmt_reader *r, const uint8_t *header, struct fmt_error *error)
{
	if (be32(header + SQLITE_APPLICATION_ID_AT) != FMT_APPLICATION_ID)
		return fmt__fail(error, -EBADMSG, "not a trace: it is an SQLite database of another "
						  "program");
	r->version = be32(header + SQLITE_USER_VERSION_AT);
	if (r->version > FMT_VERSION)
		return fmt__fail(error, -EPROTONOSUPPORT,
				 "the trace has format version %u, this program reads up to %d; "
				 "use the hindcast that recorded it, or a newer one",
				 r->version, FMT_VERSION);
	if (r->version == 0)
		return fmt__fail(error, -EBADMSG, "the trace has format version 0, which there never was");
	const uint32_t page = (uint32_t)header[SQLITE_PAGE_SIZE_AT] << 8 |
			      header[SQLITE_PAGE_SIZE_AT + 1];
	r->whole_size = (uint64_t)(page == 1 ? 65536 : page) * be32(header + SQLITE_PAGE_COUNT_AT);
	return 0;
}

static bool is_cut(const struct fmt_reader *r)
{
	return r->whole_size > r->file_size;
}

static int open_db(struct fmt_reader *r, const char *path, int fd, struct fmt_error *error)
{
	uint8_t header[SQLITE_HEADER_SIZE];
	int failed = fmt__read_at(fd, 0, header, sizeof(header));

	if (failed == -EBADMSG)
		return fmt__fail(error, -EBADMSG, "the trace is cut off within its header; copy it again");
	if (failed < 0)
		return fmt__fail(error, failed, "cannot read: %s", strerror(-failed));
	failed = check_db_header(r, header, error);
	if (failed < 0)
		return failed;
	failed = fmt__db_open(path, is_cut(r), &r->db, &r->index, error);
	if (failed == -EBADMSG && is_cut(r))
		return fmt__fail(error, -EBADMSG,
				 "the trace is cut off: it has %llu of its %llu bytes, too few to know what it is of; copy it again",
				 (unsigned long long)r->file_size, (unsigned long long)r->whole_size);
	return failed;
}

static int open_log(struct fmt_reader *r, int fd, struct fmt_error *error)
{
	uint64_t end, size;
	const int failed = fmt__log_scan(fd, &r->index, &end, &size, error);

	if (failed < 0)
		return failed;
	fmt__index_sort(&r->index);
	r->version = FMT_VERSION;
	r->file_size = size;
	const unsigned long long events = fmt__index_events(&r->index);

	if (end < size)
		snprintf(r->warning, sizeof(r->warning),
			 "the recorder did not come to its end, and the trace is cut or damaged at byte "
			 "%llu of %llu; the %llu events before that are whole",
			 (unsigned long long)end, (unsigned long long)size, events);
	else
		snprintf(r->warning, sizeof(r->warning),
			 "the recorder did not come to its end (or is still at work); the %llu events "
			 "that it flushed are whole", events);
	return 0;
}

static int check_features(const struct fmt_reader *r, struct fmt_error *error)
{
	const uint64_t unknown = r->index.incompat & ~(uint64_t)FMT_INCOMPAT_KNOWN;

	if (!unknown)
		return 0;
	return fmt__fail(error, -EPROTONOSUPPORT,
			 "the trace needs features %#llx, which this program does not have; "
			 "use the hindcast that recorded it, or a newer one",
			 (unsigned long long)unknown);
}

/* Which form it is, by its first bytes. */
static int open_form(struct fmt_reader *r, const char *path, int *fd, struct fmt_error *error)
{
	uint8_t magic[FMT_MAGIC_SIZE] = {0};
	const size_t size = r->file_size < FMT_MAGIC_SIZE ? r->file_size : FMT_MAGIC_SIZE;
	const int failed = fmt__read_at(*fd, 0, magic, size);

	if (failed < 0)
		return fmt__fail(error, failed, "cannot read: %s", strerror(-failed));
	if (size == 0)
		return fmt__fail(error, -EBADMSG, "not a trace: the file is empty");
	if (memcmp(magic, SQLITE_MAGIC, FMT_MAGIC_SIZE) == 0)
		return open_db(r, path, *fd, error);
	if (memcmp(magic, FMT_LOG_MAGIC, FMT_MAGIC_SIZE) == 0) {
		r->log_fd = STEAL_FD(*fd);
		return open_log(r, r->log_fd, error);
	}
	if (memcmp(magic, SQLITE_MAGIC, size) == 0 || memcmp(magic, FMT_LOG_MAGIC, size) == 0)
		return fmt__fail(error, -EBADMSG, "the trace is cut off after %zu bytes; copy it again",
				 size);
	return fmt__fail(error, -EBADMSG, "not a trace: it starts neither as an SQLite database "
					  "nor as a log of hindcast");
}

static void keep_whole(struct fmt_reader *r);

/* What was said of it when it was made from another trace. */
static void warn_of_changes(struct fmt_reader *r)
{
	static const char *const keys[] = {FMT_META_UNFINISHED, FMT_META_CHANGED};

	for (size_t i = 0; i < 2; i++) {
		const struct fmt__meta *meta = r->db ? fmt__index_meta(&r->index, keys[i]) : NULL;
		const size_t used = strlen(r->warning);

		/* A meta has a zero byte behind it. */
		if (meta)
			snprintf(r->warning + used, sizeof(r->warning) - used, "%s%s", used ? "; " : "", (const char *)meta->value);
	}
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* Memory for what the first search takes apart: to have it given then, page by page, would be a third of that search's time. */
static void warm(struct fmt_reader *r)
{
	size_t columns = 0, stored = 0, payload = 0, events = 0;

	for (size_t i = 0; i < r->index.chunk_count; i++) {
		const struct fmt__chunk *chunk = &r->index.chunks[i];

		columns = larger(columns, chunk->columns.raw_size);
		stored = larger(stored, chunk->columns.stored_size);
		payload = larger(payload, chunk->payload.raw_size);
		events = larger(events, chunk->count);
	}
	/* Bodies are about twice their columns. */
	if (3 * columns + stored + WARM_LITERALS * payload > WARM_MAX)
		return;
	struct fmt__cached *first = &r->cache[0];

	first->events = fmt__alloc(FMT_CHUNK_EVENTS_MAX * sizeof(*first->events));
	fmt__warm(first->events, events * sizeof(*first->events));
	fmt__buf_warm(&first->bodies, 2 * columns);
	fmt__buf_warm(&r->raw, columns);
	fmt__buf_warm(&r->stored, stored);
	for (size_t i = 0; i < WARM_LITERALS; i++)
		fmt__buf_warm(&r->literals[i].raw, payload);
}

/* The messages do not name the path: who asked knows it. */
int fmt_reader_open(const char *path, struct fmt_reader **ret, struct fmt_error *error)
{
	_cleanup_(fmt_reader_closep) struct fmt_reader *r = calloc(1, sizeof(*r));
	struct stat st;

	CHECK(r);
	r->log_fd = -EBADF;
	/* Not to hang on a fifo. */
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &st) < 0)
		return fmt__fail(error, -errno, "cannot open: %s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fmt__fail(error, S_ISDIR(st.st_mode) ? -EISDIR : -EBADMSG,
				 "not a trace: not a regular file");
	r->file_size = (uint64_t)st.st_size;
	int failed = open_form(r, path, &fd, error);

	if (failed == 0)
		failed = check_features(r, error);
	if (failed < 0)
		return failed;
	r->slots = fmt__slots_new();
	r->unpacker = ZSTD_createDCtx();
	CHECK(r->unpacker);
	warn_of_changes(r);
	if (is_cut(r))
		keep_whole(r);
	warm(r);
	*ret = STEAL(r);
	return 0;
}

/* ---- what the index knows ---- */

event_seq fmt_reader_count(const struct fmt_reader *r)
{
	return fmt__index_events(&r->index);
}

bool fmt_reader_finished(const struct fmt_reader *r)
{
	return r->db && fmt_reader_hash(r) && !fmt__index_meta(&r->index, FMT_META_UNFINISHED);
}

const uint8_t *fmt_reader_hash(const struct fmt_reader *r)
{
	const struct fmt__meta *meta = r->db && !is_cut(r) ? fmt__index_meta(&r->index, "format.hash") : NULL;

	return meta && meta->size == FMT_HASH_SIZE ? meta->value : NULL;
}

const char *fmt_reader_warning(const struct fmt_reader *r)
{
	return r->warning[0] ? r->warning : NULL;
}

const void *fmt_reader_meta(struct fmt_reader *r, const char *key, size_t *ret_size)
{
	const struct fmt__meta *meta = fmt__index_meta(&r->index, key);

	if (!meta)
		return NULL;
	if (ret_size)
		*ret_size = meta->size;
	return meta->value;
}

const char *fmt_reader_meta_key(const struct fmt_reader *r, size_t index)
{
	return index < r->index.meta_count ? r->index.metas[index].key : NULL;
}

const struct fmt_note *fmt_reader_note(const struct fmt_reader *r, size_t index)
{
	return index < r->index.note_count ? &r->index.notes[index] : NULL;
}

bool fmt_reader_file_at(const struct fmt_reader *r, size_t index, struct fmt_trace_file *ret)
{
	if (index >= r->index.file_count)
		return false;
	const struct fmt__file *file = &r->index.files[index];

	*ret = (struct fmt_trace_file){.size = file->size};
	memcpy(ret->hash, file->hash, FMT_HASH_SIZE);
	for (size_t i = 0; i < file->part_count; i++)
		ret->stored_size += r->index.parts[file->first_part + i].stored_size;
	return true;
}

void fmt_reader_stat(const struct fmt_reader *r, struct fmt_trace_stat *ret)
{
	const struct fmt__index *index = &r->index;
	struct fmt_trace_stat stat = {
		.version = r->version,
		.file_size = r->file_size,
		.events = fmt_reader_count(r),
		.chunks = index->chunk_count,
		.files = index->file_count,
	};

	for (size_t i = 0; i < index->chunk_count; i++) {
		const struct fmt__chunk *chunk = &index->chunks[i];

		stat.chunk_bytes += chunk->columns.stored_size + chunk->summary_size;
		stat.chunk_bytes_raw += chunk->columns.raw_size;
		stat.payload_bytes += chunk->payload.stored_size;
		stat.payload_bytes_raw += chunk->payload.raw_size;
	}
	for (size_t i = 0; i < index->part_count; i++) {
		stat.file_bytes += index->parts[i].stored_size;
		stat.file_bytes_raw += index->parts[i].raw_size;
	}
	if (index->chunk_count) {
		stat.first = index->chunks[0].t0;
		stat.last = index->chunks[index->chunk_count - 1].t1;
	}
	*ret = stat;
}

/* ---- events ---- */

int fmt__reader_load(struct fmt_reader *r, enum fmt__db_table table, uint64_t location, uint64_t size, struct fmt_error *error)
{
	if (r->db)
		return fmt__db_bytes(r->db, table, location, size, &r->stored, error);
	fmt_buf_clear(&r->stored);
	fmt_buf_reserve(&r->stored, size);
	const int failed = fmt__read_at(r->log_fd, location, r->stored.data, size);

	if (failed < 0)
		return fmt__fail(error, failed, "cannot read %llu bytes at byte %llu of the trace: %s",
				 (unsigned long long)size, (unsigned long long)location,
				 strerror(-failed));
	r->stored.size = size;
	return 0;
}

static struct fmt__cached *find_cached(struct fmt_reader *r, size_t chunk)
{
	for (size_t i = 0; i < CACHE_SIZE; i++)
		if (r->cache[i].valid && r->cache[i].chunk == chunk)
			return &r->cache[i];
	return NULL;
}

static struct fmt__cached *oldest_cached(struct fmt_reader *r)
{
	struct fmt__cached *oldest = &r->cache[0];

	for (size_t i = 1; i < CACHE_SIZE; i++)
		if (r->cache[i].used < oldest->used)
			oldest = &r->cache[i];
	return oldest;
}

/* The literals with the least use, or those of no use to the chunk that is taken apart. */
static struct fmt__cached_literals *oldest_literals(struct fmt_reader *r)
{
	struct fmt__cached_literals *oldest = &r->literals[0];

	for (size_t i = 0; i < LITERALS_SIZE; i++) {
		struct fmt__cached_literals *it = &r->literals[i];

		if (!it->used || it->chunk > r->decoding || it->chunk + FMT_PAYLOAD_CHUNKS < r->decoding)
			return it;
		if (it->used < oldest->used)
			oldest = it;
	}
	return oldest;
}

/* The literals of a chunk.  0, -EBADMSG, -errno. */
static int get_literals(struct fmt_reader *r, size_t number, const struct fmt_buf **ret, struct fmt_error *error)
{
	const struct fmt__chunk *chunk = &r->index.chunks[number];
	struct fmt__cached_literals *literals = NULL;

	for (size_t i = 0; i < LITERALS_SIZE && !literals; i++)
		if (r->literals[i].used && r->literals[i].chunk == number)
			literals = &r->literals[i];
	if (!literals) {
		literals = oldest_literals(r);
		literals->used = 0;
		literals->chunk = number;
		const int failed = fmt__reader_load(r, FMT__DB_PAYLOAD, chunk->payload.location, chunk->payload.stored_size, error);

		if (failed < 0)
			return failed;
		if (fmt__unpack_checked(r->unpacker, &chunk->payload, &r->stored, &literals->raw) < 0)
			return fmt__fail(error, -EBADMSG,
					 "chunk %zu (from event %llu): its payload has another checksum; the file is "
					 "damaged: copy or record it again",
					 number, (unsigned long long)chunk->first_seq);
	}
	literals->used = ++r->use_count;
	*ret = &literals->raw;
	return 0;
}

/* After a chunk: what is kept for the next ones is bounded, however large single events were. */
static void trim_literals(struct fmt_reader *r)
{
	for (;;) {
		struct fmt__cached_literals *oldest = NULL;
		size_t size = 0;

		for (size_t i = 0; i < LITERALS_SIZE; i++) {
			size += r->literals[i].raw.capacity;
			if (r->literals[i].raw.capacity && (!oldest || r->literals[i].used < oldest->used))
				oldest = &r->literals[i];
		}
		if (size <= LITERALS_KEPT)
			return;
		fmt_buf_done(&oldest->raw);
		*oldest = (struct fmt__cached_literals){0};
	}
}

/* Where a chunk copies from: literals of chunks before it, not too many. */
static const uint8_t *find_literals(void *context, uint64_t at, size_t *size)
{
	struct fmt_reader *r = context;
	const struct fmt_buf *raw;
	size_t high = r->decoding;

	/* Tails come last.  Their literals are nobody else's, so they do not count as chunks that lie between. */
	while (high > 0 && r->index.chunks[high - 1].tail)
		high--;
	if (high == 0)
		return NULL;
	size_t low = high > FMT_PAYLOAD_CHUNKS ? high - FMT_PAYLOAD_CHUNKS : 0;

	/* The last one that does not begin behind it. */
	while (high - low > 1) {
		const size_t middle = low + (high - low) / 2;

		if (r->index.chunks[middle].payload_start <= at)
			low = middle;
		else
			high = middle;
	}
	const struct fmt__chunk *chunk = &r->index.chunks[low];

	if (chunk->payload_start > at || at - chunk->payload_start >= chunk->payload.raw_size)
		return NULL;
	if (get_literals(r, low, &raw, r->source_error) < 0)
		return NULL;
	const size_t offset = at - chunk->payload_start;

	if (*size > raw->size - offset)
		*size = raw->size - offset;
	return raw->data + offset;
}

int fmt__reader_columns(struct fmt_reader *r, size_t number, struct fmt_buf *ret, struct fmt_error *error)
{
	const struct fmt__chunk *chunk = &r->index.chunks[number];
	const int failed = fmt__reader_load(r, FMT__DB_CHUNK, chunk->columns.location, chunk->columns.stored_size, error);

	if (failed < 0)
		return failed;
	if (fmt__unpack_checked(r->unpacker, &chunk->columns, &r->stored, ret) < 0)
		return fmt__fail(error, -EBADMSG,
				 "chunk %zu (from event %llu): it has another checksum; the file is "
				 "damaged: copy or record it again",
				 number, (unsigned long long)chunk->first_seq);
	return 0;
}

/* The first `wanted` events of a chunk. */
static int decode(struct fmt_reader *r, size_t number, uint32_t wanted, struct fmt__cached *ret, struct fmt_error *error)
{
	const struct fmt__chunk *chunk = &r->index.chunks[number];
	const struct fmt_buf *own = NULL;
	int failed = fmt__reader_columns(r, number, &r->raw, error);

	if (failed < 0)
		return failed;
	r->decoding = number;
	r->source_error = error;
	failed = get_literals(r, number, &own, error);
	if (failed < 0)
		return failed;
	const struct fmt__literals literals = {own->data, own->size, chunk->payload_start, find_literals, r};

	if (!ret->events)
		ret->events = fmt__alloc(FMT_CHUNK_EVENTS_MAX * sizeof(*ret->events));
	failed = fmt__chunk_decode(r->slots, chunk, wanted, r->raw.data, &literals, ret->events, &ret->bodies, error);
	trim_literals(r);
	return failed;
}

int fmt__reader_chunk(struct fmt_reader *r, size_t number, struct fmt__cached **ret,
		     struct fmt_error *error)
{
	struct fmt__cached *cached = find_cached(r, number);

	if (!cached) {
		cached = oldest_cached(r);
		cached->valid = false;
		r->last = NULL;
		const int failed = decode(r, number, r->index.chunks[number].count, cached, error);

		if (failed < 0)
			return failed;
		cached->chunk = number;
		cached->valid = true;
	}
	cached->used = ++r->use_count;
	r->last = cached;
	*ret = cached;
	return 0;
}

int fmt__reader_one(struct fmt_reader *r, event_seq seq, struct fmt_event *ret, struct fmt_buf *body, struct fmt_error *error)
{
	const size_t number = fmt__reader_chunk_of(r, seq);
	const uint32_t index = (uint32_t)(seq - r->index.chunks[number].first_seq);
	struct fmt__cached part = {0};
	const struct fmt__cached *cached = find_cached(r, number);
	const int failed = cached ? 0 : decode(r, number, index + 1, &part, error);

	if (failed == 0) {
		*ret = (cached ? cached : &part)->events[index];
		fmt_buf_clear(body);
		fmt_buf_put(body, ret->body, ret->body_size);
		ret->body = body->data;
	}
	free(part.events);
	fmt_buf_done(&part.bodies);
	return failed;
}

size_t fmt__reader_chunk_of(const struct fmt_reader *r, event_seq seq)
{
	size_t low = 0, high = r->index.chunk_count;

	CHECK(seq < fmt_reader_count(r));
	while (high - low > 1) {
		const size_t middle = low + (high - low) / 2;

		if (r->index.chunks[middle].first_seq <= seq)
			low = middle;
		else
			high = middle;
	}
	return low;
}

int fmt_reader_event(struct fmt_reader *r, event_seq seq, struct fmt_event *ret,
		     struct fmt_error *error)
{
	struct fmt__cached *cached = r->last;

	if (seq >= fmt_reader_count(r))
		return fmt__fail(error, -ERANGE, "the trace has %llu events, there is no event %llu",
				 (unsigned long long)fmt_reader_count(r), (unsigned long long)seq);
	/* Mostly the next event of the same chunk is asked for. */
	const struct fmt__chunk *chunk = cached ? &r->index.chunks[cached->chunk] : NULL;

	if (!chunk || seq < chunk->first_seq || seq - chunk->first_seq >= chunk->count) {
		const int failed = fmt__reader_chunk(r, fmt__reader_chunk_of(r, seq), &cached, error);

		if (failed < 0)
			return failed;
		chunk = &r->index.chunks[cached->chunk];
	}
	CHECK(seq - chunk->first_seq < chunk->count);
	*ret = cached->events[seq - chunk->first_seq];
	return 0;
}

int fmt_reader_seek(struct fmt_reader *r, vtime_ns vtime, event_seq *ret, struct fmt_error *error)
{
	size_t low = 0, high = r->index.chunk_count;
	struct fmt__cached *cached;

	/* The first chunk whose last event is not before. */
	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (r->index.chunks[middle].t1 >= vtime)
			high = middle;
		else
			low = middle + 1;
	}
	if (low == r->index.chunk_count) {
		*ret = fmt_reader_count(r);
		return 0;
	}
	const int failed = fmt__reader_chunk(r, low, &cached, error);

	if (failed < 0)
		return failed;
	const struct fmt__chunk *chunk = &r->index.chunks[low];
	uint32_t first = 0, end = chunk->count;

	while (first < end) {
		const uint32_t middle = first + (end - first) / 2;

		if (cached->events[middle].vtime >= vtime)
			end = middle;
		else
			first = middle + 1;
	}
	CHECK(first < chunk->count);
	*ret = chunk->first_seq + first;
	return 0;
}

bool fmt_reader_chunk_id(const struct fmt_reader *r, size_t index, struct fmt_chunk_id *ret)
{
	if (index >= r->index.chunk_count)
		return false;
	const struct fmt__chunk *chunk = &r->index.chunks[index];

	*ret = (struct fmt_chunk_id){chunk->first_seq, chunk->t0, chunk->t1, chunk->count, chunk->columns.raw_size,
				     chunk->columns.checksum, chunk->payload.raw_size, chunk->payload.checksum};
	return true;
}

/* ---- files ---- */

static int write_all(int fd, const uint8_t *bytes, size_t size)
{
	while (size) {
		const ssize_t n = write(fd, bytes, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		size -= (size_t)n;
	}
	return 0;
}

/* Reads a file's parts, checks them, and writes them to fd unless that is negative. */
static int copy_file(struct fmt_reader *r, const struct fmt__file *file, int fd,
		     struct fmt_error *error)
{
	_cleanup_(fmt__hash_freep) struct fmt__hash *hash = fmt__hash_new();
	uint8_t found[FMT_HASH_SIZE];

	for (size_t i = 0; i < file->part_count; i++) {
		const struct fmt__part *part = &r->index.parts[file->first_part + i];
		int failed = fmt__reader_load(r, FMT__DB_FILE, part->location, part->stored_size, error);

		if (failed < 0)
			return failed;
		if (fmt__unpack(r->unpacker, part->codec, r->stored.data, r->stored.size,
				part->raw_size, &r->part) < 0)
			return fmt__fail(error, -EBADMSG,
					 "embedded file %02x%02x%02x%02x...: part %zu cannot be "
					 "decompressed; copy or record the trace again",
					 file->hash[0], file->hash[1], file->hash[2], file->hash[3], i);
		fmt__hash_put(hash, r->part.data, r->part.size);
		failed = fd >= 0 ? write_all(fd, r->part.data, r->part.size) : 0;
		if (failed < 0)
			return fmt__fail(error, failed, "cannot write a copy of an embedded file: %s",
					 strerror(-failed));
	}
	fmt__hash_get(hash, found);
	if (memcmp(found, file->hash, FMT_HASH_SIZE) == 0)
		return 0;
	return fmt__fail(error, -EBADMSG,
			 "embedded file %02x%02x%02x%02x...: its content has another hash; "
			 "copy or record the trace again",
			 file->hash[0], file->hash[1], file->hash[2], file->hash[3]);
}

/* Are the bytes of a chunk there? */
static bool is_whole(struct fmt_reader *r, size_t number)
{
	const struct fmt__chunk *chunk = &r->index.chunks[number];
	const struct fmt_buf *literals;

	return fmt__reader_load(r, FMT__DB_CHUNK, chunk->columns.location, chunk->columns.stored_size, NULL) == 0 &&
	       fmt__unpack_checked(r->unpacker, &chunk->columns, &r->stored, &r->raw) == 0 &&
	       get_literals(r, number, &literals, NULL) == 0;
}

/* A database was cut: its chunks up to the first that is not whole are what is left, and those files that are whole.  It takes as
 * long as reading all of it. */
static void keep_whole(struct fmt_reader *r)
{
	const struct fmt__meta *said = fmt__index_meta(&r->index, "format.events");
	size_t chunks = 0, files = 0;

	CHECK(said);
	while (chunks < r->index.chunk_count && is_whole(r, chunks)) {
		trim_literals(r);
		r->decoding = ++chunks;
	}
	r->index.chunk_count = chunks;
	for (size_t i = 0; i < r->index.file_count; i++)
		if (copy_file(r, &r->index.files[i], -1, NULL) == 0)
			r->index.files[files++] = r->index.files[i];
	r->index.file_count = files;
	snprintf(r->warning, sizeof(r->warning),
		 "the trace is cut off: it has %llu of its %llu bytes; the first %llu of its %.*s events and %zu of its files are whole; "
		 "copy it again if you can",
		 (unsigned long long)r->file_size, (unsigned long long)r->whole_size,
		 (unsigned long long)fmt__index_events(&r->index), (int)(said->size < 20 ? said->size : 20), said->value, files);
}

int fmt_reader_file(struct fmt_reader *r, const uint8_t hash[FMT_HASH_SIZE],
		    struct fmt_error *error)
{
	const struct fmt__file *file = fmt__index_file(&r->index, hash);

	if (!file)
		return fmt__fail(error, -ENOENT, "the trace has no embedded file %02x%02x%02x%02x...",
				 hash[0], hash[1], hash[2], hash[3]);
	_cleanup_close_ int fd = memfd_create("hindcast-file", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return fmt__fail(error, -errno, "memfd_create: %s", strerror(errno));
	const int failed = copy_file(r, file, fd, error);

	if (failed < 0)
		return failed;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return fmt__fail(error, -errno, "cannot seal a copy of an embedded file: %s",
				 strerror(errno));
	if (lseek(fd, 0, SEEK_SET) < 0)
		return fmt__fail(error, -errno, "lseek: %s", strerror(errno));
	return STEAL_FD(fd);
}

/* ---- everything ---- */

static int check_effects(struct fmt_bytes list)
{
	struct fmt_effect effect;
	size_t pos = 0;
	int got;

	while ((got = fmt_effect_next(list.data, list.size, &pos, &effect)) > 0)
		continue;
	return got;
}

/* Known kinds have their fields, and effects are such. */
static int check_body(const struct fmt_event *event)
{
	const struct fmt_kind_info *info = fmt_kind_info(event->kind);
	struct fmt_value values[FMT_FIELD_MAX];

	if (!info)
		return 0;
	const int count = fmt_event_values(event, values);

	if (count < 0)
		return count;
	for (int i = 0; i < count; i++)
		if (info->fields[i].type == 'E' && check_effects(values[i].bytes) < 0)
			return -EBADMSG;
	return 0;
}

static int verify_events(struct fmt_reader *r, uint8_t ret_hash[FMT_HASH_SIZE],
			 struct fmt_error *error)
{
	_cleanup_(fmt__hash_freep) struct fmt__hash *hash = fmt__hash_new();
	_cleanup_(fmt_buf_done) struct fmt_buf record = {0};
	struct fmt_event event;

	for (event_seq seq = 0; seq < fmt_reader_count(r); seq++) {
		const int failed = fmt_reader_event(r, seq, &event, error);

		if (failed < 0)
			return failed;
		if (check_body(&event) < 0)
			return fmt__fail(error, -EBADMSG,
					 "event %llu (%s): its fields are not those of its kind",
					 (unsigned long long)seq, fmt_kind_info(event.kind)->name);
		fmt_buf_clear(&record);
		fmt_record_put(&record, &event);
		fmt__hash_put(hash, record.data, record.size);
	}
	fmt__hash_get(hash, ret_hash);
	return 0;
}

int fmt_reader_verify(struct fmt_reader *r, struct fmt_error *error)
{
	uint8_t events_hash[FMT_HASH_SIZE], run_hash[FMT_HASH_SIZE];
	int failed = verify_events(r, events_hash, error);

	for (size_t i = 0; failed == 0 && i < r->index.file_count; i++)
		failed = copy_file(r, &r->index.files[i], -1, error);
	if (failed == 0 && is_cut(r))
		return fmt__fail(error, -EBADMSG, "%s", r->warning);
	if (failed < 0 || !fmt_reader_hash(r))
		return failed;
	fmt__run_hash(&r->index, events_hash, run_hash);
	if (memcmp(run_hash, fmt_reader_hash(r), FMT_HASH_SIZE) == 0)
		return 0;
	return fmt__fail(error, -EBADMSG, "the trace is whole but its content has another run hash: "
					  "somebody changed it, or its hash");
}
