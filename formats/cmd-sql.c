/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-sql.c - `hindcast sql`: questions to a trace. */
#include <stdio.h>

#include "command.h"
#include "fmt-commands.h"
#include "sql.h"

static enum fmt_status command_sql(const struct fmt_arguments *args)
{
	const char *const path = args->operand[0];
	enum fmt_status status = FMT_STATUS_OK;
	struct fmt_error error = {{0}};
	struct fmt_reader *const reader = fmt_open_trace(path, &status);

	if (!reader)
		return status;
	const enum fmt_sql_output output = args->value[FMT_OPTION_JSON]  ? FMT_SQL_JSON
					   : args->value[FMT_OPTION_CSV] ? FMT_SQL_CSV
								     : FMT_SQL_TABLE;
	const int r = fmt_sql(reader, stdout, args->operand[1], output, &error);
	return fmt_close_trace(NULL, path, r, &error);
}

const struct fmt_command fmt_cmd_sql = {
	.name = "sql",
	.usage = "TRACE QUERY",
	.summary = "ask a trace in SQL",
	.options = "csv json",
	.operand_min = 2,
	.operand_max = 2,
	.run = command_sql,
};
