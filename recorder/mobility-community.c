/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mobility-community.c - the community model of the PRoPHET paper (Lindgren, Doria and Schelen, "Probabilistic routing in
 * intermittently connected networks", 2003), which EmuStack's section 5.2 repeats: 3000 m by 1500 m in twelve parts, eleven of which are
 * communities of one fixed and four mobile hosts; the twelfth is the gathering place, with one fixed host.
 *
 *	   +----+----+----+----+
 *	   | C1 | C2 | C3 | C4 |	A mobile host at home goes to the gathering place (0.8) or to another community (0.2);
 *	   +----+----+----+----+	elsewhere it goes home (0.9) or to another community or the gathering place (0.1).
 *	   | C5 | G  | C6 | C7 |
 *	   +----+----+----+----+
 *	   | C8 | C9 |C10 |C11 |
 *	   +----+----+----+----+
 *
 * Host 5c is the fixed one of community c (from 0), the four behind it are its mobile ones, host 55 is the gathering place's.
 *
 * Options: speed_min (10 m/s), speed_max (30), pause (60 s): the longest stay, width (3000 m), height (1500).
 */
#include <stdlib.h>

#include "base/check.h"
#include "mobility-int.h"

#define COLUMNS 4u
#define ROWS 3u
#define PARTS (COLUMNS * ROWS)
#define GATHERING 5u		/* the second part of the second row */
#define COMMUNITIES (PARTS - 1)
#define MEMBERS 5u
#define HOSTS (COMMUNITIES * MEMBERS + 1)

struct community {
	const struct hindcast_mobility_env *env;
	double speed_min, speed_max, pause, width, height;
	struct rec__leg legs[HOSTS];
	uint32_t part[HOSTS];		/* where it goes, or is */
};

static uint32_t home_of(uint32_t host)
{
	const uint32_t number = host / MEMBERS;

	/* The gathering place's host is the last one. */
	return host == HOSTS - 1 ? GATHERING : number + (number >= GATHERING);
}

static int is_fixed(uint32_t host)
{
	return host % MEMBERS == 0;
}

static struct hindcast_position somewhere(const struct community *c, uint32_t host, uint32_t part)
{
	const double width = c->width / COLUMNS, height = c->height / ROWS;
	const double x = rec__between(c->env, host, 0, width), y = rec__between(c->env, host, 0, height);

	return (struct hindcast_position){part % COLUMNS * width + x, part / COLUMNS * height + y, 0};
}

static struct hindcast_position middle(const struct community *c, uint32_t part)
{
	return (struct hindcast_position){(part % COLUMNS + 0.5) * c->width / COLUMNS,
					  (part / COLUMNS + 0.5) * c->height / ROWS, 0};
}

/* Any part but two, each equally often. */
static uint32_t elsewhere(const struct community *c, uint32_t host, uint32_t a, uint32_t b)
{
	uint32_t part = (uint32_t)(c->env->random(c->env->ctx, host) * PARTS);

	while (part == a || part == b)
		part = (uint32_t)(c->env->random(c->env->ctx, host) * PARTS);
	return part;
}

static uint32_t choose(const struct community *c, uint32_t host)
{
	const uint32_t here = c->part[host], home = home_of(host);
	const double chance = c->env->random(c->env->ctx, host);

	if (here == home)
		return chance < 0.8 ? GATHERING : elsewhere(c, host, home, GATHERING);
	return chance < 0.9 ? home : elsewhere(c, host, home, here);
}

static void next_leg(struct community *c, uint32_t host)
{
	struct rec__leg *leg = &c->legs[host];

	c->part[host] = choose(c, host);
	leg->from = leg->to;
	leg->begin = leg->end + rec__between(c->env, host, 0, c->pause);
	leg->to = somewhere(c, host, c->part[host]);
	leg->end = leg->begin + rec__distance(&leg->from, &leg->to) / rec__between(c->env, host, c->speed_min, c->speed_max);
}

static int community_open(const struct hindcast_mobility_env *env, void **ret)
{
	struct community *c = calloc(1, sizeof(*c));

	CHECK(c);
	*c = (struct community){.env = env, .speed_min = 10, .speed_max = 30, .pause = 60, .width = 3000, .height = 1500};
	*ret = c;
	if (env->host_count != HOSTS)
		return rec__complain(env, "the community model has %u hosts (11 communities of 5, and the gathering place), "
				     "not %u", HOSTS, env->host_count);
	if (env->number(env->ctx, "speed_min", &c->speed_min) || env->number(env->ctx, "speed_max", &c->speed_max) ||
	    env->number(env->ctx, "pause", &c->pause) || env->number(env->ctx, "width", &c->width) ||
	    env->number(env->ctx, "height", &c->height))
		return -1;
	if (c->speed_min <= 0 || c->speed_max < c->speed_min || c->pause < 0 || c->width <= 0 || c->height <= 0)
		return rec__complain(env, "speed_min, width and height are to be above 0, speed_max not below speed_min, and pause "
				     "not below 0");
	for (uint32_t i = 0; i < HOSTS; i++) {
		c->part[i] = home_of(i);
		c->legs[i].from = c->legs[i].to = is_fixed(i) ? middle(c, c->part[i]) : somewhere(c, i, c->part[i]);
	}
	return 0;
}

static int community_positions(void *state, uint64_t time_ns, struct hindcast_position *ret)
{
	struct community *c = state;
	const double time = (double)time_ns / 1e9;

	for (uint32_t i = 0; i < HOSTS; i++) {
		while (!is_fixed(i) && (time > c->legs[i].end || !c->legs[i].end))
			next_leg(c, i);
		ret[i] = rec__leg_at(&c->legs[i], time);
	}
	return 0;
}

const struct hindcast_mobility rec__mobility_community = {
	.abi = HINDCAST_MOBILITY_ABI, .name = "community", .open = community_open, .positions = community_positions,
	.close = free,
};
