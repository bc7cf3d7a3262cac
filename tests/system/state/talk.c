/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * talk.c - a program whose state the tests look at: descriptors of many kinds, a timer, a thread, and a connection that is in
 * the middle of something.
 *
 *	talk server PORT		takes one connection, reads nothing for two seconds, then everything
 *	talk client ADDRESS PORT	sends 400000 bytes, and says how many were taken
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

struct tally {
	long bytes;
	int calls;
	const char *what;
	struct tally *previous;
};

static struct tally nothing = {.what = "nothing"};
static struct tally *last = &nothing;
long total_bytes;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* The line in which the total changes. */
static void count(struct tally *tally, long bytes)
{
	tally->bytes += bytes;
	tally->calls++;
	total_bytes += bytes;
}

static struct sockaddr_in address(const char *host, const char *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};

	if (inet_pton(AF_INET, host, &at.sin_addr) != 1)
		die(host);
	return at;
}

static void *sleeper(void *arg)
{
	(void)arg;
	for (;;)
		usleep(700000);
	return NULL;
}

/* One descriptor of each kind. */
static void open_many(void)
{
	const struct itimerspec often = {.it_value = {.tv_sec = 10}, .it_interval = {.tv_sec = 5}};
	struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "/tmp/talk.socket"};
	struct epoll_event event = {.events = EPOLLIN};
	const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), poll = epoll_create1(EPOLL_CLOEXEC);
	const int local = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), passed = open("/etc/passwd", O_RDONLY);
	int ends[2];
	pthread_t thread;

	if (pipe(ends) < 0 || eventfd(0, 0) < 0 || passed < 0 || timerfd_settime(timer, 0, &often, NULL) < 0 ||
	    epoll_ctl(poll, EPOLL_CTL_ADD, timer, &event) < 0)
		die("descriptors");
	unlink(name.sun_path);
	if (bind(local, (struct sockaddr *)&name, sizeof(name)) < 0 || listen(local, 4) < 0)
		die(name.sun_path);
	dup2(passed, 40);
	fcntl(40, F_SETFD, FD_CLOEXEC);
	close(passed);
	if (pthread_create(&thread, NULL, sleeper, NULL) != 0)
		die("thread");
}

static int server(const char *port)
{
	const struct sockaddr_in at = address("0.0.0.0", port);
	const int door = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	struct tally tally = {.what = "received", .previous = last};
	char bytes[4096];
	ssize_t n;

	setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(door, (const struct sockaddr *)&at, sizeof(at)) < 0 || listen(door, 7) < 0)
		die("listen");
	const int guest = accept(door, NULL, NULL);

	sleep(2);
	while ((n = read(guest, bytes, sizeof(bytes))) > 0)
		count(&tally, n);
	last = &tally;
	printf("%s %ld bytes\n", tally.what, tally.bytes);
	return 0;
}

static int client(const char *host, const char *port)
{
	const struct sockaddr_in at = address(host, port);
	const int out = socket(AF_INET, SOCK_STREAM, 0);
	struct tally tally = {.what = "sent", .previous = last};
	char *bytes = calloc(1, 400000);
	long sent = 0;

	open_many();
	if (!bytes || connect(out, (const struct sockaddr *)&at, sizeof(at)) < 0)
		die("connect");
	while (sent < 400000) {
		const ssize_t n = write(out, bytes + sent, (size_t)(400000 - sent) < 50000 ? (size_t)(400000 - sent) : 50000);

		if (n <= 0)
			die("write");
		sent += n;
		count(&tally, n);
	}
	last = &tally;
	printf("%s %ld bytes\n", tally.what, tally.bytes);
	free(bytes);
	return 0;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 3 && strcmp(argv[1], "server") == 0)
		return server(argv[2]);
	if (argc == 4 && strcmp(argv[1], "client") == 0)
		return client(argv[2], argv[3]);
	fprintf(stderr, "usage: talk server PORT | talk client ADDRESS PORT\n");
	return 2;
}
