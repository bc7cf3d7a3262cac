/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gdb.c - packets of gdb, and what they do to a timeline.
 *
 * gdb believes that it debugs a machine whose processes are all stopped when one is.  That is what a timeline is at any place, so
 * "continue" and "reverse-continue" move everything, and a step of one thread takes the others along as far as it has to.
 *
 * Nothing of the past can be changed: writes to memory and registers are refused, and breakpoints are the timeline's.
 *
 * When processes end, gdb is not told: it would forget them, and could not go back to them.  They are in the list of threads or
 * they are not.
 */
#include "gdb-int.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "gdb-registers.h"

#define MEMORY_MAX 65536	/* bytes of one answer */
#define SIGNAL_NONE 0
#define SIGNAL_TRAP 5
#define SIGNAL_INT 2

void rep__gdb_print(struct fmt_buf *out, const char *format, ...)
{
	char *text = NULL;
	va_list list;

	va_start(list, format);
	CHECK(vasprintf(&text, format, list) >= 0);
	va_end(list);
	fmt_buf_put(out, text, strlen(text));
	free(text);
}

static void reply_text(struct rep_gdb *gdb, const char *text)
{
	rep__gdb_print(&gdb->reply, "%s", text);
}

void rep__gdb_console(struct rep_gdb *gdb, const char *text, size_t size)
{
	struct fmt_buf out = {0};

	fmt_buf_put(&out, "O", 1);
	rep__gdb_put_hex(&out, text, size);
	rep__gdb_send(&gdb->link, out.data, out.size);
	fmt_buf_done(&out);
}

/* ---- threads ---------------------------------------------------------- */

/* "p64.c8", "pID.-1", "0", "-1": the first number is a process, the second a thread.  0 for any. */
static struct rep_gdb_thread parse_thread(const char *text)
{
	struct rep_gdb_thread thread = {0};
	uint64_t process = 0, id;
	char *end = (char *)text;

	if (*text == 'p')
		process = strtoull(text + 1, &end, 16);
	if (*text == 'p' && *end != '.') {
		thread.node = (node_id)(process / REP_GDB_NODE);
		thread.pid = (uint32_t)(process % REP_GDB_NODE);
		return thread;
	}
	const char *number = *text == 'p' ? end + 1 : text;

	id = *number == '-' ? 0 : strtoull(number, NULL, 16);
	if (process != 0 && process != UINT64_MAX) {
		thread.node = (node_id)(process / REP_GDB_NODE);
		thread.pid = (uint32_t)(process % REP_GDB_NODE);
	}
	if (id != 0) {
		thread.node = (node_id)(id / REP_GDB_NODE);
		thread.tid = (uint32_t)(id % REP_GDB_NODE);
	}
	return thread;
}

bool rep__gdb_knows(const struct rep_gdb *gdb, node_id node, uint32_t pid)
{
	for (size_t i = 0; i < gdb->attached_count; i++)
		if (gdb->attached[i].node == node && gdb->attached[i].pid == pid)
			return true;
	return false;
}

/* Any thread of what is meant that gdb knows; false: there is none. */
static bool find_thread(struct rep_gdb *gdb, struct rep_gdb_thread *thread)
{
	const struct rep_thread_info *threads;
	const size_t count = rep_timeline_threads(gdb->tl, &threads);

	for (size_t i = 0; i < count; i++) {
		if (!threads[i].has_program || !rep__gdb_knows(gdb, threads[i].node, threads[i].pid) ||
		    (thread->node && threads[i].node != thread->node) ||
		    (thread->pid && threads[i].pid != thread->pid) || (thread->tid && threads[i].tid != thread->tid))
			continue;
		*thread = (struct rep_gdb_thread){threads[i].node, threads[i].pid, threads[i].tid};
		return true;
	}
	return false;
}

static void put_thread(struct fmt_buf *out, const struct rep_gdb_thread *thread)
{
	rep__gdb_print(out, "p%" PRIx64 ".%" PRIx64, rep__gdb_id(thread->node, thread->pid),
		       rep__gdb_id(thread->node, thread->tid));
}

