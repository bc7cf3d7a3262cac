/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-replay.c - `hindcast replay`: a recorded run is executed again. */
#include <stdio.h>

#include "command.h"
#include "rep-commands.h"
#include "replay.h"

static enum fmt_status command_replay(const struct fmt_arguments *args)
{
	struct rep_report report = {0};
	uint64_t pid = 0;

	if (args->value[FMT_OPTION_PID] && (!fmt_parse_number(args->value[FMT_OPTION_PID], &pid) || pid == 0 ||
					    pid > UINT32_MAX || !args->value[FMT_OPTION_NODE])) {
		fmt_complain("--pid takes the number of a process, and --node says on which node it is");
		return FMT_STATUS_USAGE;
	}
	const struct rep_options rep_options = {
		.pid = (uint32_t)pid,
		.check = args->value[FMT_OPTION_CHECK] != NULL,
		.node_name = args->value[FMT_OPTION_NODE],
	};
	enum fmt_status status = FMT_STATUS_OK;
	/* Opened here first, so that what is no trace at all is refused as by every other command. */
	struct fmt_reader *const reader = fmt_open_trace(args->operand[0], &status);

	if (!reader)
		return status;
	fmt_reader_close(reader);
	const int outcome = rep_replay(args->operand[0], &rep_options, &report);

	/* The verdict is the result of --check; without it the programs' output is. */
	fflush(stdout);
	rep_report_print(&report, outcome == REP_AGREES && rep_options.check ? stdout : stderr);
	/* Of one node alone another world would be shown there. */
	if (outcome == REP_DIVERGED && !rep_options.node_name)
		fprintf(stderr, "  hindcast gdb %s shows the programs as they stand there\n", args->operand[0]);
	rep_report_done(&report);
	return (enum fmt_status)outcome;
}

const struct fmt_command rep_cmd_replay = {
	.name = "replay",
	.usage = "TRACE",
	.summary = "execute a recorded run again, from the trace alone",
	.options = "check node pid",
	.operand_min = 1,
	.operand_max = 1,
	.run = command_replay,
};
