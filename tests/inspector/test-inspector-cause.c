/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cause and effect, odd packets and the axis of activity, against brute force over traces drawn by chance. */
#include <math.h>
#include <unistd.h>

#include "../unit/unit.h"
#include "base/check.h"
#include "cone.h"
#include "mesh.h"
#include "view.h"

static char path[] = "/tmp/hindcast-test-XXXXXX";

/* Marks what leads to an event, by following each edge: to the event before on its lane, to a packet's sending. */
static void mark_past(const struct insp_run *run, uint32_t event, bool *ret)
{
	uint32_t *stack = calloc(2 * (size_t)run->count + 2, sizeof(*stack)), depth = 1;

	stack[0] = event;
	while (depth) {
		const uint32_t seq = stack[--depth];

		if (ret[seq])
			continue;
		ret[seq] = true;
		for (uint32_t before = seq; before-- > 0;)
			if (insp_lane_of(run, before) == insp_lane_of(run, seq)) {
				stack[depth++] = before;
				break;
			}
		for (uint32_t i = 0; i < run->packet_count; i++)
			if (run->packets[i].fate == INSP_RECEIVED && run->packets[i].end == seq)
				stack[depth++] = run->packets[i].send;
	}
	free(stack);
}

static void cones(const struct insp_run *run)
{
	struct insp_cone cone;

	part("cones");
	for (uint32_t event = 15; event < run->count; event += 41) {
		bool *past = calloc(run->count, sizeof(*past));
		uint32_t count = 0, wrong = 0;

		mark_past(run, event, past);
		insp_cone_find(run, event, &cone);
		for (uint32_t seq = 0; seq < run->count; seq++) {
			count += past[seq];
			wrong += past[seq] != insp_cone_has_past(run, &cone, seq);
		}
		EQUAL(wrong, 0);
		struct insp_hits hits = insp_cone_events(run, &cone, true);

		EQUAL(hits.count, count);
		EQUAL(hits.seqs[hits.count - 1], event);
		free(hits.seqs);
		free(past);
	}
}

/* a is in b's past just when b is in a's future. */
static void mirrors(const struct insp_run *run)
{
	struct insp_cone past, future;
	uint32_t wrong = 0;

	part("past and future");
	for (uint32_t a = 20; a < run->count; a += 97) {
		insp_cone_find(run, a, &future);
		for (uint32_t b = a; b < run->count; b += 13) {
			insp_cone_find(run, b, &past);
			wrong += insp_cone_has_past(run, &past, a) != insp_cone_has_future(run, &future, b);
		}
	}
	EQUAL(wrong, 0);
}

static void steps(const struct insp_run *run)
{
	part("causes and effects");
	for (uint32_t i = 0; i < run->packet_count; i++) {
		const struct insp_packet *packet = &run->packets[i];

		if (packet->fate != INSP_RECEIVED)
			continue;
		EQUAL(insp_effect(run, packet->send), packet->end);
		EQUAL(insp_cause(run, packet->end), packet->send);
	}
	for (uint32_t seq = 0; seq < run->count; seq++) {
		const uint32_t cause = insp_cause(run, seq);

		HOLDS(cause == INSP_NONE || cause < seq);
	}
}

/* Late is what arrives behind a packet that was sent after it, on the same way. */
static void marks(const struct insp_run *run)
{
	uint32_t copies = 0, late = 0;

	part("marks");
	for (uint32_t i = 0; i < run->packet_count; i++) {
		const struct insp_packet *packet = &run->packets[i];
		bool overtaken = false;

		for (uint32_t k = i + 1; k < run->packet_count && packet->fate == INSP_RECEIVED; k++) {
			const struct insp_packet *other = &run->packets[k];

			if (other->fate == INSP_RECEIVED && other->from == packet->from && other->to == packet->to &&
			    other->end < packet->end)
				overtaken = true;
		}
		EQUAL(!!(packet->marks & INSP_MARK_LATE), overtaken);
		copies += !!(packet->marks & INSP_MARK_COPY);
		late += overtaken;
	}
	HOLDS(copies > 10 && late > 10);
}

static void activity(const struct insp_run *run)
{
	struct insp_view view;

	part("activity");
	insp_view_init(&view, run, 1000);
	insp_view_set_axis(&view, INSP_AXIS_ACTIVITY);
	for (uint32_t seq = 1; seq < run->count; seq++) {
		HOLDS(insp_activity_of(run, seq) > insp_activity_of(run, seq - 1));
		EQUAL(insp_view_seek(&view, insp_view_coord(&view, seq)), seq);
		EQUAL(insp_view_vtime(&view, insp_view_coord(&view, seq)), insp_vtime(run, seq));
	}
	insp_view_whole(&view);
	HOLDS(insp_view_x_of(&view, 0) >= 0 && insp_view_x_of(&view, run->count - 1) <= 1000);
}

int main(void)
{
	const int fd = mkstemp(path);

	CHECK(fd >= 0);
	close(fd);
	for (uint64_t seed = 1; seed <= 3; seed++) {
		_cleanup_(insp_run_freep) struct insp_run *run = NULL;
		struct fmt_error error = {{0}};

		unlink(path);
		EQUAL(write_mesh(path, seed, 400), 0);
		EQUAL(insp_run_load(path, NULL, NULL, &run, &error), 0);
		insp_run_check(run);
		cones(run);
		mirrors(run);
		steps(run);
		marks(run);
		activity(run);
	}
	unlink(path);
	return done();
}
