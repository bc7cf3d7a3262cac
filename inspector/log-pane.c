/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log-pane.c - the tab of commands: those that were run, and an entry for the next one, with completion and history. */
#include "command-words.h"
#include "log.h"

static const struct insp_text_column columns[] = {
	{.title = "At", .right = TRUE, .fleeting = TRUE},
	{.title = "Command", .expand = TRUE, .monospace = TRUE, .fleeting = TRUE},
	{.title = "Result", .expand = TRUE, .fleeting = TRUE}, {NULL}};

void insp__log_hint(InspWindow *window, const char *text)
{
	gtk_label_set_text(GTK_LABEL(window->log->hint), text);
}

/* ---- rows ---- */

void insp__log_show(InspWindow *window)
{
	struct insp_log *log = window->log;
	const struct insp_logged *logged = log->rows->pdata[log->rows->len - 1];
	g_autofree char *key = g_strdup_printf("%u", log->dropped + log->rows->len);
	InspTextRow *row = insp_text_row_new(key);

	row->text[0] = logged->at == INSP_NONE ? g_strdup("") : g_strdup_printf("@%u", logged->at);
	row->text[1] = g_strdup(logged->text);
	row->text[2] = insp__log_result(logged);
	row->style = logged->refusal ? "error" : NULL;
	insp_text_table_put(log->table, row);
	insp_text_table_trim(log->table, LOG_MAX);
	insp_text_table_show_end(log->table);
}

/* Ctrl+C copies the command of the row, without its position. */
static gboolean table_key(GtkEventControllerKey *keys, guint key, guint code, GdkModifierType state, InspWindow *window)
{
	g_autoptr(InspTextRow) row = insp_text_table_selected(window->log->table);

	if (!row || key != GDK_KEY_c || (state & gtk_accelerator_get_default_mod_mask()) != GDK_CONTROL_MASK)
		return GDK_EVENT_PROPAGATE;
	gdk_clipboard_set_text(gtk_widget_get_clipboard(GTK_WIDGET(window)), row->text[1]);
	return GDK_EVENT_STOP;
}

/* To be changed and run again. */
static void activated(InspTextRow *row, gpointer data)
{
	InspWindow *window = data;

	gtk_editable_set_text(GTK_EDITABLE(window->log->entry), row->text[1]);
	gtk_widget_grab_focus(window->log->entry);
	gtk_editable_set_position(GTK_EDITABLE(window->log->entry), -1);
}

/* ---- the entry ---- */

static void set_text(InspWindow *window, const char *text)
{
	gtk_editable_set_text(GTK_EDITABLE(window->log->entry), text);
	gtk_editable_set_position(GTK_EDITABLE(window->log->entry), -1);
}

/* What a command takes and does, while it is typed. */
static void changed(GtkEditable *entry, InspWindow *window)
{
	const char *text = gtk_editable_get_text(entry);
	const struct insp_command_words *row = insp_command_find(text, strcspn(text, " "));
	g_autofree char *hint = row ? g_strdup_printf("%s %s \u2014 %s", row->id, row->argument ? row->argument : "", row->label)
				    : g_strdup("");

	insp__log_hint(window, hint);
}

/* A refused command stays, with what is wrong selected. */
static void entered(GtkEntry *entry, InspWindow *window)
{
	g_autofree char *text = g_strstrip(g_strdup(gtk_editable_get_text(GTK_EDITABLE(entry))));
	struct insp_log *log = window->log;

	log->recalled = 0;
	if (!*text)
		return;
	const bool done = insp__run_text(window, text);
	const struct insp_logged *last = log->rows->len ? log->rows->pdata[log->rows->len - 1] : NULL;

	if (done || !last || !last->refusal) {
		set_text(window, "");
		return;
	}
	g_autofree char *result = insp__log_result(last);

	set_text(window, text);
	insp__log_hint(window, result);
	gtk_editable_select_region(GTK_EDITABLE(entry), (int)insp_command_column(text, last->refusal) - 1, -1);
}

struct candidates {
	char *common;		/* what all begin with; NULL: none yet */
	GString *list;
	guint count;
};

#define CANDIDATES_MAX 40u

static void add_candidate(void *data, const char *word)
{
	struct candidates *c = data;
	gsize same = 0;

	if (!c->common) {
		c->common = g_strdup(word);
	} else {
		while (c->common[same] && c->common[same] == word[same])
			same++;
		c->common[same] = '\0';
	}
	if (c->count++ < CANDIDATES_MAX)
		g_string_append_printf(c->list, "%s%s", c->count > 1 ? "  " : "", word);
}

