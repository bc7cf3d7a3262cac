/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine and its workers over nodes that are not real: this file brings its own rec_node_*, tracer and kernel
 * image, which the linker takes before those of the libraries.
 *
 * A fake node starts a packet on each of its links, and whatever it receives it sends on over a link that depends on
 * the content, until the packet's life is over.  Every step costs it time, so that it runs past the end of windows.
 */
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flight.h"
#include "loader.h"
#include "merge.h"
#include "node.h"
#include "stream.h"
#include "trace.h"
#include "tracee.h"
#include "unit.h"

/* ---- the nodes ---- */

#define STEP_NS 700		/* cost of handling a packet */

struct rec_node {
	const struct rec_node_env *env;
	node_id id;
	vtime_ns now;
	bool started;
	struct fmt_buf events;
	struct rec_flight inbound;
	struct rec_stream random;
	uint64_t sent, received;
	uint64_t files;
};

/* What a node of this name does beside bouncing. */
static bool named(const struct rec_node *node, const char *prefix)
{
	return !strncmp(node->env->exp->nodes[node->id - 1].name, prefix, strlen(prefix));
}

static uint64_t patience(const struct rec_node *node)
{
	return node->env->exp->nodes[node->id - 1].memory_size >> 24;
}

static void tell(struct rec_node *node, const char *what)
{
	const struct fmt_ev_console ev = {.text = {(const uint8_t *)what, strlen(what)}};

	fmt_put_console(&node->events, node->now, node->id, 0, &ev);
}

static void send_packet(struct rec_node *node, const struct rec_exp_link *link, unsigned int side,
			uint32_t life)
{
	const uint32_t size = 60 + (uint32_t)rec_stream_below(&node->random, 1400);
	struct rec_packet *packet = calloc(1, sizeof(*packet) + size);

	*packet = (struct rec_packet){
		.arrive_ns = node->now + link->end[side].out.delay_ns,
		.packet = (uint64_t)node->id << 40 | node->sent++,
		.src = node->id,
		.dst = link->end[!side].node,
		.link = link->id,
		.dst_ifid = link->end[!side].ifid,
		.size = size,
	};
	memcpy(packet->frame, &life, sizeof(life));
	if (named(node, "liar") && node->sent > 3)
		packet->arrive_ns = 0;
	fmt_put_packet_send(&node->events, node->now, node->id, 0,
			    &(struct fmt_ev_packet_send){
				    .link = link->id,
				    .iface = link->end[side].ifid,
				    .packet = packet->packet,
				    .depart_ns = node->now,
				    .frame = {packet->frame, size},
			    });
	node->env->send(node->env->arg, packet);
}

/* A file of a content that many nodes share, and that is new from time to time. */
static void tell_file(struct rec_node *node)
{
	const int fd = memfd_create("file", MFD_CLOEXEC);
	const uint64_t content = node->files++;
	uint8_t hash[FMT_HASH_SIZE];
	uint64_t size;

	if (write(fd, &content, sizeof(content)) != sizeof(content) || fmt_hash_fd(fd, hash, &size))
		abort();
	const struct fmt_ev_file ev = {node->files, size, {hash, sizeof(hash)}, {NULL, 0}};

	fmt_put_file(&node->events, node->now, node->id, 0, &ev);
	node->env->file(node->env->arg, hash, fd);
	close(fd);
}

static void start(struct rec_node *node)
{
	const struct rec_experiment *exp = node->env->exp;

	node->started = true;
	tell(node, "start");
	for (size_t i = 0; i < 2 * exp->link_count; i++)
		if (exp->links[i / 2].end[i % 2].node == node->id)
			send_packet(node, &exp->links[i / 2], i % 2, 200);
}

static void handle(struct rec_node *node, struct rec_packet *packet)
{
	const struct rec_experiment *exp = node->env->exp;
	const struct rec_exp_link *link = &exp->links[packet->link];
	uint32_t life;

	memcpy(&life, packet->frame, sizeof(life));
	node->received++;
	fmt_put_packet_recv(&node->events, node->now, node->id, 0,
			    &(struct fmt_ev_packet_recv){packet->link, packet->dst_ifid, packet->packet,
							 packet->size});
	node->now += STEP_NS;
	if (node->received % 100 == 0)
		tell_file(node);
	if (named(node, "crash") && node->received == 50)
		raise(SIGKILL);
	if (life > 0)
		send_packet(node, link, link->end[1].node == node->id, life - 1);
	free(packet);
}

