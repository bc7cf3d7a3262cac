// SPDX-License-Identifier: GPL-2.0-only
/*
 * task.c - the life of a task between its birth and its exit.
 *
 * A task with a cookie has a program somewhere on the host.  Its kernel context is a loop: wait until
 * the host hands over a call, carry it out, answer, do what a return to user mode
 * has to do first (reschedule, signals), and be "in user mode" until the next call.
 *
 *	kg_wait_call() --call--> kg_do_call() --answer--> host
 *	     ^    |                                         |
 *	     |    +--host wants others to run--> kg_park()  |
 *	     +----------------------------------------------+
 *
 * In user mode a task either is current, and the host has control, or is asleep in kg_park().
 * A signal wakes a parked task; it does its exit work, and parks again.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hashtable.h>
#include <linux/ptrace.h>
#include <linux/syscalls.h>
#include <linux/sched/debug.h>
#include <asm/switch_to.h>
#include <asm/syscall.h>
#include "glue.h"

asmlinkage void __noreturn kg_task_loop(void);

static DEFINE_HASHTABLE(kg_tasks, 7);

struct task_struct *kg_find_task(u64 cookie)
{
	struct task_struct *task;

	if (current->thread.cookie == cookie)
		return current;
	hash_for_each_possible(kg_tasks, task, thread.node, cookie) {
		if (task->thread.cookie == cookie)
			return task;
	}
	return NULL;
}

/* Any task that has this memory, 0: none is left.  Which of them does not matter to the host. */
u64 kg_cookie_of_mm(const struct mm_struct *mm)
{
	struct task_struct *task;
	u64 least = 0;
	int bucket;

	if (current->mm == mm)
		return current->thread.cookie;
	hash_for_each(kg_tasks, bucket, task, thread.node) {
		if (task->mm == mm && (!least || task->thread.cookie < least))
			least = task->thread.cookie;
	}
	return least;
}

/* The table holds no reference: exit_thread() takes every task out before it can go away. */
void kg_name_task(struct task_struct *task, u64 cookie)
{
	task->thread.cookie = cookie;
	hash_add(kg_tasks, &task->thread.node, cookie);
}

struct kg_call *kg_call_of(struct task_struct *task)
{
	return (struct kg_call *)((char *)task_stack_page(task) + THREAD_SIZE) - 1;
}

/* ---- birth and death ------------------------------------------------- */

int copy_thread(struct task_struct *p, const struct kernel_clone_args *args)
{
	struct thread_struct *parent = &current->thread;
	unsigned long *sp = (unsigned long *)kg_call_of(p);

	p->thread = (struct thread_struct){ .regs.sp = parent->regs.sp };
	if (!args->fn) {
		if (!parent->child_cookie || kg_find_task(parent->child_cookie))
			return -EINVAL;
		kg_name_task(p, parent->child_cookie);
		parent->child_cookie = 0;
	}
	*--sp = (unsigned long)kg_fork_entry;
	*--sp = 0;				/* rbp */
	*--sp = (unsigned long)args->fn;	/* rbx */
	*--sp = (unsigned long)args->fn_arg;	/* r12 */
	*--sp = 0;
	*--sp = 0;
	*--sp = 0;
	p->thread.sp = (unsigned long)sp;
	return 0;
}

/* Comes from do_exit() after memory and files are gone, and for a child whose fork() failed. */
void exit_thread(struct task_struct *task)
{
	u64 cookie = task->thread.cookie;

	if (!cookie)
		return;
	hash_del(&task->thread.node);
	task->thread.cookie = 0;
	if (task != current)
		return;
	kg_host->exit(kg_host->ctx, cookie, task->exit_code);
	kg_answer(task, KG_GONE, 0);
}

void flush_thread(void)
{
}

struct task_struct *kg_switch_to(struct task_struct *prev, struct task_struct *next)
{
	kg_current = next;
	return kg_swap(&prev->thread.sp, next->thread.sp, prev);
}

/* ---- calls ------------------------------------------------------------ */

static long kg_spawn(u64 cookie)
{
	/* Dispositions of pid 1 must not come to a program. */
	struct kernel_clone_args args = {
		.flags = CLONE_CLEAR_SIGHAND,
		.exit_signal = SIGCHLD,
	};

	if (current->thread.cookie != KG_INIT)
		return -EPERM;
	current->thread.child_cookie = cookie;
	return kernel_clone(&args);
}

/* fork() and vfork() are refused without an MMU; here every process has memory of its own. */
static long kg_fork(unsigned long flags)
{
	struct kernel_clone_args args = { .flags = flags, .exit_signal = SIGCHLD };

	return kernel_clone(&args);
}

static long kg_fault(const u64 *args)
{
	force_sig_fault(args[0], args[1], (void __user *)args[2]);
	return 0;
}

static long kg_fd_ino(const u64 *args)
{
	struct kg_fd *ret = (struct kg_fd *)(args[1] & ~KG_HOST_PTR);
	struct fd f = fdget_raw(args[0]);

	if (!fd_file(f))
		return -EBADF;
	ret->ino = kg_file_ino(fd_file(f));
	ret->flags = fd_file(f)->f_flags;
	ret->mode = file_inode(fd_file(f))->i_mode;
	ret->rdev = file_inode(fd_file(f))->i_rdev;
	ret->seals = ret->ino ? kg_seals(file_inode(fd_file(f))) : 0;
	fdput(f);
	return 0;
}

