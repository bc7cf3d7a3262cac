/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands-file.c - commands that read and write files, and print. */
#include "window-int.h"

#include <stdio.h>

static void trace_chosen(GtkNativeDialog *dialog, int response, InspWindow *window)
{
	void (*open)(InspWindow *window, const char *path) = g_object_get_data(G_OBJECT(dialog), "open");
	g_autoptr(GFile) file = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog)) : NULL;
	g_autofree char *path = file ? g_file_get_path(file) : NULL;

	if (path)
		open(window, path);
	g_object_unref(dialog);
}

/* Opens what is named, or what the user chooses. */
static bool open_trace(InspWindow *window, const char *path, const char *title, void (*open)(InspWindow *, const char *))
{
	if (*path) {
		open(window, path);
		return true;
	}
	GtkFileChooserNative *dialog = gtk_file_chooser_native_new(title, GTK_WINDOW(window), GTK_FILE_CHOOSER_ACTION_OPEN,
								   NULL, NULL);
	g_autoptr(GtkFileFilter) filter = gtk_file_filter_new();

	gtk_file_filter_set_name(filter, "Traces (.hct)");
	gtk_file_filter_add_suffix(filter, "hct");
	gtk_file_chooser_add_filter(GTK_FILE_CHOOSER(dialog), filter);
	g_object_set_data(G_OBJECT(dialog), "open", open);
	g_signal_connect(dialog, "response", G_CALLBACK(trace_chosen), window);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
	return true;
}

bool insp__do_trace_open(InspWindow *window, const char *argument)
{
	return open_trace(window, argument, "Open a Trace", insp_window_open);
}

bool insp__do_compare_open(InspWindow *window, const char *argument)
{
	return insp__need_run(window) && open_trace(window, argument, "Compare with Another Run", insp__compare_open);
}

bool insp__do_export_png(InspWindow *window, const char *argument)
{
	return insp__need_run(window) && insp__export_png(window, GTK_WIDGET(window->lanes), argument);
}

bool insp__do_export_svg(InspWindow *window, const char *argument)
{
	return insp__need_run(window) && insp__export_drawing(window, argument, /* pdf= */ false);
}

bool insp__do_export_window(InspWindow *window, const char *argument)
{
	return insp__export_png(window, GTK_WIDGET(window), argument);
}

bool insp__do_export_csv(InspWindow *window, const char *argument)
{
	if (!insp__need_run(window))
		return false;
	insp__export_csv(window, argument);
	return true;
}

bool insp__do_export_pcap(InspWindow *window, const char *argument)
{
	if (!insp__need_run(window))
		return false;
	insp__export_pcap(window, argument);
	return true;
}

bool insp__do_export_pdf(InspWindow *window, const char *argument)
{
	return insp__need_run(window) && insp__export_drawing(window, argument, /* pdf= */ true);
}

static bool print(char *text)
{
	g_autofree char *owned = text;

	fputs(owned, stdout);
	fflush(stdout);
	return true;
}

bool insp__do_print_status(InspWindow *window, const char *argument)
{
	g_autofree char *status = insp__status(window);

	return print(g_strconcat(status, "\n", NULL));
}

bool insp__do_print_frames(InspWindow *window, const char *argument)
{
	return print(insp_frames_print(window->frames));
}

bool insp__do_print_state(InspWindow *window, const char *argument)
{
	return insp__need_run(window) && print(insp_text_table_print(window->threads));
}

bool insp__do_print_packet(InspWindow *window, const char *argument)
{
	return insp__need_run(window) && print(insp_frame_pane_text(window->frame));
}

