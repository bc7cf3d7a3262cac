/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spin.c - loops that wait without sleeping: spin KIND
 *
 *	vdso, syscall, tsc, yield	until the clock shows some milliseconds more
 *	clock-flag			until another thread has set a flag; looks at the clock meanwhile
 *	clock-alarm			until a handler has set it, the same
 *	memory				until another thread has set a flag; nothing else
 *	memory-call			the same, in a function that is called
 *	memory-shared			until another process has set a flag in shared memory
 *	memory-sleeper			until a thread that sleeps first has set it
 *	memory-alarm			until the handler of a timer has set it
 *	turns				two threads that hand a turn to each other by memory, 40 times
 *	lock				spin lock of two threads, with sched_yield inside
 *	long				computes for a while
 *	count				until another thread has set a flag; counts meanwhile, in a register
 *	count-memory			the same, in two words of memory, one with a lock
 *	count-call			the same, in a function that is called, down by 12 from some number
 *	count-alarm			until the handler of a timer has set it; counts
 *	hash				until another thread has set a flag; computes meanwhile: no end on a node
 * Prints what time it was afterwards, so that two runs can be compared.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#define WAIT_NS 20000000ull
#define TURNS 40

static volatile int flag;
static atomic_int turn;

static uint64_t vdso_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static uint64_t syscall_ns(void)
{
	struct timespec ts;

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* A counter of 1 GHz on a node. */
static uint64_t tsc_ns(void)
{
	return __rdtsc();
}

static uint64_t yield_ns(void)
{
	sched_yield();
	return vdso_ns();
}

static unsigned long poll_clock(uint64_t (*now)(void), uint64_t wait_ns)
{
	const uint64_t end = now() + wait_ns;
	unsigned long looks = 1;

	while (now() < end)
		looks++;
	return looks;
}

static void *set_flag(void *arg)
{
	const struct timespec pause = {0, (long)(intptr_t)arg};

	if (arg)
		nanosleep(&pause, NULL);
	flag = 1;
	return NULL;
}

static void on_alarm(int signo)
{
	(void)signo;
	flag = 1;
}

static pthread_t start(void *(*body)(void *), intptr_t arg)
{
	pthread_t thread;

	pthread_create(&thread, NULL, body, (void *)arg);
	return thread;
}

static void alarm_in(long us)
{
	const struct itimerval when = {.it_value = {0, us}};

	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &when, NULL);
}

__attribute__((noinline)) static int is_set(volatile int *what)
{
	volatile int copy = *what;

	_mm_pause();
	return copy;
}

static void wait_shared(void)
{
	volatile int *const shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (fork() == 0) {
		usleep(3000);
		*shared = 1;
		_exit(0);
	}
	while (!*shared)
		;
	wait(NULL);
}

static void *take_turns(void *arg)
{
	const int me = (int)(intptr_t)arg;

	for (int i = 0; i < TURNS; i++) {
		while (atomic_load(&turn) % 2 != me)
			_mm_pause();
		atomic_fetch_add(&turn, 1);
	}
	return NULL;
}

static void *take_lock(void *arg)
{
	static atomic_flag lock = ATOMIC_FLAG_INIT;

	for (int i = 0; i < TURNS; i++) {
		while (atomic_flag_test_and_set(&lock))
			_mm_pause();
		sched_yield();
		atomic_fetch_add(&turn, 1);
		atomic_flag_clear(&lock);
	}
	return arg;
}

static void wait_for(pthread_t thread)
{
	pthread_join(thread, NULL);
}

static volatile unsigned counted = 7;
static atomic_ulong counted_too;
static long countdown = 5000;

__attribute__((noinline)) static int count_down(void)
{
	countdown -= 12;
	return !flag;
}

static unsigned long count(const char *kind)
{
	unsigned long n = 0;

	if (!strcmp(kind, "count-memory")) {
		while (!flag) {
			counted++;
			atomic_fetch_add(&counted_too, 3);
		}
		return counted || counted_too;
	}
	if (!strcmp(kind, "count-call")) {
		while (count_down())
			;
		return (unsigned long)countdown % 4 + 1;
	}
	if (!strcmp(kind, "hash")) {
		while (!flag)
			n = n * 31 + (n >> 7) + 1;
		return n > 0;
	}
	while (!flag)
		n++;
	return n + 1;
}

static unsigned long compute(void)
{
	unsigned long sum = 0;

	for (unsigned long i = 0; i < 300000000; i++)
		sum = sum * 31 + (i ^ sum >> 7);
	return sum;
}

static unsigned long spin(const char *kind)
{
	if (!strcmp(kind, "vdso"))
		return poll_clock(vdso_ns, WAIT_NS);
	if (!strcmp(kind, "syscall"))
		return poll_clock(syscall_ns, WAIT_NS / 10);
	if (!strcmp(kind, "tsc"))
		return poll_clock(tsc_ns, WAIT_NS / 100);
	if (!strcmp(kind, "yield"))
		return poll_clock(yield_ns, WAIT_NS / 10);
	if (!strcmp(kind, "clock-flag")) {
		const pthread_t thread = start(set_flag, 2000000);

		while (!flag)
			vdso_ns();
		wait_for(thread);
	} else if (!strcmp(kind, "clock-alarm")) {
		alarm_in(5000);
		while (!flag)
			vdso_ns();
	} else if (!strcmp(kind, "memory") || !strcmp(kind, "memory-sleeper")) {
		const pthread_t thread = start(set_flag, kind[6] ? 2000000 : 0);

		while (!flag)
			;
		wait_for(thread);
	} else if (!strcmp(kind, "memory-call")) {
		const pthread_t thread = start(set_flag, 0);

		while (!is_set(&flag))
			;
		wait_for(thread);
	} else if (!strcmp(kind, "memory-shared")) {
		wait_shared();
	} else if (!strcmp(kind, "memory-alarm")) {
		alarm_in(5000);
		while (!flag)
			;
	} else if (!strcmp(kind, "turns")) {
		const pthread_t thread = start(take_turns, 1);

		take_turns((void *)0);
		wait_for(thread);
		return (unsigned long)turn;
	} else if (!strcmp(kind, "lock")) {
		const pthread_t thread = start(take_lock, 1);

		take_lock(NULL);
		wait_for(thread);
		return (unsigned long)turn;
	} else if (!strcmp(kind, "long")) {
		return compute();
	} else if (!strcmp(kind, "count-alarm")) {
		alarm_in(5000);
		return count(kind);
	} else if (!strncmp(kind, "count", 5) || !strcmp(kind, "hash")) {
		const pthread_t thread = start(set_flag, 0);
		const unsigned long result = count(kind);

		wait_for(thread);
		return result;
	} else {
		return 0;
	}
	return (unsigned long)flag;
}

int main(int argc, char **argv)
{
	const unsigned long result = argc > 1 ? spin(argv[1]) : 0;

	if (!result && (argc < 2 || strcmp(argv[1], "memory-shared"))) {
		fprintf(stderr, "usage: spin KIND, see spin.c\n");
		return 2;
	}
	printf("%s %lu at %llu\n", argv[1], result, (unsigned long long)vdso_ns());
	return 0;
}
