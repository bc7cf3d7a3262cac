/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hindcast-mobility.h - how hosts move: the interface between hindcast and a mobility plug-in.
 *
 * A plug-in is a shared object that exports one symbol:
 *
 *	#include "hindcast-mobility.h"
 *	const struct hindcast_mobility hindcast_mobility = {
 *		.abi = HINDCAST_MOBILITY_ABI, .name = "mine", .open = ..., .positions = ..., .close = ...
 *	};
 *
 *	cc -shared -fPIC -o mine.so mine.c
 *
 * and is named in the experiment: `mobility: {walk: {plugin: mine.so, hosts: [a, b], options: {speed: 3}}}`.  hindcast asks it,
 * before the run, where the hosts are, or who is connected with whom, at 0, at `step`, twice `step` and so on; times
 * never descend.  The models that come with hindcast use this very interface (mobility-*.c).
 *
 * What a plug-in answers is part of the run.  For equal runs it takes all chance from env->random, no time and no state of
 * the machine, and env->sine and its sisters instead of libm, whose last digit depends on the processor; + - * / and sqrt() are safe.
 *
 * Everything is called on one thread.  No function may be called after close().
 */
#ifndef HINDCAST_MOBILITY_H
#define HINDCAST_MOBILITY_H

#include <stdint.h>

#define HINDCAST_MOBILITY_ABI 1u

struct hindcast_position {	/* in metres; hindcast rounds to millimetres */
	double x, y, z;
};

/* What hindcast gives to a model.  Valid from open() until close() has returned. */
struct hindcast_mobility_env {
	uint32_t abi;
	uint32_t host_count;		/* of this model: the length of positions, and of the sides of matrices */
	const char *const *host_names;
	uint64_t end_ns;		/* no later time will be asked for */
	uint64_t realtime_ns;		/* time of day at 0, since 1970 */
	uint32_t base_count;		/* hosts of the model that this one builds on (`on`); 0: on none */
	uint32_t reserved;		/* 0 */
	void *ctx;			/* first argument of all these */
	/* An option as it is written, or NULL. */
	const char *(*option)(void *ctx, const char *name);
	/* An option as a number, ret unchanged when it is not given.  0, or -1: it is none, and hindcast has said so. */
	int (*number)(void *ctx, const char *name, double *ret);
	/* The text of the file that an option names.  NULL: there is none (complained of when the option is given). */
	const char *(*file)(void *ctx, const char *name);
	/* The next number of a stream, uniform in [0, 1); streams are independent of each other, use one for each host. */
	double (*random)(void *ctx, uint32_t stream);
	/* What the model below says.  0, or -1: it cannot (complained of). */
	int (*base_positions)(void *ctx, uint64_t time_ns, struct hindcast_position *ret);
	int (*base_matrix)(void *ctx, uint64_t time_ns, uint8_t *ret);
	/* Tells the user what is wrong; the caller then returns -1. */
	void (*complain)(void *ctx, const char *text);
	/* Equal on every machine. */
	double (*sine)(double radians);
	double (*cosine)(double radians);
	double (*logarithm)(double x);	/* natural, of x > 0 */
};

struct hindcast_mobility {
	uint32_t abi;			/* HINDCAST_MOBILITY_ABI */
	uint32_t reserved;		/* 0 */
	const char *name;
	/* 0 and the model's state, or -1 after complain(). */
	int (*open)(const struct hindcast_mobility_env *env, void **ret_state);
	/* Where every host is.  0, -1.  NULL: the model knows of connections alone. */
	int (*positions)(void *state, uint64_t time_ns, struct hindcast_position *ret);
	/* Who is connected: ret[from * host_count + to] is 1 or 0.  0, -1.  NULL: by the range of the medium. */
	int (*matrix)(void *state, uint64_t time_ns, uint8_t *ret);
	void (*close)(void *state);
};

extern const struct hindcast_mobility hindcast_mobility;

#endif
