/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state-net.c - what events do to the network's part of a state: nodes and links, packets, sockets, interfaces, routes. */
#include "state-int.h"

#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "node-clock.h"
#include "tracee.h"

/* Linux's TCP_TIMEWAIT_LEN, which is fixed, and its usual tcp_fin_timeout: nothing in a trace tells when either ends. */
#define CLOSING_NS (60ull * 1000000000)

enum { TCP_FIN_WAIT2 = 5, TCP_TIME_WAIT = 6, TCP_CLOSE = 7 };

/* ---- nodes and links ------------------------------------------------------------ */

static int compare_id(const void *row, const void *key)
{
	const node_id a = ((const struct rep_state_node *)row)->id, b = *(const node_id *)key;

	return a < b ? -1 : a > b;
}

/* A node that boots again is told again, and has nothing yet. */
static void fold_node(struct rep_state *state, const struct fmt_event *event)
{
	struct fmt_ev_node ev;

	if (fmt_get_node(event, &ev) < 0 || ev.id == 0 || ev.id > UINT32_MAX || state->nodes.count >= REP_STATE_NODES_MAX)
		return;
	const node_id id = (node_id)ev.id;
	struct rep_state_node *node = rep__state_node(state, id);

	if (!node)
		node = rep__rows_insert(&state->nodes, sizeof(*node),
					rep__rows_find(&state->nodes, sizeof(*node), compare_id, &id));
	if (!node)
		return;
	for (size_t i = 0; i < REP__NODE_TABLES; i++)
		rep__table_done(rep__node_table(node, i));
	*node = (struct rep_state_node){.id = id, .seq = event->seq, .last = event->vtime, .clock_ns = REC_CLOCK_START_NS,
					.realtime_ns = state->realtime_ns - REC_CLOCK_START_NS};
	rep__text_set(node->name, sizeof(node->name), ev.name);
	rep__text_set(node->address, sizeof(node->address), ev.address);
}

/* What a node's kernel has ends with it; what was written to its standard output does not. */
static void lose_kernel(struct rep_state_node *node)
{
	for (size_t i = 0; i < REP__NODE_TABLES; i++)
		if (rep__node_table(node, i) != &node->outputs && rep__node_table(node, i) != &node->packets)
			rep__table_done(rep__node_table(node, i));
}

static void set_clock(struct rep_state_node *node, vtime_ns from, uint64_t clock_ns, uint64_t realtime_ns)
{
	node->clock_from = from;
	node->clock_ns = clock_ns;
	node->realtime_ns = realtime_ns;
}

static void fold_node_down(struct rep_state_node *node)
{
	lose_kernel(node);
	node->down = true;
}

static void fold_node_up(struct rep_state_node *node, const struct fmt_event *event)
{
	struct fmt_ev_node_up ev;

	if (fmt_get_node_up(event, &ev) < 0)
		return;
	lose_kernel(node);
	node->down = node->panicked = false;
	set_clock(node, event->vtime, ev.clock_ns, ev.realtime_ns);
}

static void fold_clock(struct rep_state_node *node, const struct fmt_event *event)
{
	struct fmt_ev_clock ev;

	if (fmt_get_clock(event, &ev) < 0 || ev.drift_ppb < -REC_DRIFT_PPB_MAX || ev.drift_ppb > REC_DRIFT_PPB_MAX)
		return;
	set_clock(node, event->vtime, ev.clock_ns, ev.realtime_ns);
	node->drift_ppb = ev.drift_ppb;
}

uint64_t rep_state_clock(const struct rep_state *state, const struct rep_state_node *node)
{
	struct rec_node_clock clock;

	rec_node_clock_set(&clock, node->clock_from, node->clock_ns, node->drift_ppb);
	return rec_node_clock_at(&clock, state->vtime > node->clock_from ? state->vtime : node->clock_from);
}

