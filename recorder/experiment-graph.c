/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * experiment-graph.c - network.graph, with Shadow's meaning.
 *
 * All hosts that have a network_node_id are on one medium, the internet.  Its links have the hosts' bandwidths, and delay a packet by
 * half of the least latency between hosts each; what the way through the graph takes longer is added between them.  So a
 * packet takes exactly the latency of its path and the time of its bits, and the lookahead is half of the least latency.
 *
 * As in Shadow, latencies along a path add up, and the loss of a path is 1 - the product of the edges' (1 - packet_loss); of
 * two paths of equal latency the one with less loss is taken; between hosts at one place goes the edge from the place to
 * itself.  What comes down to a host waits in a queue with CoDel (target 10 ms, interval 100 ms).
 */
#include "experiment-int.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "paths.h"

#define QUEUE_DOWN 1000
#define CODEL_TARGET_NS 10000000
#define CODEL_INTERVAL_NS 100000000
#define NOWHERE UINT32_MAX

static const char one_gbit_switch[] =
	"graph [ directed 0 node [ id 0 host_bandwidth_up \"1 Gbit\" host_bandwidth_down \"1 Gbit\" ] "
	"edge [ source 0 target 0 latency \"1 ms\" packet_loss 0.0 ] ]";

struct graph {				/* as it is read */
	int value;			/* YAML nodes */
	int type, inline_text, file, path, compression;
};

struct net {				/* as it is computed */
	struct rec__load *load;
	const struct rec__gml *gml;
	int value;
	struct rec_exp_medium *medium;
	uint32_t *used;			/* [index in gml]: index in the medium's paths, NOWHERE */
	vtime_ns least;
};

int rec__take_graph_type(struct rec__load *load, int value, void *object)
{
	((struct graph *)object)->type = value;
	return 0;
}

int rec__take_graph_inline(struct rec__load *load, int value, void *object)
{
	((struct graph *)object)->inline_text = value;
	return 0;
}

int rec__take_graph_path(struct rec__load *load, int value, void *object)
{
	((struct graph *)object)->path = value;
	return 0;
}

int rec__take_graph_compression(struct rec__load *load, int value, void *object)
{
	static const char *const words[] = {"null", "xz"};
	const int word = rec__take_word(load, value, "the compression of a graph", words, 2);

	if (word > 0)
		((struct graph *)object)->compression = value;
	return word < 0 ? word : 0;
}

int rec__take_graph_file(struct rec__load *load, int value, void *object)
{
	((struct graph *)object)->file = value;
	return rec__take_map(load, value, REC__SCOPE_graph_file, object);
}

/* ---- paths ---- */

/* The loss of a path that an edge makes longer, rounded to the nearest. */
static uint64_t more_loss(uint64_t loss_ppb, uint64_t edge_ppb)
{
	const uint64_t kept = (REC_PPB - loss_ppb) * (REC_PPB - edge_ppb);

	return REC_PPB - (kept + REC_PPB / 2) / REC_PPB;
}

static uint64_t rank(const struct rec_reach *before, const struct rec_arc *arc)
{
	return more_loss(before->arc == REC_NO_ARC ? 0 : before->rank, arc->tag);
}

static uint32_t place_of(const struct rec__gml *gml, uint64_t id)
{
	for (uint32_t i = 0; i < gml->place_count; i++)
		if (gml->places[i].id == id)
			return i;
	return NOWHERE;
}

static struct rec_exp_path *path_of(const struct net *net, uint32_t from, uint32_t to)
{
	return &net->medium->paths[net->used[from] * net->medium->place_count + net->used[to]];
}

static int take_path(struct net *net, uint32_t from, uint32_t to, vtime_ns delay, uint64_t loss)
{
	struct rec_exp_path *path = path_of(net, from, to);

	if (path->delay_ns && net->load->direct_paths && !(path->delay_ns == delay && path->loss_ppb == loss))
		return rec__fail(net->load, net->value, "there are several edges between the nodes %llu and %llu; without "
				 "use_shortest_path there can be one",
				 (unsigned long long)net->gml->places[from].id, (unsigned long long)net->gml->places[to].id);
	if (!path->delay_ns || delay < path->delay_ns || (delay == path->delay_ns && loss < path->loss_ppb))
		*path = (struct rec_exp_path){delay, loss};
	return 0;
}

/* Edges from a place to itself, and, where these are the paths, all others; arcs for the others where not. */
static int take_edges(struct net *net, struct rec_arc *arcs, size_t *ret_count)
{
	const struct rec__gml *gml = net->gml;
	size_t count = 0;
	int error = 0;

	for (size_t i = 0; i < gml->edge_count && !error; i++) {
		const struct rec__gml_edge *edge = &gml->edges[i];
		const uint32_t ends[2] = {place_of(gml, edge->source), place_of(gml, edge->target)};
		const bool self = ends[0] == ends[1];

		for (unsigned int side = 0; side < 2 && !error; side++) {
			const uint32_t from = ends[side], to = ends[!side];

			if (from == NOWHERE)
				return rec__fail(net->load, net->value, "an edge of the graph names a node %llu, which there is not",
						 (unsigned long long)(side ? edge->target : edge->source));
			if (side && (self || gml->directed))
				continue;
			if (!self && !net->load->direct_paths)
				arcs[count++] = (struct rec_arc){from, to, edge->latency_ns, edge->loss_ppb};
			else if (net->used[from] != NOWHERE && net->used[to] != NOWHERE)
				error = take_path(net, from, to, edge->latency_ns, edge->loss_ppb);
		}
	}
	*ret_count = count;
	return error;
}

