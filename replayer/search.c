/* SPDX-License-Identifier: GPL-2.0-or-later */
/* search.c - see move.h: continue and reverse-continue. */
#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "move.h"
#include "point.h"

/* Something that was met on the way. */
struct hit {
	enum hit_kind {
		HIT_NONE,
		HIT_MARK,	/* about to execute pc for the arrival-th time */
		HIT_WATCH,	/* an instruction has changed memory: the count-th change of that watch in the stretch */
		HIT_EFFECT,	/* event seq has changed memory */
		HIT_EVENT,	/* event seq matches */
	} kind;
	event_seq seq;
	uint64_t pc, arrival;
	size_t watch;
	uint64_t count;
	struct rep_stop stop;
};

static void arm(const struct rep_search *search, struct rep_timeline *tl)
{
	if (search->arm) {
		rep__points_disarm(tl);
		search->arm(search->arg, tl);
	} else {
		rep__points_arm(tl);
	}
}

/* The thread of the event under way. */
static void under_way(struct rep_timeline *tl, struct rep_stop *ret)
{
	struct fmt_event event;

	*ret = (struct rep_stop){.seq = tl->seq, .inside = tl->stretch.inside};
	if (fmt_reader_event(tl->reader, tl->seq, &event, NULL) == 0)
		rep__stop_thread(tl, event.node, event.tid, ret);
}

static bool accept(const struct rep_search *search, struct rep_timeline *tl, const struct rep_watch *watch,
		   struct rep_stop *stop)
{
	if (search->accept) {
		if (watch) {
			stop->addr = watch->addr;
			stop->size = watch->size;
			memcpy(stop->before, watch->before, sizeof(stop->before));
			memcpy(stop->after, watch->value, sizeof(stop->after));
		}
		return search->accept(search->arg, tl, watch, stop);
	}
	return watch ? rep__points_changed(tl, watch, stop) : rep__points_at(tl, stop);
}

/* The count of arrivals at where the timeline stands, if that is marked. */
static uint64_t arrivals_here(const struct rep_timeline *tl, const struct rep_stop *stop)
{
	for (size_t i = 0; i < tl->stretch.mark_count; i++) {
		const struct rep_mark *m = &tl->stretch.marks[i];

		if (m->addr == tl->stretch.pc && m->node == stop->node && (!m->pid || m->pid == stop->pid))
			return m->count;
	}
	return 0;
}

/* What the halt inside of a stretch is.  HIT_NONE: nothing that counts. */
static enum hit_kind take_halt(const struct rep_search *search, struct rep_timeline *tl, struct hit *ret)
{
	struct rep_stretch *st = &tl->stretch;
	struct hit hit = {.seq = tl->seq, .pc = st->pc};

	if (st->halt != REP_HALT_MARK && st->halt != REP_HALT_WATCH)
		return HIT_NONE;
	under_way(tl, &hit.stop);
	hit.stop.pc = st->pc;
	hit.arrival = arrivals_here(tl, &hit.stop);
	if (st->halt == REP_HALT_WATCH) {
		hit.watch = (size_t)(st->watch - st->watches);
		hit.count = st->watch->count;
	}
	if (!accept(search, tl, st->halt == REP_HALT_WATCH ? st->watch : NULL, &hit.stop))
		return HIT_NONE;
	hit.kind = st->halt == REP_HALT_WATCH ? HIT_WATCH : HIT_MARK;
	hit.stop.why = hit.kind == HIT_WATCH ? REP_WHY_WATCHPOINT : REP_WHY_BREAKPOINT;
	*ret = hit;
	return hit.kind;
}

/* What the event before seq did.  HIT_NONE: nothing that counts. */
static enum hit_kind take_event(const struct rep_search *search, struct rep_timeline *tl, struct hit *ret)
{
	const struct rep_watch *changed = rep__stretch_look(&tl->stretch);
	struct hit hit = {.seq = tl->seq - 1};
	struct fmt_event event;

	if (!changed && search->accept)
		return HIT_NONE;
	if (fmt_reader_event(tl->reader, hit.seq, &event, NULL) < 0)
		return HIT_NONE;
	hit.stop = (struct rep_stop){.seq = tl->seq};
	rep__stop_thread(tl, event.node, event.tid, &hit.stop);
	if (changed && accept(search, tl, changed, &hit.stop)) {
		hit.kind = HIT_EFFECT;
		hit.stop.why = REP_WHY_WATCHPOINT;
	} else if (!search->accept) {
		hit.stop.why = REP_WHY_EVENT;
		hit.stop.seq = hit.seq;
		hit.kind = rep__points_event(tl, hit.seq, &hit.stop) ? HIT_EVENT : HIT_NONE;
	}
	*ret = hit;
	return hit.kind;
}

/* To the place behind the count-th change of a watch in the stretch of event seq, which leaves it known by its arrival. */
static enum rep_outcome go_to_change(const struct rep_search *search, struct rep_timeline *tl, const struct hit *hit)
{
	enum rep_outcome outcome = rep__timeline_pin(tl, hit->seq);

