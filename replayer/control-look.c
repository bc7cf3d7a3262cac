/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control-look.c - requests that look at threads, stacks, memory, instructions and source where the timeline stands. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"
#include "call-text.h"
#include "control-int.h"
#include "disassembly.h"
#include "syscall-names.h"
#include "text.h"

#define MEMORY_MAX (1u << 20)
#define INSTRUCTIONS_MAX 4096

static int do_select(struct rep_control *c, json_t *request, struct rep_json *out)
{
	struct rep_thread_info thread;
	const struct rep_frame *frames;
	uint64_t frame;
	size_t count;

	if (rep__get_thread(c, request, &thread) < 0 || rep__get_number_or(c, request, "frame", 0, &frame) < 0 ||
	    (frame && rep__stack(c, thread.node, thread.tid, &frames, &count) < 0))
		return -1;
	if (frame && frame >= count)
		return rep__refuse(c, "not-found", "the stack has %zu frames", count);
	c->node = thread.node;
	c->tid = thread.tid;
	c->frame = frame;
	rep_json_u64(out, "node", thread.node);
	rep_json_u64(out, "pid", thread.pid);
	rep_json_u64(out, "tid", thread.tid);
	rep_json_u64(out, "frame", frame);
	return 0;
}

static int do_threads(struct rep_control *c, json_t *request, struct rep_json *out)
{
	const struct rep_thread_info *threads;
	const size_t count = rep_timeline_threads(c->timeline, &threads);
	node_id node = 0;

	if (json_object_get(request, "node") && rep__get_node(c, request, &node) < 0)
		return -1;
	rep_json_open(out, "threads", '[');
	for (size_t i = 0; i < count; i++) {
		const struct rep_thread_info *t = &threads[i];

		if (node && t->node != node)
			continue;
		rep_json_open(out, NULL, '{');
		rep_json_u64(out, "node", t->node);
		rep_json_text(out, "node_name", t->node_name);
		rep_json_u64(out, "pid", t->pid);
		rep_json_u64(out, "tid", t->tid);
		rep_json_text(out, "name", t->name);
		rep_json_bool(out, "has_program", t->has_program);
		rep_json_bool(out, "in_syscall", t->in_syscall);
		if (t->in_syscall) {
			rep_json_u64(out, "nr", t->nr);
			rep_json_text(out, "call", fmt_syscall_name(t->nr) ?: "?");
		}
		rep_json_bool(out, "next", t->is_next);
		rep_json_close(out, '}');
	}
	rep_json_close(out, ']');
	return 0;
}

static int do_registers(struct rep_control *c, json_t *request, struct rep_json *out)
{
	static const struct {
		const char *name;
		size_t offset;
	} registers[] = {
#define REGISTER(name) {#name, offsetof(struct user_regs_struct, name)}
		REGISTER(rax), REGISTER(rbx), REGISTER(rcx), REGISTER(rdx), REGISTER(rsi), REGISTER(rdi), REGISTER(rbp),
		REGISTER(rsp), REGISTER(r8), REGISTER(r9), REGISTER(r10), REGISTER(r11), REGISTER(r12), REGISTER(r13),
		REGISTER(r14), REGISTER(r15), REGISTER(rip), REGISTER(eflags), REGISTER(fs_base), REGISTER(gs_base),
		REGISTER(orig_rax),
#undef REGISTER
	};
	struct rep_thread_info thread;
	struct user_regs_struct regs;

	if (rep__get_thread(c, request, &thread) < 0)
		return -1;
	if (rep_timeline_regs(c->timeline, thread.node, thread.tid, &regs) < 0)
		return rep__refuse(c, "not-found", "thread %u runs no program here", thread.tid);
	rep_json_open(out, "registers", '{');
	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
		uint64_t value;

		memcpy(&value, (const uint8_t *)&regs + registers[i].offset, sizeof(value));
		rep_json_hex(out, registers[i].name, value);
	}
	rep_json_close(out, '}');
	return 0;
}

static void put_frame(struct rep_control *c, const struct rep_target *target, const struct rep_frame *frame, size_t number,
		      struct rep_json *out)
{
	struct rep_place_info place;
	char path[4096];

