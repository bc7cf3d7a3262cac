/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * preempt.c - runs a thread to the point of a loop where the recorder interrupted it.
 *
 * The loop is a fixed point (recorder/spin.c): each turn finds the same registers and the same memory.  So the first arrival with
 * these is as good as the one in which the recorder stood, and no turns have to be counted.  Arrivals
 * before the loop has settled differ in a register or in a byte that the loop touches, which is why both are compared.
 *
 * Or it counts (recorder/spin-count.c): then what counts is left out of the comparison, and is set as the recorder had set it.
 *
 * A breakpoint of the processor stands at the pc, so that nothing of the program's code changes.  It is register 3, the
 * last one: what the others hold is left alone.
 */
#include "preempt.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "effect.h"
#include "spin.h"

#define SLOT REP_PREEMPT_SLOT
#define SLOT_ENABLE (1u << (2 * SLOT))		/* of register 7, for this thread */
#define SLOT_KIND (0xfull << (16 + 4 * SLOT))	/* 0: execution */
#define SLOT_HIT (1u << SLOT)			/* of register 6 */

static int set_breakpoint(struct rec_tracee *tracee, uint64_t pc)
{
	uint64_t control = 0;
	int r = rec_tracee_get_debug(tracee, 7, &control);

	if (r == 0)
		r = rec_tracee_set_debug(tracee, SLOT, pc);
	control &= ~(SLOT_KIND | SLOT_ENABLE);
	return r < 0 ? r : rec_tracee_set_debug(tracee, 7, control | SLOT_ENABLE);
}

static void clear_breakpoint(struct rec_tracee *tracee)
{
	uint64_t control = 0;

	if (rec_tracee_trap(tracee) < 0 || rec_tracee_get_debug(tracee, 7, &control) < 0)
		return;
	rec_tracee_set_debug(tracee, 7, control & ~(SLOT_KIND | SLOT_ENABLE));
	rec_tracee_set_debug(tracee, SLOT, 0);
	rec_tracee_set_debug(tracee, 6, 0);
}

/* Memory as it is now against the READ effects of a list, which may hold WRITE effects as well: 1 the same, 0 not, -EBADMSG
 * no such list. */
static int memory_agrees(struct rec_tracee *tracee, struct fmt_bytes list)
{
	struct fmt_effect effect;
	size_t pos = 0;
	int more;

	while ((more = fmt_effect_next(list.data, list.size, &pos, &effect)) > 0) {
		uint8_t bytes[4096];

		if (effect.op == FMT_EFFECT_WRITE)
			continue;
		if (effect.op != FMT_EFFECT_READ)
			return -EBADMSG;
		uint32_t crc = 0;

		for (uint64_t done = 0; done < effect.size; done += sizeof(bytes)) {
			const uint64_t left = effect.size - done;
			const size_t part = left < sizeof(bytes) ? (size_t)left : sizeof(bytes);

			if (rec_tracee_read(tracee, bytes, effect.addr + done, part))
				return 0;
			crc = fmt_crc32c(crc, bytes, part);
		}
		if (crc != effect.crc)
			return 0;
	}
	return more < 0 ? -EBADMSG : 1;
}

static bool counts(const struct fmt_ev_preempt *ev)
{
	return ev->regs.size == REP_PREEMPT_COUNTING_SIZE;
}

/* Registers that count get the value that they are compared with. */
static void leave_out_counters(const struct fmt_ev_preempt *ev, struct user_regs_struct *regs,
			       const struct user_regs_struct *wanted)
{
	unsigned long long by[sizeof(*regs) / sizeof(unsigned long long)], *now = (void *)regs;
	const unsigned long long *want = (const void *)wanted;

	_Static_assert(sizeof(by) == sizeof(*regs), "registers are words");
	if (!counts(ev))
		return;
	memcpy(by, ev->regs.data + REP_PREEMPT_REGS_SIZE, sizeof(by));
	for (size_t i = 0; i < sizeof(by) / sizeof(by[0]); i++)
		if (by[i])
			now[i] = want[i];
}

