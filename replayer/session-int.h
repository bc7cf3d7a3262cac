/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session-int.h - what the files share that carry out events. */
#ifndef REP_SESSION_INT_H
#define REP_SESSION_INT_H

#include "clock-model.h"
#include "content.h"
#include "selection.h"
#include "session.h"
#include "world.h"

#define REP_USER_TOP (1ULL << 47)

/* Who runs threads instead of rec_tracee_run(), to stop them on the way. */
struct rep_runner {
	/* Runs the thread of the event in hand.  0 and *ret, the end of its slice; -errno; REP_RUN_SUSPENDED: it stands somewhere on the
	 * way, and the same event is to be stepped again for it to go on. */
	int (*run)(struct rep_runner *runner, struct rep_thread *thread, struct rec_stop_info *ret);
};
#define REP_RUN_SUSPENDED 1

struct rep_session {
	struct rep_report *report;	/* borrowed */
	struct fmt_reader *own_reader;	/* owned, NULL: the reader is the caller's */
	struct rep_world world;
	struct rec_cpus *cpus;		/* NULL: it keeps to none */
	struct rep_content content;
	struct rep_model model;
	node_id only_node;		/* 0: all */
	char *only_name;		/* until a node event has turned it into only_node */
	struct rep_selection selection;	/* of one process; count 0: all of them */
	event_seq begins;		/* so many events tell of the past, and are not executed; 0: the trace is of the whole run */
	bool stopped;			/* invariant 4 */
	bool ended;			/* the end event has come */
	const struct fmt_event *event;	/* in hand; borrowed, NULL between steps */
	struct rep_runner *runner;	/* borrowed, NULL: rec_tracee_run() */
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
/* The thread is about to change: wakes its process.  AGREES, or a verdict. */
enum rep_outcome rep__ready(struct rep_session *s, struct rep_thread *thread);
enum rep_outcome rep__apply(struct rep_session *s, struct rec_tracee *tracee, struct fmt_bytes effects);
/* Gives a thread the registers that an event carries. */
enum rep_outcome rep__set_regs(struct rep_session *s, struct rec_tracee *tracee, struct fmt_bytes bytes);
enum rep_outcome rep__check_regs_size(struct rep_session *s, struct fmt_bytes bytes);

/* slice-replay.c: as struct rep_runner. */
int rep__run_thread(struct rep_session *s, struct rep_thread *thread, struct rec_stop_info *ret);

/* birth.c: a process of the event in hand that has nothing yet. */
enum rep_outcome rep__begin_process(struct rep_session *s, uint64_t pid, struct fmt_bytes name);
/* birth.c: the node of the event in hand; NULL: it has none, and the verdict is given. */
struct rep_node *rep__node_of(struct rep_session *s);

/* The arrows of the diagram in session.c. */
enum rep_outcome rep__step_syscall(struct rep_session *s);
enum rep_outcome rep__step_syscall_enter(struct rep_session *s);
enum rep_outcome rep__step_tsc(struct rep_session *s);
enum rep_outcome rep__step_fault(struct rep_session *s);
enum rep_outcome rep__step_code_page(struct rep_session *s);
enum rep_outcome rep__step_preempt(struct rep_session *s);
enum rep_outcome rep__step_syscall_exit(struct rep_session *s);
enum rep_outcome rep__step_signal(struct rep_session *s);
enum rep_outcome rep__step_sigreturn(struct rep_session *s);
enum rep_outcome rep__step_effects(struct rep_session *s);
enum rep_outcome rep__step_start(struct rep_session *s);
enum rep_outcome rep__step_exec(struct rep_session *s);
enum rep_outcome rep__step_clone(struct rep_session *s);
enum rep_outcome rep__step_exit(struct rep_session *s);
/* The same in the past: who there is, before images give them programs. */
enum rep_outcome rep__past_exec(struct rep_session *s);
enum rep_outcome rep__past_clone(struct rep_session *s);

/* image-step.c: a thread begins where it stood, and its process with it. */
enum rep_outcome rep__step_image(struct rep_session *s);

#endif