/* The thread that a stop is shown at: whose doing it was, else the one that was looked at, else any. */
static bool choose_thread(struct rep_gdb *gdb)
{
	struct rep_gdb_thread thread = {gdb->stop.node, gdb->stop.pid, gdb->stop.tid};
	struct rep_gdb_thread any = {0};

	if (!thread.tid || !find_thread(gdb, &thread))
		thread = gdb->general;
	if (!thread.tid || !find_thread(gdb, &thread)) {
		if (!find_thread(gdb, &any))
			return false;
		thread = any;
	}
	gdb->general = thread;
	return true;
}

/* ---- stops ------------------------------------------------------------ */

static int signal_of(enum rep_why why)
{
	switch (why) {
	case REP_WHY_INTERRUPTED:
		return SIGNAL_INT;
	case REP_WHY_DIVERGED:
	case REP_WHY_FAILED:
		return SIGNAL_NONE;	/* no signal of the program's; why has been said */
	default:
		return SIGNAL_TRAP;
	}
}

/* The kind of the point of gdb's that was hit; 0: none of these. */
static char kind_of_point(const struct rep_gdb *gdb)
{
	for (size_t i = 0; i < REP_GDB_POINT_MAX; i++)
		if (gdb->points[i].number && gdb->points[i].number == gdb->stop.point)
			return gdb->points[i].kind;
	return 0;
}

static void put_reason(struct rep_gdb *gdb)
{
	static const char *const watches[] = {"watch", "rwatch", "awatch"};
	const char kind = kind_of_point(gdb);

	if (gdb->stop.why == REP_WHY_START || gdb->stop.why == REP_WHY_END)
		rep__gdb_print(&gdb->reply, "replaylog:%s;", gdb->stop.why == REP_WHY_START ? "begin" : "end");
	else if (kind == '0' || kind == '1')
		rep__gdb_print(&gdb->reply, "%s:;", kind == '0' ? "swbreak" : "hwbreak");
	else if (kind >= '2' && kind <= '4')
		rep__gdb_print(&gdb->reply, "%s:%" PRIx64 ";", watches[kind - '2'], gdb->stop.addr);
}

void rep__gdb_put_trouble(const struct rep_gdb *gdb, struct fmt_buf *out)
{
	const struct rep_report *report = rep_timeline_report(gdb->tl);
	char *text = NULL;
	size_t size = 0;

	if (report->outcome == REP_AGREES)
		return;
	FILE *to = open_memstream(&text, &size);

	CHECK(to);
	rep_report_print(report, to);
	fclose(to);
	fmt_buf_put(out, text, size);
	free(text);
}

static void tell_trouble(struct rep_gdb *gdb)
{
	struct fmt_buf text = {0};

	if (gdb->stop.why != REP_WHY_DIVERGED && gdb->stop.why != REP_WHY_FAILED)
		return;
	rep__gdb_put_trouble(gdb, &text);
	if (text.size)
		rep__gdb_console(gdb, (const char *)text.data, text.size);
	fmt_buf_done(&text);
}

/* A moment at which no process lives that gdb knows has no place in its world: on to the nearest one that has. */
static bool find_life(struct rep_gdb *gdb, event_seq seq, bool forward)
{
	struct rep_stop stop;

	while (!choose_thread(gdb)) {
		if (forward ? seq >= rep_timeline_count(gdb->tl) : seq <= rep_timeline_first(gdb->tl))
			return false;
		const enum rep_direction direction = forward ? REP_FORWARD : REP_BACKWARD;

		rep_timeline_step(gdb->tl, &(struct rep_step){.unit = REP_STEP_EVENT}, direction, &stop);
		if (stop.why != REP_WHY_DONE)
			return choose_thread(gdb);
		seq = rep_timeline_seq(gdb->tl, NULL);
	}
	return true;
}

static bool has_life(struct rep_gdb *gdb)
{
	const event_seq seq = rep_timeline_seq(gdb->tl, NULL);
	const bool forward = gdb->stop.why == REP_WHY_START;
	struct rep_stop stop;

	if (choose_thread(gdb) || find_life(gdb, seq, forward))
		return true;
	rep_timeline_seek(gdb->tl, &(struct rep_position){.seq = seq}, &stop);
	return find_life(gdb, seq, !forward);
}