/* Sets what counts.  0 or -errno. */
static int settle(struct rec_tracee *tracee, const struct fmt_ev_preempt *ev)
{
	struct user_regs_struct regs, wanted;
	struct fmt_effect effect;
	size_t pos = 0;
	int r = rec_tracee_get_regs(tracee, &regs);

	if (r < 0 || !counts(ev))
		return r;
	memcpy(&wanted, ev->regs.data, sizeof(wanted));
	leave_out_counters(ev, &regs, &wanted);
	r = rec_tracee_set_regs(tracee, &regs);
	while (r == 0 && fmt_effect_next(ev->effects.data, ev->effects.size, &pos, &effect) > 0)
		if (effect.op == FMT_EFFECT_WRITE &&
		    rec_tracee_write_user(tracee, effect.addr, effect.bytes, effect.size))
			r = -EBADMSG;
	return r;
}

/* Whether the thread stands where the event says: 1, 0, -errno. */
static int is_there(struct rec_tracee *tracee, const struct fmt_ev_preempt *ev)
{
	struct user_regs_struct regs, wanted;
	struct user_fpregs_struct fpregs;
	int r = rec_tracee_get_regs(tracee, &regs);

	memcpy(&wanted, ev->regs.data, sizeof(wanted));
	regs.eflags &= ~(uint64_t)REC_EFLAGS_DEBUG;
	wanted.eflags &= ~(uint64_t)REC_EFLAGS_DEBUG;
	wanted.orig_rax = regs.orig_rax;
	leave_out_counters(ev, &regs, &wanted);
	if (r < 0 || memcmp(&regs, &wanted, sizeof(regs)) != 0)
		return r;
	r = rec_tracee_get_fpregs(tracee, &fpregs);
	if (r < 0 || memcmp(&fpregs, ev->regs.data + sizeof(regs), sizeof(fpregs)) != 0)
		return r;
	return memory_agrees(tracee, ev->effects);
}

static bool is_breakpoint(const struct rec_stop_info *stop)
{
	return stop->kind == REC_STOP_FAULT && stop->signo == SIGTRAP && stop->code == TRAP_HWBKPT;
}

static int run_there(struct rep_session *s, struct rep_thread *thread, const struct fmt_ev_preempt *ev,
		     struct rec_stop_info *ret_stop)
{
	for (;;) {
		int r = rep__run_thread(s, thread, ret_stop);

		if (r != 0)
			return r == REP_RUN_SUSPENDED ? REP_HALFWAY : r;
		if (!is_breakpoint(ret_stop) || ret_stop->pc != ev->pc)
			return REP_ELSEWHERE;
		rec_tracee_set_debug(thread->tracee, 6, 0);
		r = is_there(thread->tracee, ev);
		if (r != 0)
			return r < 0 ? r : REP_ARRIVED;
	}
}

int rep__run_to_preempt(struct rep_session *s, struct rep_thread *thread, const struct fmt_ev_preempt *ev,
			struct rec_stop_info *ret_stop)
{
	struct rec_tracee *tracee = thread->tracee;

	if ((ev->regs.size != REP_PREEMPT_REGS_SIZE && !counts(ev)) || ev->pc >= REC_STUB_ADDR)
		return -EBADMSG;
	memset(ret_stop, 0, sizeof(*ret_stop));
	int r = rec_tracee_trap(tracee);

	if (r < 0)
		return r;
	r = is_there(tracee, ev);
	if (r != 0)
		return r < 0 ? r : settle(tracee, ev) ?: REP_ARRIVED;
	r = set_breakpoint(tracee, ev->pc);
	if (r == 0)
		r = run_there(s, thread, ev, ret_stop);
	if (r < 0 || ret_stop->kind != REC_STOP_EXITED)
		clear_breakpoint(tracee);
	return r == REP_ARRIVED ? settle(tracee, ev) ?: r : r;
}
