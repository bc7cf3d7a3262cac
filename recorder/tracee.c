/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracee.c - runs native threads one at a time, each until it needs an answer.
 *
 * A thread leaves its program in one of two ways.  An ordinary system call becomes a seccomp notification: the
 * thread sleeps in the host's kernel, and the answer is one ioctl.  Everything that needs registers - calls of
 * rule 3 of tracee-filter.c, faults, rdtsc, cpuid - becomes a ptrace stop.  The caller of this layer sees only stops,
 * and whether registers can be had at once (trapped).
 *
 *                      rec_tracee_new(), rec_tracee_clone()
 *                                    |
 *                                    v   rec_tracee_run()
 *         rec_tracee_trap()     TRAPPED ------------------+
 *      +----------------------->   ^                      v
 *      |                           +------- a stop --- RUNNING ---- killed from outside, or
 *      |                                               ^  |         a call by the gadget
 *   NOTIFIED <---------------------- a notification ---|--+              |
 *      |                                               |                 v
 *      +------------------ rec_tracee_run() -----------+               GONE
 *
 * Invariants
 *  1. At most one thread is RUNNING, and only inside this file, tracee-step.c (which has it run here) and tracee-inject.c.
 *  2. The host delivers no signal to a program, ever: each stop for one is either turned into a REC_STOP_* (a fault
 *     that the program caused) or continued without it (somebody outside sent it).  Handlers run because the caller
 *     changes registers and memory.
 *  3. The host restarts no call: answers are never -ERESTART*, and every trapped thread is resumed with orig_rax = -1.
 *  4. A single thread never dies alone but by rec_tracee_exit().  Any other death is SIGKILL from outside, which
 *     takes the whole process; the layer then reaps all of it.
 *  5. The only wait() is for ids that this layer made, so the caller's other children are its own.  SIGCHLD is
 *     the layer's; its handler wakes rec__notif_recv() (stub.S) and nothing else.
 *  6. Registers of a trapped thread live in thread->regs while regs_valid; a pending answer is kept apart from them and
 *     joins when they are handed back (rec__flush_regs, tracee-registers.c).
 *
 * What was tried: SIGSYS by syscall user dispatch (4.3 us before any hand-over), PTRACE_SYSEMU (11 us), ppoll before each
 * receive (0.4 us more than the handler's way).  PTRACE_INTERRUPT traps a thread that waits in a notification: it is
 * taken on the way out of the call, before a user instruction, and needs no signal; WAIT_KILLABLE keeps it from
 * breaking the wait itself.
 */
#include "tracee.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "fastcall.h"
#include "tracee-int.h"
#include "vcpu.h"

_Static_assert(SECCOMP_IOCTL_NOTIF_RECV == 0xc0502100, "stub.S has this number");

/* Results that the host's kernel takes as an order to restart the call. */
#define RESTART_FIRST (-516)
#define RESTART_LAST  (-512)

const uint8_t REC_CPUID_PATCH[2] = {0x0e, 0xa2};

volatile int rec__child_event;
static volatile int interrupt_wanted;
static volatile pid_t tracer_tid;
static pid_t tracer_pid;	/* a forked child starts without a tracer */

/* ---- SIGCHLD --------------------------------------------------------------- */

static void on_sigchld(int signo, siginfo_t *info, void *context)
{
	greg_t *const regs = ((ucontext_t *)context)->uc_mcontext.gregs;
	const uintptr_t rip = (uintptr_t)regs[REG_RIP];

	(void)info;
	rec__child_event = 1;
	if (rip >= (uintptr_t)rec__notif_recv_start && rip <= (uintptr_t)rec__notif_recv_call) {
		regs[REG_RIP] = (greg_t)(uintptr_t)rec__notif_recv_abort;
		return;
	}
	/* The signal is the process's: another thread of it may have been handed it. */
	const int saved = errno;
	const pid_t self = (pid_t)syscall(SYS_gettid);
	if (self != tracer_tid && tracer_tid != 0)
		syscall(SYS_tgkill, getpid(), tracer_tid, signo);
	errno = saved;
}

static void take_sigchld(struct rec_tracer *tracer)
{
	/* SA_RESTART is for the caller's own calls; stub.S copes with a restarted ioctl. */
	struct sigaction action = {.sa_sigaction = on_sigchld, .sa_flags = SA_SIGINFO | SA_RESTART};
	sigset_t chld;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	tracer_tid = (pid_t)syscall(SYS_gettid);
	tracer_pid = getpid();
	interrupt_wanted = 0;
	sigaction(SIGCHLD, &action, &tracer->old_sigchld);
	pthread_sigmask(SIG_UNBLOCK, &chld, &tracer->old_mask);
}

static void leave_sigchld(struct rec_tracer *tracer)
{
	sigaction(SIGCHLD, &tracer->old_sigchld, NULL);
	pthread_sigmask(SIG_SETMASK, &tracer->old_mask, NULL);
	tracer_tid = 0;
}

static void mask_sigchld(int how)
{
	sigset_t chld;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	pthread_sigmask(how, &chld, NULL);
}

/* In a handler on the tracer's own thread SIGCHLD has to wait for the handler's end: only where it interrupts the receiving call
 * itself can on_sigchld() keep that from being restarted.  The end of the handler, or the next resume(), lets it in. */
void rec_tracer_interrupt(struct rec_tracer *tracer)
{
	const int saved = errno;

	(void)tracer;
	interrupt_wanted = 1;
	if ((pid_t)syscall(SYS_gettid) == tracer_tid)
		mask_sigchld(SIG_BLOCK);
	syscall(SYS_tgkill, getpid(), tracer_tid, SIGCHLD);
	errno = saved;
}

void rec_tracer_interrupt_cancel(struct rec_tracer *tracer)
{
	(void)tracer;
	if (!interrupt_wanted)	/* the usual case, after each slice: nothing is masked */
		return;
	interrupt_wanted = 0;
	if ((pid_t)syscall(SYS_gettid) == tracer_tid)
		mask_sigchld(SIG_UNBLOCK);
}

/* ---- threads and processes ---------------------------------------------------- */

struct rec_process *rec__process_new(struct rec_tracer *tracer, pid_t tgid)
{
	struct rec_process *const process = calloc(1, sizeof(*process));

	CHECK(process);
	process->tracer = tracer;
	process->tgid = tgid;
	process->mem_fd = -1;
	process->prev_next = &tracer->processes;
	process->next = tracer->processes;
	if (process->next)
		process->next->prev_next = &process->next;
	tracer->processes = process;
	return process;
}

static void process_free(struct rec_process *process)
{
	CHECK(!process->threads);
	if (process->mem_fd >= 0)
		close(process->mem_fd);
	*process->prev_next = process->next;
	if (process->next)
		process->next->prev_next = process->prev_next;
	free(process);
}

struct rec_tracee *rec__thread_new(struct rec_process *process, pid_t tid)
{
	struct rec_tracee *const thread = calloc(1, sizeof(*thread));

	CHECK(thread);
	thread->process = process;
	thread->tid = tid;
	thread->prev_next = &process->threads;
	thread->next = process->threads;
	if (thread->next)
		thread->next->prev_next = &thread->next;
	process->threads = thread;
	return thread;
}

void rec__thread_free(struct rec_tracee *thread)
{
	struct rec_process *const process = thread->process;

	*thread->prev_next = thread->next;
	if (thread->next)
		thread->next->prev_next = thread->prev_next;
	free(thread);
	if (!process->threads)
		process_free(process);
}

/* Waits for the end of one that has been told to die. */
static void reap(pid_t tid)
{
	int status;

	for (;;) {
		const pid_t r = waitpid(tid, &status, __WALL);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0 || WIFEXITED(status) || WIFSIGNALED(status))
			return;
	}
}

