/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trial.h - a recording as a process of its own, and whether it shows what is looked for: what explore and shrink do again and again. */
#ifndef REC_TRIAL_H
#define REC_TRIAL_H

#include <sys/types.h>

#include "command.h"
#include "experiment.h"

struct rec_trial {
	const struct fmt_arguments *args;	/* of the command; what concerns a run is passed on to `record` */
	bool branches;				/* `branch`, not `record` */
	const char *experiment;			/* or the trace that is branched */
	const char *trace;
	const char *seed;			/* NULL: the experiment's */
	const char *said;			/* file for standard error; NULL: goes where the command's does */
	bool set;				/* args' --set and --change too */
};

/* Starts one.  The process ends with `record`'s exit status, and with SIGTERM when this process ends.  -1: errno. */
pid_t rec_trial_start(const struct rec_trial *trial);
/* The first event of a trace that a filter wants: 1, its line (the caller frees it; NULL: not asked for) and time (the same), or 0: there
 * is none.  -EINVAL: the filter cannot be asked of this run; else what the reader says. */
int rec_trial_match(const char *trace, const char *filter, char **ret_line, vtime_ns *ret_vtime, struct fmt_error *error);

/* Whether a filter makes sense, for an experiment if there is one (NULL).  False: it was said. */
bool rec_trial_check_filter(const struct rec_experiment *exp, const char *filter);

#endif
