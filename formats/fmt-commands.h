/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fmt-commands.h - the commands of this folder: what reads traces.  hindcast.c lists them. */
#ifndef FMT_COMMANDS_H
#define FMT_COMMANDS_H

#include "command.h"

extern const struct fmt_command fmt_cmd_check;
extern const struct fmt_command fmt_cmd_diff;
extern const struct fmt_command fmt_cmd_dump;
extern const struct fmt_command fmt_cmd_export;
extern const struct fmt_command fmt_cmd_info;
extern const struct fmt_command fmt_cmd_note;
extern const struct fmt_command fmt_cmd_report;
extern const struct fmt_command fmt_cmd_scrub;
extern const struct fmt_command fmt_cmd_sql;
extern const struct fmt_command fmt_cmd_verify;

#endif
