/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A mobility plug-in as somebody else would write it: every host follows one of the movement below, an option's metres to the east. */
#include "hindcast-mobility.h"

#include <stdlib.h>

struct state {
	const struct hindcast_mobility_env *env;
	double metres;
};

static int open_plugin(const struct hindcast_mobility_env *env, void **ret)
{
	struct state *state = calloc(1, sizeof(*state));

	if (!state)
		return -1;
	*ret = state;
	state->env = env;
	state->metres = 10;
	if (env->host_count != env->base_count) {
		env->complain(env->ctx, "every host needs one of the other movement to follow");
		return -1;
	}
	return env->number(env->ctx, "metres", &state->metres);
}

static int positions(void *arg, uint64_t time_ns, struct hindcast_position *ret)
{
	const struct state *state = arg;

	if (state->env->base_positions(state->env->ctx, time_ns, ret))
		return -1;
	for (uint32_t i = 0; i < state->env->host_count; i++)
		ret[i].x += state->metres;
	return 0;
}

/* The first host is connected with all others in even seconds. */
static int matrix(void *arg, uint64_t time_ns, uint8_t *ret)
{
	const struct state *state = arg;
	const uint32_t count = state->env->host_count;

	for (uint32_t i = 0; i < count * count; i++)
		ret[i] = (i < count || i % count == 0) && time_ns / 1000000000 % 2 == 0;
	return 0;
}

const struct hindcast_mobility hindcast_mobility = {
	.abi = HINDCAST_MOBILITY_ABI, .name = "shadow-of", .open = open_plugin, .positions = positions, .matrix = matrix, .close = free,
};
