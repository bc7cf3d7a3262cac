/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracee-copy.c - copies of threads and processes as they stand, for checkpoints.
 *
 * The host's fork copies a process with the thread that calls it and no other; so the others are kept as states, and are born
 * anew when the copy is to run.  Nothing else of a thread is native: signal masks, handlers, ids are all the caller's.
 */
#include <elf.h>
#include <errno.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#include "base/check.h"
#include "tracee-int.h"

/* With AMX it would be 11 KiB, but nobody asked the host for AMX in a tracee's name. */
#define XSTATE_MAX 16384

void rec_tracee_state_done(struct rec_tracee_state *state)
{
	free(state->xstate);
	*state = (struct rec_tracee_state){0};
}

int rec_tracee_save(struct rec_tracee *thread, struct rec_tracee_state *ret)
{
	static uint8_t xstate[XSTATE_MAX] __attribute__((aligned(64)));
	struct rec_tracee_state state = {.xstate_size = sizeof(xstate)};
	int r = rec_tracee_trap(thread);

	if (r == 0)
		r = rec_tracee_get_regs(thread, &state.regs);
	if (r == 0)
		r = rec_tracee_get_xstate(thread, xstate, &state.xstate_size);
	if (r < 0)
		return r;
	CHECK(thread->pending != REC_PENDING_TSC);
	state.in_call = thread->pending == REC_PENDING_SYSCALL && !thread->answered;
	state.xstate = malloc(state.xstate_size);
	CHECK(state.xstate);
	memcpy(state.xstate, xstate, state.xstate_size);
	*ret = state;
	return 0;
}

int rec_tracee_load(struct rec_tracee *thread, const struct rec_tracee_state *state)
{
	struct iovec iov = {state->xstate, state->xstate_size};
	const int r = rec_tracee_set_regs(thread, &state->regs);

	if (r < 0)
		return r;
	if (state->xstate && ptrace(PTRACE_SETREGSET, thread->tid, NT_X86_XSTATE, &iov) < 0)
		return -errno;
	if (state->in_call)
		thread->pending = REC_PENDING_SYSCALL;
	return 0;
}

/* clone(2) with flags, then the state. */
static int make(struct rec_tracee *thread, uint64_t flags, const struct rec_tracee_state *state,
		struct rec_tracee **ret)
{
	struct rec_tracee *child;
	int r = rec_tracee_clone(thread, flags, 0, 0, &child);

	if (r < 0)
		return r;
	r = rec_tracee_load(child, state);
	if (r == 0) {
		*ret = child;
		return 0;
	}
	if (flags & CLONE_THREAD)
		rec_tracee_exit(child);
	else
		rec_tracee_kill(child);
	return r;
}

int rec_tracee_copy(struct rec_tracee *thread, const struct rec_tracee_state *state, struct rec_tracee **ret)
{
	return make(thread, 0, state, ret);
}

int rec_tracee_join(struct rec_tracee *thread, const struct rec_tracee_state *state, struct rec_tracee **ret)
{
	return make(thread, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, state, ret);
}
