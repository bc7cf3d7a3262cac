/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gaps.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"

#define AHEAD_MAX 64u	/* partners may lie so far behind each other's order within a stretch */

/* ---- stretches ---- */

/* The longest stretch that begins at i and j: how many events of both are each other's partners, and the same. */
static uint32_t stretch_at(const struct insp_pair *pair, uint32_t i, uint32_t j)
{
	const struct insp_run *a = pair->run[0], *b = pair->run[1];
	uint32_t whole = 0, end = j;

	for (uint32_t count = 0; i + count < a->count; count++) {
		const uint32_t partner = pair->other[0][i + count];

		if (pair->match[0][i + count] != INSP_SAME || partner < j || partner - j > count + AHEAD_MAX)
			break;
		if (partner >= end)
			end = partner + 1;
		/* Between events of different nodes the order may differ: a cut is where no pair is torn. */
		if (end - j == count + 1)
			whole = count + 1;
	}
	CHECK(j + whole <= b->count);
	return whole;
}

static void add_gap(struct insp_gaps *gaps, uint32_t *capacity, const struct insp_gap *gap)
{
	if (gaps->count == *capacity) {
		*capacity = *capacity ? 2 * *capacity : 16;
		gaps->all = reallocarray(gaps->all, *capacity, sizeof(*gaps->all));
		CHECK(gaps->all);
	}
	gaps->all[gaps->count++] = *gap;
}

/* What of a stretch is folded: not its edges, unless they are those of the runs. */
static bool gap_of(const struct insp_pair *pair, uint32_t i, uint32_t j, uint32_t count, struct insp_gap *ret)
{
	const uint32_t before = i == 0 && j == 0 ? 0 : INSP_GAP_EDGE;
	const uint32_t behind = i + count == pair->run[0]->count && j + count == pair->run[1]->count ? 0 : INSP_GAP_EDGE;

	if (count < before + behind + INSP_GAP_LEAST)
		return false;
	*ret = (struct insp_gap){{i + before, j + before}, {i + count - behind, j + count - behind}, false};
	return true;
}

static void find_all(struct insp_gaps *gaps)
{
	const struct insp_pair *pair = gaps->pair;
	uint32_t capacity = 0, least = 0;	/* of the second run: no stretch begins before */

	for (uint32_t i = 0; i < pair->run[0]->count;) {
		const uint32_t j = pair->other[0][i];
		struct insp_gap gap;

		if (pair->match[0][i] != INSP_SAME || j < least) {
			i++;
			continue;
		}
		const uint32_t count = stretch_at(pair, i, j);

		if (count && gap_of(pair, i, j, count, &gap)) {
			add_gap(gaps, &capacity, &gap);
			least = j + count;
		}
		i += count ? count : 1;
	}
}

static int longer_first(const void *x, const void *y)
{
	const struct insp_gap *a = x, *b = y;
	const uint32_t count_a = a->end[0] - a->first[0], count_b = b->end[0] - b->first[0];

	if (count_a != count_b)
		return count_a > count_b ? -1 : 1;
	return a->first[0] < b->first[0] ? -1 : a->first[0] > b->first[0];
}

static int earlier_first(const void *x, const void *y)
{
	const struct insp_gap *a = x, *b = y;

	return a->first[0] < b->first[0] ? -1 : a->first[0] > b->first[0];
}

/* ---- places on the axes ---- */

static double base_of(const struct insp_run *run, enum insp_axis axis, uint32_t seq)
{
	return seq < run->count ? insp_axis_base(run, axis, seq) : insp_axis_extent(run, axis);
}

