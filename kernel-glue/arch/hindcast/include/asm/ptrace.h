/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_HINDCAST_PTRACE_H
#define _ASM_HINDCAST_PTRACE_H

#include <uapi/asm/ptrace.h>

#ifndef __ASSEMBLY__
#define user_mode(regs) ((regs)->ip != 0)
#define instruction_pointer(regs) ((regs)->ip)
#define profile_pc(regs) instruction_pointer(regs)
#define user_stack_pointer(regs) ((regs)->sp)
#define current_user_stack_pointer() (current->thread.regs.sp)

static inline void instruction_pointer_set(struct pt_regs *regs, unsigned long val)
{
	regs->ip = val;
}

static inline long regs_return_value(struct pt_regs *regs)
{
	return regs->ax;
}
#endif

#endif
