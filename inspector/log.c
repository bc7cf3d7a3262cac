/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "log.h"

#include <stdio.h>

#include "command-words.h"

static void logged_free(gpointer data)
{
	struct insp_logged *row = data;

	g_free(row->text);
	g_free(row->refusal);
	g_free(row);
}

static struct insp_logged *last_row(struct insp_log *log)
{
	return log->rows->len ? log->rows->pdata[log->rows->len - 1] : NULL;
}

static bool begins_with_any(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (g_str_has_prefix(text, *words))
			return true;
	return false;
}

/* Looks at the log itself: not worth a row. */
static bool is_about_log(const char *text)
{
	static const char *const ids[] = {"log.", "print.log", NULL};

	return begins_with_any(text, ids);
}

/* Asks for something, or ends the window; what is answered is a command of its own. */
static bool only_asks(const char *text)
{
	static const char *const ids[] = {"palette", "settings", "keys.", "help.", "window.", "cancel", NULL};
	static const char *const asking[] = {"share", "note.here", "note.add", "trace.open", "compare.open",
					      "focus.entry", "list.entry", "export.png", "export.svg", "export.pdf", "export.csv",
					      "export.pcap", NULL};

	return begins_with_any(text, ids) || g_strv_contains(asking, text);
}

static void add_row(InspWindow *window, const char *text)
{
	struct insp_log *log = window->log;
	struct insp_logged *row = g_new0(struct insp_logged, 1);

	row->text = g_strdup(text);
	row->at = row->to = window->focus;
	if (log->rows->len >= LOG_MAX) {
		g_ptr_array_remove_index(log->rows, 0);
		log->dropped++;
	}
	g_ptr_array_add(log->rows, row);
}

static void add_row_by_hand(InspWindow *window, const char *text)
{
	add_row(window, text);
	insp__log_show(window);
}

/* Something is being done by mouse or keyboard, and not by a command. */
static bool is_by_hand(InspWindow *window)
{
	return window->log->hand && window->log->depth == 0 && window->run;
}

void insp__log_begin(InspWindow *window, const char *text)
{
	if (window->log->depth++ == 0 && !is_about_log(text))
		add_row(window, text);
}

void insp__log_end(InspWindow *window)
{
	/* Only now: what a command paints is what was there, and rows that come have no size until the next frame. */
	if (--window->log->depth == 0 && window->log->rows->len)
		insp__log_show(window);
	insp__log_settle(window);
}

void insp__log_refused(InspWindow *window, const char *refusal)
{
	struct insp_logged *row = last_row(window->log);

	if (!row)
		return;
	g_free(row->refusal);
	row->refusal = g_strdup(refusal);
	insp__log_show(window);
}

void insp__log_settle(InspWindow *window)
{
	struct insp_logged *row = last_row(window->log);

	if (window->focus == INSP_NONE || (row && window->focus == row->to))
		return;
	if (is_by_hand(window)) {
		g_autofree char *text = g_strdup_printf("focus.goto @%u", window->focus);

		add_row_by_hand(window, text);
		return;
	}
	if (!row)
		return;
	row->to = window->focus;
	insp__log_show(window);
}

/* Of a filter's error the words: its column is counted in the filter, and what follows is a drawing. */
static char *words_of(const char *refusal)
{
	int skip = 0;

	if (sscanf(refusal, "filter, column %*u: %n", &skip) == EOF)
		skip = 0;
	return g_strndup(refusal + skip, strcspn(refusal + skip, "\n"));
}

char *insp__log_result(const struct insp_logged *row)
{
	g_autofree char *words = row->refusal ? words_of(row->refusal) : NULL;

	if (words)
		return g_strdup_printf("column %zu: %s", insp_command_column(row->text, row->refusal), words);
	if (row->to != row->at && row->to != INSP_NONE)
		return g_strdup_printf("\u2192 @%u", row->to);
	return g_strdup("");
}

/* What was refused is told, and not done again; neither is what only asked. */
static void put_row(GString *script, const struct insp_logged *row)
{
	g_autofree char *result = insp__log_result(row);

	if (row->refusal)
		g_string_append_printf(script, "# refused, %s\n", result);
	g_string_append_printf(script, "%s%s\n", row->refusal || only_asks(row->text) ? "# " : "", row->text);
}

char *insp__log_script(InspWindow *window)
{
	const struct insp_log *log = window->log;
	GString *script = g_string_new("# hindcast-inspector TRACE --script THIS does it again.\n");

	if (window->run)
		g_string_append_printf(script, "# The trace is now %s, run %s.\n", window->run->path,
				       window->run->hash[0] ? window->run->hash : "not finished");
	if (log->dropped)
		g_string_append_printf(script, "# %u commands before these are not known any more.\n", log->dropped);
	for (guint i = 0; i < log->rows->len; i++)
		put_row(script, log->rows->pdata[i]);
	return g_string_free(script, FALSE);
}

/* ---- what is done without a command ---- */

static gboolean hand_is_over(gpointer data)
{
	InspWindow *window = data;

	window->log->hand = false;
	window->log->hand_over = 0;
	return G_SOURCE_REMOVE;
}

