/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arrow.c - what all arrows of the diagram in session.c share. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/user.h>

#include "base/check.h"
#include "effect-replay.h"
#include "frozen.h"
#include "session-int.h"

bool rep__is_restart(int64_t result)
{
	return result >= -516 && result <= -512;
}

enum rep_outcome rep__ready(struct rep_session *s, struct rep_thread *thread)
{
	const int error = rep__process_touch(thread->process);

	if (error == 0)
		return REP_AGREES;
	return rep__host_cannot(s, "a process cannot be brought back: %s", strerror(-error));
}

/* The thread of the event in hand, when it stands in state; else NULL, and the verdict is given. */
struct rep_thread *rep__thread_in(struct rep_session *s, enum rep_thread_state state)
{
	static const char *const state_names[] = {
		[REP_EMPTY] = "has no program yet",
		[REP_RUNNABLE] = "is running, in no system call",
		[REP_IN_SYSCALL] = "stands in a system call",
		[REP_INTERRUPTED] = "waits for a signal, after a fault or in a call that is to be redone",
	};
	struct rep_thread *thread = rep__thread_get(&s->world, s->event->node, s->event->tid);

	if (!thread) {
		rep__trace_error(s, "node %u has no thread %u", s->event->node, s->event->tid);
		return NULL;
	}
	if (thread->state == state)
		return rep__ready(s, thread) == REP_AGREES ? thread : NULL;
	rep__trace_error(s, "this cannot happen to thread %u, which %s", thread->tid,
		    state_names[thread->state]);
	return NULL;
}

enum rep_outcome rep__apply(struct rep_session *s, struct rec_tracee *tracee,
			      struct fmt_bytes effects)
{
	char reason[REP_REASON_SIZE];
	const enum rep_outcome outcome =
		rep__effects_replay(tracee, effects, &s->content, s->event, reason);

	switch (outcome) {
	case REP_AGREES:
		return REP_AGREES;
	case REP_DIVERGED:
		return rep__diverged(s, NULL, "%s", reason);
	case REP_TRACE_ERROR:
		return rep__trace_error(s, "%s", reason);
	case REP_HOST_CANNOT:
	case REP_SUSPENDED:	/* effects run no program */
		break;
	}
	return rep__host_cannot(s, "%s", reason);
}

/* NULL, or why these registers can belong to no program.  Selectors are checked because others would leave 64-bit
 * mode; the gadget of the stub page is for the layer alone. */
static const char *check_regs(const struct user_regs_struct *regs)
{
	if (regs->cs != 0x33 || regs->ss != 0x2b || regs->ds || regs->es || regs->fs || regs->gs)
		return "segment registers";
	if (regs->fs_base >= REP_USER_TOP || regs->gs_base >= REP_USER_TOP)
		return "segment bases";
	if (regs->rip >= REP_USER_TOP || (regs->rip >= REC_STUB_ADDR && regs->rip < REC_VDSO_ADDR))
		return "an instruction pointer";
	return NULL;
}

/* Gives a thread the registers that an event carries. */
enum rep_outcome rep__set_regs(struct rep_session *s, struct rec_tracee *tracee,
				 struct fmt_bytes bytes)
{
	struct user_regs_struct regs;

	if (bytes.size < sizeof(regs))
		return rep__trace_error(s, "the registers are cut short: %zu bytes", bytes.size);
	memcpy(&regs, bytes.data, sizeof(regs));
	const char *wrong = check_regs(&regs);

	if (wrong)
		return rep__trace_error(s, "the registers have %s that no program can have", wrong);
	/* No call is pending, so that the host's kernel does not restart one by itself. */
	regs.orig_rax = UINT64_MAX;
	int error = rec_tracee_trap(tracee);

	if (error == 0)
		error = rec_tracee_set_regs(tracee, &regs);
	if (error < 0)
		return rep__trace_error(s, "the registers cannot be set: %s", strerror(-error));
	return REP_AGREES;
}

enum rep_outcome rep__check_regs_size(struct rep_session *s, struct fmt_bytes bytes)
{
	if (bytes.size == sizeof(struct user_regs_struct))
		return REP_AGREES;
	return rep__trace_error(s, "the registers have %zu bytes, not %zu", bytes.size,
			   sizeof(struct user_regs_struct));
}
