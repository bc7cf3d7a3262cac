/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracee-inject.c - native system calls in a tracee, and what is made of them: births, ends, mappings.
 *
 * A call is carried out in one of two ways, both of which the filter lets pass only because this file asks:
 *  - in place: the thread stands in the stop of its own call (mmap, say), and the call is turned into the wanted one. One
 *    stop, but only for calls of the filter's trace class.
 *  - by the gadget: the thread is sent to the syscall instruction of the stub page, stops there before the
 *    call (the filter traces it) and after.  Two stops, any call.
 * Afterwards the program's registers are put back when it next runs.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "tracee-int.h"

/* Stops that belong to somebody else (signals from outside) while one of ours is awaited.  A flood of them is
 * not a reason to hang. */
#define STRAY_STOPS_MAX 10000

#define STOP_SYSCALL (SIGTRAP | 0x80)
#define STOP_SECCOMP (SIGTRAP | PTRACE_EVENT_SECCOMP << 8)
#define STOP_CLONE (SIGTRAP | PTRACE_EVENT_CLONE << 8)

/* Resumes until a wanted stop.  The kind, or -errno. */
static int run_to(struct rec_tracee *thread, enum __ptrace_request request, int wanted, int also)
{
	int status;

	for (int i = 0; i < STRAY_STOPS_MAX; i++) {
		if (ptrace(request, thread->tid, NULL, NULL) < 0 && errno != ESRCH)
			return -errno;
		const int r = rec__wait_stop(thread, &status);
		if (r < 0)
			return r;
		if (status >> 8 == wanted || (also && status >> 8 == also))
			return status >> 8;
	}
	return -EIO;
}

/* Sends a thread to the gadget and stops it before the call. */
static int enter_gadget(struct rec_tracee *thread, struct user_regs_struct *call)
{
	call->rip = REC_GADGET;
	call->orig_rax = (uint64_t)-1;
	call->eflags = 0x202;
	if (ptrace(PTRACE_SETREGS, thread->tid, NULL, call) < 0)
		return -errno;
	const int r = run_to(thread, PTRACE_CONT, STOP_SECCOMP, 0);
	return r < 0 ? r : 0;
}

static void set_call(struct user_regs_struct *regs, uint64_t nr, const uint64_t args[6])
{
	regs->rax = nr;
	regs->orig_rax = nr;
	regs->rdi = args[0];
	regs->rsi = args[1];
	regs->rdx = args[2];
	regs->r10 = args[3];
	regs->r8 = args[4];
	regs->r9 = args[5];
}

/* Brings a trapped thread before the call that is to be carried out. */
static int enter_call(struct rec_tracee *thread, uint64_t nr, const uint64_t args[6])
{
	struct user_regs_struct call = thread->regs;

	set_call(&call, nr, args);
	if (!thread->own_call || !rec__filter_traces(nr))
		return enter_gadget(thread, &call);
	return ptrace(PTRACE_SETREGS, thread->tid, NULL, &call) < 0 ? -errno : 0;
}

/* One try.  0 and *ret_result, or -errno; *ret_child (may be NULL) is a new thread. */
static int inject_once(struct rec_tracee *thread, uint64_t nr, const uint64_t args[6], int64_t *ret_result,
		       pid_t *ret_child)
{
	unsigned long child = 0;
	int r = enter_call(thread, nr, args);

	thread->own_call = false;
	thread->regs_dirty = true;
	if (r < 0)
		return r;
	r = run_to(thread, PTRACE_SYSCALL, STOP_SYSCALL, ret_child ? STOP_CLONE : 0);
	if (r == STOP_CLONE) {
		if (ptrace(PTRACE_GETEVENTMSG, thread->tid, NULL, &child) < 0)
			return -errno;
		*ret_child = (pid_t)child;
		r = run_to(thread, PTRACE_SYSCALL, STOP_SYSCALL, 0);
	}
	if (r < 0)
		return r;
	errno = 0;
	*ret_result = ptrace(PTRACE_PEEKUSER, thread->tid, offsetof(struct user_regs_struct, rax), NULL);
	return errno ? -errno : 0;
}

