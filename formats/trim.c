/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trim.c - a part of a run that still replays, without executing it.
 *
 * A part that begins with images of its processes is smaller (replayer/cut.c), but who makes images has to execute the run up to
 * there.  This is for runs with which that cannot be done, and for `trim --whole-past`: the part takes with it what its processes
 * did before (calls, their results, and memory that the kernel wrote), from their first instruction or image on, and a replay of it
 * begins there.  What goes is everything that no process of the part depends on:
 *
 *	all after the part;
 *	before it, packets (but those under way when it begins), output, messages;
 *	before it, processes that have ended by then, and whose memory none of the others had a share in;
 *	embedded files of which nothing is left that names them.
 *
 * A process depends on those that it was forked from, up to the fork (and their whole life is kept).  One that shares memory
 * depends on who shares it: by a shared mapping that can be written, for ever; with its parent after vfork(), until it calls
 * execve().  Of a child that goes, its parent still makes the call that creates it; so its birth and its end stay, and nothing
 * between them.
 *
 *	pass 1: processes, who needs whom, packets that arrive in the part	fmt_trim_new()
 *	pass 2: files that are named by what stays				fmt_trim_new()
 *	pass 3: the copy							fmt_rewrite(), through keep()
 *
 * Each pass goes through all events in order and tells the process of each in the same way (track()).
 */
#include "trim.h"

#include <sched.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "effect.h"
#include "named-files.h"
#include "text.h"
#include "trace-int.h"

#define NONE SIZE_MAX

struct process {
	size_t parent;			/* NONE: the experiment started it */
	uint64_t pid;
	bool shares_vm;			/* with its parent, until exec */
	bool shared;			/* has memory that others write, too */
	bool ended, needed;
	vtime_ns end;
	bool executed;			/* in this pass: it has called execve, or shares nothing with its parent */
};

struct thread {
	uint64_t key;			/* node << 32 | tid; 0: free */
	size_t process;
};

struct fmt_trim {
	struct fmt_reader *reader;
	vtime_ns from, to;
	struct process *processes;
	size_t process_count, process_capacity;
	struct thread *threads;		/* open addressing; capacity is a power of two */
	size_t thread_count, thread_capacity;
	size_t seen;			/* processes, in this pass */
	uint64_t *arrivals;		/* packets that arrive or are lost in the part; by number, once pass 1 is over */
	size_t arrival_count, arrival_capacity;
	struct fmt_named_files named;	/* by what stays */
	struct fmt_buf body;		/* of an event that is changed */
	struct fmt_buf changed;
	struct fmt_trim_stat stat;
};

void fmt_trim_free(struct fmt_trim *trim)
{
	if (!trim)
		return;
	free(trim->processes);
	free(trim->threads);
	free(trim->arrivals);
	fmt_named_files_done(&trim->named);
	fmt_buf_done(&trim->body);
	fmt_buf_done(&trim->changed);
	free(trim);
}

static void *grow(void *array, size_t count, size_t *capacity, size_t size)
{
	if (count < *capacity)
		return array;
	*capacity = *capacity ? *capacity * 2 : 64;
	array = reallocarray(array, *capacity, size);
	CHECK(array);
	return array;
}

/* ---- whose event it is ---- */

static uint64_t thread_key(node_id node, uint64_t tid)
{
	return ((uint64_t)node << 32 | (uint32_t)tid) + 1;
}

static struct thread *find_thread(struct thread *threads, size_t capacity, uint64_t key)
{
	size_t at = (key * 0x9e3779b97f4a7c15) >> 20;

	while (threads[at & (capacity - 1)].key && threads[at & (capacity - 1)].key != key)
		at++;
	return &threads[at & (capacity - 1)];
}

