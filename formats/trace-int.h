/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trace-int.h - what writer.c, reader.c, log.c, database.c and chunk.c share; for formats/ only. */
#ifndef FMT_TRACE_INT_H
#define FMT_TRACE_INT_H

#include <stdarg.h>
#include <zstd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "columns.h"
#include "chunk-summary.h"
#include "trace.h"
#include "wire.h"

DEFINE_CLEANUP(ZSTD_CCtx *, ZSTD_freeCCtx)
DEFINE_CLEANUP(ZSTD_DCtx *, ZSTD_freeDCtx)

/* ---- chunk.c: events in a chunk ---- */

/* Bytes in the file that are compressed. */
struct fmt__packed {
	uint32_t codec;		/* enum fmt_codec */
	uint32_t raw_size;
	uint32_t checksum;	/* CRC-32C of the raw bytes */
	uint64_t location;	/* offset in the log, or the key of the row */
	uint64_t stored_size;
};

struct fmt__chunk {
	event_seq first_seq;
	vtime_ns t0, t1;	/* of the first and the last event */
	uint32_t count;
	struct fmt__packed columns;
	struct fmt__packed payload;	/* its literals */
	uint64_t payload_start;		/* their place in the stream of literals */
	uint64_t summary_location, summary_size;
	bool tail;		/* of a log: stands in for a chunk that was never completed */
};

/* Takes a chunk apart: its first `wanted` events (1 to chunk->count) with their bodies.  0, -EBADMSG (error says what is wrong). */
int fmt__chunk_decode(struct fmt__slots *slots, const struct fmt__chunk *chunk, uint32_t wanted, const uint8_t *raw,
		      const struct fmt__literals *literals, struct fmt_event *ret, struct fmt_buf *bodies, struct fmt_error *error);
/* What is wrong with the facts of a chunk by itself; NULL: nothing. */
const char *fmt__chunk_complaint(const struct fmt__chunk *chunk);
/* What is wrong with them where it is the next one; NULL: nothing. */
struct fmt__index;
const char *fmt__chunk_complaint_after(const struct fmt__index *index, const struct fmt__chunk *chunk);

ZSTD_CCtx *fmt__packer_new(bool far);
void fmt__packer_level(ZSTD_CCtx *packer, int level);
/* Compresses into out (cleared first); bytes that do not shrink are stored.  enum fmt_codec. */
uint32_t fmt__pack(ZSTD_CCtx *packer, const uint8_t *raw, size_t size, struct fmt_buf *out);
/* The same, with the statistics of each column for itself. */
uint32_t fmt__pack_columns(ZSTD_CCtx *packer, const struct fmt__columns *columns, struct fmt_buf *out);
/* Into out (cleared first), exactly raw_size bytes.  0, -EBADMSG. */
int fmt__unpack(ZSTD_DCtx *unpacker, uint32_t codec, const uint8_t *bytes, size_t size,
		size_t raw_size, struct fmt_buf *out);

/* The same, and its checksum. */
int fmt__unpack_checked(ZSTD_DCtx *unpacker, const struct fmt__packed *packed, const struct fmt_buf *stored, struct fmt_buf *out);

/* ---- index.c: what a trace holds and where ---- */

struct fmt__meta {
	char *key;		/* owned */
	uint8_t *value;		/* owned */
	size_t size;
};

struct fmt__part {
	uint32_t codec;
	uint32_t raw_size;
	uint64_t location;
	uint64_t stored_size;
};

struct fmt__file {
	uint8_t hash[FMT_HASH_SIZE];
	uint64_t size;
	size_t first_part;	/* in parts */
	size_t part_count;
};

struct fmt__index {
	struct fmt_note *notes;		/* author and text are owned */
	size_t note_count, note_capacity;
	struct fmt__meta *metas;
	size_t meta_count, meta_capacity, meta_bytes;	/* bytes: of keys and values */
	struct fmt__chunk *chunks;
	size_t chunk_count, chunk_capacity;
	struct fmt__part *parts;
	size_t part_count, part_capacity;
	struct fmt__file *files;
	size_t file_count, file_capacity;
	uint64_t compat, incompat;
};

void fmt__index_done(struct fmt__index *index);
/* 0, -EEXIST (that key is there), -E2BIG. */
int fmt__index_add_meta(struct fmt__index *index, const char *key, size_t key_size,
			const void *value, size_t size);
