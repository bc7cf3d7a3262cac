/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session-int.h - what the files share that carry out events. */
#ifndef REP_SESSION_INT_H
#define REP_SESSION_INT_H

#include "clock-model.h"
#include "content.h"
#include "session.h"
#include "world.h"

#define REP_USER_TOP (1ULL << 47)

struct rep_session {
	struct rep_report *report;	/* borrowed */
	struct fmt_reader *own_reader;	/* owned, NULL: the reader is the caller's */
	struct rep_world world;
	struct rep_content content;
	struct rep_model model;
	node_id only_node;		/* 0: all */
	char *only_name;		/* until a node event has turned it into only_node */
	bool stopped;			/* invariant 4 */
	bool ended;			/* the end event has come */
	const struct fmt_event *event;	/* in hand; borrowed, NULL between steps */
	const struct rep_runner *runner;	/* borrowed, NULL: rec_tracee_run() */
	bool suspended;			/* the event in hand is under way: its thread stands inside of its slice */
};

/* verdict.c: each gives the verdict on the event in hand and returns it. */
__attribute__((format(printf, 2, 3))) enum rep_outcome rep__trace_error(struct rep_session *s,
									 const char *format, ...);
__attribute__((format(printf, 2, 3))) enum rep_outcome rep__host_cannot(struct rep_session *s,
									 const char *format, ...);
/* got is the record of what happened instead, NULL when no event could tell it. */
__attribute__((format(printf, 3, 4))) enum rep_outcome
rep__diverged(struct rep_session *s, const struct fmt_buf *got, const char *format, ...);
enum rep_outcome rep__damaged(struct rep_session *s);
void rep__forget_verdict(struct rep_report *report);

/* arrow.c: what all arrows share. */
/* A result that no program ever sees (ERESTARTSYS and its like): a handler runs first, whose frame holds the
 * registers of before the call. */
bool rep__is_restart(int64_t result);
/* The thread of the event in hand, when it stands in state; else NULL, and the verdict is given.  What it is natively (if
 * anything) is awake, and about to change. */
struct rep_thread *rep__thread_in(struct rep_session *s, enum rep_thread_state state);
/* The same without a state, and without a verdict. */
struct rep_thread *rep__thread_of_event(struct rep_session *s);
enum rep_outcome rep__apply(struct rep_session *s, struct rec_tracee *tracee, struct fmt_bytes effects);
/* Gives a thread the registers that an event carries. */
enum rep_outcome rep__set_regs(struct rep_session *s, struct rec_tracee *tracee, struct fmt_bytes bytes);
enum rep_outcome rep__check_regs_size(struct rep_session *s, struct fmt_bytes bytes);

/* The arrows of the diagram in session.c. */
enum rep_outcome rep__step_syscall(struct rep_session *s);
enum rep_outcome rep__step_syscall_enter(struct rep_session *s);
enum rep_outcome rep__step_tsc(struct rep_session *s);
enum rep_outcome rep__step_fault(struct rep_session *s);
enum rep_outcome rep__step_preempt(struct rep_session *s);
enum rep_outcome rep__step_syscall_exit(struct rep_session *s);
enum rep_outcome rep__step_signal(struct rep_session *s);
enum rep_outcome rep__step_sigreturn(struct rep_session *s);
enum rep_outcome rep__step_effects(struct rep_session *s);
enum rep_outcome rep__step_start(struct rep_session *s);
enum rep_outcome rep__step_exec(struct rep_session *s);
enum rep_outcome rep__step_clone(struct rep_session *s);
enum rep_outcome rep__step_exit(struct rep_session *s);

#endif
