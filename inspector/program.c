/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "window-int.h"

#include "base/check.h"
#include "question.h"

/* ---- which thread ---- */

char *insp__program_thread(const struct insp_program *program)
{
	g_autofree char *node = program->node ? insp_engine_quote(program->node) : NULL;

	return node ? g_strdup_printf(",\"node\":%s,\"tid\":%u", node, program->tid) : g_strdup("");
}

static void choose_thread(struct insp_program *program, const char *node, guint tid)
{
	if (g_strcmp0(program->node, node) != 0 || program->tid != tid)
		program->frame = 0;
	if (node != program->node) {
		g_free(program->node);
		program->node = g_strdup(node);
	}
	program->tid = tid;
}

/* The thread that the focus is about; where the node's kernel does something by itself, the thread that ran last there. */
static void choose_by_focus(InspWindow *window)
{
	const struct insp_run *run = window->run;
	const uint32_t lane = insp_lane_of(run, window->focus);
	uint32_t seq = window->focus;

	for (guint tries = 0; seq != INSP_NONE && tries < 1000; tries++) {
		const struct insp_thread *thread = &run->threads[run->thread[seq]];

		if (thread->tid) {
			choose_thread(window->program, run->lanes[lane].name, thread->tid);
			return;
		}
		seq = insp_step(run, seq, -1, INSP_GRAIN_EVENT, lane);
	}
}

/* ---- questions ---- */

/* The window has gone on since. */
static bool is_old(const struct insp_question *question)
{
	return question->serial != question->window->program->serial;
}

#define ASK(window, func, text, row, ...)                                                          \
	insp_engine_ask((window)->program->engine, func,                                                  \
			insp__question_new(window, (window)->program->serial, text, row), insp__question_free, __VA_ARGS__)
/* What Esc does not take back. */
#define TELL(window, func, text, ...)                                                              \
	insp_engine_tell((window)->program->engine, func,                                                 \
			 insp__question_new(window, (window)->program->serial, text, NULL), insp__question_free, __VA_ARGS__)

static void say(struct insp_program *program, const char *text)
{
	gtk_label_set_text(GTK_LABEL(program->say), text ? text : "");
	gtk_widget_set_visible(program->say, text && *text);
}

static void took_source(JsonObject *answer, const char *error, gpointer data)
{
	const struct insp_question *question = data;
	struct insp_program *program = question->window->program;

	if (is_old(question))
		return;
	if (answer)
		insp_source_pane_set(program->source, question->text, insp__json_text(answer, "text"), program->source_line);
	else
		insp_source_pane_clear(program->source, error);
	insp__program_show_points(question->window);
}

static void took_registers(JsonObject *answer, const char *error, gpointer data)
{
	const struct insp_question *question = data;

	if (is_old(question))
		return;
	if (answer)
		insp_text_table_set(question->window->program->registers, insp__rows_of_registers(answer), FALSE);
	else
		insp_text_table_clear(question->window->program->registers, error);
}

static void took_code(JsonObject *answer, const char *error, gpointer data)
{
	const struct insp_question *question = data;

	if (is_old(question))
		return;
	insp_code_pane_set(question->window->program->code, answer, question->text, error);
}

static void took_watch(JsonObject *answer, const char *error, gpointer data)
{
	const struct insp_question *question = data;
	struct insp_program *program = question->window->program;

	if (is_old(question))
		return;
	insp_text_table_put(program->watch_table, insp__row_of_watch(question->text, answer, error));
}

static void took_variables(JsonObject *answer, const char *error, gpointer data)
{
	const struct insp_question *question = data;

	if (is_old(question))
		return;
	if (answer)
		insp_text_table_set(question->window->program->variables, insp__rows_of_variables(answer, NULL), FALSE);
	else
		insp_text_table_clear(question->window->program->variables, error);
}

static void took_memory(JsonObject *answer, const char *error, gpointer data)
{
	const struct insp_question *question = data;
	struct insp_program *program = question->window->program;
	g_autoptr(GBytes) bytes = answer ? insp__bytes_of(answer) : NULL;

	if (!is_old(question))
		insp_memory_pane_set(program->memory, program->memory_address, bytes, error);
}

static void took_state(JsonObject *answer, const char *error, gpointer data)
{
	const struct insp_question *question = data;
	InspWindow *window = question->window;
	JsonNode *state = answer ? json_object_get_member(answer, "state") : NULL;

	if (is_old(question))
		return;
	if (state && JSON_NODE_HOLDS_OBJECT(state))
		insp_node_pane_set(window->program->node_pane, json_node_get_object(state), question->text);
	else
		insp_node_pane_clear(window->program->node_pane, error);
}

