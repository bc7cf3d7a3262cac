// SPDX-License-Identifier: GPL-2.0-only
/*
 * entry.c - control between the host's stack and the kernel's.
 *
 * The host calls a function of kg_table.  Calls that only look or note something run where
 * they are, on the host's stack with interrupts off.  Those that go deeper without running a
 * task (a frame arrives) run aside, in a context of their own.  The others swap to the stack of
 * the task that is current, which is always in one of two places:
 *
 *	a task with a program	in kg_user_mode(): its program is running, as far as the kernel can tell
 *	the idle task		in arch_cpu_idle()
 *
 * and control comes back by kg_to_host(), when the task that the host asked for has its
 * answer, or when there is nothing left to run.
 *
 * Invariants
 *  1. While the host runs, interrupts are off, and current->thread.sp is its context.
 *  2. kg_wanted is set only between kg_enter() and the kg_to_host() that ends it.
 *  3. After kg_die() no context of the kernel ever runs again.
 *  4. Generic kernel code that may come to kg_die() never runs on the host's stack, from which
 *     there would be no way back.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>
#include <linux/sched/task_stack.h>
#include <linux/cpu.h>
#include <linux/interrupt.h>
#include <linux/start_kernel.h>
#include <linux/string.h>
#include <asm/sections.h>
#include "glue.h"

const struct kg_host *kg_host;
struct kg_boot kg_boot_info;
struct task_struct *kg_current = &init_task;

static unsigned long kg_host_sp;
static struct task_struct *kg_wanted;	/* whose answer the host waits for */
static enum kg_outcome kg_outcome;
static s64 kg_result;
static bool kg_dead;

/* Kernel side: lets the host go on.  Comes back when the host calls again. */
void kg_to_host(void)
{
	unsigned long on = arch_local_save_flags();

	arch_local_irq_disable();
	kg_swap(&current->thread.sp, kg_host_sp, NULL);
	arch_local_irq_restore(on);
}

/* Host side: lets the kernel go on.  KG_PANIC, or KG_DONE: control came back in good order. */
static enum kg_outcome kg_enter(void)
{
	if (kg_dead)
		return KG_PANIC;
	kg_swap(&kg_host_sp, current->thread.sp, NULL);
	return kg_dead ? KG_PANIC : KG_DONE;
}

/* The node is over.  Leaves the kernel's stack for good, on whichever of its stacks this is. */
void __noreturn kg_die(const char *text)
{
	unsigned long unused;

	arch_local_irq_disable();
	if (!kg_dead) {
		kg_dead = true;
		kg_host->panic(kg_host->ctx, text);
	}
	kg_swap(&unused, kg_host_sp, NULL);
	__builtin_unreachable();
}

/* The wanted task has its answer.  False if the host waits for another one. */
bool kg_answer(struct task_struct *task, enum kg_outcome outcome, s64 result)
{
	if (kg_wanted != task)
		return false;
	kg_wanted = NULL;
	kg_outcome = outcome;
	kg_result = result;
	return true;
}

/* Idle: the host moves time on, or has something for a task. */
void arch_cpu_idle(void)
{
	if (!kg_irq_bits)
		kg_to_host();
}

/* A context at the end of a stack that will run fn, which never returns.  Its stack pointer. */
static unsigned long kg_new_context(void *stack_end, void (*fn)(void))
{
	unsigned long *sp = stack_end;

	/* The end is aligned to 16, and so is sp after the return into kg_start_entry. */
	*--sp = (unsigned long)kg_start_entry;
	*--sp = 0;			/* rbp */
	*--sp = (unsigned long)fn;	/* rbx */
	sp -= 4;
	memset(sp, 0, 4 * sizeof(*sp));
	return (unsigned long)sp;
}

/* First C code on the idle task's stack. */
static void __ref kg_start(void)
{
	start_kernel();
}

/* ---- the side context --------------------------------------------------------- */

static char kg_side_stack[2 * PAGE_SIZE] __aligned(16);
static unsigned long kg_side_sp;
static const struct kg_side_call *kg_side_call;
static s32 kg_side_result;

static void kg_side_main(void)
{
	for (;;) {
		kg_side_result = kg_side_call->fn(kg_side_call);
		kg_swap(&kg_side_sp, kg_host_sp, NULL);
	}
}

/* Carries a request out with interrupts off, as an interrupt handler would, while current stays. */
static s32 kg_aside(const struct kg_side_call *call)
{
	if (kg_dead)
		return -EIO;
	if (!kg_side_sp)
		kg_side_sp = kg_new_context(kg_side_stack + sizeof(kg_side_stack), kg_side_main);
	kg_side_call = call;
	kg_swap(&kg_host_sp, kg_side_sp, NULL);
	return kg_dead ? -EIO : kg_side_result;
}

/* ---- the host's table ------------------------------------------------------------ */

static s32 kg_api_boot(const struct kg_boot *boot)
{
	kg_boot_info = *boot;
	kg_boot_info.hostname[sizeof(kg_boot_info.hostname) - 1] = '\0';
	kg_memory_base = boot->memory_base;
	kg_memory_end = boot->memory_base + boot->memory_size;
	kg_clock_start(boot->vtime_ns);
	init_task.thread.sp = kg_new_context((char *)&init_stack + THREAD_SIZE, kg_start);
	return kg_enter();
}

