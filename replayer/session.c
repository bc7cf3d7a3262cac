/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session.c - re-execution: the life of a recorded event.
 *
 * A trace tells, for each node, in which order its threads ran and what every call of theirs brought.  So a replay
 * needs no scheduler, no kernel and no clock: the event says which thread goes on, the thread runs
 * natively until it wants something, and that has to be what the event says.  Then the event's
 * effects are repeated in its memory and it gets the recorded answer.
 *
 *                step_clone()                                step_exit(), from any state
 *   (nothing) ------------------> IN_SYSCALL (born)         ------------------------> (nothing)
 *       | step_start()                |
 *       v                             | step_syscall_exit()
 *     EMPTY ----- step_exec() ----+   |
 *                                 v   v
 *          +------------------> RUNNABLE <----------------------------+------------------+
 *          |                      | | |                               |                  |
 *          | step_syscall()       | | | step_syscall_enter()          | step_syscall_exit|
 *          | step_tsc()           | | +------------> IN_SYSCALL ------+ step_exec()      |
 *          | step_signal()        | |                                   step_sigreturn() |
 *          +----------------------+ | step_fault()                                       |
 *                                   +--------------> INTERRUPTED ------ step_signal() ---+
 *
 * A call whose result orders its restart (ERESTARTSYS) also ends in INTERRUPTED: a handler runs first.
 *
 * A trace that begins in the middle of its run has a past in front of its keyframe: there threads come to be, and go, as EMPTY ones
 * (rep__past_clone(), rep__past_exec(), step_exit()), and step_image() takes those that live to where they stood, whichever state
 * that is.
 *
 * step_preempt() leaves a thread RUNNABLE, as step_tsc() does.
 * Only the arrows out of RUNNABLE by syscall, syscall_enter, tsc, fault, code_page and preempt run a program
 * (run_slice()).  "effects" changes memory and no state.
 *
 * Invariants
 *  1. Between two steps no program runs.  In a step at most one thread does.
 *  2. A trace is not trusted: an event that no arrow allows is a TRACE_ERROR and
 *     touches nothing.  What a program does differently is DIVERGED.  A CHECK() here is our own mistake only.
 *  3. Nothing but the trace, and the virtual CPU of the tracee layer, has a say in what a program sees.
 *  4. After the first step that does not agree, the world stays as it stands.
 *
 * The clock.  During a slice the vDSO answers base + reads * step.  The event's vtime is the node's
 * time when the slice ended, `ran` how much of it the slice took: max(0, reads - 1) * step, since the cost of a
 * reading is charged to the one that follows.
 */
#include "session-int.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "cpus.h"
#include "effect-replay.h"

/* ---- the run ---------------------------------------------------------- */

static enum rep_outcome step_node(struct rep_session *s)
{
	struct fmt_ev_node ev;
	struct rep_node *node;

	if (fmt_get_node(s->event, &ev) < 0)
		return rep__damaged(s);
	if (ev.id == 0 || ev.id > UINT32_MAX)
		return rep__trace_error(s, "no node can have the number %" PRIu64, ev.id);
	/* A node that was started anew is named again. */
	node = rep__node_get(&s->world, (node_id)ev.id);
	if (!node && rep__node_new(&s->world, (node_id)ev.id, ev.name, &node) < 0)
		return rep__trace_error(s, "there are more than %u nodes", REP_NODE_MAX);
	if (!node->own.local_ns) {
		rec_node_clock_set(&node->own, 0, REC_CLOCK_START_NS, 0);
		node->realtime_ns = s->model.realtime_ns - REC_CLOCK_START_NS;
	}
	if (s->only_name && ev.name.size == strlen(s->only_name) &&
	    memcmp(ev.name.data, s->only_name, ev.name.size) == 0)
		s->only_node = (node_id)ev.id;
	return REP_AGREES;
}

static enum rep_outcome step_file(struct rep_session *s)
{
	struct fmt_ev_file ev;

	if (fmt_get_file(s->event, &ev) < 0)
		return rep__damaged(s);
	const int error = rep__content_add(&s->content, s->event, &ev);

	if (error == -EEXIST)
		return rep__trace_error(s, "this node has a file %" PRIu64 " already", ev.id);
	if (error == -EMFILE)
		return rep__trace_error(s, "there are more than %u files", REP_CONTENT_FILE_MAX);
	return error < 0 ? rep__damaged(s) : REP_AGREES;
}

