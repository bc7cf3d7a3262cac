/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "gaps.h"
#include "steps.h"

void insp_view_init(struct insp_view *view, const struct insp_run *run, double width)
{
	*view = (struct insp_view){.run = run, .axis = INSP_AXIS_TIME, .width = width > 1 ? width : 1};
	insp_view_whole(view);
}

const char *const insp_axis_names[INSP_AXIS_COUNT] = {"time", "event", "activity"};

double insp_axis_base(const struct insp_run *run, enum insp_axis axis, uint32_t seq)
{
	CHECK(seq < run->count);
	switch (axis) {
	case INSP_AXIS_EVENT:
		return (double)seq;
	case INSP_AXIS_ACTIVITY:
		return insp_activity_of(run, seq);
	default:
		return (double)insp_vtime(run, seq);
	}
}

double insp_axis_extent(const struct insp_run *run, enum insp_axis axis)
{
	return axis == INSP_AXIS_TIME ? (double)insp_last_vtime(run)
	       : axis == INSP_AXIS_EVENT ? (double)run->count
	       : run->count ? insp_activity_of(run, run->count - 1) : 0;
}

/* ---- gaps ---- */

/* All gaps together take this share of the width at most. */
#define GAPS_SHARE 0.4

/* The gaps, laid out for how much is seen; NULL: nothing is compared. */
static const struct insp_gaps *gaps_of(const struct insp_view *view)
{
	if (view->gaps && view->gaps->closed)
		insp_gaps_lay(view->gaps, view->axis,
			      fmin(INSP_GAP_WIDTH, GAPS_SHARE * view->width / view->gaps->closed) * view->span / view->width);
	return view->gaps;
}

double insp_view_coord_of(const struct insp_view *view, double base)
{
	const struct insp_gaps *gaps = gaps_of(view);

	return gaps ? insp_gaps_coord(gaps, view->axis, view->side, base) : base;
}

double insp_view_base(const struct insp_view *view, double coord)
{
	const struct insp_gaps *gaps = gaps_of(view);

	return gaps ? insp_gaps_base(gaps, view->axis, view->side, coord) : coord;
}

void insp_view_gap(const struct insp_view *view, uint32_t place, double *ret_from, double *ret_to)
{
	const struct insp_gap_place *its = &gaps_of(view)->places[view->axis][place];

	*ret_from = insp_view_x(view, its->at);
	*ret_to = insp_view_x(view, its->at + its->width);
}

uint32_t insp_view_skip(const struct insp_view *view, uint32_t seq)
{
	const uint32_t gap = view->gaps ? insp_gaps_find(view->gaps, view->side, seq) : INSP_NONE;

	return gap == INSP_NONE || view->gaps->all[gap].open ? seq : view->gaps->all[gap].end[view->side];
}

/* Where the next closed gap begins, from an event on that is in none. */
static uint32_t next_gap(const struct insp_view *view, uint32_t seq)
{
	const uint32_t gap = view->gaps ? insp_gaps_next(view->gaps, view->side, seq) : INSP_NONE;

	return gap == INSP_NONE ? view->run->count : view->gaps->all[gap].first[view->side];
}

static struct insp_spot spot_of(const struct insp_view *view, double coord)
{
	const struct insp_gaps *gaps = gaps_of(view);

	return gaps ? insp_gaps_spot(gaps, view->axis, coord) : (struct insp_spot){coord, 0, 0};
}

static double coord_of_spot(const struct insp_view *view, const struct insp_spot *spot)
{
	const struct insp_gaps *gaps = gaps_of(view);

	return gaps ? insp_gaps_coord_of_spot(gaps, view->axis, spot) : spot->shown;
}

/* With the span the width of gaps changes, as coordinates: where a coordinate is then. */
static double respan(struct insp_view *view, double span, double coord)
{
	const struct insp_spot spot = spot_of(view, coord);

	view->span = span;
	return coord_of_spot(view, &spot);
}

#define SPAN_ROUNDS 64		/* gaps are GAPS_SHARE of the width, so that each is that much closer to the end */

