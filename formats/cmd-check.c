/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-check.c - `hindcast check`: is a trace whole? */
#include <inttypes.h>
#include <stdio.h>

#include "command.h"
#include "fmt-commands.h"
#include "trace.h"

static enum fmt_status command_check(const struct fmt_arguments *args)
{
	const char *const path = args->operand[0];
	enum fmt_status status = FMT_STATUS_OK;
	struct fmt_error error = {{0}};
	struct fmt_reader *const reader = fmt_open_trace(path, &status);

	if (!reader)
		return status;
	const event_seq count = fmt_reader_count(reader);
	const bool finished = fmt_reader_finished(reader);
	status = fmt_close_trace(reader, path, fmt_reader_verify(reader, &error), &error);
	if (status == FMT_STATUS_OK)
		printf("%s: %" PRIu64 " events, all whole%s\n", path, count,
		       finished ? "" : "; its recorder did not come to its end");
	return status;
}

const struct fmt_command fmt_cmd_check = {
	.name = "check",
	.usage = "TRACE",
	.summary = "read a whole trace and look for damage",
	.options = "",
	.operand_min = 1,
	.operand_max = 1,
	.run = command_check,
};

/* The same by the name that git and others have for it. */
const struct fmt_command fmt_cmd_verify = {
	.name = "verify",
	.usage = "TRACE",
	.summary = "the same as check",
	.options = "",
	.operand_min = 1,
	.operand_max = 1,
	.run = command_check,
};
