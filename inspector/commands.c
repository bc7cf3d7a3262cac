/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands.c - the table of commands: how they are called, by text, by action and by key. */
#include "keys.h"
#include "log.h"

#include <stdio.h>

bool insp__need_run(InspWindow *window)
{
	if (window->run && window->focus != INSP_NONE)
		return true;
	insp__refuse(window, "no trace is open, or it has no events");
	return false;
}

/* ---- the window itself ---- */

bool insp__do_palette(InspWindow *window, const char *argument)
{
	insp__palette(window);
	return true;
}

bool insp__do_cancel(InspWindow *window, const char *argument)
{
	if (insp__note_bar_close(window))
		return true;
	/* The range goes when there is nothing to stop. */
	if (!insp__is_busy(window))
		insp__range_clear(window);
	insp__program_cancel(window);
	insp__compare_cancel(window);
	g_cancellable_cancel(window->cancel);
	/* A load under way tells itself from a later one by its cancellable, so that one stays. */
	if (!window->loading) {
		g_object_unref(window->cancel);
		window->cancel = g_cancellable_new();
	}
	GtkWindow *front = insp__front(window);

	/* Out of an entry, so that letters are keys again. */
	if (gtk_widget_get_root(GTK_WIDGET(window->lanes)) == GTK_ROOT(front))
		gtk_widget_grab_focus(GTK_WIDGET(window->lanes));
	else
		gtk_window_set_focus(front, NULL);
	return true;
}

#define REPEAT_MAX 100000

guint insp__repeat_count(InspWindow *window, const char *argument, const char **ret_command)
{
	char *end;
	const guint64 count = g_ascii_strtoull(argument, &end, 10);

	if (!count || count > REPEAT_MAX || *end != ' ') {
		insp__refuse(window, "what is to be repeated needs a number up to %u, and a command", REPEAT_MAX);
		return 0;
	}
	*ret_command = end + 1;
	return (guint)count;
}

/* In one go: for commands that need nothing of the frame between. */
bool insp__do_repeat(InspWindow *window, const char *argument)
{
	const char *command = NULL;
	guint left = insp__repeat_count(window, argument, &command);
	bool done = left;

	for (; left && done; left--)
		done = insp__run_text(window, command);
	return done;
}

/* Of this process; without a trace it shows those of before. */
bool insp__do_window_new(InspWindow *window, const char *argument)
{
	InspWindow *other = insp_window_new(ADW_APPLICATION(gtk_window_get_application(GTK_WINDOW(window))));

	gtk_window_present(GTK_WINDOW(other));
	if (*argument)
		insp_window_open(other, argument);
	return true;
}

static gboolean close_later(gpointer data)
{
	gtk_window_close(GTK_WINDOW(data));
	return G_SOURCE_REMOVE;
}

/* Who runs the command looks at the window afterwards. */
bool insp__do_window_close(InspWindow *window, const char *argument)
{
	g_idle_add_full(G_PRIORITY_DEFAULT, close_later, g_object_ref(window), g_object_unref);
	return true;
}

/* Later than this command, which a window that is gone could not end. */
static gboolean close_all_later(gpointer data)
{
	g_autoptr(GList) windows = g_list_copy(gtk_application_get_windows(GTK_APPLICATION(g_application_get_default())));

	for (GList *at = windows; at; at = at->next)
		g_object_ref(at->data);
	for (GList *at = windows; at; at = at->next) {
		gtk_window_close(at->data);
		g_object_unref(at->data);
	}
	return G_SOURCE_REMOVE;
}

bool insp__do_window_close_all(InspWindow *window, const char *argument)
{
	g_idle_add_full(G_PRIORITY_DEFAULT, close_all_later, NULL, NULL);
	return true;
}

/* ---- the table ---- */

const struct insp_command insp__commands[] = {
#define COMMAND(id, symbol, argument, label, accels, key) {id, argument, label, accels, key, insp__do_##symbol},
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

static bool run_text(InspWindow *window, const char *text)
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

bool insp__run_text(InspWindow *window, const char *text)
{
	if (insp__wait_for_run(window, text))
		return true;
	insp__log_begin(window, text);
	const bool done = run_text(window, text);

	insp__log_end(window);
	return done;
}

static void activated(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	const struct insp_command *row = g_object_get_data(G_OBJECT(action), "row");
	g_autofree char *text = parameter ? g_strdup_printf("%s %s", row->id, g_variant_get_string(parameter, NULL))
					  : g_strdup(row->id);

	insp__run_text(data, text);
}

/* Those that take a pane out or back, and that show or hide a part of the window, have a state, which menus show. */
static GSimpleAction *action_new(const struct insp_command *row)
{
	static const char *const switches[] = {"view.plots-other", "view.overview-other", "view.timeline-other", "view.lists-other",
					       "view.details-other", NULL};

	if ((g_str_has_prefix(row->id, "pane.") && !row->argument) || g_strv_contains(switches, row->id))
		return g_simple_action_new_stateful(row->id, NULL, g_variant_new_boolean(FALSE));
	return g_simple_action_new(row->id, row->argument ? G_VARIANT_TYPE_STRING : NULL);
}

void insp__add_commands(InspWindow *window)
{
	window->actions = g_ptr_array_new_with_free_func(g_object_unref);
	for (guint i = 0; i < insp__command_count; i++) {
		const struct insp_command *row = &insp__commands[i];
		GSimpleAction *action = action_new(row);

		g_object_set_data(G_OBJECT(action), "row", (gpointer)row);
		g_signal_connect(action, "activate", G_CALLBACK(activated), window);
		g_action_map_add_action(G_ACTION_MAP(window), G_ACTION(action));
		g_ptr_array_add(window->actions, action);
	}
	insp__keys_add_window(window);
}

/* Keys as an array of text: accelerators, which work everywhere, then the key that works outside of entries. */
static void print_keys(const struct insp_command *row)
{
	g_autofree char *all = g_strjoin(" ", row->accels ? row->accels : row->key, row->accels ? row->key : NULL, NULL);
	g_auto(GStrv) keys = g_strsplit(all ? all : "", " ", -1);

	for (char **key = keys; *key; key++) {
		g_autofree char *quoted = insp_engine_quote(*key);

		printf("%s%s", key == keys ? "" : ",", quoted);
	}
}

static void print_json(void)
{
	for (guint i = 0; i < insp__command_count; i++) {
		const struct insp_command *row = &insp__commands[i];
		g_autofree char *id = insp_engine_quote(row->id), *label = insp_engine_quote(row->label);
		g_autofree char *argument = row->argument ? insp_engine_quote(row->argument) : g_strdup("null");

		printf("%s{\"id\":%s,\"argument\":%s,\"label\":%s,\"keys\":[", i ? ",\n " : "[", id, argument, label);
		print_keys(row);
		printf("]}");
	}
	printf("]\n");
}

void insp_window_print_commands(bool json)
{
	if (json) {
		print_json();
		return;
	}
	for (guint i = 0; i < insp__command_count; i++) {
		const struct insp_command *row = &insp__commands[i];
		g_autofree char *form = g_strdup_printf("%s%s%s", row->id, row->argument ? " " : "",
							row->argument ? row->argument : "");

		printf("%-52s %s\n", form, row->label);
	}
}
