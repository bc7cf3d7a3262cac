/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control-int.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "command.h"
#include "text.h"

/* ---- refusing ---------------------------------------------------------------- */

int rep__refuse(struct rep_control *c, const char *code, const char *format, ...)
{
	va_list ap;

	c->code = code;
	va_start(ap, format);
	vsnprintf(c->error.text, sizeof(c->error.text), format, ap);
	va_end(ap);
	return -1;
}

const char *rep__said(struct rep_control *c)
{
	c->said = c->error;
	return c->said.text;
}

/* ---- members ------------------------------------------------------------------- */

int rep__get_text_or(struct rep_control *c, json_t *request, const char *name, const char *otherwise, const char **ret)
{
	json_t *value = json_object_get(request, name);

	*ret = otherwise;
	if (!value || json_is_null(value))
		return 0;
	if (!json_is_string(value))
		return rep__refuse(c, "usage", "%s has to be text", name);
	*ret = json_string_value(value);
	return 0;
}

int rep__get_text(struct rep_control *c, json_t *request, const char *name, const char **ret)
{
	if (rep__get_text_or(c, request, name, NULL, ret) < 0)
		return -1;
	return *ret ? 0 : rep__refuse(c, "usage", "%s is missing", name);
}

int rep__get_number_or(struct rep_control *c, json_t *request, const char *name, uint64_t otherwise, uint64_t *ret)
{
	json_t *value = json_object_get(request, name);

	*ret = otherwise;
	if (!value || json_is_null(value))
		return 0;
	if (json_is_integer(value) && json_integer_value(value) >= 0) {
		*ret = (uint64_t)json_integer_value(value);
		return 0;
	}
	if (json_is_string(value) && fmt_parse_number(json_string_value(value), ret))
		return 0;
	return rep__refuse(c, "usage", "%s has to be a whole number, or text such as \"0x7f00\"", name);
}

int rep__get_number(struct rep_control *c, json_t *request, const char *name, uint64_t *ret)
{
	if (rep__get_number_or(c, request, name, 0, ret) < 0)
		return -1;
	return json_object_get(request, name) ? 0 : rep__refuse(c, "usage", "%s is missing", name);
}

bool rep__get_bool(json_t *request, const char *name)
{
	return json_is_true(json_object_get(request, name));
}

/* ---- nodes and threads ------------------------------------------------------------ */

int rep__get_node(struct rep_control *c, json_t *request, node_id *ret)
{
	json_t *value = json_object_get(request, "node");
	uint64_t number;

	*ret = c->node;
	if (!value || json_is_null(value))
		return 0;
	if (json_is_integer(value)) {
		*ret = (node_id)json_integer_value(value);
		return 0;
	}
	if (!json_is_string(value))
		return rep__refuse(c, "usage", "node has to be a name or a number");
	/* Whoever is not met yet is known all the same. */
	const struct rep_state *state;
	const char *name = json_string_value(value);

	if (rep_states_at_place(c->states, "end", &state, &c->error) < 0)
		return rep__refuse(c, "damaged", "%s", rep__said(c));
	const struct rep_state_node *nodes = state->nodes.rows;

	for (uint32_t i = 0; i < state->nodes.count; i++)
		if (strcmp(nodes[i].name, name) == 0) {
			*ret = nodes[i].id;
			return 0;
		}
	if (!fmt_parse_number(name, &number) || !rep_state_node(state, (node_id)number))
		return rep__refuse(c, "not-found", "there is no node %s", name);
	*ret = (node_id)number;
	return 0;
}

/* Any thread of a node or process that has a program: the one whose turn it is, or the first. */
static bool some_thread(struct rep_control *c, node_id node, uint32_t pid, struct rep_thread_info *ret)
{
	const struct rep_thread_info *threads;
	const size_t count = rep_timeline_threads(c->timeline, &threads);
	bool found = false;

	for (size_t i = 0; i < count; i++) {
		if ((node && threads[i].node != node) || (pid && threads[i].pid != pid) || !threads[i].has_program)
			continue;
		if (!found || threads[i].is_next)
			*ret = threads[i];
		found = true;
	}
	return found;
}

int rep__get_thread(struct rep_control *c, json_t *request, struct rep_thread_info *ret)
{
	node_id node;
	uint64_t tid, pid;

	if (rep__get_node(c, request, &node) < 0 || rep__get_number_or(c, request, "tid", 0, &tid) < 0 ||
	    rep__get_number_or(c, request, "pid", 0, &pid) < 0)
		return -1;
	if (!tid && !pid && node == c->node)
		tid = c->tid;
	if (tid && node && rep_timeline_thread(c->timeline, node, (uint32_t)tid, ret) == 0)
		return 0;
	if (tid && json_object_get(request, "tid"))
		return rep__refuse(c, "not-found", "there is no thread %" PRIu64 " on node %u here", tid, node);
	if (some_thread(c, node, (uint32_t)pid, ret))
		return 0;
	return rep__refuse(c, "not-found", "nobody runs a program there at this position");
}