static void reply_stop(struct rep_gdb *gdb)
{
	tell_trouble(gdb);
	if (gdb->attached_count == 0 || !has_life(gdb)) {
		reply_text(gdb, "W00");	/* nothing is known to gdb yet */
		return;
	}
	rep__gdb_print(&gdb->reply, "T%02xthread:", (unsigned)signal_of(gdb->stop.why));
	put_thread(&gdb->reply, &gdb->general);
	reply_text(gdb, ";");
	put_reason(gdb);
}

/* ---- moving ----------------------------------------------------------- */

static void go_to_target(struct rep_gdb *gdb)
{
	gdb->has_target = false;
	rep_timeline_seek(gdb->tl, &gdb->target, &gdb->stop);
	reply_stop(gdb);
}

static void step(struct rep_gdb *gdb, const struct rep_gdb_thread *thread, enum rep_direction direction)
{
	const struct rep_step one = {.unit = REP_STEP_INSTRUCTION, .node = thread->node, .tid = thread->tid};

	rep_timeline_step(gdb->tl, &one, direction, &gdb->stop);
	reply_stop(gdb);
}

static void step_range(struct rep_gdb *gdb, const struct rep_gdb_thread *thread, uint64_t from, uint64_t to)
{
	const struct rep_step range = {.unit = REP_STEP_RANGE, .node = thread->node, .tid = thread->tid,
				       .from = from, .to = to};

	rep_timeline_step(gdb->tl, &range, REP_FORWARD, &gdb->stop);
	reply_stop(gdb);
}

static void run(struct rep_gdb *gdb, enum rep_direction direction)
{
	rep_timeline_continue(gdb->tl, direction, &gdb->stop);
	reply_stop(gdb);
}

/* "s:p1.2;c": the first action that is not to continue is for one thread; what else there is continues. */
static void on_vcont(struct rep_gdb *gdb, const char *text)
{
	struct rep_gdb_thread thread = gdb->general;
	const char *colon = strchr(text, ':'), *next = strchr(text, ';');
	char *end;

	if (gdb->has_target) {
		go_to_target(gdb);
		return;
	}
	if (colon && (!next || colon < next))
		thread = parse_thread(colon + 1);
	if (!find_thread(gdb, &thread))
		thread = gdb->general;
	if (*text == 's' || *text == 'S') {
		step(gdb, &thread, REP_FORWARD);
	} else if (*text == 'r') {
		const uint64_t from = strtoull(text + 1, &end, 16);

		step_range(gdb, &thread, from, *end == ',' ? strtoull(end + 1, NULL, 16) : from);
	} else {
		run(gdb, REP_FORWARD);
	}
}

static void on_backward(struct rep_gdb *gdb, char what)
{
	if (gdb->has_target)
		go_to_target(gdb);
	else if (what == 's')
		step(gdb, gdb->moving.tid ? &gdb->moving : &gdb->general, REP_BACKWARD);
	else if (what == 'c')
		run(gdb, REP_BACKWARD);
}

/* ---- breakpoints ------------------------------------------------------ */

static enum rep_point_kind kind_of(char kind)
{
	return kind <= '1' ? REP_POINT_ADDRESS : kind == '2' ? REP_POINT_WRITE : REP_POINT_ACCESS;
}

/* A watch of any size in parts that can be watched. */
static uint32_t part_of(uint64_t addr, uint64_t left)
{
	for (uint32_t size = 8; size > 1; size /= 2)
		if (addr % size == 0 && left >= size)
			return size;
	return 1;
}

static int add_point(struct rep_gdb *gdb, char kind, uint64_t addr, uint32_t size)
{
	const struct rep_point point = {.kind = kind_of(kind), .node = gdb->general.node, .pid = gdb->general.pid,
					.addr = addr, .size = size};
	struct fmt_error error;
	size_t i = 0;

	while (i < REP_GDB_POINT_MAX && gdb->points[i].number)
		i++;
	if (i == REP_GDB_POINT_MAX)
		return -EMFILE;
	const int number = rep_timeline_add_point(gdb->tl, &point, &error);

	if (number > 0)
		gdb->points[i] = (struct rep_gdb_point){number, kind, point.node, point.pid, addr, size};
	return number;
}

