/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source-pane.h"

#include <adwaita.h>
#include <gtksourceview/gtksource.h>

#include "names.h"

struct _InspSourcePane {
	GtkBox parent;
	GtkWidget *stack, *why, *title, *view;
	GtkSourceBuffer *buffer;
	GtkTextTag *next;		/* the line that is about to run */
	char *path;
	guint frames;			/* until the line has been scrolled to for good */
};

G_DEFINE_FINAL_TYPE(InspSourcePane, insp_source_pane, GTK_TYPE_BOX)

static guint signal_line;

#define MARK_BREAK "break"

static void follow_theme(InspSourcePane *pane)
{
	AdwStyleManager *manager = adw_style_manager_get_default();
	const gboolean dark = adw_style_manager_get_dark(manager), contrast = adw_style_manager_get_high_contrast(manager);
	/* Adwaita's comments are grey. */
	GtkSourceStyleScheme *scheme = gtk_source_style_scheme_manager_get_scheme(
		gtk_source_style_scheme_manager_get_default(), contrast ? (dark ? "classic-dark" : "classic")
									: (dark ? "Adwaita-dark" : "Adwaita"));

	gtk_source_buffer_set_style_scheme(pane->buffer, scheme);
	g_object_set(pane->next, "paragraph-background", dark ? "#26405e" : "#d8e6f8", NULL);
}

static void mark_activated(GtkSourceView *view, GtkTextIter *iter, guint button, GdkModifierType state, int presses,
			   InspSourcePane *pane)
{
	g_signal_emit(pane, signal_line, 0, (guint)gtk_text_iter_get_line(iter) + 1);
}

static void insp_source_pane_finalize(GObject *object)
{
	g_free(INSP_SOURCE_PANE(object)->path);
	G_OBJECT_CLASS(insp_source_pane_parent_class)->finalize(object);
}

static void insp_source_pane_class_init(InspSourcePaneClass *class)
{
	G_OBJECT_CLASS(class)->finalize = insp_source_pane_finalize;
	signal_line = g_signal_new("line-chosen", INSP_TYPE_SOURCE_PANE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
				   G_TYPE_UINT);
}

static GtkWidget *make_view(InspSourcePane *pane)
{
	GtkWidget *scroller = gtk_scrolled_window_new();
	GtkSourceMarkAttributes *attributes = gtk_source_mark_attributes_new();

	pane->buffer = gtk_source_buffer_new(NULL);
	pane->view = gtk_source_view_new_with_buffer(pane->buffer);
	gtk_source_view_set_show_line_numbers(GTK_SOURCE_VIEW(pane->view), TRUE);
	gtk_source_view_set_show_line_marks(GTK_SOURCE_VIEW(pane->view), TRUE);
	gtk_source_view_set_tab_width(GTK_SOURCE_VIEW(pane->view), 8);
	gtk_text_view_set_editable(GTK_TEXT_VIEW(pane->view), FALSE);
	gtk_text_view_set_monospace(GTK_TEXT_VIEW(pane->view), TRUE);
	insp_name(pane->view, "Source");
	gtk_source_mark_attributes_set_icon_name(attributes, "media-record-symbolic");
	gtk_source_view_set_mark_attributes(GTK_SOURCE_VIEW(pane->view), MARK_BREAK, attributes, 1);
	g_object_unref(attributes);
	pane->next = gtk_text_buffer_create_tag(GTK_TEXT_BUFFER(pane->buffer), NULL, NULL);
	g_signal_connect(pane->view, "line-mark-activated", G_CALLBACK(mark_activated), pane);
	gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), pane->view);
	gtk_widget_set_vexpand(scroller, TRUE);
	return scroller;
}

/* The library of languages and styles costs megabytes: whoever looks at packets alone does without. */
static void need_view(InspSourcePane *pane)
{
	if (pane->view)
		return;
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);

	pane->title = gtk_label_new(NULL);
	gtk_label_set_xalign(GTK_LABEL(pane->title), 0);
	gtk_label_set_ellipsize(GTK_LABEL(pane->title), PANGO_ELLIPSIZE_START);
	gtk_widget_add_css_class(pane->title, "dim-label");
	gtk_widget_add_css_class(pane->title, "caption");
	gtk_widget_set_margin_start(pane->title, 12);
	gtk_widget_set_margin_bottom(pane->title, 3);
	gtk_widget_set_margin_top(pane->title, 3);
	gtk_box_append(GTK_BOX(box), pane->title);
	gtk_box_append(GTK_BOX(box), make_view(pane));
	gtk_stack_add_named(GTK_STACK(pane->stack), box, "text");
	follow_theme(pane);
	g_signal_connect_object(adw_style_manager_get_default(), "notify::dark", G_CALLBACK(follow_theme), pane,
				G_CONNECT_SWAPPED);
	g_signal_connect_object(adw_style_manager_get_default(), "notify::high-contrast", G_CALLBACK(follow_theme), pane,
				G_CONNECT_SWAPPED);
}

