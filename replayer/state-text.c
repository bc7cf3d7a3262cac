/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state-text.c - a state for a person, and what differs between two.
 *
 * Both come from one list of items: what a thing is called (which no other has), and what is to be said of it.
 */
#include "state-int.h"

#include <linux/if.h>
#include <stdlib.h>

#include "call-text.h"
#include "state-names.h"
#include "syscall-names.h"
#include "text.h"

struct item {
	unsigned depth;			/* how far it is indented */
	size_t key, key_size;		/* in list.text */
	size_t value, value_size;
};

struct list {
	struct fmt_buf text;
	struct item *items;
	size_t count, capacity;
};

static void list_done(struct list *list)
{
	fmt_buf_done(&list->text);
	free(list->items);
}

/* A new item; its key is what is put into list->text next, up to say(). */
static void item(struct list *list, unsigned depth)
{
	if (list->count == list->capacity) {
		list->capacity = list->capacity ? 2 * list->capacity : 64;
		list->items = reallocarray(list->items, list->capacity, sizeof(*list->items));
		CHECK(list->items);
	}
	list->items[list->count++] = (struct item){.depth = depth, .key = list->text.size};
}

/* The key ends, its value begins. */
static void say(struct list *list)
{
	struct item *last = &list->items[list->count - 1];

	last->key_size = list->text.size - last->key;
	last->value = list->text.size;
}

static void said(struct list *list)
{
	struct item *last = &list->items[list->count - 1];

	last->value_size = list->text.size - last->value;
}

static void put_cut(struct fmt_buf *out, const char *text, size_t room)
{
	fmt_put_escaped(out, (struct fmt_bytes){(const uint8_t *)text, strnlen(text, room)});
}

/* ---- processes ------------------------------------------------------------------- */

struct fd_lookup {
	const struct rep_state_node *node;
	uint32_t pid;
};

static const char *fd_what(void *arg, uint32_t number)
{
	const struct fd_lookup *lookup = arg;
	const struct rep_state_fd *fd = rep_state_fd(lookup->node, lookup->pid, number);
	const struct rep_state_socket *socket = fd && fd->sock ? rep_state_socket(lookup->node, fd->sock) : NULL;

	if (socket && socket->remote[0])
		return socket->remote;
	if (socket && socket->local[0])
		return socket->local;
	return fd ? fd->what : NULL;
}

void rep_state_call_text(struct fmt_buf *out, const struct rep_state_node *node, const struct rep_state_thread *thread)
{
	struct fd_lookup lookup = {node, thread->pid};

	rep_call_text(out, thread->nr, thread->args, fd_what, &lookup);
}

static void list_thread(struct list *list, const struct rep_state_node *node, const struct rep_state_thread *thread)
{
	item(list, 2);
	fmt_put_text(&list->text, "thread %u", thread->tid);
	say(list);
	fmt_put_text(&list->text, "%s", rep__doing_name(thread->doing));
	if (thread->doing == REP_DOING_WAITS) {
		fmt_put_text(&list->text, " in ");
		rep_state_call_text(&list->text, node, thread);
	} else if (thread->doing == REP_DOING_FAULTED) {
		fmt_put_text(&list->text, " with %s", fmt_signal_name(thread->nr) ?: "a signal");
	} else if (thread->doing == REP_DOING_RUNS && thread->nr != UINT64_MAX) {
		fmt_put_text(&list->text, " after ");
		rep_state_call_text(&list->text, node, thread);
		fmt_put_text(&list->text, " = %lld", (long long)thread->ret);
	}
	fmt_put_text(&list->text, ", since ");
	fmt_put_vtime(&list->text, thread->since);
	if (thread->until) {
		fmt_put_text(&list->text, ", at most until ");
		fmt_put_vtime(&list->text, thread->until);
	}
	if (thread->handlers)
		fmt_put_text(&list->text, ", in a handler of %s", fmt_signal_name(thread->signo) ?: "a signal");
	said(list);
}

