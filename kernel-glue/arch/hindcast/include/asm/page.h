/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_HINDCAST_PAGE_H
#define _ASM_HINDCAST_PAGE_H

#include <linux/const.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE (_AC(1, UL) << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))

#ifndef __ASSEMBLY__
/*
 * Node memory, as the host has mapped it.  "Physical" addresses count from its start: were they
 * the host's, boot would take most of its time to mark the hole below as unavailable.
 */
extern unsigned long kg_memory_base;
extern unsigned long kg_memory_end;

#define PAGE_OFFSET kg_memory_base

typedef struct {
	unsigned long pte;
} pte_t;
typedef struct {
	unsigned long pgd;
} pgd_t;
typedef struct {
	unsigned long pgprot;
} pgprot_t;
typedef struct page *pgtable_t;

#define pte_val(x) ((x).pte)
#define pgd_val(x) ((x).pgd)
#define pgprot_val(x) ((x).pgprot)
#define __pte(x) ((pte_t){ (x) })
#define __pgd(x) ((pgd_t){ (x) })
#define __pgprot(x) ((pgprot_t){ (x) })

#define clear_page(page) memset((page), 0, PAGE_SIZE)
#define copy_page(to, from) memcpy((to), (from), PAGE_SIZE)
#define clear_user_page(page, vaddr, pg) clear_page(page)
#define copy_user_page(to, from, vaddr, pg) copy_page(to, from)

#define __pa(x) ((unsigned long)(x) - kg_memory_base)
#define __va(x) ((void *)((unsigned long)(x) + kg_memory_base))

#define virt_to_pfn(kaddr) (__pa(kaddr) >> PAGE_SHIFT)
#define pfn_to_virt(pfn) __va((unsigned long)(pfn) << PAGE_SHIFT)
#define virt_to_page(addr) pfn_to_page(virt_to_pfn(addr))
#define page_to_virt(page) pfn_to_virt(page_to_pfn(page))
#define page_to_phys(page) ((phys_addr_t)page_to_pfn(page) << PAGE_SHIFT)
#define phys_to_page(phys) pfn_to_page((phys) >> PAGE_SHIFT)

#define virt_addr_valid(kaddr)						\
	((unsigned long)(kaddr) >= kg_memory_base && (unsigned long)(kaddr) < kg_memory_end)

#include <asm-generic/memory_model.h>
#include <asm-generic/getorder.h>
#endif

#endif