static bool remove_point(struct rep_gdb *gdb, char kind, uint64_t addr)
{
	for (size_t i = 0; i < REP_GDB_POINT_MAX; i++) {
		struct rep_gdb_point *p = &gdb->points[i];

		if (!p->number || p->kind != kind || p->addr != addr || p->node != gdb->general.node ||
		    p->pid != gdb->general.pid)
			continue;
		rep_timeline_remove_point(gdb->tl, p->number);
		p->number = 0;
		return true;
	}
	return false;
}

/* "0,401136,1": kind, address, size.  Conditions and commands behind it are gdb's to look after. */
static void on_point(struct rep_gdb *gdb, const char *text, bool add)
{
	const char kind = text[0];
	char *end;

	if (kind < '0' || kind > '4' || text[1] != ',')
		return;
	uint64_t addr = strtoull(text + 2, &end, 16);
	uint64_t left = *end == ',' && kind > '1' ? strtoull(end + 1, NULL, 16) : 1;
	bool good = left > 0 && left <= 64;

	while (left > 0 && good) {
		const uint32_t size = kind > '1' ? part_of(addr, left) : 1;

		good = add ? add_point(gdb, kind, addr, size) > 0 : remove_point(gdb, kind, addr);
		addr += size;
		left -= size;
	}
	reply_text(gdb, good ? "OK" : "E1c");
}

/* ---- registers and memory --------------------------------------------- */

static void on_registers(struct rep_gdb *gdb, bool all, size_t number)
{
	const struct rep_gdb_thread *t = &gdb->general;
	struct user_fpregs_struct fpregs;
	struct user_regs_struct regs;

	if (rep_timeline_regs(gdb->tl, t->node, t->tid, &regs) < 0) {
		reply_text(gdb, "E03");
		return;
	}
	const bool fp = rep_timeline_fpregs(gdb->tl, t->node, t->tid, &fpregs) == 0;

	if (all)
		rep__gdb_registers_put(&regs, fp ? &fpregs : NULL, &gdb->reply);
	else if (rep__gdb_register_put(&regs, fp ? &fpregs : NULL, number, &gdb->reply) < 0)
		reply_text(gdb, "E02");
}

static void on_memory(struct rep_gdb *gdb, const char *text)
{
	static uint8_t bytes[MEMORY_MAX];
	char *end;
	const uint64_t addr = strtoull(text, &end, 16);
	uint64_t size = *end == ',' ? strtoull(end + 1, NULL, 16) : 0;

	if (size > sizeof(bytes))
		size = sizeof(bytes);
	const size_t got = rep_timeline_read(gdb->tl, gdb->general.node, gdb->general.pid, bytes, addr, size);

	if (got == 0 && size > 0)
		reply_text(gdb, "E0e");
	else
		rep__gdb_put_hex(&gdb->reply, bytes, got);
}

/* ---- packets ---------------------------------------------------------- */

static void on_select(struct rep_gdb *gdb, const char *text)
{
	struct rep_gdb_thread thread = parse_thread(text + 1);

	if (text[0] == 'g') {
		if (!thread.node && find_thread(gdb, &gdb->general))	/* any: the one that it is */
			thread = gdb->general;
		if (!find_thread(gdb, &thread)) {
			reply_text(gdb, "E03");
			return;
		}
		gdb->general = thread;
	} else if (text[0] == 'c') {
		gdb->moving = thread;
	}
	reply_text(gdb, "OK");
}

/* gdb gets to know a process that lives now. */
static void on_attach(struct rep_gdb *gdb, const char *text)
{
	const uint64_t id = strtoull(text, NULL, 16);
	struct rep_gdb_thread *to = &gdb->attached[gdb->attached_count];

	if (gdb->attached_count == REP_GDB_PROCESS_MAX) {
		reply_text(gdb, "E01");
		return;
	}
	*to = (struct rep_gdb_thread){.node = (node_id)(id / REP_GDB_NODE), .pid = (uint32_t)(id % REP_GDB_NODE)};
	gdb->attached_count++;
	gdb->general = *to;
	gdb->stop = (struct rep_stop){.why = REP_WHY_DONE};
	if (!find_thread(gdb, &gdb->general)) {
		gdb->attached_count--;
		reply_text(gdb, "E03");
		return;
	}
	reply_stop(gdb);
}

