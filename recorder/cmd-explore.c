/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd-explore.c - `hindcast explore`: seed after seed until a run shows what is looked for.
 *
 * Each run is a `hindcast record` of its own: nothing of one reaches the next, and a run that fails takes nobody along.  Several
 * go on side by side, but the answer is that of one after the other: the lowest seed that shows it, and the
 * highest below it that does not (for comparison), whatever the number of jobs.
 *
 *                    start()              on_end()
 *    next_seed ---------------> running ------------> forgotten, passed, or found
 *
 * Invariant: no seed above `found` is started, and the command ends when none below it runs.
 *
 * With --at each run is a `hindcast branch` of a trace: the seed is that of all chance from there on.
 *
 * SIGINT and SIGTERM are passed on to the runs, which end within seconds; nothing is kept then.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "branch.h"
#include "command.h"
#include "diff.h"
#include "nodefs.h"
#include "rec-commands.h"
#include "recording.h"
#include "trial.h"

#define JOBS_MAX 1024

struct job {
	pid_t pid;		/* 0: none */
	uint64_t seed;
};

struct exploration {
	const struct fmt_arguments *args;
	const char *experiment;		/* or, with --at, the trace that is branched */
	vtime_ns at;			/* where; UINT64_MAX: nowhere */
	const char *filter;		/* "": an expectation of the experiment fails */
	char *stem;			/* of the traces that stay */
	char *folder;			/* where the others are while they are looked at */
	struct job *jobs;
	size_t job_count;
	uint64_t first, last, next;	/* seeds; next may be last + 1 */
	uint64_t done;
	uint64_t found, passed;		/* UINT64_MAX: none yet */
	enum fmt_status failed;		/* of a run that could not be carried out; OK: all were */
};

/* The one that goes on, for the handler of signals. */
static struct exploration *exploring;
static volatile sig_atomic_t interrupted;

static void on_interrupt(int signo)
{
	(void)signo;
	interrupted = 1;
	for (size_t i = 0; i < exploring->job_count; i++)
		if (exploring->jobs[i].pid > 0)
			kill(exploring->jobs[i].pid, SIGTERM);
}

/* "3..40", or "40" for 0..40. */
static bool parse_seeds(const char *text, uint64_t *ret_first, uint64_t *ret_last)
{
	const char *const dots = strstr(text, "..");
	_cleanup_free_ char *low = fmt_text_of("%.*s", dots ? (int)(dots - text) : 1, dots ? text : "0");

	return fmt_parse_number(low, ret_first) && fmt_parse_number(dots ? dots + 2 : text, ret_last) &&
	       *ret_first <= *ret_last && *ret_last < UINT64_MAX;
}

static char *trace_of(const struct exploration *x, uint64_t seed)
{
	return fmt_text_of("%s/%" PRIu64 ".hct", x->folder, seed);
}

static char *kept_of(const struct exploration *x, uint64_t seed)
{
	return fmt_text_of("%s.%" PRIu64 ".hct", x->stem, seed);
}

/* ---- one run ---------------------------------------------------------- */

/* Starts the next seed in a free place.  False: that was not possible, and it was said. */
static bool start(struct exploration *x, struct job *job)
{
	_cleanup_free_ char *trace = trace_of(x, x->next);
	_cleanup_free_ char *seed = fmt_text_of("%" PRIu64, x->next);
	const struct rec_trial trial = {
		.args = x->args, .branches = x->at != UINT64_MAX, .experiment = x->experiment, .trace = trace, .seed = seed, .set = true,
	};
	const pid_t pid = rec_trial_start(&trial);

	if (pid < 0) {
		fmt_complain("cannot start a run: %s", strerror(errno));
		return false;
	}
	job->pid = pid;
	job->seed = x->next++;
	return true;
}

/* Whether the run of a seed shows what is looked for; status is the exit status of its recorder. */
static int shows(const struct exploration *x, uint64_t seed, int status, struct fmt_error *error)
{
	_cleanup_free_ char *trace = trace_of(x, seed);

	return *x->filter ? rec_trial_match(trace, x->filter, NULL, NULL, error) : status == FMT_STATUS_NO;
}

static void forget(const struct exploration *x, uint64_t seed)
{
	_cleanup_free_ char *trace = trace_of(x, seed);
	_cleanup_free_ char *data = fmt_text_of("%s/%" PRIu64 ".data", x->folder, seed);

	unlink(trace);
	rec__data_remove(data);
}

/* The run of a seed has shown it (found) or not; of each kind one stays. */
static void sort_in(struct exploration *x, uint64_t seed, bool found)
{
	uint64_t forgotten = seed;

	if (found && seed < x->found) {
		forgotten = x->found;
		x->found = seed;
		if (x->passed != UINT64_MAX && x->passed > seed) {
			forget(x, x->passed);
			x->passed = UINT64_MAX;
		}
	} else if (!found && seed < x->found && (x->passed == UINT64_MAX || seed > x->passed)) {
		forgotten = x->passed;
		x->passed = seed;
	}
	if (forgotten != UINT64_MAX)
		forget(x, forgotten);
}

