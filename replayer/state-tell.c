/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state-tell.c - a state as events that come to the same state again: the way back from state-fold.c and state-net.c.
 *
 * It is told on top of what past.c keeps (births, programs, links, packets under way), so only what calls and kernels have
 * made of nodes is told here.  Where a row has only part of a text, the event that it comes from is told again.
 */
#include "state-tell.h"

#include "state-int.h"

enum { TCP_CLOSE = 7 };

struct teller {
	struct fmt_reader *reader;
	const struct rep_state *state;
	vtime_ns vtime;			/* at which things are told, unless they have a time of their own */
	struct fmt_buf *out;
};

static struct fmt_bytes text_of(const char *text)
{
	return (struct fmt_bytes){(const uint8_t *)text, strlen(text)};
}

/* The event that a row comes from, if it is of that kind. */
static bool origin(const struct teller *t, event_seq seq, enum fmt_kind kind, struct fmt_event *ret)
{
	return fmt_reader_event(t->reader, seq, ret, NULL) == 0 && ret->kind == kind;
}

static int tell_again(const struct teller *t, node_id node, event_seq seq)
{
	struct fmt_event event;
	struct fmt_error error;
	const int r = fmt_reader_event(t->reader, seq, &event, &error);

	if (r < 0)
		return r;
	CHECK(event.node == node);
	event.vtime = t->vtime;
	fmt_record_put(t->out, &event);
	return 0;
}

/* ---- descriptors and sockets --------------------------------------------------- */

/* A living process with that table of descriptors; 0: none. */
static uint32_t owner_of(const struct rep_state_node *node, uint32_t files)
{
	const struct rep_state_process *all = node->processes.rows;

	for (uint32_t i = 0; i < node->processes.count; i++)
		if (!all[i].ended && all[i].files == files)
			return all[i].pid;
	return 0;
}

/* A thread of a process; 0: it has none. */
static uint32_t thread_of(const struct rep_state_node *node, uint32_t pid)
{
	const struct rep_state_thread *all = node->threads.rows;

	for (uint32_t i = 0; i < node->threads.count; i++)
		if (all[i].pid == pid)
			return all[i].tid;
	return 0;
}

static void tell_fds(const struct teller *t, const struct rep_state_node *node)
{
	const struct rep_state_fd *fds = node->fds.rows;

	for (uint32_t i = 0; i < node->fds.count; i++) {
		const struct rep_state_fd *fd = &fds[i];
		const uint32_t pid = owner_of(node, fd->files), tid = pid ? thread_of(node, pid) : 0;
		struct fmt_ev_fd ev = {.what = text_of(fd->what)}, whole;
		struct fmt_event event;

		if (!tid)
			continue;
		if (origin(t, fd->seq, FMT_fd, &event) && fmt_get_fd(&event, &whole) == 0)
			ev.what = whole.what;
		ev.fd = fd->fd;
		ev.flags = fd->flags;
		ev.mode = fd->mode;
		ev.ino = fd->ino;
		ev.sock = fd->sock;
		fmt_put_fd(t->out, t->vtime, node->id, tid, &ev);
	}
}

static void tell_socket(const struct teller *t, const struct rep_state_node *node, const struct rep_state_socket *s,
			vtime_ns vtime)
{
	fmt_put_socket(t->out, vtime, node->id, 0, &(struct fmt_ev_socket){
		.sock = s->sock, .family = s->family, .type = s->type, .protocol = s->protocol,
		.local = text_of(s->local), .remote = text_of(s->remote)});
	if (!s->has_tcp)
		return;
	fmt_put_tcp(t->out, vtime, node->id, 0, &(struct fmt_ev_tcp){
		.sock = s->sock, .state = s->state, .snd_una = s->snd_una, .snd_nxt = s->snd_nxt, .write_seq = s->write_seq,
		.rcv_nxt = s->rcv_nxt, .copied_seq = s->copied_seq, .snd_wnd = s->snd_wnd, .rcv_wnd = s->rcv_wnd});
	fmt_put_tcp_congestion(t->out, vtime, node->id, 0, &(struct fmt_ev_tcp_congestion){
		.sock = s->sock, .ca = s->ca, .cwnd = s->cwnd, .ssthresh = s->ssthresh, .srtt_us = s->srtt_us,
		.rttvar_us = s->rttvar_us, .rto_us = s->rto_us, .mss = s->mss, .lost = s->lost, .retrans = s->retrans,
		.total_retrans = s->total_retrans});
}

/* A closed socket that descriptors still have would be gone before these are told of; others have the time of their last change,
 * from which their ends are reckoned. */
