/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lanes-int.h"

#include <math.h>

#include "base/check.h"
#include "syscall-names.h"
#include "steps.h"

struct paint {
	InspLanes *lanes;
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
	return p->lanes->scope != INSP_NONE && p->lanes->scope != lane;
}

/* Beside another run only what differs has colour. */
static GdkRGBA lane_hue(const struct paint *p, uint32_t lane)
{
	return p->lanes->pair ? insp_ink_alpha(p->ink.text, 0.4f) : insp_ink_lane(&p->ink, lane);
}

/* ---- ruler and names ---- */

static void paint_ruler(struct paint *p)
{
	const struct insp_view *view = &p->lanes->view;
	static const char *const names[INSP_AXIS_COUNT] = {"virtual time, s", "event", "activity, s"};
	const double tick = insp_view_tick(view, 110);
	char text[48];

	for (double coord = fmax(0, ceil(view->from / tick) * tick); coord <= view->from + view->span; coord += tick) {
		const double x = GUTTER + insp_view_x(view, coord);

		rect(p, &p->ink.grid, floor(x), RULER - 6, 1, p->height - RULER + 6);
		insp_view_put_mark(view, coord, tick, text, sizeof(text));
		if (x + 4 < p->width - 30)
			insp_ink_text(p->snapshot, GTK_WIDGET(p->lanes), text, x + 4, RULER / 2 - 1, 0, 200, &p->ink.faint);
	}
	insp_ink_text(p->snapshot, GTK_WIDGET(p->lanes), names[view->axis],
		      GUTTER - 14, RULER / 2 - 1, 1, GUTTER - 20, &p->ink.faint);
}

/* Names stand on a ground of their own, over what the view shows left of its begin. */
static void paint_names(struct paint *p)
{
	InspLanes *lanes = p->lanes;

	rect(p, &p->ink.background, 0, RULER, GUTTER - 6, p->height);
	for (uint32_t lane = insp__lanes_first(lanes); lane < lanes->run->lane_count; lane++) {
		const double y = insp__lanes_y(lanes, lane);
		GdkRGBA color = insp_ink_lane(&p->ink, lane);
		const GdkRGBA text = insp_ink_alpha(p->ink.text, faded(p, lane) ? 0.5f : 1);

		if (y < RULER || y > p->height)
			continue;
		rect(p, &color, 8, y - 14, 3, 28);
		insp_ink_text(p->snapshot, GTK_WIDGET(lanes), lanes->run->lanes[lane].name, 18, y - 8, 0, GUTTER - 30, &text);
		insp_ink_text(p->snapshot, GTK_WIDGET(lanes), lanes->run->lanes[lane].address, 18, y + 8, 0, GUTTER - 30,
			      &p->ink.faint);
	}
}

/* ---- activity, folded ---- */

/* Four intensities: where much happened is seen at once, how much exactly is told by the tooltip. */
static int shade(uint32_t count)
{
	return count == 0 ? 0 : count < 3 ? 1 : count < 16 ? 2 : count < 256 ? 3 : 4;
}

static void paint_trouble(struct paint *p, double x, double y)
{
	gtk_snapshot_save(p->snapshot);
	gtk_snapshot_translate(p->snapshot, &GRAPHENE_POINT_INIT((float)x, (float)y));
	gtk_snapshot_rotate(p->snapshot, 45);
	insp_ink_rect(p->snapshot, &p->ink.error, -3.5, -3.5, 7, 7);
	gtk_snapshot_restore(p->snapshot);
	p->nodes++;
}

static void paint_lane_cells(struct paint *p, uint32_t lane, const struct insp_cell *cells, uint32_t columns)
{
	static const float alphas[] = {0, 0.28f, 0.5f, 0.75f, 1};
	const double y = insp__lanes_y(p->lanes, lane);
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
		paint_trouble(p, x, y - TRACK / 2 - 7);
		last_trouble = x;
	}
}

static void paint_cells(struct paint *p)
{
	InspLanes *lanes = p->lanes;
	const uint32_t columns = (uint32_t)fmax(lanes->view.width / FOLD, 1);
	g_autofree struct insp_cell *cells = g_new(struct insp_cell, (size_t)columns * lanes->run->lane_count);

	insp_view_cells(&lanes->view, columns, cells);
	for (uint32_t lane = insp__lanes_first(lanes); lane < lanes->run->lane_count; lane++) {
		const double y = insp__lanes_y(lanes, lane);

		if (y > RULER - TRACK && y < p->height + TRACK)
			paint_lane_cells(p, lane, cells + (size_t)lane * columns, columns);
	}
}

/* ---- activity, event by event ---- */

