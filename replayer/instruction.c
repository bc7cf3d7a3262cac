/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * instruction.c - one instruction of a thread, forward and backward.
 *
 * Backward there is no instruction to undo: the stretch is executed again up to the one before.  Which one that is shows when the
 * last turn through the same address is stepped; how often it had been reached before is counted in one more run.
 */
#include <errno.h>

#include "base/check.h"
#include "move.h"
#include "previous.h"

/* The event that is next or under way; false: the trace ends here, or is damaged. */
static bool next_event(struct rep_timeline *tl, struct fmt_event *ret)
{
	return tl->seq < tl->count && rep__timeline_event(tl, tl->seq, ret);
}

static void done(struct rep_timeline *tl, node_id node, uint32_t tid, struct rep_stop *ret)
{
	rep__timeline_stop(tl, REP_WHY_DONE, ret);
	rep__stop_thread(tl, node, tid, ret);
}

/* Interrupted inside of a stretch that is nobody's business: back to its beginning. */
static void bad(struct rep_timeline *tl, enum rep_outcome outcome, struct rep_stop *ret)
{
	if (outcome == REP_SUSPENDED && tl->stretch.inside)
		rep__timeline_begin_again(tl, tl->seq);
	rep__timeline_stop(tl, rep__timeline_why(tl, outcome), ret);
}

/* ---- forward ---------------------------------------------------------- */

/* Whether the event is the end of an instruction of its thread, given that it has been carried out. */
static bool ends_instruction(uint32_t kind)
{
	switch (kind) {
	case FMT_syscall:	/* the call was the instruction */
	case FMT_syscall_exit:
	case FMT_tsc:
	case FMT_signal:	/* the handler's first is next */
	case FMT_sigreturn:
	case FMT_exec:
	case FMT_exit:
		return true;
	default:
		return false;
	}
}

/* Whose turn it is: the thread of the next stretch. */
static bool whose_turn(struct rep_timeline *tl, node_id *ret_node, uint32_t *ret_tid)
{
	struct fmt_event event;

	for (event_seq seq = tl->seq; seq < tl->count; seq++) {
		if (!rep__timeline_event(tl, seq, &event))
			return false;
		if (rep__is_stretch(event.kind) && rep_session_wants(tl->session, event.node)) {
			*ret_node = event.node;
			*ret_tid = event.tid;
			return true;
		}
	}
	return false;
}

static bool interrupted(const struct rep_timeline *tl)
{
	return __atomic_load_n(&tl->stretch.interrupt, __ATOMIC_ACQUIRE);
}

void rep__instruction_forward(struct rep_timeline *tl, node_id node, uint32_t tid, struct rep_stop *ret)
{
	enum rep_outcome outcome = REP_AGREES;
	struct fmt_event event;

	if (!tid && !whose_turn(tl, &node, &tid)) {
		rep_timeline_seek(tl, &(struct rep_position){.seq = tl->count}, ret);
		if (ret->why == REP_WHY_DONE)
			ret->why = REP_WHY_END;
		return;
	}
	while (outcome == REP_AGREES && next_event(tl, &event)) {
		const bool own = event.node == node && event.tid == tid;
		const uint32_t kind = event.kind;

		if (interrupted(tl)) {
			bad(tl, REP_SUSPENDED, ret);
			return;
		}
		tl->stretch.step = own && rep__is_stretch(kind);
		outcome = rep__timeline_advance(tl);
		tl->stretch.step = false;
		if (outcome == REP_SUSPENDED && own && tl->stretch.halt != REP_HALT_INTERRUPTED) {
			tl->leg_steps++;
			done(tl, node, tid, ret);
			return;
		}
		if (outcome != REP_AGREES)
			break;
		rep__timeline_keep(tl);
		if (own && ends_instruction(kind)) {
			done(tl, node, tid, ret);
			return;
		}
	}
	if (outcome != REP_AGREES)
		bad(tl, outcome, ret);
	else
		rep__timeline_stop(tl, tl->seq == tl->count ? REP_WHY_END : REP_WHY_FAILED, ret);
}

/* ---- the one before ---------------------------------------------------- */

/* The thread and process whose stretch event seq is, and where it begins.  Stands before seq. */
static bool stretch_of(struct rep_timeline *tl, event_seq seq, struct rep_stop *ret)
{
	struct fmt_event event;

	*ret = (struct rep_stop){0};
	if (!rep__timeline_event(tl, seq, &event) || !rep__is_stretch(event.kind))
		return false;
	rep__stop_thread(tl, event.node, event.tid, ret);
	return ret->pid != 0;
}

