/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Experiments: what a full file gives, every complaint with its place, units, and damaged files. */
#include "experiment.h"

#include <errno.h>
#include <unistd.h>

#include "unit.h"

static char path[] = "/tmp/test-experiment-XXXXXX";

static void write_file(const char *text, size_t size)
{
	FILE *file = fopen(path, "w");

	if (!file || fwrite(text, 1, size, file) != size || fclose(file))
		abort();
}

static struct rec_experiment *load(const char *text, const char *const *set,
				   struct rec_exp_error *error)
{
	struct rec_experiment *exp = NULL;

	write_file(text, strlen(text));
	*error = (struct rec_exp_error){0};
	const int result = rec_experiment_load(path, set, &exp, error);

	EQUAL(result == 0, exp != NULL);
	if (result)
		HOLDS(*error->text);
	return exp;
}

static struct rec_experiment *good(const char *text)
{
	struct rec_exp_error error;
	struct rec_experiment *exp = load(text, NULL, &error);

	STRING(error.text, "");
	if (!exp)
		exit(done());
	return exp;
}

/* The complaint begins with the file's name, the place, and what follows. */
static void bad_set(const char *text, const char *const *set, const char *place, const char *what)
{
	struct rec_exp_error error;
	struct rec_experiment *exp = load(text, set, &error);
	char expected[400];

	snprintf(expected, sizeof(expected), "%s%s%s%s", set ? "" : path, set ? "" : ":", place, what);
	if (strncmp(error.text, expected, strlen(expected)))
		STRING(error.text, expected);
	rec_experiment_free(exp);
}

static void bad(const char *text, const char *place, const char *what)
{
	bad_set(text, NULL, place, what);
}

static const char full[] =
	"general: {stop_time: 1 min, seed: 7, realtime: 2001-02-03T04:05:06Z, parallelism: 4}\n"
	"model: {syscall: 2 us, clock: 0}\n"
	"x-mine: [whatever]\n"
	"hosts:\n"
	"  a:\n"
	"    memory: 32 MiB\n"
	"    sysctls: {net.ipv4.tcp_sack: 0, net/ipv4/conf/eth0.1/rp_filter: 2}\n"
	"    processes:\n"
	"    - path: /bin/echo\n"
	"      args: \"-n 'a b' \\\"c\\\\\\\"d\\\" e\\\\ f '' g'h'i\"\n"
	"      environment: {ZED: 1, PATH: /bin, A: x}\n"
	"      start_time: 1.5\n"
	"      shutdown_time: 5 s\n"
	"      shutdown_signal: INT\n"
	"      expected_final_state: {signaled: SIGINT}\n"
	"      quantity: 2\n"
	"    - {path: sleep, name: nap, args: [1, ~x], expected_final_state: running}\n"
	"  b: {sysctls: {net.ipv4.ip_forward: 0}}\n"
	"  c: {ip_addr: 11.0.0.1, routes: [{to: default, via: 10.0.1.1}]}\n"
	"  d: {isolated: true}\n"
	"network:\n"
	"  links:\n"
	"  - {ends: [a, b], rate: 10 Mbit/s, delay: 20 ms, loss: 1%, mtu: 9000, queue: 5,\n"
	"     a_to_b: {rate: 9600 bit, delay: 3 ms}, b_to_a: {loss: 0.000000001}}\n"
	"  - {a: b, b: {node: c, interface: wan, ipv6: 'fd01::5/48'}, delay: 5 us}\n";

static void test_processes(const struct rec_experiment *exp)
{
	const struct rec_exp_node *a = &exp->nodes[0];
	static const char *const args[] = {"/bin/echo", "-n", "a b", "c\"d", "e f", "", "ghi"};

	part("processes");
	EQUAL(a->process_count, 3);
	const struct rec_exp_process *p = &a->processes[1];

	STRING(a->processes[0].name, "echo");
	STRING(p->name, "echo.2");
	STRING(p->path, "/bin/echo");
	for (unsigned int i = 0; i < 7; i++)
		STRING(p->args[i], args[i]);
	HOLDS(!p->args[7]);
	STRING(p->env[0], "A=x");
	STRING(p->env[1], "HOME=/root");
	STRING(p->env[2], "LANG=C.UTF-8");
	STRING(p->env[3], "PATH=/bin");
	STRING(p->env[4], "ZED=1");
	HOLDS(!p->env[5]);
	EQUAL(p->start_time, 1500000000);
	EQUAL(p->shutdown_time, 5000000000);
	EQUAL(p->shutdown_signal, 2);
	EQUAL(p->expected, REC_FINAL_SIGNALED);
	EQUAL(p->expected_code, 2);
	p++;
	STRING(p->name, "nap");
	STRING(p->args[2], "~x");
	HOLDS(p->shutdown_time == UINT64_MAX);
	EQUAL(p->expected, REC_FINAL_RUNNING);
}

