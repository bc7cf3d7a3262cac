/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.h - a replay in progress: one event at a time. */
#ifndef REP_SESSION_H
#define REP_SESSION_H

#include "event.h"
#include "report.h"
#include "trace.h"

struct rec_tracee;
struct rep_session;

/* A world without processes, at the start of a trace; one at a time in a process (see rec_tracer_new()).
 * only_node: the one whose events are carried out, 0 for all; only_name: the same by its name, NULL for
 * all.  reader stays the caller's and is used until the session is freed.  report is where every
 * verdict goes; it has to outlive the session.  AGREES, or TRACE_ERROR or HOST_CANNOT with a reason. */
enum rep_outcome rep_session_new(struct fmt_reader *reader, node_id only_node,
				 const char *only_name, struct rep_report *report,
				 struct rep_session **ret);
/* Only this process of the node, and of others what it comes from (selection.h); before the first step.  AGREES; TRACE_ERROR: there is
 * no such process. */
enum rep_outcome rep_session_select(struct rep_session *session, uint32_t pid);
/* Makes the session close its reader when it is freed. */
void rep_session_own_reader(struct rep_session *session);
/* Kills every process. */
void rep_session_free(struct rep_session *session);

/* Carries out one event, the next of the trace, and compares.  Once it has returned anything but AGREES the
 * world stands still for good: every later call returns the same and does nothing.  report, given to
 * rep_session_new(), tells why.  (REP_SUSPENDED is for timelines alone.) */
enum rep_outcome rep_session_step(struct rep_session *session, const struct fmt_event *event);

/* The event with which execution begins: those before it tell what had become of the run (keyframe).  0: the trace is of the whole
 * run. */
event_seq rep_session_begins(const struct rep_session *session);

/* Ends the slice that is under way, or the next one, with HOST_CANNOT: for programs that never stop.  Callable
 * from signal handlers and other threads. */
void rep_session_interrupt(const struct rep_session *session);

/* Whether the events of a node are carried out. */
bool rep_session_wants(const struct rep_session *session, node_id node);
/* Whether a node of the wanted name or number has been met. */
bool rep_session_found_node(const struct rep_session *session);
/* Name of a node; "" when it has none.  Borrowed. */
const char *rep_session_node_name(const struct rep_session *session, node_id node);
size_t rep_session_node_count(const struct rep_session *session);
/* The native side of a thread, to look into; NULL: no such thread, or nothing is loaded yet.  Borrowed until
 * the next step. */
struct rec_tracee *rep_session_tracee(const struct rep_session *session, node_id node, uint32_t tid);

#endif
