/* SPDX-License-Identifier: GPL-2.0-or-later */
/* jitter.h - what comes on top of a link's delay, by law and by chance, in integers alone. */
#ifndef REC_JITTER_H
#define REC_JITTER_H

#include "channel.h"
#include "stream.h"

struct rec_jitter {
	struct rec_stream stream;
	uint64_t last;			/* the chance of the frame before */
	bool begun;
};

/* The value of a law at a chance, uniform in 64 bits.  ns, may be negative. */
int64_t rec_jitter_value(const struct rec_jitter_law_of *law, uint64_t chance);
/* For the next frame: two draws, whatever the law. */
int64_t rec_jitter_next(struct rec_jitter *jitter, const struct rec_jitter_law_of *law);
/* No frame arrives sooner than this after it has left. */
vtime_ns rec_jitter_delay_min(const struct rec_exp_channel *channel);

#endif