static int find_paths(struct net *net)
{
	const struct rec__gml *gml = net->gml;
	_cleanup_free_ struct rec_arc *arcs = calloc(2 * gml->edge_count + 1, sizeof(*arcs));
	_cleanup_free_ struct rec_reach *reach = calloc(gml->place_count + 1, sizeof(*reach));
	size_t count = 0;

	CHECK(arcs && reach);
	const int error = take_edges(net, arcs, &count);

	if (error || net->load->direct_paths)
		return error;
	struct rec_paths *paths = rec_paths_new(arcs, count, gml->place_count, rank);

	for (uint32_t from = 0; from < gml->place_count; from++) {
		if (net->used[from] == NOWHERE)
			continue;
		rec_paths_from(paths, from, reach);
		for (uint32_t to = 0; to < gml->place_count; to++)
			if (to != from && net->used[to] != NOWHERE && reach[to].cost != UINT64_MAX)
				*path_of(net, from, to) = (struct rec_exp_path){reach[to].cost, reach[to].rank};
	}
	rec_paths_free(paths);
	return 0;
}

/* All paths between places with hosts are there; the least latency. */
static int check_paths(struct net *net)
{
	const struct rec__gml *gml = net->gml;

	net->least = UINT64_MAX;
	for (uint32_t from = 0; from < gml->place_count; from++)
		for (uint32_t to = 0; to < gml->place_count; to++) {
			if (net->used[from] == NOWHERE || net->used[to] == NOWHERE)
				continue;
			const vtime_ns delay = path_of(net, from, to)->delay_ns;
			const unsigned long long ids[] = {gml->places[from].id, gml->places[to].id};

			if (!delay && from == to)
				return rec__fail(net->load, net->value, "node %llu of the graph, where hosts are, has no edge to itself; "
						 "it says how far these are apart: edge [ source %llu target %llu latency \"1 ms\" ]",
						 ids[0], ids[0], ids[0]);
			if (!delay)
				return rec__fail(net->load, net->value, "no %s leads from node %llu of the graph to node %llu",
						 net->load->direct_paths ? "edge (and use_shortest_path is false)" : "path",
						 ids[0], ids[1]);
			if (delay < net->least)
				net->least = delay;
		}
	if (net->least < 2)
		return rec__fail(net->load, net->value, "a latency of less than 2 ns is too small");
	for (size_t i = 0; i < net->medium->place_count * net->medium->place_count; i++)
		net->medium->paths[i].delay_ns -= net->least;
	return 0;
}

/* ---- hosts ---- */

static int find_places(struct net *net)
{
	struct rec__load *load = net->load;
	const struct rec_experiment *exp = load->exp;
	struct rec_exp_medium *medium = net->medium;

	for (size_t i = 0; i < exp->node_count; i++) {
		const struct rec__host *host = &load->hosts[i];

		if (host->place == UINT64_MAX)
			continue;
		const uint32_t place = place_of(net->gml, host->place);

		if (place == NOWHERE)
			return rec__fail(load, host->place_value, "the graph has no node %llu",
					 (unsigned long long)host->place);
		if (net->used[place] == NOWHERE)
			net->used[place] = (uint32_t)medium->place_count++;
	}
	if (!medium->place_count)
		return rec__fail(load, net->value, "no host is in the graph; say where they are: network_node_id: 0");
	medium->paths = calloc(medium->place_count * medium->place_count, sizeof(*medium->paths));
	CHECK(medium->paths);
	return 0;
}

/* The rates that a host's link gets when Shadow's time of bootstrapping is over. */
struct bandwidth {
	uint32_t link;
	uint64_t bps[2];		/* [side] */
};

static int end_bootstrap(struct rec__load *load, const struct rec__moment *moment)
{
	const struct bandwidth *bandwidth = moment->arg;

	for (unsigned int side = 0; side < 2; side++)
		rec__from_time(&load->exp->links[bandwidth->link].end[side], moment->at)->rate_bps = bandwidth->bps[side];
	return 0;
}

static int begin_bootstrap(struct rec__load *load, struct rec_exp_link *link)
{
	struct bandwidth *bandwidth;

	if (!load->exp->bootstrap_ns)
		return 0;
	bandwidth = rec__keep(load, sizeof(*bandwidth));
	bandwidth->link = link->id;
	for (unsigned int side = 0; side < 2; side++) {
		bandwidth->bps[side] = link->end[side].out.rate_bps;
		link->end[side].out.rate_bps = 0;
	}
	return rec__add_moment(load, (struct rec__moment){
		.at = load->exp->bootstrap_ns, .first = true, .carry_out = end_bootstrap, .arg = bandwidth});
}

