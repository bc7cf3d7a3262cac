/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timeline.c - where a timeline stands, and how it gets to another place: the life of a jump.
 *
 * 1. rep_timeline_seek() is asked for a position.
 * 2. Is it behind, or far ahead?  Then the session goes to the last checkpoint before it (rep__checkpoint_restore()): every process
 *    that differs is put to sleep as its frozen copy, and becomes native when its next event comes.
 * 3. Events are carried out up to the position's (rep__timeline_advance()); on the way a checkpoint is made whenever execution has
 *    taken some time since the last one.
 * 4. Inside of the event its thread runs to the wanted arrival (rep__timeline_arrive()).
 *
 * Moves that look for something are in move.c, what can be seen at a place in look.c.
 *
 * Invariants
 *  1. Between calls, either stretch.inside is false and events [0, seq) are carried out, or it is true and event seq is under way.
 *  2. A place inside is known as leg_steps instructions behind an arrival that was counted from the beginning of the stretch, so
 *     it can be found again.
 *  3. Marks and watches are set only while a move is under way.
 */
#include "timeline-int.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "command.h"

#define MEMORY_MAX (1ull << 30)
#define CHECKPOINT_MAX 512
#define CHECKPOINT_GAP_NS 20000000ull	/* of execution between two checkpoints, near the present */
#define SYSCALL_SIZE 2			/* of the instruction */
#define AHEAD_NS 5000000ull		/* executing less than this is cheaper than going to a checkpoint */
#define NS_PER_S 1000000000ull

/* ---- opening ---------------------------------------------------------- */

static int explain(struct fmt_error *error, int code, const char *text)
{
	snprintf(error->text, sizeof(error->text), "%s", text);
	return code;
}

/* Takes the reader over when it succeeds. */
static int open_session(struct rep_timeline *tl, const struct rep_timeline_options *options,
			struct fmt_error *error)
{
	const enum rep_outcome outcome = rep_session_new(tl->reader, /* only_node= */ 0, options->node_name,
							 &tl->report, &tl->session);

	const bool selected = outcome != REP_AGREES || !options->pid ||
			      rep_session_select(tl->session, options->pid) == REP_AGREES;

	if (outcome == REP_AGREES && selected)
		return 0;
	const int code = outcome == REP_HOST_CANNOT ? -ENODEV : -EBADMSG;

	explain(error, code, tl->report.reason);
	rep__forget_verdict(&tl->report);
	return code;
}

int rep_timeline_open(const char *path, const struct rep_timeline_options *options,
		      struct rep_timeline **ret, struct fmt_error *error)
{
	struct rep_timeline *tl = calloc(1, sizeof(*tl));

	CHECK(tl && path && options);
	int r = fmt_reader_open(path, &tl->reader, error);

	if (r == 0)
		r = open_session(tl, options, error);
	if (r < 0) {
		rep_session_free(tl->session);
		fmt_reader_close(tl->reader);
		free(tl);
		return r;
	}
	tl->count = fmt_reader_count(tl->reader);
	tl->report.event_count = tl->count;
	tl->report.unfinished = !fmt_reader_finished(tl->reader);
	tl->checkpoint_every = options->checkpoint_every;
	rep__checkpoints_init(&tl->checkpoints, options->checkpoint_max ? options->checkpoint_max : CHECKPOINT_MAX,
			      options->memory_max ? options->memory_max : MEMORY_MAX);
	rep__stretch_init(&tl->stretch, tl->session);
	tl->first = rep_session_begins(tl->session);
	/* Images that cannot be made are told of by every move; what can be seen without them can be seen. */
	if (tl->first)
		(void)rep__timeline_go(tl, tl->first);
	*ret = tl;
	return 0;
}

void rep_timeline_close(struct rep_timeline *tl)
{
	if (!tl)
		return;
	rep__points_done(tl);
	rep__checkpoints_done(&tl->checkpoints);
	rep_session_free(tl->session);
	rep__forget_verdict(&tl->report);
	fmt_reader_close(tl->reader);
	free(tl->threads);
	free(tl->mappings);
	free(tl->mapping_text);
	free(tl->program);
	free(tl);
}

struct fmt_reader *rep_timeline_reader(const struct rep_timeline *tl)
{
	return tl->reader;
}

const struct rep_report *rep_timeline_report(const struct rep_timeline *tl)
{
	return &tl->report;
}

