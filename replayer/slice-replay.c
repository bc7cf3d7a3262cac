/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slice-replay.c - the arrows on which a program runs: from where its thread stands to what the event tells.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "preempt.h"
#include "session-int.h"

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
	if (s->suspended)	/* it has begun */
		return REP_AGREES;
	struct rec_clock_page *clock = thread->process->node->clock;

	if (ran > s->event->vtime)
		return rep__trace_error(s, "the slice is longer than the run so far");
	CHECK(clock && thread->tracee);
	struct rep_node *node = thread->process->node;
	const vtime_ns start = s->event->vtime - ran;

	if (start < node->own.from)
		return rep__trace_error(s, "the slice began before the clock was set");
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

int rep__run_thread(struct rep_session *s, struct rep_thread *thread, struct rec_stop_info *ret)
{
	return s->runner ? s->runner->run(s->runner, thread, ret) : rec_tracee_run(thread->tracee, ret);
}

/* After the thread has run: error is what rep__run_thread() said. */
static enum rep_outcome end_slice(struct rep_session *s, const struct rep_thread *thread, int error,
				  struct slice *ret)
{
	const struct rec_clock_page *clock = thread->process->node->clock;

	if (error == REP_RUN_SUSPENDED)
		return REP_SUSPENDED;
	if (error < 0)
		return rep__host_cannot(s, "the thread cannot be run: %s", strerror(-error));
	if (ret->stop.kind == REC_STOP_INTERRUPTED)
		return rep__host_cannot(s, "the replay was interrupted");
	ret->reads = clock->reads;
	ret->ran = rep__model_ran(&s->model, clock->reads);
	if (ret->stop.kind == REC_STOP_EXITED)
		return rep__host_cannot(s, "the process is gone: it was killed from outside, "
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
	return end_slice(s, thread, rep__run_thread(s, thread, &ret->stop), ret);
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
		return rep__diverged(s, &got, "%s was 0x%" PRIx64 ", now it is 0x%" PRIx64,
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
	return rep__diverged(s, &got, "the thread %s, now it %s", names[kind], names[slice->stop.kind]);
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
	rec_tracee_answer(thread->tracee, rep__is_restart(result) ? -EINTR : result);
	thread->state = rep__is_restart(result) ? REP_INTERRUPTED : REP_RUNNABLE;
}

enum rep_outcome rep__step_syscall(struct rep_session *s)
{
	struct fmt_ev_syscall ev;

	if (fmt_get_syscall(s->event, &ev) < 0)
		return rep__damaged(s);
	struct rep_thread *thread = rep__thread_in(s, REP_RUNNABLE);

	if (!thread)
		return s->report->outcome;
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
	return rep__apply(s, thread->tracee, ev.effects);
}

enum rep_outcome rep__step_syscall_enter(struct rep_session *s)
{
	struct fmt_ev_syscall_enter ev;

	if (fmt_get_syscall_enter(s->event, &ev) < 0)
		return rep__damaged(s);
	struct rep_thread *thread = rep__thread_in(s, REP_RUNNABLE);

	if (!thread)
		return s->report->outcome;
	const enum rep_outcome outcome = run_call(s, thread, &ev);

	if (outcome != REP_AGREES)
		return outcome;
	thread->state = REP_IN_SYSCALL;
	thread->nr = ev.nr;
	return rep__apply(s, thread->tracee, ev.effects);
}

/* A child has its registers as after the call since its birth; setting them says that no call is pending,
 * whatever the layer thinks of a child's. */
static void answer_born(struct rec_tracee *tracee)
{
	struct user_regs_struct regs;

	if (rec_tracee_get_regs(tracee, &regs) == 0)
		(void)rec_tracee_set_regs(tracee, &regs);
}

enum rep_outcome rep__step_syscall_exit(struct rep_session *s)
{
	struct fmt_ev_syscall_exit ev;

	if (fmt_get_syscall_exit(s->event, &ev) < 0)
		return rep__damaged(s);
	struct rep_thread *thread = rep__thread_in(s, REP_IN_SYSCALL);

	if (!thread)
		return s->report->outcome;
	if (ev.nr != thread->nr)
		return rep__trace_error(s, "thread %u stands in call %" PRIu64 ", not in %" PRIu64,
				   thread->tid, thread->nr, ev.nr);
	if (thread->born && ev.ret != 0)
		return rep__trace_error(s, "a child begins with %" PRId64 " instead of 0", ev.ret);
	if (thread->born) {
		answer_born(thread->tracee);
		thread->state = REP_RUNNABLE;
	} else {
		answer(thread, ev.ret);
	}
	thread->born = false;
	return rep__apply(s, thread->tracee, ev.effects);
}

/* The event's thread runs until it stops in this way. */
static enum rep_outcome run_to(struct rep_session *s, uint64_t ran, enum rec_stop kind, struct rep_thread **ret_thread,
			       struct slice *slice)
{
	*ret_thread = rep__thread_in(s, REP_RUNNABLE);
	if (!*ret_thread)
		return s->report->outcome;
	const enum rep_outcome outcome = run_slice(s, *ret_thread, ran, /* limit= */ 0, slice);

	return outcome == REP_AGREES ? compare_kind(s, slice, kind) : outcome;
}

enum rep_outcome rep__step_tsc(struct rep_session *s)
{
	struct fmt_ev_tsc ev;
	struct slice slice;

	if (fmt_get_tsc(s->event, &ev) < 0)
		return rep__damaged(s);
	struct rep_thread *thread;
	enum rep_outcome outcome = run_to(s, ev.ran, REC_STOP_TSC, &thread, &slice);

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

enum rep_outcome rep__step_fault(struct rep_session *s)
{
	struct fmt_ev_fault ev;
	struct slice slice;

	if (fmt_get_fault(s->event, &ev) < 0)
		return rep__damaged(s);
	struct rep_thread *thread;
	enum rep_outcome outcome = run_to(s, ev.ran, REC_STOP_FAULT, &thread, &slice);

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

enum rep_outcome rep__step_code_page(struct rep_session *s)
{
	struct fmt_ev_code_page ev;
	struct slice slice;

	if (fmt_get_code_page(s->event, &ev) < 0)
		return rep__damaged(s);
	struct rep_thread *thread;
	enum rep_outcome outcome = run_to(s, ev.ran, REC_STOP_FAULT, &thread, &slice);

	if (outcome != REP_AGREES)
		return outcome;
	const struct pair pairs[] = {
		{"the signal", SIGSEGV, (uint64_t)slice.stop.signo},
		{"the signal's code", SEGV_ACCERR, (uint64_t)(int64_t)slice.stop.code},
		{"the instruction's address", ev.pc, slice.stop.pc},
		{"the address that it wanted", ev.addr, slice.stop.addr},
		{"the time that the slice took", ev.ran, slice.ran},
	};

	outcome = compare(s, &slice, pairs, sizeof(pairs) / sizeof(pairs[0]));
	return outcome == REP_AGREES ? rep__apply(s, thread->tracee, ev.effects) : outcome;
}

/* Interrupted at a look at the clock: the look that follows is charged for, since its time is what was due. */
static enum rep_outcome step_preempt_clock(struct rep_session *s, struct rep_thread *thread,
					   const struct fmt_ev_preempt *ev)
{
	struct slice slice;

	if (ev->reads == 0)
		return rep__trace_error(s, "no slice ends at a clock that it never looked at");
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
	const int arrival = rep__run_to_preempt(s, thread, ev, &slice.stop);

	if (arrival == -EBADMSG)
		return rep__damaged(s);
	outcome = end_slice(s, thread, arrival == REP_HALFWAY ? REP_RUN_SUSPENDED : arrival < 0 ? arrival : 0, &slice);
	if (outcome != REP_AGREES)
		return outcome;
	if (arrival == REP_ELSEWHERE) {
		_cleanup_(fmt_buf_done) struct fmt_buf got = {0};

		put_got(s, &slice, &got);
		return rep__diverged(s, &got, "the thread waited in a loop for memory to change, now it does not");
	}
	if (slice.ran == ev->ran && slice.reads == ev->reads)
		return REP_AGREES;
	return rep__diverged(s, NULL, "the thread looked at the clock %" PRIu64 " times, now it does %" PRIu64,
			ev->reads, slice.reads);
}

enum rep_outcome rep__step_preempt(struct rep_session *s)
{
	struct fmt_ev_preempt ev;

	if (fmt_get_preempt(s->event, &ev) < 0)
		return rep__damaged(s);
	struct rep_thread *thread = rep__thread_in(s, REP_RUNNABLE);

	if (!thread)
		return s->report->outcome;
	return ev.regs.size ? step_preempt_loop(s, thread, &ev) : step_preempt_clock(s, thread, &ev);
}
