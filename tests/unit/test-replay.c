/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-replay.c - re-execution, on traces of a recorder of its own.
 *
 * The toy recorder runs one small program (the assembly below) through the tracee layer and answers its calls
 * itself, so this test needs neither kernel image nor machine.  The program has one of everything that an
 * event can tell: calls, clock readings, rdtsc, a mapping, a thread, a fork, an exec, a fault with
 * its signal.  The trace is then replayed as it is, and with every kind of lie in it.
 */
#include "replay.h"

#include <asm/unistd.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "effect.h"
#include "session.h"
#include "trace.h"
#include "tracee.h"

#include "unit.h"

/* ---- the program ------------------------------------------------------ */

#define CODE 0x400000ULL
#define STACK 0x10000000ULL
#define STACK_SIZE 0x4000ULL
#define FILE_AT 0x600000ULL
#define MAPPED 0x20000000ULL	/* where the toy puts mmap */
#define MAPPED_SIZE 0x2000ULL
#define CHILD_FLAGS 0x10900	/* CLONE_VM | CLONE_SIGHAND | CLONE_THREAD */

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
#define CALL(nr) "mov $" TEXT(nr) ", %eax\n syscall\n"

extern const uint8_t toy_start[], toy_second[], toy_handler[], toy_after[], toy_end[];

__asm__(".pushsection .rodata\n"
	".balign 16\n"
	".global toy_start, toy_second, toy_handler, toy_after, toy_end\n"
	"toy_start:\n"
	"mov $1, %edi\n lea 90f(%rip), %rsi\n mov $6, %edx\n" CALL(1)	/* write */
	"movabs $0x7ffff0010008, %rbx\n incq (%rbx)\n incq (%rbx)\n incq (%rbx)\n"
	CALL(39)						/* getpid, after three readings */
	"rdtsc\n mov %rax, %r13\n"
	"xor %edi, %edi\n lea -64(%rsp), %rsi\n mov $16, %edx\n" CALL(0) /* read */
	"mov -64(%rsp), %rdi\n" CALL(39)			/* what was read shows in an argument */
	"xor %edi, %edi\n mov $0x2000, %esi\n mov $3, %edx\n mov $0x22, %r10d\n mov $-1, %r8\n"
	"xor %r9d, %r9d\n" CALL(9)				/* mmap */
	"mov %rax, %rbx\n mov %r13, (%rbx)\n"
	"mov $" TEXT(CHILD_FLAGS) ", %edi\n lea 0x2000(%rbx), %rsi\n" CALL(56) /* clone */
	"test %eax, %eax\n jz 10f\n"
	"mov %rax, %rdi\n mov (%rbx), %rsi\n" CALL(39)		/* the thread's store shows */
	CALL(57)						/* fork */
	"test %eax, %eax\n jz 20f\n"
	"mov %eax, 0x10\n"					/* a fault */
	"toy_after:\n"
	"mov -128(%rsp), %rsi\n mov $3, %edi\n" CALL(231)	/* exit_group */
	"10: movq $77, (%rbx)\n xor %edi, %edi\n" CALL(60)	/* the thread: exit */
	"20: " CALL(59)						/* the child: execve */
	"toy_handler:\n" CALL(15)				/* rt_sigreturn */
	"toy_second:\n"
	"mov 0x600000, %rdi\n" CALL(39)				/* the mapped file shows */
	"mov $1, %edi\n lea 91f(%rip), %rsi\n mov $7, %edx\n" CALL(1)
	"mov $1, %edi\n" CALL(231)
	"90: .ascii \"hello\\n\"\n"
	"91: .ascii \"second\\n\"\n"
	"toy_end:\n"
	".popsection\n");

#define CODE_OF(label) (CODE + (uint64_t)((label) - toy_start))

/* ---- the toy recorder -------------------------------------------------- */

#define NODE 1
#define COST 20
#define REALTIME 946684800000000000ULL
#define PID 2
#define THREAD_TID 3
#define FORK_PID 4
#define TSC_VALUE 0x1122334455667788ULL
#define INPUT "sixteen bytes in"
#define FILE_TEXT "eight by"

struct toy {
	struct rec_tracer *tracer;
	struct fmt_buf events;
	struct fmt_buf effects;
	struct rec_clock_page *clock;
	int clock_fd;
	int file_fd;
	uint8_t file_hash[FMT_HASH_SIZE];
	vtime_ns now;
	struct user_regs_struct before_signal;
};

struct toy_thread {
	struct toy *toy;
	struct rec_tracee *tracee;
	uint32_t tid, pid;
	uint64_t ran;
	struct rec_stop_info stop;
};

static struct fmt_bytes bytes_of(const void *data, size_t size)
{
	return (struct fmt_bytes){data, size};
}

