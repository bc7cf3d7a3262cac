/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lanes-overlay.c - what lies over the lanes and follows the focus: drawn anew at each step, and so kept small. */
#include "lanes-int.h"

#include <math.h>

#include "steps.h"

/* A lane's part of a cone, from x0 to x1 of the widget, with its edge. */
static void tint(InspLanes *lanes, GtkSnapshot *snapshot, const GdkRGBA *color, uint32_t lane, double x0, double x1, double edge)
{
	const double reach = insp__lanes_reach(lanes), y = insp__lanes_y(lanes, 0, lane);
	const double top = fmax(y - reach, RULER), bottom = y + reach;
	const double left = fmax(x0, GUTTER), right = fmin(x1, GUTTER + lanes->half[0].view.width);
	const GdkRGBA line = insp_ink_alpha(*color, 5);

	if (right <= left || bottom <= top)
		return;
	insp_ink_rect(snapshot, color, left, top, right - left, bottom - top);
	if (edge >= GUTTER && edge <= GUTTER + lanes->half[0].view.width)
		insp_ink_rect(snapshot, &line, floor(edge), top + 3, 1, bottom - top - 6);
}

/* Of the first run; the second has its own past. */
static void paint_cone(InspLanes *lanes, GtkSnapshot *snapshot, const struct insp_ink *ink)
{
	const struct insp_view *view = &lanes->half[0].view;
	const struct insp_cone *cone = lanes->cone;
	const GdkRGBA past = insp_ink_alpha(ink->accent, 0.1f), future = insp_ink_alpha(ink->warning, 0.12f);

	for (uint32_t lane = view->run->lane_count > 1 ? 1 : 0; cone && lane < view->run->lane_count; lane++) {
		if (lanes->cone_past && cone->past[lane] != INSP_NONE) {
			const double x = GUTTER + insp_view_x_of(view, cone->past[lane]);

			tint(lanes, snapshot, &past, lane, GUTTER, x, x);
		}
		if (lanes->cone_future && cone->future[lane] != INSP_NONE) {
			const double x = GUTTER + insp_view_x_of(view, cone->future[lane]);

			tint(lanes, snapshot, &future, lane, x, GUTTER + view->width, x);
		}
	}
}

/* A text in the ruler at x, on a ground of its own; kept within the picture. */
static void ruler_text(InspLanes *lanes, GtkSnapshot *snapshot, const struct insp_ink *ink, const char *text, double x,
		       const GdkRGBA *color)
{
	const double width = 8 + g_utf8_strlen(text, -1) * 6.4;
	const double left = fmin(fmax(x + 4, GUTTER), GUTTER + lanes->half[0].view.width - width);

	insp_ink_rect(snapshot, &ink->background, left - 3, 2, width + 6, RULER - 6);
	insp_ink_text(snapshot, GTK_WIDGET(lanes), text, left, RULER / 2 - 1, 0, width + 20, color);
}

static void paint_marks(InspLanes *lanes, GtkSnapshot *snapshot, const struct insp_ink *ink, int height)
{
	double x[2];
	char text[48];

	for (int i = 0; i < 2; i++) {
		if (lanes->marks[i] == INSP_NONE)
			continue;
		x[i] = GUTTER + insp_view_x_of(&lanes->half[0].view, lanes->marks[i]);
		if (x[i] < GUTTER || x[i] > GUTTER + lanes->half[0].view.width)
			continue;
		insp_ink_rect(snapshot, &ink->text, floor(x[i]), RULER - 4, 1, height - RULER + 4);
		ruler_text(lanes, snapshot, ink, i ? "B" : "A", x[i], &ink->text);
	}
	if (lanes->marks[0] == INSP_NONE || lanes->marks[1] == INSP_NONE)
		return;
	const vtime_ns a = insp_vtime(lanes->half[0].run, lanes->marks[0]), b = insp_vtime(lanes->half[0].run, lanes->marks[1]);

	insp_put_duration(text, sizeof(text), a < b ? b - a : a - b);
	g_autofree char *distance = g_strdup_printf("A\u2013B %s", text);

	ruler_text(lanes, snapshot, ink, distance, (x[0] + x[1]) / 2, &ink->text);
}

#define FLAGS_MAX 200		/* notes that are drawn; more stand too close to be told apart */

