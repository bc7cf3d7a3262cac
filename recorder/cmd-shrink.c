/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd-shrink.c - `hindcast shrink`: the least of an experiment that still shows what a filter wants.
 *
 * Hierarchical delta debugging (Misherghi and Su, ICSE 2006) on the experiment's tree: from the top down, at each depth all parts are
 * taken away together, then by halves, quarters and so on down to single ones; what is not missed stays away.  Since a part may only be
 * free to go when another has gone, all depths are gone through again until nothing goes any more.  Runs are deterministic, so one run
 * answers each question for good, and the same experiment always shrinks to the same.
 *
 *	drop parts --> no experiment any more (which costs no run) --> those that name them too --> none either --> put back
 *	           --> a run --> it shows --> away for good
 *	                     --> it does not, or the filter makes no sense of it --> put back
 *
 * A run is as long as the whole one was until the event: what would come later is not waited for.
 * SIGINT and SIGTERM end it with what it has come to.
 */
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "command.h"
#include "rec-commands.h"
#include "recording.h"
#include "shrink.h"
#include "trial.h"

enum answer {
	ANSWER_NO,
	ANSWER_YES,
	ANSWER_NONE,	/* it is no experiment any more */
	ANSWER_END,	/* interrupted, or it failed */
};

struct shrinking {
	const struct fmt_arguments *args;
	const char *filter;
	struct rec_shrink *tree;
	char *folder;			/* where runs are while they are looked at */
	char *trial;			/* file of an experiment that is tried: beside the first, since it names files from there */
	char *trace, *said;
	vtime_ns found;			/* when the event was, in the run that showed it last */
	uint64_t runs;
	size_t parts;			/* before anything was taken away */
	enum fmt_status failed;		/* of what cannot go on; OK: nothing */
};

static volatile sig_atomic_t interrupted;
static volatile pid_t running;

static void on_interrupt(int signo)
{
	(void)signo;
	interrupted = 1;
	if (running > 0)
		kill(running, SIGTERM);
}

/* ---- one question ---- */

static enum answer fail(struct shrinking *s, enum fmt_status status, const char *what, const char *why)
{
	fmt_complain("%s: %s", what, why);
	s->failed = status;
	return ANSWER_END;
}

static bool write_tree(const struct rec_shrink *tree, const char *path)
{
	FILE *out = fopen(path, "we");

	if (!out)
		return false;
	const bool written = rec_shrink_write(tree, out) == 0 && fflush(out) == 0;
	const int error = errno;

	fclose(out);
	errno = error;
	return written;
}

static bool is_experiment(const char *file)
{
	struct rec_experiment *exp = NULL;
	struct rec_exp_error error;
	const bool is = rec_experiment_load(file, NULL, &exp, &error) >= 0;

	rec_experiment_free(exp);
	return is;
}

/* What the recorder of a trial has said comes only with a failure of it. */
static void repeat_said(const struct shrinking *s)
{
	FILE *in = fopen(s->said, "re");
	char line[1024];

	while (in && fgets(line, sizeof(line), in))
		fputs(line, stderr);
	if (in)
		fclose(in);
}

/* Exit status of a recording of the file; -1: interrupted, or it could not be started. */
static int run(struct shrinking *s, const char *file)
{
	const struct rec_trial trial = {.args = s->args, .experiment = file, .trace = s->trace, .said = s->said};
	int status = 0;

	running = rec_trial_start(&trial);
	if (running < 0) {
		fail(s, FMT_STATUS_HOST, "cannot start a run", strerror(errno));
		return -1;
	}
	while (waitpid(running, &status, 0) < 0 && errno == EINTR)
		if (interrupted)
			kill(running, SIGTERM);
	running = 0;
	s->runs++;
	if (interrupted)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : FMT_STATUS_BUG;
}

/* Whether the run of a file shows it.  ret_line as rec_trial_match(). */
static enum answer ask(struct shrinking *s, const char *file, char **ret_line)
{
	struct fmt_error error = {{0}};
	const int status = run(s, file);

	if (status < 0)
		return ANSWER_END;
	if (status != FMT_STATUS_OK && status != FMT_STATUS_NO) {
		repeat_said(s);
		return fail(s, (enum fmt_status)status, file, "the run could not be carried out");
	}
	const int r = rec_trial_match(s->trace, s->filter, ret_line, &s->found, &error);

	if (r < 0 && r != -EINVAL)
		return fail(s, FMT_STATUS_USAGE, s->trace, error.text[0] ? error.text : strerror(-r));
	return r > 0 ? ANSWER_YES : ANSWER_NO;
}

/* The same of the tree as it is. */
static enum answer ask_tree(struct shrinking *s)
{
	const vtime_ns found = s->found;

	if (!write_tree(s->tree, s->trial))
		return fail(s, FMT_STATUS_USAGE, s->trial, strerror(errno));
	const enum answer answer = is_experiment(s->trial) ? ask(s, s->trial, NULL) : ANSWER_NONE;

	if (answer != ANSWER_YES)
		s->found = found;
	return answer;
}

