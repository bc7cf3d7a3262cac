/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session.c - re-execution: the life of a recorded event.
 *
 * A trace tells, for each node, in which order its threads ran and what every call of theirs brought.  So a replay
 * needs no scheduler, no kernel and no clock: the event says which thread goes on, the thread runs
 * natively until it wants something, and that has to be what the event says.  Then the event's
 * effects are repeated in its memory and it gets the recorded answer.
 *
 *                step_clone()                                step_exit(), from any state
 *   (nothing) ------------------> IN_SYSCALL (born)         ------------------------> (nothing)
 *       | step_start()                |
 *       v                             | step_syscall_exit()
 *     EMPTY ----- step_exec() ----+   |
 *                                 v   v
 *          +------------------> RUNNABLE <----------------------------+------------------+
 *          |                      | | |                               |                  |
 *          | step_syscall()       | | | step_syscall_enter()          | step_syscall_exit|
 *          | step_tsc()           | | +------------> IN_SYSCALL ------+ step_exec()      |
 *          | step_signal()        | |                                   step_sigreturn() |
 *          +----------------------+ | step_fault()                                       |
 *                                   +--------------> INTERRUPTED ------ step_signal() ---+
 *
 * A call whose result orders its restart (ERESTARTSYS) also ends in INTERRUPTED: a handler runs first.
 *
 * step_preempt() leaves a thread RUNNABLE, as step_tsc() does.
 * Only the arrows out of RUNNABLE by syscall, syscall_enter, tsc, fault and preempt run a program
 * (run_slice()).  "effects" changes memory and no state.
 *
 * Invariants
 *  1. Between two steps no program runs.  In a step at most one thread does.
 *  2. A trace is not trusted: an event that no arrow allows is a TRACE_ERROR and
 *     touches nothing.  What a program does differently is DIVERGED.  A CHECK() here is our own mistake only.
 *  3. Nothing but the trace, and the virtual CPU of the tracee layer, has a say in what a program sees.
 *  4. After the first step that does not agree, the world stays as it stands.
 *
 * The clock.  During a slice the vDSO answers base + reads * step.  The event's vtime is the node's
 * time when the slice ended, `ran` how much of it the slice took: max(0, reads - 1) * step, since the cost of a
 * reading is charged to the one that follows.
 */
#include "session.h"

#include <asm/unistd.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/user.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "content.h"
#include "clock-model.h"
#include "effect-replay.h"
#include "preempt.h"
#include "world.h"

#define USER_TOP (1ULL << 47)
#define FPREGS_SIZE sizeof(struct user_fpregs_struct)

struct rep_session {
	struct rep_report *report;	/* borrowed */
	struct fmt_reader *own_reader;	/* owned, NULL: the reader is the caller's */
	struct rep_world world;
	struct rep_content content;
	struct rep_model model;
	node_id only_node;		/* 0: all */
	char *only_name;		/* until a node event has turned it into only_node */
	bool stopped;			/* invariant 4 */
	bool ended;			/* the end event has come */
	const struct fmt_event *event;	/* in hand; borrowed, NULL between steps */
};

/* ---- verdicts --------------------------------------------------------- */

static void forget_verdict(struct rep_report *report)
{
	free(report->reason);
	free(report->expected);
	free(report->got);
	report->reason = report->expected = report->got = NULL;
}

static char *event_text(const struct fmt_event *event)
{
	_cleanup_(fmt_buf_done) struct fmt_buf text = {0};

	fmt_event_text(event, &text);
	char *copy = strndup(text.data ? (const char *)text.data : "", text.size);

	CHECK(copy);
	return copy;
}

/* Where the event in hand stands. */
static void note_place(struct rep_session *s)
{
	struct rep_report *report = s->report;
	const struct fmt_event *event = s->event;
	const struct rep_node *node = rep__node_get(&s->world, event->node);
	const struct rep_thread *thread = rep__thread_get(&s->world, event->node, event->tid);

	report->has_event = true;
	report->seq = event->seq;
	report->vtime = event->vtime;
	report->node = event->node;
	report->tid = event->tid;
	memcpy(report->node_name, node ? node->name : "", node ? sizeof(node->name) : 1);
	memcpy(report->program, thread ? thread->process->name : "",
	       thread ? sizeof(thread->process->name) : 1);
	report->has_last_common = node && node->has_last;
	report->last_common = node ? node->last : 0;
	report->expected = event_text(event);
}

static enum rep_outcome verdict(struct rep_session *s, enum rep_outcome outcome, const char *format,
				va_list list)
{
	CHECK(outcome != REP_AGREES && !s->stopped);
	s->stopped = true;
	forget_verdict(s->report);
	s->report->outcome = outcome;
	CHECK(vasprintf(&s->report->reason, format, list) >= 0);
	note_place(s);
	return outcome;
}

__attribute__((format(printf, 2, 3))) static enum rep_outcome trace_error(struct rep_session *s,
									   const char *format, ...)
{
	va_list list;

	va_start(list, format);
	const enum rep_outcome outcome = verdict(s, REP_TRACE_ERROR, format, list);

	va_end(list);
	return outcome;
}

__attribute__((format(printf, 2, 3))) static enum rep_outcome host_cannot(struct rep_session *s,
									   const char *format, ...)
{
	va_list list;

	va_start(list, format);
	const enum rep_outcome outcome = verdict(s, REP_HOST_CANNOT, format, list);

	va_end(list);
	return outcome;
}

