/* SPDX-License-Identifier: GPL-2.0-or-later */
/* program-panes.c - the widgets of the program's panes, and what the hand does there. */
#include "window-int.h"

static const struct insp_text_column stack_columns[] = {
	NUMBER(""), {.title = "Function", .expand = TRUE, .fleeting = TRUE}, {.title = "Where", .expand = TRUE, .fleeting = TRUE},
	{NULL}};
static const struct insp_text_column variable_columns[] = {
	WIDE("Variable"), WIDE("Value"), {.title = "Type", .shared = TRUE}, {NULL}};
static const struct insp_text_column watch_columns[] = {
	WIDE("Watched"), WIDE("Value"), {.title = "Type", .shared = TRUE}, {NULL}};
static const struct insp_text_column register_columns[] = {
	{.title = "Register", .monospace = TRUE}, {.title = "Value", .expand = TRUE, .monospace = TRUE}, {NULL}};
static const struct insp_text_column point_columns[] = {NUMBER("No."), WIDE("Stops at"), {NULL}};

static void frame_activated(InspTextRow *row, gpointer data)
{
	g_autofree char *command = g_strdup_printf("frame.select %u", GPOINTER_TO_UINT(row->data));

	insp__run_text(data, command);
}

/* A double click on a variable asks who wrote it last. */
static void variable_activated(InspTextRow *row, gpointer data)
{
	const struct insp_variable *variable = row->data;
	g_autofree char *command = g_strdup_printf("write.last %s", variable->expression);

	insp__run_text(data, command);
}

static void watch_activated(InspTextRow *row, gpointer data)
{
	g_autofree char *command = g_strdup_printf("write.last %s", row->key);

	insp__run_text(data, command);
}

static void point_activated(InspTextRow *row, gpointer data)
{
	g_autofree char *command = g_strdup_printf("break.delete %s", row->key);

	insp__run_text(data, command);
}

static void thread_activated(InspTextRow *row, gpointer data)
{
	InspWindow *window = data;
	const struct insp_thread thread = insp_threads_of(row);
	g_autofree char *command = g_strdup_printf("thread.select %s %u", window->run->lanes[thread.lane].name, thread.tid);

	insp__run_text(window, command);
}

static void watch_entered(GtkEntry *entry, InspWindow *window)
{
	g_autofree char *command = g_strdup_printf("watch.show %s", gtk_editable_get_text(GTK_EDITABLE(entry)));

	if (insp__run_text(window, command))
		gtk_editable_set_text(GTK_EDITABLE(entry), "");
}

static void memory_entered(GtkEntry *entry, InspWindow *window)
{
	g_autofree char *command = g_strdup_printf("memory.show %s", gtk_editable_get_text(GTK_EDITABLE(entry)));

	insp__run_text(window, command);
}

static void line_chosen(InspSourcePane *pane, guint line, InspWindow *window)
{
	g_autofree char *base = g_path_get_basename(insp_source_pane_path(pane));
	g_autofree char *command = g_strdup_printf("break.toggle %s:%u", base, line);

	insp__run_text(window, command);
}

void insp__program_shown(InspWindow *window)
{
	/* Where the replay stands within an event it stays: another pane is looked at, and nothing moves. */
	if (!window->program)
		return;
	window->program->here = window->program->inside != NULL;
	insp__program_follow(window);
	window->program->here = FALSE;
}

static void page_shown(GObject *stack, GParamSpec *spec, InspWindow *window)
{
	insp__program_shown(window);
}

static GtkWidget *entry_new(const char *placeholder, const char *name, GCallback entered, InspWindow *window)
{
	GtkWidget *entry = gtk_entry_new();

	gtk_entry_set_placeholder_text(GTK_ENTRY(entry), placeholder);
	insp_name(entry, name);
	gtk_widget_set_margin_start(entry, 6);
	gtk_widget_set_margin_end(entry, 6);
	gtk_widget_set_margin_top(entry, 6);
	gtk_widget_set_margin_bottom(entry, 6);
	g_signal_connect(entry, "activate", entered, window);
	return entry;
}

static GtkWidget *pair_new(GtkOrientation orientation, GtkWidget *first, GtkWidget *second, int position, const char *name)
{
	GtkWidget *paned = gtk_paned_new(orientation);

	gtk_paned_set_start_child(GTK_PANED(paned), first);
	gtk_paned_set_end_child(GTK_PANED(paned), second);
	gtk_paned_set_position(GTK_PANED(paned), position);
	gtk_paned_set_shrink_start_child(GTK_PANED(paned), FALSE);
	gtk_paned_set_shrink_end_child(GTK_PANED(paned), FALSE);
	gtk_widget_set_vexpand(paned, TRUE);
	gtk_widget_set_hexpand(paned, TRUE);
	insp_name(paned, name);
	return paned;
}

