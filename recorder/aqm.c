/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aqm.c - RED (Floyd and Jacobson, "Random early detection gateways for congestion avoidance", 1993) and CoDel (RFC 8289).
 *
 * Both are asked when a frame comes.  For CoDel, which decides when a frame's turn comes, that is no difference: the queue
 * is first in, first out, and its turn depends on the frames before it alone.  The one thing that is not known yet is
 * what stands behind it, so CoDel's exemption of a queue below one MTU is left out.
 */
#include "aqm.h"

#include "base/check.h"
#include "square-root.h"

#define RED_WEIGHT 9			/* the mean moves by 1/512, the paper's 0.002 */
#define RED_POINT 24
#define RED_IDLE_MAX 8192		/* frames that an idle line could have sent; (1 - 2^-9)^8192 is 10^-7 */

static void red_mean(struct rec_aqm *aqm, const struct rec_aqm_frame *frame)
{
	const uint64_t length = (uint64_t)frame->length << RED_POINT;

	if (!frame->length && frame->now > aqm->empty_at) {
		vtime_ns idle = (frame->now - aqm->empty_at) / (frame->line_ns ?: 1);

		for (idle = idle < RED_IDLE_MAX ? idle : RED_IDLE_MAX; idle; idle--)
			aqm->mean -= aqm->mean >> RED_WEIGHT;
	} else {
		aqm->mean += length >> RED_WEIGHT;
		aqm->mean -= aqm->mean >> RED_WEIGHT;
	}
	aqm->empty_at = frame->begin + frame->line_ns;
}

static bool red_drops(struct rec_aqm *aqm, const struct rec_queue_rule *rule, uint64_t chance,
		      const struct rec_aqm_frame *frame)
{
	const uint64_t least = (uint64_t)rule->red_min << RED_POINT, most = (uint64_t)rule->red_max << RED_POINT;

	CHECK(least < most);
	red_mean(aqm, frame);
	if (aqm->mean < least) {
		aqm->since_drop = 0;
		return false;
	}
	aqm->since_drop++;
	if (aqm->mean < most) {
		/* p / (1 - count * p): drops come in even distances. */
		const unsigned __int128 p =
			(unsigned __int128)rule->red_share_ppb * (aqm->mean - least) / (most - least);
		const unsigned __int128 spent = p * (aqm->since_drop - 1);

		if (spent < REC_PPB && chance >= p * REC_PPB / (REC_PPB - spent))
			return false;
	}
	aqm->since_drop = 0;
	return true;
}

/* interval / sqrt(count) after t */
static vtime_ns control_law(const struct rec_queue_rule *rule, vtime_ns t, uint32_t count)
{
	CHECK(count > 0);
	return t + rec_square_root((unsigned __int128)rule->interval_ns * rule->interval_ns / count);
}

/* Whether the delay has been above target for an interval. */
static bool codel_ok_to_drop(struct rec_aqm *aqm, const struct rec_queue_rule *rule, const struct rec_aqm_frame *frame)
{
	if (frame->begin - frame->now < rule->target_ns) {
		aqm->first_above = 0;
		return false;
	}
	if (!aqm->first_above) {
		aqm->first_above = frame->begin + rule->interval_ns;
		return false;
	}
	return frame->begin >= aqm->first_above;
}

static bool codel_drops(struct rec_aqm *aqm, const struct rec_queue_rule *rule, const struct rec_aqm_frame *frame)
{
	const bool ok = codel_ok_to_drop(aqm, rule, frame);
	const vtime_ns now = frame->begin;

	if (!ok) {
		aqm->dropping = false;
		return false;
	}
	if (aqm->dropping) {
		if (now < aqm->drop_next)
			return false;
		aqm->count++;
		aqm->drop_next = control_law(rule, aqm->drop_next, aqm->count);
		return true;
	}
	/* Soon after the last time, begin near the rate that was right then. */
	const uint32_t delta = aqm->count - aqm->last_count;
	const bool recently = aqm->drop_next && now < aqm->drop_next + 16 * rule->interval_ns;

	aqm->dropping = true;
	aqm->count = delta > 1 && recently ? delta : 1;
	aqm->drop_next = control_law(rule, now, aqm->count);
	aqm->last_count = aqm->count;
	return true;
}

const char *rec_aqm_drops(struct rec_aqm *aqm, const struct rec_queue_rule *rule, const struct rec_aqm_frame *frame)
{
	const uint64_t chance = rec_stream_below(&aqm->stream, REC_PPB);

	CHECK(frame->begin >= frame->now);
	switch (rule->discipline) {
	case REC_DROP_TAIL:
		return NULL;
	case REC_RED:
		return red_drops(aqm, rule, chance, frame) ? "red" : NULL;
	case REC_CODEL:
		return codel_drops(aqm, rule, frame) ? "codel" : NULL;
	}
	CHECK(!"a discipline without its case");
	return NULL;
}
