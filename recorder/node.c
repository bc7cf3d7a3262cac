/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * node.c - one node: its kernel, its clock, its interfaces.
 *
 * A node lives through virtual time by itself, as long as its worker allows.  Each turn of rec_node_run() does
 * what is due (frames that arrive, frames that have left, timers, starts and shutdowns of the experiment), lets
 * the kernel run, and gives one program one slice; when nothing can run, the clock jumps to whatever is next.
 *
 * Invariants
 *  1. now never goes back, and nothing begins at or after the bound that the worker set.
 *  2. Whether a turn finds a frame depends on virtual times alone, not on when the worker handed it over: all
 *     frames that arrive before the bound are here before the run begins.
 *  3. All chance comes from the node's stream.
 */
#include "node-int.h"

#include <arpa/inet.h>
#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "command.h"
#include "coverage.h"
#include "filehash.h"
#include "loader.h"
#include "port.h"
#include "tool.h"
#include "trace.h"

#define NODE_MEMORY_DEFAULT (64ULL << 20)

/* ---- telling -------------------------------------------------------------- */

void rec__warn(struct rec_node *node, uint32_t tid, const char *format, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	fmt_put_warn(&node->events, node->now, node->id, tid, &(struct fmt_ev_warn) {
		.text = { (const uint8_t *)text, strlen(text) } });
}

static void on_console(void *ctx, const char *text, kg_u64 size)
{
	struct rec_node *node = ctx;

	fmt_put_console(&node->events, node->now, node->id, 0, &(struct fmt_ev_console) {
		.text = { (const uint8_t *)text, size } });
}

static void on_panic(void *ctx, const char *text)
{
	struct rec_node *node = ctx;

	node->panicked = true;
	fmt_put_panic(&node->events, node->now, node->id, 0, &(struct fmt_ev_panic) {
		.text = { (const uint8_t *)text, strlen(text) } });
}

static void on_output(void *arg, unsigned stream, const void *bytes, size_t size)
{
	struct rec_node *node = arg;
	uint32_t tid = node->current ? node->current->tid : 0;

	fmt_put_output(&node->events, node->now, node->id, tid, &(struct fmt_ev_output) {
		.fd = stream, .text = { bytes, size } });
}

/* ---- the kernel ------------------------------------------------------------ */

uint64_t rec__local_ns(const struct rec_node *node)
{
	return rec_node_clock_at(&node->own, node->now);
}

static uint64_t realtime_ns(void *arg)
{
	const struct rec_node *node = arg;

	return node->realtime_offset_ns + rec__local_ns(node);
}

enum kg_outcome rec__kernel_call(struct rec_node *node, kg_cookie task, uint64_t nr, const uint64_t args[6],
				 uint64_t user_sp, int64_t *ret)
{
	kg_s64 result = 0;

	if (node->panicked)
		return KG_PANIC;
	node->api->set_time(rec__local_ns(node));
	enum kg_outcome outcome = (enum kg_outcome)node->api->syscall(task, nr, (const kg_u64 *)args, user_sp, &result);

	if (outcome == KG_PANIC)
		node->panicked = true;
	*ret = result;
	return outcome;
}

int64_t rec__init_call(struct rec_node *node, kg_cookie task, uint64_t nr, uint64_t a0, uint64_t a1, uint64_t a2,
		       uint64_t a3, uint64_t a4, uint64_t a5)
{
	const uint64_t args[6] = { a0, a1, a2, a3, a4, a5 };
	int64_t result = 0;
	enum kg_outcome outcome = rec__kernel_call(node, task, nr < 1024 ? nr | KG_NR_HOST : nr, args, 0, &result);

	return outcome == KG_DONE ? result : outcome == KG_BLOCKED ? -EAGAIN : -EIO;
}

void rec__run_kernel(struct rec_node *node)
{
	if (!node->panicked && node->api->run() == KG_PANIC)
		node->panicked = true;
}

/* ---- files ------------------------------------------------------------------- */

/* The bytes that a file event stands for.  A file of the node's own that is nothing but a hole (shared memory before its
 * first use) is told as empty: its size is told when it is mapped.  A descriptor to be closed, or -errno. */