/* got is the record of what happened instead, NULL when no event could tell it. */
__attribute__((format(printf, 3, 4))) static enum rep_outcome
diverged(struct rep_session *s, const struct fmt_buf *got, const char *format, ...)
{
	struct fmt_event event;
	size_t pos = 0;
	va_list list;

	va_start(list, format);
	const enum rep_outcome outcome = verdict(s, REP_DIVERGED, format, list);

	va_end(list);
	if (got && fmt_record_next(got->data, got->size, &pos, &event) > 0) {
		event.seq = s->event->seq;
		s->report->got = event_text(&event);
	}
	return outcome;
}

static enum rep_outcome damaged(struct rep_session *s)
{
	return trace_error(s, "the fields of this event are damaged");
}

/* A result that no program ever sees (ERESTARTSYS and its like): a handler runs first, whose frame holds the
 * registers of before the call. */
static bool is_restart(int64_t result)
{
	return result >= -516 && result <= -512;
}

/* ---- what all arrows share -------------------------------------------- */

/* The thread of the event in hand, when it stands in state; else NULL, and the verdict is given. */
static struct rep_thread *thread_in(struct rep_session *s, enum rep_thread_state state)
{
	static const char *const state_names[] = {
		[REP_EMPTY] = "has no program yet",
		[REP_RUNNABLE] = "is running, in no system call",
		[REP_IN_SYSCALL] = "stands in a system call",
		[REP_INTERRUPTED] = "waits for a signal, after a fault or in a call that is to be redone",
	};
	struct rep_thread *thread = rep__thread_get(&s->world, s->event->node, s->event->tid);

	if (!thread) {
		trace_error(s, "node %u has no thread %u", s->event->node, s->event->tid);
		return NULL;
	}
	if (thread->state == state)
		return thread;
	trace_error(s, "this cannot happen to thread %u, which %s", thread->tid,
		    state_names[thread->state]);
	return NULL;
}

static enum rep_outcome apply(struct rep_session *s, struct rec_tracee *tracee,
			      struct fmt_bytes effects)
{
	char reason[REP_REASON_SIZE];
	const enum rep_outcome outcome =
		rep__effects_replay(tracee, effects, &s->content, s->event->node, reason);

	switch (outcome) {
	case REP_AGREES:
		return REP_AGREES;
	case REP_DIVERGED:
		return diverged(s, NULL, "%s", reason);
	case REP_TRACE_ERROR:
		return trace_error(s, "%s", reason);
	case REP_HOST_CANNOT:
		break;
	}
	return host_cannot(s, "%s", reason);
}

/* NULL, or why these registers can belong to no program.  Selectors are checked because others would leave 64-bit
 * mode; the gadget of the stub page is for the layer alone. */
static const char *check_regs(const struct user_regs_struct *regs)
{
	if (regs->cs != 0x33 || regs->ss != 0x2b || regs->ds || regs->es || regs->fs || regs->gs)
		return "segment registers";
	if (regs->fs_base >= USER_TOP || regs->gs_base >= USER_TOP)
		return "segment bases";
	if (regs->rip >= USER_TOP || (regs->rip >= REC_STUB_ADDR && regs->rip < REC_VDSO_ADDR))
		return "an instruction pointer";
	return NULL;
}

/* Gives a thread the registers that an event carries. */
static enum rep_outcome set_regs(struct rep_session *s, struct rec_tracee *tracee,
				 struct fmt_bytes bytes)
{
	struct user_regs_struct regs;

	if (bytes.size < sizeof(regs))
		return trace_error(s, "the registers are cut short: %zu bytes", bytes.size);
	memcpy(&regs, bytes.data, sizeof(regs));
	const char *wrong = check_regs(&regs);

	if (wrong)
		return trace_error(s, "the registers have %s that no program can have", wrong);
	/* No call is pending, so that the host's kernel does not restart one by itself. */
	regs.orig_rax = UINT64_MAX;
	int error = rec_tracee_trap(tracee);

	if (error == 0)
		error = rec_tracee_set_regs(tracee, &regs);
	if (error < 0)
		return trace_error(s, "the registers cannot be set: %s", strerror(-error));
	return REP_AGREES;
}

static enum rep_outcome check_regs_size(struct rep_session *s, struct fmt_bytes bytes)
{
	if (bytes.size == sizeof(struct user_regs_struct))
		return REP_AGREES;
	return trace_error(s, "the registers have %zu bytes, not %zu", bytes.size,
			   sizeof(struct user_regs_struct));
}

/* ---- slices ----------------------------------------------------------- */

/* How a slice ended natively. */
struct slice {
	struct rec_stop_info stop;
	uint64_t ran;
	uint64_t reads;		/* of the clock */
};

/* Sets the node's clock to the beginning of the slice that the event in hand ended, which may look at it limit times. */
static enum rep_outcome begin_slice(struct rep_session *s, const struct rep_thread *thread, uint64_t ran,
				    uint64_t limit)
{
	struct rec_clock_page *clock = thread->process->node->clock;

	if (ran > s->event->vtime)
		return trace_error(s, "the slice is longer than the run so far");
	CHECK(clock && thread->tracee);
	struct rep_node *node = thread->process->node;
	const vtime_ns start = s->event->vtime - ran;

	if (start < node->own.from)
		return trace_error(s, "the slice began before the clock was set");
	clock->base_ns = rec_node_clock_at(&node->own, start);
	rec_node_clock_shown(&node->own, clock->base_ns + ran);
	clock->reads = 0;
	/* The page is writable in the program, which is no reason to let its changes last. */
	clock->step_ns = s->model.clock_cost_ns;
	clock->realtime_ns = node->realtime_ns;
	clock->limit = limit;
	s->report->slices++;
	return REP_AGREES;
}

/* After the thread has run: error is what the layer said. */
static enum rep_outcome end_slice(struct rep_session *s, const struct rep_thread *thread, int error,
				  struct slice *ret)
{
	const struct rec_clock_page *clock = thread->process->node->clock;

