/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-note.c - `hindcast note`: what people have to say to a place of a run. */
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "command.h"
#include "dump.h"
#include "fmt-commands.h"
#include "place.h"

/* A place as --at has it.  0: *ret is the event; the last one when the place is behind it. */
static int find_position(struct fmt_reader *reader, const char *text, event_seq *ret, struct fmt_error *error)
{
	vtime_ns vtime;
	const int failed = fmt_place_parse(reader, text, ret, &vtime, error);

	if (failed == 0 && *ret && *ret == fmt_reader_count(reader))
		--*ret;
	return failed;
}

static const char *user_name(void)
{
	const struct passwd *user = getpwuid(getuid());

	return user && user->pw_name[0] ? user->pw_name : "unknown";
}

static enum fmt_status add(const struct fmt_arguments *args)
{
	const char *const path = args->operand[1], *const at = args->value[FMT_OPTION_AT];
	const char *const author = args->value[FMT_OPTION_AUTHOR];
	enum fmt_status status = FMT_STATUS_OK;
	struct fmt_error error = {{0}};
	struct fmt_note note = {.author = author ? author : user_name(), .text = args->operand[2], .time_s = fmt_note_time_s()};
	uint64_t id = 0;
	struct fmt_reader *reader = fmt_open_trace(path, &status);

	if (!reader)
		return status;
	int r = at ? find_position(reader, at, &note.seq, &error) : 0;

	if (r < 0)
		return fmt_close_trace(reader, path, r, &error);
	fmt_reader_close(reader);
	r = fmt_note_add(path, &note, &id, &error);
	if (r == 0)
		printf("note %" PRIu64 " at event %" PRIu64 "\n", id, note.seq);
	return fmt_close_trace(NULL, path, r, &error);
}

static enum fmt_status list(const struct fmt_arguments *args)
{
	const char *const path = args->operand[1];
	enum fmt_status status = FMT_STATUS_OK;
	struct fmt_error error = {{0}};
	struct fmt_reader *reader = fmt_open_trace(path, &status);
	const struct fmt_note *note;
	int r = 0;

	for (size_t i = 0; reader && r == 0 && (note = fmt_reader_note(reader, i)); i++) {
		_cleanup_(fmt_buf_done) struct fmt_buf line = {0};

		r = fmt_put_note_text(&line, reader, note, &error);
		if (r == 0)
			printf("%" PRIu64 "  %.*s\n", note->id, (int)line.size, (const char *)line.data);
	}
	return reader ? fmt_close_trace(reader, path, r, &error) : status;
}

static enum fmt_status remove_one(const struct fmt_arguments *args)
{
	struct fmt_error error = {{0}};
	uint64_t id;

	if (!fmt_parse_number(args->operand[2], &id)) {
		fmt_complain("%s is not the number of a note", args->operand[2]);
		return FMT_STATUS_USAGE;
	}
	return fmt_close_trace(NULL, args->operand[1], fmt_note_remove(args->operand[1], id, &error), &error);
}

static enum fmt_status command_note(const struct fmt_arguments *args)
{
	static const struct {
		const char *name, *what;
		size_t operands;
		enum fmt_status (*run)(const struct fmt_arguments *args);
	} actions[] = {
		{"add", "the trace and a text", 3, add},
		{"list", "the trace", 2, list},
		{"remove", "the trace and a number", 3, remove_one},
	};

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(args->operand[0], actions[i].name) != 0)
			continue;
		if (args->operand_count == actions[i].operands)
			return actions[i].run(args);
		fmt_complain("note %s takes %s", actions[i].name, actions[i].what);
		return FMT_STATUS_USAGE;
	}
	fmt_complain("note does not know \"%s\"; it knows add, list, remove", args->operand[0]);
	return FMT_STATUS_USAGE;
}

const struct fmt_command fmt_cmd_note = {
	.name = "note",
	.usage = "add|list|remove TRACE [TEXT|NUMBER]",
	.summary = "write to a place of a run, list what was written, remove it",
	.options = "at author",
	.operand_min = 2,
	.operand_max = 3,
	.run = command_note,
};