event_seq rep_timeline_first(const struct rep_timeline *tl)
{
	return tl->first;
}

event_seq rep_timeline_count(const struct rep_timeline *tl)
{
	return tl->count;
}

/* ---- interrupts ------------------------------------------------------- */

void rep_timeline_interrupt(struct rep_timeline *tl)
{
	__atomic_store_n(&tl->stretch.interrupt, true, __ATOMIC_RELEASE);
	rep_session_interrupt(tl->session);
}

void rep_timeline_interrupt_cancel(struct rep_timeline *tl)
{
	__atomic_store_n(&tl->stretch.interrupt, false, __ATOMIC_RELEASE);
	rec_tracer_interrupt_cancel(tl->session->world.tracer);
}

static bool interrupted(const struct rep_timeline *tl)
{
	return __atomic_load_n(&tl->stretch.interrupt, __ATOMIC_ACQUIRE);
}

/* ---- one event -------------------------------------------------------- */

static void fail(struct rep_timeline *tl, const char *text)
{
	rep__forget_verdict(&tl->report);
	tl->report.outcome = REP_TRACE_ERROR;
	tl->report.reason = strdup(text);
	CHECK(tl->report.reason);
}

bool rep__timeline_event(struct rep_timeline *tl, event_seq seq, struct fmt_event *ret)
{
	struct fmt_error error = {0};

	if (fmt_reader_event(tl->reader, seq, ret, &error) == 0)
		return true;
	fail(tl, error.text);
	return false;
}

/* Of the host; without rdtsc, which is slow for a tracer. */
static uint64_t host_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

enum rep_outcome rep__timeline_advance(struct rep_timeline *tl)
{
	struct fmt_event event;

	CHECK(tl->seq < tl->count);
	if (!rep__timeline_event(tl, tl->seq, &event))
		return REP_TRACE_ERROR;
	const vtime_ns vtime = event.vtime;
	const enum rep_outcome outcome = rep__stretch_step(&tl->stretch, &event);

	rep__checkpoints_mend(&tl->checkpoints, &tl->session->content.objects);
	if (outcome != REP_AGREES)
		return outcome;
	tl->seq++;
	tl->vtime = vtime;
	tl->leg_pc = tl->leg_arrival = tl->leg_steps = 0;
	return REP_AGREES;
}

/* ---- going between events --------------------------------------------- */

static enum rep_outcome restore(struct rep_timeline *tl, const struct rep_checkpoint *c)
{
	const int r = rep__checkpoint_restore(c, tl->session);
	const event_seq seq = c && r == 0 ? c->seq : 0;
	const uint64_t cost_ns = c && r == 0 ? c->cost_ns : 0;

	rep__checkpoints_mend(&tl->checkpoints, &tl->session->content.objects);	/* c may go */
	tl->stretch.inside = false;
	tl->seq = seq;
	tl->cost_ns = cost_ns;
	tl->cost_from_ns = host_ns();
	tl->leg_pc = tl->leg_arrival = tl->leg_steps = 0;
	tl->vtime = 0;
	if (r < 0) {
		rep__forget_verdict(&tl->report);
		tl->report.outcome = REP_HOST_CANNOT;
		CHECK(asprintf(&tl->report.reason, "a checkpoint cannot be brought back: %s",
			       strerror(-r)) >= 0);
		return REP_HOST_CANNOT;
	}
	struct fmt_event event;

	if (tl->seq > 0 && rep__timeline_event(tl, tl->seq - 1, &event))
		tl->vtime = event.vtime;
	return REP_AGREES;
}

void rep__timeline_keep(struct rep_timeline *tl)
{
	const uint64_t now = host_ns();
	const struct rep_checkpoint *before = rep__checkpoint_before(&tl->checkpoints, tl->seq);
	const uint64_t from = before ? before->cost_ns : 0;

	tl->cost_ns += now - tl->cost_from_ns;
	tl->cost_from_ns = now;
	if (tl->checkpoint_every ? tl->seq % tl->checkpoint_every != 0 :
				   tl->cost_ns < from + CHECKPOINT_GAP_NS)
		return;
	/* One that cannot be made now can be a little later; jumps are slower without it, and that is all. */
	(void)rep__checkpoint_add(&tl->checkpoints, tl->session, tl->seq, tl->cost_ns);
	tl->cost_from_ns = host_ns();
}

