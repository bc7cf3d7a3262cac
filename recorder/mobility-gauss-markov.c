/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mobility-gauss-markov.c - speed and direction that remember (Liang and Haas, "Predictive distance-based mobility management for PCS
 * networks", 1999): next = a now + (1 - a) mean + sqrt(1 - a^2) deviation x, x normal.  At the border hosts are reflected.
 *
 * Options: width, height (1000 m), memory (a, 0.75), speed (mean, 5 m/s), speed_deviation (1), direction_deviation (0.4 radians),
 * interval (1 s) after which speed and direction are drawn anew.
 */
#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "mobility-int.h"

struct walker {
	struct hindcast_position at;
	double speed, direction, mean_direction;
};

struct gauss_markov {
	const struct hindcast_mobility_env *env;
	double width, height, memory, speed, speed_deviation, direction_deviation, interval;
	double time;
	struct walker *walkers;
};

/* Box and Muller's method, one of the two. */
static double normal(const struct hindcast_mobility_env *env, uint32_t stream)
{
	const double u = 1 - env->random(env->ctx, stream), v = env->random(env->ctx, stream);

	return sqrt(-2 * env->logarithm(u)) * env->cosine(2 * REC__PI * v);
}

static double remember(const struct gauss_markov *g, uint32_t host, double now, double mean, double deviation)
{
	return g->memory * now + (1 - g->memory) * mean +
	       sqrt(1 - g->memory * g->memory) * deviation * normal(g->env, host);
}

/* Back into [0, limit]; true: it came from outside. */
static int reflect(double *at, double limit)
{
	const double before = *at;

	/* A step is a few intervals' way: far below the width. */
	*at = fmod(fabs(*at), 2 * limit);
	if (*at > limit)
		*at = 2 * limit - *at;
	return *at != before;
}

static void walk(const struct gauss_markov *g, uint32_t host, double seconds)
{
	struct walker *w = &g->walkers[host];

	w->at.x += seconds * w->speed * g->env->cosine(w->direction);
	w->at.y += seconds * w->speed * g->env->sine(w->direction);
	if (reflect(&w->at.x, g->width)) {
		w->direction = REC__PI - w->direction;
		w->mean_direction = REC__PI - w->mean_direction;
	}
	if (reflect(&w->at.y, g->height)) {
		w->direction = -w->direction;
		w->mean_direction = -w->mean_direction;
	}
}

static void turn(const struct gauss_markov *g, uint32_t host)
{
	struct walker *w = &g->walkers[host];

	w->speed = fabs(remember(g, host, w->speed, g->speed, g->speed_deviation));
	w->direction = remember(g, host, w->direction, w->mean_direction, g->direction_deviation);
}

static int take_options(struct gauss_markov *g)
{
	const struct hindcast_mobility_env *env = g->env;
	const struct {
		const char *name;
		double *ret;
	} options[] = {
		{"width", &g->width}, {"height", &g->height}, {"memory", &g->memory}, {"speed", &g->speed},
		{"speed_deviation", &g->speed_deviation}, {"direction_deviation", &g->direction_deviation},
		{"interval", &g->interval},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (env->number(env->ctx, options[i].name, options[i].ret))
			return -1;
	if (g->width <= 0 || g->height <= 0 || g->interval <= 0 || g->speed < 0)
		return rec__complain(env, "width, height and interval are to be above 0, and speed not below");
	if (g->memory < 0 || g->memory > 1)
		return rec__complain(env, "memory is from 0 (none) to 1 (straight on for ever)");
	return 0;
}

static int gauss_markov_open(const struct hindcast_mobility_env *env, void **ret)
{
	struct gauss_markov *g = calloc(1, sizeof(*g));

	CHECK(g);
	*g = (struct gauss_markov){
		.env = env, .width = 1000, .height = 1000, .memory = 0.75, .speed = 5, .speed_deviation = 1,
		.direction_deviation = 0.4, .interval = 1,
	};
	*ret = g;
	if (take_options(g))
		return -1;
	g->walkers = calloc(env->host_count, sizeof(*g->walkers));
	CHECK(g->walkers);
	for (uint32_t i = 0; i < env->host_count; i++) {
		struct walker *w = &g->walkers[i];

		w->at.x = rec__between(env, i, 0, g->width);
		w->at.y = rec__between(env, i, 0, g->height);
		w->speed = g->speed;
		w->direction = w->mean_direction = rec__between(env, i, 0, 2 * REC__PI);
	}
	return 0;
}

/* In whole intervals, and the rest of one on the way. */
static int gauss_markov_positions(void *state, uint64_t time_ns, struct hindcast_position *ret)
{
	struct gauss_markov *g = state;
	const double time = (double)time_ns / 1e9;

	for (; g->time + g->interval <= time; g->time += g->interval)
		for (uint32_t i = 0; i < g->env->host_count; i++) {
			walk(g, i, g->interval);
			turn(g, i);
		}
	for (uint32_t i = 0; i < g->env->host_count; i++) {
		const struct walker kept = g->walkers[i];

		walk(g, i, time - g->time);
		ret[i] = g->walkers[i].at;
		g->walkers[i] = kept;
	}
	return 0;
}

static void gauss_markov_close(void *state)
{
	free(((struct gauss_markov *)state)->walkers);
	free(state);
}

const struct hindcast_mobility rec__mobility_gauss_markov = {
	.abi = HINDCAST_MOBILITY_ABI, .name = "gauss-markov", .open = gauss_markov_open,
	.positions = gauss_markov_positions, .close = gauss_markov_close,
};