static void insp_source_pane_init(InspSourcePane *pane)
{
	pane->why = gtk_label_new(NULL);
	pane->stack = gtk_stack_new();
	gtk_label_set_wrap(GTK_LABEL(pane->why), TRUE);
	gtk_label_set_justify(GTK_LABEL(pane->why), GTK_JUSTIFY_CENTER);
	gtk_widget_add_css_class(pane->why, "dim-label");
	gtk_stack_add_named(GTK_STACK(pane->stack), pane->why, "why");
	gtk_widget_set_hexpand(pane->stack, TRUE);
	gtk_box_append(GTK_BOX(pane), pane->stack);
	insp_source_pane_clear(pane, NULL);
}

void insp_source_pane_clear(InspSourcePane *pane, const char *why)
{
	gtk_label_set_text(GTK_LABEL(pane->why), why ? why : "No program is looked at.\nChoose a thread in the list of threads.");
	gtk_stack_set_visible_child_name(GTK_STACK(pane->stack), "why");
	g_clear_pointer(&pane->path, g_free);
}

/* A text that has just been set is laid out over some frames, and moves what was scrolled to meanwhile. */
static gboolean scroll_later(GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
	InspSourcePane *pane = data;

	gtk_text_view_scroll_to_mark(GTK_TEXT_VIEW(pane->view), gtk_text_buffer_get_insert(GTK_TEXT_BUFFER(pane->buffer)), 0,
				     TRUE, 0, 0.4);
	return --pane->frames ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void show_line(InspSourcePane *pane, guint line)
{
	GtkTextBuffer *buffer = GTK_TEXT_BUFFER(pane->buffer);
	GtkTextIter start, end;

	gtk_text_buffer_get_bounds(buffer, &start, &end);
	gtk_text_buffer_remove_tag(buffer, pane->next, &start, &end);
	if (!line)
		return;
	gtk_text_buffer_get_iter_at_line(buffer, &start, (int)line - 1);
	end = start;
	gtk_text_iter_forward_line(&end);
	gtk_text_buffer_apply_tag(buffer, pane->next, &start, &end);
	gtk_text_buffer_place_cursor(buffer, &start);
	if (!pane->frames)
		gtk_widget_add_tick_callback(pane->view, scroll_later, pane, NULL);
	pane->frames = 4;
}

void insp_source_pane_set(InspSourcePane *pane, const char *path, const char *text, guint line)
{
	need_view(pane);
	if (text && g_strcmp0(path, pane->path) != 0) {
		GtkSourceLanguage *language = gtk_source_language_manager_guess_language(
			gtk_source_language_manager_get_default(), path, NULL);

		g_free(pane->path);
		pane->path = g_strdup(path);
		gtk_source_buffer_set_language(pane->buffer, language);
		gtk_text_buffer_set_text(GTK_TEXT_BUFFER(pane->buffer), text, -1);
	}
	g_autofree char *title = g_strdup_printf("%s:%u", path, line);

	gtk_label_set_text(GTK_LABEL(pane->title), title);
	gtk_stack_set_visible_child_name(GTK_STACK(pane->stack), "text");
	show_line(pane, line);
}

char *insp_source_pane_print(InspSourcePane *pane)
{
	GtkTextIter start, end;

	if (!pane->path)
		return g_strdup_printf("%s\n", gtk_label_get_text(GTK_LABEL(pane->why)));
	GtkTextBuffer *buffer = GTK_TEXT_BUFFER(pane->buffer);

	gtk_text_buffer_get_iter_at_mark(buffer, &start, gtk_text_buffer_get_insert(buffer));
	gtk_text_iter_set_line_offset(&start, 0);
	end = start;
	if (!gtk_text_iter_ends_line(&end))
		gtk_text_iter_forward_to_line_end(&end);
	g_autofree char *line = gtk_text_buffer_get_text(buffer, &start, &end, TRUE);

	return g_strdup_printf("%s\n%s\n", gtk_label_get_text(GTK_LABEL(pane->title)), line);
}

const char *insp_source_pane_path(InspSourcePane *pane)
{
	return pane->path;
}

guint insp_source_pane_cursor(InspSourcePane *pane)
{
	GtkTextIter iter;

	if (!pane->path)
		return 0;
	GtkTextBuffer *buffer = GTK_TEXT_BUFFER(pane->buffer);

	gtk_text_buffer_get_iter_at_mark(buffer, &iter, gtk_text_buffer_get_insert(buffer));
	return (guint)gtk_text_iter_get_line(&iter) + 1;
}

void insp_source_pane_set_breaks(InspSourcePane *pane, const guint *lines)
{
	GtkTextIter start, end;

	if (!pane->view)
		return;
	gtk_text_buffer_get_bounds(GTK_TEXT_BUFFER(pane->buffer), &start, &end);
	gtk_source_buffer_remove_source_marks(pane->buffer, &start, &end, MARK_BREAK);
	for (; *lines; lines++) {
		gtk_text_buffer_get_iter_at_line(GTK_TEXT_BUFFER(pane->buffer), &start, (int)*lines - 1);
		gtk_source_buffer_create_source_mark(pane->buffer, NULL, MARK_BREAK, &start);
	}
}
