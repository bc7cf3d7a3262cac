// SPDX-License-Identifier: GPL-2.0-only
/*
 * signal.c - exit work: what a task does before its program goes on.
 *
 * The kernel decides about signals: which is due, default actions, masks, restarting.  The
 * host builds the frame of a handler in the program's memory, as told by host->signal().
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/resume_user_mode.h>
#include <linux/signal.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include "glue.h"

static bool kg_is_restart(s64 result)
{
	return result == -ERESTARTSYS || result == -ERESTARTNOINTR ||
	       result == -ERESTARTNOHAND || result == -ERESTART_RESTARTBLOCK;
}

/*
 * What becomes of an interrupted call when a handler runs, as on x86.  A call that is to be
 * redone keeps -ERESTARTSYS as its result: no program may ever see it.
 */
static bool kg_restart_after(const struct ksignal *ksig, s64 *result)
{
	bool restart = *result == -ERESTARTNOINTR ||
		       (*result == -ERESTARTSYS && (ksig->ka.sa.sa_flags & SA_RESTART));

	if (kg_is_restart(*result))
		*result = restart ? -ERESTARTSYS : -EINTR;
	return restart;
}

static void kg_deliver(struct ksignal *ksig, bool restart)
{
	struct kg_signal sig = {
		.signo = ksig->sig,
		.restart = restart,
		.handler = (u64)ksig->ka.sa.sa_handler,
		.flags = ksig->ka.sa.sa_flags,
		.restorer = (u64)ksig->ka.sa.sa_restorer,
		.altstack_sp = current->sas_ss_sp,
		.altstack_size = current->sas_ss_size,
		.altstack_flags = current->sas_ss_flags,
	};

	BUILD_BUG_ON(sizeof(siginfo_t) != KG_SIGINFO_SIZE);
	memcpy(&sig.saved_mask, sigmask_to_save(), sizeof(sig.saved_mask));
	copy_siginfo_to_external((siginfo_t *)sig.info, &ksig->info);
	kg_host->signal(kg_host->ctx, current->thread.cookie, &sig);
	signal_setup_done(0, ksig, 0);
}

/* Takes one signal.  *in_call turns false when a handler has decided about the call. */
static void kg_take_signal(s64 *result, bool *in_call)
{
	struct ksignal ksig;

	if (!get_signal(&ksig)) {
		restore_saved_sigmask();
		return;
	}
	kg_deliver(&ksig, *in_call && kg_restart_after(&ksig, result));
	*in_call = false;
}

/* Everything due before the program goes on.  True: the call is to be redone at once. */
bool kg_exit_work(s64 *result, bool in_call)
{
	unsigned long work;

	while ((work = read_thread_flags()) & _TIF_WORK_MASK) {
		if (work & _TIF_NEED_RESCHED)
			schedule();
		if (work & (_TIF_SIGPENDING | _TIF_NOTIFY_SIGNAL))
			kg_take_signal(result, &in_call);
		if (work & _TIF_NOTIFY_RESUME)
			resume_user_mode_work(task_pt_regs(current));
	}
	return in_call && kg_is_restart(*result);
}

/* The host has restored the registers that a handler's frame held. */
long kg_sigreturn(const u64 *args)
{
	stack_t altstack = {
		.ss_sp = (void __user *)args[1],
		.ss_size = args[2],
		.ss_flags = args[3],
	};
	sigset_t mask;

	current->restart_block.fn = do_no_restart_syscall;
	memcpy(&mask, &args[0], sizeof(mask));
	sigdelsetmask(&mask, sigmask(SIGKILL) | sigmask(SIGSTOP));
	set_current_blocked(&mask);
	return restore_altstack((stack_t __user *)((unsigned long)&altstack | KG_HOST_PTR));
}
