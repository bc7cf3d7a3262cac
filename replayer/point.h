/* SPDX-License-Identifier: GPL-2.0-or-later */
/* point.h - breakpoints and watchpoints, as moves meet them. */
#ifndef REP_POINT_H
#define REP_POINT_H

#include "timeline-int.h"

/* Whether any point needs execution: an address or memory. */
bool rep__points_execute(const struct rep_timeline *tl);
/* Sets a watch that is no point's. */
void rep__points_watch(struct rep_timeline *tl, const struct rep_point *point);
/* Whether a point stands at the thread and pc of stop; sets stop->point. */
bool rep__points_at(struct rep_timeline *tl, struct rep_stop *stop);
/* Whether a point watches that; sets stop->point and what is told of the change. */
bool rep__points_changed(struct rep_timeline *tl, const struct rep_watch *watch, struct rep_stop *stop);
/* Looks for the events that FILTER points match.  False: interrupted. */
bool rep__points_prepare(struct rep_timeline *tl);
/* The first event at or behind seq that one matches, the last one before it; UINT64_MAX: none.  After prepare(). */
event_seq rep__points_next_event(const struct rep_timeline *tl, event_seq seq);
event_seq rep__points_last_event(const struct rep_timeline *tl, event_seq seq);
/* Whether a point stands at the event that was just carried out, the thread of stop's; sets stop->point.  After prepare(). */
bool rep__points_event(struct rep_timeline *tl, event_seq seq, struct rep_stop *stop);

#endif
