/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
#ifndef _UAPI_ASM_HINDCAST_PTRACE_H
#define _UAPI_ASM_HINDCAST_PTRACE_H

#ifndef __ASSEMBLY__
/* What the kernel knows of a program's registers: the host has the rest. */
struct pt_regs {
	unsigned long ip;
	unsigned long sp;
	unsigned long orig_ax;
	unsigned long ax;
};
#endif

#endif
