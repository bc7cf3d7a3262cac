/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands-view.c - commands that choose which part of the run is seen, and how. */
#include "window-int.h"

#include <math.h>

/* Zooms around the focus when it is in sight, else around the middle. */
static bool zoom(InspWindow *window, double factor)
{
	if (!insp__need_run(window))
		return false;
	struct insp_view *view = insp_lanes_view(window->lanes);
	const double x = insp_view_x_of(view, window->focus);

	insp_view_zoom(view, factor, x >= 0 && x <= view->width ? x : view->width / 2);
	insp_lanes_view_changed(window->lanes);
	return true;
}

static bool pan(InspWindow *window, double share)
{
	if (!insp__need_run(window))
		return false;
	struct insp_view *view = insp_lanes_view(window->lanes);

	insp_view_pan(view, share * view->width);
	insp_lanes_view_changed(window->lanes);
	return true;
}

bool insp__do_view_in(InspWindow *window, const char *argument)
{
	return zoom(window, 0.5);
}

bool insp__do_view_out(InspWindow *window, const char *argument)
{
	return zoom(window, 2);
}

bool insp__do_view_left(InspWindow *window, const char *argument)
{
	return pan(window, -0.25);
}

bool insp__do_view_right(InspWindow *window, const char *argument)
{
	return pan(window, 0.25);
}

bool insp__do_view_centre(InspWindow *window, const char *argument)
{
	if (!insp__need_run(window))
		return false;
	struct insp_view *view = insp_lanes_view(window->lanes);

	view->from = insp_view_coord(view, window->focus) - view->span / 2;
	return pan(window, 0);
}

/* A packet from its sending to its end; for other events the forty around. */
bool insp__do_view_fit(InspWindow *window, const char *argument)
{
	if (!insp__need_run(window))
		return false;
	const struct insp_run *run = window->run;
	struct insp_view *view = insp_lanes_view(window->lanes);
	const uint32_t number = insp_packet_of(run, window->focus);
	uint32_t a = window->focus > 20 ? window->focus - 20 : 0, b = MIN(window->focus + 20, run->count - 1);

	if (number != INSP_NONE && run->packets[number].end != INSP_NONE) {
		a = run->packets[number].send;
		b = run->packets[number].end;
	}
	const bool lost = number != INSP_NONE && run->packets[number].fate == INSP_DROPPED;
	const double from = insp_view_coord(view, a);
	/* A loss is known at once; what is shown is how far the packet would have come. */
	const double to = lost && view->axis == INSP_AXIS_TIME ? from + (double)run->flight_max : insp_view_coord(view, b);
	const double margin = (to - from) * 0.6;

	insp_view_fit(view, from - margin, to + margin);
	insp_lanes_view_changed(window->lanes);
	return true;
}

bool insp__do_view_whole(InspWindow *window, const char *argument)
{
	if (!insp__need_run(window))
		return false;
	insp_view_whole(insp_lanes_view(window->lanes));
	insp_lanes_view_changed(window->lanes);
	return true;
}

bool insp__need_positions(InspWindow *window, const char *command, const char *text, uint32_t *ret_a, uint32_t *ret_b)
{
	g_auto(GStrv) words = g_strsplit(text, " ", 2);
	struct fmt_error error = {{0}};

	if (!insp__need_run(window))
		return false;
	if (g_strv_length(words) != 2) {
		insp__refuse(window, "%s needs two positions", command);
		return false;
	}
	if (insp_position_parse(window->run, words[0], ret_a, &error) < 0 ||
	    insp_position_parse(window->run, words[1], ret_b, &error) < 0) {
		insp__refuse(window, "%s", error.text);
		return false;
	}
	return true;
}

bool insp__do_view_range(InspWindow *window, const char *argument)
{
	struct insp_view *view = insp_lanes_view(window->lanes);
	uint32_t a, b;

	if (!insp__need_positions(window, "view.range", argument, &a, &b))
		return false;
	insp_view_fit(view, insp_view_coord(view, MIN(a, b)), insp_view_coord(view, MAX(a, b)));
	insp_lanes_view_changed(window->lanes);
	return true;
}