/* The whole process dies (invariant 4).  The first thread is reported after all others only.
 * reaped: a thread whose end has been seen already, or 0. */
static void process_end(struct rec_process *process, pid_t reaped)
{
	rec__fast_forget(process);
	if (reaped != process->tgid)	/* else the number may belong to somebody else by now */
		kill(process->tgid, SIGKILL);
	for (struct rec_tracee *t = process->threads; t; t = t->next) {
		if (t->tid != process->tgid && t->tid != reaped && t->state != REC_GONE)
			reap(t->tid);
		t->state = REC_GONE;
		t->pending = REC_PENDING_NONE;
	}
	if (reaped != process->tgid)
		reap(process->tgid);
}

int rec__wait_stop(struct rec_tracee *thread, int *ret_status)
{
	int status;

	for (;;) {
		const pid_t r = waitpid(thread->tid, &status, __WALL);

		if (r == thread->tid && WIFSTOPPED(status)) {
			*ret_status = status;
			return 0;
		}
		if (r < 0 && errno == EINTR)
			continue;
		process_end(thread->process, thread->tid);
		return -ESRCH;
	}
}

void rec_tracee_kill(struct rec_tracee *thread)
{
	if (!thread)
		return;
	struct rec_process *const process = thread->process;
	struct rec_tracee *next;

	if (thread->state != REC_GONE)
		process_end(process, 0);
	for (struct rec_tracee *t = process->threads; t; t = next) {
		next = t->next;
		rec__thread_free(t);
	}
}