static void list_fds(struct list *list, const struct rep_state_node *node, const struct rep_state_process *process)
{
	const struct rep_state_fd *fds = node->fds.rows;

	for (uint32_t i = 0; i < node->fds.count; i++) {
		if (fds[i].files != process->files)
			continue;
		item(list, 2);
		fmt_put_text(&list->text, "fd %u/%u", process->pid, fds[i].fd);
		say(list);
		put_cut(&list->text, fds[i].what, sizeof(fds[i].what));
		fmt_put_text(&list->text, "%s", fds[i].flags & 02000000 ? " close-on-exec" : "");
		said(list);
	}
}

static void list_process(struct list *list, const struct rep_state_node *node, const struct rep_state_process *process)
{
	const struct rep_state_thread *threads = node->threads.rows;

	item(list, 1);
	fmt_put_text(&list->text, "process %u", process->pid);
	say(list);
	put_cut(&list->text, process->name, sizeof(process->name));
	if (process->ended && (process->code & 0x7f))
		fmt_put_text(&list->text, " was killed by %s at ", fmt_signal_name(process->code & 0x7f) ?: "a signal");
	else if (process->ended)
		fmt_put_text(&list->text, " exited with %u at ", process->code >> 8 & 0xff);
	if (process->ended)
		fmt_put_vtime(&list->text, process->end);
	else if (process->args[0]) {
		fmt_put_text(&list->text, ": ");
		put_cut(&list->text, process->args, sizeof(process->args));
	}
	said(list);
	if (process->ended)
		return;
	for (uint32_t i = 0; i < node->threads.count; i++)
		if (threads[i].pid == process->pid)
			list_thread(list, node, &threads[i]);
	list_fds(list, node, process);
}

static void list_timers(struct list *list, const struct rep_state_node *node)
{
	const struct rep_state_timer *timers = node->timers.rows;

	for (uint32_t i = 0; i < node->timers.count; i++) {
		item(list, 1);
		fmt_put_text(&list->text, "%s %u/%llu", rep__timer_kind(timers[i].nr), timers[i].pid,
			     (unsigned long long)timers[i].id);
		say(list);
		fmt_put_text(&list->text, "expires at ");
		fmt_put_vtime(&list->text, timers[i].expires);
		if (timers[i].interval_ns) {
			fmt_put_text(&list->text, ", then every ");
			fmt_put_vtime(&list->text, timers[i].interval_ns);
		}
		said(list);
	}
}

static void list_outputs(struct list *list, const struct rep_state_node *node)
{
	const struct rep_state_output *rows = node->outputs.rows;

	for (uint32_t i = 0; i < node->outputs.count; i++) {
		item(list, 1);
		fmt_put_text(&list->text, "output %u/%u", rows[i].pid, rows[i].fd);
		say(list);
		fmt_put_text(&list->text, "%llu bytes, %llu lines, last: ", (unsigned long long)rows[i].bytes,
			     (unsigned long long)rows[i].lines);
		put_cut(&list->text, rows[i].tail, sizeof(rows[i].tail));
		said(list);
	}
}

/* ---- network ------------------------------------------------------------------------- */

static void list_tcp(struct list *list, const struct rep_state_socket *s)
{
	fmt_put_text(&list->text, " %s", rep__tcp_state_name(s->state));
	fmt_put_text(&list->text, " recv-q %u send-q %u", rep__recv_queue(s), rep__send_queue(s));
	if (s->state == 10)
		return;
	fmt_put_text(&list->text, " cwnd %u", s->cwnd);
	if (s->ssthresh < 0x7fffffff)
		fmt_put_text(&list->text, " ssthresh %u", s->ssthresh);
	fmt_put_text(&list->text, " rtt %u.%03u/%u.%03u ms rto %u ms mss %u", s->srtt_us / 1000, s->srtt_us % 1000,
		     s->rttvar_us / 1000, s->rttvar_us % 1000, s->rto_us / 1000, s->mss);
	fmt_put_text(&list->text, " una %#x nxt %#x rcv-nxt %#x window %u/%u", s->snd_una, s->snd_nxt, s->rcv_nxt, s->snd_wnd,
		     s->rcv_wnd);
	if (s->total_retrans || s->lost || s->ca)
		fmt_put_text(&list->text, " retransmitted %u/%u lost %u %s", s->retrans, s->total_retrans, s->lost,
			     rep__ca_name(s->ca));
}

