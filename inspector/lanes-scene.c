/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lanes-int.h"

#include <math.h>

#include "base/check.h"
#include "syscall-names.h"
#include "steps.h"

struct paint {
	InspLanes *lanes;
	const struct insp_half *half;	/* whose lanes are being painted */
	int side;
	struct insp_differences *differences;	/* NULL: nothing is compared */
	GtkSnapshot *snapshot;
	struct insp_ink ink;
	double width, height;		/* of the whole widget */
	guint nodes;
};

static void rect(struct paint *p, const GdkRGBA *color, double x, double y, double width, double height)
{
	insp_ink_rect(p->snapshot, color, x, y, width, height);
	p->nodes++;
}

static bool faded(const struct paint *p, uint32_t lane)
{
	return insp__lanes_faded(p->lanes, p->side, lane);
}

static double lane_y(const struct paint *p, uint32_t lane)
{
	return insp__lanes_y(p->lanes, p->side, lane);
}

/* The machine's events have no lane, others may be scrolled away. */
static bool is_shown(const struct paint *p, uint32_t lane)
{
	const double y = lane_y(p, lane);

	return insp__lanes_row(p->lanes, p->side, lane) >= insp__lanes_first(p->lanes) && y > RULER - TRACK && y < p->height + TRACK;
}

/* Beside another run only what differs has colour. */
static GdkRGBA lane_hue(const struct paint *p, uint32_t lane)
{
	return p->lanes->gaps ? insp_ink_alpha(p->ink.text, 0.4f) : insp_ink_lane(&p->ink, lane);
}

/* ---- names ---- */

/* Which half is which run's, or that a run does not have the node. */
static void paint_sides(struct paint *p, uint32_t row)
{
	for (int side = 0; side < 2; side++) {
		const double y = insp__lanes_middle(p->lanes, row) + (side ? 0.92 : -0.92) * insp__lanes_reach(p->lanes);

		insp_ink_text(p->snapshot, GTK_WIDGET(p->lanes), side ? "B" : "A", GUTTER - 14, y, 1, 20, &p->ink.text);
		if (insp__lanes_lane(p->lanes, side, row) == INSP_NONE)
			insp_ink_text(p->snapshot, GTK_WIDGET(p->lanes), side ? "not in run B" : "not in run A", GUTTER + 12, y - 9, 0,
				      120, &p->ink.faint);
	}
}

/* Names stand on a ground of their own, over what the view shows left of its begin. */
static void paint_names(struct paint *p)
{
	InspLanes *lanes = p->lanes;
	const double tall = lanes->gaps ? insp__lanes_height(lanes) - 14 : 28;

	rect(p, &p->ink.background, 0, RULER, GUTTER - 6, p->height);
	for (uint32_t row = insp__lanes_first(lanes); row < insp__lanes_rows(lanes); row++) {
		const int side = insp__lanes_lane(lanes, 0, row) == INSP_NONE;
		const uint32_t lane = insp__lanes_lane(lanes, side, row);
		const struct insp_lane *of = &lanes->half[side].run->lanes[lane];
		const double y = insp__lanes_middle(lanes, row), room = GUTTER - (lanes->gaps ? 50 : 30);
		GdkRGBA color = insp_ink_lane(&p->ink, row);
		const GdkRGBA text = insp_ink_alpha(p->ink.text, insp__lanes_faded(lanes, side, lane) ? 0.5f : 1);

		if (y < RULER - tall / 2 || y > p->height + tall / 2)
			continue;
		rect(p, &color, 8, y - tall / 2, 3, tall);
		insp_ink_text(p->snapshot, GTK_WIDGET(lanes), of->name, 18, y - 8, 0, room, &text);
		insp_ink_text(p->snapshot, GTK_WIDGET(lanes), of->address, 18, y + 8, 0, room, &p->ink.faint);
		if (lanes->gaps)
			paint_sides(p, row);
	}
}

/* ---- activity, folded ---- */

/* Four intensities: where much happened is seen at once, how much exactly is told by the tooltip. */
static int shade(uint32_t count)
{
	return count == 0 ? 0 : count < 3 ? 1 : count < 16 ? 2 : count < 256 ? 3 : 4;
}

