/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Media: who gets a frame, when, and how often; addresses, graphs, and what is refused. */
#include "medium.h"

#include <math.h>
#include "experiment-text.h"

/* ---- a medium by itself ---- */

#define GOT_MAX 64

struct air {				/* what came out of the medium, by time */
	struct rec_node_env env;
	struct rec_medium *medium;
	const struct rec_experiment *exp;
	struct rec_packet *got[GOT_MAX];
	size_t count;
	uint64_t sent;
};

static void on_send(void *arg, struct rec_packet *packet)
{
	struct air *air = arg;

	HOLDS(air->count < GOT_MAX);
	air->got[air->count++] = packet;
}

static void air_open(struct air *air, const struct rec_experiment *exp, const char *name)
{
	*air = (struct air){.env = {.exp = exp, .send = on_send, .arg = air}, .exp = exp};
	for (node_id id = 1; id <= exp->node_count; id++)
		if (!strcmp(exp->nodes[id - 1].name, name))
			air->medium = rec_medium_new(&air->env, id);
	if (!air->medium)
		exit(done());
}

static void air_forget(struct air *air)
{
	for (size_t i = 0; i < air->count; i++)
		free(air->got[i]);
	air->count = 0;
}

static void air_close(struct air *air)
{
	air_forget(air);
	rec_medium_free(air->medium);
}

/* A frame of a host's interface arrives at a port; to: which host it is for, -1: everybody.  Hosts count from 0. */
static void air_send_from(struct air *air, vtime_ns at, uint32_t port, uint32_t from, int to)
{
	const uint8_t mac_of[] = {2, 0, 0, 0, 0, 0};
	struct rec_packet *packet = calloc(1, sizeof(*packet) + 1000);

	*packet = (struct rec_packet){.arrive_ns = at, .packet = 1ull << 40 | air->sent++, .src = from + 1,
				      .dst_ifid = port, .size = 1000};
	memset(packet->frame, 0xff, 6);
	if (to >= 0) {
		memcpy(packet->frame, mac_of, 6);
		packet->frame[3] = (uint8_t)(to + 1);
	}
	memcpy(packet->frame + 6, mac_of, 6);
	packet->frame[9] = (uint8_t)(from + 1);
	rec_medium_receive(air->medium, packet);
	rec_medium_run(air->medium, at + 1);
}

static void air_send(struct air *air, vtime_ns at, uint32_t from, int to)
{
	air_send_from(air, at, from, from, to);
}

/* Which hosts got it, as bits from host 1. */
static unsigned got_by(struct air *air)
{
	unsigned bits = 0;

	rec_medium_run(air->medium, UINT64_MAX);
	for (size_t i = 0; i < air->count; i++)
		bits |= 1u << (air->got[i]->dst - 1);
	air_forget(air);
	return bits;
}

#define SWITCH                                                                                     \
	"hosts: {a: {processes: [{path: /x}]}, b: {}, c: {}, d: {}}\n"                              \
	"network: {media: {lan: {kind: switch, age: 10 s, hosts: [a, b, c, d], link: {delay: 10 us, rate: 1 Gbit/s}}}}\n"

