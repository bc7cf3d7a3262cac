/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replica.c - replica ME R1 R2 R3: one of three replicas of a key-value store.
 *
 * Every write and every read needs two of the three, so that any read meets the last write in at least one of them.
 * Datagrams get lost, so a replica may lack a write; a read that notices it repairs it.
 *
 * There is a bug in here.  README.md tells how it is found.
 */
#include "message.h"

#define ITEMS 8
#define OPERATIONS 64		/* under way at once; the oldest gives way */

/* What this replica holds. */
static struct item store[ITEMS];

/* A put or a get that this replica coordinates. */
struct operation {
	unsigned long request;
	unsigned long client_request;
	struct sockaddr_in client;
	int is_get, answers;
	struct item newest;
	struct {
		int answered;
		unsigned long version;
	} of[REPLICAS];
};

static struct operation operations[OPERATIONS];
static unsigned long last_request;
static struct sockaddr_in replicas[REPLICAS];
static int me, fd;

static struct item *find(const char *key)
{
	int i = 0;

	while (i < ITEMS - 1 && store[i].key[0] && strcmp(store[i].key, key) != 0)
		i++;
	snprintf(store[i].key, sizeof(store[i].key), "%s", key);
	return &store[i];
}

static void write_item(const struct item *new)
{
	struct item *item = find(new->key);

	if (new->version > item->version)
		*item = *new;
}

/* Who reads has compared versions, and sends only what is newer than what we have. */
static void repair_item(const struct item *new)
{
	struct item *item = find(new->key);

	*item = *new;
}

static void repair(int replica, const struct item *newest)
{
	if (replica == me)
		repair_item(newest);
	else
		message_send(fd, &replicas[replica], "repair", 0, newest);
}

/* A replica has answered, with the version that it has. */
static void count_answer(struct operation *op, int replica, const struct item *item)
{
	if (op->of[replica].answered)
		return;
	op->of[replica].answered = 1;
	op->of[replica].version = item->version;
	op->answers++;
	if (item->version > op->newest.version)
		op->newest = *item;
	if (op->answers == QUORUM)
		message_send(fd, &op->client, op->is_get ? "got" : "done", op->client_request, &op->newest);
	if (op->answers < QUORUM || !op->is_get)
		return;
	for (int i = 0; i < REPLICAS; i++)
		if (op->of[i].answered && op->of[i].version < op->newest.version) {
			repair(i, &op->newest);
			op->of[i].version = op->newest.version;
		}
}

static void coordinate(const struct message *message, const struct sockaddr_in *client, int is_get)
{
	struct operation *op = &operations[++last_request % OPERATIONS];

	*op = (struct operation){.request = last_request, .client_request = message->request, .client = *client,
				 .is_get = is_get, .newest = message->item};
	if (!is_get)
		write_item(&message->item);
	count_answer(op, me, find(message->item.key));
	for (int i = 0; i < REPLICAS; i++)
		if (i != me)
			message_send(fd, &replicas[i], is_get ? "read" : "store", op->request, &message->item);
}

static void take_answer(const struct message *message, const struct sockaddr_in *from)
{
	struct operation *op = &operations[message->request % OPERATIONS];

	for (int i = 0; i < REPLICAS; i++)
		if (op->request == message->request && replicas[i].sin_addr.s_addr == from->sin_addr.s_addr)
			count_answer(op, i, &message->item);
}

static void handle(const struct message *message, const struct sockaddr_in *from)
{
	if (strcmp(message->verb, "put") == 0 || strcmp(message->verb, "get") == 0) {
		coordinate(message, from, message->verb[0] == 'g');
	} else if (strcmp(message->verb, "store") == 0) {
		write_item(&message->item);
		message_send(fd, from, "stored", message->request, &message->item);
	} else if (strcmp(message->verb, "read") == 0) {
		message_send(fd, from, "have", message->request, find(message->item.key));
	} else if (strcmp(message->verb, "stored") == 0 || strcmp(message->verb, "have") == 0) {
		take_answer(message, from);
	} else if (strcmp(message->verb, "repair") == 0) {
		repair_item(&message->item);
	}
}

int main(int argc, char **argv)
{
	struct message message;
	struct sockaddr_in from;

	if (argc != 2 + REPLICAS) {
		fprintf(stderr, "usage: replica ME R1 R2 R3\n");
		return 2;
	}
	me = atoi(argv[1]) - 1;
	for (int i = 0; i < REPLICAS; i++)
		replicas[i] = message_address(argv[2 + i]);
	fd = message_open(PORT);
	for (;;)
		if (message_receive(fd, &message, &from))
			handle(&message, &from);
}
