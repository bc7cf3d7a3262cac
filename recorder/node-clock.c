/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "node-clock.h"

#include "base/check.h"

#define PPB 1000000000

void rec_node_clock_set(struct rec_node_clock *clock, vtime_ns now, uint64_t local_ns, int64_t drift_ppb)
{
	CHECK(drift_ppb >= -REC_DRIFT_PPB_MAX && drift_ppb <= REC_DRIFT_PPB_MAX);
	*clock = (struct rec_node_clock){.from = now, .local_ns = local_ns, .drift_ppb = drift_ppb,
					 .shown_ns = local_ns};
}

/* Rounded down: a clock shows no time that has not come. */
static uint64_t pure(const struct rec_node_clock *clock, vtime_ns now)
{
	CHECK(now >= clock->from);
	if (!clock->drift_ppb)
		return clock->local_ns + (now - clock->from);
	return clock->local_ns + (uint64_t)((unsigned __int128)(now - clock->from) *
					    (uint64_t)(PPB + clock->drift_ppb) / PPB);
}

uint64_t rec_node_clock_at(const struct rec_node_clock *clock, vtime_ns now)
{
	const uint64_t local = pure(clock, now);

	return local > clock->shown_ns ? local : clock->shown_ns;
}

vtime_ns rec_node_clock_when(const struct rec_node_clock *clock, uint64_t local_ns)
{
	if (local_ns <= clock->local_ns)
		return clock->from;
	const uint64_t rate = (uint64_t)(PPB + clock->drift_ppb);
	const unsigned __int128 after =
		((unsigned __int128)(local_ns - clock->local_ns) * PPB + rate - 1) / rate;

	return after < UINT64_MAX - clock->from ? clock->from + (vtime_ns)after : UINT64_MAX;
}

void rec_node_clock_shown(struct rec_node_clock *clock, uint64_t local_ns)
{
	if (local_ns > clock->shown_ns)
		clock->shown_ns = local_ns;
}
