/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench-syscall.c - what one system call of a tracee costs, beside the same call natively and under a
 * minimal tracer that uses PTRACE_SYSCALL alone.
 *
 * Machines are noisy, so the ways are measured in turn, round after round, and each is given by its best and
 * its median round; the ratios are of medians of the same rounds.
 *
 *	bench-syscall [ROUNDS]
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tracee.h"

#define CODE 0x10000000ULL
#define DATA 0x20000000ULL
#define PAGE 4096ULL
#define ROUNDS_MAX 101

/* The call's number stands in rbx, its arguments where they belong. */
extern const uint8_t loop_start[], loop_end[];
__asm__(".pushsection .rodata\nloop_start:\n1: mov %rbx, %rax\n syscall\n jmp 1b\nloop_end:\n.popsection");

static struct rec_tracer *tracer;
static int clock_fd;

static double now_us(void)
{
	struct timespec ts;

	/* Not by way of the vDSO: rdtsc may fault here (tracee-tsc.c). */
	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static void die(const char *what, int error)
{
	fprintf(stderr, "bench-syscall: %s: %s\n", what, strerror(error < 0 ? -error : error));
	exit(1);
}

static void must(const char *what, int r)
{
	if (r < 0)
		die(what, r);
}

static struct rec_tracee *load(long nr)
{
	const struct user_regs_struct regs = {.rip = CODE, .rsp = DATA, .rbx = (uint64_t)nr, .eflags = 0x202,
					      .rdi = DATA, .rsi = PAGE, .rdx = PROT_READ | PROT_WRITE,
					      .r10 = MAP_PRIVATE | MAP_ANONYMOUS, .r8 = (uint64_t)-1};
	struct rec_tracee *t;

	must("new process", rec_tracee_new(tracer, clock_fd, &t));
	must("map", rec_tracee_map(t, CODE, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	if (rec_tracee_write(t, CODE, loop_start, (size_t)(loop_end - loop_start)))
		die("write", EFAULT);
	must("registers", rec_tracee_set_regs(t, &regs));
	return t;
}

/* ---- the ways: microseconds a call --------------------------------------------------- */

static double native_call(long count)
{
	const double start = now_us();

	for (long i = 0; i < count; i++)
		syscall(SYS_getppid);
	return (now_us() - start) / (double)count;
}

static double native_map(long count)
{
	const double start = now_us();

	for (long i = 0; i < count; i++)
		syscall(SYS_mmap, DATA, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			-1, 0);
	return (now_us() - start) / (double)count;
}

static double loop(long nr, long count, int (*work)(struct rec_tracee *))
{
	struct rec_tracee *const t = load(nr);
	struct rec_stop_info info;
	double start = 0;

	for (long i = 0; i <= count; i++) {
		if (i == 1)
			start = now_us();	/* the first run is not warm */
		must("run", rec_tracee_run(t, &info));
		if (info.kind != REC_STOP_SYSCALL || info.nr != (uint64_t)nr)
			die("unexpected stop", EPROTO);
		rec_tracee_answer(t, work ? work(t) : 1);
	}
	const double end = now_us();
	rec_tracee_kill(t);
	return (end - start) / (double)count;
}

static int map_page(struct rec_tracee *t)
{
	return rec_tracee_map(t, DATA, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static double notified_call(long count)
{
	return loop(SYS_getppid, count, NULL);
}

static double trapped_call(long count)
{
	return loop(SYS_mmap, count, NULL);
}

static double carried_map(long count)
{
	return loop(SYS_mmap, count, map_page);
}

/* A notified call whose thread is then brought into a ptrace stop, as a signal handler or an exec needs. */
static double notified_and_trapped(long count)
{
	return loop(SYS_getppid, count, rec_tracee_trap);
}

static double ptrace_call(long count)
{
	const pid_t pid = fork();
	int status;

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		for (;;)
			syscall(SYS_getppid);
	}
	waitpid(pid, &status, 0);
	const double start = now_us();
	for (long i = 0; i < 2 * count; i++) {	/* stops at entry and at exit */
		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
		waitpid(pid, &status, 0);
	}
	const double end = now_us();
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return (end - start) / (double)count;
}

static double birth(long count)
{
	const double start = now_us();

	for (long i = 0; i < count; i++) {
		struct rec_tracee *t;

		must("new process", rec_tracee_new(tracer, clock_fd, &t));
		rec_tracee_kill(t);
	}
	return (now_us() - start) / (double)count;
}

static const struct way {
	const char *name;
	double (*measure)(long count);
	long count;
	int against;		/* row of the ratio */
} ways[] = {
	{"getppid, native", native_call, 200000, 0},
	{"getppid, PTRACE_SYSCALL", ptrace_call, 5000, 0},
	{"getppid, notified", notified_call, 20000, 1},
	{"getppid, notified, then trapped", notified_and_trapped, 5000, 1},
	{"mmap refused, trapped", trapped_call, 5000, 1},
	{"mmap carried out, trapped", carried_map, 5000, 1},
	{"mmap, native", native_map, 50000, 0},
	{"new process and its end", birth, 100, 1},
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static double results[WAYS][ROUNDS_MAX];
	int rounds = argc > 1 ? atoi(argv[1]) : 11;
	const char *reason = "";

	if (rounds < 1 || rounds > ROUNDS_MAX)
		rounds = 11;
	clock_fd = memfd_create("clock", MFD_CLOEXEC);
	if (clock_fd < 0 || ftruncate(clock_fd, (off_t)PAGE) < 0)
		die("memfd", errno);
	if (rec_tracer_new(&tracer, &reason) < 0) {
		fprintf(stderr, "bench-syscall: %s\n", reason);
		return 77;
	}
	for (int round = 0; round < rounds; round++)
		for (size_t i = 0; i < WAYS; i++)
			results[i][round] = ways[i].measure(ways[i].count);
	printf("%-34s %10s %10s %10s\n", "microseconds a call", "best", "median", "ratio");
	for (size_t i = 0; i < WAYS; i++)
		qsort(results[i], (size_t)rounds, sizeof(double), compare);
	for (size_t i = 0; i < WAYS; i++)
		printf("%-34s %10.3f %10.3f %9.2fx of \"%s\"\n", ways[i].name, results[i][0], results[i][rounds / 2],
		       results[i][rounds / 2] / results[ways[i].against][rounds / 2], ways[ways[i].against].name);
	rec_tracer_free(tracer);
	return 0;
}
