/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "walk.h"

#include <errno.h>

#include "base/check.h"

void fmt_walk_done(struct fmt_walk *walk)
{
	fmt_filter_free(walk->filter);
	fmt_roster_done(&walk->roster);
}

/* Nodes are told at the very beginning; a walk from later on must know their names, too. */
static int learn_names(struct fmt_walk *walk, struct fmt_error *error)
{
	struct fmt_event event;

	for (event_seq seq = 0; seq < fmt_reader_count(walk->reader); seq++) {
		const int failed = fmt_reader_event(walk->reader, seq, &event, error);

		if (failed < 0)
			return failed;
		if (event.vtime > 0)
			break;
		fmt_roster_learn(&walk->roster, &event);
	}
	return 0;
}

static int begin(struct fmt_walk *walk, struct fmt_reader *reader, const char *filter, bool packets,
		 struct fmt_error *error)
{
	int failed = fmt_filter_new_for(filter, reader, &walk->filter, error);

	if (failed < 0)
		return failed;
	if (packets)
		fmt_filter_want_history(walk->filter);
	walk->reader = reader;
	walk->end = fmt_reader_count(reader);
	if (fmt_filter_to(walk->filter) != UINT64_MAX)
		failed = fmt_reader_seek(reader, fmt_filter_to(walk->filter) + 1, &walk->end, error);
	if (fmt_filter_last(walk->filter) < walk->end)
		walk->end = fmt_filter_last(walk->filter) + 1;
	if (failed < 0 || fmt_filter_needs_history(walk->filter))
		return failed;
	walk->want.kind_count = fmt_filter_kinds(walk->filter, walk->kinds);
	failed = learn_names(walk, error);
	if (failed == 0)
		failed = fmt_reader_seek(reader, fmt_filter_from(walk->filter), &walk->next, error);
	if (fmt_filter_first(walk->filter) > walk->next)
		walk->next = fmt_filter_first(walk->filter);
	return failed;
}

int fmt_walk_init(struct fmt_walk *walk, struct fmt_reader *reader, const char *filter,
		  struct fmt_error *error)
{
	return begin(walk, reader, filter, /* packets= */ false, error);
}

int fmt_walk_init_packets(struct fmt_walk *walk, struct fmt_reader *reader, const char *filter,
			  struct fmt_error *error)
{
	return begin(walk, reader, filter, /* packets= */ true, error);
}

#define ASK_EVERY 1024u		/* events: some milliseconds */

static bool goes_on(struct fmt_walk *walk)
{
	if (!walk->go_on || (walk->asked && walk->next - walk->asked < ASK_EVERY))
		return true;
	walk->asked = walk->next;
	return walk->go_on(walk->go_on_data, walk->next, walk->end);
}

int fmt_walk_next(struct fmt_walk *walk, struct fmt_event *ret, struct fmt_error *error)
{
	struct fmt_event event;

	CHECK(walk->filter);
	walk->want.kinds = walk->kinds;
	while (walk->next < walk->end) {
		if (!goes_on(walk))
			return -ECANCELED;
		const int got = fmt_reader_find(walk->reader, &walk->want, /* backwards= */ false, &walk->next, &event, error);

		if (got <= 0 || walk->next >= walk->end)
			return got < 0 ? got : 0;
		walk->next++;
		fmt_roster_learn(&walk->roster, &event);
		if (!fmt_filter_match(walk->filter, &event, &walk->roster))
			continue;
		*ret = event;
		return 1;
	}
	return 0;
}
