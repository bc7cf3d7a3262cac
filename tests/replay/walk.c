/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * walk.c - walk TRACE ends EVERY | walks COUNT SEED | part WHOLE COUNT: whether a timeline is the same wherever one comes from.
 *
 * ends: to the end from the start; then, with a checkpoint at every EVERY-th event, to the end from each of them.  The state at
 * the end, and at each checkpoint, has to be that of the straight run.
 * walks: COUNT walks of random steps, forward and backward, by events, calls, instructions and jumps; each ends at a position, to
 * which a second timeline, without checkpoints and without a past, goes straight.  Both have to have the same state.
 * part: TRACE begins in the middle of the run that WHOLE has from its beginning (or from an earlier place); at COUNT positions, the
 * first and the last among them, both have to have the same state, and nothing goes back behind the first.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "timeline.h"

static int failures;

static struct rep_timeline *open_trace(const char *path, uint64_t every)
{
	const struct rep_timeline_options options = {.checkpoint_every = every, .checkpoint_max = 64};
	struct fmt_error error = {0};
	struct rep_timeline *tl;

	if (rep_timeline_open(path, &options, &tl, &error) < 0) {
		fprintf(stderr, "walk: %s: %s\n", path, error.text);
		exit(2);
	}
	return tl;
}

static uint64_t hash_at(struct rep_timeline *tl)
{
	uint64_t hash = 0;

	if (rep_timeline_hash(tl, &hash) < 0) {
		printf("not ok: the state cannot be read at event %" PRIu64 "\n", rep_timeline_seq(tl, NULL));
		failures++;
	}
	return hash;
}

static void fail(struct rep_timeline *tl, const struct rep_stop *stop, const char *what)
{
	char text[512];

	rep_stop_text(tl, stop, text, sizeof(text));
	printf("not ok: %s: %s\n", what, text);
	rep_report_print(rep_timeline_report(tl), stdout);
	failures++;
}

static bool seek(struct rep_timeline *tl, event_seq seq)
{
	struct rep_stop stop;

	rep_timeline_seek(tl, &(struct rep_position){.seq = seq}, &stop);
	if (stop.why == REP_WHY_DONE)
		return true;
	fail(tl, &stop, "seek");
	return false;
}

/* ---- ends -------------------------------------------------------------- */

static void ends(const char *path, uint64_t every)
{
	struct rep_timeline *tl = open_trace(path, every);
	const event_seq count = rep_timeline_count(tl);
	const size_t places = count / every + 1;
	uint64_t *hashes = calloc(places, sizeof(*hashes));

	for (size_t i = 0; i < places; i++)
		if (seek(tl, i * every))
			hashes[i] = hash_at(tl);
	if (!seek(tl, count))
		exit(1);
	const uint64_t end = hash_at(tl);

	for (size_t i = places; i-- > 0;) {
		if (!seek(tl, i * every))
			continue;
		if (hash_at(tl) != hashes[i]) {
			printf("not ok: the state at event %" PRIu64 " is another one after going back\n", i * every);
			failures++;
		}
		if (seek(tl, count) && hash_at(tl) != end) {
			printf("not ok: the end is another one when it is come to from event %" PRIu64 "\n", i * every);
			failures++;
		}
	}
	printf("%s: to the end from %zu checkpoints of %" PRIu64 " events\n", failures ? "not ok" : "ok", places,
	       count);
	free(hashes);
	rep_timeline_close(tl);
}

/* ---- walks ------------------------------------------------------------- */

static uint64_t state;

