/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * settings.c - what a user has chosen for all windows, kept in ~/.config/hindcast/inspector.ini.
 *
 * A file of a few keys needs no schema to be installed, so that a build runs where it was built.
 */
#include "window-int.h"

#define GROUP "window"

static char *settings_path(void)
{
	return g_build_filename(g_get_user_config_dir(), "hindcast", "inspector.ini", NULL);
}

static GKeyFile *settings_read(void)
{
	GKeyFile *file = g_key_file_new();
	g_autofree char *path = settings_path();

	/* No file, or a strange one: nothing has been chosen. */
	g_key_file_load_from_file(file, path, G_KEY_FILE_KEEP_COMMENTS, NULL);
	return file;
}

void insp__settings_keep(InspWindow *window, const char *key, const char *value)
{
	g_autoptr(GKeyFile) file = settings_read();
	g_autofree char *path = settings_path(), *folder = g_path_get_dirname(path);
	g_autoptr(GError) error = NULL;

	g_key_file_set_string(file, GROUP, key, value);
	if (g_mkdir_with_parents(folder, 0700) < 0 || !g_key_file_save_to_file(file, path, &error))
		insp__refuse(window, "cannot keep the setting: %s", error ? error->message : g_strerror(errno));
}

char *insp__settings_text(const char *key)
{
	g_autoptr(GKeyFile) file = settings_read();

	return g_key_file_get_string(file, GROUP, key, NULL);
}

/* Each setting is a command with one of these words behind it. */
static const struct setting {
	const char *key, *title, *command, *subtitle;
	const char *words[5];
} settings[] = {
	{"colors", "Dark colours", "view.dark", NULL, {"system", "on", "off", NULL}},
	{"plots", "Plots below the timeline", "view.plots", NULL, {"off", "on", NULL}},
	{"axis", "What lies to the right", "view.axis", NULL, {"time", "event", "activity", NULL}},
	{"panes", "Panes where they were left", "pane.keep",
	 "New windows have the windows of panes, and the hidden parts, of the one before", {"off", "on", NULL}},
	{"step", "What a step is", "step.grain", NULL, {"event", "packet", "syscall", "output", NULL}},
};

/* Settings that need a run wait until one is open. */
void insp__settings_apply(InspWindow *window)
{
	window->applying = true;
	for (guint i = 0; i < G_N_ELEMENTS(settings); i++) {
		g_autofree char *word = insp__settings_text(settings[i].key);
		g_autofree char *command = word ? g_strdup_printf("%s %s", settings[i].command, word) : NULL;

		if (command && g_strv_contains(settings[i].words, word))
			insp__run_text(window, command);
	}
	insp__panes_restore(window);
	window->applying = false;
}

static void chosen(AdwComboRow *row, GParamSpec *spec, InspWindow *window)
{
	const struct setting *setting = g_object_get_data(G_OBJECT(row), "setting");
	const char *word = setting->words[adw_combo_row_get_selected(row)];
	g_autofree char *command = g_strdup_printf("%s %s", setting->command, word);

	insp__settings_keep(window, setting->key, word);
	if (window->run || setting == &settings[0])
		insp__run_text(window, command);
}

static GtkWidget *row_new(InspWindow *window, const struct setting *setting, GKeyFile *file)
{
	GtkWidget *row = adw_combo_row_new();
	g_autoptr(GtkStringList) words = gtk_string_list_new(setting->words);
	g_autofree char *now = g_key_file_get_string(file, GROUP, setting->key, NULL);

	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), setting->title);
	if (setting->subtitle)
		adw_action_row_set_subtitle(ADW_ACTION_ROW(row), setting->subtitle);
	adw_combo_row_set_model(ADW_COMBO_ROW(row), G_LIST_MODEL(words));
	for (guint i = 0; setting->words[i]; i++)
		if (g_strcmp0(setting->words[i], now) == 0)
			adw_combo_row_set_selected(ADW_COMBO_ROW(row), i);
	g_object_set_data(G_OBJECT(row), "setting", (gpointer)setting);
	g_signal_connect_object(row, "notify::selected", G_CALLBACK(chosen), window, 0);
	return row;
}

void insp__settings_show(InspWindow *window)
{
	GtkWidget *dialog = adw_preferences_window_new(), *page = adw_preferences_page_new(), *group = adw_preferences_group_new();
	g_autoptr(GKeyFile) file = settings_read();

	for (guint i = 0; i < G_N_ELEMENTS(settings); i++)
		adw_preferences_group_add(ADW_PREFERENCES_GROUP(group), row_new(window, &settings[i], file));
	adw_preferences_page_add(ADW_PREFERENCES_PAGE(page), ADW_PREFERENCES_GROUP(group));
	adw_preferences_window_add(ADW_PREFERENCES_WINDOW(dialog), ADW_PREFERENCES_PAGE(page));
	adw_preferences_window_set_search_enabled(ADW_PREFERENCES_WINDOW(dialog), FALSE);
	adw_preferences_page_set_title(ADW_PREFERENCES_PAGE(page), "Preferences");
	gtk_window_set_default_size(GTK_WINDOW(dialog), 520, 420);
	gtk_window_set_transient_for(GTK_WINDOW(dialog), insp__front(window));
	insp_present(dialog);
}
