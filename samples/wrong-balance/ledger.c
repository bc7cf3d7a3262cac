/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ledger.c - ledger store | ledger front STORE | ledger client FRONT: an account that is kept on one node, asked for through another,
 * and shown on a third.  The store has a mistake, which shows only at the client.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PORT "7000"
#define LINE_SIZE 128

struct account {
	char name[8];
	int balance;
};

static struct account account = {"ann", 0};

static int open_socket(const char *host, int (*use)(int, const struct sockaddr *, socklen_t))
{
	const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM,
				       .ai_flags = host ? 0 : AI_PASSIVE};
	struct addrinfo *found;

	if (getaddrinfo(host, PORT, &hints, &found) != 0)
		exit(1);
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (use(fd, found->ai_addr, found->ai_addrlen) < 0)
		exit(1);
	freeaddrinfo(found);
	return fd;
}

/* ---- the store ---------------------------------------------------------- */

static void deposit(int amount)
{
	account.balance += amount;
}

/* The mistake: a name of more than seven letters runs on into the balance. */
static void rename_account(const char *name)
{
	size_t i = 0;

	do
		account.name[i] = name[i];
	while (name[i++] != '\0');
}

static void answer(const char *line, char *ret)
{
	char name[64];
	int amount;

	if (sscanf(line, "deposit %d", &amount) == 1)
		deposit(amount);
	else if (sscanf(line, "rename %63s", name) == 1)
		rename_account(name);
	snprintf(ret, LINE_SIZE, "%d", account.balance);
}

static int store(void)
{
	const int fd = open_socket(NULL, bind);
	char line[LINE_SIZE], reply[LINE_SIZE];
	struct sockaddr_in from;

	for (;;) {
		socklen_t size = sizeof(from);
		const ssize_t got = recvfrom(fd, line, sizeof(line) - 1, 0, (struct sockaddr *)&from, &size);

		if (got < 0)
			return 1;
		line[got] = '\0';
		answer(line, reply);
		sendto(fd, reply, strlen(reply), 0, (struct sockaddr *)&from, size);
	}
}

/* ---- the front ---------------------------------------------------------- */

static int front(const char *store_name)
{
	const int fd = open_socket(NULL, bind), behind = open_socket(store_name, connect);
	struct sockaddr_in from;
	char line[LINE_SIZE];

	for (;;) {
		socklen_t size = sizeof(from);
		const ssize_t asked = recvfrom(fd, line, sizeof(line), 0, (struct sockaddr *)&from, &size);

		if (asked < 0 || send(behind, line, (size_t)asked, 0) < 0)
			return 1;
		const ssize_t said = recv(behind, line, sizeof(line), 0);

		if (said < 0 || sendto(fd, line, (size_t)said, 0, (struct sockaddr *)&from, size) < 0)
			return 1;
	}
}

/* ---- the client --------------------------------------------------------- */

static int ask(int fd, const char *line)
{
	char reply[LINE_SIZE];

	send(fd, line, strlen(line), 0);
	const ssize_t got = recv(fd, reply, sizeof(reply) - 1, 0);

	reply[got > 0 ? got : 0] = '\0';
	return atoi(reply);
}

static void show(int balance, int expected)
{
	printf("the balance is %d, it should be %d\n", balance, expected);
}

static int client(const char *front_name)
{
	const int fd = open_socket(front_name, connect);

	ask(fd, "deposit 40");
	ask(fd, "deposit 2");
	ask(fd, "rename elisabeth");
	for (int day = 0; day < 3; day++) {
		ask(fd, "deposit 10");
		ask(fd, "deposit -10");
		sleep(1);
	}
	show(ask(fd, "balance"), 42);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "store") == 0)
		return store();
	if (argc == 3 && strcmp(argv[1], "front") == 0)
		return front(argv[2]);
	if (argc == 3 && strcmp(argv[1], "client") == 0)
		return client(argv[2]);
	return 2;
}