/* ---- all of them ---- */

static void show_progress(const struct shrinking *s)
{
	if (!s->args->value[FMT_OPTION_QUIET] && isatty(STDERR_FILENO))
		fprintf(stderr, "\r%" PRIu64 " runs, %zu of %zu parts left\033[K", s->runs, rec_shrink_left(s->tree), s->parts);
}

/* Tries to do without some parts.  1: it can, 0: not, or they are gone, -1: it ends here. */
static int try_without(struct shrinking *s, const size_t *parts, size_t count)
{
	bool any = false;

	rec_shrink_mark(s->tree);
	for (size_t i = 0; i < count; i++)
		any |= rec_shrink_drop(s->tree, parts[i]);
	if (!any)
		return 0;
	enum answer answer = ask_tree(s);

	/* A host cannot go while links have it as an end. */
	if (answer == ANSWER_NONE && rec_shrink_drop_named(s->tree))
		answer = ask_tree(s);
	if (answer != ANSWER_YES)
		rec_shrink_undo(s->tree);
	show_progress(s);
	return answer == ANSWER_END ? -1 : answer == ANSWER_YES;
}

/* What can go of one depth.  1: something went, 0: nothing, -1: it ends here. */
static int shrink_depth(struct shrinking *s, unsigned int depth)
{
	const size_t count = rec_shrink_list(s->tree, depth, NULL);
	_cleanup_free_ size_t *parts = calloc(count + 1, sizeof(*parts));
	int any = 0;

	CHECK(parts);
	rec_shrink_list(s->tree, depth, parts);
	for (size_t size = count; size > 0; size = size > 1 ? (size + 1) / 2 : 0)
		for (size_t at = 0; at < count; at += size) {
			const int r = try_without(s, parts + at, size < count - at ? size : count - at);

			if (r < 0)
				return -1;
			any |= r;
		}
	return any;
}

static void shrink_all(struct shrinking *s)
{
	for (int any = 1; any > 0;) {
		any = 0;
		for (unsigned int depth = 1; depth <= rec_shrink_depth(s->tree); depth++) {
			const int r = shrink_depth(s, depth);

			if (r < 0)
				return;
			any |= r;
		}
	}
}

/* Lets the run end right behind the event, if that is there even so. */
static enum answer stop_early(struct shrinking *s, vtime_ns end)
{
	struct rec_exp_error error = {{0}};
	enum answer answer = ANSWER_NO;

	if (s->found + 1 < end) {
		CHECK(rec_shrink_stop(s->tree, s->found + 1, &error) == 0);
		answer = ask_tree(s);
	}
	if (answer != ANSWER_YES)
		CHECK(rec_shrink_stop(s->tree, end, &error) == 0);
	return answer;
}

/* The whole experiment: whether it shows what is looked for at all, and how long it has to run for that. */
static enum answer begin(struct shrinking *s, const char *file, vtime_ns *ret_end)
{
	struct rec_exp_error error = {{0}};
	enum answer answer = ask_tree(s);

	if (answer == ANSWER_NO)
		fmt_complain("%s: its run does not show what the filter wants; `explore` looks for a seed of which it does", file);
	if (answer != ANSWER_YES)
		return answer;
	*ret_end = s->found + 1;
	if (rec_shrink_stop(s->tree, *ret_end, &error) < 0)
		return fail(s, FMT_STATUS_USAGE, file, error.text);
	s->parts = rec_shrink_left(s->tree);
	answer = ask_tree(s);
	if (answer == ANSWER_NO)
		fmt_complain("%s: only a run that goes on after the event shows it, which could be of any length", file);
	return answer;
}

/* ---- the result ---- */

static enum fmt_status tell(struct shrinking *s, const char *out)
{
	_cleanup_free_ char *line = NULL, *stem = rec__without_suffix(out, ".yaml");
	_cleanup_free_ char *trace = fmt_text_of("%s.hct", stem);
	struct rec_exp_error error;
	struct rec_experiment *exp = NULL;

	if (!write_tree(s->tree, out)) {
		fmt_complain("%s: %s", out, strerror(errno));
		return FMT_STATUS_USAGE;
	}
	if (rec_experiment_load(out, NULL, &exp, &error) < 0) {
		fmt_complain("%s", error.text);
		fmt_complain("files that it names are looked for beside it: -o a file in the folder of the experiment");
		return FMT_STATUS_USAGE;
	}
	rec_experiment_free(exp);
	const bool cut_short = interrupted;

	interrupted = 0;
	if (ask(s, out, &line) != ANSWER_YES) {
		if (s->failed == FMT_STATUS_OK)
			fmt_complain("%s: its run was not looked at", out);
		return s->failed == FMT_STATUS_OK ? FMT_STATUS_NO : s->failed;
	}
	if (rename(s->trace, trace) < 0) {
		fmt_complain("cannot move %s to %s: %s", s->trace, trace, strerror(errno));
		return FMT_STATUS_HOST;
	}
	printf("runs     %" PRIu64 "\nparts    %zu of %zu left%s\nwrote    %s\ntrace    %s\nevent    %s\n", s->runs,
	       rec_shrink_left(s->tree), s->parts, cut_short ? "; interrupted, more may be possible" : "", out, trace, line);
	return cut_short ? FMT_STATUS_NO : FMT_STATUS_OK;
}

