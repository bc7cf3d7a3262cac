/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_HINDCAST_FUTEX_H
#define _ASM_HINDCAST_FUTEX_H

#include <linux/types.h>

union futex_key;
struct mm_struct;

/* The key of a futex that may be shared between processes; see kernel/exec.c. */
void arch_futex_shared_key(u32 __user *uaddr, struct mm_struct *mm, union futex_key *key);
#define arch_futex_shared_key arch_futex_shared_key

#include <asm-generic/futex.h>

#endif