	arm(search, tl);
	const struct rep_mark *mark =
		rep__stretch_mark(&tl->stretch, hit->stop.node, hit->stop.pid, hit->pc);

	if (!mark || outcome != REP_AGREES)
		return outcome;
	rep__stretch_forget(&tl->stretch);
	do {
		outcome = rep__timeline_advance(tl);
	} while (outcome == REP_SUSPENDED && tl->stretch.halt != REP_HALT_INTERRUPTED &&
		 (tl->stretch.halt != REP_HALT_WATCH || tl->stretch.watches[hit->watch].count < hit->count));
	if (outcome != REP_SUSPENDED)
		return outcome;
	if (tl->stretch.halt == REP_HALT_INTERRUPTED) {
		rep__timeline_begin_again(tl, hit->seq);
		return REP_SUSPENDED;
	}
	tl->leg_pc = hit->pc;
	tl->leg_arrival = mark->count;
	tl->leg_steps = 0;
	return REP_AGREES;
}

static void finish(struct rep_timeline *tl, enum rep_why why, const struct hit *hit, struct rep_stop *ret)
{
	if (!hit) {
		rep__timeline_stop(tl, why, ret);
		return;
	}
	struct rep_stop here;

	rep__timeline_stop(tl, why, &here);
	*ret = hit->stop;
	if (hit->kind != HIT_EVENT)
		ret->seq = here.seq;
	ret->inside = here.inside;
	ret->pc = here.inside ? here.pc : ret->pc;
}

/* A move that came to nothing: interrupted, diverged, failed. */
static void finish_badly(struct rep_timeline *tl, enum rep_outcome outcome, struct rep_stop *ret)
{
	finish(tl, rep__timeline_why(tl, outcome), NULL, ret);
}

/* ---- forward ---------------------------------------------------------- */

/* Where the thread of the next event stands: a mark there is where the move begins, not what it looks for.  0: nowhere. */
static uint64_t start_pc(struct rep_timeline *tl)
{
	struct user_regs_struct regs;
	struct fmt_event event;

	if (tl->stretch.inside || tl->seq >= tl->count ||
	    fmt_reader_event(tl->reader, tl->seq, &event, NULL) < 0 || !rep__is_stretch(event.kind))
		return 0;
	return rep_timeline_regs(tl, event.node, event.tid, &regs) == 0 ? regs.rip : 0;
}

static void found_forward(const struct rep_search *search, struct rep_timeline *tl, struct hit *hit,
			  struct rep_stop *ret)
{
	if (hit->kind == HIT_MARK || (hit->kind == HIT_WATCH && hit->arrival)) {
		tl->leg_pc = hit->pc;
		tl->leg_arrival = hit->arrival;
		tl->leg_steps = 0;
	} else if (hit->kind == HIT_WATCH) {
		const enum rep_outcome outcome = go_to_change(search, tl, hit);

		if (outcome != REP_AGREES) {
			finish_badly(tl, outcome, ret);
			return;
		}
	}
	finish(tl, hit->stop.why, hit, ret);
}

void rep__search_forward(struct rep_timeline *tl, const struct rep_search *search, struct rep_stop *ret_stop)
{
	const event_seq start = tl->seq;
	struct hit hit;

	arm(search, tl);
	const uint64_t pc = start_pc(tl);
	enum rep_outcome outcome = rep__timeline_again(tl);	/* counts arrivals at marks before here */

	rep__stretch_forget(&tl->stretch);
	while (outcome == REP_AGREES && tl->seq < search->limit) {
		if (__atomic_load_n(&tl->stretch.interrupt, __ATOMIC_ACQUIRE)) {
			rep__timeline_begin_again(tl, tl->seq);
			outcome = REP_SUSPENDED;
			break;
		}
		outcome = rep__timeline_advance(tl);
		if (outcome == REP_AGREES) {
			rep__timeline_keep(tl);
			if (take_event(search, tl, &hit) != HIT_NONE) {
				found_forward(search, tl, &hit, ret_stop);
				return;
			}
		}
		if (outcome != REP_SUSPENDED)
			continue;
		outcome = REP_AGREES;
		if (take_halt(search, tl, &hit) != HIT_NONE &&
		    !(hit.kind == HIT_MARK && hit.seq == start && hit.arrival == 1 && hit.pc == pc)) {
			found_forward(search, tl, &hit, ret_stop);
			return;
		}
	}
	finish(tl, outcome != REP_AGREES ? rep__timeline_why(tl, outcome) :
		   tl->seq == tl->count ? REP_WHY_END : REP_WHY_DONE, NULL, ret_stop);
}

/* ---- backward --------------------------------------------------------- */

/* Executes from where it stands to upper and remembers the last hit.  begun_there: the move began at upper, so the event that leads there
 * does not count. */