static enum fmt_status shrink(struct shrinking *s, const char *file, const char *out)
{
	const struct sigaction interrupt = {.sa_handler = on_interrupt};
	vtime_ns end = 0;

	if (!rec__data_prepare(s->folder, "--data"))
		return FMT_STATUS_USAGE;
	sigaction(SIGINT, &interrupt, NULL);
	sigaction(SIGTERM, &interrupt, NULL);
	enum answer answer = begin(s, file, &end);

	if (answer == ANSWER_YES) {
		shrink_all(s);
		if (!interrupted && s->failed == FMT_STATUS_OK)
			stop_early(s, end);
		if (!s->args->value[FMT_OPTION_QUIET] && isatty(STDERR_FILENO))
			fputs("\r\033[K", stderr);
	}
	if (interrupted && answer != ANSWER_YES)
		fmt_complain("interrupted before anything was taken away");
	const enum fmt_status status = s->failed != FMT_STATUS_OK ? s->failed : answer == ANSWER_YES ? tell(s, out) : FMT_STATUS_NO;

	unlink(s->trial);
	rec__data_remove(s->folder);
	return status;
}

/* --set, and --seed as one of them: the result has both in it.  The caller frees the list and *ret_seed. */
static const char **overrides_of(const struct fmt_arguments *args, char **ret_seed)
{
	const char *const seed = args->value[FMT_OPTION_SEED];
	const char **set = calloc(args->set_count + 2, sizeof(*set));

	CHECK(set);
	for (size_t i = 0; i < args->set_count; i++)
		set[i] = args->set[i];
	*ret_seed = fmt_text_of("general.seed=%s", seed ?: "");
	if (seed)
		set[args->set_count] = *ret_seed;
	return set;
}

static bool keep(struct rec_shrink *tree, const char *file, const char *list)
{
	_cleanup_free_ char *copy = fmt_text_of("%s", list);
	char *rest = NULL;

	for (char *path = strtok_r(copy, ",", &rest); path; path = strtok_r(NULL, ",", &rest))
		if (!rec_shrink_keep(tree, path)) {
			fmt_complain("--keep %s: there is no such part in %s (items of a list are counted from 0)", path, file);
			return false;
		}
	return true;
}

static bool load(const struct fmt_arguments *args, const char *file, const char *filter, struct rec_shrink **ret)
{
	_cleanup_free_ char *seed = NULL;
	const char **set = overrides_of(args, &seed);
	struct rec_experiment *exp = NULL;
	struct rec_exp_error error = {{0}};
	const bool loaded = rec_experiment_load(file, set, &exp, &error) >= 0 && rec_shrink_new(file, set, ret, &error) >= 0;

	if (!loaded)
		fmt_complain("%s", error.text);
	const char *const kept = args->value[FMT_OPTION_KEEP];
	const bool makes_sense = loaded && rec_trial_check_filter(exp, filter) && (!kept || keep(*ret, file, kept));

	rec_experiment_free(exp);
	free(set);
	return makes_sense;
}

static enum fmt_status command_shrink(const struct fmt_arguments *args)
{
	_cleanup_free_ char *file = rec__experiment_file(args->operand[0]), *filter = fmt_filter_of(args, 1);
	_cleanup_free_ char *dir_copy = fmt_text_of("%s", file), *base_copy = fmt_text_of("%s", file);
	const char *const dir = dirname(dir_copy);
	_cleanup_free_ char *name = rec__without_suffix(basename(base_copy), ".yaml");
	_cleanup_free_ char *out = args->value[FMT_OPTION_OUTPUT] ? fmt_text_of("%s", args->value[FMT_OPTION_OUTPUT])
								  : fmt_text_of("%s/%s.shrunk.yaml", dir, name);
	_cleanup_free_ char *stem = rec__without_suffix(out, ".yaml"), *folder = fmt_text_of("%s.shrink", stem);
	_cleanup_free_ char *trial = fmt_text_of("%s/.%s.shrink.yaml", dir, name);
	_cleanup_free_ char *trace = fmt_text_of("%s/run.hct", folder), *said = fmt_text_of("%s/said", folder);
	struct shrinking s = {.args = args, .filter = filter, .folder = folder, .trial = trial, .trace = trace, .said = said};
	const enum fmt_status status = load(args, file, filter, &s.tree) ? shrink(&s, file, out) : FMT_STATUS_USAGE;

	rec_shrink_free(s.tree);
	return status;
}

const struct fmt_command rec_cmd_shrink = {
	.name = "shrink",
	.usage = "EXPERIMENT FILTER...",
	.summary = "take away what an experiment does not need to show what a filter wants",
	.options = "keep output seed set model patience kernel workers quiet",
	.operand_min = 2,
	.operand_max = 64,
	.run = command_shrink,
};
