/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands.c - what the rows of commands.def do. */
#include "window-int.h"

#include <stdio.h>

#include "base/check.h"

static bool need_run(InspWindow *window)
{
	if (window->run && window->focus != INSP_NONE)
		return true;
	insp__refuse(window, "no trace is open, or it has no events");
	return false;
}

/* ---- movement ---- */

static bool step(InspWindow *window, int direction, enum insp_grain grain, uint32_t lane)
{
	if (!need_run(window))
		return false;
	const uint32_t seq = insp_step(window->run, window->focus, direction, grain, lane);

	if (seq == INSP_NONE) {
		insp__refuse(window, "no %s %s%s%s", direction > 0 ? "further" : "earlier", insp_grain_names[grain],
			     lane == INSP_NONE ? "" : " of ", lane == INSP_NONE ? "" : window->run->lanes[lane].name);
		return false;
	}
	insp__focus(window, seq, /* remember= */ false);
	return true;
}

#define STEP(symbol, direction, grain)                                                             \
	static bool symbol(InspWindow *window, const char *argument)                               \
	{                                                                                          \
		return step(window, direction, grain, window->step_scope);                         \
	}

STEP(step_next, 1, window->step_grain)
STEP(step_previous, -1, window->step_grain)
STEP(packet_next, 1, INSP_GRAIN_PACKET)
STEP(packet_previous, -1, INSP_GRAIN_PACKET)
STEP(syscall_next, 1, INSP_GRAIN_SYSCALL)
STEP(syscall_previous, -1, INSP_GRAIN_SYSCALL)
STEP(output_next, 1, INSP_GRAIN_OUTPUT)
STEP(output_previous, -1, INSP_GRAIN_OUTPUT)
STEP(fault_next, 1, INSP_GRAIN_FAULT)
STEP(fault_previous, -1, INSP_GRAIN_FAULT)

/* The first or last event of granularity and scope. */
static bool step_end(InspWindow *window, bool first)
{
	if (!need_run(window))
		return false;
	const uint32_t seq = insp_step(window->run, first ? INSP_NONE : window->run->count, first ? 1 : -1, window->step_grain,
				       window->step_scope);

	if (seq == INSP_NONE)
		insp__refuse(window, "there is no %s", insp_grain_names[window->step_grain]);
	else
		insp__focus(window, seq, /* remember= */ true);
	return seq != INSP_NONE;
}

static bool step_first(InspWindow *window, const char *argument)
{
	return step_end(window, true);
}

static bool step_last(InspWindow *window, const char *argument)
{
	return step_end(window, false);
}

static bool step_grain(InspWindow *window, const char *argument)
{
	for (guint grain = 0; grain < INSP_GRAIN_COUNT; grain++)
		if (strcmp(argument, insp_grain_names[grain]) == 0) {
			window->step_grain = grain;
			gtk_drop_down_set_selected(GTK_DROP_DOWN(window->grain), grain);
			return true;
		}
	insp__refuse(window, "there is no step by \"%s\"", argument);
	return false;
}

static bool step_scope(InspWindow *window, const char *argument)
{
	if (!need_run(window))
		return false;
	const bool all = strcmp(argument, "all") == 0;
	const uint32_t lane = all ? INSP_NONE : insp_lane_find(window->run, argument);

	if (!all && lane == INSP_NONE) {
		insp__refuse(window, "there is no node \"%s\"", argument);
		return false;
	}
	insp__set_scope(window, lane);
	return true;
}

static bool step_scope_here(InspWindow *window, const char *argument)
{
	if (!need_run(window))
		return false;
	insp__set_scope(window, window->step_scope == INSP_NONE ? insp_lane_of(window->run, window->focus) : INSP_NONE);
	return true;
}

static bool focus_goto(InspWindow *window, const char *argument)
{
	struct fmt_error error = {{0}};
	uint32_t seq;

	if (!need_run(window))
		return false;
	if (insp_position_parse(window->run, argument, &seq, &error) < 0) {
		insp__refuse(window, "%s", error.text);
		return false;
	}
	insp__focus(window, seq, /* remember= */ true);
	return true;
}

static bool focus_entry(InspWindow *window, const char *argument)
{
	gtk_widget_grab_focus(window->position);
	return true;
}

