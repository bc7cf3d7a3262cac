/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring.c - packet rings (PACKET_RX_RING, as tcpdump has) in the memory of programs.
 *
 * A ring is memory of the node's kernel that a program maps.  When the first one maps it, its pages get a file of the
 * node's own in memory under them, at the same addresses of the kernel: then kernel and programs share them natively, as
 * they do on a real machine, and for a trace the ring is one more file that is mapped.  The kernel says which pages it has
 * written (ring_page), and these are told as stores into the file.  What programs write back needs no telling: they
 * write it in replay as well.
 */
#include "node-int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"

#define PAGE 4096ULL

struct rec_ring {
	uint64_t id;		/* the kernel's */
	uint64_t ino;		/* the file of the node that holds it */
	unsigned maps;		/* mappings of programs */
	struct kg_block *blocks;
	size_t block_count;
};

static struct rec_ring *ring_of(struct rec_node *node, uint64_t id)
{
	for (size_t i = 0; i < node->ring_count; i++)
		if (node->rings[i].id == id)
			return &node->rings[i];
	return NULL;
}

/* The offset in the ring's file of an address of the kernel's; false: it is not in this ring. */
static bool offset_of(const struct rec_ring *ring, uint64_t addr, uint64_t *ret)
{
	uint64_t offset = 0;

	for (size_t i = 0; i < ring->block_count; i++) {
		const struct kg_block *block = &ring->blocks[i];

		if (addr >= block->addr && addr < block->addr + block->size) {
			*ret = offset + (addr - block->addr);
			return true;
		}
		offset += block->size;
	}
	return false;
}

static void get_blocks(struct rec_node *node, struct rec_ring *ring)
{
	struct kg_block block;

	while (rec__init_call(node, KG_INIT, KG_NR_RING_BLOCK, ring->id, ring->block_count, REC_PTR(&block), 0, 0, 0) > 0) {
		ring->blocks = reallocarray(ring->blocks, ring->block_count + 1, sizeof(block));
		CHECK(ring->blocks != NULL);
		ring->blocks[ring->block_count++] = block;
	}
}

/* Gives the kernel's pages a file under them, with the bytes that they have.  0 or -errno. */
static int put_file_under(struct rec_node *node, const struct rec_ring *ring)
{
	const int fd = rec_nodefs_fd(node->fs, ring->ino, /* writable= */ true);
	uint64_t offset = 0;

	if (fd < 0)
		return fd;
	for (size_t i = 0; i < ring->block_count; i++) {
		const struct kg_block *block = &ring->blocks[i];

		if (pwrite(fd, (void *)block->addr, block->size, (off_t)offset) != (ssize_t)block->size)
			return -EIO;
		offset += block->size;
	}
	offset = 0;
	for (size_t i = 0; i < ring->block_count; i++) {
		const struct kg_block *block = &ring->blocks[i];

		if (mmap((void *)block->addr, block->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
			 (off_t)offset) == MAP_FAILED)
			return -errno;
		offset += block->size;
	}
	return 0;
}

/* The kernel's pages become its own again, and keep their bytes. */
static void take_file_away(const struct rec_ring *ring)
{
	for (size_t i = 0; i < ring->block_count; i++) {
		const struct kg_block *block = &ring->blocks[i];
		_cleanup_free_ void *bytes = malloc(block->size);

		CHECK(bytes != NULL);
		memcpy(bytes, (void *)block->addr, block->size);
		CHECK(mmap((void *)block->addr, block->size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
		memcpy((void *)block->addr, bytes, block->size);
	}
}

static void forget(struct rec_node *node, struct rec_ring *ring)
{
	rec_nodefs_close(node->fs, ring->ino);
	free(ring->blocks);
	*ring = node->rings[--node->ring_count];
}

/* 0 or -errno; *ret is the node's.  The kernel has counted the mapping already. */
static int ring_new(struct rec_node *node, uint64_t id, uint64_t size, struct rec_ring **ret)
{
	node->rings = reallocarray(node->rings, node->ring_count + 1, sizeof(*node->rings));
	CHECK(node->rings != NULL);
	struct rec_ring *ring = &node->rings[node->ring_count];

	*ring = (struct rec_ring) { .id = id };
	int r = rec_nodefs_unnamed(node->fs, "packet-ring", size, &ring->ino);

	if (r < 0)
		return r;
	node->ring_count++;
	get_blocks(node, ring);
	r = put_file_under(node, ring);
	if (r < 0)
		forget(node, ring);
	else
		*ret = ring;
	return r;
}

static int64_t map_ring(struct rec_node *node, struct rec_thread *t, uint64_t id, struct rec_vma *vma)
{
	const uint64_t size = vma->end - vma->start;
	struct rec_ring *ring = ring_of(node, id);
	const int r = ring ? 0 : ring_new(node, id, size, &ring);

	if (r < 0)
		return r;
	vma->ino = ring->ino;
	const int64_t addr = rec__map_at(node, t, vma, rec_nodefs_fd(node->fs, ring->ino, /* writable= */ true));

	if (addr >= 0) {
		ring->maps++;
		rec__attach(t->memory, &(struct rec_attached) { vma->start, size, ring->ino, id, .is_ring = true });
	} else if (!ring->maps) {
		take_file_away(ring);
		forget(node, ring);
	}
	return addr;
}

int64_t rec__ring_map(struct rec_node *node, struct rec_thread *t, int fd, struct rec_vma *vma)
{
	uint64_t id = 0;

	if (vma->offset || !(vma->flags & MAP_SHARED))
		return -EINVAL;
	int64_t r = rec__init_call(node, t->cookie, KG_NR_RING_MAP, (uint64_t)(int64_t)fd, vma->end - vma->start,
				   REC_PTR(&id), 0, 0, 0);

	if (r < 0)
		return r;
	r = map_ring(node, t, id, vma);
	if (r < 0)
		rec__init_call(node, KG_INIT, KG_NR_RING_UNMAP, id, 0, 0, 0, 0, 0);
	return r;
}

void rec__ring_dup(struct rec_node *node, uint64_t id)
{
	struct rec_ring *ring = ring_of(node, id);

	CHECK(ring != NULL);
	ring->maps++;
	rec__init_call(node, KG_INIT, KG_NR_RING_DUP, id, 0, 0, 0, 0, 0);
}

void rec__ring_unmap(struct rec_node *node, uint64_t id)
{
	struct rec_ring *ring = ring_of(node, id);

	CHECK(ring != NULL);
	if (--ring->maps == 0) {
		take_file_away(ring);
		forget(node, ring);
	}
	rec__init_call(node, KG_INIT, KG_NR_RING_UNMAP, id, 0, 0, 0, 0, 0);
}

void rec__rings_done(struct rec_node *node)
{
	for (size_t i = 0; i < node->ring_count; i++)
		free(node->rings[i].blocks);
	free(node->rings);
	node->rings = NULL;
	node->ring_count = 0;
}

void rec__on_ring_page(void *ctx, kg_u64 addr)
{
	struct rec_node *node = ctx;

	for (size_t i = 0; i < node->ring_count; i++) {
		const struct rec_ring *ring = &node->rings[i];
		uint64_t offset;

		if (!offset_of(ring, addr, &offset))
			continue;
		rec__on_stored(node, rec_nodefs_number(node->fs, ring->ino), offset, (void *)addr, PAGE);
		return;
	}
}