static int compare_u64(const void *row, const void *key)
{
	const uint64_t a = *(const uint64_t *)row, b = *(const uint64_t *)key;

	return a < b ? -1 : a > b;
}

static void fold_link(struct rep_state *state, const struct fmt_event *event)
{
	struct fmt_ev_link ev;

	if (fmt_get_link(event, &ev) < 0 || rep__state_link(state, ev.id))
		return;
	struct rep_state_link *link = rep__rows_insert(&state->links, sizeof(*link),
						       rep__rows_find(&state->links, sizeof(*link), compare_u64, &ev.id));

	if (!link)
		return;
	*link = (struct rep_state_link){.id = ev.id, .node = {(node_id)ev.node_a, (node_id)ev.node_b},
					.ifid = {UINT32_MAX, UINT32_MAX}};
	rep__text_set(link->iface[0], sizeof(link->iface[0]), ev.if_a);
	rep__text_set(link->iface[1], sizeof(link->iface[1]), ev.if_b);
	for (size_t i = 0; i < 2; i++)
		link->way[i] = (struct rep_state_direction){.rate_bps = ev.rate_bps, .delay_ns = ev.delay_ns,
							    .loss_ppb = ev.loss_ppb, .carrier = 1};
}

/* The direction of a link that begins at a node's interface.  A link may have both ends at one node. */
static struct rep_state_direction *way_of(struct rep_state_link *link, node_id node, uint64_t ifid)
{
	const size_t side = link->node[0] == node && (link->node[1] != node || link->ifid[0] == UINT32_MAX ||
						      link->ifid[0] == ifid) ? 0 : 1;

	if (link->node[side] != node)
		return NULL;
	link->ifid[side] = (uint32_t)ifid;
	return &link->way[side];
}

/* "rate_bps=1000 delay_ns=5": the words that a state has a place for. */
static void change_word(struct rep_state_direction *way, const char *name, size_t size, uint64_t value)
{
	const struct {
		const char *name;
		uint64_t *u64;
		uint32_t *u32;
	} words[] = {
		{"rate_bps", &way->rate_bps, NULL}, {"delay_ns", &way->delay_ns, NULL}, {"loss_ppb", &way->loss_ppb, NULL},
		{"down", NULL, &way->down},	    {"cut", NULL, &way->cut},		{"held", NULL, &way->held},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i].name) != size || memcmp(words[i].name, name, size) != 0)
			continue;
		if (words[i].u64)
			*words[i].u64 = value;
		else
			*words[i].u32 = value != 0;
	}
}

static void fold_link_change(struct rep_state *state, const struct fmt_event *event)
{
	struct fmt_ev_link_change ev;

	if (fmt_get_link_change(event, &ev) < 0 || ev.side > 1)
		return;
	struct rep_state_link *link = rep__state_link(state, ev.link);
	char text[512];

	if (!link)
		return;
	rep__text_set(text, sizeof(text), ev.what);
	for (char *at = text; *at;) {
		const size_t word = strcspn(at, " "), name = strcspn(at, "= ");

		if (name < word)
			change_word(&link->way[ev.side], at, name, strtoull(at + name + 1, NULL, 10));
		at += word + strspn(at + word, " ");
	}
}

/* Interfaces have numbers of their own in packets: the link that it sends by is known from the first packet on, or from its
 * name, which ends in its number. */
static struct rep_state_link *link_by_iface(struct rep_state *state, node_id node, uint64_t ifid, size_t *ret_side)
{
	struct rep_state_link *links = state->links.rows;

	for (uint32_t i = 0; i < state->links.count; i++)
		for (size_t side = 0; side < 2; side++) {
			const char *digits = links[i].iface[side] + strcspn(links[i].iface[side], "0123456789");

			if (links[i].node[side] != node)
				continue;
			if (links[i].ifid[side] == ifid ||
			    (links[i].ifid[side] == UINT32_MAX && *digits && strtoull(digits, NULL, 10) == ifid)) {
				*ret_side = side;
				return &links[i];
			}
		}
	return NULL;
}