static bool history(InspWindow *window, GArray *from, GArray *to)
{
	if (!need_run(window))
		return false;
	if (!from->len) {
		insp__refuse(window, "there is nowhere to go back to");
		return false;
	}
	const uint32_t seq = g_array_index(from, uint32_t, from->len - 1);

	g_array_set_size(from, from->len - 1);
	g_array_append_val(to, window->focus);
	insp__focus(window, seq, /* remember= */ false);
	return true;
}

static bool focus_back(InspWindow *window, const char *argument)
{
	return history(window, window->back, window->forward);
}

static bool focus_forward(InspWindow *window, const char *argument)
{
	return history(window, window->forward, window->back);
}

static bool focus_copy(InspWindow *window, const char *argument)
{
	if (!need_run(window))
		return false;
	g_autofree char *text = g_strdup_printf("@%u", window->focus);

	gdk_clipboard_set_text(gtk_widget_get_clipboard(GTK_WIDGET(window)), text);
	return true;
}

static bool flow(InspWindow *window, bool forward)
{
	if (!need_run(window))
		return false;
	const uint32_t number = insp_packet_of(window->run, window->focus);

	if (number == INSP_NONE) {
		insp__refuse(window, "this event is about no packet");
		return false;
	}
	const struct insp_packet *packet = &window->run->packets[number];
	const uint32_t seq = forward ? packet->end : packet->send;

	if (seq == INSP_NONE || seq == window->focus) {
		insp__refuse(window, !forward ? "here the packet was sent"
			     : packet->fate == INSP_DROPPED ? "here the packet was lost"
			     : seq == INSP_NONE ? "the packet was still in flight when the run ended" : "here the packet arrived");
		return false;
	}
	insp__focus(window, seq, /* remember= */ true);
	return true;
}

static bool flow_next(InspWindow *window, const char *argument)
{
	return flow(window, true);
}

static bool flow_previous(InspWindow *window, const char *argument)
{
	return flow(window, false);
}

/* ---- what is seen ---- */

/* Zooms around the focus when it is in sight, else around the middle. */
static bool zoom(InspWindow *window, double factor)
{
	if (!need_run(window))
		return false;
	struct insp_view *view = insp_lanes_view(window->lanes);
	const double x = insp_view_x_of(view, window->focus);

	insp_view_zoom(view, factor, x >= 0 && x <= view->width ? x : view->width / 2);
	insp_lanes_view_changed(window->lanes);
	return true;
}

static bool pan(InspWindow *window, double share)
{
	if (!need_run(window))
		return false;
	struct insp_view *view = insp_lanes_view(window->lanes);

	insp_view_pan(view, share * view->width);
	insp_lanes_view_changed(window->lanes);
	return true;
}

static bool view_in(InspWindow *window, const char *argument)
{
	return zoom(window, 0.5);
}

static bool view_out(InspWindow *window, const char *argument)
{
	return zoom(window, 2);
}

static bool view_left(InspWindow *window, const char *argument)
{
	return pan(window, -0.25);
}

static bool view_right(InspWindow *window, const char *argument)
{
	return pan(window, 0.25);
}

static bool view_centre(InspWindow *window, const char *argument)
{
	if (!need_run(window))
		return false;
	struct insp_view *view = insp_lanes_view(window->lanes);

	view->from = insp_view_coord(view, window->focus) - view->span / 2;
	return pan(window, 0);
}