int rep__get_process(struct rep_control *c, json_t *request, node_id *ret_node, uint32_t *ret_pid)
{
	struct rep_thread_info thread;

	if (rep__get_thread(c, request, &thread) < 0)
		return -1;
	*ret_node = thread.node;
	*ret_pid = thread.pid;
	return 0;
}

/* ---- the process as symbols see it --------------------------------------------------- */

static size_t target_read(void *arg, void *to, uint64_t addr, size_t size)
{
	const struct rep_process_target *process = arg;

	return rep_timeline_read(process->control->timeline, process->node, process->pid, to, addr, size);
}

static size_t target_maps(void *arg, const struct rep_target_map **ret)
{
	const struct rep_process_target *process = arg;

	*ret = process->maps;
	return process->map_count;
}

/* By the number alone: the timeline's own mappings may have changed since. */
static int target_open(void *arg, const struct rep_target_map *map)
{
	const struct rep_process_target *process = arg;
	const struct rep_mapping *mappings;
	size_t count;

	if (rep_timeline_mappings(process->control->timeline, process->node, process->pid, &mappings, &count) < 0)
		return -ESRCH;
	for (size_t i = 0; i < count; i++)
		if (mappings[i].file && rep__file_number_of(mappings[i].hash) == map->file)
			return fmt_reader_file(process->control->reader, mappings[i].hash, NULL);
	return -ENOENT;
}

static void free_maps(struct rep_process_target *process)
{
	for (size_t i = 0; i < process->map_count; i++)
		free((char *)process->maps[i].path);
	free(process->maps);
	process->maps = NULL;
	process->map_count = 0;
}

static void read_maps(struct rep_control *c, struct rep_process_target *process)
{
	const struct rep_mapping *mappings;
	size_t count;

	free_maps(process);
	if (rep_timeline_mappings(c->timeline, process->node, process->pid, &mappings, &count) < 0)
		return;
	process->maps = calloc(count + 1, sizeof(*process->maps));
	CHECK(process->maps);
	for (size_t i = 0; i < count; i++) {
		if (!mappings[i].file)
			continue;
		char *path = strdup(mappings[i].path);

		CHECK(path);
		process->maps[process->map_count++] =
			(struct rep_target_map){mappings[i].start, mappings[i].end, mappings[i].offset, path,
						rep__file_number_of(mappings[i].hash)};
	}
}

const struct rep_target *rep__target(struct rep_control *c, node_id node, uint32_t pid)
{
	static const struct rep_target_ops ops = {.read = target_read, .maps = target_maps, .open = target_open};
	struct rep_process_target *process = &c->process;

	process->target = (struct rep_target){&ops, process};
	if (process->node == node && process->pid == pid && process->move == c->move)
		return &process->target;
	process->control = c;
	process->node = node;
	process->pid = pid;
	process->move = c->move;
	read_maps(c, process);
	return &process->target;
}

int rep__stack(struct rep_control *c, node_id node, uint32_t tid, const struct rep_frame **ret, size_t *ret_count)
{
	struct rep_thread_info thread;
	struct user_regs_struct regs;

	*ret = c->frames;
	if (c->frames_move != c->move || c->frames_node != node || c->frames_tid != tid) {
		if (rep_timeline_thread(c->timeline, node, tid, &thread) < 0 ||
		    rep_timeline_regs(c->timeline, node, tid, &regs) < 0)
			return rep__refuse(c, "not-found", "thread %u of node %u runs no program here", tid, node);
		c->frame_count = rep_unwind_inlined(c->symbols, rep__target(c, node, thread.pid), &regs, c->frames, REP_FRAMES_MAX);
		c->frames_move = c->move;
		c->frames_node = node;
		c->frames_tid = tid;
	}
	*ret_count = c->frame_count;
	return 0;
}

/* ---- where it stands -------------------------------------------------------------------- */

void rep__put_where(struct rep_control *c, struct rep_json *out)
{
	struct rep_position position;
	char text[REP_POSITION_TEXT_SIZE] = "";
	bool inside;
	const event_seq seq = rep_timeline_seq(c->timeline, &inside);

	if (rep_timeline_position(c->timeline, &position) < 0)
		position = (struct rep_position){.seq = seq};
	rep_position_text(&position, text);
	rep_json_text(out, "position", text);
	rep_json_u64(out, "seq", seq);
	rep_json_bool(out, "inside", inside);
	rep_json_u64(out, "vtime", rep_timeline_vtime(c->timeline));
}

