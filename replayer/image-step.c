/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * image-step.c - the arrow by which a thread begins where it stood when the trace begins; image-write.c is its twin.
 *
 * Nothing in an image is trusted: its effects and registers pass the same checks as those of an exec.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/user.h>

#include "base/check.h"
#include "session-int.h"

/* NULL, or what is wrong with an image of a thread. */
static const char *check_image(const struct rep_thread *thread, const struct fmt_ev_image *ev)
{
	if (thread->process->pid != ev->pid)
		return "it is of another process";
	if (thread->tracee)
		return "it has one already";
	if (ev->state > FMT_IMAGE_INTERRUPTED)
		return "there is no such state of a thread";
	if (ev->regs.size != sizeof(struct user_regs_struct) + sizeof(struct user_fpregs_struct))
		return "its registers have another size";
	if (ev->memory_of && ev->effects.size)
		return "it changes memory that is another process's";
	return NULL;
}

/* The native side of another thread of the process; NULL: this is its first. */
static struct rec_tracee *sibling_of(const struct rep_thread *thread)
{
	for (const struct rep_thread *t = thread->process->threads; t; t = t->next)
		if (t->tracee)
			return t->tracee;
	return NULL;
}

/* A process that has its memory from another one. */
static enum rep_outcome borrow(struct rep_session *s, struct rep_thread *thread, uint64_t lender, struct rec_tracee **ret)
{
	struct rep_process *process = thread->process;
	const struct rep_process *of = lender <= UINT32_MAX ? rep__process_get(process->node, (uint32_t)lender) : NULL;
	struct rec_tracee *native = of && of != process ? sibling_of(of->threads) : NULL;

	if (!native)
		return rep__trace_error(s, "process %u has the memory of process %" PRIu64 ", which has none", process->pid, lender);
	const int error = rec_tracee_clone(native, CLONE_VM, 0, 0, ret);

	if (error < 0)
		return rep__host_cannot(s, "a process cannot be made: %s", strerror(-error));
	process->borrows = true;
	process->lender = (uint32_t)lender;
	process->shares = of->shares;
	s->world.borrower_count++;
	return REP_AGREES;
}

/* A process with its memory, and a thread in it that stands nowhere yet. */
static enum rep_outcome make_process(struct rep_session *s, struct rep_thread *thread, const struct fmt_ev_image *ev)
{
	if (ev->memory_of)
		return borrow(s, thread, ev->memory_of, &thread->tracee);
	const int error = rec_tracee_new(s->world.tracer, thread->process->node->clock_fd, &thread->tracee);

	if (error < 0) {
		thread->tracee = NULL;
		return rep__host_cannot(s, "a process cannot be made: %s", strerror(-error));
	}
	return rep__apply(s, thread->tracee, ev->effects);
}

static enum rep_outcome make_thread(struct rep_session *s, struct rep_thread *thread, struct rec_tracee *sibling,
				    const struct fmt_ev_image *ev)
{
	struct rec_tracee_state state = {0};
	int error = rec_tracee_get_regs(sibling, &state.regs);

	if (error == 0)
		error = rec_tracee_join(sibling, &state, &thread->tracee);
	if (error < 0) {
		thread->tracee = NULL;
		return rep__host_cannot(s, "a thread cannot be made: %s", strerror(-error));
	}
	return ev->effects.size ? rep__trace_error(s, "only the first image of a process fills its memory") : REP_AGREES;
}

/* Where the thread stands: its registers, and whether it waits for an answer. */
static enum rep_outcome put_there(struct rep_session *s, struct rep_thread *thread, const struct fmt_ev_image *ev)
{
	static const enum rep_thread_state states[] = {
		[FMT_IMAGE_RUNS] = REP_RUNNABLE, [FMT_IMAGE_WAITS] = REP_IN_SYSCALL,
		[FMT_IMAGE_BORN] = REP_IN_SYSCALL, [FMT_IMAGE_INTERRUPTED] = REP_INTERRUPTED,
	};
	struct rec_tracee_state native = {.in_call = ev->state == FMT_IMAGE_WAITS};
	struct user_fpregs_struct fpregs;
	const enum rep_outcome outcome = rep__set_regs(s, thread->tracee, ev->regs);

	if (outcome != REP_AGREES)
		return outcome;
	memcpy(&fpregs, ev->regs.data + sizeof(struct user_regs_struct), sizeof(fpregs));
	int error = rec_tracee_set_fpregs(thread->tracee, &fpregs);

	if (error < 0)
		return rep__trace_error(s, "the floating point registers cannot be set: %s", strerror(-error));
	/* The registers once more, and with them that a call is under way. */
	error = rec_tracee_get_regs(thread->tracee, &native.regs);
	if (error == 0)
		error = rec_tracee_load(thread->tracee, &native);
	if (error < 0)
		return rep__host_cannot(s, "a thread cannot be put where it stood: %s", strerror(-error));
	thread->state = states[ev->state];
	thread->nr = ev->nr;
	thread->born = ev->state == FMT_IMAGE_BORN;
	return REP_AGREES;
}

enum rep_outcome rep__step_image(struct rep_session *s)
{
	struct fmt_ev_image ev;

	if (fmt_get_image(s->event, &ev) < 0)
		return rep__damaged(s);
	struct rep_thread *thread = rep__thread_get(&s->world, s->event->node, s->event->tid);

	if (!thread)
		return rep__trace_error(s, "node %u has no thread %u", s->event->node, s->event->tid);
	const char *wrong = check_image(thread, &ev);

	if (wrong)
		return rep__trace_error(s, "thread %u cannot have this image: %s", thread->tid, wrong);
	struct rec_tracee *sibling = sibling_of(thread);
	const enum rep_outcome outcome =
		sibling ? make_thread(s, thread, sibling, &ev) : make_process(s, thread, &ev);

	return outcome == REP_AGREES ? put_there(s, thread, &ev) : outcome;
}
