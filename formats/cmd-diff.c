/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-diff.c - `hindcast diff`: where two runs part. */
#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "command.h"
#include "diff.h"
#include "fmt-commands.h"
#include "text.h"

/* What the host did to a run's inputs while it was recorded is no part of what differs, but may be the reason. */
static int tell_host_changes(struct fmt_reader *reader, const char *path, struct fmt_error *error)
{
	static const uint32_t kinds[] = {FMT_host_change};
	const struct fmt_want want = {.kinds = kinds, .kind_count = 1};
	struct fmt_ev_host_change ev;
	struct fmt_event event;
	event_seq at = 0;
	int got;

	for (; (got = fmt_reader_find(reader, &want, /* backwards= */ false, &at, &event, error)) > 0; at++) {
		_cleanup_(fmt_buf_done) struct fmt_buf line = {0};

		if (fmt_get_host_change(&event, &ev) < 0)
			continue;
		fmt_put_escaped(&line, ev.path);
		printf("note: %.*s changed on the host while %s was recorded\n", (int)line.size, (const char *)line.data, path);
	}
	return got;
}

static enum fmt_status command_diff(const struct fmt_arguments *args)
{
	struct fmt_reader *reader[2] = {NULL, NULL};
	enum fmt_status status = FMT_STATUS_OK;
	struct fmt_error error = {{0}};
	struct fmt_diff_options options = {.json = args->value[FMT_OPTION_JSON] != NULL};
	const char *const list = args->value[FMT_OPTION_IGNORE];

	if (list && fmt_diff_ignore(list, &options.ignore, &error) < 0) {
		fmt_complain("%s", error.text);
		return FMT_STATUS_USAGE;
	}
	/* As with diff(1), 1 says that they differ; trouble of any kind is 2. */
	for (size_t i = 0; i < 2 && status == FMT_STATUS_OK; i++)
		reader[i] = fmt_open_trace(args->operand[i], &status);
	int r = status == FMT_STATUS_OK ? fmt_diff(reader[0], reader[1], &options, stdout, &error) : -EINVAL;
	for (size_t i = 0; i < 2 && r > 0 && !options.json; i++)
		r = tell_host_changes(reader[i], args->operand[i], &error) < 0 ? -EBADMSG : r;
	if (r < 0 && status == FMT_STATUS_OK)
		fmt_complain("%s", error.text);
	fmt_reader_close(reader[0]);
	fmt_reader_close(reader[1]);
	return r < 0 ? FMT_STATUS_USAGE : (enum fmt_status)r;
}

const struct fmt_command fmt_cmd_diff = {
	.name = "diff",
	.usage = "TRACE TRACE",
	.summary = "say where two runs part, and why",
	.options = "ignore json",
	.operand_min = 2,
	.operand_max = 2,
	.run = command_diff,
};
