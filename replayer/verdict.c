/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verdict.c - what a session says about the event in hand when it does not agree. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "session-int.h"

void rep__forget_verdict(struct rep_report *report)
{
	free(report->reason);
	free(report->expected);
	free(report->got);
	report->reason = report->expected = report->got = NULL;
}

static char *event_text(const struct fmt_event *event)
{
	_cleanup_(fmt_buf_done) struct fmt_buf text = {0};

	fmt_event_text(event, &text);
	char *copy = strndup(text.data ? (const char *)text.data : "", text.size);

	CHECK(copy);
	return copy;
}

/* Where the event in hand stands. */
static void note_place(struct rep_session *s)
{
	struct rep_report *report = s->report;
	const struct fmt_event *event = s->event;
	const struct rep_node *node = rep__node_get(&s->world, event->node);
	const struct rep_thread *thread = rep__thread_get(&s->world, event->node, event->tid);

	report->has_event = true;
	report->seq = event->seq;
	report->vtime = event->vtime;
	report->node = event->node;
	report->tid = event->tid;
	memcpy(report->node_name, node ? node->name : "", node ? sizeof(node->name) : 1);
	memcpy(report->program, thread ? thread->process->name : "",
	       thread ? sizeof(thread->process->name) : 1);
	report->has_last_common = node && node->has_last;
	report->last_common = node ? node->last : 0;
	report->expected = event_text(event);
}

static enum rep_outcome verdict(struct rep_session *s, enum rep_outcome outcome, const char *format,
				va_list list)
{
	CHECK(outcome != REP_AGREES && !s->stopped);
	s->stopped = true;
	rep__forget_verdict(s->report);
	s->report->outcome = outcome;
	CHECK(vasprintf(&s->report->reason, format, list) >= 0);
	note_place(s);
	return outcome;
}

__attribute__((format(printf, 2, 3))) enum rep_outcome rep__trace_error(struct rep_session *s,
									   const char *format, ...)
{
	va_list list;

	va_start(list, format);
	const enum rep_outcome outcome = verdict(s, REP_TRACE_ERROR, format, list);

	va_end(list);
	return outcome;
}

__attribute__((format(printf, 2, 3))) enum rep_outcome rep__host_cannot(struct rep_session *s,
									   const char *format, ...)
{
	va_list list;

	va_start(list, format);
	const enum rep_outcome outcome = verdict(s, REP_HOST_CANNOT, format, list);

	va_end(list);
	return outcome;
}

enum rep_outcome rep__diverged(struct rep_session *s, const struct fmt_buf *got, const char *format, ...)
{
	struct fmt_event event;
	size_t pos = 0;
	va_list list;

	va_start(list, format);
	const enum rep_outcome outcome = verdict(s, REP_DIVERGED, format, list);

	va_end(list);
	if (got && fmt_record_next(got->data, got->size, &pos, &event) > 0) {
		event.seq = s->event->seq;
		s->report->got = event_text(&event);
	}
	return outcome;
}

enum rep_outcome rep__damaged(struct rep_session *s)
{
	return rep__trace_error(s, "the fields of this event are damaged");
}
