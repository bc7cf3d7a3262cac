/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aspace.c - where the mappings of a process lie.
 *
 * The host could choose addresses too, but its choice depends on its version, its limits and what else it
 * maps; programs print addresses, hash them and order by them.  So the choice is ours: top down from
 * REC_MMAP_TOP, the highest hole that is large enough.
 *
 * A sorted array: programs have tens to hundreds of mappings, and a search by halves beats a tree there.
 */
#include "aspace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "tracee.h"

void rec_aspace_init(struct rec_aspace *as)
{
	*as = (struct rec_aspace) { 0 };
}

void rec_aspace_done(struct rec_aspace *as)
{
	free(as->vmas);
	rec_aspace_init(as);
}

void rec_aspace_copy(struct rec_aspace *to, const struct rec_aspace *from)
{
	*to = *from;
	to->capacity = from->count;
	to->vmas = NULL;
	if (from->count) {
		to->vmas = malloc(from->count * sizeof(*to->vmas));
		CHECK(to->vmas != NULL);
		memcpy(to->vmas, from->vmas, from->count * sizeof(*to->vmas));
	}
}

/* Index of the first mapping that ends after addr. */
static size_t first_after(const struct rec_aspace *as, uint64_t addr)
{
	size_t low = 0, high = as->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (as->vmas[middle].end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct rec_vma *rec_aspace_at(const struct rec_aspace *as, uint64_t addr)
{
	size_t i = first_after(as, addr);

	return i < as->count && as->vmas[i].start <= addr ? &as->vmas[i] : NULL;
}

bool rec_aspace_allowed(uint64_t start, uint64_t size)
{
	return size && start >= REC_ASPACE_LOW && start < REC_STUB_ADDR && size <= REC_STUB_ADDR - start;
}

bool rec_aspace_free(const struct rec_aspace *as, uint64_t start, uint64_t size)
{
	size_t i = first_after(as, start);

	return i == as->count || as->vmas[i].start >= start + size;
}

uint64_t rec_aspace_find(const struct rec_aspace *as, uint64_t size, uint64_t hint)
{
	if (!size || size > REC_MMAP_TOP)
		return 0;
	if (hint && rec_aspace_allowed(hint, size) && rec_aspace_free(as, hint, size))
		return hint;
	return rec_aspace_find_below(as, size, REC_MMAP_TOP);
}

uint64_t rec_aspace_next(const struct rec_aspace *as, uint64_t addr)
{
	size_t i = first_after(as, addr);

	return i < as->count ? as->vmas[i].start : UINT64_MAX;
}

uint64_t rec_aspace_find_below(const struct rec_aspace *as, uint64_t size, uint64_t top)
{
	for (size_t i = first_after(as, top - 1); ; i--) {
		if (i < as->count && as->vmas[i].start < top)
			top = as->vmas[i].start;
		uint64_t floor = i > 0 ? as->vmas[i - 1].end : REC_ASPACE_LOW;

		if (top >= floor && top - floor >= size)
			return top - size;
		if (i == 0)
			return 0;
	}
}

/* Makes a boundary at addr. */
static void split(struct rec_aspace *as, uint64_t addr)
{
	size_t i = first_after(as, addr);

	if (i == as->count || as->vmas[i].start >= addr)
		return;
	if (as->count == as->capacity) {
		as->capacity = as->capacity ? 2 * as->capacity : 64;
		as->vmas = reallocarray(as->vmas, as->capacity, sizeof(*as->vmas));
		CHECK(as->vmas != NULL);
	}
	memmove(as->vmas + i + 1, as->vmas + i, (as->count - i) * sizeof(*as->vmas));
	as->count++;
	as->vmas[i].end = addr;
	as->vmas[i + 1].offset += addr - as->vmas[i + 1].start;
	as->vmas[i + 1].start = addr;
}

void rec_aspace_unmap(struct rec_aspace *as, uint64_t start, uint64_t size)
{
	if (!as->count)
		return;
	split(as, start);
	split(as, start + size);
	size_t first = first_after(as, start), last = first;

	while (last < as->count && as->vmas[last].start < start + size)
		last++;
	if (last > first)
		memmove(as->vmas + first, as->vmas + last, (as->count - last) * sizeof(*as->vmas));
	as->count -= last - first;
}

/* Whether b continues a, so that one entry can stand for both. */
static bool continues(const struct rec_vma *a, const struct rec_vma *b)
{
	return a->end == b->start && a->prot == b->prot && a->flags == b->flags && a->ino == b->ino &&
	       (!a->ino || a->offset + (a->end - a->start) == b->offset);
}

/* Joins entry i with the one before it when they are one. */
static void join(struct rec_aspace *as, size_t i)
{
	if (i == 0 || i >= as->count || !continues(&as->vmas[i - 1], &as->vmas[i]))
		return;
	as->vmas[i - 1].end = as->vmas[i].end;
	memmove(as->vmas + i, as->vmas + i + 1, (as->count - i - 1) * sizeof(*as->vmas));
	as->count--;
}

int rec_aspace_map(struct rec_aspace *as, const struct rec_vma *vma)
{
	CHECK(vma->start < vma->end);
	if (as->count + 2 > REC_VMA_MAX)
		return -ENOMEM;
	rec_aspace_unmap(as, vma->start, vma->end - vma->start);
	size_t i = first_after(as, vma->start);

	if (as->count == as->capacity) {
		as->capacity = as->capacity ? 2 * as->capacity : 64;
		as->vmas = reallocarray(as->vmas, as->capacity, sizeof(*as->vmas));
		CHECK(as->vmas != NULL);
	}
	memmove(as->vmas + i + 1, as->vmas + i, (as->count - i) * sizeof(*as->vmas));
	as->count++;
	as->vmas[i] = *vma;
	join(as, i + 1);
	join(as, i);
	return 0;
}

int rec_aspace_protect(struct rec_aspace *as, uint64_t start, uint64_t size, int prot)
{
	uint64_t end = start + size;

	for (uint64_t at = start; at < end;) {
		const struct rec_vma *vma = rec_aspace_at(as, at);

		if (!vma)
			return -ENOMEM;
		at = vma->end;
	}
	split(as, start);
	split(as, end);
	for (size_t i = first_after(as, start); i < as->count && as->vmas[i].start < end; i++)
		as->vmas[i].prot = prot;
	for (size_t i = as->count; i-- > 0;)
		if (as->vmas[i].end >= start && as->vmas[i].start <= end)
			join(as, i);
	return 0;
}
