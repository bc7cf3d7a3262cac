/* SPDX-License-Identifier: GPL-2.0-or-later */
/* signals.c - what handlers are told, masks, flags of sigaction, waiting for signals, restarted and broken calls. */
#include "say.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <ucontext.h>

static pid_t sender;

static void on_info(int signo, siginfo_t *info, void *context)
{
	(void)context;
	say("%s: signo %d, code %d, errno %d, from %s, uid %d, value %d", signal_text(signo), info->si_signo,
	    info->si_code, info->si_errno, info->si_pid == sender ? "the right one" : "another",
	    (int)info->si_uid, info->si_code == SI_QUEUE ? info->si_value.sival_int : 0);
}

static void handle(int signo, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};

	sigaction(signo, &action, NULL);
}

static void *kill_thread(void *arg)
{
	pthread_sigqueue(*(pthread_t *)arg, SIGUSR1, (union sigval){.sival_int = 31});
	return NULL;
}

static void told(void)
{
	pthread_t self = pthread_self(), thread;
	siginfo_t forged = {.si_signo = SIGUSR2, .si_code = -7, .si_errno = 3};

	sender = getpid();
	handle(SIGUSR1, on_info, 0);
	handle(SIGUSR2, on_info, 0);
	handle(SIGRTMIN + 3, on_info, 0);
	kill(getpid(), SIGUSR1);
	raise(SIGUSR1);
	syscall(SYS_tkill, gettid(), SIGUSR2);
	sigqueue(getpid(), SIGUSR2, (union sigval){.sival_int = 77});
	sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = -5});
	pthread_create(&thread, NULL, kill_thread, &self);
	pthread_join(thread, NULL);
	forged.si_pid = getpid();
	TRY(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR2, &forged));
	forged.si_code = SI_USER;
	TRY(syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), SIGUSR2, &forged));
	const pid_t child = fork();

	if (child == 0) {
		pause_ms(20);
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	sender = child;
	pause();
	wait_and_say("child", child);
}

static void on_child(int signo, siginfo_t *info, void *context)
{
	(void)context;
	say("%s: code %d, status %d, %s", signal_text(signo), info->si_code, info->si_status,
	    info->si_pid == sender ? "the right one" : "another");
}

static void told_of_children(void)
{
	handle(SIGCHLD, on_child, SA_RESTART);
	for (int i = 0; i < 4; i++) {
		sender = fork();
		if (sender == 0) {
			pause_ms(10);
			if (i == 1)
				kill(getpid(), SIGTERM);
			if (i == 2)
				raise(SIGSTOP);
			_exit(i);
		}
		int status = 0;

		if (i == 2) {
			while (waitpid(sender, &status, WUNTRACED) < 0)
				;
			kill(sender, SIGKILL);
		}
		pause_ms(30);
		while (waitpid(sender, &status, 0) > 0)
			;
	}
}

static void on_mask(int signo, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;
	sigset_t now;

	(void)info;
	sigprocmask(SIG_BLOCK, NULL, &now);
	say("in %s: USR1 %d, USR2 %d, TERM %d; before: USR1 %d, USR2 %d, TERM %d", signal_text(signo),
	    sigismember(&now, SIGUSR1), sigismember(&now, SIGUSR2), sigismember(&now, SIGTERM),
	    sigismember(&uc->uc_sigmask, SIGUSR1), sigismember(&uc->uc_sigmask, SIGUSR2),
	    sigismember(&uc->uc_sigmask, SIGTERM));
}

