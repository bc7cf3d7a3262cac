/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare-state.c - the second run's side of the panes: what it has where it stands beside the first.
 *
 * It has a replay of its own, which is asked the same questions as the first run's: about the same node and thread, in the frame
 * that as many are around.  The window steps through the first run by line and instruction; the second stays between two events.
 */
#include "compare-int.h"

#include "base/check.h"
#include "question.h"

static InspTextTable *const *tables_of(InspWindow *window)
{
	static InspTextTable *tables[6];
	const struct insp_program *program = window->program;

	tables[0] = window->threads;
	tables[1] = program->stack;
	tables[2] = program->variables;
	tables[3] = program->watch_table;
	tables[4] = program->registers;
	tables[5] = NULL;
	return tables;
}

static void set_paired(InspWindow *window, gboolean paired)
{
	for (InspTextTable *const *table = tables_of(window); *table; table++)
		insp_text_table_set_paired(*table, paired);
	insp_node_pane_set_paired(window->program->node_pane, paired);
	insp_source_pane_set_paired(window->program->source, paired);
	insp_memory_pane_set_paired(window->program->memory, paired);
	insp_code_pane_set_paired(window->program->code, paired);
}

/* Where the program is has to be asked anew. */
static void wait_place(const struct insp_program *program)
{
	insp_source_pane_wait_other(program->source);
	insp_memory_pane_wait_other(program->memory);
	insp_code_pane_wait_other(program->code);
}

/* The second run's program is nowhere. */
static void no_place(const struct insp_program *program, const char *why)
{
	insp_source_pane_set_other(program->source, NULL, NULL, 0, why);
	insp_memory_pane_set_other(program->memory, program->memory_address, NULL, why);
	insp_code_pane_set_other(program->code, NULL, NULL, why);
}

void insp__compare_state_open(InspWindow *window)
{
	struct insp_compare *compare = window->compare;

	compare->engine = insp_engine_new(compare->of->run[1]->run->path);
	compare->roots = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_signal_connect_swapped(compare->engine, "changed", G_CALLBACK(insp__update_status), window);
	set_paired(window, TRUE);
}

void insp__compare_state_close(InspWindow *window, struct insp_compare *compare)
{
	g_signal_handlers_disconnect_by_data(compare->engine, window);
	insp_engine_stop(compare->engine);
	g_object_unref(compare->engine);
	g_hash_table_unref(compare->roots);
	if (window->program)
		set_paired(window, FALSE);
}

/* ---- threads: told by the trace ---- */

struct fold_job {
	struct insp_compared *of;
	uint32_t seq;
	struct insp_thread_state *states;
	uint32_t count;
};

static void fold_job_free(gpointer data)
{
	struct fold_job *job = data;

	insp__compared_unref(job->of);
	free(job->states);
	g_free(job);
}

static void fold_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	struct fold_job *job = data;

	job->states = insp_fold(job->of->run[1]->run, job->seq, INSP_NONE, &job->count);
	g_task_return_boolean(task, TRUE);
}

static void fold_done(GObject *object, GAsyncResult *result, gpointer data)
{
	InspWindow *window = INSP_WINDOW(object);
	const struct fold_job *job = g_task_get_task_data(G_TASK(result));

	window->folding--;
	if (window->compare && window->compare->of == job->of && window->compare->other == job->seq)
		insp_text_table_set_other(window->threads, insp_threads_rows(job->of->run[1]->run, job->seq, job->states, job->count));
	insp__update_status(window);
}

void insp__compare_threads(InspWindow *window)
{
	struct fold_job *job = g_new0(struct fold_job, 1);
	g_autoptr(GTask) task = g_task_new(window, NULL, fold_done, NULL);

	job->of = g_atomic_rc_box_acquire(window->compare->of);
	job->seq = window->compare->other;
	g_task_set_task_data(task, job, fold_job_free);
	window->folding++;
	g_task_run_in_thread(task, fold_thread);
}

/* ---- what has to be asked of the replay ---- */

static bool is_old(const struct insp_question *question)
{
	return !question->window->compare || question->serial != question->window->compare->serial;
}

#define ASK(window, func, text, row, ...)                                                          \
	insp_engine_ask((window)->compare->engine, func,                                                  \
			insp__question_new(window, (window)->compare->serial, text, row), insp__question_free, __VA_ARGS__)

