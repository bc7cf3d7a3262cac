/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "link-totals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "text.h"

#define TOTALS_MAX 262144u	/* a trace is not trusted: 64 MiB at most */

/* Where a direction is in the list, or belongs. */
static size_t find(const struct fmt_link_totals *totals, uint64_t link, uint64_t side)
{
	size_t low = 0, high = totals->count;

	while (low < high) {
		const size_t middle = (low + high) / 2;
		const struct fmt_link_total *total = &totals->list[middle];

		if (total->link < link || (total->link == link && total->side < side))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct fmt_link_total *fmt_link_totals_get(const struct fmt_link_totals *totals, uint64_t link, uint64_t side)
{
	const size_t at = find(totals, link, side);
	const struct fmt_link_total *total = at < totals->count ? &totals->list[at] : NULL;

	return total && total->link == link && total->side == side ? total : NULL;
}

/* The total of a direction, made when there is none; NULL: there are too many. */
static struct fmt_link_total *get(struct fmt_link_totals *totals, uint64_t link, uint64_t side)
{
	const size_t at = find(totals, link, side);

	if (fmt_link_totals_get(totals, link, side))
		return &totals->list[at];
	if (totals->count == TOTALS_MAX)
		return NULL;
	if (totals->count == totals->capacity) {
		totals->capacity = totals->capacity ? 2 * totals->capacity : 32;
		totals->list = reallocarray(totals->list, totals->capacity, sizeof(*totals->list));
		CHECK(totals->list);
	}
	memmove(&totals->list[at + 1], &totals->list[at], (totals->count++ - at) * sizeof(*totals->list));
	totals->list[at] = (struct fmt_link_total){.link = link, .side = side};
	return &totals->list[at];
}

static void see_load(struct fmt_link_totals *totals, const struct fmt_event *event)
{
	struct fmt_ev_link_load ev;

	if (fmt_get_link_load(event, &ev) < 0 || ev.from_ns >= event->vtime)
		return;
	struct fmt_link_total *total = get(totals, ev.link, ev.side);
	const uint64_t time = event->vtime - ev.from_ns;
	const double share = (double)ev.busy_ns / (double)time;

	if (!total)
		return;
	total->frames += ev.frames;
	total->bytes += ev.bytes;
	total->busy_ns += ev.busy_ns;
	total->time_ns += time;
	total->busiest = share > total->busiest ? share : total->busiest;
	total->queue_max = ev.queue_max > total->queue_max ? ev.queue_max : total->queue_max;
}

static void see_loss(struct fmt_link_totals *totals, const struct fmt_event *event)
{
	struct fmt_ev_link_loss ev;

	if (fmt_get_link_loss(event, &ev) < 0)
		return;
	struct fmt_link_total *total = get(totals, ev.link, ev.side);
	_cleanup_(fmt_buf_done) struct fmt_buf reason = {0};
	char name[sizeof(total->losses[0].reason)];
	size_t i = 0;

	if (!total)
		return;
	fmt_put_escaped(&reason, ev.reason);
	fmt_buf_put(&reason, "", 1);
	snprintf(name, sizeof(name), "%s", (const char *)reason.data);
	while (i < total->loss_count && strcmp(total->losses[i].reason, name) != 0)
		i++;
	if (i == FMT_LINK_LOSSES_MAX)
		i--;
	else if (i == total->loss_count)
		memcpy(total->losses[total->loss_count++].reason, name, sizeof(name));
	total->losses[i].frames += ev.frames;
}

void fmt_link_totals_see(struct fmt_link_totals *totals, const struct fmt_event *event)
{
	if (event->kind == FMT_link_load)
		see_load(totals, event);
	else if (event->kind == FMT_link_loss)
		see_loss(totals, event);
}

void fmt_link_totals_done(struct fmt_link_totals *totals)
{
	free(totals->list);
	*totals = (struct fmt_link_totals){0};
}
