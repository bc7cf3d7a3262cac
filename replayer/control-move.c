/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control-move.c - requests that move the timeline, and the points at which it stops. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "command.h"
#include "control-int.h"
#include "text.h"
#include "variables.h"

#define ADDRESSES_MAX 64

static enum rep_direction direction_of(json_t *request)
{
	return rep__get_bool(request, "back") ? REP_BACKWARD : REP_FORWARD;
}

static int moved(struct rep_control *c, const struct rep_stop *stop, struct rep_json *out)
{
	rep__put_stop(c, stop, out);
	return 0;
}

static int do_seek(struct rep_control *c, json_t *request, struct rep_json *out)
{
	struct rep_position position;
	struct rep_stop stop;
	const char *to;

	if (rep__get_text(c, request, "to", &to) < 0)
		return -1;
	const int r = rep_timeline_parse(c->timeline, to, &position, &c->error);

	if (r < 0)
		return rep__refuse(c, r == -EINVAL ? "usage" : "not-found", "%s", rep__said(c));
	do
		rep_timeline_seek(c->timeline, &position, &stop);
	while (rep__is_stale(c, &stop));
	return moved(c, &stop, out);
}

static int do_continue(struct rep_control *c, json_t *request, struct rep_json *out)
{
	struct rep_stop stop;

	do
		rep_timeline_continue(c->timeline, direction_of(request), &stop);
	while (rep__is_stale(c, &stop));
	return moved(c, &stop, out);
}

/* ---- steps by source --------------------------------------------------------------- */

/* Where a step by lines began. */
struct line_step {
	struct rep_control *c;
	node_id node;
	uint32_t pid;
};

/* At the beginning of a line, or in a function whose lines are known and which was come into from elsewhere. */
static bool at_line(void *arg, struct rep_timeline *tl, const struct user_regs_struct *regs)
{
	struct line_step *step = arg;
	struct rep_place_info place;

	(void)tl;
	rep_place_of(step->c->symbols, rep__target(step->c, step->node, step->pid), regs->rip, &place);
	return place.line && place.line_start == regs->rip;
}

/* Some line, beginning or not: backwards one comes to its end first. */
static bool in_line(void *arg, struct rep_timeline *tl, const struct user_regs_struct *regs)
{
	struct line_step *step = arg;
	struct rep_place_info place;

	(void)tl;
	rep_place_of(step->c->symbols, rep__target(step->c, step->node, step->pid), regs->rip, &place);
	return place.line != 0;
}

/* The line that a thread stands in; without one, its instruction. */
static void line_of(struct rep_control *c, const struct rep_thread_info *thread, uint64_t *ret_pc, uint64_t *ret_from,
		    uint64_t *ret_to)
{
	struct user_regs_struct regs = {0};
	struct rep_place_info place;

	rep_timeline_regs(c->timeline, thread->node, thread->tid, &regs);
	rep_place_of(c->symbols, rep__target(c, thread->node, thread->pid), regs.rip, &place);
	*ret_pc = regs.rip;
	*ret_from = place.line ? place.line_start : regs.rip;
	*ret_to = place.line ? place.line_end : regs.rip + 1;
}

static void range_step(struct rep_control *c, const struct rep_thread_info *thread, uint64_t from, uint64_t to, bool over,
		       bool (*stop_at)(void *, struct rep_timeline *, const struct user_regs_struct *),
		       enum rep_direction direction, struct rep_stop *ret)
{
	struct line_step arg = {c, thread->node, thread->pid};
	const struct rep_step step = {.unit = REP_STEP_RANGE, .node = thread->node, .tid = thread->tid, .from = from, .to = to,
				      .over = over, .stop_at = stop_at, .arg = &arg};

	do
		rep_timeline_step(c->timeline, &step, direction, ret);
	while (rep__is_stale(c, ret));
	c->move++;
}

/* Backwards a line is entered at its end, so there is a second step: to its beginning. */
static void line_backward(struct rep_control *c, const struct rep_thread_info *thread, bool over, struct rep_stop *ret)
{
	uint64_t pc, from, to;

	line_of(c, thread, &pc, &from, &to);
	if (pc == from) {
		range_step(c, thread, from, to, over, in_line, REP_BACKWARD, ret);
		if (ret->why != REP_WHY_DONE)
			return;
		line_of(c, thread, &pc, &from, &to);
		if (pc == from)
			return;
	}
	range_step(c, thread, from + 1, to, over, NULL, REP_BACKWARD, ret);
}

