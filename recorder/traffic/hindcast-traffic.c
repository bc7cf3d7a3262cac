/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hindcast-traffic.c - datagrams at a rate, and who counts them: an ordinary program that runs on nodes.
 *
 *	hindcast-traffic send HOST PORT [rate=100Mbit] [size=1470] [time=10s] [count=N] [on=TIME off=TIME [law=exponential]]
 *	hindcast-traffic receive PORT [idle=TIME]
 *
 * Constant bit rate: datagram k leaves at start + k * interval, whatever the ones before it took.  On and off: the same in
 * bursts, whose lengths and pauses are fixed or drawn from the exponential law.  size is the payload of UDP, rate counts it alone,
 * as ns-3's OnOffApplication does.
 *
 * Every datagram begins with a header; what follows is zeros.  At the end the sender says how many it has sent, several
 * times, since these may be lost as well.  The receiver then tells what it counted, and exits with 1 when anything was lost.
 *
 * It is linked statically, and looks names up in /etc/hosts alone, so that it runs in any root.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAGIC 0x68637466u	/* "hctf" */
#define SIZE_MAX_UDP 65507u
#define GOODBYES 5
#define NS_PER_S 1000000000ull

struct header {			/* in the byte order of the processor: there is only one kind */
	uint32_t magic;
	uint32_t last;		/* 1: seq is the number of datagrams that were sent */
	uint64_t seq;		/* from 0 */
	uint64_t sent_ns;	/* wall clock of the sender */
};

