/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link.c - the sending end of a link.
 *
 *	send ---> ring (queue) ---> line at rate ---> delay + jitter ---> arrives, or was lost
 *	            full: refused,    last bit leaves: departed    |  loss, partition, outage: never arrives
 *	            or lost           discipline: dropped          |  corruption, duplication, reordering, hold
 *
 * Characteristics change at times that are known from the start (experiment-timeline.c): so each is looked up for the moment
 * at which it acts, and a change is exact to the nanosecond for every frame, wherever it is on its way.
 *	the queue	when the frame is given
 *	the rate	when its first bit leaves
 *	delay, jitter, loss, duplication, corruption, reordering	when its last bit leaves
 *	outage, partition	at any moment between its first bit's leaving and its last bit's arrival
 *	contact		at any moment between its first bit's leaving and its last bit's
 *	hold		when it arrives
 *
 * Invariants
 *  1. Frames depart in the order in which they were given; departure times in the ring ascend.
 *  2. A frame arrives at least rec_jitter_delay_min() after it was given: windows are built on that.
 *  3. As many random numbers are drawn for every frame that is taken, whatever the characteristics are, so that a
 *     change of one does not move what comes later.  They are drawn when the frame is given: of the seed of that time.
 *  4. Frames arrive in the order in which they departed, but for those that are picked for reordering or have a
 *     jitter that overtakes.
 *
 * All arithmetic is in integers of 128 bits; times are rounded up to whole nanoseconds.
 */
#include "link.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

#define NS_PER_S 1000000000u

static void stream_init(struct rec_stream *stream, const struct rec_link_end *end, const char *what,
			uint64_t seed)
{
	char name[48];

	snprintf(name, sizeof(name), "link %u %c%s", end->link->id, "ab"[end->side], what);
	rec_stream_init(stream, seed, name);
}

static const struct rec_exp_end *exp_end(const struct rec_link_end *end)
{
	return &end->link->end[end->side];
}

/* Moves on to the next phase whose carrier is another than that of the phase before it. */
static void find_carrier(struct rec_link_end *end, size_t phase)
{
	const struct rec_exp_end *exp = &end->link->end[end->side];

	for (; phase < exp->phase_count; phase++) {
		const bool before = rec_channel_carrier(phase ? &exp->phases[phase - 1].channel : &exp->out);

		if (rec_channel_carrier(&exp->phases[phase].channel) != before)
			break;
	}
	end->carrier_phase = phase;
	end->carrier_next = phase < exp->phase_count ? exp->phases[phase].from : UINT64_MAX;
}

static void streams_init(struct rec_link_end *end, uint64_t seed)
{
	stream_init(&end->loss.stream, end, "", seed);
	stream_init(&end->loss.bursts, end, " bursts", seed);
	stream_init(&end->jitter.stream, end, " jitter", seed);
	stream_init(&end->aqm.stream, end, " queue", seed);
	stream_init(&end->duplicate, end, " duplicate", seed);
	stream_init(&end->corrupt, end, " corrupt", seed);
	stream_init(&end->reorder, end, " reorder", seed);
}

void rec_link_end_init(struct rec_link_end *end, const struct rec_exp_link *link, unsigned side,
		       uint64_t seed)
{
	const struct rec_exp_end *exp = &link->end[side];
	uint32_t capacity = exp->out.queue_frames;

	CHECK(side < 2);
	for (size_t i = 0; i < exp->phase_count; i++)
		if (exp->phases[i].channel.queue_frames > capacity)
			capacity = exp->phases[i].channel.queue_frames;
	CHECK(capacity > 0);
	*end = (struct rec_link_end){
		.link = link,
		.side = side,
		.ring = calloc(capacity, sizeof(*end->ring)),
		.ring_capacity = capacity,
	};
	CHECK(end->ring);
	find_carrier(end, 0);
	streams_init(end, seed);
}

bool rec_link_end_carrier(struct rec_link_end *end, vtime_ns now, bool *ret_on)
{
	if (end->carrier_next > now)
		return false;
	*ret_on = rec_channel_carrier(&exp_end(end)->phases[end->carrier_phase].channel);
	find_carrier(end, end->carrier_phase + 1);
	return true;
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

static const struct rec_exp_channel *at(const struct rec_link_end *end, vtime_ns time)
{
	return rec_channel_at(exp_end(end), time);
}

/* ---- deliveries ---- */

static vtime_ns delivery_at(const struct rec_deliveries *deliveries, uint64_t number)
{
	return add_time(deliveries->at[number % deliveries->count],
			(unsigned __int128)deliveries->period * (number / deliveries->count));
}

/* The first delivery at a time or later. */
static uint64_t first_delivery(const struct rec_deliveries *deliveries, vtime_ns time)
{
	/* The last delivery of a round is at its very end. */
	const uint64_t rounds = time ? (time - 1) / deliveries->period : 0;
	const vtime_ns within = time - rounds * deliveries->period;
	uint32_t low = 0, high = deliveries->count;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (deliveries->at[middle] < within)
			low = middle + 1;
		else
			high = middle;
	}
	return rounds * deliveries->count + low;
}

