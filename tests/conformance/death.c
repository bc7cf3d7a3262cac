/* SPDX-License-Identifier: GPL-2.0-or-later */
/* death.c - exit, exit_group, threads that outlive the first, deaths by signals, stops, what parents are told. */
#include "say.h"

#include <pthread.h>
#include <sys/resource.h>

static void *wait_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static void *say_late(void *arg)
{
	pause_ms(30);
	say("%s", (const char *)arg);
	return NULL;
}

static void *exit_late(void *arg)
{
	(void)arg;
	pause_ms(40);
	exit(33);
}

static void group_with_blocked(void)
{
	pthread_t thread;
	int fds[2];

	if (pipe(fds) < 0)
		_exit(1);
	for (int i = 0; i < 8; i++)
		pthread_create(&thread, NULL, wait_for_ever, NULL);
	pause_ms(5);
	exit(12);
}

static void first_leaves(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, say_late, "the second thread goes on");
	pthread_exit(NULL);
}

static void first_leaves_then_exit(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, say_late, "still there");
	pthread_create(&thread, NULL, exit_late, NULL);
	pthread_exit(NULL);
}

static void *kill_late(void *arg)
{
	(void)arg;
	pause_ms(10);
	kill(getpid(), SIGTERM);
	pause_ms(1000);
	return NULL;
}

static void first_leaves_then_killed(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, kill_late, NULL);
	pthread_exit(NULL);
}

static void *exit_thread_only(void *arg)
{
	syscall(SYS_exit, 5);
	return arg;
}

static void thread_exit_code(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, exit_thread_only, NULL);
	pthread_join(thread, NULL);
	syscall(SYS_exit, 6);
}

/* What each signal does to a program that has not prepared for it. */
static void default_actions(void)
{
	for (int signo = 1; signo <= 64; signo++) {
		int status = 0;

		if (signo == 32 || signo == 33)
			continue;
		const pid_t child = fork();

		if (child == 0) {
			setpgid(0, 0);
			kill(getpid(), signo);
			_exit(0);
		}
		waitpid(child, &status, WUNTRACED);
		say_status(signal_text(signo), status);
		if (WIFSTOPPED(status)) {
			kill(child, SIGKILL);
			waitpid(child, &status, 0);
			say_status("afterwards", status);
		}
	}
}

static void orphaned_group(void)
{
	/* SIGTSTP and the like do not stop a process whose group is orphaned; SIGSTOP does. */
	const pid_t child = fork();

	if (child == 0) {
		setsid();
		kill(getpid(), SIGTSTP);
		kill(getpid(), SIGTTIN);
		say("not stopped");
		_exit(0);
	}
	wait_and_say("orphaned group", child);
}

static volatile sig_atomic_t told;

static void on_child(int signo, siginfo_t *info, void *context)
{
	(void)context;
	told++;
	(void)signo;
	if (info->si_code == CLD_EXITED)
		say("told of the exit with %d", info->si_status);
}

static void stop_and_continue(void)
{
	struct sigaction action = {.sa_sigaction = on_child, .sa_flags = SA_SIGINFO | SA_RESTART};
	int status = 0;
	siginfo_t info = {0};

	sigaction(SIGCHLD, &action, NULL);
	const pid_t child = fork();

	if (child == 0) {
		signal(SIGCHLD, SIG_DFL);
		for (;;)
			pause_ms(5);
	}
	kill(child, SIGSTOP);
	IS(waitpid(child, &status, WUNTRACED) == child);
	say_status("child", status);
	TRY(waitpid(child, &status, WUNTRACED | WNOHANG));
	pause_ms(20);
	kill(child, SIGCONT);
	IS(waitid(P_PID, (id_t)child, &info, WCONTINUED) == 0);
	say("code %d, status %d", info.si_code, info.si_status);
	TRY(waitid(P_PID, (id_t)child, &info, WCONTINUED | WNOHANG));
	kill(child, SIGSTOP);
	IS(waitpid(child, &status, WUNTRACED) == child);
	kill(child, SIGUSR1);	/* waits until it goes on */
	TRY(waitpid(child, &status, WNOHANG));
	signal(SIGCHLD, SIG_DFL);
	kill(child, SIGCONT);
	wait_and_say("child", child);
	say("told %s", told >= 2 ? "at least twice" : "less");
}

