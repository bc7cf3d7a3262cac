/* SPDX-License-Identifier: GPL-2.0-or-later */
/* step.c - steps of a timeline by events and by instructions, and its moves to points. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/check.h"
#include "move.h"
#include "point.h"

/* ---- by events --------------------------------------------------------- */

static bool is_packet(uint32_t kind)
{
	return kind == FMT_packet_send || kind == FMT_packet_drop || kind == FMT_packet_recv ||
	       kind == FMT_packet_copy || kind == FMT_packet_corrupt;
}

static bool is_unit(enum rep_step_unit unit, uint32_t kind)
{
	switch (unit) {
	case REP_STEP_EVENT:
		return true;
	case REP_STEP_SYSCALL:
		return kind == FMT_syscall || kind == FMT_syscall_exit;
	case REP_STEP_PACKET:
		return is_packet(kind);
	case REP_STEP_OUTPUT:
		return kind == FMT_output;
	case REP_STEP_INSTRUCTION:
	case REP_STEP_RANGE:
		break;
	}
	return false;
}

static bool is_wanted(const struct rep_step *step, const struct fmt_event *event)
{
	return is_unit(step->unit, event->kind) && (!step->node || step->node == event->node) &&
	       (!step->tid || step->tid == event->tid);
}

/* The boundary at which the step ends; false: there is none in that direction, *ret_seq is the end of what can be executed there. */
static bool find_boundary(struct rep_timeline *tl, const struct rep_step *step, enum rep_direction direction,
			  event_seq *ret_seq)
{
	struct fmt_event event;

	if (direction == REP_FORWARD) {
		for (event_seq seq = tl->seq; seq < tl->count; seq++)
			if (fmt_reader_event(tl->reader, seq, &event, NULL) == 0 && is_wanted(step, &event)) {
				*ret_seq = seq + 1;
				return true;
			}
		*ret_seq = tl->count;
		return false;
	}
	/* By single events: to before the last one.  By others: to behind the one before, so that both directions stop at the
	 * same places. */
	const event_seq behind = step->unit == REP_STEP_EVENT ? 0 : 1;
	const event_seq here = tl->seq + (tl->stretch.inside ? 1 : 0);

	for (event_seq seq = here; seq-- > tl->first;)
		if (seq + behind < here && fmt_reader_event(tl->reader, seq, &event, NULL) == 0 &&
		    is_wanted(step, &event)) {
			*ret_seq = seq + behind;
			return true;
		}
	*ret_seq = tl->first;
	return false;
}

static bool has_points(const struct rep_timeline *tl)
{
	for (size_t i = 0; i < REP_POINT_MAX; i++)
		if (tl->points[i].number)
			return true;
	return false;
}

static void step_events(struct rep_timeline *tl, const struct rep_step *step, enum rep_direction direction,
			struct rep_stop *ret)
{
	event_seq seq;
	const bool found = find_boundary(tl, step, direction, &seq);
	const struct rep_search search = {.limit = seq};

	if (!has_points(tl))
		rep_timeline_seek(tl, &(struct rep_position){.seq = seq}, ret);
	else if (!rep__points_prepare(tl))
		rep__timeline_stop(tl, REP_WHY_INTERRUPTED, ret);
	else if (direction == REP_FORWARD)
		rep__search_forward(tl, &search, ret);
	else
		rep__search_backward(tl, &search, ret);
	if (ret->why != REP_WHY_DONE && ret->why != REP_WHY_END && ret->why != REP_WHY_START)
		return;
	ret->why = found ? REP_WHY_DONE : direction == REP_FORWARD ? REP_WHY_END : REP_WHY_START;
	const event_seq at = step->unit == REP_STEP_EVENT && direction == REP_BACKWARD ? seq : seq - 1;
	struct fmt_event event;

	if (found && fmt_reader_event(tl->reader, at, &event, NULL) == 0)
		rep__stop_thread(tl, event.node, event.tid, ret);
}

/* ---- by lines ---------------------------------------------------------- */

/* A call or return that a step goes over: on until the thread is at pc with its stack at sp. */
struct frame_wait {
	node_id node;
	uint32_t pid, tid;
	uint64_t pcs[8];
	size_t pc_count;
	uint64_t sp;
};