static struct fmt_bytes text_of(const char *text)
{
	return bytes_of(text, strlen(text));
}

static struct fmt_bytes effects_of(const struct toy *toy)
{
	return bytes_of(toy->effects.data, toy->effects.size);
}

/* Carries an effect out by the plain means of the layer, and remembers it. */
static void toy_write(struct toy_thread *t, uint64_t addr, const void *data, size_t size)
{
	EQUAL(rec_tracee_write(t->tracee, addr, data, size), 0);
	fmt_effect_put(&t->toy->effects, &(struct fmt_effect){
		.op = FMT_EFFECT_WRITE, .addr = addr, .size = size, .bytes = data});
}

static void toy_map(struct toy_thread *t, uint64_t addr, uint64_t size, int prot, uint64_t file)
{
	const int flags = MAP_PRIVATE | (file ? 0 : MAP_ANONYMOUS);

	EQUAL(rec_tracee_map(t->tracee, addr, size, prot, flags, file ? t->toy->file_fd : -1, 0), 0);
	fmt_effect_put(&t->toy->effects, &(struct fmt_effect){
		.op = FMT_EFFECT_MAP, .addr = addr, .size = size, .prot = (uint32_t)prot,
		.flags = (uint32_t)flags, .file = file});
}

static void toy_read(struct toy_thread *t, uint64_t addr, size_t size)
{
	uint8_t data[64];

	CHECK(size <= sizeof(data));
	EQUAL(rec_tracee_read(t->tracee, data, addr, size), 0);
	fmt_effect_put(&t->toy->effects, &(struct fmt_effect){
		.op = FMT_EFFECT_READ, .addr = addr, .size = size, .crc = fmt_crc32c(0, data, size)});
}

static void toy_exec(struct toy_thread *t, const uint8_t *entry)
{
	struct toy *toy = t->toy;
	struct user_regs_struct regs = {
		.rip = CODE_OF(entry), .rsp = STACK + STACK_SIZE - 0x100, .cs = 0x33, .ss = 0x2b,
		.eflags = 0x202, .orig_rax = UINT64_MAX,
	};

	if (t->tracee)
		rec_tracee_kill(t->tracee);
	CHECK(rec_tracee_new(toy->tracer, toy->clock_fd, &t->tracee) == 0);
	fmt_buf_clear(&toy->effects);
	toy_map(t, CODE, 4096, PROT_READ | PROT_WRITE, 0);
	toy_write(t, CODE, toy_start, (size_t)(toy_end - toy_start));
	EQUAL(rec_tracee_protect(t->tracee, CODE, 4096, PROT_READ | PROT_EXEC), 0);
	fmt_effect_put(&toy->effects, &(struct fmt_effect){
		.op = FMT_EFFECT_PROTECT, .addr = CODE, .size = 4096,
		.prot = PROT_READ | PROT_EXEC});
	toy_map(t, STACK, STACK_SIZE, PROT_READ | PROT_WRITE, 0);
	toy_map(t, FILE_AT, 4096, PROT_READ, 1);
	EQUAL(rec_tracee_set_regs(t->tracee, &regs), 0);
	fmt_put_exec(&toy->events, toy->now, NODE, t->tid, &(struct fmt_ev_exec){
		.pid = t->pid, .file = 1, .path = text_of("/bin/toy"), .args = text_of("toy"),
		.regs = bytes_of(&regs, sizeof(regs)), .effects = effects_of(toy)});
}

static void toy_enter(struct toy_thread *t)
{
	const uint64_t *a = t->stop.args;

	fmt_put_syscall_enter(&t->toy->events, t->toy->now, NODE, t->tid,
			      &(struct fmt_ev_syscall_enter){
		.ran = t->ran, .nr = t->stop.nr, .a0 = a[0], .a1 = a[1], .a2 = a[2], .a3 = a[3],
		.a4 = a[4], .a5 = a[5]});
}

static void toy_answer(struct toy_thread *t, int64_t ret)
{
	const uint64_t *a = t->stop.args;

	fmt_put_syscall(&t->toy->events, t->toy->now, NODE, t->tid, &(struct fmt_ev_syscall){
		.ran = t->ran, .nr = t->stop.nr, .a0 = a[0], .a1 = a[1], .a2 = a[2], .a3 = a[3],
		.a4 = a[4], .a5 = a[5], .ret = ret, .effects = effects_of(t->toy)});
	rec_tracee_answer(t->tracee, ret);
}

static void toy_exit(struct toy_thread *t, bool last)
{
	toy_enter(t);
	fmt_put_exit(&t->toy->events, t->toy->now, NODE, t->tid, &(struct fmt_ev_exit){
		.pid = t->pid, .code = t->stop.args[0] << 8, .last = last});
	if (last)
		rec_tracee_kill(t->tracee);
	else
		rec_tracee_exit(t->tracee);
	t->tracee = NULL;
}

