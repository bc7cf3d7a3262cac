/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gdb-start.c - gdb begins without its user's file of commands, which may not fit what is debugged here. */
#include "gdb-start.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

#define ARGUMENTS_MAX 256

void rec_gdb_exec(const char *const *own, char *const *extra)
{
	const char *argv[ARGUMENTS_MAX] = {"gdb", "-q", "-nx"};
	size_t count = 3;

	for (size_t i = 0; own[i] && count + 1 < ARGUMENTS_MAX; i++)
		argv[count++] = own[i];
	for (size_t i = 0; extra && extra[i] && count + 1 < ARGUMENTS_MAX; i++)
		argv[count++] = extra[i];
	argv[count] = NULL;
	execvp("gdb", (char **)argv);
	fmt_complain("gdb cannot be started: %s; is the package gdb installed?", strerror(errno));
	_exit(FMT_STATUS_HOST);
}
