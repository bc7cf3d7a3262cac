/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracee.h - native processes that ask before every syscall.
 *
 * The public layer that recorder and replayer share: it starts empty processes, fills them, runs one thread
 * until it needs an answer, and gives the answer.  It knows nothing of kernels, nodes or
 * traces; who answers is the caller's business.
 *
 * How it works.  A tracer (one per worker) forks a zygote: a process without memory but
 * one stub page, with the seccomp filter and PR_SET_TSC in place, which shares the
 * tracer's table of file descriptors (CLONE_FILES), so that any descriptor of the caller can be mapped by a tracee.  Every
 * process is a fork of the zygote; execve makes a new one and drops the old.  Most syscalls arrive as seccomp
 * notifications (one listener for all tracees: 2 us a call); those that need registers, memory maps or births are
 * trapped by ptrace (RET_TRACE, 10 us).  The stub page has a syscall instruction for calls that the
 * caller injects; one that it did not ask for kills the process.
 *
 * Invariants
 *  1. Between calls of this layer no thread of any tracee runs.
 *  2. rec_tracee_run() runs exactly one thread.
 *  3. Native pids and tids, native signals, native descriptors never show in what a program sees.
 */
#ifndef REC_TRACEE_H
#define REC_TRACEE_H

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/user.h>

struct rec_tracer;
struct rec_tracee;	/* one thread */

enum rec_stop {
	REC_STOP_SYSCALL,	/* wants an answer; nr, args */
	REC_STOP_TSC,		/* rdtsc or rdtscp; answer by rec_tracee_answer_tsc() */
	REC_STOP_FAULT,		/* synchronous signal: signo, code, addr */
	REC_STOP_EXITED,	/* the whole process is gone: killed from outside, or for using the stub page */
	REC_STOP_INTERRUPTED,	/* rec_tracer_interrupt() */
	REC_STOP_CLOCK,		/* the vDSO has been asked for the time as often as the clock page allows */
};

struct rec_stop_info {
	enum rec_stop kind;
	bool trapped;		/* in a ptrace stop: registers can be read and calls injected at once */
	uint64_t nr;		/* x86-64 syscall number */
	uint64_t args[6];
	int signo;
	int code;		/* si_code */
	uint64_t addr;		/* si_addr */
	uint64_t pc;		/* TSC and FAULT: of the instruction; SYSCALL: after it */
};

/* Address space that hindcast itself occupies in every tracee; programs are told of nothing below it.
 *   stub page (code), clock page (shared, one per node), vDSO image. */
#define REC_STUB_ADDR  0x7ffff0000000ULL
#define REC_CLOCK_ADDR 0x7ffff0010000ULL
#define REC_VDSO_ADDR  0x7ffff0020000ULL
#define REC_STACK_TOP  0x7fffefff0000ULL	/* main stacks end here */
#define REC_MMAP_TOP   0x7fffe0000000ULL	/* mmap goes down from here */
#define REC_PIE_BASE   0x555555554000ULL

/* CLOCK_MONOTONIC of every node at vtime 0: a time stamp of 0 means "none" to TCP. */
#define REC_CLOCK_START_NS 1000000000ULL

/* The clock page.  The vDSO answers base + reads * step and adds one to reads; realtime adds realtime_base.
 * Before a read that finds reads at limit or above it stops (REC_STOP_CLOCK), and then answers from the page as it
 * finds it; nothing else of the program is touched, so whoever runs it may let it go on as if nothing had been. */
struct rec_clock_page {
	uint64_t base_ns;	/* node's monotonic clock when the slice began */
	uint64_t reads;		/* clock reads since then; the vDSO's only write */
	uint64_t step_ns;	/* model: cost of one read */
	uint64_t realtime_ns;	/* CLOCK_REALTIME - CLOCK_MONOTONIC */
	uint64_t limit;		/* reads before a stop; 0: none */
};

/* How the vDSO stops: a call that Linux does not have. */
#define REC_CLOCK_STOP_NR 1000

/* One per worker process, which leaves SIGCHLD to it.  The calling thread becomes the tracer of all.
 * 0 or -errno (and *ret_reason, static text for a person: what the host lacks). */
int rec_tracer_new(struct rec_tracer **ret, const char **ret_reason);
void rec_tracer_free(struct rec_tracer *tracer);	/* kills every tracee */

/* For programs of strangers, before the first rec_tracee_new(): no process may have more private memory than size bytes, and should the
 * host run out of memory all the same, tracees are what it kills first.  0 or -errno. */
int rec_tracer_limit(struct rec_tracer *tracer, uint64_t size);

/* The tracer's thread and all its tracees may run on these processors of the host; later ones inherit it. */
void rec_tracer_allow(struct rec_tracer *tracer, const cpu_set_t *cpus);