static enum rep_outcome step_panic(struct rep_session *s)
{
	struct rep_node *node = rep__node_get(&s->world, s->event->node);

	if (node) {
		rep__node_clear(&s->world, node);
		node->panicked = true;
	}
	return REP_AGREES;
}

/* The values that a clock can be set to; the rest is arithmetic in 64 bits that may wrap. */
static enum rep_outcome set_clock(struct rep_session *s, uint64_t clock_ns, uint64_t realtime_ns, int64_t drift_ppb)
{
	struct rep_node *node = rep__node_of(s);

	if (!node)
		return REP_TRACE_ERROR;
	if (drift_ppb < -REC_DRIFT_PPB_MAX || drift_ppb > REC_DRIFT_PPB_MAX)
		return rep__trace_error(s, "no clock drifts by %" PRId64 " ppb", drift_ppb);
	rec_node_clock_set(&node->own, s->event->vtime, clock_ns, drift_ppb);
	node->realtime_ns = realtime_ns;
	return REP_AGREES;
}

static enum rep_outcome step_node_up(struct rep_session *s)
{
	struct fmt_ev_node_up ev;
	struct rep_node *node = rep__node_of(s);

	if (fmt_get_node_up(s->event, &ev) < 0)
		return rep__damaged(s);
	if (!node)
		return REP_TRACE_ERROR;
	node->panicked = false;
	return set_clock(s, ev.clock_ns, ev.realtime_ns, node->own.drift_ppb);
}

static enum rep_outcome step_clock(struct rep_session *s)
{
	struct fmt_ev_clock ev;

	if (fmt_get_clock(s->event, &ev) < 0)
		return rep__damaged(s);
	return set_clock(s, ev.clock_ns, ev.realtime_ns, ev.drift_ppb);
}

static enum rep_outcome step_end(struct rep_session *s)
{
	s->ended = true;
	return REP_AGREES;
}

/* Kinds that are not here have nothing to do with processes. */
static enum rep_outcome (*const steps[])(struct rep_session *s) = {
	[FMT_node] = step_node, [FMT_file] = step_file, [FMT_panic] = step_panic,
	[FMT_end] = step_end, [FMT_start] = rep__step_start, [FMT_exec] = rep__step_exec,
	[FMT_clone] = rep__step_clone, [FMT_exit] = rep__step_exit, [FMT_syscall] = rep__step_syscall,
	[FMT_syscall_enter] = rep__step_syscall_enter, [FMT_tsc] = rep__step_tsc, [FMT_fault] = rep__step_fault,
	[FMT_code_page] = rep__step_code_page,
	[FMT_syscall_exit] = rep__step_syscall_exit, [FMT_signal] = rep__step_signal,
	[FMT_sigreturn] = rep__step_sigreturn, [FMT_effects] = rep__step_effects, [FMT_preempt] = rep__step_preempt,
	[FMT_node_down] = step_panic, [FMT_node_up] = step_node_up, [FMT_clock] = step_clock,
};

/* A node's clock has been seen as far as that. */
static enum rep_outcome step_node_past(struct rep_session *s)
{
	struct fmt_ev_node_past ev;
	struct rep_node *node = rep__node_of(s);

	if (fmt_get_node_past(s->event, &ev) < 0)
		return rep__damaged(s);
	if (!node)
		return REP_TRACE_ERROR;
	rec_node_clock_shown(&node->own, ev.clock_ns);
	return REP_AGREES;
}

/* In front of the keyframe. */
static enum rep_outcome (*const past_steps[])(struct rep_session *s) = {
	[FMT_node] = step_node, [FMT_file] = step_file, [FMT_panic] = step_panic, [FMT_start] = rep__step_start,
	[FMT_exec] = rep__past_exec, [FMT_clone] = rep__past_clone, [FMT_exit] = rep__step_exit, [FMT_image] = rep__step_image,
	[FMT_node_down] = step_panic, [FMT_node_up] = step_node_up, [FMT_clock] = step_clock, [FMT_node_past] = step_node_past,
};

static enum rep_outcome dispatch_past(struct rep_session *s)
{
	const uint32_t kind = s->event->kind;

