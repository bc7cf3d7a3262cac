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
 */
#include "experiment-int.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"

#define NO_LINK UINT32_MAX

struct hop {			/* how a node is reached from the source */
	vtime_ns distance;	/* UINT64_MAX: not */
	uint32_t link, side;	/* first link of the path, and which end of it is the source */
	bool done;
};

struct half {			/* one direction of a link, sorted by the node where it begins */
	uint32_t link, side;
};

struct graph {
	const struct rec_experiment *exp;
	struct half *halves;
	size_t *first;		/* [node - 1]: into halves; [node]: end */
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

static void graph_init(struct graph *g, const struct rec_experiment *exp)
{
	const size_t count = 2 * exp->link_count;
	size_t used = 0;

	g->exp = exp;
	g->halves = calloc(count + 1, sizeof(*g->halves));
	g->first = calloc(exp->node_count + 2, sizeof(*g->first));
	CHECK(g->halves && g->first);
	for (size_t i = 0; i < count; i++)
		g->first[exp->links[i / 2].end[i % 2].node]++;
	for (size_t n = 1; n <= exp->node_count; n++)
		g->first[n] += g->first[n - 1];
	/* Now first[n] is the end of node n (from 1), and the start of the next: filled from behind. */
	for (size_t i = count; i-- > 0; used++) {
		const node_id node = exp->links[i / 2].end[i % 2].node;

		g->halves[--g->first[node]] = (struct half){(uint32_t)(i / 2), i % 2};
	}
	CHECK(used == count);
	/* first[n] is the start of node n: shift so that it is first[n - 1]. */
	memmove(g->first, g->first + 1, exp->node_count * sizeof(*g->first));
	g->first[exp->node_count] = count;
}

static void graph_done(struct graph *g)
{
	free(g->halves);
	free(g->first);
}

/* ---- a heap of nodes by (distance, number), entries of which may be stale ---- */

struct entry {
	vtime_ns distance;
	node_id node;
};

struct heap {
	struct entry *entries;
	size_t count;
};

static bool before(const struct entry *a, const struct entry *b)
{
	return a->distance != b->distance ? a->distance < b->distance : a->node < b->node;
}

static void heap_push(struct heap *heap, struct entry entry)
{
	size_t at = heap->count++;

	for (; at && before(&entry, &heap->entries[(at - 1) / 2]); at = (at - 1) / 2)
		heap->entries[at] = heap->entries[(at - 1) / 2];
	heap->entries[at] = entry;
}

static struct entry heap_pop(struct heap *heap)
{
	const struct entry top = heap->entries[0], last = heap->entries[--heap->count];
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < heap->count &&
		    before(&heap->entries[child + 1], &heap->entries[child]))
			child++;
		if (child >= heap->count || !before(&heap->entries[child], &last))
			break;
		heap->entries[at] = heap->entries[child];
		at = child;
	}
	heap->entries[at] = last;
	return top;
}

/* The heap's limit: each direction of a link is pushed once at most, and the source. */
static void shortest_paths(const struct graph *g, node_id source, struct hop *hops, struct heap *heap)
{
	for (size_t i = 0; i < g->exp->node_count; i++)
		hops[i] = (struct hop){.distance = UINT64_MAX, .link = NO_LINK};
	hops[source - 1].distance = 0;
	heap->count = 0;
	heap_push(heap, (struct entry){0, source});
	while (heap->count) {
		const node_id node = heap_pop(heap).node;
		struct hop *hop = &hops[node - 1];

		if (hop->done)
			continue;
		hop->done = true;
		for (size_t i = g->first[node - 1]; i < g->first[node]; i++) {
			const struct half *half = &g->halves[i];
			const struct rec_exp_end *end = &g->exp->links[half->link].end[half->side];
			const node_id far = g->exp->links[half->link].end[!half->side].node;
			const struct hop reached = {
				.distance = hop->distance + end->out.delay_ns,
				.link = node == source ? half->link : hop->link,
				.side = node == source ? half->side : hop->side,
			};

			if (reached.distance < hops[far - 1].distance) {
				hops[far - 1] = reached;
				heap_push(heap, (struct entry){reached.distance, far});
			} else if (reached.distance == hops[far - 1].distance && !hops[far - 1].done &&
				   reached.link < hops[far - 1].link) {
				hops[far - 1] = reached;
			}
		}
	}
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
static int nearer_side(const struct rec_exp_link *link, const struct hop *hops)
{
	const vtime_ns a = hops[link->end[0].node - 1].distance;
	const vtime_ns b = hops[link->end[1].node - 1].distance;

	if (a == UINT64_MAX && b == UINT64_MAX)
		return -1;
	return b < a || (a == b && link->end[1].node < link->end[0].node);
}

/* Both addresses of a link that does not touch the node. */
static void add_far_routes(struct rec_experiment *exp, struct rec_exp_node *node,
			   const struct rec_exp_link *link, const struct hop *hops, bool *forwards)
{
	const int side = nearer_side(link, hops);

	if (side < 0)
		return;
	const struct hop *hop = &hops[link->end[side].node - 1];
	const struct rec_exp_end *here = &exp->links[hop->link].end[hop->side];
	const struct rec_exp_end *gateway = &exp->links[hop->link].end[!hop->side];

	for (unsigned int i = 0; i < 2; i++) {
		const struct rec_exp_end *to = &link->end[i];

		if (to->node == node->id)
			continue;
		if (to->node != gateway->node)
			forwards[gateway->node - 1] = true;
		add_route(node, to, /* v6= */ false, gateway, here->ifid);
		add_route(node, to, /* v6= */ true, gateway, here->ifid);
	}
}

static void add_node_routes(struct rec_experiment *exp, struct rec_exp_node *node,
			    const struct hop *hops, bool *forwards)
{
	for (size_t i = 0; i < exp->link_count; i++)
		for (unsigned int side = 0; side < 2; side++)
			if (exp->links[i].end[side].node == node->id)
				add_link_route(node, &exp->links[i].end[side],
					       &exp->links[i].end[!side]);
	for (size_t i = 0; i < exp->link_count; i++)
		if (exp->links[i].end[0].node != node->id && exp->links[i].end[1].node != node->id)
			add_far_routes(exp, node, &exp->links[i], hops, forwards);
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

void rec__add_routes(struct rec_experiment *exp)
{
	struct graph g = {0};
	struct heap heap = {.entries = calloc(2 * exp->link_count + 2, sizeof(*heap.entries))};
	_cleanup_free_ struct hop *hops = calloc(exp->node_count + 1, sizeof(*hops));
	_cleanup_free_ bool *forwards = calloc(exp->node_count + 1, sizeof(*forwards));

	CHECK(heap.entries && hops && forwards);
	graph_init(&g, exp);
	for (size_t i = 0; i < exp->node_count; i++) {
		struct rec_exp_node *node = &exp->nodes[i];
		_cleanup_free_ struct rec_exp_route *routes = STEAL(node->routes);
		const size_t count = node->route_count;

		node->route_count = 0;
		shortest_paths(&g, node->id, hops, &heap);
		add_node_routes(exp, node, hops, forwards);
		if (count)
			add_explicit_routes(node, routes, count);
	}
	for (size_t i = 0; i < exp->node_count; i++)
		if (forwards[i])
			add_forwarding(&exp->nodes[i]);
	graph_done(&g);
	free(heap.entries);
}
