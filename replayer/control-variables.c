/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control-variables.c - requests about variables and expressions. */
#include <string.h>

#include "control-int.h"
#include "variables.h"

#define GLOBALS_MAX 1000

int rep__place_of_frame(struct rep_control *c, const struct rep_thread_info *thread, uint64_t frame, struct rep_place *ret)
{
	const struct rep_frame *frames;
	size_t count;

	if (rep__stack(c, thread->node, thread->tid, &frames, &count) < 0)
		return -1;
	if (frame >= count)
		return rep__refuse(c, "not-found", "the stack has %zu frames", count);
	rep_place_init(ret, c->symbols, rep__target(c, thread->node, thread->pid), &frames[frame]);
	ret->outer = count - frame - 1;
	/* Callers' were overwritten, and nobody has to keep them. */
	if (frames[frame].how == REP_FRAME_REGISTERS && rep_timeline_fpregs(c->timeline, thread->node, thread->tid, &c->fpregs) == 0)
		ret->fpregs = &c->fpregs;
	return 0;
}

int rep__get_place(struct rep_control *c, json_t *request, struct rep_place *ret, struct rep_thread_info *ret_thread)
{
	uint64_t frame;

	if (rep__get_thread(c, request, ret_thread) < 0)
		return -1;
	const bool selected = ret_thread->node == c->node && ret_thread->tid == c->tid;

	if (rep__get_number_or(c, request, "frame", selected ? c->frame : 0, &frame) < 0)
		return -1;
	return rep__place_of_frame(c, ret_thread, frame, ret);
}

static void put_variable(struct rep_json *out, const char *name, const struct rep_variable *variable)
{
	char handle[32];

	rep_variable_handle(variable, handle);
	rep_json_open(out, name, '{');
	rep_json_text(out, "name", variable->name);
	rep_json_text(out, "type", variable->type);
	rep_json_text(out, "value", variable->value);
	rep_json_text(out, "kind", rep_variable_kind_name(variable->kind));
	if (variable->has_addr) {
		rep_json_hex(out, "address", variable->addr);
		rep_json_u64(out, "size", variable->size);
	}
	if (handle[0])
		rep_json_text(out, "handle", handle);
	rep_json_close(out, '}');
}

struct emitter {
	struct rep_json *out;
	uint64_t left;
};

static bool emit(void *arg, const struct rep_variable *variable)
{
	struct emitter *emitter = arg;

	put_variable(emitter->out, NULL, variable);
	return --emitter->left > 0;
}

static int do_variables(struct rep_control *c, json_t *request, struct rep_json *out)
{
	static const char *const names[] = {"arguments", "locals", "globals"};
	struct rep_thread_info thread;
	struct rep_place place;
	const char *scope;
	size_t i = 0;

	if (rep__get_text_or(c, request, "scope", "locals", &scope) < 0 || rep__get_place(c, request, &place, &thread) < 0)
		return -1;
	while (i < 3 && strcmp(names[i], scope) != 0)
		i++;
	if (i == 3)
		return rep__refuse(c, "usage", "scope is arguments, locals or globals");
	if (!place.module || !place.module->dwarf)
		return rep__refuse(c, "not-found", "%s has no debug information",
				   place.module ? place.module->path : "what this frame executes");
	struct emitter emitter = {out, GLOBALS_MAX};

	rep_json_open(out, "variables", '[');
	rep_variables_of(&place, (enum rep_variable_scope)i, emit, &emitter);
	rep_json_close(out, ']');
	return 0;
}

static int do_expand(struct rep_control *c, json_t *request, struct rep_json *out)
{
	struct rep_thread_info thread;
	struct rep_variable variable;
	struct rep_place place;
	const char *type;
	uint64_t addr, start, count;

	if (rep__get_text(c, request, "type", &type) < 0 || rep__get_number(c, request, "address", &addr) < 0 ||
	    rep__get_number_or(c, request, "start", 0, &start) < 0 || rep__get_number_or(c, request, "count", 0, &count) < 0 ||
	    rep__get_thread(c, request, &thread) < 0)
		return -1;
	rep_place_init(&place, c->symbols, rep__target(c, thread.node, thread.pid), NULL);
	if (!rep_variable_of_handle(&place, type, addr, &variable))
		return rep__refuse(c, "not-found", "there is no type %s", type);
	/* A pointer points to one thing unless somebody says that there are more. */
	if (!count)
		count = variable.kind == REP_VARIABLE_POINTER ? 1 : 256;
	struct emitter emitter = {out, count};

	rep_json_open(out, "variables", '[');
	rep_variable_within(&place, &variable, start, count, emit, &emitter);
	rep_json_close(out, ']');
	return 0;
}

static int do_evaluate(struct rep_control *c, json_t *request, struct rep_json *out)
{
	struct rep_thread_info thread;
	struct rep_variable variable;
	struct rep_place place;
	const char *text;

	if (rep__get_text(c, request, "expression", &text) < 0 || rep__get_place(c, request, &place, &thread) < 0)
		return -1;
	if (rep_evaluate(&place, text, &variable, &c->error) < 0)
		return rep__refuse(c, "not-found", "%s", rep__said(c));
	put_variable(out, "variable", &variable);
	return 0;
}

const struct rep_request rep__variable_requests[] = {
	{"variables", do_variables}, {"expand", do_expand}, {"evaluate", do_evaluate}, {NULL, NULL},
};
