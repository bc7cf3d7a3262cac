/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keys-page.c - all commands and their keys, to be found and changed.
 *
 * Rows are activated by Enter or a click, then ask for a key; the button of a row that was changed gives it its own key back.  All
 * that is done here is one of the commands keys.*.
 */
#include "keys.h"
#include "window-int.h"

struct page {
	InspWindow *window;
	GtkWidget *dialog, *entry, *list, *presets;
	bool quiet;			/* the presets' row is being set by us */
};

struct row {
	guint command;
	GtkWidget *row, *keys, *reset;
};

/* ---- rows ---- */

static void show_row(struct row *r)
{
	g_autofree char *text = insp__keys_text(r->command);

	gtk_label_set_text(GTK_LABEL(r->keys), text);
	gtk_widget_set_sensitive(r->reset, insp__keys_are_chosen(r->command));
}

static void show_rows(struct page *page)
{
	for (GtkWidget *row = gtk_widget_get_first_child(page->list); row; row = gtk_widget_get_next_sibling(row))
		show_row(g_object_get_data(G_OBJECT(row), "row"));
	page->quiet = true;
	adw_combo_row_set_selected(ADW_COMBO_ROW(page->presets), insp__keys_preset());
	page->quiet = false;
	gtk_list_box_invalidate_filter(GTK_LIST_BOX(page->list));
}

G_GNUC_PRINTF(2, 3) static void run(struct page *page, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	insp__run_text(page->window, text);
	show_rows(page);
}

static gboolean matches(GtkListBoxRow *row, gpointer data)
{
	const struct page *page = data;
	const struct row *r = g_object_get_data(G_OBJECT(row), "row");
	const struct insp_command *command = &insp__commands[r->command];
	g_autofree char *keys = insp__keys_text(r->command);
	g_autofree char *text = g_strdup_printf("%s %s %s", command->id, command->label, keys);
	g_autofree char *folded = g_utf8_casefold(text, -1);
	g_auto(GStrv) words = g_strsplit(gtk_editable_get_text(GTK_EDITABLE(page->entry)), " ", -1);

	for (char **word = words; *word; word++) {
		g_autofree char *wanted = g_utf8_casefold(*word, -1);

		if (!strstr(folded, wanted))
			return FALSE;
	}
	return TRUE;
}

static void reset_clicked(GtkButton *button, struct page *page)
{
	const struct row *r = g_object_get_data(G_OBJECT(button), "row");

	run(page, "keys.reset %s", insp__commands[r->command].id);
}

/* ---- asking for a key ---- */

struct question {
	struct page *page;
	guint command;
	GtkWidget *dialog, *shown;
	char *key;			/* NULL: not pressed yet */
};

static void question_free(gpointer data)
{
	struct question *q = data;

	g_free(q->key);
	g_free(q);
}

/* A letter keeps its Shift; of "?" it is what makes it. */
static char *key_of(GtkEventControllerKey *keys, guint value, GdkModifierType state)
{
	GdkEvent *event = gtk_event_controller_get_current_event(GTK_EVENT_CONTROLLER(keys));
	const guint lower = gdk_keyval_to_lower(value);
	GdkModifierType modifiers = state & gtk_accelerator_get_default_mod_mask();

	if (lower == value && gdk_keyval_to_upper(value) == value && gdk_keyval_to_unicode(value))
		modifiers &= ~(gdk_key_event_get_consumed_modifiers(event) & GDK_SHIFT_MASK);
	return gtk_accelerator_name(lower == GDK_KEY_ISO_Left_Tab ? GDK_KEY_Tab : lower, modifiers);
}

static void show_question(struct question *q)
{
	const guint owner = q->key ? insp__keys_owner(q->key, q->command) : INSP_KEYS_NONE;
	GdkModifierType modifiers;
	guint value;

	if (!q->key || !gtk_accelerator_parse(q->key, &value, &modifiers))
		return;
	g_autofree char *label = gtk_accelerator_get_label(value, modifiers);
	g_autofree char *text = owner == INSP_KEYS_NONE ? g_strdup_printf("%s is free.", label)
							: g_strdup_printf("%s does something else: %s (%s). It would lose this key.",
									  label, insp__commands[owner].label, insp__commands[owner].id);

	gtk_label_set_text(GTK_LABEL(q->shown), text);
	insp_name(q->shown, text);
	adw_message_dialog_set_response_label(ADW_MESSAGE_DIALOG(q->dialog), "set", owner == INSP_KEYS_NONE ? "_Set" : "_Take It");
	adw_message_dialog_set_response_appearance(ADW_MESSAGE_DIALOG(q->dialog), "set",
						   owner == INSP_KEYS_NONE ? ADW_RESPONSE_SUGGESTED : ADW_RESPONSE_DESTRUCTIVE);
	adw_message_dialog_set_response_enabled(ADW_MESSAGE_DIALOG(q->dialog), "set", TRUE);
	/* Enter is for this now, wherever the keyboard was. */
	if (gtk_window_get_default_widget(GTK_WINDOW(q->dialog)))
		gtk_widget_grab_focus(gtk_window_get_default_widget(GTK_WINDOW(q->dialog)));
}

