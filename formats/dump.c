/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dump.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "text.h"
#include "walk.h"

static int check_out(FILE *out, struct fmt_error *error)
{
	if (fflush(out) == 0 && !ferror(out))
		return 0;
	if (error)
		snprintf(error->text, sizeof(error->text), "cannot write: %s", strerror(errno));
	return -EIO;
}

static void dump_event(FILE *out, const struct fmt_event *event, const struct fmt_roster *roster,
		       struct fmt_buf *line)
{
	char buf[16];

	fmt_buf_clear(line);
	fmt_put_event(line, event, fmt_roster_node(roster, event->node, buf));
	fmt_buf_put(line, "\n", 1);
	fwrite(line->data, 1, line->size, out);
}

/* Calls put for each event that is wanted. */
static int dump(struct fmt_reader *r, FILE *out, const char *filter_text,
		void (*put)(FILE *out, const struct fmt_event *event, const struct fmt_roster *roster, struct fmt_buf *line),
		struct fmt_error *error)
{
	_cleanup_(fmt_buf_done) struct fmt_buf line = {0};
	_cleanup_(fmt_walk_done) struct fmt_walk walk = {0};
	struct fmt_event event;
	int got = fmt_walk_init(&walk, r, filter_text, error);

	while (got == 0 && !ferror(out)) {
		const int found = fmt_walk_next(&walk, &event, error);

		if (found <= 0)
			return found < 0 ? found : check_out(out, error);
		put(out, &event, &walk.roster, &line);
	}
	return got < 0 ? got : check_out(out, error);
}

int fmt_dump(struct fmt_reader *r, FILE *out, const char *filter_text, struct fmt_error *error)
{
	return dump(r, out, filter_text, dump_event, error);
}

/* ---- notes ---- */

static struct fmt_bytes bytes_of(const char *text)
{
	return (struct fmt_bytes){(const uint8_t *)text, strlen(text)};
}

int fmt_put_note_text(struct fmt_buf *out, struct fmt_reader *r, const struct fmt_note *note, struct fmt_error *error)
{
	const time_t seconds = (time_t)note->time_s;
	struct fmt_event event = {0};
	struct tm tm = {0};
	char when[64] = "?";
	const int failed = fmt_reader_count(r) ? fmt_reader_event(r, note->seq, &event, error) : 0;

	if (failed < 0)
		return failed;
	if (gmtime_r(&seconds, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M UTC", &tm);
	fmt_put_vtime(out, event.vtime);
	fmt_put_text(out, " @%llu ", (unsigned long long)note->seq);
	fmt_put_escaped(out, bytes_of(note->author));
	fmt_put_text(out, ", %s: ", when);
	fmt_put_escaped(out, bytes_of(note->text));
	return 0;
}

/* ---- as the document has it ---- */

static void put_plain_value(FILE *out, const struct fmt_field *field, const struct fmt_value *value)
{
	fprintf(out, " %s=", field->name);
	switch (field->type) {
	case 'U':
		fprintf(out, "%llu", (unsigned long long)value->u);
		return;
	case 'H':
		fprintf(out, "0x%llx", (unsigned long long)value->u);
		return;
	case 'S':
		fprintf(out, "%lld", (long long)value->u);
		return;
	default:
		for (size_t i = 0; i < value->bytes.size; i++)
			fprintf(out, "%02x", value->bytes.data[i]);
	}
}

static void dump_plain(FILE *out, const struct fmt_event *event, const struct fmt_roster *roster, struct fmt_buf *line)
{
	const struct fmt_kind_info *info = fmt_kind_info(event->kind);
	struct fmt_value values[FMT_FIELD_MAX];
	const int count = fmt_event_values(event, values);

	fprintf(out, "%llu %llu %u %u ", (unsigned long long)event->seq, (unsigned long long)event->vtime, event->node, event->tid);
	if (info)
		fputs(info->name, out);
	else
		fprintf(out, "%u", event->kind);
	for (int i = 0; i < count; i++)
		put_plain_value(out, &info->fields[i], &values[i]);
	if (count < 0) {
		fputs(" body=", out);
		for (size_t i = 0; i < event->body_size; i++)
			fprintf(out, "%02x", event->body[i]);
	}
	fputc('\n', out);
}

int fmt_dump_plain(struct fmt_reader *r, FILE *out, const char *filter_text, struct fmt_error *error)
{
	return dump(r, out, filter_text, dump_plain, error);
}
