/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/check.h"

struct entry {				/* of the heap; may be stale */
	uint64_t cost;
	uint32_t place;
};

struct rec_paths {
	struct rec_arc *arcs;
	size_t place_count;
	size_t *first;			/* [place]: its arcs; [place + 1]: their end */
	rec_rank_fn *rank;
	struct entry *heap;		/* every arc is pushed once at most, and the source */
	size_t heap_count;
};

/* Arcs that begin at one place keep the order of their ends and tags: equal inputs, equal paths. */
static int cmp_arcs(const void *a, const void *b)
{
	const struct rec_arc *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	if (x->cost != y->cost)
		return x->cost < y->cost ? -1 : 1;
	return x->tag < y->tag ? -1 : x->tag > y->tag;
}

struct rec_paths *rec_paths_new(struct rec_arc *arcs, size_t arc_count, size_t place_count, rec_rank_fn *rank)
{
	struct rec_paths *paths = calloc(1, sizeof(*paths));

	CHECK(paths);
	*paths = (struct rec_paths){
		.arcs = arcs, .place_count = place_count, .rank = rank,
		.first = calloc(place_count + 1, sizeof(*paths->first)),
		.heap = calloc(arc_count + 1, sizeof(*paths->heap)),
	};
	CHECK(paths->first && paths->heap);
	if (arc_count)
		qsort(arcs, arc_count, sizeof(*arcs), cmp_arcs);
	for (size_t i = 0; i < arc_count; i++) {
		CHECK(arcs[i].from < place_count && arcs[i].to < place_count);
		paths->first[arcs[i].from + 1] = i + 1;
	}
	for (size_t i = 1; i <= place_count; i++)
		if (!paths->first[i])
			paths->first[i] = paths->first[i - 1];
	return paths;
}

void rec_paths_free(struct rec_paths *paths)
{
	free(paths->first);
	free(paths->heap);
	free(paths);
}

static bool before(const struct entry *a, const struct entry *b)
{
	return a->cost != b->cost ? a->cost < b->cost : a->place < b->place;
}

static void push(struct rec_paths *paths, struct entry entry)
{
	size_t at = paths->heap_count++;

	for (; at && before(&entry, &paths->heap[(at - 1) / 2]); at = (at - 1) / 2)
		paths->heap[at] = paths->heap[(at - 1) / 2];
	paths->heap[at] = entry;
}

static struct entry pop(struct rec_paths *paths)
{
	const struct entry top = paths->heap[0], last = paths->heap[--paths->heap_count];
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < paths->heap_count && before(&paths->heap[child + 1], &paths->heap[child]))
			child++;
		if (child >= paths->heap_count || !before(&paths->heap[child], &last))
			break;
		paths->heap[at] = paths->heap[child];
		at = child;
	}
	paths->heap[at] = last;
	return top;
}

static void take_arc(struct rec_paths *paths, size_t index, struct rec_reach *reach)
{
	const struct rec_arc *arc = &paths->arcs[index];
	struct rec_reach *to = &reach[arc->to];
	const struct rec_reach longer = {
		.cost = reach[arc->from].cost + arc->cost,
		.rank = paths->rank(&reach[arc->from], arc),
		.arc = index,
	};

	if (to->done || longer.cost > to->cost || (longer.cost == to->cost && longer.rank >= to->rank))
		return;
	if (longer.cost < to->cost)
		push(paths, (struct entry){longer.cost, arc->to});
	*to = longer;
}

void rec_paths_from(struct rec_paths *paths, uint32_t source, struct rec_reach *ret)
{
	CHECK(source < paths->place_count);
	for (size_t i = 0; i < paths->place_count; i++)
		ret[i] = (struct rec_reach){.cost = UINT64_MAX, .rank = UINT64_MAX, .arc = REC_NO_ARC};
	ret[source].cost = 0;
	paths->heap_count = 0;
	push(paths, (struct entry){0, source});
	while (paths->heap_count) {
		const uint32_t place = pop(paths).place;

		if (ret[place].done)
			continue;
		ret[place].done = true;
		for (size_t i = paths->first[place]; i < paths->first[place + 1]; i++)
			take_arc(paths, i, ret);
	}
}
