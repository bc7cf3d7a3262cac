/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pipes.c - pipes, and calls that move bytes between descriptors: splice, tee, vmsplice, sendfile, copy_file_range. */
#include "say.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

static char buf[1 << 17];

static void show(const char *what, ssize_t size)
{
	if (size < 0)
		say("%s: %s", what, strerrorname_np(errno));
	else
		say("%s: %zd \"%.*s\"", what, size, (int)(size < 60 ? size : 60), buf);
}

static void plain(void)
{
	int p[2], size;

	TRY(syscall(SYS_pipe, p) == 0 ? 0 : -1);
	size = fcntl(p[1], F_GETPIPE_SZ);
	say("size %d", size);
	TRY(fcntl(p[1], F_SETPIPE_SZ, 8192));
	TRY(fcntl(p[1], F_SETFL, O_NONBLOCK));
	TRY(write(p[1], buf, sizeof(buf)));
	TRY(write(p[1], "x", 1));
	TRY(fcntl(p[1], F_SETPIPE_SZ, 4096));
	TRY(read(p[0], buf, 5000));
	TRY(fcntl(p[1], F_SETPIPE_SZ, 4096));
	struct pollfd q[2] = {{p[0], POLLIN, 0}, {p[1], POLLOUT, 0}};
	TRY(poll(q, 2, 0));
	say("%x %x", q[0].revents, q[1].revents);
	close(p[0]);
	TRY(poll(q + 1, 1, 0));
	say("%x", q[1].revents);
	TRY(write(p[1], "x", 1));
	close(p[1]);
	TRY(pipe2(p, O_CLOEXEC | 0x1000000));
	/* Packets: each write is a read. */
	TRY(pipe2(p, O_DIRECT | O_NONBLOCK));
	TRY(write(p[1], "one", 3));
	TRY(write(p[1], "three", 5));
	show("packet", read(p[0], buf, 2));
	show("packet", read(p[0], buf, 10));
	show("packet", read(p[0], buf, 10));
	/* Atomic up to PIPE_BUF: all or nothing. */
	TRY(pipe2(p, O_NONBLOCK));
	TRY(fcntl(p[1], F_SETPIPE_SZ, 4096));
	TRY(write(p[1], buf, 100));
	TRY(write(p[1], buf, 4096));
	TRY(write(p[1], buf, 5000));
}

/* A writer that is stopped by a full pipe goes on when it is read. */
static void full(void)
{
	int p[2];
	size_t sum = 0;
	ssize_t got;

	pipe(p);
	const pid_t child = fork();
	if (child == 0) {
		close(p[0]);
		for (int i = 0; i < 5; i++)
			write(p[1], buf, 50000);
		_exit(0);
	}
	close(p[1]);
	while ((got = read(p[0], buf, 7777)) > 0)
		sum += (size_t)got;
	say("read %zu", sum);
	wait_and_say("writer", child);
	/* And one whose reader goes is told. */
	pipe(p);
	const pid_t broken = fork();
	if (broken == 0) {
		signal(SIGPIPE, SIG_DFL);
		close(p[0]);
		for (;;)
			write(p[1], buf, 50000);
	}
	close(p[1]);
	read(p[0], buf, 10);
	close(p[0]);
	wait_and_say("writer", broken);
}

