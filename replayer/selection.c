/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "selection.h"

#include <errno.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"
#include "effect.h"
#include "id-table.h"

/* ---- what is needed --------------------------------------------------- */

static bool is_named(const struct fmt_event *event, const char *name, node_id *ret)
{
	struct fmt_ev_node ev;

	if (event->kind != FMT_node || fmt_get_node(event, &ev) < 0 || ev.name.size != strlen(name) ||
	    memcmp(ev.name.data, name, ev.name.size) != 0)
		return false;
	*ret = (node_id)ev.id;
	return true;
}

static int find_node(struct fmt_reader *reader, const char *name, node_id *ret)
{
	struct fmt_event event;

	for (event_seq seq = 0; seq < fmt_reader_count(reader); seq++) {
		if (fmt_reader_event(reader, seq, &event, NULL) < 0)
			return -EBADMSG;
		if (is_named(&event, name, ret))
			return 0;
	}
	return -ESRCH;
}

/* How a process came to be. */
struct origin {
	bool found;
	struct rep_selected selected;
	uint32_t parent_tid;		/* 0: none is needed */
	bool imaged;			/* it begins with an image */
};

static void take_origin(const struct fmt_event *event, uint32_t pid, struct origin *o)
{
	struct fmt_ev_clone clone;
	struct fmt_ev_exec exec;
	struct fmt_ev_image image;
	struct fmt_ev_start start;

	if (event->kind == FMT_start && fmt_get_start(event, &start) == 0 && start.pid == pid) {
		*o = (struct origin){.found = true, .selected = {pid, event->seq, UINT64_MAX, false}};
	} else if (event->kind == FMT_clone && fmt_get_clone(event, &clone) == 0 && clone.child_pid == pid &&
		   !(clone.flags & CLONE_THREAD)) {
		*o = (struct origin){.found = true, .selected = {pid, event->seq, UINT64_MAX, false},
				     .parent_tid = event->tid};
	} else if (event->kind == FMT_exec && fmt_get_exec(event, &exec) == 0 && exec.pid == pid && o->parent_tid) {
		o->selected.from = event->seq;
		o->selected.by_exec = true;
		o->parent_tid = 0;
	} else if (event->kind == FMT_image && fmt_get_image(event, &image) == 0 && image.pid == pid && !o->imaged) {
		o->selected.from = event->seq;
		o->parent_tid = 0;
		o->imaged = true;
	}
}

/* The process that a thread belongs to before an event: by the last birth of that number. */
static int process_of(struct fmt_reader *reader, node_id node, uint32_t tid, event_seq before, uint32_t *ret)
{
	struct fmt_ev_clone clone;
	struct fmt_event event;

	*ret = tid;
	for (event_seq seq = before; seq-- > 0;) {
		if (fmt_reader_event(reader, seq, &event, NULL) < 0)
			return -EBADMSG;
		if (event.node == node && event.kind == FMT_clone && fmt_get_clone(&event, &clone) == 0 &&
		    clone.child_tid == tid) {
			*ret = (uint32_t)clone.child_pid;
			return 0;
		}
	}
	return 0;
}

/* Where the process of this number begins that lives at the end of [0, before). */
static int find_origin(struct fmt_reader *reader, node_id node, uint32_t pid, event_seq before, struct origin *ret)
{
	struct fmt_event event;

	*ret = (struct origin){0};
	for (event_seq seq = 0; seq < before; seq++) {
		if (fmt_reader_event(reader, seq, &event, NULL) < 0)
			return -EBADMSG;
		if (event.node == node)
			take_origin(&event, pid, ret);
	}
	return ret->found ? 0 : -ESRCH;
}

int rep__selection_make(struct fmt_reader *reader, node_id node, const char *name, uint32_t pid,
			struct rep_selection *ret)
{
	event_seq before = fmt_reader_count(reader);
	struct origin origin;
	int r = name ? find_node(reader, name, &node) : 0;