/* Marks and watches are out of the way until the other one. */
static size_t hide_marks(struct rep_timeline *tl, size_t *ret_watches)
{
	const size_t marks = tl->stretch.mark_count;

	*ret_watches = tl->stretch.watch_count;
	tl->stretch.mark_count = tl->stretch.watch_count = 0;
	if (marks || *ret_watches)
		rep__stretch_changed(&tl->stretch);
	return marks;
}

static void show_marks(struct rep_timeline *tl, size_t marks, size_t watches)
{
	tl->stretch.mark_count = marks;
	tl->stretch.watch_count = watches;
	if (marks || watches)
		rep__stretch_changed(&tl->stretch);
}

static enum rep_outcome execute_to(struct rep_timeline *tl, event_seq seq)
{
	enum rep_outcome outcome = REP_AGREES;

	tl->stretch.step = false;
	while (tl->seq < seq && outcome == REP_AGREES) {
		if (interrupted(tl))
			return REP_SUSPENDED;
		outcome = rep__timeline_advance(tl);
		if (outcome == REP_AGREES)
			rep__timeline_keep(tl);
	}
	return outcome;
}

/* Whether a checkpoint is the better way to seq than where the timeline stands. */
static bool is_better(const struct rep_timeline *tl, const struct rep_checkpoint *c, event_seq seq)
{
	if (seq < tl->seq || tl->session->stopped || (seq == tl->seq && tl->stretch.inside))
		return true;
	return c && c->seq > tl->seq && c->cost_ns > tl->cost_ns + AHEAD_NS;
}

enum rep_outcome rep__timeline_go(struct rep_timeline *tl, event_seq seq)
{
	const struct rep_checkpoint *c = rep__checkpoint_before(&tl->checkpoints, seq);
	enum rep_outcome outcome = REP_AGREES;
	size_t watches;
	const size_t marks = hide_marks(tl, &watches);

	CHECK(seq <= tl->count);
	if (is_better(tl, c, seq))
		outcome = restore(tl, c);
	tl->cost_from_ns = host_ns();
	if (outcome == REP_AGREES)
		outcome = execute_to(tl, seq);
	/* Interrupted on the way through a stretch: nobody can tell where that is, so to its beginning. */
	if (outcome == REP_SUSPENDED && tl->stretch.inside) {
		const event_seq begun = tl->seq;

		rep_timeline_interrupt_cancel(tl);
		if (restore(tl, rep__checkpoint_before(&tl->checkpoints, begun)) == REP_AGREES)
			(void)execute_to(tl, begun);
	}
	show_marks(tl, marks, watches);
	return outcome;
}

void rep__timeline_begin_again(struct rep_timeline *tl, event_seq seq)
{
	rep_timeline_interrupt_cancel(tl);
	(void)rep__timeline_go(tl, seq);	/* it was there before */
}

enum rep_outcome rep__timeline_pin(struct rep_timeline *tl, event_seq seq)
{
	const enum rep_outcome outcome = rep__timeline_go(tl, seq);

	if (outcome == REP_AGREES && tl->checkpoint_every != UINT64_MAX)
		(void)rep__checkpoint_add(&tl->checkpoints, tl->session, seq, tl->cost_ns);
	return outcome;
}

/* ---- going inside of an event ----------------------------------------- */

static void set_leg(struct rep_timeline *tl, uint64_t pc, uint64_t arrival, uint64_t steps)
{
	tl->leg_pc = pc;
	tl->leg_arrival = arrival;
	tl->leg_steps = steps;
}

/* The process whose thread event seq is about.  False: there is none, or the trace is damaged. */
static bool process_of_event(struct rep_timeline *tl, event_seq seq, node_id *ret_node, uint32_t *ret_pid)
{
	struct fmt_event event;

	if (!rep__timeline_event(tl, seq, &event))
		return false;
	const struct rep_thread *thread = rep__thread_get(&tl->session->world, event.node, event.tid);

	if (!thread || !rep__is_stretch(event.kind))
		return false;
	*ret_node = event.node;
	*ret_pid = thread->process->pid;
	return true;
}

/* On to the arrival at a mark that is set. */
static enum rep_outcome run_to_arrival(struct rep_timeline *tl, const struct rep_mark *mark, uint64_t arrival)
{
	const event_seq seq = tl->seq;