static void fold_carrier(struct rep_state *state, const struct fmt_event *event)
{
	struct fmt_ev_carrier ev;
	size_t side;

	if (fmt_get_carrier(event, &ev) < 0)
		return;
	struct rep_state_link *link = link_by_iface(state, event->node, ev.iface, &side);

	if (link)
		link->way[side].carrier = ev.on != 0;
}

static void fold_queue(struct rep_state *state, const struct fmt_event *event)
{
	struct fmt_ev_queue ev;
	size_t side;

	if (fmt_get_queue(event, &ev) < 0)
		return;
	struct rep_state_link *link = link_by_iface(state, event->node, ev.iface, &side);

	if (!link)
		return;
	link->way[side].queue_packets = ev.packets;
	link->way[side].queue_bytes = ev.bytes;
}

/* Sums of what came before the trace. */
static void fold_traffic(struct rep_state *state, const struct rep_state_node *node, const struct fmt_event *event)
{
	struct fmt_ev_traffic ev;

	if (fmt_get_traffic(event, &ev) < 0 || ev.side > 1)
		return;
	struct rep_state_link *link = rep__state_link(state, ev.link);

	if (!link || link->node[ev.side] != node->id)
		return;
	struct rep_state_direction *way = &link->way[ev.side];

	link->ifid[ev.side] = (uint32_t)ev.iface;
	way->sent = ev.sent;
	way->sent_bytes = ev.bytes;
	way->received = ev.received;
	way->dropped = ev.dropped;
	way->queue_packets = ev.queue_packets;
	way->queue_bytes = ev.queue_bytes;
}

/* ---- packets ----------------------------------------------------------------------- */

static struct rep_state_packet *packet_find(const struct rep_state *state, uint64_t id)
{
	const struct rep_state_node *sender = rep__state_node(state, (node_id)(id >> 40));

	if (!sender)
		return NULL;
	const size_t at = rep__rows_find(&sender->packets, sizeof(struct rep_state_packet), compare_u64, &id);
	struct rep_state_packet *packet = rep__row(&sender->packets, struct rep_state_packet, at);

	return at < sender->packets.count && packet->id == id && !packet->gone ? packet : NULL;
}

/* Rows of packets that have arrived stay until they are as many as those that fly: taking each out at once would move
 * all behind it. */
static void sweep(struct rep_table *table)
{
	struct rep_state_packet *rows = table->rows;
	uint32_t kept = 0;

	if (table->count < 64 || table->count < table->capacity)
		return;
	for (uint32_t i = 0; i < table->count; i++)
		if (!rows[i].gone)
			rows[kept++] = rows[i];
	table->count = kept;
}

static struct rep_state_packet *packet_new(struct rep_state_node *sender, uint64_t id)
{
	sweep(&sender->packets);
	return rep__rows_insert(&sender->packets, sizeof(struct rep_state_packet),
				rep__rows_find(&sender->packets, sizeof(struct rep_state_packet), compare_u64, &id));
}

static void fold_packet_send(struct rep_state *state, struct rep_state_node *node, const struct fmt_event *event)
{
	struct fmt_ev_packet_send ev;

	if (fmt_get_packet_send(event, &ev) < 0 || ev.packet >> 40 != node->id)
		return;
	struct rep_state_link *link = rep__state_link(state, ev.link);
	struct rep_state_direction *way = link ? way_of(link, node->id, ev.iface) : NULL;
	struct rep_state_packet *packet = packet_new(node, ev.packet);

	if (way) {
		way->sent++;
		way->sent_bytes += ev.frame.size;
	}
	if (packet)
		*packet = (struct rep_state_packet){.id = ev.packet, .link = ev.link, .from = node->id, .iface = (uint32_t)ev.iface,
						    .to = way ? link->node[way == &link->way[0]] : 0,
						    .size = (uint32_t)ev.frame.size, .sent = event->vtime,
						    .depart = ev.depart_ns, .seq = event->seq};
}

