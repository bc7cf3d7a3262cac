/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * faults.c - what the timeline does to a node and its processes, when its time has come.
 *
 *	             crash, panic                restart
 *	  running ----------------> down --------------------> running, with a kernel of its own again
 *	     |  ^
 *	pause|  |resume
 *	     v  |
 *	   frozen
 *
 * Faults happen between two slices of the node, so no thread is in the middle of anything that the trace does not know of.
 * Each is told before what comes of it.
 *
 * Invariants
 *  1. A node that is down has no kernel, no tasks and no native processes; its files, the numbers of its files and
 *     packets, its random numbers and its wall clock go on.
 *  2. What a program was in the middle of when its node went down is over without an exit event: node-down stands for all.
 */
#include "node-int.h"

#include <asm/unistd.h>
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "loader.h"

typedef void fault_fn(struct rec_node *node, const struct rec_exp_fault *fault);

static struct fmt_bytes text_of(const char *text)
{
	return (struct fmt_bytes) { (const uint8_t *)text, strlen(text) };
}

/* Where the experiment says so, in words. */
struct cause {
	char text[40];
};

static struct cause cause_of(const struct rec_exp_fault *fault)
{
	struct cause cause;

	rec_fault_cause(fault, cause.text, sizeof(cause.text));
	return cause;
}

static const char *process_name(const struct rec_node *node, const struct rec_exp_fault *fault)
{
	return fault->process == REC_WHOLE_NODE ? "" : node->exp->processes[fault->process].name;
}

static void tell(struct rec_node *node, const struct rec_exp_fault *fault, const char *what)
{
	fmt_put_injected(&node->events, node->now, node->id, 0, &(struct fmt_ev_injected) {
		.fault = text_of(rec_fault_key(fault->kind)), .process = text_of(process_name(node, fault)),
		.what = text_of(what), .cause = text_of(cause_of(fault).text) });
}

/* What cannot be done now, and why: the run goes on. */
static void tell_vain(struct rec_node *node, const struct rec_exp_fault *fault, const char *why)
{
	const char *name = process_name(node, fault);

	rec__warn(node, 0, "%s of %s%s%s (%s) did nothing: %s", rec_fault_key(fault->kind), node->exp->name, *name ? "/" : "",
		  name, cause_of(fault).text, why);
}

/* ---- processes ------------------------------------------------------------------------ */

/* The process of a fault, when it runs; else NULL, and that was told. */
static struct rec_root *running_root(struct rec_node *node, const struct rec_exp_fault *fault)
{
	struct rec_root *root = &node->roots[fault->process];

	if (!node->panicked && root->started && !root->ended)
		return root;
	tell_vain(node, fault, node->panicked ? "the host is down" : "the process does not run");
	return NULL;
}

/* To the process alone, or (negative) to its process group. */
static void send_signal(struct rec_node *node, int64_t pid, int signo)
{
	rec__init_call(node, KG_INIT, __NR_kill, (uint64_t)pid, (uint64_t)signo, 0, 0, 0, 0);
}

static void signal_root(struct rec_node *node, const struct rec_exp_fault *fault, bool group, int signo)
{
	const struct rec_root *root = running_root(node, fault);
	char what[24];

	if (!root)
		return;
	snprintf(what, sizeof(what), "SIG%s", sigabbrev_np(signo) ?: "?");
	tell(node, fault, what);
	send_signal(node, group ? -(int64_t)root->pid : (int64_t)root->pid, signo);
}

static void fault_signal(struct rec_node *node, const struct rec_exp_fault *fault)
{
	signal_root(node, fault, /* group= */ false, fault->signo);
}

static void restart_process(struct rec_node *node, const struct rec_exp_fault *fault)
{
	struct rec_root *root = &node->roots[fault->process];

	if (node->panicked) {
		tell_vain(node, fault, "the host is down");
		return;
	}
	if (!root->started) {
		tell_vain(node, fault, "the process has not started yet");
		return;
	}
	tell(node, fault, root->ended ? "starts again" : "SIGKILL, and starts again");
	if (root->ended) {
		rec__root_again(node, root);
		return;
	}
	root->again = true;
	send_signal(node, root->pid, SIGKILL);
}

