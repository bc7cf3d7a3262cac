/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trial.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "dump.h"
#include "preamble.h"
#include "text.h"
#include "walk.h"

#define ARGUMENTS_MAX 24	/* besides --set and --change */

static const struct {
	enum fmt_option option;
	const char *name;
} passed_on[] = {
	{FMT_OPTION_UNTIL, "--until"},
	{FMT_OPTION_MODEL, "--model"},
	{FMT_OPTION_PATIENCE, "--patience"},
	{FMT_OPTION_KERNEL, "--kernel"},
	{FMT_OPTION_WORKERS, "--workers"},
	{FMT_OPTION_AT, "--at"},
	{FMT_OPTION_EXPERIMENT, "--experiment"},
};

static size_t put(const char **argv, size_t count, const char *name, const char *value)
{
	if (!value)
		return count;
	CHECK(count + 2 < ARGUMENTS_MAX);
	argv[count] = name;
	argv[count + 1] = value;
	return count + 2;
}

static size_t put_list(const char **argv, size_t count, const char *name, const char *const *values, size_t value_count)
{
	for (size_t i = 0; i < value_count; i++) {
		argv[count++] = name;
		argv[count++] = values[i];
	}
	return count;
}

static void exec_record(const struct rec_trial *trial)
{
	const struct fmt_arguments *args = trial->args;
	const char **argv = calloc(ARGUMENTS_MAX + 2 * (args->set_count + args->change_count), sizeof(*argv));
	size_t count = 0;

	CHECK(argv);
	argv[count++] = "hindcast";
	argv[count++] = trial->branches ? "branch" : "record";
	argv[count++] = "-q";
	count = put(argv, count, "-o", trial->trace);
	count = put(argv, count, "--seed", trial->seed);
	for (size_t i = 0; i < sizeof(passed_on) / sizeof(*passed_on); i++)
		count = put(argv, count, passed_on[i].name, args->value[passed_on[i].option]);
	if (trial->set) {
		count = put_list(argv, count, "--set", args->set, args->set_count);
		count = put_list(argv, count, "--change", args->change, args->change_count);
	}
	argv[count++] = trial->experiment;
	execv("/proc/self/exe", (char *const *)argv);
}

static void send_to(int fd, const char *path)
{
	const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (file >= 0)
		dup2(file, fd);
}

pid_t rec_trial_start(const struct rec_trial *trial)
{
	const pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	send_to(STDOUT_FILENO, "/dev/null");
	if (trial->said)
		send_to(STDERR_FILENO, trial->said);
	exec_record(trial);
	_exit(FMT_STATUS_HOST);
}

int rec_trial_match(const char *trace, const char *filter, char **ret_line, vtime_ns *ret_vtime, struct fmt_error *error)
{
	_cleanup_(fmt_walk_done) struct fmt_walk walk = {0};
	_cleanup_(fmt_buf_done) struct fmt_buf line = {0};
	struct fmt_reader *reader = NULL;
	struct fmt_event event;
	char buf[16];
	int r = fmt_reader_open(trace, &reader, error);

	if (r < 0)
		return r;
	r = fmt_walk_init(&walk, reader, filter, error);
	if (r == 0)
		r = fmt_walk_next(&walk, &event, error);
	if (r > 0 && ret_line) {
		fmt_put_event(&line, &event, fmt_roster_node(&walk.roster, event.node, buf));
		*ret_line = fmt_text_of("%.*s", (int)line.size, (const char *)line.data);
	}
	if (r > 0 && ret_vtime)
		*ret_vtime = event.vtime;
	fmt_reader_close(reader);
	return r;
}

bool rec_trial_check_filter(const struct rec_experiment *exp, const char *filter)
{
	_cleanup_(fmt_buf_done) struct fmt_buf records = {0};
	struct fmt_filter *made = NULL;
	struct fmt_error error = {{0}};

	if (exp)
		rec_preamble_events(exp, &records);
	const int failed = exp ? fmt_filter_new_among(filter, &records, &made, &error) : fmt_filter_new(filter, &made, &error);

	if (failed < 0)
		fmt_complain("%s", error.text);
	fmt_filter_free(made);
	return failed == 0;
}
