/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.h - how a replay went: what was found, where, and what had been expected there. */
#ifndef REP_REPORT_H
#define REP_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "event.h"

/* The numbers are exit statuses of `hindcast replay`. */
enum rep_outcome {
	REP_AGREES = 0,		/* every event so far was as recorded */
	REP_DIVERGED = 1,	/* a program did something else than in the record */
	REP_TRACE_ERROR = 2,	/* the trace is damaged, or tells of what cannot have happened */
	REP_HOST_CANNOT = 3,	/* this host cannot execute it */
	REP_SUSPENDED = -1,	/* inside of an event, on the wish of whoever runs it: no verdict */
};

#define REP_NAME_SIZE 64

struct rep_session;

/* Initialise with {0}; owns its texts and the session. */
struct rep_report {
	enum rep_outcome outcome;
	char *reason;			/* for a person, one line; NULL when all agrees */
	bool absent;			/* of TRACE_ERROR: it is in order, but has not what the options ask for */

	/* Where: valid when has_event. */
	bool has_event;
	event_seq seq;
	vtime_ns vtime;
	node_id node;
	uint32_t tid;
	char node_name[REP_NAME_SIZE];	/* "" when the trace has not named it */
	char program[REP_NAME_SIZE];	/* last component of what the thread executes, "" if nothing */
	/* The last event of that node that was carried out; valid when has_last_common. */
	bool has_last_common;
	event_seq last_common;
	char *expected;			/* the recorded event as dump prints it; NULL if none */
	char *got;			/* what happened instead, in the same words; NULL if nothing did */

	/* How far. */
	uint64_t event_count;		/* events of the trace */
	uint64_t executed;		/* carried out and compared, or of no concern to processes */
	uint64_t slices;		/* of these, stretches of native execution */
	uint64_t skipped;		/* of other nodes, when only one is replayed */
	uint64_t unknown;		/* of kinds that this version does not know */
	bool unfinished;		/* the recorder did not come to its end: the trace just stops */

	/* The stopped world, for whoever wants to look into its memory; NULL when there is none. */
	struct rep_session *session;
};

/* Frees what the report owns, and ends the world. */
void rep_report_done(struct rep_report *report);
/* The verdict and, for a divergence, expected, got and last common event; a few lines. */
void rep_report_print(const struct rep_report *report, FILE *to);

#endif
