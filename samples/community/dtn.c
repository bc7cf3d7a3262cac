/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dtn.c - store, carry and forward: Epidemic routing (Vahdat and Becker, 2000) or PRoPHET (Lindgren, Doria and Schelen, 2003).
 *
 *	dtn epidemic|prophet SELF QUEUE WARM_UP CREATE_UNTIL INTERVAL END
 *
 * SELF is this host's number, from 0 to 55; host n has the address 10.0.0.(n + 1).  Every second a host tells who hears it what it
 * has and how likely it is to meet whom; who hears that gives what the other lacks: everything (Epidemic), or what the other
 * is likelier to deliver (PRoPHET).  Between WARM_UP and CREATE_UNTIL it makes a message for a random host every INTERVAL seconds.
 * A queue that is full drops its oldest.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

#define HOSTS 56
#define MESSAGES_MAX 64			/* of one source */
#define QUEUE_MAX 1000
#define PORT 4000
#define HOPS_MAX 11
#define AT_ONCE 8			/* messages in answer to one beacon */
#define NEW_ENCOUNTER 3.0		/* seconds of silence after which somebody is met anew */
/* PRoPHET's constants; predictabilities age by AGING every AGING_UNIT seconds */
#define P_INIT 0.75
#define BETA 0.25
#define AGING 0.98
#define AGING_UNIT 10

enum type { BEACON = 1, MESSAGE };

struct beacon {
	uint32_t type, from;
	float p[HOSTS];
	uint8_t has[HOSTS * MESSAGES_MAX / 8];
};

struct message {
	uint32_t type, id, to, hops;
	double created;
	uint8_t payload[200];
};

static struct {
	bool prophet;
	uint32_t id, queue_max;
	float p[HOSTS];
	double met[HOSTS];
	struct message queue[QUEUE_MAX];	/* oldest first */
	uint32_t count, made;
	bool seen[HOSTS * MESSAGES_MAX];	/* had at some time, or made */
	uint32_t delivered, sent;
	int socket;
} self;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (double)(ts.tv_sec - 946684800) + (double)ts.tv_nsec / 1e9;
}

static void send_to(uint32_t host, const void *data, size_t size)
{
	const struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(0x0a000000 | host)};

	/* Nobody in reach is no error: that is what it is made for. */
	if (sendto(self.socket, data, size, 0, (const struct sockaddr *)&to, sizeof(to)) < 0 && errno != EHOSTUNREACH)
		perror("sendto");
}

static void keep(const struct message *message)
{
	if (self.count == self.queue_max)
		memmove(self.queue, self.queue + 1, --self.count * sizeof(*self.queue));
	self.queue[self.count++] = *message;
}

static void set(uint8_t *bits, uint32_t number)
{
	bits[number / 8] |= (uint8_t)(1u << number % 8);
}

static void beacon(void)
{
	struct beacon b = {.type = BEACON, .from = self.id};

	memcpy(b.p, self.p, sizeof(b.p));
	for (uint32_t i = 0; i < self.count; i++)
		set(b.has, self.queue[i].id);
	/* What was delivered here is not wanted again. */
	for (uint32_t i = 0; i < HOSTS * MESSAGES_MAX; i++)
		if (self.seen[i])
			set(b.has, i);
	send_to(255, &b, sizeof(b));
}

static void create(void)
{
	struct message message = {.type = MESSAGE, .created = now()};
	uint32_t chance;

	if (self.made == MESSAGES_MAX)
		return;
	getrandom(&chance, sizeof(chance), 0);
	message.id = self.id * MESSAGES_MAX + self.made++;
	message.to = (self.id + 1 + chance % (HOSTS - 1)) % HOSTS;
	self.seen[message.id] = true;
	keep(&message);
}

