/* SPDX-License-Identifier: GPL-2.0-or-later */
/* help.c - the overlay of keys, made of what the commands' keys are now, so that it cannot be out of date. */
#include "keys.h"
#include "window-int.h"

/* Commands whose ids begin alike stand together. */
static const struct {
	const char *prefix, *title;
} groups[] = {
	{"step.", "Steps"}, {"packet.", "Steps"}, {"syscall.", "Steps"}, {"output.", "Steps"}, {"fault.", "Steps"},
	{"focus.", "Positions"}, {"flow.", "Cause and effect"}, {"talk.", "Cause and effect"}, {"cone.", "Cause and effect"},
	{"mark.", "Positions"}, {"find.", "Lists"}, {"list.", "Lists"}, {"note.", "Notes"},
	{"run.", "Program"}, {"line.", "Program"}, {"insn.", "Program"}, {"break.", "Program"}, {"write.", "Program"},
	{"view.", "View"}, {"pane.", "Windows of panes"}, {"compare.", "Two runs"}, {"", "Window"},
};

static const char *group_of(const char *id)
{
	guint i = 0;

	while (!g_str_has_prefix(id, groups[i].prefix))
		i++;
	return groups[i].title;
}

static void put_shortcuts(GString *xml, const char *title)
{
	for (guint i = 0; i < insp__command_count; i++) {
		const struct insp_command *row = &insp__commands[i];
		const char *keys = insp__keys_of(i);

		if (!*keys || strcmp(group_of(row->id), title) != 0)
			continue;
		g_autofree char *shown = g_markup_escape_text(keys, -1), *label = g_markup_escape_text(row->label, -1);

		g_string_append_printf(xml, "<child><object class='GtkShortcutsShortcut'><property name='accelerator'>%s</property>"
				       "<property name='title'>%s</property></object></child>", shown, label);
	}
}

void insp__help(InspWindow *window)
{
	g_autoptr(GString) xml = g_string_new("<interface><object class='GtkShortcutsWindow' id='help'>"
		"<property name='modal'>1</property><child><object class='GtkShortcutsSection'>"
		"<property name='section-name'>keys</property><property name='max-height'>14</property>");
	g_autoptr(GHashTable) done = g_hash_table_new(g_str_hash, g_str_equal);

	/* GTK 4.8 lays out the last group first: steps are to be on the first page. */
	for (guint i = G_N_ELEMENTS(groups); i-- > 0;) {
		const char *title = groups[i].title;

		if (!g_hash_table_add(done, (gpointer)title))
			continue;
		g_string_append_printf(xml, "<child><object class='GtkShortcutsGroup'><property name='title'>%s</property>", title);
		put_shortcuts(xml, title);
		g_string_append(xml, "</object></child>");
	}
	g_string_append(xml, "</object></child></object></interface>");
	g_autoptr(GtkBuilder) builder = gtk_builder_new_from_string(xml->str, -1);
	GtkWindow *help = GTK_WINDOW(gtk_builder_get_object(builder, "help"));

	gtk_window_set_transient_for(help, insp__front(window));
	gtk_window_present(help);
}