/* What is between two spots, and the gaps as wide as they are when that is seen, times a factor. */
static double span_between(const struct insp_view *view, const struct insp_spot *from, const struct insp_spot *to, double factor)
{
	struct insp_view at = *view;

	for (int i = 0; i < (view->gaps && view->gaps->closed ? SPAN_ROUNDS : 1); i++)
		at.span = fmax((coord_of_spot(&at, to) - coord_of_spot(&at, from)) * factor, INSP_SPAN_MIN);
	return at.span;
}

static double span_of_all(const struct insp_view *view, double factor)
{
	const struct insp_spot from = {0, 0, 0};
	const struct insp_spot to = {view->gaps ? view->gaps->shown[view->axis] : insp_axis_extent(view->run, view->axis),
				     view->gaps ? view->gaps->closed : 0, 0};

	return fmax(span_between(view, &from, &to, factor), INSP_SPAN_MIN * factor);
}

void insp_view_adapt(struct insp_view *view, struct insp_gaps *gaps, double width)
{
	const double base = insp_view_base(view, view->from);

	view->gaps = gaps;
	view->width = width > 1 ? width : 1;
	view->from = insp_view_coord_of(view, base);
}

double insp_view_extent(const struct insp_view *view)
{
	const struct insp_gaps *gaps = gaps_of(view);

	return fmax(gaps ? insp_gaps_extent(gaps, view->axis) : insp_axis_extent(view->run, view->axis), INSP_SPAN_MIN);
}

double insp_view_coord(const struct insp_view *view, uint32_t seq)
{
	return insp_view_coord_of(view, insp_axis_base(view->run, view->axis, seq));
}

double insp_view_x(const struct insp_view *view, double coord)
{
	return (coord - view->from) * view->width / view->span;
}

double insp_view_x_of(const struct insp_view *view, uint32_t seq)
{
	return insp_view_x(view, insp_view_coord(view, seq));
}

double insp_view_at(const struct insp_view *view, double x)
{
	return view->from + x * view->span / view->width;
}

/* Finds the block, then the event in it. */
static uint32_t seek_activity(const struct insp_run *run, double coord)
{
	uint32_t low = 0, high = run->block_count;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (run->activity[middle] < coord)
			low = middle + 1;
		else
			high = middle;
	}
	uint32_t seq = low ? (low - 1) * INSP_BLOCK : 0;

	while (seq < run->count && insp_activity_of(run, seq) < coord)
		seq++;
	return seq;
}

static uint32_t seek_base(const struct insp_view *view, double base)
{
	if (base <= 0)
		return 0;
	if (view->axis == INSP_AXIS_TIME)
		return insp_run_seek(view->run, base < 0x1p63 ? (vtime_ns)ceil(base) : UINT64_MAX);
	if (view->axis == INSP_AXIS_ACTIVITY)
		return seek_activity(view->run, base);
	return base < view->run->count ? (uint32_t)ceil(base) : view->run->count;
}

uint32_t insp_view_seek(const struct insp_view *view, double coord)
{
	return seek_base(view, insp_view_base(view, coord));
}

/* A tenth of the width may be seen beyond either end, so that the ends can be told from the window's. */
static void clamp(struct insp_view *view)
{
	view->from = respan(view, fmin(fmax(view->span, INSP_SPAN_MIN), span_of_all(view, 1.1)), view->from);
	const double extent = insp_view_extent(view);

	view->from = fmin(fmax(view->from, -view->span * 0.05), fmax(extent - view->span * 0.95, -view->span * 0.05));
}

void insp_view_zoom(struct insp_view *view, double factor, double x)
{
	const double span = fmin(fmax(view->span * factor, INSP_SPAN_MIN), span_of_all(view, 1.1));
	const double still = respan(view, span, insp_view_at(view, x));

	view->from = still - x * view->span / view->width;
	clamp(view);
}

void insp_view_pan(struct insp_view *view, double pixels)
{
	view->from += pixels * view->span / view->width;
	clamp(view);
}

void insp_view_fit(struct insp_view *view, double from, double to)
{
	const struct insp_spot a = spot_of(view, from), b = spot_of(view, to);

	view->span = span_between(view, &a, &b, 1.06);
	view->from = (coord_of_spot(view, &a) + coord_of_spot(view, &b) - view->span) / 2;
	clamp(view);
}

