/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ring-facts.h"

#include <string.h>

#include "base/check.h"

/* Whether a record tells of the birth or the program of a thread. */
static bool is_about(const struct fmt_event *record, node_id node, uint32_t tid)
{
	struct fmt_ev_clone ev;

	if (record->node != node)
		return false;
	if (record->kind == FMT_clone)
		return fmt_get_clone(record, &ev) == 0 && ev.child_tid == tid;
	return (record->kind == FMT_start || record->kind == FMT_exec) && record->tid == tid;
}

/* A thread is gone, and with only_exec what it ran before. */
static void forget(struct fmt_buf *facts, node_id node, uint32_t tid, bool only_exec)
{
	struct fmt_event record;
	size_t pos = 0, start = 0, kept = 0;

	while (fmt_record_next(facts->data, facts->size, &pos, &record) > 0) {
		if (!is_about(&record, node, tid) || (only_exec && record.kind != FMT_exec)) {
			memmove(facts->data + kept, facts->data + start, pos - start);
			kept += pos - start;
		}
		start = pos;
	}
	facts->size = kept;
}

/* The name of the program without its image. */
static void learn_exec(struct fmt_buf *facts, const struct fmt_event *event)
{
	struct fmt_ev_exec ev;

	if (fmt_get_exec(event, &ev) < 0)
		return;
	forget(facts, event->node, event->tid, /* only_exec= */ true);
	ev.effects = ev.regs = (struct fmt_bytes){NULL, 0};
	fmt_put_exec(facts, event->vtime, event->node, event->tid, &ev);
}

void fmt__facts_learn(struct fmt_buf *facts, const struct fmt_event *event)
{
	switch (event->kind) {
	case FMT_node:
	case FMT_link:
	case FMT_start:
	case FMT_clone:
		fmt_record_put(facts, event);
		return;
	case FMT_exec:
		learn_exec(facts, event);
		return;
	case FMT_exit:
		forget(facts, event->node, event->tid, /* only_exec= */ false);
		return;
	}
}
