/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gdb-start.h - Debian's gdb, for those commands that start it. */
#ifndef REC_GDB_START_H
#define REC_GDB_START_H

/* This process becomes gdb, with what hindcast says to it and then what its user says (both NULL terminated; NULL: nothing).
 * Where that is not possible it says so, and ends with FMT_STATUS_HOST. */
__attribute__((noreturn)) void rec_gdb_exec(const char *const *own, char *const *extra);

#endif
