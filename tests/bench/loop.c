/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loop.c - makes one system call many times: loop getppid|sleep COUNT [--ptrace]
 *
 * It measures nothing itself, since under hindcast its clock is virtual: whoever starts it takes
 * the time, once for COUNT and once for 0.
 * With --ptrace the calls are answered by a supervisor of the simplest kind, PTRACE_SYSEMU and nothing else:
 * what interception costs at least without seccomp's notifications.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void call_getppid(unsigned long count)
{
	for (unsigned long i = 0; i < count; i++)
		syscall(SYS_getppid);
}

/* Blocks each time: a microsecond has to pass. */
static void call_sleep(unsigned long count)
{
	const struct timespec pause = {0, 1000};

	for (unsigned long i = 0; i < count; i++)
		syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &pause, NULL);
}

static const struct work {
	const char *name;
	void (*run)(unsigned long count);
} works[] = {{"getppid", call_getppid}, {"sleep", call_sleep}};

/* Answers every call of the child with 1, until the child asks to end. */
static int supervise(pid_t child)
{
	struct user_regs_struct regs;
	int status;

	if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
		return 1;
	for (;;) {
		if (ptrace(PTRACE_SYSEMU, child, 0, 0) < 0 || waitpid(child, &status, 0) != child)
			return 1;
		if (!WIFSTOPPED(status) || ptrace(PTRACE_GETREGS, child, 0, &regs) < 0)
			return 1;
		if (regs.orig_rax == SYS_exit_group)
			break;
		regs.rax = 1;
		if (ptrace(PTRACE_SETREGS, child, 0, &regs) < 0)
			return 1;
	}
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	return 0;
}

static int run_traced(const struct work *work, unsigned long count)
{
	const pid_t child = fork();

	if (child < 0)
		return 1;
	if (child > 0)
		return supervise(child);
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	raise(SIGSTOP);
	work->run(count);
	_exit(0);
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: loop getppid|sleep COUNT [--ptrace]\n");
		return 2;
	}
	const unsigned long count = strtoul(argv[2], NULL, 0);

	for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
		if (strcmp(works[i].name, argv[1]) != 0)
			continue;
		if (argc > 3)
			return run_traced(&works[i], count);
		works[i].run(count);
		return 0;
	}
	fprintf(stderr, "loop: there is no %s\n", argv[1]);
	return 2;
}