static enum rep_outcome collect(const struct rep_search *search, struct rep_timeline *tl, const struct rep_position *upper,
				bool begun_there, struct hit *ret_last)
{
	enum rep_outcome outcome = REP_AGREES;
	struct rep_mark *end = NULL;
	struct hit hit;

	arm(search, tl);
	rep__stretch_forget(&tl->stretch);
	while (outcome == REP_AGREES && (tl->seq < upper->seq || upper->arrival)) {
		if (tl->seq == upper->seq && !end) {
			struct rep_stop stop;

			under_way(tl, &stop);
			end = rep__stretch_mark(&tl->stretch, stop.node, stop.pid, upper->pc);
			if (!end)
				return REP_AGREES;
		}
		if (__atomic_load_n(&tl->stretch.interrupt, __ATOMIC_ACQUIRE))
			return REP_SUSPENDED;
		outcome = rep__timeline_advance(tl);
		if (outcome == REP_AGREES) {
			rep__timeline_keep(tl);
			if (take_event(search, tl, &hit) != HIT_NONE &&
			    (hit.kind == HIT_EFFECT || tl->seq < upper->seq || upper->arrival || !begun_there))
				*ret_last = hit;
			if (tl->seq > upper->seq)
				break;
			continue;
		}
		if (outcome != REP_SUSPENDED)
			break;
		outcome = REP_AGREES;
		const bool at_end = end && tl->stretch.pc == upper->pc && end->count == upper->arrival;

		if (at_end && tl->stretch.halt == REP_HALT_MARK)
			break;
		if (take_halt(search, tl, &hit) != HIT_NONE)
			*ret_last = hit;
		if (at_end)
			break;
	}
	return outcome;
}

/* To before what changed memory: the instruction, or the call whose event did. */
static enum rep_outcome go_before_change(const struct rep_search *search, struct rep_timeline *tl, const struct hit *hit)
{
	enum rep_outcome outcome;
	bool ignored;

	if (hit->kind == HIT_EFFECT) {
		outcome = rep__last_instruction(tl, hit->seq, &ignored);
		return outcome;
	}
	outcome = go_to_change(search, tl, hit);
	if (outcome != REP_AGREES || !tl->stretch.inside)
		return outcome;
	return rep__before_arrival(tl, hit->seq, tl->leg_pc, tl->leg_arrival, &ignored);
}

static void found_backward(const struct rep_search *search, struct rep_timeline *tl, struct hit *hit,
			   struct rep_stop *ret)
{
	enum rep_outcome outcome;

	switch (hit->kind) {
	case HIT_MARK:
		outcome = rep__timeline_arrive(tl, hit->seq, hit->pc, hit->arrival);
		break;
	case HIT_EVENT:
		outcome = rep__timeline_go(tl, hit->seq + 1);
		break;
	default:
		outcome = go_before_change(search, tl, hit);
		break;
	}
	if (outcome != REP_AGREES)
		finish_badly(tl, outcome, ret);
	else
		finish(tl, hit->stop.why, hit, ret);
}

/* The moment from which the events before upper are executed. */
static event_seq segment_start(const struct rep_timeline *tl, const struct rep_position *upper, event_seq limit)
{
	const struct rep_checkpoint *c = rep__checkpoint_before(&tl->checkpoints, upper->seq);

	if (c && c->seq == upper->seq && !upper->arrival)
		c = upper->seq > 0 ? rep__checkpoint_before(&tl->checkpoints, upper->seq - 1) : NULL;
	const event_seq from = c ? c->seq : 0;

	return from > limit ? from : limit;
}

void rep__search_backward(struct rep_timeline *tl, const struct rep_search *search, struct rep_stop *ret_stop)
{
	struct rep_position upper;
	bool begun_there = true;
	struct hit last = {0};

	if (rep_timeline_position(tl, &upper) < 0) {
		finish_badly(tl, tl->session->stopped ? tl->report.outcome : REP_SUSPENDED, ret_stop);
		return;
	}
	while (upper.seq > search->limit || (upper.seq == search->limit && upper.arrival)) {
		const event_seq from = segment_start(tl, &upper, search->limit);
		enum rep_outcome outcome = rep__timeline_go(tl, from);

		if (outcome == REP_AGREES)
			outcome = collect(search, tl, &upper, begun_there, &last);
		if (outcome != REP_AGREES) {
			if (tl->stretch.inside)
				rep__timeline_begin_again(tl, tl->seq);
			finish_badly(tl, outcome, ret_stop);
			return;
		}
		if (last.kind != HIT_NONE) {
			found_backward(search, tl, &last, ret_stop);
			return;
		}
		upper = (struct rep_position){.seq = from};
		begun_there = false;
	}
	const enum rep_outcome outcome = rep__timeline_go(tl, search->limit);

	finish(tl, outcome != REP_AGREES ? rep__timeline_why(tl, outcome) :
		   search->limit == tl->first ? REP_WHY_START : REP_WHY_DONE, NULL, ret_stop);
}