static int file_of(const char *name, const char *text)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);

	write(fd, text, strlen(text));
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void splices(void)
{
	int a[2], b[2], fd = file_of("from", "0123456789abcdef"), to = file_of("to", "");
	loff_t at = 4;

	pipe2(a, O_NONBLOCK);
	pipe2(b, O_NONBLOCK);
	TRY(splice(fd, &at, a[1], NULL, 6, 0));
	say("at %ld", (long)at);
	TRY(splice(fd, NULL, a[1], NULL, 2, SPLICE_F_MOVE));
	TRY(lseek(fd, 0, SEEK_CUR));
	TRY(tee(a[0], b[1], 5, 0));
	TRY(tee(a[0], a[1], 5, 0));
	show("a", read(a[0], buf, 100));
	show("b", read(b[0], buf, 100));
	TRY(tee(a[0], b[1], 5, SPLICE_F_NONBLOCK));
	write(a[1], "pipe to pipe", 12);
	TRY(splice(a[0], NULL, b[1], NULL, 4, 0));
	TRY(splice(a[0], NULL, to, NULL, 100, 0));
	show("b", read(b[0], buf, 100));
	lseek(to, 0, SEEK_SET);
	show("file", read(to, buf, 100));
	TRY(splice(fd, NULL, to, NULL, 4, 0));
	TRY(splice(a[0], &at, b[1], NULL, 4, 0));
	TRY(splice(a[0], NULL, b[1], NULL, 4, SPLICE_F_NONBLOCK));
	int s[2];
	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	write(a[1], "to a socket", 11);
	TRY(splice(a[0], NULL, s[0], NULL, 11, 0));
	TRY(splice(s[1], NULL, b[1], NULL, 100, SPLICE_F_NONBLOCK));
	show("b", read(b[0], buf, 100));
	char first[] = "gathered ", second[] = "bytes";
	struct iovec iov[2] = {{first, 9}, {second, 5}};
	TRY(vmsplice(a[1], iov, 2, 0));
	memset(first, '-', 9);
	TRY(read(a[0], buf, 100));
	say("%.5s", buf + 9);
	TRY(vmsplice(to, iov, 2, 0));
	TRY(vmsplice(99, iov, 2, 0));
	write(a[1], "scattered", 9);
	TRY(vmsplice(a[0], iov, 1, 0));
	say("%.9s", first);
}

static void files(void)
{
	int fd = file_of("from", "0123456789abcdef"), to = file_of("to", "");
	off_t at = 10;
	loff_t in = 2, out = 0;

	TRY(sendfile(to, fd, &at, 4));
	TRY(sendfile(to, fd, NULL, 3));
	TRY(sendfile(to, -1, NULL, 3));
	int append = open("to", O_WRONLY | O_APPEND);
	TRY(sendfile(append, fd, NULL, 3));
	TRY(copy_file_range(fd, &in, to, &out, 5, 0));
	TRY(copy_file_range(fd, &in, append, NULL, 5, 0));
	TRY(copy_file_range(fd, &in, to, &out, 5, 1));
	TRY(copy_file_range(fd, NULL, fd, NULL, 5, 0));
	in = 100;
	TRY(copy_file_range(fd, &in, to, NULL, 5, 0));
	TRY(copy_file_range(fd, NULL, open(".", O_RDONLY), NULL, 5, 0));
	show("file", pread(to, buf, 100, 0));
}

static void named(void)
{
	TRY(mknod("fifo", S_IFIFO | 0600, 0));
	const pid_t child = fork();
	if (child == 0) {
		int w = open("fifo", O_WRONLY);
		write(w, "through a name", 14);
		_exit(0);
	}
	int r = open("fifo", O_RDONLY);
	show("fifo", read(r, buf, 100));
	wait_and_say("writer", child);
	show("end", read(r, buf, 100));
	int rw = open("fifo", O_RDWR | O_NONBLOCK);
	show("no end", read(rw, buf, 100));
	/* Whoever selects is woken by a byte. */
	const pid_t late = fork();
	if (late == 0) {
		pause_ms(5);
		write(rw, "late", 4);
		_exit(0);
	}
	fd_set set;
	FD_ZERO(&set);
	FD_SET(rw, &set);
	struct timeval left = {10, 0};
	TRY(syscall(SYS_select, rw + 1, &set, NULL, NULL, &left));
	IS(FD_ISSET(rw, &set) && left.tv_sec == 9);
	show("late", read(rw, buf, 100));
	wait_and_say("late", late);
	struct timespec none = {0, 0};
	TRY(pselect(rw + 1, &set, NULL, NULL, &none, NULL));
	struct pollfd p = {rw, POLLIN, 0};
	TRY(syscall(SYS_ppoll, &p, 1, &none, NULL, 8));
}

int main(void)
{
	char dir[] = "/tmp/conformance-XXXXXX";

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	memset(buf, 'z', sizeof(buf));
	if (!mkdtemp(dir) || chdir(dir) < 0)
		return 1;
	PART(plain);
	PART(full);
	PART(splices);
	PART(files);
	PART(named);
	return 0;
}
