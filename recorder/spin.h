/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spin.h - finds out whether a thread runs in a loop that cannot end by itself.
 */
#ifndef REC_SPIN_H
#define REC_SPIN_H

#include "buf.h"
#include "tracee.h"

/* A loop whose every turn is the same: same registers, same memory.  Where the thread stands in it, what it touches. */
struct rec_loop {
	struct user_regs_struct regs;
	struct user_fpregs_struct fpregs;
	struct fmt_buf ranges;	/* of struct rec_range, ascending, apart from each other; code included */
	struct fmt_buf bytes;	/* their contents, one after the other */
};

struct rec_range {
	uint64_t addr;
	uint64_t size;
};

enum rec_spin {
	REC_SPIN_LOOP,		/* the thread stands at the loop's canonical point, *ret is filled */
	REC_SPIN_NONE,		/* nothing was found in so many steps; the thread has done no more than execute them */
	REC_SPIN_STOPPED,	/* the thread wants something by itself: *ret_stop */
};

/* Steps a thread that stands after REC_STOP_INTERRUPTED.  enum rec_spin, or -errno. */
int rec_spin_find(struct rec_tracee *thread, unsigned steps_max, struct rec_loop *ret, struct rec_stop_info *ret_stop);

/* Whether the memory that the loop touches is still what it was. */
bool rec_loop_holds(const struct rec_loop *loop, struct rec_tracee *thread);
void rec_loop_done(struct rec_loop *loop);

/* Flags that tell of debugging, not of the program. */
#define REC_EFLAGS_DEBUG 0x10100u

#endif