	for (;;) {
		const enum rep_outcome outcome = rep__timeline_advance(tl);

		if (outcome != REP_SUSPENDED)
			return outcome;
		if (tl->stretch.halt == REP_HALT_INTERRUPTED) {
			rep__timeline_begin_again(tl, seq);
			return REP_SUSPENDED;
		}
		if (tl->stretch.counted && tl->stretch.pc == mark->addr && mark->count == arrival)
			return REP_AGREES;
	}
}

enum rep_outcome rep__timeline_arrive(struct rep_timeline *tl, event_seq seq, uint64_t pc, uint64_t arrival)
{
	enum rep_outcome outcome = rep__timeline_go(tl, seq);
	uint32_t pid;
	node_id node;

	CHECK(arrival > 0);
	if (outcome != REP_AGREES || !process_of_event(tl, seq, &node, &pid))
		return outcome;
	const struct rep_mark *mark = rep__stretch_mark(&tl->stretch, node, pid, pc);

	if (!mark)
		return REP_AGREES;	/* too many marks are set: the event before is as near as it gets */
	tl->stretch.step = false;
	outcome = run_to_arrival(tl, mark, arrival);
	if (outcome == REP_AGREES && tl->seq == seq)
		set_leg(tl, pc, arrival, 0);
	return outcome;
}

static enum rep_outcome step_again(struct rep_timeline *tl, uint64_t steps)
{
	enum rep_outcome outcome = REP_SUSPENDED;

	tl->stretch.step = true;
	for (uint64_t i = 0; i < steps && outcome == REP_SUSPENDED; i++) {
		outcome = rep__timeline_advance(tl);
		if (tl->stretch.halt == REP_HALT_INTERRUPTED)
			break;
	}
	tl->stretch.step = false;
	return outcome;
}

enum rep_outcome rep__timeline_again(struct rep_timeline *tl)
{
	const uint64_t pc = tl->leg_pc, arrival = tl->leg_arrival, steps = tl->leg_steps;
	const event_seq seq = tl->seq;
	enum rep_outcome outcome = REP_AGREES;

	if (!tl->stretch.inside)
		return REP_AGREES;
	outcome = rep__timeline_pin(tl, seq);
	if (outcome == REP_AGREES && arrival)
		outcome = rep__timeline_arrive(tl, seq, pc, arrival);
	if (outcome != REP_AGREES)
		return outcome;
	outcome = steps ? step_again(tl, steps) : REP_SUSPENDED;
	if (tl->stretch.halt == REP_HALT_INTERRUPTED && steps) {
		rep__timeline_begin_again(tl, seq);
		return REP_SUSPENDED;
	}
	/* It was there before: a stretch that ends earlier is not the same. */
	if (outcome == REP_AGREES)
		fail(tl, "executing the same stretch twice gave two different ends");
	set_leg(tl, pc, arrival, steps);
	return outcome == REP_SUSPENDED ? REP_AGREES : outcome == REP_AGREES ? REP_TRACE_ERROR : outcome;
}

/* ---- positions -------------------------------------------------------- */

event_seq rep_timeline_seq(const struct rep_timeline *tl, bool *ret_inside)
{
	if (ret_inside)
		*ret_inside = tl->stretch.inside;
	return tl->seq;
}

vtime_ns rep_timeline_vtime(const struct rep_timeline *tl)
{
	return tl->vtime;
}

/* The arrival at the present pc, counted from the beginning of the stretch. */
static int count_arrivals(struct rep_timeline *tl, uint64_t *ret)
{
	const uint64_t pc = tl->stretch.pc;
	uint32_t pid;
	node_id node;

	if (!process_of_event(tl, tl->seq, &node, &pid))
		return -EIO;
	const struct rep_mark *mark = rep__stretch_mark(&tl->stretch, node, pid, pc);

	if (!mark)
		return -EMFILE;
	if (!mark->whole) {
		const enum rep_outcome outcome = rep__timeline_again(tl);

		if (outcome != REP_AGREES)
			return outcome == REP_SUSPENDED ? -ECANCELED : -EIO;
	}
	*ret = mark->count;
	set_leg(tl, pc, mark->count, 0);
	return 0;
}

/* The thread in whose stretch the replay diverged, and its registers there.  False: it did not diverge so. */
static bool diverged_in_stretch(struct rep_timeline *tl, struct rep_stop *ret, struct user_regs_struct *ret_regs)
{
	struct fmt_event event;

	if (!tl->session->stopped || tl->report.outcome != REP_DIVERGED || !rep__timeline_event(tl, tl->seq, &event) ||
	    !process_of_event(tl, tl->seq, &ret->node, &ret->pid))
		return false;
	return rep_timeline_regs(tl, ret->node, event.tid, ret_regs) == 0 && ret_regs->rip == tl->stretch.pc;
}

