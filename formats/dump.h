/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dump.h - a trace as text.
 *
 * filter.h has the language of filters.
 */
#ifndef FMT_DUMP_H
#define FMT_DUMP_H

#include <stdio.h>

#include "trace.h"

/* All return 0; -EINVAL: the filter makes no sense; -EIO: out could not be written; -EBADMSG: the trace is damaged.
 * filter may be NULL.  What was printed before a failure is true. */

/* Each event as one line: as fmt_event_text(), with names of nodes ("-" for the machine). */
int fmt_dump(struct fmt_reader *r, FILE *out, const char *filter, struct fmt_error *error);
/* Each event as one line that needs no names of calls, nodes or errors: trace-format(5) has it. */
int fmt_dump_plain(struct fmt_reader *r, FILE *out, const char *filter, struct fmt_error *error);
/* What happened, for a person: processes, packets with arrows, what programs print.  The filter is about the events
 * behind the lines. */
int fmt_story(struct fmt_reader *r, FILE *out, const char *filter, struct fmt_error *error);
/* "5.040690380s @1234 NAME, 2026-11-26 22:25 UTC: TEXT", appended to out. */
int fmt_put_note_text(struct fmt_buf *out, struct fmt_reader *r, const struct fmt_note *note, struct fmt_error *error);
/* A summary of the trace: what ran, how much of what, how it ended. */
int fmt_info(struct fmt_reader *r, FILE *out, bool json, struct fmt_error *error);

#endif
