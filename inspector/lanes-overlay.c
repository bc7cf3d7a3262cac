/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lanes-overlay.c - what lies over the lanes and follows the focus: drawn anew at each step, and so kept small. */
#include "lanes-int.h"

#include <math.h>

#include "steps.h"

/* A lane's part of a cone, from x0 to x1 of the widget, with its edge. */
static void tint(InspLanes *lanes, GtkSnapshot *snapshot, const GdkRGBA *color, uint32_t lane, double x0, double x1, double edge)
{
	const double height = insp__lanes_height(lanes), top = fmax(insp__lanes_y(lanes, lane) - height / 2, RULER);
	const double bottom = insp__lanes_y(lanes, lane) + height / 2;
	const double left = fmax(x0, GUTTER), right = fmin(x1, GUTTER + lanes->view.width);
	const GdkRGBA line = insp_ink_alpha(*color, 5);

	if (right <= left || bottom <= top)
		return;
	insp_ink_rect(snapshot, color, left, top, right - left, bottom - top);
	if (edge >= GUTTER && edge <= GUTTER + lanes->view.width)
		insp_ink_rect(snapshot, &line, floor(edge), top + 3, 1, bottom - top - 6);
}

static void paint_cone(InspLanes *lanes, GtkSnapshot *snapshot, const struct insp_ink *ink)
{
	const struct insp_cone *cone = lanes->cone;
	const GdkRGBA past = insp_ink_alpha(ink->accent, 0.1f), future = insp_ink_alpha(ink->warning, 0.12f);

	for (uint32_t lane = insp__lanes_first(lanes); cone && lane < lanes->run->lane_count; lane++) {
		if (lanes->cone_past && cone->past[lane] != INSP_NONE) {
			const double x = GUTTER + insp_view_x_of(&lanes->view, cone->past[lane]);

			tint(lanes, snapshot, &past, lane, GUTTER, x, x);
		}
		if (lanes->cone_future && cone->future[lane] != INSP_NONE) {
			const double x = GUTTER + insp_view_x_of(&lanes->view, cone->future[lane]);

			tint(lanes, snapshot, &future, lane, x, GUTTER + lanes->view.width, x);
		}
	}
}

/* A text in the ruler at x, on a ground of its own; kept within the picture. */
static void ruler_text(InspLanes *lanes, GtkSnapshot *snapshot, const struct insp_ink *ink, const char *text, double x,
		       const GdkRGBA *color)
{
	const double width = 8 + strlen(text) * 6.4;
	const double left = fmin(fmax(x + 4, GUTTER), GUTTER + lanes->view.width - width);

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
		x[i] = GUTTER + insp_view_x_of(&lanes->view, lanes->marks[i]);
		if (x[i] < GUTTER || x[i] > GUTTER + lanes->view.width)
			continue;
		insp_ink_rect(snapshot, &ink->text, floor(x[i]), RULER - 4, 1, height - RULER + 4);
		ruler_text(lanes, snapshot, ink, i ? "B" : "A", x[i], &ink->text);
	}
	if (lanes->marks[0] == INSP_NONE || lanes->marks[1] == INSP_NONE)
		return;
	const vtime_ns a = insp_vtime(lanes->run, lanes->marks[0]), b = insp_vtime(lanes->run, lanes->marks[1]);

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
		const double x = floor(GUTTER + insp_view_x_of(&lanes->view, lanes->notes[i]));
		const double y = insp__lanes_y(lanes, insp_lane_of(lanes->run, lanes->notes[i]));

		if (x < GUTTER || x > GUTTER + lanes->view.width || x < taken + 3)
			continue;
		insp_ink_rect(snapshot, &ink->warning, x, RULER - 12, 1, fmax(y - RULER + 12 - TRACK / 2, 12));
		insp_ink_rect(snapshot, &ink->warning, x + 1, RULER - 12, 9, 7);
		taken = x;
		drawn++;
	}
}

static void paint_focus(InspLanes *lanes, GtkSnapshot *snapshot, const struct insp_ink *ink, int width, int height)
{
	const double x = GUTTER + insp_view_x_of(&lanes->view, lanes->focus);
	const uint32_t packet = insp_packet_of(lanes->run, lanes->focus);
	const uint32_t lane = insp_lane_of(lanes->run, lanes->focus);
	char text[48];

	if (packet != INSP_NONE)
		insp__lanes_paint_packet(lanes, snapshot, packet, &ink->accent, width, height);
	if (x < GUTTER - 6 || x > width)
		return;
	insp_ink_rect(snapshot, &ink->accent, floor(x), RULER - 4, 1, height - RULER + 4);
	if (lane >= insp__lanes_first(lanes))
		insp_ink_rect(snapshot, &ink->accent, floor(x) - 2, insp__lanes_y(lanes, lane) - TRACK / 2 - 4, 5, TRACK + 8);
	insp_put_time(text, sizeof(text), insp_vtime(lanes->run, lanes->focus));
	ruler_text(lanes, snapshot, ink, text, x, &ink->accent);
}

void insp__lanes_paint_overlay(InspLanes *lanes, GtkSnapshot *snapshot, int width, int height)
{
	struct insp_ink ink;

	if (lanes->focus == INSP_NONE)
		return;
	insp_ink_get(GTK_WIDGET(lanes), &ink);
	paint_cone(lanes, snapshot, &ink);
	paint_marks(lanes, snapshot, &ink, height);
	paint_notes(lanes, snapshot, &ink);
	paint_focus(lanes, snapshot, &ink, width, height);
}
