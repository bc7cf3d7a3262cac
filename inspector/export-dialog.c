/* SPDX-License-Identifier: GPL-2.0-or-later */
/* export-dialog.c - where something is to be saved, for commands that were given no file. */
#include "window-int.h"

static void target_chosen(GtkNativeDialog *chooser, int response, InspWindow *window)
{
	const char *command = g_object_get_data(G_OBJECT(chooser), "command");
	g_autoptr(GFile) file = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file(GTK_FILE_CHOOSER(chooser)) : NULL;
	g_autofree char *path = file ? g_file_get_path(file) : NULL;
	g_autofree char *text = path ? g_strdup_printf("%s %s", command, path) : NULL;

	if (text)
		insp__run_text(window, text);
	else if (file)
		insp__refuse(window, "only files of this machine can be written");
	g_object_unref(chooser);
}

bool insp__ask_target(InspWindow *window, const char *command, const char *title, const char *suffix)
{
	GtkFileChooserNative *chooser = gtk_file_chooser_native_new(title, insp__front(window), GTK_FILE_CHOOSER_ACTION_SAVE, NULL, NULL);
	g_autofree char *base = g_path_get_basename(window->run->path);
	char *dot = strrchr(base, '.');

	if (dot && dot != base)
		*dot = '\0';
	g_autofree char *name = g_strdup_printf("%s%s", base, suffix);

	gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(chooser), name);
	g_object_set_data(G_OBJECT(chooser), "command", (gpointer)command);
	g_signal_connect_object(chooser, "response", G_CALLBACK(target_chosen), window, 0);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(chooser));
	return true;
}
