// SPDX-License-Identifier: GPL-2.0-only
/*
 * ring.c - packet rings (PACKET_RX_RING, PACKET_TX_RING) in the memory of programs.
 *
 * A ring is pages of the node's own memory, and the host can map that.  What packet_mmap() does but for the mapping is
 * here: the ring must not go away while it is mapped, so each mapping holds the socket's file and counts in po->mapped.
 * A ring is known to the host by its file.
 */
#include <linux/cacheflush.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <net/sock.h>
#include "../../../net/packet/internal.h"
#include "../kernel/glue.h"

unsigned int kg_ring_maps;

/* Pages of rings that are or were mapped; the flag goes when a page is freed. */
#define KG_RING_FLAG PG_arch_1

static struct packet_sock *kg_packet_sock(struct file *file)
{
	struct socket *sock = sock_from_file(file);

	return sock && sock->sk && sock->sk->sk_family == PF_PACKET ? pkt_sk(sock->sk) : NULL;
}

static u64 kg_block_size(const struct packet_ring_buffer *rb)
{
	return (u64)rb->pg_vec_pages * PAGE_SIZE;
}

/* The block at index, the receive ring's first.  False behind the last. */
static bool kg_block_at(struct packet_sock *po, u64 index, struct kg_block *ret)
{
	struct packet_ring_buffer *rb;

	for (rb = &po->rx_ring; rb <= &po->tx_ring; rb++) {
		if (!rb->pg_vec)
			continue;
		if (index < rb->pg_vec_len) {
			ret->addr = (u64)rb->pg_vec[index].buffer;
			ret->size = kg_block_size(rb);
			return true;
		}
		index -= rb->pg_vec_len;
	}
	return false;
}

static void kg_mark_block(const struct kg_block *block)
{
	u64 at;

	for (at = block->addr; at < block->addr + block->size; at += PAGE_SIZE)
		set_bit(KG_RING_FLAG, &virt_to_page((void *)at)->flags);
}

static long kg_take_ring(struct packet_sock *po, u64 size)
{
	struct kg_block block;
	u64 whole = 0, i;

	for (i = 0; kg_block_at(po, i, &block); i++)
		whole += block.size;
	if (!whole || whole != size)
		return -EINVAL;
	for (i = 0; kg_block_at(po, i, &block); i++)
		kg_mark_block(&block);
	atomic_long_inc(&po->mapped);
	kg_ring_maps++;
	return 0;
}

long kg_ring_map(int fd, u64 size, u64 *ret_ring)
{
	struct file *file = fget(fd);
	struct packet_sock *po = file ? kg_packet_sock(file) : NULL;
	long err = file ? -ENODEV : -EBADF;

	if (po) {
		mutex_lock(&po->pg_vec_lock);
		err = kg_take_ring(po, size);
		mutex_unlock(&po->pg_vec_lock);
	}
	if (!err)
		*ret_ring = (u64)file;
	else if (file)
		fput(file);
	return err;
}

long kg_ring_block(u64 ring, u64 index, struct kg_block *ret)
{
	return kg_block_at(kg_packet_sock((struct file *)ring), index, ret);
}

long kg_ring_dup(u64 ring)
{
	struct file *file = get_file((struct file *)ring);

	atomic_long_inc(&kg_packet_sock(file)->mapped);
	kg_ring_maps++;
	return 0;
}

long kg_ring_unmap(u64 ring)
{
	struct file *file = (struct file *)ring;

	kg_ring_maps--;
	atomic_long_dec(&kg_packet_sock(file)->mapped);
	fput(file);
	return 0;
}

void kg_ring_page(struct page *page)
{
	if (test_bit(KG_RING_FLAG, &page->flags) && kg_host->ring_page)
		kg_host->ring_page(kg_host->ctx, (u64)page_address(page));
}