static void test_links(const struct rec_experiment *exp)
{
	const struct rec_exp_end *a = &exp->links[0].end[0], *b = &exp->links[0].end[1],
				 *c = &exp->links[1].end[1];

	part("links");
	EQUAL(exp->link_count, 2);
	EQUAL(exp->lookahead, 5000);
	EQUAL(exp->links[0].mtu, 9000);
	EQUAL(exp->links[1].mtu, 1500);
	EQUAL(a->out.rate_bps, 9600);
	EQUAL(a->out.delay_ns, 3000000);
	EQUAL(a->out.loss_ppb, 10000000);
	EQUAL(a->out.queue_frames, 5);
	EQUAL(b->out.rate_bps, 10000000);
	EQUAL(b->out.delay_ns, 20000000);
	EQUAL(b->out.loss_ppb, 1);
	STRING(a->ipv4, "10.0.0.1/24");
	STRING(b->ipv6, "fd00::2/64");
	STRING(exp->links[1].end[0].ipv6, "fd00:0:0:1::1/64");
	STRING(exp->links[1].end[0].if_name, "eth1");
	EQUAL(exp->links[1].end[0].ifid, 1);
	STRING(c->if_name, "wan");
	STRING(c->ipv4, "11.0.0.1/32");
	STRING(c->ipv6, "fd01::5/48");
	EQUAL(c->out.queue_frames, 64);
	EQUAL(c->out.rate_bps, 0);
	SAME(exp->links[1].end[0].mac, 6, "\2\0\0\2\0\1", 6);
}

static void test_routes(const struct rec_experiment *exp)
{
	const struct rec_exp_node *a = &exp->nodes[0], *b = &exp->nodes[1], *c = &exp->nodes[2];

	part("routes");
	EQUAL(a->route_count, 4);
	STRING(a->routes[2].destination, "11.0.0.1/32");
	STRING(a->routes[2].via, "10.0.0.2");
	STRING(a->routes[3].destination, "fd01::5/128");
	STRING(a->routes[3].via, "fd00::2");
	/* c's addresses are not of the link's networks. */
	EQUAL(b->route_count, 2);
	STRING(b->routes[0].destination, "11.0.0.1/32");
	STRING(b->routes[0].via, "");
	EQUAL(b->routes[0].ifid, 1);
	STRING(c->routes[0].destination, "10.0.1.1/32");
	STRING(c->routes[0].via, "");
	EQUAL(c->route_count, 7);
	STRING(c->routes[6].destination, "0.0.0.0/0");
	STRING(c->routes[6].via, "10.0.1.1");
	/* What is written out wins over what forwarding needs. */
	STRING(b->sysctls[0], "net.ipv4.ip_forward=0");
	STRING(b->sysctls[1], "net.ipv6.conf.all.forwarding=1");
	STRING(a->sysctls[0], "net.ipv4.conf.eth0/1.rp_filter=2");
	STRING(a->sysctls[1], "net.ipv4.tcp_sack=0");
	HOLDS(!a->sysctls[2]);
}

static void test_full(void)
{
	struct rec_experiment *exp = good(full);
	struct fmt_buf hosts = {0};

	part("full");
	EQUAL(exp->stop_time, 60000000000);
	EQUAL(exp->seed, 7);
	HOLDS(exp->realtime_ns == 981173106000000000);
	EQUAL(exp->syscall_cost_ns, 2000);
	EQUAL(exp->clock_cost_ns, 0);
	EQUAL(exp->node_count, 4);
	EQUAL(exp->nodes[0].memory_size, 32 << 20);
	STRING(exp->text, full);
	STRING(exp->dir, "/tmp");
	test_processes(exp);
	test_links(exp);
	test_routes(exp);
	part("hosts file");
	rec_experiment_hosts_file(exp, 4, &hosts);
	fmt_buf_put(&hosts, "", 1);
	STRING((char *)hosts.data, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
	       "10.0.0.1\ta\nfd00::1\ta\n10.0.0.2\tb\nfd00::2\tb\n11.0.0.1\tc\nfd01::5\tc\n127.0.0.1\td\n");
	fmt_buf_done(&hosts);
	rec_experiment_free(exp);
}

