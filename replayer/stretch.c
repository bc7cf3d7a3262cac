/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stretch.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/check.h"
#include "frozen.h"
#include "preempt.h"

#define SLOT_COUNT REP_PREEMPT_SLOT
#define INT3 0xcc
#define HIT_ANY 0xfu

/* Register 7: enable bits, and for each slot kind and length of what it watches. */
#define ENABLE(slot) (1ull << (2 * (slot)))
#define KIND(slot, value) ((uint64_t)(value) << (16 + 4 * (slot)))
#define KIND_WRITE 1u
#define KIND_ACCESS 3u
#define PREEMPT_BITS (KIND(REP_PREEMPT_SLOT, 0xf) | ENABLE(REP_PREEMPT_SLOT))

/* What one process gets of marks and watches. */
struct plan {
	struct rep_mark *slot_mark[SLOT_COUNT];
	struct rep_watch *slot_watch[SLOT_COUNT];
	struct rep_mark *soft[REP_MARK_MAX];
	uint8_t saved[REP_MARK_MAX];		/* the byte under each int3 */
	size_t soft_count;
	bool by_stepping;			/* a watch has no register */
	bool any;
};

static bool concerns(node_id node, uint32_t pid, const struct rep_thread *thread)
{
	return node == thread->process->node->id && (!pid || pid == thread->process->pid);
}

static void make_plan(struct rep_stretch *st, const struct rep_thread *thread, struct plan *plan)
{
	size_t slot = 0;

	plan->soft_count = 0;
	plan->by_stepping = plan->any = false;
	memset(plan->slot_mark, 0, sizeof(plan->slot_mark));
	memset(plan->slot_watch, 0, sizeof(plan->slot_watch));
	for (size_t i = 0; i < st->watch_count; i++) {
		if (!concerns(st->watches[i].node, st->watches[i].pid, thread))
			continue;
		plan->any = true;
		if (slot < SLOT_COUNT && !st->no_registers)
			plan->slot_watch[slot++] = &st->watches[i];
		else
			plan->by_stepping = true;
	}
	for (size_t i = 0; i < st->mark_count; i++) {
		if (!concerns(st->marks[i].node, st->marks[i].pid, thread))
			continue;
		plan->any = true;
		if (slot < SLOT_COUNT && !st->no_registers)
			plan->slot_mark[slot++] = &st->marks[i];
		else
			plan->soft[plan->soft_count++] = &st->marks[i];
	}
}

/* ---- the processor's registers ---------------------------------------- */

static uint64_t length_bits(uint32_t size)
{
	return size == 8 ? 2 : size - 1;
}

/* A thread keeps its registers between stretches, so most of the time there is nothing to do and no trap is needed. */
static int arm(const struct rep_stretch *st, struct rep_thread *thread, const struct plan *plan)
{
	uint64_t control = 0;

	if (thread->armed == (plan->any ? st->generation : 0))
		return 0;
	int r = rec_tracee_trap(thread->tracee);

	if (r == 0)
		r = rec_tracee_get_debug(thread->tracee, 7, &control);
	control &= PREEMPT_BITS;
	/* Off first: the host refuses an address that does not fit the length that is there. */
	if (r == 0)
		r = rec_tracee_set_debug(thread->tracee, 7, control);
	for (unsigned slot = 0; slot < SLOT_COUNT && r == 0; slot++) {
		const struct rep_watch *watch = plan->slot_watch[slot];
		const struct rep_mark *mark = plan->slot_mark[slot];

		r = rec_tracee_set_debug(thread->tracee, slot, watch ? watch->addr : mark ? mark->addr : 0);
		if (watch)
			control |= KIND(slot, watch->access ? KIND_ACCESS : KIND_WRITE) |
				   KIND(slot, length_bits(watch->size) << 2);
		if (watch || mark)
			control |= ENABLE(slot);
	}
	if (r == 0)
		r = rec_tracee_set_debug(thread->tracee, 7, control);
	if (r == 0)
		thread->armed = plan->any ? st->generation : 0;
	return r;
}

/* ---- int3 ------------------------------------------------------------- */