static void place_axis(struct insp_gaps *gaps, enum insp_axis axis)
{
	const struct insp_pair *pair = gaps->pair;
	struct insp_gap_place *places = gaps->places[axis];
	double behind[2] = {0, 0}, shown = 0;	/* behind the gap before */
	uint32_t closed = 0;

	for (uint32_t i = 0; i < gaps->count; i++) {
		struct insp_gap_place place = {.gap = i};
		double open = 0;

		if (gaps->all[i].open)
			continue;
		for (int side = 0; side < 2; side++) {
			place.begin[side] = base_of(pair->run[side], axis, gaps->all[i].first[side]);
			place.end[side] = base_of(pair->run[side], axis, gaps->all[i].end[side]);
			open = fmax(open, place.begin[side] - behind[side]);
			behind[side] = place.end[side];
		}
		place.shown = shown += open;
		places[closed++] = place;
	}
	gaps->closed = closed;
	gaps->width[axis] = -1;
	double rest = 0;

	for (int side = 0; side < 2; side++)
		rest = fmax(rest, insp_axis_extent(pair->run[side], axis) - behind[side]);
	gaps->shown[axis] = shown + rest;
}

static void place_all(struct insp_gaps *gaps)
{
	for (int axis = 0; axis < INSP_AXIS_COUNT; axis++)
		place_axis(gaps, axis);
}

struct insp_gaps *insp_gaps_new(const struct insp_pair *pair)
{
	struct insp_gaps *gaps = calloc(1, sizeof(*gaps));

	CHECK(gaps);
	gaps->pair = pair;
	find_all(gaps);
	if (gaps->count > INSP_GAPS_MAX) {
		qsort(gaps->all, gaps->count, sizeof(*gaps->all), longer_first);
		gaps->count = INSP_GAPS_MAX;
		qsort(gaps->all, gaps->count, sizeof(*gaps->all), earlier_first);
	}
	for (int axis = 0; axis < INSP_AXIS_COUNT; axis++) {
		gaps->places[axis] = calloc(gaps->count + 1, sizeof(*gaps->places[axis]));
		CHECK(gaps->places[axis]);
	}
	/* Of runs that do not differ nothing would be left to see. */
	insp_gaps_set(gaps, INSP_NONE, pair->difference_count == 0);
	return gaps;
}

void insp_gaps_free(struct insp_gaps *gaps)
{
	if (!gaps)
		return;
	for (int axis = 0; axis < INSP_AXIS_COUNT; axis++)
		free(gaps->places[axis]);
	free(gaps->all);
	free(gaps);
}

void insp_gaps_check(const struct insp_gaps *gaps)
{
	CHECK(gaps->count <= INSP_GAPS_MAX);
	CHECK(gaps->closed <= gaps->count);
	for (uint32_t i = 0; i < gaps->count; i++) {
		const struct insp_gap *gap = &gaps->all[i];

		CHECK(gap->end[0] - gap->first[0] == gap->end[1] - gap->first[1]);
		for (int side = 0; side < 2; side++) {
			CHECK(gap->first[side] < gap->end[side]);
			CHECK(gap->end[side] <= gaps->pair->run[side]->count);
			CHECK(i == 0 || gaps->all[i - 1].end[side] <= gap->first[side]);
			for (uint32_t seq = gap->first[side]; seq < gap->end[side]; seq++)
				CHECK(gaps->pair->match[side][seq] == INSP_SAME);
		}
	}
}

void insp_gaps_set(struct insp_gaps *gaps, uint32_t gap, bool open)
{
	CHECK(gap == INSP_NONE || gap < gaps->count);
	for (uint32_t i = 0; i < gaps->count; i++)
		if (gap == INSP_NONE || gap == i)
			gaps->all[i].open = open;
	place_all(gaps);
}

