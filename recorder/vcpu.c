/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vcpu.c - the one processor that every program sees on every host.
 *
 * Programs choose code by cpuid: glibc its memcpy, OpenSSL its ciphers, a JIT what it generates.  A trace is to
 * replay on another machine, so every program is shown the same processor, and one that any host since 2009 contains:
 * exactly x86-64-v2, with the name and the caches of a Nehalem (glibc derives its thresholds from leaf 4 only
 * for vendors that it knows, and prefers unaligned copies on just this model).
 *
 * Hidden on purpose:
 *  - rdrand, rdseed, TSX, waitpkg, rdpid, rdtscp (the instruction traps all the same): they answer
 *    differently every time, and cannot be made to trap.
 *  - XSAVE, and with it AVX.  xgetbv tells the host's set of features and cannot be trapped, and the size of
 *    signal frames and of what _dl_runtime_resolve saves on the stack would follow the host.
 *  - ERMS, BMI, MOVBE, AES, PCLMUL: not in x86-64-v2, so not on every host.
 *
 * A program that executes such an instruction without asking gets the host's: cpuid is a promise of programs, not a
 * fence around them.  Known to differ between hosts all the same: lsl of the per-processor segment (an old getcpu),
 * sgdt and sidt without UMIP, mxcsr_mask and the x87 pointers that fxsave stores, and the low bits of rcpps and
 * rsqrtps, which the architecture leaves to the maker.
 */
#include "vcpu.h"

#include <cpuid.h>
#include <stddef.h>
#include <string.h>
#include <sys/user.h>

#include "base/check.h"

/* Leaf 1: family 6, model 0x1a, stepping 5. */
#define SIGNATURE 0x000106a5u
/* Lines of 64 bytes for clflush, one logical processor, APIC id 0. */
#define BRAND_EBX 0x00010800u

#define ECX1_SSE3	(1u << 0)
#define ECX1_SSSE3	(1u << 9)
#define ECX1_CX16	(1u << 13)
#define ECX1_SSE41	(1u << 19)
#define ECX1_SSE42	(1u << 20)
#define ECX1_POPCNT	(1u << 23)
#define ECX1 (ECX1_SSE3 | ECX1_SSSE3 | ECX1_CX16 | ECX1_SSE41 | ECX1_SSE42 | ECX1_POPCNT)

/* fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2:
 * what any 64-bit processor has. */
#define EDX1 0x078bfbffu
/* Those of them that a program can use: fpu tsc cx8 cmov clflush mmx fxsr sse sse2. */
#define EDX1_USER 0x07888111u

#define EXT_ECX 0x00000001u	/* lahf_lm */
#define EXT_EDX 0x20100800u	/* syscall nx lm */
#define EXT_EDX_USER 0x20000800u

struct row {
	uint32_t leaf;
	uint32_t subleaf;
	bool any_subleaf;
	struct rec_cpuid answer;
};

/* Cache of leaf 4: type (1 data, 2 code, 3 both), level; one processor shares it; lines of 64 bytes. */
#define CACHE(type, level, ways, sets)                                                             \
	{ (type) | (level) << 5 | 1u << 8, ((ways) - 1u) << 22 | 63u, (sets) - 1u, 0 }

static const struct row rows[] = {
	{0, 0, true, {7, 0x756e6547, 0x6c65746e, 0x49656e69}},	/* "GenuineIntel" */
	{1, 0, true, {SIGNATURE, BRAND_EBX, ECX1, EDX1}},
	{2, 0, true, {0x0000ff01, 0, 0, 0}},			/* "see leaf 4" */
	{4, 0, false, CACHE(1, 1, 8, 64)},			/* 32 KiB */
	{4, 1, false, CACHE(2, 1, 8, 64)},			/* 32 KiB */
	{4, 2, false, CACHE(3, 2, 8, 512)},			/* 256 KiB */
	{4, 3, false, CACHE(3, 3, 16, 8192)},			/* 8 MiB */
	{0x80000000, 0, true, {0x80000008, 0, 0, 0}},
	{0x80000001, 0, true, {0, 0, EXT_ECX, EXT_EDX}},
	{0x80000006, 0, true, {0, 0, 0x01006040, 0}},		/* L2: 256 KiB, 8 ways, 64-byte lines */
	{0x80000007, 0, true, {0, 0, 0, 1u << 8}},		/* the TSC is constant: it is the virtual clock */
	{0x80000008, 0, true, {0x00003028, 0, 0, 0}},		/* 40 bits physical, 48 virtual */
};

static const char brand[48] = "hindcast virtual CPU";

struct rec_cpuid rec_vcpu_cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct rec_cpuid answer = {0};

	if (leaf >= 0x80000002 && leaf <= 0x80000004) {
		memcpy(&answer, brand + 16 * (leaf - 0x80000002), sizeof(answer));
		return answer;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].leaf == leaf && (rows[i].any_subleaf || rows[i].subleaf == subleaf))
			return rows[i].answer;
	return answer;
}

uint32_t rec_vcpu_hwcap(void)
{
	return EDX1;
}

bool rec_vcpu_runs_here(const char **ret_reason)
{
	unsigned a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || (c & ECX1) != ECX1 || (d & EDX1_USER) != EDX1_USER) {
		*ret_reason = "this processor (or virtual machine) lacks SSE4.2, POPCNT or CMPXCHG16B; "
			      "programs are shown an x86-64-v2 processor";
		return false;
	}
	if (!__get_cpuid(0x80000001, &a, &b, &c, &d) || (c & EXT_ECX) != EXT_ECX ||
	    (d & EXT_EDX_USER) != EXT_EDX_USER) {
		*ret_reason = "this processor (or virtual machine) lacks LAHF in 64-bit mode";
		return false;
	}
	return true;
}

void rec_vcpu_execute(struct user_regs_struct *regs)
{
	CHECK(regs);
	const struct rec_cpuid answer = rec_vcpu_cpuid((uint32_t)regs->rax, (uint32_t)regs->rcx);

	/* 32-bit results clear the upper halves, as the instruction does. */
	regs->rax = answer.eax;
	regs->rbx = answer.ebx;
	regs->rcx = answer.ecx;
	regs->rdx = answer.edx;
}
