/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zygote.c - the empty process of which every tracee is a fork.
 *
 * The tracer forks itself (raw clone: only CLONE_FILES is shared), and the child
 *  1. lays off what it inherited: signal handlers and mask, terminal, restartable sequences, core dumps,
 *  2. waits until the tracer has seized it,
 *  3. maps the stub page, makes rdtsc and (where the processor can) cpuid fault, installs the filter,
 *  4. executes int3, and never again an instruction of this program.
 * The tracer then makes it unmap everything but the stub page, by calls from the gadget: code, stack, the shadow
 * memory of a sanitizer, the host's vDSO.  What is left has no secret and no address of this run.
 *
 * Until step 4 the child is a copy of a running program, possibly with other threads' locks held: it uses system
 * calls only.  Its one message to the tracer is a shared page.
 */
#include "tracee-int.h"

#include <asm/prctl.h>
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <elf.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"

#ifndef ARCH_SET_CPUID
#define ARCH_SET_CPUID 0x1012
#endif

/* What the child reports, in shared memory. */
struct birth {
	uint32_t seized;	/* futex: set by the tracer */
	int listener;		/* descriptor in the shared table */
	int error;		/* of the step that failed */
	bool cpuid_faults;
	char step[64];
};

/* glibc has told the kernel where this thread's rseq area is, and a fork inherits that: after the memory
 * is gone the kernel would kill the process at its first preemption. */
static int leave_rseq(void)
{
	char *const area = (char *)__builtin_thread_pointer() + __rseq_offset;
	const unsigned sizes[] = {32, __rseq_size, (__rseq_size + 31) & ~31u};

	if (__rseq_size == 0)
		return 0;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (syscall(SYS_rseq, area, sizes[i], RSEQ_FLAG_UNREGISTER, RSEQ_SIG) == 0)
			return 0;
	return -errno;
}

/* Handlers are addresses in memory that is about to go. */
static int reset_signals(void)
{
	const struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		uint64_t mask;
	} nothing = {0};
	const stack_t no_stack = {.ss_flags = SS_DISABLE};
	const uint64_t empty = 0;

	for (int signo = 1; signo <= 64; signo++)
		if (signo != SIGKILL && signo != SIGSTOP)
			syscall(SYS_rt_sigaction, signo, &nothing, NULL, sizeof(empty));
	syscall(SYS_sigaltstack, &no_stack, NULL);
	return syscall(SYS_rt_sigprocmask, SIG_SETMASK, &empty, NULL, sizeof(empty)) ? -errno : 0;
}

static int map_stub(void)
{
	uint8_t *const page = mmap((void *)REC_STUB_ADDR, REC_PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (page == MAP_FAILED)
		return -errno;
	for (size_t i = 0; i < REC_PAGE; i++)
		page[i] = 0xcc;
	page[0] = 0x0f;		/* syscall */
	page[1] = 0x05;
	return mprotect(page, REC_PAGE, PROT_READ | PROT_EXEC) ? -errno : 0;
}

static int install_filter(struct birth *birth)
{
	birth->listener = rec__filter_install();
	return birth->listener < 0 ? birth->listener : 0;
}

__attribute__((noreturn)) static void fail(struct birth *birth, const char *step, int error)
{
	for (size_t i = 0; i + 1 < sizeof(birth->step) && step[i]; i++)
		birth->step[i] = step[i];
	birth->error = error;
	syscall(SYS_exit_group, 1);
	__builtin_unreachable();
}

#define STEP(call)                                                                                 \
	do {                                                                                       \
		const int step_error_ = (call);                                                    \
		if (step_error_)                                                                   \
			fail(birth, #call, step_error_);                                           \
	} while (0)

/* For calls that answer -1 and errno. */
#define TRY(call) ((call) < 0 ? -errno : 0)

__attribute__((noreturn)) static void be_zygote(struct birth *birth, pid_t tracer)
{
	const struct rlimit no_core = {0, 0};

	STEP(TRY(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)));
	if (syscall(SYS_getppid) != tracer)
		syscall(SYS_exit_group, 0);	/* the tracer died before the line above */
	syscall(SYS_setsid);			/* ^C is for the tracer */
	STEP(reset_signals());
	STEP(leave_rseq());
	STEP(TRY(setrlimit(RLIMIT_CORE, &no_core)));
	STEP(TRY(prctl(PR_SET_NAME, "hindcast-node", 0, 0, 0)));
	while (!__atomic_load_n(&birth->seized, __ATOMIC_ACQUIRE))
		syscall(SYS_futex, &birth->seized, FUTEX_WAIT, 0, NULL, NULL, 0);

	STEP(map_stub());
	birth->cpuid_faults = syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0) == 0;
	STEP(TRY(prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0)));
	STEP(TRY(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)));
	STEP(install_filter(birth));
	for (;;)
		__asm__ volatile("int3");
}

/* ---- the tracer's side --------------------------------------------------- */

static int seize(struct rec_tracer *tracer, struct birth *birth)
{
	const long options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACESECCOMP |
			     PTRACE_O_TRACECLONE;

	if (ptrace(PTRACE_SEIZE, tracer->zygote, NULL, options) < 0)
		return -errno;
	__atomic_store_n(&birth->seized, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &birth->seized, FUTEX_WAKE, 1, NULL, NULL, 0);
	return 0;
}

