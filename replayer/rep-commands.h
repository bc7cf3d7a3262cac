/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rep-commands.h - the commands of this folder: what executes again, or looks into programs.  hindcast.c lists them. */
#ifndef REP_COMMANDS_H
#define REP_COMMANDS_H

#include "command.h"

extern const struct fmt_command rep_cmd_gdb;
extern const struct fmt_command rep_cmd_pack;
extern const struct fmt_command rep_cmd_replay;
extern const struct fmt_command rep_cmd_state;
extern const struct fmt_command rep_cmd_trim;
extern const struct fmt_command rep_cmd_serve;
extern const struct fmt_command rep_cmd_dap;
extern const struct fmt_command rep_cmd_ctl;

#endif
