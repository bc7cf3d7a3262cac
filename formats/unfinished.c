/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unfinished.h"

#include <stddef.h>
#include <unistd.h>

#include "base/check.h"

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
#define SIGNAL_COUNT (sizeof(signals) / sizeof(signals[0]))

/* A handler reads this between any two instructions of the thread that changes it: each change is one store. */
static const char *volatile paths[FMT_UNFINISHED_MAX];

static void on_signal(int signo)
{
	for (size_t i = 0; i < FMT_UNFINISHED_MAX; i++)
		if (paths[i])
			unlink(paths[i]);
	/* It is blocked until we return, and then it has its usual effect: whoever waits for us sees what ended us. */
	signal(signo, SIG_DFL);
	raise(signo);
}

void fmt_unfinished_defer(sigset_t *ret_old)
{
	sigset_t ours;

	sigemptyset(&ours);
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		sigaddset(&ours, signals[i]);
	CHECK(pthread_sigmask(SIG_BLOCK, &ours, ret_old) == 0);
}

void fmt_unfinished_resume(const sigset_t *old)
{
	CHECK(pthread_sigmask(SIG_SETMASK, old, NULL) == 0);
}

void fmt_unfinished_watch(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, old;

	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < SIGNAL_COUNT; i++) {
		sigaction(signals[i], NULL, &old);
		if (old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
}

void fmt_unfinished_add(const char *path)
{
	for (size_t i = 0; i < FMT_UNFINISHED_MAX; i++)
		if (!paths[i]) {
			paths[i] = path;
			return;
		}
	CHECK(!"so many files are not written at once");
}

void fmt_unfinished_remove(const char *path)
{
	for (size_t i = 0; path && i < FMT_UNFINISHED_MAX; i++)
		if (paths[i] == path)
			paths[i] = NULL;
}
