/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "witness.h"

#include <arpa/inet.h>
#include <asm/unistd.h>
#include <linux/futex.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "node-int.h"
#include "text.h"

#define NS_PER_S 1000000000ull
/* Later is never: 292 years, all that a trace can hold. */
#define NEVER_NS (1ull << 63)

/* What was last told of a socket that still lives. */
struct told {
	struct kg_change_socket socket;		/* sock 0: a free slot */
};

struct touch {
	kg_cookie task;
	uint32_t fd;
};

struct rec_witness {
	struct told *told;			/* open addressing by number, at most half full */
	size_t told_count, told_capacity;	/* capacity: a power of two */
	struct touch *touched;			/* unix sockets that may have got a name */
	size_t touched_count, touched_capacity;
	struct { uint64_t packets, bytes; } queue[KG_IF_MAX];	/* as last told */
};

struct rec_witness *rec__witness_new(void)
{
	struct rec_witness *witness = calloc(1, sizeof(*witness));

	CHECK(witness);
	return witness;
}

void rec__witness_free(struct rec_witness *witness)
{
	if (!witness)
		return;
	free(witness->told);
	free(witness->touched);
	free(witness);
}

/* ---- sockets that were told ------------------------------------------------- */

static size_t slot_of(const struct rec_witness *w, uint64_t sock)
{
	return (sock * 0x9e3779b97f4a7c15ull) >> 20 & (w->told_capacity - 1);
}

static struct told *told_find(const struct rec_witness *w, uint64_t sock)
{
	size_t at = slot_of(w, sock);

	while (w->told[at].socket.sock && w->told[at].socket.sock != sock)
		at = (at + 1) & (w->told_capacity - 1);
	return &w->told[at];
}

static void told_grow(struct rec_witness *w)
{
	struct told *old = w->told;
	const size_t count = w->told_capacity;

	w->told_capacity = count ? 2 * count : 16;
	w->told = calloc(w->told_capacity, sizeof(*w->told));
	CHECK(w->told);
	for (size_t i = 0; i < count; i++)
		if (old[i].socket.sock)
			*told_find(w, old[i].socket.sock) = old[i];
	free(old);
}

/* What was told of a socket; all zero but for sock when it is new. */
static struct told *told_get(struct rec_witness *w, uint64_t sock)
{
	if (2 * (w->told_count + 1) > w->told_capacity)
		told_grow(w);
	struct told *told = told_find(w, sock);

	if (!told->socket.sock) {
		told->socket.sock = sock;
		w->told_count++;
	}
	return told;
}

/* Moves up what would no longer be found behind the gap. */
static void told_drop(struct rec_witness *w, struct told *told)
{
	size_t gap = (size_t)(told - w->told), mask = w->told_capacity - 1;

	for (size_t at = (gap + 1) & mask; w->told[at].socket.sock; at = (at + 1) & mask) {
		const size_t home = slot_of(w, w->told[at].socket.sock);

		if (((at - home) & mask) >= ((at - gap) & mask)) {
			w->told[gap] = w->told[at];
			gap = at;
		}
	}
	w->told[gap].socket.sock = 0;
	w->told_count--;
}

/* ---- telling of sockets -------------------------------------------------------- */

static void put_name(struct fmt_buf *out, uint32_t family, const uint8_t *address, uint32_t port)
{
	char text[INET6_ADDRSTRLEN] = "";
	static const uint8_t any[16];

	if (!port && !memcmp(address, any, sizeof(any)))
		return;
	inet_ntop((int)family, address, text, sizeof(text));
	fmt_put_text(out, family == AF_INET6 ? "[%s]:%u" : "%s:%u", text, port);
}

/* An abstract name begins with a zero byte, which is shown as @. */
static void put_unix_name(struct fmt_buf *out, const char *name, uint32_t size)
{
	if (size && name[0])
		fmt_buf_put(out, name, strnlen(name, size));
	for (uint32_t i = 0; size && !name[0] && i < size; i++)
		fmt_put_text(out, "%c", name[i] ? name[i] : '@');
}

static bool same_names(const struct kg_change_socket *a, const struct kg_change_socket *b)
{
	return a->family == b->family && a->local_port == b->local_port && a->remote_port == b->remote_port &&
	       !memcmp(a->local, b->local, sizeof(a->local)) && !memcmp(a->remote, b->remote, sizeof(a->remote)) &&
	       a->unix_local_size == b->unix_local_size && a->unix_remote_size == b->unix_remote_size;
}

