/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checkpoint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "frozen.h"

/* Frozen processes are native ones; a host has some tens of thousands. */
#define FROZEN_MAX 8192

void rep__checkpoints_init(struct rep_checkpoints *all, size_t count_max, uint64_t memory_max)
{
	CHECK(count_max >= 2);
	*all = (struct rep_checkpoints){.count_max = count_max, .memory_max = memory_max};
}

static void checkpoint_free(struct rep_checkpoint *c)
{
	for (size_t i = 0; i < c->process_count; i++)
		rep__frozen_unref(c->processes[i]);
	rep__objects_kept_done(&c->objects);
	free(c->processes);
	free(c->nodes);
	free(c);
}

void rep__checkpoints_done(struct rep_checkpoints *all)
{
	for (size_t i = 0; i < all->count; i++)
		checkpoint_free(all->list[i]);
	free(all->list);
	*all = (struct rep_checkpoints){0};
}

/* ---- keeping ---------------------------------------------------------- */

static size_t count_processes(const struct rep_world *world)
{
	size_t count = 0;

	for (const struct rep_node *node = world->nodes; node; node = node->next)
		for (const struct rep_process *p = node->processes; p; p = p->next)
			count++;
	return count;
}

static int keep_processes(struct rep_world *world, struct rep_checkpoint *c, const struct rep_node *node)
{
	for (struct rep_process *p = node->processes; p; p = p->next) {
		const int r = rep__frozen_of(world, p, &c->processes[c->process_count]);

		if (r < 0)
			return r;
		c->process_count++;
	}
	return 0;
}

static int keep(struct rep_session *s, struct rep_checkpoint *c)
{
	c->nodes = calloc(s->world.node_count + 1, sizeof(*c->nodes));
	c->processes = calloc(count_processes(&s->world) + 1, sizeof(struct rep_frozen *));
	CHECK(c->nodes && c->processes);
	for (const struct rep_node *node = s->world.nodes; node; node = node->next) {
		const int r = keep_processes(&s->world, c, node);

		if (r < 0)
			return r;
		c->nodes[c->node_count++] = (struct rep_kept_node){
			node->id, node->panicked, node->has_last, node->last, node->own,
			node->realtime_ns};
	}
	c->ended = s->ended;
	c->executed = s->report->executed;
	c->slices = s->report->slices;
	c->skipped = s->report->skipped;
	c->unknown = s->report->unknown;
	return rep__objects_keep(&s->content.objects, &c->objects);
}