/* A ring with a slow side: paths go the other way round. */
static void test_paths(void)
{
	struct rec_experiment *exp = good(
		"general: {stop_time: 1}\n"
		"hosts: {a: {}, b: {}, c: {}, d: {}}\n"
		"network: {links: [{ends: [a, b], delay: 1 ms}, {ends: [b, c], delay: 1 ms},\n"
		"  {ends: [c, d], delay: 1 ms}, {ends: [d, a], delay: 9 ms}]}\n");
	const struct rec_exp_node *a = &exp->nodes[0];
	bool found = false;

	part("paths");
	for (size_t i = 0; i < a->route_count; i++)
		if (!strcmp(a->routes[i].destination, "10.0.2.2/32")) {
			STRING(a->routes[i].via, "10.0.0.2");
			found = true;
		}
	HOLDS(found);
	STRING(exp->nodes[1].sysctls[0], "net.ipv4.ip_forward=1");
	STRING(exp->nodes[1].sysctls[1], "net.ipv6.conf.all.forwarding=1");
	STRING(exp->nodes[2].sysctls[0], "net.ipv4.ip_forward=1");
	rec_experiment_free(exp);
}

static void test_program_beside(void)
{
	part("a program beside its experiment");
	struct rec_experiment *exp = good("hosts: {a: {processes: [{path: ./prog}, {path: ../x/prog}, {path: prog}]}}");

	STRING(exp->nodes[0].processes[0].path, "/tmp/prog");
	STRING(exp->nodes[0].processes[0].args[0], "/tmp/prog");
	STRING(exp->nodes[0].processes[0].name, "prog");
	STRING(exp->nodes[0].processes[1].path, "/tmp/../x/prog");
	STRING(exp->nodes[0].processes[2].path, "prog");
	rec_experiment_free(exp);
}

#define HOST "hosts: {a: {processes: [{path: /x}]}}\n"
#define TWO "hosts: {server: {processes: [{path: /x}]}, client: {}}\n"

static void test_complaints(void)
{
	part("complaints");
	bad("", " ", "the file is empty");
	bad("hosts: [a, b\n", "2:1: ", "not YAML: did not find expected ',' or ']'");
	bad(HOST "---\nx: 1\n", " ", "there is a second document");
	bad(HOST "genral: {}\n", "2:1: ", "an experiment has no key 'genral'; did you mean 'general'?");
	bad("hosts: {a: {processes: [{pth: /x}]}}", "1:26: ",
	    "a process has no key 'pth'; did you mean 'path'?");
	bad(HOST "general: {zebra: 1}\n", "2:11: ", "general has no key 'zebra'; it has: stop_time,");
	bad(HOST "hosts: {}\n", "2:1: ", "'hosts' is here a second time; first in line 1");
	bad("hosts: {a: {}, a: {}}", "1:16: ", "'a' is here a second time");
	bad(HOST "general: [1]\n", "2:10: ", "general is to be a map, and here is a list");
	bad("hosts: {a: {processes: {path: /x}}}", "1:24: ", "processes is to be a list, and here is a map");
	bad("hosts: {}", "1:1: ", "there are no hosts");
	bad("hosts: {a: {}}", " ", "there are no processes, so general.stop_time");
	bad("hosts: {a: {processes: [{path: /x, expected_final_state: running}]}}", " ",
	    "every process is expected to be running");
	bad("hosts: {a: {processes: [{args: x}]}}", "1:32: ", "there are arguments but no path");
	bad("hosts: {a: {processes: [{path: /x, args: \"'x\"}]}}", "1:42: ", "a quote is not closed");
	bad("hosts: {a: {processes: [{path: }]}}", "1:32: ", "the path of a program is missing");
	bad("hosts: {a/b: {}}", "1:9: ", "'a/b' cannot be a host's name");
	bad(HOST "general: {stop_time: 5 parsecs}\n", "2:22: ", "'5 parsecs' is not a time");
	bad(HOST "general: {stop_time: 0.5 ns}\n", "2:22: ", "'0.5 ns' is out of range");
	bad(HOST "general: {seed: -1}\n", "2:17: ", "'-1' is not a whole number");
	bad(HOST "x: {<<: 1}\n", "2:1: ", "an experiment has no key 'x'");
	bad("hosts: {a: {<<: {}}}", "1:13: ", "merge keys");
	bad("hosts: {a: {memory: 1 MiB}}", "1:21: ", "memory is that of the node's kernel");
	bad("hosts: {a: {processes: [{path: /x, expected_final_state: gone}]}}", "1:58: ",
	    "expected_final_state is to be one of");
	bad("hosts: {a: {processes: [{path: /x, shutdown_time: 1, start_time: 2}]}}", "1:51: ",
	    "shutdown_time is not after start_time");
	bad("hosts: {a: {processes: [{path: /x, stdin: no-such-file}]}}", "1:43: ",
	    "stdin: /tmp/no-such-file: No such file");
}