static const char *why_name(enum rep_why why)
{
	static const char *const names[] = {
		[REP_WHY_DONE] = "done",	       [REP_WHY_BREAKPOINT] = "breakpoint", [REP_WHY_WATCHPOINT] = "watchpoint",
		[REP_WHY_EVENT] = "event",	       [REP_WHY_START] = "start",	    [REP_WHY_END] = "end",
		[REP_WHY_INTERRUPTED] = "interrupted", [REP_WHY_DIVERGED] = "diverged",	    [REP_WHY_FAILED] = "failed",
	};

	return names[why];
}

/* The number that the client has for a point of the timeline. */
static int point_number(const struct rep_control *c, int point)
{
	for (size_t i = 0; i < c->point_count; i++)
		for (size_t j = 0; j < c->points[i].count; j++)
			if (c->points[i].numbers[j] == point)
				return c->points[i].number;
	return 0;
}

static uint64_t little(const uint8_t bytes[8], uint32_t size)
{
	uint64_t value = 0;

	memcpy(&value, bytes, size < sizeof(value) ? size : sizeof(value));
	return value;
}

static void put_place(struct rep_control *c, const struct rep_stop *stop, struct rep_json *out)
{
	struct rep_place_info place;
	char path[4096];

	if (!stop->pc)
		return;
	rep_place_of(c->symbols, rep__target(c, stop->node, stop->pid), stop->pc, &place);
	if (place.function)
		rep_json_text(out, "function", place.function);
	if (place.file) {
		rep_place_path(&place, path, sizeof(path));
		rep_json_text(out, "file", path);
		rep_json_u64(out, "line", (uint64_t)place.line);
	}
}

bool rep__is_stale(struct rep_control *c, const struct rep_stop *stop)
{
	return stop->why == REP_WHY_INTERRUPTED && !atomic_load(&c->interrupted);
}

void rep__put_stop(struct rep_control *c, const struct rep_stop *stop, struct rep_json *out)
{
	char text[512];

	c->move++;
	if (stop->tid) {
		c->node = stop->node;
		c->tid = stop->tid;
		c->frame = 0;
	}
	rep__put_where(c, out);
	rep_json_open(out, "stop", '{');
	rep_json_text(out, "why", why_name(stop->why));
	if (stop->point)
		rep_json_u64(out, "point", (uint64_t)point_number(c, stop->point));
	rep_json_u64(out, "event", stop->seq);
	rep_json_u64(out, "node", stop->node);
	rep_json_u64(out, "pid", stop->pid);
	rep_json_u64(out, "tid", stop->tid);
	rep_json_hex(out, "pc", stop->pc);
	put_place(c, stop, out);
	if (stop->why == REP_WHY_WATCHPOINT) {
		rep_json_hex(out, "address", stop->addr);
		rep_json_hex(out, "before", little(stop->before, stop->size));
		rep_json_hex(out, "after", little(stop->after, stop->size));
	}
	rep_stop_text(c->timeline, stop, text, sizeof(text));
	rep_json_text(out, "text", text);
	rep_json_close(out, '}');
}

/* ---- requests ------------------------------------------------------------------------------ */

static int do_hello(struct rep_control *c, json_t *request, struct rep_json *out)
{
	struct fmt_trace_stat stat;
	const struct rep_state *state;

	(void)request;
	fmt_reader_stat(c->reader, &stat);
	rep_json_u64(out, "protocol", 1);
	rep_json_text(out, "trace", c->path);
	rep_json_u64(out, "events", stat.events);
	rep_json_u64(out, "first", stat.first);
	rep_json_u64(out, "last", stat.last);
	if (rep_states_at_place(c->states, "end", &state, &c->error) < 0)
		return rep__refuse(c, "damaged", "%s", rep__said(c));
	const struct rep_state_node *nodes = state->nodes.rows;

	rep_json_open(out, "nodes", '[');
	for (uint32_t i = 0; i < state->nodes.count; i++) {
		rep_json_open(out, NULL, '{');
		rep_json_u64(out, "id", nodes[i].id);
		rep_json_text(out, "name", nodes[i].name);
		rep_json_text(out, "address", nodes[i].address);
		rep_json_close(out, '}');
	}
	rep_json_close(out, ']');
	return 0;
}

static int do_where(struct rep_control *c, json_t *request, struct rep_json *out)
{
	(void)request;
	rep__put_where(c, out);
	return 0;
}

static int do_shutdown(struct rep_control *c, json_t *request, struct rep_json *out)
{
	(void)request, (void)out;
	c->over = true;
	return 0;
}

static const struct rep_request own_requests[] = {
	{"hello", do_hello}, {"where", do_where}, {"shutdown", do_shutdown}, {NULL, NULL},
};