static long kg_comm(const u64 *args)
{
	char name[TASK_COMM_LEN];

	strscpy(name, (const char *)(args[0] & ~KG_HOST_PTR), sizeof(name));
	set_task_comm(current, name);
	return 0;
}

long kg_private_call(const struct kg_call *call)
{
	const u64 *args = call->args;

	switch (call->nr) {
	case KG_NR_SIGRETURN:
		return kg_sigreturn(args);
	case KG_NR_FAULT:
		return kg_fault(args);
	case KG_NR_FD_INO:
		return kg_fd_ino(args);
	case KG_NR_SPAWN:
		return kg_spawn(args[0]);
	case KG_NR_EXEC:
		return kg_exec(args);
	case KG_NR_COMM:
		return kg_comm(args);
	case KG_NR_MM:
		return kg_set_mm(args);
	case KG_NR_SHM_AT:
		return kg_shm_attach(args[0], args[1], (struct kg_fd *)(args[2] & ~KG_HOST_PTR));
	case KG_NR_SHM_DUP:
		return kg_shm_dup(args[0]);
	case KG_NR_SHM_DT:
		return kg_shm_detach(args[0]);
	case KG_NR_GO_ON:
		return 0;
	case KG_NR_RING_MAP:
		return kg_ring_map(args[0], args[1], (u64 *)(args[2] & ~KG_HOST_PTR));
	case KG_NR_RING_BLOCK:
		return kg_ring_block(args[0], args[1],
				     (struct kg_block *)(args[2] & ~KG_HOST_PTR));
	case KG_NR_RING_DUP:
		return kg_ring_dup(args[0]);
	case KG_NR_RING_UNMAP:
		return kg_ring_unmap(args[0]);
	case KG_NR_FAIL_ALLOCATION:
		return kg_order_shortage(args[0], args[1]);
	case KG_NR_IF_ADD:
		return kg_if_add(call);
	default:
		return -ENOSYS;
	}
}

static long kg_invoke(const struct kg_call *call)
{
	const u64 *a = call->args;

	if (likely(call->nr < NR_syscalls)) {
		if (call->nr == __NR_fork)
			return kg_fork(0);
		if (call->nr == __NR_vfork)
			return kg_fork(CLONE_VFORK | CLONE_VM);
		return sys_call_table[call->nr](a[0], a[1], a[2], a[3], a[4], a[5]);
	}
	return kg_private_call(call);
}

/* One call to its end, redone as often as signals without a handler break it off. */
static s64 kg_do_call(struct kg_call *call)
{
	struct thread_struct *t = &current->thread;
	s64 result;

	if (call->nr >= KG_NR_SIGRETURN || t->cookie == KG_INIT || (call->nr & KG_NR_HOST))
		t->flags |= KG_TASK_HOST_ARGS;
	else
		t->flags &= ~KG_TASK_HOST_ARGS;
	call->nr &= ~KG_NR_HOST;
	t->regs.sp = call->user_sp;
	t->regs.orig_ax = call->nr;
	do {
		result = kg_invoke(call);
		if (result == -ERESTART_RESTARTBLOCK)
			call->nr = __NR_restart_syscall;
		t->regs.ax = result;
	} while (kg_exit_work(&result, true));
	return result;
}

/* Asleep until there is a call or a signal. */
static void kg_park(void)
{
	struct thread_struct *t = &current->thread;

	t->flags |= KG_TASK_PARKED;
	set_current_state(TASK_INTERRUPTIBLE);
	if (!t->call && !(read_thread_flags() & (_TIF_WORK_MASK & ~_TIF_NEED_RESCHED)))
		schedule();
	__set_current_state(TASK_RUNNING);
	t->flags &= ~KG_TASK_PARKED;
}

static void kg_wait_call(void)
{
	struct thread_struct *t = &current->thread;
	s64 none = 0;

	while (!t->call) {
		kg_park();
		if (!t->call)
			kg_exit_work(&none, false);
	}
}

/* Hands the result over, and control with it if this is the call that the host waits for. */
static void kg_finish(s64 result)
{
	struct thread_struct *t = &current->thread;

	t->call = NULL;
	if (kg_answer(current, KG_DONE, result)) {
		/* Interrupts that come now find the program running. */
		t->flags |= KG_TASK_IN_PROGRAM;
		kg_to_host();
		t->flags &= ~KG_TASK_IN_PROGRAM;
	} else {
		kg_host->done(kg_host->ctx, t->cookie, result);
	}
}

asmlinkage void __noreturn kg_task_loop(void)
{
	struct thread_struct *t = &current->thread;
	s64 none = 0;

	if (!t->cookie)
		do_exit(0);
	kg_exit_work(&none, false);
	for (;;) {
		kg_wait_call();
		kg_finish(kg_do_call(t->call));
	}
}

/* ---- what generic code asks of an architecture ------------------------- */

unsigned long __get_wchan(struct task_struct *p)
{
	return 0;
}

void show_regs(struct pt_regs *regs)
{
}

void show_stack(struct task_struct *task, unsigned long *sp, const char *loglvl)
{
}

void ptrace_disable(struct task_struct *child)
{
}

long arch_ptrace(struct task_struct *child, long request, unsigned long addr, unsigned long data)
{
	return ptrace_request(child, request, addr, data);
}
