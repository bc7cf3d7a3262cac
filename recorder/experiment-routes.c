/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * experiment-routes.c - the routes that a network has when nobody writes them.
 *
 * Every node gets a host route to every address that it does not have on its own links, along the least sum of
 * delays to the nearer end of the address's link, and then across that link (as a link-state protocol would:
 * Dijkstra's algorithm from each node).  So what is sent to an address arrives by its own interface, even where
 * another way to the same node is shorter: hosts with two interfaces count on it.  Of paths that are equal the one
 * that starts on the lowest link wins.
 *
 * Host routes rather than networks, since addresses can be given freely, and two links then may share a network.
 * Nodes that others' routes pass through forward.  n nodes with m links have about 4 n m routes.
 *
 * Media are places on the way like hosts, but no gateways: the next host behind them is.
 */
#include "experiment-int.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "paths.h"

/* The ends of a link, as the tag of an arc that leaves by it. */
#define TAG(link, side) ((uint64_t)(link) << 1 | (side))

struct map {				/* of one node: how it reaches the others */
	const struct rec_experiment *exp;
	struct rec_arc *arcs;
	struct rec_paths *paths;
	struct rec_reach *reach;	/* [id - 1] */
};

bool rec__on_network(const char *address, const char *network)
{
	const int family = strchr(network, ':') ? AF_INET6 : AF_INET;
	const char *slash = strchr(network, '/');
	char text[INET6_ADDRSTRLEN];
	uint8_t a[16], n[16];

	CHECK(slash && (size_t)(slash - network) < sizeof(text));
	memcpy(text, network, (size_t)(slash - network));
	text[slash - network] = 0;
	if (inet_pton(family, address, a) != 1 || inet_pton(family, text, n) != 1)
		return false;
	const unsigned int prefix = (unsigned int)atoi(slash + 1);

	for (unsigned int bit = 0; bit < prefix; bit++)
		if ((a[bit / 8] ^ n[bit / 8]) & (0x80 >> bit % 8))
			return false;
	return true;
}

static const struct rec_exp_medium *medium_of(const struct rec_experiment *exp, const struct rec_exp_end *end)
{
	return exp->nodes[end->node - 1].medium;
}

static bool on_internet(const struct rec_experiment *exp, const struct rec_exp_link *link)
{
	const struct rec_exp_medium *medium = medium_of(exp, &link->end[1]);

	return medium && medium->kind == REC_MEDIUM_internet;
}

/* The link with the lowest number that paths start on. */
static uint64_t rank(const struct rec_reach *before, const struct rec_arc *arc)
{
	return before->arc == REC_NO_ARC ? arc->tag >> 1 : before->rank;
}

/* An internet joins the hosts on it with each other, and is no way to others: it would not know their addresses. */
static void map_init(struct map *map, const struct rec_experiment *exp)
{
	size_t count = 0;

	*map = (struct map){
		.exp = exp,
		.arcs = calloc(2 * exp->link_count + 1, sizeof(*map->arcs)),
		.reach = calloc(exp->node_count, sizeof(*map->reach)),
	};
	CHECK(map->arcs && map->reach);
	for (size_t i = 0; i < 2 * exp->link_count; i++) {
		const struct rec_exp_link *link = &exp->links[i / 2];
		const unsigned int side = i % 2;

		if (!on_internet(exp, link))
			map->arcs[count++] = (struct rec_arc){
				.from = link->end[side].node - 1, .to = link->end[!side].node - 1,
				.cost = link->end[side].out.delay_ns, .tag = TAG(i / 2, side)};
	}
	map->paths = rec_paths_new(map->arcs, count, exp->node_count, rank);
}

static void map_done(struct map *map)
{
	rec_paths_free(map->paths);
	free(map->arcs);
	free(map->reach);
}

static const struct rec_exp_end *arc_end(const struct map *map, const struct rec_arc *arc, bool far)
{
	return &map->exp->links[arc->tag >> 1].end[(arc->tag & 1) ^ far];
}

struct way {
	const struct rec_exp_end *here;		/* where it leaves the source; NULL: it is the source */
	const struct rec_exp_end *gateway;	/* the first host's interface on it; NULL: there are only media */
};

static struct way way_to(const struct map *map, node_id node)
{
	struct way way = {0};
	const struct rec_reach *reach;

	for (; (reach = &map->reach[node - 1])->arc != REC_NO_ARC; node = map->arcs[reach->arc].from + 1) {
		const struct rec_arc *arc = &map->arcs[reach->arc];

		way.here = arc_end(map, arc, /* far= */ false);
		if (!medium_of(map->exp, arc_end(map, arc, /* far= */ true)))
			way.gateway = arc_end(map, arc, /* far= */ true);
	}
	return way;
}

/* ---- routes of one node ---- */

static const char *address_of(const struct rec_exp_end *end, bool v6)
{
	return v6 ? end->ipv6 : end->ipv4;
}

static void copy_address(char *to, const char *from)
{
	const size_t size = strcspn(from, "/");

	memcpy(to, from, size);
	to[size] = 0;
}

static void add_route(struct rec_exp_node *node, const struct rec_exp_end *to, bool v6,
		      const struct rec_exp_end *gateway, uint32_t ifid)
{
	struct rec_exp_route route = {.ifid = ifid};

	copy_address(route.destination, address_of(to, v6));
	strcat(route.destination, v6 ? "/128" : "/32");
	if (gateway)
		copy_address(route.via, address_of(gateway, v6));
	node->routes = rec__grow(node->routes, node->route_count, sizeof(*node->routes));
	node->routes[node->route_count++] = route;
}

