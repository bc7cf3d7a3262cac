/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * port.h - where a frame leaves a node, or a medium, for a link: what becomes of it goes into the trace and on to the
 * other side.
 */
#ifndef REC_PORT_H
#define REC_PORT_H

#include "link.h"
#include "node.h"

struct rec_port {
	const struct rec_node_env *env;
	struct fmt_buf *events;
	node_id node;
	vtime_ns now;
	uint64_t *packet_count;		/* of the node, so far */
	struct rec_link_end *end;
};

/* Numbers the frame, tells of it and hands it over.  REC_LINK_FULL: nothing of it happened. */
enum rec_link_verdict rec_port_send(const struct rec_port *port, const void *frame, size_t size);
/* Takes what arrives: tells of it.  False: the limit of this side does not let it in. */
bool rec_port_receive(const struct rec_port *port, const struct rec_packet *packet);
/* A frame that this node has is lost. */
void rec_port_tell_drop(const struct rec_port *port, uint64_t packet, const char *reason);
/* The sending ends of a node, by the numbers of its interfaces; the caller's to be ended and freed. */
struct rec_link_end *rec_ports_open(const struct rec_experiment *exp, node_id node, size_t *ret_count);
void rec_ports_close(struct rec_link_end *ends, size_t count);

#endif
