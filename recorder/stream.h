/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream.h - named streams of random numbers: all chance in a run comes from its seed through one of these. */
#ifndef REC_STREAM_H
#define REC_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"

struct rec_stream {
	uint64_t state[4];
};

/* From a time on all streams of a run are those of another seed, from their beginning. */
struct rec_reseed {
	vtime_ns at;
	uint64_t seed;
	uint32_t line;			/* of the experiment file, from 1; 0: it comes from an override */
};

struct rec_reseeds {
	struct rec_reseed *list;	/* by ascending times, all after 0 */
	size_t count;
};

/* When the next one is of those that whoever draws has not passed yet; UINT64_MAX: there is none. */
vtime_ns rec_reseeds_next(const struct rec_reseeds *reseeds, size_t passed);
/* Passes all up to now.  True: there were some, and *ret is the seed from now on. */
bool rec_reseeds_pass(const struct rec_reseeds *reseeds, size_t *passed, vtime_ns now, uint64_t *ret);

/* Two streams of one seed are independent when their names differ ("link 3 a", "node 2"). */
void rec_stream_init(struct rec_stream *s, uint64_t seed, const char *name);
uint64_t rec_stream_u64(struct rec_stream *s);
/* Uniform in [0, bound), without bias; bound > 0. */
uint64_t rec_stream_below(struct rec_stream *s, uint64_t bound);
void rec_stream_bytes(struct rec_stream *s, void *ret, size_t size);

#endif
