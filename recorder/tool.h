/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tool.h - programs of hindcast's own that run on nodes: an experiment calls them by their bare name.
 *
 * A node finds a tool under REC_TOOL_DIR, whatever its root is, since tools are linked statically.
 */
#ifndef REC_TOOL_H
#define REC_TOOL_H

#include <stdbool.h>

#include "nodefs.h"

#define REC_TOOL_DIR REC_NODEFS_IO

/* Whether a program's path is the name of a tool. */
bool rec_tool_is(const char *path);
/* Where a tool lies on the host: beside the running program.  NULL: not there; the caller frees it. */
char *rec_tool_find(const char *name);

#endif
