/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cacheflush.h - there is no cache to flush.  But the kernel says by flush_dcache_page() that it has written to a page
 * which programs map, or is about to look at one, and that is what a host wants to know of a ring's pages.
 */
#ifndef _ASM_HINDCAST_CACHEFLUSH_H
#define _ASM_HINDCAST_CACHEFLUSH_H

#include <linux/compiler.h>

struct page;

extern unsigned int kg_ring_maps;	/* rings that programs map now */
void kg_ring_page(struct page *page);

#define ARCH_IMPLEMENTS_FLUSH_DCACHE_PAGE 1
static inline void flush_dcache_page(struct page *page)
{
	if (unlikely(kg_ring_maps))
		kg_ring_page(page);
}

#include <asm-generic/cacheflush.h>

#endif
