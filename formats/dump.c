/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dump.h"

#include <errno.h>
#include <string.h>

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

int fmt_dump(struct fmt_reader *r, FILE *out, const char *filter_text, struct fmt_error *error)
{
	_cleanup_(fmt_buf_done) struct fmt_buf line = {0};
	_cleanup_(fmt_walk_done) struct fmt_walk walk = {0};
	struct fmt_event event;
	int got = fmt_walk_init(&walk, r, filter_text, error);

	while (got == 0 && !ferror(out)) {
		const int found = fmt_walk_next(&walk, &event, error);

		if (found <= 0)
			return found < 0 ? found : check_out(out, error);
		dump_event(out, &event, &walk.roster, &line);
	}
	return got < 0 ? got : check_out(out, error);
}
