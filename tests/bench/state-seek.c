/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state-seek.c TRACE - how long it takes to learn the state of all nodes at any moment of a trace.
 *
 * Prints one line: events, nodes, seconds for the keyframes, then milliseconds of 1000 looks at random events: median, 95th
 * percentile, worst; and of 1000 looks at the next event each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "state.h"

#define LOOKS 1000

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* xorshift64*: the same moments each time. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

static int look(struct rep_states *states, event_seq seq, double *ret_ms)
{
	const struct rep_state *state;
	struct fmt_error error = {{0}};
	const double before = now_ms();

	if (rep_states_at(states, seq, &state, &error) < 0) {
		fprintf(stderr, "event %llu: %s\n", (unsigned long long)seq, error.text);
		return -1;
	}
	*ret_ms = now_ms() - before;
	return state->next == seq + 1 ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct fmt_error error = {{0}};
	struct fmt_reader *reader;
	struct rep_states *states;
	const struct rep_state *state;
	double ms[LOOKS], steps[LOOKS];
	uint64_t random = 1;

	if (argc != 2 || fmt_reader_open(argv[1], &reader, &error) < 0) {
		fprintf(stderr, "usage: state-seek TRACE; %s\n", error.text);
		return 2;
	}
	rep_states_new(reader, &states);
	const event_seq count = fmt_reader_count(reader);
	const double before = now_ms();

	if (rep_states_build(states, NULL, NULL, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	const double built = now_ms() - before;

	for (size_t i = 0; i < LOOKS; i++)
		if (look(states, next_random(&random) % count, &ms[i]) < 0)
			return 1;
	for (size_t i = 0; i < LOOKS; i++)
		if (look(states, (count / 2 + i) % count, &steps[i]) < 0)
			return 1;
	qsort(ms, LOOKS, sizeof(ms[0]), compare);
	qsort(steps, LOOKS, sizeof(steps[0]), compare);
	if (rep_states_at(states, count - 1, &state, &error) < 0)
		return 1;
	printf("%llu events, %u nodes, keyframes %.1f s, random look: median %.2f ms, p95 %.2f ms, worst %.2f ms; next event: median "
	       "%.3f ms, p95 %.3f ms\n", (unsigned long long)count, state->nodes.count, built / 1e3, ms[LOOKS / 2],
	       ms[LOOKS * 95 / 100], ms[LOOKS - 1], steps[LOOKS / 2], steps[LOOKS * 95 / 100]);
	rep_states_free(states);
	fmt_reader_close(reader);
	return 0;
}