static void add_page(InspWindow *window)
{
	struct insp_program *program = window->program;

	program->page = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
	program->say = gtk_label_new(NULL);
	gtk_label_set_xalign(GTK_LABEL(program->say), 0);
	gtk_label_set_wrap(GTK_LABEL(program->say), TRUE);
	gtk_widget_set_margin_start(program->say, 12);
	gtk_widget_set_margin_end(program->say, 12);
	gtk_widget_set_margin_top(program->say, 6);
	gtk_widget_set_visible(program->say, FALSE);
	program->stack = insp_text_table_new(stack_columns, "Stack", "No program is looked at.\n"
					     "Double-click a thread, or step to one of its events.");
	program->variables = insp_text_table_new(variable_columns, "Variables", "This frame has no variables that are known.");
	program->watch_table = insp_text_table_new(watch_columns, "Watched expressions",
						   "What you watch is shown here at every position.");
	program->watch_entry = entry_new("watch an expression: store[0].version", "Watch an expression", G_CALLBACK(watch_entered),
					 window);
	insp_text_table_on_activate(program->stack, frame_activated, window);
	insp_text_table_on_expand(program->variables, insp__program_expand, window);
	insp_text_table_on_activate(program->variables, variable_activated, window);
	insp_text_table_on_activate(program->watch_table, watch_activated, window);
	GtkWidget *watches = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
	GtkWidget *values = pair_new(GTK_ORIENTATION_VERTICAL, GTK_WIDGET(program->variables), watches, 100,
				     "Divider between variables and what is watched");

	/* A taller window is for variables. */
	gtk_paned_set_resize_end_child(GTK_PANED(values), FALSE);
	gtk_widget_set_vexpand(GTK_WIDGET(program->watch_table), TRUE);
	gtk_widget_set_size_request(GTK_WIDGET(program->watch_table), -1, 64);
	gtk_box_append(GTK_BOX(watches), GTK_WIDGET(program->watch_table));
	gtk_box_append(GTK_BOX(watches), program->watch_entry);
	gtk_box_append(GTK_BOX(program->page), program->say);
	gtk_box_append(GTK_BOX(program->page),
		       pair_new(GTK_ORIENTATION_VERTICAL, GTK_WIDGET(program->stack), values, 116,
				"Divider between stack and variables"));
	insp__pane_add(window, INSP_PANE_PROGRAM, program->page);
}

static void add_memory(InspWindow *window)
{
	struct insp_program *program = window->program;

	program->memory_page = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
	program->memory_entry = entry_new("address: 0x7ffffffde000", "Address", G_CALLBACK(memory_entered), window);
	program->memory = g_object_new(INSP_TYPE_MEMORY_PANE, NULL);
	gtk_box_append(GTK_BOX(program->memory_page), program->memory_entry);
	gtk_box_append(GTK_BOX(program->memory_page), GTK_WIDGET(program->memory));
}

void insp__add_program(InspWindow *window)
{
	struct insp_program *program = window->program = g_new0(struct insp_program, 1);

	program->watches = g_ptr_array_new_with_free_func(g_free);
	program->roots = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	program->points = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	add_page(window);
	add_memory(window);
	program->source = g_object_new(INSP_TYPE_SOURCE_PANE, NULL);
	program->code = g_object_new(INSP_TYPE_CODE_PANE, NULL);
	program->registers = insp_text_table_new(register_columns, "Registers", "No program is looked at.");
	program->machine = pair_new(GTK_ORIENTATION_HORIZONTAL, GTK_WIDGET(program->code), GTK_WIDGET(program->registers), 560,
				    "Divider between code and registers");
	program->points_table = insp_text_table_new(point_columns, "Breakpoints and watchpoints",
						    "Nothing stops the replay yet.\nClick beside a line of source, or use break.add.");
	program->node_pane = g_object_new(INSP_TYPE_NODE_PANE, NULL);
	insp__pane_add(window, INSP_PANE_NODE, GTK_WIDGET(program->node_pane));
	insp__pane_add(window, INSP_PANE_SOURCE, GTK_WIDGET(program->source));
	insp__pane_add(window, INSP_PANE_MACHINE, program->machine);
	insp__pane_add(window, INSP_PANE_MEMORY, program->memory_page);
	insp__pane_add(window, INSP_PANE_POINTS, GTK_WIDGET(program->points_table));
	insp_text_table_on_activate(program->points_table, point_activated, window);
	insp_text_table_on_activate(window->threads, thread_activated, window);
	g_signal_connect(program->source, "line-chosen", G_CALLBACK(line_chosen), window);
	g_signal_connect(window->lists, "notify::visible-child", G_CALLBACK(page_shown), window);
	g_signal_connect(window->details, "notify::visible-child", G_CALLBACK(page_shown), window);
}
