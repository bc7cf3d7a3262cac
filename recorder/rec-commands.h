/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rec-commands.h - the commands of this folder: what records.  hindcast.c lists them. */
#ifndef REC_COMMANDS_H
#define REC_COMMANDS_H

#include "command.h"

extern const struct fmt_command rec_cmd_branch;
extern const struct fmt_command rec_cmd_coverage;
extern const struct fmt_command rec_cmd_doctor;
extern const struct fmt_command rec_cmd_explore;
extern const struct fmt_command rec_cmd_record;
extern const struct fmt_command rec_cmd_shrink;
extern const struct fmt_command rec_cmd_syscalls;
extern const struct fmt_command rec_cmd_version;

#endif
