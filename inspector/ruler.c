/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ruler.h"

#include <math.h>

#include "gaps.h"

#define APART 110.0		/* pixels from mark to mark, at least */
#define TEXT_WIDTH 70.0		/* behind a gap one mark may stand right after another */

guint insp_ruler_paint(const struct insp_ruler *ruler)
{
	static const char *const names[INSP_AXIS_COUNT] = {"virtual time, s", "event", "activity, s"};
	const struct insp_view *view = ruler->view;
	const double lines = ruler->height - INSP_RULER_HEIGHT + 6;
	const double stretch = (ruler->width - ruler->gutter) / view->width, tick = insp_view_tick(view, APART / stretch);
	double base = fmax(0, ceil(insp_view_base(view, view->from) / tick) * tick), last = -APART;	/* of the marks' texts */
	char text[48];
	guint nodes = 0;

	/* Marks are at even bases; over what closed gaps hide they pass at once. */
	for (double at; (at = insp_view_x(view, insp_view_coord_of(view, base))) <= view->width; base += tick) {
		const double behind = view->gaps ? insp_gaps_behind(view->gaps, view->axis, 0, base) : base;
		const double x = ruler->gutter + at * stretch;

		if (behind > base) {
			base = (ceil(behind / tick) - 1) * tick;
			continue;
		}
		insp_view_put_mark(view, insp_view_coord_of(view, base), tick, text, sizeof(text));
		insp_ink_rect(ruler->snapshot, &ruler->ink->grid, floor(x), INSP_RULER_HEIGHT - 6, 1, lines);
		nodes++;
		if (x + 4 < ruler->width - 30 && x - last >= TEXT_WIDTH) {
			insp_ink_text(ruler->snapshot, ruler->widget, text, x + 4, INSP_RULER_HEIGHT / 2 - 1, 0, 200, &ruler->ink->faint);
			last = x;
		}
	}
	insp_ink_text(ruler->snapshot, ruler->widget, names[view->axis], ruler->gutter - 14, INSP_RULER_HEIGHT / 2 - 1, 1,
		      ruler->gutter - 20, &ruler->ink->faint);
	return nodes;
}
