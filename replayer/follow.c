/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * follow.c - from a packet to the call that sent it, and to the call that got its bytes.
 *
 * Sent: what a call sends is told before the call, and nothing else of the node stands between the two.  What the node's kernel
 * sends by itself (behind an answer, or a timer) is followed by what became of its socket, or by nothing of a program's.  Then the
 * bytes are from the call that moved TCP's write_seq past them; a segment without bytes is nobody's.
 * Received: TCP's bytes have reached a program when copied_seq has passed them, which is told right after the call that
 * took them.  A datagram goes to the next call that receives on a socket of its port.
 */
#include <asm/unistd.h>
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "control-int.h"
#include "packets.h"
#include "text.h"

/* How far before and behind a packet is looked. */
#define LOOK_MAX 200000
/* Calls that may have written a segment: more do not stand between a write and its sending, unless others make very many. */
#define CALLS_MAX 256

struct hop {
	bool found;
	event_seq seq;			/* of the packet event */
	node_id node;
	vtime_ns vtime;
	bool has_call, by_kernel;
	event_seq call_seq;
	uint32_t tid;
};

struct path {
	uint64_t packet;
	struct fmt_frame frame;
	struct hop sent, received;
	char dropped[64];
};

static bool event_at(struct rep_control *c, event_seq seq, struct fmt_event *ret)
{
	return seq < fmt_reader_count(c->reader) && fmt_reader_event(c->reader, seq, ret, NULL) == 0;
}

/* The number of the packet that an event is about; false: about none. */
static bool packet_of(const struct fmt_event *event, uint64_t *ret)
{
	struct fmt_ev_packet_send send;
	struct fmt_ev_packet_recv recv;
	struct fmt_ev_packet_drop drop;

	if (event->kind == FMT_packet_send && fmt_get_packet_send(event, &send) == 0)
		*ret = send.packet;
	else if (event->kind == FMT_packet_recv && fmt_get_packet_recv(event, &recv) == 0)
		*ret = recv.packet;
	else if (event->kind == FMT_packet_drop && fmt_get_packet_drop(event, &drop) == 0)
		*ret = drop.packet;
	else
		return false;
	return true;
}

static bool is_call(const struct fmt_event *event)
{
	return event->kind == FMT_syscall || event->kind == FMT_syscall_enter || event->kind == FMT_syscall_exit;
}

static uint64_t call_nr(const struct fmt_event *event)
{
	struct fmt_ev_syscall call;
	struct fmt_ev_syscall_enter enter;
	struct fmt_ev_syscall_exit leave;

	if (event->kind == FMT_syscall && fmt_get_syscall(event, &call) == 0)
		return call.nr;
	if (event->kind == FMT_syscall_enter && fmt_get_syscall_enter(event, &enter) == 0)
		return enter.nr;
	if (event->kind == FMT_syscall_exit && fmt_get_syscall_exit(event, &leave) == 0)
		return leave.nr;
	return UINT64_MAX;
}

static bool call_writes(uint64_t nr)
{
	return nr == __NR_write || nr == __NR_writev || nr == __NR_sendto || nr == __NR_sendmsg || nr == __NR_sendmmsg ||
	       nr == __NR_sendfile || nr == __NR_splice || nr == __NR_connect || nr == __NR_shutdown || nr == __NR_close;
}

static bool call_reads(uint64_t nr)
{
	return nr == __NR_read || nr == __NR_readv || nr == __NR_recvfrom || nr == __NR_recvmsg || nr == __NR_recvmmsg ||
	       nr == __NR_splice || nr == __NR_accept || nr == __NR_accept4;
}

/* ---- sockets ------------------------------------------------------------------------ */

static void name_of(const struct fmt_frame *frame, bool source, char ret[64])
{
	char address[INET6_ADDRSTRLEN] = "";
	const bool six = frame->ip_version == 6;

	inet_ntop(six ? AF_INET6 : AF_INET, source ? frame->source : frame->target, address, sizeof(address));
	snprintf(ret, 64, six ? "[%s]:%u" : "%s:%u", address, source ? frame->source_port : frame->target_port);
}