static void toy_run(struct toy_thread *t);

/* The child runs to its end before its parent goes on. */
static void toy_clone(struct toy_thread *t)
{
	struct toy *toy = t->toy;
	const bool thread = t->stop.nr == __NR_clone;
	const uint64_t flags = thread ? CHILD_FLAGS : SIGCHLD;
	const uint64_t stack = thread ? t->stop.args[1] : 0;
	struct toy_thread child = {
		.toy = toy, .tid = thread ? THREAD_TID : FORK_PID, .pid = thread ? PID : FORK_PID};

	toy_enter(t);
	CHECK(rec_tracee_clone(t->tracee, flags, stack, 0, &child.tracee) == 0);
	fmt_put_clone(&toy->events, toy->now, NODE, t->tid, &(struct fmt_ev_clone){
		.child_tid = child.tid, .child_pid = child.pid, .flags = flags, .stack = stack});
	fmt_buf_clear(&toy->effects);
	fmt_put_syscall_exit(&toy->events, toy->now, NODE, child.tid,
			     &(struct fmt_ev_syscall_exit){.nr = t->stop.nr});
	toy_run(&child);
	fmt_buf_clear(&toy->effects);
	fmt_put_syscall_exit(&toy->events, toy->now, NODE, t->tid, &(struct fmt_ev_syscall_exit){
		.nr = t->stop.nr, .ret = child.tid});
	rec_tracee_answer(t->tracee, child.tid);
}

static void toy_signal(struct toy_thread *t)
{
	struct toy *toy = t->toy;
	static const uint64_t frame[2] = {0xf00d, 0xcafe};

	fmt_put_fault(&toy->events, toy->now, NODE, t->tid, &(struct fmt_ev_fault){
		.ran = t->ran, .pc = t->stop.pc, .signo = (uint64_t)t->stop.signo,
		.code = (uint64_t)(int64_t)t->stop.code, .addr = t->stop.addr});
	EQUAL(rec_tracee_get_regs(t->tracee, &toy->before_signal), 0);
	struct user_regs_struct regs = toy->before_signal;

	fmt_buf_clear(&toy->effects);
	toy_write(t, regs.rsp - 128, frame, sizeof(frame));
	regs.rip = CODE_OF(toy_handler);
	EQUAL(rec_tracee_set_regs(t->tracee, &regs), 0);
	fmt_put_signal(&toy->events, toy->now, NODE, t->tid, &(struct fmt_ev_signal){
		.signo = SIGSEGV, .handler = regs.rip, .regs = bytes_of(&regs, sizeof(regs)),
		.effects = effects_of(toy)});
}

static void toy_sigreturn(struct toy_thread *t)
{
	struct {
		struct user_regs_struct regs;
		struct user_fpregs_struct fp;
	} all = {.regs = t->toy->before_signal};

	toy_enter(t);
	all.regs.rip = CODE_OF(toy_after);
	EQUAL(rec_tracee_get_fpregs(t->tracee, &all.fp), 0);
	EQUAL(rec_tracee_set_regs(t->tracee, &all.regs), 0);
	EQUAL(rec_tracee_set_fpregs(t->tracee, &all.fp), 0);
	fmt_put_sigreturn(&t->toy->events, t->toy->now, NODE, t->tid,
			  &(struct fmt_ev_sigreturn){.regs = bytes_of(&all, sizeof(all))});
}

/* False when the thread is gone. */
static bool toy_call(struct toy_thread *t)
{
	const uint64_t *a = t->stop.args;

	fmt_buf_clear(&t->toy->effects);
	switch (t->stop.nr) {
	case __NR_write:
		toy_read(t, a[1], a[2]);
		fmt_put_output(&t->toy->events, t->toy->now, NODE, t->tid, &(struct fmt_ev_output){
			.fd = a[0], .text = text_of(a[2] == 6 ? "hello" : "second")});
		toy_answer(t, (int64_t)a[2]);
		return true;
	case __NR_read:
		toy_write(t, a[1], INPUT, a[2]);
		toy_answer(t, (int64_t)a[2]);
		return true;
	case __NR_mmap:
		toy_map(t, MAPPED, MAPPED_SIZE, PROT_READ | PROT_WRITE, 0);
		toy_answer(t, (int64_t)MAPPED);
		return true;
	case __NR_clone:
	case __NR_fork:
		toy_clone(t);
		return true;
	case __NR_execve:
		toy_enter(t);
		toy_exec(t, toy_second);
		return true;
	case __NR_rt_sigreturn:
		toy_sigreturn(t);
		return true;
	case __NR_exit:
	case __NR_exit_group:
		toy_exit(t, t->stop.nr == __NR_exit_group);
		return false;
	default:
		toy_answer(t, t->pid);
		return true;
	}
}