static void test_switch(void)
{
	struct rec_experiment *exp = good(SWITCH);
	struct air air;

	part("a switch learns");
	air_open(&air, exp, "lan");
	air_send(&air, 1000, 0, 1);
	EQUAL(got_by(&air), 0xe);	/* b has not been heard yet: to all others */
	air_send(&air, 2000, 1, 0);
	EQUAL(got_by(&air), 0x1);	/* a has */
	air_send(&air, 3000, 0, 1);
	EQUAL(got_by(&air), 0x2);
	air_send(&air, 4000, 2, -1);
	EQUAL(got_by(&air), 0xb);
	/* What is not heard of for ten seconds is forgotten, at that nanosecond. */
	air_send(&air, 10000001999, 0, 1);
	EQUAL(got_by(&air), 0x2);
	air_send(&air, 10000002000, 0, 1);
	EQUAL(got_by(&air), 0xe);
	air_close(&air);

	part("the way takes both links");
	air_open(&air, exp, "lan");
	air_send(&air, 5000, 1, -1);
	air_forget(&air);
	air_send(&air, 9000000, 0, 1);
	EQUAL(air.count, 1);
	EQUAL(air.got[0]->arrive_ns, 9000000 + 8000 + 10000);
	EQUAL(air.got[0]->dst, 2);
	/* Two at once: the second waits for the first on the way out. */
	air_forget(&air);
	air_send(&air, 20000000, 0, 1);
	air_send(&air, 20000000, 2, 1);
	EQUAL(air.count, 2);
	EQUAL(air.got[1]->arrive_ns, 20000000 + 16000 + 10000);
	air_close(&air);
	EQUAL(exp->lookahead, 10000);
	STRING(exp->links[0].end[0].ipv4, "10.0.0.1/24");
	STRING(exp->links[3].end[0].ipv4, "10.0.0.4/24");
	STRING(exp->links[3].end[0].ipv6, "fd00::4/64");
	rec_experiment_free(exp);
}

static void test_pairs(void)
{
	struct rec_experiment *exp = good(SWITCH "timeline:\n- {at: 1 ms, partition: [[a], [b, c]]}\n"
					  "- {at: 2 ms, heal: all}\n"
					  "- {at: 3 ms, set: {links: a>b, to: {delay: 7 ms}}}\n"
					  "- {at: 4 ms, partition: {from: [c], to: [a]}}\n");
	struct air air;

	part("pairs on a medium");
	air_open(&air, exp, "lan");
	air_send(&air, 999999, 0, -1);
	EQUAL(got_by(&air), 0xe);
	air_send(&air, 1000000, 0, -1);
	EQUAL(got_by(&air), 0x8);
	air_send(&air, 1000000, 1, -1);
	EQUAL(got_by(&air), 0xc);
	air_send(&air, 2000000, 0, -1);
	EQUAL(got_by(&air), 0xe);
	air_send(&air, 3000000, 0, -1);
	for (size_t i = 0; i < air.count; i++)
		HOLDS(air.got[i]->dst != 2);
	EQUAL(got_by(&air), 0xe);
	air_close(&air);
	air_open(&air, exp, "lan");
	air_send(&air, 4000000, 0, -1);
	air_send(&air, 4000000, 2, -1);
	rec_medium_run(air.medium, UINT64_MAX);
	/* From a to all, from c to b and d alone. */
	EQUAL(air.count, 5);
	for (size_t i = 0; i < air.count; i++)
		HOLDS(air.got[i]->dst != 1);
	air_close(&air);
	rec_experiment_free(exp);
}

/* The name of a medium stands for all links to it. */
static void test_medium_down(void)
{
	struct rec_experiment *exp = good(SWITCH "timeline:\n- {at: 1 s, down: lan}\n- {at: 2 s, up: [lan]}\n");

	part("a medium goes down");
	EQUAL(exp->pair_count, 0);
	for (size_t i = 0; i < 8; i++) {
		const struct rec_exp_end *end = &exp->links[i / 2].end[i % 2];

		HOLDS(!rec_channel_at(end, 999999999)->down && rec_channel_at(end, 1000000000)->down);
		HOLDS(!rec_channel_at(end, 2000000000)->down);
	}
	rec_experiment_free(exp);
	bad(SWITCH "timeline:\n- {at: 1 s, down: wan}\n", ":4:19: ", "there is no link 'wan'");
}

