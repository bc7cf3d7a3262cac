/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-info.c - `hindcast info`: the summary of a trace. */
#include <stdio.h>

#include "command.h"
#include "dump.h"
#include "fmt-commands.h"

static enum fmt_status command_info(const struct fmt_arguments *args)
{
	const char *const path = args->operand[0];
	enum fmt_status status = FMT_STATUS_OK;
	struct fmt_error error = {{0}};
	struct fmt_reader *const reader = fmt_open_trace(path, &status);

	if (!reader)
		return status;
	const int r = fmt_info(reader, stdout, args->value[FMT_OPTION_JSON] != NULL, &error);
	return fmt_close_trace(reader, path, r, &error);
}

const struct fmt_command fmt_cmd_info = {
	.name = "info",
	.usage = "TRACE",
	.summary = "print a trace's summary",
	.options = "json",
	.operand_min = 1,
	.operand_max = 1,
	.run = command_info,
};
