/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dap-look.c - threads, stacks, variables, memory and source for the debug adapter. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "dap-int.h"
#include "serve.h"

static int do_threads(struct rep_dap *dap, json_t *arguments, json_t **ret_body, struct fmt_error *error)
{
	json_t *answer = rep__dap_ask(dap, json_pack("{s:s}", "do", "threads"), error), *thread, *threads = json_array();
	size_t i;

	(void)arguments;
	if (!answer)
		return -EINVAL;
	json_array_foreach(json_object_get(answer, "threads"), i, thread) {
		char name[256];

		if (!json_is_true(json_object_get(thread, "has_program")))
			continue;
		snprintf(name, sizeof(name), "%s: %s %" PRIu64 "/%" PRIu64, json_string_value(json_object_get(thread, "node_name")),
			 json_string_value(json_object_get(thread, "name")), rep__dap_u64(thread, "pid"),
			 rep__dap_u64(thread, "tid"));
		json_array_append_new(threads, json_pack("{s:I, s:s}", "id",
							 rep__dap_thread(rep__dap_u64(thread, "node"), rep__dap_u64(thread, "tid")),
							 "name", name));
	}
	json_decref(answer);
	*ret_body = json_pack("{s:o}", "threads", threads);
	return 0;
}

/* ---- stacks --------------------------------------------------------------------------- */

static json_t *frame_of(struct rep_dap *dap, json_t *frame, uint64_t node, uint64_t tid)
{
	const char *function = json_string_value(json_object_get(frame, "function"));
	const char *file = json_string_value(json_object_get(frame, "file"));
	const char *pc = json_string_value(json_object_get(frame, "pc"));
	const struct rep_dap_ref ref = {.kind = REP_DAP_FRAME, .node = node, .tid = tid, .frame = rep__dap_u64(frame, "frame")};
	json_t *result = json_pack("{s:I, s:s, s:I, s:i, s:s}", "id", rep__dap_ref(dap, &ref), "name", function ? function : pc, "line",
				   (json_int_t)rep__dap_u64(frame, "line"), "column", 0, "instructionPointerReference", pc);

	if (!file) {
		json_object_set_new(result, "presentationHint", json_string("subtle"));
		return result;
	}
	const char *slash = strrchr(file, '/');
	json_t *source = json_pack("{s:s, s:s}", "name", slash ? slash + 1 : file, "path", file);

	json_object_set_new(result, "source", source);
	return result;
}

static int do_stack(struct rep_dap *dap, json_t *arguments, json_t **ret_body, struct fmt_error *error)
{
	const uint64_t first = rep__dap_u64(arguments, "startFrame"), levels = rep__dap_u64(arguments, "levels");
	json_t *frames = json_array(), *frame;
	uint64_t node, tid;
	size_t i;

	rep__dap_thread_of(json_object_get(arguments, "threadId"), &node, &tid);
	json_t *answer = rep__dap_ask(dap, json_pack("{s:s, s:I, s:I, s:i}", "do", "stack", "node", (json_int_t)node, "tid",
						     (json_int_t)tid, "limit", 256), error);

	if (!answer) {
		json_decref(frames);
		return -EINVAL;
	}
	json_t *all = json_object_get(answer, "frames");

	json_array_foreach(all, i, frame)
		if (i >= first && (!levels || i < first + levels))
			json_array_append_new(frames, frame_of(dap, frame, node, tid));
	*ret_body = json_pack("{s:o, s:I}", "stackFrames", frames, "totalFrames", (json_int_t)json_array_size(all));
	json_decref(answer);
	return 0;
}

static int do_scopes(struct rep_dap *dap, json_t *arguments, json_t **ret_body, struct fmt_error *error)
{
	static const struct {
		const char *name;
		int kind, expensive;
	} scopes[] = {{"Locals", REP_DAP_LOCALS, 0}, {"Globals", REP_DAP_GLOBALS, 1}, {"Registers", REP_DAP_REGISTERS, 1}};
	const struct rep_dap_ref *frame = rep__dap_of(dap, json_object_get(arguments, "frameId"));
	json_t *list = json_array();

	if (!frame) {
		json_decref(list);
		return rep__dap_refuse(error, "there is no such frame any more");
	}
	const struct rep_dap_ref of = *frame;

	for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
		struct rep_dap_ref ref = of;

		ref.kind = scopes[i].kind;
		json_array_append_new(list, json_pack("{s:s, s:I, s:b}", "name", scopes[i].name, "variablesReference",
						      rep__dap_ref(dap, &ref), "expensive", scopes[i].expensive));
	}
	*ret_body = json_pack("{s:o}", "scopes", list);
	return 0;
}

/* ---- variables --------------------------------------------------------------------------- */