static void grow_threads(struct fmt_trim *trim)
{
	const size_t capacity = trim->thread_capacity ? trim->thread_capacity * 2 : 256;
	struct thread *threads = calloc(capacity, sizeof(*threads));

	CHECK(threads);
	for (size_t i = 0; i < trim->thread_capacity; i++)
		if (trim->threads[i].key)
			*find_thread(threads, capacity, trim->threads[i].key) = trim->threads[i];
	free(trim->threads);
	trim->threads = threads;
	trim->thread_capacity = capacity;
}

static size_t process_of(const struct fmt_trim *trim, node_id node, uint64_t tid)
{
	if (!trim->thread_capacity)
		return NONE;
	const struct thread *thread = find_thread(trim->threads, trim->thread_capacity, thread_key(node, tid));

	return thread->key ? thread->process : NONE;
}

/* Numbers of threads come again; the last birth counts. */
static void set_thread(struct fmt_trim *trim, node_id node, uint64_t tid, size_t process)
{
	if (trim->thread_count * 2 >= trim->thread_capacity)
		grow_threads(trim);
	struct thread *thread = find_thread(trim->threads, trim->thread_capacity, thread_key(node, tid));

	trim->thread_count += !thread->key;
	*thread = (struct thread){thread_key(node, tid), process};
}

/* The next process that is born: in pass 1 a new one, later the same again. */
static size_t born(struct fmt_trim *trim, const struct process *process)
{
	if (trim->seen == trim->process_count) {
		trim->processes = grow(trim->processes, trim->process_count, &trim->process_capacity, sizeof(*trim->processes));
		trim->processes[trim->process_count++] = *process;
	}
	trim->processes[trim->seen].executed = !process->shares_vm;
	return trim->seen++;
}

static void track_clone(struct fmt_trim *trim, const struct fmt_event *event)
{
	const size_t parent = process_of(trim, event->node, event->tid);
	struct fmt_ev_clone ev;

	if (fmt_get_clone(event, &ev) < 0)
		return;
	if (ev.child_pid != ev.child_tid) {
		set_thread(trim, event->node, ev.child_tid, parent);
		return;
	}
	const struct process process = {
		.parent = parent, .pid = ev.child_pid, .shares_vm = ev.flags & CLONE_VM,
		.shared = parent != NONE && trim->processes[parent].shared};

	set_thread(trim, event->node, ev.child_tid, born(trim, &process));
}

/* Takes what an event says of processes, and tells whose it is; NONE: nobody's. */
static size_t track(struct fmt_trim *trim, const struct fmt_event *event)
{
	struct fmt_ev_start start;

	if (event->kind == FMT_start && fmt_get_start(event, &start) == 0)
		set_thread(trim, event->node, start.pid, born(trim, &(struct process){.parent = NONE, .pid = start.pid}));
	else if (event->kind == FMT_clone)
		track_clone(trim, event);
	return event->tid ? process_of(trim, event->node, event->tid) : NONE;
}

/* Calls see for each event of the trace up to the end of the part. */
static int pass(struct fmt_trim *trim, void (*see)(struct fmt_trim *trim, const struct fmt_event *event, size_t process),
		struct fmt_error *error)
{
	struct fmt_event event;

	trim->seen = 0;
	memset(trim->threads, 0, trim->thread_capacity * sizeof(*trim->threads));
	trim->thread_count = 0;
	for (event_seq seq = 0; seq < fmt_reader_count(trim->reader); seq++) {
		const int failed = fmt_reader_event(trim->reader, seq, &event, error);

		if (failed < 0)
			return failed;
		if (event.vtime > trim->to)
			break;
		see(trim, &event, track(trim, &event));
	}
	return 0;
}

/* ---- effects ---- */

/* Calls see for each effect of an event. */
static void each_effect(struct fmt_trim *trim, const struct fmt_event *event, size_t process,
			void (*see)(struct fmt_trim *trim, const struct fmt_event *event, size_t process,
				    const struct fmt_effect *effect))
{
	const struct fmt_kind_info *info = fmt_kind_info(event->kind);
	struct fmt_value values[FMT_FIELD_MAX];
	const int count = fmt_event_values(event, values);
	struct fmt_effect effect;

	for (int i = 0; i < count; i++)
		for (size_t pos = 0; info->fields[i].type == 'E' &&
				     fmt_effect_next(values[i].bytes.data, values[i].bytes.size, &pos, &effect) > 0;)
			see(trim, event, process, &effect);
}