static s32 kg_api_syscall(kg_cookie cookie, kg_u64 nr, const kg_u64 *args, kg_u64 user_sp,
			  kg_s64 *ret_result)
{
	struct task_struct *task = kg_find_task(cookie);
	struct kg_call *call;

	if (kg_dead)
		return KG_PANIC;
	if (!task)
		return KG_GONE;
	call = kg_call_of(task);
	call->nr = nr;
	memcpy(call->args, args, sizeof(call->args));
	call->user_sp = user_sp;
	task->thread.call = call;
	/* Only a task that waits for a call is woken: one that is stopped takes it later. */
	if (task != current && (task->thread.flags & KG_TASK_PARKED))
		wake_up_process(task);

	kg_wanted = task;
	kg_outcome = KG_BLOCKED;
	if (kg_enter() == KG_PANIC)
		return KG_PANIC;
	kg_wanted = NULL;
	if (kg_outcome == KG_DONE)
		*ret_result = kg_result;
	return kg_outcome;
}

static void kg_api_set_child(kg_cookie cookie, kg_cookie child)
{
	struct task_struct *task = kg_find_task(cookie);

	if (task)
		task->thread.child_cookie = child;
}

static s32 kg_api_pending(void)
{
	if (kg_dead)
		return 0;
	if (kg_irq_bits || local_softirq_pending())
		return 1;
	if (is_idle_task(current))
		return need_resched() || nr_running() > 0;
	return (read_thread_flags() & _TIF_WORK_MASK) || nr_running() > 1;
}

static s32 kg_api_run(void)
{
	return kg_enter();
}

static s32 kg_api_task_ids(kg_cookie cookie, kg_u32 *ret_tid, kg_u32 *ret_tgid, kg_u32 *ret_ppid)
{
	struct task_struct *task = kg_find_task(cookie);

	if (!task)
		return -ESRCH;
	*ret_tid = task_pid_nr(task);
	*ret_tgid = task_tgid_nr(task);
	*ret_ppid = task_tgid_nr(rcu_dereference_raw(task->real_parent));
	return 0;
}

/* Needs a context that may sleep: pid 1 lends its own. */
static s32 kg_api_if_add(kg_u32 ifid, const char *name, const unsigned char mac[6], kg_u32 mtu)
{
	kg_u64 args[6] = { ifid, (kg_u64)name, (kg_u64)mac, mtu };
	kg_s64 result = -EBUSY;
	s32 outcome = kg_api_syscall(KG_INIT, KG_NR_IF_ADD, args, 0, &result);

	return outcome == KG_DONE ? result : outcome == KG_BLOCKED ? -EBUSY : -EIO;
}

static s32 kg_api_if_carrier(kg_u32 ifid, kg_u32 on)
{
	return kg_aside(&(struct kg_side_call){ .fn = kg_if_carrier, .ifid = ifid, .number = on });
}

static s32 kg_api_rx(kg_u32 ifid, const void *frame, kg_u64 size)
{
	return kg_aside(&(struct kg_side_call){
		.fn = kg_rx, .ifid = ifid, .frame = frame, .size = size });
}

static s32 kg_api_tx_done(kg_u32 ifid, kg_u32 count)
{
	return kg_aside(&(struct kg_side_call){ .fn = kg_tx_done, .ifid = ifid, .number = count });
}

static void kg_api_tell_changes(void)
{
	kg_aside(&(struct kg_side_call){ .fn = kg_tell_changes });
}

static void kg_api_touch_fd(kg_cookie cookie, kg_u32 fd)
{
	kg_aside(&(struct kg_side_call){ .fn = kg_touch_fd, .number = fd, .size = cookie });
}

/* The code is at a fixed distance from kg_entry in every instance: that is what a person can look up. */
static void __noreturn kg_api_oops(kg_u64 addr, kg_u64 pc)
{
	static bool again;

	arch_local_irq_disable();
	if (again)
		kg_die("oops while dying of an oops");
	again = true;
	panic("oops: no access to %#lx at kernel code +%#lx", (unsigned long)addr,
	      (unsigned long)(pc - (kg_u64)_text));
}

static const struct kg_api kg_table = {
	.abi = KG_ABI,
	.boot = kg_api_boot,
	.syscall = kg_api_syscall,
	.set_child = kg_api_set_child,
	.run = kg_api_run,
	.pending = kg_api_pending,
	.set_time = kg_set_time,
	.next_timer = kg_next_timer,
	.task_ids = kg_api_task_ids,
	.if_add = kg_api_if_add,
	.if_carrier = kg_api_if_carrier,
	.rx = kg_api_rx,
	.tx_done = kg_api_tx_done,
	.oops = kg_api_oops,
	.changed = kg_changed,
	.tell_changes = kg_api_tell_changes,
	.touch_fd = kg_api_touch_fd,
};

/* The ELF entry point. */
__attribute__((visibility("default"))) const struct kg_api *kg_entry(const struct kg_host *host);
const struct kg_api *kg_entry(const struct kg_host *host)
{
	if (host->abi != KG_ABI)
		return NULL;
	kg_host = host;
	return &kg_table;
}
