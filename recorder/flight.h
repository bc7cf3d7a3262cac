/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flight.h - packets on their way between nodes, in the order (arrive_ns, src, packet), which is total. */
#ifndef REC_FLIGHT_H
#define REC_FLIGHT_H

#include "node.h"

struct rec_flight {
	struct rec_packet **packets;	/* heap, owned */
	size_t count, capacity;
};

void rec_flight_done(struct rec_flight *flight);
void rec_flight_add(struct rec_flight *flight, struct rec_packet *packet);	/* takes ownership */
/* Arrival of the first; UINT64_MAX: none. */
vtime_ns rec_flight_next(const struct rec_flight *flight);
/* The first, which becomes the caller's to free(). */
struct rec_packet *rec_flight_take(struct rec_flight *flight);

#endif
