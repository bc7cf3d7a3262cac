/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-export.c - `hindcast export`: a trace in the formats of other programs. */
#include <stdio.h>

#include "base/cleanup.h"
#include "command.h"
#include "export.h"
#include "fmt-commands.h"

static enum fmt_status command_export(const struct fmt_arguments *args)
{
	const char *const path = args->operand[1];
	_cleanup_free_ char *filter = fmt_filter_of(args, 2);
	const struct fmt_export_options how = {.filter = filter, .node = args->value[FMT_OPTION_NODE],
						.interface = args->value[FMT_OPTION_INTERFACE]};
	enum fmt_status status = FMT_STATUS_OK;
	struct fmt_error error = {{0}};
	struct fmt_reader *const reader = fmt_open_trace(path, &status);
	FILE *const out = reader ? fmt_open_output(args, path) : NULL;

	if (!out) {
		fmt_reader_close(reader);
		return reader ? FMT_STATUS_USAGE : status;
	}
	const int r = fmt_export(reader, args->operand[0], out, &how, &error);
	return fmt_close_output(args, out, fmt_close_trace(reader, path, r, &error));
}

const struct fmt_command fmt_cmd_export = {
	.name = "export",
	.usage = "FORMAT TRACE [FILTER...]",
	.summary = "write a trace as pcap, pcapng, csv, json, shiviz, perfetto, svg or dot",
	.options = "output node interface",
	.operand_min = 2,
	.operand_max = 64,
	.run = command_export,
};
