/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dap-session.c - launch, breakpoints and moves of the debug adapter. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "dap-int.h"

static int do_initialize(struct rep_dap *dap, json_t *arguments, json_t **ret_body, struct fmt_error *error)
{
	static const char *const abilities[] = {
		"supportsConfigurationDoneRequest", "supportsStepBack", "supportsFunctionBreakpoints",
		"supportsConditionalBreakpoints", "supportsEvaluateForHovers", "supportsSteppingGranularity",
		"supportsDisassembleRequest", "supportsReadMemoryRequest", "supportsDataBreakpoints", "supportsTerminateRequest",
	};

	(void)dap, (void)arguments, (void)error;
	*ret_body = json_object();
	for (size_t i = 0; i < sizeof(abilities) / sizeof(abilities[0]); i++)
		json_object_set_new(*ret_body, abilities[i], json_true());
	return 0;
}

/* ---- launch ------------------------------------------------------------------------- */

static int add_roots(struct rep_dap *dap, json_t *arguments, const char *member, const char *as, struct fmt_error *error)
{
	json_t *folder;
	size_t i;

	json_array_foreach(json_object_get(arguments, member), i, folder) {
		json_t *answer = rep__dap_ask(dap, json_pack("{s:s, s:O}", "do", "roots", as, folder), error);

		if (!answer)
			return -EINVAL;
		json_decref(answer);
	}
	return 0;
}

static int do_launch(struct rep_dap *dap, json_t *arguments, json_t **ret_body, struct fmt_error *error)
{
	const char *trace = json_string_value(json_object_get(arguments, "trace"));
	const char *node = json_string_value(json_object_get(arguments, "node"));
	json_t *entry = json_object_get(arguments, "stopOnEntry");

	(void)ret_body;
	if (!trace)
		return rep__dap_refuse(error, "the launch configuration needs \"trace\", the path of a trace");
	if (dap->control)
		return rep__dap_refuse(error, "a trace is open already");
	struct fmt_error why = {{0}};
	const int r = rep_control_new(trace, node, &dap->control, &why);

	if (r < 0)
		return rep__dap_refuse(error, "%s: %.400s", trace, why.text[0] ? why.text : strerror(-r));
	dap->stop_on_entry = !entry || json_is_true(entry);
	const char *at = json_string_value(json_object_get(arguments, "at"));
	json_t *answer = at ? rep__dap_ask(dap, json_pack("{s:s, s:s}", "do", "seek", "to", at), error) : NULL;

	if (at && !answer)
		return -EINVAL;
	json_decref(answer);
	return add_roots(dap, arguments, "sourceRoots", "add", error) < 0 ||
	       add_roots(dap, arguments, "debugRoots", "debug", error) < 0 ? -EINVAL : 0;
}

static int after_launch(struct rep_dap *dap, json_t *arguments, json_t **ret_body, struct fmt_error *error)
{
	(void)arguments, (void)ret_body, (void)error;
	rep__dap_event(dap, "initialized", NULL);
	return 0;
}

/* ---- moves --------------------------------------------------------------------------- */

static const char *reason_of(const char *why, bool pause)
{
	if (strcmp(why, "breakpoint") == 0 || strcmp(why, "event") == 0)
		return "breakpoint";
	if (strcmp(why, "watchpoint") == 0)
		return "data breakpoint";
	if (strcmp(why, "interrupted") == 0 || pause)
		return "pause";
	return strcmp(why, "done") == 0 ? "step" : strcmp(why, "diverged") == 0 || strcmp(why, "failed") == 0 ? "exception" : "entry";
}

static void tell_stop(struct rep_dap *dap, json_t *answer, const char *reason)
{
	json_t *stop = json_object_get(answer, "stop");
	const char *why = json_string_value(json_object_get(stop, "why"));
	json_t *body = json_pack("{s:s, s:s, s:b}", "reason", reason ? reason : reason_of(why ? why : "", false), "description",
				 json_string_value(json_object_get(stop, "text")), "allThreadsStopped", 1);

	if (json_integer_value(json_object_get(stop, "tid")))
		json_object_set_new(body, "threadId",
				    json_integer(rep__dap_thread(rep__dap_u64(stop, "node"), rep__dap_u64(stop, "tid"))));
	/* The text goes to the console too: the end of a trace has no thread that could show it. */
	rep__dap_event(dap, "output", json_pack("{s:s, s:s+}", "category", "console", "output",
						json_string_value(json_object_get(stop, "text")), "\n"));
	rep__dap_event(dap, "stopped", body);
}

