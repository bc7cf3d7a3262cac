/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vcpu.h - the one processor that every program sees on every host. */
#ifndef REC_VCPU_H
#define REC_VCPU_H

#include <stdbool.h>
#include <stdint.h>

struct rec_cpuid {
	uint32_t eax, ebx, ecx, edx;
};

/* What cpuid answers in a tracee. */
struct rec_cpuid rec_vcpu_cpuid(uint32_t leaf, uint32_t subleaf);

/* AT_HWCAP, which is cpuid(1).edx. */
uint32_t rec_vcpu_hwcap(void);

/* Whether this host can run programs that believe in the virtual CPU; if not, a reason for a person. */
bool rec_vcpu_runs_here(const char **ret_reason);

/* In *regs: carries out cpuid with the leaf and subleaf that stand in rax and rcx. */
struct user_regs_struct;
void rec_vcpu_execute(struct user_regs_struct *regs);

#endif
