/* SPDX-License-Identifier: GPL-2.0-or-later */
/* effect-replay.h - repeats in a process what a recorded event did to its memory. */
#ifndef REP_EFFECT_REPLAY_H
#define REP_EFFECT_REPLAY_H

#include "content.h"
#include "report.h"
#include "tracee.h"

#define REP_REASON_SIZE 640

/* Carries out a list of effects of an event, in order, on a thread that stands still.  Nothing is taken on trust: what would
 * touch hindcast's own pages or is out of all proportion is a TRACE_ERROR.  A READ whose memory
 * differs is DIVERGED.  reason is written unless AGREES. */
enum rep_outcome rep__effects_replay(struct rec_tracee *tracee, struct fmt_bytes list,
				     struct rep_content *content, const struct fmt_event *event,
				     char reason[REP_REASON_SIZE]);

/* Of the same, only what changes files that processes share, without a process. */
enum rep_outcome rep__effects_of_files(struct fmt_bytes list, struct rep_content *content,
				       const struct fmt_event *event, char reason[REP_REASON_SIZE]);

#endif
