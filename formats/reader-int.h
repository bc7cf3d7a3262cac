/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reader-int.h - a reader from inside: reader.c opens and decodes, find.c looks for something. */
#ifndef FMT_READER_INT_H
#define FMT_READER_INT_H

#include "packet-text.h"
#include "trace-int.h"

#define CACHE_SIZE 4
#define LITERALS_SIZE (FMT_PAYLOAD_CHUNKS + 2)	/* a chunk's own, and all that it may copy from */
#define LITERALS_KEPT (16u << 20)		/* bytes of them between two chunks */

struct fmt__cached {
	bool valid;			/* it holds a chunk */
	size_t chunk;			/* in the index */
	uint64_t used;			/* larger: later */
	struct fmt_buf bodies;
	struct fmt_event *events;	/* FMT_CHUNK_EVENTS_MAX, of which the chunk's count are used; NULL: none was needed yet */
};

struct fmt__cached_literals {
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
	struct fmt__cached cache[CACHE_SIZE];
	struct fmt__cached *last;		/* of cache; NULL at first */
	uint64_t use_count;
	struct fmt__cached_literals literals[LITERALS_SIZE];
	size_t decoding;		/* number of the chunk that is taken apart */
	struct fmt_error *source_error;	/* where its literals' source says what is wrong */
	struct fmt_buf *summaries;	/* of chunks, each loaded when it is needed first; NULL until somebody looks for something */
	size_t summary_count;		/* that were loaded, or SIZE_MAX: all */
	bool has_connection;		/* somebody looked for one */
	uint64_t connection_number;
	struct fmt_frame connection;	/* the frame that began it */
	struct fmt_buf stored;
	struct fmt_buf raw;		/* a chunk on its way to the cache */
	struct fmt_buf part;
	ZSTD_DCtx *unpacker;
	struct fmt__slots *slots;	/* of what is decoded */
};

/* A chunk, decoded.  0, -EBADMSG, -errno. */
int fmt__reader_chunk(struct fmt_reader *r, size_t number, struct fmt__cached **ret, struct fmt_error *error);
/* The raw columns of a chunk, checked.  0, -EBADMSG, -errno. */
int fmt__reader_columns(struct fmt_reader *r, size_t number, struct fmt_buf *ret, struct fmt_error *error);
/* One event of a chunk that is not needed otherwise: it is taken apart only so far, and not kept.  Its body is in body. */
int fmt__reader_one(struct fmt_reader *r, event_seq seq, struct fmt_event *ret, struct fmt_buf *body, struct fmt_error *error);
/* The number of the chunk that holds an event of the trace. */
size_t fmt__reader_chunk_of(const struct fmt_reader *r, event_seq seq);
/* Are all events of a chunk of nodes that are of these, as far as its summary tells?  1, 0, -EBADMSG. */
int fmt__reader_only_nodes(struct fmt_reader *r, size_t chunk, bool (*of_these)(const void *context, node_id node), const void *context,
			   struct fmt_error *error);
/* The stored bytes of a chunk, file part or summary into r->stored. */
int fmt__reader_load(struct fmt_reader *r, enum fmt__db_table table, uint64_t location, uint64_t size, struct fmt_error *error);

#endif