/* A packet from its sending to its end; for other events the forty around. */
static bool view_fit(InspWindow *window, const char *argument)
{
	if (!need_run(window))
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

static bool view_whole(InspWindow *window, const char *argument)
{
	if (!need_run(window))
		return false;
	insp_view_whole(insp_lanes_view(window->lanes));
	insp_lanes_view_changed(window->lanes);
	return true;
}

static bool view_range(InspWindow *window, const char *argument)
{
	g_auto(GStrv) words = g_strsplit(argument, " ", 2);
	struct fmt_error error = {{0}};
	uint32_t a, b;

	if (!need_run(window))
		return false;
	if (g_strv_length(words) != 2) {
		insp__refuse(window, "view.range needs two positions");
		return false;
	}
	if (insp_position_parse(window->run, words[0], &a, &error) < 0 ||
	    insp_position_parse(window->run, words[1], &b, &error) < 0) {
		insp__refuse(window, "%s", error.text);
		return false;
	}
	struct insp_view *view = insp_lanes_view(window->lanes);

	insp_view_fit(view, insp_view_coord(view, MIN(a, b)), insp_view_coord(view, MAX(a, b)));
	insp_lanes_view_changed(window->lanes);
	return true;
}

static bool set_axis(InspWindow *window, enum insp_axis axis)
{
	if (!need_run(window))
		return false;
	insp_view_set_axis(insp_lanes_view(window->lanes), axis);
	insp_lanes_view_changed(window->lanes);
	return true;
}

static bool view_axis(InspWindow *window, const char *argument)
{
	if (strcmp(argument, "time") == 0 || strcmp(argument, "event") == 0)
		return set_axis(window, argument[0] == 't' ? INSP_AXIS_TIME : INSP_AXIS_EVENT);
	insp__refuse(window, "there is no axis \"%s\"", argument);
	return false;
}

static bool view_axis_other(InspWindow *window, const char *argument)
{
	return set_axis(window, insp_lanes_view(window->lanes)->axis == INSP_AXIS_TIME ? INSP_AXIS_EVENT : INSP_AXIS_TIME);
}

static bool view_list(InspWindow *window, const char *argument)
{
	if (!gtk_stack_get_child_by_name(GTK_STACK(window->lists), argument)) {
		insp__refuse(window, "there is no list \"%s\"", argument);
		return false;
	}
	gtk_stack_set_visible_child_name(GTK_STACK(window->lists), argument);
	return true;
}

static bool view_dark(InspWindow *window, const char *argument)
{
	adw_style_manager_set_color_scheme(adw_style_manager_get_default(),
		strcmp(argument, "on") == 0 ? ADW_COLOR_SCHEME_FORCE_DARK :
		strcmp(argument, "off") == 0 ? ADW_COLOR_SCHEME_FORCE_LIGHT : ADW_COLOR_SCHEME_DEFAULT);
	return true;
}

static bool list_filter(InspWindow *window, const char *argument)
{
	if (!need_run(window))
		return false;
	insp__set_filter(window, argument);
	return true;
}

static bool list_entry(InspWindow *window, const char *argument)
{
	gtk_widget_grab_focus(window->filter);
	return true;
}

/* ---- files ---- */

static void file_chosen(GtkNativeDialog *dialog, int response, InspWindow *window)
{
	g_autoptr(GFile) file = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog)) : NULL;
	g_autofree char *path = file ? g_file_get_path(file) : NULL;

	if (path)
		insp_window_open(window, path);
	g_object_unref(dialog);
}

static bool trace_open(InspWindow *window, const char *argument)
{
	if (*argument) {
		insp_window_open(window, argument);
		return true;
	}
	GtkFileChooserNative *dialog = gtk_file_chooser_native_new("Open a Trace", GTK_WINDOW(window),
								   GTK_FILE_CHOOSER_ACTION_OPEN, NULL, NULL);
	g_autoptr(GtkFileFilter) filter = gtk_file_filter_new();

	gtk_file_filter_set_name(filter, "Traces (.hct)");
	gtk_file_filter_add_suffix(filter, "hct");
	gtk_file_chooser_add_filter(GTK_FILE_CHOOSER(dialog), filter);
	g_signal_connect(dialog, "response", G_CALLBACK(file_chosen), window);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
	return true;
}

static bool export_png(InspWindow *window, const char *argument)
{
	return need_run(window) && insp__export_png(window, GTK_WIDGET(window->lanes), argument);
}

static bool export_svg(InspWindow *window, const char *argument)
{
	return need_run(window) && insp__export_svg(window, argument);
}

static bool export_window(InspWindow *window, const char *argument)
{
	return insp__export_png(window, GTK_WIDGET(window), argument);
}

static bool export_csv(InspWindow *window, const char *argument)
{
	return need_run(window) && insp__export_csv(window, argument);
}

static bool print(char *text)
{
	g_autofree char *owned = text;

	fputs(owned, stdout);
	fflush(stdout);
	return true;
}

static bool print_status(InspWindow *window, const char *argument)
{
	g_autofree char *status = insp__status(window);

	return print(g_strconcat(status, "\n", NULL));
}

static bool print_state(InspWindow *window, const char *argument)
{
	return need_run(window) && print(insp_state_pane_text(window->state));
}

static bool print_packet(InspWindow *window, const char *argument)
{
	return need_run(window) && print(insp_frame_pane_text(window->frame));
}

/* ---- the window itself ---- */

static bool palette(InspWindow *window, const char *argument)
{
	insp__palette(window);
	return true;
}