/* "D;PID", or without a number: all. */
static void on_detach(struct rep_gdb *gdb, const char *text)
{
	const uint64_t id = *text == ';' ? strtoull(text + 1, NULL, 16) : 0;
	size_t kept = 0;

	for (size_t i = 0; i < gdb->attached_count && id; i++)
		if (rep__gdb_id(gdb->attached[i].node, gdb->attached[i].pid) != id)
			gdb->attached[kept++] = gdb->attached[i];
	gdb->attached_count = kept;
	reply_text(gdb, "OK");
}

static void on_alive(struct rep_gdb *gdb, const char *text)
{
	struct rep_gdb_thread thread = parse_thread(text);

	reply_text(gdb, thread.tid && find_thread(gdb, &thread) ? "OK" : "E03");
}

static void on_v(struct rep_gdb *gdb, const char *text, size_t size)
{
	if (strcmp(text, "Cont?") == 0) {
		reply_text(gdb, "vCont;c;C;s;S;r");
	} else if (strncmp(text, "Cont;", 5) == 0) {
		on_vcont(gdb, text + 5);
	} else if (strncmp(text, "File:", 5) == 0) {
		rep__gdb_file(gdb, text + 5, size - 5);
	} else if (strncmp(text, "Kill;", 5) == 0) {
		on_detach(gdb, text + 4);
	} else if (strncmp(text, "Attach;", 7) == 0) {
		on_attach(gdb, text + 7);
	}
}

/* What begins with another letter has an empty answer: it is not known here. */
static void on_packet(struct rep_gdb *gdb, const char *text, size_t size)
{
	switch (text[0]) {
	case '?':
		reply_stop(gdb);
		return;
	case 'q':
	case 'Q':
		rep__gdb_query(gdb, text);
		return;
	case 'v':
		on_v(gdb, text + 1, size - 1);
		return;
	case 'H':
		on_select(gdb, text + 1);
		return;
	case 'T':
		on_alive(gdb, text + 1);
		return;
	case 'g':
		on_registers(gdb, /* all= */ true, 0);
		return;
	case 'p':
		on_registers(gdb, /* all= */ false, strtoull(text + 1, NULL, 16));
		return;
	case 'm':
		on_memory(gdb, text + 1);
		return;
	case 'Z':
	case 'z':
		on_point(gdb, text + 1, text[0] == 'Z');
		return;
	case 'b':
		on_backward(gdb, text[1]);
		return;
	case 'c':
	case 's':
		on_vcont(gdb, text);
		return;
	case 'G':
	case 'P':
	case 'M':
		reply_text(gdb, "E01");	/* what has happened has happened */
		return;
	case 'D':
		on_detach(gdb, text + 1);
		return;
	case '!':
		reply_text(gdb, "OK");
		return;
	case 'k':
		gdb->ended = true;
		return;
	default:
		return;
	}
}

static void on_break(void *arg)
{
	const struct rep_gdb *gdb = arg;

	rep_timeline_interrupt(gdb->tl);
}

int rep_gdb_serve(struct rep_timeline *tl, int fd)
{
	static struct rep_gdb gdb;	/* one at a time, as of timelines, and too large for a stack */
	const char *text;
	size_t size;

	gdb = (struct rep_gdb){.tl = tl};
	int r = rep__gdb_link_init(&gdb.link, fd, on_break, &gdb);

	if (r < 0)
		return r;
	while (!gdb.ended && rep__gdb_receive(&gdb.link, &text, &size)) {
		/* A ^C that came when nothing moved is gone with the packet behind it. */
		if (strchr("bcsv", text[0]))
			rep_timeline_interrupt_cancel(tl);
		fmt_buf_clear(&gdb.reply);
		on_packet(&gdb, text, size);
		if (text[0] != 'k')
			rep__gdb_send(&gdb.link, gdb.reply.data, gdb.reply.size);
		if (strcmp(text, "QStartNoAckMode") == 0)
			gdb.link.no_ack = true;
	}
	rep__gdb_link_done(&gdb.link);
	rep__gdb_files_close(&gdb);
	fmt_buf_done(&gdb.object);
	fmt_buf_done(&gdb.reply);
	return 0;
}