/* The second run's name of a node of the first; NULL: it does not have it. */
static const char *name_of(InspWindow *window, const char *node)
{
	const struct insp_pair *pair = window->compare->of->pair;

	for (uint32_t lane = 0; node && lane < pair->run[0]->lane_count; lane++) {
		const uint32_t other = pair->rows[pair->row_of[0][lane]].lane[1];

		if (strcmp(pair->run[0]->lanes[lane].name, node) == 0)
			return other == INSP_NONE ? NULL : pair->run[1]->lanes[other].name;
	}
	return NULL;
}

/* What the second run has not: no rows, so that all of the first one's are alone. */
static GPtrArray *no_rows(void)
{
	return g_ptr_array_new_with_free_func(g_object_unref);
}

static void took_state(JsonObject *answer, const char *error, gpointer data)
{
	const struct insp_question *question = data;
	JsonNode *state = answer ? json_object_get_member(answer, "state") : NULL;

	if (is_old(question))
		return;
	if (state && JSON_NODE_HOLDS_OBJECT(state))
		insp_node_pane_set_other(question->window->program->node_pane, json_node_get_object(state), question->text);
	else
		insp__refuse(question->window, "the second run: %s", error);
}

void insp__compare_state(InspWindow *window, const char *node)
{
	struct insp_compare *compare = window->compare;

	if (!compare)
		return;
	/* Where it is on its way to is not wanted any more. */
	insp__compare_cancel(window);
	compare->serial++;
	insp_node_pane_set_other(window->program->node_pane, NULL, NULL);
	for (InspTextTable *const *table = tables_of(window) + 1; *table; table++)
		insp_text_table_set_other(*table, NULL);
	wait_place(window->program);
	/* Of a node that it does not have it tells its links. */
	const char *name = name_of(window, node);

	ASK(window, took_state, name ? name : "", NULL, "\"do\":\"state\",\"at\":\"@%u\"", compare->other + 1);
}

static void took_variables(JsonObject *answer, const char *error, gpointer data)
{
	const struct insp_question *question = data;

	if (!is_old(question))
		insp_text_table_set_other(question->window->program->variables,
					  answer ? insp__rows_of_variables(answer, NULL) : no_rows());
}

static void took_registers(JsonObject *answer, const char *error, gpointer data)
{
	const struct insp_question *question = data;

	if (!is_old(question))
		insp_text_table_set_other(question->window->program->registers, answer ? insp__rows_of_registers(answer) : no_rows());
}

static void took_watch(JsonObject *answer, const char *error, gpointer data)
{
	const struct insp_question *question = data;

	if (!is_old(question))
		insp_text_table_put_other(question->window->program->watch_table,
					  insp__row_of_watch(question->text, answer, error));
}

/* ",\"node\":...,\"tid\":..." of the thread; "": the second run does not have its node. */
static char *thread_of(InspWindow *window)
{
	const char *name = name_of(window, window->program->node);
	g_autofree char *node = name ? insp_engine_quote(name) : NULL;

	return node ? g_strdup_printf(",\"node\":%s,\"tid\":%u", node, window->program->tid) : g_strdup("");
}

static void ask_watch(InspWindow *window, const char *expression)
{
	g_autofree char *thread = thread_of(window), *quoted = insp_engine_quote(expression);

	if (*thread)
		ASK(window, took_watch, expression, NULL, "\"do\":\"evaluate\",\"expression\":%s,\"frame\":%u%s", quoted,
		    window->compare->frame, thread);
}

static void took_source(JsonObject *answer, const char *error, gpointer data)
{
	const struct insp_question *question = data;

	if (!is_old(question))
		insp_source_pane_set_other(question->window->program->source, answer ? question->text : NULL,
					   insp__json_text(answer, "text"), question->window->compare->line, error);
}

static void took_code(JsonObject *answer, const char *error, gpointer data)
{
	const struct insp_question *question = data;

	if (!is_old(question))
		insp_code_pane_set_other(question->window->program->code, answer, question->text, error);
}

static void took_memory(JsonObject *answer, const char *error, gpointer data)
{
	const struct insp_question *question = data;
	struct insp_program *program = question->window->program;
	g_autoptr(GBytes) bytes = answer ? insp__bytes_of(answer) : NULL;

	if (!is_old(question))
		insp_memory_pane_set_other(program->memory, program->memory_address, bytes, error);
}

/* Of the same address: what was laid out alike lies there in both. */
static void ask_memory(InspWindow *window)
{
	const struct insp_program *program = window->program;
	const char *name = name_of(window, program->node);
	g_autofree char *node = name ? insp_engine_quote(name) : NULL;

	if (node && window->compare->pid && program->memory_address)
		ASK(window, took_memory, NULL, NULL, INSP_ASK_MEMORY "\"node\":%s,\"pid\":%u", program->memory_address, node,
		    window->compare->pid);
}