static int content_fd(struct rec_node *node, uint64_t ino)
{
	int fd = rec_nodefs_fd(node->fs, ino, false);

	if (fd < 0)
		return fd;
	if (rec_nodefs_is_own(node->fs, ino) && lseek(fd, 0, SEEK_DATA) < 0 && errno == ENXIO)
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	else
		fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

int rec__file_number(struct rec_node *node, uint64_t ino, uint64_t *ret)
{
	uint8_t hash[FMT_HASH_SIZE];
	uint64_t size;

	*ret = rec_nodefs_number(node->fs, ino);
	if (*ret)
		return 0;
	_cleanup_close_ int fd = content_fd(node, ino);

	if (fd < 0)
		return fd;
	int r = rec_filehash(rec_nodefs_is_own(node->fs, ino) ? NULL : node->env->hashes, fd, hash, &size);

	if (r < 0)
		return r;
	if (node->file_count == node->file_capacity) {
		node->file_capacity = node->file_capacity ? 2 * node->file_capacity : 32;
		node->files = reallocarray(node->files, node->file_capacity, sizeof(*node->files));
		CHECK(node->files != NULL);
	}
	node->files[node->file_count++] = ino;
	*ret = node->file_count;
	rec_nodefs_set_number(node->fs, ino, *ret);
	const char *path = rec_nodefs_path(node->fs, ino);

	fmt_put_file(&node->events, node->now, node->id, 0, &(struct fmt_ev_file) {
		.id = *ret, .size = size, .hash = { hash, sizeof(hash) },
		.path = { (const uint8_t *)path, strlen(path) } });
	node->env->file(node->env->arg, hash, fd);
	return 0;
}

/* ---- frames ------------------------------------------------------------------ */

static struct rec_port port_of(struct rec_node *node, uint32_t ifid)
{
	return (struct rec_port) { .env = node->env, .events = &node->events, .node = node->id, .now = node->now,
				   .packet_count = &node->packet_count, .end = &node->ends[ifid] };
}

static kg_s32 on_xmit(void *ctx, kg_u32 ifid, const void *frame, kg_u64 size)
{
	struct rec_node *node = ctx;

	if (ifid >= node->end_count)
		return 0;
	const struct rec_port port = port_of(node, ifid);

	switch (rec_port_send(&port, frame, size)) {
	case REC_LINK_FULL:
		return -1;
	case REC_LINK_KEPT:
		return 1;
	case REC_LINK_SENT:
		return 0;
	}
	return 0;
}

static bool arrives_before(const struct rec_packet *a, const struct rec_packet *b)
{
	if (a->arrive_ns != b->arrive_ns)
		return a->arrive_ns < b->arrive_ns;
	return a->src != b->src ? a->src < b->src : a->packet < b->packet;
}

void rec_node_receive(struct rec_node *node, struct rec_packet *packet)
{
	if (node->inbound_count == node->inbound_capacity) {
		node->inbound_capacity = node->inbound_capacity ? 2 * node->inbound_capacity : 64;
		node->inbound = reallocarray(node->inbound, node->inbound_capacity, sizeof(*node->inbound));
		CHECK(node->inbound != NULL);
	}
	size_t at = node->inbound_count++;

	while (at && arrives_before(packet, node->inbound[(at - 1) / 2])) {
		node->inbound[at] = node->inbound[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	node->inbound[at] = packet;
}

static struct rec_packet *take_inbound(struct rec_node *node)
{
	struct rec_packet *first = node->inbound[0], *last = node->inbound[--node->inbound_count];
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= node->inbound_count)
			break;
		if (child + 1 < node->inbound_count && arrives_before(node->inbound[child + 1], node->inbound[child]))
			child++;
		if (!arrives_before(node->inbound[child], last))
			break;
		node->inbound[at] = node->inbound[child];
		at = child;
	}
	node->inbound[at] = last;
	return first;
}

static void receive_due(struct rec_node *node)
{
	while (node->inbound_count && node->inbound[0]->arrive_ns <= node->now) {
		_cleanup_free_ struct rec_packet *packet = take_inbound(node);

		const struct rec_port port = port_of(node, packet->dst_ifid);

		if (!rec_port_receive(&port, packet))
			continue;
		if (!node->panicked)
			node->api->rx(packet->dst_ifid, packet->frame, packet->size);
	}
}

/* What the timeline does to the carrier: the kernel learns of it as from a real card. */
static void carrier_due(struct rec_node *node)
{
	bool on;

	for (uint32_t i = 0; i < node->end_count; i++)
		while (rec_link_end_carrier(&node->ends[i], node->now, &on)) {
			fmt_put_carrier(&node->events, node->now, node->id, 0,
					&(struct fmt_ev_carrier) { .iface = i, .on = on });
			if (!node->panicked)
				node->api->if_carrier(i, on);
		}
}

static void depart_due(struct rec_node *node)
{
	for (uint32_t i = 0; i < node->end_count; i++) {
		uint32_t count = rec_link_end_departed(&node->ends[i], node->now);

		if (count && !node->panicked)
			node->api->tx_done(i, count);
	}
}

/* ---- time ----------------------------------------------------------------------- */

/* The next start or shutdown of the experiment. */
static vtime_ns next_root(const struct rec_node *node)
{
	vtime_ns next = UINT64_MAX;

	for (size_t i = 0; i < node->root_count; i++) {
		const struct rec_root *root = &node->roots[i];

		if (!root->started && root->start_at < next)
			next = root->start_at;
		if (root->started && !root->ended && !root->shut_down && root->exp->shutdown_time < next)
			next = root->exp->shutdown_time;
	}
	return next;
}

static void roots_due(struct rec_node *node)
{
	for (size_t i = 0; i < node->root_count; i++) {
		struct rec_root *root = &node->roots[i];

		if (!root->started && root->start_at <= node->now)
			rec__root_start(node, root);
		if (!root->shut_down && root->exp->shutdown_time <= node->now)
			rec__root_shutdown(node, root);
	}
}

/* Kernel timers in virtual time. */
static vtime_ns next_timer(const struct rec_node *node)
{
	uint64_t timer = node->api->next_timer();

	if (timer == KG_NEVER)
		return UINT64_MAX;
	return rec_node_clock_when(&node->own, timer);
}

vtime_ns rec__next_due(const struct rec_node *node)
{
	vtime_ns next = next_timer(node);

	for (size_t i = 0; i < node->end_count; i++) {
		vtime_ns departs = rec_link_end_next(&node->ends[i]);

		next = departs < next ? departs : next;
		if (node->ends[i].carrier_next < next)
			next = node->ends[i].carrier_next;
	}
	const vtime_ns root = next_root(node), fault = rec__faults_next(node), held = rec__delay_next(node);
	const vtime_ns reseed = rec_reseeds_next(&node->env->exp->reseeds, node->reseeds_passed);

	next = root < next ? root : next;
	next = reseed < next ? reseed : next;
	next = fault < next ? fault : next;
	next = held < next ? held : next;
	if (node->inbound_count && node->inbound[0]->arrive_ns < next)
		next = node->inbound[0]->arrive_ns;
	return next;
}

/* Without a kernel, or frozen: only a fault changes that.  Frames that come are lost, or wait. */
static bool is_asleep(const struct rec_node *node)
{
	return node->panicked || node->frozen;
}

static vtime_ns next_asleep(const struct rec_node *node)
{
	const vtime_ns next = rec__faults_next(node);

	return node->panicked && node->inbound_count && node->inbound[0]->arrive_ns < next ?
	       node->inbound[0]->arrive_ns : next;
}

vtime_ns rec_node_next(const struct rec_node *node)
{
	if (is_asleep(node)) {
		const vtime_ns next = next_asleep(node);

		return next > node->now ? next : node->now;
	}
	if (node->ready_count || node->paused || node->api->pending())
		return node->now;
	vtime_ns next = rec__next_due(node);

	return next > node->now ? next : node->now;
}

/* ---- chance -------------------------------------------------------------------------- */

static void streams_init(struct rec_node *node, uint64_t seed)
{
	char name[32];

	snprintf(name, sizeof(name), "node %u", node->id);
	rec_stream_init(&node->random, seed, name);
	snprintf(name, sizeof(name), "disk %u", node->id);
	rec_stream_init(&node->disk_chance, seed, name);
}

/* The kernel's generator takes the bytes in and begins anew from its pool, as on a machine whose administrator has it do so. */
static void reseed_kernel(struct rec_node *node)
{
	uint8_t bytes[32];

	rec_stream_bytes(&node->random, bytes, sizeof(bytes));
	const int64_t fd = rec__init_call(node, KG_INIT, __NR_openat, (uint64_t)AT_FDCWD, REC_PTR("/dev/urandom"), O_WRONLY, 0, 0, 0);

	/* A program may have removed it, or a fault may keep the kernel from opening it. */
	if (fd < 0) {
		if (!node->panicked)
			rec__warn(node, 0, "/dev/urandom: %s; the kernel's random numbers stay those of the seed before",
				  strerror((int)-fd));
		return;
	}
	rec__init_call(node, KG_INIT, __NR_write, (uint64_t)fd, REC_PTR(bytes), sizeof(bytes), 0, 0, 0);
	rec__init_call(node, KG_INIT, __NR_ioctl, (uint64_t)fd, RNDRESEEDCRNG, 0, 0, 0, 0);
	rec__init_call(node, KG_INIT, __NR_close, (uint64_t)fd, 0, 0, 0, 0, 0);
}

/* A node that is down boots from the new streams; one that is frozen takes them up when it goes on. */
static void reseed_due(struct rec_node *node)
{
	uint64_t seed;

	if (node->frozen || !rec_reseeds_pass(&node->env->exp->reseeds, &node->reseeds_passed, node->now, &seed))
		return;
	streams_init(node, seed);
	if (!node->panicked)
		reseed_kernel(node);
}

/* All that happens at this instant without a program. */
static void due(struct rec_node *node)
{
	reseed_due(node);
	if (rec__faults_next(node) <= node->now)
		rec__faults_due(node);
	if (is_asleep(node))
		return;
	node->api->set_time(rec__local_ns(node));
	carrier_due(node);
	receive_due(node);
	depart_due(node);
	if (next_root(node) <= node->now)
		roots_due(node);
	if (node->held_count)
		rec__delay_due(node);
	if (node->api->pending())
		rec__run_kernel(node);
	rec__witness_look(node);
}

/* What is due first, then who goes on next, taken out of the queue; NULL: nobody can. */
static struct rec_thread *next_thread(struct rec_node *node)
{
	struct rec_thread *t = rec__slice_goes_on(node);

	if (t)
		return t;
	t = rec__slice_preempt(node);
	due(node);
	/* A crash has taken the thread along. */
	if (is_asleep(node) || node->failure)
		return NULL;
	if (t && t->state == REC_THREAD_READY && !t->queued)
		rec__ready(node, t, /* front= */ false);
	if (node->dead_count)
		rec__reap(node);
	if (node->parked_count)
		rec__look_after_parked(node);
	if (!node->ready_count || node->failure)
		return NULL;
	t = node->ready[node->ready_head];
	rec__unready(node, t);
	return t;
}

/* To the next thing that happens to a node that does nothing by itself.  False: that is not before until. */
static bool sleep_until(struct rec_node *node, vtime_ns until)
{
	const vtime_ns next = rec_node_next(node);

	if (next >= until)
		return false;
	node->now = next;
	while (node->panicked && node->inbound_count && node->inbound[0]->arrive_ns <= node->now) {
		_cleanup_free_ struct rec_packet *packet = take_inbound(node);
		const struct rec_port port = port_of(node, packet->dst_ifid);

		rec_port_tell_drop(&port, packet->packet, "node-down");
	}
	reseed_due(node);
	if (rec__faults_next(node) <= node->now)
		rec__faults_due(node);
	return true;
}

static int run(struct rec_node *node, vtime_ns until)
{
	while (node->now < until) {
		if (is_asleep(node)) {
			if (!sleep_until(node, until))
				break;
			continue;
		}
		struct rec_thread *t = next_thread(node);

		if (node->failure)
			return node->failure;
		if (is_asleep(node))
			continue;
		if (t) {
			int r = rec__step(node, t);

			if (r < 0)
				return r;
			continue;
		}
		/* Idle: the kernel stops its tick and says what it waits for. */
		rec__run_kernel(node);
		rec__witness_look(node);
		if (node->ready_count || node->panicked)
			continue;
		vtime_ns next = rec_node_next(node);

		if (next >= until)
			break;
		node->now = next;
	}
	return 0;
}

int rec_node_run(struct rec_node *node, vtime_ns until)
{
	node->until = until;
	const int r = run(node, until);

	rec__watch_end();
	return r;
}

const char *rec_node_failure(const struct rec_node *node)
{
	return node->failure_text;
}

struct fmt_buf *rec_node_events(struct rec_node *node)
{
	return &node->events;
}

/* ---- birth and death --------------------------------------------------------------- */

/* Programs that are started at one instant on several machines seed their random numbers from the clock and rely on no
 * two clocks' being equal to the nanosecond: with equal ones the members of a cluster take the same "random" delays. */
static uint64_t clock_ahead_ns(const struct rec_node *node)
{
	const struct rec_experiment *exp = node->env->exp;
	struct rec_stream stream;
	char name[128];

	if (node->id == 1 || !exp->clock_spread_ns)
		return 0;
	snprintf(name, sizeof(name), "clock %s", node->exp->name);
	rec_stream_init(&stream, exp->seed, name);
	return rec_stream_below(&stream, exp->clock_spread_ns);
}

static int open_clock(struct rec_node *node)
{
	node->clock_fd = memfd_create("hindcast-clock", MFD_CLOEXEC);
	if (node->clock_fd < 0 || ftruncate(node->clock_fd, 4096) < 0)
		return -errno;
	node->clock = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, node->clock_fd, 0);
	if (node->clock == MAP_FAILED) {
		node->clock = NULL;
		return -errno;
	}
	node->clock->step_ns = node->env->exp->clock_cost_ns;
	rec_node_clock_set(&node->own, /* now= */ 0, REC_CLOCK_START_NS, /* drift_ppb= */ 0);
	const uint64_t ahead = clock_ahead_ns(node);

	node->realtime_offset_ns = node->env->exp->realtime_ns + ahead - REC_CLOCK_START_NS;
	node->clock->realtime_ns = node->realtime_offset_ns;
	if (ahead)
		fmt_put_clock(&node->events, node->now, node->id, 0, &(struct fmt_ev_clock) {
			.clock_ns = rec__local_ns(node), .realtime_ns = node->realtime_offset_ns,
			.cause = { (const uint8_t *)"spread", strlen("spread") } });
	return 0;
}