static void list_sockets(struct list *list, const struct rep_state_node *node)
{
	const struct rep_state_socket *sockets = node->sockets.rows;

	for (uint32_t i = 0; i < node->sockets.count; i++) {
		const struct rep_state_socket *s = &sockets[i];
		char kind[32];

		rep__socket_kind(s, kind);
		item(list, 1);
		fmt_put_text(&list->text, "socket %llu", (unsigned long long)s->sock);
		say(list);
		fmt_put_text(&list->text, "%s ", kind);
		put_cut(&list->text, s->local, sizeof(s->local));
		fmt_put_text(&list->text, " - ");
		put_cut(&list->text, s->remote, sizeof(s->remote));
		if (s->has_tcp)
			list_tcp(list, s);
		if (!s->refs)
			fmt_put_text(&list->text, " (of no process)");
		said(list);
	}
}

static void list_interfaces(struct list *list, const struct rep_state_node *node)
{
	const struct rep_state_interface *rows = node->interfaces.rows;
	const struct rep_state_address *addresses = node->addresses.rows;

	for (uint32_t i = 0; i < node->interfaces.count; i++) {
		item(list, 1);
		fmt_put_text(&list->text, "interface %s", rows[i].name);
		say(list);
		fmt_put_text(&list->text, "%s%s, mtu %u, %s", rows[i].flags & IFF_UP ? "up" : "down",
			     rows[i].flags & IFF_UP && !(rows[i].flags & IFF_RUNNING) ? " without carrier" : "", rows[i].mtu,
			     rows[i].mac);
		for (uint32_t j = 0; j < node->addresses.count; j++)
			if (addresses[j].index == rows[i].index)
				fmt_put_text(&list->text, ", %s", addresses[j].address);
		said(list);
	}
}

static void list_routes(struct list *list, const struct rep_state_node *node)
{
	const struct rep_state_route *rows = node->routes.rows;

	for (uint32_t i = 0; i < node->routes.count; i++) {
		const struct rep_state_route *r = &rows[i];

		item(list, 1);
		fmt_put_text(&list->text, "route %s %s table %u metric %u dev %s", rep__family_name(r->family), r->target,
			     r->table, r->metric, rep__interface_name(node, r->index));
		say(list);
		fmt_put_text(&list->text, "%s", rep__route_type_name(r->type));
		if (r->via[0])
			fmt_put_text(&list->text, " via %s", r->via);
		if (r->source[0])
			fmt_put_text(&list->text, " from %s", r->source);
		fmt_put_text(&list->text, ", by %s, scope %s", rep__route_protocol_name(r->protocol), rep__scope_name(r->scope));
		said(list);
	}
}

static void list_neighbours(struct list *list, const struct rep_state_node *node)
{
	const struct rep_state_neighbour *rows = node->neighbours.rows;

	for (uint32_t i = 0; i < node->neighbours.count; i++) {
		item(list, 1);
		fmt_put_text(&list->text, "neighbour %s dev %s", rows[i].address, rep__interface_name(node, rows[i].index));
		say(list);
		fmt_put_text(&list->text, "%s, %s", rows[i].lladdr[0] ? rows[i].lladdr : "address unknown",
			     rep__neighbour_state_name(rows[i].state));
		said(list);
	}
}

static void list_node(struct list *list, const struct rep_state_node *node)
{
	const struct rep_state_process *processes = node->processes.rows;

	item(list, 0);
	fmt_put_text(&list->text, "node %s", node->name);
	say(list);
	fmt_put_text(&list->text, "(%u) %s%s%s", node->id, node->address, node->panicked ? ", its kernel has panicked" : "",
		     node->down ? ", down" : "");
	if (node->drift_ppb)
		fmt_put_text(&list->text, ", its clock gains %lld ppb", (long long)node->drift_ppb);
	said(list);
	for (uint32_t i = 0; i < node->processes.count; i++)
		list_process(list, node, &processes[i]);
	list_timers(list, node);
	list_sockets(list, node);
	list_interfaces(list, node);
	list_routes(list, node);
	list_neighbours(list, node);
	list_outputs(list, node);
}

