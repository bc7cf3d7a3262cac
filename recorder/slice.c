/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slice.c - how long a thread runs when it asks for nothing.
 *
 * Most slices end by the thread's own doing.  Two kinds of loops would never end one, and nothing else of the node would
 * happen while they turn:
 *
 * Loops that look at the clock.  Virtual time passes in them, by the cost of each look, without a call.  The vDSO
 * stops before the first look that would show the time of something due, or the end of the window.
 *
 *   running --limit--> paused --something is due, or others wait and the turn is over--> preempt event, ready (last)
 *      ^                  |
 *      +---- otherwise ---+   no event, no change that anything could see: the slice goes on where it was
 *
 * Loops that look at memory, without any call.  A watchdog by the host's clock interrupts the thread, and spin.c looks
 * whether each turn of it is the same.  If so the thread is parked: it runs again when the memory that its loop
 * touches is another one than in the loop, or a signal comes.  If not, it goes on as if nothing had been, and the
 * watchdog comes again later.
 *
 * Invariants
 *  1. A pause and an interrupt leave no trace by themselves.  When windows end and when the watchdog barks is
 *     the business of the machine and of the host; what a program sees and the trace tells does not depend on it.
 *  2. Something is due in a clock loop at the first look at or after its time.  Frames that the next window brings
 *     are not known yet when a slice is paused at the end of this one, and are known before it goes on.
 *  3. A parked thread needs no turn: it could do nothing but what it did.
 */
#include "node-int.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "effect.h"
#include "spin.h"

/* What a thread that looks at the clock may use while others wait: as much as QUANTUM calls take. */
#define TURN_NS 100000
/* Looks at a clock that stands still (model: clock 0) before others get their turn, and how many such turns
 * are nobody's, before it is clear that the loop never ends. */
#define FREE_READS (1u << 20)
#define FREE_TURNS_MAX 100
/* Slices at one instant: the same for calls that take no time.  A program copies 20 GB in so many. */
#define STILL_SLICES_MAX 5000000u

/* ---- the watchdog --------------------------------------------------------------- */

#define TICK_MS 2
#define TICKS_A_SECOND (1000 / TICK_MS)

/* When the watchdog barks, in ticks of one slice, and how many steps are made to find a turn.  Steps cost some 10 us, so
 * a long computation becomes slower by a tenth. */
static const struct patience {
	unsigned ticks, steps;
} PATIENCE[] = { { 2, 128 }, { 16, 1024 }, { 128, 4096 }, { 1024, 16384 }, { 4096, 65536 } };

static struct rec_tracer *volatile watched;
static volatile unsigned ticks, bark_at;	/* bark_at 0: no program runs */

static void on_tick(int signo)
{
	const unsigned now = ++ticks;

	(void)signo;
	if (bark_at && now >= bark_at)
		rec_tracer_interrupt(watched);
}

/* From the first slice of a program on; a node that only forwards has none.  SIGCHLD stays out of the handler: it has to find the
 * interrupted wait, not this function. */
static void watch(struct rec_node *node)
{
	static bool prepared;
	const struct itimerval every = { .it_interval = { .tv_usec = 1000 * TICK_MS },
					 .it_value = { .tv_usec = 1000 * TICK_MS } };
	struct sigaction action = { .sa_handler = on_tick, .sa_flags = SA_RESTART | SA_ONSTACK };

	if (watched)
		return;
	if (!prepared) {
		sigaddset(&action.sa_mask, SIGCHLD);
		sigaction(SIGALRM, &action, NULL);
		prepared = true;
	}
	watched = node->env->tracer;
	setitimer(ITIMER_REAL, &every, NULL);
}

void rec__watch_end(void)
{
	if (!watched)
		return;
	setitimer(ITIMER_REAL, &(struct itimerval) { 0 }, NULL);
	watched = NULL;
}

static const struct patience *patience_of(unsigned barks)
{
	const unsigned last = sizeof(PATIENCE) / sizeof(PATIENCE[0]) - 1;

	return &PATIENCE[barks < last ? barks : last];
}

/* ---- failure ------------------------------------------------------------------------ */

void rec__node_fail(struct rec_node *node, int error, const char *format, ...)
{
	va_list ap;

	CHECK(error < 0);
	va_start(ap, format);
	vsnprintf(node->failure_text, sizeof(node->failure_text), format, ap);
	va_end(ap);
	node->failure = error;
}

