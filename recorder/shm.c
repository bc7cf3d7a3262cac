/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shm.c - attachments of System V shared memory.
 *
 * Segments, their rights and their counts are the kernel's (ipc/shm.c); their bytes are a file of the host, and the
 * mapping of it is made here.  The kernel counts one attachment for each shmat; attached.c tells it of forks and ends.
 */
#include "node-int.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/shm.h>

#define PAGE 4096ULL

/* Where a segment goes.  The address, or -errno. */
static int64_t place_segment(const struct rec_aspace *as, uint64_t addr, uint64_t size, int flags)
{
	if (!addr)
		return flags & SHM_REMAP ? -EINVAL : rec__place(as, 0, size, 0);
	if (addr % PAGE && !(flags & SHM_RND))
		return -EINVAL;
	addr &= ~(PAGE - 1);
	if (!rec_aspace_allowed(addr, size) || (!(flags & SHM_REMAP) && !rec_aspace_free(as, addr, size)))
		return -EINVAL;
	return (int64_t)addr;
}

static int64_t map_segment(struct rec_node *node, struct rec_thread *t, uint64_t ino, uint64_t size)
{
	const int flags = (int)t->call.args[2];
	const int64_t addr = place_segment(&t->memory->as, t->call.args[1], size, flags);
	struct rec_vma vma = { .prot = PROT_READ, .flags = MAP_SHARED, .ino = ino };
	const int fd = rec_nodefs_fd(node->fs, ino, /* writable= */ true);

	if (addr < 0)
		return addr;
	if (fd < 0)
		return fd;
	if (flags & SHM_RDONLY)
		vma.flags |= REC_VMA_READONLY;
	else
		vma.prot |= PROT_WRITE;
	if (flags & SHM_EXEC)
		vma.prot |= PROT_EXEC;
	vma.start = (uint64_t)addr;
	vma.end = vma.start + size;
	return rec__map_at(node, t, &vma, fd);
}

int64_t rec__shmat(struct rec_node *node, struct rec_thread *t)
{
	struct kg_fd what = { 0 };
	const uint64_t id = t->call.args[0];
	const int64_t asked = rec__init_call(node, t->cookie, KG_NR_SHM_AT, (uint64_t)(int64_t)(int)id,
					     t->call.args[2], REC_PTR(&what), 0, 0, 0);

	if (asked < 0)
		return asked;
	const uint64_t size = ((uint64_t)asked + PAGE - 1) & ~(PAGE - 1);
	const int64_t addr = map_segment(node, t, what.ino, size);

	if (addr < 0) {
		rec__init_call(node, t->cookie, KG_NR_SHM_DT, id, 0, 0, 0, 0, 0);
		return addr;
	}
	rec__attach(t->memory, &(struct rec_attached) { (uint64_t)addr, size, what.ino, id, .is_ring = false });
	return addr;
}

int64_t rec__shmdt(struct rec_thread *t)
{
	const struct rec_attached *what = rec__attached_at(t->memory, t->call.args[0]);

	if (!what || what->is_ring)
		return -EINVAL;
	return rec__unmap(t, what->addr, what->size);
}