/* A thread waits from a call's begin to its end: a thin line, open at an edge where the other end is not in sight. */
static void paint_waits(struct paint *p, uint32_t first, uint32_t end)
{
	const struct insp_run *run = p->lanes->run;
	g_autoptr(GHashTable) since = g_hash_table_new(NULL, NULL);

	for (uint32_t seq = first; seq < end; seq++) {
		const gpointer thread = GUINT_TO_POINTER(run->thread[seq]);
		const uint32_t lane = insp_lane_of(run, seq);
		const GdkRGBA color = insp_ink_alpha(lane_hue(p, lane), faded(p, lane) ? 0.2f : 0.45f);

		if (run->kind[seq] == FMT_syscall_enter) {
			g_hash_table_insert(since, thread, GUINT_TO_POINTER(seq + 1));
		} else if (run->kind[seq] == FMT_syscall_exit) {
			const guint begin = GPOINTER_TO_UINT(g_hash_table_lookup(since, thread));
			const double x0 = begin ? fmax(insp_view_x_of(&p->lanes->view, begin - 1), 0) : 0;
			const double x1 = insp_view_x_of(&p->lanes->view, seq);

			rect(p, &color, GUTTER + x0, insp__lanes_y(p->lanes, lane) - 1, fmax(x1 - x0, 1), 2);
			g_hash_table_remove(since, thread);
		}
	}
}