static void test_link_complaints(void)
{
	part("complaints about links");
	bad(TWO, "1:9: ", "'server' has no link to another host");
	bad(TWO "network: {links: [{ends: [server, clent], delay: 1}]}", "2:35: ",
	    "there is no host 'clent'; did you mean 'client'?");
	bad(TWO "network: {links: [{ends: [server, zzzzzz], delay: 1}]}", "2:35: ",
	    "there is no host 'zzzzzz' under hosts");
	bad(TWO "network: {links: [{ends: [server, client], delay: 0 ms}]}", "2:51: ",
	    "a link's delay cannot be 0");
	bad(TWO "network: {links: [{ends: [server, client]}]}", "2:19: ", "a link needs a delay");
	bad(TWO "network: {links: [{ends: [server], delay: 1}]}", "2:26: ", "a link joins two hosts");
	bad(TWO "network: {links: [{a: server, delay: 1}]}", "2:19: ", "a link needs two ends");
	bad(TWO "network: {links: [{ends: [server, server], delay: 1}]}", "2:19: ", "both ends of the link");
	bad(TWO "network: {links: [{ends: [server, client], a: server, delay: 1}]}", "2:47: ",
	    "this end of the link was given already");
	bad(TWO "network: {links: [{ends: [server, client], delay: 1, rate: 0}]}", "2:60: ",
	    "a rate of 0 never sends");
	bad(TWO "network: {links: [{ends: [server, client], delay: 1, rate: fast}]}", "2:60: ",
	    "'fast' is not a rate");
	bad(TWO "network: {links: [{ends: [server, client], delay: 1, loss: 101%}]}", "2:60: ",
	    "'101%' is not a share");
	bad(TWO "network: {links: [{ends: [server, client], delay: 1, queue: 0}]}", "2:61: ",
	    "queue is a number of frames");
	bad(TWO "network: {links: [{ends: [server, client], delay: 1, mtu: 100}]}", "2:59: ",
	    "mtu is to be 1280 to 65535");
	bad(TWO "network: {links: [{a: {node: server, ipv4: 10.0.0.2/24}, b: client, delay: 1}]}",
	    "2:19: ", "'server' and 'client' have the same address");
	bad(TWO "network: {links: [{a: {node: server, ipv4: 10.0.0}, b: client, delay: 1}]}",
	    "2:44: ", "'10.0.0' is not an IPv4 address");
	bad(TWO "network: {links: [{a: {node: server, interface: lo}, b: client, delay: 1}]}",
	    "2:49: ", "'lo' cannot be an interface's name");
	bad(TWO "network: {graph: {type: 1_gbit_switch}}", "2:18: ", "no host is in the graph");
	bad("hosts: {a: {routes: [{to: default, via: 1.2.3.4}], processes: [{path: /x}]}}", "1:41: ",
	    "1.2.3.4 is on no network of 'a'");
}

static void test_isolated(void)
{
	struct rec_experiment *exp = good("hosts: {a: {isolated: true, processes: [{path: /x}]}, "
					  "b: {isolated: true}}");

	part("isolated");
	HOLDS(exp->lookahead == UINT64_MAX);
	rec_experiment_free(exp);
	bad("hosts:\n  a: {isolated: true, processes: [{path: /x}]}\n  b: {}\n", "3:3: ",
	    "'b' has no link to another host; add one under network.links, or say 'isolated: true'");
}