/* What is between two hosts on switches that are joined is dealt with at the last one. */
static void test_joined(void)
{
	struct rec_experiment *exp = good(
		"hosts: {a: {processes: [{path: /x}]}, b: {}, c: {}}\n"
		"network:\n  media:\n    one: {kind: switch, hosts: [a], link: {delay: 1 us}}\n"
		"    two: {kind: switch, hosts: [b, c], link: {delay: 1 us}}\n"
		"  links: [{ends: [one, two], delay: 1 us}]\n"
		"timeline:\n- {at: 1 ms, partition: [[a], [b]]}\n");
	struct air air;

	part("pairs across switches");
	EQUAL(exp->pair_count, 1);
	air_open(&air, exp, "two");
	/* From port 2, which leads to the other switch: in a's name. */
	air_send_from(&air, 999999, 2, 0, -1);
	EQUAL(got_by(&air), 0x6);
	air_send_from(&air, 1000000, 2, 0, -1);
	EQUAL(got_by(&air), 0x4);
	air_send(&air, 1000000, 1, -1);
	EQUAL(got_by(&air), 0xa);
	air_close(&air);
	air_open(&air, exp, "one");
	air_send(&air, 1000000, 0, -1);
	EQUAL(got_by(&air), 0x10);
	air_close(&air);
	rec_experiment_free(exp);
}

/* ---- an internet ---- */

#define GRAPH                                                                                      \
	"hosts:\n  a: {network_node_id: 0, processes: [{path: /x}]}\n  b: {network_node_id: 2, bandwidth_up: 1 Mbit}\n" \
	"  c: {network_node_id: 2, ip_addr: 11.0.0.2}\n  d: {network_node_id: 2}\n"                                  \
	"network:\n  graph:\n    type: gml\n    inline: |\n      graph [\n"                              \
	"        comment \"a detour of 30 ms is shorter than the edge of 40 ms\"\n"                     \
	"        node [ id 0 host_bandwidth_up \"10 Mbit\" host_bandwidth_down \"20 Mbit\" ]\n"         \
	"        node [ id 1 label \"on the way\" ]\n"                                                  \
	"        node [ id 2 host_bandwidth_up \"10 Mbit\" host_bandwidth_down \"20 Mbit\" ]\n"         \
	"        edge [ source 0 target 0 latency \"2 ms\" ]\n"                                         \
	"        edge [ source 2 target 2 latency \"6 ms\" packet_loss 0.25 ]\n"                        \
	"        edge [ source 0 target 2 latency \"40 ms\" ]\n"                                        \
	"        edge [ source 0 target 1 latency \"10 ms\" packet_loss 0.1 ]\n"                        \
	"        edge [ source 1 target 2 latency \"20 ms\" packet_loss 0.2 ]\n      ]\n"

static void test_graph(void)
{
	struct rec_experiment *exp = good(GRAPH);
	const struct rec_exp_medium *internet = exp->nodes[4].medium;

	part("a graph");
	HOLDS(internet && internet->kind == REC_MEDIUM_internet);
	EQUAL(exp->link_count, 4);
	EQUAL(internet->place_count, 2);
	EQUAL(exp->lookahead, 1000000);
	/* Halves of the least latency on the links, the rest between. */
	EQUAL(exp->links[0].end[0].out.delay_ns, 1000000);
	EQUAL(internet->paths[0].delay_ns, 0);
	EQUAL(internet->paths[1].delay_ns, 28000000);
	EQUAL(internet->paths[1].loss_ppb, 280000000);
	EQUAL(internet->paths[2].delay_ns, 28000000);
	EQUAL(internet->paths[3].delay_ns, 4000000);
	EQUAL(internet->paths[3].loss_ppb, 250000000);
	EQUAL(exp->links[0].end[0].out.rate_bps, 10000000);
	EQUAL(exp->links[1].end[0].out.rate_bps, 1000000);
	EQUAL(exp->links[1].end[1].out.rate_bps, 20000000);
	STRING(exp->links[0].end[0].ipv4, "11.0.0.1/32");
	STRING(exp->links[1].end[0].ipv4, "11.0.0.3/32");
	STRING(exp->links[2].end[0].ipv4, "11.0.0.2/32");
	STRING(exp->links[3].end[0].ipv4, "11.0.0.4/32");
	rec_experiment_free(exp);

}