static void masks(void)
{
	struct sigaction action = {.sa_sigaction = on_mask, .sa_flags = SA_SIGINFO};
	sigset_t set, pending;

	sigaddset(&action.sa_mask, SIGTERM);
	sigaction(SIGUSR1, &action, NULL);
	action.sa_flags |= SA_NODEFER;
	sigaction(SIGUSR2, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	raise(SIGUSR1);
	raise(SIGUSR2);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGKILL);
	TRY(sigprocmask(SIG_BLOCK, &set, NULL));
	raise(SIGUSR1);
	raise(SIGUSR1);
	raise(SIGUSR2);
	sigpending(&pending);
	say("pending: USR1 %d, USR2 %d", sigismember(&pending, SIGUSR1), sigismember(&pending, SIGUSR2));
	sigprocmask(SIG_BLOCK, NULL, &set);
	say("KILL can be blocked: %d", sigismember(&set, SIGKILL));
	sigemptyset(&set);
	say("unblocking");
	sigprocmask(SIG_SETMASK, &set, NULL);
	say("unblocked");
	TRY(syscall(SYS_rt_sigprocmask, 9, &set, NULL, 8));
	TRY(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 4));
	TRY(syscall(SYS_rt_sigprocmask, SIG_BLOCK, (void *)8, NULL, 8));
	TRY(sigaction(SIGKILL, &action, NULL));
	TRY(sigaction(65, &action, NULL));
	TRY(syscall(SYS_rt_sigaction, SIGUSR1, (void *)8, NULL, 8));
}

static int depth, order;

static void on_nested(int signo)
{
	const int mine = ++order;

	depth++;
	say("%s enters as %d at depth %d", signal_text(signo), mine, depth);
	if (signo == SIGUSR1)
		raise(SIGUSR2);
	if (signo == SIGUSR2 && order < 6)
		raise(SIGUSR1);
	if (signo == SIGALRM && depth < 6)
		raise(SIGALRM);
	say("%s of %d leaves", signal_text(signo), mine);
	depth--;
}

static void nested(void)
{
	struct sigaction action = {.sa_handler = on_nested};

	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	action.sa_flags = SA_NODEFER;
	sigaction(SIGALRM, &action, NULL);
	raise(SIGUSR1);
	raise(SIGALRM);
	action = (struct sigaction){.sa_handler = on_nested, .sa_flags = (int)SA_RESETHAND};
	sigaction(SIGHUP, &action, NULL);
	raise(SIGHUP);
	sigaction(SIGHUP, NULL, &action);
	IS(action.sa_handler == SIG_DFL);
	raise(SIGHUP);
}

static void on_count(int signo)
{
	order += signo;
}

static void many_at_once(void)
{
	sigset_t set, none;

	sigemptyset(&none);
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	for (int signo = 1; signo <= 31; signo++)
		if (signo != SIGKILL && signo != SIGSTOP) {
			signal(signo, on_count);
			raise(signo);
		}
	sigprocmask(SIG_SETMASK, &none, NULL);
	say("sum %d", order);
	order = 0;
	struct sigaction action = {.sa_handler = on_count, .sa_flags = SA_NODEFER};

	sigaction(SIGRTMIN, &action, NULL);
	sigprocmask(SIG_SETMASK, &set, NULL);
	for (int i = 0; i < 300; i++)
		if (sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i}) < 0)
			say("sigqueue: %s", strerrorname_np(errno));
	sigprocmask(SIG_SETMASK, &none, NULL);
	say("%d real-time signals", order / SIGRTMIN);
}

