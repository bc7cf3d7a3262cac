/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * world.h - who lives in a replay: nodes, their processes, the threads of these.
 *
 * The state diagram of a thread is in session.c, which moves it; here is only who belongs to whom.
 */
#ifndef REP_WORLD_H
#define REP_WORLD_H

#include <stdbool.h>

#include "event.h"
#include "id-table.h"
#include "node-clock.h"
#include "report.h"
#include "tracee.h"

/* What a hostile trace could otherwise ask for without end. */
#define REP_NODE_MAX 65536u
#define REP_THREAD_MAX 16384u		/* alive at a time, all nodes together */

enum rep_thread_state {
	REP_EMPTY,		/* a process of the experiment before its first exec: nothing native yet */
	REP_RUNNABLE,		/* its next slice may come */
	REP_IN_SYSCALL,		/* stands in a call that was compared and is not answered yet */
	REP_INTERRUPTED,	/* it faulted, or its call is to be redone: a signal must come, or the end */
};

struct rep_frozen;

struct rep_process {
	struct rep_node *node;
	struct rep_process *next, **prev_next;	/* of the node */
	struct rep_thread *threads;
	size_t thread_count;
	uint32_t pid;
	char name[REP_NAME_SIZE];	/* last component of what it executes */
	event_seq exec_seq;		/* the event of its last exec; 0: none yet */
	/* frozen.h: what it is equal to, a share; NULL: it has changed since it was last frozen.  While asleep it is nothing else:
	 * its threads have no tracees although they have programs. */
	struct rep_frozen *frozen;
	bool asleep;
	bool shares;			/* may write to memory that it shares with others, which it was born with or mapped */
	bool borrows;			/* has the memory of the process that made it (vfork) */
	uint32_t lender;		/* borrows: whose memory that is */
};

struct rep_thread {
	struct rep_process *process;
	struct rep_thread *next, **prev_next;	/* of the process */
	struct rec_tracee *tracee;	/* NULL while EMPTY, and while the process is asleep */
	enum rep_thread_state state;
	uint32_t tid;
	uint64_t nr;			/* IN_SYSCALL: the call */
	bool born;			/* IN_SYSCALL: the call is the clone that made it */
	uint64_t armed;			/* what its debug registers hold (stretch.h); 0: nothing */
};

struct rep_node {
	struct rep_node *next;
	struct rep_process *processes;
	node_id id;
	char name[REP_NAME_SIZE];
	int clock_fd;			/* -EBADF before its first process */
	struct rec_clock_page *clock;	/* shared with its processes, NULL as long */
	bool panicked;			/* its kernel is dead, and all its processes with it */
	struct rec_node_clock own;	/* what its clock shows */
	uint64_t realtime_ns;		/* wall clock - own */
	bool has_last;
	event_seq last;			/* the last event that was carried out */
};

/* Frozen processes of a world that there are, in all checkpoints. */
struct rep_frozen_sum {
	size_t count;
	uint64_t bytes;			/* memory that they alone hold, as last measured */
};

struct rep_world {
	struct rec_tracer *tracer;	/* owned */
	struct rep_id_table node_by_id;
	struct rep_id_table thread_by_id;	/* rep__id(node, tid) */
	struct rep_node *nodes;
	size_t node_count;
	size_t thread_count;
	struct rep_frozen_sum frozen;
	size_t borrower_count;		/* processes that have others' memory: these cannot be frozen */
};

/* Takes tracer over. */
void rep__world_init(struct rep_world *world, struct rec_tracer *tracer);
/* Ends everything that lives. */
void rep__world_done(struct rep_world *world);

struct rep_node *rep__node_get(const struct rep_world *world, node_id id);
/* -EEXIST, -EMFILE (too many). */
int rep__node_new(struct rep_world *world, node_id id, struct fmt_bytes name, struct rep_node **ret);
/* Makes the clock that the node's processes read. 0 or -errno. */
int rep__node_clock(struct rep_node *node, uint64_t step_ns, uint64_t realtime_ns);
/* Kills all its processes; frozen ones stay. */
void rep__node_clear(struct rep_world *world, struct rep_node *node);

struct rep_process *rep__process_get(const struct rep_node *node, uint32_t pid);
/* Has no thread yet. */
struct rep_process *rep__process_new(struct rep_node *node, uint32_t pid);

struct rep_thread *rep__thread_get(const struct rep_world *world, node_id node, uint32_t tid);
/* A thread that stands in state; tracee (may be NULL) becomes its own.  -EEXIST, -EMFILE (too many). */
int rep__thread_new(struct rep_world *world, struct rep_process *process, uint32_t tid,
		    enum rep_thread_state state, struct rep_thread **ret);
/* Ends one thread, natively as well; the process goes with its last one. */
void rep__thread_end(struct rep_world *world, struct rep_thread *thread);
/* It has memory of its own from now on. */
void rep__process_returns(struct rep_world *world, struct rep_process *process);
/* Ends the process with all its threads. */
void rep__process_end(struct rep_world *world, struct rep_process *process);
/* Forgets all threads but one; their native side is gone already, or about to be killed with the process. */
void rep__process_keep_only(struct rep_world *world, struct rep_thread *thread);
/* An exec by another than the first thread gives it the first one's id, which is free by then. */
void rep__thread_rename(struct rep_world *world, struct rep_thread *thread, uint32_t tid);

/* For names of people's: at most REP_NAME_SIZE - 1 bytes, what cannot be printed becomes '?'. */
void rep__name_copy(char to[REP_NAME_SIZE], struct fmt_bytes from);

#endif
