/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state-json.c - a state for programs; docs/control-protocol.7.md names the members. */
#include "state-int.h"

#include <linux/if.h>

#include "json-put.h"
#include "state-names.h"
#include "syscall-names.h"

static void put_process(struct rep_json *json, const struct rep_state_node *node, const void *row)
{
	const struct rep_state_process *process = row;

	rep_json_u64(json, "pid", process->pid);
	rep_json_u64(json, "parent", process->parent);
	rep_json_text(json, "name", process->name);
	rep_json_text(json, "args", process->args);
	rep_json_bool(json, "ended", process->ended);
	if (process->ended)
		rep_json_u64(json, "code", process->code);
	rep_json_u64(json, "began", process->began);
}

static void put_call(struct rep_json *json, const struct rep_state_node *node, const struct rep_state_thread *thread)
{
	_cleanup_(fmt_buf_done) struct fmt_buf call = {0};

	if (thread->nr == UINT64_MAX || thread->doing == REP_DOING_FAULTED)
		return;
	rep_state_call_text(&call, node, thread);
	rep_json_bytes(json, "call", (struct fmt_bytes){call.data, call.size});
	rep_json_u64(json, "nr", thread->nr);
	if (thread->doing != REP_DOING_WAITS)
		rep_json_s64(json, "result", thread->ret);
}

static void put_thread(struct rep_json *json, const struct rep_state_node *node, const void *row)
{
	const struct rep_state_thread *thread = row;

	rep_json_u64(json, "tid", thread->tid);
	rep_json_u64(json, "pid", thread->pid);
	rep_json_text(json, "doing", rep__doing_name(thread->doing));
	rep_json_u64(json, "since", thread->since);
	if (thread->until)
		rep_json_u64(json, "until", thread->until);
	put_call(json, node, thread);
	if (thread->doing == REP_DOING_FAULTED)
		rep_json_text(json, "signal", fmt_signal_name(thread->nr) ?: "");
	rep_json_u64(json, "handlers", thread->handlers);
	rep_json_u64(json, "seq", thread->seq);
}

static void put_pids(struct rep_json *json, const struct rep_state_node *node, uint32_t files)
{
	const struct rep_state_process *rows = node->processes.rows;

	rep_json_open(json, "pids", '[');
	for (uint32_t i = 0; i < node->processes.count; i++)
		if (!rows[i].ended && rows[i].files == files)
			rep_json_u64(json, NULL, rows[i].pid);
	rep_json_close(json, ']');
}

static void put_fd(struct rep_json *json, const struct rep_state_node *node, const void *row)
{
	const struct rep_state_fd *fd = row;

	put_pids(json, node, fd->files);
	rep_json_u64(json, "fd", fd->fd);
	rep_json_text(json, "what", fd->what);
	rep_json_u64(json, "flags", fd->flags);
	rep_json_u64(json, "mode", fd->mode);
	rep_json_u64(json, "ino", fd->ino);
	if (fd->sock)
		rep_json_u64(json, "sock", fd->sock);
	rep_json_u64(json, "seq", fd->seq);
}

static void put_tcp(struct rep_json *json, const struct rep_state_socket *s)
{
	const struct {
		const char *name;
		uint64_t value;
	} members[] = {
		{"cwnd", s->cwnd},	   {"ssthresh", s->ssthresh}, {"srtt_us", s->srtt_us},
		{"rttvar_us", s->rttvar_us}, {"rto_us", s->rto_us},   {"mss", s->mss},
		{"snd_una", s->snd_una},   {"snd_nxt", s->snd_nxt},   {"rcv_nxt", s->rcv_nxt},
		{"snd_wnd", s->snd_wnd},   {"rcv_wnd", s->rcv_wnd},   {"send_queue", rep__send_queue(s)},
		{"recv_queue", rep__recv_queue(s)}, {"lost", s->lost}, {"retrans", s->retrans},
		{"total_retrans", s->total_retrans},
	};

	rep_json_text(json, "state", rep__tcp_state_name(s->state));
	rep_json_text(json, "ca", rep__ca_name(s->ca));
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		rep_json_u64(json, members[i].name, members[i].value);
}

static void put_socket(struct rep_json *json, const struct rep_state_node *node, const void *row)
{
	const struct rep_state_socket *socket = row;
	char kind[32];

	rep__socket_kind(socket, kind);
	rep_json_u64(json, "sock", socket->sock);
	rep_json_text(json, "kind", kind);
	rep_json_text(json, "family", rep__family_name(socket->family));
	rep_json_u64(json, "type", socket->type);
	rep_json_u64(json, "protocol", socket->protocol);
	rep_json_u64(json, "refs", socket->refs);
	rep_json_text(json, "local", socket->local);
	rep_json_text(json, "remote", socket->remote);
	if (socket->has_tcp)
		put_tcp(json, socket);
}