/* Whether a thread stands behind a call that it has just made: the processor leaves the address there in rcx. */
static bool is_behind_call(struct rep_timeline *tl, const struct rep_stop *who, const struct user_regs_struct *regs)
{
	uint8_t code[SYSCALL_SIZE];

	return regs->rcx == regs->rip &&
	       rep_timeline_read(tl, who->node, who->pid, code, regs->rip - sizeof(code), sizeof(code)) == sizeof(code) &&
	       code[0] == 0x0f && code[1] == 0x05;
}

/* How often the diverged thread came to where it stands: it runs there once more.  0, -ECANCELED, -EIO. */
static int count_to_divergence(struct rep_timeline *tl, const struct rep_stop *who, uint64_t *ret)
{
	const struct rep_mark *mark = rep__stretch_mark(&tl->stretch, who->node, who->pid, tl->stretch.pc);
	const event_seq seq = tl->seq;
	enum rep_outcome outcome = rep__timeline_go(tl, seq);

	while (outcome == REP_AGREES || (outcome == REP_SUSPENDED && tl->stretch.halt != REP_HALT_INTERRUPTED))
		outcome = tl->seq == seq ? rep__timeline_advance(tl) : REP_TRACE_ERROR;
	*ret = mark ? mark->count : 0;
	rep__points_disarm(tl);
	if (outcome == REP_SUSPENDED)
		rep__timeline_begin_again(tl, seq);
	return outcome == REP_DIVERGED && *ret ? 0 : outcome == REP_SUSPENDED ? -ECANCELED : -EIO;
}

/* The last place of a stretch that no event ends: what a thread did there, about to be done.  Each call ends a stretch, so it is the first
 * of this one. */
static int diverged_position(struct rep_timeline *tl, const struct rep_stop *who, const struct user_regs_struct *regs,
			     struct rep_position *ret)
{
	if (is_behind_call(tl, who, regs)) {
		*ret = (struct rep_position){tl->seq, regs->rip - SYSCALL_SIZE, 1};
		return 0;
	}
	uint64_t count;
	const int r = count_to_divergence(tl, who, &count);

	if (r == 0)
		*ret = (struct rep_position){tl->seq, regs->rip, count};
	return r;
}

int rep_timeline_position(struct rep_timeline *tl, struct rep_position *ret)
{
	struct rep_position position = {.seq = tl->seq};
	struct user_regs_struct regs;
	struct rep_stop who;

	if (!tl->stretch.inside && diverged_in_stretch(tl, &who, &regs))
		return diverged_position(tl, &who, &regs, ret);
	if (tl->stretch.inside && tl->leg_arrival && !tl->leg_steps) {
		position.pc = tl->leg_pc;
		position.arrival = tl->leg_arrival;
	} else if (tl->stretch.inside) {
		const int r = count_arrivals(tl, &position.arrival);

		rep__points_disarm(tl);
		if (r < 0)
			return r;
		position.pc = tl->stretch.pc;
	}
	*ret = position;
	return 0;
}

void rep_position_text(const struct rep_position *position, char ret[REP_POSITION_TEXT_SIZE])
{
	int used = snprintf(ret, REP_POSITION_TEXT_SIZE, "@%" PRIu64, position->seq);

	if (position->arrival)
		snprintf(ret + used, (size_t)(REP_POSITION_TEXT_SIZE - used), "+0x%" PRIx64 "#%" PRIu64,
			 position->pc, position->arrival);
}

static bool parse_event(const char *text, struct rep_position *ret)
{
	char *end;

	errno = 0;
	ret->seq = strtoull(text, &end, 10);
	if (errno || end == text || text[0] < '0' || text[0] > '9')
		return false;
	if (*end == '\0')
		return true;
	if (strncmp(end, "+0x", 3) != 0)
		return false;
	ret->pc = strtoull(end + 1, &end, 16);
	ret->arrival = 1;
	if (*end == '#')
		ret->arrival = strtoull(end + 1, &end, 10);
	return !errno && *end == '\0' && ret->arrival > 0;
}