static void ask_frame(InspWindow *window)
{
	struct insp_program *program = window->program;
	g_autofree char *thread = insp__program_thread(program);

	ASK(window, took_variables, NULL, NULL, "\"do\":\"variables\",\"frame\":%u,\"scope\":\"locals\"%s", program->frame, thread);
	for (guint i = 0; i < program->watches->len; i++) {
		g_autofree char *expression = insp_engine_quote(program->watches->pdata[i]);

		ASK(window, took_watch, program->watches->pdata[i], NULL, "\"do\":\"evaluate\",\"expression\":%s,\"frame\":%u%s",
		    expression, program->frame, thread);
	}
}

static void ask_memory(InspWindow *window)
{
	struct insp_program *program = window->program;
	g_autofree char *node = program->node ? insp_engine_quote(program->node) : NULL;

	if (program->memory_address && node)
		ASK(window, took_memory, NULL, NULL, INSP_ASK_MEMORY "\"node\":%s,\"pid\":%u", program->memory_address, node,
		    program->pid);
}

#define ROOTS_OF_PATH 5		/* folders above a program in which its source is looked for */

static void took_nothing(JsonObject *answer, const char *error, gpointer data)
{
}

/* Paths of source are often relative to where a program was built: the folders above it are looked through, nearest first. */
void insp__add_roots(InspEngine *engine, GHashTable *roots, const char *path)
{
	g_autofree char *folder = g_path_get_dirname(path);

	for (int i = 0; i < ROOTS_OF_PATH && folder[0] == '/' && folder[1]; i++) {
		if (g_hash_table_add(roots, g_strdup(folder))) {
			g_autofree char *quoted = insp_engine_quote(folder);

			insp_engine_tell(engine, took_nothing, NULL, g_free, "\"do\":\"roots\",\"add\":%s", quoted);
		}
		char *above = g_path_get_dirname(folder);

		g_free(folder);
		folder = above;
	}
}

/* A frame has been chosen: where it is in source and code. */
static void show_frame(InspWindow *window, JsonObject *frame)
{
	struct insp_program *program = window->program;
	const char *file = insp__json_text(frame, "file"), *pc = insp__json_text(frame, "pc");
	g_autofree char *thread = insp__program_thread(program);

	program->source_line = (guint)insp__json_number(frame, "line");
	if (file) {
		g_autofree char *quoted = insp_engine_quote(file);
		const char *module = insp__json_text(frame, "module");

		if (module)
			insp__add_roots(program->engine, program->roots, module);
		ASK(window, took_source, file, NULL, "\"do\":\"source\",\"file\":%s%s", quoted, thread);
	} else {
		insp_source_pane_clear(program->source, NO_SOURCE_WORDS);
	}
	if (pc)
		ASK(window, took_code, pc, NULL, INSP_ASK_CODE "%s", pc, thread);
}

/* Whoever stops in a library of the system wants to see who called it. */
static guint own_frame(JsonArray *frames)
{
	for (guint i = 0; i < json_array_get_length(frames); i++) {
		JsonObject *frame = json_array_get_object_element(frames, i);
		const char *module = insp__json_text(frame, "module");

		if (insp__json_text(frame, "file") && module && !g_str_has_prefix(module, "/usr/lib/") &&
		    !g_str_has_prefix(module, "/lib"))
			return i;
	}
	return 0;
}

static void took_stack(JsonObject *answer, const char *error, gpointer data)
{
	const struct insp_question *question = data;
	InspWindow *window = question->window;
	struct insp_program *program = window->program;
	JsonNode *frames = answer ? json_object_get_member(answer, "frames") : NULL;

	if (is_old(question))
		return;
	if (!frames || !JSON_NODE_HOLDS_ARRAY(frames)) {
		insp_text_table_clear(program->stack, error);
		insp_source_pane_clear(program->source, error);
		insp__compare_program(window, 1);
		return;
	}
	JsonArray *list = json_node_get_array(frames);
	const guint count = json_array_get_length(list);

	if (!program->frame_chosen)
		program->frame = own_frame(list);
	if (program->frame >= count)
		program->frame = 0;
	program->pid = (guint)insp__json_number(answer, "pid");
	insp_text_table_set(program->stack, insp__rows_of_frames(answer, program->frame), FALSE);
	insp__compare_program(window, count - program->frame);
	if (count)
		show_frame(window, json_array_get_object_element(list, program->frame));
	ask_frame(window);
}