/* Whether a branch is one: the run up to there is that of the trace.  The recorder has said what is not, but not by its status, which
 * may also mean that an expectation failed.  1, 0, -EBADMSG. */
static int is_branch(const struct exploration *x, uint64_t seed, struct fmt_error *error)
{
	_cleanup_free_ char *trace = trace_of(x, seed);
	struct fmt_reader *readers[2] = {NULL, NULL};
	struct fmt_parting parting = {0};
	int r = fmt_reader_open(x->experiment, &readers[0], error);

	if (r >= 0)
		r = fmt_reader_open(trace, &readers[1], error);
	if (r >= 0)
		r = fmt_diff_order(readers[0], readers[1], x->args->change_count ? x->at : 0, &parting, error);
	fmt_reader_close(readers[0]);
	fmt_reader_close(readers[1]);
	return r < 0 ? r : !parting.parts || parting.vtime >= x->at;
}

static void on_end(struct exploration *x, uint64_t seed, int wait_status)
{
	const int status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : FMT_STATUS_BUG;
	struct fmt_error error = {{0}};

	x->done++;
	if (status != FMT_STATUS_OK && status != FMT_STATUS_NO) {
		fmt_complain("the run with seed %" PRIu64 " could not be carried out", seed);
		x->failed = (enum fmt_status)status;
		return;
	}
	int r = status == FMT_STATUS_NO && x->at != UINT64_MAX ? is_branch(x, seed, &error) : 1;
	if (r == 0) {
		fmt_complain("seed %" PRIu64 ": the run parts from %s before the position; `hindcast branch` says where, and why", seed,
			     x->experiment);
		x->failed = FMT_STATUS_NO;
		return;
	}
	if (r > 0)
		r = shows(x, seed, status, &error);
	if (r < 0) {
		fmt_complain("seed %" PRIu64 ": %s", seed, error.text[0] ? error.text : strerror(-r));
		x->failed = FMT_STATUS_USAGE;
		return;
	}
	sort_in(x, seed, r > 0);
}

/* ---- all of them ------------------------------------------------------ */

static void show_progress(const struct exploration *x)
{
	if (x->args->value[FMT_OPTION_QUIET] || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " seeds%s\033[K", x->done, x->last - x->first + 1,
		x->found != UINT64_MAX ? ", found" : "");
}

static size_t start_jobs(struct exploration *x)
{
	size_t running = 0;

	for (size_t i = 0; i < x->job_count; i++) {
		struct job *const job = &x->jobs[i];

		if (!job->pid && !interrupted && x->failed == FMT_STATUS_OK && x->next <= x->last && x->next < x->found &&
		    !start(x, job))
			x->failed = FMT_STATUS_HOST;
		running += job->pid != 0;
	}
	return running;
}

static void wait_for_one(struct exploration *x)
{
	int status = 0;
	const pid_t pid = waitpid(-1, &status, 0);

	for (size_t i = 0; i < x->job_count; i++)
		if (pid > 0 && x->jobs[i].pid == pid) {
			x->jobs[i].pid = 0;
			if (!interrupted)
				on_end(x, x->jobs[i].seed, status);
		}
}

/* Moves a run's trace to where it stays.  NULL: that failed, and it was said; the caller frees it. */
static char *keep(const struct exploration *x, uint64_t seed)
{
	_cleanup_free_ char *trace = trace_of(x, seed);
	_cleanup_free_ char *kept = kept_of(x, seed);

	if (rename(trace, kept) < 0) {
		fmt_complain("cannot move %s to %s: %s", trace, kept, strerror(errno));
		return NULL;
	}
	forget(x, seed);
	return STEAL(kept);
}

static enum fmt_status tell(const struct exploration *x)
{
	_cleanup_free_ char *line = NULL;
	struct fmt_error error = {{0}};

	if (x->found == UINT64_MAX) {
		printf("seeds    %" PRIu64 "..%" PRIu64 ": none of them\n", x->first, x->last);
		if (x->passed != UINT64_MAX)
			forget(x, x->passed);
		return FMT_STATUS_NO;
	}
	_cleanup_free_ char *found = keep(x, x->found);
	_cleanup_free_ char *passed = x->passed != UINT64_MAX ? keep(x, x->passed) : NULL;

	if (!found || (x->passed != UINT64_MAX && !passed))
		return FMT_STATUS_HOST;
	printf("seed     %" PRIu64 ", after %" PRIu64 " that did not show it\ntrace    %s\n", x->found, x->found - x->first,
	       found);
	if (*x->filter && rec_trial_match(found, x->filter, &line, NULL, &error) > 0)
		printf("event    %s\n", line);
	if (passed)
		printf("compare  %s\n", passed);
	return FMT_STATUS_OK;
}

static enum fmt_status explore(struct exploration *x)
{
	const struct sigaction interrupt = {.sa_handler = on_interrupt};
	enum fmt_status status = FMT_STATUS_USAGE;

