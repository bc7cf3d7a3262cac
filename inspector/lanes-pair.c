/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lanes-pair.c - the picture of two runs: what they differ in, and what they have in common.
 *
 * An outline is what was changed, hatching what only one of them has: shapes, in one colour, so that nobody needs it.  All outlines are one
 * path and all hatching another, whatever their number.  A closed gap is a torn strip that says how much it holds, an open one a
 * bracket in the ruler; a click on either turns it into the other.
 */
#include "lanes-int.h"

#include <math.h>
#include <stdio.h>

#include "steps.h"

#define HATCH 5			/* pixels from line to line */
#define JOIN 3u			/* columns without an event between two of a kind, over which they are one */
#define TEAR 8.0		/* pixels; a gap that is not wider has but one edge */
#define BRACKET 7.0		/* height of an open gap's mark, at the ruler's lower edge */

struct area {
	double x, y, width;
	bool alone;
};

struct insp_differences {
	GArray *areas;			/* struct area */
};

struct insp_differences *insp__differences_new(void)
{
	struct insp_differences *differences = g_new(struct insp_differences, 1);

	differences->areas = g_array_new(FALSE, FALSE, sizeof(struct area));
	return differences;
}

void insp__differences_free(struct insp_differences *differences)
{
	if (!differences)
		return;
	g_array_unref(differences->areas);
	g_free(differences);
}

void insp__differences_add(struct insp_differences *differences, double x0, double x1, double y, uint8_t match)
{
	const double least = 6, width = fmax(x1 - x0 + 4, least), x = (x0 + x1 - width) / 2;

	for (int alone = 0; alone < 2; alone++) {
		const struct area area = {x, y, width, alone};

		if (match & 1u << (alone ? INSP_ALONE : INSP_CHANGED))
			g_array_append_val(differences->areas, area);
	}
}

/* What a column shows: that something is in no other run tells more than that something was changed. */
static uint8_t kind_of(const struct insp_cell *cell)
{
	return cell->match & 1u << INSP_ALONE ? 1u << INSP_ALONE : cell->match & 1u << INSP_CHANGED;
}

/* The last column that belongs to what begins at one: as long as it is of the kind, or holds nothing. */
static uint32_t last_of(const struct insp_cell *cells, uint32_t columns, uint32_t at, uint8_t kind)
{
	uint32_t last = at;

	for (uint32_t next = at + 1; next < columns && next - last <= JOIN; next++) {
		if (cells[next].count && kind_of(&cells[next]) != kind)
			break;
		if (cells[next].count)
			last = next;
	}
	return last;
}

void insp__differences_add_cells(struct insp_differences *differences, const struct insp_cell *cells, uint32_t columns, double y)
{
	for (uint32_t at = 0; at < columns; at++) {
		const uint8_t kind = kind_of(&cells[at]);
		const uint32_t last = last_of(cells, columns, at, kind);

		if (!kind)
			continue;
		insp__differences_add(differences, GUTTER + at * FOLD, GUTTER + (last + 1) * FOLD, y, kind);
		at = last;
	}
}

/* A tile of one oblique line. */
static cairo_pattern_t *hatching(const GdkRGBA *color)
{
	cairo_surface_t *tile = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, HATCH, HATCH);
	cairo_t *cairo = cairo_create(tile);

	gdk_cairo_set_source_rgba(cairo, color);
	cairo_set_line_width(cairo, 1);
	for (int i = -1; i <= 1; i++) {
		cairo_move_to(cairo, i * HATCH - 1, HATCH + 1);
		cairo_line_to(cairo, (i + 1) * HATCH + 1, -1);
	}
	cairo_stroke(cairo);
	cairo_destroy(cairo);
	cairo_pattern_t *pattern = cairo_pattern_create_for_surface(tile);

	cairo_surface_destroy(tile);
	cairo_pattern_set_extend(pattern, CAIRO_EXTEND_REPEAT);
	return pattern;
}