int rec_node_new(const struct rec_node_env *env, node_id id, struct rec_node **ret)
{
	struct rec_node *node = calloc(1, sizeof(*node));
	char name[32];

	node->env = env;
	node->id = id;
	snprintf(name, sizeof(name), "node %u", id);
	rec_stream_init(&node->random, env->exp->seed, name);
	tell(node, "boot");
	*ret = node;
	return named(node, "broken") ? -ENOMEM : 0;
}

void rec_node_free(struct rec_node *node)
{
	rec_flight_done(&node->inbound);
	fmt_buf_done(&node->events);
	free(node);
}

const char *rec_node_failure(const struct rec_node *node)
{
	return "";
}

vtime_ns rec_node_next(const struct rec_node *node)
{
	if (!node->started)
		return 1000 * node->id;
	if (named(node, "endless") || named(node, "stuck"))
		return node->now + 1000000;
	const vtime_ns next = rec_flight_next(&node->inbound);

	return next > node->now || next == UINT64_MAX ? next : node->now;
}

void rec_node_receive(struct rec_node *node, struct rec_packet *packet)
{
	rec_flight_add(&node->inbound, packet);
}

int rec_node_run(struct rec_node *node, vtime_ns until)
{
	while (rec_node_next(node) < until) {
		node->now = rec_node_next(node);
		if (named(node, "endless"))
			usleep(1000);
		while (named(node, "stuck"))
			pause();
		if (!node->started)
			start(node);
		else if (rec_flight_next(&node->inbound) <= node->now)
			handle(node, rec_flight_take(&node->inbound));
	}
	if (named(node, "confused") && node->received > 30)
		fmt_put_console(&node->events, 1, node->id, 0, &(struct fmt_ev_console){{NULL, 0}});
	return named(node, "failing") && node->received > 30 ? -EIO : 0;
}

struct fmt_buf *rec_node_events(struct rec_node *node)
{
	return &node->events;
}

size_t rec_node_unfinished(const struct rec_node *node)
{
	if (named(node, "daemon"))
		return 0;
	return node->received < 40 * patience(node);
}

size_t rec_node_stop(struct rec_node *node, vtime_ns now)
{
	if (node->now < now)
		node->now = now;
	tell(node, "stop");
	return named(node, "bad");
}

int rec_node_keep_coverage(struct rec_node *node)
{
	(void)node;
	return 0;
}

/* ---- what a worker asks for besides ---- */

int rec_tracer_fast(struct rec_tracer *tracer, unsigned index)
{
	(void)tracer;
	(void)index;
	return 0;
}

int rec_tracer_new(struct rec_tracer **ret, const char **ret_reason)
{
	*ret = NULL;
	*ret_reason = "no reason";
	return 0;
}

void rec_tracer_free(struct rec_tracer *tracer)
{
}

void rec_tracer_allow(struct rec_tracer *tracer, const cpu_set_t *cpus)
{
}

int kg_image_open(const char *path, struct kg_image **ret_image)
{
	*ret_image = NULL;
	return access(path, R_OK) ? -ENOENT : 0;
}

void kg_image_keep_text(struct kg_image *image)
{
}

void kg_image_close(struct kg_image *image)
{
}

/* ---- running ---- */

static char directory[] = "/tmp/test-machine-XXXXXX";

static const char *in_directory(const char *name)
{
	static char path[4][128];
	static unsigned int turn;
	char *to = path[turn++ % 4];

	snprintf(to, sizeof(path[0]), "%s/%s", directory, name);
	return to;
}

static struct rec_experiment *experiment(const char *hosts, const char *links, const char *general)
{
	struct rec_experiment *exp = NULL;
	struct rec_exp_error error;
	const char *path = in_directory("experiment.yaml");
	FILE *file = fopen(path, "w");

