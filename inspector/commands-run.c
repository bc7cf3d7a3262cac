/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands-run.c - commands that the replay carries out: steps within a program, breakpoints, writes, and looking. */
#include <stdio.h>

#include "window-int.h"

/* ---- moving ---- */

static bool move(InspWindow *window, const char *unit, bool back)
{
	if (!insp__need_run(window))
		return false;
	g_autofree char *thread = insp__program_thread(window->program);

	if (unit && !*thread) {
		insp__refuse(window, "no thread has been chosen; choose one in the list of threads");
		return false;
	}
	g_autofree char *members = unit ? g_strdup_printf("\"do\":\"step\",\"unit\":\"%s\",\"back\":%s%s", unit,
							  back ? "true" : "false", thread)
					: g_strdup_printf("\"do\":\"continue\",\"back\":%s", back ? "true" : "false");

	insp__program_move(window, members);
	return true;
}

#define MOVE(symbol, unit, back)                                                                   \
	bool insp__do_##symbol(InspWindow *window, const char *argument)                           \
	{                                                                                          \
		return move(window, unit, back);                                                   \
	}

MOVE(run_forward, NULL, false)
MOVE(run_back, NULL, true)
MOVE(line_into, "line", false)
MOVE(line_into_back, "line", true)
MOVE(line_over, "over", false)
MOVE(line_over_back, "over", true)
MOVE(line_out, "out", false)
MOVE(line_out_back, "out", true)
MOVE(insn_next, "instruction", false)
MOVE(insn_previous, "instruction", true)

static bool find_write(InspWindow *window, const char *what, const char *expression)
{
	if (!insp__need_run(window))
		return false;
	g_autofree char *thread = insp__program_thread(window->program);
	g_autofree char *quoted = insp_engine_quote(expression);
	g_autofree char *members = g_strdup_printf("\"do\":\"%s\",\"expression\":%s,\"frame\":%u%s", what, quoted,
						   window->program->frame, thread);

	if (!*thread) {
		insp__refuse(window, "no thread has been chosen; choose one in the list of threads");
		return false;
	}
	insp__program_move(window, members);
	return true;
}

bool insp__do_write_last(InspWindow *window, const char *argument)
{
	return find_write(window, "last-write", argument);
}

bool insp__do_write_next(InspWindow *window, const char *argument)
{
	return find_write(window, "next-write", argument);
}

/* ---- points ---- */

/* "FUNCTION", "FILE:LINE" or an address, and perhaps " if CONDITION". */
bool insp__do_break_add(InspWindow *window, const char *argument)
{
	g_auto(GStrv) parts = g_strsplit(argument, " if ", 2);

	if (!insp__need_run(window))
		return false;
	g_autofree char *at = insp_engine_quote(parts[0]);
	g_autofree char *condition = parts[1] ? insp_engine_quote(parts[1]) : NULL;
	g_autofree char *node = window->program->node ? insp_engine_quote(window->program->node) : NULL;
	g_autofree char *members = g_strdup_printf("\"do\":\"break\",\"at\":%s%s%s%s%s", at, condition ? ",\"condition\":" : "",
						   condition ? condition : "", node ? ",\"node\":" : "", node ? node : "");

	insp__program_point(window, argument, members);
	return true;
}

bool insp__do_break_events(InspWindow *window, const char *argument)
{
	if (!insp__need_run(window))
		return false;
	g_autofree char *filter = insp_engine_quote(argument);
	g_autofree char *members = g_strdup_printf("\"do\":\"break\",\"filter\":%s", filter);

	insp__program_point(window, argument, members);
	return true;
}

bool insp__do_break_toggle(InspWindow *window, const char *argument)
{
	const guint line = insp_source_pane_cursor(window->program->source);
	g_autofree char *base = line ? g_path_get_basename(insp_source_pane_path(window->program->source)) : NULL;
	g_autofree char *place = *argument ? g_strdup(argument) : line ? g_strdup_printf("%s:%u", base, line) : NULL;

	if (!place) {
		insp__refuse(window, "no source is shown; break.add sets a breakpoint at a function");
		return false;
	}
	const int point = insp__program_point_at(window, place);

	if (!point)
		return insp__do_break_add(window, place);
	insp__program_delete(window, point);
	return true;
}