/* A pointer that only passes by does nothing, nor does a window that comes into sight. */
static bool is_deed(GdkEvent *event)
{
	switch (gdk_event_get_event_type(event)) {
	case GDK_BUTTON_PRESS:
	case GDK_BUTTON_RELEASE:
	case GDK_KEY_PRESS:
	case GDK_SCROLL:
	case GDK_TOUCH_BEGIN:
	case GDK_TOUCH_UPDATE:
	case GDK_TOUCH_END:
		return true;
	case GDK_MOTION_NOTIFY:
		return gdk_event_get_modifier_state(event) & (GDK_BUTTON1_MASK | GDK_BUTTON2_MASK | GDK_BUTTON3_MASK);
	default:
		return false;
	}
}

/* Handlers of an event run before the loop comes back to its sources, of which this is the first. */
static gboolean hand_moves(GtkEventControllerLegacy *controller, GdkEvent *event, InspWindow *window)
{
	struct insp_log *log = window->log;

	if (!is_deed(event))
		return GDK_EVENT_PROPAGATE;
	log->hand = true;
	window->hand_at = gtk_event_controller_get_widget(GTK_EVENT_CONTROLLER(controller));
	if (!log->hand_over)
		log->hand_over = g_idle_add_full(G_PRIORITY_HIGH, hand_is_over, window, NULL);
	return GDK_EVENT_PROPAGATE;
}

/* A drag is many small moves; one row says where it has come to. */
static void view_moved(InspLanes *lanes, InspWindow *window)
{
	const struct insp_view *view = insp_lanes_view(lanes);
	char text[96];

	if (!is_by_hand(window))
		return;
	g_snprintf(text, sizeof(text), "view.place %.3f %.3f", view->from, view->span);
	struct insp_logged *row = last_row(window->log);

	if (row && row->moves_view) {
		g_free(row->text);
		row->text = g_strdup(text);
		insp__log_show(window);
		return;
	}
	add_row_by_hand(window, text);
	last_row(window->log)->moves_view = true;
}

static void tab_chosen(GtkStack *stack, GParamSpec *spec, InspWindow *window)
{
	const char *name = gtk_stack_get_visible_child_name(stack);
	g_autofree char *text = g_strdup_printf("%s %s", GTK_WIDGET(stack) == window->lists ? "view.list" : "view.pane", name);

	if (name && is_by_hand(window))
		add_row_by_hand(window, text);
}

void insp__log_listen(InspWindow *window, GtkWidget *toplevel)
{
	GtkEventController *hand = gtk_event_controller_legacy_new();

	gtk_event_controller_set_propagation_phase(hand, GTK_PHASE_CAPTURE);
	g_signal_connect(hand, "event", G_CALLBACK(hand_moves), window);
	gtk_widget_add_controller(toplevel, hand);
}

void insp__log_new(InspWindow *window)
{
	window->log = g_new0(struct insp_log, 1);
	window->log->rows = g_ptr_array_new_with_free_func(logged_free);
	insp__log_listen(window, GTK_WIDGET(window));
	g_signal_connect(window->lanes, "viewed", G_CALLBACK(view_moved), window);
	g_signal_connect(window->lists, "notify::visible-child", G_CALLBACK(tab_chosen), window);
	g_signal_connect(window->details, "notify::visible-child", G_CALLBACK(tab_chosen), window);
	insp__add_log_pane(window);
}

void insp__log_free(InspWindow *window)
{
	struct insp_log *log = g_steal_pointer(&window->log);

	g_clear_handle_id(&log->hand_over, g_source_remove);
	g_ptr_array_unref(log->rows);
	g_free(log->typed);
	g_free(log);
}

/* ---- commands ---- */

static bool copy(InspWindow *window, const char *text)
{
	gdk_clipboard_set_text(gtk_widget_get_clipboard(GTK_WIDGET(window)), text);
	return true;
}

bool insp__do_log_copy(InspWindow *window, const char *argument)
{
	g_autofree char *script = insp__log_script(window);

	return copy(window, script);
}

bool insp__do_log_copy_last(InspWindow *window, const char *argument)
{
	const struct insp_logged *row = last_row(window->log);

	if (!row) {
		insp__refuse(window, "nothing has been done yet");
		return false;
	}
	return copy(window, row->text);
}

bool insp__do_log_save(InspWindow *window, const char *argument)
{
	g_autofree char *script = insp__log_script(window);
	g_autoptr(GError) error = NULL;

	if (g_file_set_contents(argument, script, -1, &error))
		return true;
	insp__refuse(window, "cannot write %s: %s", argument, error->message);
	return false;
}

bool insp__do_print_log(InspWindow *window, const char *argument)
{
	const struct insp_log *log = window->log;

	for (guint i = 0; i < log->rows->len; i++) {
		const struct insp_logged *row = log->rows->pdata[i];
		g_autofree char *result = insp__log_result(row);

		printf("@%d\t%s\t%s\n", row->at == INSP_NONE ? -1 : (int)row->at, row->text, result);
	}
	fflush(stdout);
	return true;
}