static void line_forward(struct rep_control *c, const struct rep_thread_info *thread, bool over, struct rep_stop *ret)
{
	uint64_t pc, from, to;

	line_of(c, thread, &pc, &from, &to);
	range_step(c, thread, from, to, over, at_line, REP_FORWARD, ret);
}

/* The frame that a step out leaves is over when the stack is above it. */
static bool is_above(void *arg, struct rep_timeline *tl, const struct rep_stop *stop)
{
	const uint64_t *cfa = arg;
	struct user_regs_struct regs;

	return rep_timeline_regs(tl, stop->node, stop->tid, &regs) == 0 && regs.rsp >= *cfa;
}

/* An inlined function that a step leaves. */
struct inlined {
	Dwarf_Die die;
	uint64_t bias;
};

static bool is_outside(void *arg, struct rep_timeline *tl, const struct user_regs_struct *regs)
{
	struct inlined *inlined = arg;

	(void)tl;
	return dwarf_haspc(&inlined->die, regs->rip - inlined->bias) == 0;
}

/* It has no caller to return to: until the thread is at no instruction of it; calls from there run to their return. */
static int step_out_of_inlined(struct rep_control *c, const struct rep_thread_info *thread, const struct rep_frame *frame,
			       enum rep_direction direction, struct rep_stop *ret)
{
	_cleanup_free_ Dwarf_Die *scopes = NULL;
	struct inlined inlined;
	const struct rep_module *module =
		rep_module_at(c->symbols, rep__target(c, thread->node, thread->pid), frame->pc, &inlined.bias);
	const int count = module ? rep_scopes_at(module, frame->pc - inlined.bias, &scopes) : 0;
	const int at = rep_scope_of_level(scopes, count, 0);

	if (at < 0)
		return rep__refuse(c, "not-found", "it is not known where this function ends");
	inlined.die = scopes[at];
	const struct rep_step step = {.unit = REP_STEP_RANGE, .node = thread->node, .tid = thread->tid, .from = frame->pc,
				      .to = frame->pc + 1, .over = true, .stop_at = is_outside, .arg = &inlined};

	do
		rep_timeline_step(c->timeline, &step, direction, ret);
	while (rep__is_stale(c, ret));
	c->move++;
	return 0;
}

static int step_out(struct rep_control *c, const struct rep_thread_info *thread, enum rep_direction direction,
		    struct rep_stop *ret)
{
	const struct rep_frame *frames;
	size_t count;
	struct rep_place_info place;

	if (rep__stack(c, thread->node, thread->tid, &frames, &count) < 0)
		return -1;
	if (frames[0].inlined)
		return step_out_of_inlined(c, thread, &frames[0], direction, ret);
	size_t caller = 1;

	while (caller < count && frames[caller].level)
		caller++;
	if (caller == count)
		return rep__refuse(c, "not-found", "there is no caller");
	/* The stack pointer is at the frame's edge when the caller goes on, and one word below it at the first instruction. */
	uint64_t cfa = direction == REP_FORWARD ? frames[0].cfa : frames[0].cfa - sizeof(uint64_t);

	rep_place_of(c->symbols, rep__target(c, thread->node, thread->pid), frames[0].pc, &place);
	const struct rep_symbol *symbol = place.module ? rep_symbol_at(place.module, frames[0].pc - place.bias) : NULL;

	if (direction == REP_BACKWARD && !symbol)
		return rep__refuse(c, "not-found", "it is not known where this function begins");
	const struct rep_point point = {
		.kind = REP_POINT_ADDRESS, .node = thread->node, .pid = thread->pid, .tid = thread->tid,
		.addr = direction == REP_FORWARD ? frames[caller].pc : symbol->addr + place.bias, .condition = is_above, .arg = &cfa,
	};
	const int number = rep_timeline_add_point(c->timeline, &point, &c->error);

	if (number < 0)
		return rep__refuse(c, "cannot", "%s", rep__said(c));
	do
		rep_timeline_continue(c->timeline, direction, ret);
	while (rep__is_stale(c, ret));
	rep_timeline_remove_point(c->timeline, number);
	c->move++;
	if (ret->point == number) {
		ret->why = REP_WHY_DONE;
		ret->point = 0;
		/* From the first instruction back to the call. */
		if (direction == REP_BACKWARD)
			rep_timeline_step(c->timeline, &(struct rep_step){.unit = REP_STEP_INSTRUCTION, .node = thread->node,
									  .tid = thread->tid}, REP_BACKWARD, ret);
	}
	return 0;
}