/* Steps to the arrival-th arrival at pc, which the mark counts, and tells from where it was reached.  0: it is where it began. */
static enum rep_outcome find_previous(struct rep_timeline *tl, const struct rep_mark *mark, uint64_t arrival,
				      uint64_t pc, uint64_t *ret_previous)
{
	enum rep_outcome outcome = REP_SUSPENDED;

	*ret_previous = 0;
	if (mark->count >= arrival && tl->stretch.inside)
		return REP_AGREES;
	while (outcome == REP_SUSPENDED) {
		const uint64_t before = pc;

		tl->stretch.step = true;
		outcome = rep__timeline_advance(tl);
		tl->stretch.step = false;
		pc = tl->stretch.pc;
		if (outcome == REP_SUSPENDED && tl->stretch.halt == REP_HALT_INTERRUPTED)
			return REP_SUSPENDED;
		if (outcome == REP_SUSPENDED && mark->count >= arrival) {
			*ret_previous = before;
			return REP_AGREES;
		}
	}
	return outcome;
}

/* How often previous had been reached when pc was for the arrival-th time. */
static enum rep_outcome count_previous(struct rep_timeline *tl, event_seq seq, const struct rep_stop *who,
				       uint64_t previous, uint64_t pc, uint64_t arrival, uint64_t *ret_count)
{
	rep__points_disarm(tl);
	const struct rep_mark *mark = rep__stretch_mark(&tl->stretch, who->node, who->pid, previous);
	const enum rep_outcome outcome = rep__timeline_arrive(tl, seq, pc, arrival);

	CHECK(mark);
	/* A loop of one instruction: the arrival itself is not the one before. */
	*ret_count = previous == pc ? arrival - 1 : mark->count;
	return outcome;
}

/* Marks of a batch of candidates, these first: they may be no instructions, which only breakpoints of the processor can bear. */
#define BATCH 3

/* Runs to the arrival with a batch marked.  *ret_previous: the one that came right before; 0: it is another one. */
static enum rep_outcome try_batch(struct rep_timeline *tl, event_seq seq, const struct rep_stop *who,
				  const uint64_t *batch, size_t count, uint64_t pc, uint64_t arrival,
				  uint64_t *ret_previous, uint64_t *ret_count)
{
	const struct rep_mark *marks[BATCH + 1];
	enum rep_outcome outcome = rep__timeline_go(tl, seq);
	uint64_t last = 0, last_count = 0;

	rep__points_disarm(tl);
	for (size_t i = 0; i < count; i++)
		marks[i] = rep__stretch_mark(&tl->stretch, who->node, who->pid, batch[i]);
	const struct rep_mark *end = rep__stretch_mark(&tl->stretch, who->node, who->pid, pc);

	if (outcome != REP_AGREES)
		return outcome;
	marks[count] = end;
	for (;;) {
		outcome = rep__timeline_advance(tl);
		if (outcome != REP_SUSPENDED || tl->stretch.halt == REP_HALT_INTERRUPTED)
			return outcome;
		if (tl->stretch.pc == pc && end->count == arrival)
			break;
		for (size_t i = 0; i <= count; i++)
			if (marks[i]->addr == tl->stretch.pc) {
				last = marks[i]->addr;
				last_count = marks[i]->count;
			}
	}
	*ret_previous = tl->stretch.by_step ? last : 0;
	*ret_count = last_count;
	return REP_AGREES;
}

/* Guesses which instruction came before, and looks. *ret_previous: 0 when it was none of the guesses. */
static enum rep_outcome guess_previous(struct rep_timeline *tl, event_seq seq, const struct rep_stop *who,
				       const uint64_t *candidates, size_t count, uint64_t pc,
				       uint64_t arrival, uint64_t *ret_previous, uint64_t *ret_count)
{
	enum rep_outcome outcome = REP_AGREES;

	*ret_previous = 0;
	if (tl->stretch.no_registers)
		return REP_AGREES;
	for (size_t i = 0; i < count && outcome == REP_AGREES && !*ret_previous; i += BATCH)
		outcome = try_batch(tl, seq, who, candidates + i, count - i < BATCH ? count - i : BATCH, pc, arrival,
				    ret_previous, ret_count);
	return outcome;
}