static gboolean key_pressed(GtkEventControllerKey *keys, guint value, guint code, GdkModifierType state, struct question *q)
{
	const GdkModifierType modifiers = state & gtk_accelerator_get_default_mod_mask();

	/* What moves within the dialog, and ends it, stays what it is. */
	if (!modifiers && (value == GDK_KEY_Escape || value == GDK_KEY_Return || value == GDK_KEY_KP_Enter || value == GDK_KEY_space ||
			   value == GDK_KEY_Tab))
		return GDK_EVENT_PROPAGATE;
	if (!gtk_accelerator_valid(value, modifiers) && !gdk_keyval_to_unicode(value))
		return GDK_EVENT_PROPAGATE;
	g_free(q->key);
	q->key = key_of(keys, value, state);
	show_question(q);
	return GDK_EVENT_STOP;
}

static void answered(AdwMessageDialog *dialog, const char *response, struct question *q)
{
	const char *id = insp__commands[q->command].id;

	if (strcmp(response, "none") == 0)
		run(q->page, "keys.set %s", id);
	else if (strcmp(response, "set") == 0 && q->key)
		run(q->page, "keys.take %s %s", id, q->key);
}

static void row_activated(GtkListBox *list, GtkListBoxRow *row, struct page *page)
{
	const struct row *r = g_object_get_data(G_OBJECT(row), "row");
	struct question *q = g_new0(struct question, 1);
	GtkEventController *keys = gtk_event_controller_key_new();

	q->page = page;
	q->command = r->command;
	q->dialog = adw_message_dialog_new(GTK_WINDOW(page->dialog), "Press a Key", insp__commands[r->command].label);
	q->shown = gtk_label_new("Letters work when nothing is typed; with Ctrl or Alt a key works everywhere.");
	gtk_label_set_wrap(GTK_LABEL(q->shown), TRUE);
	gtk_label_set_justify(GTK_LABEL(q->shown), GTK_JUSTIFY_CENTER);
	adw_message_dialog_set_extra_child(ADW_MESSAGE_DIALOG(q->dialog), q->shown);
	adw_message_dialog_add_responses(ADW_MESSAGE_DIALOG(q->dialog), "cancel", "_Cancel", "none", "_No Key", "set", "_Set", NULL);
	adw_message_dialog_set_response_enabled(ADW_MESSAGE_DIALOG(q->dialog), "set", FALSE);
	adw_message_dialog_set_default_response(ADW_MESSAGE_DIALOG(q->dialog), "set");
	gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_CAPTURE);
	g_signal_connect(keys, "key-pressed", G_CALLBACK(key_pressed), q);
	gtk_widget_add_controller(q->dialog, keys);
	g_object_set_data_full(G_OBJECT(q->dialog), "question", q, question_free);
	g_signal_connect(q->dialog, "response", G_CALLBACK(answered), q);
	gtk_window_present(GTK_WINDOW(q->dialog));
}

/* ---- the page ---- */

static GtkWidget *row_new(struct page *page, guint command)
{
	struct row *r = g_new0(struct row, 1);
	const struct insp_command *words = &insp__commands[command];
	g_autofree char *name = g_strdup_printf("Give \"%s\" its own keys back", words->label);

	r->command = command;
	r->row = adw_action_row_new();
	r->keys = gtk_label_new(NULL);
	r->reset = gtk_button_new_from_icon_name("edit-undo-symbolic");
	adw_preferences_row_set_use_markup(ADW_PREFERENCES_ROW(r->row), FALSE);
	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(r->row), words->label);
	adw_action_row_set_subtitle(ADW_ACTION_ROW(r->row), words->id);
	gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(r->row), TRUE);
	gtk_widget_add_css_class(r->reset, "flat");
	gtk_widget_set_valign(r->reset, GTK_ALIGN_CENTER);
	gtk_widget_set_tooltip_text(r->reset, name);
	insp_name(r->reset, name);
	adw_action_row_add_suffix(ADW_ACTION_ROW(r->row), r->keys);
	adw_action_row_add_suffix(ADW_ACTION_ROW(r->row), r->reset);
	g_object_set_data_full(G_OBJECT(r->row), "row", r, g_free);
	g_object_set_data(G_OBJECT(r->reset), "row", r);
	g_signal_connect(r->reset, "clicked", G_CALLBACK(reset_clicked), page);
	return r->row;
}

static void preset_chosen(AdwComboRow *row, GParamSpec *spec, struct page *page)
{
	if (!page->quiet)
		run(page, "keys.preset %s", insp_preset_names[adw_combo_row_get_selected(row)]);
}

static void reset_all(GtkButton *button, struct page *page)
{
	run(page, "keys.reset");
}

