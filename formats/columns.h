/* SPDX-License-Identifier: GPL-2.0-or-later */
/* columns.h - the events of a chunk as columns; docs/trace-format.5.md has the bytes. */
#ifndef FMT_COLUMNS_H
#define FMT_COLUMNS_H

#include "event.h"
#include "payload.h"

struct fmt__put;

/* A chunk's raw bytes, and where a compressor should begin anew (each column has its own statistics). */
struct fmt__columns {
	struct fmt_buf raw;
	struct fmt_buf bytes;		/* of texts, frames and memory, before they were split */
	size_t *cuts;			/* offsets in raw, rising */
	size_t cut_count, cut_capacity;
	struct fmt__put *put;		/* the encoder's own; NULL until it is needed */
};
void fmt__columns_done(struct fmt__columns *columns);

/* Encodes count events (at least one), the first of which is at t0.  Their bytes are split by payload (learn is
 * fmt__payload_split()'s), whose literals belong to the chunk. */
void fmt__columns_put(struct fmt__columns *out, struct fmt__payload *payload, bool learn, const struct fmt_event *events,
		      size_t count);

/* What decoding needs to remember of a chunk: a megabyte, which serves any number of chunks. */
struct fmt__slots;
struct fmt__slots *fmt__slots_new(void);
void fmt__slots_free(struct fmt__slots *slots);

/* Takes a chunk of count events apart, or the first `wanted` of them (1 at least); their bodies are in bodies (cleared first).  seq is left
 * to the caller.  NULL; else what is wrong. */
const char *fmt__columns_get(struct fmt__slots *slots, const uint8_t *raw, size_t size, const struct fmt__literals *literals,
			     vtime_ns t0, size_t count, size_t wanted, struct fmt_event *ret, struct fmt_buf *bodies);

#endif