/* An address without memory has no mark. */
static void put_soft(struct rep_thread *thread, struct plan *plan)
{
	static const uint8_t int3 = INT3;

	for (size_t i = 0; i < plan->soft_count; i++)
		if (rec_tracee_read(thread->tracee, &plan->saved[i], plan->soft[i]->addr, 1) ||
		    rec_tracee_write(thread->tracee, plan->soft[i]->addr, &int3, 1))
			plan->saved[i] = INT3;
}

/* Where the program has written code meanwhile, that stays. */
static void take_soft(struct rep_thread *thread, const struct plan *plan)
{
	uint8_t now;

	for (size_t i = plan->soft_count; i-- > 0;)
		if (plan->saved[i] != INT3 && rec_tracee_read(thread->tracee, &now, plan->soft[i]->addr, 1) == 0 && now == INT3)
			rec_tracee_write(thread->tracee, plan->soft[i]->addr, &plan->saved[i], 1);
}

/* ---- watched memory --------------------------------------------------- */

static bool read_value(const struct rep_stretch *st, const struct rep_watch *watch, uint8_t ret[8])
{
	return rep__process_read(&st->session->world, watch->node, watch->pid, ret, watch->addr,
				 watch->size) == watch->size;
}

/* Whether it differs from what it was; remembers both. */
static bool has_changed(struct rep_stretch *st, struct rep_watch *watch)
{
	uint8_t now[8] = {0};

	if (!read_value(st, watch, now)) {
		watch->known = false;
		return false;
	}
	const bool changed = watch->known && memcmp(now, watch->value, watch->size) != 0;

	memcpy(watch->before, watch->known ? watch->value : now, sizeof(watch->before));
	memcpy(watch->value, now, sizeof(watch->value));
	watch->known = true;
	return changed;
}

struct rep_watch *rep__stretch_look(struct rep_stretch *st)
{
	struct rep_watch *found = NULL;

	for (size_t i = 0; i < st->watch_count; i++)
		if (has_changed(st, &st->watches[i]) && !found)
			found = &st->watches[i];
	return found;
}

void rep__stretch_forget(struct rep_stretch *st)
{
	for (size_t i = 0; i < st->watch_count; i++) {
		st->watches[i].known = false;
		has_changed(st, &st->watches[i]);
	}
}

/* After an instruction, or a trap of a data breakpoint (hits: register 6). */
static bool watch_halts(struct rep_stretch *st, const struct plan *plan, uint64_t hits)
{
	bool halts = false;

	for (size_t slot = 0; slot < SLOT_COUNT; slot++) {
		struct rep_watch *watch = plan->slot_watch[slot];

		if (!watch || !watch->access || !(hits & 1u << slot))
			continue;
		has_changed(st, watch);
		watch->count++;
		st->watch = watch;
		halts = true;
	}
	struct rep_watch *changed = rep__stretch_look(st);

	if (changed) {
		changed->count++;
		st->watch = changed;
	}
	if (changed || halts)
		st->halt = REP_HALT_WATCH;
	return changed || halts;
}

/* ---- running ---------------------------------------------------------- */

static struct rep_mark *mark_at(struct rep_stretch *st, const struct rep_thread *thread, uint64_t pc)
{
	struct rep_mark *found = NULL;

	for (size_t i = 0; i < st->mark_count; i++)
		if (st->marks[i].addr == pc && concerns(st->marks[i].node, st->marks[i].pid, thread)) {
			st->marks[i].count++;
			found = &st->marks[i];
		}
	return found;
}

/* The thread is about to execute the instruction at pc, for the first time since it came there. */
static bool arrive(struct rep_stretch *st, const struct rep_thread *thread, uint64_t pc)
{
	struct rep_mark *mark = mark_at(st, thread, pc);

	st->pc = pc;
	st->counted = true;
	if (!mark)
		return false;
	st->mark = mark;
	st->halt = REP_HALT_MARK;
	return true;
}

static bool is_trap(const struct rec_stop_info *stop, int code)
{
	return stop->kind == REC_STOP_FAULT && stop->signo == SIGTRAP && stop->code == code;
}

