/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Laws of jitter: 10^5 frames each against the law's distribution function (Kolmogorov and Smirnov's distance), and the
 * tables against libm.
 */
#include "jitter.h"

#include <math.h>
#include <stdlib.h>

#include "unit.h"

#include "jitter-tables.h"

#define FRAMES 100000
#define SPREAD 1000000.0

static void test_tables(void)
{
	part("tables");
	for (unsigned int j = 0; j < POINTS; j++) {
		const double p = ldexp(1 - (j % 32) / 64.0, -(int)(j / 32));
		const double z = ldexp(normal_table[j], -24), x = ldexp(pareto_table[j], -24);

		HOLDS(fabs(erfc(z / sqrt(2)) - p) < 1e-7);
		HOLDS(fabs(x - (pow(p, -1 / 3.0) - 1.5) / sqrt(0.75)) < 1e-6);
	}
}

/* Distribution functions, x in spreads. */
static double uniform(double x)
{
	return x < -1 ? 0 : x > 1 ? 1 : (x + 1) / 2;
}

static double normal(double x)
{
	return erfc(-x / sqrt(2)) / 2;
}

static double pareto(double x)
{
	const double value = x * sqrt(0.75) + 1.5;

	return value < 1 ? 0 : 1 - pow(value, -3);
}

static int cmp(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static int64_t drawn[FRAMES], sorted[FRAMES];

static void draw(const struct rec_jitter_law_of *law)
{
	struct rec_jitter jitter = {0};

	rec_stream_init(&jitter.stream, 1, "test");
	for (unsigned int i = 0; i < FRAMES; i++)
		drawn[i] = sorted[i] = rec_jitter_next(&jitter, law);
	qsort(sorted, FRAMES, sizeof(*sorted), cmp);
}

static void test_law(const char *name, enum rec_jitter_law which, double (*law)(double))
{
	const struct rec_jitter_law_of of = {.law = which, .spread_ns = (vtime_ns)SPREAD, .least_ns = 1};
	const struct rec_exp_channel channel = {.delay_ns = 100000000, .jitter = of};
	double distance = 0;

	part(name);
	draw(&of);
	for (unsigned int i = 0; i < FRAMES; i++) {
		const double f = law((double)sorted[i] / SPREAD);
		const double d = fmax(fabs(f - i / (double)FRAMES), fabs(f - (i + 1) / (double)FRAMES));

		distance = fmax(distance, d);
	}
	/* 1.95 / sqrt(n) is passed once in a thousand; the seed is fixed. */
	HOLDS(distance < 1.95 / sqrt(FRAMES));
	HOLDS(100000000 + sorted[0] >= (int64_t)rec_jitter_delay_min(&channel));
}

static void test_table(void)
{
	static const int64_t values[] = {-500, 0, 0, 9000};
	const struct rec_jitter_law_of of = {
		.law = REC_JITTER_TABLE, .least_ns = 1, .table = values, .table_count = 4,
	};
	unsigned int count[3] = {0};

	part("table");
	draw(&of);
	for (unsigned int i = 0; i < FRAMES; i++) {
		HOLDS(drawn[i] == -500 || drawn[i] == 0 || drawn[i] == 9000);
		count[drawn[i] < 0 ? 0 : drawn[i] ? 2 : 1]++;
	}
	/* 137 is a standard deviation of a quarter of 10^5. */
	HOLDS(abs((int)count[0] - 25000) < 5 * 137);
	HOLDS(abs((int)count[1] - 50000) < 5 * 158);
	EQUAL(rec_jitter_value(&of, 0), -500);
	EQUAL(rec_jitter_value(&of, UINT64_MAX), 9000);
}

/* At lag k the correlation is the k-th power, and the law stays. */
static void test_correlation(void)
{
	const struct rec_jitter_law_of of = {
		.law = REC_JITTER_UNIFORM, .spread_ns = (vtime_ns)SPREAD, .least_ns = 1,
		.correlation_ppb = 600000000,
	};

	part("correlation");
	draw(&of);
	for (unsigned int lag = 1; lag <= 4; lag++) {
		double sum = 0, square = 0;

		for (unsigned int i = lag; i < FRAMES; i++) {
			sum += (double)drawn[i] * (double)drawn[i - lag];
			square += (double)drawn[i] * (double)drawn[i];
		}
		HOLDS(fabs(sum / square - pow(0.6, lag)) < 0.02);
	}
	HOLDS(abs((int)(sorted[FRAMES / 4] + 500000)) < 20000);
}

static void test_least(void)
{
	struct rec_exp_channel channel = {
		.delay_ns = 1000,
		.jitter = {.law = REC_JITTER_UNIFORM, .spread_ns = 400, .least_ns = 100},
	};

	part("least delay");
	EQUAL(rec_jitter_delay_min(&channel), 600);
	channel.jitter.spread_ns = 950;
	EQUAL(rec_jitter_delay_min(&channel), 100);
	channel.jitter.law = REC_JITTER_NONE;
	channel.jitter.least_ns = 0;
	EQUAL(rec_jitter_delay_min(&channel), 1000);
}

int main(void)
{
	test_tables();
	test_law("uniform", REC_JITTER_UNIFORM, uniform);
	test_law("normal", REC_JITTER_NORMAL, normal);
	test_law("pareto", REC_JITTER_PARETO, pareto);
	test_table();
	test_correlation();
	test_least();
	return done();
}
