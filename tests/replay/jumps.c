/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * jumps.c - jumps TRACE: how long it takes to be elsewhere in a recorded run.  After one pass to its end: jumps to random events, each
 * with a look at registers and memory of a thread there; steps of one instruction forward and backward; steps of one event.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "timeline.h"

#define JUMPS 300
#define STEPS 200

static uint64_t state = 88172645463325252ull;

static uint64_t draw(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void print(const char *what, double *ms, size_t count)
{
	qsort(ms, count, sizeof(*ms), by_value);
	printf("%-24s %8.2f %8.2f %8.2f\n", what, ms[count / 2], ms[count * 95 / 100], ms[count - 1]);
}

static void die(struct rep_timeline *tl, const struct rep_stop *stop)
{
	char text[512];

	rep_stop_text(tl, stop, text, sizeof(text));
	fprintf(stderr, "jumps: %s\n", text);
	exit(1);
}

/* Registers of the first thread that has some, and the top of its stack. */
static void look(struct rep_timeline *tl)
{
	const struct rep_thread_info *threads;
	const size_t count = rep_timeline_threads(tl, &threads);
	struct user_regs_struct regs;
	uint8_t bytes[256];

	for (size_t i = 0; i < count; i++)
		if (rep_timeline_regs(tl, threads[i].node, threads[i].tid, &regs) == 0) {
			rep_timeline_read(tl, threads[i].node, threads[i].pid, bytes, regs.rsp, sizeof(bytes));
			return;
		}
}

static void seek(struct rep_timeline *tl, event_seq seq)
{
	struct rep_stop stop;

	rep_timeline_seek(tl, &(struct rep_position){.seq = seq}, &stop);
	if (stop.why != REP_WHY_DONE)
		die(tl, &stop);
	look(tl);
}

static void jumps(struct rep_timeline *tl)
{
	static double ms[JUMPS];

	for (size_t i = 0; i < JUMPS; i++) {
		const event_seq to = draw(rep_timeline_count(tl) + 1);
		const double from = now_ms();

		seek(tl, to);
		ms[i] = now_ms() - from;
	}
	print("jump to any event", ms, JUMPS);
}

static void steps(struct rep_timeline *tl, const char *what, enum rep_step_unit unit, enum rep_direction direction)
{
	static double ms[STEPS];
	size_t count = 0;

	for (size_t i = 0; i < STEPS; i++) {
		struct rep_stop stop;

		if (i % 10 == 0)	/* ten steps in a row, at twenty places */
			seek(tl, rep_timeline_count(tl) / 20 + draw(rep_timeline_count(tl) * 9 / 10));
		const double from = now_ms();

		rep_timeline_step(tl, &(struct rep_step){.unit = unit}, direction, &stop);
		if (stop.why == REP_WHY_DIVERGED || stop.why == REP_WHY_FAILED)
			die(tl, &stop);
		ms[count++] = now_ms() - from;
	}
	print(what, ms, count);
}

int main(int argc, char **argv)
{
	struct fmt_error error = {0};
	struct rep_timeline *tl;

	if (argc != 2)
		return fprintf(stderr, "usage: jumps TRACE\n"), 2;
	if (rep_timeline_open(argv[1], &(struct rep_timeline_options){0}, &tl, &error) < 0)
		return fprintf(stderr, "jumps: %s\n", error.text), 2;
	const double from = now_ms();

	seek(tl, rep_timeline_count(tl));
	printf("%" PRIu64 " events, executed once in %.0f ms\n", rep_timeline_count(tl), now_ms() - from);
	printf("%-24s %8s %8s %8s\n", "ms", "median", "p95", "most");
	jumps(tl);
	steps(tl, "event forward", REP_STEP_EVENT, REP_FORWARD);
	steps(tl, "event backward", REP_STEP_EVENT, REP_BACKWARD);
	steps(tl, "instruction forward", REP_STEP_INSTRUCTION, REP_FORWARD);
	steps(tl, "instruction backward", REP_STEP_INSTRUCTION, REP_BACKWARD);
	rep_timeline_close(tl);
	return 0;
}