/* ---- following the focus ---- */

static bool needs_execution(InspWindow *window)
{
	static const enum insp_pane executed[] = {INSP_PANE_PROGRAM, INSP_PANE_SOURCE, INSP_PANE_MACHINE, INSP_PANE_MEMORY};

	for (guint i = 0; i < G_N_ELEMENTS(executed); i++)
		if (insp__pane_is_seen(window, executed[i]))
			return true;
	return false;
}

static bool is_seen(InspWindow *window)
{
	return needs_execution(window) || insp__pane_is_seen(window, INSP_PANE_NODE);
}

static void took_seek(JsonObject *answer, const char *error, gpointer data)
{
	const struct insp_question *question = data;

	if (is_old(question))
		return;
	question->window->program->moving = FALSE;
	if (!answer)
		say(question->window->program, error);
}

static void ask_thread(InspWindow *window)
{
	struct insp_program *program = window->program;
	g_autofree char *thread = insp__program_thread(program);

	if (!program->node) {
		insp_text_table_clear(program->stack, "No thread has been chosen yet.\nChoose one in the list of threads.");
		return;
	}
	ASK(window, took_stack, NULL, NULL, "\"do\":\"stack\",\"limit\":64%s", thread);
	ASK(window, took_registers, NULL, NULL, "\"do\":\"registers\"%s", thread);
	ask_memory(window);
}

void insp__program_follow(InspWindow *window)
{
	struct insp_program *program = window->program;

	if (!program || !program->engine || window->focus == INSP_NONE || !is_seen(window))
		return;
	program->serial++;
	program->frame_chosen = FALSE;
	if (!program->here) {
		g_clear_pointer(&program->inside, g_free);
		g_clear_pointer(&program->stop, g_free);
		choose_by_focus(window);
	}
	g_autofree char *stop = program->stop && program->inside ? g_strdup_printf("%s   %s", program->stop, program->inside)
								   : g_strdup(program->stop);

	say(program, stop);
	const char *node = program->node ? program->node : window->run->lanes[insp_lane_of(window->run, window->focus)].name;

	/* Whatever the replay is on its way to is not wanted any more. */
	if (program->moving && !program->here)
		insp_engine_cancel(program->engine);
	ASK(window, took_state, node, NULL, "\"do\":\"state\",\"at\":\"@%u\"", window->focus + 1);
	insp__compare_state(window, node);
	if (needs_execution(window)) {
		if (!program->here) {
			program->moving = TRUE;
			ASK(window, took_seek, NULL, NULL, "\"do\":\"seek\",\"to\":\"@%u\"", window->focus + 1);
		}
		ask_thread(window);
	}
	program->here = FALSE;
	insp__update_status(window);
}

/* ---- moving ---- */

static void took_move(JsonObject *answer, const char *error, gpointer data)
{
	const struct insp_question *question = data;
	InspWindow *window = question->window;
	struct insp_program *program = window->program;
	JsonObject *stop = answer && json_object_has_member(answer, "stop") ? json_object_get_object_member(answer, "stop") : NULL;

	/* A later move has taken its place. */
	if (is_old(question))
		return;
	program->moving = FALSE;
	if (!answer && program->cancelled) {
		g_free(program->stop);
		program->stop = g_strdup(INTERRUPTED_WORDS);
		say(program, program->stop);
		return;
	}
	if (!answer) {
		insp__refuse(window, "%s", error);
		say(program, error);
		return;
	}
	const gint64 seq = insp__json_number(answer, "seq");
	const uint32_t last = window->run->count - 1;
	const uint32_t focus = seq <= 0 ? 0 : seq - 1 > last ? last : (uint32_t)(seq - 1);
	const gboolean inside = json_object_get_boolean_member_with_default(answer, "inside", FALSE);
	const gint64 tid = insp__json_number(stop, "tid");
	const gint64 node = insp__json_number(stop, "node");

	g_free(program->inside);
	program->inside = inside ? g_strdup(insp__json_text(answer, "position")) : NULL;
	g_free(program->stop);
	program->stop = insp__stop_words(stop);
	for (uint32_t lane = 0; tid && lane < window->run->lane_count; lane++)
		if (window->run->lanes[lane].node == node)
			choose_thread(program, window->run->lanes[lane].name, (guint)tid);
	program->here = TRUE;
	insp__focus(window, focus, /* remember= */ true);
	program->here = FALSE;
}