static void on_disk_failed(void *arg, const char *text)
{
	struct rec_node *node = arg;

	fmt_put_injected(&node->events, node->now, node->id, node->current ? node->current->tid : 0,
			 &(struct fmt_ev_injected) {
		.fault = { (const uint8_t *)"disk", 4 }, .what = { (const uint8_t *)text, strlen(text) },
		.cause = { (const uint8_t *)node->disk_cause, strlen(node->disk_cause) } });
}

static uint64_t on_chance(void *arg, uint64_t n)
{
	struct rec_node *node = arg;

	return rec_stream_below(&node->disk_chance, n);
}

static bool loses_power(const struct rec_exp_node *exp)
{
	for (size_t i = 0; i < exp->fault_count; i++)
		if (exp->faults[i].kind == REC_FAULT_power_loss)
			return true;
	return false;
}

/* Those that its processes are. */
static int put_tools(struct rec_node *node)
{
	int r = 0;

	for (size_t i = 0; i < node->exp->process_count && r == 0; i++) {
		const char *name = node->exp->processes[i].path;
		_cleanup_free_ char *path = rec_tool_is(name) ? rec_tool_find(name) : NULL;

		if (rec_tool_is(name))
			r = path ? rec_nodefs_program(node->fs, name, path) : -ENOENT;
	}
	return r;
}

