/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * effects-apply.c - carries out a list of effects in a process.
 *
 * The list may come from a stranger's trace: what it asks for is limited by the mapping functions (tracee-inject.c) to
 * program memory, plain flags and the files that fd_of() gives.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"
#include "effect.h"
#include "image.h"
#include "tracee-int.h"

/* Memory is filled and compared in pieces of this size. */
#define PIECE (64 * 1024)

static int fill(struct rec_tracee *thread, uint64_t addr, uint64_t size)
{
	static const uint8_t zeros[PIECE];

	while (size > 0) {
		const size_t part = size < PIECE ? (size_t)size : PIECE;

		if (rec_tracee_write(thread, addr, zeros, part))
			return -EFAULT;
		addr += part;
		size -= part;
	}
	return 0;
}

static int compare(struct rec_tracee *thread, uint64_t addr, uint64_t size, uint32_t expected)
{
	uint8_t piece[PIECE];
	uint32_t crc = 0;

	while (size > 0) {
		const size_t part = size < PIECE ? (size_t)size : PIECE;

		if (rec_tracee_read(thread, piece, addr, part))
			return -EILSEQ;
		crc = fmt_crc32c(crc, piece, part);
		addr += part;
		size -= part;
	}
	return crc == expected ? 0 : -EILSEQ;
}

static int map(struct rec_tracee *thread, const struct fmt_effect *e, int (*fd_of)(void *, uint64_t), void *arg)
{
	int fd = -1;

	if (e->file == 0 && !(e->flags & MAP_ANONYMOUS))
		return -EINVAL;
	if (e->file != 0) {
		if (e->flags & MAP_ANONYMOUS)
			return -EINVAL;
		fd = fd_of ? fd_of(arg, e->file) : -EBADF;
		if (fd < 0)
			return fd;
	}
	return rec_tracee_map(thread, e->addr, e->size, (int)e->prot, (int)e->flags, fd, e->offset);
}

/* What a call did to a file that is mapped: the mappings show it by themselves. */
static int store(const struct fmt_effect *e, int (*fd_of)(void *, uint64_t), void *arg)
{
	const int fd = fd_of ? fd_of(arg, e->file) : -EBADF;
	uint64_t done = 0;

	if (fd < 0)
		return fd;
	while (done < e->size) {
		const ssize_t part = pwrite(fd, e->bytes + done, e->size - done, (off_t)(e->addr + done));

		if (part <= 0)
			return part < 0 ? -errno : -EIO;
		done += (uint64_t)part;
	}
	return 0;
}

static int resize(const struct fmt_effect *e, int (*fd_of)(void *, uint64_t), void *arg)
{
	const int fd = fd_of ? fd_of(arg, e->file) : -EBADF;

	if (fd < 0)
		return fd;
	return ftruncate(fd, (off_t)e->addr) < 0 ? -errno : 0;
}

static int copy(struct rec_tracee *thread, const struct fmt_effect *e, int (*fd_of)(void *, uint64_t), void *arg)
{
	const int fd = fd_of ? fd_of(arg, e->file) : -EBADF;
	uint8_t piece[PIECE];
	uint64_t done = 0;

	if (fd < 0)
		return fd;
	while (done < e->size) {
		const uint64_t left = e->size - done;
		const ssize_t part = pread(fd, piece, left < PIECE ? (size_t)left : PIECE, (off_t)(e->offset + done));

		if (part <= 0)
			return part < 0 ? -errno : -ENODATA;
		if (rec_tracee_write(thread, e->addr + done, piece, (size_t)part))
			return -EFAULT;
		done += (uint64_t)part;
	}
	return 0;
}

static int apply(struct rec_tracee *thread, const struct fmt_effect *e, int (*fd_of)(void *, uint64_t), void *arg)
{
	switch (e->op) {
	case FMT_EFFECT_WRITE:
		return rec_tracee_write(thread, e->addr, e->bytes, e->size) ? -EFAULT : 0;
	case FMT_EFFECT_FILL:
		return fill(thread, e->addr, e->size);
	case FMT_EFFECT_READ:
		return compare(thread, e->addr, e->size, e->crc);
	case FMT_EFFECT_MAP:
		return map(thread, e, fd_of, arg);
	case FMT_EFFECT_UNMAP:
		return rec_tracee_unmap(thread, e->addr, e->size);
	case FMT_EFFECT_PROTECT:
		return rec_tracee_protect(thread, e->addr, e->size, (int)e->prot);
	case FMT_EFFECT_REMAP:
		return rec_tracee_remap(thread, e->from, e->from_size, e->addr, e->size);
	case FMT_EFFECT_TLS:
		return rec_tracee_set_tls(thread, e->addr);
	case FMT_EFFECT_CLEAR:
		return rec_tracee_clear(thread, e->addr, e->size);
	case FMT_EFFECT_STORE:
		return store(e, fd_of, arg);
	case FMT_EFFECT_RESIZE:
		return resize(e, fd_of, arg);
	case FMT_EFFECT_COPY:
		return copy(thread, e, fd_of, arg);
	}
	return -EBADMSG;
}

int rec_effects_apply(struct rec_tracee *thread, const uint8_t *list, size_t size,
		      int (*fd_of)(void *arg, uint64_t file), void *arg, struct fmt_effect *ret_bad)
{
	struct fmt_effect effect = {0};
	size_t pos = 0;
	int more;

	while ((more = fmt_effect_next(list, size, &pos, &effect)) > 0) {
		const int r = apply(thread, &effect, fd_of, arg);

		if (r < 0) {
			if (ret_bad)
				*ret_bad = effect;
			return r;
		}
	}
	return more;
}
