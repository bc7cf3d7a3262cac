/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recent.c - the page of a window without a trace: those that were open before. */
#include "window-int.h"

#define SHOWN_MAX 8

void insp__recent_add(InspWindow *window)
{
	g_autofree char *path = g_canonicalize_filename(window->run->path, NULL);
	g_autofree char *uri = g_filename_to_uri(path, NULL, NULL);
	char *const groups[] = {"hindcast", NULL};
	const GtkRecentData data = {.mime_type = "application/x-hindcast-trace", .app_name = "hindcast",
				    .app_exec = "hindcast-inspector %f", .groups = (char **)groups};

	if (uri)
		gtk_recent_manager_add_full(gtk_recent_manager_get_default(), uri, &data);
}

static void chosen(GtkListBox *list, GtkListBoxRow *row, InspWindow *window)
{
	g_autofree char *command = g_strdup_printf("trace.open %s", (const char *)g_object_get_data(G_OBJECT(row), "path"));

	insp__run_text(window, command);
}

static GtkWidget *row_new(const char *path)
{
	GtkWidget *row = adw_action_row_new();
	g_autofree char *name = g_path_get_basename(path), *folder = g_path_get_dirname(path);

	adw_preferences_row_set_use_markup(ADW_PREFERENCES_ROW(row), FALSE);
	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), name);
	adw_action_row_set_subtitle(ADW_ACTION_ROW(row), folder);
	gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), TRUE);
	g_object_set_data_full(G_OBJECT(row), "path", g_strdup(path), g_free);
	return row;
}

static int newest_first(gconstpointer a, gconstpointer b)
{
	return g_date_time_compare(gtk_recent_info_get_modified((GtkRecentInfo *)b),
				   gtk_recent_info_get_modified((GtkRecentInfo *)a));
}

void insp__recent_show(InspWindow *window)
{
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 18), *open = gtk_button_new_with_label("Open\u2026");
	GtkWidget *list = gtk_list_box_new();
	GList *items = g_list_sort(gtk_recent_manager_get_items(gtk_recent_manager_get_default()), newest_first);
	guint shown = 0;

	for (GList *at = items; at && shown < SHOWN_MAX; at = at->next) {
		g_autofree char *path = g_filename_from_uri(gtk_recent_info_get_uri(at->data), NULL, NULL);

		if (!path || !gtk_recent_info_has_application(at->data, "hindcast") || !g_file_test(path, G_FILE_TEST_EXISTS))
			continue;
		gtk_list_box_append(GTK_LIST_BOX(list), row_new(path));
		shown++;
	}
	g_list_free_full(items, (GDestroyNotify)gtk_recent_info_unref);
	gtk_widget_add_css_class(list, "boxed-list");
	insp_name(list, "Recent traces");
	gtk_list_box_set_selection_mode(GTK_LIST_BOX(list), GTK_SELECTION_NONE);
	g_signal_connect(list, "row-activated", G_CALLBACK(chosen), window);
	gtk_widget_add_css_class(open, "pill");
	gtk_widget_add_css_class(open, "suggested-action");
	gtk_widget_set_halign(open, GTK_ALIGN_CENTER);
	gtk_actionable_set_action_name(GTK_ACTIONABLE(open), "win.trace.open");
	gtk_actionable_set_action_target(GTK_ACTIONABLE(open), "s", "");
	gtk_widget_set_visible(list, shown > 0);
	gtk_widget_set_size_request(list, 460, -1);
	gtk_widget_set_halign(list, GTK_ALIGN_CENTER);
	gtk_box_append(GTK_BOX(box), open);
	gtk_box_append(GTK_BOX(box), list);
	adw_status_page_set_child(window->empty_page, box);
}
