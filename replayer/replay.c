/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "session.h"
#include "trace.h"

static void set_reason(struct rep_report *report, enum rep_outcome outcome, const char *text)
{
	free(report->reason);
	report->outcome = outcome;
	report->reason = strdup(text);
	CHECK(report->reason);
}

/* Lines of a program, as they would have stood on a terminal; with their node before them when there are several.
 * A trace may come from a stranger, and a terminal obeys what is printed on it: careful is for terminals. */
static void print_lines(struct fmt_bytes text, const char *node, bool careful, FILE *to)
{
	bool at_start = true;

	for (size_t i = 0; i < text.size; i++) {
		const uint8_t c = text.data[i];
		const bool control = (c < ' ' && c != '\n' && c != '\t') || c == 0x7f;

		if (at_start && node)
			fprintf(to, "%s: ", node);
		fputc(careful && control ? '?' : c, to);
		at_start = c == '\n';
	}
	if (!at_start)
		fputc('\n', to);
}

static void print_output(const struct rep_session *session, const struct fmt_event *event, FILE *to)
{
	struct fmt_ev_output ev;
	const bool several = rep_session_node_count(session) > 1;

	/* A stream in memory has no descriptor, and is no terminal. */
	if (fmt_get_output(event, &ev) == 0)
		print_lines(ev.text, several ? rep_session_node_name(session, event->node) : NULL,
			    fileno(to) >= 0 && isatty(fileno(to)), to);
}

static enum rep_outcome replay_events(struct rep_session *session, struct fmt_reader *reader,
				      const struct rep_options *options, struct rep_report *report)
{
	FILE *output = options->output ? options->output : stdout;
	struct fmt_error error = {0};
	struct fmt_event event;

	for (event_seq seq = 0; seq < report->event_count; seq++) {
		if (fmt_reader_event(reader, seq, &event, &error) < 0) {
			set_reason(report, REP_TRACE_ERROR, error.text);
			return REP_TRACE_ERROR;
		}
		const enum rep_outcome outcome = rep_session_step(session, &event);

		if (outcome != REP_AGREES)
			return outcome;
		if (event.kind == FMT_output && !options->check &&
		    rep_session_wants(session, event.node))
			print_output(session, &event, output);
	}
	if (!rep_session_found_node(session)) {
		set_reason(report, REP_TRACE_ERROR, "the trace has no such node");
		report->absent = true;
		return REP_TRACE_ERROR;
	}
	return REP_AGREES;
}

int rep_replay(const char *trace_path, const struct rep_options *options, struct rep_report *ret)
{
	struct fmt_error error = {0};
	struct fmt_reader *reader;

	CHECK(trace_path && options && ret);
	*ret = (struct rep_report){0};
	const int failed = fmt_reader_open(trace_path, &reader, &error);

	if (failed < 0) {
		set_reason(ret, REP_TRACE_ERROR, error.text[0] ? error.text : strerror(-failed));
		return ret->outcome;
	}
	ret->event_count = fmt_reader_count(reader);
	ret->unfinished = !fmt_reader_finished(reader);
	const enum rep_outcome outcome = rep_session_new(reader, options->node, options->node_name,
							 ret, &ret->session);

	if (outcome != REP_AGREES) {
		fmt_reader_close(reader);
		return outcome;
	}
	rep_session_own_reader(ret->session);
	if (options->pid && rep_session_select(ret->session, options->pid) != REP_AGREES)
		return ret->outcome;
	ret->outcome = replay_events(ret->session, reader, options, ret);
	return ret->outcome;
}
