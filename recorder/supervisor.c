/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * supervisor.c - the life of a syscall.
 *
 * A thread of a program runs natively until it wants something.  Its call then goes where the routing table
 * (syscall-routes.def) sends it: to the node's kernel, or to one of the few functions that
 * deal with what no library kernel can do, memory and births.
 *
 *            rec__step()             rec__finish()
 *    READY ------------> (running) ----------------> READY
 *                            | kernel blocks            ^
 *                            v                          |
 *                         IN_CALL -- on_done() ---------+
 *                            |
 *                            +----- rec__on_exit() ----> DEAD -- rec__reap()
 *
 * Invariants
 *  1. One thread of a node runs at a time, and only inside rec__step().
 *  2. A slice of execution ends with exactly one of the events syscall, syscall-enter, tsc, fault, code-page, preempt: the
 *     order of these is the order of execution, which is all that replay needs to know about scheduling.
 *  3. Nothing that changes a program's memory is told before the slice that
 *     preceded it: when the kernel, in the middle of one thread's call, finishes another's, the first call is
 *     told as syscall-enter at that moment and ends with syscall-exit (rec__before_event).
 *  4. What the kernel wrote for a thread that goes on waiting is told before any other thread runs
 *     (rec__effects_taken).
 *  5. Virtual time passes by the model alone: a cost for each call, charged when it ends, and a cost for each
 *     clock read, charged to the read that follows.  A lone read is free, so the instant that a program
 *     reads is the instant at which its next packet leaves.
 */
#include "node-int.h"

#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/check.h"
#include "effect.h"
#include "routes.h"
#include "syscall-names.h"

/* Calls that a thread makes before others get their turn: long enough to spare native context
 * switches, short enough that a poller cannot starve its neighbours. */
#define QUANTUM 100

/* ---- threads and the ready queue --------------------------------------- */

struct rec_thread *rec__thread(struct rec_node *node, kg_cookie cookie)
{
	return cookie >= REC_COOKIE_FIRST && cookie - REC_COOKIE_FIRST < node->thread_count ?
	       node->threads[cookie - REC_COOKIE_FIRST] : NULL;
}

struct rec_thread *rec__task_new(struct rec_node *node)
{
	if (node->thread_count == node->thread_capacity) {
		node->thread_capacity = node->thread_capacity ? 2 * node->thread_capacity : 32;
		node->threads = reallocarray(node->threads, node->thread_capacity, sizeof(*node->threads));
		CHECK(node->threads != NULL);
	}
	struct rec_thread *t = calloc(1, sizeof(*t));

	CHECK(t != NULL);
	t->cookie = REC_COOKIE_FIRST + node->thread_count;
	node->threads[node->thread_count++] = t;
	return t;
}

static void ready_grow(struct rec_node *node)
{
	size_t capacity = node->ready_capacity ? 2 * node->ready_capacity : 32;
	struct rec_thread **ring = calloc(capacity, sizeof(*ring));

	CHECK(ring != NULL);
	for (size_t i = 0; i < node->ready_count; i++)
		ring[i] = node->ready[(node->ready_head + i) % node->ready_capacity];
	free(node->ready);
	node->ready = ring;
	node->ready_head = 0;
	node->ready_capacity = capacity;
}

void rec__ready(struct rec_node *node, struct rec_thread *t, bool front)
{
	CHECK(!t->queued);
	t->state = REC_THREAD_READY;
	t->queued = true;
	if (node->ready_count == node->ready_capacity)
		ready_grow(node);
	if (front) {
		node->ready_head = (node->ready_head + node->ready_capacity - 1) % node->ready_capacity;
		node->ready[node->ready_head] = t;
	} else {
		t->quantum = QUANTUM;
		node->ready[(node->ready_head + node->ready_count) % node->ready_capacity] = t;
	}
	node->ready_count++;
}

void rec__unready(struct rec_node *node, struct rec_thread *t)
{
	size_t kept = 0;

	if (!t->queued)
		return;
	for (size_t i = 0; i < node->ready_count; i++) {
		struct rec_thread *other = node->ready[(node->ready_head + i) % node->ready_capacity];

		if (other != t)
			node->ready[(node->ready_head + kept++) % node->ready_capacity] = other;
	}
	CHECK(kept + 1 == node->ready_count);
	node->ready_count = kept;
	t->queued = false;
}

/* ---- telling ------------------------------------------------------------ */

