/* SPDX-License-Identifier: GPL-2.0-or-later */
/* locks.c - locks on files between processes: POSIX, of open descriptions, flock, leases. */
#include "say.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

static struct flock range(short type, off_t start, off_t size)
{
	return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = size};
}

static int lock(int fd, int command, short type, off_t start, off_t size)
{
	struct flock how = range(type, start, size);

	return fcntl(fd, command, &how);
}

static void show_holder(int fd, int command, off_t start)
{
	struct flock how = range(F_WRLCK, start, 1);

	if (fcntl(fd, command, &how) < 0)
		say("at %ld: %s", (long)start, strerrorname_np(errno));
	else if (how.l_type == F_UNLCK)
		say("at %ld: free", (long)start);
	else
		say("at %ld: type %d from %ld of %ld, holder %s", (long)start, how.l_type, (long)how.l_start, (long)how.l_len,
		    how.l_pid == -1 ? "a description" : how.l_pid == getppid() ? "the parent" : "another");
}

static void of_processes(void)
{
	int fd = open("file", O_RDWR | O_CREAT, 0600), again = open("file", O_RDWR);

	TRY(lock(fd, F_SETLK, F_WRLCK, 0, 10));
	TRY(lock(again, F_SETLK, F_WRLCK, 5, 10));
	TRY(lock(fd, F_SETLK, F_UNLCK, 3, 2));
	TRY(lock(fd, F_SETLK, F_RDLCK, 8, 1));
	const pid_t child = fork();
	if (child == 0) {
		for (off_t at = 0; at < 20; at += 2)
			show_holder(fd, F_GETLK, at);
		TRY(lock(fd, F_SETLK, F_RDLCK, 8, 1));
		TRY(lock(fd, F_SETLK, F_WRLCK, 3, 2));
		TRY(lock(fd, F_SETLK, F_WRLCK, 0, 0));
		_exit(0);
	}
	wait_and_say("child", child);
	/* Closing any descriptor of the file drops all. */
	close(again);
	const pid_t second = fork();
	if (second == 0) {
		show_holder(fd, F_GETLK, 0);
		_exit(0);
	}
	wait_and_say("second", second);
	TRY(lock(fd, F_SETLK, 77, 0, 1));
	TRY(lock(fd, F_SETLK, F_WRLCK, -1, 1));
	TRY(lock(open("file", O_RDONLY), F_SETLK, F_WRLCK, 0, 1));
	TRY(lock(99, F_SETLK, F_WRLCK, 0, 1));
}

static void on_alarm(int signo)
{
	say("%s", signal_text(signo));
}

static void waiting(void)
{
	struct sigaction action = {.sa_handler = on_alarm};
	int fd = open("file", O_RDWR | O_CREAT, 0600), ready[2];

	pipe(ready);
	const pid_t child = fork();
	if (child == 0) {
		lock(fd, F_SETLK, F_WRLCK, 10, 10);
		write(ready[1], "x", 1);
		pause_ms(20);
		/* The parent waits for 10, and we for its 0: somebody has to be told. */
		TRY(lock(fd, F_SETLKW, F_WRLCK, 0, 1));
		_exit(0);
	}
	char byte;
	read(ready[0], &byte, 1);
	sigaction(SIGALRM, &action, NULL);
	TRY(lock(fd, F_SETLKW, F_WRLCK, 0, 1));
	TRY(lock(fd, F_SETLKW, F_WRLCK, 15, 1));
	wait_and_say("child", child);
	const pid_t holder = fork();
	if (holder == 0) {
		lock(fd, F_SETLK, F_WRLCK, 50, 1);
		write(ready[1], "x", 1);
		pause();
		_exit(0);
	}
	read(ready[0], &byte, 1);
	alarm(1);
	TRY(lock(fd, F_SETLKW, F_WRLCK, 50, 1));
	kill(holder, SIGKILL);
	TRY(lock(fd, F_SETLKW, F_WRLCK, 50, 1));
	wait_and_say("holder", holder);
}

static void of_descriptions(void)
{
	int a = open("file", O_RDWR | O_CREAT, 0600), b = open("file", O_RDWR);

	TRY(lock(a, F_OFD_SETLK, F_WRLCK, 0, 10));
	TRY(lock(b, F_OFD_SETLK, F_RDLCK, 5, 1));
	show_holder(b, F_OFD_GETLK, 5);
	TRY(lock(b, F_SETLK, F_WRLCK, 5, 1));
	struct flock how = range(F_WRLCK, 0, 1);
	how.l_pid = 1;
	TRY(fcntl(b, F_OFD_SETLK, &how));
	const pid_t child = fork();
	if (child == 0) {
		/* The same description. */
		TRY(lock(a, F_OFD_SETLK, F_UNLCK, 0, 5));
		pause_ms(10);
		close(a);
		_exit(0);
	}
	pause_ms(5);
	TRY(lock(b, F_OFD_SETLK, F_WRLCK, 0, 5));
	TRY(lock(b, F_OFD_SETLK, F_WRLCK, 5, 5));
	close(a);
	TRY(lock(b, F_OFD_SETLKW, F_WRLCK, 5, 5));
	wait_and_say("child", child);
}

static void whole_files(void)
{
	int a = open("file", O_RDWR | O_CREAT, 0600), b = open("file", O_RDONLY), c = dup(a);

	TRY(flock(a, LOCK_SH));
	TRY(flock(b, LOCK_SH));
	TRY(flock(a, LOCK_EX | LOCK_NB));
	TRY(flock(b, LOCK_UN));
	TRY(flock(c, LOCK_EX | LOCK_NB));
	TRY(flock(b, LOCK_SH | LOCK_NB));
	close(a);
	TRY(flock(b, LOCK_SH | LOCK_NB));
	const pid_t child = fork();
	if (child == 0) {
		pause_ms(5);
		TRY(flock(c, LOCK_UN));
		_exit(0);
	}
	TRY(flock(b, LOCK_EX));
	wait_and_say("child", child);
	TRY(flock(b, 0));
	TRY(flock(99, LOCK_SH));
	/* They are other locks than the POSIX ones. */
	TRY(lock(c, F_SETLK, F_WRLCK, 0, 0));
}

static void leases(void)
{
	int fd = open("leased", O_RDONLY | O_CREAT, 0600);
	sigset_t set;
	siginfo_t info;
	struct timespec soon = {2, 0};

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	sigprocmask(SIG_BLOCK, &set, NULL);
	TRY(fcntl(fd, F_GETLEASE));
	TRY(fcntl(fd, F_SETLEASE, F_RDLCK));
	TRY(fcntl(fd, F_GETLEASE));
	const pid_t child = fork();
	if (child == 0) {
		TRY(open("leased", O_RDONLY) >= 0);
		TRY(open("leased", O_WRONLY | O_NONBLOCK));
		TRY(open("leased", O_WRONLY) >= 0);
		_exit(0);
	}
	TRY(sigtimedwait(&set, &info, &soon) == SIGIO);
	pause_ms(5);
	TRY(fcntl(fd, F_GETLEASE));
	TRY(fcntl(fd, F_SETLEASE, F_UNLCK));
	wait_and_say("child", child);
	int writer = open("leased", O_RDWR);
	TRY(fcntl(fd, F_SETLEASE, F_RDLCK));
	TRY(fcntl(writer, F_SETLEASE, 77));
}

int main(void)
{
	char dir[] = "/tmp/conformance-XXXXXX";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!mkdtemp(dir) || chdir(dir) < 0)
		return 1;
	PART(of_processes);
	PART(waiting);
	PART(of_descriptions);
	PART(whole_files);
	PART(leases);
	return 0;
}