	if (error < 0)
		return host_cannot(s, "the thread cannot be run: %s", strerror(-error));
	if (ret->stop.kind == REC_STOP_INTERRUPTED)
		return host_cannot(s, "the replay was interrupted");
	ret->reads = clock->reads;
	ret->ran = rep__model_ran(&s->model, clock->reads);
	if (ret->stop.kind == REC_STOP_EXITED)
		return host_cannot(s, "the process is gone: it was killed from outside, "
				      "or it called into hindcast's own pages");
	return REP_AGREES;
}

/* Runs the thread of the event in hand until it wants something. */
static enum rep_outcome run_slice(struct rep_session *s, struct rep_thread *thread, uint64_t ran,
				  uint64_t limit, struct slice *ret)
{
	const enum rep_outcome outcome = begin_slice(s, thread, ran, limit);

	if (outcome != REP_AGREES)
		return outcome;
	return end_slice(s, thread, rec_tracee_run(thread->tracee, &ret->stop), ret);
}

/* What the slice did, as an event, so that it can be shown in the words of the recorded one. */
static void put_got(const struct rep_session *s, const struct slice *slice, struct fmt_buf *got)
{
	const struct fmt_event *e = s->event;
	const struct rec_stop_info *stop = &slice->stop;
	const uint64_t *a = stop->args;
	/* Its vtime is what the clock would have shown. */
	const vtime_ns vtime = rep__event_start(e) + slice->ran;

	switch (stop->kind) {
	case REC_STOP_SYSCALL:
		fmt_put_syscall_enter(got, vtime, e->node, e->tid, &(struct fmt_ev_syscall_enter){
			.ran = slice->ran, .nr = stop->nr, .a0 = a[0], .a1 = a[1], .a2 = a[2],
			.a3 = a[3], .a4 = a[4], .a5 = a[5]});
		return;
	case REC_STOP_TSC:
		fmt_put_tsc(got, vtime, e->node, e->tid, &(struct fmt_ev_tsc){
			.ran = slice->ran, .pc = stop->pc});
		return;
	case REC_STOP_FAULT:
		fmt_put_fault(got, vtime, e->node, e->tid, &(struct fmt_ev_fault){
			.ran = slice->ran, .pc = stop->pc, .signo = (uint64_t)stop->signo,
			.code = (uint64_t)(int64_t)stop->code, .addr = stop->addr});
		return;
	case REC_STOP_CLOCK:
		fmt_put_preempt(got, vtime, e->node, e->tid, &(struct fmt_ev_preempt){
			.ran = slice->ran, .pc = stop->pc, .reads = slice->reads});
		return;
	case REC_STOP_EXITED:
	case REC_STOP_INTERRUPTED:
		break;
	}
	CHECK(!"a stop that ends a slice");
}

/* One number of an event beside the one that replay found. */
struct pair {
	const char *what;
	uint64_t recorded, now;
};

/* Compares in order; the first that differs is the reason. */
static enum rep_outcome compare(struct rep_session *s, const struct slice *slice,
				const struct pair *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (pairs[i].recorded == pairs[i].now)
			continue;
		_cleanup_(fmt_buf_done) struct fmt_buf got = {0};

		put_got(s, slice, &got);
		return diverged(s, &got, "%s was 0x%" PRIx64 ", now it is 0x%" PRIx64,
				pairs[i].what, pairs[i].recorded, pairs[i].now);
	}
	return REP_AGREES;
}

static enum rep_outcome compare_kind(struct rep_session *s, const struct slice *slice,
				     enum rec_stop kind)
{
	static const char *const names[] = {
		[REC_STOP_SYSCALL] = "made a system call", [REC_STOP_TSC] = "read the time stamp counter",
		[REC_STOP_FAULT] = "caused a fault", [REC_STOP_EXITED] = "ended",
		[REC_STOP_CLOCK] = "looked at the clock too often",
	};
	_cleanup_(fmt_buf_done) struct fmt_buf got = {0};

	if (slice->stop.kind == kind)
		return REP_AGREES;
	put_got(s, slice, &got);
	return diverged(s, &got, "the thread %s, now it %s", names[kind], names[slice->stop.kind]);
}

/* Runs a thread into the recorded call, which syscall and syscall_enter tell alike. */
static enum rep_outcome run_call(struct rep_session *s, struct rep_thread *thread,
				 const struct fmt_ev_syscall_enter *ev)
{
	struct slice slice;
	enum rep_outcome outcome = run_slice(s, thread, ev->ran, /* limit= */ 0, &slice);

	if (outcome == REP_AGREES)
		outcome = compare_kind(s, &slice, REC_STOP_SYSCALL);
	if (outcome != REP_AGREES)
		return outcome;
	const uint64_t *now = slice.stop.args;
	const struct pair pairs[] = {
		{"the system call's number", ev->nr, slice.stop.nr},
		{"argument 0", ev->a0, now[0]}, {"argument 1", ev->a1, now[1]},
		{"argument 2", ev->a2, now[2]}, {"argument 3", ev->a3, now[3]},
		{"argument 4", ev->a4, now[4]}, {"argument 5", ev->a5, now[5]},
		{"the time that the slice took", ev->ran, slice.ran},
	};

	return compare(s, &slice, pairs, sizeof(pairs) / sizeof(pairs[0]));
}

/* The recorded result of a call, which the thread sees when it next runs. */
static void answer(struct rep_thread *thread, int64_t result)
{
	rec_tracee_answer(thread->tracee, is_restart(result) ? -EINTR : result);
	thread->state = is_restart(result) ? REP_INTERRUPTED : REP_RUNNABLE;
}

static enum rep_outcome step_syscall(struct rep_session *s)
{
	struct fmt_ev_syscall ev;