static GtkWidget *presets_new(struct page *page)
{
	static const char *const names[] = {"hindcast", "GNOME Builder", "Wireshark", NULL};
	GtkWidget *list = gtk_list_box_new();
	g_autoptr(GtkStringList) words = gtk_string_list_new(names);
	GtkWidget *reset = gtk_button_new_with_label("Reset All");

	page->presets = adw_combo_row_new();
	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(page->presets), "Keys as in");
	adw_combo_row_set_model(ADW_COMBO_ROW(page->presets), G_LIST_MODEL(words));
	gtk_widget_set_valign(reset, GTK_ALIGN_CENTER);
	adw_action_row_add_suffix(ADW_ACTION_ROW(page->presets), reset);
	g_signal_connect(page->presets, "notify::selected", G_CALLBACK(preset_chosen), page);
	g_signal_connect(reset, "clicked", G_CALLBACK(reset_all), page);
	gtk_list_box_append(GTK_LIST_BOX(list), page->presets);
	gtk_list_box_set_selection_mode(GTK_LIST_BOX(list), GTK_SELECTION_NONE);
	gtk_widget_add_css_class(list, "boxed-list");
	return list;
}

static void searched(GtkEditable *entry, struct page *page)
{
	gtk_list_box_invalidate_filter(GTK_LIST_BOX(page->list));
}

/* Enter: on to the rows, also before the search has noticed that nobody types any more. */
static void entered(GtkEntry *entry, struct page *page)
{
	gtk_list_box_invalidate_filter(GTK_LIST_BOX(page->list));
	for (GtkWidget *row = gtk_widget_get_first_child(page->list); row; row = gtk_widget_get_next_sibling(row))
		if (gtk_widget_get_child_visible(row)) {
			gtk_widget_grab_focus(row);
			return;
		}
}

static void stopped(GtkSearchEntry *entry, struct page *page)
{
	gtk_window_close(GTK_WINDOW(page->dialog));
}

static GtkWidget *rows_new(struct page *page)
{
	GtkWidget *scroller = gtk_scrolled_window_new();

	page->list = gtk_list_box_new();
	gtk_list_box_set_selection_mode(GTK_LIST_BOX(page->list), GTK_SELECTION_NONE);
	gtk_widget_add_css_class(page->list, "boxed-list");
	gtk_widget_set_valign(page->list, GTK_ALIGN_START);
	insp_name(page->list, "Commands and their keys");
	for (guint i = 0; i < insp__command_count; i++)
		if (!insp__commands[i].argument || insp__commands[i].argument[0] == '[')
			gtk_list_box_append(GTK_LIST_BOX(page->list), row_new(page, i));
	gtk_list_box_set_filter_func(GTK_LIST_BOX(page->list), matches, page, NULL);
	g_signal_connect(page->list, "row-activated", G_CALLBACK(row_activated), page);
	gtk_widget_set_margin_start(page->list, 12);
	gtk_widget_set_margin_end(page->list, 12);
	gtk_widget_set_margin_bottom(page->list, 12);
	gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), page->list);
	gtk_widget_set_vexpand(scroller, TRUE);
	return scroller;
}

void insp__keys_show(InspWindow *window)
{
	struct page *page = g_new0(struct page, 1);
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12), *presets = presets_new(page);
	GtkEventController *keys = gtk_shortcut_controller_new();

	page->window = window;
	page->dialog = adw_window_new();
	page->entry = gtk_search_entry_new();
	insp_name(page->entry, "Find a command or a key");
	gtk_box_append(GTK_BOX(box), adw_header_bar_new());
	gtk_box_append(GTK_BOX(box), page->entry);
	gtk_box_append(GTK_BOX(box), presets);
	gtk_box_append(GTK_BOX(box), rows_new(page));
	gtk_widget_set_margin_start(page->entry, 12);
	gtk_widget_set_margin_end(page->entry, 12);
	gtk_widget_set_margin_start(presets, 12);
	gtk_widget_set_margin_end(presets, 12);
	/* Escape, from wherever the keyboard is. */
	gtk_shortcut_controller_add_shortcut(GTK_SHORTCUT_CONTROLLER(keys),
		gtk_shortcut_new(gtk_keyval_trigger_new(GDK_KEY_Escape, 0), gtk_named_action_new("window.close")));
	gtk_widget_add_controller(page->dialog, keys);
	adw_window_set_content(ADW_WINDOW(page->dialog), box);
	g_signal_connect(page->entry, "search-changed", G_CALLBACK(searched), page);
	g_signal_connect(page->entry, "activate", G_CALLBACK(entered), page);
	g_signal_connect(page->entry, "stop-search", G_CALLBACK(stopped), page);
	g_object_set_data_full(G_OBJECT(page->dialog), "page", page, g_free);
	gtk_window_set_title(GTK_WINDOW(page->dialog), "Keys");
	gtk_window_set_default_size(GTK_WINDOW(page->dialog), 620, 680);
	gtk_window_set_modal(GTK_WINDOW(page->dialog), TRUE);
	gtk_window_set_transient_for(GTK_WINDOW(page->dialog), insp__front(window));
	show_rows(page);
	insp_present(page->dialog);
	gtk_widget_grab_focus(page->entry);
}
