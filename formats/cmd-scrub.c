/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-scrub.c - `hindcast scrub`: a trace without what others should not see. */
#include <stdio.h>

#include "base/cleanup.h"
#include "command.h"
#include "fmt-commands.h"
#include "scrub.h"
#include "share.h"

static enum fmt_status command_scrub(const struct fmt_arguments *args)
{
	const char *const path = args->operand[0];
	const struct fmt_scrub_options options = {
		.payload = args->value[FMT_OPTION_PAYLOAD], .environment = args->value[FMT_OPTION_ENVIRONMENT],
		.patterns = args->value[FMT_OPTION_PATTERN], .regex = args->value[FMT_OPTION_REGEX],
		.files = args->value[FMT_OPTION_FILES], .sources = args->value[FMT_OPTION_SOURCES]};
	_cleanup_free_ char *to = NULL;
	struct fmt_trace_stat before;
	enum fmt_status status = FMT_STATUS_OK;
	struct fmt_error error = {{0}};
	struct fmt_scrub *scrub = NULL;
	struct fmt_reader *reader = fmt_open_trace(path, &status);

	if (!reader)
		return status;
	const int r = fmt_scrub_new(reader, &options, &scrub, &error);

	status = fmt_close_trace(reader, path, r, &error);
	if (r < 0)
		return status;
	const struct fmt_rewrite how = fmt_scrub_how(scrub);

	status = fmt_share(args, "scrubbed", &how, &to, &before);
	if (status == FMT_STATUS_OK) {
		printf("%s: ", to);
		fmt_scrub_print(scrub, stdout);
	}
	fmt_scrub_free(scrub);
	return status;
}

const struct fmt_command fmt_cmd_scrub = {
	.name = "scrub",
	.usage = "TRACE",
	.summary = "remove payload, variables, patterns or files, and say what can no longer be replayed",
	.options = "environment files output pattern payload regex sources",
	.operand_min = 1,
	.operand_max = 1,
	.run = command_scrub,
};
