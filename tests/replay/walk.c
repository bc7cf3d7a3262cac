/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * walk.c - walk TRACE ends EVERY | walks COUNT SEED | part WHOLE COUNT | interrupts | conditions: whether a timeline is the same wherever
 * one comes from.
 *
 * ends: to the end from the start; then, with a checkpoint at every EVERY-th event, to the end from each of them.  The state at
 * the end, and at each checkpoint, has to be that of the straight run.
 * walks: COUNT walks of random steps, forward and backward, by events, calls, instructions and jumps; each ends at a position, to
 * which a second timeline, without checkpoints and without a past, goes straight.  Both have to have the same state.
 * part: TRACE begins in the middle of the run that WHOLE has from its beginning (or from an earlier place); at COUNT positions, the
 * first and the last among them, both have to have the same state, and nothing goes back behind the first.
 * interrupts: moves of all kinds are interrupted in their midst, from within, at a place that is always the same.  Counted is what is
 * executed after that: nothing that is new, and of what had been executed before at most what lies behind the last checkpoint.
 * conditions: points at events ask theirs at each event, with the timeline standing there, and stop where it holds and nowhere else;
 * in both directions, by themselves and beside a point for which everything is executed.
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

/* ---- interrupts --------------------------------------------------------- */

struct asker {
	struct rep_timeline *tl;
	uint64_t asked, at;		/* how often; when it interrupts */
	event_seq seen;			/* the event under way then */
};

/* The condition of a point: asked wherever a move comes by. */
static bool interrupt_here(void *arg, struct rep_timeline *tl, const struct rep_stop *stop)
{
	struct asker *asker = arg;

	(void)stop;
	if (++asker->asked == asker->at) {
		asker->seen = rep_timeline_seq(tl, NULL);
		rep_timeline_interrupt(tl);
	}
	return false;
}

static void expect_interrupted(struct rep_timeline *tl, const struct rep_stop *stop, const char *what)
{
	if (stop->why != REP_WHY_INTERRUPTED)
		fail(tl, stop, what);
}

#define PLACES 64

/* The instruction that threads pass most often, of those where one stands at evenly spread events. */
static void busy_place(struct rep_timeline *tl, node_id *ret_node, uint64_t *ret_pc)
{
	struct place_of {
		node_id node;
		uint64_t pc;
	} at[PLACES] = {0};
	size_t most = 0;

	for (size_t i = 0; i < PLACES; i++) {
		const struct rep_thread_info *threads;
		struct user_regs_struct regs;

		if (!seek(tl, rep_timeline_count(tl) * i / PLACES))
			exit(2);
		for (size_t left = rep_timeline_threads(tl, &threads); left-- > 0;)
			if (threads[left].is_next && rep_timeline_regs(tl, threads[left].node, threads[left].tid, &regs) == 0)
				at[i] = (struct place_of){threads[left].node, regs.rip};
	}
	for (size_t i = 0; i < PLACES; i++) {
		size_t same = 0;

		for (size_t j = 0; j < PLACES; j++)
			same += at[j].node == at[i].node && at[j].pc == at[i].pc && at[i].pc;
		if (same > most) {
			most = same;
			*ret_node = at[i].node;
			*ret_pc = at[i].pc;
		}
	}
	if (!most)
		exit(2);
}

/* A move that comes by a place again and again, interrupted at the nth time. */
static void interrupt_continue(struct rep_timeline *tl, node_id node, uint64_t pc, enum rep_direction direction, uint64_t nth)
{
	const char *what = direction == REP_FORWARD ? "continue" : "reverse-continue";
	struct asker asker = {.tl = tl, .at = nth};
	const struct rep_point point = {.kind = REP_POINT_ADDRESS, .node = node, .addr = pc, .condition = interrupt_here,
					.arg = &asker};
	struct fmt_error error = {0};
	struct rep_stop stop;
	const int number = rep_timeline_add_point(tl, &point, &error);
	const event_seq count = rep_timeline_count(tl), from = direction == REP_FORWARD ? 0 : count;

	if (number < 0 || !seek(tl, from))
		exit(2);
	rep_timeline_continue(tl, direction, &stop);
	rep_timeline_remove_point(tl, number);
	expect_interrupted(tl, &stop, what);
	const event_seq here = rep_timeline_seq(tl, NULL);

	/* Backward it executes forward, a stretch at a time, and stands in that one. */
	if (asker.asked != nth || here > asker.seen) {
		printf("not ok: %s: the place was passed %" PRIu64 " times, it was interrupted at the %" PRIu64 "th, at event %" PRIu64
		       ", and stands at %" PRIu64 "\n", what, asker.asked, nth, asker.seen, here);
		failures++;
	}
	/* It goes on from there as if nothing had been. */
	rep_timeline_seek(tl, &(struct rep_position){.seq = count}, &stop);
	if (stop.why != REP_WHY_DONE)
		fail(tl, &stop, "on after an interrupt");
}

