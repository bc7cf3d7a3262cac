/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hindcast.c - the front door: `hindcast COMMAND`.
 *
 * The commands lie in the folders whose work they do, in files named cmd-NAME.c; here is the list of them, in the order in
 * which help shows them, and the one command that only starts another program.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "command.h"
#include "fmt-commands.h"
#include "rec-commands.h"
#include "rep-commands.h"

/* The window is a program of its own: in a build directory it lies in inspector/, installed it is our neighbour. */
static enum fmt_status command_inspect(const struct fmt_arguments *args)
{
	char self[PATH_MAX];
	char name[] = "hindcast-inspector";
	char *const argv[] = {name, (char *)args->operand[0], NULL};
	const ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (length > 0) {
		self[length] = '\0';
		const char *const folder = dirname(self);
		_cleanup_free_ char *built = fmt_text_of("%s/inspector/hindcast-inspector", folder);
		_cleanup_free_ char *installed = fmt_text_of("%s/hindcast-inspector", folder);

		execv(built, argv);
		execv(installed, argv);
	}
	execvp(name, argv);
	fmt_complain("cannot start hindcast-inspector: %s; it is built where libadwaita-1-dev (1.2 or later) is installed",
		 strerror(errno));
	return FMT_STATUS_HOST;
}

static const struct fmt_command inspect = {
	.name = "inspect",
	.usage = "TRACE",
	.summary = "open a trace in a window",
	.options = "",
	.operand_min = 1,
	.operand_max = 1,
	.run = command_inspect,
};

static const struct fmt_command *const commands[] = {
	&rec_cmd_record,
	&rec_cmd_explore,
	&rec_cmd_branch,
	&rec_cmd_shrink,
	&rep_cmd_replay,
	&rep_cmd_gdb,
	&rep_cmd_state,
	&rep_cmd_serve,
	&rep_cmd_ctl,
	&rep_cmd_dap,
	&fmt_cmd_dump,
	&fmt_cmd_diff,
	&fmt_cmd_export,
	&fmt_cmd_info,
	&fmt_cmd_check,
	&fmt_cmd_verify,
	&fmt_cmd_sql,
	&fmt_cmd_note,
	&fmt_cmd_report,
	&rep_cmd_pack,
	&rep_cmd_trim,
	&fmt_cmd_scrub,
	&inspect,
	&rec_cmd_coverage,
	&rec_cmd_syscalls,
	&rec_cmd_doctor,
	&rec_cmd_version,
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void print_help(void)
{
	printf("usage: hindcast COMMAND ...\n\n"
	       "Records a distributed system of unmodified programs on real Linux network stacks,\n"
	       "under one virtual clock, and runs it again from the trace alone.\n\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		printf("  %-9s %s\n", commands[i]->name, commands[i]->summary);
	printf("\nhindcast COMMAND --help says more.  Exit status: 0 as hoped; 1 the answer is no;\n"
	       "2 wrong usage or input; 3 this host cannot do it; 70 a bug in hindcast.\n");
}

static const struct fmt_command *find_command(const char *name)
{
	struct fmt_nearest nearest = {NULL, 4};

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
		fmt_nearest_try(&nearest, name, commands[i]->name);
	}
	if (nearest.name)
		fmt_complain("there is no command %s; did you mean %s?", name, nearest.name);
	else
		fmt_complain("there is no command %s; see hindcast --help", name);
	return NULL;
}

/* A standard descriptor that whoever started us has closed would be given to the next file that is opened, and what is printed would be
 * written to that.  Reading from the stand-in gives nothing, writing to it fails. */
static void fill_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static enum fmt_status run(char **argv)
{
	if (!argv[1]) {
		print_help();
		return FMT_STATUS_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		print_help();
		return FMT_STATUS_OK;
	}
	const char *const name = strcmp(argv[1], "--version") == 0 ? "version" : argv[1];
	const struct fmt_command *const command = find_command(name);
	if (!command)
		return FMT_STATUS_USAGE;
	return fmt_command_run(command, argv + 2);
}

int main(int argc, char **argv)
{
	(void)argc;
	fill_standard_descriptors();
	/* A limit on the size of files is an error of a write, which is told and cleaned up after, not a death in the middle of it. */
	signal(SIGXFSZ, SIG_IGN);
	const enum fmt_status status = run(argv);

	/* A full disk shows when the last of the output is written, unless the command has noticed before, and said so. */
	if (fflush(stdout) != 0 || ferror(stdout)) {
		if (status == FMT_STATUS_OK || status == FMT_STATUS_NO)
			fmt_complain("cannot write the output: %s", strerror(errno));
		return FMT_STATUS_HOST;
	}
	return status;
}
