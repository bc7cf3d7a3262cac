/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loss against its laws, 10^5 frames and more. */
#include "loss.h"

#include <stdlib.h>

#include "unit.h"

static void init(struct rec_loss *loss)
{
	*loss = (struct rec_loss){0};
	rec_stream_init(&loss->stream, 1, "loss");
	rec_stream_init(&loss->bursts, 1, "bursts");
}

/* Gilbert's chain: the share of time in bursts is b / (b + e), their mean length 1 / e. */
static void test_bursts(void)
{
	const struct rec_exp_channel channel = {
		.burst_begin_ppb = 10000000, .burst_end_ppb = 250000000, .burst_loss_ppb = REC_PPB,
	};
	struct rec_loss loss;
	unsigned int lost = 0, bursts = 0;
	bool before = false;

	part("bursts");
	init(&loss);
	for (unsigned int i = 0; i < 1000000; i++) {
		const bool now = rec_loss_next(&loss, &channel);

		lost += now;
		bursts += now && !before;
		before = now;
	}
	/* 1/26 of 10^6; lengths vary, so the deviation is some 500. */
	HOLDS(abs((int)lost - 38462) < 2500);
	HOLDS(abs((int)(1000 * (uint64_t)lost / bursts) - 4000) < 150);
}

static void test_correlation(void)
{
	const struct rec_exp_channel channel = {.loss_ppb = 100000000, .loss_correlation_ppb = 500000000};
	struct rec_loss loss;
	unsigned int lost = 0, both = 0;
	bool before = false;

	part("correlation");
	init(&loss);
	for (unsigned int i = 0; i < 1000000; i++) {
		const bool now = rec_loss_next(&loss, &channel);

		lost += now;
		both += now && before;
		before = now;
	}
	HOLDS(abs((int)lost - 100000) < 2500);
	/* P(both) = 0.1 * (0.5 + 0.5 * 0.1) */
	HOLDS(abs((int)both - 55000) < 2500);
}

/* An end of the bursts ends one that lasts. */
static void test_change(void)
{
	const struct rec_exp_channel bad = {.burst_begin_ppb = REC_PPB, .burst_end_ppb = 1, .burst_loss_ppb = REC_PPB},
				     good = {0};
	struct rec_loss loss;

	part("change");
	init(&loss);
	HOLDS(rec_loss_next(&loss, &bad));
	HOLDS(rec_loss_next(&loss, &bad));
	HOLDS(!rec_loss_next(&loss, &good));
	HOLDS(!loss.in_burst);
}

int main(void)
{
	test_bursts();
	test_correlation();
	test_change();
	return done();
}