static void toy_run(struct toy_thread *t)
{
	struct toy *toy = t->toy;

	do {
		toy->now += 1000;
		toy->clock->base_ns = toy->now + REC_CLOCK_START_NS;
		toy->clock->reads = 0;
		CHECK(rec_tracee_run(t->tracee, &t->stop) == 0);
		t->ran = toy->clock->reads ? (toy->clock->reads - 1) * COST : 0;
		toy->now += t->ran;
		if (t->stop.kind == REC_STOP_TSC) {
			fmt_put_tsc(&toy->events, toy->now, NODE, t->tid, &(struct fmt_ev_tsc){
				.ran = t->ran, .pc = t->stop.pc, .value = TSC_VALUE});
			rec_tracee_answer_tsc(t->tracee, TSC_VALUE, 0);
			continue;
		}
		if (t->stop.kind == REC_STOP_FAULT) {
			toy_signal(t);
			continue;
		}
		CHECK(t->stop.kind == REC_STOP_SYSCALL);
	} while (t->stop.kind != REC_STOP_SYSCALL || toy_call(t));
}

static void toy_open(struct toy *toy)
{
	uint64_t size;

	toy->file_fd = memfd_create("toy-file", MFD_CLOEXEC);
	CHECK(write(toy->file_fd, FILE_TEXT, 8) == 8);
	CHECK(fmt_hash_fd(toy->file_fd, toy->file_hash, &size) == 0 && size == 8);
	toy->clock_fd = memfd_create("toy-clock", MFD_CLOEXEC);
	CHECK(ftruncate(toy->clock_fd, 4096) == 0);
	toy->clock = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, toy->clock_fd, 0);
	CHECK(toy->clock != MAP_FAILED);
	toy->clock->step_ns = COST;
}

/* Records the program. */
static void toy_record(struct toy *toy)
{
	const char *reason = "";
	const int error = rec_tracer_new(&toy->tracer, &reason);

	if (error < 0) {
		printf("# skipped: %s\n", reason);
		exit(77);
	}
	toy_open(toy);
	fmt_put_node(&toy->events, 0, NODE, 0, &(struct fmt_ev_node){
		.id = NODE, .name = text_of("alpha"), .address = text_of("10.0.0.1")});
	fmt_put_file(&toy->events, 0, NODE, 0, &(struct fmt_ev_file){
		.id = 1, .size = 8, .hash = bytes_of(toy->file_hash, FMT_HASH_SIZE),
		.path = text_of("/bin/toy")});
	fmt_put_start(&toy->events, 0, NODE, PID, &(struct fmt_ev_start){
		.pid = PID, .name = text_of("toy")});
	struct toy_thread root = {.toy = toy, .tid = PID, .pid = PID};

	toy_exec(&root, toy_start);
	toy_run(&root);
	fmt_put_end(&toy->events, toy->now, 0, 0, &(struct fmt_ev_end){
		.reason = text_of("all programs have ended")});
	rec_tracer_free(toy->tracer);
}

static void toy_done(struct toy *toy)
{
	munmap(toy->clock, 4096);
	close(toy->clock_fd);
	close(toy->file_fd);
	fmt_buf_done(&toy->events);
	fmt_buf_done(&toy->effects);
}

/* ---- traces ------------------------------------------------------------ */

#define EVENTS_MAX 128

struct script {
	const struct toy *toy;
	struct fmt_event events[EVENTS_MAX];	/* bodies borrow from toy, or from changed */
	size_t count;
	struct fmt_buf changed;
};

static void script_init(struct script *script, const struct toy *toy)
{
	size_t pos = 0;

	*script = (struct script){.toy = toy};
	while (fmt_record_next(toy->events.data, toy->events.size, &pos,
			       &script->events[script->count]) > 0)
		CHECK(++script->count < EVENTS_MAX);
}

/* Index of the n-th event of a kind, from 0. */
static size_t find(const struct script *script, uint32_t kind, size_t n)
{
	for (size_t i = 0; i < script->count; i++)
		if (script->events[i].kind == kind && n-- == 0)
			return i;
	CHECK(!"the program has such an event");
	return 0;
}

/* Puts the one record of a buffer in place of an event. */
static void replace(struct script *script, size_t index)
{
	size_t pos = 0;

	CHECK(fmt_record_next(script->changed.data, script->changed.size, &pos,
			      &script->events[index]) == 1);
}

static void drop(struct script *script, size_t index)
{
	script->count--;
	memmove(&script->events[index], &script->events[index + 1],
		(script->count - index) * sizeof(script->events[0]));
}

