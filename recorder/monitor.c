/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define REASONS_MAX 16u		/* kinds of losses; there are fewer */
#define REASON_SIZE 24u

struct rec_monitor_side {
	/* of the interval */
	uint64_t frames, bytes;
	uint64_t busy_ns;		/* for which the line is, by what it was given; some of it may lie behind the end */
	uint32_t queue_max;
	struct loss {
		char reason[REASON_SIZE];
		uint64_t frames;
	} losses[REASONS_MAX];
	size_t loss_count;
	/* that go on */
	vtime_ns depart_ns;		/* of the last frame: until then the line is busy without a gap */
	vtime_ns *queue;		/* ring of departures to come, ascending */
	size_t head, count, capacity;
};

void rec_monitor_init(struct rec_monitor *monitor, const struct rec_experiment *exp)
{
	*monitor = (struct rec_monitor){
		.exp = exp, .next = exp->monitor_ns && exp->link_count ? exp->monitor_ns : UINT64_MAX,
		.sides = calloc(2 * exp->link_count + 1, sizeof(*monitor->sides)),
	};
	CHECK(monitor->sides);
}

void rec_monitor_done(struct rec_monitor *monitor)
{
	for (size_t i = 0; monitor->sides && i < 2 * monitor->exp->link_count; i++)
		free(monitor->sides[i].queue);
	free(monitor->sides);
	*monitor = (struct rec_monitor){0};
}

vtime_ns rec_monitor_next(const struct rec_monitor *monitor)
{
	return monitor->next;
}

/* ---- the queue ---- */

static void forget_departed(struct rec_monitor_side *side, vtime_ns now)
{
	while (side->count && side->queue[side->head] <= now) {
		side->head = (side->head + 1) % side->capacity;
		side->count--;
	}
}

static void queue_grow(struct rec_monitor_side *side)
{
	const size_t capacity = side->capacity ? 2 * side->capacity : 16;
	vtime_ns *queue = calloc(capacity, sizeof(*queue));

	CHECK(queue);
	for (size_t i = 0; i < side->count; i++)
		queue[i] = side->queue[(side->head + i) % side->capacity];
	free(side->queue);
	side->queue = queue;
	side->head = 0;
	side->capacity = capacity;
}

static void enqueue(struct rec_monitor_side *side, vtime_ns now, vtime_ns depart)
{
	forget_departed(side, now);
	if (depart <= now)
		return;
	if (side->count == side->capacity)
		queue_grow(side);
	side->queue[(side->head + side->count++) % side->capacity] = depart;
	if (side->count > side->queue_max)
		side->queue_max = (uint32_t)side->count;
}

/* ---- what happens ---- */

/* The direction that begins at a node; NULL: none that is monitored. */
static struct rec_monitor_side *side_of(const struct rec_monitor *monitor, uint64_t link, node_id from)
{
	const struct rec_experiment *exp = monitor->exp;

	if (link >= exp->link_count)
		return NULL;
	for (unsigned side = 0; side < 2; side++)
		if (exp->links[link].end[side].node == from)
			return &monitor->sides[2 * link + side];
	return NULL;
}

static void see_send(const struct rec_monitor *monitor, const struct fmt_event *event)
{
	struct fmt_ev_packet_send ev;

	if (fmt_get_packet_send(event, &ev) < 0)
		return;
	struct rec_monitor_side *side = side_of(monitor, ev.link, event->node);

	if (!side)
		return;
	const vtime_ns begin = side->depart_ns > event->vtime ? side->depart_ns : event->vtime;

	side->frames++;
	side->bytes += ev.frame.size;
	enqueue(side, event->vtime, ev.depart_ns);
	/* What its queue drops does not come to the line. */
	if (ev.depart_ns <= begin)
		return;
	side->busy_ns += ev.depart_ns - begin;
	side->depart_ns = ev.depart_ns;
}

/* A loss on arrival is told by the receiver, and counts for the direction by which the frame came. */
static void see_drop(const struct rec_monitor *monitor, const struct fmt_event *event)
{
	struct fmt_ev_packet_drop ev;

	if (fmt_get_packet_drop(event, &ev) < 0)
		return;
	struct rec_monitor_side *side = side_of(monitor, ev.link, (node_id)(ev.packet >> 40));
	const size_t size = ev.reason.size < REASON_SIZE ? ev.reason.size : REASON_SIZE - 1;
	size_t i = 0;

	if (!side)
		return;
	while (i < side->loss_count &&
	       (strlen(side->losses[i].reason) != size || memcmp(side->losses[i].reason, ev.reason.data, size) != 0))
		i++;
	if (i == REASONS_MAX)
		return;
	if (i == side->loss_count) {
		side->losses[i] = (struct loss){0};
		memcpy(side->losses[i].reason, ev.reason.data, size);
		side->loss_count++;
	}
	side->losses[i].frames++;
}

void rec_monitor_see(struct rec_monitor *monitor, const struct fmt_event *event)
{
	if (event->kind == FMT_packet_send)
		see_send(monitor, event);
	else if (event->kind == FMT_packet_drop)
		see_drop(monitor, event);
}

/* ---- telling ---- */

static void tell_side(struct rec_monitor *monitor, size_t index, vtime_ns now, struct fmt_buf *records)
{
	struct rec_monitor_side *side = &monitor->sides[index];
	/* The line works without a gap until its last frame has left: what lies behind now is of later intervals. */
	const uint64_t later = side->depart_ns > now ? side->depart_ns - now : 0;
	const uint64_t behind = later < side->busy_ns ? later : side->busy_ns;

	forget_departed(side, now);
	if (side->frames || side->busy_ns || side->count)
		fmt_put_link_load(records, now, 0, 0, &(struct fmt_ev_link_load){
			.link = index / 2, .side = index % 2, .from_ns = monitor->from, .frames = side->frames,
			.bytes = side->bytes, .busy_ns = side->busy_ns - behind, .queue_max = side->queue_max,
			.queue = side->count });
	for (size_t i = 0; i < side->loss_count; i++)
		fmt_put_link_loss(records, now, 0, 0, &(struct fmt_ev_link_loss){
			.link = index / 2, .side = index % 2, .from_ns = monitor->from,
			.reason = {(const uint8_t *)side->losses[i].reason, strlen(side->losses[i].reason)},
			.frames = side->losses[i].frames });
	side->frames = side->bytes = 0;
	side->busy_ns = behind;
	side->queue_max = (uint32_t)side->count;
	side->loss_count = 0;
}

void rec_monitor_tell(struct rec_monitor *monitor, vtime_ns now, struct fmt_buf *records)
{
	CHECK(now >= monitor->from);
	if (now == monitor->from)
		return;
	for (size_t i = 0; i < 2 * monitor->exp->link_count; i++)
		tell_side(monitor, i, now, records);
	monitor->from = now;
	while (monitor->next <= now)
		monitor->next += monitor->exp->monitor_ns;
}
