/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unit.h - what the unit tests print and how they end.
 *
 * A check that fails says both values and goes on; done() is the exit code.  EQUAL() takes integers,
 * SAME() bytes, STRING() text, HOLDS() anything.
 */
#ifndef TEST_UNIT_H
#define TEST_UNIT_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned long checked, failed;
static const char *part_name = "";

static inline void part(const char *name)
{
	part_name = name;
	printf("# %s\n", name);
	fflush(stdout);
}

__attribute__((format(printf, 4, 5), unused)) static void
judge(int good, const char *file, int line, const char *format, ...)
{
	va_list args;

	checked++;
	if (good)
		return;
	failed++;
	printf("not ok: %s:%d: %s: ", file, line, part_name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	/* Beyond this nobody reads. */
	if (failed > 50)
		exit(1);
}

#define HOLDS(expression) judge(!!(expression), __FILE__, __LINE__, "%s", #expression)

#define EQUAL(is, expected)                                                                        \
	do {                                                                                       \
		const long long is_ = (long long)(is), expected_ = (long long)(expected);          \
		judge(is_ == expected_, __FILE__, __LINE__, "%s is %lld, expected %lld", #is, is_, \
		      expected_);                                                                  \
	} while (0)

#define STRING(is, expected)                                                                       \
	do {                                                                                       \
		const char *is_ = (is), *expected_ = (expected);                                   \
		judge(strcmp(is_, expected_) == 0, __FILE__, __LINE__, "%s is\n  %s\nexpected\n  %s", \
		      #is, is_, expected_);                                                        \
	} while (0)

#define SAME(is, is_size, expected, expected_size)                                                 \
	do {                                                                                       \
		const size_t is_size_ = (is_size), expected_size_ = (expected_size);               \
		judge(is_size_ == expected_size_ &&                                                \
			      (!is_size_ || memcmp((is), (expected), is_size_) == 0),              \
		      __FILE__, __LINE__, "%s: %zu bytes, expected %zu (or other bytes)", #is,     \
		      is_size_, expected_size_);                                                   \
	} while (0)

static inline int done(void)
{
	printf("%s: %lu checks, %lu failed\n", failed ? "not ok" : "ok", checked, failed);
	return failed ? 1 : 0;
}

/* splitmix64: the same numbers in every run. */
static uint64_t random_state = 1;

__attribute__((unused)) static uint64_t random_u64(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

__attribute__((unused)) static uint64_t random_below(uint64_t limit)
{
	return random_u64() % limit;
}

/* Numbers of all lengths, not only long ones. */
__attribute__((unused)) static uint64_t random_wide(void)
{
	return random_u64() >> random_below(64);
}

#endif