	if (fmt_get_syscall(s->event, &ev) < 0)
		return damaged(s);
	struct rep_thread *thread = thread_in(s, REP_RUNNABLE);

	if (!thread)
		return REP_TRACE_ERROR;
	const struct fmt_ev_syscall_enter call = {
		.ran = ev.ran, .nr = ev.nr, .a0 = ev.a0, .a1 = ev.a1, .a2 = ev.a2, .a3 = ev.a3,
		.a4 = ev.a4, .a5 = ev.a5,
	};
	const enum rep_outcome outcome = run_call(s, thread, &call);

	if (outcome != REP_AGREES)
		return outcome;
	/* The answer first: it waits in the layer until the thread runs, and the layer may have to
	 * deliver it before it can carry out a mapping. */
	answer(thread, ev.ret);
	return apply(s, thread->tracee, ev.effects);
}

static enum rep_outcome step_syscall_enter(struct rep_session *s)
{
	struct fmt_ev_syscall_enter ev;

	if (fmt_get_syscall_enter(s->event, &ev) < 0)
		return damaged(s);
	struct rep_thread *thread = thread_in(s, REP_RUNNABLE);

	if (!thread)
		return REP_TRACE_ERROR;
	const enum rep_outcome outcome = run_call(s, thread, &ev);

	if (outcome != REP_AGREES)
		return outcome;
	thread->state = REP_IN_SYSCALL;
	thread->nr = ev.nr;
	return apply(s, thread->tracee, ev.effects);
}

/* A child has its registers as after the call since its birth; setting them says that no call is pending,
 * whatever the layer thinks of a child's. */
static void answer_born(struct rec_tracee *tracee)
{
	struct user_regs_struct regs;

	if (rec_tracee_get_regs(tracee, &regs) == 0)
		(void)rec_tracee_set_regs(tracee, &regs);
}

static enum rep_outcome step_syscall_exit(struct rep_session *s)
{
	struct fmt_ev_syscall_exit ev;

	if (fmt_get_syscall_exit(s->event, &ev) < 0)
		return damaged(s);
	struct rep_thread *thread = thread_in(s, REP_IN_SYSCALL);

	if (!thread)
		return REP_TRACE_ERROR;
	if (ev.nr != thread->nr)
		return trace_error(s, "thread %u stands in call %" PRIu64 ", not in %" PRIu64,
				   thread->tid, thread->nr, ev.nr);
	if (thread->born && ev.ret != 0)
		return trace_error(s, "a child begins with %" PRId64 " instead of 0", ev.ret);
	if (thread->born) {
		answer_born(thread->tracee);
		thread->state = REP_RUNNABLE;
	} else {
		answer(thread, ev.ret);
	}
	thread->born = false;
	return apply(s, thread->tracee, ev.effects);
}

static enum rep_outcome step_tsc(struct rep_session *s)
{
	struct fmt_ev_tsc ev;
	struct slice slice;

	if (fmt_get_tsc(s->event, &ev) < 0)
		return damaged(s);
	struct rep_thread *thread = thread_in(s, REP_RUNNABLE);

	if (!thread)
		return REP_TRACE_ERROR;
	enum rep_outcome outcome = run_slice(s, thread, ev.ran, /* limit= */ 0, &slice);

	if (outcome == REP_AGREES)
		outcome = compare_kind(s, &slice, REC_STOP_TSC);
	if (outcome != REP_AGREES)
		return outcome;
	const struct pair pairs[] = {
		{"the instruction's address", ev.pc, slice.stop.pc},
		{"the time that the slice took", ev.ran, slice.ran},
	};

	outcome = compare(s, &slice, pairs, sizeof(pairs) / sizeof(pairs[0]));
	if (outcome == REP_AGREES)
		rec_tracee_answer_tsc(thread->tracee, ev.value, /* aux= */ 0);
	return outcome;
}

static enum rep_outcome step_fault(struct rep_session *s)
{
	struct fmt_ev_fault ev;
	struct slice slice;

	if (fmt_get_fault(s->event, &ev) < 0)
		return damaged(s);
	struct rep_thread *thread = thread_in(s, REP_RUNNABLE);

	if (!thread)
		return REP_TRACE_ERROR;
	enum rep_outcome outcome = run_slice(s, thread, ev.ran, /* limit= */ 0, &slice);

	if (outcome == REP_AGREES)
		outcome = compare_kind(s, &slice, REC_STOP_FAULT);
	if (outcome != REP_AGREES)
		return outcome;
	const struct pair pairs[] = {
		{"the signal", ev.signo, (uint64_t)slice.stop.signo},
		{"the signal's code", ev.code, (uint64_t)(int64_t)slice.stop.code},
		{"the instruction's address", ev.pc, slice.stop.pc},
		{"the address that it wanted", ev.addr, slice.stop.addr},
		{"the time that the slice took", ev.ran, slice.ran},
	};

	outcome = compare(s, &slice, pairs, sizeof(pairs) / sizeof(pairs[0]));
	if (outcome == REP_AGREES)
		thread->state = REP_INTERRUPTED;
	return outcome;
}

/* Interrupted at a look at the clock: the look that follows is charged for, since its time is what was due. */
static enum rep_outcome step_preempt_clock(struct rep_session *s, struct rep_thread *thread,
					   const struct fmt_ev_preempt *ev)
{
	struct slice slice;

	if (ev->reads == 0)
		return trace_error(s, "no slice ends at a clock that it never looked at");
	enum rep_outcome outcome = run_slice(s, thread, ev->ran, ev->reads, &slice);

	if (outcome == REP_AGREES)
		outcome = compare_kind(s, &slice, REC_STOP_CLOCK);
	if (outcome != REP_AGREES)
		return outcome;
	const struct pair pairs[] = {
		{"the looks at the clock", ev->reads, slice.reads},
		{"the instruction's address", ev->pc, slice.stop.pc},
		{"the time that the slice took", ev->ran, slice.reads * s->model.clock_cost_ns},
	};

	return compare(s, &slice, pairs, sizeof(pairs) / sizeof(pairs[0]));
}

