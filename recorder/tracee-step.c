/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tracee-step.c - one instruction, without a trace of the trap flag in the program. */
#include "tracee.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>

#include "base/check.h"
#include "tracee-int.h"

#define ICEBP 0xf1
#define SLOTS 4		/* of the debug registers */

#define STEP_FLAGS (REC_FLAG_RF | 0x100ULL)	/* and TF: only who steps has set them */

int rec_tracee_rearm(struct rec_tracee *thread)
{
	if (thread->state != REC_TRAPPED)
		return 0;
	const int r = rec__fetch_regs(thread);
	if (r == 0 && (thread->regs.eflags & REC_FLAG_RF)) {
		thread->regs.eflags &= ~REC_FLAG_RF;
		thread->regs_dirty = true;
	}
	return r;
}

/* The call was stepped into, and the processor has put the flags into r11, trap flag and all.  Nothing but a stop can
 * mend that. */
static int mend_call(struct rec_tracee *thread)
{
	int r = rec_tracee_trap(thread);

	if (r == 0)
		r = rec__fetch_regs(thread);
	if (r < 0)
		return r;
	thread->regs.r11 &= ~STEP_FLAGS;
	thread->regs_dirty = true;
	return 0;
}

/* Whether the next instruction puts the flags on the stack. */
static bool is_pushf(struct rec_tracee *thread)
{
	uint8_t code[2] = {0};

	if (rec__fetch_regs(thread) < 0)
		return false;
	rec_tracee_read(thread, code, thread->regs.rip, sizeof(code));
	return code[0] == 0x9c || ((code[0] == 0x66 || code[0] == 0x48) && code[1] == 0x9c);
}

static int mend_pushf(struct rec_tracee *thread)
{
	uint8_t flags;
	int r = rec__fetch_regs(thread);

	if (r == 0 && rec_tracee_read(thread, &flags, thread->regs.rsp + 1, 1) == 0) {
		flags &= (uint8_t)~(STEP_FLAGS >> 8);
		rec_tracee_write(thread, thread->regs.rsp + 1, &flags, 1);
	}
	return r;
}

/* ---- why a thread has stopped ------------------------------------------------------------ */

/* The enabled breakpoints of the processor that can have stopped a thread at pc, as in DR6: the one that is there; otherwise, of a thread
 * that ran, all that watch data, since which of them it was is not known. */
static uint64_t possible_hits(struct rec_tracee *thread, bool stepped, uint64_t pc)
{
	uint64_t control = 0, addr = 0, data = 0;

	if (rec_tracee_get_debug(thread, 7, &control) < 0)
		return 0;
	for (unsigned slot = 0; slot < SLOTS; slot++) {
		if (!(control >> 2 * slot & 3))
			continue;
		if (control >> (16 + 4 * slot) & 3)
			data |= stepped ? 0 : 1u << slot;
		else if (rec_tracee_get_debug(thread, slot, &addr) == 0 && addr == pc)
			return 1u << slot;
	}
	return data;
}

void rec__name_trap(struct rec_tracee *thread, bool stepped, uint64_t before, struct rec_stop_info *stop)
{
	uint8_t last = 0;

	if (stop->kind != REC_STOP_FAULT || stop->signo != SIGTRAP || stop->code != TRAP_BRKPT)
		return;
	if (rec_tracee_read(thread, &last, stop->pc - 1, 1) == 0 && last == ICEBP)
		return;
	/* A step ends by itself; it needs another reason only where it did not move. */
	const uint64_t hits = stepped && stop->pc != before ? 0 : possible_hits(thread, stepped, stop->pc);

	if (hits && rec_tracee_set_debug(thread, 6, hits) == 0)
		stop->code = TRAP_HWBKPT;
	else if (stepped)
		stop->code = TRAP_TRACE;
}

/* What stepping has left in the program that running does not. */
static int mend_step(struct rec_tracee *thread, const struct rec_stop_info *stop, bool pushf)
{
	if (stop->kind == REC_STOP_SYSCALL || stop->kind == REC_STOP_CLOCK)
		return mend_call(thread);
	if (pushf && stop->kind == REC_STOP_FAULT && stop->signo == SIGTRAP && stop->code == TRAP_TRACE)
		return mend_pushf(thread);
	return 0;
}

int rec_tracee_step(struct rec_tracee *thread, struct rec_stop_info *ret)
{
	memset(ret, 0, sizeof(*ret));
	CHECK(thread->pending == REC_PENDING_NONE || thread->answered);
	int r = rec_tracee_trap(thread);
	if (r == -ESRCH) {
		ret->kind = REC_STOP_EXITED;
		return 0;
	}
	if (r < 0)
		return r;
	const bool pushf = is_pushf(thread);
	/* The host reports the end of a skipped call as a step of its own. */
	const bool twice = thread->own_call;
	const uint64_t pc = thread->regs_valid ? thread->regs.rip : 0;
	r = rec__tracee_run_by(thread, PTRACE_SINGLESTEP, ret);
	if (r == 0 && twice && ret->kind == REC_STOP_FAULT && ret->signo == SIGTRAP && ret->pc == pc) {
		memset(ret, 0, sizeof(*ret));
		r = rec__tracee_run_by(thread, PTRACE_SINGLESTEP, ret);
	}
	if (r < 0)
		return r;
	rec__name_trap(thread, /* stepped= */ true, pc, ret);
	r = mend_step(thread, ret, pushf);
	if (r == -ESRCH)
		ret->kind = REC_STOP_EXITED;
	return r == -ESRCH ? 0 : r;
}
