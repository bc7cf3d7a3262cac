/* SPDX-License-Identifier: GPL-2.0-or-later */
/* point.c - breakpoints and watchpoints of a timeline. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "filter.h"
#include "point.h"

static int refuse(struct fmt_error *error, int code, const char *text)
{
	snprintf(error->text, sizeof(error->text), "%s", text);
	return code;
}

static int check_memory(const struct rep_point *point, struct fmt_error *error)
{
	if (!point->node || !point->pid)
		return refuse(error, -EINVAL, "memory is watched in one process of one node");
	if (point->size != 1 && point->size != 2 && point->size != 4 && point->size != 8)
		return refuse(error, -EINVAL, "1, 2, 4 or 8 bytes can be watched");
	if (point->addr % point->size)
		return refuse(error, -EINVAL, "what is watched is aligned to its size");
	return 0;
}

static int check_point(const struct rep_timeline *tl, const struct rep_point *point, struct fmt_error *error)
{
	struct fmt_filter *filter = NULL;
	int r;

	switch (point->kind) {
	case REP_POINT_ADDRESS:
		return point->node ? 0 : refuse(error, -EINVAL, "an address is one of a node");
	case REP_POINT_WRITE:
	case REP_POINT_ACCESS:
		return check_memory(point, error);
	case REP_POINT_FILTER:
		r = fmt_filter_new_for(point->filter, tl->reader, &filter, error);
		fmt_filter_free(filter);
		return r;
	}
	return refuse(error, -EINVAL, "there is no such kind of point");
}

int rep_timeline_add_point(struct rep_timeline *tl, const struct rep_point *point, struct fmt_error *error)
{
	const int r = check_point(tl, point, error);
	size_t i = 0;

	if (r < 0)
		return r;
	while (i < REP_POINT_MAX && tl->points[i].number)
		i++;
	if (i == REP_POINT_MAX)
		return refuse(error, -EMFILE, "there are too many breakpoints");
	tl->points[i] = (struct rep_timeline_point){.number = ++tl->last_point, .point = *point};
	tl->points[i].point.filter = point->filter ? strdup(point->filter) : NULL;
	return tl->last_point;
}

static void point_free(struct rep_timeline_point *p)
{
	free((char *)p->point.filter);
	free(p->matches);
	*p = (struct rep_timeline_point){0};
}

int rep_timeline_remove_point(struct rep_timeline *tl, int number)
{
	for (size_t i = 0; i < REP_POINT_MAX && number > 0; i++)
		if (tl->points[i].number == number) {
			point_free(&tl->points[i]);
			return 0;
		}
	return -ENOENT;
}

void rep__points_done(struct rep_timeline *tl)
{
	for (size_t i = 0; i < REP_POINT_MAX; i++)
		point_free(&tl->points[i]);
}

/* ---- marks and watches ------------------------------------------------ */

void rep__points_disarm(struct rep_timeline *tl)
{
	struct rep_stretch *st = &tl->stretch;

	if (st->mark_count || st->watch_count)
		rep__stretch_changed(st);
	st->mark_count = st->watch_count = 0;
}

void rep__points_watch(struct rep_timeline *tl, const struct rep_point *point)
{
	struct rep_stretch *st = &tl->stretch;

	if (st->watch_count == REP_WATCH_MAX)
		return;
	st->watches[st->watch_count++] = (struct rep_watch){
		.node = point->node, .pid = point->pid, .addr = point->addr, .size = point->size,
		.access = point->kind == REP_POINT_ACCESS,
	};
	rep__stretch_changed(st);
}

void rep__points_arm(struct rep_timeline *tl)
{
	rep__points_disarm(tl);
	for (size_t i = 0; i < REP_POINT_MAX; i++) {
		const struct rep_point *point = &tl->points[i].point;

		if (!tl->points[i].number)
			continue;
		if (point->kind == REP_POINT_ADDRESS)
			rep__stretch_mark(&tl->stretch, point->node, point->pid, point->addr);
		else if (point->kind != REP_POINT_FILTER)
			rep__points_watch(tl, point);
	}
}

bool rep__points_execute(const struct rep_timeline *tl)
{
	for (size_t i = 0; i < REP_POINT_MAX; i++)
		if (tl->points[i].number && tl->points[i].point.kind != REP_POINT_FILTER)
			return true;
	return false;
}

static bool is_hit(struct rep_timeline *tl, const struct rep_timeline_point *p, struct rep_stop *stop)
{
	stop->point = p->number;
	return !p->point.condition || p->point.condition(p->point.arg, tl, stop);
}

