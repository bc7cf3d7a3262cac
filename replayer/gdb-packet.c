/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gdb-packet.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"

#define BREAK 0x03
#define ESCAPE 0x7d
#define ESCAPE_XOR 0x20

/* ---- hexadecimal ------------------------------------------------------ */

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

void rep__gdb_put_hex(struct fmt_buf *out, const void *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *from = bytes;

	for (size_t i = 0; i < size; i++) {
		const char two[] = {digits[from[i] >> 4], digits[from[i] & 15]};

		fmt_buf_put(out, two, sizeof(two));
	}
}

size_t rep__gdb_get_hex(const char *text, void *to, size_t size)
{
	uint8_t *bytes = to;
	size_t count = 0;

	while (count < size && digit_of(text[0]) >= 0 && digit_of(text[1]) >= 0) {
		bytes[count++] = (uint8_t)(digit_of(text[0]) << 4 | digit_of(text[1]));
		text += 2;
	}
	return count;
}

/* ---- receiving -------------------------------------------------------- */

/* Where the reader is in a packet. */
enum part { OUTSIDE, BODY, BODY_ESCAPED, SUM_1, SUM_2 };

struct parser {
	enum part part;
	struct fmt_buf packet;
	uint8_t sum;
	char digits[2];
};

static void reply_ack(struct rep_gdb_link *link, char ack)
{
	if (!link->no_ack)
		(void)!send(link->fd, &ack, 1, MSG_NOSIGNAL);
}

/* Hands a packet over, after the one before has been taken. */
static void hand_over(struct rep_gdb_link *link, struct parser *p)
{
	pthread_mutex_lock(&link->lock);
	while (link->full && !link->ended)
		pthread_cond_wait(&link->emptied, &link->lock);
	fmt_buf_clear(&link->packet);
	fmt_buf_put(&link->packet, p->packet.data, p->packet.size);
	fmt_buf_put(&link->packet, "", 1);
	link->full = true;
	pthread_cond_signal(&link->filled);
	pthread_mutex_unlock(&link->lock);
}

static void end_packet(struct rep_gdb_link *link, struct parser *p)
{
	const int wanted = digit_of(p->digits[0]) << 4 | digit_of(p->digits[1]);

	if (!link->no_ack && wanted != p->sum) {
		reply_ack(link, '-');
		return;
	}
	reply_ack(link, '+');
	hand_over(link, p);
}

static void put_byte(struct parser *p, char c)
{
	if (p->packet.size < REP_GDB_PACKET_MAX)
		fmt_buf_put(&p->packet, &c, 1);
}

static void take_byte(struct rep_gdb_link *link, struct parser *p, char c)
{
	switch (p->part) {
	case OUTSIDE:
		if (c == BREAK)
			link->on_break(link->arg);
		if (c != '$')
			return;
		p->part = BODY;
		p->sum = 0;
		fmt_buf_clear(&p->packet);
		return;
	case BODY:
		if (c == '#') {
			p->part = SUM_1;
			return;
		}
		p->sum = (uint8_t)(p->sum + c);
		p->part = c == ESCAPE ? BODY_ESCAPED : BODY;
		if (c != ESCAPE)
			put_byte(p, c);
		return;
	case BODY_ESCAPED:
		p->sum = (uint8_t)(p->sum + c);
		put_byte(p, (char)(c ^ ESCAPE_XOR));
		p->part = BODY;
		return;
	case SUM_1:
		p->digits[0] = c;
		p->part = SUM_2;
		return;
	case SUM_2:
		p->digits[1] = c;
		p->part = OUTSIDE;
		end_packet(link, p);
		return;
	}
}

static void *read_all(void *arg)
{
	struct rep_gdb_link *link = arg;
	struct parser parser = {0};
	char bytes[4096];

	for (;;) {
		const ssize_t size = recv(link->fd, bytes, sizeof(bytes), 0);

		if (size < 0 && errno == EINTR)
			continue;
		if (size <= 0)
			break;
		for (ssize_t i = 0; i < size; i++)
			take_byte(link, &parser, bytes[i]);
	}
	fmt_buf_done(&parser.packet);
	pthread_mutex_lock(&link->lock);
	link->ended = true;
	pthread_cond_signal(&link->filled);
	pthread_mutex_unlock(&link->lock);
	link->on_break(link->arg);	/* nobody waits for the move that is under way */
	return NULL;
}

bool rep__gdb_receive(struct rep_gdb_link *link, const char **ret, size_t *ret_size)
{
	static struct fmt_buf taken;

	pthread_mutex_lock(&link->lock);
	while (!link->full && !link->ended)
		pthread_cond_wait(&link->filled, &link->lock);
	const bool full = link->full;

	if (full) {
		const struct fmt_buf old = taken;

		taken = link->packet;
		link->packet = old;
		link->full = false;
		pthread_cond_signal(&link->emptied);
	}
	pthread_mutex_unlock(&link->lock);
	if (!full)
		return false;
	*ret = (const char *)taken.data;
	*ret_size = taken.size - 1;
	return true;
}

/* ---- sending ---------------------------------------------------------- */

static void send_all(int fd, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		const ssize_t r = send(fd, bytes, size, MSG_NOSIGNAL);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return;		/* the reader will see that gdb has gone */
		bytes += r;
		size -= (size_t)r;
	}
}

static bool has_to_be_escaped(uint8_t c)
{
	return c == '#' || c == '$' || c == '}' || c == '*';
}

void rep__gdb_send(struct rep_gdb_link *link, const void *bytes, size_t size)
{
	const uint8_t *from = bytes;
	struct fmt_buf out = {0};
	uint8_t sum = 0;

	fmt_buf_put(&out, "$", 1);
	for (size_t i = 0; i < size; i++) {
		const uint8_t two[] = {ESCAPE, from[i] ^ ESCAPE_XOR};

		if (has_to_be_escaped(from[i]))
			fmt_buf_put(&out, two, sizeof(two));
		else
			fmt_buf_put(&out, &from[i], 1);
	}
	for (size_t i = 1; i < out.size; i++)
		sum = (uint8_t)(sum + out.data[i]);
	fmt_buf_put(&out, "#", 1);
	rep__gdb_put_hex(&out, &sum, 1);
	send_all(link->fd, out.data, out.size);
	fmt_buf_done(&out);
}

/* ---- the connection --------------------------------------------------- */

int rep__gdb_link_init(struct rep_gdb_link *link, int fd, void (*on_break)(void *arg), void *arg)
{
	*link = (struct rep_gdb_link){.fd = fd, .on_break = on_break, .arg = arg};
	pthread_mutex_init(&link->lock, NULL);
	pthread_cond_init(&link->filled, NULL);
	pthread_cond_init(&link->emptied, NULL);
	const int r = pthread_create(&link->reader, NULL, read_all, link);

	if (r != 0)
		close(fd);
	return -r;
}

void rep__gdb_link_done(struct rep_gdb_link *link)
{
	pthread_mutex_lock(&link->lock);
	link->ended = true;
	pthread_cond_signal(&link->emptied);
	pthread_mutex_unlock(&link->lock);
	shutdown(link->fd, SHUT_RDWR);
	pthread_join(link->reader, NULL);
	close(link->fd);
	fmt_buf_done(&link->packet);
	pthread_mutex_destroy(&link->lock);
	pthread_cond_destroy(&link->filled);
	pthread_cond_destroy(&link->emptied);
}