static void fold_packet_copy(struct rep_state *state, struct rep_state_node *node, const struct fmt_event *event)
{
	struct fmt_ev_packet_copy ev;

	if (fmt_get_packet_copy(event, &ev) < 0 || ev.packet >> 40 != node->id)
		return;
	const struct rep_state_packet *original = packet_find(state, ev.original);

	if (!original)
		return;
	const struct rep_state_packet like = *original;
	struct rep_state_packet *packet = packet_new(node, ev.packet);

	if (!packet)
		return;
	*packet = like;
	packet->id = ev.packet;
}

static void packet_over(struct rep_state *state, uint64_t id, bool received)
{
	struct rep_state_packet *packet = packet_find(state, id);
	struct rep_state_link *link = packet ? rep__state_link(state, packet->link) : NULL;
	struct rep_state_direction *way = link ? way_of(link, packet->from, packet->iface) : NULL;

	if (packet)
		packet->gone = true;
	if (way && received)
		way->received++;
	else if (way)
		way->dropped++;
}

static void fold_packet_recv(struct rep_state *state, const struct fmt_event *event)
{
	struct fmt_ev_packet_recv ev;

	if (fmt_get_packet_recv(event, &ev) == 0)
		packet_over(state, ev.packet, /* received= */ true);
}

static void fold_packet_drop(struct rep_state *state, const struct fmt_event *event)
{
	struct fmt_ev_packet_drop ev;

	if (fmt_get_packet_drop(event, &ev) == 0)
		packet_over(state, ev.packet, /* received= */ false);
}

/* ---- sockets -------------------------------------------------------------------------- */

static struct rep_state_socket *socket_find(const struct rep_state_node *node, uint64_t sock)
{
	const size_t at = rep__rows_find(&node->sockets, sizeof(struct rep_state_socket), compare_u64, &sock);
	struct rep_state_socket *socket = rep__row(&node->sockets, struct rep_state_socket, at);

	return at < node->sockets.count && socket->sock == sock ? socket : NULL;
}

const struct rep_state_socket *rep_state_socket(const struct rep_state_node *node, uint64_t sock)
{
	return socket_find(node, sock);
}

static struct rep_state_socket *socket_get(struct rep_state_node *node, uint64_t sock)
{
	struct rep_state_socket *socket = socket_find(node, sock);

	if (socket || !sock)
		return socket;
	socket = rep__rows_insert(&node->sockets, sizeof(*socket),
				  rep__rows_find(&node->sockets, sizeof(*socket), compare_u64, &sock));
	if (socket)
		socket->sock = sock;
	return socket;
}

static void socket_drop(struct rep_state_node *node, const struct rep_state_socket *socket)
{
	rep__rows_remove(&node->sockets, sizeof(*socket),
			 (size_t)(socket - (const struct rep_state_socket *)node->sockets.rows));
}

void rep__socket_ref(struct rep_state_node *node, uint64_t sock)
{
	struct rep_state_socket *socket = socket_get(node, sock);

	if (socket)
		socket->refs++;
}

/* Only TCP goes on without descriptors. */
void rep__socket_unref(struct rep_state_node *node, uint64_t sock)
{
	struct rep_state_socket *socket = sock ? socket_find(node, sock) : NULL;

	if (!socket || !socket->refs || --socket->refs)
		return;
	if (!socket->has_tcp || socket->state == TCP_CLOSE)
		socket_drop(node, socket);
}

static void fold_socket(struct rep_state_node *node, const struct fmt_event *event)
{
	struct fmt_ev_socket ev;
	struct rep_state_socket *socket = fmt_get_socket(event, &ev) == 0 ? socket_get(node, ev.sock) : NULL;

	if (!socket)
		return;
	socket->family = (uint32_t)ev.family;
	socket->type = (uint32_t)ev.type;
	socket->protocol = (uint32_t)ev.protocol;
	rep__text_set(socket->local, sizeof(socket->local), ev.local);
	rep__text_set(socket->remote, sizeof(socket->remote), ev.remote);
	socket->changed = event->vtime;
	socket->seq = event->seq;
}