/* One step by the source.  -1: refused. */
static int source_step(struct rep_control *c, json_t *request, const char *unit, struct rep_stop *ret)
{
	const enum rep_direction direction = direction_of(request);
	const bool over = strcmp(unit, "over") == 0;
	struct rep_thread_info thread;

	if (rep__get_thread(c, request, &thread) < 0)
		return -1;
	if (strcmp(unit, "out") == 0)
		return step_out(c, &thread, direction, ret);
	if (direction == REP_BACKWARD)
		line_backward(c, &thread, over, ret);
	else
		line_forward(c, &thread, over, ret);
	return 0;
}

static int event_step(struct rep_control *c, json_t *request, const char *unit, struct rep_stop *ret)
{
	static const struct {
		const char *name;
		enum rep_step_unit unit;
	} units[] = {
		{"event", REP_STEP_EVENT}, {"syscall", REP_STEP_SYSCALL}, {"packet", REP_STEP_PACKET},
		{"output", REP_STEP_OUTPUT}, {"instruction", REP_STEP_INSTRUCTION},
	};
	struct rep_step step = {0};
	uint64_t tid = 0;
	size_t i = 0;

	while (i < sizeof(units) / sizeof(units[0]) && strcmp(units[i].name, unit) != 0)
		i++;
	if (i == sizeof(units) / sizeof(units[0]))
		return rep__refuse(c, "usage", "there are no steps by %s", unit);
	step.unit = units[i].unit;
	/* Events are anybody's, unless the request says whose; an instruction is the selected thread's. */
	if (json_object_get(request, "node") && rep__get_node(c, request, &step.node) < 0)
		return -1;
	if (rep__get_number_or(c, request, "tid", 0, &tid) < 0)
		return -1;
	step.tid = (uint32_t)tid;
	if (step.unit == REP_STEP_INSTRUCTION) {
		struct rep_thread_info thread;

		if (rep__get_thread(c, request, &thread) < 0)
			return -1;
		step.node = thread.node;
		step.tid = thread.tid;
	}
	do
		rep_timeline_step(c->timeline, &step, direction_of(request), ret);
	while (rep__is_stale(c, ret));
	c->move++;
	return 0;
}

static int do_step(struct rep_control *c, json_t *request, struct rep_json *out)
{
	const char *unit;
	uint64_t count;
	struct rep_stop stop = {0};

	if (rep__get_text_or(c, request, "unit", "event", &unit) < 0 || rep__get_number_or(c, request, "count", 1, &count) < 0)
		return -1;
	const bool by_source = strcmp(unit, "line") == 0 || strcmp(unit, "over") == 0 || strcmp(unit, "out") == 0;

	if (!count)
		return rep__refuse(c, "usage", "count has to be at least 1");
	for (uint64_t i = 0; i < count; i++) {
		const int r = by_source ? source_step(c, request, unit, &stop) : event_step(c, request, unit, &stop);

		if (r < 0)
			return r;
		if (stop.why != REP_WHY_DONE)
			break;
	}
	return moved(c, &stop, out);
}

/* ---- writes ------------------------------------------------------------------------------ */

/* Memory by address and size, or what an expression lies in. */
static int get_memory(struct rep_control *c, json_t *request, node_id *ret_node, uint32_t *ret_pid, uint64_t *ret_addr,
		      uint64_t *ret_size)
{
	const char *text;
	struct rep_place place;
	struct rep_thread_info thread;
	struct rep_variable variable;

	if (rep__get_text_or(c, request, "expression", NULL, &text) < 0)
		return -1;
	if (!text) {
		if (rep__get_process(c, request, ret_node, ret_pid) < 0)
			return -1;
		return rep__get_number(c, request, "address", ret_addr) < 0 ||
		       rep__get_number_or(c, request, "size", 8, ret_size) < 0 ? -1 : 0;
	}
	if (rep__get_place(c, request, &place, &thread) < 0)
		return -1;
	if (rep_evaluate(&place, text, &variable, &c->error) < 0)
		return rep__refuse(c, "not-found", "%s", rep__said(c));
	if (!variable.has_addr)
		return rep__refuse(c, "not-found", "%s is not in memory", text);
	*ret_node = thread.node;
	*ret_pid = thread.pid;
	*ret_addr = variable.addr;
	*ret_size = variable.size;
	return 0;
}