/* Copies it.  0, -E2BIG. */
int fmt__index_add_note(struct fmt__index *index, const struct fmt_note *note);
/* NULL, or what is wrong with a note of a trace with so many events. */
const char *fmt__note_complaint(const struct fmt_note *note, event_seq events);
void fmt__index_add_chunk(struct fmt__index *index, const struct fmt__chunk *chunk);
void fmt__index_add_part(struct fmt__index *index, const struct fmt__part *part);
/* 0, -EEXIST (that hash is there), -E2BIG. */
int fmt__index_add_file(struct fmt__index *index, const struct fmt__file *file);
const struct fmt__meta *fmt__index_meta(const struct fmt__index *index, const char *key);
const struct fmt__file *fmt__index_file(const struct fmt__index *index,
					const uint8_t hash[FMT_HASH_SIZE]);
/* Metas by key, files by hash: the order of the database and of the run hash. */
void fmt__index_sort(struct fmt__index *index);
event_seq fmt__index_events(const struct fmt__index *index);
/* Metas with this prefix belong to the container and are outside the run hash. */
#define FMT__META_OWN "format."
bool fmt__meta_is_own(const char *key);

/* The run hash of a sorted index. */
void fmt__run_hash(const struct fmt__index *index, const uint8_t events_hash[FMT_HASH_SIZE],
		   uint8_t ret[FMT_HASH_SIZE]);

/* ---- hash.c ---- */

struct fmt__hash;
struct fmt__hash *fmt__hash_new(void);
void fmt__hash_put(struct fmt__hash *hash, const void *bytes, size_t size);
/* Ends it; free it next. */
void fmt__hash_get(struct fmt__hash *hash, uint8_t ret[FMT_HASH_SIZE]);
void fmt__hash_free(struct fmt__hash *hash);
DEFINE_CLEANUP(struct fmt__hash *, fmt__hash_free)

/* ---- log.c ---- */

/* Positions are in the file; each append is one record, whole or (after an error) cut off again. */
int fmt__log_begin(int fd, uint64_t *ret_end);
int fmt__log_append(int fd, uint64_t *end, uint32_t type, const void *head, size_t head_size,
		    const void *bytes, size_t size);
/* The bytes of the columns, the summary and the literals as they are stored, of the sizes that the chunk says. */
int fmt__log_append_chunk(int fd, uint64_t *end, const struct fmt__chunk *chunk, const void *columns, const void *summary,
			  const void *payload);
/* Fills an empty index from a log, up to the first record that is not whole.  *ret_end is where that is, *ret_size
 * the size of the file.  0, -EBADMSG, -EPROTONOSUPPORT, -errno. */
int fmt__log_scan(int fd, struct fmt__index *index, uint64_t *ret_end, uint64_t *ret_size,
		  struct fmt_error *error);
int fmt__read_at(int fd, uint64_t at, void *ret, size_t size);

/* ---- database.c ---- */

struct fmt__db;
/* Writes the index and what it points to in the log as a database at path, which must not exist; what is there then is on the disk. */
int fmt__db_write(const char *path, int log_fd, const struct fmt__index *index);
/* Opens for reading and fills an empty index.  Of a file that was cut the index has the rows that are still found; their bytes may
 * be missing. */
int fmt__db_open(const char *path, bool cut, struct fmt__db **ret, struct fmt__index *index,
		 struct fmt_error *error);
/* Changes the notes of a database at path that nobody else has open: adds note (its id is set), or removes the one with id. */
int fmt__db_add_note(const char *path, const struct fmt_note *note, uint64_t *ret_id);
int fmt__db_remove_note(const char *path, uint64_t id);
void fmt__db_close(struct fmt__db *db);
DEFINE_CLEANUP(struct fmt__db *, fmt__db_close)
enum fmt__db_table { FMT__DB_CHUNK, FMT__DB_PAYLOAD, FMT__DB_FILE, FMT__DB_SUMMARY, FMT__DB_TABLES };
/* The bytes of a row into out (cleared first). */
int fmt__db_bytes(struct fmt__db *db, enum fmt__db_table table, uint64_t location, uint64_t size,
		  struct fmt_buf *out, struct fmt_error *error);
/* The summaries of all chunks, each into a buffer of its own. */
int fmt__db_summaries(struct fmt__db *db, const struct fmt__index *index, struct fmt_buf *ret, struct fmt_error *error);

/* Fills error (may be NULL) and returns code. */
__attribute__((format(printf, 3, 4))) int fmt__fail(struct fmt_error *error, int code,
						    const char *format, ...);

#endif