static json_t *variable_of(struct rep_dap *dap, json_t *variable, const struct rep_dap_ref *of, const char *value_name)
{
	const char *handle = json_string_value(json_object_get(variable, "handle"));
	json_t *result = json_pack("{s:O, s:O, s:O, s:i}", "name", json_object_get(variable, "name"), value_name,
				   json_object_get(variable, "value"), "type", json_object_get(variable, "type"),
				   "variablesReference", 0);
	json_t *address = json_object_get(variable, "address");

	if (address)
		json_object_set(result, "memoryReference", address);
	if (handle) {
		struct rep_dap_ref ref = *of;

		ref.kind = REP_DAP_WITHIN;
		ref.addr = rep__dap_u64(variable, "address");
		snprintf(ref.handle, sizeof(ref.handle), "%s", handle);
		json_object_set_new(result, "variablesReference", json_integer(rep__dap_ref(dap, &ref)));
	}
	return result;
}

static json_t *registers_of(json_t *answer)
{
	json_t *list = json_array(), *value;
	const char *name;

	json_object_foreach(json_object_get(answer, "registers"), name, value)
		json_array_append_new(list, json_pack("{s:s, s:O, s:i}", "name", name, "value", value, "variablesReference", 0));
	return list;
}

static json_t *request_for(const struct rep_dap_ref *ref)
{
	char address[32];

	switch (ref->kind) {
	case REP_DAP_REGISTERS:
		return json_pack("{s:s, s:I, s:I}", "do", "registers", "node", (json_int_t)ref->node, "tid", (json_int_t)ref->tid);
	case REP_DAP_WITHIN:
		snprintf(address, sizeof(address), "0x%" PRIx64, ref->addr);
		return json_pack("{s:s, s:I, s:I, s:s, s:s}", "do", "expand", "node", (json_int_t)ref->node, "tid",
				 (json_int_t)ref->tid, "address", address, "type", ref->handle);
	default:
		return json_pack("{s:s, s:I, s:I, s:I, s:s}", "do", "variables", "node", (json_int_t)ref->node, "tid",
				 (json_int_t)ref->tid, "frame", (json_int_t)ref->frame, "scope",
				 ref->kind == REP_DAP_GLOBALS ? "globals" : "locals");
	}
}

static int do_variables(struct rep_dap *dap, json_t *arguments, json_t **ret_body, struct fmt_error *error)
{
	const struct rep_dap_ref *found = rep__dap_of(dap, json_object_get(arguments, "variablesReference"));
	json_t *list = json_array(), *variable;
	size_t i;

	if (!found) {
		json_decref(list);
		return rep__dap_refuse(error, "there is no such variable any more");
	}
	const struct rep_dap_ref ref = *found;
	json_t *answer = rep__dap_ask(dap, request_for(&ref), error);

	if (!answer) {
		json_decref(list);
		return -EINVAL;
	}
	json_array_foreach(json_object_get(answer, "variables"), i, variable)
		json_array_append_new(list, variable_of(dap, variable, &ref, "value"));
	if (ref.kind == REP_DAP_REGISTERS) {
		json_decref(list);
		list = registers_of(answer);
	}
	json_decref(answer);
	*ret_body = json_pack("{s:o}", "variables", list);
	return 0;
}

/* In the console a request of the control protocol may follow a hyphen: "-seek to=@100". */
static int do_control(struct rep_dap *dap, const char *text, json_t **ret_body, struct fmt_error *error)
{
	_cleanup_(fmt_buf_done) struct fmt_buf line = {0};

	if (!rep_request_line(text, 1, &line, error))
		return -EINVAL;
	json_t *answer = rep__dap_ask(dap, json_loadb((const char *)line.data, line.size, 0, NULL), error);

	if (!answer)
		return -EINVAL;
	char *shown = json_dumps(answer, JSON_INDENT(2));

	CHECK(shown);
	*ret_body = json_pack("{s:s, s:i}", "result", shown, "variablesReference", 0);
	free(shown);
	/* What moves has to be told as a move is. */
	if (json_object_get(answer, "stop")) {
		dap->ref_count = 0;
		rep__dap_event(dap, "stopped", json_pack("{s:s, s:b}", "reason", "goto", "allThreadsStopped", 1));
	}
	json_decref(answer);
	return 0;
}

static int do_evaluate(struct rep_dap *dap, json_t *arguments, json_t **ret_body, struct fmt_error *error)
{
	const char *text = json_string_value(json_object_get(arguments, "expression"));
	const char *context = json_string_value(json_object_get(arguments, "context"));
	const struct rep_dap_ref *frame = rep__dap_of(dap, json_object_get(arguments, "frameId"));
	struct rep_dap_ref of = {0};

	if (text && text[0] == '-' && context && strcmp(context, "repl") == 0)
		return do_control(dap, text + 1, ret_body, error);
	json_t *request = json_pack("{s:s, s:s}", "do", "evaluate", "expression", text ? text : "");

	if (frame) {
		of = *frame;
		json_object_set_new(request, "node", json_integer((json_int_t)of.node));
		json_object_set_new(request, "tid", json_integer((json_int_t)of.tid));
		json_object_set_new(request, "frame", json_integer((json_int_t)of.frame));
	}
	json_t *answer = rep__dap_ask(dap, request, error);

	if (!answer)
		return -EINVAL;
	*ret_body = variable_of(dap, json_object_get(answer, "variable"), &of, "result");
	json_decref(answer);
	return 0;
}