static void add_paths(const struct insp_differences *differences, cairo_t *cairo, bool alone)
{
	for (guint i = 0; i < differences->areas->len; i++) {
		const struct area *area = &g_array_index(differences->areas, struct area, i);

		if (area->alone == alone)
			cairo_rectangle(cairo, floor(area->x) + 0.5, floor(area->y - TRACK / 2 - 3) + 0.5, floor(area->width), TRACK + 6);
	}
}

void insp__differences_draw(const struct insp_differences *differences, cairo_t *cairo, const struct insp_ink *ink)
{
	const GdkRGBA ground = insp_ink_alpha(ink->warning, 0.1f), line = insp_ink_alpha(ink->warning, 0.75f);
	cairo_pattern_t *pattern = hatching(&line);

	cairo_set_antialias(cairo, CAIRO_ANTIALIAS_NONE);
	add_paths(differences, cairo, /* alone= */ true);
	gdk_cairo_set_source_rgba(cairo, &ground);
	cairo_fill_preserve(cairo);
	cairo_set_source(cairo, pattern);
	cairo_fill(cairo);
	add_paths(differences, cairo, /* alone= */ false);
	gdk_cairo_set_source_rgba(cairo, &ink->warning);
	cairo_set_line_width(cairo, 1);
	cairo_stroke(cairo);
	cairo_pattern_destroy(pattern);
}

/* ---- what they have in common ---- */

/* A torn edge: a line in teeth from top to bottom. */
static void add_edge(cairo_t *cairo, double x, double top, double bottom, double tooth)
{
	bool out = false;

	cairo_move_to(cairo, x, top);
	for (double y = top + 6; y < bottom + 6; y += 6, out = !out)
		cairo_line_to(cairo, x + (out ? 0 : tooth), y);
}

static void paint_strip(cairo_t *cairo, const struct insp_ink *ink, double x0, double x1, double top, double bottom)
{
	const GdkRGBA ground = insp_ink_alpha(ink->text, 0.05f), edge = insp_ink_alpha(ink->text, 0.35f);

	for (int fill = 1; fill >= 0; fill--) {
		const GdkRGBA *colors[] = {&ink->background, &ground};

		cairo_rectangle(cairo, x0, top, x1 - x0, bottom - top);
		gdk_cairo_set_source_rgba(cairo, colors[!fill]);
		cairo_fill(cairo);
	}
	/* One too narrow for two edges is a tear. */
	add_edge(cairo, x0 + 1, top, bottom, 3);
	if (x1 - x0 > TEAR)
		add_edge(cairo, x1 - 1, top, bottom, -3);
	gdk_cairo_set_source_rgba(cairo, &edge);
	cairo_set_line_width(cairo, 1);
	cairo_stroke(cairo);
}

/* "8 588 000 / identical / events / 1.02 s", as far as there is room. */
static guint paint_strip_label(InspLanes *lanes, GtkSnapshot *snapshot, const struct insp_ink *ink, uint32_t number, double middle,
			       double room, double height)
{
	const struct insp_gap *gap = &lanes->gaps->all[number];
	const struct insp_run *run = lanes->half[0].run;
	const double y = RULER + (height - RULER) / 2 - 24;
	char lines[4][48] = {"", "identical", "events", ""};

	insp_put_count(lines[0], sizeof(lines[0]), gap->end[0] - gap->first[0]);
	insp_put_duration(lines[3], sizeof(lines[3]), insp_vtime(run, gap->end[0] - 1) - insp_vtime(run, gap->first[0]));
	if (room < 28)
		return 0;
	for (int i = 0; i < (room < 60 ? 1 : 4); i++)
		insp_ink_text(snapshot, GTK_WIDGET(lanes), lines[i], middle, y + i * 16, 0.5, room, i == 0 ? &ink->text : &ink->faint);
	return room < 60 ? 1 : 4;
}

/* Where strips end. */
static double bottom_of(InspLanes *lanes, int height)
{
	return fmin(height, RULER + insp__lanes_height(lanes) * (insp__lanes_rows(lanes) - insp__lanes_first(lanes)));
}

