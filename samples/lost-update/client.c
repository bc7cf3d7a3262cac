/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client.c - client write|read COUNT R1 R2 R3: a client of the replicas, each request by way of the next one.
 *
 * The writer is the only one that writes.  After each write it reads; to find less than it has written is a lost
 * update, and ends it with status 1.  The reader only reads, and so sets off repairs.
 */
#include <sys/time.h>
#include <unistd.h>

#include "message.h"

#define PATIENCE_US 60000	/* then the next replica is asked */
#define KEY "counter"

static struct sockaddr_in replicas[REPLICAS];
static int fd;

/* Asks until there is an answer. */
static struct item ask(const char *verb, unsigned long request, const struct item *item)
{
	struct message answer;
	struct sockaddr_in from;

	for (unsigned long turn = request;; turn++) {
		message_send(fd, &replicas[turn % REPLICAS], verb, request, item);
		while (message_receive(fd, &answer, &from))
			if (answer.request == request)
				return answer.item;
	}
}

static int write_all(unsigned long count)
{
	struct item item = {.key = KEY};

	for (unsigned long i = 1; i <= count; i++) {
		item.version = i;
		snprintf(item.value, sizeof(item.value), "%lu", i);
		ask("put", 2 * i, &item);
		const struct item found = ask("get", 2 * i + 1, &(struct item){.key = KEY});

		if (found.version < i) {
			printf("lost update: wrote %lu, read %lu\n", i, found.version);
			return 1;
		}
	}
	printf("all %lu updates are there\n", count);
	return 0;
}

static int read_all(unsigned long count)
{
	for (unsigned long i = 1; i <= count; i++) {
		ask("get", i, &(struct item){.key = KEY});
		usleep(1000);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const struct timeval patience = {.tv_usec = PATIENCE_US};

	if (argc != 3 + REPLICAS) {
		fprintf(stderr, "usage: client write|read COUNT R1 R2 R3\n");
		return 2;
	}
	for (int i = 0; i < REPLICAS; i++)
		replicas[i] = message_address(argv[3 + i]);
	fd = message_open(0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return (strcmp(argv[1], "write") == 0 ? write_all : read_all)(strtoul(argv[2], NULL, 10));
}
