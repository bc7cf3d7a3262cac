/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recording.h - what the commands that record share: where experiments, traces and data directories lie. */
#ifndef REC_RECORDING_H
#define REC_RECORDING_H

#include <stdbool.h>

#include "command.h"
#include "machine.h"

/* name without its last suffix of that spelling; the caller frees it. */
char *rec__without_suffix(const char *name, const char *suffix);
/* The file of an experiment that is named by it or by its folder; the caller frees it. */
char *rec__experiment_file(const char *experiment);
/* Where its trace goes unless -o says so: first-light and first-light/experiment.yaml give first-light/first-light.hct,
 * first-light/slow.yaml gives first-light/slow.hct.  The caller frees it. */
char *rec__trace_path(const char *experiment);
/* Likewise of a branch of a trace: x.hct gives x.branch.hct. */
char *rec__branch_path(const char *trace);

/* Makes an empty data directory.  One that exists is emptied when an earlier run left it, which its marker
 * shows; what somebody else keeps there is not ours to remove.  option names another.  False: it could not be, and that was said. */
bool rec__data_prepare(const char *dir, const char *option);
/* Removes one that prepare has made, with all that is in it; nothing happens when it is not there. */
void rec__data_remove(const char *dir);

/* Records an experiment as the options of record say, prints what came of it, and says what is wrong.  OK or NO: there is a trace. */
enum fmt_status rec__record(const struct fmt_arguments *args, struct rec_experiment *exp, const char *trace, struct rec_run_result *ret);

#endif
