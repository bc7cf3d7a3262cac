/* SPDX-License-Identifier: GPL-2.0-or-later */
/* medium-int.h - what a kind of medium is made of; media.def lists the kinds. */
#ifndef REC_MEDIUM_INT_H
#define REC_MEDIUM_INT_H

#include "flight.h"
#include "medium.h"
#include "port.h"

struct rec_lane;

struct rec_medium {
	const struct rec_node_env *env;
	const struct rec_exp_medium *exp;
	const struct rec_medium_ops *ops;
	node_id id;
	vtime_ns now;
	struct fmt_buf events;
	struct rec_link_end *ends;	/* of the links to the interfaces; their indices are the medium's ports */
	size_t end_count;
	struct rec_lane *lanes;		/* directions of pairs, sorted by (from, to) */
	size_t lane_count;
	struct rec_flight inbound;	/* what will arrive */
	struct rec_flight outbound;	/* what goes onto the link of its dst_ifid when arrive_ns has come */
	uint64_t packet_count, outbound_count;
	void *state;			/* of the kind */
};

struct rec_medium_ops {
	/* state of the kind, or NULL */
	void *(*init)(struct rec_medium *medium);
	/* Where does this frame go?  Calls rec__medium_forward() for each port.  NULL, or why it goes nowhere. */
	const char *(*frame)(struct rec_medium *medium, const struct rec_packet *packet);
	void (*done)(void *state);
};

#define MEDIUM(kind) extern const struct rec_medium_ops rec__medium_##kind;
#include "media.def"
#undef MEDIUM

/* The host at the other end of a port's link. */
const struct rec_exp_end *rec__medium_peer(const struct rec_medium *medium, uint32_t port);
/* The frame goes to a port, that much later than now, as far as the pair of hosts lets it; tells when it does not. */
void rec__medium_forward(struct rec_medium *medium, const struct rec_packet *packet, uint32_t port, vtime_ns later);

/* Ethernet addresses of a frame; the frame has them (14 bytes at least). */
#define REC__ETH_HEADER 14u
static inline const uint8_t *rec__eth_to(const struct rec_packet *packet)
{
	return packet->frame;
}

static inline const uint8_t *rec__eth_from(const struct rec_packet *packet)
{
	return packet->frame + 6;
}

static inline bool rec__eth_is_group(const uint8_t mac[6])
{
	return mac[0] & 1;
}

#endif