static void arm_wait(void *arg, struct rep_timeline *tl)
{
	const struct frame_wait *wait = arg;

	rep__points_arm(tl);
	for (size_t i = 0; i < wait->pc_count; i++)
		rep__stretch_mark(&tl->stretch, wait->node, wait->pid, wait->pcs[i]);
}

static bool accept_wait(void *arg, struct rep_timeline *tl, const struct rep_watch *watch, struct rep_stop *stop)
{
	const struct frame_wait *wait = arg;
	struct user_regs_struct regs;

	if (watch ? rep__points_changed(tl, watch, stop) : rep__points_at(tl, stop))
		return true;
	if (watch || stop->node != wait->node || stop->tid != wait->tid ||
	    rep_timeline_regs(tl, wait->node, wait->tid, &regs) < 0)
		return false;
	for (size_t i = 0; i < wait->pc_count; i++)
		if (wait->pcs[i] == stop->pc && regs.rsp >= wait->sp)
			return true;
	return false;
}

/* Whether the stop is one of the wait's own, and the step goes on. */
static bool run_over(struct rep_timeline *tl, struct frame_wait *wait, enum rep_direction direction,
		     struct rep_stop *ret)
{
	const struct rep_search search = {.accept = accept_wait, .arm = arm_wait, .arg = wait,
					  .limit = direction == REP_FORWARD ? tl->count : tl->first};

	if (direction == REP_FORWARD)
		rep__search_forward(tl, &search, ret);
	else
		rep__search_backward(tl, &search, ret);
	return ret->why == REP_WHY_BREAKPOINT && ret->point == 0;
}

#define CALL_SIZE_MAX 7

/* The instruction that was just executed was a call: the stack has its return address.  Sets up the wait for it. */
static bool was_call(struct rep_timeline *tl, const struct user_regs_struct *before,
		     const struct user_regs_struct *after, struct frame_wait *wait)
{
	uint64_t back;

	if (after->rsp != before->rsp - sizeof(back) ||
	    rep_timeline_read(tl, wait->node, wait->pid, &back, after->rsp, sizeof(back)) != sizeof(back) ||
	    back <= before->rip || back > before->rip + CALL_SIZE_MAX + 8)
		return false;
	if (after->rip == back)	/* call to the next instruction, to learn an address */
		return false;
	wait->pcs[0] = back;
	wait->pc_count = 1;
	wait->sp = before->rsp;
	return true;
}

/* Walking backward, the thread now stands before a return: on to the call that it returns from. */
static bool is_return(struct rep_timeline *tl, const struct user_regs_struct *before,
		      const struct user_regs_struct *after, struct frame_wait *wait)
{
	static const uint8_t sizes[] = {2, 3, 4, 5, 6, 7};
	uint64_t back;
	uint8_t code;

	if (rep_timeline_read(tl, wait->node, wait->pid, &code, before->rip, 1) != 1 ||
	    (code != 0xc3 && code != 0xc2 && code != 0xf3) ||
	    rep_timeline_read(tl, wait->node, wait->pid, &back, before->rsp, sizeof(back)) != sizeof(back) ||
	    back != after->rip)
		return false;
	for (size_t i = 0; i < sizeof(sizes); i++)
		wait->pcs[i] = back - sizes[i];
	wait->pc_count = sizeof(sizes);
	wait->sp = before->rsp + sizeof(back);
	return true;
}

static bool in_range(const struct rep_step *step, uint64_t pc)
{
	return pc >= step->from && pc < step->to;
}

/* Whether the step ends at this instruction. */
static bool ends_range(struct rep_timeline *tl, const struct rep_step *step, const struct user_regs_struct *regs)
{
	return !in_range(step, regs->rip) && (!step->stop_at || step->stop_at(step->arg, tl, regs));
}

static void step_range(struct rep_timeline *tl, const struct rep_step *step, enum rep_direction direction,
		       struct rep_stop *ret)
{
	struct frame_wait wait = {.node = step->node, .tid = step->tid};
	struct user_regs_struct before, after;
	struct rep_thread_info info;