/* Where the frame is in source and code. */
static void ask_place(InspWindow *window, JsonObject *frame, const char *thread)
{
	struct insp_compare *compare = window->compare;
	const char *file = insp__json_text(frame, "file"), *pc = insp__json_text(frame, "pc"), *module = insp__json_text(frame, "module");

	compare->line = (guint)insp__json_number(frame, "line");
	if (file) {
		g_autofree char *quoted = insp_engine_quote(file);

		if (module)
			insp__add_roots(compare->engine, compare->roots, module);
		ASK(window, took_source, file, NULL, "\"do\":\"source\",\"file\":%s%s", quoted, thread);
	} else {
		insp_source_pane_set_other(window->program->source, NULL, NULL, 0, NO_SOURCE_WORDS);
	}
	if (pc)
		ASK(window, took_code, pc, NULL, INSP_ASK_CODE "%s", pc, thread);
}

static void took_stack(JsonObject *answer, const char *error, gpointer data)
{
	const struct insp_question *question = data;
	InspWindow *window = question->window;
	struct insp_compare *compare = window->compare;

	if (is_old(question))
		return;
	const guint count = answer && json_object_has_member(answer, "frames")
				    ? json_array_get_length(json_object_get_array_member(answer, "frames")) : 0;

	compare->frame = count > compare->depth ? count - compare->depth : 0;
	insp_text_table_set_other(window->program->stack, count ? insp__rows_of_frames(answer, compare->frame) : no_rows());
	if (!count) {
		insp_text_table_set_other(window->program->variables, no_rows());
		no_place(window->program, error ? error : "The thread runs no program there.");
		return;
	}
	g_autofree char *thread = thread_of(window);

	compare->pid = (guint)insp__json_number(answer, "pid");
	ask_place(window, json_array_get_object_element(json_object_get_array_member(answer, "frames"), compare->frame), thread);
	ASK(window, took_variables, NULL, NULL, "\"do\":\"variables\",\"frame\":%u,\"scope\":\"locals\"%s", compare->frame, thread);
	for (guint i = 0; i < window->program->watches->len; i++)
		ask_watch(window, window->program->watches->pdata[i]);
	ask_memory(window);
}

static void took_seek(JsonObject *answer, const char *error, gpointer data)
{
	const struct insp_question *question = data;

	if (!is_old(question) && !answer)
		insp__refuse(question->window, "the second run: %s", error);
}

void insp__compare_program(InspWindow *window, guint depth)
{
	struct insp_compare *compare = window->compare;

	if (!compare)
		return;
	g_autofree char *thread = thread_of(window);

	compare->depth = depth;
	compare->pid = 0;
	wait_place(window->program);
	if (!*thread) {
		for (InspTextTable *const *table = tables_of(window) + 1; *table; table++)
			insp_text_table_set_other(*table, no_rows());
		no_place(window->program, "The second run does not have this node.");
		return;
	}
	ASK(window, took_seek, NULL, NULL, "\"do\":\"seek\",\"to\":\"@%u\"", compare->other + 1);
	ASK(window, took_stack, NULL, NULL, "\"do\":\"stack\",\"limit\":64%s", thread);
	ASK(window, took_registers, NULL, NULL, "\"do\":\"registers\"%s", thread);
}

static void took_children(JsonObject *answer, const char *error, gpointer data)
{
	const struct insp_question *question = data;

	if (!is_old(question))
		insp_text_table_set_other_children(question->window->program->variables, question->row,
						   answer ? insp__rows_of_variables(answer, question->text) : no_rows());
}

void insp__compare_expand(InspWindow *window, InspTextRow *row)
{
	const struct insp_variable *variable = row->twin ? row->twin->data : NULL;

	if (!window->compare)
		return;
	if (!variable || !variable->handle || !variable->address) {
		insp_text_table_set_other_children(window->program->variables, row, no_rows());
		return;
	}
	g_autofree char *thread = thread_of(window), *handle = insp_engine_quote(variable->handle);

	ASK(window, took_children, variable->expression, row,
	    "\"do\":\"expand\",\"address\":\"%s\",\"type\":%s,\"count\":100%s", variable->address, handle, thread);
}

void insp__compare_watch(InspWindow *window, const char *expression)
{
	if (window->compare)
		ask_watch(window, expression);
}

void insp__compare_memory(InspWindow *window)
{
	if (!window->compare)
		return;
	insp_memory_pane_wait_other(window->program->memory);
	ask_memory(window);
}

void insp__compare_cancel(InspWindow *window)
{
	if (window->compare)
		insp_engine_cancel(window->compare->engine);
}
