/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * checkpoint.h - moments between two events to which a session can go back.
 *
 * A checkpoint is every process frozen (frozen.h) and what the session knows besides.  They are kept at distances, in time that
 * execution takes, that grow with the distance from the newest: when there are too many, or they hold too much memory, the one
 * goes whose loss makes the least relative gap.  The empty world at the start costs nothing and always stays.
 */
#ifndef REP_CHECKPOINT_H
#define REP_CHECKPOINT_H

#include "session-int.h"

struct rep_checkpoint {
	event_seq seq;			/* the event that comes next there */
	uint64_t cost_ns;		/* of executing everything up to there, on this host */
	bool ended;
	uint64_t executed, slices, skipped, unknown;	/* of the report */
	struct rep_kept_node {
		node_id id;
		bool panicked, has_last;
		event_seq last;
		struct rec_node_clock own;
		uint64_t realtime_ns;
	} *nodes;
	size_t node_count;
	struct rep_frozen **processes;	/* shares; by node, then as the node lists them */
	size_t process_count;
	struct rep_objects_kept objects;
};

struct rep_checkpoints {
	struct rep_checkpoint **list;	/* by seq */
	size_t count, capacity;
	size_t count_max;
	uint64_t memory_max;		/* bytes */
};

/* count_max is at least 2. */
void rep__checkpoints_init(struct rep_checkpoints *all, size_t count_max, uint64_t memory_max);
void rep__checkpoints_done(struct rep_checkpoints *all);
/* Keeps the session as it stands before event seq, unless it is kept already, or cannot be (a process has the memory of
 * another just now: -EAGAIN).  0 or -errno. */
int rep__checkpoint_add(struct rep_checkpoints *all, struct rep_session *session, event_seq seq,
			uint64_t cost_ns);
/* The last one at or before seq; NULL: there is none, and the world begins empty at 0. Borrowed until the next add. */
struct rep_checkpoint *rep__checkpoint_before(const struct rep_checkpoints *all, event_seq seq);
/* Drops those whose frozen processes have lost pages to the shrinking of a file. */
void rep__checkpoints_mend(struct rep_checkpoints *all, struct rep_objects *objects);
/* Takes the session back (or ahead) to it; NULL: to the empty world.  A verdict is forgotten.  0 or -errno, and then
 * the world is empty. */
int rep__checkpoint_restore(const struct rep_checkpoint *checkpoint, struct rep_session *session);

#endif