void insp_view_whole(struct insp_view *view)
{
	view->span = span_of_all(view, 1.02);
	view->from = -insp_view_extent(view) * 0.01;
}

void insp_view_show(struct insp_view *view, uint32_t seq)
{
	const double margin = view->width * 0.08, x = insp_view_x_of(view, seq);

	if (x >= 0 && x <= view->width && view->span >= insp_view_extent(view))
		return;
	if (x < margin)
		insp_view_pan(view, x < -view->width ? x - view->width / 2 : x - margin);
	else if (x > view->width - margin)
		insp_view_pan(view, x > 2 * view->width ? x - view->width / 2 : x - (view->width - margin));
}

void insp_view_set_axis(struct insp_view *view, enum insp_axis axis)
{
	const uint32_t count = view->run->count;

	if (axis == view->axis || !count) {
		view->axis = axis;
		return;
	}
	const uint32_t first = insp_view_seek(view, view->from);
	const uint32_t last = insp_view_seek(view, view->from + view->span);
	const uint32_t a = first < count ? first : count - 1, b = last < count ? last : count - 1;

	view->axis = axis;
	insp_view_fit(view, insp_view_coord(view, a), insp_view_coord(view, b));
}

double insp_view_tick(const struct insp_view *view, double apart)
{
	const double least = fmax(apart * view->span / view->width, 1);
	const double power = pow(10, floor(log10(least)));

	for (int i = 0; i < 3; i++) {
		const double step = power * (double[]){1, 2, 5}[i];

		if (step >= least)
			return step;
	}
	return power * 10;
}

vtime_ns insp_view_vtime(const struct insp_view *view, double coord)
{
	const struct insp_run *run = view->run;
	const double base = insp_view_base(view, coord);

	if (view->axis == INSP_AXIS_TIME)
		return (vtime_ns)fmax(base, 0);
	const uint32_t after = seek_base(view, base);

	if (after == 0 || after >= run->count)
		return after ? insp_last_vtime(run) : 0;
	const double a = insp_axis_base(run, view->axis, after - 1), b = insp_axis_base(run, view->axis, after);
	const double share = b > a ? (base - a) / (b - a) : 1;

	return insp_vtime(run, after - 1) + (vtime_ns)((double)(insp_vtime(run, after) - insp_vtime(run, after - 1)) * share);
}

void insp_view_put_mark(const struct insp_view *view, double coord, double tick, char *to, size_t size)
{
	if (view->axis == INSP_AXIS_EVENT) {
		snprintf(to, size, "@%.0f", insp_view_base(view, coord));
		return;
	}
	insp_put_time(to, size, insp_view_vtime(view, coord));
	/* insp_put_time() ends in three groups of three digits with thin spaces (three bytes) between. */
	char *const dot = strchr(to, '.');
	int digits = view->axis == INSP_AXIS_ACTIVITY ? 6 : (int)ceil(9 - log10(tick) - 1e-9);

	CHECK(dot);
	digits = digits < 0 ? 0 : digits > 9 ? 9 : digits;
	dot[digits == 0 ? 0 : 1 + digits + 3 * ((digits - 1) / 3)] = '\0';
}

/* ---- cells ---- */

struct cell_walk {
	const struct insp_view *view;
	struct insp_cell *cells;
	uint32_t columns;
};

/* Most of what a frame costs is done here, so nothing that stays the same is looked up again. */
static void add_events(const struct cell_walk *walk, uint32_t column, uint32_t from, uint32_t to)
{
	const struct insp_run *run = walk->view->run;
	const struct insp_thread *threads = run->threads;
	const uint16_t *thread = run->thread;
	const uint8_t *match = walk->view->gaps ? walk->view->gaps->pair->match[walk->view->side] : NULL;
	const uint32_t weight = run->weight;
	struct insp_cell *const cells = walk->cells + column;

	for (uint32_t seq = from; seq < to; seq++) {
		struct insp_cell *cell = &cells[(size_t)threads[thread[seq]].lane * walk->columns];

		if (!cell->count) {
			cell->first = seq;
			cell->kind = run->kind[seq];
		}
		cell->count += weight;
		if (match)
			cell->match |= (uint8_t)(1u << match[seq]);
	}
}

