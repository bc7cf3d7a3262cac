// SPDX-License-Identifier: GPL-2.0-only
/*
 * shortage.c - memory that a node's kernel does not get: because the host has ordered so, or because none is left.
 *
 * An order lets one allocation fail, the n-th from now on that a process (or any program of the node) makes.  Counted is
 * what may fail for good: not what must not fail, nor a first try that has something to fall back on, as slab's of large
 * pages.
 *
 * Where none is left, nothing can come free while a call waits for it inside the kernel: no other task runs, no time
 * passes.  So the one who asks is killed, by a patch of mm/oom_kill.c.  One whom that does not befall sleeps a tick, that
 * others may end; the host's own hand on the node can do neither, and the node ends.
 */
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/notifier.h>
#include <linux/oom.h>
#include <linux/preempt.h>
#include <linux/sched/signal.h>
#include "../kernel/glue.h"

#define KG_SHORTAGE_ORDERS 32

struct kg_shortage {
	pid_t tgid;		/* 0: of any program */
	u64 left;		/* allocations up to the one that fails, and with it; 0: the place is free */
};

static struct kg_shortage kg_shortages[KG_SHORTAGE_ORDERS];
static unsigned int kg_shortage_count;

static bool kg_shortage_over(const struct kg_shortage *order)
{
	bool over = !order->left;

	if (!over && order->tgid) {
		rcu_read_lock();
		over = !find_task_by_pid_ns(order->tgid, &init_pid_ns);
		rcu_read_unlock();
	}
	return over;
}

/* The nth allocation from now on fails; an earlier order for the same is forgotten. */
long kg_order_shortage(pid_t tgid, u64 nth)
{
	struct kg_shortage *place = NULL;
	unsigned int i;

	for (i = 0; i < KG_SHORTAGE_ORDERS; i++) {
		struct kg_shortage *order = &kg_shortages[i];

		if (order->left && order->tgid == tgid) {
			place = order;
			break;
		}
		if (!place && kg_shortage_over(order))
			place = order;
	}
	if (!place)
		return -ENOSPC;
	kg_shortage_count += !place->left;
	*place = (struct kg_shortage){ .tgid = tgid, .left = nth };
	return 0;
}

static bool kg_count_allocation(struct kg_shortage *order)
{
	if (!order->left || (order->tgid && order->tgid != current->tgid) || --order->left)
		return false;
	kg_shortage_count--;
	return true;
}

/* Asked by the allocators, by a patch. */
bool kg_allocation_fails(gfp_t gfp, size_t size)
{
	bool fails = false;
	unsigned int i;

	if (likely(!kg_shortage_count) || (gfp & (__GFP_NOFAIL | __GFP_NORETRY)) || !in_task() ||
	    current->thread.cookie <= KG_INIT)
		return false;
	for (i = 0; i < KG_SHORTAGE_ORDERS; i++)
		fails |= kg_count_allocation(&kg_shortages[i]);
	if (fails)
		pr_notice("%s[%d]: an allocation of %zu bytes fails, as ordered\n", current->comm,
			  task_pid_nr(current), size);
	return fails;
}

/* ---- none is left ------------------------------------------------------------ */

static int kg_none_left(struct notifier_block *block, unsigned long event, void *freed)
{
	if (is_global_init(current))
		panic("Out of memory in a call of the host");
	if ((current->flags & PF_KTHREAD) || current->signal->oom_score_adj == OOM_SCORE_ADJ_MIN)
		schedule_timeout_uninterruptible(1);
	return NOTIFY_OK;
}

static struct notifier_block kg_none_left_block = {
	.notifier_call = kg_none_left,
};

static int __init kg_shortage_init(void)
{
	return register_oom_notifier(&kg_none_left_block);
}
subsys_initcall(kg_shortage_init);