/* ---- pass 1 ---- */

static void see_mapping(struct fmt_trim *trim, const struct fmt_event *event, size_t process, const struct fmt_effect *effect)
{
	if (effect->op == FMT_EFFECT_MAP && (effect->flags & MAP_TYPE) != MAP_PRIVATE && effect->prot & PROT_WRITE)
		trim->processes[process].shared = true;
}

static void add_arrival(struct fmt_trim *trim, const struct fmt_event *event)
{
	struct fmt_value values[FMT_FIELD_MAX];

	/* Link, interface, packet: all of these begin alike. */
	if (event->vtime < trim->from || event->kind <= FMT_packet_send || event->kind > FMT_packet_corrupt ||
	    fmt_event_values(event, values) < 3)
		return;
	trim->arrivals = grow(trim->arrivals, trim->arrival_count, &trim->arrival_capacity, sizeof(*trim->arrivals));
	trim->arrivals[trim->arrival_count++] = values[2].u;
}

static void see_process(struct fmt_trim *trim, const struct fmt_event *event, size_t process)
{
	struct fmt_ev_exit ev;

	trim->stat.events++;
	add_arrival(trim, event);
	if (process == NONE)
		return;
	each_effect(trim, event, process, see_mapping);
	if (event->kind == FMT_exit && fmt_get_exit(event, &ev) == 0 && ev.last) {
		trim->processes[process].ended = true;
		trim->processes[process].end = event->vtime;
	}
}

