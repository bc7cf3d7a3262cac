/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * medium.c - the life of a frame on a medium.
 *
 *	a host's link ---> arrives ---> the kind says where to ---> pair of hosts ---> the other host's link --->
 *	(rate, delay ...)  (policing)   (switch, radio ...)         (rate, delay, loss,     (rate, queue, delay ...)
 *	                                                             connected or not)
 *
 * The medium is a node of the machine: it stands in the total order, belongs to some worker, and what it knows (the addresses that
 * a switch has learned, what stands in its queues) has one place.  For that a frame takes two links, the least delay
 * of which is the lookahead, as everywhere.
 *
 * Invariants
 *  1. Frames come in and go out in the order (time, source, number): outbound frames get numbers in the order in
 *     which they were decided upon.
 *  2. A frame is told of when it comes (packet-recv) and when it is given to a link (packet-send, of a new
 *     number), as at a router; what a medium does not pass on is a packet-drop of the number that came.
 */
#include "medium-int.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

struct rec_lane {
	node_id from, to;
	const struct rec_exp_link *pair;
	unsigned side;
	bool open;			/* end is initialised */
	struct rec_link_end end;
};

static const struct rec_medium_ops *const kinds[] = {
#define MEDIUM(kind) [REC_MEDIUM_##kind] = &rec__medium_##kind,
#include "media.def"
#undef MEDIUM
};

/* ---- pairs ---- */

static int cmp_lanes(const void *a, const void *b)
{
	const struct rec_lane *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return x->to < y->to ? -1 : x->to > y->to;
}

static bool is_member(const struct rec_medium *medium, node_id node)
{
	for (uint32_t i = 0; i < medium->end_count; i++)
		if (rec__medium_peer(medium, i)->node == node)
			return true;
	return false;
}

static void find_lanes(struct rec_medium *medium)
{
	const struct rec_experiment *exp = medium->env->exp;

	medium->lanes = calloc(2 * exp->pair_count + 1, sizeof(*medium->lanes));
	CHECK(medium->lanes);
	for (size_t i = 0; i < 2 * exp->pair_count; i++) {
		const struct rec_exp_link *pair = &exp->pairs[i / 2];
		const unsigned side = i % 2;

		if (is_member(medium, pair->end[!side].node))
			medium->lanes[medium->lane_count++] = (struct rec_lane) {
				.from = pair->end[side].node, .to = pair->end[!side].node, .pair = pair,
				.side = side };
	}
	qsort(medium->lanes, medium->lane_count, sizeof(*medium->lanes), cmp_lanes);
}

/* NULL: nothing is special between the two. */
static struct rec_lane *find_lane(struct rec_medium *medium, node_id from, node_id to)
{
	const struct rec_lane key = { .from = from, .to = to };
	struct rec_lane *lane = bsearch(&key, medium->lanes, medium->lane_count, sizeof(key), cmp_lanes);

	if (lane && !lane->open) {
		rec_link_end_init(&lane->end, lane->pair, lane->side, medium->env->exp->seed);
		lane->end.reseeds = &medium->env->exp->reseeds;
		lane->open = true;
	}
	return lane;
}

/* ---- frames ---- */

const struct rec_exp_end *rec__medium_peer(const struct rec_medium *medium, uint32_t port)
{
	CHECK(port < medium->end_count);
	const struct rec_link_end *end = &medium->ends[port];

	return &end->link->end[!end->side];
}

static struct rec_port port_of(struct rec_medium *medium, uint32_t port)
{
	CHECK(port < medium->end_count);
	return (struct rec_port) { .env = medium->env, .events = &medium->events, .node = medium->id,
				   .now = medium->now, .packet_count = &medium->packet_count,
				   .end = &medium->ends[port] };
}

/* The host that a frame comes from: the one on the port, or, when that leads to another switch, the one whose hardware
 * address the frame has.  So what is special between two hosts is dealt with once, at the last switch. */
static node_id sender_of(const struct rec_medium *medium, const struct rec_packet *packet)
{
	const struct rec_experiment *exp = medium->env->exp;
	const node_id peer = rec__medium_peer(medium, packet->dst_ifid)->node;
	const uint8_t *mac = rec__eth_from(packet);
	/* Interfaces are numbered so (experiment.h); a program may have given its own another address. */
	const node_id owner = mac[0] == 2 && !mac[1] ? (node_id)mac[2] << 8 | mac[3] : 0;

	if (!exp->nodes[peer - 1].medium || !owner || owner > exp->node_count)
		return peer;
	return owner;
}

static const char no_contact[] = "no contact";