/* Interrupted in a loop that waits for memory to change. */
static enum rep_outcome step_preempt_loop(struct rep_session *s, struct rep_thread *thread,
					  const struct fmt_ev_preempt *ev)
{
	struct slice slice = {0};
	enum rep_outcome outcome = begin_slice(s, thread, ev->ran, /* limit= */ 0);

	if (outcome != REP_AGREES)
		return outcome;
	const int arrival = rep__run_to_preempt(thread->tracee, ev, &slice.stop);

	if (arrival == -EBADMSG)
		return damaged(s);
	outcome = end_slice(s, thread, arrival < 0 ? arrival : 0, &slice);
	if (outcome != REP_AGREES)
		return outcome;
	if (arrival == REP_ELSEWHERE) {
		_cleanup_(fmt_buf_done) struct fmt_buf got = {0};

		put_got(s, &slice, &got);
		return diverged(s, &got, "the thread waited in a loop for memory to change, now it does not");
	}
	if (slice.ran == ev->ran && slice.reads == ev->reads)
		return REP_AGREES;
	return diverged(s, NULL, "the thread looked at the clock %" PRIu64 " times, now it does %" PRIu64,
			ev->reads, slice.reads);
}

static enum rep_outcome step_preempt(struct rep_session *s)
{
	struct fmt_ev_preempt ev;

	if (fmt_get_preempt(s->event, &ev) < 0)
		return damaged(s);
	struct rep_thread *thread = thread_in(s, REP_RUNNABLE);

	if (!thread)
		return REP_TRACE_ERROR;
	return ev.regs.size ? step_preempt_loop(s, thread, &ev) : step_preempt_clock(s, thread, &ev);
}

/* ---- what comes to a thread that stands still ------------------------- */

static enum rep_outcome step_signal(struct rep_session *s)
{
	struct fmt_ev_signal ev;

	if (fmt_get_signal(s->event, &ev) < 0)
		return damaged(s);
	const struct rep_thread *at = rep__thread_get(&s->world, s->event->node, s->event->tid);
	/* A sigreturn whose frame is no good is answered by a signal, and by nothing else. */
	const bool broken_return = at && at->state == REP_IN_SYSCALL && !at->born &&
				   at->nr == __NR_rt_sigreturn;
	enum rep_thread_state state = broken_return ? REP_IN_SYSCALL : REP_RUNNABLE;

	if (at && at->state == REP_INTERRUPTED)
		state = REP_INTERRUPTED;
	struct rep_thread *thread = thread_in(s, state);

	if (!thread)
		return REP_TRACE_ERROR;
	enum rep_outcome outcome = check_regs_size(s, ev.regs);

	if (outcome == REP_AGREES)
		outcome = apply(s, thread->tracee, ev.effects);
	if (outcome == REP_AGREES)
		outcome = set_regs(s, thread->tracee, ev.regs);
	if (outcome == REP_AGREES)
		thread->state = REP_RUNNABLE;
	return outcome;
}

static enum rep_outcome set_fpregs(struct rep_session *s, struct rec_tracee *tracee,
				   struct fmt_bytes bytes)
{
	struct user_fpregs_struct fp;

	if (bytes.size == sizeof(struct user_regs_struct))
		return REP_AGREES;
	if (bytes.size != sizeof(struct user_regs_struct) + FPREGS_SIZE)
		return trace_error(s, "the registers have %zu bytes", bytes.size);
	memcpy(&fp, bytes.data + sizeof(struct user_regs_struct), FPREGS_SIZE);
	const int error = rec_tracee_set_fpregs(tracee, &fp);

	if (error < 0)
		return trace_error(s, "the floating point registers cannot be set: %s",
				   strerror(-error));
	return REP_AGREES;
}

static enum rep_outcome step_sigreturn(struct rep_session *s)
{
	struct fmt_ev_sigreturn ev;

	if (fmt_get_sigreturn(s->event, &ev) < 0)
		return damaged(s);
	struct rep_thread *thread = thread_in(s, REP_IN_SYSCALL);

	if (!thread)
		return REP_TRACE_ERROR;
	if (thread->nr != __NR_rt_sigreturn || thread->born)
		return trace_error(s, "thread %u stands in call %" PRIu64 ", not in rt_sigreturn",
				   thread->tid, thread->nr);
	enum rep_outcome outcome = apply(s, thread->tracee, ev.effects);

	if (outcome == REP_AGREES)
		outcome = set_regs(s, thread->tracee, ev.regs);
	if (outcome == REP_AGREES)
		outcome = set_fpregs(s, thread->tracee, ev.regs);
	if (outcome == REP_AGREES)
		thread->state = REP_RUNNABLE;
	return outcome;
}

/* What the kernel wrote for a thread that goes on waiting. */
static enum rep_outcome step_effects(struct rep_session *s)
{
	struct fmt_ev_effects ev;

	if (fmt_get_effects(s->event, &ev) < 0)
		return damaged(s);
	const struct rep_thread *thread =
		rep__thread_get(&s->world, s->event->node, s->event->tid);

	if (!thread || !thread->tracee)
		return trace_error(s, "node %u has no thread %u with a program", s->event->node,
				   s->event->tid);
	return apply(s, thread->tracee, ev.effects);
}

/* ---- birth and death -------------------------------------------------- */

static struct rep_node *node_of(struct rep_session *s)
{
	struct rep_node *node = rep__node_get(&s->world, s->event->node);

