/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine.h - runs an experiment: workers, windows, the total order, the trace. */
#ifndef REC_MACHINE_H
#define REC_MACHINE_H

#include "experiment.h"

struct rec_run_options {
	unsigned workers;		/* processes that share the nodes; at least 1 */
	const char *trace_path;		/* NULL: no trace (to measure its cost) */
	vtime_ns ring;			/* only the end of the run is kept, at least so much of it; 0: all */
	const char *data_dir;		/* nodes' upper directories and output files */
	const char *kernel_path;	/* the kernel image */
	const char *coverage_dir;	/* where what it counts of its code is kept, for each node (coverage.h); NULL: nowhere */
	unsigned patience_s;		/* wall time for which a program may compute without a call; 0: any */
	const char *status_path;	/* JSON that says how far the run is, NULL: none */
	const char *debug_path;		/* the image's debug information: gdb stands in the only worker; NULL: no gdb */
	char *const *gdb_arguments;	/* what its user says to it; NULL: nothing */
	bool fast_calls;		/* calls are handed over by processors that spin, see rec_tracer_fast() */
	bool quiet;			/* no progress line on stderr */
};

/* A reason for the end that says when another run of the same experiment is to be stopped. */
#define REC_REASON_STOP_TIME "stop_time was reached"

/* The status of the end event. */
enum rec_end {
	REC_END_HOPED = 0,		/* every expectation was met */
	REC_END_FAILED = 1,		/* some were not */
	REC_END_INTERRUPTED = 2,	/* by a signal to the recorder: no other run ends in the same place */
};

/* A call that programs made and hindcast refused; of all nodes together. */
struct rec_run_refused {
	uint64_t nr, count;
	int error;
	char program[64];
};
#define REC_RUN_REFUSED_MAX 64		/* beyond these only counted */

#define REC_RUN_CHANGED_MAX 16		/* beyond these only counted */

struct rec_run_result {
	uint8_t hash[32];		/* run hash (zero without a trace) */
	vtime_ns end;			/* virtual time at the end */
	uint64_t events;
	uint64_t packets;
	size_t failed_expectations;
	struct rec_run_refused refused[REC_RUN_REFUSED_MAX];
	size_t refused_count;
	char changed[REC_RUN_CHANGED_MAX][256];	/* files of the host that were read and changed meanwhile (their path's end) */
	size_t changed_count;
	enum rec_end status;
	char reason[256];		/* why it ended, for a person */
};

/*
 * Runs until every process that is expected to end has ended, or stop_time, or nothing can happen any more, or SIGINT,
 * SIGTERM or SIGHUP.  After a signal it returns within a second or two, whatever its nodes are at.
 * 0; otherwise error is for a person and what was flushed of the trace is there: -ENOSPC/-EIO...: the
 * trace could not be written on; -ENOSYS: this host cannot (error says what); -ECHILD: a worker died, -EPROTO: a node
 * broke its word (bugs); -errno of the kernel image or of booting a node.
 */
int rec_machine_run(const struct rec_experiment *exp, const struct rec_run_options *options,
		    struct rec_run_result *ret, struct rec_exp_error *error);

#endif