static void paint_mark(struct paint *p, uint32_t seq, double x, double y)
{
	const struct insp_run *run = p->lanes->run;
	const uint32_t lane = insp_lane_of(run, seq);
	const GdkRGBA hue = insp_ink_alpha(lane_hue(p, lane), faded(p, lane) ? 0.35f : 1);
	const struct insp_line *line = insp_pager_line(p->lanes->pager, seq);

	if (line && line->ran && p->lanes->view.axis == INSP_AXIS_TIME) {
		const double width = (double)line->ran * p->lanes->view.width / p->lanes->view.span;
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
		paint_trouble(p, x, y - TRACK / 2 - 7);
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
	const struct insp_run *run = p->lanes->run;
	const uint32_t seq = cluster->first;
	const struct insp_line *line = insp_pager_peek(p->lanes->pager, seq);
	const struct fmt_kind_info *info = fmt_kind_info(run->kind[seq]);
	const uint8_t kind = run->kind[seq];
	const bool call = kind == FMT_syscall || kind == FMT_syscall_enter || kind == FMT_syscall_exit;
	const char *name = call ? fmt_syscall_name(insp_aux_number(run, seq)) : info ? info->name : NULL;
	const GdkRGBA color = insp_aux_failed(run, seq) ? p->ink.error : p->ink.faint;
	const double y = insp__lanes_y(p->lanes, insp_lane_of(run, seq)) + TRACK / 2 + 9;
	char more[16];

	if (room < 60 || !name || faded(p, insp_lane_of(run, seq)))
		return;
	if (line && room > 120)
		name = line->text;
	if (cluster->count > 1) {
		g_snprintf(more, sizeof(more), "+%u", cluster->count - 1);
		insp_ink_text(p->snapshot, GTK_WIDGET(p->lanes), more, cluster->x + 3, y + 13, 0, room - 6, &p->ink.accent);
	}
	insp_ink_text(p->snapshot, GTK_WIDGET(p->lanes), name, cluster->x + 3, y, 0, room - 6, &color);
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
	const struct insp_run *run = p->lanes->run;
	g_autofree struct cluster *clusters = g_new(struct cluster, run->lane_count);

	for (uint32_t lane = 0; lane < run->lane_count; lane++)
		clusters[lane].first = INSP_NONE;
	paint_waits(p, first, end);
	for (uint32_t seq = first; seq < end; seq++) {
		const uint32_t lane = insp_lane_of(run, seq);
		const double x = GUTTER + insp_view_x_of(&p->lanes->view, seq), y = insp__lanes_y(p->lanes, lane);

		if (lane < insp__lanes_first(p->lanes) || y < RULER - TRACK || y > p->height + TRACK)
			continue;
		paint_mark(p, seq, x, y);
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
	const double y = insp__lanes_y(p->lanes, lane);

	x0 = fmax(x0, GUTTER);
	x1 = fmin(x1, p->width);
	for (double x = x0; x < x1 && y > RULER; x += 12)
		rect(p, &p->ink.error, x, y - 1, fmin(7, x1 - x), 2);
	if (x1 - x0 > 60 && y > RULER)
		insp_ink_text(p->snapshot, GTK_WIDGET(p->lanes), "down", x0 + 4, y - 9, 0, 50, &p->ink.error);
}

static void paint_outages(struct paint *p)
{
	const struct insp_run *run = p->lanes->run;

	for (uint32_t i = 0; i < run->outage_count; i++) {
		const struct insp_outage *outage = &run->outages[i];
		double end = p->width;

		if (outage->what != INSP_OUTAGE_NODE || !outage->down)
			continue;
		for (uint32_t k = i + 1; k < run->outage_count; k++)
			if (run->outages[k].what == INSP_OUTAGE_NODE && run->outages[k].number == outage->number) {
				end = GUTTER + insp_view_x_of(&p->lanes->view, run->outages[k].seq);
				break;
			}
		paint_outage(p, outage->number, GUTTER + insp_view_x_of(&p->lanes->view, outage->seq), end);
	}
}

/* ---- differences ---- */

/* A solid bar below the lane: changed; a broken one: the other run has nothing here. */
static void paint_difference(struct paint *p, uint32_t lane, double x0, double x1, bool alone)
{
	const double y = insp__lanes_y(p->lanes, lane) + TRACK / 2 + 2;
	const GdkRGBA *color = alone ? &p->ink.error : &p->ink.warning;

	x0 = fmax(x0, GUTTER);
	x1 = fmin(fmax(x1, x0 + 3), p->width);
	if (!alone)
		rect(p, color, x0, y, x1 - x0, 4);
	for (double x = x0; alone && x < x1; x += 6)
		rect(p, color, x, y, fmin(3, x1 - x), 4);
}

#define DIFFERENCES_MAX 1500	/* painted; each may be as narrow as a pixel */

static void paint_differences(struct paint *p)
{
	const struct insp_pair *pair = p->lanes->pair;
	const struct insp_view *view = &p->lanes->view;
	const int side = p->lanes->side;
	g_autofree double *taken = g_new0(double, p->lanes->run->lane_count);
	uint32_t painted = 0;

	for (uint32_t i = 0; pair && i < pair->difference_count && painted < DIFFERENCES_MAX; i++) {
		const struct insp_difference *d = &pair->differences[i];

		if (d->first[side] == INSP_NONE || d->lane[side] < insp__lanes_first(p->lanes))
			continue;
		const double x0 = GUTTER + insp_view_x_of(view, d->first[side]), x1 = GUTTER + insp_view_x_of(view, d->last[side]);

		/* One that would lie on the one before it adds nothing. */
		if (x1 < GUTTER || x0 > p->width || x1 <= taken[d->lane[side]])
			continue;
		paint_difference(p, d->lane[side], x0, x1, d->first[!side] == INSP_NONE);
		taken[d->lane[side]] = fmax(x1, x0 + 3);
		painted++;
	}
}

/* Says that arrows and events are not all shown; nobody should take a picture of many for a picture of all. */
static void paint_folding(struct paint *p, uint32_t events)
{
	InspLanes *lanes = p->lanes;
	g_autofree char *text = NULL;

	if (lanes->single)
		return;
	text = lanes->fold_step > 0 ? g_strdup_printf("folded: %u events, %u arrows stand for more than one packet", events,
						      lanes->stat.folded_arrows)
				    : g_strdup_printf("folded: %u events", events);
	insp_ink_text(p->snapshot, GTK_WIDGET(lanes), text, p->width - 8, p->height - 10, 1, p->width - GUTTER, &p->ink.faint);
}

GskRenderNode *insp__lanes_paint(InspLanes *lanes, int width, int height)
{
	struct paint p = {.lanes = lanes, .snapshot = gtk_snapshot_new(), .width = width, .height = height};
	const uint32_t first = insp_view_seek(&lanes->view, lanes->view.from);
	const uint32_t end = insp_view_seek(&lanes->view, lanes->view.from + lanes->view.span);

	insp_ink_get(GTK_WIDGET(lanes), &p.ink);
	lanes->stat = (struct insp_lanes_stat){.paints = lanes->stat.paints + 1};
	lanes->single = end - first <= lanes->view.width / 6;
	rect(&p, &p.ink.background, 0, 0, width, height);
	paint_ruler(&p);
	for (uint32_t lane = insp__lanes_first(lanes); lane < lanes->run->lane_count; lane++) {
		const double y = insp__lanes_y(lanes, lane);

		if (y > RULER && y < height)
			rect(&p, &p.ink.grid, GUTTER, y - 0.5, width - GUTTER, 1);
	}
	if (lanes->single)
		paint_events(&p, first, end);
	else
		paint_cells(&p);
	p.nodes += insp__lanes_paint_arrows(lanes, p.snapshot, &p.ink, width, height);
	paint_outages(&p);
	paint_differences(&p);
	paint_names(&p);
	paint_folding(&p, end - first);
	lanes->stat.nodes = p.nodes;
	return gtk_snapshot_free_to_node(p.snapshot);
}