/* Every component of the processor's state as after power-up, not as the tracer happened to have it. */
static int reset_fpu(struct rec_tracee *zygote)
{
	static uint8_t state[16384] __attribute__((aligned(64)));
	struct iovec iov = {state, sizeof(state)};
	struct user_fpregs_struct *const legacy = (void *)state;

	if (ptrace(PTRACE_GETREGSET, zygote->tid, NT_X86_XSTATE, &iov) < 0) {
		iov.iov_len = 512;	/* a processor without XSAVE */
		memset(state, 0, sizeof(state));
		legacy->cwd = 0x37f;
		legacy->mxcsr = 0x1f80;
		return ptrace(PTRACE_SETFPREGS, zygote->tid, NULL, state) < 0 ? -errno : 0;
	}
	/* Header at 512: which components differ from their initial state.  None does. */
	memset(state, 0, sizeof(state));
	legacy->cwd = 0x37f;
	legacy->mxcsr = 0x1f80;
	return ptrace(PTRACE_SETREGSET, zygote->tid, NT_X86_XSTATE, &iov) < 0 ? -errno : 0;
}

static int unmap_all_but_stub(struct rec_tracee *zygote)
{
	const uint64_t above = REC_STUB_ADDR + REC_PAGE;
	const uint64_t low[6] = {0, REC_STUB_ADDR};
	const uint64_t high[6] = {above, REC_USER_END - above};
	int error = 0;
	int64_t r = rec_tracee_inject(zygote, SYS_munmap, low, &error);

	if (error == 0 && r == 0)
		r = rec_tracee_inject(zygote, SYS_munmap, high, &error);
	return error ? error : (int)r;
}

/* One copy of the vDSO for all processes; the descriptor is not needed after that. */
static int map_vdso(struct rec_tracee *zygote)
{
	const size_t size = (size_t)(rec__vdso_end - rec__vdso_start);
	_cleanup_close_ int fd = memfd_create("hindcast-vdso", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (write(fd, rec__vdso_start, size) != (ssize_t)size)
		return -EIO;
	const uint64_t args[6] = {REC_VDSO_ADDR, (size + REC_PAGE - 1) & ~(REC_PAGE - 1), PROT_READ | PROT_EXEC,
				  MAP_PRIVATE | MAP_FIXED_NOREPLACE, (uint64_t)fd, 0};
	int error = 0;
	const int64_t r = rec_tracee_inject(zygote, SYS_mmap, args, &error);
	return error ? error : r < 0 ? (int)r : 0;
}

static int empty_zygote(struct rec_tracee *zygote, const char **ret_reason)
{
	struct user_regs_struct regs = {.rip = REC_GADGET, .rsp = 0, .cs = 0x33, .ss = 0x2b,
					.eflags = 0x202, .orig_rax = (uint64_t)-1};
	int r = rec_tracee_set_regs(zygote, &regs);

	if (r == 0)
		r = reset_fpu(zygote);
	if (r < 0) {
		*ret_reason = "cannot set the registers of a traced process";
		return r;
	}
	r = unmap_all_but_stub(zygote);
	if (r < 0) {
		*ret_reason = "cannot unmap the memory of a new process; does this kernel seal its "
			      "system mappings (CONFIG_MSEAL_SYSTEM_MAPPINGS)?";
		return r;
	}
	r = map_vdso(zygote);
	if (r < 0)
		*ret_reason = "cannot map the vDSO into a new process";
	return r;
}

static const char *explain(const struct birth *birth)
{
	static char text[160];

	if (birth->error == 0)
		return "the first process died (killed from outside?)";
	if (strstr(birth->step, "filter") && birth->error == -EINVAL)
		return "the kernel lacks seccomp user notification with killable waits (Linux 5.19 has it)";
	snprintf(text, sizeof(text), "a new process failed at %s: %s", birth->step,
		 strerror(-birth->error));
	return text;
}

/* Waits until the child has come to its int3. */
static int await_child(struct rec_tracer *tracer, struct birth *birth, const char **ret_reason)
{
	for (;;) {
		int status;

		if (rec__wait_stop(tracer->zygote_thread, &status) < 0) {
			*ret_reason = explain(birth);
			return birth->error ? birth->error : -ECHILD;
		}
		if (WSTOPSIG(status) == SIGTRAP && status >> 16 == 0)
			return 0;
		ptrace(PTRACE_CONT, tracer->zygote, NULL, NULL);
	}
}

static int raise_child(struct rec_tracer *tracer, struct birth *birth, const char **ret_reason)
{
	const pid_t self = getpid();
	const long pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid < 0) {
		*ret_reason = "cannot fork";
		return -errno;
	}
	if (pid == 0)
		be_zygote(birth, self);
	tracer->zygote = (pid_t)pid;
	tracer->zygote_thread = rec__thread_new(rec__process_new(tracer, (pid_t)pid), (pid_t)pid);
	tracer->zygote_thread->state = REC_RUNNING;
	int r = seize(tracer, birth);
	if (r < 0) {
		*ret_reason = "ptrace is not permitted here (container without SYS_PTRACE, or "
			      "kernel.yama.ptrace_scope of 2 or more?)";
		return r;
	}
	r = await_child(tracer, birth, ret_reason);
	if (r < 0)
		return r;
	tracer->zygote_thread->state = REC_TRAPPED;
	tracer->listener = birth->listener;
	tracer->patches = !birth->cpuid_faults;
	return 0;
}

int rec__zygote_start(struct rec_tracer *tracer, const char **ret_reason)
{
	struct birth *const birth = mmap(NULL, REC_PAGE, PROT_READ | PROT_WRITE,
					 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (birth == MAP_FAILED) {
		*ret_reason = "out of memory";
		return -errno;
	}
	int r = raise_child(tracer, birth, ret_reason);
	if (r == 0)
		r = empty_zygote(tracer->zygote_thread, ret_reason);
	munmap(birth, sizeof(*birth));
	return r;
}
