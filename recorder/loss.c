/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loss.c - Bernoulli's loss, and Gilbert and Elliott's (Elliott, "Estimates of error rates for codes on burst-noise
 * channels", 1963): a chain of two states steps once a frame, and each state has its own loss.
 * Correlation is the chance to share the fate of the frame before, as in jitter.c.
 */
#include "loss.h"

bool rec_loss_next(struct rec_loss *loss, const struct rec_exp_channel *channel)
{
	const uint64_t chance = rec_stream_below(&loss->stream, REC_PPB);
	const uint64_t step = rec_stream_below(&loss->bursts, REC_PPB);

	if (loss->in_burst)
		loss->in_burst = step >= channel->burst_end_ppb;
	else
		loss->in_burst = step < channel->burst_begin_ppb;
	if (!channel->burst_begin_ppb)
		loss->in_burst = false;
	if (!loss->begun || channel->burst_begin_ppb || step >= channel->loss_correlation_ppb)
		loss->last = chance;
	loss->begun = true;
	return loss->last < (loss->in_burst ? channel->burst_loss_ppb : channel->loss_ppb);
}
