/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter.h - which events somebody wants to see; the language is in dump.h. */
#ifndef FMT_FILTER_H
#define FMT_FILTER_H

#include "base/cleanup.h"
#include "roster.h"
#include "trace.h"

struct fmt_filter;

/* text may be NULL: all events.  0, -EINVAL. */
int fmt_filter_new(const char *text, struct fmt_filter **ret, struct fmt_error *error);
void fmt_filter_free(struct fmt_filter *filter);
DEFINE_CLEANUP(struct fmt_filter *, fmt_filter_free)

/* No event before (from on) these can match, so nobody need look there. */
vtime_ns fmt_filter_from(const struct fmt_filter *filter);
vtime_ns fmt_filter_to(const struct fmt_filter *filter);
/* line is the event's text. */
bool fmt_filter_match(const struct fmt_filter *filter, const struct fmt_event *event,
		      const struct fmt_roster *roster, struct fmt_bytes line);

#endif