	if (!node)
		trace_error(s, "node %u has not been named", s->event->node);
	return node;
}

/* Registers a thread in a process; the process is freed when that fails and it was new. */
static enum rep_outcome add_thread(struct rep_session *s, struct rep_process *process, uint64_t tid,
				   enum rep_thread_state state, struct rep_thread **ret)
{
	int error = -EINVAL;

	if (tid > 0 && tid <= INT32_MAX)
		error = rep__thread_new(&s->world, process, (uint32_t)tid, state, ret);
	if (error == 0)
		return REP_AGREES;
	if (!process->threads)
		rep__process_end(&s->world, process);
	if (error == -EMFILE)
		return trace_error(s, "more than %u threads are alive", REP_THREAD_MAX);
	return trace_error(s, error == -EEXIST ? "there is a thread %" PRIu64 " already" :
						 "no thread can be called %" PRIu64, tid);
}

static enum rep_outcome step_start(struct rep_session *s)
{
	struct fmt_ev_start ev;
	struct rep_thread *thread;

	if (fmt_get_start(s->event, &ev) < 0)
		return damaged(s);
	struct rep_node *node = node_of(s);

	if (!node)
		return REP_TRACE_ERROR;
	node->panicked = false;
	if (!node->clock) {
		const int error = rep__node_clock(node, s->model.clock_cost_ns, node->realtime_ns);

		if (error < 0)
			return host_cannot(s, "a clock page cannot be made: %s", strerror(-error));
	}
	if (ev.pid != s->event->tid || rep__process_get(node, (uint32_t)ev.pid))
		return trace_error(s, "process %" PRIu64 " cannot start as thread %u", ev.pid,
				   s->event->tid);
	struct rep_process *process = rep__process_new(node, (uint32_t)ev.pid);

	rep__name_copy(process->name, ev.name);
	return add_thread(s, process, s->event->tid, REP_EMPTY, &thread);
}

/* An exec by another thread than the first comes under the first one's id, whose own end has been told:
 * finds the one that stands in execve and gives it that id. */
static void rename_exec(struct rep_session *s, uint32_t pid)
{
	const struct rep_node *node = rep__node_get(&s->world, s->event->node);
	const struct rep_process *process = node ? rep__process_get(node, pid) : NULL;

	if (!process || s->event->tid != pid ||
	    rep__thread_get(&s->world, s->event->node, s->event->tid))
		return;
	for (struct rep_thread *t = process->threads; t; t = t->next)
		if (t->state == REP_IN_SYSCALL && !t->born &&
		    (t->nr == __NR_execve || t->nr == __NR_execveat)) {
			rep__thread_rename(&s->world, t, pid);
			return;
		}
}

/* The thread that an exec event is about; NULL: the verdict is given. */
static struct rep_thread *exec_thread(struct rep_session *s, const struct fmt_ev_exec *ev)
{
	rename_exec(s, (uint32_t)ev->pid);
	struct rep_thread *thread = rep__thread_get(&s->world, s->event->node, s->event->tid);

	if (!thread || thread->state != REP_EMPTY)
		thread = thread_in(s, REP_IN_SYSCALL);
	if (!thread)
		return NULL;
	if (thread->state == REP_IN_SYSCALL &&
	    (thread->born || (thread->nr != __NR_execve && thread->nr != __NR_execveat))) {
		trace_error(s, "thread %u does not stand in execve", thread->tid);
		return NULL;
	}
	if (thread->process->pid != ev->pid) {
		trace_error(s, "thread %u is not of process %" PRIu64, thread->tid, ev->pid);
		return NULL;
	}
	return thread;
}

/* Last component of a path. */
static struct fmt_bytes base_name(struct fmt_bytes path)
{
	for (size_t i = path.size; i > 0; i--)
		if (path.data[i - 1] == '/')
			return (struct fmt_bytes){path.data + i, path.size - i};
	return path;
}

/* The new image is whole before the old one goes: when it cannot be made, the old one can still be looked at. */
static enum rep_outcome step_exec(struct rep_session *s)
{
	struct fmt_ev_exec ev;
	struct rec_tracee *fresh;

	if (fmt_get_exec(s->event, &ev) < 0)
		return damaged(s);
	struct rep_thread *thread = exec_thread(s, &ev);

	if (!thread)
		return REP_TRACE_ERROR;
	enum rep_outcome outcome = check_regs_size(s, ev.regs);

	if (outcome != REP_AGREES)
		return outcome;
	const int error = rec_tracee_new(s->world.tracer, thread->process->node->clock_fd, &fresh);

	if (error < 0)
		return host_cannot(s, "a process cannot be made: %s", strerror(-error));
	outcome = apply(s, fresh, ev.effects);
	if (outcome == REP_AGREES)
		outcome = set_regs(s, fresh, ev.regs);
	if (outcome != REP_AGREES) {
		rec_tracee_kill(fresh);
		return outcome;
	}
	if (thread->tracee)
		rec_tracee_kill(thread->tracee);
	rep__process_keep_only(&s->world, thread);
	thread->tracee = fresh;
	thread->state = REP_RUNNABLE;
	rep__name_copy(thread->process->name, base_name(ev.path));
	return REP_AGREES;
}

static bool is_clone(uint64_t nr)
{
	return nr == __NR_clone || nr == __NR_fork || nr == __NR_vfork || nr == __NR_clone3;
}

