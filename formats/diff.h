/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff.h - where two runs part, and why. */
#ifndef FMT_DIFF_H
#define FMT_DIFF_H

#include <stdio.h>

#include "trace.h"

enum fmt_diff_ignore {
	FMT_IGNORE_TIME = 1,	/* when something happened */
	FMT_IGNORE_PIDS = 2,	/* numbers of processes and threads */
	FMT_IGNORE_PORTS = 4,	/* of TCP and UDP, in frames */
	FMT_IGNORE_PAYLOAD = 8,	/* bytes: of frames, of memory, of texts */
};

/* "time,pids" as flags.  0, -EINVAL. */
int fmt_diff_ignore(const char *list, unsigned int *ret, struct fmt_error *error);
struct fmt_diff_options {
	unsigned int ignore;		/* of enum fmt_diff_ignore */
	bool json;
	/* Asked now and then, with a number of events out of all; false ends it.  NULL: it goes on. */
	bool (*go_on)(void *data, uint64_t done, uint64_t count);
	void *go_on_data;
};

/* Prints how b differs from a.  0: they are the same; 1: they differ; -EBADMSG, -EIO; -ECANCELED: it was ended, nothing is printed. */
int fmt_diff(struct fmt_reader *a, struct fmt_reader *b, const struct fmt_diff_options *options, FILE *out, struct fmt_error *error);

/* What counts of an event, as a number: two events that differ in nothing but what is ignored have the same.  scratch is kept
 * from call to call, and is the caller's. */
uint64_t fmt_diff_hash(const struct fmt_event *event, unsigned int ignore, struct fmt_buf *scratch);

#endif