/* How many gaps of a run end at or before an event. */
static uint32_t gaps_before(const struct insp_gaps *gaps, int side, uint32_t seq)
{
	uint32_t low = 0, high = gaps->count;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (gaps->all[middle].end[side] <= seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t insp_gaps_find(const struct insp_gaps *gaps, int side, uint32_t seq)
{
	const uint32_t at = gaps_before(gaps, side, seq);

	return at < gaps->count && gaps->all[at].first[side] <= seq ? at : INSP_NONE;
}

uint32_t insp_gaps_next(const struct insp_gaps *gaps, int side, uint32_t seq)
{
	uint32_t at = gaps_before(gaps, side, seq);

	while (at < gaps->count && gaps->all[at].open)
		at++;
	return at < gaps->count ? at : INSP_NONE;
}

/* ---- from bases to coordinates, and back ---- */

void insp_gaps_lay(struct insp_gaps *gaps, enum insp_axis axis, double width)
{
	double before = 0;

	if (gaps->width[axis] == width)
		return;
	gaps->width[axis] = width;
	for (uint32_t i = 0; i < gaps->closed; i++) {
		struct insp_gap_place *place = &gaps->places[axis][i];

		place->at = place->shown + before;
		place->width = fmin(width, fmax(place->end[0] - place->begin[0], place->end[1] - place->begin[1]));
		before += place->width;
	}
}

/* The number of places that begin at or before a base of a run; side -1: before a coordinate. */
static uint32_t places_until(const struct insp_gaps *gaps, enum insp_axis axis, int side, double at)
{
	const struct insp_gap_place *places = gaps->places[axis];
	uint32_t low = 0, high = gaps->closed;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;
		const double begin = side < 0 ? places[middle].at : places[middle].begin[side];

		if (begin <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

double insp_gaps_coord(const struct insp_gaps *gaps, enum insp_axis axis, int side, double base)
{
	const uint32_t number = places_until(gaps, axis, side, base);
	const struct insp_gap_place *place = number ? &gaps->places[axis][number - 1] : NULL;

	if (!place)
		return base;
	if (base >= place->end[side])
		return place->at + place->width + (base - place->end[side]);
	return place->at + place->width * (base - place->begin[side]) / (place->end[side] - place->begin[side]);
}

double insp_gaps_base(const struct insp_gaps *gaps, enum insp_axis axis, int side, double coord)
{
	const uint32_t number = places_until(gaps, axis, -1, coord);
	const struct insp_gap_place *places = gaps->places[axis];
	/* One run may be shorter between two gaps: it waits for the other. */
	const double next = number < gaps->closed ? places[number].begin[side] : INFINITY;

	if (!number)
		return fmin(coord, next);
	const struct insp_gap_place *place = &places[number - 1];
	const double within = coord - place->at;

	if (within < place->width)
		return place->begin[side] + within / place->width * (place->end[side] - place->begin[side]);
	return fmin(place->end[side] + within - place->width, next);
}

double insp_gaps_extent(const struct insp_gaps *gaps, enum insp_axis axis)
{
	const struct insp_gap_place *last = gaps->closed ? &gaps->places[axis][gaps->closed - 1] : NULL;

	return last ? last->at + last->width + (gaps->shown[axis] - last->shown) : gaps->shown[axis];
}

double insp_gaps_behind(const struct insp_gaps *gaps, enum insp_axis axis, int side, double base)
{
	const uint32_t number = places_until(gaps, axis, side, base);

	return number ? fmax(base, gaps->places[axis][number - 1].end[side]) : base;
}

struct insp_spot insp_gaps_spot(const struct insp_gaps *gaps, enum insp_axis axis, double coord)
{
	const uint32_t number = places_until(gaps, axis, -1, coord);
	const struct insp_gap_place *place = number ? &gaps->places[axis][number - 1] : NULL;
	const double within = place ? coord - place->at : 0;

	if (!place)
		return (struct insp_spot){coord, 0, 0};
	if (within < place->width)
		return (struct insp_spot){place->shown, number - 1, within / place->width};
	return (struct insp_spot){place->shown + within - place->width, number, 0};
}

double insp_gaps_coord_of_spot(const struct insp_gaps *gaps, enum insp_axis axis, const struct insp_spot *spot)
{
	const struct insp_gap_place *places = gaps->places[axis];
	const struct insp_gap_place *before = spot->number ? &places[spot->number - 1] : NULL;
	const double folded = before ? before->at + before->width - before->shown : 0;

	return spot->shown + folded + (spot->share > 0 ? spot->share * places[spot->number].width : 0);
}
