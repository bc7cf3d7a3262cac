/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "flight.h"

#include <stdlib.h>

#include "base/check.h"

#define CAPACITY_FIRST 64

static bool before(const struct rec_packet *a, const struct rec_packet *b)
{
	if (a->arrive_ns != b->arrive_ns)
		return a->arrive_ns < b->arrive_ns;
	if (a->src != b->src)
		return a->src < b->src;
	CHECK(a->packet != b->packet || a == b);
	return a->packet < b->packet;
}

void rec_flight_done(struct rec_flight *flight)
{
	for (size_t i = 0; i < flight->count; i++)
		free(flight->packets[i]);
	free(flight->packets);
	*flight = (struct rec_flight){0};
}

void rec_flight_add(struct rec_flight *flight, struct rec_packet *packet)
{
	if (flight->count == flight->capacity) {
		flight->capacity = flight->capacity ? 2 * flight->capacity : CAPACITY_FIRST;
		flight->packets = reallocarray(flight->packets, flight->capacity, sizeof(packet));
		CHECK(flight->packets);
	}
	size_t at = flight->count++;

	for (; at && before(packet, flight->packets[(at - 1) / 2]); at = (at - 1) / 2)
		flight->packets[at] = flight->packets[(at - 1) / 2];
	flight->packets[at] = packet;
}

vtime_ns rec_flight_next(const struct rec_flight *flight)
{
	return flight->count ? flight->packets[0]->arrive_ns : UINT64_MAX;
}

struct rec_packet *rec_flight_take(struct rec_flight *flight)
{
	CHECK(flight->count > 0);
	struct rec_packet *const first = flight->packets[0];
	struct rec_packet *const last = flight->packets[--flight->count];
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < flight->count &&
		    before(flight->packets[child + 1], flight->packets[child]))
			child++;
		if (child >= flight->count || !before(flight->packets[child], last))
			break;
		flight->packets[at] = flight->packets[child];
		at = child;
	}
	flight->packets[at] = last;
	return first;
}
