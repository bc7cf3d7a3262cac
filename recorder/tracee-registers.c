/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tracee-registers.c - registers of a thread that is trapped: kept here while nobody runs, handed back when it does. */
#include "tracee.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#include "base/check.h"
#include "tracee-int.h"

int rec__fetch_regs(struct rec_tracee *thread)
{
	CHECK(thread->state == REC_TRAPPED);
	if (thread->regs_valid)
		return 0;
	if (ptrace(PTRACE_GETREGS, thread->tid, NULL, &thread->regs) < 0)
		return -errno;
	thread->regs.orig_rax = (uint64_t)-1;
	thread->regs_valid = true;
	return 0;
}

int rec__flush_regs(struct rec_tracee *thread)
{
	if (thread->answered) {
		const int r = rec__fetch_regs(thread);

		if (r < 0)
			return r;
		thread->regs.rax = (uint64_t)thread->answer;
		thread->regs_dirty = true;
		thread->answered = false;
		thread->pending = REC_PENDING_NONE;
	}
	if (!thread->regs_dirty)
		return 0;
	CHECK(thread->regs_valid);
	if (ptrace(PTRACE_SETREGS, thread->tid, NULL, &thread->regs) < 0)
		return -errno;
	thread->regs_dirty = false;
	return 0;
}

int rec_tracee_get_regs(struct rec_tracee *thread, struct user_regs_struct *ret)
{
	if (thread->state == REC_GONE)
		return -ESRCH;
	const int r = rec__fetch_regs(thread);
	if (r < 0)
		return r;
	*ret = thread->regs;
	if (thread->answered)
		ret->rax = (uint64_t)thread->answer;
	return 0;
}

int rec_tracee_set_regs(struct rec_tracee *thread, const struct user_regs_struct *regs)
{
	if (thread->state == REC_GONE)
		return -ESRCH;
	CHECK(thread->state == REC_TRAPPED);
	if (regs->fs_base >= REC_USER_END || regs->gs_base >= REC_USER_END)
		return -EPERM;
	thread->regs = *regs;
	thread->regs.orig_rax = (uint64_t)-1;
	thread->regs.cs = 0x33;
	thread->regs.ss = 0x2b;
	thread->regs_valid = true;
	thread->regs_dirty = true;
	thread->pending = REC_PENDING_NONE;
	thread->answered = false;
	return 0;
}

int rec_tracee_set_tls(struct rec_tracee *thread, uint64_t fs_base)
{
	int r = rec_tracee_trap(thread);

	if (r == 0)
		r = rec__fetch_regs(thread);
	if (r < 0)
		return r;
	if (fs_base >= REC_USER_END)
		return -EPERM;
	thread->regs.fs_base = fs_base;
	thread->regs_dirty = true;
	return 0;
}

/* FXSAVE tells two things of the host: which mxcsr bits exist (AMD has one more), and whether the x87 pointers are
 * kept without a pending exception (Intel: yes).  Both are pinned. */
static void normalise_fpregs(struct user_fpregs_struct *fp)
{
	const bool exception = fp->swd & 0x80;

	fp->mxcr_mask = 0xffff;
	memset(fp->padding, 0, sizeof(fp->padding));
	if (!exception) {
		fp->fop = 0;
		fp->rip = 0;
		fp->rdp = 0;
	}
}

int rec_tracee_get_fpregs(struct rec_tracee *thread, struct user_fpregs_struct *ret)
{
	if (thread->state == REC_GONE)
		return -ESRCH;
	CHECK(thread->state == REC_TRAPPED);
	struct user_fpregs_struct fp;
	if (ptrace(PTRACE_GETFPREGS, thread->tid, NULL, &fp) < 0)
		return -errno;
	normalise_fpregs(&fp);
	*ret = fp;
	return 0;
}

int rec_tracee_set_fpregs(struct rec_tracee *thread, const struct user_fpregs_struct *regs)
{
	if (thread->state == REC_GONE)
		return -ESRCH;
	CHECK(thread->state == REC_TRAPPED);
	struct user_fpregs_struct fp = *regs;
	normalise_fpregs(&fp);
	return ptrace(PTRACE_SETFPREGS, thread->tid, NULL, &fp) < 0 ? -errno : 0;
}

int rec_tracee_get_xstate(struct rec_tracee *thread, void *ret, size_t *size)
{
	struct iovec iov = {ret, *size};

	if (thread->state == REC_GONE)
		return -ESRCH;
	CHECK(thread->state == REC_TRAPPED);
	if (ptrace(PTRACE_GETREGSET, thread->tid, NT_X86_XSTATE, &iov) < 0)
		return -errno;
	*size = iov.iov_len;
	return 0;
}

/* Number 4 and 5 are aliases of 6 and 7. */
static bool is_debug_register(unsigned number)
{
	return number < 4 || number == 6 || number == 7;
}

int rec_tracee_set_debug(struct rec_tracee *thread, unsigned number, uint64_t value)
{
	if (thread->state == REC_GONE)
		return -ESRCH;
	CHECK(thread->state == REC_TRAPPED && is_debug_register(number));
	const size_t offset = offsetof(struct user, u_debugreg) + number * sizeof(uint64_t);
	return ptrace(PTRACE_POKEUSER, thread->tid, offset, value) < 0 ? -errno : 0;
}

int rec_tracee_get_debug(struct rec_tracee *thread, unsigned number, uint64_t *ret)
{
	if (thread->state == REC_GONE)
		return -ESRCH;
	CHECK(thread->state == REC_TRAPPED && is_debug_register(number));
	errno = 0;
	const long value = ptrace(PTRACE_PEEKUSER, thread->tid,
				  offsetof(struct user, u_debugreg) + number * sizeof(uint64_t), NULL);
	if (errno)
		return -errno;
	*ret = (uint64_t)value;
	return 0;
}