/* The socket of a node that a frame belongs to: at its sender, or at its receiver.  0: unknown there and then. */
static uint64_t socket_of(struct rep_control *c, const struct fmt_frame *frame, node_id id, event_seq seq, bool sender)
{
	const struct rep_state *state;
	char local[64], remote[64];

	if (rep_states_at(c->states, seq, &state, NULL) < 0)
		return 0;
	const struct rep_state_node *node = rep_state_node(state, id);
	const struct rep_state_socket *sockets = node ? node->sockets.rows : NULL;
	uint64_t open = 0;

	name_of(frame, sender, local);
	name_of(frame, !sender, remote);
	for (uint32_t i = 0; node && i < node->sockets.count; i++) {
		const char *port = strrchr(sockets[i].local, ':'), *wanted = strrchr(local, ':');

		if (strcmp(sockets[i].local, local) == 0 && strcmp(sockets[i].remote, remote) == 0)
			return sockets[i].sock;
		/* A socket that is bound to a port alone takes from anybody. */
		if (!sockets[i].remote[0] && port && strcmp(port, wanted) == 0 && !sockets[i].has_tcp)
			open = sockets[i].sock;
	}
	return open;
}

/* Whether a call of an event is about a socket: its first argument is a descriptor of it.  What has returned knows it no more, so
 * the call that the thread stood in is asked. */
static bool call_on(struct rep_control *c, const struct fmt_event *event, uint64_t sock)
{
	const struct rep_state *state;
	const event_seq seq = event->seq;
	const node_id id = event->node;
	const uint32_t tid = event->tid;

	if (!sock || rep_states_at(c->states, seq, &state, NULL) < 0)
		return false;
	const struct rep_state_node *node = rep_state_node(state, id);
	const struct rep_state_thread *thread = node ? rep_state_thread(node, tid) : NULL;
	const struct rep_state_fd *fd = thread ? rep_state_fd(node, thread->pid, (uint32_t)thread->args[0]) : NULL;

	return fd && fd->sock == sock;
}

/* ---- who sent it ------------------------------------------------------------------------ */

static void found_call(struct hop *hop, const struct fmt_event *event)
{
	hop->has_call = true;
	hop->call_seq = event->seq;
	hop->tid = event->tid;
}

/* The call within which it left: the next event of the node that is no packet's. */
static bool sent_in_call(struct rep_control *c, struct hop *hop)
{
	struct fmt_event event;
	uint64_t packet;

	for (event_seq seq = hop->seq + 1; seq < hop->seq + LOOK_MAX && event_at(c, seq, &event); seq++) {
		if (event.node != hop->node || packet_of(&event, &packet) || event.kind == FMT_packet_copy ||
		    event.kind == FMT_packet_corrupt)
			continue;
		if (event.vtime != hop->vtime || !(event.kind == FMT_syscall || event.kind == FMT_syscall_enter) ||
		    !call_writes(call_nr(&event)))
			return false;
		found_call(hop, &event);
		return true;
	}
	return false;
}

/* TCP did not have all bytes of the segment yet. */
static bool is_before_write(const struct fmt_event *event, uint64_t sock, uint32_t end)
{
	struct fmt_ev_tcp tcp;

	return event->kind == FMT_tcp && fmt_get_tcp(event, &tcp) == 0 && tcp.sock == sock &&
	       (int32_t)((uint32_t)tcp.write_seq - end) < 0;
}

/* Of some calls, from the last to the first, the first one that is about the socket. */
static void first_on_socket(struct rep_control *c, struct hop *hop, const event_seq *calls, size_t count, uint64_t sock)
{
	struct fmt_event event;

	for (size_t i = count; i-- > 0;) {
		if (!event_at(c, calls[i], &event) || !call_on(c, &event, sock))
			continue;
		found_call(hop, &event);
		return;
	}
}

