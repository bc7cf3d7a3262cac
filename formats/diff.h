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
	/* For a person who knows the cause, and wants to see where it shows first: at so many nodes, without the past.  0: all. */
	size_t most;
	/* Asked now and then, with a number of events out of all; false ends it.  NULL: it goes on. */
	bool (*go_on)(void *data, uint64_t done, uint64_t count);
	void *go_on_data;
};

/* Prints how b differs from a.  0: they are the same; 1: they differ; -EBADMSG, -EIO; -ECANCELED: it was ended, nothing is printed. */
int fmt_diff(struct fmt_reader *a, struct fmt_reader *b, const struct fmt_diff_options *options, FILE *out, struct fmt_error *error);

/* Where two runs part in the total order. */
struct fmt_parting {
	bool parts;			/* false: they do not, and what follows but the counts is unset */
	vtime_ns vtime;			/* of the earlier event */
	bool has[2];			/* the run has an event there */
	event_seq at[2];
	const char *cause;		/* class of cause, as fmt_diff() says it */
	uint64_t same;			/* events in common before that */
	uint64_t aside;			/* events of frames under way that were not compared */
};
/* changed: a time from which on the links of b are other ones, 0: there is none.  Before it a trace already tells what becomes of
 * frames that are still under way then: whether they are lost, damaged, doubled, and when they leave.  That may differ.
 * 0, -EBADMSG. */
int fmt_diff_order(struct fmt_reader *a, struct fmt_reader *b, vtime_ns changed, struct fmt_parting *ret, struct fmt_error *error);

/* What counts of an event, as a number: two events that differ in nothing but what is ignored have the same.  scratch is kept
 * from call to call, and is the caller's. */
uint64_t fmt_diff_hash(const struct fmt_event *event, unsigned int ignore, struct fmt_buf *scratch);

#endif