	*ret = (struct rep_selection){.node = node};
	while (r == 0) {
		if (ret->count == REP_SELECTION_MAX)
			return -EMFILE;
		r = find_origin(reader, node, pid, before, &origin);
		if (r < 0)
			break;
		if (ret->count > 0)
			origin.selected.to = before;
		ret->list[ret->count++] = origin.selected;
		if (!origin.parent_tid)
			return 0;
		before = origin.selected.from;
		r = process_of(reader, node, origin.parent_tid, before, &pid);
	}
	return r;
}

/* ---- event by event --------------------------------------------------- */

static const struct rep_selected *selected_at(const struct rep_selection *s, uint32_t pid, event_seq seq)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->list[i].pid == pid && seq >= s->list[i].from && seq <= s->list[i].to)
			return &s->list[i];
	return NULL;
}

bool rep__selection_begins(const struct rep_selection *s, const struct rep_world *world, const struct fmt_event *event)
{
	const struct rep_selected *p = event->kind == FMT_exec ? selected_at(s, event->tid, event->seq) : NULL;

	return p && p->by_exec && p->from == event->seq && event->node == s->node &&
	       !rep__thread_get(world, event->node, event->tid);
}

static bool wants_clone(const struct rep_selection *s, const struct rep_thread *parent, const struct fmt_event *event)
{
	struct fmt_ev_clone ev;

	if (fmt_get_clone(event, &ev) < 0)
		return true;		/* whoever carries it out says what is wrong */
	const struct rep_selected *child = selected_at(s, (uint32_t)ev.child_pid, event->seq);

	return (ev.flags & CLONE_VM) || parent->process->shares || (child && !child->by_exec);
}

static bool maps_shared(struct fmt_bytes list)
{
	struct fmt_effect effect;
	size_t pos = 0;

	while (fmt_effect_next(list.data, list.size, &pos, &effect) > 0)
		if (effect.op == FMT_EFFECT_MAP && (effect.flags & MAP_TYPE) == MAP_SHARED && effect.prot & PROT_WRITE)
			return true;
	return false;
}

/* A selected one's, or of one that has its memory, or may write to memory that it shares. */
static bool wants_image(const struct rep_selection *s, const struct rep_process *process, const struct fmt_event *event)
{
	struct fmt_ev_image ev;

	if (fmt_get_image(event, &ev) < 0)
		return true;
	for (const struct rep_thread *t = process->threads; t; t = t->next)
		if (t->tracee)
			return true;	/* its other threads stand already */
	/* An image comes behind that of whose memory it has. */
	const struct rep_process *lender =
		ev.memory_of <= UINT32_MAX ? rep__process_get(process->node, (uint32_t)ev.memory_of) : NULL;

	return selected_at(s, process->pid, event->seq) || (lender && lender->threads->tracee) || maps_shared(ev.effects);
}

bool rep__selection_wants(const struct rep_selection *s, const struct rep_world *world, const struct fmt_event *event)
{
	if (!s->count || event->kind == FMT_node || event->node == 0)
		return true;
	if (event->node != s->node)
		return false;
	if (event->tid == 0 || rep__selection_begins(s, world, event))
		return true;
	if (event->kind == FMT_start)
		return selected_at(s, event->tid, event->seq) != NULL;
	const struct rep_thread *thread = rep__thread_get(world, event->node, event->tid);

	if (thread && event->kind == FMT_image)
		return wants_image(s, thread->process, event);
	return thread && (event->kind != FMT_clone || wants_clone(s, thread, event));
}

/* Who has or shares the memory of a selected one, and is not selected itself, is done with when it does so no longer. */
static void end_sharers(const struct rep_selection *s, struct rep_world *world, struct rep_node *node, event_seq seq)
{
	for (struct rep_process *p = node->processes, *next; p; p = next) {
		next = p->next;
		if (!p->borrows && !p->shares && !selected_at(s, p->pid, seq))
			rep__process_end(world, p);
	}
}

void rep__selection_passed(const struct rep_selection *s, struct rep_world *world, event_seq seq)
{
	struct rep_node *node = s->count ? rep__node_get(world, s->node) : NULL;

	if (!node)
		return;
	end_sharers(s, world, node, seq + 1);
}
