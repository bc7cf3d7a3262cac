/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source-noted.h"

#include <errno.h>
#include <stdio.h>

#include "base/check.h"
#include "control-int.h"

struct noted {
	struct rep_control *control;
	void (*take)(void *arg, const struct rep_place_info *place);
	void *arg;
};

static void take_stack(const struct noted *noted, node_id node, uint32_t tid, uint32_t pid)
{
	struct rep_control *c = noted->control;
	const struct rep_frame *frames;
	struct rep_place_info place;
	size_t count;

	if (rep__stack(c, node, tid, &frames, &count) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		rep_place_of(c->symbols, rep__target(c, node, pid), rep_frame_place(&frames[i]), &place);
		if (place.file)
			noted->take(noted->arg, &place);
	}
}

/* False: that thread is not there. */
static bool take_thread(const struct noted *noted, node_id node, uint32_t tid)
{
	struct rep_thread_info thread;

	if (!tid || rep_timeline_thread(noted->control->timeline, node, tid, &thread) < 0 || !thread.has_program)
		return false;
	take_stack(noted, node, tid, thread.pid);
	return true;
}

/* node 0: all. */
static void take_node(const struct noted *noted, node_id node)
{
	const struct rep_thread_info *threads;
	const size_t count = rep_timeline_threads(noted->control->timeline, &threads);

	for (size_t i = 0; i < count; i++)
		if (threads[i].has_program && (!node || threads[i].node == node))
			take_stack(noted, threads[i].node, threads[i].tid, threads[i].pid);
}

static int go(const struct noted *noted, event_seq note, event_seq seq, struct fmt_error *error)
{
	struct rep_control *c = noted->control;
	const event_seq first = rep_timeline_first(c->timeline);
	struct rep_stop stop;

	rep_timeline_seek(c->timeline, &(struct rep_position){.seq = seq < first ? first : seq}, &stop);
	c->move++;
	if (stop.why != REP_WHY_DIVERGED && stop.why != REP_WHY_FAILED)
		return 0;
	snprintf(error->text, sizeof(error->text), "it cannot be executed up to the note at @%llu", (unsigned long long)note);
	return -EIO;
}

static int take_note(const struct noted *noted, event_seq seq, struct fmt_error *error)
{
	struct fmt_event event;
	int r = fmt_reader_event(noted->control->reader, seq, &event, error);

	if (r == 0)
		r = go(noted, seq, seq + 1, error);
	if (r < 0 || take_thread(noted, event.node, event.tid))
		return r;
	/* The event has ended it, and perhaps all others: just before it was there. */
	if (event.tid && (r = go(noted, seq, seq, error)) < 0)
		return r;
	if (!take_thread(noted, event.node, event.tid))
		take_node(noted, event.node);
	return 0;
}

int rep__noted_places(const char *path, void (*take)(void *arg, const struct rep_place_info *place), void *arg, uint32_t *ret_notes,
		      struct fmt_error *error)
{
	_cleanup_(rep_control_freep) struct rep_control *control = NULL;
	struct noted noted = {.take = take, .arg = arg};
	const struct fmt_note *note;
	event_seq last = UINT64_MAX;
	uint32_t notes = 0;
	int r = rep_control_new(path, NULL, &control, error);

	noted.control = control;
	for (size_t i = 0; r == 0 && (note = fmt_reader_note(control->reader, i)); i++) {
		if (note->seq == last)
			continue;
		last = note->seq;
		r = take_note(&noted, last, error);
		notes++;
	}
	if (r == 0)
		*ret_notes = notes;
	return r;
}