/* Tab: as far as it can only go on in one way; then what there is to choose from. */
static void complete(InspWindow *window)
{
	const char *text = gtk_editable_get_text(GTK_EDITABLE(window->log->entry));
	struct candidates c = {.list = g_string_new(NULL)};
	const size_t begin = insp_complete(text, window->run, add_candidate, &c);
	g_autofree char *whole = c.common ? g_strdup_printf("%.*s%s%s", (int)begin, text, c.common, c.count == 1 ? " " : "") : NULL;

	if (whole)
		set_text(window, whole);
	if (c.count != 1)
		insp__log_hint(window, c.count ? c.list->str : "nothing begins like this");
	g_free(c.common);
	g_string_free(c.list, TRUE);
}

/* Up: the command before; Down: back to what is being typed. */
static void recall(InspWindow *window, int direction)
{
	struct insp_log *log = window->log;
	const gint64 to = (gint64)log->recalled + direction;

	if (to < 0 || to > log->rows->len)
		return;
	if (log->recalled == 0) {
		g_free(log->typed);
		log->typed = g_strdup(gtk_editable_get_text(GTK_EDITABLE(log->entry)));
	}
	log->recalled = (guint)to;
	set_text(window, to ? ((struct insp_logged *)log->rows->pdata[log->rows->len - to])->text : log->typed);
}

static gboolean key_pressed(GtkEventControllerKey *keys, guint key, guint code, GdkModifierType state, InspWindow *window)
{
	if (state & (GDK_CONTROL_MASK | GDK_ALT_MASK | GDK_SHIFT_MASK))
		return GDK_EVENT_PROPAGATE;
	switch (key) {
	case GDK_KEY_Tab:
		complete(window);
		return GDK_EVENT_STOP;
	case GDK_KEY_Up:
		recall(window, 1);
		return GDK_EVENT_STOP;
	case GDK_KEY_Down:
		recall(window, -1);
		return GDK_EVENT_STOP;
	default:
		return GDK_EVENT_PROPAGATE;
	}
}

bool insp__do_log_entry(InspWindow *window, const char *argument)
{
	insp__pane_show(window, INSP_PANE_LOG, /* asked= */ true);
	insp__give_keyboard(window, window->log->entry);
	return true;
}

/* ---- the widgets ---- */

static GtkWidget *entry_new(InspWindow *window)
{
	GtkWidget *entry = gtk_entry_new();
	GtkEventController *keys = gtk_event_controller_key_new();

	gtk_entry_set_placeholder_text(GTK_ENTRY(entry), "a command; Tab completes it, \u2191 brings back the one before");
	insp_name(entry, "Command");
	gtk_widget_add_css_class(entry, "monospace");
	gtk_widget_set_hexpand(entry, TRUE);
	/* Before the entry's own keys, of which Tab is one. */
	gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_CAPTURE);
	g_signal_connect(keys, "key-pressed", G_CALLBACK(key_pressed), window);
	gtk_widget_add_controller(entry, keys);
	g_signal_connect(entry, "activate", G_CALLBACK(entered), window);
	g_signal_connect(entry, "changed", G_CALLBACK(changed), window);
	return entry;
}

static GtkWidget *hint_new(void)
{
	GtkWidget *hint = gtk_label_new(NULL);

	gtk_label_set_xalign(GTK_LABEL(hint), 0);
	gtk_label_set_ellipsize(GTK_LABEL(hint), PANGO_ELLIPSIZE_END);
	gtk_widget_add_css_class(hint, "dim-label");
	gtk_widget_add_css_class(hint, "caption");
	return hint;
}

void insp__add_log_pane(InspWindow *window)
{
	struct insp_log *log = window->log;
	GtkWidget *line = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6), *below = gtk_box_new(GTK_ORIENTATION_VERTICAL, 3);
	GtkWidget *copy = gtk_button_new_with_label("Copy All");
	GtkEventController *keys = gtk_event_controller_key_new();

	log->page = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
	log->table = insp_text_table_new(columns, "Commands", "Nothing has been done yet.\n"
					 "What you do stands here as the commands that do it again.");
	insp_text_table_on_activate(log->table, activated, window);
	gtk_widget_set_vexpand(GTK_WIDGET(log->table), TRUE);
	g_signal_connect(keys, "key-pressed", G_CALLBACK(table_key), window);
	gtk_widget_add_controller(GTK_WIDGET(log->table), keys);
	log->entry = entry_new(window);
	log->hint = hint_new();
	gtk_actionable_set_action_name(GTK_ACTIONABLE(copy), "win.log.copy");
	gtk_widget_set_tooltip_text(copy, "As a script for hindcast-inspector --script");
	gtk_widget_add_css_class(below, "logentry");
	gtk_box_append(GTK_BOX(line), log->entry);
	gtk_box_append(GTK_BOX(line), copy);
	gtk_box_append(GTK_BOX(below), line);
	gtk_box_append(GTK_BOX(below), log->hint);
	gtk_box_append(GTK_BOX(log->page), GTK_WIDGET(log->table));
	gtk_box_append(GTK_BOX(log->page), below);
	insp__pane_add(window, INSP_PANE_LOG, log->page);
}
