/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * say.h - what the conformance programs share: they tell what happened in words that are the same on every Linux,
 * without numbers of processes, addresses or times.  run.sh compares what they say natively and on a node.
 */
#ifndef CONFORMANCE_SAY_H
#define CONFORMANCE_SAY_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* One write a line, so that lines of several processes never mix. */
__attribute__((format(printf, 1, 2), unused)) static void say(const char *format, ...)
{
	char line[600];
	va_list list;

	va_start(list, format);
	int size = vsnprintf(line, sizeof(line) - 1, format, list);
	va_end(list);
	size = size < (int)sizeof(line) - 2 ? size : (int)sizeof(line) - 2;
	line[size++] = '\n';
	if (write(STDOUT_FILENO, line, (size_t)size) != size)
		_exit(99);
}

/* TRY(call): its result, or the name of its error. */
__attribute__((unused)) static long say_result(const char *what, long result)
{
	const int error = errno;

	if (result < 0)
		say("%s: %s", what, strerrorname_np(error));
	else
		say("%s: %ld", what, result);
	return result;
}
#define TRY(call) say_result(#call, (long)(call))

/* WORKS(call): for results that differ between runs: only whether it failed, and how. */
__attribute__((unused)) static long say_works(const char *what, long result)
{
	const int error = errno;

	say("%s: %s", what, result < 0 ? strerrorname_np(error) : "works");
	return result;
}
#define WORKS(call) say_works(#call, (long)(call))

#define IS(condition) say("%s: %s", #condition, (condition) ? "yes" : "no")

__attribute__((unused)) static const char *signal_text(int signo)
{
	static char text[4][16];
	static unsigned next;
	char *const to = text[next++ % 4];

	if (signo >= SIGRTMIN && signo <= SIGRTMAX)
		snprintf(to, 16, "SIGRTMIN+%d", signo - SIGRTMIN);
	else
		snprintf(to, 16, "SIG%s", sigabbrev_np(signo) ?: "?");
	return to;
}

__attribute__((unused)) static void say_status(const char *who, int status)
{
	if (WIFEXITED(status))
		say("%s: exited with %d", who, WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		say("%s: killed by %s%s", who, signal_text(WTERMSIG(status)),
		    WCOREDUMP(status) ? ", core dumped" : "");
	else if (WIFSTOPPED(status))
		say("%s: stopped by %s", who, signal_text(WSTOPSIG(status)));
	else if (WIFCONTINUED(status))
		say("%s: continued", who);
	else
		say("%s: status 0x%x", who, (unsigned int)status);
}

/* Waits for one child and tells how it ended. */
__attribute__((unused)) static void wait_and_say(const char *who, pid_t pid)
{
	int status = 0;

	if (waitpid(pid, &status, 0) == pid)
		say_status(who, status);
	else
		say("%s: waitpid: %s", who, strerrorname_np(errno));
}

__attribute__((unused)) static void pause_ms(long ms)
{
	struct timespec left = {ms / 1000, ms % 1000 * 1000000};

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

__attribute__((unused)) static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Runs part() in a child of its own, so that a death of one part is a line and not the end. */
__attribute__((unused)) static void part(const char *name, void (*run)(void))
{
	say("-- %s", name);
	const pid_t child = fork();

	if (child == 0) {
		run();
		_exit(0);
	}
	wait_and_say(name, child);
}
#define PART(name) part(#name, name)

#endif