	if (kind < sizeof(past_steps) / sizeof(past_steps[0]) && past_steps[kind])
		return past_steps[kind](s);
	if (!fmt_kind_info(kind))
		s->report->unknown++;
	return REP_AGREES;
}

static enum rep_outcome dispatch(struct rep_session *s)
{
	const uint32_t kind = s->event->kind;

	if (s->event->seq < s->begins)
		return dispatch_past(s);

	if (s->ended)
		return rep__trace_error(s, "it comes after the end of the run");
	if (kind == FMT_keyframe || kind == FMT_image)
		return rep__trace_error(s, "no run begins twice");
	if (kind < sizeof(steps) / sizeof(steps[0]) && steps[kind])
		return steps[kind](s);
	if (!fmt_kind_info(kind))
		s->report->unknown++;
	return REP_AGREES;
}

bool rep_session_wants(const struct rep_session *session, node_id node)
{
	if (session->only_name && !session->only_node)
		return false;
	return !session->only_node || node == session->only_node || node == 0;
}

/* Files that others change are the selected process's too. */
static enum rep_outcome skip(struct rep_session *s)
{
	struct fmt_value values[FMT_FIELD_MAX];
	const struct fmt_kind_info *info = fmt_kind_info(s->event->kind);
	char reason[REP_REASON_SIZE];

	s->report->skipped++;
	if (!s->selection.count || s->event->node != s->selection.node || !info ||
	    fmt_event_values(s->event, values) < 0)
		return REP_AGREES;
	for (size_t i = 0; i < info->field_count; i++)
		if (info->fields[i].type == 'E' &&
		    rep__effects_of_files(values[i].bytes, &s->content, s->event, reason) != REP_AGREES)
			return rep__trace_error(s, "%s", reason);
	return REP_AGREES;
}

/* Its first event is an exec whose thread nobody has told of. */
static enum rep_outcome begin_selected(struct rep_session *s)
{
	if (!s->selection.count || !rep__selection_begins(&s->selection, &s->world, s->event))
		return REP_AGREES;
	return rep__begin_process(s, s->event->tid, (struct fmt_bytes){(const uint8_t *)"", 0});
}

static void note_sharing(struct rep_session *s, const struct fmt_event *event)
{
	const struct rep_thread *thread =
		s->content.mapped_shared ? rep__thread_get(&s->world, event->node, event->tid) : NULL;

	if (thread)
		thread->process->shares = true;
	s->content.mapped_shared = false;
}

static bool is_wanted(const struct rep_session *s, const struct fmt_event *event)
{
	if (event->kind != FMT_node && !rep_session_wants(s, event->node))
		return false;
	/* Who does not belong to the selection is let go of when the past is over. */
	if (event->seq < s->begins)
		return event->kind != FMT_image || rep__selection_wants(&s->selection, &s->world, event);
	return rep__selection_wants(&s->selection, &s->world, event);
}

enum rep_outcome rep_session_step(struct rep_session *session, const struct fmt_event *event)
{
	if (session->stopped)
		return session->report->outcome;
	session->event = event;
	if (!is_wanted(session, event)) {
		const enum rep_outcome skipped = skip(session);

		session->event = NULL;
		return skipped;
	}
	if (session->cpus)
		rec_cpus_keep(session->cpus, /* worker= */ 0, session->world.tracer);
	enum rep_outcome outcome = begin_selected(session);

	if (outcome == REP_AGREES)
		outcome = dispatch(session);
	struct rep_node *node = rep__node_get(&session->world, event->node);

	session->event = NULL;
	session->suspended = outcome == REP_SUSPENDED;
	CHECK((outcome == REP_AGREES || outcome == REP_SUSPENDED) == !session->stopped);
	if (outcome != REP_AGREES)
		return outcome;
	session->report->executed++;
	note_sharing(session, event);
	if (event->seq + 1 >= session->begins)
		rep__selection_passed(&session->selection, &session->world, event->seq);
	if (node) {
		node->has_last = true;
		node->last = event->seq;
	}
	return REP_AGREES;
}

/* ---- the session ------------------------------------------------------ */

/* Each node has a clock and each mapped file a descriptor: the usual limit of 1024 is soon met. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	/* When it fails, the first file too many says so. */
	(void)!setrlimit(RLIMIT_NOFILE, &limit);
}