static struct fmt_bytes take_effects(struct rec_node *node, struct rec_thread *t)
{
	if (t->dirty) {
		t->dirty = false;
		node->dirty_count--;
	}
	return (struct fmt_bytes) { t->effects.data, t->effects.size };
}

void rec__enter(struct rec_node *node, struct rec_thread *t)
{
	const uint64_t *a = t->call.args;

	if (t->entered)
		return;
	t->entered = true;
	fmt_put_syscall_enter(&node->events, node->now, node->id, t->tid, &(struct fmt_ev_syscall_enter) {
		.ran = t->ran, .nr = t->call.nr, .a0 = a[0], .a1 = a[1], .a2 = a[2], .a3 = a[3],
		.a4 = a[4], .a5 = a[5], .effects = take_effects(node, t),
	});
	fmt_buf_clear(&t->effects);
}

void rec__before_event(struct rec_node *node, const struct rec_thread *about)
{
	struct rec_thread *t = node->current;

	if (t && t != about)
		rec__enter(node, t);
}

/* The kernel's own numbers for "again, after the handler" (-ERESTARTSYS to -ERESTART_RESTARTBLOCK): the frame that
 * follows replaces the answer, and the host must not see one of these or it would restart the call itself. */
static bool is_redone(int64_t result)
{
	return result >= -516 && result <= -512;
}

void rec__finish(struct rec_node *node, struct rec_thread *t, int64_t result)
{
	const uint64_t *a = t->call.args;

	rec__before_event(node, t);
	if (rec__delay_answer(node, t, result))
		return;
	if (t->entered)
		fmt_put_syscall_exit(&node->events, node->now, node->id, t->tid,
				     &(struct fmt_ev_syscall_exit) {
			.nr = t->call.nr, .ret = result, .effects = take_effects(node, t) });
	else
		fmt_put_syscall(&node->events, node->now, node->id, t->tid, &(struct fmt_ev_syscall) {
			.ran = t->ran, .nr = t->call.nr, .a0 = a[0], .a1 = a[1], .a2 = a[2], .a3 = a[3],
			.a4 = a[4], .a5 = a[5], .ret = result, .effects = take_effects(node, t),
		});
	fmt_buf_clear(&t->effects);
	t->entered = false;
	/* A child's registers hold its answer from birth. */
	if (!t->newborn)
		rec_tracee_answer(t->tracee, is_redone(result) ? -EINTR : result);
	t->newborn = false;
	rec__witness_ended(node, t, result);
	bool front = t == node->current;

	/* The call is over, whatever else the kernel does before it comes back. */
	if (front)
		node->current = NULL;
	if (t->quantum > 0 && t->call.nr != __NR_sched_yield) {
		t->quantum--;
		rec__ready(node, t, front);
	} else {
		rec__ready(node, t, /* front= */ false);
	}
}

/* Tells what waiting threads' memory has received, before another thread can see it. */
static void tell_effects(struct rec_node *node)
{
	for (size_t i = 0; node->dirty_count && i < node->thread_count; i++) {
		struct rec_thread *t = node->threads[i];

		if (!t || !t->dirty)
			continue;
		fmt_put_effects(&node->events, node->now, node->id, t->tid,
				&(struct fmt_ev_effects) { take_effects(node, t) });
		fmt_buf_clear(&t->effects);
	}
}

void rec__effects_taken(struct rec_node *node, struct rec_thread *t)
{
	take_effects(node, t);
	fmt_buf_clear(&t->effects);
}

/* ---- what the kernel asks ------------------------------------------------ */

void rec__effect_added(struct rec_node *node, struct rec_thread *t)
{
	if (!t->dirty) {
		t->dirty = true;
		node->dirty_count++;
	}
}

static kg_u64 on_copy_from_user(void *ctx, kg_cookie task, void *to, kg_u64 from, kg_u64 size)
{
	struct rec_node *node = ctx;
	struct rec_thread *t = rec__thread(node, task);

	/* The clock's page is between hindcast and the vDSO: its bytes are others in replay. */
	if (!t || !t->tracee || (from < REC_CLOCK_ADDR + 4096 && from + size > REC_CLOCK_ADDR))
		return size;
	size_t left = rec_tracee_read(t->tracee, to, from, size);

	if (left < size) {
		fmt_effect_put(&t->effects, &(struct fmt_effect) {
			.op = FMT_EFFECT_READ, .addr = from, .size = size - left,
			.crc = fmt_crc32c(0, to, size - left) });
		rec__effect_added(node, t);
	}
	return left;
}

