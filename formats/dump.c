/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dump.h"

#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "filter.h"
#include "roster.h"
#include "text.h"

static int check_out(FILE *out, struct fmt_error *error)
{
	if (fflush(out) == 0 && !ferror(out))
		return 0;
	if (error)
		snprintf(error->text, sizeof(error->text), "cannot write: %s", strerror(errno));
	return -EIO;
}

/* Nodes are told at the very beginning; a dump from later on must know their names, too. */
static int learn_names(struct fmt_reader *r, struct fmt_roster *roster, struct fmt_error *error)
{
	struct fmt_event event;

	for (event_seq seq = 0; seq < fmt_reader_count(r); seq++) {
		const int failed = fmt_reader_event(r, seq, &event, error);

		if (failed < 0)
			return failed;
		if (event.vtime > 0)
			break;
		fmt_roster_learn(roster, &event);
	}
	return 0;
}

static void dump_event(FILE *out, const struct fmt_event *event, const struct fmt_roster *roster,
		       const struct fmt_filter *filter, struct fmt_buf *line)
{
	char buf[16];

	fmt_buf_clear(line);
	fmt_put_event(line, event, fmt_roster_node(roster, event->node, buf));
	if (!fmt_filter_match(filter, event, roster, (struct fmt_bytes){line->data, line->size}))
		return;
	fmt_buf_put(line, "\n", 1);
	fwrite(line->data, 1, line->size, out);
}

int fmt_dump(struct fmt_reader *r, FILE *out, const char *filter_text, struct fmt_error *error)
{
	_cleanup_(fmt_filter_freep) struct fmt_filter *filter = NULL;
	_cleanup_(fmt_roster_done) struct fmt_roster roster = {0};
	_cleanup_(fmt_buf_done) struct fmt_buf line = {0};
	struct fmt_event event;
	event_seq seq = 0;
	int failed = fmt_filter_new(filter_text, &filter, error);

	if (failed == 0)
		failed = learn_names(r, &roster, error);
	if (failed == 0)
		failed = fmt_reader_seek(r, fmt_filter_from(filter), &seq, error);
	for (; failed == 0 && seq < fmt_reader_count(r); seq++) {
		failed = fmt_reader_event(r, seq, &event, error);
		if (failed < 0 || event.vtime > fmt_filter_to(filter) || ferror(out))
			break;
		fmt_roster_learn(&roster, &event);
		dump_event(out, &event, &roster, filter, &line);
	}
	return failed < 0 ? failed : check_out(out, error);
}
