/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_HINDCAST_THREAD_INFO_H
#define _ASM_HINDCAST_THREAD_INFO_H

#include <linux/const.h>

#define THREAD_SIZE_ORDER 3
#define THREAD_SIZE (_AC(4096, UL) << THREAD_SIZE_ORDER)

#ifndef __ASSEMBLY__
struct thread_info {
	unsigned long flags;
	int preempt_count;
	unsigned int cpu;
};

#define INIT_THREAD_INFO(tsk) { .preempt_count = INIT_PREEMPT_COUNT }
#endif

#define TIF_SYSCALL_TRACE 0		/* named by generic code; never set */
#define TIF_NOTIFY_RESUME 1
#define TIF_SIGPENDING 2
#define TIF_NEED_RESCHED 3
#define TIF_NOTIFY_SIGNAL 4
#define TIF_RESTORE_SIGMASK 5
#define TIF_POLLING_NRFLAG 6
#define TIF_MEMDIE 7
#define TIF_SYSCALL_TRACEPOINT 8
#define TIF_SECCOMP 9
#define TIF_SYSCALL_AUDIT 10
#define TIF_UPROBE 11

#define _TIF_SYSCALL_TRACE (1UL << TIF_SYSCALL_TRACE)
#define _TIF_NOTIFY_RESUME (1UL << TIF_NOTIFY_RESUME)
#define _TIF_SIGPENDING (1UL << TIF_SIGPENDING)
#define _TIF_NEED_RESCHED (1UL << TIF_NEED_RESCHED)
#define _TIF_NOTIFY_SIGNAL (1UL << TIF_NOTIFY_SIGNAL)
#define _TIF_POLLING_NRFLAG (1UL << TIF_POLLING_NRFLAG)
#define _TIF_UPROBE (1UL << TIF_UPROBE)

/* What keeps a task from going back to its program. */
#define _TIF_WORK_MASK (_TIF_NOTIFY_RESUME | _TIF_SIGPENDING | _TIF_NEED_RESCHED | \
			_TIF_NOTIFY_SIGNAL)

#endif
