/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * life.c - what programs live on: processes, signals, threads, pipes, timers, memory.  Each part says what is
 * wrong and counts it; the exit code is that count.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int wrong;

#define EXPECT(condition)                                                                          \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			printf("%s:%d: not so: %s (errno %s)\n", __func__, __LINE__, #condition,   \
			       strerror(errno));                                                   \
			fflush(stdout);                                                            \
			wrong++;                                                                   \
		}                                                                                  \
	} while (0)

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void test_fork(void)
{
	int memory = 1, status = 0, fds[2];
	char byte = 0;

	EXPECT(pipe(fds) == 0);
	const pid_t child = fork();
	if (child == 0) {
		memory = 2;
		byte = (char)memory;
		_exit(write(fds[1], &byte, 1) == 1 ? 7 : 8);
	}
	EXPECT(child > 0);
	EXPECT(read(fds[0], &byte, 1) == 1 && byte == 2);
	EXPECT(waitpid(child, &status, 0) == child);
	EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	EXPECT(memory == 1);
	EXPECT(waitpid(-1, &status, 0) == -1 && errno == ECHILD);
	close(fds[0]);
	close(fds[1]);
}

static void test_exec(void)
{
	char line[64] = "";
	FILE *const pipe_of_echo = popen("echo one; exec echo two", "r");

	EXPECT(pipe_of_echo && fgets(line, sizeof(line), pipe_of_echo) && strcmp(line, "one\n") == 0);
	EXPECT(pipe_of_echo && fgets(line, sizeof(line), pipe_of_echo) && strcmp(line, "two\n") == 0);
	EXPECT(pipe_of_echo && pclose(pipe_of_echo) == 0);
	EXPECT(system("exit 3") == 3 << 8);
}

static volatile sig_atomic_t handled;
static volatile uintptr_t fault_address;

static void on_signal(int signo)
{
	handled = handled * 100 + signo;
}

static void on_fault(int signo, siginfo_t *info, void *context)
{
	const long page = sysconf(_SC_PAGESIZE);

	fault_address = (uintptr_t)info->si_addr;
	mprotect((void *)(fault_address & ~(uintptr_t)(page - 1)), (size_t)page, PROT_READ | PROT_WRITE);
}

static void test_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	sigset_t block, old;
	char byte;
	int fds[2];

	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	raise(SIGUSR1);
	EXPECT(handled == SIGUSR1);

	handled = 0;
	sigemptyset(&block);
	sigaddset(&block, SIGUSR2);
	sigprocmask(SIG_BLOCK, &block, &old);
	kill(getpid(), SIGUSR2);
	EXPECT(handled == 0);
	sigprocmask(SIG_SETMASK, &old, NULL);
	EXPECT(handled == SIGUSR2);

	/* A read is interrupted, and with SA_RESTART it is not. */
	handled = 0;
	EXPECT(pipe(fds) == 0);
	alarm(1);
	EXPECT(read(fds[0], &byte, 1) == -1 && errno == EINTR);
	EXPECT(handled == SIGALRM);
	action.sa_flags = SA_RESTART;
	sigaction(SIGALRM, &action, NULL);
	const pid_t child = fork();
	if (child == 0) {
		sleep(2);
		_exit(write(fds[1], "x", 1) != 1);
	}
	alarm(1);
	EXPECT(read(fds[0], &byte, 1) == 1 && byte == 'x');
	EXPECT(waitpid(child, NULL, 0) == child);
	close(fds[0]);
	close(fds[1]);
}

