/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mobility-int.h - what the models that come with hindcast share. */
#ifndef REC_MOBILITY_INT_H
#define REC_MOBILITY_INT_H

#include "hindcast-mobility.h"

#define MODEL(symbol, name) extern const struct hindcast_mobility rec__mobility_##symbol;
#include "mobility.def"
#undef MODEL

/* ---- exact-math.c: within one unit in the last place or so, and equal everywhere ---- */
double rec__sine(double radians);
double rec__cosine(double radians);
double rec__logarithm(double x);

#define REC__PI 3.14159265358979323846

/* ---- mobility-legs.c: a host that goes from place to place; options ---- */

struct rec__leg {			/* it stands at `from` until begin, walks, and is at `to` from end on */
	struct hindcast_position from, to;
	double begin, end;		/* seconds */
};

struct hindcast_position rec__leg_at(const struct rec__leg *leg, double time);
double rec__distance(const struct hindcast_position *a, const struct hindcast_position *b);
/* complain(), with a format. */
int rec__complain(const struct hindcast_mobility_env *env, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* ... about a line of the option `file`. */
int rec__complain_at(const struct hindcast_mobility_env *env, unsigned int line, const char *what);
/* Calls take, which may change the text, for every line of the option `file`, until it returns other than 0.  -1: complained. */
typedef int rec__take_line_fn(void *arg, char *text, unsigned int line);
int rec__each_line(const struct hindcast_mobility_env *env, rec__take_line_fn *take, void *arg);
/* Uniform in [low, high). */
double rec__between(const struct hindcast_mobility_env *env, uint32_t stream, double low, double high);

#endif
