/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command.h - what a command of the front door is made of: options, operands, complaints, exit status.
 *
 * A command is one file, cmd-NAME.c, in the folder whose work it does: it defines a struct fmt_command, which the folder's
 * fmt-commands.h, rec-commands.h or rep-commands.h declares and hindcast.c lists.  An option is a row of options.def.
 * Results go to standard output, progress and messages to standard error.
 */
#ifndef FMT_COMMAND_H
#define FMT_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "event.h"
#include "trace.h"

/* Exit status, the same for every command. */
enum fmt_status {
	FMT_STATUS_OK = 0,
	FMT_STATUS_NO = 1,	/* an expectation failed, runs differ, replay diverged, damage was found */
	FMT_STATUS_USAGE = 2,	/* wrong usage or wrong input */
	FMT_STATUS_HOST = 3,	/* this host cannot do it; `hindcast doctor` says why */
	FMT_STATUS_BUG = 70,	/* a mistake of hindcast's own */
};

enum fmt_option {
#define OPTION(symbol, name, letter, value, help) FMT_OPTION_##symbol,
#include "options.def"
#undef OPTION
	FMT_OPTION_COUNT,
};

struct fmt_arguments {
	const char *value[FMT_OPTION_COUNT];	/* "" for a given option without a value, NULL: not given */
	const char **set;			/* all --set, NULL terminated */
	size_t set_count;
	const char **change;			/* all --change, likewise */
	size_t change_count;
	const char **operand;			/* NULL terminated */
	size_t operand_count;
	char *const *program;			/* after "--", NULL terminated; NULL without "--" */
};

struct fmt_command {
	const char *name;
	const char *usage;			/* its operands */
	const char *summary;
	const char *options;			/* names, separated by spaces */
	size_t operand_min, operand_max;
	bool takes_program;			/* "--" and a program may follow */
	enum fmt_status (*run)(const struct fmt_arguments *args);
};

/* Parses argv (what follows the command's name, NULL terminated) and runs the command, or prints its help. */
enum fmt_status fmt_command_run(const struct fmt_command *command, char *const *argv);

/* "hindcast: MESSAGE" on standard error. */
__attribute__((format(printf, 1, 2))) void fmt_complain(const char *format, ...);
/* printf into a new string, which the caller frees; never NULL. */
__attribute__((format(printf, 1, 2))) char *fmt_text_of(const char *format, ...);

/* Which of several names is the nearest to one that was typed; initialise with {NULL, 4}: a suggestion that is
 * further off than 3 letters would be a guess. */
struct fmt_nearest {
	const char *name;	/* NULL: none is near */
	size_t distance;
};
void fmt_nearest_try(struct fmt_nearest *nearest, const char *typed, const char *name);

/* A whole number, decimal, or 0x and hexadecimal.  False: it is none, *ret is as it was. */
bool fmt_parse_number(const char *text, uint64_t *ret);
/* "1.5s", "150ms", "2 min": virtual time; a number alone is seconds.  False: it is none. */
bool fmt_parse_vtime(const char *text, vtime_ns *ret);

/* Opens a trace, and says what is unusual about it.  NULL: it is none, or damaged, and that was said; *ret_status is what the
 * command ends with. */
struct fmt_reader *fmt_open_trace(const char *path, enum fmt_status *ret_status);
/* Closes a reader (NULL: nothing to close) and says why reading ended, if r < 0. */
enum fmt_status fmt_close_trace(struct fmt_reader *reader, const char *path, int r, const struct fmt_error *error);
/* All operands from one on as one filter; the caller frees it. */
char *fmt_filter_of(const struct fmt_arguments *args, size_t first);
/* Whether output (NULL: none) is the trace that is read; that is said then. */
bool fmt_is_over_itself(const char *trace, const char *output);
/* Where a command writes what it makes of a trace: standard output, or what --output names.  NULL: that cannot be
 * written, and it was said.  A file that does not become whole is removed, also when a signal ends the command. */
FILE *fmt_open_output(const struct fmt_arguments *args, const char *trace);
enum fmt_status fmt_close_output(const struct fmt_arguments *args, FILE *out, enum fmt_status status);

#endif
