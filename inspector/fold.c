/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fold.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "steps.h"

struct fold {
	struct insp_thread_state *states;
	uint32_t count, capacity;
};

/* The living thread of that number, or the last that had it. */
static struct insp_thread_state *find(struct fold *fold, uint32_t lane, uint32_t tid)
{
	for (uint32_t i = fold->count; i-- > 0;)
		if (fold->states[i].lane == lane && fold->states[i].tid == tid)
			return &fold->states[i];
	return NULL;
}

static struct insp_thread_state *add(struct fold *fold, const struct insp_life *life)
{
	if (fold->count == fold->capacity) {
		fold->capacity = fold->capacity ? 2 * fold->capacity : 64;
		fold->states = reallocarray(fold->states, fold->capacity, sizeof(*fold->states));
		CHECK(fold->states);
	}
	struct insp_thread_state *state = &fold->states[fold->count++];

	*state = (struct insp_thread_state){.lane = life->lane, .tid = life->tid, .pid = life->pid,
					    .born = life->seq, .last = INSP_NONE};
	memcpy(state->name, life->name, sizeof(state->name));
	return state;
}

static void apply(struct fold *fold, const struct insp_life *life)
{
	struct insp_thread_state *state = find(fold, life->lane, life->tid);

	switch (life->type) {
	case INSP_LIFE_START:
		add(fold, life);
		return;
	case INSP_LIFE_CLONE: {
		const struct insp_thread_state *parent = find(fold, life->lane, life->value);
		char name[48] = "";

		if (parent)
			memcpy(name, parent->name, sizeof(name));
		state = add(fold, life);
		memcpy(state->name, name, sizeof(state->name));
		return;
	}
	case INSP_LIFE_EXEC:
		if (!state || state->doing == INSP_DOING_ENDED)
			state = add(fold, life);
		memcpy(state->name, life->name, sizeof(state->name));
		return;
	case INSP_LIFE_EXIT:
		if (!state)
			state = add(fold, life);
		state->doing = INSP_DOING_ENDED;
		state->code = life->value;
		state->last = life->seq;
		return;
	}
}

static int compare(const void *a, const void *b)
{
	const struct insp_thread_state *x = a, *y = b;

	if (x->lane != y->lane)
		return x->lane < y->lane ? -1 : 1;
	if (x->tid != y->tid)
		return x->tid < y->tid ? -1 : 1;
	return x->born < y->born ? -1 : x->born > y->born;
}

/* What a thread that lives does, by its last event. */
static void find_doing(const struct insp_run *run, uint32_t seq, struct insp_thread_state *state)
{
	if (state->doing != INSP_DOING_ENDED)
		state->last = insp_thread_last(run, state->lane, state->tid, seq);
	/* An event older than the birth belongs to a thread that had the number before. */
	if (state->last != INSP_NONE && state->last < state->born)
		state->last = INSP_NONE;
	if (state->last != INSP_NONE && run->kind[state->last] == FMT_syscall_enter) {
		state->doing = INSP_DOING_WAITS;
		state->call = insp_aux_number(run, state->last);
	}
	state->changed = state->born == seq || (state->last == seq && run->kind[seq] != FMT_syscall);
}

struct insp_thread_state *insp_fold(const struct insp_run *run, uint32_t seq, uint32_t lane, uint32_t *ret_count)
{
	struct fold fold = {0};

	for (uint32_t i = 0; i < run->life_count && run->lives[i].seq <= seq; i++)
		if (lane == INSP_NONE || run->lives[i].lane == lane)
			apply(&fold, &run->lives[i]);
	for (uint32_t i = 0; i < fold.count; i++)
		find_doing(run, seq, &fold.states[i]);
	if (fold.count)
		qsort(fold.states, fold.count, sizeof(*fold.states), compare);
	*ret_count = fold.count;
	return fold.states;
}