/* Until bootstrap_end_time there is no limit. */
static void test_bootstrap(void)
{
	struct rec_experiment *exp = good("general: {bootstrap_end_time: 10 s}\n" GRAPH);
	const struct rec_exp_end *up = &exp->links[1].end[0], *down = &exp->links[1].end[1];

	part("bootstrap");
	EQUAL(rec_channel_at(up, 9999999999)->rate_bps, 0);
	EQUAL(rec_channel_at(up, 10000000000)->rate_bps, 1000000);
	EQUAL(rec_channel_at(down, 9999999999)->rate_bps, 0);
	EQUAL(rec_channel_at(down, 10000000000)->rate_bps, 20000000);
	EQUAL(exp->bootstrap_ns, 10000000000);
	rec_experiment_free(exp);
}

static void test_direct(void)
{
	static const char text[] =
		"hosts:\n  a: {network_node_id: 0, processes: [{path: /x}]}\n  b: {network_node_id: 1}\n"
		"network:\n  use_shortest_path: false\n  graph:\n    type: gml\n    inline: |\n      graph [ directed %d\n"
		"        node [ id 0 host_bandwidth_up \"1 Mbit\" host_bandwidth_down \"1 Mbit\" ]\n"
		"        node [ id 1 host_bandwidth_up \"1 Mbit\" host_bandwidth_down \"1 Mbit\" ]\n"
		"        edge [ source 0 target 0 latency \"1 ms\" ]\n        edge [ source 1 target 1 latency \"1 ms\" ]\n"
		"        edge [ source 0 target 1 latency \"9 ms\" ]\n%s      ]\n";
	char whole[2000];
	struct rec_experiment *exp;

	part("direct edges");
	snprintf(whole, sizeof(whole), text, 1, "        edge [ source 1 target 0 latency \"3 ms\" ]\n");
	exp = good(whole);
	EQUAL(exp->nodes[2].medium->paths[1].delay_ns, 8000000);
	EQUAL(exp->nodes[2].medium->paths[2].delay_ns, 2000000);
	rec_experiment_free(exp);
	snprintf(whole, sizeof(whole), text, 0, "");
	exp = good(whole);
	EQUAL(exp->nodes[2].medium->paths[2].delay_ns, 8000000);
	rec_experiment_free(exp);
	snprintf(whole, sizeof(whole), text, 1, "");
	bad(whole, ":7:", "no edge (and use_shortest_path is false) leads from node 1 of the graph to node 0");
	snprintf(whole, sizeof(whole), text, 0, "        edge [ source 1 target 0 latency \"3 ms\" ]\n");
	bad(whole, ":7:", "there are several edges between the nodes 1 and 0");
}

/* 10^5 packets from d to c, whose path loses a quarter. */
static void test_loss(void)
{
	struct rec_experiment *exp = good(GRAPH);
	struct air air;
	unsigned passed = 0;
	const unsigned count = 100000;

	part("loss of a path");
	air_open(&air, exp, "internet");
	for (unsigned i = 0; i < count; i++) {
		struct rec_packet *packet = calloc(1, sizeof(*packet) + 60);

		*packet = (struct rec_packet){.arrive_ns = i * 10000000ull, .packet = 4ull << 40 | i, .src = 4,
					      .dst_ifid = 3, .size = 60};
		packet->frame[12] = 8;
		memcpy(packet->frame + 30, (uint8_t[]){11, 0, 0, 2}, 4);
		rec_medium_receive(air.medium, packet);
		rec_medium_run(air.medium, i * 10000000ull + 9000000);
		passed += air.count == 1;
		if (air.count == 1 && i < 1000)
			/* 4 ms between the links, 24 us for 60 bytes at 20 Mbit/s, 1 ms on the link */
			EQUAL(air.got[0]->arrive_ns, i * 10000000ull + 4000000 + 24000 + 1000000);
		air_forget(&air);
		fmt_buf_clear(rec_medium_events(air.medium));
	}
	/* Five standard deviations of the binomial law. */
	HOLDS(fabs(passed - 0.75 * count) < 5 * sqrt(count * 0.25 * 0.75));
	air_close(&air);
	rec_experiment_free(exp);
}

