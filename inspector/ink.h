/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ink.h - the colours of the pictures, out of the theme, so that dark and high contrast follow. */
#ifndef INSP_INK_H
#define INSP_INK_H

#include <gtk/gtk.h>

struct insp_ink {
	GdkRGBA text, faint, grid, accent, error, warning, background;
	bool dark;
};

void insp_ink_get(GtkWidget *widget, struct insp_ink *ret);
/* The hue of a lane; the same lane has the same in every picture. */
GdkRGBA insp_ink_lane(const struct insp_ink *ink, guint lane);
/* By the theme, for texts that name a colour instead of taking it when they are drawn: of the first run, and of the second one, which is
 * that of what differs. */
const char *insp_ink_run(int run);
GdkRGBA insp_ink_alpha(GdkRGBA color, float alpha);
/* One line of text; anchor 0: at is its left end, 0.5: its middle, 1: its right end.  Returns its width. */
double insp_ink_text(GtkSnapshot *snapshot, GtkWidget *widget, const char *text, double x, double y, double anchor,
		     double width_max, const GdkRGBA *color);
/* The same in the middle, on a ground that keeps lines away from it. */
void insp_ink_name(GtkSnapshot *snapshot, GtkWidget *widget, const char *text, double x, double y, double width_max,
		   const GdkRGBA *color, const GdkRGBA *ground);
void insp_ink_rect(GtkSnapshot *snapshot, const GdkRGBA *color, double x, double y, double width, double height);

#endif
