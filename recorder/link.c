/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link.c - the sending end of a link.
 *
 *	send ---> ring (queue_frames) ---> line at rate_bps ---> delay_ns ---> arrives, or was lost
 *	            full: refused            last bit leaves: departed
 *
 * Invariants
 *  1. Frames depart in the order in which they were given; departure times in the ring ascend.
 *  2. A frame arrives at least delay_ns after it was given: windows are built on that.
 *  3. One random number is drawn for every frame that is taken, whatever the loss is, so that a change of
 *     the loss of a link does not move the losses that come later.
 *
 * All arithmetic is in integers of 128 bits; times are rounded up to whole nanoseconds.
 */
#include "link.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

#define NS_PER_S 1000000000u
#define PPB 1000000000u

void rec_link_end_init(struct rec_link_end *end, const struct rec_exp_link *link, unsigned side,
		       uint64_t seed)
{
	char name[32];

	CHECK(side < 2);
	CHECK(link->end[side].out.queue_frames > 0);
	*end = (struct rec_link_end){
		.link = link,
		.side = side,
		.ring = calloc(link->end[side].out.queue_frames, sizeof(*end->ring)),
	};
	CHECK(end->ring);
	snprintf(name, sizeof(name), "link %u %c", link->id, "ab"[side]);
	rec_stream_init(&end->loss, seed, name);
}

void rec_link_end_done(struct rec_link_end *end)
{
	free(end->ring);
	*end = (struct rec_link_end){0};
}

/* a + b, or the end of time. */
static vtime_ns add_time(vtime_ns a, unsigned __int128 b)
{
	const unsigned __int128 sum = a + b;

	return sum < UINT64_MAX ? (vtime_ns)sum : UINT64_MAX - 1;
}

/* Time that the frame's bits take on the line.  0 when the rate is unlimited. */
static unsigned __int128 line_time(const struct rec_exp_channel *channel, size_t frame_size)
{
	if (!channel->rate_bps)
		return 0;
	const unsigned __int128 bits = (unsigned __int128)frame_size * 8;

	return (bits * NS_PER_S + channel->rate_bps - 1) / channel->rate_bps;
}

/*
 * Gives a frame (Ethernet header included; preamble, check sequence and gap are not counted) to the line.
 * The caller takes departed frames off the ring first; one that stands there still counts.
 */
struct rec_link_result rec_link_end_send(struct rec_link_end *end, vtime_ns now, size_t frame_size)
{
	const struct rec_exp_channel *channel = &end->link->end[end->side].out;
	struct rec_link_result result = {.verdict = REC_LINK_FULL};

	CHECK(frame_size > 0);
	CHECK(end->ring_count <= channel->queue_frames);
	if (end->ring_count == channel->queue_frames)
		return result;
	const vtime_ns begin = end->free_at > now ? end->free_at : now;

	result.depart_ns = add_time(begin, line_time(channel, frame_size));
	result.arrive_ns = add_time(result.depart_ns, channel->delay_ns);
	result.drop = rec_stream_below(&end->loss, PPB) < channel->loss_ppb ? "loss" : NULL;
	end->free_at = result.depart_ns;
	if (result.depart_ns == now && end->ring_count == 0) {
		result.verdict = REC_LINK_SENT;
		return result;
	}
	const uint32_t tail = (uint32_t)(((uint64_t)end->ring_head + end->ring_count) %
					 channel->queue_frames);

	end->ring[tail] = result.depart_ns;
	end->ring_count++;
	result.verdict = REC_LINK_KEPT;
	return result;
}

vtime_ns rec_link_end_next(const struct rec_link_end *end)
{
	return end->ring_count ? end->ring[end->ring_head] : UINT64_MAX;
}

uint32_t rec_link_end_departed(struct rec_link_end *end, vtime_ns now)
{
	const uint32_t capacity = end->link->end[end->side].out.queue_frames;
	uint32_t count = 0;

	while (end->ring_count > 0 && end->ring[end->ring_head] <= now) {
		end->ring_head = (end->ring_head + 1) % capacity;
		end->ring_count--;
		count++;
	}
	return count;
}