int rec_tracee_native_tid(const struct rec_tracee *thread)
{
	return thread->tid;
}

/* ---- answers ----------------------------------------------------------------------- */

void rec_tracee_answer(struct rec_tracee *thread, int64_t result)
{
	CHECK(result < RESTART_FIRST || result > RESTART_LAST);
	if (thread->state == REC_GONE)
		return;
	CHECK(thread->pending == REC_PENDING_SYSCALL);
	thread->answer = result;
	thread->answered = true;
}

void rec_tracee_answer_tsc(struct rec_tracee *thread, uint64_t value, uint32_t aux)
{
	if (thread->state == REC_GONE)
		return;
	CHECK(thread->pending == REC_PENDING_TSC);
	CHECK(thread->state == REC_TRAPPED && thread->regs_valid);
	thread->regs.rax = (uint32_t)value;
	thread->regs.rdx = value >> 32;
	if (thread->tsc_aux)
		thread->regs.rcx = aux;
	thread->regs.rip += thread->tsc_size;
	thread->regs_dirty = true;
	thread->pending = REC_PENDING_NONE;
}

static int wait_event(struct rec_tracee *thread, int *status, struct seccomp_notif *notif);

/* Makes a thread that spins for its answer wait for it as others do.  0 or -ESRCH. */
static int leave_taken(struct rec_tracee *thread)
{
	struct seccomp_notif notif;
	int status, r;

	CHECK(thread->state == REC_TAKEN && thread->process->tracer->fast_waiter == thread);
	rec__fast_sleep(thread);
	for (;;) {
		r = wait_event(thread, &status, &notif);
		if (r)
			break;
		ptrace(PTRACE_CONT, thread->tid, NULL, NULL);	/* a signal from outside */
	}
	if (r < 0)
		return r;
	if (notif.pid != (uint32_t)thread->tid || notif.data.nr != REC_FAST_SLEEP_NR) {
		/* It has scribbled over the words and goes on without an answer. */
		process_end(thread->process, 0);
		return -ESRCH;
	}
	thread->notif_id = notif.id;
	thread->state = REC_NOTIFIED;
	rec__fast_forget(thread->process);
	return 0;
}

/* Answers a notification.  -ESRCH: the thread is dying. */
static int notif_send(struct rec_tracee *thread, int64_t value)
{
	struct seccomp_notif_resp response = {.id = thread->notif_id, .val = value};

	while (ioctl(thread->process->tracer->listener, SECCOMP_IOCTL_NOTIF_SEND, &response) < 0) {
		if (errno == EINTR)
			continue;
		CHECK(errno == ENOENT);
		process_end(thread->process, 0);
		return -ESRCH;
	}
	thread->state = REC_RUNNING;
	return 0;
}

