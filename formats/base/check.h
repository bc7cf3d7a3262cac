/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check.h - CHECK(): what only our own mistake can break.
 *
 * Never compiled out: a recorder that goes on after a broken invariant writes a trace that lies.
 * What the world can break (files, memory of tracees, traces) is an error code instead.
 */
#ifndef FMT_BASE_CHECK_H
#define FMT_BASE_CHECK_H

#include <stdio.h>
#include <stdlib.h>

__attribute__((noreturn, cold)) static inline void
check_failed(const char *expression, const char *file, int line, const char *function)
{
	fflush(stdout);
	fprintf(stderr, "%s:%d: %s: this should always hold: %s\n", file, line, function,
		expression);
	abort();
}

#define CHECK(expression)                                                                          \
	do {                                                                                       \
		if (__builtin_expect(!(expression), 0))                                            \
			check_failed(#expression, __FILE__, __LINE__, __func__);                   \
	} while (0)

#endif
