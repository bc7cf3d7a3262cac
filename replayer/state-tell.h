/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state-tell.h - a state as events, for a trace that begins there. */
#ifndef REP_STATE_TELL_H
#define REP_STATE_TELL_H

#include "buf.h"
#include "state.h"

/* Appends records that, told at vtime (a few: when they last changed) behind those of fmt_past_put() and in the order of their times, come
 * to this state.  reader is the one of the trace that it is of.  0, -EBADMSG. */
int rep__state_tell(const struct rep_state *state, struct fmt_reader *reader, vtime_ns vtime, struct fmt_buf *out);

#endif