bool insp__do_break_delete(InspWindow *window, const char *argument)
{
	if (!insp__need_run(window))
		return false;
	insp__program_delete(window, atoi(argument));
	return true;
}

bool insp__do_watch_add(InspWindow *window, const char *argument)
{
	if (!insp__need_run(window))
		return false;
	g_autofree char *expression = insp_engine_quote(argument), *thread = insp__program_thread(window->program);
	g_autofree char *members = g_strdup_printf("\"do\":\"watch\",\"expression\":%s%s", expression, thread);
	g_autofree char *what = g_strdup_printf("write to %s", argument);

	insp__program_point(window, what, members);
	return true;
}

/* ---- looking ---- */

bool insp__do_watch_show(InspWindow *window, const char *argument)
{
	if (!insp__need_run(window))
		return false;
	insp__program_watch(window, argument);
	return true;
}

bool insp__do_thread_select(InspWindow *window, const char *argument)
{
	g_auto(GStrv) words = g_strsplit(argument, " ", 2);

	if (!insp__need_run(window))
		return false;
	if (g_strv_length(words) != 2 || insp_lane_find(window->run, words[0]) == INSP_NONE) {
		insp__refuse(window, "thread.select needs a node and the number of a thread");
		return false;
	}
	insp__program_select(window, words[0], (guint)atoi(words[1]));
	return true;
}

bool insp__do_frame_select(InspWindow *window, const char *argument)
{
	if (!insp__need_run(window))
		return false;
	insp__program_frame(window, (guint)atoi(argument));
	return true;
}

bool insp__do_memory_show(InspWindow *window, const char *argument)
{
	const guint64 address = g_ascii_strtoull(argument, NULL, 16);

	if (!insp__need_run(window))
		return false;
	if (!address) {
		insp__refuse(window, "\"%s\" is no address; they are hexadecimal", argument);
		return false;
	}
	insp__program_memory(window, address);
	return true;
}

bool insp__do_node_list(InspWindow *window, const char *argument)
{
	if (insp_node_pane_show(window->program->node_pane, argument)) {
		insp__pane_show(window, INSP_PANE_NODE, /* asked= */ false);
		return true;
	}
	insp__refuse(window, "there is no list \"%s\" of a node", argument);
	return false;
}

static bool print(char *text)
{
	g_autofree char *owned = text;

	fputs(owned, stdout);
	if (*owned && !g_str_has_suffix(owned, "\n"))
		fputc('\n', stdout);
	fflush(stdout);
	return true;
}

bool insp__do_print_stack(InspWindow *window, const char *argument)
{
	return print(insp_text_table_print(window->program->stack));
}

bool insp__do_print_variables(InspWindow *window, const char *argument)
{
	g_autofree char *watched = insp_text_table_print(window->program->watch_table);
	g_autofree char *variables = insp_text_table_print(window->program->variables);

	return print(g_strconcat(watched, variables, NULL));
}

bool insp__do_print_registers(InspWindow *window, const char *argument)
{
	return print(insp_text_table_print(window->program->registers));
}

bool insp__do_print_memory(InspWindow *window, const char *argument)
{
	return print(insp_memory_pane_print(window->program->memory));
}

bool insp__do_print_code(InspWindow *window, const char *argument)
{
	return print(insp_code_pane_print(window->program->code));
}

bool insp__do_print_node(InspWindow *window, const char *argument)
{
	return print(insp_node_pane_print(window->program->node_pane));
}

bool insp__do_print_source(InspWindow *window, const char *argument)
{
	return print(insp_source_pane_print(window->program->source));
}

bool insp__do_print_stop(InspWindow *window, const char *argument)
{
	const struct insp_program *program = window->program;

	return print(g_strdup_printf("%s\t%s\n", program->inside ? program->inside : "", program->stop ? program->stop : ""));
}