static uint64_t take_hits(struct rep_thread *thread)
{
	uint64_t hits = 0;

	if (rec_tracee_get_debug(thread->tracee, 6, &hits) < 0)
		return 0;
	return hits & HIT_ANY;
}

enum outcome {
	OUT_END,	/* of the stretch */
	OUT_HALT,
	OUT_ON,		/* neither */
};

/* One instruction.  -errno, or enum outcome. */
static int step_once(struct rep_stretch *st, struct rep_thread *thread, const struct plan *plan,
		     struct rec_stop_info *stop)
{
	int r = rec_tracee_step(thread->tracee, stop);

	st->by_step = true;
	/* A breakpoint of the processor on the instruction itself comes first, and lets it pass the second time. */
	if (r == 0 && is_trap(stop, TRAP_HWBKPT)) {
		if (take_hits(thread) & 1u << REP_PREEMPT_SLOT)
			return OUT_END;
		rec_tracee_set_debug(thread->tracee, 6, 0);
		r = rec_tracee_step(thread->tracee, stop);
	}
	if (r < 0)
		return r;
	if (!is_trap(stop, TRAP_TRACE))
		return OUT_END;
	st->steps++;
	const uint64_t hits = take_hits(thread);

	rec_tracee_set_debug(thread->tracee, 6, 0);
	const bool marked = arrive(st, thread, stop->pc);

	if (watch_halts(st, plan, hits))
		return OUT_HALT;
	if (marked)
		return OUT_HALT;
	if (!st->step)
		return OUT_ON;
	st->halt = REP_HALT_STEP;
	return OUT_HALT;
}

static bool was_soft(const struct plan *plan, uint64_t addr)
{
	for (size_t i = 0; i < plan->soft_count; i++)
		if (plan->soft[i]->addr == addr && plan->saved[i] != INT3)
			return true;
	return false;
}

/* An int3 of ours has been executed; the program counter goes back to it. */
static int on_soft(struct rep_stretch *st, struct rep_thread *thread, uint64_t pc)
{
	struct user_regs_struct regs;
	int r = rec_tracee_get_regs(thread->tracee, &regs);

	regs.rip = pc;
	if (r == 0)
		r = rec_tracee_set_regs(thread->tracee, &regs);
	if (r < 0)
		return r;
	return arrive(st, thread, pc) ? OUT_HALT : OUT_ON;
}

/* On to the next mark, watch or end. */
static int run_on(struct rep_stretch *st, struct rep_thread *thread, struct plan *plan,
		  struct rec_stop_info *stop)
{
	st->by_step = false;
	put_soft(thread, plan);
	const int r = rec_tracee_run(thread->tracee, stop);

	if (r < 0)
		return r;
	take_soft(thread, plan);
	if (is_trap(stop, SI_KERNEL) && was_soft(plan, stop->pc - 1))
		return on_soft(st, thread, stop->pc - 1);
	if (!is_trap(stop, TRAP_HWBKPT))
		return OUT_END;
	const uint64_t hits = take_hits(thread);

	if (hits & 1u << REP_PREEMPT_SLOT)	/* preempt.c looks at it and goes on, or has arrived */
		return OUT_END;
	rec_tracee_set_debug(thread->tracee, 6, 0);
	/* The instruction before may have written, and some processors tell of both at once. */
	const bool marked = arrive(st, thread, stop->pc);

	return watch_halts(st, plan, hits) || marked ? OUT_HALT : OUT_ON;
}

/* Where a stretch begins to be stepped: a mark there is arrived at. */
static int begin_step(struct rep_stretch *st, struct rep_thread *thread)
{
	struct user_regs_struct regs;
	int r = rec_tracee_trap(thread->tracee);

	if (r == 0)
		r = rec_tracee_get_regs(thread->tracee, &regs);
	if (r < 0)
		return r;
	return arrive(st, thread, regs.rip) && !st->step ? OUT_HALT : OUT_ON;
}

static bool is_marked(const struct rep_stretch *st, const struct rep_thread *thread, uint64_t pc)
{
	for (size_t i = 0; i < st->mark_count; i++)
		if (st->marks[i].addr == pc && concerns(st->marks[i].node, st->marks[i].pid, thread))
			return true;
	return false;
}

