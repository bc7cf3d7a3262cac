/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "mobility-int.h"

struct hindcast_position rec__leg_at(const struct rec__leg *leg, double time)
{
	if (time <= leg->begin)
		return leg->from;
	if (time >= leg->end)
		return leg->to;
	const double part = (time - leg->begin) / (leg->end - leg->begin);

	return (struct hindcast_position){
		leg->from.x + part * (leg->to.x - leg->from.x),
		leg->from.y + part * (leg->to.y - leg->from.y),
		leg->from.z + part * (leg->to.z - leg->from.z),
	};
}

double rec__distance(const struct hindcast_position *a, const struct hindcast_position *b)
{
	const double x = a->x - b->x, y = a->y - b->y, z = a->z - b->z;

	return sqrt(x * x + y * y + z * z);
}

int rec__complain(const struct hindcast_mobility_env *env, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	env->complain(env->ctx, text);
	return -1;
}

double rec__between(const struct hindcast_mobility_env *env, uint32_t stream, double low, double high)
{
	return low + env->random(env->ctx, stream) * (high - low);
}
