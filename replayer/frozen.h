/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frozen.h - a process as it stood at some moment, kept: a fork that never runs, and what its threads were.
 *
 * Several checkpoints share one frozen process when it did nothing between them, and a process that has just been brought
 * back is only that until somebody needs it natively (world.h, asleep).
 */
#ifndef REP_FROZEN_H
#define REP_FROZEN_H

#include "tracee.h"
#include "world.h"

struct rep_frozen_thread {
	uint32_t tid;
	enum rep_thread_state state;
	uint64_t nr;
	bool born;
	struct rec_tracee_state native;	/* unused while EMPTY */
};

struct rep_frozen {
	unsigned refs;
	struct rep_frozen_sum *sum;	/* that it is part of */
	uint32_t pid;
	node_id node;
	char name[REP_NAME_SIZE];
	event_seq exec_seq;
	bool shares;
	struct rec_tracee *native;	/* has its memory; NULL: it had no program yet */
	struct rep_frozen_thread *threads;	/* in the order of the process's list */
	size_t thread_count;
	uint64_t size;			/* memory that it alone holds, when last measured */
};

/* A share of the process as it stands: of a new fork, or of the last one when nothing has happened to it since. 0 or -errno. */
int rep__frozen_of(struct rep_world *world, struct rep_process *process, struct rep_frozen **ret);
void rep__frozen_unref(struct rep_frozen *frozen);
/* Puts a process into the world as it was, asleep.  0, -EEXIST, -EMFILE. */
int rep__frozen_restore(struct rep_world *world, struct rep_node *node, struct rep_frozen *frozen);
/* Memory of a process, asleep or not.  Number of bytes read from the front. */
size_t rep__process_read(const struct rep_world *world, node_id node, uint32_t pid, void *to,
			 uint64_t addr, size_t size);
/* Makes a sleeping process native; nothing for others.  0 or -errno. */
int rep__process_wake(struct rep_process *process);
/* Wakes it, and forgets the frozen one that it no longer equals. 0 or -errno. */
int rep__process_touch(struct rep_process *process);
/* Measures its memory again. */
void rep__frozen_measure(struct rep_frozen *frozen);

#endif
