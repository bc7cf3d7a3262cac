/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "port.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

struct rec_link_end *rec_ports_open(const struct rec_experiment *exp, node_id node, size_t *ret_count)
{
	size_t count = 0;

	for (size_t i = 0; i < 2 * exp->link_count; i++)
		count += exp->links[i / 2].end[i % 2].node == node;
	struct rec_link_end *ends = calloc(count + 1, sizeof(*ends));

	CHECK(ends);
	for (size_t i = 0; i < 2 * exp->link_count; i++) {
		const struct rec_exp_end *end = &exp->links[i / 2].end[i % 2];

		if (end->node != node)
			continue;
		CHECK(end->ifid < count);
		rec_link_end_init(&ends[end->ifid], &exp->links[i / 2], i % 2, exp->seed);
		ends[end->ifid].reseeds = &exp->reseeds;
	}
	*ret_count = count;
	return ends;
}

void rec_ports_close(struct rec_link_end *ends, size_t count)
{
	for (size_t i = 0; i < count; i++)
		rec_link_end_done(&ends[i]);
	free(ends);
}

static uint32_t link_of(const struct rec_port *port)
{
	return port->end->link->id;
}

static uint32_t iface_of(const struct rec_port *port)
{
	return port->end->link->end[port->end->side].ifid;
}

void rec_port_tell_drop(const struct rec_port *port, uint64_t packet, const char *reason)
{
	fmt_put_packet_drop(port->events, port->now, port->node, 0, &(struct fmt_ev_packet_drop) {
		.link = link_of(port), .iface = iface_of(port), .packet = packet,
		.reason = { (const uint8_t *)reason, strlen(reason) } });
}

static struct rec_packet *packet_new(const struct rec_port *port, uint64_t number, vtime_ns arrive,
				     const void *frame, size_t size)
{
	const struct rec_exp_end *peer = &port->end->link->end[!port->end->side];
	struct rec_packet *packet = malloc(sizeof(*packet) + size);

	CHECK(packet != NULL);
	*packet = (struct rec_packet) { .arrive_ns = arrive, .packet = number, .src = port->node,
					.dst = peer->node, .link = link_of(port), .dst_ifid = peer->ifid,
					.size = (uint32_t)size };
	memcpy(packet->frame, frame, size);
	return packet;
}

static uint64_t next_number(const struct rec_port *port)
{
	return ((uint64_t)port->node << 40) | (*port->packet_count)++;
}

/* The frame goes to the other node, perhaps damaged, perhaps twice. */
static void travel(const struct rec_port *port, uint64_t number, const struct rec_link_result *result,
		   const void *frame, size_t size)
{
	struct rec_packet *packet = packet_new(port, number, result->arrive_ns, frame, size);

	if (result->corrupt_bit != UINT32_MAX) {
		CHECK(result->corrupt_bit / 8 < size);
		packet->frame[result->corrupt_bit / 8] ^= (uint8_t)(1u << result->corrupt_bit % 8);
		fmt_put_packet_corrupt(port->events, port->now, port->node, 0, &(struct fmt_ev_packet_corrupt) {
			.link = link_of(port), .iface = iface_of(port), .packet = number,
			.bit = result->corrupt_bit });
	}
	if (result->duplicate) {
		const uint64_t copy = next_number(port);

		fmt_put_packet_copy(port->events, port->now, port->node, 0, &(struct fmt_ev_packet_copy) {
			.link = link_of(port), .iface = iface_of(port), .packet = copy, .original = number });
		port->env->send(port->env->arg, packet_new(port, copy, result->arrive_ns, packet->frame, size));
	}
	port->env->send(port->env->arg, packet);
}

enum rec_link_verdict rec_port_send(const struct rec_port *port, const void *frame, size_t size)
{
	const struct rec_link_result result = rec_link_end_send(port->end, port->now, size);

	if (result.verdict == REC_LINK_FULL)
		return REC_LINK_FULL;
	const uint64_t number = next_number(port);

	fmt_put_packet_send(port->events, port->now, port->node, 0, &(struct fmt_ev_packet_send) {
		.link = link_of(port), .iface = iface_of(port), .packet = number, .depart_ns = result.depart_ns,
		.frame = { frame, size } });
	if (result.drop)
		rec_port_tell_drop(port, number, result.drop);
	else
		travel(port, number, &result, frame, size);
	return result.verdict;
}

bool rec_port_receive(const struct rec_port *port, const struct rec_packet *packet)
{
	if (!rec_link_end_admits(port->end, packet->arrive_ns, packet->size)) {
		rec_port_tell_drop(port, packet->packet, "policed");
		return false;
	}
	fmt_put_packet_recv(port->events, port->now, port->node, 0, &(struct fmt_ev_packet_recv) {
		.link = packet->link, .iface = packet->dst_ifid, .packet = packet->packet, .size = packet->size });
	return true;
}
