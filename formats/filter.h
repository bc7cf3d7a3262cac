/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filter.h - which events somebody wants: the one language of dump, export, sql, breakpoints and the inspector.
 *
 *	node==client && kind==packet-send && tcp.stream==3
 *	time in [12s, 12.5s] && !(kind in {syscall, tsc})
 *	ret < 0 or nr == connect
 *	packet "tcp port 80 and host 10.0.0.1"		a libpcap expression about the frame
 *	EINPROGRESS					the event's line contains it
 *
 * Terms side by side are joined by "and".  docs/filter.7.md has it all.
 */
#ifndef FMT_FILTER_H
#define FMT_FILTER_H

#include "base/cleanup.h"
#include "roster.h"
#include "trace.h"

struct fmt_filter;

/* text may be NULL or empty: all events.  0; -EINVAL: error says what is wrong at which column, with a picture. */
int fmt_filter_new(const char *text, struct fmt_filter **ret, struct fmt_error *error);
/* The same for a trace: what it asks about a node or a link must be about one that is there. */
int fmt_filter_new_for(const char *text, struct fmt_reader *reader, struct fmt_filter **ret, struct fmt_error *error);
/* The same for a run that is yet to be recorded, and begins with these records. */
int fmt_filter_new_among(const char *text, const struct fmt_buf *records, struct fmt_filter **ret, struct fmt_error *error);
void fmt_filter_free(struct fmt_filter *filter);
DEFINE_CLEANUP(struct fmt_filter *, fmt_filter_free)

/* Names that a filter can ask about, for whoever completes one; NULL past the last.  A name may come more than once. */
const char *fmt_filter_field_name(size_t index);
/* No event before (from on) these can match, so nobody need look there. */
vtime_ns fmt_filter_from(const struct fmt_filter *filter);
vtime_ns fmt_filter_to(const struct fmt_filter *filter);
/* Nor before or after these. */
event_seq fmt_filter_first(const struct fmt_filter *filter);
event_seq fmt_filter_last(const struct fmt_filter *filter);
/* The kinds of events that it can want; their number, or 0: any. */
#define FMT_FILTER_KINDS_MAX 128
size_t fmt_filter_kinds(const struct fmt_filter *filter, uint32_t ret[FMT_FILTER_KINDS_MAX]);
/* Packets are known to who has seen their sends: such a filter must be given every event from the first. */
bool fmt_filter_needs_history(const struct fmt_filter *filter);
/* Makes it so, for fmt_filter_packet(). */
void fmt_filter_want_history(struct fmt_filter *filter);
/* Events come in order.  The roster has learnt all before, and this one. */
bool fmt_filter_match(struct fmt_filter *filter, const struct fmt_event *event,
		      const struct fmt_roster *roster);
/* The packet that the last event given to match() is about; NULL: none, or the filter has no history. */
struct fmt_packet;
const struct fmt_packet *fmt_filter_packet(const struct fmt_filter *filter);

#endif