static void write_trace(const struct script *script, const char *path, bool finish)
{
	static const char model[] = "syscall=1000ns clock=20ns realtime=946684800000000000ns";
	static const char cpu[] = "hindcast-1";
	struct fmt_writer *writer;

	CHECK(fmt_writer_new(path, &writer) == 0);
	CHECK(fmt_writer_meta(writer, "model", model, strlen(model)) == 0);
	CHECK(fmt_writer_meta(writer, "cpu", cpu, strlen(cpu)) == 0);
	for (size_t i = 0; i < script->count; i++)
		CHECK(fmt_writer_event(writer, &script->events[i]) == 0);
	CHECK(fmt_writer_file(writer, script->toy->file_hash, script->toy->file_fd) == 0);
	if (finish)
		CHECK(fmt_writer_finish(writer, NULL) == 0);
	else
		CHECK(fmt_writer_flush(writer, /* now= */ true) == 0);
	if (!finish)
		fmt_writer_abandon(writer);
}

static char trace_path[64];

static enum rep_outcome replay(const struct script *script, struct rep_report *ret)
{
	const struct rep_options options = {.check = true};

	write_trace(script, trace_path, /* finish= */ true);
	const int status = rep_replay(trace_path, &options, ret);

	EQUAL(status, ret->outcome);
	EQUAL(ret->reason != NULL, ret->outcome != REP_AGREES);
	unlink(trace_path);
	return ret->outcome;
}

/* Replays, expects an outcome at an event and a word in the reason. */
static void expect(struct script *script, enum rep_outcome outcome, size_t at, const char *word)
{
	struct rep_report report;

	replay(script, &report);
	if (report.outcome != outcome || report.seq != at || !strstr(report.reason ?: "", word)) {
		judge(0, __FILE__, __LINE__, "expected outcome %d at event %zu with \"%s\"",
		      outcome, at, word);
		rep_report_print(&report, stdout);
	}
	checked++;
	HOLDS(outcome != REP_DIVERGED || report.expected != NULL);
	HOLDS(outcome == REP_AGREES || at == 0 || !report.has_last_common ||
	      report.last_common == at - 1);
	rep_report_done(&report);
	fmt_buf_done(&script->changed);
}

/* ---- tests ------------------------------------------------------------- */

static void test_agrees(const struct toy *toy)
{
	struct script script;
	struct rep_report report;

	part("an untouched trace agrees");
	script_init(&script, toy);
	EQUAL(replay(&script, &report), REP_AGREES);
	if (report.outcome != REP_AGREES)
		rep_report_print(&report, stdout);
	EQUAL(report.executed, script.count);
	EQUAL(report.event_count, script.count);
	EQUAL(report.unfinished, false);
	HOLDS(report.slices > 10);
	rep_report_done(&report);
}

static void test_output(const struct toy *toy)
{
	struct script script;
	struct rep_report report;
	char *text = NULL;
	size_t size = 0;

	part("lines of programs are printed unless only a check is wanted");
	script_init(&script, toy);
	write_trace(&script, trace_path, /* finish= */ true);
	FILE *output = open_memstream(&text, &size);
	struct rep_options options = {.output = output};

	EQUAL(rep_replay(trace_path, &options, &report), REP_AGREES);
	rep_report_done(&report);
	options.check = true;
	EQUAL(rep_replay(trace_path, &options, &report), REP_AGREES);
	rep_report_done(&report);
	fclose(output);
	STRING(text, "hello\nsecond\n");
	free(text);
	unlink(trace_path);
}

static void test_nodes(const struct toy *toy)
{
	struct script script;
	struct rep_report report;
	struct rep_options options = {.check = true, .node = 2};

	part("one node of several");
	script_init(&script, toy);
	write_trace(&script, trace_path, /* finish= */ true);
	EQUAL(rep_replay(trace_path, &options, &report), REP_TRACE_ERROR);
	rep_report_done(&report);
	options = (struct rep_options){.check = true, .node = NODE};
	EQUAL(rep_replay(trace_path, &options, &report), REP_AGREES);
	HOLDS(report.slices > 10);
	rep_report_done(&report);
	options = (struct rep_options){.check = true, .node_name = "alpha"};
	EQUAL(rep_replay(trace_path, &options, &report), REP_AGREES);
	HOLDS(report.slices > 10);
	EQUAL(report.skipped, 0);
	rep_report_done(&report);
	options.node_name = "beta";
	EQUAL(rep_replay(trace_path, &options, &report), REP_TRACE_ERROR);
	EQUAL(report.slices, 0);
	rep_report_done(&report);
	unlink(trace_path);
}

static void test_unfinished(const struct toy *toy)
{
	const struct rep_options options = {.check = true};
	struct script script;
	struct rep_report report;

	part("a killed recorder's trace agrees as far as it goes");
	script_init(&script, toy);
	script.count /= 2;
	write_trace(&script, trace_path, /* finish= */ false);
	EQUAL(rep_replay(trace_path, &options, &report), REP_AGREES);
	EQUAL(report.unfinished, true);
	EQUAL(report.executed, script.count);
	rep_report_done(&report);
	unlink(trace_path);
	EQUAL(rep_replay("/nonexistent.hct", &options, &report), REP_TRACE_ERROR);
	rep_report_done(&report);
}