/* An end of another node that is on the very link of the source, but not on its network. */
static void add_link_route(struct rec_exp_node *node, const struct rec_exp_end *here,
			   const struct rec_exp_end *there)
{
	for (unsigned int v6 = 0; v6 < 2; v6++) {
		char address[INET6_ADDRSTRLEN];

		copy_address(address, address_of(there, v6));
		if (!rec__on_network(address, address_of(here, v6)))
			add_route(node, there, v6, NULL, here->ifid);
	}
}

/* Which end of a link is nearer to the source; -1: none can be reached. */
static int nearer_side(const struct map *map, const struct rec_exp_link *link)
{
	const vtime_ns a = map->reach[link->end[0].node - 1].cost;
	const vtime_ns b = map->reach[link->end[1].node - 1].cost;

	if (a == UINT64_MAX && b == UINT64_MAX)
		return -1;
	return b < a || (a == b && link->end[1].node < link->end[0].node);
}

/* The addresses of a link that does not touch the node. */
static void add_far_routes(const struct map *map, struct rec_exp_node *node, const struct rec_exp_link *link,
			   bool *forwards)
{
	const int side = nearer_side(map, link);

	if (side < 0)
		return;
	const struct way way = way_to(map, link->end[side].node);

	for (unsigned int i = 0; i < 2; i++) {
		const struct rec_exp_end *to = &link->end[i];

		if (to->node == node->id || medium_of(map->exp, to))
			continue;
		if (!way.gateway) {
			/* On the same medium as the node itself. */
			add_link_route(node, way.here, to);
			continue;
		}
		if (to->node != way.gateway->node)
			forwards[way.gateway->node - 1] = true;
		add_route(node, to, /* v6= */ false, way.gateway, way.here->ifid);
		add_route(node, to, /* v6= */ true, way.gateway, way.here->ifid);
	}
}

/* Whatever is not known otherwise is on the internet. */
static void add_default_routes(struct rec_exp_node *node, const struct rec_exp_end *here,
			       const struct rec_exp_end *gateway)
{
	for (unsigned int v6 = 0; v6 < 2; v6++) {
		add_route(node, gateway, v6, gateway, here->ifid);
		strcpy(node->routes[node->route_count - 1].destination, v6 ? "::/0" : "0.0.0.0/0");
	}
}

static void add_node_routes(const struct map *map, struct rec_exp_node *node, bool *forwards)
{
	const struct rec_experiment *exp = map->exp;

	for (size_t i = 0; i < 2 * exp->link_count; i++) {
		const struct rec_exp_end *here = &exp->links[i / 2].end[i % 2],
					 *there = &exp->links[i / 2].end[!(i % 2)];

		if (here->node != node->id || !*there->ipv4)
			continue;
		add_link_route(node, here, there);
		if (on_internet(exp, &exp->links[i / 2]))
			add_default_routes(node, here, there);
	}
	for (size_t i = 0; i < exp->link_count; i++) {
		const struct rec_exp_link *link = &exp->links[i];

		if (link->end[0].node != node->id && link->end[1].node != node->id && !on_internet(exp, link))
			add_far_routes(map, node, link, forwards);
	}
}

/* What is written out stays, and comes after the automatic routes, on which its gateways may depend. */
static void add_explicit_routes(struct rec_exp_node *node, const struct rec_exp_route *routes,
				size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t kept = 0;

		for (size_t k = 0; k < node->route_count; k++)
			if (strcmp(node->routes[k].destination, routes[i].destination))
				node->routes[kept++] = node->routes[k];
		node->route_count = kept;
	}
	struct rec_exp_route *grown =
		reallocarray(node->routes, node->route_count + count, sizeof(*grown));

	CHECK(grown);
	memcpy(grown + node->route_count, routes, count * sizeof(*grown));
	node->routes = grown;
	node->route_count += count;
}

static bool has_sysctl(const struct rec_exp_node *node, const char *name)
{
	for (char **item = node->sysctls; item && *item; item++)
		if (!strncmp(*item, name, strlen(name)) && (*item)[strlen(name)] == '=')
			return true;
	return false;
}

static void add_forwarding(struct rec_exp_node *node)
{
	static const char *const names[] = {"net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"};

	for (unsigned int i = 0; i < 2; i++)
		if (!has_sysctl(node, names[i]))
			rec__add_sysctl(node, names[i], "1");
}

/* What a capture sends to a host may be for others behind it. */
static void forward_captures(const struct rec_experiment *exp, bool *forwards)
{
	for (size_t i = 0; i < exp->link_count; i++) {
		const struct rec_exp_end *end = exp->links[i].end;
		const struct rec_exp_medium *medium = medium_of(exp, &end[1]);

		if (medium && medium->kind == REC_MEDIUM_pcap && !medium_of(exp, &end[0]))
			forwards[end[0].node - 1] = true;
	}
}

void rec__add_routes(struct rec_experiment *exp)
{
	struct map map;
	_cleanup_free_ bool *forwards = calloc(exp->node_count + 1, sizeof(*forwards));

	CHECK(forwards);
	map_init(&map, exp);
	for (size_t i = 0; i < exp->node_count; i++) {
		struct rec_exp_node *node = &exp->nodes[i];
		_cleanup_free_ struct rec_exp_route *routes = STEAL(node->routes);
		const size_t count = node->route_count;

		if (node->medium)
			continue;
		node->route_count = 0;
		rec_paths_from(map.paths, node->id - 1, map.reach);
		add_node_routes(&map, node, forwards);
		if (count)
			add_explicit_routes(node, routes, count);
	}
	forward_captures(exp, forwards);
	for (size_t i = 0; i < exp->node_count; i++)
		if (forwards[i])
			add_forwarding(&exp->nodes[i]);
	map_done(&map);
}