static kg_u64 on_copy_to_user(void *ctx, kg_cookie task, kg_u64 to, const void *from, kg_u64 size)
{
	struct rec_node *node = ctx;
	struct rec_thread *t = rec__thread(node, task);

	if (!t || !t->tracee)
		return size;
	size_t left = rec__code_write(t, to, from, size);

	if (left < size) {
		fmt_effect_put(&t->effects, &(struct fmt_effect) {
			.op = FMT_EFFECT_WRITE, .addr = to, .size = size - left, .bytes = from });
		rec__code_written(t, to, size - left);
		rec__effect_added(node, t);
	}
	return left;
}

static kg_s32 on_task_regs(void *ctx, kg_cookie task, struct kg_regs *ret)
{
	const struct rec_thread *t = rec__thread(ctx, task);
	struct user_regs_struct general;
	struct user_fpregs_struct floating;

	_Static_assert(sizeof(general) == sizeof(ret->general) && sizeof(floating) == sizeof(ret->floating),
		       "as ptrace has them");
	if (!t || !t->tracee || rec_tracee_trap(t->tracee) < 0 || rec_tracee_get_regs(t->tracee, &general) < 0 ||
	    rec_tracee_get_fpregs(t->tracee, &floating) < 0)
		return -ESRCH;
	memcpy(ret->general, &general, sizeof(general));
	memcpy(ret->floating, &floating, sizeof(floating));
	return 0;
}

static void on_done(void *ctx, kg_cookie task, kg_s64 result)
{
	struct rec_node *node = ctx;
	struct rec_thread *t = rec__thread(node, task);

	/* A call of the host's own in the task's name is answered to nobody. */
	if (!t || t->state != REC_THREAD_IN_CALL)
		return;
	if (!t->hosted && !(t->exec && result == 0)) {
		rec__finish(node, t, result);
		return;
	}
	/* Nothing to tell; or a new program, which is filled in when its turn comes: not here, inside the kernel. */
	t->hosted = false;
	rec__ready(node, t, /* front= */ false);
}

void rec__resume(struct rec_node *node, struct rec_thread *t, enum kg_outcome outcome)
{
	t->entered = false;
	if (outcome == KG_DONE) {
		rec__ready(node, t, /* front= */ true);
	} else if (outcome == KG_BLOCKED) {
		t->state = REC_THREAD_IN_CALL;
		t->hosted = true;
	}
}

void rec__supervisor_ops(struct kg_host *host)
{
	host->copy_from_user = on_copy_from_user;
	host->copy_to_user = on_copy_to_user;
	host->futex_key = rec__on_futex_key;
	host->task_map = rec__on_task_map;
	host->task_regs = on_task_regs;
	host->ring_page = rec__on_ring_page;
	host->fs_read_user = rec__on_read_user;
	host->done = on_done;
	host->signal = rec__on_signal;
	host->exit = rec__on_exit;
	host->exec = rec__on_exec;
	host->change = rec__on_change;
}

/* ---- one step ------------------------------------------------------------ */

/* The trace says so at once the first time that a program meets this, and at the end how often. */
static void refused(struct rec_node *node, const struct rec_thread *t, int error)
{
	const char *name = fmt_syscall_name(t->call.nr);

	for (size_t i = 0; i < node->refused_count; i++) {
		struct rec_refused *at = &node->refused[i];

		if (at->nr == t->call.nr && !strcmp(at->program, t->program)) {
			at->count++;
			return;
		}
	}
	rec__warn(node, t->tid, "%s: syscall %s is refused: %s", t->program, name ?: "?", strerrorname_np(error));
	node->refused = reallocarray(node->refused, node->refused_count + 1, sizeof(*node->refused));
	CHECK(node->refused != NULL);
	struct rec_refused *fresh = &node->refused[node->refused_count++];

	*fresh = (struct rec_refused) { .nr = t->call.nr, .error = error, .count = 1 };
	strcpy(fresh->program, t->program);
}

void rec__tell_refused(struct rec_node *node)
{
	for (size_t i = 0; i < node->refused_count; i++) {
		const struct rec_refused *at = &node->refused[i];

		fmt_put_refused(&node->events, node->now, node->id, 0, &(struct fmt_ev_refused) {
			.nr = at->nr, .ret = -at->error, .count = at->count,
			.program = { (const uint8_t *)at->program, strlen(at->program) } });
	}
}