static void set_moving(struct rep_dap *dap, bool moving)
{
	pthread_mutex_lock(&dap->lock);
	dap->moving = moving;
	if (moving)
		rep_control_begin(dap->control);	/* a pause that comes from here on is for this move */
	pthread_mutex_unlock(&dap->lock);
}

/* Moves, and tells where it came to. */
static int move(struct rep_dap *dap, json_t *steal_request, const char *reason, struct fmt_error *error)
{
	dap->ref_count = 0;
	set_moving(dap, true);
	json_t *answer = rep__dap_ask(dap, steal_request, error);

	set_moving(dap, false);
	if (!answer) {
		/* The client believes that it runs: it has to hear that it stands. */
		rep__dap_event(dap, "output", json_pack("{s:s, s:s+}", "category", "stderr", "output", error->text, "\n"));
		rep__dap_event(dap, "stopped", json_pack("{s:s, s:b}", "reason", "pause", "allThreadsStopped", 1));
		return -EINVAL;
	}
	tell_stop(dap, answer, reason);
	json_decref(answer);
	return 0;
}

/* To the first moment at which a program can be looked at. */
static int enter(struct rep_dap *dap, struct fmt_error *error)
{
	json_t *set = rep__dap_ask(dap, json_pack("{s:s, s:s}", "do", "break", "filter", "kind == exec"), error);
	json_t *point = json_incref(json_object_get(set, "point"));
	const int r = move(dap, json_pack("{s:s}", "do", "continue"), "entry", error);

	json_decref(set);
	json_decref(rep__dap_ask(dap, json_pack("{s:s, s:o}", "do", "delete", "point", point), error));
	return r;
}

static int after_configuration(struct rep_dap *dap, json_t *arguments, json_t **ret_body, struct fmt_error *error)
{
	(void)arguments, (void)ret_body;
	if (!dap->control)
		return 0;
	if (!dap->stop_on_entry)
		return move(dap, json_pack("{s:s}", "do", "continue"), NULL, error);
	json_t *where = rep__dap_ask(dap, json_pack("{s:s}", "do", "where"), error);
	const bool at_start = rep__dap_u64(where, "seq") == 0;

	json_decref(where);
	if (at_start)
		return enter(dap, error);
	/* Where "at" said: it stands there already. */
	rep__dap_event(dap, "stopped", json_pack("{s:s, s:b}", "reason", "entry", "allThreadsStopped", 1));
	return 0;
}

static int do_nothing(struct rep_dap *dap, json_t *arguments, json_t **ret_body, struct fmt_error *error)
{
	(void)dap, (void)arguments, (void)ret_body, (void)error;
	return 0;
}

static int do_continue(struct rep_dap *dap, json_t *arguments, json_t **ret_body, struct fmt_error *error)
{
	(void)dap, (void)arguments, (void)error;
	*ret_body = json_pack("{s:b}", "allThreadsContinued", 1);
	return 0;
}

static int after_continue(struct rep_dap *dap, json_t *arguments, json_t **ret_body, struct fmt_error *error)
{
	(void)arguments, (void)ret_body;
	return move(dap, json_pack("{s:s}", "do", "continue"), NULL, error);
}

static int after_reverse_continue(struct rep_dap *dap, json_t *arguments, json_t **ret_body, struct fmt_error *error)
{
	(void)arguments, (void)ret_body;
	return move(dap, json_pack("{s:s, s:b}", "do", "continue", "back", 1), NULL, error);
}