static void in_order(void)
{
	sigset_t set, none;

	sender = getpid();
	sigemptyset(&none);
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	for (int i = 0; i < 3; i++)
		handle(SIGRTMIN + i, on_info, 0);
	handle(SIGTERM, on_info, 0);
	handle(SIGINT, on_info, 0);
	for (int i = 0; i < 6; i++)
		sigqueue(getpid(), SIGRTMIN + 2 - i % 3, (union sigval){.sival_int = i});
	raise(SIGTERM);
	raise(SIGINT);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void quiet(int signo)
{
	(void)signo;
}

/* Arranges for a signal in 30 ms, without and with SA_RESTART. */
static void soon(int flags)
{
	struct sigaction action = {.sa_handler = quiet, .sa_flags = flags};
	const struct itimerval timer = {{0, 0}, {0, 30000}};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void *write_late(void *arg)
{
	pause_ms(60);
	if (write(*(int *)arg, "x", 1) != 1)
		say("cannot write");
	return NULL;
}

static void broken_calls(void)
{
	for (int round = 0; round < 2; round++) {
		const int flags = round ? SA_RESTART : 0;
		int fds[2], pair[2], status = 0;
		char byte = 0;
		sigset_t alarm_only, old;
		pthread_t thread;
		struct timespec left = {0, 0}, want = {0, 80000000};

		say(round ? "with SA_RESTART" : "without SA_RESTART");
		if (pipe(fds) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
			_exit(1);
		sigemptyset(&alarm_only);
		sigaddset(&alarm_only, SIGALRM);
		sigprocmask(SIG_BLOCK, &alarm_only, &old);
		pthread_create(&thread, NULL, write_late, &fds[1]);
		sigprocmask(SIG_SETMASK, &old, NULL);
		soon(flags);
		TRY(read(fds[0], &byte, 1));
		pthread_join(thread, NULL);
		if (!round)
			TRY(read(fds[0], &byte, 1));
		struct pollfd poller = {fds[0], POLLIN, 0};

		soon(flags);
		TRY(poll(&poller, 1, 80));
		soon(flags);
		TRY(nanosleep(&want, &left));
		say("left %ld ms", (left.tv_nsec + 5000000) / 10000000 * 10);
		soon(flags);
		TRY(-clock_nanosleep(CLOCK_MONOTONIC, 0, &want, NULL) ? -1 : 0);
		soon(flags);
		TRY(pause());
		soon(flags);
		TRY(sigsuspend(&old));
		soon(flags);
		TRY(select(0, NULL, NULL, NULL, &(struct timeval){0, 80000}));
		const int epoll = epoll_create1(0);
		struct epoll_event event;

		soon(flags);
		TRY(epoll_wait(epoll, &event, 1, 80));
		const struct timeval timeout = {0, 90000};

		setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
		soon(flags);
		TRY(recv(pair[0], &byte, 1, 0));
		const pid_t child = fork();

		if (child == 0) {
			pause_ms(80);
			_exit(4);
		}
		soon(flags);
		say("wait: %s", waitpid(child, &status, 0) == child ? "the child" : strerrorname_np(errno));
		if (!round)
			wait_and_say("child", child);
		close(epoll);
		soon(flags);
		TRY(sleep(1) > 0 ? 1 : 0);
	}
}

static void sleeping(void)
{
	/* A stop and a continuation break nothing. */
	struct timespec want = {0, 100000000}, left = {7, 7};
	const uint64_t before = now_ms();
	const pid_t parent = getpid(), child = fork();

	if (child == 0) {
		pause_ms(20);
		kill(parent, SIGSTOP);
		pause_ms(20);
		kill(parent, SIGCONT);
		_exit(0);
	}
	TRY(nanosleep(&want, &left));
	say("slept %s, left %ld", now_ms() - before >= 100 ? "enough" : "too little", (long)left.tv_sec);
	wait_and_say("child", child);
}

static void *two_late(void *arg)
{
	pause_ms(20);
	pthread_kill(*(pthread_t *)arg, SIGUSR1);
	pause_ms(20);
	pthread_kill(*(pthread_t *)arg, SIGUSR2);
	return NULL;
}

static void waiting_for(void)
{
	pthread_t self = pthread_self(), thread;
	struct timespec timeout = {0, 30000000};
	siginfo_t info = {0};
	sigset_t set;

	sender = getpid();
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	TRY(sigtimedwait(&set, &info, &timeout));
	sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 1});
	sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 2});
	raise(SIGUSR2);
	IS(sigwaitinfo(&set, &info) == SIGUSR2);
	for (int i = 0; i < 2; i++) {
		say("%s", signal_text(sigwaitinfo(&set, &info)));
		on_info(info.si_signo, &info, NULL);
	}
	timeout.tv_nsec = 0;
	TRY(sigtimedwait(&set, &info, &timeout));
	pthread_create(&thread, NULL, two_late, &self);
	int signo = 0;

	TRY(sigwait(&set, &signo));
	say("sigwait: %s", signal_text(signo));
	handle(SIGUSR2, on_info, 0);
	sigdelset(&set, SIGUSR2);
	sender = getpid();
	sigprocmask(SIG_UNBLOCK, &(sigset_t){0}, NULL);
	sigset_t wait_mask;

	sigprocmask(SIG_BLOCK, NULL, &wait_mask);
	sigdelset(&wait_mask, SIGUSR2);
	TRY(sigsuspend(&wait_mask));
	pthread_join(thread, NULL);
	sigprocmask(SIG_BLOCK, NULL, &wait_mask);
	IS(sigismember(&wait_mask, SIGUSR2));
	timeout.tv_nsec = 1000000000;
	TRY(sigtimedwait(&set, &info, &timeout));
}