struct turn {				/* of a frame on the line */
	vtime_ns begin, depart;
	uint64_t delivery;
	uint32_t delivery_left;
};

/* It takes what is left of the delivery that is going on, and as many further ones as it needs. */
static struct turn take_deliveries(const struct rec_link_end *end, const struct rec_deliveries *deliveries,
				   vtime_ns now, size_t frame_size)
{
	const uint64_t first = first_delivery(deliveries, now);
	struct turn turn = {.delivery = first, .delivery_left = REC_DELIVERY_SIZE};

	if (end->delivery_table == deliveries->at && end->delivery >= first) {
		turn.delivery = end->delivery + !end->delivery_left;
		turn.delivery_left = end->delivery_left ?: REC_DELIVERY_SIZE;
	}
	turn.begin = delivery_at(deliveries, turn.delivery);
	while (frame_size > turn.delivery_left) {
		frame_size -= turn.delivery_left;
		turn.delivery++;
		turn.delivery_left = REC_DELIVERY_SIZE;
	}
	turn.delivery_left -= (uint32_t)frame_size;
	turn.depart = delivery_at(deliveries, turn.delivery);
	return turn;
}

static struct turn take_turn(const struct rec_link_end *end, const struct rec_exp_channel *channel, vtime_ns now,
			     size_t frame_size)
{
	if (channel->deliveries.count)
		return take_deliveries(end, &channel->deliveries, now, frame_size);
	const vtime_ns begin = end->free_at > now ? end->free_at : now;

	return (struct turn){.begin = begin, .depart = add_time(begin, line_time(at(end, begin), frame_size))};
}

static void use_turn(struct rec_link_end *end, const struct rec_exp_channel *channel, const struct turn *turn)
{
	end->free_at = turn->depart;
	end->delivery_table = channel->deliveries.at;
	end->delivery = turn->delivery;
	end->delivery_left = turn->delivery_left;
}

/* ---- on the way ---- */

static vtime_ns arrival(struct rec_link_end *end, vtime_ns depart, const struct rec_exp_channel *channel)
{
	const __int128 delay = (__int128)channel->delay_ns + rec_jitter_next(&end->jitter, &channel->jitter);
	const vtime_ns least = rec_jitter_delay_min(channel);
	vtime_ns arrive = add_time(depart, delay < (__int128)least ? least : (unsigned __int128)delay);

	if (rec_stream_below(&end->reorder, REC_PPB) < channel->reorder_ppb)
		return add_time(arrive, channel->reorder_ns);
	if (channel->jitter.overtakes)
		return arrive;
	if (arrive < end->last_arrive)
		arrive = end->last_arrive;
	end->last_arrive = arrive;
	return arrive;
}

/* Why nothing that leaves and arrives between these times does arrive, or NULL. */
static const char *broken(const struct rec_exp_end *exp, vtime_ns from, vtime_ns depart, vtime_ns to)
{
	const struct rec_exp_channel *channel = rec_channel_at(exp, from);
	size_t next = 0;

	while (next < exp->phase_count && exp->phases[next].from <= from)
		next++;
	for (;;) {
		if (channel->down)
			return "down";
		if (channel->cut)
			return "partition";
		if (channel->closed && from <= depart)
			return "no contact";
		if (next == exp->phase_count || exp->phases[next].from > to)
			return NULL;
		from = exp->phases[next].from;
		channel = &exp->phases[next++].channel;
	}
}

/* When a frame that would arrive at a time arrives, since it may be held; UINT64_MAX: never. */
static vtime_ns released(const struct rec_exp_end *exp, vtime_ns arrive)
{
	if (!rec_channel_at(exp, arrive)->held)
		return arrive;
	for (size_t i = 0; i < exp->phase_count; i++)
		if (exp->phases[i].from > arrive && !exp->phases[i].channel.held)
			return exp->phases[i].from;
	return UINT64_MAX;
}

/* What happens behind the sender's port. */
static void travel(struct rec_link_end *end, vtime_ns begin, size_t frame_size,
		   struct rec_link_result *result)
{
	const struct rec_exp_channel *channel = at(end, result->depart_ns);
	const uint64_t bit = rec_stream_below(&end->corrupt, REC_PPB * (uint64_t)8 * frame_size);

	result->arrive_ns = arrival(end, result->depart_ns, channel);
	result->duplicate = rec_stream_below(&end->duplicate, REC_PPB) < channel->duplicate_ppb;
	if (bit % REC_PPB < channel->corrupt_ppb)
		result->corrupt_bit = (uint32_t)(bit / REC_PPB);
	const bool lost = rec_loss_next(&end->loss, channel);