/* An interrupt that comes first ends the next move before it does anything, and no other. */
static void interrupt_next(struct rep_timeline *tl)
{
	const event_seq middle = rep_timeline_count(tl) / 2;
	struct rep_stop stop;

	for (int kind = 0; kind < 3; kind++) {
		if (!seek(tl, middle))
			exit(2);
		rep_timeline_interrupt(tl);
		if (kind == 0)
			rep_timeline_seek(tl, &(struct rep_position){.seq = rep_timeline_count(tl)}, &stop);
		else if (kind == 1)
			rep_timeline_continue(tl, REP_FORWARD, &stop);
		else
			rep_timeline_step(tl, &(struct rep_step){.unit = REP_STEP_SYSCALL}, REP_FORWARD, &stop);
		expect_interrupted(tl, &stop, "a move that was interrupted before it began");
		if (rep_timeline_seq(tl, NULL) != middle) {
			printf("not ok: move %d went from event %" PRIu64 " to %" PRIu64 " though it had been interrupted\n", kind,
			       middle, rep_timeline_seq(tl, NULL));
			failures++;
		}
	}
}

static void interrupts(const char *path)
{
	struct rep_timeline *tl = open_trace(path, 0);
	node_id node = 0;
	uint64_t pc = 0;

	if (!seek(tl, rep_timeline_count(tl) / 2))
		exit(2);
	const uint64_t hash = hash_at(tl);

	interrupt_next(tl);	/* while there is no checkpoint ahead, to which it might go at no cost */
	busy_place(tl, &node, &pc);
	for (uint64_t nth = 1; nth < 6; nth++) {
		interrupt_continue(tl, node, pc, REP_FORWARD, nth);
		interrupt_continue(tl, node, pc, REP_BACKWARD, nth);
	}
	if (seek(tl, rep_timeline_count(tl) / 2) && hash_at(tl) != hash) {
		printf("not ok: the state is another one after interrupts\n");
		failures++;
	}
	printf("%s: moves that were interrupted\n", failures ? "not ok" : "ok");
	rep_timeline_close(tl);
}

/* ---- conditions ---------------------------------------------------------- */

#define STOPS_MAX 40

/* Of the calls that return, it holds for the last of each `every`. */
struct chooser {
	const event_seq *calls;
	size_t count, every;
	size_t asked, misplaced;
};

static event_seq *find_calls(struct rep_timeline *tl, size_t *ret_count)
{
	static const uint32_t kinds[] = {FMT_syscall};
	const struct fmt_want want = {.kinds = kinds, .kind_count = 1};
	event_seq *calls = calloc(rep_timeline_count(tl) + 1, sizeof(*calls));
	struct fmt_event event;

	*ret_count = 0;
	for (event_seq seq = 0; fmt_reader_find(rep_timeline_reader(tl), &want, false, &seq, &event, NULL) > 0; seq++)
		calls[(*ret_count)++] = seq;
	return calls;
}

static bool is_chosen(void *arg, struct rep_timeline *tl, const struct rep_stop *stop)
{
	struct chooser *chooser = arg;
	size_t i = 0;

	chooser->asked++;
	while (i < chooser->count && chooser->calls[i] != stop->seq)
		i++;
	chooser->misplaced += i == chooser->count || rep_timeline_seq(tl, NULL) != stop->seq + 1;
	return (i + 1) % chooser->every == 0;
}