/* When a frame has come from one host to another, by what is special between them.  NULL, or why it does not. */
static const char *cross(struct rec_medium *medium, const struct rec_packet *packet, node_id to, vtime_ns *ret_when)
{
	const node_id from = sender_of(medium, packet);
	struct rec_lane *lane = find_lane(medium, from, to);

	*ret_when = medium->now;
	if (!lane)
		return medium->exp->pairs_only && from != to ? no_contact : NULL;
	rec_link_end_departed(&lane->end, medium->now);
	const struct rec_link_result result = rec_link_end_send(&lane->end, medium->now, packet->size);

	CHECK(result.verdict != REC_LINK_FULL);
	*ret_when = result.arrive_ns;
	return result.drop && (!strcmp(result.drop, "down") || !strcmp(result.drop, no_contact)) ? no_contact : result.drop;
}

void rec__medium_forward(struct rec_medium *medium, const struct rec_packet *packet, uint32_t port, vtime_ns later)
{
	const node_id to = rec__medium_peer(medium, port)->node;
	vtime_ns when;
	const char *why = cross(medium, packet, to, &when);

	if (why) {
		const struct rec_port in = port_of(medium, packet->dst_ifid);

		/* That some of all hosts are out of reach is no loss. */
		if (why != no_contact || !rec__eth_is_group(rec__eth_to(packet)))
			rec_port_tell_drop(&in, packet->packet, why);
		return;
	}
	struct rec_packet *out = malloc(sizeof(*out) + packet->size);

	CHECK(out);
	*out = (struct rec_packet) { .arrive_ns = when + later, .packet = medium->outbound_count++,
				     .src = medium->id, .dst = to, .dst_ifid = port, .size = packet->size };
	memcpy(out->frame, packet->frame, packet->size);
	rec_flight_add(&medium->outbound, out);
}

static void come_in(struct rec_medium *medium, struct rec_packet *packet)
{
	const struct rec_port port = port_of(medium, packet->dst_ifid);

	if (rec_port_receive(&port, packet)) {
		const char *why = packet->size < REC__ETH_HEADER ? "too short" : medium->ops->frame(medium, packet);

		if (why)
			rec_port_tell_drop(&port, packet->packet, why);
	}
	free(packet);
}

static void go_out(struct rec_medium *medium, struct rec_packet *packet)
{
	const struct rec_port port = port_of(medium, packet->dst_ifid);

	rec_link_end_departed(port.end, medium->now);
	/* Nobody can be made to wait here: the experiment's reader lets these queues drop. */
	const enum rec_link_verdict verdict = rec_port_send(&port, packet->frame, packet->size);

	CHECK(verdict != REC_LINK_FULL);
	free(packet);
}

/* ---- as a node ---- */

vtime_ns rec_medium_next(const struct rec_medium *medium)
{
	const vtime_ns in = rec_flight_next(&medium->inbound), out = rec_flight_next(&medium->outbound);

	return in < out ? in : out;
}

void rec_medium_receive(struct rec_medium *medium, struct rec_packet *packet)
{
	rec_flight_add(&medium->inbound, packet);
}

void rec_medium_run(struct rec_medium *medium, vtime_ns until)
{
	while (rec_medium_next(medium) < until) {
		const vtime_ns in = rec_flight_next(&medium->inbound), out = rec_flight_next(&medium->outbound);

		CHECK((in < out ? in : out) >= medium->now);
		medium->now = in < out ? in : out;
		if (in <= out)
			come_in(medium, rec_flight_take(&medium->inbound));
		else
			go_out(medium, rec_flight_take(&medium->outbound));
	}
}

struct fmt_buf *rec_medium_events(struct rec_medium *medium)
{
	return &medium->events;
}

struct rec_medium *rec_medium_new(const struct rec_node_env *env, node_id id)
{
	struct rec_medium *medium = calloc(1, sizeof(*medium));

	CHECK(medium);
	CHECK(id >= 1 && id <= env->exp->node_count && env->exp->nodes[id - 1].medium);
	medium->env = env;
	medium->id = id;
	medium->exp = env->exp->nodes[id - 1].medium;
	medium->ops = kinds[medium->exp->kind];
	medium->ends = rec_ports_open(env->exp, id, &medium->end_count);
	find_lanes(medium);
	medium->state = medium->ops->init ? medium->ops->init(medium) : NULL;
	return medium;
}

void rec_medium_free(struct rec_medium *medium)
{
	if (!medium)
		return;
	if (medium->ops->done)
		medium->ops->done(medium->state);
	for (size_t i = 0; i < medium->lane_count; i++)
		rec_link_end_done(&medium->lanes[i].end);
	free(medium->lanes);
	rec_ports_close(medium->ends, medium->end_count);
	rec_flight_done(&medium->inbound);
	rec_flight_done(&medium->outbound);
	fmt_buf_done(&medium->events);
	free(medium);
}
