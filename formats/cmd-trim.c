/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-trim.c - `hindcast trim`: a part of a run that still replays. */
#include <inttypes.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "command.h"
#include "fmt-commands.h"
#include "share.h"
#include "trim.h"

static bool parse_bound(const struct fmt_arguments *args, enum fmt_option option, const char *name, vtime_ns *ret)
{
	const char *const text = args->value[option];

	if (!text || fmt_parse_vtime(text, ret))
		return true;
	fmt_complain("--%s %s is no virtual time: say 12.5s or 300ms", name, text);
	return false;
}

static void print_trim(const char *path, const struct fmt_trim_stat *trim, uint64_t before, uint64_t after)
{
	printf("%s: %" PRIu64 " of %" PRIu64 " events", path, trim->kept, trim->events);
	if (trim->before)
		printf(" (%" PRIu64 " of them before the part, for its processes' memory)", trim->before);
	printf(", %" PRIu64 " of %" PRIu64 " processes, %" PRIu64 " of %" PRIu64 " bytes\n", trim->processes - trim->gone,
	       trim->processes, after, before);
}

static enum fmt_status trim_it(const struct fmt_arguments *args, struct fmt_trim *trim)
{
	_cleanup_free_ char *path = NULL;
	struct fmt_trace_stat before = {0}, after = {0};
	const struct fmt_rewrite how = fmt_trim_how(trim);
	enum fmt_status status = fmt_share(args, "trimmed", &how, &path, &before);
	struct fmt_reader *reader = status == FMT_STATUS_OK ? fmt_open_trace(path, &status) : NULL;

	if (!reader)
		return status;
	const struct fmt_trim_stat stat = fmt_trim_stat(trim);

	fmt_reader_stat(reader, &after);
	print_trim(path, &stat, before.file_size, after.file_size);
	fmt_reader_close(reader);
	return FMT_STATUS_OK;
}

static enum fmt_status command_trim(const struct fmt_arguments *args)
{
	const char *const path = args->operand[0];
	vtime_ns from = 0, to = INT64_MAX;
	enum fmt_status status = FMT_STATUS_OK;
	struct fmt_error error = {{0}};
	struct fmt_trim *trim = NULL;

	if (!parse_bound(args, FMT_OPTION_FROM, "from", &from) || !parse_bound(args, FMT_OPTION_TO, "to", &to))
		return FMT_STATUS_USAGE;
	struct fmt_reader *reader = fmt_open_trace(path, &status);

	if (!reader)
		return status;
	struct fmt_trace_stat stat;

	fmt_reader_stat(reader, &stat);
	if (to > stat.last)
		to = stat.last;
	if (from > to) {
		fmt_reader_close(reader);
		fmt_complain("%s: there is no such part; the run is from 0 to %.9f s", path, (double)stat.last / 1e9);
		return FMT_STATUS_USAGE;
	}
	const int r = fmt_trim_new(reader, from, to, &trim, &error);

	status = r < 0 ? FMT_STATUS_NO : trim_it(args, trim);
	fmt_trim_free(trim);
	const enum fmt_status closed = fmt_close_trace(reader, path, r, &error);

	return r < 0 ? closed : status;
}

const struct fmt_command fmt_cmd_trim = {
	.name = "trim",
	.usage = "TRACE",
	.summary = "take a part of a run that still replays",
	.options = "from output to",
	.operand_min = 1,
	.operand_max = 1,
	.run = command_trim,
};