/* "FROM SPAN" in the coordinates of the axis: exactly what was seen. */
bool insp__do_view_place(InspWindow *window, const char *argument)
{
	char *end;
	const double from = g_ascii_strtod(argument, &end), span = g_ascii_strtod(end, &end);

	if (!insp__need_run(window))
		return false;
	struct insp_view *view = insp_lanes_view(window->lanes);

	if (*end || !(span >= INSP_SPAN_MIN) || !isfinite(from) || !isfinite(span)) {
		insp__refuse(window, "view.place needs where the picture begins, and how much it shows: at least %.0f", INSP_SPAN_MIN);
		return false;
	}
	view->from = from;
	view->span = span;
	return pan(window, 0);
}

static bool set_axis(InspWindow *window, enum insp_axis axis)
{
	if (!insp__need_run(window))
		return false;
	insp_view_set_axis(insp_lanes_view(window->lanes), axis);
	insp_lanes_view_changed(window->lanes);
	return true;
}

bool insp__do_view_axis(InspWindow *window, const char *argument)
{
	for (int axis = 0; axis < INSP_AXIS_COUNT; axis++)
		if (strcmp(argument, insp_axis_names[axis]) == 0)
			return set_axis(window, axis);
	insp__refuse(window, "there is no axis \"%s\"", argument);
	return false;
}

bool insp__do_view_axis_other(InspWindow *window, const char *argument)
{
	return set_axis(window, (insp_lanes_view(window->lanes)->axis + 1) % INSP_AXIS_COUNT);
}

bool insp__take_switch(InspWindow *window, const char *argument, bool *ret)
{
	*ret = strcmp(argument, "on") == 0;
	if (*ret || strcmp(argument, "off") == 0)
		return true;
	insp__refuse(window, "\"%s\" is neither on nor off", argument);
	return false;
}

/* A window of their own stays where it is, and goes when they do. */
static void show_plots(InspWindow *window, bool on)
{
	if (!on)
		insp__pane_attach(window, INSP_PANE_PLOTS);
	gtk_widget_set_visible(GTK_WIDGET(window->plots), on);
	insp__panes_lay_out(window);
	insp__share_height(window);
}

bool insp__do_view_plots(InspWindow *window, const char *argument)
{
	bool on;

	if (!insp__take_switch(window, argument, &on))
		return false;
	show_plots(window, on);
	return true;
}

bool insp__do_view_plots_other(InspWindow *window, const char *argument)
{
	show_plots(window, !gtk_widget_get_visible(GTK_WIDGET(window->plots)));
	return true;
}

bool insp__do_view_pane(InspWindow *window, const char *argument)
{
	return insp__pane_choose(window, window->details, "pane", argument);
}

bool insp__do_view_list(InspWindow *window, const char *argument)
{
	return insp__pane_choose(window, window->lists, "list", argument);
}

bool insp__do_view_dark(InspWindow *window, const char *argument)
{
	adw_style_manager_set_color_scheme(adw_style_manager_get_default(),
		strcmp(argument, "on") == 0 ? ADW_COLOR_SCHEME_FORCE_DARK :
		strcmp(argument, "off") == 0 ? ADW_COLOR_SCHEME_FORCE_LIGHT : ADW_COLOR_SCHEME_DEFAULT);
	return true;
}

bool insp__do_help_keys(InspWindow *window, const char *argument)
{
	insp__help(window);
	return true;
}

bool insp__do_help_about(InspWindow *window, const char *argument)
{
	adw_show_about_window(insp__front(window), "application-name", "hindcast", "application-icon", "org.hindcast.Inspector",
			      "version", HINDCAST_VERSION, "license-type", GTK_LICENSE_GPL_2_0,
			      "comments", "Looks at the past of recorded runs of distributed systems.", NULL);
	return true;
}

bool insp__do_settings(InspWindow *window, const char *argument)
{
	insp__settings_show(window);
	return true;
}

bool insp__do_list_filter(InspWindow *window, const char *argument)
{
	if (!insp__need_run(window))
		return false;
	insp__set_filter(window, argument);
	return true;
}

bool insp__do_list_entry(InspWindow *window, const char *argument)
{
	insp__give_keyboard(window, window->filter);
	return true;
}