#define SHADOW(gml)                                                                                \
	"hosts: {a: {network_node_id: 0, processes: [{path: /x}]}, b: {network_node_id: 0}}\n"       \
	"network:\n  graph:\n    type: gml\n    inline: |\n" gml
#define NODE "      graph [ node [ id 0 host_bandwidth_up \"1 Mbit\" host_bandwidth_down \"1 Mbit\" ]\n"

static void test_complaints(void)
{
	part("complaints about graphs");
	bad(SHADOW(NODE "      ]\n"), ":5:", "node 0 of the graph, where hosts are, has no edge to itself");
	bad(SHADOW(NODE "      edge [ source 0 target 1 latency \"1 ms\" ] ]\n"), ":5:", "names a node 1");
	bad(SHADOW(NODE "      edge [ source 0 target 0 latency \"1 parsec\" ] ]\n"), "the graph:2:34: ", "latency is not a time above 0");
	bad(SHADOW(NODE "      edge [ source 0 target 0 latency \"-1 ms\" ] ]\n"), "the graph:2:34: ", "latency is not a time above 0");
	bad(SHADOW(NODE "      edge [ source 0 target 0 latency \"0 ms\" ] ]\n"), "the graph:2:34: ", "latency is not a time above 0");
	bad(SHADOW(NODE "      edge [ source 0 target 0 latency \"1 ms\" packet_loss 1.5 ] ]\n"), "the graph:2:53: ",
	    "packet_loss is to be a number from 0 to 1");
	bad(SHADOW(NODE "      edge [ source 0 target 0 ] ]\n"), "the graph:2:1: ", "needs source, target and latency");
	bad(SHADOW(NODE "      node [ id 0 ] ]\n"), "the graph:2:1: ", "a node with the id 0 already");
	bad(SHADOW(NODE "      node [ label \"x\" ] ]\n"), "the graph:2:1: ", "this node has no id");
	bad(SHADOW(NODE), "the graph:2:1: ", "here is to be a key or ] of the graph");
	bad(SHADOW("      digraph { a -> b }\n"), "the graph:1:9: ", "here is to be a value");
	bad(SHADOW("      graph [ node [ id 0 host_bandwidth_up \"0 Mbit\" ] ]\n"), "the graph:1:39: ", "not a rate above 0");
	bad(SHADOW("      graph [ node [ id 7 ] ]\n"), ":1:", "the graph has no node 0");
	bad(SHADOW("      graph [ node [ id 0 ] edge [ source 0 target 0 latency \"1 s\" ] ]\n"), ":1:",
	    "'a' has no bandwidth_up");
	bad("hosts: {a: {network_node_id: 0, processes: [{path: /x}]}, b: {network_node_id: 0}}\n"
	    "network: {graph: {type: gml, file: {path: none.gml}}}\n", ":2:43: ", "/tmp/none.gml: No such file");
	bad("hosts: {a: {network_node_id: 0, processes: [{path: /x}]}, b: {network_node_id: 0}}\n", ":1:30: ",
	    "there is no graph in which this would be a node");
	bad("hosts: {a: {network_node_id: 0, processes: [{path: /x}]}}\nnetwork: {graph: {type: 2_gbit_switch}}\n", ":2:25: ",
	    "did you mean '1_gbit_switch'?");

	part("complaints about media");
#define TWO "hosts: {a: {processes: [{path: /x}]}, b: {}}\nnetwork:\n  media:\n"
	bad(TWO "    lan: {hosts: [a, b], link: {delay: 1 ms}}\n", ":4:10: ", "a medium needs its kind");
	bad(TWO "    lan: {kind: swich, hosts: [a, b], link: {delay: 1 ms}}\n", ":4:17: ", "did you mean 'switch'?");
	bad(TWO "    lan: {kind: switch, hosts: [a, x], link: {delay: 1 ms}}\n", ":4:36: ", "there is no host 'x'");
	bad(TWO "    lan: {kind: switch, hosts: [a, b]}\n", ":4:33: ", "a link needs a delay");
	bad(TWO "    a: {kind: switch, hosts: [b], link: {delay: 1 ms}}\n", ":4:5: ", "there is a host 'a' already");
	bad(TWO "    lan: {kind: switch}\n  links: [{ends: [a, b], delay: 1 ms}]\n", ":4:5: ", "nobody is on 'lan'");
	bad(TWO "    l: {kind: switch, hosts: [a], link: {delay: 1 ms}}\n    m: {kind: switch, hosts: [b], link: {delay: 1 ms}}\n"
	    "  links: [{ends: [l, m], delay: 1 ms}, {ends: [l, m], delay: 1 ms}]\n", ":6:40: ", "closes a loop of switches");
	bad(TWO "    l: {kind: switch, hosts: [a], link: {delay: 1 ms}}\n    m: {kind: radio, hosts: [b], link: {delay: 1 ms}}\n"
	    "  links: [{ends: [l, m], delay: 1 ms}]\n", ":6:11: ", "only switches can be joined");
}