int rec__node_open_files(struct rec_node *node)
{
	static const char sources[] = "passwd: files\ngroup: files\nhosts: files dns\n";
	char upper[4200];
	_cleanup_(fmt_buf_done) struct fmt_buf hosts = { 0 };

	snprintf(node->data_dir, sizeof(node->data_dir), "%s/%s", node->env->data_dir, node->exp->name);
	if (mkdir(node->data_dir, 0755) < 0 && errno != EEXIST)
		return -errno;
	snprintf(upper, sizeof(upper), "%s/root", node->data_dir);
	int r = rec_nodefs_new(&(struct rec_nodefs_config) {
		.lower = node->exp->root ?: node->env->exp->root ?: "/", .upper = upper, .realtime_ns = realtime_ns, .output = on_output,
		.stored = rec__on_stored, .resized = rec__on_resized,
		.disk_failed = on_disk_failed, .below = on_chance, .loses_power = loses_power(node->exp), .arg = node },
		&node->fs);

	if (r < 0)
		return r;
	r = put_tools(node);
	if (r < 0)
		return r;
	rec_experiment_hosts_file(node->env->exp, node->id, &hosts);
	r = rec_nodefs_put(node->fs, "/etc/hosts", hosts.data, hosts.size, 0644);
	if (r == 0)
		r = rec_nodefs_put(node->fs, "/etc/hostname", node->exp->name, strlen(node->exp->name), 0644);
	/* The host's name servers are nobody's on a node; a program of the experiment may name another. */
	if (r == 0)
		r = rec_nodefs_put(node->fs, "/etc/resolv.conf", "# no name server\n", 17, 0644);
	if (r == 0)
		r = rec_nodefs_put(node->fs, "/etc/nsswitch.conf", sources, strlen(sources), 0644);
	return r;
}

