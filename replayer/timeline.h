/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timeline.h - a recorded run as a place to walk in: any moment, both directions, with memory and registers.
 *
 *	struct rep_timeline *tl;
 *	if (rep_timeline_open(path, &(struct rep_timeline_options){0}, &tl, &error) < 0) ...
 *	rep_timeline_seek(tl, &(struct rep_position){.seq = 1041}, &stop);
 *	rep_timeline_step(tl, &(struct rep_step){.unit = REP_STEP_INSTRUCTION, .node = 2, .tid = 7}, REP_BACKWARD, &stop);
 *	rep_timeline_close(tl);
 *
 * One timeline at a time in a process, and all calls from the thread that opened it (it is the tracer of all processes),
 * except rep_timeline_interrupt().
 *
 * Positions.  Events are the joints of a run: at {seq} the events before seq have been carried out, and every thread of every
 * node stands between two of its own events.  Inside of an event at most one thread runs, the one that the event is about: from
 * where it stood to what the event tells (its call, its fault ...).  {seq, pc, arrival} is a place in this stretch: that thread
 * is about to execute the instruction at pc, for the arrival-th time since the stretch began; all others stand as
 * at {seq}.  {seq, pc, 1} with the pc at which the thread stands at {seq} has the state of {seq}.
 * As text (rep_position_text(), rep_timeline_parse()): "@1041", "@1041+0x401136#3".
 *
 * Whoever moves gets a struct rep_stop, always: where the timeline now stands and why there.  A replay that diverges stops where it
 * does; registers and memory can be looked at there, and moving backward or seeking goes on from what agreed.
 *
 * Cost.  Checkpoints (checkpoint.h) lie behind every place that was ever run through, so going back costs some tens of
 * milliseconds, and going forward what it takes to execute.
 */
#ifndef REP_TIMELINE_H
#define REP_TIMELINE_H

#include <stdbool.h>
#include <sys/user.h>

#include "event.h"
#include "report.h"
#include "roster.h"
#include "trace.h"

struct rep_timeline;
struct rec_tracee;

/* ---- opening ---------------------------------------------------------- */

struct rep_timeline_options {
	const char *node_name;		/* execute only this node; NULL: all */
	uint32_t pid;			/* ... only this process of it and those it descends from; 0: all */
	uint64_t memory_max;		/* for checkpoints, bytes; 0: 1 GiB */
	size_t checkpoint_max;		/* 0: 512 */
	uint64_t checkpoint_every;	/* for tests: one at every so many events; 0: by the time that execution takes */
};

/* Opens a trace at its first event; nothing is executed yet, but images with which it may begin are made (moves tell if that
 * fails).  0; -errno with error->text: it is no trace, damaged, or (-ENODEV) this host cannot execute it. */
int rep_timeline_open(const char *path, const struct rep_timeline_options *options,
		      struct rep_timeline **ret, struct fmt_error *error);
/* Ends every process.  NULL: nothing. */
void rep_timeline_close(struct rep_timeline *tl);

/* The trace; borrowed.  What rep_timeline_*() reads goes through it too, so an event got from it is valid until the next call of
 * either. */
struct fmt_reader *rep_timeline_reader(const struct rep_timeline *tl);
/* The verdict of the last divergence or other failure; outcome is REP_AGREES when there was none since the last
 * move.  Borrowed, until the next move. */
const struct rep_report *rep_timeline_report(const struct rep_timeline *tl);
event_seq rep_timeline_count(const struct rep_timeline *tl);
/* The first position: 0, or where a trace begins that has only the end of its run (keyframe).  Nothing moves before it. */
event_seq rep_timeline_first(const struct rep_timeline *tl);

/* ---- positions -------------------------------------------------------- */

struct rep_position {
	event_seq seq;		/* this event is the next, or under way */
	uint64_t pc;		/* 0 when arrival is 0 */
	uint64_t arrival;	/* 0: between two events */
};

#define REP_POSITION_TEXT_SIZE 64
void rep_position_text(const struct rep_position *position, char ret[REP_POSITION_TEXT_SIZE]);
/* "@1041", "@1041+0x401136#3", "12.5s" (before the first event at that time or later), "50%" (of the events), "start", "end". 0;
 * -EINVAL: it is none of these, error says so; -ERANGE: the trace has no such event. */
int rep_timeline_parse(struct rep_timeline *tl, const char *text, struct rep_position *ret,
		       struct fmt_error *error);

/* Where the timeline stands.  Inside of an event the number of the arrival may have to be counted first, by executing the
 * stretch again.  Where a replay has diverged: what the thread did, about to be done (a call, an instruction that faults), which is the
 * last place that can be gone to.
 * 0, or -ECANCELED (interrupted; it stands at {seq} then), -EIO (diverged, host cannot: report). */