static void put_interface(struct rep_json *json, const struct rep_state_node *node, const void *row)
{
	const struct rep_state_interface *interface = row;
	const struct rep_state_address *addresses = node->addresses.rows;

	rep_json_u64(json, "index", interface->index);
	rep_json_text(json, "name", interface->name);
	rep_json_text(json, "mac", interface->mac);
	rep_json_u64(json, "mtu", interface->mtu);
	rep_json_bool(json, "up", interface->flags & IFF_UP);
	rep_json_bool(json, "running", interface->flags & IFF_RUNNING);
	rep_json_open(json, "addresses", '[');
	for (uint32_t i = 0; i < node->addresses.count; i++)
		if (addresses[i].index == interface->index)
			rep_json_text(json, NULL, addresses[i].address);
	rep_json_close(json, ']');
}

static void put_route(struct rep_json *json, const struct rep_state_node *node, const void *row)
{
	const struct rep_state_route *route = row;

	rep_json_text(json, "family", rep__family_name(route->family));
	rep_json_text(json, "target", route->target);
	rep_json_text(json, "via", route->via);
	rep_json_text(json, "dev", rep__interface_name(node, route->index));
	rep_json_text(json, "source", route->source);
	rep_json_u64(json, "table", route->table);
	rep_json_text(json, "type", rep__route_type_name(route->type));
	rep_json_text(json, "protocol", rep__route_protocol_name(route->protocol));
	rep_json_text(json, "scope", rep__scope_name(route->scope));
	rep_json_u64(json, "metric", route->metric);
}

static void put_neighbour(struct rep_json *json, const struct rep_state_node *node, const void *row)
{
	const struct rep_state_neighbour *neighbour = row;

	rep_json_text(json, "dev", rep__interface_name(node, neighbour->index));
	rep_json_text(json, "address", neighbour->address);
	rep_json_text(json, "lladdr", neighbour->lladdr);
	rep_json_text(json, "state", rep__neighbour_state_name(neighbour->state));
}

static void put_timer(struct rep_json *json, const struct rep_state_node *node, const void *row)
{
	const struct rep_state_timer *timer = row;

	rep_json_u64(json, "pid", timer->pid);
	rep_json_text(json, "kind", rep__timer_kind(timer->nr));
	rep_json_u64(json, "id", timer->id);
	rep_json_u64(json, "expires", timer->expires);
	rep_json_u64(json, "interval", timer->interval_ns);
}

static void put_output(struct rep_json *json, const struct rep_state_node *node, const void *row)
{
	const struct rep_state_output *output = row;

	rep_json_u64(json, "pid", output->pid);
	rep_json_u64(json, "fd", output->fd);
	rep_json_u64(json, "bytes", output->bytes);
	rep_json_u64(json, "lines", output->lines);
	rep_json_u64(json, "first", output->first);
	rep_json_u64(json, "last", output->last);
	rep_json_text(json, "tail", output->tail);
}

/* The tables of a node, in the order in which they are told; put writes the members of one row. */
static const struct node_table {
	const char *name;
	size_t offset;			/* of its rep_table in the node */
	size_t row_size;
	void (*put)(struct rep_json *json, const struct rep_state_node *node, const void *row);
} node_tables[] = {
	{"processes", offsetof(struct rep_state_node, processes), sizeof(struct rep_state_process), put_process},
	{"threads", offsetof(struct rep_state_node, threads), sizeof(struct rep_state_thread), put_thread},
	{"fds", offsetof(struct rep_state_node, fds), sizeof(struct rep_state_fd), put_fd},
	{"sockets", offsetof(struct rep_state_node, sockets), sizeof(struct rep_state_socket), put_socket},
	{"interfaces", offsetof(struct rep_state_node, interfaces), sizeof(struct rep_state_interface), put_interface},
	{"routes", offsetof(struct rep_state_node, routes), sizeof(struct rep_state_route), put_route},
	{"neighbours", offsetof(struct rep_state_node, neighbours), sizeof(struct rep_state_neighbour), put_neighbour},
	{"timers", offsetof(struct rep_state_node, timers), sizeof(struct rep_state_timer), put_timer},
	{"outputs", offsetof(struct rep_state_node, outputs), sizeof(struct rep_state_output), put_output},
};