static int compare_numbers(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* A parent is older than its children, so one way back through all of them does. */
static void find_needed(struct fmt_trim *trim)
{
	for (size_t i = trim->process_count; i-- > 0;) {
		struct process *process = &trim->processes[i];

		process->needed = process->needed || process->shared || !process->ended || process->end >= trim->from;
		if (process->needed && process->parent != NONE)
			trim->processes[process->parent].needed = true;
		trim->stat.gone += !process->needed;
	}
	trim->stat.processes = trim->process_count;
}

/* ---- what stays ---- */

static bool is_execution(const struct fmt_event *event)
{
	return event->kind == FMT_start || event->kind == FMT_exec || event->kind == FMT_clone || event->kind == FMT_exit ||
	       (event->kind >= FMT_syscall && event->kind < FMT_packet_send);
}

/* Before the part, of a process that goes. */
static bool stays_of_gone(struct fmt_trim *trim, const struct fmt_event *event, struct process *process)
{
	if (process->parent == NONE || !trim->processes[process->parent].needed)
		return false;
	if (!process->executed) {
		process->executed = event->kind == FMT_exec;
		return !process->executed;
	}
	return event->kind == FMT_exit && event->tid == process->pid;
}

static bool has_arrival(const struct fmt_trim *trim, const struct fmt_event *event)
{
	struct fmt_ev_packet_send ev;

	return fmt_get_packet_send(event, &ev) == 0 && trim->arrival_count &&
	       bsearch(&ev.packet, trim->arrivals, trim->arrival_count, sizeof(ev.packet), compare_numbers);
}

static bool stays(struct fmt_trim *trim, const struct fmt_event *event, size_t process)
{
	if (event->vtime > trim->to)
		return false;
	if (process != NONE && is_execution(event) && !trim->processes[process].needed)
		return stays_of_gone(trim, event, &trim->processes[process]);
	if (event->vtime >= trim->from)
		return true;
	switch (event->kind) {
	case FMT_packet_send:
		return has_arrival(trim, event);
	case FMT_packet_drop:
	case FMT_packet_recv:
	case FMT_packet_copy:
	case FMT_packet_corrupt:
	case FMT_console:
	case FMT_output:
		return false;
	default:
		return true;
	}
}

/* ---- pass 2 ---- */

static void see_file(struct fmt_trim *trim, const struct fmt_event *event, size_t process)
{
	if (stays(trim, event, process))
		fmt_named_files_learn(&trim->named, event);
}

static void see_hash(struct fmt_trim *trim, const struct fmt_event *event, size_t process)
{
	fmt_named_files_take(&trim->named, event);
}

static void describe(struct fmt_trim *trim)
{
	const uint8_t *hash = fmt_reader_hash(trim->reader);

	fmt_put_text(&trim->changed, "trimmed to ");
	fmt_put_vtime(&trim->changed, trim->from);
	fmt_put_text(&trim->changed, " ... ");
	fmt_put_vtime(&trim->changed, trim->to);
	fmt_put_text(&trim->changed, " of the run ");
	for (size_t i = 0; hash && i < 8; i++)
		fmt_put_text(&trim->changed, "%02x", hash[i]);
	fmt_put_text(&trim->changed, ": before that there is only what a replay needs");
	fmt_buf_put(&trim->changed, "", 1);
}

int fmt_trim_new(struct fmt_reader *reader, vtime_ns from, vtime_ns to, struct fmt_trim **ret, struct fmt_error *error)
{
	struct fmt_trim *trim = calloc(1, sizeof(*trim));

	CHECK(trim);
	trim->reader = reader;
	trim->from = from;
	trim->to = to;
	grow_threads(trim);
	int failed = pass(trim, see_process, error);

	if (trim->arrival_count)
		qsort(trim->arrivals, trim->arrival_count, sizeof(*trim->arrivals), compare_numbers);
	find_needed(trim);
	if (failed == 0)
		failed = pass(trim, see_file, error);
	fmt_named_files_sort(&trim->named);
	if (failed == 0)
		failed = pass(trim, see_hash, error);
	if (failed < 0) {
		fmt_trim_free(trim);
		return failed;
	}
	trim->stat.events = fmt_reader_count(reader);
	describe(trim);
	/* For the copy. */
	trim->seen = 0;
	trim->thread_count = 0;
	memset(trim->threads, 0, trim->thread_capacity * sizeof(*trim->threads));
	*ret = trim;
	return 0;
}

/* ---- pass 3 ---- */

/* Of a process that goes its first thread's exit stands for all of it, and does nothing to its memory, which is not what it was. */
static void make_last(struct fmt_trim *trim, struct fmt_event *event)
{
	struct fmt_event record;
	struct fmt_ev_exit ev;
	size_t pos = 0;

	if (fmt_get_exit(event, &ev) < 0)
		return;
	ev.last = 1;
	ev.effects = (struct fmt_bytes){NULL, 0};
	fmt_buf_clear(&trim->body);
	fmt_put_exit(&trim->body, event->vtime, event->node, event->tid, &ev);
	CHECK(fmt_record_next(trim->body.data, trim->body.size, &pos, &record) == 1);
	event->body = record.body;
	event->body_size = record.body_size;
}

static int keep(void *context, struct fmt_event *event)
{
	struct fmt_trim *trim = context;
	const size_t process = track(trim, event);

	if (!stays(trim, event, process) || !fmt_named_files_has(&trim->named, event))
		return 0;
	if (event->kind == FMT_exit && process != NONE && !trim->processes[process].needed)
		make_last(trim, event);
	trim->stat.kept++;
	trim->stat.before += event->vtime < trim->from;
	return 1;
}

static bool keep_file(void *context, const uint8_t hash[FMT_HASH_SIZE])
{
	const struct fmt_trim *trim = context;

	return fmt_named_files_has_hash(&trim->named, hash);
}

struct fmt_rewrite fmt_trim_how(struct fmt_trim *trim)
{
	return (struct fmt_rewrite){.changed = (const char *)trim->changed.data, .event = keep, .file = keep_file, .context = trim};
}

struct fmt_trim_stat fmt_trim_stat(const struct fmt_trim *trim)
{
	return trim->stat;
}