static void paint_trouble(struct paint *p, double x, double y, uint8_t match)
{
	/* What went wrong in both runs alike is nothing that sets them apart. */
	const GdkRGBA *color = p->lanes->gaps && match == 1u << INSP_SAME ? &p->ink.faint : &p->ink.error;

	gtk_snapshot_save(p->snapshot);
	gtk_snapshot_translate(p->snapshot, &GRAPHENE_POINT_INIT((float)x, (float)y));
	gtk_snapshot_rotate(p->snapshot, 45);
	insp_ink_rect(p->snapshot, color, -3.5, -3.5, 7, 7);
	gtk_snapshot_restore(p->snapshot);
	p->nodes++;
}

static void paint_lane_cells(struct paint *p, uint32_t lane, const struct insp_cell *cells, uint32_t columns)
{
	static const float alphas[] = {0, 0.28f, 0.5f, 0.75f, 1};
	const double y = lane_y(p, lane);
	const GdkRGBA hue = insp_ink_alpha(lane_hue(p, lane), faded(p, lane) ? 0.35f : 1);
	double last_trouble = -100;

	for (uint32_t column = 0; column < columns;) {
		const int its = shade(cells[column].count);
		const uint32_t first = column;

		while (column < columns && shade(cells[column].count) == its)
			column++;
		if (its) {
			const GdkRGBA color = insp_ink_alpha(hue, alphas[its]);

			rect(p, &color, GUTTER + first * FOLD, y - TRACK / 2, (column - first) * FOLD, TRACK);
		}
	}
	for (uint32_t column = 0; column < columns; column++) {
		const double x = GUTTER + column * FOLD;

		if (!cells[column].trouble || x - last_trouble < 9)
			continue;
		paint_trouble(p, x, y - TRACK / 2 - 7, cells[column].match);
		last_trouble = x;
	}
	if (p->differences)
		insp__differences_add_cells(p->differences, cells, columns, y);
}

static void paint_cells(struct paint *p)
{
	const uint32_t columns = (uint32_t)fmax(p->half->view.width / FOLD, 1);
	g_autofree struct insp_cell *cells = g_new(struct insp_cell, (size_t)columns * p->half->run->lane_count);

	insp_view_cells(&p->half->view, columns, cells);
	for (uint32_t lane = 0; lane < p->half->run->lane_count; lane++)
		if (is_shown(p, lane))
			paint_lane_cells(p, lane, cells + (size_t)lane * columns, columns);
}

/* ---- activity, event by event ---- */

/* A thread waits from a call's begin to its end: a thin line, open at an edge where the other end is not in sight. */
static void paint_waits(struct paint *p, uint32_t first, uint32_t end)
{
	const struct insp_run *run = p->half->run;
	g_autoptr(GHashTable) since = g_hash_table_new(NULL, NULL);
	double edge = 0;

	for (uint32_t seq = first; seq < end; seq++) {
		const uint32_t skipped = insp_view_skip(&p->half->view, seq);
		const gpointer thread = GUINT_TO_POINTER(run->thread[seq]);
		const uint32_t lane = insp_lane_of(run, seq);
		const GdkRGBA color = insp_ink_alpha(lane_hue(p, lane), faded(p, lane) ? 0.2f : 0.45f);

		if (skipped != seq) {
			if (skipped >= end)
				return;
			g_hash_table_remove_all(since);
			edge = fmax(insp_view_x_of(&p->half->view, skipped), 0);
			seq = skipped - 1;
		} else if (run->kind[seq] == FMT_syscall_enter) {
			g_hash_table_insert(since, thread, GUINT_TO_POINTER(seq + 1));
		} else if (run->kind[seq] == FMT_syscall_exit && is_shown(p, lane)) {
			const guint begin = GPOINTER_TO_UINT(g_hash_table_lookup(since, thread));
			const double x0 = begin ? fmax(insp_view_x_of(&p->half->view, begin - 1), edge) : edge;
			const double x1 = insp_view_x_of(&p->half->view, seq);

			rect(p, &color, GUTTER + x0, lane_y(p, lane) - 1, fmax(x1 - x0, 1), 2);
			g_hash_table_remove(since, thread);
		}
	}
}

/* SAME where nothing is compared. */
static enum insp_match match_of(const struct paint *p, uint32_t seq)
{
	return p->lanes->gaps ? p->lanes->gaps->pair->match[p->side][seq] : INSP_SAME;
}

