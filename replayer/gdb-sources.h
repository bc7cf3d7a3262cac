/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gdb-sources.h - the source that a trace carries, as files: gdb asks its server for programs, but not for source. */
#ifndef REP_GDB_SOURCES_H
#define REP_GDB_SOURCES_H

#include "trace.h"

/* Writes the trace's source files below a folder that is empty and ours alone: at their paths, and at their names alone, for those whose
 * paths are told relative to folders that are not here.  *ret_count: how many.  0, -EBADMSG, -errno. */
int rep_gdb_sources_write(struct fmt_reader *reader, const char *folder, size_t *ret_count, struct fmt_error *error);
/* Removes a folder and all below it. */
void rep_gdb_sources_remove(const char *folder);

#endif
