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
#include "trace-int.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "effect.h"
#include "packets.h"

#define CACHE_SIZE 4
#define LITERALS_SIZE (FMT_PAYLOAD_CHUNKS + 2)	/* a chunk's own, and all that it may copy from */
#define LITERALS_KEPT (16u << 20)		/* bytes of them between two chunks */

#define SQLITE_MAGIC "SQLite format 3"	/* and its zero byte */
#define SQLITE_HEADER_SIZE 100
#define SQLITE_PAGE_SIZE_AT 16		/* u16, big-endian, 1 means 65536 */
#define SQLITE_PAGE_COUNT_AT 28		/* u32, big-endian */
#define SQLITE_USER_VERSION_AT 60
#define SQLITE_APPLICATION_ID_AT 68

struct cached {
	size_t chunk;			/* in the index; valid when events is set */
	uint64_t used;			/* larger: later */
	struct fmt_buf bodies;
	struct fmt_event *events;	/* chunk's count */
};

struct literals {
	size_t chunk;			/* in the index; valid when used is set */
	uint64_t used;			/* larger: later */
	struct fmt_buf raw;
};

struct fmt_reader {
	int log_fd;			/* of a log, or -EBADF */
	struct fmt__db *db;		/* of a database, or NULL */
	struct fmt__index index;
	uint32_t version;
	uint64_t file_size;
	uint64_t whole_size;		/* of the database, as it says; more than file_size: it was cut */
	char warning[1024];		/* empty: none */
	struct cached cache[CACHE_SIZE];
	struct cached *last;		/* of cache; NULL at first */
	uint64_t use_count;
	struct literals literals[LITERALS_SIZE];
	size_t decoding;		/* number of the chunk that is taken apart */
	struct fmt_error *source_error;	/* where its literals' source says what is wrong */
	struct fmt_buf *summaries;	/* of all chunks; NULL until somebody looks for something */
	struct fmt_buf stored;
	struct fmt_buf raw;		/* a chunk on its way to the cache */
	struct fmt_buf part;
	ZSTD_DCtx *unpacker;
};

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
	r->unpacker = ZSTD_createDCtx();
	CHECK(r->unpacker);
	warn_of_changes(r);
	if (is_cut(r))
		keep_whole(r);
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

/* The stored bytes of a chunk or file part into r->stored. */
static int load(struct fmt_reader *r, enum fmt__db_table table, uint64_t location, uint64_t size,
		struct fmt_error *error)
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

static struct cached *find_cached(struct fmt_reader *r, size_t chunk)
{
	for (size_t i = 0; i < CACHE_SIZE; i++)
		if (r->cache[i].events && r->cache[i].chunk == chunk)
			return &r->cache[i];
	return NULL;
}

static struct cached *oldest_cached(struct fmt_reader *r)
{
	struct cached *oldest = &r->cache[0];

	for (size_t i = 1; i < CACHE_SIZE; i++)
		if (r->cache[i].used < oldest->used)
			oldest = &r->cache[i];
	return oldest;
}

/* The literals with the least use, or those of no use to the chunk that is taken apart. */
static struct literals *oldest_literals(struct fmt_reader *r)
{
	struct literals *oldest = &r->literals[0];

	for (size_t i = 0; i < LITERALS_SIZE; i++) {
		struct literals *it = &r->literals[i];

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
	struct literals *literals = NULL;

	for (size_t i = 0; i < LITERALS_SIZE && !literals; i++)
		if (r->literals[i].used && r->literals[i].chunk == number)
			literals = &r->literals[i];
	if (!literals) {
		literals = oldest_literals(r);
		literals->used = 0;
		literals->chunk = number;
		const int failed = load(r, FMT__DB_PAYLOAD, chunk->payload.location, chunk->payload.stored_size, error);

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
		struct literals *oldest = NULL;
		size_t size = 0;

		for (size_t i = 0; i < LITERALS_SIZE; i++) {
			size += r->literals[i].raw.capacity;
			if (r->literals[i].raw.capacity && (!oldest || r->literals[i].used < oldest->used))
				oldest = &r->literals[i];
		}
		if (size <= LITERALS_KEPT)
			return;
		fmt_buf_done(&oldest->raw);
		*oldest = (struct literals){0};
	}
}

/* Where a chunk copies from: literals of chunks before it, not too many. */
static const uint8_t *find_literals(void *context, uint64_t at, size_t *size)
{
	struct fmt_reader *r = context;
	const struct fmt_buf *raw;
	size_t low = r->decoding > FMT_PAYLOAD_CHUNKS ? r->decoding - FMT_PAYLOAD_CHUNKS : 0;
	size_t high = r->decoding;

	/* The last one that does not begin behind it, and is no tail: those come last, and begin at the end. */
	while (high - low > 1) {
		const size_t middle = low + (high - low) / 2;

		if (r->index.chunks[middle].payload_start <= at && !r->index.chunks[middle].tail)
			low = middle;
		else
			high = middle;
	}
	const struct fmt__chunk *chunk = &r->index.chunks[low];

	if (low == r->decoding || chunk->payload_start > at || at - chunk->payload_start >= chunk->payload.raw_size)
		return NULL;
	if (get_literals(r, low, &raw, r->source_error) < 0)
		return NULL;
	const size_t offset = at - chunk->payload_start;

	if (*size > raw->size - offset)
		*size = raw->size - offset;
	return raw->data + offset;
}

static int decode(struct fmt_reader *r, size_t number, struct cached *ret, struct fmt_error *error)
{
	const struct fmt__chunk *chunk = &r->index.chunks[number];
	const struct fmt_buf *own = NULL;
	int failed = load(r, FMT__DB_CHUNK, chunk->columns.location, chunk->columns.stored_size, error);

	if (failed < 0)
		return failed;
	if (fmt__unpack_checked(r->unpacker, &chunk->columns, &r->stored, &r->raw) < 0)
		return fmt__fail(error, -EBADMSG,
				 "chunk %zu (from event %llu): it has another checksum; the file is "
				 "damaged: copy or record it again",
				 number, (unsigned long long)chunk->first_seq);
	r->decoding = number;
	r->source_error = error;
	failed = get_literals(r, number, &own, error);
	if (failed < 0)
		return failed;
	_cleanup_free_ struct fmt_event *events = calloc(chunk->count, sizeof(*events));
	const struct fmt__literals literals = {own->data, own->size, chunk->payload_start, find_literals, r};

	CHECK(events);
	failed = fmt__chunk_decode(chunk, r->raw.data, &literals, events, &ret->bodies, error);
	trim_literals(r);
	if (failed < 0)
		return failed;
	ret->events = STEAL(events);
	ret->chunk = number;
	return 0;
}

/* A chunk, decoded.  0, -EBADMSG, -errno. */
static int get_chunk(struct fmt_reader *r, size_t number, struct cached **ret,
		     struct fmt_error *error)
{
	struct cached *cached = find_cached(r, number);

