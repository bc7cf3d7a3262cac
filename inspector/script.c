/* SPDX-License-Identifier: GPL-2.0-or-later */
/* script.c - commands one after the other, each when the one before has had its effect and has been painted. */
#include "window-int.h"

/* Keeps frames coming. */
static gboolean script_tick(GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
	return G_SOURCE_CONTINUE;
}

static void script_end(InspWindow *window)
{
	gtk_widget_remove_tick_callback(GTK_WIDGET(window), window->tick);
	window->tick = 0;
	if (window->quit)
		gtk_window_destroy(GTK_WINDOW(window));
}

/* Runs a command once nothing is under way and all that the one before changed has been painted. */
static void script_painted(GdkFrameClock *clock, InspWindow *window)
{
	/* A list is laid out, scrolls, and is laid out again. */
	if (insp__is_busy(window))
		window->settled = 0;
	else
		insp_frames_settled(window->frames);
	if (!window->tick || window->settled++ < 4)
		return;
	window->settled = 0;
	g_autofree char *command = g_queue_pop_head(&window->script);

	if (command) {
		insp_frames_begin(window->frames);
		insp__run_text(window, command);
	}
	if (!command)
		script_end(window);
}

static void script_begin(GtkWidget *widget, InspWindow *window)
{
	g_signal_connect_object(gtk_widget_get_frame_clock(widget), "after-paint", G_CALLBACK(script_painted), window, 0);
}

void insp_window_run(InspWindow *window, char **commands, gboolean quit)
{
	for (; commands && *commands; commands++)
		g_queue_push_tail(&window->script, g_strdup(*commands));
	window->quit = quit;
	if (window->tick)
		return;
	window->tick = gtk_widget_add_tick_callback(GTK_WIDGET(window), script_tick, NULL, NULL);
	if (gtk_widget_get_realized(GTK_WIDGET(window)))
		script_begin(GTK_WIDGET(window), window);
	else
		g_signal_connect(window, "realize", G_CALLBACK(script_begin), window);
}