static int find_write(struct rep_control *c, json_t *request, enum rep_direction direction, struct rep_json *out)
{
	node_id node;
	uint32_t pid;
	uint64_t addr, size;
	struct rep_stop stop;

	if (get_memory(c, request, &node, &pid, &addr, &size) < 0)
		return -1;
	if (!size || size > UINT32_MAX)
		return rep__refuse(c, "usage", "size has to be at least 1");
	do
		rep_timeline_find_write(c->timeline, node, pid, addr, (uint32_t)size, direction, &stop);
	while (rep__is_stale(c, &stop));
	return moved(c, &stop, out);
}

static int do_last_write(struct rep_control *c, json_t *request, struct rep_json *out)
{
	return find_write(c, request, REP_BACKWARD, out);
}

static int do_next_write(struct rep_control *c, json_t *request, struct rep_json *out)
{
	return find_write(c, request, REP_FORWARD, out);
}

/* ---- points ---------------------------------------------------------------------------------- */

/* Whether the module that was meant is there: another program may have something else at the same address. */
static bool in_module(struct rep_control *c, const struct rep_stop *stop, uint64_t file)
{
	const struct rep_target *target = rep__target(c, stop->node, stop->pid);
	const struct rep_target_map *maps;
	const size_t count = target->ops->maps(target->arg, &maps);

	for (size_t i = 0; i < count; i++)
		if (stop->pc >= maps[i].start && stop->pc < maps[i].end)
			return maps[i].file == file;
	return false;
}

static bool condition_holds(struct rep_control *c, const struct rep_stop *stop, const char *condition)
{
	const struct rep_thread_info thread = {.node = stop->node, .pid = stop->pid, .tid = stop->tid};
	struct rep_variable variable;
	struct rep_place place;
	bool negative;
	uint64_t value;

	if (rep__place_of_frame(c, &thread, 0, &place) < 0)
		return false;
	if (rep_evaluate(&place, condition, &variable, NULL) < 0)
		return false;
	if (variable.die.addr)
		return rep_variable_number(&place, &variable, &value, &negative) && value;
	memcpy(&value, variable.location.bytes, sizeof(value));
	return value != 0;
}

static bool point_counts(void *arg, struct rep_timeline *tl, const struct rep_stop *stop)
{
	struct rep_control_point *point = arg;

	(void)tl;
	/* The timeline stands elsewhere than when anybody last looked. */
	point->control->move++;
	if ((point->file && !in_module(point->control, stop, point->file)) ||
	    (point->condition && !condition_holds(point->control, stop, point->condition)))
		return false;
	point->hits++;
	return true;
}

static char *copied(const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	CHECK(!text || copy);
	return copy;
}

/* A new point, without numbers yet.  NULL: refused. */
static struct rep_control_point *point_new(struct rep_control *c, json_t *request, const char *text)
{
	const char *condition;

	if (rep__get_text_or(c, request, "condition", NULL, &condition) < 0)
		return NULL;
	if (c->point_count == REP_POINTS_MAX) {
		rep__refuse(c, "cannot", "there are %u points already", REP_POINTS_MAX);
		return NULL;
	}
	struct rep_control_point *point = &c->points[c->point_count];

	*point = (struct rep_control_point){.number = c->last_number + 1, .control = c, .text = copied(text),
					    .condition = copied(condition)};
	point->numbers = calloc(ADDRESSES_MAX, sizeof(*point->numbers));
	CHECK(point->numbers);
	return point;
}

static void point_drop(struct rep_control *c, struct rep_control_point *point)
{
	for (size_t i = 0; i < point->count; i++)
		rep_timeline_remove_point(c->timeline, point->numbers[i]);
	free(point->numbers);
	free(point->text);
	free(point->condition);
	*point = (struct rep_control_point){0};
}

static int point_add(struct rep_control *c, struct rep_control_point *point, struct rep_point *how)
{
	how->arg = point;
	how->condition = point_counts;
	const int number = rep_timeline_add_point(c->timeline, how, &c->error);

	if (number < 0)
		return rep__refuse(c, number == -EMFILE ? "cannot" : "usage", "%s", rep__said(c));
	point->numbers[point->count++] = number;
	return 0;
}