	rep_place_of_frame(c->symbols, target, frame, &place);
	rep_json_open(out, NULL, '{');
	rep_json_u64(out, "frame", number);
	rep_json_hex(out, "pc", frame->pc);
	rep_json_hex(out, "cfa", frame->cfa);
	if (place.function) {
		rep_json_text(out, "function", place.function);
		rep_json_u64(out, "offset", place.offset + (frame->exact ? 0 : 1));
	}
	if (place.module)
		rep_json_text(out, "module", place.module->path);
	if (place.file) {
		rep_place_path(&place, path, sizeof(path));
		rep_json_text(out, "file", path);
		rep_json_u64(out, "line", (uint64_t)place.line);
	}
	rep_json_text(out, "how", frame->inlined ? "inlined" : frame->how == REP_FRAME_POINTER ? "frame-pointer" :
				  frame->how == REP_FRAME_UNWOUND ? "unwound" : "registers");
	rep_json_close(out, '}');
}

static int do_stack(struct rep_control *c, json_t *request, struct rep_json *out)
{
	struct rep_thread_info thread;
	const struct rep_frame *frames;
	uint64_t limit;
	size_t count;

	if (rep__get_thread(c, request, &thread) < 0 || rep__get_number_or(c, request, "limit", 64, &limit) < 0 ||
	    rep__stack(c, thread.node, thread.tid, &frames, &count) < 0)
		return -1;
	rep_json_u64(out, "node", thread.node);
	rep_json_u64(out, "pid", thread.pid);
	rep_json_u64(out, "tid", thread.tid);
	rep_json_open(out, "frames", '[');
	for (size_t i = 0; i < count && i < limit; i++)
		put_frame(c, rep__target(c, thread.node, thread.pid), &frames[i], i, out);
	rep_json_close(out, ']');
	return 0;
}

static int do_memory(struct rep_control *c, json_t *request, struct rep_json *out)
{
	node_id node;
	uint32_t pid;
	uint64_t addr, size;
	_cleanup_(fmt_buf_done) struct fmt_buf hex = {0};

	if (rep__get_process(c, request, &node, &pid) < 0 || rep__get_number(c, request, "address", &addr) < 0 ||
	    rep__get_number_or(c, request, "size", 64, &size) < 0)
		return -1;
	if (size > MEMORY_MAX)
		return rep__refuse(c, "usage", "at most %u bytes at once", MEMORY_MAX);
	_cleanup_free_ uint8_t *bytes = malloc(size + 1);

	CHECK(bytes);
	const size_t got = rep_timeline_read(c->timeline, node, pid, bytes, addr, size);

	for (size_t i = 0; i < got; i++)
		fmt_put_text(&hex, "%02x", bytes[i]);
	rep_json_hex(out, "address", addr);
	rep_json_u64(out, "size", got);
	rep_json_bytes(out, "bytes", (struct fmt_bytes){hex.data, hex.size});
	return 0;
}

static int do_mappings(struct rep_control *c, json_t *request, struct rep_json *out)
{
	const struct rep_mapping *mappings;
	node_id node;
	uint32_t pid;
	size_t count;

	if (rep__get_process(c, request, &node, &pid) < 0)
		return -1;
	if (rep_timeline_mappings(c->timeline, node, pid, &mappings, &count) < 0)
		return rep__refuse(c, "not-found", "process %u runs no program here", pid);
	rep_json_open(out, "mappings", '[');
	for (size_t i = 0; i < count; i++) {
		const int prot = mappings[i].prot;
		const char text[4] = {prot & PROT_READ ? 'r' : '-', prot & PROT_WRITE ? 'w' : '-', prot & PROT_EXEC ? 'x' : '-', 0};

		rep_json_open(out, NULL, '{');
		rep_json_hex(out, "start", mappings[i].start);
		rep_json_hex(out, "end", mappings[i].end);
		rep_json_hex(out, "offset", mappings[i].offset);
		rep_json_text(out, "prot", text);
		rep_json_bool(out, "shared", mappings[i].shared);
		rep_json_text(out, "path", mappings[i].path);
		rep_json_close(out, '}');
	}
	rep_json_close(out, ']');
	return 0;
}

static void put_instruction(struct rep_control *c, const struct rep_target *target, const struct rep_instruction *at,
			    struct rep_json *out)
{
	struct rep_place_info place;
	char hex[33] = "", path[4096];

