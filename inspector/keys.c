/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "keys.h"

#include <stdio.h>

#include "window-int.h"

#define GROUP "keys"
#define PRESET "preset"
#define KEYS_SIZE 256

static struct {
	GtkApplication *application;
	enum insp_preset preset;
	char **chosen;			/* of each command; NULL: as the preset has it */
	char (*now)[KEYS_SIZE];		/* of each command */
} keys;

static guint command_find(const char *id)
{
	for (guint i = 0; i < insp__command_count; i++)
		if (strcmp(insp__commands[i].id, id) == 0)
			return i;
	return INSP_KEYS_NONE;
}

/* ---- the file ---- */

static char *keys_path(void)
{
	return g_build_filename(g_get_user_config_dir(), "hindcast", "keys.ini", NULL);
}

static void read_file(void)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *path = keys_path();

	/* No file, or a strange one: nothing has been chosen. */
	if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
		return;
	g_autofree char *preset = g_key_file_get_string(file, GROUP, PRESET, NULL);

	for (guint i = 0; preset && insp_preset_names[i]; i++)
		if (strcmp(insp_preset_names[i], preset) == 0)
			keys.preset = i;
	for (guint i = 0; i < insp__command_count; i++)
		keys.chosen[i] = g_key_file_get_string(file, GROUP, insp__commands[i].id, NULL);
}

/* False: *ret_error says why not. */
static bool write_file(GError **ret_error)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *path = keys_path(), *folder = g_path_get_dirname(path);

	g_key_file_set_string(file, GROUP, PRESET, insp_preset_names[keys.preset]);
	for (guint i = 0; i < insp__command_count; i++)
		if (keys.chosen[i])
			g_key_file_set_string(file, GROUP, insp__commands[i].id, keys.chosen[i]);
	if (g_mkdir_with_parents(folder, 0700) < 0) {
		g_set_error(ret_error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s: %s", folder, g_strerror(errno));
		return false;
	}
	return g_key_file_save_to_file(file, path, ret_error);
}

/* ---- what has keys ---- */

static void set_accels(guint command)
{
	const struct insp_command *row = &insp__commands[command];
	g_autofree char *name = g_strdup_printf(row->argument ? "win.%s::" : "win.%s", row->id);
	g_auto(GStrv) all = g_strsplit(keys.now[command], " ", -1);
	g_autoptr(GPtrArray) accels = g_ptr_array_new();

	for (char **key = all; *key; key++)
		if (**key && !insp_key_is_typed(*key))
			g_ptr_array_add(accels, *key);
	g_ptr_array_add(accels, NULL);
	gtk_application_set_accels_for_action(keys.application, name, (const char *const *)accels->pdata);
}

/* Letters must not be taken from entries: they are looked for only when nobody else wanted the key. */
static void add_typed(GtkShortcutController *controller, guint command)
{
	const struct insp_command *row = &insp__commands[command];
	g_autofree char *name = g_strdup_printf("win.%s", row->id);
	g_auto(GStrv) all = g_strsplit(keys.now[command], " ", -1);

	for (char **key = all; *key; key++) {
		if (!**key || !insp_key_is_typed(*key))
			continue;
		GtkShortcut *shortcut = gtk_shortcut_new(gtk_shortcut_trigger_parse_string(*key), gtk_named_action_new(name));

		if (row->argument)
			gtk_shortcut_set_arguments(shortcut, g_variant_new_string(""));
		gtk_shortcut_controller_add_shortcut(controller, shortcut);
	}
}

/* "Step back (F7)": buttons tell their keys. */
void insp__keys_tell(GtkWidget *widget)
{
	const char *action = GTK_IS_BUTTON(widget) ? gtk_actionable_get_action_name(GTK_ACTIONABLE(widget)) : NULL;
	const char *said = gtk_widget_get_tooltip_text(widget);
	const guint command = action && said && g_str_has_prefix(action, "win.") ? command_find(action + 4) : INSP_KEYS_NONE;

	if (command != INSP_KEYS_NONE) {
		const char *old = g_strrstr(said, " (");
		g_autofree char *its = insp__keys_text(command);
		g_autofree char *words = g_strndup(said, old ? (gsize)(old - said) : strlen(said));
		g_autofree char *text = *its ? g_strdup_printf("%s (%s)", words, its) : g_strdup(words);

		gtk_widget_set_tooltip_text(widget, text);
	}
	for (GtkWidget *child = gtk_widget_get_first_child(widget); child; child = gtk_widget_get_next_sibling(child))
		insp__keys_tell(child);
}