static void call_kernel(struct rec_node *node, struct rec_thread *t, uint64_t nr)
{
	int64_t result = 0;
	struct user_regs_struct regs = { 0 };

	if (t->call.nr == __NR_sigaltstack)
		rec_tracee_get_regs(t->tracee, &regs);
	t->state = REC_THREAD_IN_CALL;
	rec_nodefs_take_cost(node->fs);
	enum kg_outcome outcome = rec__kernel_call(node, t->cookie, nr, t->call.args, regs.rsp, &result);

	if (node->disk_slow)
		rec__disk_wait(node, t);
	if ((nr == __NR_sync || nr == __NR_syncfs) && outcome == KG_DONE && result == 0)
		rec_nodefs_sync(node->fs);
	if (outcome == KG_DONE) {
		if (result == -ENOSYS)
			refused(node, t, ENOSYS);
		rec__finish(node, t, result);
	} else if (outcome == KG_BLOCKED && t->state == REC_THREAD_IN_CALL) {
		rec__enter(node, t);
		rec__witness_waits(node, t);
	}
}

/* vmsplice, the one call here, takes the pages of a program, which the kernel cannot see: their bytes are copied. */
static void emulate(struct rec_node *node, struct rec_thread *t)
{
	struct kg_fd what = { 0 };
	int64_t r = rec__init_call(node, t->cookie, KG_NR_FD_INO, t->call.args[0], REC_PTR(&what), 0, 0, 0, 0);

	if (r < 0 || !S_ISFIFO(what.mode))
		rec__finish(node, t, -EBADF);
	else
		call_kernel(node, t, (what.flags & O_ACCMODE) == O_RDONLY ? __NR_readv : __NR_writev);
}

static int carry_out(struct rec_node *node, struct rec_thread *t)
{
	const struct rec_route_row row = rec_route_of(t->call.nr);

	switch (row.route) {
	case REC_ROUTE_KERNEL:
		call_kernel(node, t, t->call.nr);
		return 0;
	case REC_ROUTE_EMULATE:
		emulate(node, t);
		return 0;
	case REC_ROUTE_MEMORY:
		rec__finish(node, t, rec__memory_call(node, t));
		return node->failure;
	case REC_ROUTE_CLONE:
		return rec__clone(node, t);
	case REC_ROUTE_EXEC:
		return rec__execve(node, t);
	case REC_ROUTE_EXIT:
		rec__exit(node, t);
		return 0;
	case REC_ROUTE_SIGRETURN:
		return rec__sigreturn(node, t);
	case REC_ROUTE_IGNORE:
		rec__finish(node, t, 0);
		return 0;
	case REC_ROUTE_REFUSE:
		refused(node, t, row.error);
		rec__finish(node, t, -row.error);
		return 0;
	case REC_ROUTE_ABSENT:
		/* Programs probe for these and have another way; a warning would only be noise. */
		rec__finish(node, t, -row.error);
		return 0;
	}
	return -EINVAL;
}

static int route_call(struct rec_node *node, struct rec_thread *t)
{
	t->exit_ns = 0;
	return node->call_fault_count && rec__call_faults(node, t) ? node->failure : carry_out(node, t);
}

/* A call that was held before it was carried out: no slice precedes it. */
static int go_on_with_call(struct rec_node *node, struct rec_thread *t)
{
	int r = 0;

	t->held_call = false;
	if (node->dirty_count)
		tell_effects(node);
	node->current = t;
	if (!rec__call_replaced(node, t))
		r = carry_out(node, t);
	node->current = NULL;
	node->now += node->env->exp->syscall_cost_ns;
	return r ? r : node->failure;
}

static void tsc_stop(struct rec_node *node, struct rec_thread *t)
{
	/* A counter of 1 GHz that is the node's clock. */
	uint64_t value = rec__local_ns(node);

	fmt_put_tsc(&node->events, node->now, node->id, t->tid,
		    &(struct fmt_ev_tsc) { .ran = t->ran, .pc = t->call.pc, .value = value });
	rec_tracee_answer_tsc(t->tracee, value, 0);
	node->now += node->env->exp->clock_cost_ns;
	rec__ready(node, t, t->quantum-- > 1);
}

