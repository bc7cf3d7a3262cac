/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * medium-switch.c - an Ethernet switch: it learns behind which port an address is from the frames that come in, forgets it after a
 * while, and sends to all ports what is for everybody or for an address that it does not know (IEEE 802.1D, without
 * the spanning tree: the experiment's reader refuses loops).
 */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "medium-int.h"

/* As many as a small real one has; further addresses are not learned, and so reached by flooding. */
#define TABLE_SIZE 8192u

struct place {
	uint8_t mac[6];
	bool used;
	uint32_t port;
	vtime_ns seen;
};

static void *switch_init(struct rec_medium *medium)
{
	struct place *table = calloc(TABLE_SIZE, sizeof(*table));

	CHECK(table);
	return table;
}

static uint32_t hash(const uint8_t mac[6])
{
	uint32_t value = 2166136261u;	/* FNV-1a */

	for (unsigned i = 0; i < 6; i++)
		value = (value ^ mac[i]) * 16777619u;
	return value % TABLE_SIZE;
}

/* The place of an address, or the free one where it belongs; NULL: neither. */
static struct place *find(struct place *table, const uint8_t mac[6])
{
	for (uint32_t i = 0; i < TABLE_SIZE; i++) {
		struct place *place = &table[(hash(mac) + i) % TABLE_SIZE];

		if (!place->used || !memcmp(place->mac, mac, sizeof(place->mac)))
			return place;
	}
	return NULL;
}

static void learn(struct rec_medium *medium, const struct rec_packet *packet)
{
	struct place *place = find(medium->state, rec__eth_from(packet));

	if (!place || rec__eth_is_group(rec__eth_from(packet)))
		return;
	memcpy(place->mac, rec__eth_from(packet), sizeof(place->mac));
	place->used = true;
	place->port = packet->dst_ifid;
	place->seen = medium->now;
}

static const char *switch_frame(struct rec_medium *medium, const struct rec_packet *packet)
{
	learn(medium, packet);
	const struct place *place = find(medium->state, rec__eth_to(packet));

	if (place && place->used && medium->now - place->seen < medium->exp->age_ns) {
		if (place->port == packet->dst_ifid)
			return "own port";
		rec__medium_forward(medium, packet, place->port, 0);
		return NULL;
	}
	for (uint32_t port = 0; port < medium->end_count; port++)
		if (port != packet->dst_ifid)
			rec__medium_forward(medium, packet, port, 0);
	return NULL;
}

const struct rec_medium_ops rec__medium_switch = { switch_init, switch_frame, free };
