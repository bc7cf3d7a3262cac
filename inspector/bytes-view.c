/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bytes-view.h"

#include <adwaita.h>

#include "ink.h"
#include "names.h"

#define LINE 16u		/* bytes */
#define NO_LINE G_MAXUINT

struct _InspBytesView {
	GtkBox parent;
	GtkWidget *view;
	GtkTextBuffer *buffer;
	GtkTextTag *chosen, *differs;
	GString *text;			/* that is being written */
	guint written;			/* lines of it */
	GArray *line_of[2];		/* guint: where each LINE of a run's bytes stands; NO_LINE */
	gsize size[2];
	int digits, indent;		/* characters of the number, and before it */
	guint frames;			/* until what is to be seen has been scrolled to for good */
};

G_DEFINE_FINAL_TYPE(InspBytesView, insp_bytes_view, GTK_TYPE_BOX)

static int hex_at(const InspBytesView *view)
{
	return view->indent + view->digits + 2;
}

static int text_at(const InspBytesView *view)
{
	return hex_at(view) + (int)LINE * 3 + 1;
}

static void follow_theme(InspBytesView *view)
{
	g_object_set(view->differs, "foreground", insp_ink_run(1), NULL);
}

/* ---- writing ---- */

/* name: "A ", "B ", of a line of both "  "; "" when there is but one run. */
static void put_line(InspBytesView *view, const char *name, guint64 address, const guint8 *data, gsize size)
{
	g_string_append_printf(view->text, "%s%0*" G_GINT64_MODIFIER "x  ", name, view->digits, address);
	for (gsize i = 0; i < LINE; i++)
		if (i < size)
			g_string_append_printf(view->text, "%02x ", data[i]);
		else
			g_string_append(view->text, "   ");
	g_string_append_c(view->text, ' ');
	for (gsize i = 0; i < size; i++)
		g_string_append_c(view->text, data[i] >= ' ' && data[i] < 127 ? (char)data[i] : '.');
	g_string_append_c(view->text, '\n');
	view->written++;
}

static void begin(InspBytesView *view, int indent)
{
	g_string_truncate(view->text, 0);
	view->written = 0;
	view->indent = indent;
	for (int side = 0; side < 2; side++) {
		g_array_set_size(view->line_of[side], 0);
		view->size[side] = 0;
	}
}

static gsize part_of(gsize size, gsize from)
{
	return size > from ? MIN(size - from, LINE) : 0;
}

static gboolean is_same_line(const struct insp_bytes of[2], gsize from)
{
	const gsize size = part_of(of[0].size, from);

	if (size != part_of(of[1].size, from) || memcmp(of[0].data + from, of[1].data + from, size) != 0)
		return FALSE;
	/* Bytes that are alike here may belong to fields that are not. */
	for (gsize i = from; i < from + size; i++)
		if (of[0].marks[i] || of[1].marks[i])
			return FALSE;
	return TRUE;
}

static void put_pair(InspBytesView *view, guint64 address, const struct insp_bytes of[2], gsize from)
{
	static const char *const names[] = {"A ", "B "};
	const gboolean same = of[0].data && of[1].data && is_same_line(of, from);
	guint at[2] = {view->written, view->written};

	if (same)
		put_line(view, "  ", address + from, of[0].data + from, part_of(of[0].size, from));
	for (int side = 0; side < 2 && !same; side++) {
		at[side] = from < of[side].size ? view->written : NO_LINE;
		if (from < of[side].size)
			put_line(view, names[side], address + from, of[side].data + from, part_of(of[side].size, from));
	}
	for (int side = 0; side < 2; side++)
		g_array_append_val(view->line_of[side], at[side]);
}

/* ---- marking ---- */

static void tag(InspBytesView *view, GtkTextTag *tag, guint line, int from, int to)
{
	GtkTextIter a, b;

	gtk_text_buffer_get_iter_at_line_offset(view->buffer, &a, (int)line, from);
	gtk_text_buffer_get_iter_at_line_offset(view->buffer, &b, (int)line, to);
	gtk_text_buffer_apply_tag(view->buffer, tag, &a, &b);
}

static void tag_bytes(InspBytesView *view, GtkTextTag *with, int side, gsize offset, gsize size)
{
	const gsize stop = MIN(offset + size, view->size[side]);

	for (gsize line = offset / LINE; offset < stop && line <= (stop - 1) / LINE; line++) {
		const int from = (int)(MAX(offset, line * LINE) - line * LINE), to = (int)(MIN(stop, (line + 1) * LINE) - line * LINE);
		const guint at = g_array_index(view->line_of[side], guint, line);

		tag(view, with, at, hex_at(view) + from * 3, hex_at(view) + to * 3 - 1);
		tag(view, with, at, text_at(view) + from, text_at(view) + to);
	}
}

static void tag_differing(InspBytesView *view, const struct insp_bytes *of, int side)
{
	for (gsize at = 0; at < of->size; at++) {
		const gsize from = at;

		while (at < of->size && of->marks[at])
			at++;
		if (at > from)
			tag_bytes(view, view->differs, side, from, at - from);
	}
}

void insp_bytes_view_unmark(InspBytesView *view)
{
	GtkTextIter start, end;

	gtk_text_buffer_get_bounds(view->buffer, &start, &end);
	gtk_text_buffer_remove_tag(view->buffer, view->chosen, &start, &end);
}