void insp__program_move(InspWindow *window, const char *members)
{
	struct insp_program *program = window->program;

	if (!insp__need_run(window))
		return;
	/* First: a page that comes to light asks for what it shows. */
	if (!is_seen(window))
		insp__pane_show(window, INSP_PANE_PROGRAM, /* asked= */ true);
	/* The replay has to stand where the window does before it goes on from there. */
	if (!program->inside)
		ASK(window, took_seek, NULL, NULL, "\"do\":\"seek\",\"to\":\"@%u\"", window->focus + 1);
	program->serial++;
	program->moving = TRUE;
	program->cancelled = FALSE;
	say(program, "The replay is on its way. Esc stops it.");
	ASK(window, took_move, NULL, NULL, "%s", members);
	insp__update_status(window);
}

void insp__program_cancel(InspWindow *window)
{
	if (!window->program || !window->program->engine || !window->program->moving)
		return;
	window->program->cancelled = TRUE;
	insp_engine_cancel(window->program->engine);
}

guint insp__program_pending(InspWindow *window)
{
	return window->program && window->program->engine ? insp_engine_pending(window->program->engine) : 0;
}

void insp__program_select(InspWindow *window, const char *node, guint tid)
{
	struct insp_program *program = window->program;

	choose_thread(program, node, tid);
	if (!is_seen(window))
		insp__pane_show(window, INSP_PANE_PROGRAM, /* asked= */ true);
	/* The replay stands where the window does; only who is looked at changes. */
	program->here = program->inside != NULL;
	const bool here = program->here;

	if (here) {
		insp__program_follow(window);
		return;
	}
	program->serial++;
	ASK(window, took_seek, NULL, NULL, "\"do\":\"seek\",\"to\":\"@%u\"", window->focus + 1);
	ask_thread(window);
}

void insp__program_frame(InspWindow *window, guint frame)
{
	struct insp_program *program = window->program;

	program->serial++;
	program->frame = frame;
	program->frame_chosen = TRUE;
	ask_thread(window);
}

/* ---- what is opened, watched, looked at ---- */

static void took_children(JsonObject *answer, const char *error, gpointer data)
{
	const struct insp_question *question = data;

	if (answer && !is_old(question))
		insp_text_table_set_children(question->window->program->variables, question->row,
					     insp__rows_of_variables(answer, question->text));
}

void insp__program_expand(InspTextRow *row, gpointer data)
{
	InspWindow *window = data;
	const struct insp_variable *variable = row->data;
	g_autofree char *node = insp_engine_quote(window->program->node ? window->program->node : "");
	g_autofree char *handle = variable->handle ? insp_engine_quote(variable->handle) : NULL;

	if (handle && variable->address)
		ASK(window, took_children, variable->expression, row,
		    "\"do\":\"expand\",\"address\":\"%s\",\"type\":%s,\"node\":%s,\"tid\":%u,\"count\":100", variable->address, handle,
		    node, window->program->tid);
	insp__compare_expand(window, row);
}

void insp__program_watch(InspWindow *window, const char *expression)
{
	struct insp_program *program = window->program;

	for (guint i = 0; i < program->watches->len; i++)
		if (strcmp(program->watches->pdata[i], expression) == 0)
			return;
	g_ptr_array_add(program->watches, g_strdup(expression));
	program->serial++;
	ask_frame(window);
	insp__compare_watch(window, expression);
}

void insp__program_memory(InspWindow *window, guint64 address)
{
	window->program->memory_address = address;
	ask_memory(window);
	insp__compare_memory(window);
}

/* ---- points ---- */

static void took_point(JsonObject *answer, const char *error, gpointer data)
{
	const struct insp_question *question = data;
	InspWindow *window = question->window;

	if (!answer) {
		insp__refuse(window, "%s", error);
		return;
	}
	g_hash_table_insert(window->program->points, GINT_TO_POINTER((int)insp__json_number(answer, "point")),
			    g_strdup(question->text));
	insp__program_show_points(window);
	insp__update_status(window);
}

void insp__program_point(InspWindow *window, const char *what, const char *members)
{
	TELL(window, took_point, what, "%s", members);
	insp__update_status(window);
}

