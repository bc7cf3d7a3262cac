/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * phold.c - the PHOLD model of parallel simulation, as a program over UDP: phold TIME_MS LOAD MEAN_MS ADDRESS...
 *
 * Every node begins with LOAD messages.  One that is here waits for an exponential time of mean MEAN_MS, then goes to one of
 * the neighbours ADDRESS, all equally likely.  Nothing is made or destroyed, so a network that loses nothing always
 * holds LOAD times its nodes.  After TIME_MS no message leaves any more, and when the neighbours' last ones have come each node tells how
 * many it has sent, received, and kept.
 */
#include <arpa/inet.h>
#include <math.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT 7070
#define HELD_MAX 4096
#define GRACE_NS 2000000000ull	/* longer than any way between neighbours */

static uint64_t held[HELD_MAX];	/* when each of the messages that are here leaves */
static size_t held_count;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* From 0 (excluded) to 1. */
static double chance(void)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		exit(2);
	return ((double)(random >> 11) + 1) / 9007199254740992.0;
}

static void hold(double mean_ms)
{
	if (held_count == HELD_MAX) {
		fprintf(stderr, "more than %d messages are here\n", HELD_MAX);
		exit(2);
	}
	held[held_count++] = now_ns() + (uint64_t)(-log(chance()) * mean_ms * 1e6);
}

static size_t next_to_leave(void)
{
	size_t next = 0;

	for (size_t i = 1; i < held_count; i++)
		if (held[i] < held[next])
			next = i;
	return next;
}

static void send_one(int fd, char **addresses, int count, uint64_t number)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	const char *address = addresses[(int)((1 - chance()) * count)];

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
	    sendto(fd, &number, sizeof(number), 0, (struct sockaddr *)&to, sizeof(to)) != sizeof(number)) {
		perror(address);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	uint64_t sent = 0, received = 0;

	if (argc < 5 || fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0) {
		fprintf(stderr, "usage: phold TIME_MS LOAD MEAN_MS ADDRESS...\n");
		return 2;
	}
	const uint64_t end = now_ns() + (uint64_t)(atof(argv[1]) * 1e6);
	const double mean_ms = atof(argv[3]);

	for (int i = 0; i < atoi(argv[2]); i++)
		hold(mean_ms);
	for (;;) {
		const uint64_t now = now_ns();
		const size_t next = next_to_leave();
		const uint64_t wake = now < end && held_count && held[next] < end ? held[next] : now < end ? end : end + GRACE_NS;
		struct pollfd poll_in = {.fd = fd, .events = POLLIN};
		uint64_t number;

		if (now >= end + GRACE_NS)
			break;
		if (now < end && held_count && held[next] <= now) {
			held[next] = held[--held_count];
			send_one(fd, argv + 4, argc - 4, sent++);
			continue;
		}
		const struct timespec left = {(time_t)((wake - now) / 1000000000u), (long)((wake - now) % 1000000000u)};

		if (ppoll(&poll_in, 1, &left, NULL) == 1 && recv(fd, &number, sizeof(number), 0) == sizeof(number)) {
			received++;
			hold(mean_ms);
		}
	}
	printf("sent %llu received %llu kept %zu\n", (unsigned long long)sent, (unsigned long long)received, held_count);
	return 0;
}
