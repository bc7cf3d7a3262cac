/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spin.h - finds out whether a thread runs in a loop that cannot end by itself.
 */
#ifndef REC_SPIN_H
#define REC_SPIN_H

#include <stdbool.h>

#include "buf.h"
#include "tracee.h"

struct rec_range {
	uint64_t addr;
	uint64_t size;
};

/* A loop whose every turn is the same: same registers, same memory; or the same but for counters, which change by the same
 * amount in each turn and decide nothing.  What it touches, and the state of it that stands for all of them. */
struct rec_loop {
	struct user_regs_struct regs;
	struct user_fpregs_struct fpregs;
	bool counts;		/* the thread has to be brought into this state: rec_loop_settle() */
	struct user_regs_struct by;	/* it counts: what a turn adds to each register, 0 for those that do not count */
	struct fmt_buf ranges;	/* of struct rec_range, ascending, apart from each other; code included, counters not */
	struct fmt_buf bytes;	/* their contents, one after the other */
	struct fmt_buf counters;/* of struct rec_range, ascending: memory that counts */
	struct fmt_buf values;	/* its contents in that state, one after the other */
};

enum rec_spin {
	REC_SPIN_LOOP,		/* the thread stands at the loop's canonical point, *ret is filled; counters are as they are */
	REC_SPIN_NONE,		/* nothing was found in so many steps; the thread has done no more than execute them */
	REC_SPIN_STOPPED,	/* the thread wants something by itself: *ret_stop */
};

/* Steps a thread that stands after REC_STOP_INTERRUPTED.  enum rec_spin, or -errno. */
int rec_spin_find(struct rec_tracee *thread, unsigned steps_max, struct rec_loop *ret, struct rec_stop_info *ret_stop);

/* Brings registers and counters of the thread, which stands where rec_spin_find() left it, into the loop's state.  0 or
 * -errno. */
int rec_loop_settle(const struct rec_loop *loop, struct rec_tracee *thread);

/* Whether the memory that the loop touches is still what it was, counters aside. */
bool rec_loop_holds(const struct rec_loop *loop, struct rec_tracee *thread);
void rec_loop_done(struct rec_loop *loop);

/* Flags that tell of debugging, not of the program. */
#define REC_EFLAGS_DEBUG 0x10100u

#endif
