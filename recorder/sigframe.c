/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sigframe.c - struct rt_sigframe of x86-64 Linux on a processor without XSAVE (vcpu.c hides it).
 *
 * From high to low addresses: the interrupted stack, 128 bytes of red zone (or the top of the alternate stack), the FXSAVE
 * area on a boundary of 64, the frame: return address, ucontext, siginfo.  Handlers get rdi, rsi, rdx and find the stack as
 * after a call.  The layout is ABI: unwinders, the JVM and Go read and change it.
 */
#include "sigframe.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "../kernel-glue/host.h"
#include "base/check.h"
#include "effect.h"
#include "tracee-int.h"

#define RED_ZONE 128
#define AUTODISARM (1u << 31)

#define EFLAGS_TF (1ULL << 8)
#define EFLAGS_DF (1ULL << 10)
#define EFLAGS_RF (1ULL << 16)
/* AC OF DF TF SF ZF AF PF CF and RF: what rt_sigreturn takes from the frame. */
#define EFLAGS_USER 0x50dd5ULL

#define UC_FLAGS 0x6	/* UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS */

struct sigcontext_words {
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, eflags;
	uint16_t cs, gs, fs, ss;
	uint64_t err, trapno, oldmask, cr2;
	uint64_t fpstate;
	uint64_t reserved[8];
};

struct frame {
	uint64_t restorer;
	uint64_t uc_flags;
	uint64_t uc_link;
	uint64_t altstack_sp;
	uint32_t altstack_flags;
	uint32_t pad;
	uint64_t altstack_size;
	struct sigcontext_words mc;
	uint64_t mask;
	uint8_t info[KG_SIGINFO_SIZE];
};

_Static_assert(sizeof(struct sigcontext_words) == 256, "ABI");
_Static_assert(offsetof(struct frame, mc) == 48, "ABI");
_Static_assert(offsetof(struct frame, info) == 312, "ABI");
_Static_assert(sizeof(struct frame) == 440, "ABI");
_Static_assert(sizeof(struct user_fpregs_struct) == 512, "ABI");

static bool on_altstack(const struct kg_signal *sig, uint64_t sp)
{
	return !(sig->altstack_flags & AUTODISARM) && sp > sig->altstack_sp &&
	       sp - sig->altstack_sp <= sig->altstack_size;
}

static bool has_altstack(const struct kg_signal *sig)
{
	return sig->altstack_size > 0 && !(sig->altstack_flags & SS_DISABLE);
}

/* The processor's account of a fault, as far as siginfo tells it. */
static void put_trap(struct sigcontext_words *mc, const siginfo_t *si, uint64_t fault_error)
{
	if (si->si_code <= 0)
		return;
	switch (si->si_signo) {
	case SIGSEGV:
		mc->trapno = si->si_code == SI_KERNEL ? 13 : 14;
		if (mc->trapno == 14) {
			mc->cr2 = (uint64_t)(uintptr_t)si->si_addr;
			mc->err = fault_error;
		}
		break;
	case SIGBUS:
		mc->trapno = si->si_code == BUS_ADRALN ? 17 : 14;
		mc->cr2 = mc->trapno == 14 ? (uint64_t)(uintptr_t)si->si_addr : 0;
		mc->err = mc->trapno == 14 ? fault_error : 0;
		break;
	case SIGILL:
		mc->trapno = 6;
		break;
	case SIGFPE:
		mc->trapno = si->si_code == FPE_INTDIV ? 0 : 19;
		break;
	case SIGTRAP:
		mc->trapno = si->si_code == SI_KERNEL ? 3 : 1;
		break;
	}
}

static void put_context(struct sigcontext_words *mc, const struct user_regs_struct *r, uint64_t fpstate)
{
	*mc = (struct sigcontext_words){
		.r8 = r->r8, .r9 = r->r9, .r10 = r->r10, .r11 = r->r11,
		.r12 = r->r12, .r13 = r->r13, .r14 = r->r14, .r15 = r->r15,
		.rdi = r->rdi, .rsi = r->rsi, .rbp = r->rbp, .rbx = r->rbx,
		.rdx = r->rdx, .rax = r->rax, .rcx = r->rcx, .rsp = r->rsp,
		.rip = r->rip, .eflags = r->eflags, .cs = 0x33, .ss = 0x2b, .fpstate = fpstate,
	};
}

/* Where the frame and its floating point state go. */
static int place(const struct kg_signal *sig, uint64_t rsp, uint64_t *ret_fpstate, uint64_t *ret_frame)
{
	uint64_t sp = rsp - RED_ZONE;
	const bool nested = on_altstack(sig, rsp);
	bool checked = nested && has_altstack(sig);

	if ((sig->flags & SA_ONSTACK) && has_altstack(sig) && !on_altstack(sig, sp)) {
		sp = sig->altstack_sp + sig->altstack_size;
		checked = true;
	}
	const uint64_t fpstate = (sp - sizeof(struct user_fpregs_struct)) & ~63ULL;
	const uint64_t frame = ((fpstate - sizeof(struct frame)) & ~15ULL) - 8;
	if (frame >= REC_OWN_START || fpstate < frame || rsp < RED_ZONE)
		return -EFAULT;
	if (checked && (frame <= sig->altstack_sp || frame - sig->altstack_sp > sig->altstack_size))
		return -EFAULT;
	*ret_fpstate = fpstate;
	*ret_frame = frame;
	return 0;
}