static uint64_t draw(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

static void one_step(struct rep_timeline *tl, struct rep_stop *stop)
{
	static const enum rep_step_unit units[] = {
		REP_STEP_EVENT, REP_STEP_SYSCALL, REP_STEP_INSTRUCTION, REP_STEP_INSTRUCTION, REP_STEP_INSTRUCTION,
	};
	struct rep_step step = {.unit = units[draw(5)]};

	if (draw(20) == 0) {
		rep_timeline_seek(tl, &(struct rep_position){.seq = draw(rep_timeline_count(tl) + 1)}, stop);
		return;
	}
	rep_timeline_step(tl, &step, draw(2) ? REP_FORWARD : REP_BACKWARD, stop);
}

struct place {
	struct rep_position position;
	uint64_t hash;
};

static bool walk(struct rep_timeline *tl, struct place *ret)
{
	struct rep_stop stop;

	for (uint64_t left = 1 + draw(12); left > 0; left--) {
		one_step(tl, &stop);
		if (stop.why != REP_WHY_DONE && stop.why != REP_WHY_START && stop.why != REP_WHY_END) {
			fail(tl, &stop, "a step");
			return false;
		}
	}
	if (rep_timeline_position(tl, &ret->position) < 0) {
		fail(tl, &stop, "a position");
		return false;
	}
	ret->hash = hash_at(tl);
	return true;
}

static int by_event(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->position.seq < y->position.seq ? -1 : x->position.seq > y->position.seq;
}

/* In the order of events the second timeline hardly has to go back: it is a straight run. */
static void compare(const char *path, struct place *places, size_t count)
{
	struct rep_timeline *tl = open_trace(path, UINT64_MAX);
	char text[REP_POSITION_TEXT_SIZE];
	struct rep_stop stop;

	qsort(places, count, sizeof(*places), by_event);
	for (size_t i = 0; i < count; i++) {
		rep_timeline_seek(tl, &places[i].position, &stop);
		rep_position_text(&places[i].position, text);
		if (stop.why != REP_WHY_DONE) {
			fail(tl, &stop, text);
		} else if (hash_at(tl) != places[i].hash) {
			printf("not ok: the state at %s is another one when it is come to straight\n", text);
			failures++;
		}
	}
	rep_timeline_close(tl);
}

static void walks(const char *path, size_t count, uint64_t seed)
{
	struct rep_timeline *tl = open_trace(path, 0);
	struct place *places = calloc(count, sizeof(*places));
	size_t inside = 0, done = 0;

	state = seed * 0x9e3779b97f4a7c15ull + 1;
	for (size_t i = 0; i < count; i++)
		if (walk(tl, &places[done]))
			inside += places[done++].position.arrival != 0;
	rep_timeline_close(tl);
	compare(path, places, done);
	printf("%s: %zu walks, %zu of them ended inside of an event; seed %" PRIu64 "\n", failures ? "not ok" : "ok",
	       count, inside, seed);
	free(places);
}

/* ---- parts ------------------------------------------------------------- */

/* What is to be added to numbers of events of the trace for those of the run. */
static event_seq shift_of(struct rep_timeline *tl)
{
	struct fmt_ev_keyframe ev;
	struct fmt_event event;

	if (rep_timeline_first(tl) == 0 ||
	    fmt_reader_event(rep_timeline_reader(tl), rep_timeline_first(tl) - 1, &event, NULL) < 0 ||
	    fmt_get_keyframe(&event, &ev) < 0)
		return 0;
	return ev.events - rep_timeline_first(tl);
}

static event_seq shift_of_trace(const char *path)
{
	struct rep_timeline *tl = open_trace(path, UINT64_MAX);
	const event_seq shift = shift_of(tl);

	rep_timeline_close(tl);
	return shift;
}

/* Nothing goes back behind the first position. */
static void step_out(struct rep_timeline *tl, event_seq first)
{
	static const struct rep_step step = {.unit = REP_STEP_EVENT};
	struct rep_stop stop;

	rep_timeline_seek(tl, &(struct rep_position){.seq = first}, &stop);
	rep_timeline_step(tl, &step, REP_BACKWARD, &stop);
	if (stop.why != REP_WHY_START || rep_timeline_seq(tl, NULL) != first)
		fail(tl, &stop, "a step back from the first position");
	rep_timeline_seek(tl, &(struct rep_position){.seq = 0}, &stop);
	if (stop.why != REP_WHY_DONE || rep_timeline_seq(tl, NULL) != first)
		fail(tl, &stop, "a jump to what comes before it");
	rep_timeline_continue(tl, REP_BACKWARD, &stop);
	if (stop.why != REP_WHY_START || rep_timeline_seq(tl, NULL) != first)
		fail(tl, &stop, "a way back from it");
}

static void hash_part(const char *path, struct place *places, size_t count)
{
	struct rep_timeline *tl = open_trace(path, UINT64_MAX);
	const event_seq first = rep_timeline_first(tl), last = rep_timeline_count(tl);

	if (!first) {
		printf("not ok: the trace does not begin with a keyframe\n");
		exit(1);
	}
	for (size_t i = 0; i < count; i++) {
		places[i].position.seq = first + (event_seq)((last - first) * i / (count - 1));
		if (seek(tl, places[i].position.seq))
			places[i].hash = hash_at(tl);
	}
	step_out(tl, first);
	rep_timeline_close(tl);
}

static void part(const char *path, const char *whole, size_t count)
{
	struct place *places = calloc(count, sizeof(*places));
	const event_seq shift = shift_of_trace(path) - shift_of_trace(whole);

	hash_part(path, places, count);
	for (size_t i = 0; i < count; i++)
		places[i].position.seq += shift;
	compare(whole, places, count);
	printf("%s: %zu positions in a part, from event %" PRIu64 " of the run on\n", failures ? "not ok" : "ok", count,
	       places[0].position.seq);
	free(places);
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[2], "ends") == 0)
		ends(argv[1], strtoull(argv[3], NULL, 10));
	else if (argc == 5 && strcmp(argv[2], "walks") == 0)
		walks(argv[1], strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
	else if (argc == 5 && strcmp(argv[2], "part") == 0 && atoi(argv[4]) > 1)
		part(argv[1], argv[3], strtoull(argv[4], NULL, 10));
	else
		return fprintf(stderr, "usage: walk TRACE ends EVERY | walk TRACE walks COUNT SEED | walk TRACE part WHOLE COUNT\n"), 2;
	return failures ? 1 : 0;
}