/* ---- down --------------------------------------------------------------------------------- */

/* All that lived on the node's kernel goes with it. */
static void bury(struct rec_node *node)
{
	node->panicked = true;	/* from here on nobody calls the kernel */
	node->frozen = false;
	rec__reap(node);
	for (size_t i = 0; i < node->thread_count; i++) {
		struct rec_thread *t = node->threads[i];

		/* Killing one thread natively ends its process and lets go of the others. */
		if (t && t->tracee && t->state != REC_THREAD_DEAD) {
			const uint32_t pid = t->pid;

			rec_tracee_kill(t->tracee);
			for (size_t j = i; j < node->thread_count; j++)
				if (node->threads[j] && node->threads[j]->pid == pid)
					node->threads[j]->tracee = NULL;
		}
	}
	for (size_t i = 0; i < node->thread_count; i++)
		if (node->threads[i]) {
			rec__unready(node, node->threads[i]);
			rec__task_free(node, node->threads[i]);
		}
	node->thread_count = node->dead_count = 0;
	for (size_t i = 0; i < node->root_count; i++) {
		struct rec_root *root = &node->roots[i];

		if (!root->started || root->ended)
			continue;
		root->lost = root->ended = true;
		root->again = false;
		root->code = SIGKILL;
	}
	for (uint32_t i = 0; i < node->end_count; i++)
		rec_link_end_forget(&node->ends[i]);
	rec_node_keep_coverage(node);
	kg_instance_free(node->instance);
	node->instance = NULL;
	node->api = NULL;
}

static void go_down(struct rec_node *node, const struct rec_exp_fault *fault, const char *why)
{
	fmt_put_node_down(&node->events, node->now, node->id, 0, &(struct fmt_ev_node_down) {
		.why = text_of(why), .cause = text_of(cause_of(fault).text) });
	bury(node);
}

static void fault_crash(struct rec_node *node, const struct rec_exp_fault *fault)
{
	if (fault->process != REC_WHOLE_NODE)
		signal_root(node, fault, /* group= */ false, SIGKILL);
	else if (node->panicked)
		tell_vain(node, fault, "the host is down already");
	else
		go_down(node, fault, "crash");
}

static void fault_power_loss(struct rec_node *node, const struct rec_exp_fault *fault)
{
	struct rec_nodefs_loss loss;
	char what[200];

	if (node->panicked) {
		tell_vain(node, fault, "the host is down already");
		return;
	}
	go_down(node, fault, "power-loss");
	const int r = rec_nodefs_lose(node->fs, fault->torn, &loss);

	if (r < 0) {
		rec__node_fail(node, r, "what its disk lost with the power cannot be taken back: %s", strerror(-r));
		return;
	}
	snprintf(what, sizeof(what), "lost what was not synced: %llu writes of %llu bytes, %llu changes of names",
		 (unsigned long long)loss.writes, (unsigned long long)loss.bytes, (unsigned long long)loss.names);
	tell(node, fault, what);
}

