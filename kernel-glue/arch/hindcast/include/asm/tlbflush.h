/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_HINDCAST_TLBFLUSH_H
#define _ASM_HINDCAST_TLBFLUSH_H

struct mm_struct;
static inline void flush_tlb_mm(struct mm_struct *mm) { }

#endif