	for (size_t i = 0; i < at->size; i++) {
		hex[2 * i] = "0123456789abcdef"[at->bytes[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[at->bytes[i] & 15];
	}
	rep_place_of(c->symbols, target, at->addr, &place);
	rep_json_open(out, NULL, '{');
	rep_json_hex(out, "address", at->addr);
	rep_json_text(out, "bytes", hex);
	rep_json_text(out, "text", at->text);
	if (place.function) {
		rep_json_text(out, "function", place.function);
		rep_json_u64(out, "offset", place.offset);
	}
	if (place.file) {
		rep_place_path(&place, path, sizeof(path));
		rep_json_text(out, "file", path);
		rep_json_u64(out, "line", (uint64_t)place.line);
	}
	rep_json_close(out, '}');
}

static int do_disassemble(struct rep_control *c, json_t *request, struct rep_json *out)
{
	struct rep_thread_info thread;
	struct user_regs_struct regs = {0};
	uint64_t addr, count;

	if (rep__get_thread(c, request, &thread) < 0)
		return -1;
	rep_timeline_regs(c->timeline, thread.node, thread.tid, &regs);
	if (rep__get_number_or(c, request, "address", regs.rip, &addr) < 0 || rep__get_number_or(c, request, "count", 16, &count) < 0)
		return -1;
	if (!count || count > INSTRUCTIONS_MAX)
		return rep__refuse(c, "usage", "count has to be between 1 and %u", INSTRUCTIONS_MAX);
	_cleanup_free_ struct rep_instruction *instructions = calloc(count, sizeof(*instructions));
	const struct rep_target *target = rep__target(c, thread.node, thread.pid);

	CHECK(instructions);
	const size_t got = rep_disassemble(c->symbols, target, addr, instructions, count);

	rep_json_open(out, "instructions", '[');
	for (size_t i = 0; i < got; i++)
		put_instruction(c, target, &instructions[i], out);
	rep_json_close(out, ']');
	return 0;
}

static int do_source(struct rep_control *c, json_t *request, struct rep_json *out)
{
	_cleanup_(fmt_buf_done) struct fmt_buf text = {0}, path = {0};
	const char *file;

	if (rep__get_text(c, request, "file", &file) < 0)
		return -1;
	const int r = rep_source_read(c->source, file, &text, &path);

	if (r < 0)
		return rep__refuse(c, "not-found", "%s %s; a folder where it may be is given by roots", file,
				   r == -EFBIG ? "is too large" : "is not there");
	rep_json_bytes(out, "path", (struct fmt_bytes){path.data, path.size});
	rep_json_bytes(out, "text", (struct fmt_bytes){text.data, text.size});
	return 0;
}

static int do_roots(struct rep_control *c, json_t *request, struct rep_json *out)
{
	const char *folder, *debug;

	(void)out;
	if (rep__get_text_or(c, request, "add", NULL, &folder) < 0 || rep__get_text_or(c, request, "debug", NULL, &debug) < 0)
		return -1;
	if (!folder && !debug)
		return rep__refuse(c, "usage", "add is missing");
	if (folder)
		rep_source_add_root(c->source, folder);
	if (debug)
		rep_symbols_add_debug(c->symbols, debug);
	return 0;
}

/* Symbols of one module that have the text in their names.  How many more may come. */
static uint64_t put_symbols(const struct rep_module *module, uint64_t bias, const char *match, uint64_t left, struct rep_json *out)
{
	for (size_t i = 0; i < module->symbol_count && left; i++) {
		const struct rep_symbol *symbol = &module->symbols[i];

		if (!strstr(symbol->name, match))
			continue;
		rep_json_open(out, NULL, '{');
		rep_json_text(out, "name", symbol->name);
		rep_json_hex(out, "address", symbol->addr + bias);
		rep_json_u64(out, "size", symbol->size);
		rep_json_text(out, "module", module->path);
		rep_json_text(out, "build_id", module->build_id);
		rep_json_close(out, '}');
		left--;
	}
	return left;
}

static int do_symbols(struct rep_control *c, json_t *request, struct rep_json *out)
{
	const struct rep_module *module;
	const char *match;
	uint64_t limit, bias;
	node_id node;

	if (rep__get_text_or(c, request, "match", "", &match) < 0 || rep__get_number_or(c, request, "limit", 100, &limit) < 0 ||
	    rep__get_node(c, request, &node) < 0)
		return -1;
	if (!c->images)
		c->images = rep__images_new(c->reader);
	const struct rep_target *target = rep__images_of(c->images, node);

	rep_json_open(out, "symbols", '[');
	for (size_t i = 0; limit && (module = rep_module_of_target(c->symbols, target, i, &bias)); i++)
		limit = put_symbols(module, bias, match, limit, out);
	rep_json_close(out, ']');
	return 0;
}

const struct rep_request rep__look_requests[] = {
	{"select", do_select},	     {"threads", do_threads},	      {"registers", do_registers}, {"stack", do_stack},
	{"memory", do_memory},	     {"mappings", do_mappings},	      {"disassemble", do_disassemble},
	{"source", do_source},	     {"roots", do_roots},	      {"symbols", do_symbols},
	{NULL, NULL},
};