static void took_delete(JsonObject *answer, const char *error, gpointer data)
{
	const struct insp_question *question = data;
	InspWindow *window = question->window;

	if (answer)
		g_hash_table_remove(window->program->points, GINT_TO_POINTER(atoi(question->text)));
	else
		insp__refuse(window, "%s", error);
	insp__program_show_points(window);
	insp__update_status(window);
}

void insp__program_delete(InspWindow *window, int point)
{
	g_autofree char *text = g_strdup_printf("%d", point);

	TELL(window, took_delete, text, "\"do\":\"delete\",\"point\":%d", point);
}

/* The number of the breakpoint at a line, as "FILE:LINE" was set; 0: none. */
int insp__program_point_at(InspWindow *window, const char *place)
{
	GHashTableIter iter;
	gpointer number, text;

	g_hash_table_iter_init(&iter, window->program->points);
	while (g_hash_table_iter_next(&iter, &number, &text))
		if (strcmp(text, place) == 0)
			return GPOINTER_TO_INT(number);
	return 0;
}

static int by_number(gconstpointer a, gconstpointer b)
{
	return GPOINTER_TO_INT(a) - GPOINTER_TO_INT(b);
}

void insp__program_show_points(InspWindow *window)
{
	struct insp_program *program = window->program;
	GPtrArray *rows = g_ptr_array_new_with_free_func(g_object_unref);
	g_autoptr(GList) numbers = g_list_sort(g_hash_table_get_keys(program->points), by_number);
	g_autoptr(GArray) lines = g_array_new(TRUE, TRUE, sizeof(guint));
	const char *path = insp_source_pane_path(program->source);
	g_autofree char *base = path ? g_path_get_basename(path) : g_strdup("");

	for (GList *at = numbers; at; at = at->next) {
		const char *what = g_hash_table_lookup(program->points, at->data);
		const char *colon = strrchr(what, ':');
		g_autofree char *key = g_strdup_printf("%d", GPOINTER_TO_INT(at->data));
		InspTextRow *row = insp_text_row_new(key);
		const guint line = colon && strncmp(what, base, (size_t)(colon - what)) == 0 && *base ? (guint)atoi(colon + 1) : 0;

		row->text[0] = g_strdup(key);
		row->text[1] = g_strdup(what);
		row->data = at->data;
		g_ptr_array_add(rows, row);
		if (line)
			g_array_append_val(lines, line);
	}
	insp_text_table_set(program->points_table, rows, FALSE);
	insp_source_pane_set_breaks(program->source, (const guint *)(void *)lines->data);
}

/* ---- life ---- */

static void engine_changed(InspEngine *engine, InspWindow *window)
{
	insp__update_status(window);
}

void insp__program_open(InspWindow *window)
{
	struct insp_program *program = window->program;

	program->engine = insp_engine_new(window->run->path);
	g_signal_connect(program->engine, "changed", G_CALLBACK(engine_changed), window);
}

void insp__program_close(InspWindow *window)
{
	struct insp_program *program = window->program;

	if (!program || !program->engine)
		return;
	g_signal_handlers_disconnect_by_data(program->engine, window);
	insp_engine_stop(program->engine);
	g_clear_object(&program->engine);
	g_clear_pointer(&program->node, g_free);
	g_clear_pointer(&program->inside, g_free);
	g_clear_pointer(&program->stop, g_free);
	program->tid = program->frame = 0;
	program->serial++;
	program->moving = program->here = FALSE;
	program->memory_address = 0;
	g_hash_table_remove_all(program->points);
	g_hash_table_remove_all(program->roots);
	g_ptr_array_set_size(program->watches, 0);
	insp_text_table_clear(program->watch_table, NULL);
	insp_text_table_clear(program->stack, NULL);
	insp_text_table_clear(program->variables, NULL);
	insp_text_table_clear(program->registers, NULL);
	insp_code_pane_clear(program->code, NULL);
	insp_memory_pane_clear(program->memory);
	insp_text_table_clear(program->points_table, NULL);
	insp_node_pane_clear(program->node_pane, NULL);
	insp_source_pane_clear(program->source, NULL);
	say(program, NULL);
}

void insp__program_free(InspWindow *window)
{
	struct insp_program *program = g_steal_pointer(&window->program);

	if (!program)
		return;
	g_ptr_array_unref(program->watches);
	g_hash_table_unref(program->points);
	g_hash_table_unref(program->roots);
	g_free(program);
}