/* From where to where a closed gap's strip goes.  False: it is not in sight. */
static bool strip_of(const struct insp_view *view, uint32_t place, double *ret_x0, double *ret_x1)
{
	double before = -INFINITY;

	insp_view_gap(view, place, ret_x0, ret_x1);
	if (place)
		insp_view_gap(view, place - 1, &before, &before);
	/* A tear beside another adds nothing. */
	return *ret_x1 >= 0 && *ret_x0 <= view->width && (*ret_x1 - *ret_x0 > TEAR || *ret_x0 - before >= TEAR);
}

/* From where to where an open gap's bracket goes. */
static bool bracket_of(InspLanes *lanes, const struct insp_gap *gap, double *ret_x0, double *ret_x1)
{
	const struct insp_view *view = &lanes->half[0].view;

	*ret_x0 = GUTTER + insp_view_x_of(view, gap->first[0]);
	*ret_x1 = GUTTER + insp_view_x_of(view, gap->end[0] - 1);
	return gap->open && *ret_x1 >= GUTTER && *ret_x0 <= GUTTER + view->width;
}

static void paint_bracket(cairo_t *cairo, const struct insp_ink *ink, double x0, double x1)
{
	const GdkRGBA color = insp_ink_alpha(ink->text, 0.45f);

	cairo_move_to(cairo, floor(x0) + 0.5, RULER);
	cairo_line_to(cairo, floor(x0) + 0.5, RULER - BRACKET + 2.5);
	cairo_line_to(cairo, floor(fmax(x1, x0 + 6)) + 0.5, RULER - BRACKET + 2.5);
	cairo_line_to(cairo, floor(fmax(x1, x0 + 6)) + 0.5, RULER);
	gdk_cairo_set_source_rgba(cairo, &color);
	cairo_set_line_width(cairo, 1.5);
	cairo_stroke(cairo);
}

void insp__lanes_draw_gaps(InspLanes *lanes, cairo_t *cairo, const struct insp_ink *ink, int height)
{
	const struct insp_gaps *gaps = lanes->gaps;
	const double bottom = bottom_of(lanes, height);
	double x0, x1;

	for (uint32_t i = 0; i < gaps->closed; i++)
		if (strip_of(&lanes->half[0].view, i, &x0, &x1))
			paint_strip(cairo, ink, GUTTER + x0, GUTTER + x1, RULER - 6, bottom);
	for (uint32_t i = 0; i < gaps->count; i++)
		if (bracket_of(lanes, &gaps->all[i], &x0, &x1))
			paint_bracket(cairo, ink, x0, x1);
}

guint insp__lanes_paint_gap_labels(InspLanes *lanes, GtkSnapshot *snapshot, const struct insp_ink *ink, int height)
{
	const struct insp_gaps *gaps = lanes->gaps;
	const struct insp_view *view = &lanes->half[0].view;
	guint nodes = 0;
	double x0, x1;

	for (uint32_t i = 0; i < gaps->closed; i++)
		if (strip_of(view, i, &x0, &x1))
			nodes += paint_strip_label(lanes, snapshot, ink, gaps->places[view->axis][i].gap, GUTTER + (x0 + x1) / 2,
						   x1 - x0 - 10, bottom_of(lanes, height));
	return nodes;
}

uint32_t insp__lanes_gap_at(InspLanes *lanes, double x, double y)
{
	const struct insp_gaps *gaps = lanes->gaps;
	const struct insp_view *view = &lanes->half[0].view;
	double x0, x1;

	if (!gaps || x < GUTTER)
		return INSP_NONE;
	for (uint32_t i = 0; i < gaps->closed; i++) {
		insp_view_gap(view, i, &x0, &x1);
		if (x >= GUTTER + x0 && x < GUTTER + x1)
			return gaps->places[view->axis][i].gap;
	}
	for (uint32_t i = 0; i < gaps->count; i++)
		if (y >= RULER - BRACKET - 2 && y <= RULER && bracket_of(lanes, &gaps->all[i], &x0, &x1) && x >= x0 - 3 && x <= x1 + 3)
			return i;
	return INSP_NONE;
}