static void put_write(struct fmt_buf *list, uint64_t addr, const void *bytes, size_t size)
{
	const struct fmt_effect effect = {
		.op = FMT_EFFECT_WRITE, .addr = addr, .size = size, .bytes = bytes};

	fmt_effect_put(list, &effect);
}

int rec_sigframe_push(const struct kg_signal *sig, const struct user_regs_struct *before,
		      const struct user_fpregs_struct *fp, uint64_t fault_error,
		      struct fmt_buf *ret_effects, struct user_regs_struct *ret_after)
{
	struct user_fpregs_struct fpstate = *fp;
	struct frame frame = {
		.restorer = sig->restorer,
		.uc_flags = UC_FLAGS,
		.altstack_sp = sig->altstack_sp,
		.altstack_flags = has_altstack(sig) || sig->altstack_flags ? sig->altstack_flags
									   : SS_DISABLE,
		.altstack_size = sig->altstack_size,
		.mask = sig->saved_mask,
	};
	uint64_t fp_at, frame_at;
	siginfo_t si;

	CHECK(sig->handler != 0);
	const int r = place(sig, before->rsp, &fp_at, &frame_at);
	if (r < 0)
		return r;
	_Static_assert(sizeof(si) == KG_SIGINFO_SIZE, "ABI");
	memcpy(&si, sig->info, sizeof(si));
	memcpy(frame.info, sig->info, sizeof(frame.info));
	put_context(&frame.mc, before, fp_at);
	put_trap(&frame.mc, &si, fault_error);
	memset(fpstate.padding, 0, sizeof(fpstate.padding));	/* no extended state behind it */
	put_write(ret_effects, fp_at, &fpstate, sizeof(fpstate));
	put_write(ret_effects, frame_at, &frame, sizeof(frame));

	struct user_regs_struct after = *before;
	after.rdi = sig->signo;
	after.rsi = frame_at + offsetof(struct frame, info);
	after.rdx = frame_at + offsetof(struct frame, uc_flags);
	after.rax = 0;
	after.rsp = frame_at;
	after.rip = sig->handler;
	after.eflags &= ~(EFLAGS_DF | EFLAGS_RF | EFLAGS_TF);
	after.cs = 0x33;
	after.ss = 0x2b;
	*ret_after = after;
	return 0;
}

static void take_context(const struct sigcontext_words *mc, struct user_regs_struct *r)
{
	r->r8 = mc->r8, r->r9 = mc->r9, r->r10 = mc->r10, r->r11 = mc->r11;
	r->r12 = mc->r12, r->r13 = mc->r13, r->r14 = mc->r14, r->r15 = mc->r15;
	r->rdi = mc->rdi, r->rsi = mc->rsi, r->rbp = mc->rbp, r->rbx = mc->rbx;
	r->rdx = mc->rdx, r->rax = mc->rax, r->rcx = mc->rcx, r->rsp = mc->rsp;
	r->rip = mc->rip;
	r->eflags = (r->eflags & ~EFLAGS_USER) | (mc->eflags & EFLAGS_USER);
	r->orig_rax = (uint64_t)-1;
}

/* No pointer: the initial state, as Linux does. */
static int take_fp(struct rec_tracee *thread, uint64_t at, struct user_fpregs_struct *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->cwd = 0x37f;
	ret->mxcsr = 0x1f80;
	if (at == 0)
		return 0;
	if (rec_tracee_read(thread, ret, at, sizeof(*ret)))
		return -EFAULT;
	return ret->mxcsr & ~0xffffu ? -EFAULT : 0;	/* reserved bits */
}

int rec_sigframe_pop(struct rec_tracee *thread, const struct user_regs_struct *at_sigreturn,
		     struct user_regs_struct *ret_regs, struct user_fpregs_struct *ret_fp,
		     struct rec_sigframe_rest *ret_rest)
{
	struct user_regs_struct regs = *at_sigreturn;
	struct user_fpregs_struct fp;
	struct frame frame;

	/* The handler's return has popped the restorer's address. */
	if (rec_tracee_read(thread, &frame, at_sigreturn->rsp - sizeof(frame.restorer), sizeof(frame)))
		return -EFAULT;
	const int r = take_fp(thread, frame.mc.fpstate, &fp);
	if (r < 0)
		return r;
	take_context(&frame.mc, &regs);
	*ret_regs = regs;
	*ret_fp = fp;
	*ret_rest = (struct rec_sigframe_rest){
		.mask = frame.mask,
		.altstack_sp = frame.altstack_sp,
		.altstack_size = frame.altstack_size,
		.altstack_flags = frame.altstack_flags,
	};
	return 0;
}
