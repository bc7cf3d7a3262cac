/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_HINDCAST_SYSCALL_H
#define _ASM_HINDCAST_SYSCALL_H

#include <uapi/linux/audit.h>
#include <linux/sched.h>

typedef long (*sys_call_ptr_t)(unsigned long, unsigned long, unsigned long,
			       unsigned long, unsigned long, unsigned long);
extern const sys_call_ptr_t sys_call_table[];

static inline int syscall_get_nr(struct task_struct *task, struct pt_regs *regs)
{
	return regs->orig_ax;
}

static inline long syscall_get_return_value(struct task_struct *task, struct pt_regs *regs)
{
	return regs->ax;
}

static inline int syscall_get_arch(struct task_struct *task)
{
	return AUDIT_ARCH_X86_64;
}

static inline void syscall_get_arguments(struct task_struct *task, struct pt_regs *regs,
					 unsigned long *args)
{
	memset(args, 0, 6 * sizeof(*args));
}

static inline void syscall_rollback(struct task_struct *task, struct pt_regs *regs)
{
}

#endif
