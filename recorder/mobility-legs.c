/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
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

int rec__complain_at(const struct hindcast_mobility_env *env, unsigned int line, const char *what)
{
	return rec__complain(env, "%s:%u: %s", env->option(env->ctx, "file"), line, what);
}

int rec__each_line(const struct hindcast_mobility_env *env, rec__take_line_fn *take, void *arg)
{
	const char *text = env->file(env->ctx, "file");
	unsigned int line = 0;
	int error = 0;

	if (!text)
		return env->option(env->ctx, "file") ? -1 : rec__complain(env, "this needs the option file: FILE");
	while (*text && !error) {
		const size_t size = strcspn(text, "\n");
		_cleanup_free_ char *copy = strndup(text, size);

		CHECK(copy);
		error = take(arg, copy, ++line);
		text += size + (text[size] == '\n');
	}
	return error;
}

double rec__between(const struct hindcast_mobility_env *env, uint32_t stream, double low, double high)
{
	return low + env->random(env->ctx, stream) * (high - low);
}