static void tell_names(struct rec_node *node, const struct kg_change_socket *s)
{
	_cleanup_(fmt_buf_done) struct fmt_buf local = {0}, remote = {0};

	if (s->family == AF_INET || s->family == AF_INET6) {
		put_name(&local, s->family, s->local, s->local_port);
		put_name(&remote, s->family, s->remote, s->remote_port);
	} else {
		put_unix_name(&local, s->unix_local, s->unix_local_size);
		put_unix_name(&remote, s->unix_remote, s->unix_remote_size);
	}
	fmt_put_socket(&node->events, node->now, node->id, 0, &(struct fmt_ev_socket) {
		.sock = s->sock, .family = s->family, .type = s->type, .protocol = s->protocol,
		.local = { local.data, local.size }, .remote = { remote.data, remote.size } });
}

static bool same_tcp(const struct kg_change_socket *a, const struct kg_change_socket *b)
{
	return a->state == b->state && a->snd_una == b->snd_una && a->snd_nxt == b->snd_nxt &&
	       a->write_seq == b->write_seq && a->rcv_nxt == b->rcv_nxt && a->copied_seq == b->copied_seq &&
	       a->snd_wnd == b->snd_wnd && a->rcv_wnd == b->rcv_wnd;
}

static void tell_tcp(struct rec_node *node, const struct kg_change_socket *s)
{
	fmt_put_tcp(&node->events, node->now, node->id, 0, &(struct fmt_ev_tcp) {
		.sock = s->sock, .state = s->state, .snd_una = s->snd_una, .snd_nxt = s->snd_nxt,
		.write_seq = s->write_seq, .rcv_nxt = s->rcv_nxt, .copied_seq = s->copied_seq,
		.snd_wnd = s->snd_wnd, .rcv_wnd = s->rcv_wnd });
}

static bool same_congestion(const struct kg_change_socket *a, const struct kg_change_socket *b)
{
	return a->ca == b->ca && a->cwnd == b->cwnd && a->ssthresh == b->ssthresh && a->srtt_us == b->srtt_us &&
	       a->rttvar_us == b->rttvar_us && a->rto_us == b->rto_us && a->mss == b->mss && a->lost == b->lost &&
	       a->retrans == b->retrans && a->total_retrans == b->total_retrans;
}

static void tell_congestion(struct rec_node *node, const struct kg_change_socket *s)
{
	fmt_put_tcp_congestion(&node->events, node->now, node->id, 0, &(struct fmt_ev_tcp_congestion) {
		.sock = s->sock, .ca = s->ca, .cwnd = s->cwnd, .ssthresh = s->ssthresh, .srtt_us = s->srtt_us,
		.rttvar_us = s->rttvar_us, .rto_us = s->rto_us, .mss = s->mss, .lost = s->lost,
		.retrans = s->retrans, .total_retrans = s->total_retrans });
}

/* Whether the kernel will tell when it is gone (net/watch.c takes notice of what leaves the tables of TCP and UDP). */
static bool tells_its_end(const struct kg_change_socket *s)
{
	return s->has_tcp || ((s->family == AF_INET || s->family == AF_INET6) && s->type == SOCK_DGRAM && s->protocol == IPPROTO_UDP);
}

static void socket_changed(struct rec_node *node, const struct kg_change_socket *s)
{
	struct told *told = told_get(node->witness, s->sock);
	struct kg_change_socket now = *s;

	/* A TIME_WAIT that was told before. */
	if (s->timewait && !told->socket.family) {
		told_drop(node->witness, told);
		return;
	}
	/* Little is known of one; the rest stays as it was. */
	if (s->timewait) {
		now = told->socket;
		now.state = s->state;
	}
	/* A socket that closes forgets its names, which nobody needs to know. */
	if (!s->gone && !same_names(&told->socket, &now))
		tell_names(node, &now);
	if (now.has_tcp && (!told->socket.has_tcp || !same_tcp(&told->socket, &now)))
		tell_tcp(node, &now);
	if (now.has_tcp && !s->gone && !same_congestion(&told->socket, &now))
		tell_congestion(node, &now);
	told->socket = now;
	/* Nothing tells when a TIME_WAIT ends, or when a socket of another kind is closed: these are told anew at every touch, which are
	 * few. */
	if (s->gone || (s->timewait && s->state == TCP_TIME_WAIT) || !tells_its_end(s))
		told_drop(node->witness, told);
}

/* ---- telling of the rest --------------------------------------------------------- */

static void fd_changed(struct rec_node *node, const struct kg_change_fd *fd)
{
	const struct rec_thread *t = rec__thread(node, fd->task);

	if (!t)
		return;
	fmt_put_fd(&node->events, node->now, node->id, t->tid, &(struct fmt_ev_fd) {
		.fd = fd->fd, .flags = fd->flags, .mode = fd->mode, .ino = fd->ino, .sock = fd->sock,
		.what = { (const uint8_t *)fd->path, strlen(fd->path) } });
}