/* What no honest program of one host needs more of in another. */
static uint64_t host_memory(void)
{
	return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static enum rep_outcome refuse(struct rep_report *report, enum rep_outcome outcome, const char *reason)
{
	rep__forget_verdict(report);
	report->outcome = outcome;
	report->reason = strdup(reason);
	CHECK(report->reason);
	return outcome;
}

/* How many events are the past.  What cannot be read is told of when its turn comes. */
static event_seq find_beginning(struct fmt_reader *reader)
{
	static const uint32_t kinds[] = {FMT_keyframe};
	const struct fmt_want want = {.kinds = kinds, .kind_count = 1};
	struct fmt_event event;
	event_seq seq = 0;

	return fmt_reader_find(reader, &want, /* backwards= */ false, &seq, &event, NULL) > 0 ? seq + 1 : 0;
}

enum rep_outcome rep_session_new(struct fmt_reader *reader, node_id only_node,
				 const char *only_name, struct rep_report *report,
				 struct rep_session **ret)
{
	struct rec_tracer *tracer;
	const char *reason = NULL;
	struct rep_model model;
	enum rep_outcome outcome = rep__model_load(reader, &model, &reason);

	if (outcome != REP_AGREES)
		return refuse(report, outcome, reason);
	raise_descriptor_limit();
	const int error = rec_tracer_new(&tracer, &reason);

	if (error < 0)
		return refuse(report, REP_HOST_CANNOT, reason ? reason : strerror(-error));
	const int unlimited = rec_tracer_limit(tracer, host_memory());

	if (unlimited < 0) {
		rec_tracer_free(tracer);
		return refuse(report, REP_HOST_CANNOT, strerror(-unlimited));
	}
	struct rep_session *session = calloc(1, sizeof(*session));

	CHECK(session);
	session->report = report;
	session->only_node = only_node;
	session->model = model;
	session->only_name = only_name ? strdup(only_name) : NULL;
	CHECK(!only_name || session->only_name);
	rep__world_init(&session->world, tracer);
	session->cpus = rec_cpus_new(/* workers= */ 1);
	rep__content_init(&session->content, reader);
	session->begins = find_beginning(reader);
	*ret = session;
	return REP_AGREES;
}

event_seq rep_session_begins(const struct rep_session *session)
{
	return session->begins;
}

enum rep_outcome rep_session_select(struct rep_session *session, uint32_t pid)
{
	const int r = rep__selection_make(session->content.reader, session->only_node, session->only_name, pid,
					  &session->selection);

	if (r == 0)
		return REP_AGREES;
	session->report->absent = r == -ESRCH;
	return refuse(session->report, REP_TRACE_ERROR,
		      r == -ESRCH ? "the node has no such process" :
		      r == -EMFILE ? "the process has too many ancestors" : "its events cannot be read");
}

void rep_session_own_reader(struct rep_session *session)
{
	session->own_reader = session->content.reader;
}

void rep_session_free(struct rep_session *session)
{
	if (!session)
		return;
	/* The next session of this thread is to have all processors to choose from. */
	if (session->cpus)
		rec_cpus_let_go(session->cpus, /* worker= */ 0, session->world.tracer);
	rep__world_done(&session->world);
	rec_cpus_free(session->cpus);
	rep__content_done(&session->content);
	fmt_reader_close(session->own_reader);
	free(session->only_name);
	free(session);
}

void rep_session_interrupt(const struct rep_session *session)
{
	rec_tracer_interrupt(session->world.tracer);
}

bool rep_session_found_node(const struct rep_session *session)
{
	if (session->only_name || session->only_node)
		return session->only_node && rep__node_get(&session->world, session->only_node);
	return true;
}

const char *rep_session_node_name(const struct rep_session *session, node_id node)
{
	const struct rep_node *found = rep__node_get(&session->world, node);

	return found ? found->name : "";
}

size_t rep_session_node_count(const struct rep_session *session)
{
	return session->world.node_count;
}

struct rec_tracee *rep_session_tracee(const struct rep_session *session, node_id node, uint32_t tid)
{
	const struct rep_thread *thread = rep__thread_get(&session->world, node, tid);

	return thread ? thread->tracee : NULL;
}
