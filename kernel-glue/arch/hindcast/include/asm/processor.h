/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_HINDCAST_PROCESSOR_H
#define _ASM_HINDCAST_PROCESSOR_H

#include <linux/compiler.h>
#include <linux/types.h>
#include <asm/ptrace.h>

struct task_struct;

/* Every address may be a program's: the host's copy callbacks know which are. */
#define TASK_SIZE (~0UL)
#define TASK_UNMAPPED_BASE 0
#define STACK_TOP TASK_SIZE
#define STACK_TOP_MAX TASK_SIZE

struct kg_call;

struct thread_struct {
	unsigned long sp;		/* of the switched-out kernel context */
	u64 cookie;			/* the host's name of the task; 0: kernel thread */
	u64 child_cookie;		/* for the next clone() */
	struct hlist_node node;		/* in the table by cookie */
	struct kg_call *call;		/* request that waits for the task */
	u32 flags;			/* KG_TASK_* of kernel/glue.h */
	u32 restart;			/* see signal.c */
	struct pt_regs regs;
	unsigned long spare[4];
};

#define INIT_THREAD { .sp = 0 }

#define KSTK_EIP(tsk) ((tsk)->thread.regs.ip)
#define KSTK_ESP(tsk) ((tsk)->thread.regs.sp)
#define task_pt_regs(tsk) (&(tsk)->thread.regs)

static inline void start_thread(struct pt_regs *regs, unsigned long ip, unsigned long sp)
{
	regs->ip = ip;
	regs->sp = sp;
}

unsigned long __get_wchan(struct task_struct *p);

#define cpu_relax() barrier()

#endif