	for (;;) {
		const bool known = wait.tid && rep_timeline_regs(tl, wait.node, wait.tid, &before) == 0;

		if (direction == REP_FORWARD)
			rep__instruction_forward(tl, wait.node, wait.tid, ret);
		else
			rep__instruction_backward(tl, wait.node, wait.tid, ret);
		if (ret->why != REP_WHY_DONE)
			return;
		wait.node = ret->node;
		wait.tid = ret->tid;
		if (rep_timeline_thread(tl, wait.node, wait.tid, &info) < 0 ||
		    rep_timeline_regs(tl, wait.node, wait.tid, &after) < 0)
			return;		/* it has ended */
		wait.pid = info.pid;
		const bool jumps = step->over && known && !in_range(step, after.rip) &&
				   (direction == REP_FORWARD ? was_call(tl, &before, &after, &wait) :
							       is_return(tl, &after, &before, &wait));

		if (jumps && !run_over(tl, &wait, direction, ret))
			return;
		if (jumps && rep_timeline_regs(tl, wait.node, wait.tid, &after) < 0)
			return;
		struct rep_stop here = {.node = wait.node, .pid = wait.pid, .tid = wait.tid, .pc = after.rip};

		if (has_points(tl) && rep__points_at(tl, &here)) {
			here.why = REP_WHY_BREAKPOINT;
			here.seq = tl->seq;
			here.inside = tl->stretch.inside;
			*ret = here;
			return;
		}
		ret->why = REP_WHY_DONE;
		ret->pc = after.rip;
		if (ends_range(tl, step, &after))
			return;
	}
}

void rep_timeline_step(struct rep_timeline *tl, const struct rep_step *step, enum rep_direction direction,
		       struct rep_stop *ret_stop)
{
	switch (step->unit) {
	case REP_STEP_INSTRUCTION:
		if (direction == REP_FORWARD)
			rep__instruction_forward(tl, step->node, step->tid, ret_stop);
		else
			rep__instruction_backward(tl, step->node, step->tid, ret_stop);
		return;
	case REP_STEP_RANGE:
		step_range(tl, step, direction, ret_stop);
		return;
	default:
		step_events(tl, step, direction, ret_stop);
	}
}

/* ---- to points --------------------------------------------------------- */

/* Backward, so many events are gone to one by one; when the conditions of points refuse them all, executing what is between checkpoints
 * once costs less. */
#define REFUSALS_MAX 16

/* The event that a move gets to next.  UINT64_MAX: none. */
static event_seq event_ahead(const struct rep_timeline *tl, enum rep_direction direction)
{
	const event_seq from = direction == REP_FORWARD || tl->stretch.inside || tl->seq == 0 ? tl->seq : tl->seq - 1;
	const event_seq found = direction == REP_FORWARD ? rep__points_next_event(tl, from) : rep__points_last_event(tl, from);

	/* Some are told of, but not to be gone to. */
	return found < tl->first ? UINT64_MAX : found;
}

/* Without addresses and memory nothing has to be executed to know where the next event is.  False: those that were met did not count, and
 * it stands at the last of them. */
static bool continue_events(struct rep_timeline *tl, enum rep_direction direction, struct rep_stop *ret)
{
	const bool forward = direction == REP_FORWARD;

	for (unsigned int refusals = 0; forward || refusals < REFUSALS_MAX; refusals++) {
		const event_seq found = event_ahead(tl, direction);
		const event_seq to = found != UINT64_MAX ? found + 1 : forward ? tl->count : tl->first;
		struct fmt_event event;

		rep_timeline_seek(tl, &(struct rep_position){.seq = to}, ret);
		if (ret->why != REP_WHY_DONE)
			return true;
		ret->why = found != UINT64_MAX ? REP_WHY_EVENT : forward ? REP_WHY_END : REP_WHY_START;
		if (found == UINT64_MAX)
			return true;
		ret->seq = found;
		if (fmt_reader_event(tl->reader, found, &event, NULL) == 0)
			rep__stop_thread(tl, event.node, event.tid, ret);
		if (rep__points_event(tl, found, ret))
			return true;
	}
	return false;
}