/* Steps from the last turn that is known. */
static enum rep_outcome step_previous(struct rep_timeline *tl, event_seq seq, const struct rep_stop *who, uint64_t pc,
				      uint64_t arrival, uint64_t *ret_previous, uint64_t *ret_count)
{
	enum rep_outcome outcome = rep__timeline_go(tl, seq);

	rep__points_disarm(tl);
	if (outcome == REP_AGREES && arrival > 1)
		outcome = rep__timeline_arrive(tl, seq, pc, arrival - 1);
	if (outcome != REP_AGREES)
		return outcome;
	const struct rep_mark *mark = rep__stretch_mark(&tl->stretch, who->node, who->pid, pc);

	outcome = find_previous(tl, mark, arrival, arrival > 1 ? pc : who->pc, ret_previous);
	if (outcome == REP_AGREES)
		outcome = count_previous(tl, seq, who, *ret_previous, pc, arrival, ret_count);
	return outcome;
}

enum rep_outcome rep__before_arrival(struct rep_timeline *tl, event_seq seq, uint64_t pc, uint64_t arrival,
				     bool *ret_first)
{
	uint64_t previous = 0, count = 0, candidates[REP_PREVIOUS_MAX];
	struct rep_stop here, who;

	*ret_first = false;
	CHECK(tl->stretch.inside && tl->seq == seq);
	if (!stretch_of(tl, seq, &here))
		return REP_TRACE_ERROR;
	struct user_regs_struct regs = {0};

	rep_timeline_regs(tl, here.node, here.tid, &regs);
	/* While its stack is as the call left it. */
	const size_t candidate_count =
		rep__previous_candidates(tl, here.node, here.pid, pc, regs.rsp, candidates);
	enum rep_outcome outcome = rep__timeline_pin(tl, seq);

	if (outcome != REP_AGREES || !stretch_of(tl, seq, &who))
		return outcome;
	rep__points_disarm(tl);
	if (pc == who.pc && arrival == 1) {
		*ret_first = true;
		return REP_AGREES;
	}
	outcome = guess_previous(tl, seq, &who, candidates, candidate_count, pc, arrival, &previous, &count);
	if (outcome == REP_AGREES && !previous)
		outcome = step_previous(tl, seq, &who, pc, arrival, &previous, &count);
	if (outcome == REP_AGREES)
		outcome = rep__timeline_arrive(tl, seq, previous, count);
	if (outcome == REP_SUSPENDED)
		rep__timeline_begin_again(tl, seq);
	return outcome;
}

/* ---- the last one ------------------------------------------------------ */

/* Runs the stretch to its end; how often the mark was met. */
static enum rep_outcome run_to_end(struct rep_timeline *tl)
{
	enum rep_outcome outcome;

	do {
		outcome = rep__timeline_advance(tl);
	} while (outcome == REP_SUSPENDED && tl->stretch.halt != REP_HALT_INTERRUPTED);
	if (outcome == REP_SUSPENDED)
		rep__timeline_begin_again(tl, tl->seq);
	return outcome;
}

/* How often pc is reached in the whole stretch. */
static enum rep_outcome count_to_end(struct rep_timeline *tl, event_seq seq, const struct rep_stop *who, uint64_t pc,
				     uint64_t *ret)
{
	const struct rep_mark *mark = rep__stretch_mark(&tl->stretch, who->node, who->pid, pc);
	enum rep_outcome outcome = rep__timeline_go(tl, seq);

	if (outcome == REP_AGREES)
		outcome = run_to_end(tl);
	*ret = mark->count;
	rep__points_disarm(tl);
	return outcome;
}

#define SYSCALL_SIZE 2	/* of the instruction; the layer tells of the address behind it */

enum rep_outcome rep__last_instruction(struct rep_timeline *tl, event_seq seq, bool *ret_executed)
{
	enum rep_outcome outcome = rep__timeline_pin(tl, seq);
	struct fmt_event event;
	struct rep_stop who;

	*ret_executed = false;
	if (outcome != REP_AGREES || !stretch_of(tl, seq, &who) || !rep__timeline_event(tl, seq, &event))
		return outcome;
	const uint32_t kind = event.kind;
	const bool is_call = kind == FMT_syscall || kind == FMT_syscall_enter;

	rep__points_disarm(tl);
	outcome = run_to_end(tl);
	if (outcome != REP_AGREES)
		return outcome;
	const uint64_t pc = is_call ? tl->stretch.pc - SYSCALL_SIZE : tl->stretch.pc;
	uint64_t count = 1;	/* of what ends a stretch when it is executed */

	*ret_executed = is_call || kind == FMT_tsc;
	if (!*ret_executed)
		outcome = count_to_end(tl, seq, &who, pc, &count);
	if (outcome != REP_AGREES)
		return outcome;
	return count ? rep__timeline_arrive(tl, seq, pc, count) : rep__timeline_go(tl, seq);
}

/* ---- backward ---------------------------------------------------------- */

enum backward { BACK_DONE, BACK_ON, BACK_BORN, BACK_BAD };