/* What the kernel sends by itself is of the call that gave it the last byte of the segment: the first call on the socket behind the last
 * sample of TCP that did not have it. */
static void sent_after_call(struct rep_control *c, struct hop *hop, uint64_t sock, uint32_t end)
{
	event_seq calls[CALLS_MAX];	/* that write, from the last to the first */
	struct fmt_event event;
	size_t count = 0;

	hop->by_kernel = true;
	for (event_seq n = 1; n <= LOOK_MAX && n <= hop->seq && count < CALLS_MAX && event_at(c, hop->seq - n, &event); n++) {
		if (event.node != hop->node)
			continue;
		if (is_before_write(&event, sock, end))
			break;
		if (is_call(&event) && call_writes(call_nr(&event)))
			calls[count++] = event.seq;
	}
	first_on_socket(c, hop, calls, count, sock);
}

static void find_sender(struct rep_control *c, struct path *path)
{
	const struct fmt_frame *frame = &path->frame;

	if (sent_in_call(c, &path->sent))
		return;
	path->sent.by_kernel = true;
	if (frame->transport == FMT_TRANSPORT_TCP && frame->payload_size)
		sent_after_call(c, &path->sent, socket_of(c, frame, path->sent.node, path->sent.seq, /* sender= */ true),
				frame->seq + (uint32_t)frame->payload_size);
}

/* ---- who received it --------------------------------------------------------------------- */

/* The first call behind which TCP says that a program has all bytes of the segment. */
static void tcp_taken(struct rep_control *c, struct path *path, uint64_t sock)
{
	const uint32_t end = path->frame.seq + (uint32_t)path->frame.payload_size;
	struct fmt_event event, last = {0};
	struct fmt_ev_tcp tcp;
	struct hop *hop = &path->received;

	for (event_seq seq = hop->seq + 1; seq < hop->seq + LOOK_MAX && event_at(c, seq, &event); seq++) {
		if (event.node != hop->node)
			continue;
		if (event.kind == FMT_tcp && fmt_get_tcp(&event, &tcp) == 0 && tcp.sock == sock &&
		    (int32_t)((uint32_t)tcp.copied_seq - end) >= 0) {
			if (last.kind)
				found_call(hop, &last);
			return;
		}
		if ((event.kind == FMT_syscall || event.kind == FMT_syscall_exit) && call_reads(call_nr(&event)))
			last = event;
	}
}

static void datagram_taken(struct rep_control *c, struct path *path, uint64_t sock)
{
	struct fmt_event event;
	struct hop *hop = &path->received;

	for (event_seq seq = hop->seq + 1; seq < hop->seq + LOOK_MAX && event_at(c, seq, &event); seq++) {
		if (event.node != hop->node || (event.kind != FMT_syscall && event.kind != FMT_syscall_exit) ||
		    !call_reads(call_nr(&event)))
			continue;
		if (!call_on(c, &event, sock))
			continue;
		found_call(hop, &event);
		return;
	}
}

static void find_receiver(struct rep_control *c, struct path *path)
{
	if (!path->received.found || !path->frame.payload_size)
		return;
	const uint64_t sock = socket_of(c, &path->frame, path->received.node, path->received.seq, /* sender= */ false);

	if (path->frame.transport == FMT_TRANSPORT_TCP)
		tcp_taken(c, path, sock);
	else
		datagram_taken(c, path, sock);
}

/* ---- the packet ------------------------------------------------------------------------------ */