int rec_tracee_trap(struct rec_tracee *thread)
{
	int status;

	if (thread->state == REC_GONE)
		return -ESRCH;
	if (thread->state == REC_TRAPPED)
		return 0;
	if (thread->state == REC_TAKEN && leave_taken(thread) < 0)
		return -ESRCH;
	CHECK(thread->state == REC_NOTIFIED);
	/* Fails only when the thread is dying, and then the answer fails too. */
	ptrace(PTRACE_INTERRUPT, thread->tid, NULL, NULL);
	int r = notif_send(thread, thread->answered ? thread->answer : -ENOSYS);
	while (r == 0) {
		r = rec__wait_stop(thread, &status);
		if (r == 0 && status >> 16 == PTRACE_EVENT_STOP)
			break;
		/* A signal from outside; the trap is still to come, so no instruction runs. */
		if (r == 0)
			ptrace(PTRACE_CONT, thread->tid, NULL, NULL);
	}
	if (r < 0)
		return r;
	thread->state = REC_TRAPPED;
	thread->regs_valid = false;
	thread->own_call = false;
	r = rec__fetch_regs(thread);
	thread->regs_dirty = r == 0;	/* orig_rax: invariant 3 */
	return r;
}

/* ---- stops --------------------------------------------------------------------------- */

enum verdict {
	V_REPORT,	/* the caller is to know */
	V_RESUME,	/* not the program's doing */
	V_EMULATED,	/* one instruction has been carried out here */
};

static enum verdict report_exit(struct rec_stop_info *info)
{
	info->kind = REC_STOP_EXITED;
	return V_REPORT;
}

static bool is_vdso(uint64_t pc)
{
	return pc >= REC_VDSO_ADDR && pc < REC_VDSO_ADDR + (uint64_t)(rec__vdso_end - rec__vdso_start);
}

static void take_notification(struct rec_tracee *thread, const struct seccomp_notif *notif,
			      struct rec_stop_info *info)
{
	CHECK(notif->pid == (uint32_t)thread->tid);
	thread->state = REC_NOTIFIED;
	thread->notif_id = notif->id;
	thread->pending = REC_PENDING_SYSCALL;
	info->kind = REC_STOP_SYSCALL;
	info->nr = (uint64_t)(int64_t)notif->data.nr;
	memcpy(info->args, notif->data.args, sizeof(info->args));
	info->pc = notif->data.instruction_pointer;
	if (info->nr == REC_CLOCK_STOP_NR && is_vdso(info->pc)) {
		info->kind = REC_STOP_CLOCK;
		rec_tracee_answer(thread, 0);
	}
}

static enum verdict on_traced_call(struct rec_tracee *thread, struct rec_stop_info *info)
{
	uint64_t nr;

	if (ptrace(PTRACE_GETREGS, thread->tid, NULL, &thread->regs) < 0) {
		process_end(thread->process, 0);
		return report_exit(info);
	}
	if (thread->regs.rip == REC_GADGET_END) {
		/* The program has found the stub page and jumps there. */
		process_end(thread->process, 0);
		return report_exit(info);
	}
	nr = thread->regs.orig_rax;
	thread->regs.orig_rax = (uint64_t)-1;
	thread->regs_valid = true;
	thread->regs_dirty = true;
	thread->own_call = true;
	thread->pending = REC_PENDING_SYSCALL;
	info->kind = REC_STOP_SYSCALL;
	info->nr = nr;
	info->args[0] = thread->regs.rdi;
	info->args[1] = thread->regs.rsi;
	info->args[2] = thread->regs.rdx;
	info->args[3] = thread->regs.r10;
	info->args[4] = thread->regs.r8;
	info->args[5] = thread->regs.r9;
	info->pc = thread->regs.rip;
	return V_REPORT;
}

#define CODE_MAX 15	/* longest instruction of x86 */

/* Whether the opcode byte is a prefix that changes nothing about rdtsc and cpuid. */
static bool is_prefix(uint8_t byte)
{
	return byte == 0x66 || byte == 0x67 || byte == 0x2e || byte == 0x36 || byte == 0x3e ||
	       byte == 0x26 || byte == 0x64 || byte == 0x65 || byte == 0xf2 || byte == 0xf3 ||
	       (byte & 0xf0) == 0x40;
}

enum insn { INSN_OTHER, INSN_RDTSC, INSN_RDTSCP, INSN_CPUID };

static enum insn decode(const uint8_t *code, size_t size, unsigned *ret_size)
{
	unsigned n = 0;

