/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disciplines against their laws: RED's distances between drops over 10^5 frames, CoDel's times exactly. */
#include "aqm.h"

#include <math.h>

#include "unit.h"

#define FRAMES 100000

/*
 * At a constant length the chance that Floyd and Jacobson give is p, and the distances between drops are uniform from 1 to
 * 1/p: their mean is (1/p + 1) / 2.
 */
static void test_red(unsigned length, double p)
{
	const struct rec_queue_rule rule = {
		.discipline = REC_RED, .red_min = 20, .red_max = 60, .red_share_ppb = 200000000,
	};
	struct rec_aqm aqm = {0};
	const unsigned longest = (unsigned)lround(1 / p);
	unsigned counts[201] = {0}, since = 0, drops = 0, frames = 0;

	part("red");
	rec_stream_init(&aqm.stream, 7, "red");
	/* The mean length needs some 5000 frames to come within 10^-4 of the length. */
	for (unsigned i = 0; i < FRAMES + 10000; i++) {
		const struct rec_aqm_frame frame = {.now = i, .begin = i, .length = length, .line_ns = 1};
		const char *why = rec_aqm_drops(&aqm, &rule, &frame);

		since++;
		if (why && i >= 10000) {
			STRING(why, "red");
			HOLDS(since <= longest + 1);
			counts[since <= 200 ? since : 200]++;
			drops++;
		}
		frames += i >= 10000;
		since = why ? 0 : since;
	}
	const double mean = (double)frames / drops, expected = (1 / p + 1) / 2;

	/* The distance's deviation is a uniform law's. */
	HOLDS(fabs(mean - expected) < 5 * longest / sqrt(12) / sqrt(drops) + 0.02 * expected);
	/* And each distance comes as often as every other. */
	for (unsigned i = 1; i < longest; i++)
		HOLDS(fabs(counts[i] - (double)drops / longest) < 6 * sqrt((double)drops / longest));
}

/* Below min nothing is dropped, above max all. */
static void test_red_ends(void)
{
	const struct rec_queue_rule rule = {
		.discipline = REC_RED, .red_min = 20, .red_max = 60, .red_share_ppb = 200000000,
	};
	struct rec_aqm low = {0}, high = {0};
	unsigned drops = 0;

	part("red's ends");
	rec_stream_init(&low.stream, 7, "red");
	rec_stream_init(&high.stream, 7, "red");
	for (unsigned i = 0; i < FRAMES; i++) {
		struct rec_aqm_frame frame = {.now = i, .begin = i, .length = 19, .line_ns = 1};

		HOLDS(!rec_aqm_drops(&low, &rule, &frame));
		frame.length = 61;
		drops += rec_aqm_drops(&high, &rule, &frame) != NULL && i >= 50000;
	}
	EQUAL(drops, FRAMES - 50000);
}

/* RFC 8289: drops begin after an interval above target, and come at interval / sqrt(count). */
static void test_codel(void)
{
	const struct rec_queue_rule rule = {.discipline = REC_CODEL, .target_ns = 5000000, .interval_ns = 100000000};
	struct rec_aqm aqm = {0};
	double expected = 0;
	unsigned drops = 0;

	part("codel");
	rec_stream_init(&aqm.stream, 1, "codel");
	/* A frame leaves every 10 us, and has waited 6 ms. */
	for (uint64_t i = 0; i < FRAMES * 10; i++) {
		const uint64_t begin = 6000000 + i * 10000;
		const struct rec_aqm_frame frame = {.now = begin - 6000000, .begin = begin, .length = 600, .line_ns = 10000};

		if (!rec_aqm_drops(&aqm, &rule, &frame))
			continue;
		if (!drops)
			EQUAL(begin, 6000000 + 100000000);
		else	/* each time is rounded down to a nanosecond */
			HOLDS((double)begin > expected - drops - 1 && (double)begin < expected + 10000);
		drops++;
		expected = (drops == 1 ? (double)begin : expected) + 1e8 / sqrt(drops);
	}
	HOLDS(drops > 1000);
	/* One that has not waited ends it. */
	const struct rec_aqm_frame quick = {.now = 20000000000, .begin = 20000000001, .length = 1, .line_ns = 10000};

	HOLDS(!rec_aqm_drops(&aqm, &rule, &quick));
	HOLDS(!aqm.dropping);
}

int main(void)
{
	test_red(40, 0.1);
	test_red(24, 0.02);
	test_red_ends();
	test_codel();
	return done();
}