static void paint_mark(struct paint *p, uint32_t seq, double x, double y)
{
	const struct insp_run *run = p->half->run;
	const uint32_t lane = insp_lane_of(run, seq);
	const GdkRGBA hue = insp_ink_alpha(lane_hue(p, lane), faded(p, lane) ? 0.35f : 1);
	const struct insp_line *line = insp_pager_line(p->half->pager, seq);

	if (line && line->ran && p->half->view.axis == INSP_AXIS_TIME) {
		const double width = (double)line->ran * p->half->view.width / p->half->view.span;
		const GdkRGBA light = insp_ink_alpha(hue, 0.4f);

		rect(p, &light, fmax(x - width, GUTTER), y - TRACK / 2, fmin(width, x - GUTTER), TRACK);
	}
	switch (run->kind[seq]) {
	case FMT_packet_send:
	case FMT_packet_recv:
		rect(p, &p->ink.faint, x - 1, y - TRACK / 2 - 3, 2, TRACK + 6);
		break;
	case FMT_output:
	case FMT_console:
		rect(p, &p->ink.accent, x - 2, y - TRACK / 2 - 6, 4, 4);
		rect(p, &hue, x - 1, y - TRACK / 2, 2, TRACK);
		break;
	default:
		rect(p, &hue, x - 1, y - TRACK / 2, 2, TRACK);
	}
	if (insp_grain_has(run, INSP_GRAIN_FAULT, seq))
		paint_trouble(p, x, y - TRACK / 2 - 7, (uint8_t)(1u << match_of(p, seq)));
	if (match_of(p, seq) != INSP_SAME)
		insp__differences_add(p->differences, x - 1, x + 1, y, (uint8_t)(1u << match_of(p, seq)));
}

/* Events of a lane that stand in the same place; they share a label. */
struct cluster {
	uint32_t first;			/* event; INSP_NONE: none yet */
	uint32_t count;
	double x;
};

/* A word on what an event is, where there is room until the next one of its lane. */
static void paint_label(struct paint *p, const struct cluster *cluster, double room)
{
	const struct insp_run *run = p->half->run;
	const uint32_t seq = cluster->first;
	const struct insp_line *line = insp_pager_peek(p->half->pager, seq);
	const struct fmt_kind_info *info = fmt_kind_info(run->kind[seq]);
	const uint8_t kind = run->kind[seq];
	const bool call = kind == FMT_syscall || kind == FMT_syscall_enter || kind == FMT_syscall_exit;
	const char *name = call ? fmt_syscall_name(insp_aux_number(run, seq)) : info ? info->name : NULL;
	const GdkRGBA color = insp_aux_failed(run, seq) ? p->ink.error : p->ink.faint;
	const double y = lane_y(p, insp_lane_of(run, seq)) + TRACK / 2 + 9;
	char more[16];

	if (room < 60 || !name || faded(p, insp_lane_of(run, seq)))
		return;
	if (line && room > 120)
		name = line->text;
	double left = cluster->x + 3;

	if (cluster->count > 1) {
		/* Half a lane has room for one line only. */
		const double below = p->lanes->gaps ? 0 : 13;

		g_snprintf(more, sizeof(more), "+%u", cluster->count - 1);
		const double wide = insp_ink_text(p->snapshot, GTK_WIDGET(p->lanes), more, left, y + below, 0, room - 6, &p->ink.accent);

		left += p->lanes->gaps ? wide + 5 : 0;
	}
	insp_ink_text(p->snapshot, GTK_WIDGET(p->lanes), name, left, y, 0, cluster->x + room - 3 - left, &color);
	p->nodes++;
}

static void add_to_cluster(struct paint *p, struct cluster *cluster, uint32_t seq, double x)
{
	if (cluster->first != INSP_NONE && x - cluster->x < 3) {
		cluster->count++;
		return;
	}
	if (cluster->first != INSP_NONE)
		paint_label(p, cluster, x - cluster->x);
	*cluster = (struct cluster){seq, 1, x};
}