/* A flag in the ruler above each note, with a pole to its lane. */
static void paint_notes(InspLanes *lanes, GtkSnapshot *snapshot, const struct insp_ink *ink)
{
	double taken = -10;
	guint drawn = 0;

	for (uint32_t i = 0; i < lanes->note_count && drawn < FLAGS_MAX; i++) {
		const double x = floor(GUTTER + insp_view_x_of(&lanes->half[0].view, lanes->notes[i]));
		const double y = insp__lanes_y(lanes, 0, insp_lane_of(lanes->half[0].run, lanes->notes[i]));

		if (x < GUTTER || x > GUTTER + lanes->half[0].view.width || x < taken + 3)
			continue;
		insp_ink_rect(snapshot, &ink->warning, x, RULER - 12, 1, fmax(y - RULER + 12 - TRACK / 2, 12));
		insp_ink_rect(snapshot, &ink->warning, x + 1, RULER - 12, 9, 7);
		taken = x;
		drawn++;
	}
}

/* The line of a run's position; broken in the second run. */
static void paint_line(GtkSnapshot *snapshot, const GdkRGBA *color, int side, double x, int height)
{
	if (side == 0) {
		insp_ink_rect(snapshot, color, x, RULER - 4, 1, height - RULER + 4);
		return;
	}
	for (double y = RULER - 4; y < height; y += 9)
		insp_ink_rect(snapshot, color, x, y, 1, 5);
}

static void paint_focus(InspLanes *lanes, int side, GtkSnapshot *snapshot, const struct insp_ink *ink, int width, int height)
{
	const struct insp_half *half = &lanes->half[side];
	const double x = GUTTER + insp_view_x_of(&half->view, half->focus);
	const uint32_t packet = insp_packet_of(half->run, half->focus), lane = insp_lane_of(half->run, half->focus);

	if (packet != INSP_NONE)
		insp__lanes_paint_packet(lanes, side, snapshot, packet, &ink->accent, width, height);
	if (x < GUTTER - 6 || x > width)
		return;
	paint_line(snapshot, &ink->accent, side, floor(x), height);
	if (insp__lanes_row(lanes, side, lane) >= insp__lanes_first(lanes))
		insp_ink_rect(snapshot, &ink->accent, floor(x) - 2, insp__lanes_y(lanes, side, lane) - TRACK / 2 - 4, 5, TRACK + 8);
}

/* What the ruler says of the positions: the time; of two runs, when they are not at the same time, both. */
static void paint_times(InspLanes *lanes, GtkSnapshot *snapshot, const struct insp_ink *ink, int width)
{
	const struct insp_half *a = &lanes->half[0], *b = &lanes->half[1];
	const bool two = lanes->gaps && b->focus != INSP_NONE && insp_vtime(b->run, b->focus) != insp_vtime(a->run, a->focus);
	/* The earlier one's stands left of its line, so that neither hides the other. */
	const bool a_is_left = two && insp_view_x_of(&a->view, a->focus) < insp_view_x_of(&b->view, b->focus);
	char time[48], text[64];

	for (int side = two; side >= 0; side--) {
		const struct insp_half *half = &lanes->half[side];
		const double x = GUTTER + insp_view_x_of(&half->view, half->focus);
		const bool before = x < GUTTER - 6, behind = x > width, left = two && (side == 0) == a_is_left;

		/* One line in sight is what is looked for; of the second run it is said where it has gone. */
		if (side == 0 && (before || behind))
			continue;
		insp_put_time(time, sizeof(time), insp_vtime(half->run, half->focus));
		g_snprintf(text, sizeof(text), "%s%s%s%s", before ? "\u25c2 " : "", !two ? "" : side ? "B " : "A ", time,
			   behind ? " \u25b8" : "");
		ruler_text(lanes, snapshot, ink, text, left ? x - 16 - g_utf8_strlen(text, -1) * 6.4 : x, &ink->accent);
	}
}

void insp__lanes_paint_overlay(InspLanes *lanes, GtkSnapshot *snapshot, int width, int height)
{
	struct insp_ink ink;

	if (lanes->half[0].focus == INSP_NONE)
		return;
	insp_ink_get(GTK_WIDGET(lanes), &ink);
	paint_cone(lanes, snapshot, &ink);
	paint_marks(lanes, snapshot, &ink, height);
	paint_notes(lanes, snapshot, &ink);
	if (lanes->gaps && lanes->half[1].focus != INSP_NONE)
		paint_focus(lanes, 1, snapshot, &ink, width, height);
	paint_focus(lanes, 0, snapshot, &ink, width, height);
	paint_times(lanes, snapshot, &ink, width);
}