/* Hosts behind a router learn the way to a switch, and back. */
static void test_routes(void)
{
	struct rec_experiment *exp = good(
		"hosts: {a: {processes: [{path: /x}]}, r: {}, b: {}, c: {}}\n"
		"network:\n  media:\n    one: {kind: switch, hosts: [b], link: {delay: 1 us}}\n"
		"    two: {kind: switch, hosts: [c, r], link: {delay: 1 us}}\n"
		"  links:\n  - {ends: [one, two], delay: 1 us}\n  - {ends: [a, r], delay: 1 ms}\n");
	bool found = false;

	part("routes across media");
	/* Switches that are joined are one network, with the number of its first link. */
	STRING(exp->links[0].end[0].ipv4, "10.0.0.1/24");
	STRING(exp->links[1].end[0].ipv4, "10.0.0.2/24");
	STRING(exp->links[2].end[0].ipv4, "10.0.0.3/24");
	STRING(exp->links[4].end[0].ipv4, "10.0.4.1/24");
	for (size_t i = 0; i < exp->nodes[2].route_count; i++) {
		const struct rec_exp_route *route = &exp->nodes[2].routes[i];

		HOLDS(strncmp(route->destination, "10.0.0.", 7) != 0);
		found |= !strcmp(route->destination, "10.0.4.1/32") && !strcmp(route->via, "10.0.0.3");
	}
	HOLDS(found);
	HOLDS(exp->nodes[1].sysctls && !strcmp(exp->nodes[1].sysctls[0], "net.ipv4.ip_forward=1"));
	HOLDS(!exp->nodes[2].sysctls);
	rec_experiment_free(exp);
}

/* Whatever becomes of a graph's text: an experiment or a complaint, and no memory that is not ours. */
static void test_damaged(void)
{
	struct rec_exp_error error;
	char text[sizeof(GRAPH)];
	unsigned whole = 0;

	part("damaged graphs");
	for (size_t i = strlen(SHADOW("")); i < sizeof(GRAPH); i += 3) {
		snprintf(text, sizeof(text), "%.*s", (int)i, GRAPH);
		struct rec_experiment *exp = load(text, &error);

		whole += exp != NULL;
		HOLDS(!exp == !!*error.text);
		rec_experiment_free(exp);
	}
	for (unsigned i = 0; i < 2000; i++) {
		strcpy(text, GRAPH);
		const size_t at = strlen(SHADOW("")) + random_below(sizeof(GRAPH) - 1 - strlen(SHADOW("")));

		text[at] = "[]\"# \n019.-ex"[random_below(14)];
		struct rec_experiment *exp = load(text, &error);

		whole += exp != NULL;
		HOLDS(!exp == !!*error.text);
		rec_experiment_free(exp);
	}
	/* Blanks and digits do no harm here and there. */
	HOLDS(whole > 10 && whole < 1900);
}

int main(void)
{
	own_file(experiment_path);
	test_switch();
	test_pairs();
	test_joined();
	test_medium_down();
	test_graph();
	test_bootstrap();
	test_direct();
	test_loss();
	test_complaints();
	test_damaged();
	test_routes();
	unlink(experiment_path);
	return done();
}
