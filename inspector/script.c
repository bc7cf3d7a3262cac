/* SPDX-License-Identifier: GPL-2.0-or-later */
/* script.c - commands one after the other, each when the one before has had its effect and has been painted; and one each frame. */
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

/* ---- one each frame ---- */

static void repeat_end(gpointer data)
{
	InspWindow *window = data;

	window->repeat_tick = 0;
	g_clear_pointer(&window->repeated, g_free);
	insp__update_status(window);
}

static gboolean repeat_tick(GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
	InspWindow *window = data;
	const bool done = insp__run_text(window, window->repeated);

	return done && --window->repeat_left ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

bool insp__do_repeat_frames(InspWindow *window, const char *argument)
{
	const char *command;
	const guint count = insp__repeat_count(window, argument, &command);

	if (!count)
		return false;
	if (window->repeat_tick)
		gtk_widget_remove_tick_callback(GTK_WIDGET(window), window->repeat_tick);
	window->repeated = g_strdup(command);
	window->repeat_left = count;
	window->repeat_tick = gtk_widget_add_tick_callback(GTK_WIDGET(window), repeat_tick, window, repeat_end);
	return true;
}