static int boot(struct rec_node *node)
{
	struct kg_boot how = { .vtime_ns = rec__local_ns(node), .realtime_ns = realtime_ns(node) };
	uint64_t memory = node->exp->memory_size ? node->exp->memory_size : NODE_MEMORY_DEFAULT;
	int r;

	node->host = (struct kg_host) { .abi = KG_ABI, .ctx = node, .console = on_console, .panic = on_panic,
					.xmit = on_xmit };
	rec_nodefs_ops(&node->host);
	rec__supervisor_ops(&node->host);
	/* A kernel that goes wrong must not take its worker along. */
	r = kg_faults_catch();
	if (r < 0)
		return r;
	r = kg_instance_new(node->env->image, node->id - 1, memory, &node->host, &node->instance);
	if (r < 0)
		return r;
	node->api = kg_instance_api(node->instance);
	how.memory_base = kg_instance_memory(node->instance);
	how.memory_size = memory;
	rec_stream_bytes(&node->random, how.seed, sizeof(how.seed));
	snprintf(how.hostname, sizeof(how.hostname), "%s", node->exp->name);
	node->panicked = node->api->boot(&how) != KG_DONE;
	return 0;
}

int rec__node_boot(struct rec_node *node)
{
	rec__witness_free(node->witness);
	node->witness = rec__witness_new();
	int r = boot(node);

	node->boots++;
	if (r == 0 && !node->panicked)
		r = rec__netcfg(node);
	if (r == 0)
		rec__witness_look(node);
	return r;
}