static void by_descriptor(void)
{
	struct signalfd_siginfo infos[4];
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	const int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);

	TRY(read(fd, infos, sizeof(infos)));
	raise(SIGUSR1);
	sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 9});
	const ssize_t got = read(fd, infos, sizeof(infos));

	for (ssize_t i = 0; i < got / (ssize_t)sizeof(infos[0]); i++)
		say("%s: code %d, value %d, from us: %d", signal_text((int)infos[i].ssi_signo), infos[i].ssi_code,
		    infos[i].ssi_int, infos[i].ssi_pid == (uint32_t)getpid());
	TRY(read(fd, infos, 10));
	const pid_t child = fork();

	if (child == 0)
		_exit(13);
	struct pollfd poller = {fd, POLLIN, 0};

	TRY(poll(&poller, 1, -1));
	IS(read(fd, infos, sizeof(infos)) == sizeof(infos[0]));
	say("%s: code %d, status %d, the child: %d", signal_text((int)infos[0].ssi_signo), infos[0].ssi_code,
	    infos[0].ssi_status, infos[0].ssi_pid == (uint32_t)child);
	wait_and_say("child", child);
	sigdelset(&set, SIGUSR1);
	IS(signalfd(fd, &set, 0) == fd);
	raise(SIGUSR1);
	TRY(read(fd, infos, sizeof(infos)));
	TRY(signalfd(0, &set, 0));
}

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)	/* linux/signal.h, which does not go with signal.h */
#endif

static char alternate[65536] __attribute__((aligned(16)));

static bool on_alternate(const void *p)
{
	return (const char *)p >= alternate && (const char *)p < alternate + sizeof(alternate);
}

static void on_stack(int signo, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;
	stack_t now;
	char here;

	(void)info;
	sigaltstack(NULL, &now);
	say("%s: %s stack, flags now %d, in the context %d size %zu", signal_text(signo),
	    on_alternate(&here) ? "alternate" : "own", now.ss_flags, uc->uc_stack.ss_flags,
	    uc->uc_stack.ss_size);
	if (signo == SIGUSR1) {
		TRY(sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL));
		raise(SIGUSR2);
	}
}

static void stacks(void)
{
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)}, old;

	TRY(sigaltstack(NULL, &old));
	say("flags %d", old.ss_flags);
	TRY(sigaltstack(&stack, NULL));
	handle(SIGUSR1, on_stack, SA_ONSTACK);
	handle(SIGUSR2, on_stack, SA_ONSTACK);
	handle(SIGTERM, on_stack, 0);
	raise(SIGUSR1);
	raise(SIGTERM);
	raise(SIGUSR2);
	stack.ss_flags = (int)SS_AUTODISARM;
	TRY(sigaltstack(&stack, NULL));
	raise(SIGUSR2);
	TRY(sigaltstack(NULL, &old));
	say("flags %s", old.ss_flags == (int)SS_AUTODISARM ? "autodisarm" : "others");
	stack.ss_size = 1000;
	stack.ss_flags = 0;
	TRY(sigaltstack(&stack, NULL));
	stack.ss_flags = 77;
	TRY(sigaltstack(&stack, NULL));
	TRY(syscall(SYS_sigaltstack, 8, NULL));
}

