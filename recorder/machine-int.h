/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine-int.h - what the files of the machine share. */
#ifndef REC_MACHINE_INT_H
#define REC_MACHINE_INT_H

#include <poll.h>
#include <sys/types.h>

#include "changes.h"
#include "cpus.h"
#include "flight.h"
#include "hashset.h"
#include "machine.h"
#include "mailbox.h"
#include "merge.h"
#include "monitor.h"
#include "status.h"
#include "trace.h"

#define REC__NEVER UINT64_MAX

struct rec__crew {			/* a worker as the machine sees it */
	pid_t pid;			/* 0: reaped */
	struct rec_mailbox box;
	int pidfd;			/* its death; the socket alone would not tell, since programs share it */
	bool busy;			/* owes an answer */
	struct fmt_buf command;
};

struct rec__standing {		/* a node as the machine knows it */
	vtime_ns next;
	uint64_t unfinished;
};

struct rec__machine {
	const struct rec_experiment *exp;
	struct rec_run_options options;
	struct rec_run_result *result;
	struct rec_exp_error *error;
	struct rec__crew *crews;
	struct rec_cpus *cpus;		/* NULL: workers keep to none */
	struct pollfd *polls;		/* [worker]: its socket; [workers + worker]: its pidfd; then patience, and gdb */
	pid_t gdb;			/* 0: none is there, or not any more */
	int gdb_pidfd;
	struct rec__standing *nodes;		/* [id - 1] */
	struct rec_merge merge;
	struct rec_flight flight;
	struct rec_changes changes;
	struct rec_monitor monitor;
	struct rec_hashset files;
	struct fmt_writer *writer;	/* NULL: no trace */
	bool trace_failed;		/* nothing can be written to it any more */
	struct fmt_buf message;
	vtime_ns until;			/* end of the present window */
	vtime_ns last;			/* of the last event in the trace */
	bool counts;			/* some process is expected to end */
	bool given_up;			/* workers owe an answer that nobody waits for any more */
	struct rec_status status;
};

/* machine.c.  Says what is wrong; error. */
__attribute__((format(printf, 3, 4))) int rec__machine_fail(struct rec__machine *m, int error, const char *format, ...);
const char *rec__machine_node_name(const struct rec__machine *m, node_id id);

/* machine-gdb.c.  When nodes have booted: starts gdb, if it is asked for, and returns when it has them.  0, or a negative errno after
 * it said what is wrong. */
int rec__machine_gdb_begin(struct rec__machine *m);
/* gdb_pidfd is readable: the run goes on without it. */
void rec__machine_gdb_ended(struct rec__machine *m);
/* Waits for its end. */
void rec__machine_gdb_end(struct rec__machine *m);

/* machine-trace.c.  All return 0, or a negative errno after they said what is wrong. */
int rec__machine_open_trace(struct rec__machine *m);
/* The trace cannot be written on, for this reason: -EIO. */
int rec__machine_fail_trace(struct rec__machine *m, int error);
/* What is told before the nodes boot. */
int rec__machine_emit_first(struct rec__machine *m);
/* All that nodes have told of before until, and the changes of links that every node has reached, each before what nodes tell of
 * its time. */
int rec__machine_emit_until(struct rec__machine *m, vtime_ns until);
/* The machine's own events, which are freed. */
int rec__machine_emit_records(struct rec__machine *m, struct fmt_buf *records);
/* How the run ended, and when: not before now. */
int rec__machine_emit_end(struct rec__machine *m, vtime_ns now);
/* Makes safe what is final, if it is time for it. */
int rec__machine_flush(struct rec__machine *m);
/* Finished in order, or (error) left as it was last flushed, when all that is final is flushed first. */
int rec__machine_close_trace(struct rec__machine *m, int error);

#endif