static void new_roots(struct rec_node *node)
{
	node->root_count = node->exp->process_count;
	node->roots = calloc(node->root_count + 1, sizeof(*node->roots));
	CHECK(node->roots != NULL);
	for (size_t i = 0; i < node->root_count; i++)
		node->roots[i] = (struct rec_root) { .exp = &node->exp->processes[i],
						     .start_at = node->exp->processes[i].start_time };
}

int rec_node_new(const struct rec_node_env *env, node_id id, struct rec_node **ret)
{
	struct rec_node *node = calloc(1, sizeof(*node));

	CHECK(node != NULL);
	CHECK(id >= 1 && id <= env->exp->node_count);
	node->env = env;
	node->id = id;
	node->exp = &env->exp->nodes[id - 1];
	node->clock_fd = -1;
	streams_init(node, env->exp->seed);
	int r = open_clock(node);

	if (r == 0)
		r = rec__node_open_files(node);
	if (r == 0) {
		node->ends = rec_ports_open(env->exp, id, &node->end_count);
		new_roots(node);
		r = rec__node_boot(node);
	}
	if (r < 0) {
		rec_node_free(node);
		return r;
	}
	*ret = node;
	return 0;
}

void rec_node_free(struct rec_node *node)
{
	if (!node)
		return;
	for (size_t i = 0; i < node->thread_count; i++) {
		struct rec_thread *t = node->threads[i];

		if (!t)
			continue;
		rec__unready(node, t);
		rec__task_free(node, t);
	}
	free(node->threads);
	free(node->ready);
	while (node->inbound_count)
		free(take_inbound(node));
	free(node->inbound);
	rec_ports_close(node->ends, node->end_count);
	free(node->roots);
	free(node->refused);
	free(node->call_faults);
	free(node->files);
	kg_instance_free(node->instance);
	rec__rings_done(node);
	rec_nodefs_free(node->fs);
	if (node->clock)
		munmap(node->clock, 4096);
	if (node->clock_fd >= 0)
		close(node->clock_fd);
	fmt_buf_done(&node->events);
	rec__witness_free(node->witness);
	free(node);
}