static int go_on(struct rep_stretch *st, struct rep_thread *thread, struct plan *plan,
		 struct rec_stop_info *stop)
{
	int r = arm(st, thread, plan);

	if (r < 0 && r != -ESRCH && !st->no_registers) {	/* a host without debug registers */
		st->no_registers = true;
		make_plan(st, thread, plan);
		return OUT_ON;
	}
	if (r == 0 && (st->step || plan->by_stepping) && !st->counted)
		r = begin_step(st, thread);
	if (r < 0 || r == OUT_HALT)
		return r;
	/* A mark that has been counted would stop the thread where it stands. */
	if (st->step || plan->by_stepping || (st->counted && is_marked(st, thread, st->pc)))
		return step_once(st, thread, plan, stop);
	return run_on(st, thread, plan, stop);
}

static int run(struct rep_runner *runner, struct rep_thread *thread, struct rec_stop_info *stop)
{
	struct rep_stretch *st = (struct rep_stretch *)runner;	/* its first member */
	struct plan plan;
	int r = OUT_ON;

	st->inside = true;
	make_plan(st, thread, &plan);
	if (st->fresh && plan.any && (r = rec_tracee_rearm(thread->tracee)) < 0)
		return r;
	st->fresh = false;
	r = OUT_ON;
	while (r == OUT_ON) {
		if (!plan.any && !st->step && !thread->armed)
			r = rec_tracee_run(thread->tracee, stop);
		else
			r = go_on(st, thread, &plan, stop);
		if (r == OUT_END && stop->kind == REC_STOP_INTERRUPTED)
			r = OUT_ON;	/* the flag says whether it was for us */
		if (r == OUT_ON && __atomic_load_n(&st->interrupt, __ATOMIC_ACQUIRE)) {
			st->halt = REP_HALT_INTERRUPTED;
			st->counted = false;
			r = OUT_HALT;
		}
	}
	if (r == OUT_END)
		st->pc = stop->pc;
	return r == OUT_HALT ? REP_RUN_SUSPENDED : r;
}

/* ---- for those who move ----------------------------------------------- */

void rep__stretch_init(struct rep_stretch *st, struct rep_session *session)
{
	memset(st, 0, sizeof(*st));
	st->runner.run = run;
	st->session = session;
	session->runner = &st->runner;
}

void rep__stretch_changed(struct rep_stretch *st)
{
	st->last_generation++;
	st->generation = st->last_generation;
}

struct rep_mark *rep__stretch_mark(struct rep_stretch *st, node_id node, uint32_t pid, uint64_t addr)
{
	for (size_t i = 0; i < st->mark_count; i++)
		if (st->marks[i].node == node && st->marks[i].pid == pid && st->marks[i].addr == addr)
			return &st->marks[i];
	if (st->mark_count == REP_MARK_MAX)
		return NULL;
	st->marks[st->mark_count] = (struct rep_mark){.node = node, .pid = pid, .addr = addr};
	rep__stretch_changed(st);
	return &st->marks[st->mark_count++];
}

bool rep__is_stretch(uint32_t kind)
{
	return kind == FMT_syscall || kind == FMT_syscall_enter || kind == FMT_tsc || kind == FMT_fault || kind == FMT_code_page ||
	       kind == FMT_preempt;
}

static void begin(struct rep_stretch *st)
{
	for (size_t i = 0; i < st->mark_count; i++)
		st->marks[i].count = 0, st->marks[i].whole = true;
	for (size_t i = 0; i < st->watch_count; i++)
		st->watches[i].count = 0;
	st->counted = false;
	st->fresh = true;
	st->steps = 0;
}

enum rep_outcome rep__stretch_step(struct rep_stretch *st, const struct fmt_event *event)
{
	if (!st->inside)
		begin(st);
	st->halt = REP_HALT_NONE;
	st->mark = NULL;
	st->watch = NULL;
	const enum rep_outcome outcome = rep_session_step(st->session, event);

	st->inside = outcome == REP_SUSPENDED;
	return outcome;
}
