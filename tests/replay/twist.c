/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * twist.c - twist TRACE FILTER RET OUT: a copy of a trace in which the first call that a filter wants has returned RET.
 *
 * Whoever replays it finds a program that does something else than the record says.  Prints the number of the event.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "rewrite.h"

struct twist {
	struct fmt_filter *filter;
	struct fmt_roster roster;
	struct fmt_buf records;
	int64_t ret;
	bool done;
	event_seq seq;
};

static int twist_event(void *context, struct fmt_event *event)
{
	struct twist *twist = context;
	struct fmt_ev_syscall_exit exit;
	struct fmt_ev_syscall call;
	const event_seq seq = event->seq;
	size_t pos = 0;

	fmt_roster_learn(&twist->roster, event);
	if (!fmt_filter_match(twist->filter, event, &twist->roster) || twist->done)
		return 1;
	if (event->kind == FMT_syscall && fmt_get_syscall(event, &call) == 0) {
		call.ret = twist->ret;
		fmt_put_syscall(&twist->records, event->vtime, event->node, event->tid, &call);
	} else if (event->kind == FMT_syscall_exit && fmt_get_syscall_exit(event, &exit) == 0) {
		exit.ret = twist->ret;
		fmt_put_syscall_exit(&twist->records, event->vtime, event->node, event->tid, &exit);
	} else {
		return 1;
	}
	twist->done = true;
	twist->seq = seq;
	return fmt_record_next(twist->records.data, twist->records.size, &pos, event) > 0;
}

int main(int argc, char **argv)
{
	struct twist twist = {.ret = argc == 5 ? strtoll(argv[3], NULL, 0) : 0};
	const struct fmt_rewrite how = {.event = twist_event, .context = &twist};
	struct fmt_reader *reader = NULL;
	struct fmt_error error = {{0}};

	if (argc != 5) {
		fprintf(stderr, "usage: twist TRACE FILTER RET OUT\n");
		return 2;
	}
	if (fmt_reader_open(argv[1], &reader, &error) < 0 || fmt_filter_new_for(argv[2], reader, &twist.filter, &error) < 0 ||
	    fmt_rewrite(reader, argv[4], &how, &error) < 0 || !twist.done) {
		fprintf(stderr, "twist: %s\n", error.text[0] ? error.text : "there is no such call");
		return 2;
	}
	printf("%" PRIu64 "\n", twist.seq);
	fmt_filter_free(twist.filter);
	fmt_roster_done(&twist.roster);
	fmt_buf_done(&twist.records);
	fmt_reader_close(reader);
	return 0;
}
