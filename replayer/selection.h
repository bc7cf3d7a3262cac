/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * selection.h - one process of a run by itself.
 *
 * A process can be executed from its first exec on without the others: what it was given by them is in its own calls' effects.  One
 * that was forked and executed no other program needs its parent, up to the fork, and so on.  A child that has its parent's
 * memory (vfork) writes there, so it is executed until it has a memory of its own; so are those that are born while shared memory is
 * mapped.  Not found are processes that map the same file shared, each by itself: the replay then diverges where one reads what the
 * other wrote.
 */
#ifndef REP_SELECTION_H
#define REP_SELECTION_H

#include "trace.h"
#include "world.h"

#define REP_SELECTION_MAX 64	/* generations */

struct rep_selection {
	node_id node;
	size_t count;			/* 0: everything is wanted */
	struct rep_selected {
		uint32_t pid;
		event_seq from, to;	/* both included; its start, its birth or its first exec */
		bool by_exec;
	} list[REP_SELECTION_MAX];
};

/* Finds out what is needed for a process of a node (its number, or its name).  -ESRCH: the run has no such process; -EMFILE: too many
 * generations; -EBADMSG. */
int rep__selection_make(struct fmt_reader *reader, node_id node, const char *name, uint32_t pid,
			struct rep_selection *ret);
/* Whether an event is to be carried out. */
bool rep__selection_wants(const struct rep_selection *selection, const struct rep_world *world,
			  const struct fmt_event *event);
/* Whether the event is the exec by which a process begins that is not in the world yet. */
bool rep__selection_begins(const struct rep_selection *selection, const struct rep_world *world,
			   const struct fmt_event *event);
/* Ends what was needed up to this event only. */
void rep__selection_passed(const struct rep_selection *selection, struct rep_world *world, event_seq seq);

#endif
