/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * note-bar.c - asks for the text of a note.
 *
 * A bar below the panes and no dialog: what the note is about stays in sight, steps go on working, and what is typed right behind
 * the key that asks for it is not lost while a window system makes up its mind about a second window.
 */
#include "window-int.h"

static void show_where(InspWindow *window)
{
	const struct insp_run *run = window->run;
	g_autofree char *text = g_strdup_printf("Note at @%u, %s", window->focus, run->lanes[insp_lane_of(run, window->focus)].name);

	gtk_label_set_text(GTK_LABEL(window->note_where), text);
}

void insp__note_bar_ask(InspWindow *window)
{
	show_where(window);
	gtk_widget_set_visible(window->note_bar, TRUE);
	insp__give_keyboard(window, window->note_text);
}

void insp__note_bar_follow(InspWindow *window)
{
	if (gtk_widget_get_visible(window->note_bar))
		show_where(window);
}

bool insp__note_bar_close(InspWindow *window)
{
	if (!gtk_widget_get_visible(window->note_bar))
		return false;
	gtk_editable_set_text(GTK_EDITABLE(window->note_text), "");
	gtk_widget_grab_focus(GTK_WIDGET(window->lanes));
	gtk_widget_set_visible(window->note_bar, FALSE);
	return true;
}

static void entered(GtkEntry *entry, InspWindow *window)
{
	g_autofree char *text = g_strstrip(g_strdup(gtk_editable_get_text(GTK_EDITABLE(entry))));
	g_autofree char *command = g_strdup_printf("note.add %s", text);

	insp__note_bar_close(window);
	if (*text)
		insp__run_text(window, command);
}

static void write_clicked(GtkButton *button, InspWindow *window)
{
	entered(GTK_ENTRY(window->note_text), window);
}

static void close_clicked(GtkButton *button, InspWindow *window)
{
	insp__note_bar_close(window);
}

void insp__add_note_bar(InspWindow *window)
{
	GtkWidget *write = gtk_button_new_with_label("Write"), *close = gtk_button_new_from_icon_name("window-close-symbolic");

	window->note_bar = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
	window->note_where = gtk_label_new(NULL);
	window->note_text = gtk_entry_new();
	gtk_widget_add_css_class(window->note_bar, "rangebar");
	gtk_widget_add_css_class(window->note_where, "heading");
	gtk_widget_add_css_class(window->note_where, "numeric");
	gtk_widget_add_css_class(write, "suggested-action");
	gtk_widget_add_css_class(close, "flat");
	gtk_widget_set_hexpand(window->note_text, TRUE);
	gtk_entry_set_placeholder_text(GTK_ENTRY(window->note_text), "what happens here; Enter writes it into the trace");
	insp_name(window->note_text, "Text of the note");
	gtk_widget_set_tooltip_text(close, "Write no note (Esc)");
	gtk_widget_set_visible(window->note_bar, FALSE);
	for (GtkWidget **at = (GtkWidget *[]){window->note_where, window->note_text, write, close, NULL}; *at; at++)
		gtk_box_append(GTK_BOX(window->note_bar), *at);
	g_signal_connect(window->note_text, "activate", G_CALLBACK(entered), window);
	g_signal_connect(write, "clicked", G_CALLBACK(write_clicked), window);
	g_signal_connect(close, "clicked", G_CALLBACK(close_clicked), window);
	gtk_box_insert_child_after(GTK_BOX(gtk_widget_get_parent(window->upper)), window->note_bar, window->upper);
}
