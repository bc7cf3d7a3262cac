/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timers.c - alarm, setitimer, timer_create with its ways to tell, timerfd, clocks. */
#include "say.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/time.h>
#include <sys/timerfd.h>

static volatile int count;

static void on_alarm(int signo, siginfo_t *info, void *context)
{
	(void)context;
	count++;
	say("%s: code %d, value %d", signal_text(signo), info->si_code,
	    info->si_code == SI_TIMER ? info->si_value.sival_int : 0);
}

static void handle(int signo, int flags)
{
	struct sigaction action = {.sa_sigaction = on_alarm, .sa_flags = SA_SIGINFO | flags};

	sigaction(signo, &action, NULL);
}

static void alarms(void)
{
	handle(SIGALRM, 0);
	TRY(alarm(100));
	TRY(alarm(1));
	const uint64_t before = now_ms();

	TRY(pause());
	IS(now_ms() - before >= 990);
	TRY(alarm(50));
	IS(alarm(0) >= 49);
}

static void intervals(void)
{
	const struct itimerval timer = {{0, 20000}, {0, 50000}};
	struct itimerval now;

	handle(SIGALRM, SA_RESTART);
	TRY(setitimer(ITIMER_REAL, &timer, NULL));
	TRY(getitimer(ITIMER_REAL, &now));
	IS(now.it_value.tv_usec > 0 && now.it_value.tv_usec <= 50000 && now.it_interval.tv_usec == 20000);
	while (count < 4)
		pause();
	TRY(setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, &now));
	TRY(setitimer(7, &timer, NULL));
	TRY(setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 1000000}}, NULL));
}

static void by_signal(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN,
				 .sigev_value.sival_int = 55};
	struct itimerspec once = {{0, 0}, {0, 30000000}}, now;
	timer_t timer;

	handle(SIGRTMIN, 0);
	TRY(timer_create(CLOCK_MONOTONIC, &event, &timer));
	TRY(timer_settime(timer, 0, &once, NULL));
	TRY(timer_gettime(timer, &now));
	IS(now.it_value.tv_nsec > 0 && now.it_value.tv_nsec <= 30000000);
	TRY(pause());
	TRY(timer_gettime(timer, &now));
	say("left %ld", now.it_value.tv_nsec);
	TRY(timer_delete(timer));
	TRY(syscall(SYS_timer_delete, 1234));
	TRY(timer_create(1234, &event, &timer));
}

static void overruns(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	struct itimerspec often = {{0, 10000000}, {0, 10000000}};
	timer_t timer;
	sigset_t set;
	siginfo_t info;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	timer_create(CLOCK_REALTIME, &event, &timer);
	timer_settime(timer, 0, &often, NULL);
	pause_ms(105);
	sigwaitinfo(&set, &info);
	IS(info.si_overrun >= 8);
	IS(timer_getoverrun(timer) == info.si_overrun);
	timer_delete(timer);
}

static void by_thread_id(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR2};
	struct itimerspec once = {{0, 0}, {0, 20000000}};
	timer_t timer;

	handle(SIGUSR2, 0);
	event._sigev_un._tid = gettid();
	TRY(timer_create(CLOCK_MONOTONIC, &event, &timer));
	TRY(timer_settime(timer, 0, &once, NULL));
	TRY(pause());
}

static sem_t done;

static void in_thread(union sigval value)
{
	say("called with %d, in a thread of its own: %d", value.sival_int, gettid() != getpid());
	sem_post(&done);
}

static void by_thread(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = in_thread,
				 .sigev_value.sival_int = 12};
	struct itimerspec twice = {{0, 20000000}, {0, 20000000}};
	timer_t timer;

	sem_init(&done, 0, 0);
	TRY(timer_create(CLOCK_MONOTONIC, &event, &timer));
	TRY(timer_settime(timer, 0, &twice, NULL));
	sem_wait(&done);
	sem_wait(&done);
	TRY(timer_delete(timer));
}

static void absolute(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	const uint64_t before = now_ms();

	at.tv_nsec += 40000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	TRY(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL));
	IS(now_ms() - before >= 39);
	TRY(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL));
	say("%s", strerrorname_np(clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){0, 1000000000}, NULL)));
	say("%s", strerrorname_np(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &(struct timespec){0, 1}, NULL)));
}

static void descriptors(void)
{
	const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct itimerspec timer = {{0, 20000000}, {0, 30000000}}, now;
	uint64_t times = 0;

	TRY(read(fd, &times, 8));
	TRY(timerfd_settime(fd, 0, &timer, NULL));
	struct pollfd poller = {fd, POLLIN, 0};

	TRY(poll(&poller, 1, 10));
	TRY(poll(&poller, 1, 1000));
	TRY(read(fd, &times, 8));
	say("times %d", (int)times);
	pause_ms(110);
	TRY(read(fd, &times, 8));
	IS(times >= 5);
	TRY(timerfd_gettime(fd, &now));
	IS(now.it_interval.tv_nsec == 20000000);
	TRY(read(fd, &times, 4));
	TRY(timerfd_settime(fd, 0, &(struct itimerspec){0}, NULL));
	TRY(poll(&poller, 1, 50));
	TRY(timerfd_settime(0, 0, &timer, NULL));
	TRY(timerfd_create(99, 0));
}

static void clocks(void)
{
	static const clockid_t ids[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID,
					CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
					CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_TAI, 99};
	struct timespec a, b, c;

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		const int r = clock_gettime(ids[i], &a);

		if (r < 0) {
			say("clock %d: %s", ids[i], strerrorname_np(errno));
			continue;
		}
		syscall(SYS_clock_gettime, ids[i], &b);
		clock_gettime(ids[i], &c);
		say("clock %d: %s", ids[i],
		    (a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec <= b.tv_nsec)) &&
		    (b.tv_sec < c.tv_sec || (b.tv_sec == c.tv_sec && b.tv_nsec <= c.tv_nsec)) ?
		    "goes forward" : "goes back");
	}
	TRY(clock_getres(CLOCK_MONOTONIC, &a));
	say("resolution %ld", a.tv_nsec);
	TRY(clock_settime(CLOCK_MONOTONIC, &a));
}

int main(void)
{
	PART(alarms);
	PART(intervals);
	PART(by_signal);
	PART(overruns);
	PART(by_thread_id);
	PART(by_thread);
	PART(absolute);
	PART(descriptors);
	PART(clocks);
	return 0;
}
