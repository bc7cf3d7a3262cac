/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cone.h"

#include <stdlib.h>

#include "base/check.h"
#include "steps.h"

/* A packet that matters was sent before all that it leads to; so packets are looked at from the last one back, and each
 * finds the boundary of its receiver as it will stay. */
static void find_past(const struct insp_run *run, uint32_t *past)
{
	for (uint32_t i = run->packet_count; i-- > 0;) {
		const struct insp_packet *packet = &run->packets[i];

		if (packet->fate != INSP_RECEIVED || past[packet->to] == INSP_NONE || packet->end > past[packet->to])
			continue;
		if (past[packet->from] == INSP_NONE || past[packet->from] < packet->send)
			past[packet->from] = packet->send;
	}
}

static void find_future(const struct insp_run *run, uint32_t *future)
{
	for (uint32_t i = 0; i < run->packet_count; i++) {
		const struct insp_packet *packet = &run->packets[i];

		/* INSP_NONE is larger than any event. */
		if (packet->fate == INSP_RECEIVED && packet->send >= future[packet->from] && packet->end < future[packet->to])
			future[packet->to] = packet->end;
	}
}

void insp_cone_find(const struct insp_run *run, uint32_t event, struct insp_cone *ret)
{
	const uint32_t lane = insp_lane_of(run, event);

	ret->event = event;
	for (uint32_t i = 0; i < INSP_LANES_MAX; i++)
		ret->past[i] = ret->future[i] = INSP_NONE;
	ret->past[lane] = ret->future[lane] = event;
	find_past(run, ret->past);
	find_future(run, ret->future);
}

bool insp_cone_has_past(const struct insp_run *run, const struct insp_cone *cone, uint32_t seq)
{
	const uint32_t last = cone->past[insp_lane_of(run, seq)];

	return last != INSP_NONE && seq <= last;
}

bool insp_cone_has_future(const struct insp_run *run, const struct insp_cone *cone, uint32_t seq)
{
	return seq >= cone->future[insp_lane_of(run, seq)];
}

struct insp_hits insp_cone_events(const struct insp_run *run, const struct insp_cone *cone, bool past)
{
	const uint32_t first = past ? 0 : cone->event, end = past ? cone->event + 1 : run->count;
	struct insp_hits hits = {0};

	for (int pass = 0; pass < 2; pass++) {
		uint32_t count = 0;

		for (uint32_t seq = first; seq < end; seq++) {
			if (!(past ? insp_cone_has_past : insp_cone_has_future)(run, cone, seq))
				continue;
			if (pass)
				hits.seqs[count] = seq;
			count++;
		}
		hits.count = count;
		if (!pass) {
			hits.seqs = malloc((count + 1) * sizeof(*hits.seqs));
			CHECK(hits.seqs);
		}
	}
	return hits;
}

/* The nearest event of a kind on the lane of seq, before or after it. */
static uint32_t nearest(const struct insp_run *run, uint32_t seq, uint8_t kind, int direction)
{
	const uint32_t lane = insp_lane_of(run, seq);

	do
		seq = insp_step(run, seq, direction, INSP_GRAIN_PACKET, lane);
	while (seq != INSP_NONE && run->kind[seq] != kind);
	return seq;
}

uint32_t insp_cause(const struct insp_run *run, uint32_t seq)
{
	const uint32_t packet = insp_packet_of(run, seq);

	if (packet != INSP_NONE && run->packets[packet].send != seq)
		return run->packets[packet].send;
	return nearest(run, seq, FMT_packet_recv, -1);
}

uint32_t insp_effect(const struct insp_run *run, uint32_t seq)
{
	const uint32_t packet = insp_packet_of(run, seq);

	if (packet != INSP_NONE && run->packets[packet].send == seq)
		return run->packets[packet].end;
	if (packet != INSP_NONE && run->packets[packet].fate == INSP_DROPPED)
		return INSP_NONE;
	return nearest(run, seq, FMT_packet_send, 1);
}