static void fold_tcp(struct rep_state_node *node, const struct fmt_event *event)
{
	struct fmt_ev_tcp ev;
	struct rep_state_socket *socket = fmt_get_tcp(event, &ev) == 0 ? socket_get(node, ev.sock) : NULL;

	if (!socket)
		return;
	if (ev.state == TCP_CLOSE && !socket->refs) {
		socket_drop(node, socket);
		return;
	}
	socket->has_tcp = 1;
	socket->state = (uint32_t)ev.state;
	socket->snd_una = (uint32_t)ev.snd_una;
	socket->snd_nxt = (uint32_t)ev.snd_nxt;
	socket->write_seq = (uint32_t)ev.write_seq;
	socket->rcv_nxt = (uint32_t)ev.rcv_nxt;
	socket->copied_seq = (uint32_t)ev.copied_seq;
	socket->snd_wnd = (uint32_t)ev.snd_wnd;
	socket->rcv_wnd = (uint32_t)ev.rcv_wnd;
	socket->changed = event->vtime;
	socket->seq = event->seq;
}

static void fold_tcp_congestion(struct rep_state_node *node, const struct fmt_event *event)
{
	struct fmt_ev_tcp_congestion ev;
	struct rep_state_socket *socket = fmt_get_tcp_congestion(event, &ev) == 0 ? socket_find(node, ev.sock) : NULL;

	if (!socket)
		return;
	socket->ca = (uint32_t)ev.ca;
	socket->cwnd = (uint32_t)ev.cwnd;
	socket->ssthresh = (uint32_t)ev.ssthresh;
	socket->srtt_us = (uint32_t)ev.srtt_us;
	socket->rttvar_us = (uint32_t)ev.rttvar_us;
	socket->rto_us = (uint32_t)ev.rto_us;
	socket->mss = (uint32_t)ev.mss;
	socket->lost = (uint32_t)ev.lost;
	socket->retrans = (uint32_t)ev.retrans;
	socket->total_retrans = (uint32_t)ev.total_retrans;
	socket->changed = event->vtime;
	socket->seq = event->seq;
}

static bool expire_sockets(struct rep_state_node *node, vtime_ns now)
{
	struct rep_state_socket *sockets = node->sockets.rows;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < node->sockets.count; i++) {
		const bool closing = sockets[i].has_tcp && !sockets[i].refs &&
				     (sockets[i].state == TCP_TIME_WAIT || sockets[i].state == TCP_FIN_WAIT2);

		if (!closing || sockets[i].changed + CLOSING_NS > now)
			sockets[kept++] = sockets[i];
	}
	const bool expired = kept < node->sockets.count;

	node->sockets.count = kept;
	return expired;
}

bool rep__state_expire(struct rep_state *state)
{
	bool expired = false;

	for (uint32_t i = 0; i < state->nodes.count; i++) {
		struct rep_state_node *node = rep__row(&state->nodes, struct rep_state_node, i);

		rep__timers_expire(node, state->vtime);
		expired |= expire_sockets(node, state->vtime);
	}
	return expired;
}

/* ---- interfaces ------------------------------------------------------------------------ */

static int compare_u32(const void *row, const void *key)
{
	const uint32_t a = *(const uint32_t *)row, b = *(const uint32_t *)key;

	return a < b ? -1 : a > b;
}

/* Routes of an interface go with it.  When it is only down, those of IPv4 do, but for the ones to its own addresses. */
static void drop_routes(struct rep_state_node *node, uint32_t index, bool only_down)
{
	struct rep_state_route *routes = node->routes.rows;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < node->routes.count; i++) {
		const bool stays = only_down && (routes[i].family != AF_INET || routes[i].type == RTN_LOCAL);

		if (routes[i].index != index || stays)
			routes[kept++] = routes[i];
	}
	node->routes.count = kept;
}