/* Lets calls of libraries be handed over by two processors that spin, which is several times faster (fastcall.c): the tracer's
 * thread and all its tracees are kept on one each, chosen by the worker's index.  Before the first rec_tracee_new().  0;
 * -ENODEV: there are not as many processors; -errno.  Processes take part that the second function has been called for, and
 * their children; page is the caller's mapping of the clock page.  The third changes calls in library code that
 * was just mapped privately at addr.  The trace is not to tell of it. */
int rec_tracer_fast(struct rec_tracer *tracer, unsigned index);
struct rec_clock_page;
void rec_tracee_fast(struct rec_tracee *thread, struct rec_clock_page *page);
int rec_fast_patch(struct rec_tracee *thread, const uint8_t *code, size_t size, uint64_t addr);

/* In a virtual machine rdtsc faults in the tracer's thread as well (tracee-tsc.c says why), and a handler of
 * SIGSEGV mends it.  Two kinds of callers need to know: who installs another handler of SIGSEGV after
 * rec_tracer_new() calls the first function in it and returns when it says true; and who executes another program calls
 * the second with true before the fork and with false after it. */
bool rec_tracer_mend_tsc(const siginfo_t *info, void *context);
void rec_tracer_tsc(bool on);

/* A new process: empty but for stub page, and clock page (clock_fd: a memfd of one page, mapped shared) and vDSO.
 * One thread, in a ptrace stop. */
int rec_tracee_new(struct rec_tracer *tracer, int clock_fd, struct rec_tracee **ret);
/* Kills the whole process of a thread, reaps it, frees all its threads. */
void rec_tracee_kill(struct rec_tracee *thread);
/* Lets one thread end natively (it is in any stop) while its siblings remain.  Frees it. */
void rec_tracee_exit(struct rec_tracee *thread);
/* Native thread id, for messages only. */
int rec_tracee_native_tid(const struct rec_tracee *thread);

/* The answer to the pending SYSCALL stop; given when the thread next runs. */
void rec_tracee_answer(struct rec_tracee *thread, int64_t result);
/* The answer to a TSC stop (aux is for rdtscp); steps over the instruction. */
void rec_tracee_answer_tsc(struct rec_tracee *thread, uint64_t value, uint32_t aux);
/* Runs the thread until its next stop.  cpuid is answered inside, from the virtual CPU. 0 or -errno. */
int rec_tracee_run(struct rec_tracee *thread, struct rec_stop_info *ret);
/* The same for one instruction: REC_STOP_FAULT with SIGTRAP when it has been executed.  Traps the thread. */
int rec_tracee_step(struct rec_tracee *thread, struct rec_stop_info *ret);
/* Makes the rec_tracee_run() that is under way return REC_STOP_INTERRUPTED, or a later one if this thread stops of itself
 * first.  For watchdogs and ^C: callable from any thread of the process and from signal handlers.
 * A watchdog whose thread came back in time cancels. */
void rec_tracer_interrupt(struct rec_tracer *tracer);
void rec_tracer_interrupt_cancel(struct rec_tracer *tracer);

/* Brings a thread that waits in a notification into a ptrace stop after the call (its pending answer is
 * delivered, no instruction of the program runs).  No-op when trapped already.  Afterwards registers can
 * be changed and calls be injected. */
int rec_tracee_trap(struct rec_tracee *thread);
/* Registers as the program will see them when it next runs (a pending answer included in rax).
 * Only when trapped. Setting them forgets the pending syscall. */
int rec_tracee_get_regs(struct rec_tracee *thread, struct user_regs_struct *ret);
int rec_tracee_set_regs(struct rec_tracee *thread, const struct user_regs_struct *regs);
/* Changes the FS base alone, keeps the pending syscall.  Traps the thread. -EPERM: not a user address. */
int rec_tracee_set_tls(struct rec_tracee *thread, uint64_t fs_base);
/* Floating point registers in the form of FXSAVE, without what differs between makers of processors. */
int rec_tracee_get_fpregs(struct rec_tracee *thread, struct user_fpregs_struct *ret);
int rec_tracee_set_fpregs(struct rec_tracee *thread, const struct user_fpregs_struct *regs);
/* All vector registers, in the host's own form (XSAVE): to be compared within one run, never to be recorded.  *size: room, then
 * what was used. */
int rec_tracee_get_xstate(struct rec_tracee *thread, void *ret, size_t *size);

/* Hardware breakpoints and watchpoints of a trapped thread: registers 0-3, 6 and 7 of the processor.  A hit is REC_STOP_FAULT
 * with SIGTRAP and TRAP_HWBKPT; register 6 says which, and keeps it until it is set to 0. */
int rec_tracee_set_debug(struct rec_tracee *thread, unsigned number, uint64_t value);
int rec_tracee_get_debug(struct rec_tracee *thread, unsigned number, uint64_t *ret);
/* A breakpoint lets the thread go on from where it has stopped it.  Makes one at the instruction where it stands stop it
 * again. */
int rec_tracee_rearm(struct rec_tracee *thread);