static void test_arguments(const struct toy *toy)
{
	struct script script;
	struct fmt_ev_syscall ev;
	size_t at;

	part("a call with other arguments diverges there");
	script_init(&script, toy);
	at = find(&script, FMT_syscall, 0);
	CHECK(fmt_get_syscall(&script.events[at], &ev) == 0);
	ev.a0 = 2;
	fmt_put_syscall(&script.changed, script.events[at].vtime, NODE, PID, &ev);
	replace(&script, at);
	expect(&script, REP_DIVERGED, at, "argument 0 was 0x2, now it is 0x1");

	script_init(&script, toy);
	CHECK(fmt_get_syscall(&script.events[at], &ev) == 0);
	ev.nr = 20;
	fmt_put_syscall(&script.changed, script.events[at].vtime, NODE, PID, &ev);
	replace(&script, at);
	expect(&script, REP_DIVERGED, at, "number");

	part("a slice of another length diverges");
	script_init(&script, toy);
	at = find(&script, FMT_syscall, 1);
	CHECK(fmt_get_syscall(&script.events[at], &ev) == 0);
	EQUAL(ev.ran, 2 * COST);
	ev.ran = COST;
	fmt_put_syscall(&script.changed, script.events[at].vtime, NODE, PID, &ev);
	replace(&script, at);
	expect(&script, REP_DIVERGED, at, "time");
}

/* A lie about a result or about what was written shows where the program next uses it. */
static void test_results(const struct toy *toy)
{
	struct script script;
	struct fmt_ev_syscall ev;
	struct fmt_ev_tsc tsc;
	size_t at;

	part("other bytes written diverge where they are used");
	script_init(&script, toy);
	at = find(&script, FMT_syscall, 2);
	CHECK(fmt_get_syscall(&script.events[at], &ev) == 0);
	_cleanup_(fmt_buf_done) struct fmt_buf effects = {0};
	fmt_effect_put(&effects, &(struct fmt_effect){
		.op = FMT_EFFECT_WRITE, .addr = ev.a1, .size = 4,
		.bytes = (const uint8_t *)"xxxx"});
	ev.effects = bytes_of(effects.data, effects.size);
	fmt_put_syscall(&script.changed, script.events[at].vtime, NODE, PID, &ev);
	replace(&script, at);
	expect(&script, REP_DIVERGED, at + 1, "argument 0");

	part("another file content or counter diverges");
	script_init(&script, toy);
	at = find(&script, FMT_tsc, 0);
	CHECK(fmt_get_tsc(&script.events[at], &tsc) == 0);
	tsc.pc++;
	fmt_put_tsc(&script.changed, script.events[at].vtime, NODE, PID, &tsc);
	replace(&script, at);
	expect(&script, REP_DIVERGED, at, "address");

	part("other bytes read diverge");
	script_init(&script, toy);
	at = find(&script, FMT_syscall, 0);
	CHECK(fmt_get_syscall(&script.events[at], &ev) == 0);
	fmt_buf_clear(&effects);
	fmt_effect_put(&effects, &(struct fmt_effect){
		.op = FMT_EFFECT_READ, .addr = ev.a1, .size = ev.a2, .crc = 1});
	ev.effects = bytes_of(effects.data, effects.size);
	fmt_put_syscall(&script.changed, script.events[at].vtime, NODE, PID, &ev);
	replace(&script, at);
	expect(&script, REP_DIVERGED, at, "CRC");
}

/* Replaces the effects of the first call. */
static void lie_effect(struct script *script, const struct toy *toy, const struct fmt_effect *effect)
{
	struct fmt_ev_syscall ev;
	_cleanup_(fmt_buf_done) struct fmt_buf effects = {0};

	script_init(script, toy);
	const size_t at = find(script, FMT_syscall, 0);

	CHECK(fmt_get_syscall(&script->events[at], &ev) == 0);
	fmt_effect_put(&effects, effect);
	ev.effects = bytes_of(effects.data, effects.size);
	fmt_put_syscall(&script->changed, script->events[at].vtime, NODE, PID, &ev);
	replace(script, at);
}

