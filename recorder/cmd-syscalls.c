/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-syscalls.c - `hindcast syscalls`: the routing table. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "rec-commands.h"
#include "routes.h"
#include "syscall-names.h"

static enum fmt_status command_syscalls(const struct fmt_arguments *args)
{
	for (uint64_t nr = 0; nr < 512; nr++) {
		const struct rec_route_row row = rec_route_of(nr);

		if (!fmt_syscall_name(nr))
			continue;
		printf("%3" PRIu64 " %-24s %s", nr, fmt_syscall_name(nr), rec_route_text(row.route));
		if (row.error)
			printf(": %s", strerrorname_np(row.error));
		putchar('\n');
	}
	return FMT_STATUS_OK;
}

const struct fmt_command rec_cmd_syscalls = {
	.name = "syscalls",
	.usage = "",
	.summary = "print which system call is carried out where",
	.options = "",
	.operand_min = 0,
	.operand_max = 0,
	.run = command_syscalls,
};
