/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * past.h - what must still be told of a run when its beginning is gone: nodes and links as they are by now, how those processes and
 * threads came to be that live (or have just ended), the names of files, packets that are under way.
 */
#ifndef FMT_PAST_H
#define FMT_PAST_H

#include "event.h"

/* Processes of a node that have ended and are still told of. */
#define FMT_PAST_ENDED_MAX 64u

struct fmt_past;

struct fmt_past *fmt_past_new(void);
void fmt_past_free(struct fmt_past *past);
/* Takes what the next event tells; most tell nothing that lasts. */
void fmt_past_learn(struct fmt_past *past, const struct fmt_event *event);
/* Appends what there is to tell: records of events that were learnt, in their order and with their times.  An exec is without its
 * registers and effects; of a process that has ended, without its files. */
void fmt_past_put(const struct fmt_past *past, struct fmt_buf *records);

#endif