static int attach(struct net *net, node_id node, node_id medium)
{
	struct rec__load *load = net->load;
	const struct rec__host *host = &load->hosts[node - 1];
	const uint32_t index = place_of(net->gml, host->place);
	const struct rec__gml_place *place = &net->gml->places[index];
	struct rec__link l = rec__link_new(host->place_value);

	l.end[0] = (struct rec__end){.end.node = node, .value = host->place_value};
	l.end[1] = (struct rec__end){.end.node = medium, .value = host->place_value};
	l.both.rate_bps = host->up_bps ?: place->up_bps;
	l.both.delay_ns = net->least / 2;
	if (!l.both.rate_bps || !(host->down_bps ?: place->down_bps))
		return rec__fail(load, host->place_value, "'%s' has no %s: neither the host nor node %llu of the graph has one",
				 load->exp->nodes[node - 1].name, l.both.rate_bps ? "bandwidth_down" : "bandwidth_up",
				 (unsigned long long)host->place);
	const int error = rec__add_link(load, &l);

	if (error < 0)
		return error;
	struct rec_exp_channel *down = &load->exp->links[load->exp->link_count - 1].end[1].out;

	down->rate_bps = host->down_bps ?: place->down_bps;
	down->delay_ns = net->least - l.both.delay_ns;
	down->queue_frames = QUEUE_DOWN;
	down->queue = (struct rec_queue_rule){.discipline = REC_CODEL, .target_ns = CODEL_TARGET_NS,
					      .interval_ns = CODEL_INTERVAL_NS};
	net->medium->place = rec__grow(net->medium->place, load->hosts[medium - 1].interface_count - 1,
				       sizeof(*net->medium->place));
	net->medium->place[load->hosts[medium - 1].interface_count - 1] = net->used[index];
	return begin_bootstrap(load, &load->exp->links[load->exp->link_count - 1]);
}

static int build(struct rec__load *load, int value, const struct rec__gml *gml, struct rec_exp_medium *medium,
		 node_id id)
{
	struct net net = {
		.load = load, .gml = gml, .value = value, .medium = medium,
		.used = malloc((gml->place_count + 1) * sizeof(*net.used)),
	};
	const size_t hosts = load->exp->node_count;

	CHECK(net.used);
	memset(net.used, 0xff, (gml->place_count + 1) * sizeof(*net.used));
	int error = find_places(&net) ?: find_paths(&net) ?: check_paths(&net);

	for (size_t i = 0; i < hosts && !error; i++)
		if (load->hosts[i].place != UINT64_MAX)
			error = attach(&net, (node_id)i + 1, id);
	free(net.used);
	return error;
}

/* ---- the text ---- */

static int read_graph(struct rec__load *load, const struct graph *graph, struct rec__gml *ret)
{
	static const char *const types[] = {"gml", "1_gbit_switch"};

	if (!graph->type)
		return rec__fail(load, graph->value, "a graph needs its type: type: gml");
	const int type = rec__take_word(load, graph->type, "the type of a graph", types, 2);

	if (type < 0)
		return type;
	if (type == 1)
		return rec__gml_read(load, graph->value, "1_gbit_switch", one_gbit_switch, ret);
	if (!graph->inline_text == !graph->path)
		return rec__fail(load, graph->value, "a graph of type gml has either 'inline' or 'file: {path: FILE}'");
	if (graph->inline_text) {
		const char *text = rec__scalar(load, graph->inline_text, "the graph");

		return text ? rec__gml_read(load, graph->inline_text, "the graph", text, ret) : -EINVAL;
	}
	const char *path = rec__scalar(load, graph->path, "the path of a graph");

	if (!path)
		return -EINVAL;
	_cleanup_free_ char *text = graph->compression ? rec__file_text_xz(load, graph->path, path)
						       : rec__file_text(load, graph->path, path);

	return text ? rec__gml_read(load, graph->path, path, text, ret) : -EINVAL;
}

int rec__take_graph(struct rec__load *load, int value, void *object)
{
	struct rec_experiment *exp = load->exp;
	struct graph graph = {.value = value};
	struct rec__gml gml = {0};
	int error = rec__take_map(load, value, REC__SCOPE_graph, &graph) ?: read_graph(load, &graph, &gml);

	if (error)
		return error;
	error = rec__add_named_node(load, value, "internet");
	if (!error) {
		struct rec_exp_node *node = &exp->nodes[exp->node_count - 1];

		node->medium = calloc(1, sizeof(*node->medium));
		CHECK(node->medium);
		node->medium->kind = REC_MEDIUM_internet;
		error = build(load, value, &gml, node->medium, node->id);
	}
	free(gml.places);
	free(gml.edges);
	return error;
}