static int step(struct rep_dap *dap, json_t *arguments, const char *unit, bool back, struct fmt_error *error)
{
	const char *granularity = json_string_value(json_object_get(arguments, "granularity"));
	uint64_t node, tid;

	rep__dap_thread_of(json_object_get(arguments, "threadId"), &node, &tid);
	if (granularity && strcmp(granularity, "instruction") == 0 && strcmp(unit, "out") != 0)
		unit = "instruction";
	return move(dap, json_pack("{s:s, s:s, s:b, s:I, s:I}", "do", "step", "unit", unit, "back", back, "node", (json_int_t)node,
				   "tid", (json_int_t)tid), NULL, error);
}

static int after_next(struct rep_dap *dap, json_t *arguments, json_t **ret_body, struct fmt_error *error)
{
	(void)ret_body;
	return step(dap, arguments, "over", false, error);
}

static int after_step_in(struct rep_dap *dap, json_t *arguments, json_t **ret_body, struct fmt_error *error)
{
	(void)ret_body;
	return step(dap, arguments, "line", false, error);
}

static int after_step_out(struct rep_dap *dap, json_t *arguments, json_t **ret_body, struct fmt_error *error)
{
	(void)ret_body;
	return step(dap, arguments, "out", false, error);
}

static int after_step_back(struct rep_dap *dap, json_t *arguments, json_t **ret_body, struct fmt_error *error)
{
	(void)ret_body;
	return step(dap, arguments, "over", true, error);
}

static int do_disconnect(struct rep_dap *dap, json_t *arguments, json_t **ret_body, struct fmt_error *error)
{
	(void)arguments, (void)ret_body, (void)error;
	dap->over = true;
	return 0;
}

static int after_terminate(struct rep_dap *dap, json_t *arguments, json_t **ret_body, struct fmt_error *error)
{
	(void)arguments, (void)ret_body, (void)error;
	rep__dap_event(dap, "terminated", NULL);
	return 0;
}

/* ---- points ------------------------------------------------------------------------------- */

static void forget_points(struct rep_dap *dap, const char *key)
{
	json_t *numbers = json_object_get(dap->points, key), *number;
	struct fmt_error error;
	size_t i;

	json_array_foreach(numbers, i, number)
		json_decref(rep__dap_ask(dap, json_pack("{s:s, s:O}", "do", "delete", "point", number), &error));
	json_object_set_new(dap->points, key, json_array());
}

/* Sets one point and says what became of it; like is a breakpoint of the client, whose condition holds. */
static json_t *set_point(struct rep_dap *dap, const char *key, json_t *steal_request, json_t *like)
{
	json_t *condition = json_object_get(like, "condition");
	struct fmt_error error = {{0}};

	if (json_is_string(condition) && json_string_length(condition))
		json_object_set(steal_request, "condition", condition);
	json_t *answer = rep__dap_ask(dap, steal_request, &error);

	if (!answer)
		return json_pack("{s:b, s:s}", "verified", 0, "message", error.text);
	json_t *number = json_object_get(answer, "point");
	json_t *result = json_pack("{s:b, s:O}", "verified", 1, "id", number);

	json_array_append(json_object_get(dap->points, key), number);
	json_decref(answer);
	return result;
}

static int do_set_breakpoints(struct rep_dap *dap, json_t *arguments, json_t **ret_body, struct fmt_error *error)
{
	const char *path = json_string_value(json_object_get(json_object_get(arguments, "source"), "path"));
	json_t *results = json_array(), *wanted;
	char at[4200];
	size_t i;

	(void)error;
	path = path ? path : "";
	forget_points(dap, path);
	json_array_foreach(json_object_get(arguments, "breakpoints"), i, wanted) {
		const uint64_t line = rep__dap_u64(wanted, "line");

		snprintf(at, sizeof(at), "%s:%" PRIu64, path, line);
		json_t *result = set_point(dap, path, json_pack("{s:s, s:s, s:i}", "do", "break", "at", at, "node", 0), wanted);

		json_object_set_new(result, "line", json_integer((json_int_t)line));
		json_array_append_new(results, result);
	}
	*ret_body = json_pack("{s:o}", "breakpoints", results);
	return 0;
}