/* ---- links ---------------------------------------------------------------------------- */

static void put_node_name(struct fmt_buf *out, const struct rep_state *state, node_id id)
{
	const struct rep_state_node *node = rep_state_node(state, id);

	if (node && node->name[0])
		put_cut(out, node->name, sizeof(node->name));
	else
		fmt_put_text(out, "n%u", id);
}

static void list_packets(struct list *list, const struct rep_state *state, const struct rep_state_link *link, size_t side)
{
	const struct rep_state_node *sender = rep_state_node(state, link->node[side]);
	const struct rep_state_packet *rows = sender ? sender->packets.rows : NULL;

	for (uint32_t i = 0; sender && i < sender->packets.count; i++) {
		if (rows[i].link != link->id || rows[i].iface != link->ifid[side])
			continue;
		item(list, 1);
		fmt_put_text(&list->text, "packet %u:%llu", (unsigned)(rows[i].id >> 40),
			     (unsigned long long)(rows[i].id & 0xffffffffff));
		say(list);
		fmt_put_text(&list->text, "%u bytes, sent at ", rows[i].size);
		fmt_put_vtime(&list->text, rows[i].sent);
		fmt_put_text(&list->text, rows[i].depart > state->vtime ? ", in the ring until " : ", on its way since ");
		fmt_put_vtime(&list->text, rows[i].depart);
		said(list);
	}
}

static void list_way(struct list *list, const struct rep_state *state, const struct rep_state_link *link, size_t side)
{
	const struct rep_state_direction *way = &link->way[side];

	item(list, 0);
	fmt_put_text(&list->text, "link %llu ", (unsigned long long)link->id);
	put_node_name(&list->text, state, link->node[side]);
	fmt_put_text(&list->text, " -> ");
	put_node_name(&list->text, state, link->node[!side]);
	say(list);
	fmt_put_text(&list->text, "from %s, %llu bit/s, delay ", link->iface[side], (unsigned long long)way->rate_bps);
	fmt_put_vtime(&list->text, way->delay_ns);
	fmt_put_text(&list->text, "%s%s%s%s", way->down ? ", down" : "", way->cut ? ", cut" : "", way->held ? ", held" : "",
		     way->carrier ? "" : ", no carrier");
	fmt_put_text(&list->text, ", %llu sent, %llu received, %llu dropped", (unsigned long long)way->sent,
		     (unsigned long long)way->received, (unsigned long long)way->dropped);
	if (way->queue_packets)
		fmt_put_text(&list->text, ", %llu packets (%llu bytes) queued", (unsigned long long)way->queue_packets,
			     (unsigned long long)way->queue_bytes);
	said(list);
	list_packets(list, state, link, side);
}

static void list_state(struct list *list, const struct rep_state *state, node_id node)
{
	const struct rep_state_node *nodes = state->nodes.rows;
	const struct rep_state_link *links = state->links.rows;

	for (uint32_t i = 0; i < state->nodes.count; i++)
		if (!node || nodes[i].id == node)
			list_node(list, &nodes[i]);
	for (uint32_t i = 0; i < state->links.count; i++)
		for (size_t side = 0; side < 2; side++)
			if (!node || links[i].node[side] == node)
				list_way(list, state, &links[i], side);
}

/* ---- for a person ---------------------------------------------------------------------- */

static void put_item(struct fmt_buf *out, const struct list *list, const struct item *item)
{
	fmt_buf_put(out, list->text.data + item->key, item->key_size);
	fmt_buf_put(out, " ", 1);
	fmt_buf_put(out, list->text.data + item->value, item->value_size);
	fmt_buf_put(out, "\n", 1);
}