static void paint_events(struct paint *p, uint32_t first, uint32_t end)
{
	const struct insp_run *run = p->half->run;
	g_autofree struct cluster *clusters = g_new(struct cluster, run->lane_count);

	for (uint32_t lane = 0; lane < run->lane_count; lane++)
		clusters[lane].first = INSP_NONE;
	paint_waits(p, first, end);
	for (uint32_t seq = first; (seq = insp_view_skip(&p->half->view, seq)) < end; seq++) {
		const uint32_t lane = insp_lane_of(run, seq);
		const double x = GUTTER + insp_view_x_of(&p->half->view, seq);

		if (!is_shown(p, lane))
			continue;
		paint_mark(p, seq, x, lane_y(p, lane));
		add_to_cluster(p, &clusters[lane], seq, x);
	}
	for (uint32_t lane = 0; lane < run->lane_count; lane++)
		if (clusters[lane].first != INSP_NONE)
			paint_label(p, &clusters[lane], p->width - clusters[lane].x);
}

/* ---- outages ---- */

/* While a node is down its lane has a line of dashes, in the colour of what went wrong. */
static void paint_outage(struct paint *p, uint32_t lane, double x0, double x1)
{
	const double y = lane_y(p, lane);

	x0 = fmax(x0, GUTTER);
	x1 = fmin(x1, p->width);
	for (double x = x0; x < x1 && y > RULER; x += 12)
		rect(p, &p->ink.error, x, y - 1, fmin(7, x1 - x), 2);
	if (x1 - x0 > 60 && y > RULER)
		insp_ink_text(p->snapshot, GTK_WIDGET(p->lanes), "down", x0 + 4, y - 9, 0, 50, &p->ink.error);
}

static void paint_outages(struct paint *p)
{
	const struct insp_run *run = p->half->run;

	for (uint32_t i = 0; i < run->outage_count; i++) {
		const struct insp_outage *outage = &run->outages[i];
		double end = p->width;

		if (outage->what != INSP_OUTAGE_NODE || !outage->down)
			continue;
		for (uint32_t k = i + 1; k < run->outage_count; k++)
			if (run->outages[k].what == INSP_OUTAGE_NODE && run->outages[k].number == outage->number) {
				end = GUTTER + insp_view_x_of(&p->half->view, run->outages[k].seq);
				break;
			}
		paint_outage(p, outage->number, GUTTER + insp_view_x_of(&p->half->view, outage->seq), end);
	}
}

/* ---- all ---- */

/* Says that arrows and events are not all shown; nobody should take a picture of many for a picture of all. */
static void paint_folding(struct paint *p, uint32_t events)
{
	InspLanes *lanes = p->lanes;
	const bool arrows = lanes->half[0].fold_step > 0 || lanes->half[1].fold_step > 0;
	g_autofree char *text = NULL;

	if (lanes->single)
		return;
	text = lanes->half[0].run->weight > 1 ? g_strdup("not read yet") :
	       arrows ? g_strdup_printf("folded: %u events, %u arrows stand for more than one packet", events,
					lanes->stat.folded_arrows)
		      : g_strdup_printf("folded: %u events", events);
	/* Arrows may cross it; its words stand on a ground of their own, as wide as they are. */
	GtkSnapshot *words = gtk_snapshot_new();
	const double width = insp_ink_text(words, GTK_WIDGET(lanes), text, p->width - 8, p->height - 10, 1, p->width - GUTTER,
					   &p->ink.faint);
	GskRenderNode *node = gtk_snapshot_free_to_node(words);
	const GdkRGBA ground = insp_ink_alpha(p->ink.background, 0.85f);

	rect(p, &ground, p->width - 12 - width, p->height - 19, width + 8, 18);
	gtk_snapshot_append_node(p->snapshot, node);
	gsk_render_node_unref(node);
}

/* The line that a lane's events stand on. */
static void paint_lines(struct paint *p)
{
	for (uint32_t lane = 0; lane < p->half->run->lane_count; lane++)
		if (is_shown(p, lane))
			rect(p, &p->ink.grid, GUTTER, lane_y(p, lane) - 0.5, p->width - GUTTER, 1);
}

/* Between nodes, so that the eye takes two halves for one. */
static void paint_rows(struct paint *p)
{
	for (uint32_t row = insp__lanes_first(p->lanes) + 1; p->lanes->gaps && row < insp__lanes_rows(p->lanes); row++) {
		const double y = floor(insp__lanes_middle(p->lanes, row) - insp__lanes_height(p->lanes) / 2);

		if (y > RULER && y < p->height)
			rect(p, &p->ink.grid, 8, y, p->width - 8, 1);
	}
}

