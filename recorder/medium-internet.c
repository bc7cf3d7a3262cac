/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * medium-internet.c - a network of which only its paths are known: how long a packet takes between two places of a graph, and how
 * often it is lost.  Shadow's model of the internet.
 *
 * It goes by IP addresses, as a router does, and leaves the hop limit alone.  Packets between two hosts do not overtake each
 * other; the hosts' links have the bandwidths.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "medium-int.h"

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd

struct address {
	uint8_t bytes[16];		/* IPv4 as ::ffff:a.b.c.d */
	uint32_t port;
};

struct internet {
	struct address *addresses;	/* sorted */
	size_t count;
	struct rec_stream *loss;	/* [port that sends] */
	size_t reseeds_passed;
};

static int cmp_addresses(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

static void map_ipv4(uint8_t ret[16], const uint8_t address[4])
{
	memset(ret, 0, 16);
	ret[10] = ret[11] = 0xff;
	memcpy(ret + 12, address, 4);
}

static void add_address(struct internet *internet, const char *text, uint32_t port)
{
	struct address *address = &internet->addresses[internet->count];
	char plain[INET6_ADDRSTRLEN];
	uint8_t ipv4[4];

	snprintf(plain, sizeof(plain), "%.*s", (int)strcspn(text, "/"), text);
	if (inet_pton(AF_INET, plain, ipv4) == 1)
		map_ipv4(address->bytes, ipv4);
	else if (inet_pton(AF_INET6, plain, address->bytes) != 1)
		return;
	address->port = port;
	internet->count++;
}

static void streams_init(const struct rec_medium *medium, struct internet *internet, uint64_t seed)
{
	char name[48];

	for (uint32_t port = 0; port < medium->end_count; port++) {
		snprintf(name, sizeof(name), "internet %u", rec__medium_peer(medium, port)->node);
		rec_stream_init(&internet->loss[port], seed, name);
	}
}

static void *internet_init(struct rec_medium *medium)
{
	struct internet *internet = calloc(1, sizeof(*internet));

	CHECK(internet);
	internet->addresses = calloc(2 * medium->end_count + 1, sizeof(*internet->addresses));
	internet->loss = calloc(medium->end_count + 1, sizeof(*internet->loss));
	CHECK(internet->addresses && internet->loss);
	for (uint32_t port = 0; port < medium->end_count; port++) {
		add_address(internet, rec__medium_peer(medium, port)->ipv4, port);
		add_address(internet, rec__medium_peer(medium, port)->ipv6, port);
	}
	streams_init(medium, internet, medium->env->exp->seed);
	qsort(internet->addresses, internet->count, sizeof(*internet->addresses), cmp_addresses);
	return internet;
}

/* Where the packet in a frame wants to go; false: it is not of IP. */
static bool destination(const struct rec_packet *packet, uint8_t ret[16])
{
	const unsigned type = (unsigned)packet->frame[12] << 8 | packet->frame[13];

	if (type == ETHERTYPE_IPV4 && packet->size >= REC__ETH_HEADER + 20) {
		map_ipv4(ret, packet->frame + REC__ETH_HEADER + 16);
		return true;
	}
	if (type == ETHERTYPE_IPV6 && packet->size >= REC__ETH_HEADER + 40) {
		memcpy(ret, packet->frame + REC__ETH_HEADER + 24, 16);
		return true;
	}
	return false;
}

static const char *internet_frame(struct rec_medium *medium, const struct rec_packet *packet)
{
	struct internet *internet = medium->state;
	const struct rec_exp_medium *exp = medium->exp;
	uint64_t seed;

	if (rec_reseeds_pass(&medium->env->exp->reseeds, &internet->reseeds_passed, medium->now, &seed))
		streams_init(medium, internet, seed);
	const uint64_t chance = rec_stream_below(&internet->loss[packet->dst_ifid], REC_PPB);
	struct address key;

	if (!destination(packet, key.bytes))
		return "not IP";
	const struct address *address =
		bsearch(&key, internet->addresses, internet->count, sizeof(key), cmp_addresses);

	if (!address)
		return "no such address";
	const struct rec_exp_path *path =
		&exp->paths[exp->place[packet->dst_ifid] * exp->place_count + exp->place[address->port]];

	if (chance < path->loss_ppb && medium->now >= medium->env->exp->bootstrap_ns)
		return "loss";
	/* The frame becomes one of the other link. */
	const struct rec_link_end *out = &medium->ends[address->port];
	struct rec_packet *routed = malloc(sizeof(*routed) + packet->size);

	CHECK(routed);
	memcpy(routed, packet, sizeof(*routed) + packet->size);
	memcpy(routed->frame, rec__medium_peer(medium, address->port)->mac, 6);
	memcpy(routed->frame + 6, out->link->end[out->side].mac, 6);
	rec__medium_forward(medium, routed, address->port, path->delay_ns);
	free(routed);
	return NULL;
}

static void internet_done(void *state)
{
	struct internet *internet = state;

	free(internet->addresses);
	free(internet->loss);
	free(internet);
}

const struct rec_medium_ops rec__medium_internet = { internet_init, internet_frame, internet_done };
