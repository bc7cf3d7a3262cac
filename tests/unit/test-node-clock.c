/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "node-clock.h"

#include "unit.h"

static void test_plain(void)
{
	struct rec_node_clock clock;

	rec_node_clock_set(&clock, 500, 1000000000, 0);
	EQUAL(rec_node_clock_at(&clock, 500), 1000000000);
	EQUAL(rec_node_clock_at(&clock, 501), 1000000001);
	EQUAL(rec_node_clock_when(&clock, 1000000001), 501);
	EQUAL(rec_node_clock_when(&clock, 7), 500);
	EQUAL(rec_node_clock_when(&clock, UINT64_MAX), UINT64_MAX - 1000000000 + 500);
}

/* The moment that a timer is due is the first at which the clock shows its time. */
static void test_inverse(void)
{
	static const int64_t drifts[] = {0, 1, -1, 200000, -200000, 100000000, -100000000, REC_DRIFT_PPB_MAX, -REC_DRIFT_PPB_MAX};

	for (size_t i = 0; i < sizeof(drifts) / sizeof(drifts[0]); i++) {
		struct rec_node_clock clock;

		rec_node_clock_set(&clock, 12345, 1000000000, drifts[i]);
		for (uint64_t local = 1000000001; local < 1000000000 + (1ull << 40); local = local * 3 - 2 * 999999999) {
			const vtime_ns when = rec_node_clock_when(&clock, local);

			HOLDS(rec_node_clock_at(&clock, when) >= local);
			HOLDS(when == 12345 || rec_node_clock_at(&clock, when - 1) < local);
		}
	}
}

static void test_drift(void)
{
	struct rec_node_clock clock;

	rec_node_clock_set(&clock, 0, 1000000000, 100000000);
	EQUAL(rec_node_clock_at(&clock, 1000000000), 2100000000);
	rec_node_clock_set(&clock, 0, 1000000000, -100000000);
	EQUAL(rec_node_clock_at(&clock, 1000000000), 1900000000);
	EQUAL(rec_node_clock_at(&clock, 1), 1000000000);
	EQUAL(rec_node_clock_at(&clock, 2), 1000000001);
}

/* A slow clock that a program has read shows no earlier time afterwards. */
static void test_never_back(void)
{
	struct rec_node_clock clock;

	rec_node_clock_set(&clock, 0, 1000, -REC_DRIFT_PPB_MAX);
	rec_node_clock_shown(&clock, 1080);
	EQUAL(rec_node_clock_at(&clock, 80), 1080);
	EQUAL(rec_node_clock_at(&clock, 160), 1080);
	EQUAL(rec_node_clock_at(&clock, 162), 1081);
	rec_node_clock_shown(&clock, 1);
	EQUAL(rec_node_clock_at(&clock, 160), 1080);
}

int main(void)
{
	test_plain();
	test_inverse();
	test_drift();
	test_never_back();
	return done();
}
