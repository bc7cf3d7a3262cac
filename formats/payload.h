/* SPDX-License-Identifier: GPL-2.0-or-later */
/* payload.h - bytes of a run that are stored once; docs/trace-format.5.md has the encoding, payload.c says why it is so. */
#ifndef FMT_PAYLOAD_H
#define FMT_PAYLOAD_H

#include <stdbool.h>

#include "event.h"

/* The stream of literals: all bytes that are stored, of all chunks in their order.  What a chunk repeats it copies from there. */
struct fmt__payload;

struct fmt__payload *fmt__payload_new(void);
void fmt__payload_free(struct fmt__payload *payload);
/* Where the literals of the next chunk begin in the stream. */
uint64_t fmt__payload_start(const struct fmt__payload *payload);
/* The copies of a chunk, as they are in its columns: each has a varint in each of these. */
enum fmt__copy_column {
	FMT__COPY_RUN,			/* literals before it */
	FMT__COPY_SIZE,			/* 1 or more */
	FMT__COPY_FROM,			/* zigzag(place in the stream - the end of the place of the copy before; first: of the start) */
	FMT__COPY_COLUMNS,
};
/* Splits the bytes of a chunk (at most UINT32_MAX) into copies (appended) and literals: those are
 * fmt__payload_literals() until one of the two below is called.  With learn, later chunks may copy from this one; it must be
 * committed then. */
void fmt__payload_split(struct fmt__payload *payload, const uint8_t *bytes, size_t size, bool learn,
			struct fmt_buf copies[FMT__COPY_COLUMNS]);
/* The size may be 0, with any pointer. */
const uint8_t *fmt__payload_literals(const struct fmt__payload *payload, size_t *ret_size);
/* Now they are part of the stream. */
void fmt__payload_commit(struct fmt__payload *payload);
/* Forgets them: they were for a tail, or the chunk was encoded otherwise. */
void fmt__payload_drop(struct fmt__payload *payload);

/* Gives *size bytes or (1 at least) the first of them, from a place of the stream before the chunk's own literals, and sets *size to
 * how many.  NULL: they are not to be had. */
typedef const uint8_t *fmt__payload_source(void *context, uint64_t at, size_t *size);

struct fmt__literals {
	const uint8_t *data;		/* of the chunk; any pointer with size 0 */
	size_t size;
	uint64_t start;			/* in the stream */
	fmt__payload_source *source;	/* of literals before */
	void *context;
};
/* Puts the bytes of a chunk together again (appended to out), at most limit of them.  NULL, or what is wrong. */
const char *fmt__payload_join(const struct fmt_bytes copies[FMT__COPY_COLUMNS], const struct fmt__literals *literals, size_t limit,
			      struct fmt_buf *out);

#endif