struct plan {
	uint64_t rate_bps, size, time_ns, count, on_ns, off_ns, idle_ns;
	bool exponential;
};

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *format, ...)
{
	va_list args;

	fputs("hindcast-traffic: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(2);
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static void sleep_until(uint64_t ns)
{
	const struct timespec ts = {(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

/* ---- arguments ---- */

static uint64_t number(const char *text, const char *const *units, const uint64_t *factors)
{
	char *end;
	const double value = strtod(text, &end);

	for (size_t i = 0; end != text && value >= 0 && units[i]; i++)
		if (!strcmp(end, units[i]) && value * (double)factors[i] < 1e18)
			return (uint64_t)(value * (double)factors[i] + 0.5);
	die("'%s' is no number, or has an unknown unit", text);
}

static uint64_t time_of(const char *text)
{
	static const char *const units[] = {"", "s", "ms", "us", "ns", NULL};
	static const uint64_t factors[] = {NS_PER_S, NS_PER_S, 1000000, 1000, 1};

	return number(text, units, factors);
}

static uint64_t rate_of(const char *text)
{
	static const char *const units[] = {"", "bit", "kbit", "Mbit", "Gbit", NULL};
	static const uint64_t factors[] = {1, 1, 1000, 1000000, 1000000000};

	return number(text, units, factors);
}

static uint64_t count_of(const char *text)
{
	static const char *const units[] = {"", NULL};
	static const uint64_t factors[] = {1};

	return number(text, units, factors);
}

static void take(struct plan *plan, const char *argument)
{
	const struct {
		const char *key;
		uint64_t *to;
		uint64_t (*read)(const char *text);
	} keys[] = {
		{"rate=", &plan->rate_bps, rate_of}, {"size=", &plan->size, count_of},
		{"time=", &plan->time_ns, time_of},  {"count=", &plan->count, count_of},
		{"on=", &plan->on_ns, time_of},	     {"off=", &plan->off_ns, time_of},
		{"idle=", &plan->idle_ns, time_of},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strncmp(argument, keys[i].key, strlen(keys[i].key))) {
			*keys[i].to = keys[i].read(argument + strlen(keys[i].key));
			return;
		}
	if (!strcmp(argument, "law=exponential"))
		plan->exponential = true;
	else if (strcmp(argument, "law=constant") != 0)
		die("'%s' is none of rate=, size=, time=, count=, on=, off=, law=, idle=", argument);
}

static struct plan plan_of(char **arguments)
{
	struct plan plan = {.rate_bps = 100000000, .size = 1470, .time_ns = 10 * NS_PER_S, .idle_ns = 0};

	for (; *arguments; arguments++)
		take(&plan, *arguments);
	if (plan.size < sizeof(struct header) || plan.size > SIZE_MAX_UDP)
		die("size=%" PRIu64 ": a datagram has %zu to %u bytes", plan.size, sizeof(struct header), SIZE_MAX_UDP);
	if (!plan.rate_bps)
		die("rate=0 sends nothing");
	if (!plan.on_ns != !plan.off_ns)
		die("on= and off= belong together");
	return plan;
}

/* ---- addresses ---- */

static bool parse_address(const char *text, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return true;
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	return inet_pton(AF_INET6, text, &v6->sin6_addr) == 1;
}

/* A name of /etc/hosts: the first address that it has. */
static bool look_up(const char *name, uint16_t port, struct sockaddr_storage *ret)
{
	FILE *hosts = fopen("/etc/hosts", "re");
	char line[4096];
	bool found = false;

	while (hosts && !found && fgets(line, sizeof(line), hosts)) {
		char *rest = NULL, *address = strtok_r(line, " \t\n", &rest), *word;

		while (address && !found && (word = strtok_r(NULL, " \t\n", &rest)))
			found = !strcmp(word, name) && parse_address(address, port, ret);
	}
	if (hosts)
		fclose(hosts);
	return found;
}

static uint16_t port_of(const char *text)
{
	const uint64_t port = count_of(text);

	if (port < 1 || port > 65535)
		die("'%s' is no port", text);
	return (uint16_t)port;
}

/* ---- send ---- */

struct sender {
	int fd;
	uint8_t *datagram;
	size_t size;
	uint64_t sent, refused;
};

static void send_one(struct sender *sender, bool last)
{
	const struct header header = {MAGIC, last, sender->sent + sender->refused, now_ns(CLOCK_REALTIME)};

	memcpy(sender->datagram, &header, sizeof(header));
	const ssize_t done = send(sender->fd, sender->datagram, last ? sizeof(header) : sender->size, 0);

	if (last)
		return;
	/* The way back says that nobody listens, or the queue is full: that one is lost, the next ones are sent. */
	if (done < 0)
		sender->refused++;
	else
		sender->sent++;
}

static uint64_t length_of(const struct plan *plan, uint64_t mean_ns)
{
	uint64_t random;

	if (!plan->exponential)
		return mean_ns;
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		die("getrandom: %s", strerror(errno));
	return (uint64_t)(-log(((double)(random >> 11) + 1) / 9007199254740992.0) * (double)mean_ns);
}

/* Datagrams from start on at their times, until end or count; when the next one would leave. */
static uint64_t send_burst(struct sender *sender, const struct plan *plan, uint64_t start, uint64_t end)
{
	uint64_t at = start;

	for (uint64_t k = 1; at < end && (!plan->count || sender->sent + sender->refused < plan->count); k++) {
		sleep_until(at);
		send_one(sender, /* last= */ false);
		at = start + (uint64_t)((unsigned __int128)k * plan->size * 8 * NS_PER_S / plan->rate_bps);
	}
	return at;
}

static void send_all(struct sender *sender, const struct plan *plan)
{
	const uint64_t start = now_ns(CLOCK_MONOTONIC), end = plan->count ? UINT64_MAX : start + plan->time_ns;

	if (!plan->on_ns) {
		send_burst(sender, plan, start, end);
		return;
	}
	for (uint64_t at = start; at < end && (!plan->count || sender->sent + sender->refused < plan->count);) {
		const uint64_t off = at + length_of(plan, plan->on_ns);

		send_burst(sender, plan, at, off < end ? off : end);
		at = off + length_of(plan, plan->off_ns);
	}
}

static int run_send(const char *host, const char *port, char **arguments)
{
	const struct plan plan = plan_of(arguments);
	struct sockaddr_storage to;

	if (!parse_address(host, port_of(port), &to) && !look_up(host, port_of(port), &to))
		die("there is no host '%s' in /etc/hosts", host);
	struct sender sender = {
		.fd = socket(to.ss_family, SOCK_DGRAM, 0), .datagram = calloc(1, plan.size), .size = plan.size,
	};
	const socklen_t size = to.ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);

	if (sender.fd < 0 || !sender.datagram || connect(sender.fd, (struct sockaddr *)&to, size) < 0)
		die("%s: %s", host, strerror(errno));
	send_all(&sender, &plan);
	/* Behind all that was sent, however long the way is. */
	for (int i = 0; i < GOODBYES; i++) {
		sleep_until(now_ns(CLOCK_MONOTONIC) + NS_PER_S / 5);
		send_one(&sender, /* last= */ true);
	}
	printf("sent %" PRIu64 " datagrams of %" PRIu64 " bytes", sender.sent, plan.size);
	if (sender.refused)
		printf(", %" PRIu64 " were refused", sender.refused);
	putchar('\n');
	return 0;
}

/* ---- receive ---- */

struct receiver {
	uint64_t count, bytes, expected;	/* expected: by the sender's word */
	uint64_t next;				/* one more than the highest number so far */
	uint64_t late;				/* came after a higher number */
	uint64_t first_ns, last_ns;
	uint64_t delay_sum, delay_min, delay_max;
	uint8_t *seen;				/* a bit for each number */
	size_t seen_size;
	uint64_t twice;
};

static bool mark_seen(struct receiver *receiver, uint64_t seq)
{
	const size_t byte = seq / 8;
	const uint8_t bit = (uint8_t)(1 << seq % 8);

	if (byte >= receiver->seen_size) {
		const size_t size = byte * 2 + 4096;

		receiver->seen = realloc(receiver->seen, size);
		if (!receiver->seen)
			die("out of memory");
		memset(receiver->seen + receiver->seen_size, 0, size - receiver->seen_size);
		receiver->seen_size = size;
	}
	const bool before = receiver->seen[byte] & bit;

	receiver->seen[byte] |= bit;
	return before;
}

static void count(struct receiver *receiver, const struct header *header, size_t size)
{
	const uint64_t now = now_ns(CLOCK_REALTIME), delay = now > header->sent_ns ? now - header->sent_ns : 0;

	if (mark_seen(receiver, header->seq)) {
		receiver->twice++;
		return;
	}
	if (!receiver->count++)
		receiver->first_ns = now;
	receiver->last_ns = now;
	receiver->bytes += size;
	receiver->late += header->seq + 1 < receiver->next;
	if (header->seq >= receiver->next)
		receiver->next = header->seq + 1;
	receiver->delay_sum += delay;
	if (receiver->count == 1 || delay < receiver->delay_min)
		receiver->delay_min = delay;
	if (delay > receiver->delay_max)
		receiver->delay_max = delay;
}

static int tell(const struct receiver *receiver)
{
	const uint64_t sent = receiver->expected ? receiver->expected : receiver->next, lost = sent - receiver->count;
	const double seconds = (double)(receiver->last_ns - receiver->first_ns) / NS_PER_S;

	printf("received %" PRIu64 " of %" PRIu64 " datagrams, lost %" PRIu64 ", late %" PRIu64 ", twice %" PRIu64 "\n",
	       receiver->count, sent, lost, receiver->late, receiver->twice);
	if (receiver->count > 1 && seconds > 0)
		printf("goodput %.6f Mbit/s, delay min/avg/max %.6f/%.6f/%.6f ms\n",
		       (double)receiver->bytes * 8 / seconds / 1e6, (double)receiver->delay_min / 1e6,
		       (double)receiver->delay_sum / (double)receiver->count / 1e6, (double)receiver->delay_max / 1e6);
	return lost || !sent;
}

static int run_receive(const char *port, char **arguments)
{
	const struct plan plan = plan_of(arguments);
	const struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(port_of(port))};
	const struct timeval idle = {(time_t)(plan.idle_ns / NS_PER_S), (suseconds_t)(plan.idle_ns % NS_PER_S / 1000)};
	const int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	struct receiver receiver = {0};
	static uint8_t datagram[SIZE_MAX_UDP];

	if (fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0)
		die("port %s: %s", port, strerror(errno));
	if (plan.idle_ns)
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof(idle));
	for (;;) {
		const ssize_t size = recv(fd, datagram, sizeof(datagram), 0);
		struct header header;

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			break;
		if ((size_t)size < sizeof(header))
			continue;
		memcpy(&header, datagram, sizeof(header));
		if (header.magic != MAGIC || header.seq > UINT32_MAX)
			continue;
		if (header.last) {
			receiver.expected = header.seq;
			break;
		}
		count(&receiver, &header, (size_t)size);
	}
	return tell(&receiver);
}

int main(int argc, char **argv)
{
	if (argc >= 4 && !strcmp(argv[1], "send"))
		return run_send(argv[2], argv[3], argv + 4);
	if (argc >= 3 && !strcmp(argv[1], "receive"))
		return run_receive(argv[2], argv + 3);
	die("usage: send HOST PORT [KEY=VALUE...] or receive PORT [KEY=VALUE...]; docs/hindcast-traffic.1.md tells of the keys");
}
