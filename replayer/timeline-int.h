/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timeline-int.h - what the files of the timeline share. */
#ifndef REP_TIMELINE_INT_H
#define REP_TIMELINE_INT_H

#include "checkpoint.h"
#include "stretch.h"
#include "timeline.h"

#define REP_POINT_MAX 256

struct rep_timeline_point {
	int number;			/* 0: free */
	struct rep_point point;		/* filter: owned */
	event_seq *matches;		/* FILTER: all events of the trace that match; NULL: not looked for yet */
	size_t match_count;
};

struct rep_timeline {
	struct fmt_reader *reader;	/* owned */
	struct rep_session *session;	/* owned */
	struct rep_report report;
	struct rep_stretch stretch;
	struct rep_checkpoints checkpoints;
	uint64_t checkpoint_every;
	event_seq count;		/* of the trace */
	event_seq first;		/* with which execution begins; what comes before is the past, where nobody can stand */

	/* Where it stands: the events before seq are carried out.  When stretch.inside, the thread of event seq stands behind
	 * leg_steps instructions after the leg_arrival-th arrival at leg_pc (0: after the beginning of the stretch). */
	event_seq seq;
	uint64_t leg_pc, leg_arrival, leg_steps;
	vtime_ns vtime;			/* of the event before */
	uint64_t cost_ns;		/* of executing up to seq, on this host */
	uint64_t cost_from_ns;		/* reading of the host's clock when cost_ns was taken */

	struct rep_timeline_point points[REP_POINT_MAX];
	int last_point;			/* number */

	/* Answers that are lent out. */
	struct rep_thread_info *threads;
	struct rep_mapping *mappings;
	char *mapping_text;
	char *program;
};

/* Reads event seq of the trace; false: it is damaged, and the report says so. */
bool rep__timeline_event(struct rep_timeline *tl, event_seq seq, struct fmt_event *ret);
/* Stands between events at seq, going back if need be.  AGREES, or what came in the way; SUSPENDED: interrupted. */
enum rep_outcome rep__timeline_go(struct rep_timeline *tl, event_seq seq);
/* Interrupted in the stretch of event seq: the interrupt is taken, and the timeline stands before the event. */
void rep__timeline_begin_again(struct rep_timeline *tl, event_seq seq);
/* Carries out event seq to its end or to a halt (SUSPENDED); moves seq on. */
enum rep_outcome rep__timeline_advance(struct rep_timeline *tl);
/* To the arrival-th arrival at pc in the stretch of event seq, from its beginning.  AGREES: it stands there; or it is at seq + 1, or
 * a verdict, or SUSPENDED: interrupted (and then it stands before seq). */
enum rep_outcome rep__timeline_arrive(struct rep_timeline *tl, event_seq seq, uint64_t pc, uint64_t arrival);
/* Executes the stretch again from its beginning to where it stands, so that marks that were set meanwhile are counted. */
enum rep_outcome rep__timeline_again(struct rep_timeline *tl);
/* Fills a stop: why, and where the timeline stands; of the thread of the event under way. */
void rep__timeline_stop(struct rep_timeline *tl, enum rep_why why, struct rep_stop *ret);
/* Whose doing a stop was. */
void rep__stop_thread(struct rep_timeline *tl, node_id node, uint32_t tid, struct rep_stop *ret);
/* Makes a checkpoint here, when it is time for one. */
void rep__timeline_keep(struct rep_timeline *tl);
/* As rep__timeline_go(), and a checkpoint there: the stretch of event seq is about to be executed several times. */
enum rep_outcome rep__timeline_pin(struct rep_timeline *tl, event_seq seq);
/* Why an outcome other than AGREES stopped it. */
enum rep_why rep__timeline_why(const struct rep_timeline *tl, enum rep_outcome outcome);
/* Sets the marks and watches of all points, and no others. */
void rep__points_arm(struct rep_timeline *tl);
/* Takes all marks and watches off. */
void rep__points_disarm(struct rep_timeline *tl);
void rep__points_done(struct rep_timeline *tl);

#endif