	while (n < size && is_prefix(code[n]))
		n++;
	if (n + 2 <= size && code[n] == 0x0f && code[n + 1] == 0x31) {
		*ret_size = n + 2;
		return INSN_RDTSC;
	}
	if (n + 2 <= size && code[n] == 0x0f && code[n + 1] == 0xa2) {
		*ret_size = n + 2;
		return INSN_CPUID;
	}
	if (n + 3 <= size && code[n] == 0x0f && code[n + 1] == 0x01 && code[n + 2] == 0xf9) {
		*ret_size = n + 3;
		return INSN_RDTSCP;
	}
	return INSN_OTHER;
}

static enum verdict on_fault(struct rec_tracee *thread, const siginfo_t *si, struct rec_stop_info *info)
{
	uint8_t code[CODE_MAX];
	unsigned insn_size = 0;
	enum insn insn = INSN_OTHER;

	if (rec__fetch_regs(thread) < 0) {
		process_end(thread->process, 0);
		return report_exit(info);
	}
	const size_t size = sizeof(code) -
			    rec_tracee_read(thread, code, thread->regs.rip, sizeof(code));
	if (si->si_signo == SIGSEGV && si->si_code == SI_KERNEL)
		insn = decode(code, size, &insn_size);
	else if (si->si_signo == SIGILL && size >= 2 &&
		 memcmp(code, REC_CPUID_PATCH, sizeof(REC_CPUID_PATCH)) == 0) {
		insn = INSN_CPUID;
		insn_size = sizeof(REC_CPUID_PATCH);
	}

	info->pc = thread->regs.rip;
	if (insn == INSN_CPUID) {
		rec_vcpu_execute(&thread->regs);
		thread->regs.rip += insn_size;
		thread->regs.eflags &= ~REC_FLAG_RF;	/* meant for the instruction that is done */
		thread->regs_dirty = true;
		return V_EMULATED;
	}
	if (insn == INSN_RDTSC || insn == INSN_RDTSCP) {
		thread->tsc_size = insn_size;
		thread->tsc_aux = insn == INSN_RDTSCP;
		thread->pending = REC_PENDING_TSC;
		info->kind = REC_STOP_TSC;
		return V_REPORT;
	}
	info->kind = REC_STOP_FAULT;
	info->signo = si->si_signo;
	info->code = si->si_code;
	info->addr = (uint64_t)(uintptr_t)si->si_addr;
	return V_REPORT;
}

static bool is_fault(const siginfo_t *si)
{
	switch (si->si_signo) {
	case SIGSEGV:
	case SIGBUS:
	case SIGILL:
	case SIGFPE:
	case SIGTRAP:
		return si->si_code > 0;	/* else kill(), from outside */
	default:
		return false;
	}
}

/* Which of the program's doings a ptrace stop is; the thread is TRAPPED. */
static enum verdict on_stop(struct rec_tracee *thread, int status, struct rec_stop_info *info)
{
	siginfo_t si;

	thread->state = REC_TRAPPED;
	thread->regs_valid = false;
	thread->regs_dirty = false;
	thread->own_call = false;
	info->trapped = true;
	switch (status >> 16) {
	case PTRACE_EVENT_SECCOMP:
		return on_traced_call(thread, info);
	case PTRACE_EVENT_STOP:
		if (!interrupt_wanted || WSTOPSIG(status) != SIGTRAP)
			return V_RESUME;	/* left over from a trap, or job control from outside */
		interrupt_wanted = 0;
		if (rec__fetch_regs(thread) == 0)
			info->pc = thread->regs.rip;
		if (rec__fast_is_code(info->pc))
			return V_RESUME;	/* it is about to make a call */
		info->kind = REC_STOP_INTERRUPTED;
		return V_REPORT;
	case 0:
		break;
	default:
		return V_RESUME;
	}
	if (ptrace(PTRACE_GETSIGINFO, thread->tid, NULL, &si) < 0 || !is_fault(&si))
		return V_RESUME;
	if (thread->stepped_in && si.si_signo == SIGTRAP && si.si_code == TRAP_BRKPT) {
		thread->stepped_in = false;
		return V_RESUME;
	}
	return on_fault(thread, &si, info);
}