static void tell_sockets(const struct teller *t, const struct rep_state_node *node, bool closed)
{
	const struct rep_state_socket *sockets = node->sockets.rows;

	for (uint32_t i = 0; i < node->sockets.count; i++) {
		const struct rep_state_socket *s = &sockets[i];

		if ((s->has_tcp && s->state == TCP_CLOSE) == closed)
			tell_socket(t, node, s, closed ? t->vtime : s->changed);
	}
}

/* ---- the kernel's tables -------------------------------------------------------- */

/* In the order of the rows, which is that of their coming. */
#define TELL_ROWS(t, node, table, type)                                                            \
	({                                                                                         \
		int r_ = 0;                                                                        \
		for (uint32_t i_ = 0; r_ == 0 && i_ < (node)->table.count; i_++)                   \
			r_ = tell_again(t, (node)->id, rep__row(&(node)->table, type, i_)->seq);   \
		r_;                                                                                \
	})

static int tell_network(const struct teller *t, const struct rep_state_node *node)
{
	return TELL_ROWS(t, node, interfaces, struct rep_state_interface) ?:
	       TELL_ROWS(t, node, addresses, struct rep_state_address) ?:
	       TELL_ROWS(t, node, routes, struct rep_state_route) ?:
	       TELL_ROWS(t, node, neighbours, struct rep_state_neighbour);
}

static void tell_timers(const struct teller *t, const struct rep_state_node *node)
{
	const struct rep_state_timer *timers = node->timers.rows;

	for (uint32_t i = 0; i < node->timers.count; i++) {
		const uint32_t tid = thread_of(node, timers[i].pid);

		if (tid)
			fmt_put_timer(t->out, t->vtime, node->id, tid, &(struct fmt_ev_timer){
				.nr = timers[i].nr, .id = timers[i].id, .expires_ns = timers[i].expires,
				.interval_ns = timers[i].interval_ns});
	}
}

/* ---- sums and doings ------------------------------------------------------------ */

static void tell_threads(const struct teller *t, const struct rep_state_node *node)
{
	const struct rep_state_thread *threads = node->threads.rows;

	for (uint32_t i = 0; i < node->threads.count; i++) {
		const struct rep_state_thread *th = &threads[i];

		fmt_put_thread(t->out, t->vtime, node->id, th->tid, &(struct fmt_ev_thread){
			.doing = th->doing, .since_ns = th->since, .until_ns = th->until, .nr = th->nr, .a0 = th->args[0],
			.a1 = th->args[1], .a2 = th->args[2], .a3 = th->args[3], .a4 = th->args[4], .a5 = th->args[5],
			.ret = th->ret, .handlers = th->handlers, .signo = th->signo});
	}
}

static void tell_outputs(const struct teller *t, const struct rep_state_node *node)
{
	const struct rep_state_output *outputs = node->outputs.rows;

	for (uint32_t i = 0; i < node->outputs.count; i++)
		fmt_put_written(t->out, t->vtime, node->id, outputs[i].pid, &(struct fmt_ev_written){
			.fd = outputs[i].fd, .bytes = outputs[i].bytes, .lines = outputs[i].lines,
			.text = {(const uint8_t *)outputs[i].tail, strnlen(outputs[i].tail, sizeof(outputs[i].tail))}});
}

static void tell_links(const struct teller *t)
{
	const struct rep_state_link *links = t->state->links.rows;

	for (uint32_t i = 0; i < t->state->links.count; i++)
		for (uint32_t side = 0; side < 2; side++) {
			const struct rep_state_link *link = &links[i];
			const struct rep_state_direction *way = &link->way[side];

			if (link->ifid[side] == UINT32_MAX)
				continue;	/* nothing was sent yet */
			fmt_put_traffic(t->out, t->vtime, link->node[side], 0, &(struct fmt_ev_traffic){
				.link = link->id, .side = side, .iface = link->ifid[side], .sent = way->sent,
				.bytes = way->sent_bytes, .received = way->received, .dropped = way->dropped,
				.queue_packets = way->queue_packets, .queue_bytes = way->queue_bytes});
		}
}

int rep__state_tell(const struct rep_state *state, struct fmt_reader *reader, vtime_ns vtime, struct fmt_buf *out)
{
	const struct teller t = {reader, state, vtime, out};
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < state->nodes.count; i++) {
		const struct rep_state_node *node = rep__row(&state->nodes, struct rep_state_node, i);

		tell_sockets(&t, node, /* closed= */ false);
		tell_fds(&t, node);
		tell_sockets(&t, node, /* closed= */ true);
		r = tell_network(&t, node);
		tell_timers(&t, node);
		tell_threads(&t, node);
		tell_outputs(&t, node);
	}
	tell_links(&t);
	return r;
}
