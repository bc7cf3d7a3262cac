/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attached.c - mappings that the kernel counts: System V segments (shm.c) and packet rings (ring.c).
 *
 * The bytes are files of the host's and the mappings native, but what hangs on them is the kernel's: when a segment
 * goes, whether a ring may change.  So the kernel is told of every fork that doubles such a mapping, and of every end:
 * by shmdt, munmap, another mapping in its place, exec or exit.
 */
#include "node-int.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

void rec__attach(struct rec_memory *memory, const struct rec_attached *fresh)
{
	memory->attached = reallocarray(memory->attached, memory->attached_count + 1, sizeof(*memory->attached));
	CHECK(memory->attached != NULL);
	memory->attached[memory->attached_count++] = *fresh;
}

const struct rec_attached *rec__attached_at(const struct rec_memory *memory, uint64_t addr)
{
	for (size_t i = 0; i < memory->attached_count; i++)
		if (memory->attached[i].addr == addr)
			return &memory->attached[i];
	return NULL;
}

static void tell_gone(struct rec_node *node, kg_cookie task, const struct rec_attached *what)
{
	if (what->is_ring)
		rec__ring_unmap(node, what->id);
	else
		rec__init_call(node, task, KG_NR_SHM_DT, what->id, 0, 0, 0, 0, 0);
}

/* Whether any part of it is still mapped. */
static bool is_there(const struct rec_aspace *as, const struct rec_attached *what)
{
	uint64_t at = what->addr;

	while (at < what->addr + what->size) {
		const struct rec_vma *vma = rec_aspace_at(as, at);

		if (vma && vma->ino == what->ino)
			return true;
		at = vma ? vma->end : rec_aspace_next(as, at);
	}
	return false;
}

void rec__attached_check(struct rec_memory *memory, kg_cookie task)
{
	size_t kept = 0;

	for (size_t i = 0; i < memory->attached_count; i++) {
		const struct rec_attached what = memory->attached[i];

		if (is_there(&memory->as, &what))
			memory->attached[kept++] = what;
		else
			tell_gone(memory->node, task, &what);
	}
	memory->attached_count = kept;
}

void rec__attached_moved(struct rec_memory *memory, uint64_t from, uint64_t to, uint64_t size)
{
	for (size_t i = 0; i < memory->attached_count; i++)
		if (memory->attached[i].addr == from) {
			memory->attached[i].addr = to;
			memory->attached[i].size = size;
		}
}

void rec__attached_fork(struct rec_memory *child, const struct rec_memory *parent)
{
	for (size_t i = 0; i < parent->attached_count; i++) {
		const struct rec_attached *what = &parent->attached[i];

		rec__attach(child, what);
		if (what->is_ring)
			rec__ring_dup(child->node, what->id);
		else
			rec__init_call(child->node, KG_INIT, KG_NR_SHM_DUP, what->id, 0, 0, 0, 0, 0);
	}
}

void rec__attached_done(struct rec_memory *memory)
{
	for (size_t i = 0; i < memory->attached_count; i++)
		tell_gone(memory->node, KG_INIT, &memory->attached[i]);
	free(memory->attached);
	memory->attached = NULL;
	memory->attached_count = 0;
}