/* Looks for the dead when a child event was not the running thread's stop.  It looks first and takes only the
 * dead: the running thread may stop at this very moment, and a stop that is taken here is never told again.
 * (WEXITED alone does not do: stops of tracees are told whatever the options.) */
static bool found_dead(struct rec_process *process)
{
	int status;

	for (struct rec_tracee *t = process->threads; t; t = t->next) {
		siginfo_t info = {0};

		if (waitid(P_PID, (id_t)t->tid, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) < 0 || info.si_pid != t->tid)
			continue;
		if (info.si_code != CLD_EXITED && info.si_code != CLD_KILLED && info.si_code != CLD_DUMPED)
			continue;
		if (waitpid(t->tid, &status, __WALL | WNOHANG) == t->tid) {
			process_end(process, t->tid);
			return true;
		}
	}
	return false;
}

/* Waits for the running thread.  0: *status; 1: *notif; -ESRCH: dead. */
static int wait_event(struct rec_tracee *thread, int *status, struct seccomp_notif *notif)
{
	const int listener = thread->process->tracer->listener;

	for (;;) {
		memset(notif, 0, sizeof(*notif));
		const long r = rec__notif_recv(listener, notif);

		if (r == 0)
			return 1;
		CHECK(r == -EINTR || r == -ENOENT);
		rec__child_event = 0;	/* before looking: what comes later sets it again */
		const pid_t pid = waitpid(thread->tid, status, __WALL | WNOHANG);
		if (pid == thread->tid && WIFSTOPPED(*status))
			return 0;
		if (pid != 0) {
			process_end(thread->process, pid == thread->tid ? pid : 0);
			return -ESRCH;
		}
		if (found_dead(thread->process))
			return -ESRCH;
		if (interrupt_wanted)
			ptrace(PTRACE_INTERRUPT, thread->tid, NULL, NULL);
	}
}

/* As the host reports a step. */
static void report_step(const struct rec_tracee *thread, struct rec_stop_info *info)
{
	info->kind = REC_STOP_FAULT;
	info->signo = SIGTRAP;
	info->code = TRAP_TRACE;
	info->addr = thread->regs.rip;
	info->pc = thread->regs.rip;
}

/* A thread that waits for its answer gets it, and runs. */
static int answer(struct rec_tracee *thread)
{
	const int64_t value = thread->answer;
	int r = 0;

	thread->answered = false;
	thread->pending = REC_PENDING_NONE;
	if (thread->state == REC_TAKEN && rec__fast_answer(thread, value)) {
		thread->state = REC_RUNNING;
		return 0;
	}
	if (thread->state == REC_TAKEN)
		r = leave_taken(thread);
	return r < 0 ? r : notif_send(thread, value);
}

/* request: PTRACE_CONT or PTRACE_SINGLESTEP. */
static int resume(struct rec_tracee *thread, enum __ptrace_request request)
{
	struct rec_tracee *const waiter = thread->process->tracer->fast_waiter;

	if (waiter && waiter != thread)
		leave_taken(waiter);	/* if it has died, whoever runs it next learns of it */
	rec__child_event = 0;
	if (interrupt_wanted) {
		mask_sigchld(SIG_UNBLOCK);
		rec__child_event = 1;
	}
	rec__fast_arm(thread, request == PTRACE_CONT);
	if (thread->state == REC_TAKEN || thread->state == REC_NOTIFIED)
		return answer(thread);
	int r = rec__flush_regs(thread);
	if (r == 0 && ptrace(request, thread->tid, NULL, NULL) < 0)
		r = -errno;
	if (r == -ESRCH)	/* killed in its stop */
		process_end(thread->process, 0);
	if (r == 0)
		thread->state = REC_RUNNING;
	return r;
}