/* Events in sight that are not in closed gaps. */
static uint32_t count_shown(const struct insp_half *half)
{
	const uint32_t end = insp_view_seek(&half->view, half->view.from + half->view.span);
	uint32_t count = 0;

	for (uint32_t at = insp_view_seek(&half->view, half->view.from); at < end;) {
		const uint32_t skipped = insp_view_skip(&half->view, at);
		const uint32_t gap = half->view.gaps ? insp_gaps_next(half->view.gaps, half->view.side, skipped) : INSP_NONE;
		const uint32_t next = gap == INSP_NONE ? end : MIN(half->view.gaps->all[gap].first[half->view.side], end);

		count += next > skipped ? next - skipped : 0;
		at = MAX(next, skipped);
	}
	return count;
}

static void paint_half(struct paint *p, int side)
{
	const struct insp_half *half = &p->lanes->half[side];

	p->side = side;
	p->half = half;
	paint_lines(p);
	if (p->lanes->single)
		paint_events(p, insp_view_seek(&half->view, half->view.from),
			     insp_view_seek(&half->view, half->view.from + half->view.span));
	else
		paint_cells(p);
	paint_outages(p);
}

/* All that is made of lines and not of rectangles, of both halves, is one node: each such node is first drawn into a picture of its own,
 * as large as the timeline. */
static void paint_lines_over(struct paint *p)
{
	InspLanes *lanes = p->lanes;
	const int sides = lanes->gaps ? 2 : 1;
	guint arrows = 0;

	for (int side = 0; side < sides; side++)
		arrows += insp__lanes_find_arrows(lanes, side);
	if (!arrows && !lanes->gaps)
		return;
	cairo_t *cairo = gtk_snapshot_append_cairo(p->snapshot,
		&GRAPHENE_RECT_INIT((float)GUTTER, 0, (float)(p->width - GUTTER), (float)p->height));

	cairo_save(cairo);
	cairo_rectangle(cairo, GUTTER, RULER, p->width - GUTTER, p->height - RULER);
	cairo_clip(cairo);
	for (int side = 0; side < sides; side++)
		insp__lanes_draw_arrows(lanes, side, cairo, &p->ink);
	if (p->differences)
		insp__differences_draw(p->differences, cairo, &p->ink);
	cairo_restore(cairo);
	if (lanes->gaps)
		insp__lanes_draw_gaps(lanes, cairo, &p->ink, (int)p->height);
	cairo_destroy(cairo);
	p->nodes++;
}

GskRenderNode *insp__lanes_paint(InspLanes *lanes, int width, int height)
{
	struct paint p = {.lanes = lanes, .half = &lanes->half[0], .snapshot = gtk_snapshot_new(), .width = width, .height = height};
	const uint32_t shown = count_shown(&lanes->half[0]) + (lanes->gaps ? count_shown(&lanes->half[1]) : 0);

	insp_ink_get(GTK_WIDGET(lanes), &p.ink);
	lanes->stat = (struct insp_lanes_stat){.paints = lanes->stat.paints + 1};
	lanes->single = lanes->half[0].run->weight == 1 && shown <= lanes->half[0].view.width / (lanes->gaps ? 3 : 6);
	p.differences = lanes->gaps ? insp__differences_new() : NULL;
	rect(&p, &p.ink.background, 0, 0, width, height);
	p.nodes += insp_ruler_paint(&(struct insp_ruler){
		.widget = GTK_WIDGET(lanes), .snapshot = p.snapshot, .ink = &p.ink, .view = &lanes->half[0].view, .gutter = GUTTER,
		.width = width, .height = height});
	paint_rows(&p);
	paint_half(&p, 0);
	if (lanes->gaps)
		paint_half(&p, 1);
	paint_lines_over(&p);
	p.nodes += lanes->gaps ? insp__lanes_paint_gap_labels(lanes, p.snapshot, &p.ink, height)
			       : insp__lanes_paint_counts(lanes, p.snapshot, &p.ink, width);
	insp__differences_free(p.differences);
	paint_names(&p);
	paint_folding(&p, shown);
	lanes->stat.nodes = p.nodes;
	return gtk_snapshot_free_to_node(p.snapshot);
}
