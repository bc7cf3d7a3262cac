/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run-report.h - a run as Markdown, for a bug tracker. */
#ifndef FMT_RUN_REPORT_H
#define FMT_RUN_REPORT_H

#include <stdio.h>

#include "trace.h"

/* name is what the trace is called, version that of hindcast.  0, -EIO, -EBADMSG. */
int fmt_report(struct fmt_reader *reader, FILE *out, const char *name, const char *version, struct fmt_error *error);

#endif