	fprintf(file, "x-p: &p {processes: [{path: /x}]}\n"
		"x-q: &q {memory: 32 MiB, processes: [{path: /x}]}\n"
		"x-d: &d {processes: [{path: /x, expected_final_state: running}]}\n"
		"hosts: {%s}\nnetwork: {links: [%s]}\ngeneral: {%s}\n", hosts, links, general);
	fclose(file);
	if (rec_experiment_load(path, NULL, &exp, &error) < 0) {
		printf("%s\n", error.text);
		exit(1);
	}
	return exp;
}

struct outcome {
	int error;
	struct rec_run_result result;
	struct rec_exp_error message;
	uint8_t *trace;
	size_t trace_size;
};

static struct outcome run(const struct rec_experiment *exp, unsigned int workers)
{
	const struct rec_run_options options = {
		.workers = workers,
		.trace_path = in_directory("run.hct"),
		.kernel_path = in_directory("experiment.yaml"),
		.quiet = true,
	};
	struct outcome o = {0};
	struct stat st;

	unlink(options.trace_path);
	o.error = rec_machine_run(exp, &options, &o.result, &o.message);
	const int fd = open(options.trace_path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && !fstat(fd, &st)) {
		o.trace_size = (size_t)st.st_size;
		o.trace = malloc(o.trace_size + 1);
		if (read(fd, o.trace, o.trace_size) != (ssize_t)o.trace_size)
			abort();
		close(fd);
	}
	return o;
}

#define MESH_HOSTS "a: *p, b: *q, c: *p, d: *q, e: *p"
#define MESH_LINKS                                                                                 \
	"{ends: [a, b], delay: 10 us}, {ends: [b, c], delay: 15 us}, {ends: [c, d], delay: 10 us}," \
	"{ends: [d, a], delay: 10 us, a_to_b: {delay: 33 us}}, {ends: [e, a], delay: 90 us}"

static void test_workers(void)
{
	struct rec_experiment *exp = experiment(MESH_HOSTS, MESH_LINKS, "seed: 5");
	const struct outcome one = run(exp, 1);

	part("the same trace for any workers");
	EQUAL(one.error, 0);
	STRING(one.message.text, "");
	STRING(one.result.reason, "all processes have ended");
	HOLDS(one.result.packets > 100);
	HOLDS(one.result.events > 200);
	HOLDS(one.trace_size > 1000);
	for (unsigned int workers = 1; workers < 8; workers++) {
		struct outcome other = run(exp, workers);

		EQUAL(other.error, 0);
		EQUAL(other.result.events, one.result.events);
		EQUAL(other.result.packets, one.result.packets);
		EQUAL(other.result.end, one.result.end);
		SAME(other.result.hash, 32, one.result.hash, 32);
		SAME(other.trace, other.trace_size, one.trace, one.trace_size);
		free(other.trace);
	}
	rec_experiment_free(exp);
	exp = experiment(MESH_HOSTS, MESH_LINKS, "seed: 6");
	struct outcome seeded = run(exp, 2);

	HOLDS(memcmp(seeded.result.hash, one.result.hash, 32));
	free(seeded.trace);
	free(one.trace);
	rec_experiment_free(exp);
}

/* Reads the trace back: (vtime, node) ascends but for the last event, and the files are there. */
static void test_order(void)
{
	struct rec_experiment *exp = experiment(MESH_HOSTS, MESH_LINKS, "stop_time: 3 ms");
	struct outcome o = run(exp, 3);
	struct fmt_reader *reader = NULL;
	struct fmt_error error = {0};
	struct fmt_event event, last = {0};
	vtime_ns last_vtime = 0;
	node_id last_node = 0;
	unsigned int files = 0;
	bool closing = false;

	part("order");
	EQUAL(o.error, 0);
	EQUAL(fmt_reader_open(in_directory("run.hct"), &reader, &error), 0);
	if (!reader)
		return;
	EQUAL(fmt_reader_verify(reader, &error), 0);
	STRING(error.text, "");
	HOLDS(fmt_reader_finished(reader));
	EQUAL(fmt_reader_count(reader), o.result.events);
	for (event_seq seq = 0; seq < fmt_reader_count(reader); seq++) {
		EQUAL(fmt_reader_event(reader, seq, &event, &error), 0);
		if (event.kind == FMT_end) {
			EQUAL(seq, fmt_reader_count(reader) - 1);
			break;
		}
		/* The load of links up to the end is all that the machine tells behind the nodes. */
		closing |= event.kind == FMT_link_load && event.vtime == last_vtime && event.node < last_node;
		HOLDS(!closing || event.kind == FMT_link_load || event.kind == FMT_link_loss);
		HOLDS(event.vtime > last_vtime || (event.vtime == last_vtime && (closing || event.node >= last_node)));
		if (seq < exp->node_count)
			EQUAL(event.kind, FMT_node);
		last_vtime = event.vtime;
		last_node = event.node;
		files += event.kind == FMT_file;
		last = event;
	}
	HOLDS(last.kind);
	EQUAL(event.kind, FMT_end);
	HOLDS(files > 0);
	fmt_reader_close(reader);
	free(o.trace);
	rec_experiment_free(exp);
}