/* What went wrong is known by itself, so that a block need not be looked through for it. */
static void add_troubles(const struct cell_walk *walk)
{
	const struct insp_run *run = walk->view->run;
	const uint32_t first = insp_view_seek(walk->view, walk->view->from);
	uint32_t low = 0, high = run->trouble_count;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (run->troubles[middle] < first)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < run->trouble_count; low++) {
		const uint32_t seq = run->troubles[low];
		const double column = floor(insp_view_x_of(walk->view, seq) / walk->view->width * walk->columns);

		if (insp_view_skip(walk->view, seq) != seq)
			continue;

		if (column >= walk->columns)
			return;
		if (column >= 0)
			walk->cells[(size_t)insp_lane_of(run, seq) * walk->columns + (uint32_t)column].trouble = 1;
	}
}

static void add_block(const struct cell_walk *walk, uint32_t column, uint32_t block)
{
	const struct insp_run *run = walk->view->run;
	const uint16_t *counts = &run->block_counts[(size_t)block * run->lane_count];
	const struct insp_gaps *gaps = walk->view->gaps;
	const uint8_t *match = gaps ? &gaps->pair->block_match[walk->view->side][(size_t)block * run->lane_count] : NULL;

	for (uint32_t lane = 0; lane < run->lane_count; lane++) {
		struct insp_cell *cell = &walk->cells[(size_t)lane * walk->columns + column];

		if (!counts[lane])
			continue;
		if (!cell->count) {
			cell->first = block * INSP_BLOCK;
			cell->kind = run->kind[cell->first];
		}
		cell->count += counts[lane] * run->weight;
		cell->match |= match ? match[lane] : 0;
	}
}

void insp_view_cells(const struct insp_view *view, uint32_t columns, struct insp_cell *cells)
{
	const struct insp_run *run = view->run;
	const struct cell_walk walk = {view, cells, columns};
	uint32_t at = insp_view_seek(view, view->from), gap = 0;

	for (size_t i = 0; i < (size_t)run->lane_count * columns; i++)
		cells[i] = (struct insp_cell){.first = INSP_NONE};
	for (uint32_t column = 0; column < columns && at < run->count; column++) {
		const double right = view->from + view->span * (column + 1) / columns;
		const uint32_t end = insp_view_seek(view, right);

		while (at < end) {
			if (at >= gap) {
				/* Behind a gap, or at the begin: where the next one is. */
				at = insp_view_skip(view, at);
				gap = next_gap(view, at);
				continue;
			}
			const uint32_t until = end < gap ? end : gap;

			if (at % INSP_BLOCK == 0 && until - at >= INSP_BLOCK) {
				add_block(&walk, column, at / INSP_BLOCK);
				at += INSP_BLOCK;
			} else {
				const uint32_t next = (at / INSP_BLOCK + 1) * INSP_BLOCK, part = until < next ? until : next;

				add_events(&walk, column, at, part);
				at = part;
			}
		}
	}
	add_troubles(&walk);
}

/* ---- arrows ---- */

void insp_view_packets(const struct insp_view *view, uint32_t *ret_from, uint32_t *ret_to)
{
	const struct insp_run *run = view->run;
	uint32_t first = insp_view_seek(view, view->from);
	const uint32_t last = insp_view_seek(view, view->from + view->span);

	if (first < run->count && insp_vtime(run, first) > run->flight_max)
		first = insp_run_seek(run, insp_vtime(run, first) - run->flight_max);
	else if (first < run->count)
		first = 0;
	*ret_from = insp_packet_from(run, first);
	*ret_to = insp_packet_from(run, last);
}

static bool in_sight(const struct insp_view *view, const struct insp_packet *packet)
{
	return packet->end == INSP_NONE || insp_view_coord(view, packet->end) >= view->from;
}

/* Of the packets that are sent within a gap only those that arrive behind it are seen. */
static bool flies_out(const struct insp_packet *packet, uint32_t behind)
{
	return packet->end != INSP_NONE && packet->end >= behind;
}