	if (!rec__data_prepare(x->folder, "--data"))
		return status;
	exploring = x;
	sigaction(SIGINT, &interrupt, NULL);
	sigaction(SIGTERM, &interrupt, NULL);
	while (start_jobs(x) > 0) {
		show_progress(x);
		wait_for_one(x);
	}
	if (!x->args->value[FMT_OPTION_QUIET] && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	if (interrupted)
		fmt_complain("interrupted after %" PRIu64 " of %" PRIu64 " seeds", x->done, x->last - x->first + 1);
	status = interrupted ? FMT_STATUS_NO : x->failed != FMT_STATUS_OK ? x->failed : tell(x);
	rec__data_remove(x->folder);
	return status;
}

/* One that cannot be loaded is what the first run complains of. */
static bool check_experiment(const struct exploration *x)
{
	_cleanup_free_ char *file = rec__experiment_file(x->experiment);
	struct rec_experiment *exp = NULL;
	struct rec_exp_error error;

	rec_experiment_load(file, x->args->set, &exp, &error);
	const bool good = rec_trial_check_filter(exp, x->filter);

	rec_experiment_free(exp);
	return good;
}

/* What each branch would say is said once. */
static bool check_branch(struct exploration *x)
{
	_cleanup_(rec_branch_done) struct rec_branch branch = {0};
	const struct fmt_arguments *args = x->args;
	enum fmt_status status = FMT_STATUS_OK;
	uint64_t seed = x->first;

	if (args->value[FMT_OPTION_MODEL]) {
		fmt_complain("--model is for an experiment; a branch has that of its run");
		return false;
	}
	struct fmt_reader *const reader = fmt_open_trace(x->experiment, &status);

	if (!reader)
		return false;
	const bool good = rec_branch_open(&branch, reader, x->experiment, args->value[FMT_OPTION_EXPERIMENT]) == FMT_STATUS_OK &&
			  rec_branch_at(&branch, args->value[FMT_OPTION_AT]) &&
			  rec_branch_change(&branch, args->set, args->change, &seed) && rec_trial_check_filter(branch.exp, x->filter);

	x->at = branch.at;
	fmt_reader_close(reader);
	return good;
}

static bool read_arguments(const struct fmt_arguments *args, struct exploration *x)
{
	const long processors = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t jobs = processors > 0 ? (uint64_t)processors : 1;

	if (!args->value[FMT_OPTION_SEEDS] || !parse_seeds(args->value[FMT_OPTION_SEEDS], &x->first, &x->last)) {
		fmt_complain("--seeds says which are tried: --seeds 1..100");
		return false;
	}
	if (args->value[FMT_OPTION_JOBS] &&
	    (!fmt_parse_number(args->value[FMT_OPTION_JOBS], &jobs) || jobs < 1 || jobs > JOBS_MAX)) {
		fmt_complain("--jobs %s: not a number from 1 to %d", args->value[FMT_OPTION_JOBS], JOBS_MAX);
		return false;
	}
	if (!args->value[FMT_OPTION_AT] && (args->change_count || args->value[FMT_OPTION_EXPERIMENT])) {
		fmt_complain("--change and --experiment are for branches of a trace: --at says where they begin");
		return false;
	}
	if (!(args->value[FMT_OPTION_AT] ? check_branch(x) : check_experiment(x)))
		return false;
	x->next = x->first;
	x->job_count = jobs;
	return true;
}

static enum fmt_status command_explore(const struct fmt_arguments *args)
{
	_cleanup_free_ char *filter = fmt_filter_of(args, 1);
	_cleanup_free_ char *trace = args->value[FMT_OPTION_OUTPUT] ? fmt_text_of("%s", args->value[FMT_OPTION_OUTPUT]) :
				     args->value[FMT_OPTION_AT]	    ? rec__branch_path(args->operand[0])
								    : rec__trace_path(args->operand[0]);
	_cleanup_free_ char *stem = rec__without_suffix(trace, ".hct");
	_cleanup_free_ char *folder = fmt_text_of("%s.explore", stem);
	struct exploration x = {
		.args = args, .experiment = args->operand[0], .filter = filter, .stem = stem, .folder = folder,
		.found = UINT64_MAX, .passed = UINT64_MAX, .at = UINT64_MAX,
	};

	if (!read_arguments(args, &x))
		return FMT_STATUS_USAGE;
	x.jobs = calloc(x.job_count, sizeof(*x.jobs));
	CHECK(x.jobs);
	const enum fmt_status status = explore(&x);
	free(x.jobs);
	return status;
}

const struct fmt_command rec_cmd_explore = {
	.name = "explore",
	.usage = "EXPERIMENT | --at POSITION TRACE [FILTER...]",
	.summary = "try seed after seed until a run shows what a filter wants, or fails",
	.options = "seeds jobs output at change experiment set until model patience kernel workers quiet",
	.operand_min = 1,
	.operand_max = 64,
	.run = command_explore,
};