static void expect_reason(const char *name, const char *hosts, const char *links,
			  const char *general, const char *reason, enum rec_end status)
{
	struct rec_experiment *exp = experiment(hosts, links, general);

	part(name);
	for (unsigned int workers = 1; workers <= 2; workers++) {
		struct outcome o = run(exp, workers);

		EQUAL(o.error, 0);
		STRING(o.message.text, "");
		STRING(o.result.reason, reason);
		EQUAL(o.result.status, status);
		if (exp->stop_time != UINT64_MAX)
			HOLDS(o.result.end >= exp->stop_time || strcmp(reason, "stop_time was reached"));
		free(o.trace);
	}
	rec_experiment_free(exp);
}

static void test_ends(void)
{
	expect_reason("stop_time", "a: *q, b: *q", "{ends: [a, b], delay: 50 us}", "stop_time: 1 ms",
		      "stop_time was reached", REC_END_HOPED);
	expect_reason("deadlock", "a: {memory: 1 GiB, processes: [{path: /x}]}, b: *p",
		      "{ends: [a, b], delay: 5 us}", "",
		      "nothing can happen any more, but processes wait: a (1)", REC_END_HOPED);
	expect_reason("expectations", "bad: *p, b: *p", "{ends: [bad, b], delay: 5 us}", "",
		      "all processes have ended", REC_END_FAILED);
	expect_reason("daemons go on", "daemon1: *d, daemon2: *d",
		      "{ends: [daemon1, daemon2], delay: 5 us}", "stop_time: 1 min",
		      "stop_time was reached", REC_END_HOPED);
	expect_reason("no links", "daemon1: {isolated: true, processes: [{path: /x, "
		      "expected_final_state: running}]}", "", "stop_time: 5 s",
		      "stop_time was reached", REC_END_HOPED);
}

static void expect_error(const char *name, const char *node, int error, const char *message)
{
	char hosts[100], links[100];

	part(name);
	snprintf(hosts, sizeof(hosts), "a: *q, %s: *q", node);
	snprintf(links, sizeof(links), "{ends: [a, %s], delay: 5 us}", node);
	struct rec_experiment *exp = experiment(hosts, links, "");

	for (unsigned int workers = 1; workers <= 2; workers++) {
		struct outcome o = run(exp, workers);

		EQUAL(o.error, error);
		if (!strstr(o.message.text, message))
			STRING(o.message.text, message);
		free(o.trace);
		EQUAL(waitpid(-1, NULL, WNOHANG), -1);
	}
	rec_experiment_free(exp);
}

static void test_errors(void)
{
	struct fmt_reader *reader = NULL;
	struct fmt_error error;

	expect_error("a worker dies", "crash", -ECHILD, "crash, was killed by SIGKILL");
	/* What it had told before is there. */
	EQUAL(fmt_reader_open(in_directory("run.hct"), &reader, &error), 0);
	if (reader) {
		HOLDS(!fmt_reader_finished(reader));
		HOLDS(fmt_reader_count(reader) > 20);
		fmt_reader_close(reader);
	}
	expect_error("a node fails", "failing", -EIO, "node 'failing' cannot go on: Input/output");
	expect_error("boot fails", "broken", -ENOMEM, "node 'broken' does not boot");
	expect_error("a packet into the past", "liar", -EPROTO, "node 'liar' sent a packet into");
	expect_error("events out of order", "confused", -EPROTO, "'confused' told of events out of");
}