/* NULL, or what is wrong with a birth. */
static const char *check_clone(const struct rep_thread *parent, const struct fmt_ev_clone *ev)
{
	const bool is_thread = ev->flags & CLONE_THREAD;

	if (parent->born || !is_clone(parent->nr))
		return "its parent does not stand in a call that makes one";
	if (is_thread && !(ev->flags & CLONE_VM))
		return "a thread has its process's memory";
	if (ev->stack >= USER_TOP || ev->tls >= USER_TOP)
		return "its addresses are not a program's";
	if (is_thread && ev->child_pid != parent->process->pid)
		return "a thread is of its parent's process";
	if (!is_thread && ev->child_pid != ev->child_tid)
		return "a process is called after its first thread";
	if (!is_thread && rep__process_get(parent->process->node, (uint32_t)ev->child_pid))
		return "there is such a process already";
	return NULL;
}

static enum rep_outcome step_clone(struct rep_session *s)
{
	struct fmt_ev_clone ev;
	struct rep_thread *child;

	if (fmt_get_clone(s->event, &ev) < 0)
		return damaged(s);
	struct rep_thread *parent = thread_in(s, REP_IN_SYSCALL);

	if (!parent)
		return REP_TRACE_ERROR;
	const char *wrong = check_clone(parent, &ev);

	if (wrong)
		return trace_error(s, "thread %" PRIu64 " cannot be born so: %s", ev.child_tid, wrong);
	struct rep_process *process = parent->process;

	if (!(ev.flags & CLONE_THREAD)) {
		process = rep__process_new(parent->process->node, (uint32_t)ev.child_pid);
		memcpy(process->name, parent->process->name, sizeof(process->name));
	}
	const enum rep_outcome outcome =
		add_thread(s, process, ev.child_tid, REP_IN_SYSCALL, &child);

	if (outcome != REP_AGREES)
		return outcome;
	child->nr = parent->nr;
	child->born = true;
	const int error = rec_tracee_clone(parent->tracee, ev.flags, ev.stack, ev.tls, &child->tracee);

	if (error == 0)
		return REP_AGREES;
	child->tracee = NULL;
	rep__thread_end(&s->world, child);
	return host_cannot(s, "a thread cannot be made: %s", strerror(-error));
}

static enum rep_outcome step_exit(struct rep_session *s)
{
	struct fmt_ev_exit ev;
	enum rep_outcome outcome = REP_AGREES;

	if (fmt_get_exit(s->event, &ev) < 0)
		return damaged(s);
	struct rep_thread *thread = rep__thread_get(&s->world, s->event->node, s->event->tid);
	const struct rep_node *node = rep__node_get(&s->world, s->event->node);

	/* What a panic took with it may still be mourned one by one. */
	if (!thread && node && node->panicked)
		return REP_AGREES;
	if (!thread)
		return trace_error(s, "node %u has no thread %u", s->event->node, s->event->tid);
	if (thread->process->pid != ev.pid)
		return trace_error(s, "thread %u is not of process %" PRIu64, thread->tid, ev.pid);
	if (thread->tracee)
		outcome = apply(s, thread->tracee, ev.effects);
	if (outcome != REP_AGREES)
		return outcome;
	if (ev.last)
		rep__process_end(&s->world, thread->process);
	else
		rep__thread_end(&s->world, thread);
	return REP_AGREES;
}

/* ---- the run ---------------------------------------------------------- */

static enum rep_outcome step_node(struct rep_session *s)
{
	struct fmt_ev_node ev;
	struct rep_node *node;

	if (fmt_get_node(s->event, &ev) < 0)
		return damaged(s);
	if (ev.id == 0 || ev.id > UINT32_MAX)
		return trace_error(s, "no node can have the number %" PRIu64, ev.id);
	/* A node that was started anew is named again. */
	node = rep__node_get(&s->world, (node_id)ev.id);
	if (!node && rep__node_new(&s->world, (node_id)ev.id, ev.name, &node) < 0)
		return trace_error(s, "there are more than %u nodes", REP_NODE_MAX);
	if (!node->own.local_ns) {
		rec_node_clock_set(&node->own, 0, REC_CLOCK_START_NS, 0);
		node->realtime_ns = s->model.realtime_ns - REC_CLOCK_START_NS;
	}
	if (s->only_name && ev.name.size == strlen(s->only_name) &&
	    memcmp(ev.name.data, s->only_name, ev.name.size) == 0)
		s->only_node = (node_id)ev.id;
	return REP_AGREES;
}

static enum rep_outcome step_file(struct rep_session *s)
{
	struct fmt_ev_file ev;

	if (fmt_get_file(s->event, &ev) < 0)
		return damaged(s);
	const int error = rep__content_add(&s->content, s->event->node, &ev);

	if (error == -EEXIST)
		return trace_error(s, "this node has a file %" PRIu64 " already", ev.id);
	if (error == -EMFILE)
		return trace_error(s, "there are more than %u files", REP_CONTENT_FILE_MAX);
	return error < 0 ? damaged(s) : REP_AGREES;
}

static enum rep_outcome step_panic(struct rep_session *s)
{
	struct rep_node *node = rep__node_get(&s->world, s->event->node);

	if (node) {
		rep__node_clear(&s->world, node);
		node->panicked = true;
	}
	return REP_AGREES;
}

/* The values that a clock can be set to; the rest is arithmetic in 64 bits that may wrap. */
static enum rep_outcome set_clock(struct rep_session *s, uint64_t clock_ns, uint64_t realtime_ns, int64_t drift_ppb)
{
	struct rep_node *node = node_of(s);

	if (!node)
		return REP_TRACE_ERROR;
	if (drift_ppb < -REC_DRIFT_PPB_MAX || drift_ppb > REC_DRIFT_PPB_MAX)
		return trace_error(s, "no clock drifts by %" PRId64 " ppb", drift_ppb);
	rec_node_clock_set(&node->own, s->event->vtime, clock_ns, drift_ppb);
	node->realtime_ns = realtime_ns;
	return REP_AGREES;
}

