/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unwind.h - the stack of a thread, by libunwind over the target's memory.
 *
 * Where a module tells nothing of a function (no .eh_frame, as in Go's programs), the chain of frame pointers is followed.
 */
#ifndef REP_UNWIND_H
#define REP_UNWIND_H

#include <sys/user.h>

#include "symbols.h"

enum rep_frame_how { REP_FRAME_REGISTERS, REP_FRAME_UNWOUND, REP_FRAME_POINTER };

struct rep_frame {
	uint64_t pc;
	uint64_t cfa;			/* stack pointer of the caller, when it goes on; 0: unknown */
	struct user_regs_struct regs;	/* as far as they are known there */
	enum rep_frame_how how;
	bool exact;			/* pc is where it stands: not behind a call that may be the last of another line */
	/* scopes.h */
	unsigned int level;		/* of the functions that were inlined into one another there, 0 is the innermost */
	bool inlined;			/* its function was inlined into that of the next frame, which is one of the machine's with it */
};

/* The frames from the innermost; at most max.  Their number, at least 1. */
size_t rep_unwind(struct rep_symbols *symbols, const struct rep_target *target, const struct user_regs_struct *regs,
		  struct rep_frame *ret, size_t max);
/* The address that tells where in the source a frame is. */
static inline uint64_t rep_frame_place(const struct rep_frame *frame)
{
	return frame->exact ? frame->pc : frame->pc - 1;
}

#endif
