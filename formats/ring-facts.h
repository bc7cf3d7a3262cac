/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ring-facts.h - what must still be told of a run when its beginning is gone: nodes, links, and the threads that live. */
#ifndef FMT_RING_FACTS_H
#define FMT_RING_FACTS_H

#include "event.h"

/* Takes what an event tells; most tell nothing.  facts holds records (fmt_record_next()), in the order in which they came. */
void fmt__facts_learn(struct fmt_buf *facts, const struct fmt_event *event);

#endif