static int do_set_function_breakpoints(struct rep_dap *dap, json_t *arguments, json_t **ret_body, struct fmt_error *error)
{
	json_t *results = json_array(), *wanted;
	size_t i;

	(void)error;
	forget_points(dap, "functions");
	json_array_foreach(json_object_get(arguments, "breakpoints"), i, wanted) {
		const char *name = json_string_value(json_object_get(wanted, "name"));

		json_array_append_new(results, set_point(dap, "functions", json_pack("{s:s, s:s, s:i}", "do", "break", "at",
										     name ? name : "", "node", 0), wanted));
	}
	*ret_body = json_pack("{s:o}", "breakpoints", results);
	return 0;
}

/* A data breakpoint's name for the client: "ADDRESS SIZE NODE PID". */
static int do_data_info(struct rep_dap *dap, json_t *arguments, json_t **ret_body, struct fmt_error *error)
{
	const char *name = json_string_value(json_object_get(arguments, "name"));
	const struct rep_dap_ref *ref = rep__dap_of(dap, json_object_get(arguments, "variablesReference"));
	json_t *request = json_pack("{s:s, s:s}", "do", "evaluate", "expression", name ? name : "");
	char id[128];

	if (ref && ref->kind != REP_DAP_WITHIN) {
		json_object_set_new(request, "node", json_integer((json_int_t)ref->node));
		json_object_set_new(request, "tid", json_integer((json_int_t)ref->tid));
		json_object_set_new(request, "frame", json_integer((json_int_t)ref->frame));
	}
	json_t *answer = rep__dap_ask(dap, request, error), *variable = json_object_get(answer, "variable");
	const char *address = json_string_value(json_object_get(variable, "address"));

	if (!address) {
		*ret_body = json_pack("{s:n, s:s}", "dataId", "description", answer ? "it is not in memory" : error->text);
	} else {
		snprintf(id, sizeof(id), "%s %" PRIu64, address, rep__dap_u64(variable, "size"));
		*ret_body = json_pack("{s:s, s:s, s:[s]}", "dataId", id, "description", name, "accessTypes", "write");
	}
	json_decref(answer);
	return 0;
}

static int do_set_data_breakpoints(struct rep_dap *dap, json_t *arguments, json_t **ret_body, struct fmt_error *error)
{
	json_t *results = json_array(), *wanted;
	size_t i;

	(void)error;
	forget_points(dap, "data");
	json_array_foreach(json_object_get(arguments, "breakpoints"), i, wanted) {
		const char *id = json_string_value(json_object_get(wanted, "dataId"));
		char address[32] = "";
		unsigned long long size = 0;

		if (!id || sscanf(id, "%31s %llu", address, &size) != 2) {
			json_array_append_new(results, json_pack("{s:b}", "verified", 0));
			continue;
		}
		json_array_append_new(results, set_point(dap, "data", json_pack("{s:s, s:s, s:I}", "do", "watch", "address", address,
										"size", (json_int_t)size), wanted));
	}
	*ret_body = json_pack("{s:o}", "breakpoints", results);
	return 0;
}

const struct rep_dap_command rep__dap_session[] = {
	{"initialize", do_initialize, NULL},
	{"launch", do_launch, after_launch},
	{"attach", do_launch, after_launch},
	{"configurationDone", do_nothing, after_configuration},
	{"setBreakpoints", do_set_breakpoints, NULL},
	{"setFunctionBreakpoints", do_set_function_breakpoints, NULL},
	{"setExceptionBreakpoints", do_nothing, NULL},
	{"dataBreakpointInfo", do_data_info, NULL},
	{"setDataBreakpoints", do_set_data_breakpoints, NULL},
	{"continue", do_continue, after_continue},
	{"reverseContinue", do_nothing, after_reverse_continue},
	{"next", do_nothing, after_next},
	{"stepIn", do_nothing, after_step_in},
	{"stepOut", do_nothing, after_step_out},
	{"stepBack", do_nothing, after_step_back},
	{"pause", do_nothing, NULL},
	{"terminate", do_nothing, after_terminate},
	{"disconnect", do_disconnect, NULL},
	{NULL, NULL, NULL},
};
