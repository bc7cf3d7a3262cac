/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-dump.c - `hindcast dump`: events as text. */
#include <stdio.h>

#include "base/cleanup.h"
#include "command.h"
#include "dump.h"
#include "fmt-commands.h"

static enum fmt_status command_dump(const struct fmt_arguments *args)
{
	const char *const path = args->operand[0];
	_cleanup_free_ char *filter = fmt_filter_of(args, 1);
	enum fmt_status status = FMT_STATUS_OK;
	struct fmt_error error = {{0}};
	struct fmt_reader *const reader = fmt_open_trace(path, &status);

	if (!reader)
		return status;
	const int r = args->value[FMT_OPTION_STORY]   ? fmt_story(reader, stdout, filter, &error)
		      : args->value[FMT_OPTION_PLAIN] ? fmt_dump_plain(reader, stdout, filter, &error)
						      : fmt_dump(reader, stdout, filter, &error);
	return fmt_close_trace(reader, path, r, &error);
}

const struct fmt_command fmt_cmd_dump = {
	.name = "dump",
	.usage = "TRACE [FILTER...]",
	.summary = "print events, one stable line each",
	.options = "story plain",
	.operand_min = 1,
	.operand_max = 64,
	.run = command_dump,
};