static bool is_never(void *arg, struct rep_timeline *tl, const struct rep_stop *stop)
{
	(void)arg, (void)tl, (void)stop;
	return false;
}

/* From one of the chosen to the next; index: of the first that is to be met. */
static void go_along(struct rep_timeline *tl, struct chooser *chooser, enum rep_direction direction, size_t index)
{
	const char *const way = direction == REP_FORWARD ? "forward" : "backward";
	const enum rep_why end = direction == REP_FORWARD ? REP_WHY_END : REP_WHY_START;
	struct rep_stop stop;

	for (size_t stops = 0; stops < STOPS_MAX; stops++) {
		const bool more = index < chooser->count;

		rep_timeline_continue(tl, direction, &stop);
		if (stop.why != (more ? REP_WHY_EVENT : end) || (more && stop.seq != chooser->calls[index])) {
			printf("%s, every %zuth of %zu calls, expected %" PRIu64 ": ", way, chooser->every, chooser->count,
			       more ? chooser->calls[index] : UINT64_MAX);
			fail(tl, &stop, "a condition");
			return;
		}
		if (!more)
			return;
		index += direction == REP_FORWARD ? chooser->every : -chooser->every;
	}
}

static void choose(struct rep_timeline *tl, const event_seq *calls, size_t count, size_t every, bool executed)
{
	struct chooser chooser = {.calls = calls, .count = count, .every = every};
	const struct rep_point point = {.kind = REP_POINT_FILTER, .filter = "kind==syscall", .condition = is_chosen, .arg = &chooser};
	const struct rep_point other = {.kind = REP_POINT_ADDRESS, .node = 1, .addr = 16, .condition = is_never};
	struct fmt_error error = {0};
	const int number = rep_timeline_add_point(tl, &point, &error);
	const int other_number = executed ? rep_timeline_add_point(tl, &other, &error) : 0;

	if (number < 0 || other_number < 0 || !seek(tl, 0))
		exit(2);
	go_along(tl, &chooser, REP_FORWARD, every - 1);
	if (!seek(tl, rep_timeline_count(tl)))
		exit(2);
	go_along(tl, &chooser, REP_BACKWARD, count / every * every - 1);
	rep_timeline_remove_point(tl, number);
	rep_timeline_remove_point(tl, other_number);
	if (!chooser.asked || chooser.misplaced) {
		printf("not ok: a condition was asked %zu times, %zu of them elsewhere\n", chooser.asked, chooser.misplaced);
		failures++;
	}
}

static void conditions(const char *path)
{
	static const size_t every[] = {1, 3, 50};
	struct rep_timeline *tl = open_trace(path, 0);
	size_t count;
	event_seq *calls = find_calls(tl, &count);

	for (size_t i = 0; i < sizeof(every) / sizeof(every[0]); i++) {
		choose(tl, calls, count, every[i], /* executed= */ false);
		choose(tl, calls, count, every[i], /* executed= */ true);
	}
	choose(tl, calls, count, count + 1, /* executed= */ false);	/* it never holds */
	printf("%s: conditions of points at events, %zu calls\n", failures ? "not ok" : "ok", count);
	free(calls);
	rep_timeline_close(tl);
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[2], "ends") == 0)
		ends(argv[1], strtoull(argv[3], NULL, 10));
	else if (argc == 5 && strcmp(argv[2], "walks") == 0)
		walks(argv[1], strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
	else if (argc == 5 && strcmp(argv[2], "part") == 0 && atoi(argv[4]) > 1)
		part(argv[1], argv[3], strtoull(argv[4], NULL, 10));
	else if (argc == 3 && strcmp(argv[2], "interrupts") == 0)
		interrupts(argv[1]);
	else if (argc == 3 && strcmp(argv[2], "conditions") == 0)
		conditions(argv[1]);
	else
		return fprintf(stderr, "usage: walk TRACE ends EVERY | walk TRACE walks COUNT SEED | walk TRACE part WHOLE COUNT | "
				       "walk TRACE interrupts | walk TRACE conditions\n"), 2;
	return failures ? 1 : 0;
}