/* Sends a signal to a process some times, from a child of its own. */
static pid_t signal_later(pid_t to, int signo, unsigned int times)
{
	const pid_t child = fork();

	if (child)
		return child;
	for (unsigned int i = 0; i < times; i++) {
		usleep(300000);
		kill(to, signo);
	}
	_exit(0);
}

/* The trace is whole, and its last event tells of the end: status. */
static void expect_end(enum rec_end status)
{
	struct fmt_reader *reader = NULL;
	struct fmt_event event = {0};
	struct fmt_ev_end end = {0};
	struct fmt_error error;

	EQUAL(fmt_reader_open(in_directory("run.hct"), &reader, &error), 0);
	HOLDS(fmt_reader_finished(reader));
	EQUAL(fmt_reader_event(reader, fmt_reader_count(reader) - 1, &event, &error), 0);
	EQUAL(fmt_get_end(&event, &end), 0);
	EQUAL(end.status, status);
	fmt_reader_close(reader);
}

/* A signal to the recorder ends the run in order.  Who does not answer is waited for a second after the first signal, and no longer
 * after another one. */
static void test_interrupt(void)
{
	static const struct {
		const char *hosts, *links, *reason;
		int signo;
		unsigned int times;
	} cases[] = {
		{"a: *p, endless: *p", "{ends: [a, endless], delay: 2 ms}", "interrupted", SIGINT, 1},
		{"a: *p, stuck: *p", "{ends: [a, stuck], delay: 2 ms}", "interrupted; no answer from stuck", SIGTERM, 1},
		{"a: *p, stuck: *p", "{ends: [a, stuck], delay: 2 ms}", "interrupted; no answer from stuck", SIGTERM, 2},
	};

	part("interrupt");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rec_experiment *exp = experiment(cases[i].hosts, cases[i].links, "");
		const pid_t child = signal_later(getpid(), cases[i].signo, cases[i].times);
		struct outcome o = run(exp, 2);

		waitpid(child, NULL, 0);
		EQUAL(o.error, 0);
		STRING(o.result.reason, cases[i].reason);
		EQUAL(o.result.status, REC_END_INTERRUPTED);
		expect_end(REC_END_INTERRUPTED);
		free(o.trace);
		rec_experiment_free(exp);
	}
}

/* A recorder that is killed leaves a trace that opens, and no processes. */
static void test_killed(void)
{
	struct rec_experiment *exp = experiment("a: *p, endless: {memory: 4 GiB, processes: [{path: /x}]}",
						"{ends: [a, endless], delay: 2 ms}", "");
	struct fmt_reader *reader = NULL;
	struct fmt_error error;
	unsigned int reaped = 0;

	part("killed");
	unlink(in_directory("run.hct"));
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	const pid_t recorder = fork();

	if (!recorder) {
		run(exp, 2);
		_exit(0);
	}
	usleep(1700000);
	kill(recorder, SIGKILL);
	/* The recorder, and its two workers that fall to us; a worker that lives on makes this a time-out. */
	while (waitpid(-1, NULL, 0) > 0)
		reaped++;
	EQUAL(reaped, 3);
	EQUAL(fmt_reader_open(in_directory("run.hct"), &reader, &error), 0);
	if (reader) {
		HOLDS(!fmt_reader_finished(reader));
		HOLDS(fmt_reader_count(reader) > 3);
		fmt_reader_close(reader);
	}
	rec_experiment_free(exp);
}

static void test_merge_damage(void)
{
	struct rec_merge merge;

	part("damaged records");
	rec_merge_init(&merge, 2);
	rec_merge_add(&merge, 2, "\xff\xff\xff\x7f", 4);
	EQUAL(rec_merge_take(&merge, 5, NULL, NULL), -EPROTO);
	EQUAL(merge.culprit, 2);
	rec_merge_done(&merge);
}

int main(void)
{
	if (!mkdtemp(directory))
		return 77;
	test_workers();
	test_order();
	test_ends();
	test_errors();
	test_interrupt();
	test_killed();
	test_merge_damage();
	unlink(in_directory("run.hct"));
	unlink(in_directory("run.hct.part"));
	unlink(in_directory("experiment.yaml"));
	rmdir(directory);
	return done();
}