static bool wants_restart(int64_t result)
{
	return result >= -516 && result <= -512;
}

static int inject(struct rec_tracee *thread, uint64_t nr, const uint64_t args[6], int64_t *ret_result,
		  pid_t *ret_child)
{
	int64_t result = 0;
	int tries = 0;
	int r = rec_tracee_trap(thread);

	if (r == 0)
		r = rec__fetch_regs(thread);
	if (r < 0)
		return r;
	do {	/* a signal from outside makes fork start again; run_to() swallows it */
		r = inject_once(thread, nr, args, &result, ret_child);
	} while (r == 0 && wants_restart(result) && ++tries < STRAY_STOPS_MAX);
	if (r == 0)
		*ret_result = result;
	return r;
}

int64_t rec_tracee_inject(struct rec_tracee *thread, uint64_t nr, const uint64_t args[6], int *ret_error)
{
	int64_t result = -EIO;

	*ret_error = inject(thread, nr, args, &result, NULL);
	return result;
}

/* ---- births --------------------------------------------------------------------------- */

static struct rec_tracee *adopt(struct rec_process *process, pid_t tid)
{
	struct rec_tracee *const child = rec__thread_new(process, tid);
	int status;

	child->state = REC_RUNNING;
	/* Seized with its parent: the first stop comes before the first instruction. */
	if (rec__wait_stop(child, &status) < 0) {
		rec__thread_free(child);
		return NULL;
	}
	CHECK(status >> 16 == PTRACE_EVENT_STOP);
	child->state = REC_TRAPPED;
	return child;
}

int rec_tracee_clone(struct rec_tracee *thread, uint64_t flags, uint64_t stack, uint64_t tls,
		     struct rec_tracee **ret_child)
{
	const bool same_process = flags & CLONE_THREAD;
	uint64_t args[6] = {CLONE_FILES | CLONE_FS};
	int64_t result = 0;
	pid_t tid = 0;

	if ((flags & CLONE_SETTLS) && tls >= REC_USER_END)
		return -EPERM;
	args[0] |= same_process ? CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_SYSVSEM
				: CLONE_PARENT | (flags & CLONE_VM);
	int r = inject(thread, SYS_clone, args, &result, &tid);
	if (r < 0)
		return r;
	if (result < 0)
		return (int)result;
	CHECK(tid > 0);
	struct rec_process *const process =
		same_process ? thread->process : rec__process_new(thread->process->tracer, tid);
	process->fast = thread->process->fast;
	struct rec_tracee *const child = adopt(process, tid);
	if (!child)
		return -ESRCH;
	child->regs = thread->regs;
	child->regs.rax = 0;
	if (stack)
		child->regs.rsp = stack;
	if (flags & CLONE_SETTLS)
		child->regs.fs_base = tls;
	child->regs_valid = true;
	child->regs_dirty = true;
	*ret_child = child;
	return 0;
}

int rec_tracee_new(struct rec_tracer *tracer, int clock_fd, struct rec_tracee **ret)
{
	const uint64_t args[6] = {REC_CLOCK_ADDR, REC_PAGE, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_FIXED_NOREPLACE, (uint64_t)clock_fd, 0};
	struct rec_tracee *thread;
	int64_t result = 0;
	int r = rec_tracee_clone(tracer->zygote_thread, 0, 0, 0, &thread);

	if (r < 0)
		return r;
	r = inject(thread, SYS_mmap, args, &result, NULL);
	if (r == 0 && result < 0)
		r = (int)result;
	if (r < 0) {
		rec_tracee_kill(thread);
		return r;
	}
	*ret = thread;
	return 0;
}

/* ---- ends ------------------------------------------------------------------------------- */

static void wait_end(pid_t tid)
{
	int status;

	for (;;) {
		const pid_t r = waitpid(tid, &status, __WALL);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0 || WIFEXITED(status) || WIFSIGNALED(status))
			return;
		ptrace(PTRACE_CONT, tid, NULL, NULL);
	}
}