/* The point is kept; its number is told. */
static int point_done(struct rep_control *c, const struct rep_control_point *point, struct rep_json *out)
{
	c->point_count++;
	c->last_number = point->number;
	rep_json_u64(out, "point", (uint64_t)point->number);
	return 0;
}

/* Addresses of "0x401136", "file.c:12" or "main", and the module of each (0: any). */
static size_t find_addresses(struct rep_control *c, node_id node, const char *at, uint64_t ret[ADDRESSES_MAX],
			     const struct rep_target **ret_target)
{
	const char *colon = strrchr(at, ':');
	uint64_t line;

	*ret_target = NULL;
	if (at[0] == '0' && at[1] == 'x' && fmt_parse_number(at, &ret[0]))
		return 1;
	if (!c->images)
		c->images = rep__images_new(c->reader);
	*ret_target = rep__images_of(c->images, node);
	if (colon && colon > at && fmt_parse_number(colon + 1, &line) && line <= INT32_MAX) {
		_cleanup_free_ char *file = strndup(at, (size_t)(colon - at));

		CHECK(file);
		return rep_line_addresses(c->symbols, *ret_target, file, (int)line, ret, ADDRESSES_MAX);
	}
	return rep_function_addresses(c->symbols, *ret_target, at, ret, ADDRESSES_MAX);
}

static int add_addresses(struct rep_control *c, struct rep_control_point *point, const struct rep_point *like,
			 const uint64_t *addresses, size_t count, const struct rep_target *target)
{
	for (size_t i = 0; i < count && point->count < ADDRESSES_MAX; i++) {
		struct rep_point how = *like;
		uint64_t bias;
		const struct rep_module *module = target ? rep_module_at(c->symbols, target, addresses[i], &bias) : NULL;

		const uint64_t file = module ? module->file : 0;

		how.addr = addresses[i];
		/* A point in several modules is not checked: nothing is known that all of them had in common. */
		point->file = !point->count || point->file == file ? file : 0;
		if (point_add(c, point, &how) < 0)
			return -1;
	}
	return 0;
}

/* The addresses of one node; *address: the first of all. */
static int break_on_node(struct rep_control *c, struct rep_control_point *point, const struct rep_point *how, uint64_t *address)
{
	const struct rep_target *target;
	uint64_t addresses[ADDRESSES_MAX];
	const size_t count = find_addresses(c, how->node, point->text, addresses, &target);

	if (count && !*address)
		*address = addresses[0];
	return add_addresses(c, point, how, addresses, count, target);
}

/* On one node, or (0) wherever a program has the name. */
static int break_on_nodes(struct rep_control *c, struct rep_control_point *point, struct rep_point *how, uint64_t *address)
{
	const struct rep_state *state;

	if (how->node)
		return break_on_node(c, point, how, address);
	if (rep_states_at_place(c->states, "end", &state, &c->error) < 0)
		return rep__refuse(c, "damaged", "%s", rep__said(c));
	for (uint32_t i = 0; i < state->nodes.count; i++) {
		how->node = ((const struct rep_state_node *)state->nodes.rows)[i].id;
		if (break_on_node(c, point, how, address) < 0)
			return -1;
	}
	return 0;
}

static int break_at(struct rep_control *c, json_t *request, const char *at, struct rep_json *out)
{
	struct rep_point how = {.kind = REP_POINT_ADDRESS};
	uint64_t address = 0, pid, tid;

	if (rep__get_node(c, request, &how.node) < 0 || rep__get_number_or(c, request, "pid", 0, &pid) < 0 ||
	    rep__get_number_or(c, request, "tid", 0, &tid) < 0)
		return -1;
	how.pid = (uint32_t)pid;
	how.tid = (uint32_t)tid;
	struct rep_control_point *point = point_new(c, request, at);

	if (!point)
		return -1;
	if (break_on_nodes(c, point, &how, &address) < 0 || !point->count) {
		const bool nowhere = !point->count;

		point_drop(c, point);
		return nowhere && !address ? rep__refuse(c, "not-found", "no program there has %s", at) : -1;
	}
	rep_json_hex(out, "address", address);
	rep_json_u64(out, "addresses", point->count);
	return point_done(c, point, out);
}

