/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ruler.h - the marks of a view's axis, over whatever shows that view. */
#ifndef INSP_RULER_H
#define INSP_RULER_H

#include "ink.h"
#include "view.h"

#define INSP_RULER_HEIGHT 26.0

struct insp_ruler {
	GtkWidget *widget;
	GtkSnapshot *snapshot;
	const struct insp_ink *ink;
	const struct insp_view *view;	/* is stretched to what is right of the gutter */
	double gutter, width, height;	/* the picture's, pixels */
};

/* The axis' name in the gutter, marks right of it, lines from there down.  Returns how many render nodes that took besides texts. */
guint insp_ruler_paint(const struct insp_ruler *ruler);

#endif