static void drop_by_index(struct rep_table *table, size_t row_size, uint32_t index)
{
	for (size_t at = rep__rows_find(table, row_size, compare_u32, &index);
	     at < table->count && *(const uint32_t *)((uint8_t *)table->rows + at * row_size) == index;)
		rep__rows_remove(table, row_size, at);
}

static void fold_interface(struct rep_state_node *node, const struct fmt_event *event)
{
	struct fmt_ev_interface ev;

	if (fmt_get_interface(event, &ev) < 0)
		return;
	const uint32_t index = (uint32_t)ev.index;

	if (!ev.on || !(ev.flags & IFF_UP))
		drop_routes(node, index, /* only_down= */ ev.on);
	if (!ev.on) {
		drop_by_index(&node->interfaces, sizeof(struct rep_state_interface), index);
		drop_by_index(&node->addresses, sizeof(struct rep_state_address), index);
		drop_by_index(&node->neighbours, sizeof(struct rep_state_neighbour), index);
		return;
	}
	const size_t at = rep__rows_find(&node->interfaces, sizeof(struct rep_state_interface), compare_u32, &index);
	struct rep_state_interface *row = rep__row(&node->interfaces, struct rep_state_interface, at);

	if (at == node->interfaces.count || row->index != index)
		row = rep__rows_insert(&node->interfaces, sizeof(*row), at);
	if (!row)
		return;
	*row = (struct rep_state_interface){.index = index, .mtu = (uint32_t)ev.mtu, .flags = (uint32_t)ev.flags,
					    .operstate = (uint32_t)ev.operstate, .seq = event->seq};
	rep__text_set(row->name, sizeof(row->name), ev.name);
	rep__text_set(row->mac, sizeof(row->mac), ev.mac);
}

/* The row of an interface with a text at some place in it; *ret_at: where it is, or where a new one belongs. */
static void *text_find(struct rep_table *table, size_t row_size, uint32_t index, size_t offset, const char *text,
		       size_t *ret_at)
{
	size_t at = rep__rows_find(table, row_size, compare_u32, &index);

	for (; at < table->count; at++) {
		uint8_t *row = (uint8_t *)table->rows + at * row_size;

		if (*(const uint32_t *)row != index)
			break;
		if (strcmp((const char *)row + offset, text) == 0) {
			*ret_at = at;
			return row;
		}
	}
	*ret_at = at;
	return NULL;
}

/* A row, which begins with the index of its interface, is now (on), or is no more; offset as above. */
static void set_row(struct rep_table *table, const void *like, size_t row_size, size_t offset, bool on)
{
	size_t at;
	void *row = text_find(table, row_size, *(const uint32_t *)like, offset, (const char *)like + offset, &at);

	if (row && !on)
		rep__rows_remove(table, row_size, at);
	if (!on)
		return;
	row = row ?: rep__rows_insert(table, row_size, at);
	if (row)
		memcpy(row, like, row_size);
}

static void fold_address(struct rep_state_node *node, const struct fmt_event *event)
{
	struct fmt_ev_if_address ev;
	struct rep_state_address like = {0};

	if (fmt_get_if_address(event, &ev) < 0)
		return;
	like = (struct rep_state_address){.index = (uint32_t)ev.index, .scope = (uint32_t)ev.scope,
					  .flags = (uint32_t)ev.flags, .seq = event->seq};
	rep__text_set(like.address, sizeof(like.address), ev.address);
	set_row(&node->addresses, &like, sizeof(like), offsetof(struct rep_state_address, address), ev.on);
}

