/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine.h - runs an experiment: workers, windows, the total order, the trace. */
#ifndef REC_MACHINE_H
#define REC_MACHINE_H

#include "experiment.h"

struct rec_run_options {
	unsigned workers;		/* processes that share the nodes; at least 1 */
	const char *trace_path;		/* NULL: no trace (to measure its cost) */
	const char *data_dir;		/* nodes' upper directories and output files */
	const char *kernel_path;	/* the kernel image */
	bool quiet;			/* no progress line on stderr */
};

struct rec_run_result {
	uint8_t hash[32];		/* run hash (zero without a trace) */
	vtime_ns end;			/* virtual time at the end */
	uint64_t events;
	uint64_t packets;
	size_t failed_expectations;
	char reason[256];		/* why it ended, for a person */
};

/* 0; -ENOSPC/-EIO...: the trace could not be written on (what was flushed is there); -ENOSYS: this host cannot
 * (error says what); -ECHILD: a worker died (a bug). error is for a person. */
int rec_machine_run(const struct rec_experiment *exp, const struct rec_run_options *options,
		    struct rec_run_result *ret, struct rec_exp_error *error);

#endif
