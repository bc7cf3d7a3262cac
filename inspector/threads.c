/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "threads.h"

#include <sys/wait.h>

#include "syscall-names.h"
#include "steps.h"

static const struct insp_text_column columns[] = {
	{.title = "Node"}, {.title = "Program", .expand = TRUE, .shared = TRUE}, {.title = "Does", .expand = TRUE},
	{.title = "For", .right = TRUE, .fleeting = TRUE, .quiet = TRUE}, {NULL}};

InspTextTable *insp_threads_new(void)
{
	return insp_text_table_new(columns, "Threads at this position", "No program has started yet.");
}

static void put_doing(const struct insp_thread_state *state, InspTextRow *row)
{
	const int code = (int)state->code;
	const char *name;

	switch (state->doing) {
	case INSP_DOING_RUNS:
		row->text[2] = g_strdup("runs");
		return;
	case INSP_DOING_WAITS:
		name = fmt_syscall_name(state->call);
		row->text[2] = g_strdup_printf("waits in %s", name ? name : "a call");
		return;
	case INSP_DOING_ENDED:
		name = WIFSIGNALED(code) ? fmt_signal_name((uint64_t)WTERMSIG(code)) : NULL;
		row->text[2] = WIFSIGNALED(code) ? g_strdup_printf("killed by %s", name ? name : "a signal")
						 : g_strdup_printf("exited with %d", WEXITSTATUS(code));
		row->style = code ? "error" : "dim-label";
		return;
	}
}

/* ordinal: how many threads of the node had the number before. */
static InspTextRow *row_of(const struct insp_run *run, uint32_t seq, const struct insp_thread_state *state, uint32_t ordinal)
{
	const uint32_t since = state->last == INSP_NONE ? state->born : state->last;
	g_autofree char *key = g_strdup_printf("%u %u %u", run->lanes[state->lane].node, state->tid, ordinal);
	InspTextRow *row = insp_text_row_new(key);
	struct insp_thread *thread = g_new(struct insp_thread, 1);
	char text[48];

	*thread = (struct insp_thread){state->lane, state->tid};
	row->data = thread;
	row->data_free = g_free;
	row->text[0] = g_strdup(run->lanes[state->lane].name);
	row->text[1] = state->tid == state->pid ? g_strdup_printf("%s  %u", state->name, state->pid)
						: g_strdup_printf("%s  %u.%u", state->name, state->pid, state->tid);
	put_doing(state, row);
	insp_put_duration(text, sizeof(text), insp_vtime(run, seq) - insp_vtime(run, since));
	row->text[3] = g_strdup(text);
	return row;
}

struct insp_thread insp_threads_of(InspTextRow *row)
{
	return *(const struct insp_thread *)row->data;
}

GPtrArray *insp_threads_rows(const struct insp_run *run, uint32_t seq, const struct insp_thread_state *states, uint32_t count)
{
	GPtrArray *rows = g_ptr_array_new_with_free_func(g_object_unref);
	uint32_t ordinal = 0;

	/* They are in the order of lane and number. */
	for (uint32_t i = 0; i < count; i++) {
		ordinal = i && states[i].lane == states[i - 1].lane && states[i].tid == states[i - 1].tid ? ordinal + 1 : 0;
		g_ptr_array_add(rows, row_of(run, seq, &states[i], ordinal));
	}
	return rows;
}
