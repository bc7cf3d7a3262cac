/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-coverage.c - `hindcast coverage`: how much of the kernel a run has executed. */
#include "command.h"
#include "coverage.h"
#include "rec-commands.h"

#define FOLDERS_MAX 64

static enum fmt_status command_coverage(const struct fmt_arguments *args)
{
	return rec_coverage_print(args->operand[0], args->operand + 1) < 0 ? FMT_STATUS_USAGE : FMT_STATUS_OK;
}

const struct fmt_command rec_cmd_coverage = {
	.name = "coverage",
	.usage = "DIR [FOLDER...]",
	.summary = "show how much of the kernel's code was executed (record --coverage)",
	.options = "",
	.operand_min = 1,
	.operand_max = 1 + FOLDERS_MAX,
	.run = command_coverage,
};
