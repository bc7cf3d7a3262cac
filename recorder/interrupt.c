/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * interrupt.c - SIGINT, SIGTERM and SIGHUP while a run lasts.
 *
 * The first one sets a timer, so that whoever waits for workers needs to look at no clock: it polls the timer with them.
 * SIGHUP is left alone where it is ignored, as under nohup(1).
 */
#include "interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/timerfd.h>
#include <unistd.h>

static volatile sig_atomic_t count;
static int timer = -EBADF;
static struct sigaction old_int, old_term, old_hup;

static void set_timer(bool at_once)
{
	const struct itimerspec patience = {.it_value = {.tv_sec = !at_once, .tv_nsec = 1}};

	timerfd_settime(timer, 0, &patience, NULL);
}

static void on_signal(int signo)
{
	const int saved = errno;

	(void)signo;
	set_timer(/* at_once= */ ++count > 1);
	errno = saved;
}

static const struct sigaction action = {.sa_handler = on_signal};

int rec_interrupt_begin(void)
{
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (timer < 0)
		return -errno;
	count = 0;
	sigaction(SIGINT, &action, &old_int);
	sigaction(SIGTERM, &action, &old_term);
	sigaction(SIGHUP, NULL, &old_hup);
	if (old_hup.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &action, NULL);
	return 0;
}

void rec_interrupt_end(void)
{
	sigaction(SIGINT, &old_int, NULL);
	sigaction(SIGTERM, &old_term, NULL);
	sigaction(SIGHUP, &old_hup, NULL);
	close(timer);
	timer = -EBADF;
}

void rec_interrupt_spare(bool on)
{
	sigaction(SIGINT, on ? &(struct sigaction){.sa_handler = SIG_IGN} : &action, NULL);
}

void rec_interrupt_leave(void)
{
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	sigaction(SIGHUP, &old_hup, NULL);
	close(timer);
	timer = -EBADF;
}

bool rec_interrupted(void)
{
	return count > 0;
}

int rec_interrupt_fd(void)
{
	return timer;
}

void rec_interrupt_extend(void)
{
	if (count == 1)
		set_timer(/* at_once= */ false);
}