static void meet(const struct beacon *b)
{
	const double time = now();
	const bool anew = time - self.met[b->from] > NEW_ENCOUNTER;

	self.met[b->from] = time;
	if (!anew)
		return;
	self.p[b->from] += (1 - self.p[b->from]) * (float)P_INIT;
	for (uint32_t i = 0; i < HOSTS; i++)
		if (i != self.id && i != b->from)
			self.p[i] += (1 - self.p[i]) * self.p[b->from] * b->p[i] * (float)BETA;
}

static bool gives(const struct message *message, const struct beacon *b)
{
	if (b->has[message->id / 8] >> message->id % 8 & 1 || message->hops >= HOPS_MAX)
		return false;
	return !self.prophet || message->to == b->from || b->p[message->to] > self.p[message->to];
}

static void take_beacon(const struct beacon *b)
{
	uint32_t given = 0;

	if (b->from >= HOSTS)
		return;
	meet(b);
	for (uint32_t i = 0; i < self.count && given < AT_ONCE; i++) {
		if (!gives(&self.queue[i], b))
			continue;
		send_to(b->from + 1, &self.queue[i], sizeof(self.queue[i]));
		given++;
		self.sent++;
	}
}

static void take_message(struct message *message)
{
	if (message->id >= HOSTS * MESSAGES_MAX || self.seen[message->id])
		return;
	self.seen[message->id] = true;
	message->hops++;
	if (message->to != self.id) {
		keep(message);
		return;
	}
	self.delivered++;
	printf("delivered %u after %.3f s over %u hops\n", message->id, now() - message->created, message->hops);
}

static void receive(void)
{
	union {
		uint32_t type;
		struct beacon beacon;
		struct message message;
	} in;
	const ssize_t size = recv(self.socket, &in, sizeof(in), MSG_DONTWAIT);

	if (size == sizeof(in.beacon) && in.type == BEACON)
		take_beacon(&in.beacon);
	else if (size == sizeof(in.message) && in.type == MESSAGE)
		take_message(&in.message);
}

/* Until a time everything that comes is dealt with. */
static void listen_until(double time)
{
	struct pollfd poll_fd = {.fd = self.socket, .events = POLLIN};

	for (;;) {
		const double left = time - now();

		if (left <= 0)
			return;
		if (poll(&poll_fd, 1, (int)(left * 1000) + 1) > 0)
			receive();
	}
}

static void open_socket(void)
{
	const struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	const int on = 1;

	self.socket = socket(AF_INET, SOCK_DGRAM, 0);
	if (self.socket < 0 || bind(self.socket, (const struct sockaddr *)&here, sizeof(here)) ||
	    setsockopt(self.socket, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on))) {
		perror("dtn");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	if (argc != 8) {
		fprintf(stderr, "usage: dtn epidemic|prophet SELF QUEUE WARM_UP CREATE_UNTIL INTERVAL END\n");
		return 2;
	}
	const uint32_t warm_up = (uint32_t)atoi(argv[4]), until = (uint32_t)atoi(argv[5]), interval = (uint32_t)atoi(argv[6]),
		       end = (uint32_t)atoi(argv[7]);

	self.prophet = !strcmp(argv[1], "prophet");
	self.id = (uint32_t)atoi(argv[2]);
	self.queue_max = (uint32_t)atoi(argv[3]);
	if (self.id >= HOSTS || !self.queue_max || self.queue_max > QUEUE_MAX || !interval)
		return 2;
	open_socket();
	for (uint32_t second = 1; second < end; second++) {
		/* Hosts speak one after the other, within the second. */
		listen_until(second + self.id / 64.0);
		if (second % AGING_UNIT == 0)
			for (uint32_t i = 0; i < HOSTS; i++)
				self.p[i] *= (float)AGING;
		if (second >= warm_up && second < until && (second + self.id) % interval == 0)
			create();
		beacon();
	}
	printf("made %u, delivered here %u, passed on %u, left %u\n", self.made, self.delivered, self.sent, self.count);
	return 0;
}