int rec__tracee_run_by(struct rec_tracee *thread, enum __ptrace_request request, struct rec_stop_info *ret)
{
	struct seccomp_notif notif;
	int status;

	for (;;) {
		int r = resume(thread, request);

		if (r == 0 && rec__fast_take(thread, ret)) {
			thread->state = REC_TAKEN;
			thread->pending = REC_PENDING_SYSCALL;
			return 0;
		}
		if (r == 0)
			r = wait_event(thread, &status, &notif);
		if (r == -ESRCH) {
			report_exit(ret);
			return 0;
		}
		if (r < 0)
			return r;
		if (r == 1) {
			thread->stepped_in = request == PTRACE_SINGLESTEP;
			take_notification(thread, &notif, ret);
			return 0;
		}
		const enum verdict verdict = on_stop(thread, status, ret);
		if (verdict == V_EMULATED && request == PTRACE_SINGLESTEP)
			report_step(thread, ret);
		if (verdict == V_REPORT || (verdict == V_EMULATED && request == PTRACE_SINGLESTEP))
			return 0;
	}
}

int rec_tracee_run(struct rec_tracee *thread, struct rec_stop_info *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (thread->state == REC_GONE) {
		report_exit(ret);
		return 0;
	}
	CHECK(thread->state == REC_NOTIFIED || thread->state == REC_TAKEN || thread->state == REC_TRAPPED);
	CHECK(thread->pending == REC_PENDING_NONE || thread->answered);
	const int r = rec__tracee_run_by(thread, PTRACE_CONT, ret);

	if (r == 0)
		rec__name_trap(thread, /* stepped= */ false, /* before= */ 0, ret);
	return r;
}

/* ---- the tracer ------------------------------------------------------------------------- */

int rec_tracer_new(struct rec_tracer **ret, const char **ret_reason)
{
	const char *reason = NULL;

	if (!rec_vcpu_runs_here(&reason)) {
		*ret_reason = reason;
		return -ENODEV;
	}
	CHECK(tracer_tid == 0 || tracer_pid != getpid());	/* one in a process */
	struct rec_tracer *const tracer = calloc(1, sizeof(*tracer));
	CHECK(tracer);
	tracer->listener = -1;
	take_sigchld(tracer);
	const int r = rec__zygote_start(tracer, &reason);
	if (r < 0) {
		rec_tracer_free(tracer);
		*ret_reason = reason;
		return r;
	}
	tracer->sync_wake_up =
		ioctl(tracer->listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, REC_NOTIF_SYNC_WAKE_UP) == 0;
	rec__tsc_share();
	*ret = tracer;
	return 0;
}

int rec_tracer_limit(struct rec_tracer *tracer, uint64_t size)
{
	const struct rlimit limit = {size, size};
	char path[64];

	CHECK(tracer->processes == tracer->zygote_thread->process);	/* others inherit from the zygote */
	if (prlimit(tracer->zygote, RLIMIT_DATA, &limit, NULL) < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", tracer->zygote);
	FILE *file = fopen(path, "we");
	if (!file)
		return -errno;
	fputs("1000", file);	/* anybody may raise it; that is the most */
	return fclose(file) == 0 ? 0 : -errno;
}

void rec_tracer_allow(struct rec_tracer *tracer, const cpu_set_t *cpus)
{
	/* One that has just died, or processors that went away meanwhile, make no difference to what runs. */
	sched_setaffinity(0, sizeof(*cpus), cpus);
	for (const struct rec_process *process = tracer->processes; process; process = process->next)
		for (const struct rec_tracee *thread = process->threads; thread; thread = thread->next)
			sched_setaffinity(thread->tid, sizeof(*cpus), cpus);
}

void rec_tracer_free(struct rec_tracer *tracer)
{
	if (!tracer)
		return;
	/* After a failure nodes go first, and their pages with them. */
	tracer->fast_waiter = NULL;
	for (struct rec_process *process = tracer->processes; process; process = process->next)
		process->fast = NULL;
	while (tracer->processes)
		rec_tracee_kill(tracer->processes->threads);
	if (tracer->listener >= 0)
		close(tracer->listener);
	rec__fast_done(tracer);
	rec__tsc_unshare();
	leave_sigchld(tracer);
	free(tracer);
}

bool rec_tracer_needs_cpuid_patches(const struct rec_tracer *tracer)
{
	return tracer->patches;
}

const void *rec_vdso_image(size_t *ret_size)
{
	*ret_size = (size_t)(rec__vdso_end - rec__vdso_start);
	return rec__vdso_start;
}
