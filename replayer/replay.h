/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay.h - runs a recorded experiment again, from the trace alone.
 *
 *	struct rep_report report = {0};
 *	const struct rep_options options = {.check = true, .node_name = name};
 *	int status = rep_replay(path, &options, &report);	(is the exit status)
 *	rep_report_print(&report, stderr);
 *	rep_report_done(&report);
 *
 * What it is made of is in session.h: one event at a time.
 */
#ifndef REP_REPLAY_H
#define REP_REPLAY_H

#include <stdbool.h>
#include <stdio.h>

#include "report.h"

struct rep_options {
	bool check;		/* compare, and print nothing while doing so */
	node_id node;		/* only this one; 0: all, or the one that node_name names */
	uint32_t pid;		/* only this process of that node, and what it comes from; 0: all */
	const char *node_name;	/* only this one; NULL: all, or the one that node says */
	FILE *output;		/* where lines of programs go unless check; NULL: standard output */
};

/* Replays a whole trace.  Returns enum rep_outcome, which is also in the report; *ret is always to be
 * given to rep_report_done(), which ends the processes that may still stand there. */
int rep_replay(const char *trace_path, const struct rep_options *options, struct rep_report *ret);

#endif
