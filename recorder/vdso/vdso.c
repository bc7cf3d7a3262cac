/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vdso.c - time for programs, without a trap.
 *
 * A third to a half of all calls of an ordinary server read a clock.  Programs find the functions below
 * through AT_SYSINFO_EHDR, as they find Linux's own.  The node's clock stands still while a program runs, but for a fixed cost of
 * each reading (so that a loop that polls the clock ends); therefore the answer is base + reads * step, and nothing here
 * needs a lock or a sequence count: exactly one thread of a node runs at any moment.
 *
 * The image is mapped from a file as it is and never relocated, so it has no data, imports nothing,
 * and reaches the clock page by its fixed address.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "../tracee.h"

#define NS_PER_S 1000000000ULL

#define EXPORT(name) __attribute__((visibility("default"))) name
#define ALIAS(name, of) __attribute__((weak, visibility("default"), alias(#of))) name

static inline volatile struct rec_clock_page *page(void)
{
	return (volatile struct rec_clock_page *)REC_CLOCK_ADDR;
}

static long call2(long nr, long a, long b)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(nr), "D"(a), "S"(b)
			 : "rcx", "r11", "memory");
	return result;
}

/* A loop that polls the clock makes no call, so nothing else of its node would ever run.  The limit lets the node in at
 * the first reading that shows the time of its next event. */
static uint64_t read_monotonic(void)
{
	uint64_t reads = page()->reads;
	const uint64_t limit = page()->limit;

	if (__builtin_expect(limit && reads >= limit, 0)) {
		call2(REC_CLOCK_STOP_NR, 0, 0);
		reads = page()->reads;
	}
	page()->reads = reads + 1;
	return page()->base_ns + reads * page()->step_ns;
}

static uint64_t read_realtime(void)
{
	return read_monotonic() + page()->realtime_ns;
}

int EXPORT(__vdso_clock_gettime)(clockid_t clock, struct timespec *ts)
{
	uint64_t ns;

	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_TAI:			/* Linux boots with an offset of 0 and nobody sets it here */
		ns = read_realtime();
		break;
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
		ns = read_monotonic();
		break;
	default:	/* among them the coarse clocks and RAW, which the kernel reckons in its own way */
		return (int)call2(SYS_clock_gettime, clock, (long)ts);
	}
	ts->tv_sec = (time_t)(ns / NS_PER_S);
	ts->tv_nsec = (long)(ns % NS_PER_S);
	return 0;
}

int EXPORT(__vdso_gettimeofday)(struct timeval *restrict tv, void *restrict zone)
{
	struct timezone *const tz = zone;

	if (tv) {
		const uint64_t ns = read_realtime();

		tv->tv_sec = (time_t)(ns / NS_PER_S);
		tv->tv_usec = (suseconds_t)(ns % NS_PER_S / 1000);
	}
	if (tz) {
		tz->tz_minuteswest = 0;
		tz->tz_dsttime = 0;
	}
	return 0;
}

time_t EXPORT(__vdso_time)(time_t *ret)
{
	const time_t seconds = (time_t)(read_realtime() / NS_PER_S);

	if (ret)
		*ret = seconds;
	return seconds;
}

/* A node has one processor. */
long EXPORT(__vdso_getcpu)(unsigned *cpu, unsigned *node, void *cache)
{
	(void)cache;
	if (cpu)
		*cpu = 0;
	if (node)
		*node = 0;
	return 0;
}

int EXPORT(__vdso_clock_getres)(clockid_t clock, struct timespec *res)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI:
		if (res) {
			res->tv_sec = 0;
			res->tv_nsec = 1;
		}
		return 0;
	default:
		return (int)call2(SYS_clock_getres, clock, (long)res);
	}
}

int ALIAS(clock_gettime, __vdso_clock_gettime)(clockid_t clock, struct timespec *ts);
int ALIAS(gettimeofday, __vdso_gettimeofday)(struct timeval *restrict tv, void *restrict tz);
time_t ALIAS(time, __vdso_time)(time_t *ret);
long ALIAS(getcpu, __vdso_getcpu)(unsigned *cpu, unsigned *node, void *cache);
int ALIAS(clock_getres, __vdso_clock_getres)(clockid_t clock, struct timespec *res);