static bool cancel(InspWindow *window, const char *argument)
{
	g_cancellable_cancel(window->cancel);
	/* A load under way tells itself from a later one by its cancellable, so that one stays. */
	if (!window->loading) {
		g_object_unref(window->cancel);
		window->cancel = g_cancellable_new();
	}
	gtk_widget_grab_focus(GTK_WIDGET(window->lanes));
	return true;
}

static gboolean close_later(gpointer data)
{
	gtk_window_close(GTK_WINDOW(data));
	return G_SOURCE_REMOVE;
}

/* Who runs the command looks at the window afterwards. */
static bool window_close(InspWindow *window, const char *argument)
{
	g_idle_add_full(G_PRIORITY_DEFAULT, close_later, g_object_ref(window), g_object_unref);
	return true;
}

/* ---- the table ---- */

const struct insp_command insp__commands[] = {
#define COMMAND(id, symbol, argument, label, accels, key) {id, argument, label, accels, key, symbol},
#include "commands.def"
#undef COMMAND
};
const guint insp__command_count = G_N_ELEMENTS(insp__commands);

static bool run_row(InspWindow *window, const struct insp_command *row, const char *argument)
{
	g_autofree char *text = g_strdup_printf("%s%s%s", row->id, argument && *argument ? " " : "", argument ? argument : "");

	const bool done = row->run(window, argument ? argument : "");

	/* Afterwards: what changes a label has no picture until the next frame. */
	gtk_label_set_text(GTK_LABEL(window->command_log), text);
	insp__update_status(window);
	return done;
}

bool insp__run_text(InspWindow *window, const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, " ", 2);

	for (guint i = 0; i < insp__command_count; i++) {
		const struct insp_command *row = &insp__commands[i];

		if (!words[0] || strcmp(words[0], row->id) != 0)
			continue;
		const char *argument = words[1] ? g_strstrip(words[1]) : "";

		if (row->argument && row->argument[0] != '[' && !*argument) {
			insp__refuse(window, "%s needs %s", row->id, row->argument);
			return false;
		}
		if (!row->argument && *argument) {
			insp__refuse(window, "%s takes nothing behind it", row->id);
			return false;
		}
		return run_row(window, row, argument);
	}
	insp__refuse(window, "there is no command \"%s\"; --commands lists them", words[0] ? words[0] : "");
	return false;
}

static void activated(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	const struct insp_command *row = g_object_get_data(G_OBJECT(action), "row");
	g_autofree char *text = parameter ? g_strdup_printf("%s %s", row->id, g_variant_get_string(parameter, NULL))
					  : g_strdup(row->id);

	insp__run_text(data, text);
}

/* Letters must not be taken from entries: they are looked for only when nobody else wanted the key. */
static GtkShortcutController *new_keys(void)
{
	GtkEventController *keys = gtk_shortcut_controller_new();

	gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_BUBBLE);
	return GTK_SHORTCUT_CONTROLLER(keys);
}

void insp__add_commands(InspWindow *window)
{
	GtkShortcutController *keys = new_keys();

	window->actions = g_ptr_array_new_with_free_func(g_object_unref);
	for (guint i = 0; i < insp__command_count; i++) {
		const struct insp_command *row = &insp__commands[i];
		GSimpleAction *action = g_simple_action_new(row->id, row->argument ? G_VARIANT_TYPE_STRING : NULL);
		g_autofree char *name = g_strdup_printf("win.%s", row->id);

		g_object_set_data(G_OBJECT(action), "row", (gpointer)row);
		g_signal_connect(action, "activate", G_CALLBACK(activated), window);
		g_action_map_add_action(G_ACTION_MAP(window), G_ACTION(action));
		g_ptr_array_add(window->actions, action);
		if (row->key)
			gtk_shortcut_controller_add_shortcut(keys,
				gtk_shortcut_new(gtk_shortcut_trigger_parse_string(row->key), gtk_named_action_new(name)));
	}
	gtk_widget_add_controller(GTK_WIDGET(window), GTK_EVENT_CONTROLLER(keys));
}

void insp_window_print_commands(void)
{
	for (guint i = 0; i < insp__command_count; i++) {
		const struct insp_command *row = &insp__commands[i];
		g_autofree char *form = g_strdup_printf("%s%s%s", row->id, row->argument ? " " : "",
							row->argument ? row->argument : "");

		printf("%-52s %s\n", form, row->label);
	}
}
