/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bytes-view.h - bytes as numbers and as text: of a packet, of memory.
 *
 * Of two runs a line that both have alike is there once; where they differ A's stands above B's, with the bytes that do so marked.
 */
#ifndef INSP_BYTES_VIEW_H
#define INSP_BYTES_VIEW_H

#include <gtk/gtk.h>

#define INSP_TYPE_BYTES_VIEW (insp_bytes_view_get_type())
G_DECLARE_FINAL_TYPE(InspBytesView, insp_bytes_view, INSP, BYTES_VIEW, GtkBox)

struct insp_bytes {
	const guint8 *data;		/* NULL: this run has none */
	gsize size;
	const guint8 *marks;		/* of each byte whether it differs from the other run's */
};

/* name: what a screen reader is told.  digits: of the number before each line. */
InspBytesView *insp_bytes_view_new(const char *name, int digits);
/* address: of the first byte. */
void insp_bytes_view_set(InspBytesView *view, guint64 address, const guint8 *data, gsize size);
void insp_bytes_view_set_pair(InspBytesView *view, guint64 address, const struct insp_bytes of[2]);
/* Says why there is nothing. */
void insp_bytes_view_say(InspBytesView *view, const char *why);
/* Scrolls no further than is needed to see a byte of a run. */
void insp_bytes_view_show(InspBytesView *view, int side, gsize offset);
/* A part of either run's bytes stands out, and is scrolled to; those that stood out before do not any more. */
void insp_bytes_view_unmark(InspBytesView *view);
void insp_bytes_view_mark(InspBytesView *view, int side, guint offset, guint size);
char *insp_bytes_view_print(InspBytesView *view);

#endif