bool rep__points_at(struct rep_timeline *tl, struct rep_stop *stop)
{
	for (size_t i = 0; i < REP_POINT_MAX; i++) {
		const struct rep_point *point = &tl->points[i].point;

		if (tl->points[i].number && point->kind == REP_POINT_ADDRESS &&
		    point->node == stop->node && point->addr == stop->pc &&
		    (!point->pid || point->pid == stop->pid) && (!point->tid || point->tid == stop->tid) &&
		    is_hit(tl, &tl->points[i], stop))
			return true;
	}
	stop->point = 0;
	return false;
}

bool rep__points_changed(struct rep_timeline *tl, const struct rep_watch *watch, struct rep_stop *stop)
{
	stop->addr = watch->addr;
	stop->size = watch->size;
	memcpy(stop->before, watch->before, sizeof(stop->before));
	memcpy(stop->after, watch->value, sizeof(stop->after));
	for (size_t i = 0; i < REP_POINT_MAX; i++) {
		const struct rep_point *point = &tl->points[i].point;

		if (tl->points[i].number &&
		    (point->kind == REP_POINT_WRITE || point->kind == REP_POINT_ACCESS) &&
		    point->node == watch->node && point->pid == watch->pid && point->addr == watch->addr &&
		    point->size == watch->size && is_hit(tl, &tl->points[i], stop))
			return true;
	}
	stop->point = 0;
	return false;
}

/* ---- events ----------------------------------------------------------- */

static void add_match(struct rep_timeline_point *p, size_t *capacity, event_seq seq)
{
	if (p->match_count == *capacity) {
		*capacity = 2 * *capacity;
		p->matches = reallocarray(p->matches, *capacity, sizeof(*p->matches));
		CHECK(p->matches);
	}
	p->matches[p->match_count++] = seq;
}

/* Once for the whole trace: some filters have to be shown every event from the first, and going backward would show them in the
 * wrong order. */
static bool find_matches(struct rep_timeline *tl, struct rep_timeline_point *p)
{
	struct fmt_roster roster = {0};
	struct fmt_filter *filter;
	struct fmt_error error;
	struct fmt_event event;
	size_t capacity = 64;
	bool whole = true;

	CHECK(fmt_filter_new(p->point.filter, &filter, &error) == 0);
	p->matches = reallocarray(NULL, capacity, sizeof(*p->matches));
	CHECK(p->matches);
	p->match_count = 0;
	for (event_seq seq = 0; seq < tl->count && whole; seq++) {
		whole = !__atomic_load_n(&tl->stretch.interrupt, __ATOMIC_ACQUIRE) &&
			fmt_reader_event(tl->reader, seq, &event, NULL) == 0;
		if (!whole)
			break;
		fmt_roster_learn(&roster, &event);
		if (fmt_filter_match(filter, &event, &roster))
			add_match(p, &capacity, seq);
	}
	fmt_filter_free(filter);
	fmt_roster_done(&roster);
	if (!whole) {
		free(p->matches);
		p->matches = NULL;
	}
	return whole;
}

/* Number of matches before seq. */
static size_t matches_before(const struct rep_timeline_point *p, event_seq seq)
{
	size_t low = 0, high = p->match_count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (p->matches[middle] < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool rep__points_prepare(struct rep_timeline *tl)
{
	for (size_t i = 0; i < REP_POINT_MAX; i++) {
		struct rep_timeline_point *p = &tl->points[i];

		if (p->number && p->point.kind == REP_POINT_FILTER && !p->matches && !find_matches(tl, p))
			return false;
	}
	return true;
}

bool rep__points_event(struct rep_timeline *tl, event_seq seq, struct rep_stop *stop)
{
	for (size_t i = 0; i < REP_POINT_MAX; i++) {
		const struct rep_timeline_point *p = &tl->points[i];
		const size_t at = p->matches ? matches_before(p, seq) : 0;

		if (p->matches && at < p->match_count && p->matches[at] == seq && is_hit(tl, p, stop))
			return true;
	}
	stop->point = 0;
	return false;
}

event_seq rep__points_next_event(const struct rep_timeline *tl, event_seq seq)
{
	event_seq found = UINT64_MAX;

	for (size_t i = 0; i < REP_POINT_MAX; i++) {
		const struct rep_timeline_point *p = &tl->points[i];
		const size_t at = p->matches ? matches_before(p, seq) : 0;

		if (p->matches && at < p->match_count && p->matches[at] < found)
			found = p->matches[at];
	}
	return found;
}

event_seq rep__points_last_event(const struct rep_timeline *tl, event_seq seq)
{
	event_seq found = UINT64_MAX;

	for (size_t i = 0; i < REP_POINT_MAX; i++) {
		const struct rep_timeline_point *p = &tl->points[i];
		const size_t at = p->matches ? matches_before(p, seq) : 0;

		if (at > 0 && (found == UINT64_MAX || p->matches[at - 1] > found))
			found = p->matches[at - 1];
	}
	return found;
}