/* Whether the instruction before is one of the stretch of event seq, and goes there. */
static enum backward back_into(struct rep_timeline *tl, event_seq seq, enum rep_outcome *ret_outcome)
{
	bool executed, first = false;

	*ret_outcome = rep__last_instruction(tl, seq, &executed);
	if (*ret_outcome != REP_AGREES)
		return BACK_BAD;
	if (executed)
		return BACK_DONE;
	if (!tl->stretch.inside)
		return BACK_ON;
	*ret_outcome = rep__before_arrival(tl, seq, tl->leg_pc, tl->leg_arrival, &first);
	if (*ret_outcome != REP_AGREES)
		return BACK_BAD;
	return first ? BACK_ON : BACK_DONE;
}

/* What an event of the thread means to one who walks backward. */
static enum backward back_over(struct rep_timeline *tl, event_seq seq, uint32_t kind, enum rep_outcome *ret_outcome)
{
	if (rep__is_stretch(kind))
		return back_into(tl, seq, ret_outcome);
	if (kind == FMT_start)
		return BACK_BORN;
	if (kind != FMT_signal)	/* sigreturn, exec and the exit of a call have a call before them */
		return BACK_ON;
	*ret_outcome = rep__timeline_go(tl, seq);
	return *ret_outcome == REP_AGREES ? BACK_DONE : BACK_BAD;
}

/* Over the events of the thread before seq. */
static enum backward back_from(struct rep_timeline *tl, node_id node, uint32_t tid, event_seq seq,
			       enum rep_outcome *ret_outcome)
{
	enum backward how = BACK_ON;
	struct fmt_event event;
	struct fmt_ev_clone clone;

	while (how == BACK_ON && seq > tl->first) {
		seq--;
		if (interrupted(tl)) {
			*ret_outcome = REP_SUSPENDED;
			return BACK_BAD;
		}
		if (!rep__timeline_event(tl, seq, &event)) {
			*ret_outcome = REP_TRACE_ERROR;
			return BACK_BAD;
		}
		if (event.node != node)
			continue;
		if (event.kind == FMT_clone && fmt_get_clone(&event, &clone) == 0 && clone.child_tid == tid)
			return BACK_BORN;
		if (event.tid == tid)
			how = back_over(tl, seq, event.kind, ret_outcome);
	}
	return how;
}

/* Whether the world has stopped at something of the thread's that the record has not, and goes to before it. */
static enum backward back_from_divergence(struct rep_timeline *tl, const struct fmt_event *event, node_id node, uint32_t tid,
					  enum rep_outcome *ret_outcome)
{
	const uint64_t pc = tl->stretch.pc;
	struct rep_position last;
	bool first = false;

	if (!tl->session->stopped || event->node != node || event->tid != tid || rep_timeline_position(tl, &last) < 0 ||
	    !last.arrival)
		return BACK_ON;
	*ret_outcome = rep__timeline_arrive(tl, last.seq, last.pc, last.arrival);
	/* A call was made, an instruction that faults was not. */
	if (*ret_outcome == REP_AGREES && last.pc == pc)
		*ret_outcome = rep__before_arrival(tl, last.seq, last.pc, last.arrival, &first);
	return *ret_outcome != REP_AGREES ? BACK_BAD : first ? BACK_ON : BACK_DONE;
}

void rep__instruction_backward(struct rep_timeline *tl, node_id node, uint32_t tid, struct rep_stop *ret)
{
	enum rep_outcome outcome = REP_AGREES;
	enum backward how = BACK_ON;
	struct rep_position here;
	struct fmt_event event;
	bool first = false;

	if (!tid && !whose_turn(tl, &node, &tid)) {
		rep__timeline_stop(tl, REP_WHY_END, ret);
		return;
	}
	if (tl->stretch.inside && next_event(tl, &event) && event.node == node && event.tid == tid) {
		if (rep_timeline_position(tl, &here) < 0) {
			bad(tl, tl->session->stopped ? tl->report.outcome : REP_SUSPENDED, ret);
			return;
		}
		outcome = rep__before_arrival(tl, here.seq, here.pc, here.arrival, &first);
		how = outcome != REP_AGREES ? BACK_BAD : first ? BACK_ON : BACK_DONE;
	} else if (next_event(tl, &event)) {
		how = back_from_divergence(tl, &event, node, tid, &outcome);
	}
	if (how == BACK_ON)
		how = back_from(tl, node, tid, tl->seq, &outcome);
	if (how == BACK_BAD) {
		bad(tl, outcome, ret);
		return;
	}
	done(tl, node, tid, ret);
	if (how != BACK_DONE)
		ret->why = REP_WHY_START;
}
