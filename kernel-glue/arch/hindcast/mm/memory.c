// SPDX-License-Identifier: GPL-2.0-only
/* memory.c - a node's memory: one range of the host's address space. */
#include <linux/init.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <asm/page.h>
#include <asm/pgtable.h>

unsigned long kg_memory_base;
unsigned long kg_memory_end;
unsigned char *kg_zero_page;

void kg_memory_setup(void);

void __init kg_memory_setup(void)
{
	unsigned long zones[MAX_NR_ZONES] = { 0 };

	memblock_add(0, kg_memory_end - kg_memory_base);
	/* memblock takes the address 0 for a failure. */
	memblock_reserve(0, PAGE_SIZE);
	min_low_pfn = 0;
	max_low_pfn = PFN_DOWN(kg_memory_end - kg_memory_base);
	max_pfn = max_low_pfn;
	set_max_mapnr(max_low_pfn);
	high_memory = (void *)kg_memory_end;
	kg_zero_page = memblock_alloc(PAGE_SIZE, PAGE_SIZE);
	zones[ZONE_NORMAL] = max_low_pfn;
	free_area_init(zones);
}

void __init mem_init(void)
{
	memblock_free_all();
}