static void test_hostile_effects(const struct toy *toy)
{
	static const uint8_t byte[1] = {0};
	const struct fmt_effect effects[] = {
		{.op = FMT_EFFECT_WRITE, .addr = REC_STUB_ADDR, .size = 1, .bytes = byte},
		{.op = FMT_EFFECT_WRITE, .addr = REC_VDSO_ADDR, .size = 1, .bytes = byte},
		{.op = FMT_EFFECT_WRITE, .addr = 0xffffffff81000000, .size = 1, .bytes = byte},
		{.op = FMT_EFFECT_WRITE, .addr = 0x1000, .size = 1, .bytes = byte},
		{.op = FMT_EFFECT_FILL, .addr = STACK, .size = 1ULL << 40},
		{.op = FMT_EFFECT_FILL, .addr = REC_STUB_ADDR - 4096, .size = 8192},
		{.op = FMT_EFFECT_MAP, .addr = REC_CLOCK_ADDR, .size = 4096, .prot = 3, .flags = 0x22},
		{.op = FMT_EFFECT_MAP, .addr = 0x1234, .size = 4096, .prot = 3, .flags = 0x22},
		{.op = FMT_EFFECT_MAP, .addr = STACK, .size = 4096, .prot = 99, .flags = 0x22},
		{.op = FMT_EFFECT_MAP, .addr = STACK, .size = 4096, .prot = 3, .flags = 0x20},
		{.op = FMT_EFFECT_MAP, .addr = STACK, .size = 4096, .prot = 3, .flags = 2, .file = 77},
		{.op = FMT_EFFECT_MAP, .addr = STACK, .size = 4096, .prot = 3, .flags = 2},
		{.op = FMT_EFFECT_MAP, .addr = STACK, .size = 4096, .prot = 3, .flags = 2, .file = 1,
		 .offset = ~0xfffULL},
		{.op = FMT_EFFECT_UNMAP, .addr = 0, .size = 1ULL << 47},
		{.op = FMT_EFFECT_UNMAP, .addr = REC_STUB_ADDR, .size = 4096},
		{.op = FMT_EFFECT_PROTECT, .addr = REC_STUB_ADDR, .size = 4096, .prot = 7},
		{.op = FMT_EFFECT_PROTECT, .addr = STACK, .size = 4096, .prot = 0xff00},
		{.op = FMT_EFFECT_REMAP, .addr = STACK, .size = 4096, .from = REC_STUB_ADDR,
		 .from_size = 4096},
		{.op = FMT_EFFECT_REMAP, .addr = REC_STUB_ADDR, .size = 4096, .from = STACK,
		 .from_size = 4096},
		{.op = FMT_EFFECT_TLS, .addr = 1ULL << 62},
		{.op = FMT_EFFECT_CLEAR, .addr = REC_VDSO_ADDR, .size = 4096},
	};

	part("effects outside the program's memory are refused");
	for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++) {
		struct script script;

		lie_effect(&script, toy, &effects[i]);
		expect(&script, REP_TRACE_ERROR, find(&script, FMT_syscall, 0), "effect ");
	}
}

static void test_hostile_fields(const struct toy *toy)
{
	struct script script;
	struct fmt_ev_exec exec;
	struct fmt_ev_syscall ev;
	struct user_regs_struct regs;
	size_t at;

	part("registers that are no program's are refused");
	for (int i = 0; i < 5; i++) {
		script_init(&script, toy);
		at = find(&script, FMT_exec, 0);
		CHECK(fmt_get_exec(&script.events[at], &exec) == 0);
		memcpy(&regs, exec.regs.data, sizeof(regs));
		exec.regs = bytes_of(&regs, sizeof(regs));
		if (i == 0)
			regs.cs = 0x23;
		if (i == 1)
			regs.rip = REC_STUB_ADDR;
		if (i == 2)
			regs.fs_base = 1ULL << 60;
		if (i == 3)
			regs.rip = 1ULL << 60;
		if (i == 4)
			exec.regs.size = 17;
		fmt_put_exec(&script.changed, script.events[at].vtime, NODE, PID, &exec);
		replace(&script, at);
		expect(&script, REP_TRACE_ERROR, at, "registers");
	}

	part("a call that is to be redone without a signal");
	script_init(&script, toy);
	at = find(&script, FMT_syscall, 0);
	CHECK(fmt_get_syscall(&script.events[at], &ev) == 0);
	ev.ret = -512;
	fmt_put_syscall(&script.changed, script.events[at].vtime, NODE, PID, &ev);
	replace(&script, at);
	expect(&script, REP_TRACE_ERROR, find(&script, FMT_syscall, 1), "waits for a signal");
}

