/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sigframe.h - the stack frame of a signal handler, built and taken down as Linux does it.
 *
 * The node's kernel decides which handler runs and with which mask; this is the rest: memory and registers.
 */
#ifndef REC_SIGFRAME_H
#define REC_SIGFRAME_H

#include <stdint.h>
#include <sys/user.h>

#include "buf.h"

struct kg_signal;
struct rec_tracee;

/* Appends the WRITE effects of the frame to *ret_effects and says how the handler starts.  Pure: the caller applies
 * both.  before: the registers that the program is to go on with after the handler.  fault_error: the processor's
 * error code of a page fault (bits of asm/trap_pf.h), as far as it is known.
 * 0, or -EFAULT (no room on the alternate stack, or no stack at all: Linux would force SIGSEGV). */
int rec_sigframe_push(const struct kg_signal *sig, const struct user_regs_struct *before,
		      const struct user_fpregs_struct *fp, uint64_t fault_error,
		      struct fmt_buf *ret_effects, struct user_regs_struct *ret_after);

/* What a frame holds beside registers. */
struct rec_sigframe_rest {
	uint64_t mask;
	uint64_t altstack_sp;
	uint64_t altstack_size;
	uint32_t altstack_flags;
};

/* Reads the frame at rt_sigreturn (registers as they are at the call).  0, or -EFAULT: unreadable or impossible, Linux
 * would force SIGSEGV. */
int rec_sigframe_pop(struct rec_tracee *thread, const struct user_regs_struct *at_sigreturn,
		     struct user_regs_struct *ret_regs, struct user_fpregs_struct *ret_fp,
		     struct rec_sigframe_rest *ret_rest);

#endif
