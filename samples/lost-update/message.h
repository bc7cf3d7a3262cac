/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * message.h - what clients and replicas say to each other: one line of text in one UDP datagram,
 *
 *   VERB REQUEST KEY VERSION VALUE
 *
 * A client asks any replica, which coordinates: put -> done, get -> got.  The coordinator asks the others:
 * store -> stored, read -> have.  What it finds out of date it mends: repair, which nobody answers.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define REPLICAS 3
#define QUORUM 2
#define PORT 7000
#define TEXT 16

struct item {
	char key[TEXT];
	unsigned long version;		/* the writer counts its writes; 0: never written */
	char value[TEXT];
};

struct message {
	char verb[TEXT];
	unsigned long request;		/* chosen by who asks, repeated by who answers */
	struct item item;
};

static inline int message_open(unsigned short port)
{
	const struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port)};
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&here, sizeof(here)) < 0) {
		perror("socket");
		exit(2);
	}
	return fd;
}

static inline struct sockaddr_in message_address(const char *host)
{
	const struct addrinfo hints = {.ai_family = AF_INET};
	struct addrinfo *list;
	struct sockaddr_in address;

	if (getaddrinfo(host, NULL, &hints, &list) != 0) {
		fprintf(stderr, "there is no host %s\n", host);
		exit(2);
	}
	memcpy(&address, list->ai_addr, sizeof(address));
	address.sin_port = htons(PORT);
	freeaddrinfo(list);
	return address;
}

static inline void message_send(int fd, const struct sockaddr_in *to, const char *verb, unsigned long request,
				const struct item *item)
{
	char line[128];
	const int size = snprintf(line, sizeof(line), "%s %lu %s %lu %s\n", verb, request, item->key, item->version,
				  item->value[0] ? item->value : "-");

	/* A datagram that is lost at once is as good as one that is lost later. */
	(void)sendto(fd, line, (size_t)size, 0, (const struct sockaddr *)to, sizeof(*to));
}

/* 1; 0: what came is no message, or nothing came in time. */
static inline int message_receive(int fd, struct message *ret, struct sockaddr_in *ret_from)
{
	socklen_t length = sizeof(*ret_from);
	char line[128];
	const ssize_t size = recvfrom(fd, line, sizeof(line) - 1, 0, (struct sockaddr *)ret_from, &length);

	if (size <= 0)
		return 0;
	line[size] = '\0';
	memset(ret, 0, sizeof(*ret));
	return sscanf(line, "%15s %lu %15s %lu %15s", ret->verb, &ret->request, ret->item.key, &ret->item.version,
		      ret->item.value) == 5;
}

#endif