void rep_state_text(struct fmt_buf *out, const struct rep_state *state, node_id node)
{
	_cleanup_(list_done) struct list list = {0};

	list_state(&list, state, node);
	fmt_put_text(out, "before event %llu, at ", (unsigned long long)state->next);
	fmt_put_vtime(out, state->vtime);
	fmt_put_text(out, state->ended ? ", the run has ended\n" : "\n");
	for (size_t i = 0; i < list.count; i++) {
		fmt_put_text(out, "%*s", (int)(2 * list.items[i].depth), "");
		put_item(out, &list, &list.items[i]);
	}
}

/* ---- what differs ------------------------------------------------------------------------ */

/* Items under their node or link, so that equal things of several nodes do not meet. */
struct keyed {
	const struct list *list;
	const struct item *item, *head;
};

static int compare_part(const struct keyed *a, const struct item *x, const struct keyed *b, const struct item *y)
{
	const size_t shorter = x->key_size < y->key_size ? x->key_size : y->key_size;
	const int order = memcmp(a->list->text.data + x->key, b->list->text.data + y->key, shorter);

	return order ? order : x->key_size < y->key_size ? -1 : x->key_size > y->key_size;
}

static int compare_keyed(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	const int order = compare_part(x, x->head, y, y->head);

	if (order)
		return order;
	/* The head comes before what is under it. */
	if (x->item == x->head || y->item == y->head)
		return (x->item != x->head) - (y->item != y->head);
	return compare_part(x, x->item, y, y->item);
}

static struct keyed *sorted(const struct list *list)
{
	struct keyed *keyed = calloc(list->count + 1, sizeof(*keyed));
	const struct item *head = NULL;

	CHECK(keyed);
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].depth == 0)
			head = &list->items[i];
		keyed[i] = (struct keyed){list, &list->items[i], head};
	}
	/* No two keys are equal, so the order does not depend on the sorting. */
	if (list->count)
		qsort(keyed, list->count, sizeof(*keyed), compare_keyed);
	return keyed;
}

static void put_name(struct fmt_buf *out, const struct keyed *of)
{
	fmt_buf_put(out, of->list->text.data + of->head->key, of->head->key_size);
	if (of->item == of->head)
		return;
	fmt_buf_put(out, ", ", 2);
	fmt_buf_put(out, of->list->text.data + of->item->key, of->item->key_size);
}

static void put_value(struct fmt_buf *out, const struct keyed *of)
{
	fmt_buf_put(out, of->list->text.data + of->item->value, of->item->value_size);
}

static void put_one_sided(struct fmt_buf *out, char sign, const struct keyed *of)
{
	fmt_put_text(out, "%c ", sign);
	put_name(out, of);
	fmt_buf_put(out, " ", 1);
	put_value(out, of);
	fmt_buf_put(out, "\n", 1);
}

static void put_changed(struct fmt_buf *out, const struct keyed *from, const struct keyed *to)
{
	if (from->item->value_size == to->item->value_size &&
	    memcmp(from->list->text.data + from->item->value, to->list->text.data + to->item->value,
		   to->item->value_size) == 0)
		return;
	fmt_put_text(out, "~ ");
	put_name(out, from);
	fmt_put_text(out, ": ");
	put_value(out, from);
	fmt_put_text(out, " -> ");
	put_value(out, to);
	fmt_buf_put(out, "\n", 1);
}

void rep_state_diff(struct fmt_buf *out, const struct rep_state *before, const struct rep_state *after, node_id node)
{
	_cleanup_(list_done) struct list from = {0}, to = {0};

	list_state(&from, before, node);
	list_state(&to, after, node);
	_cleanup_free_ struct keyed *x = sorted(&from), *y = sorted(&to);

	for (size_t i = 0, j = 0; i < from.count || j < to.count;) {
		const int order = i == from.count ? 1 : j == to.count ? -1 : compare_keyed(&x[i], &y[j]);

		if (order < 0)
			put_one_sided(out, '-', &x[i++]);
		else if (order > 0)
			put_one_sided(out, '+', &y[j++]);
		else
			put_changed(out, &x[i++], &y[j++]);
	}
}