/* ---- memory and instructions ------------------------------------------------------------------ */

static json_t *base64(const char *hex)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const size_t size = strlen(hex) / 2;
	_cleanup_(fmt_buf_done) struct fmt_buf text = {0};

	for (size_t i = 0; i < size; i += 3) {
		uint32_t three = 0;
		char four[4];

		for (size_t j = 0; j < 3; j++) {
			unsigned byte = 0;

			if (i + j < size)
				sscanf(hex + 2 * (i + j), "%2x", &byte);
			three = three << 8 | byte;
		}
		for (size_t j = 0; j < 4; j++)
			four[j] = i + j > size ? '=' : letters[three >> (18 - 6 * j) & 63];
		fmt_buf_put(&text, four, 4);
	}
	return json_stringn(text.size ? (const char *)text.data : "", text.size);
}

static int do_read_memory(struct rep_dap *dap, json_t *arguments, json_t **ret_body, struct fmt_error *error)
{
	const uint64_t addr = rep__dap_u64(arguments, "memoryReference") + rep__dap_u64(arguments, "offset");
	const uint64_t count = rep__dap_u64(arguments, "count");
	char address[32];

	snprintf(address, sizeof(address), "0x%" PRIx64, addr);
	json_t *answer = rep__dap_ask(dap, json_pack("{s:s, s:s, s:I}", "do", "memory", "address", address, "size", (json_int_t)count),
				      error);

	if (!answer)
		return -EINVAL;
	*ret_body = json_pack("{s:s, s:o, s:I}", "address", address, "data",
			      base64(json_string_value(json_object_get(answer, "bytes"))), "unreadableBytes",
			      (json_int_t)(count - rep__dap_u64(answer, "size")));
	json_decref(answer);
	return 0;
}

/* Backwards instructions cannot be told from bytes: what lies before the address is shown as unknown. */
static int do_disassemble(struct rep_dap *dap, json_t *arguments, json_t **ret_body, struct fmt_error *error)
{
	const uint64_t addr = rep__dap_u64(arguments, "memoryReference") + rep__dap_u64(arguments, "offset");
	const json_int_t skip = json_integer_value(json_object_get(arguments, "instructionOffset"));
	const json_int_t count = json_integer_value(json_object_get(arguments, "instructionCount"));
	json_t *list = json_array(), *instruction;
	char address[32];
	size_t i;

	for (json_int_t before = skip; before < 0 && (json_int_t)json_array_size(list) < count; before++) {
		snprintf(address, sizeof(address), "0x%" PRIx64, addr + (uint64_t)before);
		json_array_append_new(list, json_pack("{s:s, s:s}", "address", address, "instruction", "?"));
	}
	snprintf(address, sizeof(address), "0x%" PRIx64, addr);
	json_t *answer = rep__dap_ask(dap, json_pack("{s:s, s:s, s:I}", "do", "disassemble", "address", address, "count",
						     count + (skip > 0 ? skip : 0) > 0 ? count + (skip > 0 ? skip : 0) : 1), error);

	if (!answer) {
		json_decref(list);
		return -EINVAL;
	}
	json_array_foreach(json_object_get(answer, "instructions"), i, instruction)
		if ((json_int_t)i >= skip && (json_int_t)json_array_size(list) < count)
			json_array_append_new(list, json_pack("{s:O, s:O, s:O}", "address", json_object_get(instruction, "address"),
							      "instructionBytes", json_object_get(instruction, "bytes"),
							      "instruction", json_object_get(instruction, "text")));
	json_decref(answer);
	*ret_body = json_pack("{s:o}", "instructions", list);
	return 0;
}

static int do_source(struct rep_dap *dap, json_t *arguments, json_t **ret_body, struct fmt_error *error)
{
	json_t *path = json_object_get(json_object_get(arguments, "source"), "path");
	json_t *answer = rep__dap_ask(dap, json_pack("{s:s, s:O?}", "do", "source", "file", path), error);

	if (!answer)
		return -EINVAL;
	*ret_body = json_pack("{s:O}", "content", json_object_get(answer, "text"));
	json_decref(answer);
	return 0;
}

const struct rep_dap_command rep__dap_look[] = {
	{"threads", do_threads, NULL},	   {"stackTrace", do_stack, NULL},	    {"scopes", do_scopes, NULL},
	{"variables", do_variables, NULL}, {"evaluate", do_evaluate, NULL},	    {"readMemory", do_read_memory, NULL},
	{"disassemble", do_disassemble, NULL}, {"source", do_source, NULL},	    {NULL, NULL, NULL},
};
