/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * call-faults.c - what the experiment's rules do to system calls, just before these are carried out.
 *
 * A rule acts on the threads of the process that it was given for, and of all that come from it.  It is told for each call that it
 * changes, before the call's own event.
 */
#include "node-int.h"

#include <asm/unistd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/* How often a thread has made a call that a rule means. */
struct rec_tally {
	const struct rec_inject_rule *rule;
	uint64_t nr;
	uint32_t count;
};

void rec__call_faults_add(struct rec_node *node, const struct rec_exp_fault *fault)
{
	node->call_faults = reallocarray(node->call_faults, node->call_fault_count + 1, sizeof(*node->call_faults));
	CHECK(node->call_faults != NULL);
	node->call_faults[node->call_fault_count++] = fault;
}

void rec__call_faults_remove(struct rec_node *node, size_t process)
{
	size_t kept = 0;

	for (size_t i = 0; i < node->call_fault_count; i++)
		if (process != REC_WHOLE_NODE && node->call_faults[i]->process != process)
			node->call_faults[kept++] = node->call_faults[i];
	node->call_fault_count = kept;
}

static uint32_t count_call(struct rec_thread *t, const struct rec_inject_rule *rule)
{
	for (size_t i = 0; i < t->tally_count; i++)
		if (t->tallies[i].rule == rule && t->tallies[i].nr == t->call.nr)
			return ++t->tallies[i].count;
	t->tallies = reallocarray(t->tallies, t->tally_count + 1, sizeof(*t->tallies));
	CHECK(t->tallies != NULL);
	t->tallies[t->tally_count++] = (struct rec_tally) { rule, t->call.nr, 1 };
	return 1;
}

static bool is_for(const struct rec_node *node, const struct rec_exp_fault *fault, const struct rec_thread *t)
{
	return fault->process == REC_WHOLE_NODE || (t->origin && (size_t)(t->origin - node->roots) == fault->process);
}

static void tell(struct rec_node *node, const struct rec_thread *t, const struct rec_exp_fault *fault,
		 const struct rec_inject_rule *rule)
{
	char cause[40];

	rec_fault_cause(fault, cause, sizeof(cause));
	fmt_put_inject(&node->events, node->now, node->id, t->tid, &(struct fmt_ev_inject) {
		.nr = t->call.nr, .rule = { (const uint8_t *)rule->text, strlen(rule->text) },
		.cause = { (const uint8_t *)cause, strlen(cause) } });
}

/* Collects what all rules want of the present call. */
struct wanted {
	const struct rec_inject_rule *result;	/* the last that takes the call's place, NULL: none */
	uint64_t enter_ns;
};

static struct wanted ask_rules(struct rec_node *node, struct rec_thread *t)
{
	struct wanted wanted = { 0 };

	for (size_t f = 0; f < node->call_fault_count; f++) {
		const struct rec_exp_fault *fault = node->call_faults[f];

		for (size_t i = 0; is_for(node, fault, t) && i < fault->rule_count; i++) {
			const struct rec_inject_rule *rule = &fault->rules[i];

			if (!rec_inject_has(rule, t->call.nr) || !rec_inject_means(rule, count_call(t, rule)))
				continue;
			tell(node, t, fault, rule);
			wanted.result = rule->fails ? rule : wanted.result;
			wanted.enter_ns += rule->enter_ns;
			t->exit_ns += rule->exit_ns;
			if (rule->signo)
				rec__init_call(node, KG_INIT, __NR_tgkill, t->pid, t->tid, (uint64_t)rule->signo, 0, 0, 0);
			if (t->state == REC_THREAD_DEAD)
				return wanted;
		}
	}
	return wanted;
}

bool rec__call_faults(struct rec_node *node, struct rec_thread *t)
{
	const struct wanted wanted = ask_rules(node, t);

	if (t->state == REC_THREAD_DEAD)
		return true;
	if (wanted.enter_ns) {
		/* What takes the call's place is remembered until then. */
		t->placed = wanted.result;
		rec__delay_call(node, t, wanted.enter_ns);
		return true;
	}
	if (!wanted.result)
		return false;
	rec__finish(node, t, wanted.result->result);
	return true;
}

bool rec__call_replaced(struct rec_node *node, struct rec_thread *t)
{
	const struct rec_inject_rule *rule = t->placed;

	t->placed = NULL;
	if (rule)
		rec__finish(node, t, rule->result);
	return rule != NULL;
}
