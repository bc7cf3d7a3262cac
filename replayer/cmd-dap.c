/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-dap.c - `hindcast dap`: the Debug Adapter Protocol on standard input and output. */
#include <signal.h>
#include <unistd.h>

#include "command.h"
#include "dap.h"
#include "rep-commands.h"

static enum fmt_status command_dap(const struct fmt_arguments *args)
{
	struct fmt_error error = {{0}};

	(void)args;
	signal(SIGPIPE, SIG_IGN);
	if (rep_dap_serve(STDIN_FILENO, STDOUT_FILENO, &error) == 0)
		return FMT_STATUS_OK;
	fmt_complain("%s", error.text);
	return FMT_STATUS_USAGE;
}

const struct fmt_command rep_cmd_dap = {
	.name = "dap",
	.usage = "",
	.summary = "serve an editor (Debug Adapter Protocol, on standard input and output)",
	.options = "",
	.operand_min = 0,
	.operand_max = 0,
	.run = command_dap,
};
