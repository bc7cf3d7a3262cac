/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * escape.c - traces of a stranger whose programs try to get out of the replay.
 *
 * Each is a program of a few instructions in a trace of its own, twice: the trace tells of another call than the program makes, and
 * of just that call, with success.  Neither may have an effect on the host, and the replayer has to live and to give a
 * verdict.  What the calls would do is real here: a file to create, a process to kill, memory to write to.
 */
#include "replay.h"

#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/auxv.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../unit/unit.h"
#include "base/check.h"
#include "base/cleanup.h"
#include "effect.h"
#include "session.h"
#include "timeline.h"
#include "trace.h"
#include "tracee.h"

#define NODE 1
#define PID 5
#define CODE 0x400000ULL
#define DATA 0x500000ULL		/* below 4 GiB, for calls of 32 bits */
#define STACK 0x600000ULL
#define PAGE 4096ULL
#define SHM_KEY 0x68637472

/* ---- the place --------------------------------------------------------- */

static char dir[64];
static pid_t victim;			/* has to live */
static volatile uint64_t *target;	/* shared with the victim; has to stay as it is */
#define TARGET_VALUE 0x1122334455667788ULL

static void make_place(void)
{
	strcpy(dir, "/tmp/hindcast-escape-XXXXXX");
	CHECK(mkdtemp(dir) && chdir(dir) == 0);
	CHECK(close(open("precious", O_CREAT | O_WRONLY, 0644)) == 0);
	target = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(target != MAP_FAILED);
	*target = TARGET_VALUE;
	victim = fork();
	CHECK(victim >= 0);
	if (victim == 0)
		for (;;)
			pause();
}

static void leave_place(void)
{
	kill(victim, SIGKILL);
	waitpid(victim, NULL, 0);
	unlink("precious");
	CHECK(chdir("/") == 0);
	rmdir(dir);
}

/* Number of files in the directory: "precious" alone. */
static bool is_untouched(void)
{
	struct stat st;

	return stat("precious", &st) == 0 && st.st_size == 0 && (st.st_mode & 07777) == 0644 &&
	       access("escaped", F_OK) < 0 && access("escaped-too", F_OK) < 0 && kill(victim, 0) == 0 &&
	       waitpid(victim, NULL, WNOHANG) == 0 && *target == TARGET_VALUE &&
	       shmget(SHM_KEY, PAGE, 0) < 0 && errno == ENOENT;
}

/* ---- programs ---------------------------------------------------------- */

struct program {
	const char *name;
	struct fmt_buf code;
};

static void put(struct program *p, const void *bytes, size_t size)
{
	fmt_buf_put(&p->code, bytes, size);
}

#define BYTES(p, ...)                                                                              \
	do {                                                                                       \
		const uint8_t bytes_[] = {__VA_ARGS__};                                            \
		put(p, bytes_, sizeof(bytes_));                                                    \
	} while (0)

/* movabs into a register: its number in the order rax rcx rdx rbx rsp rbp rsi rdi r8 ... */
static void set_register(struct program *p, unsigned number, uint64_t value)
{
	BYTES(p, number < 8 ? 0x48 : 0x49, (uint8_t)(0xb8 + number % 8));
	put(p, &value, sizeof(value));
}

static void set_arguments(struct program *p, uint64_t nr, const uint64_t args[6])
{
	static const unsigned registers[] = {7, 6, 2, 10, 8, 9};

	for (size_t i = 0; i < 6; i++)
		set_register(p, registers[i], args[i]);
	set_register(p, 0, nr);
}

/* ---- traces ------------------------------------------------------------ */

struct memory {
	uint8_t bytes[PAGE];		/* at DATA */
};

static struct fmt_bytes text_of(const char *text)
{
	return (struct fmt_bytes){(const uint8_t *)text, strlen(text)};
}

static void map(struct fmt_buf *effects, uint64_t addr, uint64_t size, uint32_t prot)
{
	fmt_effect_put(effects, &(struct fmt_effect){.op = FMT_EFFECT_MAP, .addr = addr, .size = size, .prot = prot,
						     .flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE});
}

