/* SPDX-License-Identifier: GPL-2.0-or-later */
/* palette.c - every command, found by typing a part of what it does or of its id; Enter runs the first. */
#include "keys.h"
#include "window-int.h"

struct palette {
	InspWindow *window;
	GtkWidget *dialog, *entry, *list;
};

static gboolean matches(GtkListBoxRow *row, gpointer data)
{
	const struct palette *palette = data;
	const struct insp_command *command = g_object_get_data(G_OBJECT(row), "row");
	g_auto(GStrv) words = g_strsplit(gtk_editable_get_text(GTK_EDITABLE(palette->entry)), " ", -1);
	g_autofree char *text = g_strdup_printf("%s %s", command->id, command->label);
	g_autofree char *folded = g_utf8_casefold(text, -1);

	for (char **word = words; *word; word++) {
		/* What follows the id of a command is its argument. */
		if (word != words && strcmp(words[0], command->id) == 0)
			return TRUE;
		g_autofree char *wanted = g_utf8_casefold(*word, -1);

		if (!strstr(folded, wanted))
			return FALSE;
	}
	return TRUE;
}

static void changed(GtkEditable *entry, struct palette *palette)
{
	gtk_list_box_invalidate_filter(GTK_LIST_BOX(palette->list));
}

static GtkListBoxRow *first_row(struct palette *palette)
{
	for (GtkWidget *row = gtk_widget_get_first_child(palette->list); row; row = gtk_widget_get_next_sibling(row))
		if (gtk_widget_get_child_visible(row))
			return GTK_LIST_BOX_ROW(row);
	return NULL;
}

/* A command that needs something more is put into the entry, to be completed. */
static void run(GtkListBox *list, GtkListBoxRow *row, struct palette *palette)
{
	const struct insp_command *command = g_object_get_data(G_OBJECT(row), "row");
	const char *typed = gtk_editable_get_text(GTK_EDITABLE(palette->entry));
	const size_t size = strlen(command->id);
	const bool complete = strncmp(typed, command->id, size) == 0 && typed[size] == ' ' && typed[size + 1];
	g_autofree char *text = complete ? g_strdup(typed) : g_strdup(command->id);
	InspWindow *window = palette->window;

	if (command->argument && command->argument[0] != '[' && !complete) {
		g_autofree char *begun = g_strdup_printf("%s ", command->id);

		gtk_editable_set_text(GTK_EDITABLE(palette->entry), begun);
		gtk_widget_grab_focus(palette->entry);
		gtk_editable_set_position(GTK_EDITABLE(palette->entry), -1);
		return;
	}
	gtk_window_destroy(GTK_WINDOW(palette->dialog));
	insp__run_text(window, text);
}

/* Also before the search has noticed that nobody types any more. */
static void entered(GtkEntry *entry, struct palette *palette)
{
	gtk_list_box_invalidate_filter(GTK_LIST_BOX(palette->list));
	GtkListBoxRow *row = first_row(palette);

	if (row)
		run(GTK_LIST_BOX(palette->list), row, palette);
}

static void closed(GtkEditable *entry, struct palette *palette)
{
	gtk_window_destroy(GTK_WINDOW(palette->dialog));
}

static GtkWidget *row_new(guint index)
{
	const struct insp_command *command = &insp__commands[index];
	g_autofree char *text = insp__keys_text(index);
	g_autofree char *said = g_strdup_printf("%s, %s%s%s", command->label, command->id, *text ? ", " : "", text);
	GtkWidget *row = gtk_list_box_row_new(), *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
	GtkWidget *label = gtk_label_new(command->label), *id = gtk_label_new(command->id);
	GtkWidget *keys = gtk_label_new(text);

	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
	gtk_widget_add_css_class(row, "command");
	gtk_widget_set_hexpand(label, TRUE);
	gtk_widget_add_css_class(id, "dim-label");
	gtk_widget_add_css_class(id, "monospace");
	gtk_widget_add_css_class(keys, "dim-label");
	gtk_box_append(GTK_BOX(box), label);
	gtk_box_append(GTK_BOX(box), id);
	gtk_box_append(GTK_BOX(box), keys);
	gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(row), box);
	insp_name(row, said);
	g_object_set_data(G_OBJECT(row), "row", (gpointer)command);
	return row;
}

void insp__palette(InspWindow *window)
{
	struct palette *palette = g_new0(struct palette, 1);
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6), *scroller = gtk_scrolled_window_new();

	palette->window = window;
	palette->dialog = g_object_new(GTK_TYPE_WINDOW, "transient-for", insp__front(window), "modal", TRUE, "decorated", FALSE,
				       "default-width", 760, "default-height", 480, "title", "Commands", NULL);
	palette->entry = gtk_search_entry_new();
	g_object_set(palette->entry, "placeholder-text", "what it does, or its id", NULL);
	palette->list = gtk_list_box_new();
	insp_name(palette->entry, "Find a command");
	insp_name(palette->list, "Commands that match");
	for (guint i = 0; i < insp__command_count; i++)
		gtk_list_box_append(GTK_LIST_BOX(palette->list), row_new(i));
	gtk_list_box_set_filter_func(GTK_LIST_BOX(palette->list), matches, palette, NULL);
	gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), palette->list);
	gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
	gtk_widget_set_vexpand(scroller, TRUE);
	gtk_widget_set_margin_top(palette->entry, 12);
	gtk_widget_set_margin_start(palette->entry, 12);
	gtk_widget_set_margin_end(palette->entry, 12);
	gtk_box_append(GTK_BOX(box), palette->entry);
	gtk_box_append(GTK_BOX(box), scroller);
	gtk_window_set_child(GTK_WINDOW(palette->dialog), box);
	g_signal_connect(palette->entry, "search-changed", G_CALLBACK(changed), palette);
	g_signal_connect(palette->entry, "activate", G_CALLBACK(entered), palette);
	g_signal_connect(palette->entry, "stop-search", G_CALLBACK(closed), palette);
	g_signal_connect(palette->list, "row-activated", G_CALLBACK(run), palette);
	g_object_set_data_full(G_OBJECT(palette->dialog), "palette", palette, g_free);
	insp_present(palette->dialog);
	gtk_widget_grab_focus(palette->entry);
}