static void queue_changed(struct rec_node *node, const struct kg_change_queue *queue)
{
	CHECK(queue->ifid < KG_IF_MAX);
	if (node->witness->queue[queue->ifid].packets == queue->packets &&
	    node->witness->queue[queue->ifid].bytes == queue->bytes)
		return;
	node->witness->queue[queue->ifid].packets = queue->packets;
	node->witness->queue[queue->ifid].bytes = queue->bytes;
	fmt_put_queue(&node->events, node->now, node->id, 0, &(struct fmt_ev_queue) {
		.iface = queue->ifid, .packets = queue->packets, .bytes = queue->bytes });
}

void rec__on_change(void *ctx, const struct kg_change *change)
{
	struct rec_node *node = ctx;

	switch ((enum kg_change_kind)change->kind) {
	case KG_CHANGE_FD:
		fd_changed(node, &change->fd);
		break;
	case KG_CHANGE_SOCKET:
		socket_changed(node, &change->socket);
		break;
	case KG_CHANGE_NETLINK:
		rec__tell_rtnl(node, change->netlink.data, change->netlink.size);
		break;
	case KG_CHANGE_QUEUE:
		queue_changed(node, &change->queue);
		break;
	}
}

void rec__witness_look(struct rec_node *node)
{
	struct rec_witness *w = node->witness;

	if (node->panicked)
		return;
	for (size_t i = 0; i < w->touched_count; i++)
		node->api->touch_fd(w->touched[i].task, w->touched[i].fd);
	w->touched_count = 0;
	if (node->api->changed())
		node->api->tell_changes();
}

/* ---- time limits ------------------------------------------------------------------ */

/* How a call says until when it waits. */
enum limit {
	LIMIT_NONE,
	LIMIT_TIMESPEC,		/* from now on */
	LIMIT_TIMEVAL,		/* ... in another unit */
	LIMIT_CLOCK,		/* clock_nanosleep: by its clock and flags */
	LIMIT_FUTEX,		/* by its operation */
	LIMIT_REALTIME,		/* a wall clock's time */
	LIMIT_WAITV,		/* futex_waitv: by its clock */
};

static const struct {
	uint16_t nr;
	uint8_t arg;
	uint8_t limit;
} LIMITS[] = {
	{ __NR_nanosleep, 0, LIMIT_TIMESPEC },	     { __NR_clock_nanosleep, 2, LIMIT_CLOCK },
	{ __NR_futex, 3, LIMIT_FUTEX },		     { __NR_ppoll, 2, LIMIT_TIMESPEC },
	{ __NR_pselect6, 4, LIMIT_TIMESPEC },	     { __NR_select, 4, LIMIT_TIMEVAL },
	{ __NR_epoll_pwait2, 3, LIMIT_TIMESPEC },    { __NR_rt_sigtimedwait, 2, LIMIT_TIMESPEC },
	{ __NR_semtimedop, 3, LIMIT_TIMESPEC },	     { __NR_recvmmsg, 4, LIMIT_TIMESPEC },
	{ __NR_mq_timedsend, 4, LIMIT_REALTIME },    { __NR_mq_timedreceive, 4, LIMIT_REALTIME },
	{ __NR_futex_waitv, 3, LIMIT_WAITV },
};

static uint64_t saturated(int64_t seconds, uint64_t ns)
{
	return seconds < 0 ? 0 : (uint64_t)seconds >= NEVER_NS / NS_PER_S - 1 ? NEVER_NS : (uint64_t)seconds * NS_PER_S + ns;
}

/* When the node's clock has gone so far from now on, or (absolute) when it or the wall clock shows this; at most NEVER_NS. */
static vtime_ns limit_vtime(const struct rec_node *node, uint64_t ns, bool absolute, bool realtime)
{
	const uint64_t start = absolute && realtime ? node->realtime_offset_ns : 0;
	const vtime_ns when = rec_node_clock_when(&node->own, absolute ? (ns > start ? ns - start : 0) :
								     rec__local_ns(node) + ns);

	return when < NEVER_NS ? when : NEVER_NS;
}

/* Whether a limit is a time of a clock, and of which. */
static void limit_clock(const struct rec_thread *t, enum limit limit, bool *ret_absolute, bool *ret_realtime)
{
	const uint64_t *a = t->call.args;
	const uint64_t op = a[1] & FUTEX_CMD_MASK;

	*ret_absolute = limit == LIMIT_REALTIME || limit == LIMIT_WAITV;
	*ret_realtime = limit == LIMIT_REALTIME;
	if (limit == LIMIT_CLOCK) {
		*ret_absolute = a[1] & TIMER_ABSTIME;
		*ret_realtime = a[0] == CLOCK_REALTIME;
	} else if (limit == LIMIT_WAITV) {
		*ret_realtime = a[4] == CLOCK_REALTIME;
	} else if (limit == LIMIT_FUTEX) {
		*ret_absolute = op != FUTEX_WAIT;
		*ret_realtime = op == FUTEX_LOCK_PI || (a[1] & FUTEX_CLOCK_REALTIME);
	}
}

