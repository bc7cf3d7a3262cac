/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * move.h - searching by execution: forward to the first hit, backward to the last.
 *
 * Backward is forward too: the stretch of events behind a checkpoint is executed with all marks set, the last hit before where the
 * timeline stood is remembered and gone to; without a hit the checkpoint before is next.
 */
#ifndef REP_MOVE_H
#define REP_MOVE_H

#include "timeline-int.h"

struct rep_search {
	/* What counts; NULL: the timeline's points.  stop: the thread and its pc, or what changed (watch, else NULL). */
	bool (*accept)(void *arg, struct rep_timeline *tl, const struct rep_watch *watch, struct rep_stop *stop);
	void *arg;
	/* Sets marks and watches; NULL: those of the points. */
	void (*arm)(void *arg, struct rep_timeline *tl);
	event_seq limit;	/* forward: DONE before this event; backward: DONE at it */
};

void rep__search_forward(struct rep_timeline *tl, const struct rep_search *search, struct rep_stop *ret_stop);
void rep__search_backward(struct rep_timeline *tl, const struct rep_search *search, struct rep_stop *ret_stop);

/* One instruction of a thread (tid 0: whose turn it is). */
void rep__instruction_forward(struct rep_timeline *tl, node_id node, uint32_t tid, struct rep_stop *ret_stop);
void rep__instruction_backward(struct rep_timeline *tl, node_id node, uint32_t tid, struct rep_stop *ret_stop);
/* To before the instruction that comes before the arrival-th arrival at pc in the stretch of event seq. AGREES; or *ret_first: nothing
 * comes before, and it stands at seq; or what came in the way. */
enum rep_outcome rep__before_arrival(struct rep_timeline *tl, event_seq seq, uint64_t pc, uint64_t arrival,
				     bool *ret_first);
/* To the last instruction of the stretch of event seq: the call, or the rdtsc; of a fault, which executes nothing, the one that
 * faults. *ret_executed: it was executed.  As above. */
enum rep_outcome rep__last_instruction(struct rep_timeline *tl, event_seq seq, bool *ret_executed);

#endif
