/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * delay.c - calls that take their time, because a fault or a slow disk says so.
 *
 *	a call begins --rec__delay_call()--> HELD --its time--> READY, and its next step carries the call out
 *	a call is over --rec__delay_answer()--> HELD --its time--> it is answered
 *
 * For the node's kernel the thread is in user mode meanwhile, and others run.  Its call is told as syscall-enter when it is
 * held, and as syscall-exit when it is over.
 */
#include "node-int.h"

#include "base/check.h"

static void hold(struct rec_node *node, struct rec_thread *t, uint64_t ns)
{
	CHECK(!t->queued);
	rec__enter(node, t);
	t->state = REC_THREAD_HELD;
	t->held_until = node->now + ns;
	node->held_count++;
	if (t == node->current)
		node->current = NULL;
}

void rec__delay_call(struct rec_node *node, struct rec_thread *t, uint64_t ns)
{
	t->held_call = true;
	hold(node, t, ns);
}

bool rec__delay_answer(struct rec_node *node, struct rec_thread *t, int64_t result)
{
	const uint64_t ns = t->exit_ns;

	if (!ns)
		return false;
	t->exit_ns = 0;
	t->held_result = result;
	hold(node, t, ns);
	return true;
}

/* One operation after the other. */
void rec__disk_wait(struct rec_node *node, struct rec_thread *t)
{
	const uint64_t cost = rec_nodefs_take_cost(node->fs);

	if (!cost || t->state == REC_THREAD_DEAD)
		return;
	node->disk_free_at = (node->disk_free_at > node->now ? node->disk_free_at : node->now) + cost;
	t->exit_ns += node->disk_free_at - node->now;
}

vtime_ns rec__delay_next(const struct rec_node *node)
{
	vtime_ns next = UINT64_MAX;

	for (size_t i = 0; node->held_count && i < node->thread_count; i++) {
		const struct rec_thread *t = node->threads[i];

		if (t && t->state == REC_THREAD_HELD && t->held_until < next)
			next = t->held_until;
	}
	return next;
}

/* In the order of the threads, where several have the same time. */
void rec__delay_due(struct rec_node *node)
{
	for (size_t i = 0; node->held_count && i < node->thread_count; i++) {
		struct rec_thread *t = node->threads[i];

		if (!t || t->state != REC_THREAD_HELD || t->held_until > node->now)
			continue;
		node->held_count--;
		if (t->held_call) {
			rec__ready(node, t, /* front= */ false);
			continue;
		}
		t->state = REC_THREAD_IN_CALL;
		rec__finish(node, t, t->held_result);
	}
}

/* A thread dies. */
void rec__delay_forget(struct rec_node *node, struct rec_thread *t)
{
	if (t->state == REC_THREAD_HELD)
		node->held_count--;
	t->held_call = false;
}
