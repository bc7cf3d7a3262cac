/* SPDX-License-Identifier: GPL-2.0-or-later */
/* aspace.h - the address space of a process as hindcast lays it out: which mapping lies where. */
#ifndef REC_ASPACE_H
#define REC_ASPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rec_vma {
	uint64_t start, end;	/* multiples of the page size */
	int prot, flags;	/* PROT_*, MAP_SHARED or MAP_PRIVATE, MAP_GROWSDOWN ..., REC_VMA_READONLY */
	uint64_t ino;		/* file of the node, 0: anonymous */
	uint64_t offset;	/* in the file, of start */
};

#define REC_VMA_READONLY (1 << 30)	/* shared, and never to be writable */

struct rec_aspace {
	struct rec_vma *vmas;	/* sorted, disjoint */
	size_t count, capacity;
	uint64_t brk_start, brk;
};

#define REC_VMA_MAX 65530	/* as vm.max_map_count */
#define REC_ASPACE_LOW 0x10000ULL	/* as vm.mmap_min_addr */

void rec_aspace_init(struct rec_aspace *as);
void rec_aspace_done(struct rec_aspace *as);
void rec_aspace_copy(struct rec_aspace *to, const struct rec_aspace *from);
/* A free range of size bytes for mmap: at hint when that is free, else the highest below REC_MMAP_TOP.
 * 0: there is none. */
uint64_t rec_aspace_find(const struct rec_aspace *as, uint64_t size, uint64_t hint);
/* The same, with its end at or below top. */
uint64_t rec_aspace_find_below(const struct rec_aspace *as, uint64_t size, uint64_t top);
/* Start of the first mapping behind addr, which is in none; UINT64_MAX: there is none. */
uint64_t rec_aspace_next(const struct rec_aspace *as, uint64_t addr);
/* Whether nothing lies in [start, start + size). */
bool rec_aspace_free(const struct rec_aspace *as, uint64_t start, uint64_t size);
/* Whether [start, start + size) lies where programs may map. */
bool rec_aspace_allowed(uint64_t start, uint64_t size);
/* The mapping that holds an address, NULL if none. */
const struct rec_vma *rec_aspace_at(const struct rec_aspace *as, uint64_t addr);
/* Puts a mapping in place of what was there.  0 or -ENOMEM (too many). */
int rec_aspace_map(struct rec_aspace *as, const struct rec_vma *vma);
void rec_aspace_unmap(struct rec_aspace *as, uint64_t start, uint64_t size);
/* 0, or -ENOMEM when part of the range is not mapped (nothing is changed then). */
int rec_aspace_protect(struct rec_aspace *as, uint64_t start, uint64_t size, int prot);

#endif