void rec__witness_waits(struct rec_node *node, const struct rec_thread *t)
{
	bool absolute, realtime;
	size_t i = 0;
	struct timespec spec;

	while (i < sizeof(LIMITS) / sizeof(*LIMITS) && LIMITS[i].nr != t->call.nr)
		i++;
	if (i == sizeof(LIMITS) / sizeof(*LIMITS) || !t->call.args[LIMITS[i].arg] ||
	    rec_tracee_read(t->tracee, &spec, t->call.args[LIMITS[i].arg], sizeof(spec)))
		return;
	/* The other futex operations have a number there. */
	if (LIMITS[i].limit == LIMIT_FUTEX && (t->call.args[1] & FUTEX_CMD_MASK) != FUTEX_WAIT &&
	    (t->call.args[1] & FUTEX_CMD_MASK) != FUTEX_WAIT_BITSET &&
	    (t->call.args[1] & FUTEX_CMD_MASK) != FUTEX_LOCK_PI)
		return;
	const uint64_t fraction = (uint64_t)spec.tv_nsec * (LIMITS[i].limit == LIMIT_TIMEVAL ? 1000 : 1);

	limit_clock(t, LIMITS[i].limit, &absolute, &realtime);
	const vtime_ns until = limit_vtime(node, saturated(spec.tv_sec, fraction), absolute, realtime);

	if (until < NEVER_NS)
		fmt_put_sleep(&node->events, node->now, node->id, t->tid, &(struct fmt_ev_sleep) { .until_ns = until });
}

static void tell_timer(struct rec_node *node, const struct rec_thread *t, uint64_t id, vtime_ns expires, uint64_t interval)
{
	fmt_put_timer(&node->events, node->now, node->id, t->tid, &(struct fmt_ev_timer) {
		.nr = t->call.nr, .id = id, .expires_ns = expires, .interval_ns = interval });
}

/* timerfd_settime and timer_settime have the same arguments. */
static void timer_set(struct rec_node *node, const struct rec_thread *t)
{
	struct itimerspec spec;

	if (rec_tracee_read(t->tracee, &spec, t->call.args[2], sizeof(spec)))
		return;
	const uint64_t value = saturated(spec.it_value.tv_sec, (uint64_t)spec.it_value.tv_nsec);
	/* A wall clock is decades ahead of one that began at the boot. */
	const bool realtime = value > node->realtime_offset_ns / 2;
	const vtime_ns expires = limit_vtime(node, value, t->call.args[1] & TIMER_ABSTIME, realtime);

	tell_timer(node, t, t->call.args[0], value ? expires : 0,
		   saturated(spec.it_interval.tv_sec, (uint64_t)spec.it_interval.tv_nsec));
}

static void itimer_set(struct rec_node *node, const struct rec_thread *t)
{
	struct itimerval val;

	if (rec_tracee_read(t->tracee, &val, t->call.args[1], sizeof(val)))
		return;
	const uint64_t value = saturated(val.it_value.tv_sec, (uint64_t)val.it_value.tv_usec * 1000);

	tell_timer(node, t, t->call.args[0], value ? limit_vtime(node, value, false, false) : 0,
		   saturated(val.it_interval.tv_sec, (uint64_t)val.it_interval.tv_usec * 1000));
}

static void touch(struct rec_witness *w, kg_cookie task, uint32_t fd)
{
	if (w->touched_count == w->touched_capacity) {
		w->touched_capacity = w->touched_capacity ? 2 * w->touched_capacity : 8;
		w->touched = reallocarray(w->touched, w->touched_capacity, sizeof(*w->touched));
		CHECK(w->touched);
	}
	w->touched[w->touched_count++] = (struct touch) { task, fd };
}

void rec__witness_ended(struct rec_node *node, const struct rec_thread *t, int64_t result)
{
	if (result < 0 || !t->tracee)
		return;
	switch (t->call.nr) {
	case __NR_timerfd_settime:
	case __NR_timer_settime:
		timer_set(node, t);
		break;
	case __NR_setitimer:
		itimer_set(node, t);
		break;
	case __NR_alarm: {
		const uint64_t seconds = t->call.args[0] & UINT32_MAX;

		tell_timer(node, t, 0, seconds ? limit_vtime(node, seconds * NS_PER_S, false, false) : 0, 0);
		break;
	}
	case __NR_bind:
	case __NR_connect:
		touch(node->witness, t->cookie, (uint32_t)t->call.args[0]);
		break;
	}
}