static const char *name_of(const struct rec_thread *t)
{
	return t->root ? t->root->exp->name : "a program";
}

static void fail_patience(struct rec_node *node, const struct rec_thread *t, unsigned seconds)
{
	rec__node_fail(node, -ETIME, "%s (process %u, thread %u) has computed for %u s of the host's time without a "
		  "system call, around 0x%llx. A loop that waits for another thread and computes meanwhile cannot be "
		  "interrupted at the same point in every run, see docs/determinism.md; if it computes indeed, "
		  "give --patience", name_of(t), t->pid, t->tid, seconds, (unsigned long long)t->call.pc);
}

/* ---- running ---------------------------------------------------------------------------- */

static uint64_t step_ns(const struct rec_node *node)
{
	return node->env->exp->clock_cost_ns;
}

/* A program may scribble over the page; time must not jump for it. */
static uint64_t reads_of(const struct rec_node *node)
{
	return node->clock->reads > 1000000000 ? 0 : node->clock->reads;
}

void rec__slice_begin(struct rec_node *node)
{
	if (node->now != node->slice_start)
		node->still_slices = 0;
	else if (++node->still_slices == STILL_SLICES_MAX)
		rec__node_fail(node, -ETIME, "programs have made %u system calls at %llu ns, and the model says that they "
			       "take no time (syscall: 0), so one that waits for time to pass never ends",
			       STILL_SLICES_MAX, (unsigned long long)node->now);
	node->clock->base_ns = rec__local_ns(node);
	node->slice_base_ns = node->clock->base_ns;
	node->clock->reads = 0;
	node->slice_start = node->now;
	node->free_turns = 0;
}

/* How often the clock may be looked at before something is due. */
static void set_limit(struct rec_node *node)
{
	const uint64_t step = step_ns(node), reads = reads_of(node);
	vtime_ns deadline = rec__next_due(node);

	if (!step) {
		node->clock->limit = reads + FREE_READS;
		return;
	}
	if (node->until < deadline)
		deadline = node->until;
	if (node->ready_count && node->slice_start + TURN_NS < deadline)
		deadline = node->slice_start + TURN_NS;
	const uint64_t limit = deadline <= node->slice_start ? 1 : (deadline - node->slice_start + step - 1) / step;

	node->clock->limit = limit > reads ? limit : reads + 1;
}

/* The watchdog has barked.  1: the slice is over (t->call, t->loop); 0: it goes on; -errno. */
static int interrupted(struct rec_node *node, struct rec_thread *t, unsigned barks)
{
	const unsigned patience = node->env->patience_s;
	struct rec_loop loop;
	struct rec_stop_info stop;

	if (patience && ticks / TICKS_A_SECOND >= patience) {
		fail_patience(node, t, patience);
		return -ETIME;
	}
	const int r = rec_spin_find(t->tracee, patience_of(barks)->steps, &loop, &stop);

	if (r < 0 || r == REC_SPIN_NONE)
		return r < 0 ? r : 0;
	if (r == REC_SPIN_STOPPED) {
		t->call = stop;
		return 1;
	}
	t->loop = malloc(sizeof(*t->loop));
	CHECK(t->loop != NULL);
	*t->loop = loop;
	const int settled = loop.counts ? rec_loop_settle(&loop, t->tracee) : 0;

	return settled < 0 ? settled : 1;
}

/* Runs until the thread or spin.c ends the slice. */
static int run(struct rec_node *node, struct rec_thread *t)
{
	watch(node);
	ticks = 0;
	for (unsigned barks = 0;; barks++) {
		bark_at = ticks + patience_of(barks)->ticks;
		int r = rec_tracee_run(t->tracee, &t->call);

		bark_at = 0;
		rec_tracer_interrupt_cancel(node->env->tracer);
		if (r < 0 || t->call.kind != REC_STOP_INTERRUPTED)
			return r;
		r = interrupted(node, t, barks);
		if (r)
			return r < 0 ? r : 0;
	}
}

int rec__slice_run(struct rec_node *node, struct rec_thread *t, uint64_t *ret_reads)
{
	set_limit(node);
	const int r = run(node, t);
	const uint64_t reads = reads_of(node);

	if (r < 0)
		return r;
	*ret_reads = reads;
	/* The cost of a look is charged to the one that follows; when the slice is paused, that one is at hand. */
	t->ran = reads ? (reads - (t->call.kind != REC_STOP_CLOCK)) * step_ns(node) : 0;
	node->now = node->slice_start + t->ran;
	rec_node_clock_shown(&node->own, node->slice_base_ns + t->ran);
	return 0;
}