/* Items of the first key, which GTK shows; those of the application it would know, letters it would not. */
static void copy_item(GMenu *to, GMenuModel *from, int index)
{
	g_autoptr(GMenuItem) item = g_menu_item_new_from_model(from, index);
	g_autoptr(GMenuModel) section = g_menu_model_get_item_link(from, index, G_MENU_LINK_SECTION);
	g_autoptr(GMenuModel) submenu = g_menu_model_get_item_link(from, index, G_MENU_LINK_SUBMENU);
	g_autofree char *action = NULL;

	if (section) {
		g_autoptr(GMenuModel) copy = insp__keys_menu(section);

		g_menu_item_set_section(item, copy);
	}
	if (submenu) {
		g_autoptr(GMenuModel) copy = insp__keys_menu(submenu);

		g_menu_item_set_submenu(item, copy);
	}
	g_menu_model_get_item_attribute(from, index, G_MENU_ATTRIBUTE_ACTION, "s", &action);
	const guint command = action && g_str_has_prefix(action, "win.") ? command_find(action + 4) : INSP_KEYS_NONE;

	if (command != INSP_KEYS_NONE && *keys.now[command]) {
		g_autofree char *first = g_strndup(keys.now[command], strcspn(keys.now[command], " "));

		g_menu_item_set_attribute(item, "accel", "s", first);
	}
	g_menu_append_item(to, item);
}

GMenuModel *insp__keys_menu(GMenuModel *menu)
{
	GMenu *copy = g_menu_new();

	for (int i = 0; i < g_menu_model_get_n_items(menu); i++)
		copy_item(copy, menu, i);
	return G_MENU_MODEL(copy);
}

/* What the template has is kept beside it, as keys change. */
static void show_in_menu(GtkWidget *button)
{
	GMenuModel *menu = g_object_get_data(G_OBJECT(button), "menu");

	if (!menu) {
		menu = g_object_ref(gtk_menu_button_get_menu_model(GTK_MENU_BUTTON(button)));
		g_object_set_data_full(G_OBJECT(button), "menu", menu, g_object_unref);
	}
	g_autoptr(GMenuModel) copy = insp__keys_menu(menu);

	gtk_menu_button_set_menu_model(GTK_MENU_BUTTON(button), copy);
}

void insp__keys_add(GtkWidget *toplevel)
{
	GtkEventController *old = g_object_get_data(G_OBJECT(toplevel), "keys"), *controller = gtk_shortcut_controller_new();

	if (old)
		gtk_widget_remove_controller(toplevel, old);
	gtk_event_controller_set_propagation_phase(controller, GTK_PHASE_BUBBLE);
	for (guint i = 0; i < insp__command_count; i++)
		add_typed(GTK_SHORTCUT_CONTROLLER(controller), i);
	gtk_widget_add_controller(toplevel, controller);
	g_object_set_data(G_OBJECT(toplevel), "keys", controller);
	insp__keys_tell(toplevel);
}

void insp__keys_add_window(InspWindow *window)
{
	insp__keys_add(GTK_WIDGET(window));
	show_in_menu(window->menu_button);
}

static void apply(void)
{
	for (guint i = 0; i < insp__command_count; i++) {
		if (keys.chosen[i])
			g_strlcpy(keys.now[i], keys.chosen[i], KEYS_SIZE);
		else
			insp_preset_keys(keys.preset, i, keys.now[i], KEYS_SIZE);
		set_accels(i);
	}
	for (GList *at = gtk_application_get_windows(keys.application); at; at = at->next)
		if (INSP_IS_WINDOW(at->data))
			insp__keys_add_window(at->data);
		else if (INSP_IS_PANE_WINDOW(at->data))
			insp__keys_add(at->data);
}

void insp__keys_load(GtkApplication *application)
{
	keys.application = application;
	keys.chosen = g_new0(char *, insp__command_count);
	keys.now = g_malloc0_n(insp__command_count, KEYS_SIZE);
	read_file();
	apply();
}

const char *insp__keys_of(guint command)
{
	return keys.now[command];
}

bool insp__keys_are_chosen(guint command)
{
	return keys.chosen[command] != NULL;
}

enum insp_preset insp__keys_preset(void)
{
	return keys.preset;
}

char *insp__keys_text(guint command)
{
	g_auto(GStrv) all = g_strsplit(keys.now[command], " ", -1);
	GString *text = g_string_new(NULL);

	for (char **key = all; *key; key++) {
		GdkModifierType modifiers;
		guint value;

		if (!**key || !gtk_accelerator_parse(*key, &value, &modifiers))
			continue;
		g_autofree char *label = gtk_accelerator_get_label(value, modifiers);

		g_string_append_printf(text, "%s%s", text->len ? ", " : "", label);
	}
	return g_string_free(text, FALSE);
}