/* Carries out a native syscall in the thread; keeps registers and pending answer.  Traps it if need be.
 * The call's result, or -errno of the layer itself in *ret_error (0: none). */
int64_t rec_tracee_inject(struct rec_tracee *thread, uint64_t nr, const uint64_t args[6], int *ret_error);

/* Memory of the thread's process.  Bytes NOT copied (0: all).  hindcast's own pages cannot be written.
 * rec_tracee_read() obeys page protection, rec_tracee_read_any() does not;
 * rec_tracee_write() ignores it, as a debugger does (images, patches, effects);
 * rec_tracee_write_user() obeys it, as copy_to_user() does: not to PROT_READ or PROT_NONE pages. */
size_t rec_tracee_read(struct rec_tracee *thread, void *to, uint64_t from, size_t size);
size_t rec_tracee_read_any(struct rec_tracee *thread, void *to, uint64_t from, size_t size);
size_t rec_tracee_write(struct rec_tracee *thread, uint64_t to, const void *from, size_t size);
size_t rec_tracee_write_user(struct rec_tracee *thread, uint64_t to, const void *from, size_t size);

/* Birth, from a trapped thread: flags as of clone(2); only CLONE_VM and CLONE_THREAD matter natively.  stack 0: the
 * parent's.  tls only with CLONE_SETTLS.  The child stands in a ptrace stop, with its registers as after
 * the parent's call and result 0; neither has run. */
int rec_tracee_clone(struct rec_tracee *thread, uint64_t flags, uint64_t stack, uint64_t tls,
		     struct rec_tracee **ret_child);

/* All that a thread is beside the memory of its process, as the program will next see it. */
struct rec_tracee_state {
	struct user_regs_struct regs;	/* a pending answer included */
	bool in_call;			/* its call still waits for rec_tracee_answer() */
	uint8_t *xstate;		/* vector registers in the host's own form; owned; NULL: they stay as they are */
	size_t xstate_size;
};
void rec_tracee_state_done(struct rec_tracee_state *state);
/* Traps the thread; it stays as it is.  Not between a TSC stop and its answer. 0 or -errno. */
int rec_tracee_save(struct rec_tracee *thread, struct rec_tracee_state *ret);
/* Gives a trapped thread what another had.  0 or -errno. */
int rec_tracee_load(struct rec_tracee *thread, const struct rec_tracee_state *state);
/* A new process with a copy of the memory of thread's (its shared mappings and clock page are shared still), and one thread in the
 * given state, in a ptrace stop. */
int rec_tracee_copy(struct rec_tracee *thread, const struct rec_tracee_state *state, struct rec_tracee **ret);
/* One more thread of thread's process, in the given state, in a ptrace stop. */
int rec_tracee_join(struct rec_tracee *thread, const struct rec_tracee_state *state, struct rec_tracee **ret);

/* Mappings, carried out natively at exactly the given address (fd: caller's descriptor, -1 anonymous).  All 0 or -errno. */
int rec_tracee_map(struct rec_tracee *thread, uint64_t addr, uint64_t size, int prot, int flags, int fd, uint64_t offset);
int rec_tracee_unmap(struct rec_tracee *thread, uint64_t addr, uint64_t size);
int rec_tracee_protect(struct rec_tracee *thread, uint64_t addr, uint64_t size, int prot);
int rec_tracee_remap(struct rec_tracee *thread, uint64_t from, uint64_t from_size, uint64_t addr, uint64_t size);
/* madvise(MADV_DONTNEED): private pages are as newly mapped. */
int rec_tracee_clear(struct rec_tracee *thread, uint64_t addr, uint64_t size);

/* The vDSO that every tracee has at REC_VDSO_ADDR.  Borrowed for ever. */
const void *rec_vdso_image(size_t *ret_size);

/* Where cpuid instructions stand in code that was just mapped executable: each is to be overwritten with the two bytes
 * of REC_CPUID_PATCH, which the layer recognises when they trap.  Calls found(arg, address). Used where the host
 * cannot fault on cpuid; the caller writes (and records) the patches. */
extern const uint8_t REC_CPUID_PATCH[2];
bool rec_tracer_needs_cpuid_patches(const struct rec_tracer *tracer);
int rec_cpuid_scan(const uint8_t *code, size_t size, uint64_t addr, void (*found)(void *arg, uint64_t addr), void *arg);

/* Code that a program has written and that is about to be executed. */
struct rec_written_code {
	const uint8_t *bytes;	/* with what stands around it, as far as there is something */
	size_t size;
	uint64_t addr;		/* of the first byte */
	uint64_t from, to;	/* where cpuids are looked for */
	uint64_t entry;		/* an instruction that will run, 0: none is known */
};
/* As rec_cpuid_scan(), for such code.  0 or -ENOMEM. */
int rec_cpuid_scan_written(const struct rec_written_code *code, void (*found)(void *arg, uint64_t addr), void *arg);

#endif