static const struct user_regs_struct first_regs = {.rip = CODE, .rsp = STACK + PAGE / 2, .cs = 0x33, .ss = 0x2b,
						   .eflags = 0x202, .orig_rax = UINT64_MAX};

static void put_memory(struct fmt_buf *effects, const struct program *p, const struct memory *memory, uint64_t bomb)
{
	map(effects, CODE, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
	map(effects, DATA, PAGE, PROT_READ | PROT_WRITE);
	map(effects, STACK, PAGE, PROT_READ | PROT_WRITE);
	if (bomb)
		map(effects, 0x100000000ULL, bomb, PROT_READ | PROT_WRITE);
	fmt_effect_put(effects, &(struct fmt_effect){.op = FMT_EFFECT_WRITE, .addr = CODE, .size = p->code.size,
						     .bytes = p->code.data});
	fmt_effect_put(effects, &(struct fmt_effect){.op = FMT_EFFECT_WRITE, .addr = DATA, .size = PAGE,
						     .bytes = memory->bytes});
}

static void put_image(struct fmt_buf *events, const struct program *p, const struct memory *memory, uint64_t bomb)
{
	_cleanup_(fmt_buf_done) struct fmt_buf effects = {0};

	put_memory(&effects, p, memory, bomb);
	fmt_put_node(events, 0, NODE, 0, &(struct fmt_ev_node){
		.id = NODE, .name = text_of("alpha"), .address = text_of("10.0.0.1")});
	fmt_put_start(events, 0, NODE, PID, &(struct fmt_ev_start){.pid = PID, .name = text_of("escape")});
	fmt_put_exec(events, 0, NODE, PID, &(struct fmt_ev_exec){
		.pid = PID, .path = text_of("/bin/escape"), .args = text_of("escape"),
		.regs = {(const uint8_t *)&first_regs, sizeof(first_regs)}, .effects = {effects.data, effects.size}});
}

/* ---- traces that begin in the middle ---- */

struct both_regs {
	struct user_regs_struct regs;
	struct user_fpregs_struct fpregs;
};

/* The same process, in front of a keyframe and without a program. */
static void put_past(struct fmt_buf *events)
{
	fmt_put_node(events, 0, NODE, 0, &(struct fmt_ev_node){
		.id = NODE, .name = text_of("alpha"), .address = text_of("10.0.0.1")});
	fmt_put_start(events, 0, NODE, PID, &(struct fmt_ev_start){.pid = PID, .name = text_of("escape")});
	fmt_put_clone(events, 0, NODE, PID, &(struct fmt_ev_clone){
		.child_tid = PID + 1, .child_pid = PID, .flags = CLONE_THREAD | CLONE_VM});
}

static void put_still(struct fmt_buf *events, uint32_t tid, struct fmt_ev_image ev, const struct both_regs *regs,
		      const struct fmt_buf *effects)
{
	ev.pid = ev.pid ? ev.pid : PID;
	ev.regs = (struct fmt_bytes){(const uint8_t *)regs, sizeof(*regs)};
	if (effects)
		ev.effects = (struct fmt_bytes){effects->data, effects->size};
	fmt_put_image(events, 0, NODE, tid, &ev);
}

static void put_keyframe(struct fmt_buf *events)
{
	fmt_put_keyframe(events, 0, 0, 0, &(struct fmt_ev_keyframe){.events = 100});
}

static void write_trace(const char *path, const struct fmt_buf *events)
{
	static const char model[] = "syscall=1000ns clock=20ns";
	struct fmt_writer *writer;
	struct fmt_event event;
	size_t pos = 0;

	CHECK(fmt_writer_new(path, &writer) == 0);
	CHECK(fmt_writer_meta(writer, "model", model, strlen(model)) == 0);
	CHECK(fmt_writer_meta(writer, "cpu", "hindcast-1", 10) == 0);
	while (fmt_record_next(events->data, events->size, &pos, &event) > 0)
		CHECK(fmt_writer_event(writer, &event) == 0);
	CHECK(fmt_writer_finish(writer, NULL) == 0);
}

static int replay(const struct fmt_buf *events, char reason[256])
{
	struct rep_report report = {0};
	char path[128];

	snprintf(path, sizeof(path), "%s.hct", dir);
	write_trace(path, events);
	const int outcome = rep_replay(path, &(struct rep_options){.check = true}, &report);

	snprintf(reason, 256, "%s", report.reason ? report.reason : "");
	rep_report_done(&report);
	unlink(path);
	if (outcome == REP_HOST_CANNOT && strstr(reason, "ptrace")) {
		printf("# skipped: %s\n", reason);
		leave_place();
		exit(77);
	}
	return outcome;
}

/* ---- calls ------------------------------------------------------------- */

struct call {
	const char *name;
	uint64_t nr;
	uint64_t args[6];
};

static void run_call(const struct call *call, const struct memory *memory)
{
	struct program p = {.name = call->name};
	char reason[256];

	set_arguments(&p, call->nr, call->args);
	BYTES(&p, 0x0f, 0x05, 0xf4);	/* syscall; hlt */
	part(call->name);
	for (int way = 0; way < 4; way++) {
		_cleanup_(fmt_buf_done) struct fmt_buf events = {0}, effects = {0};
		const struct both_regs regs = {.regs = first_regs};
		const uint64_t *a = call->args;
		const bool honest = way & 1;

		put_memory(&effects, &p, memory, 0);
		if (way & 2) {
			put_past(&events);
			put_still(&events, PID, (struct fmt_ev_image){0}, &regs, &effects);
			put_keyframe(&events);
		} else {
			put_image(&events, &p, memory, 0);
		}
		fmt_put_syscall(&events, 1000, NODE, PID, &(struct fmt_ev_syscall){
			.nr = honest ? call->nr : __NR_getpid, .a0 = a[0], .a1 = a[1], .a2 = a[2], .a3 = a[3],
			.a4 = a[4], .a5 = a[5], .ret = honest ? 0 : PID});
		const int outcome = replay(&events, reason);

		if (honest)
			HOLDS(outcome == REP_AGREES || outcome == REP_DIVERGED || outcome == REP_TRACE_ERROR);
		else
			EQUAL(outcome, REP_DIVERGED);
		HOLDS(is_untouched());
	}
	fmt_buf_done(&p.code);
}

static uint64_t data_text(struct memory *memory, size_t *used, const char *text)
{
	const uint64_t addr = DATA + *used;

	strcpy((char *)memory->bytes + *used, text);
	*used += strlen(text) + 1;
	return addr;
}

static void test_calls(void)
{
	struct memory memory = {0};
	size_t used = 1024;
	const uint64_t escaped = data_text(&memory, &used, "escaped"), precious = data_text(&memory, &used, "precious");
	const uint64_t shell = data_text(&memory, &used, "/bin/sh"), option = data_text(&memory, &used, "-c");
	const uint64_t script = data_text(&memory, &used, "touch escaped");
	const uint64_t argv[] = {shell, option, script, 0};
	const struct iovec local = {(void *)DATA, 8}, remote = {(void *)target, 8};
	const uint64_t at_cwd = (uint64_t)(int64_t)AT_FDCWD, pid = (uint64_t)victim;

	memcpy(memory.bytes, argv, sizeof(argv));
	memcpy(memory.bytes + 64, &local, sizeof(local));
	memcpy(memory.bytes + 128, &remote, sizeof(remote));
	const struct call calls[] = {
		{"open", __NR_open, {escaped, O_CREAT | O_WRONLY, 0644}},
		{"openat", __NR_openat, {at_cwd, escaped, O_CREAT | O_WRONLY, 0644}},
		{"creat", __NR_creat, {escaped, 0644}},
		{"mkdir", __NR_mkdir, {escaped, 0755}},
		{"unlink", __NR_unlink, {precious}},
		{"rename", __NR_rename, {precious, escaped}},
		{"chmod", __NR_chmod, {precious, 0777}},
		{"truncate", __NR_truncate, {precious, 100}},
		{"symlink", __NR_symlink, {precious, escaped}},
		{"mknod", __NR_mknod, {escaped, S_IFIFO | 0644, 0}},
		{"socket", __NR_socket, {2, 1, 0}},
		{"kill", __NR_kill, {pid, SIGKILL}},
		{"tgkill", __NR_tgkill, {pid, pid, SIGKILL}},
		{"kill all", __NR_kill, {UINT64_MAX, SIGKILL}},
		{"rt_sigqueueinfo", __NR_rt_sigqueueinfo, {pid, SIGKILL, DATA}},
		{"pidfd_open", __NR_pidfd_open, {pid, 0}},
		{"ptrace", __NR_ptrace, {16, pid, 0, 0}},
		{"process_vm_writev", __NR_process_vm_writev, {pid, DATA + 64, 1, DATA + 128, 1, 0}},
		{"shmget", __NR_shmget, {SHM_KEY, PAGE, IPC_CREAT | 0600}},
		{"shmat", __NR_shmat, {0, 0, 0}},
		{"memfd_create", __NR_memfd_create, {escaped, 0}},
		{"execve", __NR_execve, {shell, DATA, 0}},
		{"execveat", __NR_execveat, {at_cwd, shell, DATA, 0, 0}},
		{"fork", __NR_fork, {0}},
		{"vfork", __NR_vfork, {0}},
		{"clone", __NR_clone, {CLONE_VM | CLONE_FILES, STACK + 1024}},
		{"clone3", __NR_clone3, {DATA, 88}},
		{"io_uring_setup", __NR_io_uring_setup, {8, DATA}},
		{"mount", __NR_mount, {escaped, precious, shell, 0, 0}},
		{"bpf", __NR_bpf, {0, DATA, 64}},
		{"perf_event_open", __NR_perf_event_open, {DATA, 0, 0, UINT64_MAX, 0}},
		{"userfaultfd", __NR_userfaultfd, {0}},
		{"setrlimit", __NR_setrlimit, {4, DATA}},
		{"prctl", __NR_prctl, {1, SIGKILL}},
		{"seccomp", __NR_seccomp, {1, 0, DATA}},
		{"arch_prctl", __NR_arch_prctl, {0x1012, 1}},
		{"mmap", __NR_mmap, {0, PAGE, 7, MAP_SHARED, 0, 0}},
		{"settimeofday", __NR_settimeofday, {DATA, 0}},
		{"x32 open", 0x40000000 | __NR_open, {escaped, O_CREAT | O_WRONLY, 0644}},
		{"no call", 1000, {0}},
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		run_call(&calls[i], &memory);
}

/* ---- other ways in ------------------------------------------------------ */

/* The trace tells of a getpid; whatever the program does instead must not work, and its end has to be a verdict. */
static void run_program(struct program *p, const struct memory *memory, uint64_t bomb, int wanted)
{
	_cleanup_(fmt_buf_done) struct fmt_buf events = {0};
	char reason[256];

	part(p->name);
	put_image(&events, p, memory, bomb);
	fmt_put_syscall(&events, 1000, NODE, PID, &(struct fmt_ev_syscall){.nr = __NR_getpid, .ret = PID});
	const int outcome = replay(&events, reason);

	if (wanted >= 0)
		EQUAL(outcome, wanted);
	else
		HOLDS(outcome == REP_DIVERGED || outcome == REP_HOST_CANNOT);
	HOLDS(is_untouched());
	fmt_buf_done(&p->code);
}

/* A call by another door: rax, rbx, rcx, rdx as calls of 32 bits want them, then the door's instruction, then getpid, so that a
 * door that is shut leads to where the trace says. */
static void run_door(const char *name, const struct memory *memory, uint64_t path, const uint8_t *door, size_t size,
		     int wanted)
{
	struct program p = {.name = name};

	set_register(&p, 0, 5);		/* open, in 32 bits */
	set_register(&p, 3, path);
	set_register(&p, 1, O_CREAT | O_WRONLY);
	set_register(&p, 2, 0644);
	put(&p, door, size);
	for (unsigned i = 0; i < 6; i++)
		set_register(&p, (const unsigned[]){7, 6, 2, 10, 8, 9}[i], 0);
	set_register(&p, 0, __NR_getpid);
	BYTES(&p, 0x0f, 0x05, 0xf4);
	run_program(&p, memory, 0, wanted);
}

static void put_jump(struct program *p, uint64_t to)
{
	set_register(p, 11, to);
	BYTES(p, 0x41, 0xff, 0xe3);	/* jmp *%r11 */
}

static void run_jump(const char *name, const struct memory *memory, uint64_t nr, const uint64_t args[6], uint64_t to)
{
	struct program p = {.name = name};

	set_arguments(&p, nr, args);
	put_jump(&p, to);
	run_program(&p, memory, 0, -1);
}

static void test_doors(void)
{
	static const uint8_t int80[] = {0xcd, 0x80}, sysenter[] = {0x0f, 0x34}, nothing[] = {0x90};
	struct memory memory = {0};
	size_t used = 1024;
	const uint64_t escaped = data_text(&memory, &used, "escaped");
	const uint64_t open_args[6] = {escaped, O_CREAT | O_WRONLY, 0644}, no_args[6] = {0};

	run_door("no door", &memory, escaped, nothing, sizeof(nothing), REP_AGREES);
	run_door("int 0x80", &memory, escaped, int80, sizeof(int80), REP_AGREES);
	/* The processor leaves another mode behind, or none at all: only that nothing happens is sure. */
	run_door("sysenter", &memory, escaped, sysenter, sizeof(sysenter), -1);
	run_jump("the vsyscall page", &memory, 0, no_args, 0xffffffffff600000);
	run_jump("the host's vDSO", &memory, 0, no_args, getauxval(AT_SYSINFO_EHDR) + 0x1000);
	run_jump("the stub page", &memory, __NR_open, open_args, REC_STUB_ADDR);
	run_jump("the replayer's own code", &memory, 0, no_args, (uint64_t)(uintptr_t)&rep_replay);
	run_jump("the kernel", &memory, 0, no_args, 0xffffffff81000000);
}

/* ---- bombs -------------------------------------------------------------- */

static void test_bombs(void)
{
	/* 1: syscall (fork); jmp 1b. */
	static const uint8_t forks[] = {0xb8, __NR_fork, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7};
	/* mov $0x100000000, %rdi; 1: movb $1, (%rdi); add $4096, %rdi; jmp 1b. */
	static const uint8_t touches[] = {0x48, 0xbf, 0, 0, 0, 0, 1, 0, 0, 0, 0xc6, 0x07, 0x01, 0x48, 0x81, 0xc7, 0, 0x10,
					  0, 0, 0xeb, 0xf4};
	const struct memory memory = {0};
	struct program fork_bomb = {.name = "fork bomb"}, memory_bomb = {.name = "memory bomb"};

	put(&fork_bomb, forks, sizeof(forks));
	run_program(&fork_bomb, &memory, 0, REP_DIVERGED);
	put(&memory_bomb, touches, sizeof(touches));
	run_program(&memory_bomb, &memory, 1ULL << 44, REP_HOST_CANNOT);
}

/* A program that never asks for anything: whoever waits can end that. */
static struct rep_timeline *running;

static void on_alarm(int signo)
{
	(void)signo;
	rep_timeline_interrupt(running);
}

static void test_endless(void)
{
	static const uint8_t loop[] = {0xeb, 0xfe};
	_cleanup_(fmt_buf_done) struct fmt_buf events = {0};
	const struct memory memory = {0};
	struct program p = {.name = "endless loop"};
	struct fmt_error error = {0};
	struct rep_stop stop;
	char path[128];

	part(p.name);
	put(&p, loop, sizeof(loop));
	put_image(&events, &p, &memory, 0);
	fmt_put_syscall(&events, 1000, NODE, PID, &(struct fmt_ev_syscall){.nr = __NR_getpid, .ret = PID});
	snprintf(path, sizeof(path), "%s.hct", dir);
	write_trace(path, &events);
	CHECK(rep_timeline_open(path, &(struct rep_timeline_options){0}, &running, &error) == 0);
	signal(SIGALRM, on_alarm);
	alarm(1);
	rep_timeline_seek(running, &(struct rep_position){.seq = 4}, &stop);
	EQUAL(stop.why, REP_WHY_INTERRUPTED);
	EQUAL(stop.seq, 3);
	rep_timeline_close(running);
	unlink(path);
	fmt_buf_done(&p.code);
}

/* ---- the stopped world -------------------------------------------------- */

/* A program that does something else than the trace tells stands still there, open to whoever looks, and the way back is open too. */
static void test_divergence(void)
{
	const uint64_t args[6] = {11, 22, 33, 44, 55, 66};
	_cleanup_(fmt_buf_done) struct fmt_buf events = {0};
	struct memory memory = {.bytes = "look here"};
	struct program p = {.name = "a stopped world"};
	struct fmt_error error = {0};
	struct user_regs_struct regs;
	struct rep_timeline *tl;
	char path[128], text[16];
	struct rep_stop stop;

	part(p.name);
	set_arguments(&p, __NR_getpid, args);
	BYTES(&p, 0x0f, 0x05, 0x0f, 0x05, 0xf4);
	put_image(&events, &p, &memory, 0);
	fmt_put_syscall(&events, 1000, NODE, PID, &(struct fmt_ev_syscall){
		.nr = __NR_getpid, .a0 = 11, .a1 = 22, .a2 = 33, .a3 = 44, .a4 = 55, .a5 = 66, .ret = 77});
	fmt_put_syscall(&events, 2000, NODE, PID, &(struct fmt_ev_syscall){.nr = __NR_getppid});
	snprintf(path, sizeof(path), "%s.hct", dir);
	write_trace(path, &events);
	CHECK(rep_timeline_open(path, &(struct rep_timeline_options){0}, &tl, &error) == 0);
	rep_timeline_seek(tl, &(struct rep_position){.seq = 5}, &stop);
	EQUAL(stop.why, REP_WHY_DIVERGED);
	EQUAL(stop.seq, 4);
	EQUAL(stop.tid, PID);
	EQUAL(rep_timeline_report(tl)->outcome, REP_DIVERGED);
	EQUAL(rep_timeline_report(tl)->last_common, 3);
	HOLDS(rep_timeline_report(tl)->expected && rep_timeline_report(tl)->got);
	EQUAL(rep_timeline_regs(tl, NODE, PID, &regs), 0);
	EQUAL(regs.rdi, 11);
	EQUAL(rep_timeline_read(tl, NODE, PID, text, DATA, 10), 10);
	STRING(text, "look here");
	/* Back to before the call that is another, to what agreed, into the first call, and there again. */
	for (uint64_t back = 0; back < 2; back++) {
		rep_timeline_step(tl, &(struct rep_step){.unit = REP_STEP_INSTRUCTION, .node = NODE, .tid = PID}, REP_BACKWARD,
				  &stop);
		EQUAL(stop.why, REP_WHY_DONE);
		EQUAL(stop.pc, CODE + 72 - 2 * back);
		EQUAL(rep_timeline_report(tl)->outcome, REP_AGREES);
	}
	rep_timeline_seek(tl, &(struct rep_position){.seq = 5}, &stop);
	EQUAL(stop.why, REP_WHY_DIVERGED);
	rep_timeline_close(tl);
	unlink(path);
	fmt_buf_done(&p.code);
}

/* ---- images -------------------------------------------------------------- */

/* What may be wrong with a trace that begins in the middle. */
enum wrong_image {
	IMAGE_RIGHT, IMAGE_SHORT_REGS, IMAGE_STATE, IMAGE_TWICE, IMAGE_LATE, KEYFRAME_TWICE, IMAGE_OF_NOBODY, IMAGE_OF_ANOTHER,
	IMAGE_OWN_LENDER, IMAGE_NO_LENDER, IMAGE_LENT_AND_CHANGED, IMAGE_SECOND_CHANGES, IMAGE_STUB_MAPPED, IMAGE_CLOCK_WRITTEN,
	IMAGE_HIGH_MAPPED, IMAGE_NO_PAGES, IMAGE_STUB_PC, IMAGE_SELECTOR, IMAGE_BASE, WRONG_IMAGE_COUNT,
};

static void put_wrong(struct fmt_buf *events, enum wrong_image wrong, const struct program *p)
{
	static const struct memory memory;
	_cleanup_(fmt_buf_done) struct fmt_buf effects = {0};
	struct both_regs regs = {.regs = first_regs};
	struct fmt_ev_image ev = {.state = wrong == IMAGE_STATE ? 4 : 0};

	put_memory(&effects, p, &memory, 0);
	if (wrong == IMAGE_STUB_MAPPED)
		map(&effects, REC_STUB_ADDR, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
	if (wrong == IMAGE_HIGH_MAPPED)
		map(&effects, 1ULL << 47, PAGE, PROT_READ);
	if (wrong == IMAGE_CLOCK_WRITTEN)
		fmt_effect_put(&effects, &(struct fmt_effect){.op = FMT_EFFECT_FILL, .addr = REC_CLOCK_ADDR, .size = 8});
	if (wrong == IMAGE_NO_PAGES)
		fmt_effect_put(&effects, &(struct fmt_effect){.op = FMT_EFFECT_COPY, .addr = DATA, .size = PAGE, .file = UINT32_MAX});
	regs.regs.rip = wrong == IMAGE_STUB_PC ? REC_STUB_ADDR : CODE;
	regs.regs.cs = wrong == IMAGE_SELECTOR ? 0x23 : 0x33;
	regs.regs.fs_base = wrong == IMAGE_BASE ? UINT64_MAX : 0;
	ev.memory_of = wrong == IMAGE_OWN_LENDER ? PID : wrong == IMAGE_NO_LENDER || wrong == IMAGE_LENT_AND_CHANGED ? 77 : 0;
	ev.pid = wrong == IMAGE_OF_ANOTHER ? PID + 1 : PID;
	put_past(events);
	if (wrong == IMAGE_SHORT_REGS)
		fmt_put_image(events, 0, NODE, PID, &(struct fmt_ev_image){
			.pid = PID, .regs = {(const uint8_t *)&regs, sizeof(regs.regs)}, .effects = {effects.data, effects.size}});
	else
		put_still(events, wrong == IMAGE_OF_NOBODY ? PID + 7 : PID, ev, &regs, wrong == IMAGE_NO_LENDER ? NULL : &effects);
	if (wrong == IMAGE_TWICE)
		put_still(events, PID, ev, &regs, NULL);
	put_still(events, PID + 1, (struct fmt_ev_image){0}, &regs, wrong == IMAGE_SECOND_CHANGES ? &effects : NULL);
	put_keyframe(events);
	if (wrong == IMAGE_LATE)
		put_still(events, PID + 1, (struct fmt_ev_image){0}, &regs, NULL);
	if (wrong == KEYFRAME_TWICE)
		put_keyframe(events);
	fmt_put_syscall(events, 1000, NODE, PID, &(struct fmt_ev_syscall){.nr = __NR_getpid, .ret = PID});
}

static void test_images(void)
{
	const uint64_t args[6] = {0};
	struct program p = {.name = "images"};
	char name[32], reason[256];

	set_arguments(&p, __NR_getpid, args);
	BYTES(&p, 0x0f, 0x05, 0xf4);
	for (enum wrong_image wrong = 0; wrong < WRONG_IMAGE_COUNT; wrong++) {
		_cleanup_(fmt_buf_done) struct fmt_buf events = {0};

		snprintf(name, sizeof(name), "image %u", wrong);
		part(name);
		put_wrong(&events, wrong, &p);
		EQUAL(replay(&events, reason), wrong == IMAGE_RIGHT ? REP_AGREES : REP_TRACE_ERROR);
		HOLDS((wrong == IMAGE_RIGHT) == !reason[0]);
		HOLDS(is_untouched());
	}
	fmt_buf_done(&p.code);
}

int main(void)
{
	make_place();
	test_calls();
	test_images();
	test_doors();
	test_bombs();
	test_endless();
	test_divergence();
	leave_place();
	part("the end");
	return done();
}
