/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands-file.c - commands that read and write files, and print. */
#include "window-int.h"

#include <stdio.h>

static void trace_chosen(GtkNativeDialog *dialog, int response, InspWindow *window)
{
	g_autoptr(GFile) file = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog)) : NULL;
	g_autofree char *path = file ? g_file_get_path(file) : NULL;

	g_autofree char *command = g_strdup_printf("%s %s", (const char *)g_object_get_data(G_OBJECT(dialog), "command"), path);

	if (path)
		insp__run_text(window, command);
	g_object_unref(dialog);
}

/* Runs the command with what the user chooses. */
static bool choose_trace(InspWindow *window, const char *title, const char *command)
{
	GtkFileChooserNative *dialog = gtk_file_chooser_native_new(title, insp__front(window), GTK_FILE_CHOOSER_ACTION_OPEN,
								   NULL, NULL);
	g_autoptr(GtkFileFilter) filter = gtk_file_filter_new();

	gtk_file_filter_set_name(filter, "Traces (.hct)");
	gtk_file_filter_add_suffix(filter, "hct");
	gtk_file_chooser_add_filter(GTK_FILE_CHOOSER(dialog), filter);
	g_object_set_data(G_OBJECT(dialog), "command", (gpointer)command);
	g_signal_connect(dialog, "response", G_CALLBACK(trace_chosen), window);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
	return true;
}

bool insp__do_trace_open(InspWindow *window, const char *argument)
{
	if (!*argument)
		return choose_trace(window, "Open a Trace", "trace.open");
	insp_window_open(window, argument);
	return true;
}

/* Who is used to save is told that it is not necessary. */
bool insp__do_trace_save(InspWindow *window, const char *argument)
{
	if (!insp__need_run(window))
		return false;
	g_autofree char *base = g_path_get_basename(window->run->path);
	g_autofree char *text = window->notes.count == 1 ? g_strdup_printf("The note is kept in %s", base)
							 : g_strdup_printf("%u notes are kept in %s", window->notes.count, base);

	insp__say(window, window->notes.count ? text : "Notes are kept in the trace as they are written; there is none yet");
	return true;
}

bool insp__do_compare_open(InspWindow *window, const char *argument)
{
	if (!insp__need_run(window))
		return false;
	if (!*argument)
		return choose_trace(window, "Compare with Another Run", "compare.open");
	insp__compare_open(window, argument);
	return true;
}

#define PICTURE_MIN 200	/* room for the names of nodes, and something beside them */
#define PICTURE_MAX 16384	/* pixels: X and cairo have no larger surfaces */

/* "FILE" or "FILE 1200x400".  A size is a word of its own at the end, so names may have spaces. */
bool insp__do_export_png(InspWindow *window, const char *argument)
{
	GtkWidget *lanes = GTK_WIDGET(window->lanes);
	const char *last = strrchr(argument, ' ');
	int width = gtk_widget_get_width(lanes), height = gtk_widget_get_height(lanes), used = 0;
	const bool sized = last && sscanf(last + 1, "%dx%d%n", &width, &height, &used) == 2 && !last[1 + used];
	g_autofree char *path = g_strndup(argument, sized ? (gsize)(last - argument) : strlen(argument));

	if (!insp__need_run(window))
		return false;
	if (!*argument)
		return insp__ask_target(window, "export.png", "Save the Timeline as a Picture", ".png");
	if (sized && (width < PICTURE_MIN || height < PICTURE_MIN || width > PICTURE_MAX || height > PICTURE_MAX)) {
		insp__refuse(window, "a picture of %dx%d cannot be drawn: sizes are from %dx%d to %dx%d", width, height, PICTURE_MIN,
			     PICTURE_MIN, PICTURE_MAX, PICTURE_MAX);
		return false;
	}
	return insp__export_png(window, lanes, width, height, path);
}

bool insp__do_export_svg(InspWindow *window, const char *argument)
{
	if (!insp__need_run(window))
		return false;
	return *argument ? insp__export_drawing(window, argument, /* pdf= */ false)
			 : insp__ask_target(window, "export.svg", "Save Timeline and Plots as a Drawing", ".svg");
}

bool insp__do_export_window(InspWindow *window, const char *argument)
{
	GtkWidget *all = GTK_WIDGET(window);

	return insp__export_png(window, all, gtk_widget_get_width(all), gtk_widget_get_height(all), argument);
}

bool insp__do_export_csv(InspWindow *window, const char *argument)
{
	if (!insp__need_run(window))
		return false;
	return *argument ? insp__export_csv(window, argument)
			 : insp__ask_target(window, "export.csv", "Save the List as a Table", ".csv");
}

bool insp__do_export_pcap(InspWindow *window, const char *argument)
{
	if (!insp__need_run(window))
		return false;
	if (!*argument)
		return insp__ask_target(window, "export.pcap", "Save Packets as a Capture", ".pcap");
	insp__export_pcap(window, argument);
	return true;
}

bool insp__do_export_pdf(InspWindow *window, const char *argument)
{
	if (!insp__need_run(window))
		return false;
	return *argument ? insp__export_drawing(window, argument, /* pdf= */ true)
			 : insp__ask_target(window, "export.pdf", "Save Timeline and Plots as a Drawing", ".pdf");
}

static bool print(char *text)
{
	g_autofree char *owned = text;

	fputs(owned, stdout);
	fflush(stdout);
	return true;
}

/* What a shell takes; without a moment it is for the user to go on with --change or --seed. */
static char *branch_command(InspWindow *window, const char *moment)
{
	g_autofree char *path = g_shell_quote(window->run->path);
	g_autofree char *change = *moment ? g_shell_quote(moment) : NULL;

	return g_strdup_printf("hindcast branch %s --at @%u%s%s", path, window->focus, change ? " --change " : "", change ? change : "");
}

bool insp__do_branch_copy(InspWindow *window, const char *argument)
{
	if (!insp__need_run(window))
		return false;
	g_autofree char *command = branch_command(window, argument);
	g_autofree char *said = g_strdup_printf("Copied: %s", command);

	gdk_clipboard_set_text(gtk_widget_get_clipboard(GTK_WIDGET(window)), command);
	insp__say(window, said);
	return true;
}

bool insp__do_print_branch(InspWindow *window, const char *argument)
{
	if (!insp__need_run(window))
		return false;
	g_autofree char *command = branch_command(window, argument);

	return print(g_strconcat(command, "\n", NULL));
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


bool insp__do_print_bytes(InspWindow *window, const char *argument)
{
	return insp__need_run(window) && print(insp_frame_pane_bytes(window->frame));
}

bool insp__do_print_topology(InspWindow *window, const char *argument)
{
	gboolean differs;
	g_autofree char *words = insp__need_run(window) ? insp_topology_words(window->topology, &differs) : NULL;
	g_autofree char *rows = insp_topology_print(window->topology);

	return window->run && print(g_strconcat(words ? words : "", words ? "\n" : "", rows, NULL));
}
