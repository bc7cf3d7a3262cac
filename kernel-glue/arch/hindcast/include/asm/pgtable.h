/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_HINDCAST_PGTABLE_H
#define _ASM_HINDCAST_PGTABLE_H

/* There are no page tables; these are the names that generic code wants to compile. */
#include <asm-generic/pgtable-nopmd.h>
#include <linux/mm_types.h>
#include <asm/page.h>

#define PGDIR_SHIFT PAGE_SHIFT
#define pgd_present(pgd) (1)
#define pgd_none(pgd) (0)
#define pgd_bad(pgd) (0)
#define pgd_clear(pgdp)

#define PAGE_NONE __pgprot(0)
#define PAGE_SHARED __pgprot(0)
#define PAGE_COPY __pgprot(0)
#define PAGE_READONLY __pgprot(0)
#define PAGE_KERNEL __pgprot(0)

#define pgprot_noncached(prot) (prot)
#define pgprot_writecombine pgprot_noncached
#define pgprot_device pgprot_noncached

#define swapper_pg_dir ((pgd_t *)0)

extern unsigned char *kg_zero_page;
#define ZERO_PAGE(vaddr) virt_to_page(kg_zero_page)

#define VMALLOC_START 0UL
#define VMALLOC_END ~0UL

#endif