void rep_timeline_continue(struct rep_timeline *tl, enum rep_direction direction, struct rep_stop *ret_stop)
{
	const struct rep_search search = {.limit = direction == REP_FORWARD ? tl->count : tl->first};

	if (!rep__points_prepare(tl))
		rep__timeline_stop(tl, REP_WHY_INTERRUPTED, ret_stop);
	else if (!rep__points_execute(tl) && continue_events(tl, direction, ret_stop))
		return;
	else if (direction == REP_FORWARD)
		rep__search_forward(tl, &search, ret_stop);
	else
		rep__search_backward(tl, &search, ret_stop);
}

/* ---- who wrote this ---------------------------------------------------- */

static void arm_write(void *arg, struct rep_timeline *tl)
{
	rep__points_watch(tl, arg);
}

static bool accept_write(void *arg, struct rep_timeline *tl, const struct rep_watch *watch, struct rep_stop *stop)
{
	(void)arg, (void)tl, (void)stop;
	return watch != NULL;
}

void rep_timeline_find_write(struct rep_timeline *tl, node_id node, uint32_t pid, uint64_t addr, uint32_t size,
			     enum rep_direction direction, struct rep_stop *ret_stop)
{
	struct rep_point point = {.kind = REP_POINT_WRITE, .node = node, .pid = pid, .addr = addr, .size = size};
	const struct rep_search search = {.accept = accept_write, .arm = arm_write, .arg = &point,
					  .limit = direction == REP_FORWARD ? tl->count : tl->first};

	if (direction == REP_FORWARD)
		rep__search_forward(tl, &search, ret_stop);
	else
		rep__search_backward(tl, &search, ret_stop);
}

/* ---- in words ---------------------------------------------------------- */

static int value_text(const struct rep_stop *stop, const uint8_t bytes[8], char *ret, size_t size)
{
	uint64_t value = 0;

	memcpy(&value, bytes, stop->size < sizeof(value) ? stop->size : sizeof(value));
	return snprintf(ret, size, "0x%" PRIx64, value);
}

static const char *why_text(const struct rep_timeline *tl, const struct rep_stop *stop, char *buffer, size_t size)
{
	char before[32], after[32];

	switch (stop->why) {
	case REP_WHY_DONE:
		return "there";
	case REP_WHY_BREAKPOINT:
		snprintf(buffer, size, "breakpoint %d", stop->point);
		return buffer;
	case REP_WHY_WATCHPOINT:
		value_text(stop, stop->before, before, sizeof(before));
		value_text(stop, stop->after, after, sizeof(after));
		snprintf(buffer, size, "watchpoint %d: 0x%" PRIx64 " from %s to %s", stop->point, stop->addr,
			 before, after);
		return buffer;
	case REP_WHY_EVENT:
		snprintf(buffer, size, "breakpoint %d: event %" PRIu64, stop->point, stop->seq);
		return buffer;
	case REP_WHY_START:
		return tl->first ? "the trace begins here" : "nothing comes before";
	case REP_WHY_END:
		return "the trace ends here";
	case REP_WHY_INTERRUPTED:
		return "interrupted";
	case REP_WHY_DIVERGED:
		snprintf(buffer, size, "replay diverged: %s", tl->report.reason ? tl->report.reason : "");
		return buffer;
	case REP_WHY_FAILED:
		snprintf(buffer, size, "replay failed: %s", tl->report.reason ? tl->report.reason : "");
		return buffer;
	}
	return "";
}

void rep_stop_text(struct rep_timeline *tl, const struct rep_stop *stop, char *ret, size_t size)
{
	struct rep_thread_info info;
	char buffer[512];
	const char *why = why_text(tl, stop, buffer, sizeof(buffer));
	int used = snprintf(ret, size, "%s, before event %" PRIu64 "%s", why, tl->seq,
			    stop->inside ? " (inside)" : "");

	if (used < 0 || (size_t)used >= size || !stop->tid)
		return;
	const bool known = rep_timeline_thread(tl, stop->node, stop->tid, &info) == 0;

	snprintf(ret + used, size - (size_t)used, ", thread %u of %s on %s at 0x%" PRIx64, stop->tid,
		 known ? info.name : "?", rep_timeline_node_name(tl, stop->node), stop->pc);
}