/* A fault that the program has no part in. */
static void code_page_stop(struct rec_node *node, struct rec_thread *t)
{
	fmt_put_code_page(&node->events, node->now, node->id, t->tid, &(struct fmt_ev_code_page) {
		.ran = t->ran, .pc = t->call.pc, .addr = t->call.addr, .effects = take_effects(node, t) });
	fmt_buf_clear(&t->effects);
	rec__ready(node, t, /* front= */ true);
}

static int fault_stop(struct rec_node *node, struct rec_thread *t)
{
	const struct rec_stop_info *stop = &t->call;
	const int r = rec__code_fault(t);

	if (r > 0)
		code_page_stop(node, t);
	if (r)
		return r < 0 ? r : 0;
	uint64_t args[6] = { (uint64_t)stop->signo, (uint64_t)(int64_t)stop->code, stop->addr };
	int64_t result;

	fmt_put_fault(&node->events, node->now, node->id, t->tid, &(struct fmt_ev_fault) {
		.ran = t->ran, .pc = stop->pc, .signo = (uint64_t)stop->signo,
		.code = (uint64_t)(int64_t)stop->code, .addr = stop->addr });
	t->entered = true;	/* the slice is told */
	t->state = REC_THREAD_IN_CALL;
	rec__resume(node, t, rec__kernel_call(node, t->cookie, KG_NR_FAULT, args, 0, &result));
	return 0;
}

/* Nothing of ours does that: the host's memory ran out, or a person killed it. */
static void killed_outside(struct rec_node *node, const struct rec_thread *t)
{
	rec__warn(node, t->tid, "the native thread was killed from outside");
	rec__node_fail(node, -EOWNERDEAD, "the native process %d behind process %u was killed from outside: by a person, or "
		  "because the host ran out of memory", rec_tracee_native_tid(t->tracee), t->pid);
}

/* The kernel has taken the thread for idle since it was interrupted: from here on it runs, and uses time.  False: it does
 * not, a signal has stopped or ended it. */
static bool go_on(struct rec_node *node, struct rec_thread *t)
{
	const uint64_t args[6] = { 0 };
	int64_t result;

	t->interrupted = false;
	t->state = REC_THREAD_IN_CALL;
	if (rec__kernel_call(node, t->cookie, KG_NR_GO_ON, args, 0, &result) == KG_DONE)
		t->state = REC_THREAD_READY;
	else if (t->state == REC_THREAD_IN_CALL)
		t->hosted = true;
	return t->state == REC_THREAD_READY;
}

/* A slice begins: what has to be told or done first.  1: there is none, all is done; 0; -errno. */
static int begin(struct rec_node *node, struct rec_thread *t)
{
	if (node->dirty_count)
		tell_effects(node);
	if (t->exec) {
		int r = rec__become(node, t);

		return r < 0 ? r : 1;
	}
	if (t->interrupted && !go_on(node, t))
		return 1;
	if (t->signal_count) {
		int r = rec__push_signals(node, t);

		if (r < 0 || t->state != REC_THREAD_READY)
			return r < 0 ? r : 1;
	}
	rec__slice_begin(node);
	return 0;
}

int rec__step(struct rec_node *node, struct rec_thread *t)
{
	uint64_t reads;
	int r = 0;

	CHECK(t->state == REC_THREAD_READY && !t->queued);
	if (t->held_call)
		return go_on_with_call(node, t);
	if (t != node->paused)
		r = begin(node, t);
	if (r)
		return r < 0 ? r : 0;
	node->paused = NULL;
	r = rec__slice_run(node, t, &reads);
	if (r < 0)
		return r;
	if (t->call.kind == REC_STOP_CLOCK) {
		rec__slice_pause(node, t);
		return node->failure;
	}
	node->current = t;
	t->entered = false;
	switch (t->call.kind) {
	case REC_STOP_SYSCALL:
		r = route_call(node, t);
		node->now += node->env->exp->syscall_cost_ns;
		break;
	case REC_STOP_TSC:
		tsc_stop(node, t);
		break;
	case REC_STOP_FAULT:
		r = fault_stop(node, t);
		break;
	case REC_STOP_INTERRUPTED:
		rec__park(node, t);
		node->now += node->env->exp->syscall_cost_ns;
		break;
	case REC_STOP_EXITED:
		killed_outside(node, t);
		break;
	case REC_STOP_CLOCK:
		CHECK(!"returned above");
	}
	node->current = NULL;
	node->now += reads ? node->env->exp->clock_cost_ns : 0;
	rec__witness_look(node);
	return r ? r : node->failure;
}
