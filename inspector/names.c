/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "names.h"

/* What was said can be read again only by screen readers, so it is kept beside. */
#define NAME "insp-name"

static void tell(GtkWidget *widget, const char *name)
{
	gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

void insp_name(GtkWidget *widget, const char *name)
{
	tell(widget, name);
	g_object_set_data_full(G_OBJECT(widget), NAME, g_strdup(name), g_free);
}

static const char *name_of(GtkWidget *widget)
{
	return g_object_get_data(G_OBJECT(widget), NAME);
}

/* ---- rows ---- */

static void put_texts(GtkWidget *widget, GString *to)
{
	const char *text = NULL;

	if (!gtk_widget_get_visible(widget))
		return;
	if (GTK_IS_LABEL(widget))
		text = gtk_label_get_text(GTK_LABEL(widget));
	else if (GTK_IS_INSCRIPTION(widget))
		text = gtk_inscription_get_text(GTK_INSCRIPTION(widget));
	/* Fields are set in by spaces. */
	while (text && *text == ' ')
		text++;
	if (text && *text)
		g_string_append_printf(to, "%s%s", to->len ? ", " : "", text);
	for (GtkWidget *child = gtk_widget_get_first_child(widget); child; child = gtk_widget_get_next_sibling(child))
		put_texts(child, to);
}

static bool is_row(GtkWidget *widget)
{
	return strcmp(gtk_widget_get_css_name(widget), "row") == 0;
}

/* In a tree the keyboard goes to what unfolds a row as well. */
static void name_expander(GtkWidget *widget, const char *name)
{
	if (GTK_IS_TREE_EXPANDER(widget))
		tell(widget, name);
	for (GtkWidget *child = gtk_widget_get_first_child(widget); child; child = gtk_widget_get_next_sibling(child))
		name_expander(child, name);
}

static void name_row(GtkWidget *row)
{
	g_autoptr(GString) text = g_string_new(NULL);

	put_texts(row, text);
	tell(row, text->str);
	name_expander(row, text->str);
}

void insp_name_row(GtkListItem *item)
{
	GtkWidget *cell = gtk_widget_get_parent(gtk_list_item_get_child(item)), *row = cell;

	while (row && !is_row(row))
		row = gtk_widget_get_parent(row);
	/* Cells get their texts from left to right. */
	if (row && (cell == row || !gtk_widget_get_next_sibling(cell)))
		name_row(row);
}

/* ---- what GTK makes ---- */

/* The name of a widget, or of the first below it that has one; NULL: none has. */
static const char *name_within(GtkWidget *widget)
{
	const char *name = name_of(widget);

	for (GtkWidget *child = gtk_widget_get_first_child(widget); child && !name; child = gtk_widget_get_next_sibling(child))
		name = name_within(child);
	return name;
}

/* A tooltip's words without the key in brackets. */
static void name_button(GtkWidget *button)
{
	const char *said = gtk_widget_get_tooltip_text(button), *key = said ? g_strrstr(said, " (") : NULL;
	g_autofree char *words = said ? g_strndup(said, key ? (gsize)(key - said) : strlen(said)) : NULL;

	if (words)
		insp_name(button, words);
	else if (gtk_widget_has_css_class(button, "close"))
		insp_name(button, "Close");
}

/* The table's list, and the row of its titles. */
static void name_table(GtkWidget *table)
{
	const char *name = name_of(table);
	g_autofree char *titles = g_strdup_printf("Columns of %s", name ? name : "the table");

	for (GtkWidget *child = gtk_widget_get_first_child(table); child; child = gtk_widget_get_next_sibling(child))
		tell(child, GTK_IS_LIST_VIEW(child) && name ? name : titles);
}

static void name_rows(GtkWidget *widget, const char *name)
{
	if (is_row(widget))
		tell(widget, name);
	for (GtkWidget *child = gtk_widget_get_first_child(widget); child; child = gtk_widget_get_next_sibling(child))
		name_rows(child, name);
}

/* What can have the keyboard is its button, which shows what is chosen in a row. */
static void name_choice(GtkDropDown *choice)
{
	GObject *chosen = gtk_drop_down_get_selected_item(choice);
	const char *name = name_of(GTK_WIDGET(choice)), *word = "";

	if (GTK_IS_STRING_OBJECT(chosen))
		word = gtk_string_object_get_string(GTK_STRING_OBJECT(chosen));
	g_autofree char *text = g_strdup_printf("%s%s%s", name ? name : "", name && *word ? ", " : "", word);

	tell(gtk_widget_get_first_child(GTK_WIDGET(choice)), text);
	name_rows(gtk_widget_get_first_child(GTK_WIDGET(choice)), word);
}

static void name_one(GtkWidget *widget)
{
	const char *name = name_of(widget);

	if (GTK_IS_COLUMN_VIEW(widget)) {
		name_table(widget);
	} else if (GTK_IS_DROP_DOWN(widget)) {
		g_signal_connect(widget, "notify::selected-item", G_CALLBACK(name_choice), NULL);
		name_choice(GTK_DROP_DOWN(widget));
	} else if (!name && GTK_IS_BUTTON(widget) && !gtk_button_get_label(GTK_BUTTON(widget))) {
		name_button(widget);
	} else if (!name && GTK_IS_SEARCH_ENTRY(widget)) {
		insp_name(widget, "Search");
	} else if (!name && (GTK_IS_SCROLLED_WINDOW(widget) || GTK_IS_LIST_BOX(widget) || GTK_IS_LIST_VIEW(widget))) {
		name = name_within(widget);
		tell(widget, name ? name : gtk_window_get_title(GTK_WINDOW(gtk_widget_get_root(widget))));
	} else if (is_row(widget) && !GTK_IS_LIST_BOX_ROW(widget)) {
		name_row(widget);
	}
}

/* What GTK makes when a window is shown is there only then. */
void insp_present(GtkWidget *window)
{
	gtk_window_present(GTK_WINDOW(window));
	insp_names_below(window);
}

void insp_names_below(GtkWidget *widget)
{
	for (GtkWidget *child = gtk_widget_get_first_child(widget); child; child = gtk_widget_get_next_sibling(child)) {
		name_one(child);
		insp_names_below(child);
	}
}