/* ---- up -------------------------------------------------------------------------------------- */

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* The files are those of the lower tree again. */
static int wipe(struct rec_node *node)
{
	char upper[4200];

	snprintf(upper, sizeof(upper), "%s/root", node->data_dir);
	rec_nodefs_free(node->fs);
	node->fs = NULL;
	node->disk_slow = false;	/* the fault went with the disk */
	if (nftw(upper, remove_entry, 64, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0)
		return -errno;
	return rec__node_open_files(node);
}

static void start_again(struct rec_node *node)
{
	for (size_t i = 0; i < node->root_count; i++) {
		struct rec_root *root = &node->roots[i];
		const enum rec_after_restart rule = root->exp->after_restart;

		if (root->started && (rule == REC_AGAIN_ALWAYS || (rule == REC_AGAIN_IF_RUNNING && root->lost)))
			rec__root_again(node, root);
	}
}

/* The clock counts from its beginning, the wall clock and what is wrong with the oscillator stay. */
static void reset_clock(struct rec_node *node)
{
	const uint64_t realtime = node->realtime_offset_ns + rec__local_ns(node);

	rec_node_clock_set(&node->own, node->now, REC_CLOCK_START_NS, node->own.drift_ppb);
	node->realtime_offset_ns = realtime - REC_CLOCK_START_NS;
	node->clock->realtime_ns = node->realtime_offset_ns;
}

static void skip_carriers(struct rec_node *node)
{
	bool on;

	for (uint32_t i = 0; i < node->end_count; i++)
		while (rec_link_end_carrier(&node->ends[i], node->now, &on))
			;
}

static void go_up(struct rec_node *node, const struct rec_exp_fault *fault)
{
	int r = fault->wiped ? wipe(node) : 0;

	reset_clock(node);
	skip_carriers(node);
	fmt_put_node_up(&node->events, node->now, node->id, 0, &(struct fmt_ev_node_up) {
		.boots = node->boots + 1, .disk = text_of(fault->wiped ? "wiped" : "kept"),
		.clock_ns = rec__local_ns(node), .realtime_ns = node->realtime_offset_ns,
		.cause = text_of(cause_of(fault).text) });
	if (r == 0)
		r = rec__node_boot(node);
	if (r < 0)
		rec__node_fail(node, r, "it cannot be restarted at %llu ns: %s", (unsigned long long)node->now, strerror(-r));
	else
		start_again(node);
}

static void fault_restart(struct rec_node *node, const struct rec_exp_fault *fault)
{
	if (fault->process != REC_WHOLE_NODE) {
		restart_process(node, fault);
		return;
	}
	if (!node->panicked)
		go_down(node, fault, "restart");
	else if (node->instance)
		bury(node);	/* of a kernel that died by itself */
	go_up(node, fault);
}

bool rec__faults_restart(const struct rec_node *node, const struct rec_root *root)
{
	const size_t process = (size_t)(root - node->roots);
	const enum rec_after_restart rule = root->exp->after_restart;
	const bool lost = root->lost || (node->panicked && root->started && !root->ended);
	const bool with_host = node->panicked &&
		(!root->started || rule == REC_AGAIN_ALWAYS || (rule == REC_AGAIN_IF_RUNNING && lost));

	for (size_t i = node->fault_next; i < node->exp->fault_count; i++) {
		const struct rec_exp_fault *fault = &node->exp->faults[i];

		if (fault->kind == REC_FAULT_restart &&
		    (fault->process == process || (fault->process == REC_WHOLE_NODE && with_host)))
			return true;
	}
	return false;
}

/* ---- pause and resume --------------------------------------------------------------------------- */

/* A process group, since a program's helpers are as good as the program; a node with its kernel, whose clock goes on. */
static void fault_pause(struct rec_node *node, const struct rec_exp_fault *fault)
{
	if (fault->process != REC_WHOLE_NODE) {
		signal_root(node, fault, /* group= */ true, SIGSTOP);
	} else if (node->panicked || node->frozen) {
		tell_vain(node, fault, node->frozen ? "the host is paused already" : "the host is down");
	} else {
		tell(node, fault, "");
		node->frozen = true;
	}
}

static void fault_resume(struct rec_node *node, const struct rec_exp_fault *fault)
{
	if (fault->process != REC_WHOLE_NODE) {
		signal_root(node, fault, /* group= */ true, SIGCONT);
	} else if (!node->frozen) {
		tell_vain(node, fault, "the host is not paused");
	} else {
		tell(node, fault, "");
		node->frozen = false;
	}
}

/* ---- the disk -------------------------------------------------------------------------------------- */

static void fault_disk(struct rec_node *node, const struct rec_exp_fault *fault)
{
	const struct rec_disk_fault *disk = fault->disk;
	char what[200] = "as it should be";
	size_t used = 0;

	if (disk && disk->error)
		used += (size_t)snprintf(what + used, sizeof(what) - used, "%s ", strerrorname_np(disk->error) ?: "?");
	if (disk && disk->limited)
		used += (size_t)snprintf(what + used, sizeof(what) - used, "room=%llu ", (unsigned long long)disk->room);
	if (disk && disk->delay_ns)
		used += (size_t)snprintf(what + used, sizeof(what) - used, "delay_ns=%llu ",
					 (unsigned long long)disk->delay_ns);
	if (disk && disk->rate_bytes)
		snprintf(what + used, sizeof(what) - used, "rate=%llu ", (unsigned long long)disk->rate_bytes);
	tell(node, fault, what);
	snprintf(node->disk_cause, sizeof(node->disk_cause), "%s", cause_of(fault).text);
	node->disk_slow = disk && (disk->delay_ns || disk->rate_bytes);
	rec_nodefs_set_disk(node->fs, disk);
}

/* ---- system calls ---------------------------------------------------------------------------------- */

static void fault_inject(struct rec_node *node, const struct rec_exp_fault *fault)
{
	rec__call_faults_remove(node, fault->process);
	if (fault->rule_count)
		rec__call_faults_add(node, fault);
	tell(node, fault, fault->rule_count ? "begins" : "ends");
}

/* ---- memory ---------------------------------------------------------------------------------------- */

/* An order to the node's kernel: it says on the console when it is carried out. */
static void fault_allocation(struct rec_node *node, const struct rec_exp_fault *fault)
{
	uint64_t pid = 0;
	char what[32];

	if (fault->process != REC_WHOLE_NODE) {
		const struct rec_root *root = running_root(node, fault);

		if (!root)
			return;
		pid = root->pid;
	} else if (node->panicked) {
		tell_vain(node, fault, "the host is down");
		return;
	}
	if (rec__init_call(node, KG_INIT, KG_NR_FAIL_ALLOCATION, pid, fault->nth, 0, 0, 0, 0) < 0) {
		tell_vain(node, fault, "too many of these are still to come on the host");
		return;
	}
	snprintf(what, sizeof(what), "nth=%llu", (unsigned long long)fault->nth);
	tell(node, fault, what);
}

/* ---- the clock ------------------------------------------------------------------------------------ */

/* The kernel's wall clock as a program would set it: so timers of the wall clock, and those who wait for its jumps, notice. */
static void step_clock(struct rec_node *node, int64_t step_ns)
{
	node->realtime_offset_ns += (uint64_t)step_ns;
	node->clock->realtime_ns = node->realtime_offset_ns;
	const uint64_t realtime = node->realtime_offset_ns + rec__local_ns(node);
	const uint64_t ts[2] = { realtime / 1000000000, realtime % 1000000000 };

	if (!node->panicked)
		rec__init_call(node, KG_INIT, __NR_clock_settime, CLOCK_REALTIME, REC_PTR(ts), 0, 0, 0, 0);
}

static void fault_clock(struct rec_node *node, const struct rec_exp_fault *fault)
{
	if (fault->step_ns < 0 && (uint64_t)-fault->step_ns > node->realtime_offset_ns + rec__local_ns(node)) {
		tell_vain(node, fault, "the clock would show a time before 1970");
		return;
	}
	if (fault->drifts)
		rec_node_clock_set(&node->own, node->now, rec__local_ns(node), fault->drift_ppb);
	if (fault->step_ns)
		step_clock(node, fault->step_ns);
	fmt_put_clock(&node->events, node->now, node->id, 0, &(struct fmt_ev_clock) {
		.clock_ns = rec__local_ns(node), .realtime_ns = node->realtime_offset_ns, .drift_ppb = node->own.drift_ppb,
		.cause = text_of(cause_of(fault).text) });
}

/* ---- the list ---------------------------------------------------------------------------------------- */

static fault_fn *const functions[] = {
#define FAULT(symbol, key, targets, scope) [REC_FAULT_##symbol] = fault_##symbol,
#include "faults.def"
#undef FAULT
};

vtime_ns rec__faults_next(const struct rec_node *node)
{
	return node->fault_next < node->exp->fault_count ? node->exp->faults[node->fault_next].at : UINT64_MAX;
}

void rec__faults_due(struct rec_node *node)
{
	while (rec__faults_next(node) <= node->now && !node->failure) {
		const struct rec_exp_fault *fault = &node->exp->faults[node->fault_next++];

		functions[fault->kind](node, fault);
	}
}