/* Its events before and behind an event about it. */
static bool find_packet(struct rep_control *c, event_seq near, struct path *path)
{
	const event_seq first = near > LOOK_MAX ? near - LOOK_MAX : 0;
	struct fmt_event event;
	uint64_t packet;

	for (event_seq seq = first; seq < near + LOOK_MAX && event_at(c, seq, &event); seq++) {
		if (!packet_of(&event, &packet) || packet != path->packet)
			continue;
		const struct hop hop = {.found = true, .seq = seq, .node = event.node, .vtime = event.vtime};
		struct fmt_ev_packet_send send;
		struct fmt_ev_packet_drop drop;

		if (event.kind == FMT_packet_send && fmt_get_packet_send(&event, &send) == 0) {
			path->sent = hop;
			fmt_frame_decode(send.frame.data, send.frame.size, &path->frame);
			path->frame.payload = NULL;
		} else if (event.kind == FMT_packet_recv) {
			path->received = hop;
			break;
		} else if (fmt_get_packet_drop(&event, &drop) == 0) {
			snprintf(path->dropped, sizeof(path->dropped), "%.*s", (int)drop.reason.size, drop.reason.data);
			break;
		}
	}
	return path->sent.found;
}

static void put_call(struct rep_control *c, const struct hop *hop, struct rep_json *out)
{
	_cleanup_(fmt_buf_done) struct fmt_buf call = {0};
	const struct rep_state *state;

	char position[32];

	/* Right behind the call: its thread stands there with the stack that made it. */
	snprintf(position, sizeof(position), "@%" PRIu64, hop->call_seq + 1);
	rep_json_text(out, "position", position);
	rep_json_u64(out, "syscall_seq", hop->call_seq);
	rep_json_u64(out, "tid", hop->tid);
	if (rep_states_at(c->states, hop->call_seq, &state, NULL) < 0)
		return;
	const struct rep_state_node *node = rep_state_node(state, hop->node);
	const struct rep_state_thread *thread = node ? rep_state_thread(node, hop->tid) : NULL;
	const struct rep_state_process *process = thread ? rep_state_process(node, thread->pid) : NULL;

	if (!process)
		return;
	rep_json_u64(out, "pid", process->pid);
	rep_json_text(out, "program", process->name);
	rep_state_call_text(&call, node, thread);
	rep_json_bytes(out, "call", (struct fmt_bytes){call.data, call.size});
}

static void put_hop(struct rep_control *c, const char *name, const struct hop *hop, struct rep_json *out)
{
	if (!hop->found)
		return;
	rep_json_open(out, name, '{');
	rep_json_u64(out, "seq", hop->seq);
	rep_json_u64(out, "node", hop->node);
	rep_json_u64(out, "vtime", hop->vtime);
	rep_json_bool(out, "kernel", hop->by_kernel);
	if (hop->has_call)
		put_call(c, hop, out);
	rep_json_close(out, '}');
}

int rep__follow(struct rep_control *c, json_t *request, struct rep_json *out)
{
	_cleanup_(fmt_buf_done) struct fmt_buf gist = {0};
	struct path path = {0};
	struct fmt_event event;
	uint64_t near;

	if (rep__get_number_or(c, request, "seq", rep_timeline_seq(c->timeline, NULL), &near) < 0 ||
	    rep__get_number_or(c, request, "packet", UINT64_MAX, &path.packet) < 0)
		return -1;
	if (path.packet == UINT64_MAX && (!event_at(c, near, &event) || !packet_of(&event, &path.packet)))
		return rep__refuse(c, "not-found", "event %" PRIu64 " is about no packet", near);
	if (!find_packet(c, near, &path))
		return rep__refuse(c, "not-found", "packet %" PRIu64 " is sent nowhere near event %" PRIu64, path.packet, near);
	find_sender(c, &path);
	find_receiver(c, &path);
	fmt_put_frame_gist(&gist, &path.frame);
	rep_json_u64(out, "packet", path.packet);
	rep_json_bytes(out, "gist", (struct fmt_bytes){gist.data, gist.size});
	put_hop(c, "sent", &path.sent, out);
	put_hop(c, "received", &path.received, out);
	if (path.dropped[0])
		rep_json_text(out, "dropped", path.dropped);
	return 0;
}