static void fold_neighbour(struct rep_state_node *node, const struct fmt_event *event)
{
	struct fmt_ev_neighbour ev;
	struct rep_state_neighbour like = {0};

	if (fmt_get_neighbour(event, &ev) < 0)
		return;
	like = (struct rep_state_neighbour){.index = (uint32_t)ev.index, .state = (uint32_t)ev.state, .seq = event->seq};
	rep__text_set(like.address, sizeof(like.address), ev.address);
	rep__text_set(like.lladdr, sizeof(like.lladdr), ev.lladdr);
	set_row(&node->neighbours, &like, sizeof(like), offsetof(struct rep_state_neighbour, address), ev.on);
}

/* Routes with the same of these are one, as far as replacing goes; of those, IPv6 may have several by different ways. */
static bool same_route(const struct rep_state_route *a, const struct rep_state_route *b)
{
	return a->family == b->family && a->table == b->table && a->metric == b->metric && strcmp(a->target, b->target) == 0;
}

static bool same_way(const struct rep_state_route *a, const struct rep_state_route *b)
{
	return a->index == b->index && a->type == b->type && strcmp(a->via, b->via) == 0;
}

static void fold_route(struct rep_state_node *node, const struct fmt_event *event)
{
	struct fmt_ev_route ev;
	struct rep_state_route like = {0};
	uint32_t kept = 0;

	if (fmt_get_route(event, &ev) < 0)
		return;
	like = (struct rep_state_route){.family = (uint32_t)ev.family, .table = (uint32_t)ev.table, .type = (uint32_t)ev.type,
					.protocol = (uint32_t)ev.protocol, .scope = (uint32_t)ev.scope,
					.metric = (uint32_t)ev.metric, .index = (uint32_t)ev.index, .seq = event->seq};
	rep__text_set(like.target, sizeof(like.target), ev.target);
	rep__text_set(like.via, sizeof(like.via), ev.via);
	rep__text_set(like.source, sizeof(like.source), ev.source);
	struct rep_state_route *rows = node->routes.rows;

	for (uint32_t i = 0; i < node->routes.count; i++) {
		const bool replaced = same_route(&rows[i], &like) && (ev.on == 2 || same_way(&rows[i], &like));

		if (!replaced)
			rows[kept++] = rows[i];
	}
	node->routes.count = kept;
	struct rep_state_route *row = ev.on ? rep__rows_insert(&node->routes, sizeof(*row), kept) : NULL;

	if (row)
		*row = like;
}

void rep__state_fold_net(struct rep_state *state, struct rep_state_node *node, const struct fmt_event *event)
{
	switch (event->kind) {
	case FMT_node:
		fold_node(state, event);
		return;
	case FMT_link:
		fold_link(state, event);
		return;
	case FMT_link_change:
		fold_link_change(state, event);
		return;
	}
	if (!node)
		return;
	switch (event->kind) {
	case FMT_node_down:
		fold_node_down(node);
		break;
	case FMT_node_up:
		fold_node_up(node, event);
		break;
	case FMT_clock:
		fold_clock(node, event);
		break;
	case FMT_packet_send:
		fold_packet_send(state, node, event);
		break;
	case FMT_packet_copy:
		fold_packet_copy(state, node, event);
		break;
	case FMT_packet_recv:
		fold_packet_recv(state, event);
		break;
	case FMT_packet_drop:
		fold_packet_drop(state, event);
		break;
	case FMT_carrier:
		fold_carrier(state, event);
		break;
	case FMT_queue:
		fold_queue(state, event);
		break;
	case FMT_traffic:
		fold_traffic(state, node, event);
		break;
	case FMT_socket:
		fold_socket(node, event);
		break;
	case FMT_tcp:
		fold_tcp(node, event);
		break;
	case FMT_tcp_congestion:
		fold_tcp_congestion(node, event);
		break;
	case FMT_interface:
		fold_interface(node, event);
		break;
	case FMT_if_address:
		fold_address(node, event);
		break;
	case FMT_neighbour:
		fold_neighbour(node, event);
		break;
	case FMT_route:
		fold_route(node, event);
		break;
	}
}
