/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loss.h - which frames are lost on the way: by chance, in bursts, or as the one before. */
#ifndef REC_LOSS_H
#define REC_LOSS_H

#include "channel.h"
#include "stream.h"

struct rec_loss {
	struct rec_stream stream;
	struct rec_stream bursts;
	uint64_t last;			/* the chance of the frame before */
	bool begun, in_burst;
};

/* Whether the next frame is lost.  One draw from each stream, whatever the loss. */
bool rec_loss_next(struct rec_loss *loss, const struct rec_exp_channel *channel);

#endif