static rep_request_fn find_request(const char *name)
{
	const struct rep_request *const tables[] = {own_requests, rep__move_requests, rep__look_requests, rep__variable_requests,
						    rep__state_requests};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct rep_request *row = tables[i]; row->name; row++)
			if (strcmp(row->name, name) == 0)
				return row->fn;
	return NULL;
}

/* What is yes or no in any request; "yes" would otherwise be taken for no. */
static int check_flags(struct rep_control *c, json_t *request)
{
	static const char *const flags[] = {"back", "access"};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		const json_t *value = json_object_get(request, flags[i]);

		if (value && !json_is_null(value) && !json_is_boolean(value))
			return rep__refuse(c, "usage", "%s has to be true or false", flags[i]);
	}
	return 0;
}

static int carry_out(struct rep_control *c, json_t *request, struct rep_json *out)
{
	const char *name;

	if (!json_is_object(request))
		return rep__refuse(c, "usage", "a request is an object");
	if (rep__get_text(c, request, "do", &name) < 0 || check_flags(c, request) < 0)
		return -1;
	const rep_request_fn fn = find_request(name);

	return fn ? fn(c, request, out) : rep__refuse(c, "usage", "there is no request %s", name);
}

void rep_control_begin(struct rep_control *c)
{
	atomic_store(&c->interrupted, false);
}

bool rep_control_handle(struct rep_control *c, const char *line, size_t size, struct fmt_buf *answer)
{
	_cleanup_(fmt_buf_done) struct fmt_buf members = {0};
	struct rep_json out = {.out = &members}, json = {.out = answer};
	json_error_t why;
	json_t *request = json_loadb(line, size, JSON_REJECT_DUPLICATES, &why);
	json_t *id = json_object_get(request, "id");

	c->code = "usage";
	const int r = request ? carry_out(c, request, &out) : rep__refuse(c, "usage", "no JSON: %s", why.text);

	rep_json_open(&json, NULL, '{');
	rep_json_s64(&json, "id", json_is_integer(id) ? json_integer_value(id) : 0);
	rep_json_bool(&json, "ok", r == 0);
	if (r == 0 && members.size) {
		fmt_buf_put(answer, ",", 1);
		fmt_buf_put(answer, members.data, members.size);
	} else if (r < 0) {
		rep_json_text(&json, "code", c->code);
		rep_json_text(&json, "error", c->error.text);
	}
	rep_json_close(&json, '}');
	json_decref(request);
	return r == 0;
}

void rep_control_interrupt(struct rep_control *c)
{
	atomic_store(&c->interrupted, true);
	rep_timeline_interrupt(c->timeline);
}

bool rep_control_is_over(const struct rep_control *c)
{
	return c->over;
}

/* ---- opening ------------------------------------------------------------------------------------ */

/* 0, -ESRCH: the trace has no node of this name; what fmt_reader_find() returns. */
static int find_node(struct fmt_reader *reader, const char *name, struct fmt_error *error)
{
	static const uint32_t kinds[] = {FMT_node};
	const struct fmt_want want = {.kinds = kinds, .kind_count = 1};
	struct fmt_event event;
	struct fmt_ev_node ev;
	event_seq at = 0;
	int got;

	for (; (got = fmt_reader_find(reader, &want, /* backwards= */ false, &at, &event, error)) > 0; at++)
		if (fmt_get_node(&event, &ev) == 0 && ev.name.size == strlen(name) && !memcmp(ev.name.data, name, ev.name.size))
			return 0;
	if (got == 0)
		snprintf(error->text, sizeof(error->text), "there is no node %s", name);
	return got < 0 ? got : -ESRCH;
}

int rep_control_new(const char *path, const char *node_name, struct rep_control **ret, struct fmt_error *error)
{
	_cleanup_(rep_control_freep) struct rep_control *c = calloc(1, sizeof(*c));

	CHECK(c);
	int r = fmt_reader_open(path, &c->reader, error);

	if (r == 0 && node_name)
		r = find_node(c->reader, node_name, error);
	if (r == 0)
		r = rep_timeline_open(path, &(struct rep_timeline_options){.node_name = node_name}, &c->timeline, error);
	if (r < 0)
		return r;
	c->path = strdup(path);
	CHECK(c->path);
	rep_states_new(c->reader, &c->states);
	c->symbols = rep_symbols_new();
	c->source = rep_source_new(c->reader);
	c->move = 1;
	*ret = STEAL(c);
	return 0;
}

void rep_control_free(struct rep_control *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->point_count; i++) {
		free(c->points[i].numbers);
		free(c->points[i].text);
		free(c->points[i].condition);
	}
	free_maps(&c->process);
	rep_timeline_close(c->timeline);
	rep__images_free(c->images);
	rep_source_free(c->source);
	rep_symbols_free(c->symbols);
	rep_states_free(c->states);
	fmt_reader_close(c->reader);
	free(c->path);
	free(c);
}