static void test_aliases(void)
{
	struct rec_experiment *exp = good("x-p: &p {path: /bin/true}\n"
					  "hosts: {a: {processes: [*p, *p]}}\n");

	part("aliases");
	EQUAL(exp->nodes[0].process_count, 2);
	STRING(exp->nodes[0].processes[1].name, "true.2");
	rec_experiment_free(exp);
	bad("hosts: &h {a: *h}", "1:12: ", "a host has no key 'a'");
}

static void test_overrides(void)
{
	static const char *const set[] = {"general.seed=9", "hosts.b.isolated=true", "model.clock=5 ns",
					  "hosts.a.processes.0.args=-x 'y z'",
					  "hosts.a.sysctls.net/ipv4/tcp_sack=1", NULL};
	static const char *const wrong[][2] = {{"general.sed=1", NULL}, {"hosts.a.processes.3.path=x", NULL},
					       {"nonsense", NULL}, {"hosts.a.processes.0.path.x=1", NULL},
					       {"general.stop_time=x", NULL}};
	struct rec_exp_error error;
	struct rec_experiment *exp;

	part("overrides");
	exp = load("hosts: {a: {isolated: true, processes: [{path: /x}]}}\ngeneral:\n", set, &error);
	STRING(error.text, "");
	EQUAL(exp->seed, 9);
	EQUAL(exp->clock_cost_ns, 5);
	EQUAL(exp->node_count, 2);
	STRING(exp->nodes[0].processes[0].args[2], "y z");
	STRING(exp->nodes[0].sysctls[0], "net.ipv4.tcp_sack=1");
	HOLDS(strstr(exp->text, "\n# --set model.clock=5 ns\n"));
	EQUAL(exp->text_size, strlen(exp->text));
	rec_experiment_free(exp);
	bad_set(HOST, wrong[0], "--set general.sed=1: general has no key 'sed'; did you mean 'seed'?", "");
	bad_set(HOST, wrong[4], "--set general.stop_time=x: 'x' is not a time", "");
	for (unsigned int i = 0; i < 5; i++) {
		exp = load(HOST, wrong[i], &error);
		HOLDS(!exp);
		rec_experiment_free(exp);
	}
}

/* KEY+=ITEM */
static void test_additions(void)
{
	static const char *const set[] = {"timeline+={at: 2 s, seed: 5}", "timeline+={at: 1 s, crash: [a, a]}",
					  "hosts.a.processes+={path: /y, args: [&x one, *x]}", NULL};
	static const char *const wrong[][3] = {
		{"hosts+={seed: 1}", "+= adds to a list", NULL}, {"timeline+={at: 1 s, crash: a} x", "is to be YAML in one line", NULL},
		{"timeline+={at: 1 s", "is to be YAML in one line", NULL},
		{"general.seed=1\n2", "is to be written in one line", NULL}, {"timeline+=", "there is nothing", NULL},
		{"timeline+={at: 1 s, crash: q}", "there is no host 'q'", NULL}, {"+={at: 1 s}", "+=", NULL},
		{"timeline+=&x [*x]", "", NULL},
	};
	struct rec_exp_error error;
	struct rec_experiment *exp;

	part("additions");
	exp = load("hosts: {a: {processes: [{path: /x}]}}\ngeneral: {stop_time: 9 s}\n", set, &error);
	STRING(error.text, "");
	EQUAL(exp->reseeds.count, 1);
	EQUAL(exp->reseeds.list[0].line, 0);
	EQUAL(exp->nodes[0].fault_count, 2);
	EQUAL(exp->nodes[0].process_count, 2);
	STRING(exp->nodes[0].processes[1].args[2], "one");
	HOLDS(strstr(exp->text, "\n# --set timeline+={at: 2 s, seed: 5}\n"));
	rec_experiment_free(exp);
	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		const char *const one[] = {wrong[i][0], NULL};

		exp = load(HOST, one, &error);
		HOLDS(!exp && strstr(error.text, wrong[i][1]));
		rec_experiment_free(exp);
	}
}

