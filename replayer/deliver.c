/* SPDX-License-Identifier: GPL-2.0-or-later */
/* deliver.c - the arrows that come to a thread that stands still: signals, returns from them, what the kernel wrote. */
#include <asm/unistd.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/user.h>

#include "base/check.h"
#include "session-int.h"

#define FPREGS_SIZE sizeof(struct user_fpregs_struct)

enum rep_outcome rep__step_signal(struct rep_session *s)
{
	struct fmt_ev_signal ev;

	if (fmt_get_signal(s->event, &ev) < 0)
		return rep__damaged(s);
	const struct rep_thread *at = rep__thread_get(&s->world, s->event->node, s->event->tid);
	/* A sigreturn whose frame is no good is answered by a signal, and by nothing else. */
	const bool broken_return = at && at->state == REP_IN_SYSCALL && !at->born &&
				   at->nr == __NR_rt_sigreturn;
	enum rep_thread_state state = broken_return ? REP_IN_SYSCALL : REP_RUNNABLE;

	if (at && at->state == REP_INTERRUPTED)
		state = REP_INTERRUPTED;
	struct rep_thread *thread = rep__thread_in(s, state);

	if (!thread)
		return s->report->outcome;
	enum rep_outcome outcome = rep__check_regs_size(s, ev.regs);

	if (outcome == REP_AGREES)
		outcome = rep__apply(s, thread->tracee, ev.effects);
	if (outcome == REP_AGREES)
		outcome = rep__set_regs(s, thread->tracee, ev.regs);
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
		return rep__trace_error(s, "the registers have %zu bytes", bytes.size);
	memcpy(&fp, bytes.data + sizeof(struct user_regs_struct), FPREGS_SIZE);
	const int error = rec_tracee_set_fpregs(tracee, &fp);

	if (error < 0)
		return rep__trace_error(s, "the floating point registers cannot be set: %s",
				   strerror(-error));
	return REP_AGREES;
}

enum rep_outcome rep__step_sigreturn(struct rep_session *s)
{
	struct fmt_ev_sigreturn ev;

	if (fmt_get_sigreturn(s->event, &ev) < 0)
		return rep__damaged(s);
	struct rep_thread *thread = rep__thread_in(s, REP_IN_SYSCALL);

	if (!thread)
		return s->report->outcome;
	if (thread->nr != __NR_rt_sigreturn || thread->born)
		return rep__trace_error(s, "thread %u stands in call %" PRIu64 ", not in rt_sigreturn",
				   thread->tid, thread->nr);
	enum rep_outcome outcome = rep__apply(s, thread->tracee, ev.effects);

	if (outcome == REP_AGREES)
		outcome = rep__set_regs(s, thread->tracee, ev.regs);
	if (outcome == REP_AGREES)
		outcome = set_fpregs(s, thread->tracee, ev.regs);
	if (outcome == REP_AGREES)
		thread->state = REP_RUNNABLE;
	return outcome;
}

/* What the kernel wrote for a thread that goes on waiting. */
enum rep_outcome rep__step_effects(struct rep_session *s)
{
	struct fmt_ev_effects ev;

	if (fmt_get_effects(s->event, &ev) < 0)
		return rep__damaged(s);
	struct rep_thread *thread = rep__thread_get(&s->world, s->event->node, s->event->tid);

	if (thread && rep__ready(s, thread) != REP_AGREES)
		return s->report->outcome;
	if (!thread || !thread->tracee)
		return rep__trace_error(s, "node %u has no thread %u with a program", s->event->node,
				   s->event->tid);
	return rep__apply(s, thread->tracee, ev.effects);
}
