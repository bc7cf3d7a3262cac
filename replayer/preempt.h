/* SPDX-License-Identifier: GPL-2.0-or-later */
/* preempt.h - runs a thread to the point of a loop where the recorder interrupted it. */
#ifndef REP_PREEMPT_H
#define REP_PREEMPT_H

#include "session-int.h"

/* The registers of a preempt event: user_regs_struct, then user_fpregs_struct. */
#define REP_PREEMPT_REGS_SIZE (sizeof(struct user_regs_struct) + sizeof(struct user_fpregs_struct))
/* And of a loop that counts: what each turn adds to each register, a user_regs_struct. */
#define REP_PREEMPT_COUNTING_SIZE (REP_PREEMPT_REGS_SIZE + sizeof(struct user_regs_struct))

enum rep_arrival {
	REP_ARRIVED,	/* the thread stands there, in a ptrace stop */
	REP_ELSEWHERE,	/* it wanted something else first: *ret_stop */
	REP_HALFWAY,	/* it was suspended on the way (struct rep_runner); to be called again */
};

/* Runs the thread until it has the event's registers at the event's pc, with the memory that the effects tell of by READ;
 * counters aside, which are then set to what registers and WRITE effects say.  enum rep_arrival; -EBADMSG: the event
 * cannot be true; or another -errno. */
int rep__run_to_preempt(struct rep_session *s, struct rep_thread *thread, const struct fmt_ev_preempt *ev,
			struct rec_stop_info *ret_stop);

/* The debug register that it uses; others may have the rest. */
#define REP_PREEMPT_SLOT 3

#endif