/* ---- paused at the clock ------------------------------------------------------------------ */

void rec__slice_pause(struct rec_node *node, struct rec_thread *t)
{
	node->paused = t;
	if (step_ns(node) || node->ready_count)
		return;
	if (++node->free_turns == FREE_TURNS_MAX)
		rec__node_fail(node, -ETIME, "%s (process %u, thread %u) looks at the clock in a loop, and the model says that "
			  "this takes no time (clock: 0), so the clock will never show another time", name_of(t), t->pid,
			  t->tid);
}

static bool is_turn_over(const struct rec_node *node)
{
	if (rec__next_due(node) <= node->now)
		return true;
	return node->ready_count && (!step_ns(node) || node->now - node->slice_start >= TURN_NS);
}

struct rec_thread *rec__slice_goes_on(const struct rec_node *node)
{
	return node->paused && !is_turn_over(node) ? node->paused : NULL;
}

struct rec_thread *rec__slice_preempt(struct rec_node *node)
{
	struct rec_thread *t = node->paused;

	node->paused = NULL;
	if (t) {
		t->interrupted = true;
		fmt_put_preempt(&node->events, node->now, node->id, t->tid, &(struct fmt_ev_preempt) {
			.ran = t->ran, .pc = t->call.pc, .reads = reads_of(node) });
	}
	return t;
}

/* ---- parked in a loop ----------------------------------------------------------------------- */

static void put_ranges(const struct rec_loop *loop, struct fmt_buf *effects)
{
	const struct rec_range *ranges = (const struct rec_range *)loop->ranges.data;
	const uint8_t *bytes = loop->bytes.data;

	for (size_t i = 0; i < loop->ranges.size / sizeof(*ranges); i++) {
		fmt_effect_put(effects, &(struct fmt_effect) {
			.op = FMT_EFFECT_READ, .addr = ranges[i].addr, .size = ranges[i].size,
			.crc = fmt_crc32c(0, bytes, ranges[i].size) });
		bytes += ranges[i].size;
	}
	const struct rec_range *counters = (const struct rec_range *)loop->counters.data;
	const uint8_t *values = loop->values.data;

	for (size_t i = 0; i < loop->counters.size / sizeof(*counters); i++) {
		fmt_effect_put(effects, &(struct fmt_effect) {
			.op = FMT_EFFECT_WRITE, .addr = counters[i].addr, .size = counters[i].size, .bytes = values });
		values += counters[i].size;
	}
}

void rec__park(struct rec_node *node, struct rec_thread *t)
{
	const struct rec_loop *loop = t->loop;
	_cleanup_(fmt_buf_done) struct fmt_buf effects = { 0 };
	uint8_t regs[sizeof(loop->regs) + sizeof(loop->fpregs) + sizeof(loop->by)];
	const size_t regs_size = sizeof(regs) - (loop->counts ? 0 : sizeof(loop->by));

	CHECK(loop != NULL && t->state == REC_THREAD_READY && !t->queued);
	memcpy(regs, &loop->regs, sizeof(loop->regs));
	memcpy(regs + sizeof(loop->regs), &loop->fpregs, sizeof(loop->fpregs));
	memcpy(regs + sizeof(loop->regs) + sizeof(loop->fpregs), &loop->by, sizeof(loop->by));
	put_ranges(loop, &effects);
	fmt_put_preempt(&node->events, node->now, node->id, t->tid, &(struct fmt_ev_preempt) {
		.ran = t->ran, .pc = loop->regs.rip, .reads = reads_of(node), .regs = { regs, regs_size },
		.effects = { effects.data, effects.size } });
	node->parked_count++;
	t->interrupted = true;
}

void rec__unpark(struct rec_node *node, struct rec_thread *t)
{
	if (!t->loop)
		return;
	rec_loop_done(t->loop);
	free(t->loop);
	t->loop = NULL;
	node->parked_count--;
}

void rec__look_after_parked(struct rec_node *node)
{
	for (size_t i = 0; node->parked_count && i < node->thread_count; i++) {
		struct rec_thread *t = node->threads[i];

		if (!t || !t->loop || t->state != REC_THREAD_READY)
			continue;
		if (!t->signal_count && rec_loop_holds(t->loop, t->tracee))
			continue;
		rec__unpark(node, t);
		rec__ready(node, t, /* front= */ false);
	}
}