static void test_fault(void)
{
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
	volatile char *const page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int status = 0;

	sigaction(SIGSEGV, &action, NULL);
	page[100] = 5;
	EXPECT(fault_address == (uintptr_t)page + 100);
	EXPECT(page[100] == 5);
	signal(SIGSEGV, SIG_DFL);
	munmap((void *)page, 4096);

	const pid_t child = fork();
	if (child == 0) {
		*page = 1;
		_exit(0);
	}
	EXPECT(waitpid(child, &status, 0) == child);
	EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int turn, total;

/* Threads take turns, so each waits for all others. */
static void *take_turns(void *number)
{
	static __thread int own;

	for (int i = 0; i < 10; i++) {
		pthread_mutex_lock(&lock);
		while (turn != *(int *)number)
			pthread_cond_wait(&changed, &lock);
		turn = (turn + 1) % 4;
		own++;
		total++;
		pthread_cond_broadcast(&changed);
		pthread_mutex_unlock(&lock);
	}
	return (void *)(intptr_t)own;
}

static void test_threads(void)
{
	static int numbers[4] = {0, 1, 2, 3};
	pthread_t threads[4];
	void *own = NULL;

	for (int i = 0; i < 4; i++)
		EXPECT(pthread_create(&threads[i], NULL, take_turns, &numbers[i]) == 0);
	for (int i = 0; i < 4; i++) {
		EXPECT(pthread_join(threads[i], &own) == 0);
		EXPECT((intptr_t)own == 10);
	}
	EXPECT(total == 40);
}

static void test_waiting(void)
{
	const struct itimerspec soon = {.it_value = {0, 50000000}};
	const int poller = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, 0);
	const int counter = eventfd(0, EFD_NONBLOCK);
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = 1}, got[4];
	uint64_t value = 3;

	epoll_ctl(poller, EPOLL_CTL_ADD, timer, &event);
	event.data.u32 = 2;
	epoll_ctl(poller, EPOLL_CTL_ADD, counter, &event);
	EXPECT(epoll_wait(poller, got, 4, 10) == 0);
	timerfd_settime(timer, 0, &soon, NULL);
	const uint64_t begin = now_ns();
	EXPECT(epoll_wait(poller, got, 4, -1) == 1 && got[0].data.u32 == 1);
	const uint64_t waited = now_ns() - begin;
	/* Virtual time: a timer is not late by more than a few calls cost. */
	EXPECT(waited >= 49900000 && waited < 54500000);
	EXPECT(read(timer, &value, sizeof(value)) == sizeof(value) && value == 1);
	value = 3;
	EXPECT(write(counter, &value, sizeof(value)) == sizeof(value));
	EXPECT(epoll_wait(poller, got, 4, -1) == 1 && got[0].data.u32 == 2);
	close(poller);
	close(timer);
	close(counter);
}

static void test_sockets(void)
{
	int pair[2], passed = -1;
	char byte = 'p', control[CMSG_SPACE(sizeof(int))] = "";
	struct iovec iov = {&byte, 1};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
				 .msg_controllen = sizeof(control)};

	EXPECT(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	struct cmsghdr *const header = CMSG_FIRSTHDR(&message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &pair[1], sizeof(int));
	EXPECT(sendmsg(pair[0], &message, 0) == 1);
	EXPECT(recvmsg(pair[1], &message, 0) == 1);
	memcpy(&passed, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	EXPECT(write(passed, "q", 1) == 1);
	EXPECT(read(pair[0], &byte, 1) == 1 && byte == 'q');
	close(passed);
	close(pair[0]);
	close(pair[1]);
}

static void test_memory(void)
{
	const int fd = open("/tmp/life", O_RDWR | O_CREAT | O_TRUNC, 0644);
	char text[8] = "";

	EXPECT(ftruncate(fd, 4096) == 0);
	char *const shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	EXPECT(shared != MAP_FAILED);
	const pid_t child = fork();
	if (child == 0) {
		strcpy(shared, "shared");
		_exit(0);
	}
	EXPECT(waitpid(child, NULL, 0) == child);
	EXPECT(strcmp(shared, "shared") == 0);
	EXPECT(pread(fd, text, 6, 0) == 6 && memcmp(text, "shared", 6) == 0);
	munmap(shared, 4096);
	close(fd);

	char *grown = malloc(1 << 20);
	memset(grown, 7, 1 << 20);
	grown = realloc(grown, 8 << 20);
	EXPECT(grown[(1 << 20) - 1] == 7);
	free(grown);
}

int main(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} parts[] = {{"fork", test_fork},	{"exec", test_exec},	   {"signals", test_signals},
		     {"fault", test_fault},	{"threads", test_threads}, {"waiting", test_waiting},
		     {"sockets", test_sockets}, {"memory", test_memory}};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const int before = wrong;

		parts[i].run();
		printf("%s %s\n", parts[i].name, wrong == before ? "ok" : "WRONG");
		fflush(stdout);
	}
	return wrong;
}
