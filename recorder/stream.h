/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream.h - named streams of random numbers: all chance in a run comes from its seed through one of these. */
#ifndef REC_STREAM_H
#define REC_STREAM_H

#include <stddef.h>
#include <stdint.h>

struct rec_stream {
	uint64_t state[4];
};

/* Two streams of one seed are independent when their names differ ("link 3 a", "node 2"). */
void rec_stream_init(struct rec_stream *s, uint64_t seed, const char *name);
uint64_t rec_stream_u64(struct rec_stream *s);
/* Uniform in [0, bound), without bias; bound > 0. */
uint64_t rec_stream_below(struct rec_stream *s, uint64_t bound);
void rec_stream_bytes(struct rec_stream *s, void *ret, size_t size);

#endif