static void on_edit(int signo, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)info;
	if (signo == SIGUSR1) {
		sigaddset(&uc->uc_sigmask, SIGUSR2);
		sigaddset(&uc->uc_sigmask, SIGKILL);
	}
	uc->uc_mcontext.gregs[REG_RBX] = 4711;
}

static void edits(void)
{
	sigset_t now;
	long rbx;

	handle(SIGUSR1, on_edit, 0);
	raise(SIGUSR1);
	sigprocmask(SIG_BLOCK, NULL, &now);
	say("USR2 %d, USR1 %d, KILL %d", sigismember(&now, SIGUSR2), sigismember(&now, SIGUSR1),
	    sigismember(&now, SIGKILL));
	handle(SIGTERM, on_edit, 0);
	__asm__ volatile("mov $1, %%rbx\n\tsyscall\n\tmov %%rbx, %0"
			 : "=r"(rbx)
			 : "a"(SYS_tkill), "D"(gettid()), "S"(SIGTERM)
			 : "rbx", "rcx", "r11", "memory");
	say("rbx %ld", rbx);
}

static sigjmp_buf back;

static void on_jump(int signo)
{
	siglongjmp(back, signo);
}

static void jumps(void)
{
	volatile int count = 0;

	signal(SIGUSR1, on_jump);
	for (int i = 0; i < 100; i++)
		if (sigsetjmp(back, 1) == 0)
			raise(SIGUSR1);
		else
			count++;
	say("%d jumps", count);
	/* Without the mask the signal stays blocked. */
	if (sigsetjmp(back, 0) == 0)
		raise(SIGUSR1);
	sigset_t now;

	sigprocmask(SIG_BLOCK, NULL, &now);
	IS(sigismember(&now, SIGUSR1));
}

static void ignoring(void)
{
	int status = 0;
	sigset_t pending;

	signal(SIGTERM, SIG_IGN);
	raise(SIGTERM);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGTERM);
	signal(SIGTERM, SIG_DFL);
	sigpending(&pending);
	IS(sigismember(&pending, SIGTERM));
	raise(SIGTERM);
	sigpending(&pending);
	IS(sigismember(&pending, SIGTERM));
	signal(SIGTERM, SIG_IGN);
	sigpending(&pending);
	IS(sigismember(&pending, SIGTERM));
	int fds[2];

	if (pipe(fds) < 0)
		_exit(1);
	close(fds[0]);
	signal(SIGPIPE, SIG_IGN);
	TRY(write(fds[1], "x", 1));
	const pid_t child = fork();

	if (child == 0) {
		signal(SIGPIPE, SIG_DFL);
		TRY(write(fds[1], "x", 1));
	}
	waitpid(child, &status, 0);
	say_status("child", status);
}

static void *block_and_wait(void *arg)
{
	sigset_t set;

	sigfillset(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	pause_ms(50);
	return arg;
}

static volatile pid_t handled_by;

static void on_which(int signo)
{
	(void)signo;
	handled_by = gettid();
}

static void which_thread(void)
{
	pthread_t thread[3];
	sigset_t set;

	signal(SIGUSR1, on_which);
	for (int i = 0; i < 3; i++)
		pthread_create(&thread[i], NULL, block_and_wait, NULL);
	pause_ms(5);
	kill(getpid(), SIGUSR1);
	IS(handled_by == getpid());
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	handled_by = 0;
	kill(getpid(), SIGUSR1);
	IS(handled_by == 0);
	for (int i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	IS(handled_by == getpid());
}

int main(void)
{
	PART(told);
	PART(told_of_children);
	PART(masks);
	PART(nested);
	PART(many_at_once);
	PART(in_order);
	PART(broken_calls);
	PART(sleeping);
	PART(waiting_for);
	PART(by_descriptor);
	PART(stacks);
	PART(edits);
	PART(jumps);
	PART(ignoring);
	PART(which_thread);
	return 0;
}