static void put_table(struct rep_json *json, const struct rep_state_node *node, const struct node_table *table)
{
	const struct rep_table *rows = (const void *)((const uint8_t *)node + table->offset);

	rep_json_open(json, table->name, '[');
	for (uint32_t i = 0; i < rows->count; i++) {
		rep_json_open(json, NULL, '{');
		table->put(json, node, (const uint8_t *)rows->rows + i * table->row_size);
		rep_json_close(json, '}');
	}
	rep_json_close(json, ']');
}

static void put_node(struct rep_json *json, const struct rep_state *state, const struct rep_state_node *node)
{
	rep_json_open(json, NULL, '{');
	rep_json_u64(json, "id", node->id);
	rep_json_text(json, "name", node->name);
	rep_json_text(json, "address", node->address);
	rep_json_bool(json, "panicked", node->panicked);
	rep_json_bool(json, "down", node->down);
	rep_json_u64(json, "clock", rep_state_clock(state, node));
	rep_json_u64(json, "realtime", rep_state_clock(state, node) + node->realtime_ns);
	rep_json_s64(json, "drift_ppb", node->drift_ppb);
	rep_json_u64(json, "events", node->events);
	for (size_t i = 0; i < sizeof(node_tables) / sizeof(node_tables[0]); i++)
		put_table(json, node, &node_tables[i]);
	rep_json_close(json, '}');
}

static void put_packets(struct rep_json *json, const struct rep_state *state, const struct rep_state_link *link, size_t side)
{
	const struct rep_state_node *sender = rep_state_node(state, link->node[side]);
	const struct rep_state_packet *rows = sender ? sender->packets.rows : NULL;

	rep_json_open(json, "packets", '[');
	for (uint32_t i = 0; sender && i < sender->packets.count; i++) {
		if (rows[i].link != link->id || rows[i].iface != link->ifid[side])
			continue;
		rep_json_open(json, NULL, '{');
		rep_json_u64(json, "packet", rows[i].id);
		rep_json_u64(json, "seq", rows[i].seq);
		rep_json_u64(json, "size", rows[i].size);
		rep_json_u64(json, "sent", rows[i].sent);
		rep_json_u64(json, "depart", rows[i].depart);
		rep_json_bool(json, "waits", rows[i].depart > state->vtime);
		rep_json_close(json, '}');
	}
	rep_json_close(json, ']');
}

static void put_way(struct rep_json *json, const struct rep_state *state, const struct rep_state_link *link, size_t side)
{
	const struct rep_state_direction *way = &link->way[side];

	rep_json_open(json, NULL, '{');
	rep_json_u64(json, "from", link->node[side]);
	rep_json_u64(json, "to", link->node[!side]);
	rep_json_text(json, "iface", link->iface[side]);
	rep_json_u64(json, "rate", way->rate_bps);
	rep_json_u64(json, "delay", way->delay_ns);
	rep_json_u64(json, "loss", way->loss_ppb);
	rep_json_bool(json, "down", way->down);
	rep_json_bool(json, "cut", way->cut);
	rep_json_bool(json, "held", way->held);
	rep_json_bool(json, "carrier", way->carrier);
	rep_json_u64(json, "sent", way->sent);
	rep_json_u64(json, "sent_bytes", way->sent_bytes);
	rep_json_u64(json, "received", way->received);
	rep_json_u64(json, "dropped", way->dropped);
	rep_json_u64(json, "queue_packets", way->queue_packets);
	rep_json_u64(json, "queue_bytes", way->queue_bytes);
	put_packets(json, state, link, side);
	rep_json_close(json, '}');
}

void rep_state_json(struct fmt_buf *out, const struct rep_state *state, node_id node)
{
	struct rep_json json = {.out = out};
	const struct rep_state_node *nodes = state->nodes.rows;
	const struct rep_state_link *links = state->links.rows;

	rep_json_open(&json, NULL, '{');
	rep_json_u64(&json, "next", state->next);
	rep_json_u64(&json, "vtime", state->vtime);
	rep_json_bool(&json, "ended", state->ended);
	rep_json_open(&json, "nodes", '[');
	for (uint32_t i = 0; i < state->nodes.count; i++)
		if (!node || nodes[i].id == node)
			put_node(&json, state, &nodes[i]);
	rep_json_close(&json, ']');
	rep_json_open(&json, "links", '[');
	for (uint32_t i = 0; i < state->links.count; i++) {
		if (node && links[i].node[0] != node && links[i].node[1] != node)
			continue;
		rep_json_open(&json, NULL, '{');
		rep_json_u64(&json, "id", links[i].id);
		rep_json_open(&json, "ways", '[');
		put_way(&json, state, &links[i], 0);
		put_way(&json, state, &links[i], 1);
		rep_json_close(&json, ']');
		rep_json_close(&json, '}');
	}
	rep_json_close(&json, ']');
	rep_json_close(&json, '}');
}
