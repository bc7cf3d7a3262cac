/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-cpus.c - a worker and its programs come to be on one processor, let go of it in time, and no two workers share one; the
 * encoder is told of what is left.
 */
#include <sched.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "cpus.h"
#include "tracee.h"
#include "unit.h"

static cpu_set_t all;

static struct rec_tracee *new_tracee(struct rec_tracer *tracer)
{
	const int clock_fd = memfd_create("clock", MFD_CLOEXEC);
	struct rec_tracee *tracee = NULL;

	HOLDS(clock_fd >= 0 && ftruncate(clock_fd, 4096) == 0);
	EQUAL(rec_tracee_new(tracer, clock_fd, &tracee), 0);
	close(clock_fd);
	return tracee;
}

static cpu_set_t allowed_of(pid_t tid)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	HOLDS(sched_getaffinity(tid, sizeof(set), &set) == 0);
	return set;
}

/* Until the worker keeps to one, or to none again: alarm() ends what would not. */
static void keep_until(struct rec_cpus *cpus, struct rec_tracer *tracer, bool kept)
{
	const int wanted = kept ? 1 : CPU_COUNT(&all);
	cpu_set_t own;

	do {
		rec_cpus_keep(cpus, 0, tracer);
		sched_yield();
		own = allowed_of(0);
	} while (CPU_COUNT(&own) != wanted);
}

static void test_keep(struct rec_tracer *tracer)
{
	struct rec_cpus *cpus = rec_cpus_new(1);
	struct rec_tracee *tracee = new_tracee(tracer);
	cpu_set_t left, own, programs;

	HOLDS(cpus);
	HOLDS(!rec_cpus_left(cpus, &left));
	HOLDS(CPU_EQUAL(&left, &all));
	keep_until(cpus, tracer, true);
	own = allowed_of(0);
	programs = allowed_of(rec_tracee_native_tid(tracee));
	HOLDS(CPU_EQUAL(&own, &programs));

	struct rec_tracee *later = new_tracee(tracer);

	programs = allowed_of(rec_tracee_native_tid(later));
	HOLDS(CPU_EQUAL(&own, &programs));
	HOLDS(rec_cpus_left(cpus, &left));
	EQUAL(CPU_COUNT(&left), CPU_COUNT(&all) - 1);
	CPU_AND(&own, &own, &left);
	EQUAL(CPU_COUNT(&own), 0);
	HOLDS(!rec_cpus_left(cpus, &left));

	keep_until(cpus, tracer, false);
	programs = allowed_of(rec_tracee_native_tid(later));
	HOLDS(CPU_EQUAL(&programs, &all));
	HOLDS(rec_cpus_left(cpus, &left));
	HOLDS(CPU_EQUAL(&left, &all));
	rec_tracee_kill(later);
	rec_tracee_kill(tracee);
	rec_cpus_free(cpus);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* This thread plays both workers: where it is, one is already. */
static void test_two(struct rec_tracer *tracer)
{
	struct rec_cpus *cpus = rec_cpus_new(2);
	cpu_set_t left, before;

	HOLDS(cpus);
	keep_until(cpus, tracer, true);
	HOLDS(rec_cpus_left(cpus, &before));
	for (const double end = seconds() + 0.1; seconds() < end;)
		rec_cpus_keep(cpus, 1, tracer);
	HOLDS(!rec_cpus_left(cpus, &left));
	HOLDS(CPU_EQUAL(&left, &before));
	rec_cpus_let_go(cpus, 0, tracer);
	left = allowed_of(0);
	HOLDS(CPU_EQUAL(&left, &all));
	rec_cpus_let_go(cpus, 1, tracer);
	rec_cpus_free(cpus);
}

int main(void)
{
	struct rec_tracer *tracer = NULL;
	const char *reason = "";

	alarm(100);
	all = allowed_of(0);
	if (CPU_COUNT(&all) < 2) {
		printf("skipped: there is one processor\n");
		return 77;
	}
	HOLDS(!rec_cpus_new((unsigned int)CPU_COUNT(&all) + 1));
	if (rec_tracer_new(&tracer, &reason) < 0) {
		printf("skipped: %s\n", reason);
		return 77;
	}
	test_keep(tracer);
	test_two(tracer);
	rec_tracer_free(tracer);
	return done();
}
