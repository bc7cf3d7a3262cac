/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stretch.h - stopping a thread on its way from one event to the next.
 *
 * A stretch is what a thread executes natively for one event (its slice).  Here it can be run to the n-th arrival at an
 * address, to a change of memory, or by single instructions.  Each address that is marked is counted: arrivals since
 * the stretch began, the one where it begins included.
 *
 * Marks are execution breakpoints of the processor while there are registers (three; the fourth is preempt.c's), else int3 in the
 * code, which is there only while the thread runs.  Watches are data breakpoints of the processor; where none is free, or the
 * processor has none, the thread is stepped and memory compared.
 */
#ifndef REP_STRETCH_H
#define REP_STRETCH_H

#include "session-int.h"

#define REP_MARK_MAX 1024
#define REP_WATCH_MAX 64

/* An address at which arrivals are counted. */
struct rep_mark {
	node_id node;
	uint32_t pid;		/* 0: of every process of the node */
	uint64_t addr;
	uint64_t count;		/* in the stretch under way */
	bool whole;		/* ... from its beginning on */
};

/* Memory whose changes are told. */
struct rep_watch {
	node_id node;
	uint32_t pid;
	uint64_t addr;
	uint32_t size;		/* 1, 2, 4, 8; aligned */
	bool access;		/* reading it counts too */
	bool known;		/* value was read from the process that there is now */
	uint8_t value[8];	/* as it was last looked at */
	uint8_t before[8];	/* before the last change */
	uint64_t count;		/* changes in the stretch under way */
};

enum rep_halt {
	REP_HALT_NONE,
	REP_HALT_MARK,		/* about to execute a marked instruction */
	REP_HALT_STEP,		/* the instructions that were asked for are done */
	REP_HALT_WATCH,		/* the last instruction changed what is watched */
	REP_HALT_INTERRUPTED,
};

struct rep_stretch {
	struct rep_runner runner;	/* what the session calls */
	struct rep_session *session;	/* borrowed */

	/* What stops it; the owner's to set between calls. */
	struct rep_mark marks[REP_MARK_MAX];
	size_t mark_count;
	struct rep_watch watches[REP_WATCH_MAX];
	size_t watch_count;
	bool step;			/* one instruction only */

	/* Where it halted. */
	enum rep_halt halt;
	struct rep_mark *mark;		/* of HALT_MARK */
	struct rep_watch *watch;	/* of HALT_WATCH */
	uint64_t steps;			/* instructions that were stepped on request since the last halt of another kind */
	bool by_step;			/* by stepping, so the halt before was one instruction before */
	uint64_t pc;			/* when halted, but INTERRUPTED; behind its end: of the end (of a call: behind its instruction) */
	bool fresh;			/* nothing of it has been executed */
	bool inside;			/* the stretch has begun and is not at its end */
	bool counted;			/* the arrival at pc is counted: the next move executes the instruction */
	uint64_t generation;		/* of what debug registers should hold; another one when marks or watches change */
	uint64_t last_generation;
	bool no_registers;		/* the host has no debug registers for us */
	bool interrupt;			/* wanted; atomic */
};

void rep__stretch_init(struct rep_stretch *stretch, struct rep_session *session);
/* Marks or watches have been changed. */
void rep__stretch_changed(struct rep_stretch *stretch);
/* Adds a mark, or finds it. NULL: there are too many.  Its counting begins now, so a stretch that is under way has to be begun
 * again for its count to hold. */
struct rep_mark *rep__stretch_mark(struct rep_stretch *stretch, node_id node, uint32_t pid, uint64_t addr);
/* Carries out the event, or goes on with it, up to a halt (SUSPENDED) or its end.  As rep_session_step(). */
enum rep_outcome rep__stretch_step(struct rep_stretch *stretch, const struct fmt_event *event);
/* Whether events of this kind let a program run. */
bool rep__is_stretch(uint32_t kind);
/* Looks at watched memory between events: the first watch that has changed, NULL. */
struct rep_watch *rep__stretch_look(struct rep_stretch *stretch);
/* Memory may be anything now: values are taken anew, and no change is told. */
void rep__stretch_forget(struct rep_stretch *stretch);

#endif