void rec_tracee_exit(struct rec_tracee *thread)
{
	const uint64_t args[6] = {0};

	if (!thread)
		return;
	struct rec_process *const process = thread->process;
	const bool last = process->threads == thread && !thread->next;
	if (last || thread->state == REC_GONE) {
		if (last)
			rec_tracee_kill(thread);
		else
			rec__thread_free(thread);
		return;
	}
	thread->pending = REC_PENDING_NONE;
	thread->answered = false;
	if (rec_tracee_trap(thread) == 0 && rec__fetch_regs(thread) == 0 &&
	    enter_call(thread, SYS_exit, args) == 0) {
		ptrace(PTRACE_CONT, thread->tid, NULL, NULL);
		/* The first thread stays a zombie, unreported, until its siblings are gone; process_end() reaps it. */
		if (thread->tid != process->tgid)
			wait_end(thread->tid);
	}
	rec__thread_free(thread);
}

/* ---- mappings --------------------------------------------------------------------------------- */

/* The flags of mmap that a program may have natively.  No MAP_GROWSDOWN (placement is the caller's), no
 * MAP_LOCKED, MAP_POPULATE, MAP_HUGETLB (the host's memory, and host-dependent failures). */
#define MAP_ALLOWED (MAP_SHARED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)
#define PROT_ALLOWED (PROT_READ | PROT_WRITE | PROT_EXEC)

/* A whole number of pages in user space, clear of hindcast's own. */
static bool is_program_range(uint64_t addr, uint64_t size)
{
	return addr % REC_PAGE == 0 && size % REC_PAGE == 0 && size > 0 && addr < REC_OWN_START &&
	       size <= REC_OWN_START - addr;
}

static int map_call(struct rec_tracee *thread, uint64_t nr, const uint64_t args[6])
{
	int64_t result = 0;
	const int r = inject(thread, nr, args, &result, NULL);

	if (r < 0)
		return r;
	return result < 0 && result > -4096 ? (int)result : 0;
}

int rec_tracee_map(struct rec_tracee *thread, uint64_t addr, uint64_t size, int prot, int flags, int fd,
		   uint64_t offset)
{
	int native = flags & MAP_ALLOWED;

	if (!is_program_range(addr, size) || offset % REC_PAGE)
		return -EINVAL;
	if ((flags & MAP_TYPE) == MAP_SHARED_VALIDATE)
		native = (native & ~MAP_TYPE) | MAP_SHARED;
	const uint64_t args[6] = {addr, size, (uint64_t)(prot & PROT_ALLOWED),
				  (uint64_t)(native | MAP_FIXED), (uint64_t)(int64_t)fd, offset};
	return map_call(thread, SYS_mmap, args);
}

int rec_tracee_unmap(struct rec_tracee *thread, uint64_t addr, uint64_t size)
{
	const uint64_t args[6] = {addr, size};

	return is_program_range(addr, size) ? map_call(thread, SYS_munmap, args) : -EINVAL;
}

int rec_tracee_protect(struct rec_tracee *thread, uint64_t addr, uint64_t size, int prot)
{
	const uint64_t args[6] = {addr, size, (uint64_t)(prot & PROT_ALLOWED)};

	return is_program_range(addr, size) ? map_call(thread, SYS_mprotect, args) : -EINVAL;
}

int rec_tracee_remap(struct rec_tracee *thread, uint64_t from, uint64_t from_size, uint64_t addr, uint64_t size)
{
	const uint64_t moving[6] = {from, from_size, size, MREMAP_MAYMOVE | MREMAP_FIXED, addr};
	const uint64_t in_place[6] = {from, from_size, size, 0, 0};

	if (!is_program_range(from, from_size) || !is_program_range(addr, size))
		return -EINVAL;
	return map_call(thread, SYS_mremap, from == addr ? in_place : moving);
}

int rec_tracee_clear(struct rec_tracee *thread, uint64_t addr, uint64_t size)
{
	const uint64_t args[6] = {addr, size, MADV_DONTNEED};

	return is_program_range(addr, size) ? map_call(thread, SYS_madvise, args) : -EINVAL;
}