static void stop_kept_quiet(void)
{
	struct sigaction action = {.sa_sigaction = on_child, .sa_flags = SA_SIGINFO | SA_RESTART | SA_NOCLDSTOP};
	int status = 0;

	sigaction(SIGCHLD, &action, NULL);
	const pid_t child = fork();

	if (child == 0) {
		signal(SIGCHLD, SIG_DFL);
		raise(SIGSTOP);
		say("goes on");
		raise(SIGSTOP);
		_exit(3);
	}
	IS(waitpid(child, &status, WUNTRACED) == child);
	say_status("child", status);
	kill(child, SIGCONT);
	IS(waitpid(child, &status, WUNTRACED) == child);
	say_status("child", status);
	kill(child, SIGCONT);
	wait_and_say("child", child);
}

/* A handler for SIGTSTP that stops itself by the default action, as editors do. */
static void on_stop(int signo)
{
	sigset_t set;

	say("before the stop");
	signal(SIGTSTP, SIG_DFL);
	raise(signo);
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	say("after the stop");
}

static void on_stop_late(int signo)
{
	say("pending until the handler ends");
	signal(SIGTSTP, SIG_DFL);
	raise(signo);
}

static void stop_by_handler(void)
{
	for (int round = 0; round < 2; round++) {
		int status = 0;
		const pid_t child = fork();

		if (child == 0) {
			setpgid(0, 0);
			signal(SIGTSTP, round ? on_stop_late : on_stop);
			raise(SIGTSTP);
			say("done");
			_exit(round);
		}
		IS(waitpid(child, &status, WUNTRACED) == child);
		say_status("child", status);
		kill(child, SIGCONT);
		wait_and_say("child", child);
	}
}

static void *count_on(void *arg)
{
	for (;;) {
		pause_ms(10);
		__atomic_add_fetch((int *)arg, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void stop_threads(void)
{
	static int fds[2];
	int status = 0;

	if (pipe(fds) < 0)
		_exit(1);
	const pid_t child = fork();

	if (child == 0) {
		static int count[3];
		pthread_t thread;

		for (int i = 0; i < 3; i++)
			pthread_create(&thread, NULL, count_on, &count[i]);
		char byte;
		const ssize_t got = read(fds[0], &byte, 1);

		say("read %zd after the stop", got);
		_exit(count[0] > 0 && count[0] < 60 ? 0 : 1);
	}
	pause_ms(50);
	kill(child, SIGSTOP);
	IS(waitpid(child, &status, WUNTRACED) == child);
	pause_ms(2000);
	IS(write(fds[1], "x", 1) == 1);
	TRY(waitpid(child, &status, WNOHANG));
	kill(child, SIGCONT);
	wait_and_say("threads", child);
}

static void kill_stopped(void)
{
	int status = 0;
	const pid_t child = fork();

	if (child == 0)
		for (;;)
			raise(SIGSTOP);
	IS(waitpid(child, &status, WUNTRACED) == child);
	kill(child, SIGKILL);
	wait_and_say("stopped one", child);
}

static void exit_signal_order(void)
{
	int status = 0;
	const pid_t child = fork();

	if (child == 0)
		abort();
	IS(waitpid(child, &status, 0) == child);
	say_status("abort", status);
	TRY(kill(child, 0));
	TRY(kill(getpid(), 0));
	TRY(kill(getpid(), 65));
	TRY(kill(-1000000, 1));
	TRY(kill(2000000000, 1));
}

int main(void)
{
	PART(group_with_blocked);
	PART(first_leaves);
	PART(first_leaves_then_exit);
	PART(first_leaves_then_killed);
	PART(thread_exit_code);
	PART(default_actions);
	PART(orphaned_group);
	PART(stop_and_continue);
	PART(stop_kept_quiet);
	PART(stop_by_handler);
	PART(stop_threads);
	PART(kill_stopped);
	PART(exit_signal_order);
	return 0;
}