/* Lines that are new have their places some frames later. */
static gboolean scroll_later(GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
	InspBytesView *view = data;

	gtk_text_view_scroll_to_mark(GTK_TEXT_VIEW(widget), gtk_text_buffer_get_insert(view->buffer), 0.12, FALSE, 0, 0);
	return --view->frames ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

void insp_bytes_view_show(InspBytesView *view, int side, gsize offset)
{
	GtkTextIter iter;

	if (offset >= view->size[side])
		return;
	gtk_text_buffer_get_iter_at_line(view->buffer, &iter, (int)g_array_index(view->line_of[side], guint, offset / LINE));
	gtk_text_buffer_place_cursor(view->buffer, &iter);
	if (!view->frames)
		gtk_widget_add_tick_callback(view->view, scroll_later, view, NULL);
	view->frames = 12;
}

void insp_bytes_view_mark(InspBytesView *view, int side, guint offset, guint size)
{
	tag_bytes(view, view->chosen, side, offset, size);
	insp_bytes_view_show(view, side, offset);
}

/* ---- what is shown ---- */

void insp_bytes_view_set(InspBytesView *view, guint64 address, const guint8 *data, gsize size)
{
	begin(view, 0);
	for (gsize from = 0; from < size; from += LINE) {
		g_array_append_val(view->line_of[0], view->written);
		put_line(view, "", address + from, data + from, part_of(size, from));
	}
	view->size[0] = size;
	gtk_text_buffer_set_text(view->buffer, view->text->str, (int)view->text->len);
}

void insp_bytes_view_set_pair(InspBytesView *view, guint64 address, const struct insp_bytes of[2])
{
	begin(view, 2);
	for (gsize from = 0; from < MAX(of[0].size, of[1].size); from += LINE)
		put_pair(view, address, of, from);
	gtk_text_buffer_set_text(view->buffer, view->text->str, (int)view->text->len);
	for (int side = 0; side < 2; side++) {
		view->size[side] = of[side].size;
		if (of[0].data && of[1].data)
			tag_differing(view, &of[side], side);
	}
}

void insp_bytes_view_say(InspBytesView *view, const char *why)
{
	begin(view, 0);
	gtk_text_buffer_set_text(view->buffer, why, -1);
}

char *insp_bytes_view_print(InspBytesView *view)
{
	GtkTextIter start, end;

	gtk_text_buffer_get_bounds(view->buffer, &start, &end);
	return gtk_text_buffer_get_text(view->buffer, &start, &end, /* hidden= */ TRUE);
}

/* ---- life ---- */

static void insp_bytes_view_finalize(GObject *object)
{
	InspBytesView *view = INSP_BYTES_VIEW(object);

	for (int side = 0; side < 2; side++)
		g_array_unref(view->line_of[side]);
	g_string_free(view->text, TRUE);
	G_OBJECT_CLASS(insp_bytes_view_parent_class)->finalize(object);
}

static void insp_bytes_view_class_init(InspBytesViewClass *class)
{
	G_OBJECT_CLASS(class)->finalize = insp_bytes_view_finalize;
}

static void insp_bytes_view_init(InspBytesView *view)
{
	GtkWidget *scroller = gtk_scrolled_window_new();

	view->text = g_string_new(NULL);
	for (int side = 0; side < 2; side++)
		view->line_of[side] = g_array_new(FALSE, FALSE, sizeof(guint));
	view->view = gtk_text_view_new();
	view->buffer = gtk_text_view_get_buffer(GTK_TEXT_VIEW(view->view));
	/* Underlined too: what differs is told without colours. */
	view->differs = gtk_text_buffer_create_tag(view->buffer, NULL, "weight", PANGO_WEIGHT_BOLD, "underline", PANGO_UNDERLINE_SINGLE,
						   NULL);
	view->chosen = gtk_text_buffer_create_tag(view->buffer, NULL, "background", "#1c71d8", "foreground", "#ffffff", NULL);
	gtk_text_view_set_editable(GTK_TEXT_VIEW(view->view), FALSE);
	gtk_text_view_set_monospace(GTK_TEXT_VIEW(view->view), TRUE);
	gtk_text_view_set_left_margin(GTK_TEXT_VIEW(view->view), 12);
	gtk_text_view_set_top_margin(GTK_TEXT_VIEW(view->view), 6);
	gtk_widget_add_css_class(view->view, "bytes");
	gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), view->view);
	gtk_widget_set_vexpand(scroller, TRUE);
	gtk_widget_set_hexpand(scroller, TRUE);
	gtk_box_append(GTK_BOX(view), scroller);
	follow_theme(view);
	for (int i = 0; i < 2; i++)
		g_signal_connect_object(adw_style_manager_get_default(), i ? "notify::high-contrast" : "notify::dark",
					G_CALLBACK(follow_theme), view, G_CONNECT_SWAPPED);
}

InspBytesView *insp_bytes_view_new(const char *name, int digits)
{
	InspBytesView *view = g_object_new(INSP_TYPE_BYTES_VIEW, NULL);

	view->digits = digits;
	insp_name(view->view, name);
	return view;
}
