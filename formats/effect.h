/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * effect.h - what an event did to the memory of a process.
 *
 * A list of effects is the E field of an event.  Replay carries them out in order, in
 * the process of the event's thread.  Addresses and sizes are the process's own.
 * On disk: each effect is varint op, then its operands as varints (see docs/trace-format.5.md).
 */
#ifndef FMT_EFFECT_H
#define FMT_EFFECT_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"

enum fmt_effect_op {
	FMT_EFFECT_WRITE = 1,	/* addr, size, bytes */
	FMT_EFFECT_FILL = 2,	/* addr, size: zero bytes */
	FMT_EFFECT_READ = 3,	/* addr, size, crc32c: what the syscall read there; replay compares */
	FMT_EFFECT_MAP = 4,	/* addr, size, prot, flags, file (0: anonymous), offset */
	FMT_EFFECT_UNMAP = 5,	/* addr, size */
	FMT_EFFECT_PROTECT = 6,	/* addr, size, prot */
	FMT_EFFECT_REMAP = 7,	/* addr (new), size (new), from, from_size */
	FMT_EFFECT_TLS = 8,	/* addr: fs base */
	FMT_EFFECT_CLEAR = 9,	/* addr, size: madvise(MADV_DONTNEED): the pages are as new */
	/* What happened to a file that programs have mapped (addr is an offset in it), which they see at once. */
	FMT_EFFECT_STORE = 10,	/* addr, size, file, bytes */
	FMT_EFFECT_RESIZE = 11,	/* addr (its new size), file */
	FMT_EFFECT_COPY = 12,	/* addr, size, file, offset: bytes of a file come to memory */
};

struct fmt_effect {
	enum fmt_effect_op op;
	uint32_t prot;
	uint32_t flags;		/* MAP_* */
	uint32_t crc;
	uint64_t addr;
	uint64_t size;
	uint64_t from;
	uint64_t from_size;
	uint64_t file;		/* number of a file event of the same node */
	uint64_t offset;
	const uint8_t *bytes;	/* borrowed; size of them */
};

/* Appends one effect to a list.  Only the fields of its op are read. */
void fmt_effect_put(struct fmt_buf *list, const struct fmt_effect *effect);

/* Takes the next effect off a list.  1, 0 at the end, -EBADMSG when damaged.  *pos starts at 0. */
int fmt_effect_next(const uint8_t *list, size_t list_size, size_t *pos, struct fmt_effect *ret);

/* CRC-32C (Castagnoli), continuing from crc (0 to begin). */
uint32_t fmt_crc32c(uint32_t crc, const void *bytes, size_t size);
/* The same without the help of the CPU; the tests compare them. */
uint32_t fmt_crc32c_portable(uint32_t crc, const void *bytes, size_t size);

#endif
