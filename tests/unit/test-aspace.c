/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory map against a plain array of pages, over random operations. */
#include "aspace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tracee.h"

#define PAGES 64
#define BASE 0x100000ULL
#define PAGE 4096ULL

static int model[PAGES];	/* 0 free, else prot + 1 */

static void fail(unsigned seed, unsigned step, const char *what, uint64_t want, uint64_t got)
{
	printf("seed %u step %u: %s: expected %#llx, got %#llx\n", seed, step, what,
	       (unsigned long long)want, (unsigned long long)got);
	exit(1);
}

static void compare(const struct rec_aspace *as, unsigned seed, unsigned step)
{
	for (unsigned i = 0; i < PAGES; i++) {
		const struct rec_vma *vma = rec_aspace_at(as, BASE + i * PAGE + 5);
		int got = vma ? vma->prot + 1 : 0;

		if (got != model[i])
			fail(seed, step, "protection", (uint64_t)model[i], (uint64_t)got);
	}
	for (size_t i = 1; i < as->count; i++)
		if (as->vmas[i - 1].end > as->vmas[i].start)
			fail(seed, step, "overlap", as->vmas[i - 1].end, as->vmas[i].start);
}

static void run(unsigned seed)
{
	struct rec_aspace as, copy;

	rec_aspace_init(&as);
	memset(model, 0, sizeof(model));
	srandom(seed);
	for (unsigned step = 0; step < 400; step++) {
		unsigned first = (unsigned)random() % PAGES, count = 1 + (unsigned)random() % (PAGES - first);
		int prot = (int)random() % 4;
		uint64_t start = BASE + first * PAGE, size = count * PAGE;
		bool whole = true;

		switch (random() % 3) {
		case 0:
			rec_aspace_map(&as, &(struct rec_vma) { .start = start, .end = start + size, .prot = prot,
								.flags = MAP_PRIVATE });
			for (unsigned i = first; i < first + count; i++)
				model[i] = prot + 1;
			break;
		case 1:
			rec_aspace_unmap(&as, start, size);
			for (unsigned i = first; i < first + count; i++)
				model[i] = 0;
			break;
		default:
			for (unsigned i = first; i < first + count; i++)
				whole &= model[i] != 0;
			if ((rec_aspace_protect(&as, start, size, prot) == 0) != whole)
				fail(seed, step, "mprotect of a hole", !whole, whole);
			for (unsigned i = first; whole && i < first + count; i++)
				model[i] = prot + 1;
		}
		compare(&as, seed, step);
	}
	rec_aspace_copy(&copy, &as);
	compare(&copy, seed, 1000);
	rec_aspace_done(&copy);
	rec_aspace_done(&as);
}

static void places(void)
{
	struct rec_aspace as;
	uint64_t top = REC_MMAP_TOP;

	rec_aspace_init(&as);
	if (rec_aspace_find(&as, PAGE, 0) != top - PAGE)
		fail(0, 0, "first place", top - PAGE, rec_aspace_find(&as, PAGE, 0));
	rec_aspace_map(&as, &(struct rec_vma) { .start = top - 3 * PAGE, .end = top - 2 * PAGE });
	if (rec_aspace_find(&as, 2 * PAGE, 0) != top - 2 * PAGE)
		fail(0, 1, "hole at the top", top - 2 * PAGE, rec_aspace_find(&as, 2 * PAGE, 0));
	if (rec_aspace_find(&as, 3 * PAGE, 0) != top - 6 * PAGE)
		fail(0, 2, "below", top - 6 * PAGE, rec_aspace_find(&as, 3 * PAGE, 0));
	if (rec_aspace_find(&as, PAGE, BASE) != BASE)
		fail(0, 3, "hint", BASE, rec_aspace_find(&as, PAGE, BASE));
	if (rec_aspace_find(&as, 1ULL << 60, 0) != 0)
		fail(0, 4, "too large", 0, rec_aspace_find(&as, 1ULL << 60, 0));
	rec_aspace_done(&as);
}

int main(void)
{
	places();
	for (unsigned seed = 1; seed <= 50; seed++)
		run(seed);
	return 0;
}
