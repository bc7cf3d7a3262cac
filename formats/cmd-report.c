/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-report.c - `hindcast report`: a run as Markdown. */
#include <libgen.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "command.h"
#include "fmt-commands.h"
#include "run-report.h"

static enum fmt_status command_report(const struct fmt_arguments *args)
{
	const char *const path = args->operand[0];
	_cleanup_free_ char *copy = fmt_text_of("%s", path);
	enum fmt_status status = FMT_STATUS_OK;
	struct fmt_error error = {{0}};
	struct fmt_reader *const reader = fmt_open_trace(path, &status);
	FILE *const out = reader ? fmt_open_output(args, path) : NULL;

	if (!out) {
		fmt_reader_close(reader);
		return reader ? FMT_STATUS_USAGE : status;
	}
	const int r = fmt_report(reader, out, basename(copy), HINDCAST_VERSION, &error);
	return fmt_close_output(args, out, fmt_close_trace(reader, path, r, &error));
}

const struct fmt_command fmt_cmd_report = {
	.name = "report",
	.usage = "TRACE",
	.summary = "describe a run for a bug tracker, in Markdown",
	.options = "output",
	.operand_min = 1,
	.operand_max = 1,
	.run = command_report,
};