static enum rep_outcome step_node_up(struct rep_session *s)
{
	struct fmt_ev_node_up ev;
	struct rep_node *node = node_of(s);

	if (fmt_get_node_up(s->event, &ev) < 0)
		return damaged(s);
	if (!node)
		return REP_TRACE_ERROR;
	node->panicked = false;
	return set_clock(s, ev.clock_ns, ev.realtime_ns, node->own.drift_ppb);
}

static enum rep_outcome step_clock(struct rep_session *s)
{
	struct fmt_ev_clock ev;

	if (fmt_get_clock(s->event, &ev) < 0)
		return damaged(s);
	return set_clock(s, ev.clock_ns, ev.realtime_ns, ev.drift_ppb);
}

static enum rep_outcome step_end(struct rep_session *s)
{
	s->ended = true;
	return REP_AGREES;
}

/* Kinds that are not here have nothing to do with processes. */
static enum rep_outcome (*const steps[])(struct rep_session *s) = {
	[FMT_node] = step_node, [FMT_file] = step_file, [FMT_panic] = step_panic,
	[FMT_end] = step_end, [FMT_start] = step_start, [FMT_exec] = step_exec,
	[FMT_clone] = step_clone, [FMT_exit] = step_exit, [FMT_syscall] = step_syscall,
	[FMT_syscall_enter] = step_syscall_enter, [FMT_tsc] = step_tsc, [FMT_fault] = step_fault,
	[FMT_syscall_exit] = step_syscall_exit, [FMT_signal] = step_signal,
	[FMT_sigreturn] = step_sigreturn, [FMT_effects] = step_effects, [FMT_preempt] = step_preempt,
	[FMT_node_down] = step_panic, [FMT_node_up] = step_node_up, [FMT_clock] = step_clock,
};

static enum rep_outcome dispatch(struct rep_session *s)
{
	const uint32_t kind = s->event->kind;

	if (s->ended)
		return trace_error(s, "it comes after the end of the run");
	if (kind < sizeof(steps) / sizeof(steps[0]) && steps[kind])
		return steps[kind](s);
	if (!fmt_kind_info(kind))
		s->report->unknown++;
	return REP_AGREES;
}

bool rep_session_wants(const struct rep_session *session, node_id node)
{
	if (session->only_name && !session->only_node)
		return false;
	return !session->only_node || node == session->only_node || node == 0;
}

enum rep_outcome rep_session_step(struct rep_session *session, const struct fmt_event *event)
{
	if (session->stopped)
		return session->report->outcome;
	if (event->kind != FMT_node && !rep_session_wants(session, event->node)) {
		session->report->skipped++;
		return REP_AGREES;
	}
	session->event = event;
	const enum rep_outcome outcome = dispatch(session);
	struct rep_node *node = rep__node_get(&session->world, event->node);

	session->event = NULL;
	CHECK((outcome == REP_AGREES) == !session->stopped);
	if (outcome != REP_AGREES)
		return outcome;
	session->report->executed++;
	if (node) {
		node->has_last = true;
		node->last = event->seq;
	}
	return REP_AGREES;
}

/* ---- the session ------------------------------------------------------ */

/* Each node has a clock and each mapped file a descriptor: the usual limit of 1024 is soon met. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	/* When it fails, the first file too many says so. */
	(void)!setrlimit(RLIMIT_NOFILE, &limit);
}

static enum rep_outcome refuse(struct rep_report *report, enum rep_outcome outcome, const char *reason)
{
	forget_verdict(report);
	report->outcome = outcome;
	report->reason = strdup(reason);
	CHECK(report->reason);
	return outcome;
}

enum rep_outcome rep_session_new(struct fmt_reader *reader, node_id only_node,
				 const char *only_name, struct rep_report *report,
				 struct rep_session **ret)
{
	struct rec_tracer *tracer;
	const char *reason = NULL;
	struct rep_model model;
	enum rep_outcome outcome = rep__model_load(reader, &model, &reason);

	if (outcome != REP_AGREES)
		return refuse(report, outcome, reason);
	raise_descriptor_limit();
	const int error = rec_tracer_new(&tracer, &reason);

	if (error < 0)
		return refuse(report, REP_HOST_CANNOT, reason ? reason : strerror(-error));
	struct rep_session *session = calloc(1, sizeof(*session));

	CHECK(session);
	session->report = report;
	session->only_node = only_node;
	session->model = model;
	session->only_name = only_name ? strdup(only_name) : NULL;
	CHECK(!only_name || session->only_name);
	rep__world_init(&session->world, tracer);
	rep__content_init(&session->content, reader);
	*ret = session;
	return REP_AGREES;
}

void rep_session_own_reader(struct rep_session *session)
{
	session->own_reader = session->content.reader;
}

void rep_session_free(struct rep_session *session)
{
	if (!session)
		return;
	rep__world_done(&session->world);
	rep__content_done(&session->content);
	fmt_reader_close(session->own_reader);
	free(session->only_name);
	free(session);
}

void rep_session_interrupt(const struct rep_session *session)
{
	rec_tracer_interrupt(session->world.tracer);
}

bool rep_session_found_node(const struct rep_session *session)
{
	if (session->only_name || session->only_node)
		return session->only_node && rep__node_get(&session->world, session->only_node);
	return true;
}

const char *rep_session_node_name(const struct rep_session *session, node_id node)
{
	const struct rep_node *found = rep__node_get(&session->world, node);

	return found ? found->name : "";
}

size_t rep_session_node_count(const struct rep_session *session)
{
	return session->world.node_count;
}

struct rec_tracee *rep_session_tracee(const struct rep_session *session, node_id node, uint32_t tid)
{
	const struct rep_thread *thread = rep__thread_get(&session->world, node, tid);

	return thread ? thread->tracee : NULL;
}
