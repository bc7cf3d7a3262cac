/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * still.c - a program that has something of everything that an image of a process must hold, at any moment of the three seconds that it
 * takes: threads, forks, a child with its parent's memory, shared memory of three kinds, handlers that wait, timers, modes of the floating
 * point unit, memory that nothing can be done with.  At its end it says what it has found.
 */
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096u
#define TURNS 30
#define SPARSE ((size_t)64 << 20)
#define TURN_NS 100000000

static int wrong;

static void expect(int true_, const char *what)
{
	if (true_)
		return;
	printf("not so: %s\n", what);
	wrong++;
}

static void sleep_ns(long ns)
{
	struct timespec left = {ns / 1000000000, ns % 1000000000};

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		continue;
}

/* What all processes share. */
struct shared {
	atomic_int anonymous;
};
static struct shared *anonymous;	/* of no file */
static atomic_int *segment;		/* of System V */
static char *file;			/* of a file, two pages */
static int file_fd;

/* ---- threads ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int total;
static __thread int own;
static __thread double sum;

static void *count(void *arg)
{
	const int mode = (int[]){FE_UPWARD, FE_DOWNWARD, FE_TONEAREST}[(intptr_t)arg];

	fesetround(mode);
	for (int i = 0; i < TURNS; i++) {
		sleep_ns(TURN_NS - 1000000 * (intptr_t)arg);
		pthread_mutex_lock(&lock);
		total++;
		pthread_mutex_unlock(&lock);
		own++;
		sum += 0.1;
	}
	expect(own == TURNS, "a thread's own counter");
	expect(fegetround() == mode, "a thread's rounding");
	return (void *)(intptr_t)(sum * 1e16);
}

static int pipe_fds[2];

static void *wait_for_end(void *arg)
{
	char byte = 0;

	expect(read(pipe_fds[0], &byte, 1) == 1 && byte == 'e', "the byte at the end");
	return arg;
}

/* ---- signals ---- */

static volatile sig_atomic_t alarms;

static void on_alarm(int signo)
{
	(void)signo;
	alarms++;
	sleep_ns(20000000);
}

static void set_alarm(void)
{
	static char stack[65536];
	const stack_t other = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_ONSTACK | SA_RESTART};
	const struct itimerval every = {{0, 170000}, {0, 170000}};

	expect(sigaltstack(&other, NULL) == 0 && sigaction(SIGALRM, &action, NULL) == 0 &&
	       setitimer(ITIMER_REAL, &every, NULL) == 0, "an alarm");
}

/* ---- memory ---- */

static char *hidden, *sparse, *grown;

static void make_memory(void)
{
	hidden = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	strcpy(hidden, "hidden");
	mprotect(hidden, PAGE, PROT_NONE);
	sparse = mmap(NULL, SPARSE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	for (size_t at = 0; at < SPARSE; at += SPARSE / 4)
		sparse[at] = 's';
	grown = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	strcpy(grown, "grown");
}

/* Some of it changes at each turn. */
static void change_memory(int turn)
{
	if (turn == TURNS / 2)
		grown = mremap(grown, PAGE, 64 * PAGE, MREMAP_MAYMOVE);
	grown[5] = (char)('0' + turn % 10);
	sparse[((size_t)turn << 20) + 1] = (char)turn;
	free(malloc((size_t)turn * 9000));
}

static void look_at_memory(void)
{
	mprotect(hidden, PAGE, PROT_READ);
	expect(strcmp(hidden, "hidden") == 0, "memory that could not be read");
	for (size_t at = 0; at < SPARSE; at += SPARSE / 4)
		expect(sparse[at] == 's', "sparse memory");
	expect(strncmp(grown, "grown", 5) == 0, "memory that has grown");
}

/* ---- processes ---- */

/* Writes where the parent looks. */
static int child(void)
{
	char *mine = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file_fd, 0);

	mine[100] = 'm';
	for (int i = 0; i < TURNS; i++) {
		sleep_ns(TURN_NS - 3000000);
		anonymous->anonymous++;
		(*segment)++;
		if (pwrite(file_fd, &(char){(char)('a' + i % 26)}, 1, PAGE + i) != 1)
			return 1;
		file[i] = file[PAGE + i];
	}
	return mine[100] == 'm' ? 0 : 2;
}

static pid_t start_vfork(void)
{
	const pid_t pid = vfork();

	if (pid == 0) {
		sleep_ns(400000000);
		execl("/bin/true", "true", (char *)NULL);
		_exit(1);
	}
	return pid;
}

static void make_shared(void)
{
	const int id = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0600);

	anonymous = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	segment = shmat(id, NULL, 0);
	file_fd = open("/tmp/still", O_RDWR | O_CREAT | O_TRUNC, 0600);
	expect(ftruncate(file_fd, 2 * PAGE) == 0, "a file");
	file = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file_fd, 0);
	expect(anonymous != MAP_FAILED && segment != (void *)-1 && file != MAP_FAILED, "shared memory");
}

int main(void)
{
	pthread_t threads[3], waiting;
	void *sums[3];
	int status;

	setvbuf(stdout, NULL, _IOLBF, 0);
	make_shared();
	make_memory();
	const pid_t forked = fork();

	if (forked == 0)
		_exit(child());
	expect(pipe(pipe_fds) == 0, "a pipe");
	pthread_create(&waiting, NULL, wait_for_end, NULL);
	for (intptr_t i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, count, (void *)i);
	set_alarm();
	for (int turn = 0; turn < TURNS; turn++) {
		const pid_t pid = turn % 10 == 4 ? start_vfork() : 0;

		sleep_ns(turn % 10 == 4 ? TURN_NS / 2 : TURN_NS / 3);
		change_memory(turn);
		if (pid)
			expect(waitpid(pid, &status, 0) == pid && status == 0, "a child by vfork");
	}
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], &sums[i]);
	expect(write(pipe_fds[1], "e", 1) == 1 && pthread_join(waiting, NULL) == 0, "an end");
	expect(waitpid(forked, &status, 0) == forked && status == 0, "a child by fork");
	look_at_memory();
	expect(total == 3 * TURNS && anonymous->anonymous == TURNS && *segment == TURNS, "counters");
	expect(memcmp(file, file + PAGE, TURNS) == 0 && file[0] == 'a', "a shared file");
	printf("%d %d %d, %d alarms, wrong %d\n", sums[0] > sums[2], sums[1] < sums[2], total, alarms, wrong);
	return wrong;
}