/* "50%" of the events. */
static bool parse_part(const struct rep_timeline *tl, const char *text, event_seq *ret)
{
	char *end;
	const double part = strtod(text, &end);

	if (end == text || strcmp(end, "%") != 0 || !(part >= 0 && part <= 100))
		return false;
	*ret = (event_seq)((double)tl->count * part / 100);
	return true;
}

int rep_timeline_parse(struct rep_timeline *tl, const char *text, struct rep_position *ret,
		       struct fmt_error *error)
{
	struct rep_position position = {0};
	vtime_ns vtime;

	if (strcmp(text, "end") == 0) {
		position.seq = tl->count;
	} else if (text[0] == '@') {
		if (!parse_event(text + 1, &position))
			return explain(error, -EINVAL, "a position in events is @N, or @N+0xADDRESS#ARRIVAL");
	} else if (strcmp(text, "start") == 0) {
		position.seq = tl->first;
	} else if (!parse_part(tl, text, &position.seq)) {
		if (!fmt_parse_vtime(text, &vtime))
			return explain(error, -EINVAL,
				       "a position is @N, @N+0xADDRESS#ARRIVAL, a time (12.5s), a part (50%), start or end");
		const int r = fmt_reader_seek(tl->reader, vtime, &position.seq, error);

		if (r < 0)
			return r;
	}
	if (position.seq > tl->count) {
		snprintf(error->text, sizeof(error->text), "the trace has %" PRIu64 " events", tl->count);
		return -ERANGE;
	}
	*ret = position;
	return 0;
}

/* ---- stops ------------------------------------------------------------ */

enum rep_why rep__timeline_why(const struct rep_timeline *tl, enum rep_outcome outcome)
{
	(void)tl;
	switch (outcome) {
	case REP_AGREES:
		return REP_WHY_DONE;
	case REP_SUSPENDED:
		return REP_WHY_INTERRUPTED;
	case REP_DIVERGED:
		return REP_WHY_DIVERGED;
	case REP_TRACE_ERROR:
	case REP_HOST_CANNOT:
		break;
	}
	return REP_WHY_FAILED;
}

void rep__timeline_stop(struct rep_timeline *tl, enum rep_why why, struct rep_stop *ret)
{
	struct fmt_event event;

	*ret = (struct rep_stop){.why = why, .seq = tl->seq, .inside = tl->stretch.inside};
	if (why == REP_WHY_INTERRUPTED)
		rep_timeline_interrupt_cancel(tl);
	rep__points_disarm(tl);
	if ((!tl->stretch.inside && !tl->session->stopped) ||
	    fmt_reader_event(tl->reader, tl->seq, &event, NULL) < 0)
		return;
	rep__stop_thread(tl, event.node, event.tid, ret);
}

void rep__stop_thread(struct rep_timeline *tl, node_id node, uint32_t tid, struct rep_stop *ret)
{
	const struct rep_thread *thread = rep__thread_get(&tl->session->world, node, tid);
	struct user_regs_struct regs;

	ret->node = node;
	ret->tid = tid;
	ret->pid = thread ? thread->process->pid : 0;
	ret->pc = rep_timeline_regs(tl, node, tid, &regs) == 0 ? regs.rip : 0;
}

void rep_timeline_seek_alive(struct rep_timeline *tl, struct rep_stop *ret_stop)
{
	struct fmt_event event;
	event_seq seq = tl->seq;

	rep__timeline_stop(tl, REP_WHY_DONE, ret_stop);
	while (tl->session->world.thread_count == 0 && seq > tl->first && ret_stop->why == REP_WHY_DONE) {
		seq--;
		if (fmt_reader_event(tl->reader, seq, &event, NULL) == 0 &&
		    (event.kind == FMT_exit || event.kind == FMT_panic || event.kind == FMT_node_down))
			rep_timeline_seek(tl, &(struct rep_position){.seq = seq}, ret_stop);
	}
}

void rep_timeline_seek(struct rep_timeline *tl, const struct rep_position *to, struct rep_stop *ret_stop)
{
	const event_seq seq = to->seq < tl->first ? tl->first : to->seq < tl->count ? to->seq : tl->count;
	const enum rep_outcome outcome = to->arrival && seq == to->seq && seq < tl->count ?
						 rep__timeline_arrive(tl, seq, to->pc, to->arrival) :
						 rep__timeline_go(tl, seq);

	rep__timeline_stop(tl, rep__timeline_why(tl, outcome), ret_stop);
}