/* What a trace has is taken apart and gives the same text again. */
static void test_recorded(void)
{
	static const char *const set[] = {"general.seed=9", "timeline+={at: 2 s, seed: 5}", NULL};
	static const char no_newline[] = "hosts: {a: {processes: [{path: /x}]}}";
	struct rec_exp_recorded recorded;
	struct rec_exp_error error;
	struct rec_experiment *again = NULL, *exp = load(no_newline, set, &error);

	part("recorded");
	rec_exp_recorded_init(&recorded, exp->text, exp->text_size);
	STRING(recorded.set[0], set[0]);
	STRING(recorded.set[1], set[1]);
	HOLDS(!recorded.set[2] && !recorded.inputs);
	EQUAL(rec_experiment_load_recorded("it", "/tmp", &recorded, (const char *const *)recorded.set, &again, &error), 0);
	STRING(again->text, exp->text);
	rec_experiment_free(again);
	rec_exp_recorded_done(&recorded);
	rec_experiment_free(exp);
	rec_exp_recorded_init(&recorded, no_newline, sizeof(no_newline) - 1);
	EQUAL(recorded.text_size, sizeof(no_newline) - 1);
	HOLDS(!recorded.set && !recorded.inputs);
	rec_exp_recorded_done(&recorded);
	rec_exp_recorded_init(&recorded, "a: 1\n# --set x=1\n# input f sha256 0\n# input g sha256 1\n", 55);
	EQUAL(recorded.text_size, 5);
	STRING(recorded.set[0], "x=1");
	STRING(recorded.inputs[0], "f sha256 0");
	STRING(recorded.inputs[1], "g sha256 1");
	rec_exp_recorded_done(&recorded);
	rec_exp_recorded_init(&recorded, "", 0);
	rec_exp_recorded_done(&recorded);
}

static void test_single(void)
{
	char *const argv[] = {(char *)"/bin/echo", (char *)"a b", (char *)"\"\\\n\t", (char *)"\xc3\xa9",
			      (char *)"", NULL};
	char *const none[] = {NULL}, *const binary[] = {(char *)"/x", (char *)"\xff", NULL};
	struct rec_experiment *exp = NULL;
	struct rec_exp_error error;

	part("single");
	EQUAL(rec_experiment_single(argv, &exp, &error), 0);
	EQUAL(exp->node_count, 1);
	for (unsigned int i = 0; i < 5; i++)
		STRING(exp->nodes[0].processes[0].args[i], argv[i]);
	HOLDS(!exp->nodes[0].processes[0].args[5]);
	HOLDS(exp->stop_time == UINT64_MAX);
	/* The text makes the same experiment again. */
	struct rec_experiment *again = good(exp->text);

	STRING(again->nodes[0].processes[0].args[2], argv[2]);
	rec_experiment_free(again);
	rec_experiment_free(exp);
	EQUAL(rec_experiment_single(none, &exp, &error), -EINVAL);
	EQUAL(rec_experiment_single(binary, &exp, &error), -EINVAL);
}

/* Cut and flipped files: an answer or an error, never a fault; the sanitizers watch. */
static void test_damage(void)
{
	const size_t size = sizeof(full) - 1;
	struct rec_experiment *exp;
	struct rec_exp_error error;
	char copy[sizeof(full)];

	part("damage");
	for (size_t cut = 0; cut < size; cut += 7) {
		exp = NULL;
		write_file(full, cut);
		EQUAL(rec_experiment_load(path, NULL, &exp, &error) == 0, exp != NULL);
		rec_experiment_free(exp);
	}
	for (unsigned int i = 0; i < 2000; i++) {
		exp = NULL;
		memcpy(copy, full, size);
		for (unsigned int k = 0; k < 3; k++)
			copy[random_below(size)] = (char)random_u64();
		write_file(copy, size);
		EQUAL(rec_experiment_load(path, NULL, &exp, &error) == 0, exp != NULL);
		rec_experiment_free(exp);
	}
}

int main(void)
{
	const int fd = mkstemp(path);

	if (fd < 0)
		return 77;
	close(fd);
	test_full();
	test_paths();
	test_program_beside();
	test_complaints();
	test_link_complaints();
	test_isolated();
	test_aliases();
	test_overrides();
	test_additions();
	test_recorded();
	test_single();
	test_damage();
	unlink(path);
	return done();
}
