/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state-json.c - a state for programs; docs/control-protocol.7.md names the members. */
#include "state-int.h"

#include <linux/if.h>

#include "json-put.h"
#include "state-names.h"
#include "syscall-names.h"

static void put_processes(struct rep_json *json, const struct rep_state_node *node)
{
	const struct rep_state_process *rows = node->processes.rows;

	rep_json_open(json, "processes", '[');
	for (uint32_t i = 0; i < node->processes.count; i++) {
		rep_json_open(json, NULL, '{');
		rep_json_u64(json, "pid", rows[i].pid);
		rep_json_u64(json, "parent", rows[i].parent);
		rep_json_text(json, "name", rows[i].name);
		rep_json_text(json, "args", rows[i].args);
		rep_json_bool(json, "ended", rows[i].ended);
		if (rows[i].ended)
			rep_json_u64(json, "code", rows[i].code);
		rep_json_u64(json, "began", rows[i].began);
		rep_json_close(json, '}');
	}
	rep_json_close(json, ']');
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

static void put_threads(struct rep_json *json, const struct rep_state_node *node)
{
	const struct rep_state_thread *rows = node->threads.rows;

	rep_json_open(json, "threads", '[');
	for (uint32_t i = 0; i < node->threads.count; i++) {
		rep_json_open(json, NULL, '{');
		rep_json_u64(json, "tid", rows[i].tid);
		rep_json_u64(json, "pid", rows[i].pid);
		rep_json_text(json, "doing", rep__doing_name(rows[i].doing));
		rep_json_u64(json, "since", rows[i].since);
		if (rows[i].until)
			rep_json_u64(json, "until", rows[i].until);
		put_call(json, node, &rows[i]);
		if (rows[i].doing == REP_DOING_FAULTED)
			rep_json_text(json, "signal", fmt_signal_name(rows[i].nr) ?: "");
		rep_json_u64(json, "handlers", rows[i].handlers);
		rep_json_u64(json, "seq", rows[i].seq);
		rep_json_close(json, '}');
	}
	rep_json_close(json, ']');
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

static void put_fds(struct rep_json *json, const struct rep_state_node *node)
{
	const struct rep_state_fd *rows = node->fds.rows;

	rep_json_open(json, "fds", '[');
	for (uint32_t i = 0; i < node->fds.count; i++) {
		rep_json_open(json, NULL, '{');
		put_pids(json, node, rows[i].files);
		rep_json_u64(json, "fd", rows[i].fd);
		rep_json_text(json, "what", rows[i].what);
		rep_json_u64(json, "flags", rows[i].flags);
		rep_json_u64(json, "mode", rows[i].mode);
		rep_json_u64(json, "ino", rows[i].ino);
		if (rows[i].sock)
			rep_json_u64(json, "sock", rows[i].sock);
		rep_json_u64(json, "seq", rows[i].seq);
		rep_json_close(json, '}');
	}
	rep_json_close(json, ']');
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

static void put_sockets(struct rep_json *json, const struct rep_state_node *node)
{
	const struct rep_state_socket *rows = node->sockets.rows;
	char kind[32];

	rep_json_open(json, "sockets", '[');
	for (uint32_t i = 0; i < node->sockets.count; i++) {
		rep__socket_kind(&rows[i], kind);
		rep_json_open(json, NULL, '{');
		rep_json_u64(json, "sock", rows[i].sock);
		rep_json_text(json, "kind", kind);
		rep_json_text(json, "family", rep__family_name(rows[i].family));
		rep_json_u64(json, "type", rows[i].type);
		rep_json_u64(json, "protocol", rows[i].protocol);
		rep_json_u64(json, "refs", rows[i].refs);
		rep_json_text(json, "local", rows[i].local);
		rep_json_text(json, "remote", rows[i].remote);
		if (rows[i].has_tcp)
			put_tcp(json, &rows[i]);
		rep_json_close(json, '}');
	}
	rep_json_close(json, ']');
}

static void put_interfaces(struct rep_json *json, const struct rep_state_node *node)
{
	const struct rep_state_interface *rows = node->interfaces.rows;
	const struct rep_state_address *addresses = node->addresses.rows;

	rep_json_open(json, "interfaces", '[');
	for (uint32_t i = 0; i < node->interfaces.count; i++) {
		rep_json_open(json, NULL, '{');
		rep_json_u64(json, "index", rows[i].index);
		rep_json_text(json, "name", rows[i].name);
		rep_json_text(json, "mac", rows[i].mac);
		rep_json_u64(json, "mtu", rows[i].mtu);
		rep_json_bool(json, "up", rows[i].flags & IFF_UP);
		rep_json_bool(json, "running", rows[i].flags & IFF_RUNNING);
		rep_json_open(json, "addresses", '[');
		for (uint32_t j = 0; j < node->addresses.count; j++)
			if (addresses[j].index == rows[i].index)
				rep_json_text(json, NULL, addresses[j].address);
		rep_json_close(json, ']');
		rep_json_close(json, '}');
	}
	rep_json_close(json, ']');
}

static void put_routes(struct rep_json *json, const struct rep_state_node *node)
{
	const struct rep_state_route *rows = node->routes.rows;

	rep_json_open(json, "routes", '[');
	for (uint32_t i = 0; i < node->routes.count; i++) {
		rep_json_open(json, NULL, '{');
		rep_json_text(json, "family", rep__family_name(rows[i].family));
		rep_json_text(json, "target", rows[i].target);
		rep_json_text(json, "via", rows[i].via);
		rep_json_text(json, "dev", rep__interface_name(node, rows[i].index));
		rep_json_text(json, "source", rows[i].source);
		rep_json_u64(json, "table", rows[i].table);
		rep_json_text(json, "type", rep__route_type_name(rows[i].type));
		rep_json_text(json, "protocol", rep__route_protocol_name(rows[i].protocol));
		rep_json_text(json, "scope", rep__scope_name(rows[i].scope));
		rep_json_u64(json, "metric", rows[i].metric);
		rep_json_close(json, '}');
	}
	rep_json_close(json, ']');
}

static void put_neighbours(struct rep_json *json, const struct rep_state_node *node)
{
	const struct rep_state_neighbour *rows = node->neighbours.rows;

	rep_json_open(json, "neighbours", '[');
	for (uint32_t i = 0; i < node->neighbours.count; i++) {
		rep_json_open(json, NULL, '{');
		rep_json_text(json, "dev", rep__interface_name(node, rows[i].index));
		rep_json_text(json, "address", rows[i].address);
		rep_json_text(json, "lladdr", rows[i].lladdr);
		rep_json_text(json, "state", rep__neighbour_state_name(rows[i].state));
		rep_json_close(json, '}');
	}
	rep_json_close(json, ']');
}

static void put_timers(struct rep_json *json, const struct rep_state_node *node)
{
	const struct rep_state_timer *rows = node->timers.rows;

	rep_json_open(json, "timers", '[');
	for (uint32_t i = 0; i < node->timers.count; i++) {
		rep_json_open(json, NULL, '{');
		rep_json_u64(json, "pid", rows[i].pid);
		rep_json_text(json, "kind", rep__timer_kind(rows[i].nr));
		rep_json_u64(json, "id", rows[i].id);
		rep_json_u64(json, "expires", rows[i].expires);
		rep_json_u64(json, "interval", rows[i].interval_ns);
		rep_json_close(json, '}');
	}
	rep_json_close(json, ']');
}

static void put_outputs(struct rep_json *json, const struct rep_state_node *node)
{
	const struct rep_state_output *rows = node->outputs.rows;

	rep_json_open(json, "outputs", '[');
	for (uint32_t i = 0; i < node->outputs.count; i++) {
		rep_json_open(json, NULL, '{');
		rep_json_u64(json, "pid", rows[i].pid);
		rep_json_u64(json, "fd", rows[i].fd);
		rep_json_u64(json, "bytes", rows[i].bytes);
		rep_json_u64(json, "lines", rows[i].lines);
		rep_json_u64(json, "first", rows[i].first);
		rep_json_u64(json, "last", rows[i].last);
		rep_json_text(json, "tail", rows[i].tail);
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
	put_processes(json, node);
	put_threads(json, node);
	put_fds(json, node);
	put_sockets(json, node);
	put_interfaces(json, node);
	put_routes(json, node);
	put_neighbours(json, node);
	put_timers(json, node);
	put_outputs(json, node);
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