guint insp__keys_owner(const char *key, guint but)
{
	for (guint i = 0; i < insp__command_count; i++)
		if (i != but && insp_keys_have(keys.now[i], key))
			return i;
	return INSP_KEYS_NONE;
}

/* ---- commands ---- */

static bool changed(InspWindow *window)
{
	g_autoptr(GError) error = NULL;

	apply();
	if (write_file(&error))
		return true;
	insp__refuse(window, "the keys hold until the program ends, as they cannot be kept: %s", error->message);
	return false;
}

static void choose(guint command, const char *list)
{
	g_free(keys.chosen[command]);
	keys.chosen[command] = g_strdup(list);
}

/* Takes a key from a command that has it. */
static void take_from(guint owner, const char *key)
{
	g_auto(GStrv) all = g_strsplit(keys.now[owner], " ", -1);
	g_autoptr(GString) left = g_string_new(NULL);

	for (char **at = all; *at; at++)
		if (**at && !insp_key_same(*at, key))
			g_string_append_printf(left, "%s%s", left->len ? " " : "", *at);
	choose(owner, left->str);
	g_strlcpy(keys.now[owner], left->str, KEYS_SIZE);
}

/* "ID KEY KEY...".  False: something is no key, or take is not set and a key has another meaning. */
static bool set_keys(InspWindow *window, const char *argument, bool take)
{
	g_auto(GStrv) words = g_strsplit(argument, " ", -1);
	const guint command = command_find(words[0]);

	if (command == INSP_KEYS_NONE) {
		insp__refuse(window, "there is no command \"%s\"; --commands lists them", words[0]);
		return false;
	}
	for (char **key = words + 1; *key; key++) {
		const guint owner = insp__keys_owner(*key, command);
		GdkModifierType modifiers;
		guint value;

		if (!gtk_accelerator_parse(*key, &value, &modifiers) || !value) {
			insp__refuse(window, "\"%s\" is no key; write F8, <Control>j, period", *key);
			return false;
		}
		if (owner != INSP_KEYS_NONE && !take) {
			insp__refuse(window, "%s is the key of %s (%s); keys.take takes it", *key, insp__commands[owner].id,
				     insp__commands[owner].label);
			return false;
		}
	}
	for (char **key = words + 1; *key; key++)
		for (guint owner; (owner = insp__keys_owner(*key, command)) != INSP_KEYS_NONE;)
			take_from(owner, *key);
	g_autofree char *list = g_strjoinv(" ", words + 1);

	choose(command, list);
	return changed(window);
}

bool insp__do_keys_set(InspWindow *window, const char *argument)
{
	return set_keys(window, argument, /* take= */ false);
}

bool insp__do_keys_take(InspWindow *window, const char *argument)
{
	return set_keys(window, argument, /* take= */ true);
}

/* A key that goes back to its command may be another's by now, and is taken from it. */
static void reset(guint command)
{
	char list[KEYS_SIZE];

	insp_preset_keys(keys.preset, command, list, sizeof(list));
	g_auto(GStrv) all = g_strsplit(list, " ", -1);

	g_clear_pointer(&keys.chosen[command], g_free);
	for (char **key = all; *key; key++)
		for (guint owner; **key && (owner = insp__keys_owner(*key, command)) != INSP_KEYS_NONE;)
			take_from(owner, *key);
}

bool insp__do_keys_reset(InspWindow *window, const char *argument)
{
	const guint command = *argument ? command_find(argument) : INSP_KEYS_NONE;

	if (*argument && command == INSP_KEYS_NONE) {
		insp__refuse(window, "there is no command \"%s\"; --commands lists them", argument);
		return false;
	}
	if (*argument)
		reset(command);
	for (guint i = 0; !*argument && i < insp__command_count; i++)
		g_clear_pointer(&keys.chosen[i], g_free);
	return changed(window);
}

/* What was chosen is forgotten: it was chosen against other keys. */
bool insp__do_keys_preset(InspWindow *window, const char *argument)
{
	for (guint i = 0; insp_preset_names[i]; i++) {
		if (strcmp(insp_preset_names[i], argument) != 0)
			continue;
		keys.preset = i;
		return insp__do_keys_reset(window, "");
	}
	insp__refuse(window, "there are no keys \"%s\": default, builder, wireshark", argument);
	return false;
}

bool insp__do_keys_edit(InspWindow *window, const char *argument)
{
	insp__keys_show(window);
	return true;
}

bool insp__do_print_keys(InspWindow *window, const char *argument)
{
	for (guint i = 0; i < insp__command_count; i++)
		printf("%s\t%s\n", insp__commands[i].id, keys.now[i]);
	fflush(stdout);
	return true;
}
