/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gdb-monitor.c - "monitor ..." at gdb's prompt: what is not about one program but about the run. */
#include "gdb-int.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "filter.h"

#define NS_PER_S UINT64_C(1000000000)
#define EVENTS_SHOWN 10
#define EVENTS_MAX 10000

__attribute__((format(printf, 2, 3))) static void say(struct fmt_buf *out, const char *format, ...)
{
	char line[4096];
	va_list list;

	va_start(list, format);
	const int size = vsnprintf(line, sizeof(line), format, list);

	va_end(list);
	CHECK(size >= 0);
	fmt_buf_put(out, line, (size_t)size < sizeof(line) ? (size_t)size : sizeof(line) - 1);
}

static void say_clock(struct rep_gdb *gdb, const char *rest, struct fmt_buf *out)
{
	const vtime_ns now = rep_timeline_vtime(gdb->tl);

	(void)rest;
	say(out, "%" PRIu64 ".%09" PRIu64 " s\n", now / NS_PER_S, now % NS_PER_S);
}

static void say_where(struct rep_gdb *gdb, const char *rest, struct fmt_buf *out)
{
	char text[REP_POSITION_TEXT_SIZE];
	struct rep_position position;

	if (rep_timeline_position(gdb->tl, &position) < 0) {
		say(out, "the position cannot be told: the replay was interrupted, or diverged\n");
		return;
	}
	rep_position_text(&position, text);
	say(out, "%s of %" PRIu64 " events, ", text, rep_timeline_count(gdb->tl));
	say_clock(gdb, rest, out);
	rep__gdb_put_trouble(gdb, out);
}

static void say_nodes(struct rep_gdb *gdb, const char *rest, struct fmt_buf *out)
{
	const struct rep_thread_info *t;
	const size_t count = rep_timeline_threads(gdb->tl, &t);

	(void)rest;
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || t[i].node != t[i - 1].node)
			say(out, "node %u %s\n", t[i].node, t[i].node_name);
		if (i == 0 || t[i].node != t[i - 1].node || t[i].pid != t[i - 1].pid)
			say(out, "  process %u %s, for gdb %" PRIu64 "\n", t[i].pid, t[i].name,
			    rep__gdb_id(t[i].node, t[i].pid));
	}
}

/* For the script that gdb is started with. */
static void say_numbers(struct rep_gdb *gdb, const char *rest, struct fmt_buf *out)
{
	const struct rep_thread_info *t;
	const size_t count = rep_timeline_threads(gdb->tl, &t);

	(void)rest;
	for (size_t i = 0; i < count; i++)
		if (t[i].has_program && (i == 0 || t[i].node != t[i - 1].node || t[i].pid != t[i - 1].pid))
			say(out, "%" PRIu64 "\n", rep__gdb_id(t[i].node, t[i].pid));
}

static void say_event(const struct fmt_event *event, struct fmt_buf *out)
{
	fmt_event_text(event, out);
	fmt_buf_put(out, "\n", 1);
}

/* "events", "events 20", "events 20 FILTER": what comes next. */
static void say_events(struct rep_gdb *gdb, const char *rest, struct fmt_buf *out)
{
	struct fmt_reader *reader = rep_timeline_reader(gdb->tl);
	char *filter_text = NULL;
	uint64_t wanted = strtoull(rest, &filter_text, 10);
	struct fmt_roster roster = {0};
	struct fmt_filter *filter;
	struct fmt_error error;
	struct fmt_event event;

	if (filter_text == rest)
		wanted = EVENTS_SHOWN;
	if (fmt_filter_new_for(filter_text, reader, &filter, &error) < 0) {
		say(out, "%s\n", error.text);
		return;
	}
	const event_seq here = rep_timeline_seq(gdb->tl, NULL);

	for (event_seq seq = 0; seq < rep_timeline_count(gdb->tl) && wanted > 0; seq++) {
		if (fmt_reader_event(reader, seq, &event, NULL) < 0)
			break;
		fmt_roster_learn(&roster, &event);
		if (fmt_filter_match(filter, &event, &roster) && seq >= here && out->size < EVENTS_MAX * 200) {
			say_event(&event, out);
			wanted--;
		}
	}
	fmt_filter_free(filter);
	fmt_roster_done(&roster);
}

/* gdb shows a new place only after a step, so the step that follows goes there; the command `seek` that gdb is started with does
 * both. */
static void set_target(struct rep_gdb *gdb, const char *rest, struct fmt_buf *out)
{
	struct fmt_error error;

	if (rep_timeline_parse(gdb->tl, rest, &gdb->target, &error) < 0) {
		say(out, "%s\n", error.text);
		return;
	}
	gdb->has_target = true;
}

static void say_trouble(struct rep_gdb *gdb, const char *rest, struct fmt_buf *out)
{
	(void)rest;
	rep__gdb_put_trouble(gdb, out);
}

static void say_help(struct rep_gdb *gdb, const char *rest, struct fmt_buf *out);

static const struct command {
	const char *name;
	void (*run)(struct rep_gdb *gdb, const char *rest, struct fmt_buf *out);
	const char *help;
} commands[] = {
	{"clock", say_clock, "virtual time"},
	{"where", say_where, "position: for seek, --at and others; and what is wrong there"},
	{"trouble", say_trouble, "the same without the position: why the replay diverged here, nothing if it did not"},
	{"nodes", say_nodes, "nodes and their processes"},
	{"numbers", say_numbers, "gdb's numbers of all processes that live now"},
	{"events", say_events, "[COUNT [FILTER]]: the events that come next"},
	{"seek", set_target, "POSITION: the next step goes there (the command seek does both)"},
	{"help", say_help, "this"},
};

static void say_help(struct rep_gdb *gdb, const char *rest, struct fmt_buf *out)
{
	(void)gdb, (void)rest;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		say(out, "monitor %-7s %s\n", commands[i].name, commands[i].help);
}

void rep__gdb_monitor(struct rep_gdb *gdb, const char *line)
{
	struct fmt_buf out = {0};
	const struct command *found = NULL;
	const size_t length = strcspn(line, " ");
	const char *rest = line + length + strspn(line + length, " ");

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strlen(commands[i].name) == length && strncmp(line, commands[i].name, length) == 0)
			found = &commands[i];
	if (found)
		found->run(gdb, rest, &out);
	else
		say(&out, "there is no such command; try: monitor help\n");
	/* In pieces that gdb's buffer holds. */
	for (size_t at = 0; at < out.size; at += 8192)
		rep__gdb_console(gdb, (const char *)out.data + at, out.size - at < 8192 ? out.size - at : 8192);
	fmt_buf_done(&out);
}
