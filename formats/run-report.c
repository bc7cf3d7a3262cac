/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run-report.c - a run as Markdown, for a bug tracker: what ran, how it ended, what went wrong, what people noted, who spoke to whom
 * last, and how to open it.
 */
#include "run-report.h"

#include <string.h>
#include <sys/wait.h>
#include <signal.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "dump.h"
#include "packet-text.h"
#include "roster.h"
#include "text.h"

#define ARROWS 24			/* of the diagram */
#define COLUMN 14			/* characters for a node */
#define COLUMNS_MAX 12			/* nodes */
#define TROUBLES_MAX 40

struct report {
	struct fmt_reader *reader;
	FILE *out;
	struct fmt_roster roster;
	event_seq trouble;		/* the first process that failed or thing that broke */
	bool has_trouble;
};

/* ---- what went wrong ---- */

static bool is_failure(const struct fmt_event *event)
{
	struct fmt_ev_exit ev;

	if (event->kind != FMT_exit)
		return true;
	if (fmt_get_exit(event, &ev) < 0 || !ev.last)
		return false;
	const int code = (int)ev.code;

	/* SIGTERM is how an experiment ends what it started. */
	return WIFSIGNALED(code) ? WTERMSIG(code) != SIGTERM : WEXITSTATUS(code) != 0;
}

/* Kinds whose events are looked at one by one.  The exit of a process that succeeded is left out then. */
static int print_troubles(struct report *report, struct fmt_error *error)
{
	static const uint32_t kinds[] = {FMT_panic, FMT_warn, FMT_host_change, FMT_fault, FMT_exit, FMT_link_change,
					 FMT_carrier};
	const struct fmt_want want = {.kinds = kinds, .kind_count = sizeof(kinds) / sizeof(kinds[0])};
	struct fmt_event event;
	unsigned long count = 0;
	event_seq at = 0;
	int got;

	for (; (got = fmt_reader_find(report->reader, &want, /* backwards= */ false, &at, &event, error)) > 0; at++) {
		_cleanup_(fmt_buf_done) struct fmt_buf line = {0};
		char name[16];

		if (!is_failure(&event))
			continue;
		if (event.kind != FMT_link_change && event.kind != FMT_carrier && !report->has_trouble) {
			report->has_trouble = true;
			report->trouble = event.seq;
		}
		if (count++ >= TROUBLES_MAX)
			continue;
		fmt_put_event(&line, &event, fmt_roster_node(&report->roster, event.node, name));
		fprintf(report->out, "    %.*s\n", (int)line.size, (const char *)line.data);
	}
	if (!count)
		fprintf(report->out, "Nothing: no process failed, no link changed.\n");
	if (count > TROUBLES_MAX)
		fprintf(report->out, "    ... and %lu more\n", count - TROUBLES_MAX);
	return got;
}

/* ---- notes ---- */

static int print_notes(struct report *report, struct fmt_error *error)
{
	const struct fmt_note *note;
	int failed = 0;

	for (size_t i = 0; failed == 0 && (note = fmt_reader_note(report->reader, i)); i++) {
		_cleanup_(fmt_buf_done) struct fmt_buf line = {0};

		failed = fmt_put_note_text(&line, report->reader, note, error);
		if (failed == 0)
			fprintf(report->out, "* %.*s\n", (int)line.size, (const char *)line.data);
	}
	if (!fmt_reader_note(report->reader, 0))
		fprintf(report->out, "None.\n");
	return failed;
}

/* ---- the diagram ---- */

static size_t column_of(const struct report *report, node_id node)
{
	for (size_t i = 0; i < report->roster.node_count && i < COLUMNS_MAX; i++)
		if (report->roster.nodes[i].id == node)
			return i;
	return COLUMNS_MAX;
}

static void print_names(const struct report *report)
{
	fprintf(report->out, "%18s", "");
	for (size_t i = 0; i < report->roster.node_count && i < COLUMNS_MAX; i++)
		fprintf(report->out, "%-*.*s", COLUMN, COLUMN - 2, report->roster.nodes[i].name);
	fprintf(report->out, "\n");
}

/* Lifelines, and an arrow between two of them that ends in head. */
static void print_arrow(const struct report *report, const struct fmt_event *event, size_t from, size_t to, char head,
			const char *gist)
{
	const size_t count = report->roster.node_count < COLUMNS_MAX ? report->roster.node_count : COLUMNS_MAX;
	const size_t low = from < to ? from : to, high = from < to ? to : from;
	char line[COLUMN * COLUMNS_MAX + 1];

	memset(line, ' ', sizeof(line));
	for (size_t i = 0; i < count; i++)
		line[i * COLUMN] = '|';
	if (high < COLUMNS_MAX) {
		memset(line + low * COLUMN + 1, '-', (high - low) * COLUMN - 1);
		line[from < to ? to * COLUMN - 1 : to * COLUMN + 1] = head;
	}
	fprintf(report->out, "%14llu.%03llu %.*s %s\n", (unsigned long long)(event->vtime / 1000000),
		(unsigned long long)(event->vtime / 1000 % 1000), (int)((count - 1) * COLUMN + 1), line, gist);
}

static uint64_t packet_of(const struct fmt_event *event, uint64_t *ret_link)
{
	struct fmt_ev_packet_recv recv;
	struct fmt_ev_packet_drop drop;

	if (event->kind == FMT_packet_recv && fmt_get_packet_recv(event, &recv) == 0) {
		*ret_link = recv.link;
		return recv.packet;
	}
	if (event->kind != FMT_packet_drop || fmt_get_packet_drop(event, &drop) < 0)
		return 0;
	*ret_link = drop.link;
	return drop.packet;
}