int rep_timeline_position(struct rep_timeline *tl, struct rep_position *ret);
/* The event part of it, at no cost; *ret_inside (may be NULL): there is more to it. */
event_seq rep_timeline_seq(const struct rep_timeline *tl, bool *ret_inside);
/* Virtual time there: of the event before, 0 at the start.  Inside of an event: its node's clock when the stretch began. */
vtime_ns rep_timeline_vtime(const struct rep_timeline *tl);

/* ---- why it stopped --------------------------------------------------- */

enum rep_why {
	REP_WHY_DONE,		/* where it was asked to go, or the step is done */
	REP_WHY_BREAKPOINT,	/* the thread is about to execute the instruction (both directions) */
	REP_WHY_WATCHPOINT,	/* forward: what is watched has just changed; backward: it is just about to */
	REP_WHY_EVENT,		/* forward: the event has just been carried out; backward: the same place */
	REP_WHY_START,		/* backward: the trace begins here */
	REP_WHY_END,		/* forward: the trace ends here */
	REP_WHY_INTERRUPTED,
	REP_WHY_DIVERGED,	/* rep_timeline_report() says how */
	REP_WHY_FAILED,		/* damaged trace or unable host; the same */
};

struct rep_stop {
	enum rep_why why;
	int point;		/* number of the breakpoint or watchpoint; 0: none */
	event_seq seq;		/* as rep_timeline_seq(); of WHY_EVENT: the event itself */
	bool inside;
	/* Whose doing it was: the thread that stepped, hit a point, or that the event is about.  0: nobody's. */
	node_id node;
	uint32_t pid, tid;
	uint64_t pc;		/* of that thread, as far as it has a program; else 0 */
	uint64_t addr;		/* WATCHPOINT: what is watched */
	uint32_t size;		/* of before and after; at most 8 */
	uint8_t before[8], after[8];	/* in the order of time, whatever the direction */
};

/* One line for a person, without newline; cut to size. */
void rep_stop_text(struct rep_timeline *tl, const struct rep_stop *stop, char *ret, size_t size);

/* ---- moving ----------------------------------------------------------- */

enum rep_direction { REP_FORWARD, REP_BACKWARD };

/* All of these return 0 and *ret_stop, whatever happened on the way. */

/* To a position; breakpoints do not count.  A position inside of an event that its thread never comes to: DONE at the event after
 * with stop.inside false. */
void rep_timeline_seek(struct rep_timeline *tl, const struct rep_position *to, struct rep_stop *ret_stop);

/* Back from the end of a run, where all processes are gone, to the last moment at which one lives; nothing when one does. */
void rep_timeline_seek_alive(struct rep_timeline *tl, struct rep_stop *ret_stop);

enum rep_step_unit {
	REP_STEP_EVENT,		/* one event of node and tid (0: any) */
	REP_STEP_SYSCALL,	/* to after the next call's result is known (backward: to after the one before) */
	REP_STEP_PACKET,	/* to after the next packet event of the node */
	REP_STEP_OUTPUT,	/* to after the next line of output of node and tid */
	REP_STEP_INSTRUCTION,	/* one instruction of the thread; a system call counts as one */
	REP_STEP_RANGE,		/* instructions of the thread until its pc is outside [from, to) */
};

struct rep_step {
	enum rep_step_unit unit;
	node_id node;		/* 0: any; INSTRUCTION and RANGE: 0 is the thread whose turn it is */
	uint32_t tid;		/* 0: any */
	uint64_t from, to;	/* RANGE: the addresses of a line */
	bool over;		/* RANGE: calls out of the range run to their return */
	/* RANGE, may be NULL: asked at each instruction outside of [from, to); false: the step goes on there. Backward it is asked as
	 * well.  For lines that have several ranges. */
	bool (*stop_at)(void *arg, struct rep_timeline *tl, const struct user_regs_struct *regs);
	void *arg;
};

/* One step.  Breakpoints and watchpoints end RANGE steps and those by events. */
void rep_timeline_step(struct rep_timeline *tl, const struct rep_step *step, enum rep_direction direction,
		       struct rep_stop *ret_stop);
/* To the next breakpoint or watchpoint, or the end of the trace.  What is hit at the very place where it begins does not count. */
void rep_timeline_continue(struct rep_timeline *tl, enum rep_direction direction, struct rep_stop *ret_stop);
/* To where the memory was last written (BACKWARD: before the writing instruction, or the call whose result wrote) or is written next
 * (FORWARD: after it); any write that changes it counts.  All other points are left out.  START or END: never. */
void rep_timeline_find_write(struct rep_timeline *tl, node_id node, uint32_t pid, uint64_t addr, uint32_t size,
			     enum rep_direction direction, struct rep_stop *ret_stop);
/* Makes the move that is under way, or the next one, end as INTERRUPTED.  From any thread, and from signal handlers. */
void rep_timeline_interrupt(struct rep_timeline *tl);

