/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mobility-waypoint.c - random waypoint: go to a random place at a random speed, stay a while, go on (Johnson and Maltz, 1996).
 *
 * Options: width, height (1000 m), speed_min (1 m/s), speed_max (10), pause (0 s): the longest stay.
 */
#include <stdlib.h>

#include "base/check.h"
#include "mobility-int.h"

struct waypoint {
	const struct hindcast_mobility_env *env;
	double width, height, speed_min, speed_max, pause;
	struct rec__leg *legs;		/* [host] */
};

static struct hindcast_position anywhere(const struct waypoint *w, uint32_t host)
{
	const double x = rec__between(w->env, host, 0, w->width);

	return (struct hindcast_position){x, rec__between(w->env, host, 0, w->height), 0};
}

static void next_leg(const struct waypoint *w, uint32_t host)
{
	struct rec__leg *leg = &w->legs[host];

	leg->from = leg->to;
	leg->begin = leg->end + rec__between(w->env, host, 0, w->pause);
	leg->to = anywhere(w, host);
	leg->end = leg->begin + rec__distance(&leg->from, &leg->to) / rec__between(w->env, host, w->speed_min, w->speed_max);
}

static int waypoint_open(const struct hindcast_mobility_env *env, void **ret)
{
	struct waypoint *w = calloc(1, sizeof(*w));

	CHECK(w);
	*w = (struct waypoint){.env = env, .width = 1000, .height = 1000, .speed_min = 1, .speed_max = 10};
	*ret = w;
	if (env->number(env->ctx, "width", &w->width) || env->number(env->ctx, "height", &w->height) ||
	    env->number(env->ctx, "speed_min", &w->speed_min) || env->number(env->ctx, "speed_max", &w->speed_max) ||
	    env->number(env->ctx, "pause", &w->pause))
		return -1;
	if (w->width <= 0 || w->height <= 0 || w->pause < 0)
		return rec__complain(env, "width and height are to be above 0, and pause not below");
	/* With speeds down to 0 hosts would come to rest in the course of time. */
	if (w->speed_min <= 0 || w->speed_max < w->speed_min)
		return rec__complain(env, "speed_min is to be above 0, and speed_max not below it");
	w->legs = calloc(env->host_count, sizeof(*w->legs));
	CHECK(w->legs);
	for (uint32_t i = 0; i < env->host_count; i++)
		w->legs[i].to = anywhere(w, i);
	return 0;
}

static int waypoint_positions(void *state, uint64_t time_ns, struct hindcast_position *ret)
{
	const struct waypoint *w = state;
	const double time = (double)time_ns / 1e9;

	for (uint32_t i = 0; i < w->env->host_count; i++) {
		while (time > w->legs[i].end || !w->legs[i].end)
			next_leg(w, i);
		ret[i] = rec__leg_at(&w->legs[i], time);
	}
	return 0;
}

static void waypoint_close(void *state)
{
	free(((struct waypoint *)state)->legs);
	free(state);
}

const struct hindcast_mobility rec__mobility_waypoint = {
	.abi = HINDCAST_MOBILITY_ABI, .name = "random-waypoint", .open = waypoint_open, .positions = waypoint_positions,
	.close = waypoint_close,
};