static void test_hostile_orders(const struct toy *toy)
{
	struct script script;
	size_t at;

	part("an exit of a call that nobody stands in");
	script_init(&script, toy);
	at = find(&script, FMT_syscall, 0);
	fmt_put_syscall_exit(&script.changed, script.events[at].vtime, NODE, PID,
			     &(struct fmt_ev_syscall_exit){.nr = 1});
	replace(&script, at);
	expect(&script, REP_TRACE_ERROR, at, "running");

	part("threads and nodes that are not there");
	script_init(&script, toy);
	at = find(&script, FMT_syscall, 0);
	script.events[at].tid = 99;
	expect(&script, REP_TRACE_ERROR, at, "no thread 99");
	script_init(&script, toy);
	script.events[at].node = 99;
	expect(&script, REP_TRACE_ERROR, at, "no thread");

	part("a program before its exec");
	script_init(&script, toy);
	drop(&script, find(&script, FMT_exec, 0));
	expect(&script, REP_TRACE_ERROR, find(&script, FMT_syscall, 0), "no program yet");

	part("events after the end");
	script_init(&script, toy);
	script.events[script.count] = script.events[script.count - 1];
	script.count++;
	expect(&script, REP_TRACE_ERROR, script.count - 1, "after the end");
}

/* Nothing here may do worse than report; what a sanitizer or a CHECK() finds ends the test. */
static void test_sweeps(const struct toy *toy)
{
	struct script script;
	struct rep_report report;
	size_t outcomes[4] = {0};

	part("any single event missing, twice there, or before its time");
	script_init(&script, toy);
	const size_t count = script.count;

	for (size_t i = 0; i < count; i++) {
		script_init(&script, toy);
		drop(&script, i);
		outcomes[replay(&script, &report)]++;
		rep_report_done(&report);

		script_init(&script, toy);
		memmove(&script.events[i + 1], &script.events[i],
			(count - i) * sizeof(script.events[0]));
		script.count++;
		outcomes[replay(&script, &report)]++;
		rep_report_done(&report);

		if (i + 1 == count)
			continue;
		script_init(&script, toy);
		const struct fmt_event first = script.events[i];
		const vtime_ns vtime = script.events[i + 1].vtime;

		script.events[i] = script.events[i + 1];
		script.events[i].vtime = first.vtime;
		script.events[i + 1] = first;
		script.events[i + 1].vtime = vtime;
		outcomes[replay(&script, &report)]++;
		rep_report_done(&report);
	}
	HOLDS(outcomes[REP_TRACE_ERROR] > 20);
	HOLDS(outcomes[REP_DIVERGED] > 5);
	EQUAL(outcomes[REP_HOST_CANNOT], 0);
	printf("# %zu agree, %zu diverge, %zu are refused\n", outcomes[REP_AGREES],
	       outcomes[REP_DIVERGED], outcomes[REP_TRACE_ERROR]);
}

/* The report of the replay in hand, for the alarm. */
static struct rep_report *watched;

static void on_alarm(int signo)
{
	(void)signo;
	if (watched && watched->session)
		rep_session_interrupt(watched->session);
}

/* One byte of one event's body is another; the program may get any code, registers and memory. */
static void flip(struct script *script, uint8_t *body)
{
	struct fmt_event *event;

	do {
		event = &script->events[random_below(script->count)];
	} while (event->body_size == 0);
	CHECK(event->body_size <= 8192);
	memcpy(body, event->body, event->body_size);
	body[random_below(event->body_size)] ^= (uint8_t)(1 + random_below(255));
	event->body = body;
}

static void test_flips(const struct toy *toy, unsigned long count)
{
	const struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	const struct itimerval every = {{0, 300000}, {0, 300000}}, never = {{0, 0}, {0, 0}};
	size_t outcomes[4] = {0};

	part("one byte changed anywhere");
	sigaction(SIGALRM, &action, NULL);
	for (unsigned long i = 0; i < count; i++) {
		static uint8_t body[8192];
		struct rep_report report = {0};
		struct script script;

		script_init(&script, toy);
		flip(&script, body);
		watched = &report;
		setitimer(ITIMER_REAL, &every, NULL);
		outcomes[replay(&script, &report)]++;
		setitimer(ITIMER_REAL, &never, NULL);
		watched = NULL;
		rep_report_done(&report);
	}
	printf("# %zu agree, %zu diverge, %zu are refused, %zu were stopped\n",
	       outcomes[REP_AGREES], outcomes[REP_DIVERGED], outcomes[REP_TRACE_ERROR],
	       outcomes[REP_HOST_CANNOT]);
}

/* test-replay [FLIPS [SEED]] */
int main(int argc, char **argv)
{
	const unsigned long flips = argc > 1 ? strtoul(argv[1], NULL, 10) : 100;

	struct toy toy = {0};

	snprintf(trace_path, sizeof(trace_path), "/tmp/hindcast-test-replay-%d.hct", getpid());
	toy_record(&toy);
	test_agrees(&toy);
	test_output(&toy);
	test_nodes(&toy);
	test_unfinished(&toy);
	test_arguments(&toy);
	test_results(&toy);
	test_hostile_effects(&toy);
	test_hostile_fields(&toy);
	test_hostile_orders(&toy);
	test_sweeps(&toy);
	random_state = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
	test_flips(&toy, flips);
	toy_done(&toy);
	return done();
}
