/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracee-tsc.c - makes rdtsc fault in the tracer too, which makes every call three times cheaper.
 *
 * PR_SET_TSC is a bit of CR4, and the host's kernel rewrites CR4 at each switch between a thread that has rdtsc and one
 * that has not.  On bare metal that is nothing.  In a virtual machine the write leaves the guest (always on AMD, with many
 * hypervisors on Intel), and two of them made a notified call cost 19 us instead of 7 on a loaded machine.  When
 * tracer and tracee agree about rdtsc, nothing is rewritten.
 *
 * The tracer itself still reads clocks now and then, through the host's vDSO, which uses rdtsc.  A
 * handler of SIGSEGV gives it the instruction back for a moment; everything else goes to the handler that
 * was there before.  A CLOCK_*_COARSE needs no rdtsc and so no signal.
 *
 * Threads that the tracer's thread creates inherit the state (and the handler's help).  Programs that it executes would
 * inherit the state without the help: rec_tracer_tsc(true) before a fork that will exec.
 */
#include <cpuid.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ucontext.h>
#include <x86intrin.h>

#include "base/check.h"
#include "tracee-int.h"

static struct sigaction old_action;
static bool shared;

static void allow(bool on)
{
	prctl(PR_SET_TSC, on ? PR_TSC_ENABLE : PR_TSC_SIGSEGV, 0, 0, 0);
}

bool rec_tracer_mend_tsc(const siginfo_t *info, void *context)
{
	greg_t *const regs = ((ucontext_t *)context)->uc_mcontext.gregs;
	const uint8_t *const code = (const uint8_t *)regs[REG_RIP];
	unsigned aux = 0;

	if (!shared || info->si_signo != SIGSEGV || info->si_code != SI_KERNEL || code[0] != 0x0f)
		return false;
	const bool is_rdtscp = code[1] == 0x01 && code[2] == 0xf9;
	if (!is_rdtscp && code[1] != 0x31)
		return false;
	allow(true);
	const uint64_t tsc = is_rdtscp ? __rdtscp(&aux) : __rdtsc();
	allow(false);
	regs[REG_RAX] = (greg_t)(uint32_t)tsc;
	regs[REG_RDX] = (greg_t)(tsc >> 32);
	if (is_rdtscp)
		regs[REG_RCX] = (greg_t)aux;
	regs[REG_RIP] += is_rdtscp ? 3 : 2;
	return true;
}

static void on_sigsegv(int signo, siginfo_t *info, void *context)
{
	const int saved = errno;
	const bool mended = rec_tracer_mend_tsc(info, context);

	errno = saved;
	if (mended)
		return;
	if (old_action.sa_flags & SA_SIGINFO)
		old_action.sa_sigaction(signo, info, context);
	else if (old_action.sa_handler != SIG_DFL && old_action.sa_handler != SIG_IGN)
		old_action.sa_handler(signo);
	else
		sigaction(SIGSEGV, &old_action, NULL);	/* the instruction faults again, for good */
}

static bool is_virtual_machine(void)
{
	unsigned a, b, c, d;

	return __get_cpuid(1, &a, &b, &c, &d) && (c & 1u << 31);
}

void rec__tsc_share(void)
{
	struct sigaction action = {.sa_sigaction = on_sigsegv,
				   .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};

	if (!is_virtual_machine())
		return;
	sigaction(SIGSEGV, &action, &old_action);
	shared = true;
	allow(false);
}

void rec__tsc_unshare(void)
{
	struct sigaction current;

	if (!shared)
		return;
	allow(true);
	shared = false;
	/* Somebody may have put a handler in front of ours; it stays. */
	if (sigaction(SIGSEGV, NULL, &current) == 0 && current.sa_sigaction == on_sigsegv)
		sigaction(SIGSEGV, &old_action, NULL);
}

void rec_tracer_tsc(bool on)
{
	if (shared)
		allow(on);
}