	if (!cached) {
		cached = oldest_cached(r);
		free(STEAL(cached->events));
		r->last = NULL;
		const int failed = decode(r, number, cached, error);

		if (failed < 0)
			return failed;
	}
	cached->used = ++r->use_count;
	r->last = cached;
	*ret = cached;
	return 0;
}

/* The chunk that holds an event of the trace. */
static size_t chunk_of(const struct fmt_reader *r, event_seq seq)
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
	struct cached *cached = r->last;

	if (seq >= fmt_reader_count(r))
		return fmt__fail(error, -ERANGE, "the trace has %llu events, there is no event %llu",
				 (unsigned long long)fmt_reader_count(r), (unsigned long long)seq);
	/* Mostly the next event of the same chunk is asked for. */
	const struct fmt__chunk *chunk = cached ? &r->index.chunks[cached->chunk] : NULL;

	if (!chunk || seq < chunk->first_seq || seq - chunk->first_seq >= chunk->count) {
		const int failed = get_chunk(r, chunk_of(r, seq), &cached, error);

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
	struct cached *cached;

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
	const int failed = get_chunk(r, low, &cached, error);

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

/* ---- looking for something ---- */

/* All summaries, once. */
static int load_summaries(struct fmt_reader *r, struct fmt_error *error)
{
	if (r->summaries || !r->index.chunk_count)
		return 0;
	r->summaries = calloc(r->index.chunk_count, sizeof(*r->summaries));
	CHECK(r->summaries);
	for (size_t i = 0; i < r->index.chunk_count; i++) {
		const struct fmt__chunk *chunk = &r->index.chunks[i];
		const int failed = chunk->summary_size ? load(r, FMT__DB_SUMMARY, chunk->summary_location, chunk->summary_size, error) : 0;

		if (failed < 0)
			return failed;
		if (chunk->summary_size)
			fmt_buf_put(&r->summaries[i], r->stored.data, chunk->summary_size);
	}
	return 0;
}

/* The frame that an event sends.  False: it sends none. */
static bool frame_of(const struct fmt_event *event, struct fmt_frame *ret)
{
	struct fmt_ev_packet_send ev;

	if (event->kind != FMT_packet_send || fmt_get_packet_send(event, &ev) < 0)
		return false;
	fmt_frame_decode(ev.frame.data, ev.frame.size, ret);
	return true;
}

/* The connection that is looked for, by a frame of it: the one that began it.  1, 0: no chunk says where, -EBADMSG. */
static int find_beginning(struct fmt_reader *r, uint64_t number, struct fmt_frame *ret, struct fmt_error *error)
{
	for (size_t i = 0; i < r->index.chunk_count; i++) {
		struct fmt__summary_stream stream = {0};
		struct fmt_event event;
		size_t pos = 0;

		while (fmt__summary_stream(r->summaries[i].data, r->summaries[i].size, &pos, &stream) > 0) {
			if (stream.number != number || !stream.begins)
				continue;
			const int failed = fmt_reader_event(r, r->index.chunks[i].first_seq + stream.index, &event, error);

			return failed < 0 ? failed : frame_of(&event, ret);
		}
	}
	return 0;
}

/* Which events of a chunk may be of a connection that is there: those from where it begins, to where another with the same
 * addresses and ports does. */
struct span {
	uint32_t first, end;
};

static struct span span_of(const struct fmt_reader *r, const struct cached *cached, uint64_t number, const struct fmt_frame *frame)
{
	const struct fmt_buf *summary = &r->summaries[cached->chunk];
	struct span span = {0, r->index.chunks[cached->chunk].count};
	struct fmt__summary_stream stream = {0};
	struct fmt_frame other;
	size_t pos = 0;

	/* By number, so one that comes later begins later. */
	while (fmt__summary_stream(summary->data, summary->size, &pos, &stream) > 0) {
		if (!stream.begins || stream.index >= span.end || stream.number < number)
			continue;
		if (stream.number == number)
			span.first = stream.index;
		else if (frame_of(&cached->events[stream.index], &other) && fmt_same_connection(frame, &other))
			span.end = stream.index;
	}
	return span;
}

static bool is_wanted(const struct fmt_event *event, const struct fmt_want *want)
{
	struct fmt_ev_packet_send ev;
	bool kind = !want->kind_count;

	for (size_t i = 0; i < want->kind_count && !kind; i++)
		kind = want->kinds[i] == event->kind;
	if (!kind || (want->has_node && event->node != want->node) || (want->has_tid && event->tid != want->tid))
		return false;
	if (!want->has_packet)
		return true;
	return event->kind == FMT_packet_send && fmt_get_packet_send(event, &ev) == 0 && ev.packet == want->packet;
}

/* In one chunk, from an event of it on.  True: *index is where. */
static bool find_in_chunk(const struct fmt_reader *r, const struct cached *cached, const struct fmt_want *want,
			  const struct fmt_frame *connection, bool backwards, uint32_t *index)
{
	const struct span span = connection ? span_of(r, cached, want->stream, connection)
					    : (struct span){0, r->index.chunks[cached->chunk].count};
	struct fmt_frame frame;

	for (uint32_t i = *index; i < r->index.chunks[cached->chunk].count; i += backwards ? -1u : 1u) {
		const struct fmt_event *event = &cached->events[i];

		if (i < span.first || i >= span.end || !is_wanted(event, want))
			continue;
		if (connection && (!frame_of(event, &frame) || !fmt_same_connection(connection, &frame)))
			continue;
		*index = i;
		return true;
	}
	return false;
}

static bool may_have(const struct fmt_reader *r, size_t chunk, const struct fmt_want *want)
{
	bool damaged = false;

	return fmt__summary_has(r->summaries[chunk].data, r->summaries[chunk].size, want, &damaged);
}

int fmt_reader_find(struct fmt_reader *r, const struct fmt_want *want, bool backwards, event_seq *seq, struct fmt_event *ret,
		    struct fmt_error *error)
{
	const size_t chunks = r->index.chunk_count;
	struct fmt_frame connection;
	struct cached *cached;

	if (*seq >= fmt_reader_count(r)) {
		if (!backwards || !chunks)
			return 0;
		*seq = fmt_reader_count(r) - 1;
	}
	int got = load_summaries(r, error);

	if (got == 0 && want->has_stream && (got = find_beginning(r, want->stream, &connection, error)) == 0)
		return 0;
	if (got < 0)
		return got;
	for (size_t i = chunk_of(r, *seq); i < chunks; i += backwards ? (size_t)-1 : 1) {
		const struct fmt__chunk *chunk = &r->index.chunks[i];
		uint32_t index = backwards ? chunk->count - 1 : 0;

		if (!may_have(r, i, want))
			continue;
		if (*seq >= chunk->first_seq && *seq - chunk->first_seq < chunk->count)
			index = (uint32_t)(*seq - chunk->first_seq);
		got = get_chunk(r, i, &cached, error);
		if (got < 0)
			return got;
		if (!find_in_chunk(r, cached, want, want->has_stream ? &connection : NULL, backwards, &index))
			continue;
		*seq = chunk->first_seq + index;
		*ret = cached->events[index];
		return 1;
	}
	return 0;
}

int fmt_reader_marks(struct fmt_reader *r, void (*see)(void *context, const struct fmt_mark *mark), void *context,
		     struct fmt_error *error)
{
	const int failed = load_summaries(r, error);

	for (size_t i = 0; failed == 0 && i < r->index.chunk_count; i++) {
		struct fmt__summary_mark mark;
		uint64_t left = 0;
		size_t pos = 0;
		int got;

		while ((got = fmt__summary_mark(r->summaries[i].data, r->summaries[i].size, &pos, &mark, &left)) > 0)
			see(context, &(struct fmt_mark){mark.node, mark.number, r->index.chunks[i].first_seq + mark.index, mark.crc});
		if (got < 0)
			return fmt__fail(error, -EBADMSG, "chunk %zu: its summary is damaged; copy or record the trace again", i);
	}
	return failed;
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
		int failed = load(r, FMT__DB_FILE, part->location, part->stored_size, error);

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

	return load(r, FMT__DB_CHUNK, chunk->columns.location, chunk->columns.stored_size, NULL) == 0 &&
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