/* Takes it back, if no move has ended by it yet. */
void rep_timeline_interrupt_cancel(struct rep_timeline *tl);

/* ---- breakpoints and watchpoints -------------------------------------- */

enum rep_point_kind {
	REP_POINT_ADDRESS,	/* an instruction of a process (every process of the node when pid is 0) */
	REP_POINT_WRITE,	/* memory that changes: size 1, 2, 4 or 8, aligned to its size */
	REP_POINT_ACCESS,	/* ... or is read; forward only, and only where the processor has debug registers */
	REP_POINT_FILTER,	/* events that a filter (filter.h) matches */
};

struct rep_point {
	enum rep_point_kind kind;
	node_id node;		/* ADDRESS, WRITE, ACCESS */
	uint32_t pid;
	uint32_t tid;		/* ADDRESS: only this thread; 0: any */
	uint64_t addr;
	uint32_t size;
	const char *filter;	/* FILTER: "kind==syscall && nr==connect", "kind==signal", "kind==output && text~wrong"; copied */
	/* May be NULL: asked at each hit, with the timeline standing there; false: it goes on.  It may read registers and
	 * memory, and move nothing. */
	bool (*condition)(void *arg, struct rep_timeline *tl, const struct rep_stop *stop);
	void *arg;
};

/* Returns the point's number (from 1), or -EINVAL (error: what is wrong), -EMFILE (too many). */
int rep_timeline_add_point(struct rep_timeline *tl, const struct rep_point *point, struct fmt_error *error);
/* -ENOENT: there is no such point. */
int rep_timeline_remove_point(struct rep_timeline *tl, int number);

/* ---- what is there ---------------------------------------------------- */

/* All lists are in the order of nodes, then pids, then tids; they are of the place where the timeline stands, and valid until the
 * next move. */

struct rep_thread_info {
	node_id node;
	uint32_t pid, tid;
	const char *node_name;		/* "" when it has none */
	const char *name;		/* last component of what its process executes */
	bool has_program;		/* registers and memory can be read */
	bool in_syscall;		/* it waits in call nr */
	bool is_next;			/* the next event (or the one under way) is its own, and it runs before it */
	uint64_t nr;
};

/* Number of threads alive; *ret is the timeline's. */
size_t rep_timeline_threads(struct rep_timeline *tl, const struct rep_thread_info **ret);
/* -ESRCH: there is no such thread. */
int rep_timeline_thread(struct rep_timeline *tl, node_id node, uint32_t tid, struct rep_thread_info *ret);
size_t rep_timeline_node_count(const struct rep_timeline *tl);
/* By name; 0: none of that name has been met. */
node_id rep_timeline_node(const struct rep_timeline *tl, const char *name);
const char *rep_timeline_node_name(const struct rep_timeline *tl, node_id node);

/* General registers as the program will next see them; in a call that has not been answered rax is -ENOSYS and orig_rax the call's number,
 * as on Linux.  orig_rax is else -1.  0, -ESRCH (no such thread, or no program yet). */
int rep_timeline_regs(struct rep_timeline *tl, node_id node, uint32_t tid, struct user_regs_struct *ret);
int rep_timeline_fpregs(struct rep_timeline *tl, node_id node, uint32_t tid, struct user_fpregs_struct *ret);
/* Memory of a process (pid).  Number of bytes read from the front: less than size when a page is not there. */
size_t rep_timeline_read(struct rep_timeline *tl, node_id node, uint32_t pid, void *to, uint64_t addr, size_t size);

struct rep_mapping {
	uint64_t start, end;
	uint64_t offset;
	int prot;			/* PROT_* */
	bool shared;
	const char *path;		/* on the node, "" when anonymous; "[stack]", "[vdso]" */
	uint64_t file;			/* number of the node's file event, 0: none */
	uint8_t hash[FMT_HASH_SIZE];	/* of its content (fmt_reader_file()), when file is not 0 */
};

/* The mappings of a process by address; hindcast's own pages but the vDSO are left out.  -ESRCH. */
int rep_timeline_mappings(struct rep_timeline *tl, node_id node, uint32_t pid, const struct rep_mapping **ret,
			  size_t *ret_count);
/* The path and file number of the program, as of the last exec; "" before the first.  -ESRCH. */
int rep_timeline_program(struct rep_timeline *tl, node_id node, uint32_t pid, const char **ret_path,
			 uint64_t *ret_file);

/* The event of the last exec, which says with what registers and memory the program began.  -ESRCH. */
int rep_timeline_exec(struct rep_timeline *tl, node_id node, uint32_t pid, event_seq *ret);

/* A hash over registers, floating point registers and all writable memory of every thread and process at the place where the timeline
 * stands, and of who there is: equal states have equal ones.  For tests.  0, -EIO. */
int rep_timeline_hash(struct rep_timeline *tl, uint64_t *ret);

#endif