size_t rec_node_unfinished(const struct rec_node *node)
{
	size_t count = 0;

	for (size_t i = 0; i < node->root_count; i++) {
		const struct rec_root *root = &node->roots[i];
		const bool runs = !root->ended && !node->panicked;

		if (root->exp->expected != REC_FINAL_RUNNING && (runs || rec__faults_restart(node, root)))
			count++;
	}
	return count;
}

/* "exited with 0", "killed by SIGTERM", "still running". */
static void state_text(char *buf, size_t size, enum rec_final_state state, int code)
{
	if (state == REC_FINAL_RUNNING)
		snprintf(buf, size, "still running");
	else if (state == REC_FINAL_SIGNALED)
		snprintf(buf, size, "killed by SIG%s", sigabbrev_np(code) ?: "?");
	else
		snprintf(buf, size, "exited with %d", code);
}

static bool check_root(struct rec_node *node, const struct rec_root *root)
{
	enum rec_final_state state = !root->ended ? REC_FINAL_RUNNING :
				     WIFSIGNALED(root->code) ? REC_FINAL_SIGNALED : REC_FINAL_EXITED;
	int code = !root->ended ? 0 : WIFSIGNALED(root->code) ? WTERMSIG(root->code) : WEXITSTATUS(root->code);
	char is[64], should[64];

	if (state == root->exp->expected && (state == REC_FINAL_RUNNING || code == root->exp->expected_code))
		return true;
	state_text(is, sizeof(is), state, code);
	state_text(should, sizeof(should), root->exp->expected, root->exp->expected_code);
	if (!root->started)
		snprintf(is, sizeof(is), "never started");
	rec__warn(node, root->pid, "%s: %s, expected: %s", root->exp->name, is, should);
	return false;
}

static void on_host_change(void *arg, const char *path)
{
	struct rec_node *node = arg;

	fmt_put_host_change(&node->events, node->now, node->id, 0, &(struct fmt_ev_host_change) {
		.path = { (const uint8_t *)path, strlen(path) } });
}

int rec_node_keep_coverage(struct rec_node *node)
{
	if (!node->env->coverage_dir || !node->instance)
		return 0;
	_cleanup_free_ char *folder = fmt_text_of("%s/nodes/%s", node->env->coverage_dir, node->exp->name);
	const int error = rec_coverage_keep(node->instance, folder);

	if (error < 0)
		rec__node_fail(node, error, "what its kernel counted cannot be written below %s: %s", folder, strerror(-error));
	return error;
}

size_t rec_node_stop(struct rec_node *node, vtime_ns now)
{
	size_t failed = 0;

	if (now > node->now)
		node->now = now;
	for (size_t i = 0; i < node->root_count; i++)
		failed += !check_root(node, &node->roots[i]);
	rec__tell_refused(node);
	rec_nodefs_changed(node->fs, on_host_change, node);
	for (size_t i = 0; i < node->thread_count; i++) {
		struct rec_thread *t = node->threads[i];

		if (t && t->tracee && t->pid == t->tid)
			rec_tracee_kill(t->tracee);
		if (t && t->pid == t->tid)
			t->tracee = NULL;
	}
	return failed;
}