/* Index of the first one behind seq. */
static size_t place_of(const struct rep_checkpoints *all, event_seq seq)
{
	size_t low = 0, high = all->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (all->list[middle]->seq <= seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void insert(struct rep_checkpoints *all, struct rep_checkpoint *c)
{
	const size_t at = place_of(all, c->seq);

	if (all->count == all->capacity) {
		all->capacity = all->capacity ? 2 * all->capacity : 64;
		all->list = reallocarray(all->list, all->capacity, sizeof(struct rep_checkpoint *));
		CHECK(all->list);
	}
	memmove(all->list + at + 1, all->list + at, (all->count - at) * sizeof(struct rep_checkpoint *));
	all->list[at] = c;
	all->count++;
}

/* ---- dropping --------------------------------------------------------- */

static void drop(struct rep_checkpoints *all, size_t index)
{
	checkpoint_free(all->list[index]);
	all->count--;
	memmove(all->list + index, all->list + index + 1,
		(all->count - index) * sizeof(struct rep_checkpoint *));
}

/* The gap that would be there without it, in parts of its distance from the present. */
static double loss_of(const struct rep_checkpoints *all, size_t index, uint64_t present_ns)
{
	const uint64_t at = all->list[index]->cost_ns;
	const uint64_t before = index > 0 ? all->list[index - 1]->cost_ns : 0;
	const uint64_t behind = index + 1 < all->count ? all->list[index + 1]->cost_ns : at;
	const uint64_t distance = at > present_ns ? at - present_ns : present_ns - at;

	return (double)(behind - before + 1) / (double)(distance + 1000000);
}

/* Never the one that was just made. */
static void drop_least(struct rep_checkpoints *all, event_seq present, uint64_t present_ns)
{
	size_t least = all->count;

	for (size_t i = 0; i < all->count; i++) {
		if (all->list[i]->seq == present)
			continue;
		if (least == all->count ||
		    loss_of(all, i, present_ns) < loss_of(all, least, present_ns))
			least = i;
	}
	CHECK(least < all->count);
	drop(all, least);
}

void rep__checkpoints_mend(struct rep_checkpoints *all, struct rep_objects *objects)
{
	if (!objects->any_shrunk)
		return;
	for (size_t i = all->count; i-- > 0;)
		if (rep__objects_kept_spoilt(&all->list[i]->objects))
			drop(all, i);
	rep__objects_mended(objects);
}

static bool too_much(const struct rep_checkpoints *all, const struct rep_world *world)
{
	uint64_t memory = world->frozen.bytes;

	for (size_t i = 0; i < all->count; i++)
		memory += rep__objects_kept_size(&all->list[i]->objects);
	return all->count > all->count_max || memory > all->memory_max ||
	       world->frozen.count > FROZEN_MAX;
}

int rep__checkpoint_add(struct rep_checkpoints *all, struct rep_session *session, event_seq seq,
			uint64_t cost_ns)
{
	struct rep_checkpoint *before = rep__checkpoint_before(all, seq);

	if (before && before->seq == seq)
		return 0;
	if (session->world.borrower_count > 0 || session->stopped || session->suspended || seq < session->begins)
		return -EAGAIN;
	struct rep_checkpoint *c = calloc(1, sizeof(*c));

	CHECK(c);
	c->seq = seq;
	c->cost_ns = cost_ns;
	const int r = keep(session, c);

	if (r < 0) {
		checkpoint_free(c);
		return r;
	}
	/* What it holds alone shows only when the living have gone on. */
	for (size_t i = 0; before && i < before->process_count; i++)
		rep__frozen_measure(before->processes[i]);
	insert(all, c);
	while (all->count > 1 && too_much(all, &session->world))
		drop_least(all, seq, cost_ns);
	return 0;
}

/* ---- going back ------------------------------------------------------- */

struct rep_checkpoint *rep__checkpoint_before(const struct rep_checkpoints *all, event_seq seq)
{
	const size_t at = place_of(all, seq);

	return at > 0 ? all->list[at - 1] : NULL;
}

/* Whether a living process still is what the checkpoint has. */
static bool is_kept(const struct rep_checkpoint *c, const struct rep_process *process)
{
	for (size_t i = 0; process->frozen && i < c->process_count; i++)
		if (c->processes[i] == process->frozen)
			return true;
	return false;
}

static void clear_node(struct rep_world *world, struct rep_node *node, const struct rep_checkpoint *c)
{
	for (struct rep_process *p = node->processes, *next; p; p = next) {
		next = p->next;
		if (!c || !is_kept(c, p))
			rep__process_end(world, p);
	}
	node->panicked = false;
	node->has_last = false;
	node->own = (struct rec_node_clock){0};	/* its event says it again */
}

static int restore_processes(struct rep_world *world, const struct rep_checkpoint *c)
{
	for (size_t i = c->process_count; i-- > 0;) {
		struct rep_frozen *frozen = c->processes[i];
		struct rep_node *node = rep__node_get(world, frozen->node);

		CHECK(node);
		if (rep__process_get(node, frozen->pid))
			continue;
		const int r = rep__frozen_restore(world, node, frozen);

		if (r < 0)
			return r;
	}
	return 0;
}

static void restore_nodes(struct rep_world *world, const struct rep_checkpoint *c)
{
	for (size_t i = 0; i < c->node_count; i++) {
		struct rep_node *node = rep__node_get(world, c->nodes[i].id);

		CHECK(node);
		node->panicked = c->nodes[i].panicked;
		node->has_last = c->nodes[i].has_last;
		node->last = c->nodes[i].last;
		node->own = c->nodes[i].own;
		node->realtime_ns = c->nodes[i].realtime_ns;
	}
}

int rep__checkpoint_restore(const struct rep_checkpoint *checkpoint, struct rep_session *session)
{
	static const struct rep_checkpoint empty;
	struct rep_world *world = &session->world;
	const struct rep_checkpoint *c = checkpoint ? checkpoint : &empty;
	struct rep_report *report = session->report;

	for (struct rep_node *node = world->nodes; node; node = node->next)
		clear_node(world, node, c);
	rep__forget_verdict(report);
	*report = (struct rep_report){.executed = c->executed, .slices = c->slices,
				      .skipped = c->skipped, .unknown = c->unknown,
				      .event_count = report->event_count,
				      .unfinished = report->unfinished, .session = report->session};
	session->stopped = session->suspended = false;
	session->ended = c->ended;
	restore_nodes(world, c);
	int r = restore_processes(world, c);

	if (r == 0)
		r = rep__objects_restore(&session->content.objects, &c->objects);
	if (r < 0)
		for (struct rep_node *node = world->nodes; node; node = node->next)
			clear_node(world, node, NULL);
	return r;
}