/* The other end of a link; the node itself when it is not known. */
static node_id peer_of(const struct report *report, uint64_t link_id, node_id node)
{
	const struct fmt_roster_link *link = fmt_roster_link(&report->roster, link_id);

	if (!link)
		return node;
	return (node_id)(link->node_a == node ? link->node_b : link->node_a);
}

static int print_packet(struct report *report, const struct fmt_event *event, struct fmt_error *error)
{
	_cleanup_(fmt_buf_done) struct fmt_buf gist = {0};
	const bool lost = event->kind == FMT_packet_drop;
	uint64_t link = 0;
	const struct fmt_want want = {.has_packet = true, .packet = packet_of(event, &link)};
	struct fmt_ev_packet_send ev;
	struct fmt_event sent;
	struct fmt_frame frame;
	event_seq at = event->seq;
	const int got = fmt_reader_find(report->reader, &want, /* backwards= */ true, &at, &sent, error);

	if (got <= 0 || fmt_get_packet_send(&sent, &ev) < 0)
		return got < 0 ? got : 0;
	fmt_frame_decode(ev.frame.data, ev.frame.size, &frame);
	fmt_put_frame_gist(&gist, &frame);
	fmt_put_text(&gist, lost ? " (lost)" : "");
	fmt_buf_put(&gist, "", 1);
	const size_t from = column_of(report, sent.node), to = column_of(report, peer_of(report, link, sent.node));

	if (from < COLUMNS_MAX && to < COLUMNS_MAX && from != to)
		print_arrow(report, event, from, to, lost ? 'x' : from < to ? '>' : '<', (const char *)gist.data);
	return 0;
}

/* The packets that arrived or were lost up to an event, the last ones. */
static int print_diagram(struct report *report, event_seq end, struct fmt_error *error)
{
	static const uint32_t kinds[] = {FMT_packet_recv, FMT_packet_drop};
	const struct fmt_want want = {.kinds = kinds, .kind_count = 2};
	event_seq places[ARROWS], at = end;
	struct fmt_event event;
	size_t count = 0;
	int got = 1;

	while (count < ARROWS && (got = fmt_reader_find(report->reader, &want, /* backwards= */ true, &at, &event, error)) > 0) {
		places[count++] = at;
		if (at-- == 0)
			break;
	}
	if (got < 0)
		return got;
	if (!count) {
		fprintf(report->out, "No packet was sent before that.\n");
		return 0;
	}
	fprintf(report->out, "```\n%18s\n", "ms");
	print_names(report);
	while (got >= 0 && count-- > 0) {
		got = fmt_reader_event(report->reader, places[count], &event, error);
		if (got == 0)
			got = print_packet(report, &event, error);
	}
	fprintf(report->out, "```\n");
	return got < 0 ? got : 0;
}

/* ---- the whole ---- */

static int learn(struct report *report, struct fmt_error *error)
{
	struct fmt_event event;

	for (event_seq seq = 0; seq < fmt_reader_count(report->reader); seq++) {
		const int failed = fmt_reader_event(report->reader, seq, &event, error);

		if (failed < 0)
			return failed;
		if (event.vtime > 0)
			break;
		fmt_roster_learn(&report->roster, &event);
	}
	return 0;
}

/* Where to look: at the first note, the first failure, or the end. */
static event_seq place_of_interest(const struct report *report, const char **ret_why)
{
	const struct fmt_note *note = fmt_reader_note(report->reader, 0);

	*ret_why = note ? "the first note" : report->has_trouble ? "the first thing that went wrong" : "the end";
	if (note)
		return note->seq;
	return report->has_trouble ? report->trouble : fmt_reader_count(report->reader);
}

static void print_experiment(struct report *report)
{
	size_t size = 0;
	const char *text = fmt_reader_meta(report->reader, "experiment", &size);

	if (!text)
		return;
	fprintf(report->out, "\n## The experiment\n\n");
	while (size) {
		const char *end = memchr(text, '\n', size);
		const size_t line = end ? (size_t)(end - text) : size;

		fprintf(report->out, "    %.*s\n", (int)line, text);
		text += line + !!end;
		size -= line + !!end;
	}
}

static int print_report(struct report *report, const char *name, const char *version, struct fmt_error *error)
{
	FILE *out = report->out;
	const char *why;

	fprintf(out, "# A run that hindcast recorded: %s\n\nReported by hindcast %s. To open it:\n\n", name, version);
	fprintf(out, "    hindcast inspect %s\n    hindcast dump --story %s\n    hindcast replay --check %s\n", name, name, name);
	fprintf(out, "\n## What ran, and how it ended\n\n```\n");
	int failed = fmt_info(report->reader, out, /* json= */ false, error);

	fprintf(out, "```\n\n## What went wrong\n\n");
	if (failed == 0)
		failed = print_troubles(report, error);
	fprintf(out, "\n## Notes\n\n");
	if (failed == 0)
		failed = print_notes(report, error);
	const event_seq place = place_of_interest(report, &why);

	fprintf(out, "\n## The packets before %s\n\n", why);
	if (failed == 0)
		failed = print_diagram(report, place, error);
	print_experiment(report);
	return failed;
}

int fmt_report(struct fmt_reader *reader, FILE *out, const char *name, const char *version, struct fmt_error *error)
{
	struct report report = {.reader = reader, .out = out};
	int failed = learn(&report, error);

	if (failed == 0)
		failed = print_report(&report, name, version, error);
	fmt_roster_done(&report.roster);
	if (failed == 0 && (fflush(out) != 0 || ferror(out))) {
		snprintf(error->text, sizeof(error->text), "cannot write");
		failed = -EIO;
	}
	return failed;
}