/* The words for events: a filter, or one of the common kinds. */
static int break_filter(struct rep_control *c, json_t *request, const char *filter, struct rep_json *out)
{
	struct rep_point how = {.kind = REP_POINT_FILTER, .filter = filter};
	struct rep_control_point *point = point_new(c, request, filter);

	if (!point)
		return -1;
	if (point_add(c, point, &how) < 0) {
		point_drop(c, point);
		return -1;
	}
	return point_done(c, point, out);
}

static int do_break(struct rep_control *c, json_t *request, struct rep_json *out)
{
	static const struct {
		const char *member, *format;
	} kinds[] = {
		{"filter", "%s"},
		{"syscall", "kind in {syscall, syscall-enter} && nr == %s"},
		{"signal", "kind == signal && signo == %s"},
		{"output", "kind == output && text contains \"%s\""},
		{"packet", "packet \"%s\""},
	};
	const char *text;

	if (rep__get_text_or(c, request, "at", NULL, &text) < 0)
		return -1;
	if (text)
		return break_at(c, request, text, out);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (rep__get_text_or(c, request, kinds[i].member, NULL, &text) < 0)
			return -1;
		if (!text)
			continue;
		_cleanup_(fmt_buf_done) struct fmt_buf filter = {0};
		const char *place = strstr(kinds[i].format, "%s");

		fmt_buf_put(&filter, kinds[i].format, (size_t)(place - kinds[i].format));
		fmt_buf_put(&filter, text, strlen(text));
		fmt_buf_put(&filter, place + 2, strlen(place + 2) + 1);
		return break_filter(c, request, (const char *)filter.data, out);
	}
	return rep__refuse(c, "usage", "break needs one of at, filter, syscall, signal, output, packet");
}

static int do_watch(struct rep_control *c, json_t *request, struct rep_json *out)
{
	struct rep_point how = {.kind = rep__get_bool(request, "access") ? REP_POINT_ACCESS : REP_POINT_WRITE};
	uint64_t size;
	char text[64];

	if (get_memory(c, request, &how.node, &how.pid, &how.addr, &size) < 0)
		return -1;
	how.size = (uint32_t)size;
	snprintf(text, sizeof(text), "%#" PRIx64 ", %" PRIu64 " bytes", how.addr, size);
	struct rep_control_point *point = point_new(c, request, text);

	if (!point)
		return -1;
	if (point_add(c, point, &how) < 0) {
		point_drop(c, point);
		return -1;
	}
	rep_json_hex(out, "address", how.addr);
	rep_json_u64(out, "size", size);
	return point_done(c, point, out);
}

static int do_delete(struct rep_control *c, json_t *request, struct rep_json *out)
{
	uint64_t number;

	(void)out;
	if (rep__get_number(c, request, "point", &number) < 0)
		return -1;
	for (size_t i = 0; i < c->point_count; i++) {
		if ((uint64_t)c->points[i].number != number)
			continue;
		/* The others keep their places, since the timeline knows them by address. */
		point_drop(c, &c->points[i]);
		return 0;
	}
	return rep__refuse(c, "not-found", "there is no point %" PRIu64, number);
}

static int do_points(struct rep_control *c, json_t *request, struct rep_json *out)
{
	(void)request;
	rep_json_open(out, "points", '[');
	for (size_t i = 0; i < c->point_count; i++) {
		const struct rep_control_point *point = &c->points[i];

		if (!point->number)
			continue;
		rep_json_open(out, NULL, '{');
		rep_json_u64(out, "point", (uint64_t)point->number);
		rep_json_text(out, "text", point->text);
		if (point->condition)
			rep_json_text(out, "condition", point->condition);
		rep_json_u64(out, "hits", point->hits);
		rep_json_close(out, '}');
	}
	rep_json_close(out, ']');
	return 0;
}

static int do_interrupt(struct rep_control *c, json_t *request, struct rep_json *out)
{
	/* A server does this as it arrives; here nothing is under way. */
	(void)c, (void)request, (void)out;
	return 0;
}

const struct rep_request rep__move_requests[] = {
	{"seek", do_seek},	 {"step", do_step},	     {"continue", do_continue}, {"last-write", do_last_write},
	{"next-write", do_next_write}, {"follow", rep__follow}, {"break", do_break}, {"watch", do_watch},
	{"delete", do_delete},	 {"points", do_points},	     {"interrupt", do_interrupt}, {"cancel", do_interrupt},
	{NULL, NULL},
};