/* Packet at does not; the one before the next that may. */
static uint32_t next_out(const struct insp_run *run, uint32_t at, uint32_t behind)
{
	const vtime_ns end = behind < run->count ? insp_vtime(run, behind) : insp_last_vtime(run);
	const uint32_t from = end > run->flight_max ? insp_packet_from(run, insp_run_seek(run, end - run->flight_max)) : 0;

	return from > at + 1 ? from - 1 : at;
}

/* Merges into an arrow of the same column; the last few are enough to look at, since packets are in order. */
static bool merge(struct insp_arrow *arrows, uint32_t first, uint32_t count, const struct insp_arrow *more)
{
	for (uint32_t i = count; i-- > first;)
		if (insp_arrow_alike(&arrows[i], more)) {
			arrows[i].count += more->count;
			return true;
		}
	return false;
}

/* Arrows that start within the same pixels may be one. */
struct arrow_column {
	double number;
	uint32_t first;			/* arrow */
	uint32_t end;			/* event; one before it is in the column, so that few are asked where they stand */
};

static void find_column(const struct insp_view *view, uint32_t seq, double step, uint32_t count, struct arrow_column *column)
{
	const double its = floor(insp_view_x_of(view, seq) / step);

	if (its != column->number)
		column->first = count;
	column->number = its;
	column->end = insp_view_seek(view, insp_view_at(view, (its + 1) * step));
}

/* All packets of a block stand in the column, and none is in a gap. */
static bool is_within(const struct insp_view *view, uint32_t at, uint32_t end, const struct arrow_column *column)
{
	const struct insp_packet *packets = view->run->packets;

	return at % INSP_BLOCK == 0 && end - at >= INSP_BLOCK && packets[at + INSP_BLOCK - 1].send < column->end &&
	       packets[at + INSP_BLOCK - 1].send < next_gap(view, packets[at].send);
}

/* False: there is no room for more. */
static bool add_bundles(const struct insp_run *run, uint32_t block, struct insp_arrow *arrows, uint32_t first, uint32_t max,
			uint32_t *count)
{
	for (uint32_t i = run->bundle_from[block]; i < run->bundle_from[block + 1]; i++) {
		if (merge(arrows, first, *count, &run->bundles[i]))
			continue;
		if (*count == max)
			return false;
		arrows[(*count)++] = run->bundles[i];
	}
	return true;
}

static uint32_t collect(const struct insp_view *view, struct insp_arrow *arrows, uint32_t max, double step)
{
	const struct insp_run *run = view->run;
	const uint32_t seen = insp_view_seek(view, view->from);
	struct arrow_column column = {.number = -INFINITY};
	uint32_t at, end, count = 0;

	insp_view_packets(view, &at, &end);
	for (; at < end; at++) {
		const struct insp_packet *packet = &run->packets[at];
		const struct insp_arrow its = insp_arrow_of(run, at);
		const uint32_t behind = insp_view_skip(view, packet->send);

		if (behind != packet->send && !flies_out(packet, behind)) {
			at = next_out(run, at, behind);
			continue;
		}
		if (packet->send < seen && !in_sight(view, packet))
			continue;
		if (step > 0) {
			if (packet->send >= column.end)
				find_column(view, packet->send, step, count, &column);
			if (packet->send >= seen && is_within(view, at, end, &column)) {
				if (!add_bundles(run, at / INSP_BLOCK, arrows, column.first, max, &count))
					return UINT32_MAX;
				at += INSP_BLOCK - 1;
				continue;
			}
			if (merge(arrows, column.first, count, &its))
				continue;
		}
		if (count == max)
			return UINT32_MAX;
		arrows[count++] = its;
	}
	return count;
}

uint32_t insp_view_arrows(const struct insp_view *view, struct insp_arrow *arrows, uint32_t max, double *ret_step)
{
	uint32_t count;
	double step = 0;

	while ((count = collect(view, arrows, max, step)) == UINT32_MAX) {
		/* So many pairs of nodes that even one column has too many: show what fits. */
		if (step > view->width) {
			count = max;
			break;
		}
		step = step > 0 ? step * 2 : 4;
	}
	*ret_step = step;
	return count;
}