	if (result->drop)
		return;
	const char *reason = broken(exp_end(end), begin, result->depart_ns, result->arrive_ns);

	result->arrive_ns = released(exp_end(end), result->arrive_ns);
	if (reason)
		result->drop = reason;
	else if (lost)
		result->drop = "loss";
	else if (result->arrive_ns == UINT64_MAX)
		result->drop = "held";
}

/* ---- the queue ---- */

static bool is_full(const struct rec_link_end *end, const struct rec_exp_channel *channel, size_t frame_size)
{
	if (!end->ring_count)
		return false;
	return end->ring_count >= channel->queue_frames ||
	       (channel->queue.bytes && end->ring_bytes + frame_size > channel->queue.bytes);
}

static void keep(struct rec_link_end *end, vtime_ns depart, size_t frame_size)
{
	const uint32_t tail = (uint32_t)(((uint64_t)end->ring_head + end->ring_count) % end->ring_capacity);

	CHECK(end->ring_count < end->ring_capacity);
	end->ring[tail] = (struct rec_link_kept){depart, (uint32_t)frame_size};
	end->ring_count++;
	end->ring_bytes += frame_size;
}

/*
 * Gives a frame (Ethernet header included; preamble, check sequence and gap are not counted) to the line.
 * The caller takes departed frames off the ring first; one that stands there still counts.
 */
struct rec_link_result rec_link_end_send(struct rec_link_end *end, vtime_ns now, size_t frame_size)
{
	const struct rec_exp_channel *channel = at(end, now);
	struct rec_link_result result = {.verdict = REC_LINK_FULL, .corrupt_bit = UINT32_MAX};
	const bool full = is_full(end, channel, frame_size);
	uint64_t seed;

	CHECK(frame_size > 0);
	if (end->reseeds && rec_reseeds_pass(end->reseeds, &end->reseeds_passed, now, &seed))
		streams_init(end, seed);
	if (full && !channel->queue.drops)
		return result;
	const struct turn turn = take_turn(end, channel, now, frame_size);
	const struct rec_aqm_frame frame = {
		.now = now, .begin = turn.begin, .length = end->ring_count, .line_ns = turn.depart - turn.begin,
	};

	result.depart_ns = turn.depart;

	result.drop = rec_aqm_drops(&end->aqm, &channel->queue, &frame);
	if (full)
		result.drop = "queue";
	const bool takes_line = !result.drop;

	/* What the queue drops never comes to the line: RED and a full queue at once, CoDel when its turn comes. */
	if (!takes_line)
		result.depart_ns = channel->queue.discipline == REC_CODEL && !full ? turn.begin : now;
	travel(end, turn.begin, frame_size, &result);
	if (takes_line)
		use_turn(end, channel, &turn);
	if (result.depart_ns == now) {
		/* Where frames wait, one that is lost at once leaves before them: the kernel need not keep it. */
		result.verdict = REC_LINK_SENT;
		return result;
	}
	keep(end, result.depart_ns, frame_size);
	result.verdict = REC_LINK_KEPT;
	return result;
}

vtime_ns rec_link_end_next(const struct rec_link_end *end)
{
	return end->ring_count ? end->ring[end->ring_head].depart_ns : UINT64_MAX;
}

uint32_t rec_link_end_departed(struct rec_link_end *end, vtime_ns now)
{
	uint32_t count = 0;

	while (end->ring_count > 0 && end->ring[end->ring_head].depart_ns <= now) {
		end->ring_bytes -= end->ring[end->ring_head].size;
		end->ring_head = (end->ring_head + 1) % end->ring_capacity;
		end->ring_count--;
		count++;
	}
	return count;
}

void rec_link_end_forget(struct rec_link_end *end)
{
	end->ring_head = end->ring_count = 0;
	end->ring_bytes = 0;
}

/* ---- the receiving side ---- */

/* A token bucket: it fills at the rate up to what may come at once, and what finds too little in it is lost. */
bool rec_link_end_admits(struct rec_link_end *end, vtime_ns arrive, size_t frame_size)
{
	const struct rec_exp_channel *channel = rec_channel_at(&end->link->end[!end->side], arrive);
	const unsigned __int128 most = (unsigned __int128)channel->police_bytes * 8 * NS_PER_S;
	const unsigned __int128 need = (unsigned __int128)frame_size * 8 * NS_PER_S;

	if (!channel->police_bps)
		return true;
	CHECK(arrive >= end->bucket_at);
	if (end->bucket_at)
		end->bucket += (unsigned __int128)(arrive - end->bucket_at) * channel->police_bps;
	if (!end->bucket_at || end->bucket > most)
		end->bucket = most;
	end->bucket_at = arrive;
	if (end->bucket < need)
		return false;
	end->bucket -= need;
	return true;
}
