/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory.c - mmap and its family: the map is kept here (aspace.c), the mappings are made natively.
 *
 * Every change is an effect of the syscall's event, so replay repeats it without
 * knowing why an address was chosen.
 */
#include "node-int.h"

#include <asm/prctl.h>
#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "effect.h"

#define PAGE 4096ULL
#define TASK_TOP (1ULL << 47)

static uint64_t page_up(uint64_t size)
{
	return (size + PAGE - 1) & ~(PAGE - 1);
}

static void tell(struct rec_thread *t, const struct fmt_effect *effect)
{
	fmt_effect_put(&t->effects, effect);
}

void rec__on_futex_key(void *ctx, kg_cookie task, kg_u64 addr, kg_u64 *ret_object, kg_u64 *ret_offset)
{
	struct rec_thread *t = rec__thread(ctx, task);
	const struct rec_vma *vma = t && t->memory ? rec_aspace_at(&t->memory->as, addr) : NULL;

	*ret_object = 0;
	*ret_offset = 0;
	if (vma && (vma->flags & MAP_SHARED)) {
		*ret_object = vma->ino;
		*ret_offset = vma->offset + (addr - vma->start);
	}
}

/* ---- cpuid in mapped code ------------------------------------------------- */

struct patch_list {
	struct rec_thread *t;
	int error;
};

static void patch_cpuid(void *arg, uint64_t addr)
{
	struct patch_list *list = arg;

	if (rec_tracee_write(list->t->tracee, addr, REC_CPUID_PATCH, sizeof(REC_CPUID_PATCH)) != 0)
		list->error = -EFAULT;
	tell(list->t, &(struct fmt_effect) { .op = FMT_EFFECT_WRITE, .addr = addr,
					     .size = sizeof(REC_CPUID_PATCH), .bytes = REC_CPUID_PATCH });
}

/* Program code that was just mapped: its cpuid instructions must ask us.  They are patched even where the processor can
 * fault on cpuid, since a trace must be the same whatever host it is recorded on. */
static int patch_code(struct rec_thread *t, const struct rec_vma *vma, int fd)
{
	struct patch_list list = { .t = t };

	if (!(vma->prot & PROT_EXEC) || (vma->flags & MAP_SHARED) || fd < 0)
		return 0;
	size_t size = vma->end - vma->start;
	_cleanup_free_ uint8_t *code = malloc(size);

	CHECK(code != NULL);
	ssize_t got = pread(fd, code, size, (off_t)vma->offset);

	if (got <= 0)
		return 0;
	int r = rec_cpuid_scan(code, (size_t)got, vma->start, patch_cpuid, &list);

	return r < 0 ? r : list.error;
}

/* ---- mmap ------------------------------------------------------------------- */

/* What an mmap of a descriptor maps.  0 or -errno; *ret_fd is the host's. */
static int mapped_file(struct rec_node *node, struct rec_thread *t, int fd, struct rec_vma *vma, int *ret_fd)
{
	struct kg_fd what = { 0 };
	int64_t r = rec__init_call(node, t->cookie, KG_NR_FD_INO, (uint64_t)(int64_t)fd, REC_PTR(&what), 0, 0, 0, 0);

	if (r < 0)
		return (int)r;
	if (!S_ISREG(what.mode) || !what.ino)
		return -ENODEV;
	bool writes = (vma->flags & MAP_SHARED) && (vma->prot & PROT_WRITE);

	if ((what.flags & O_ACCMODE) == O_WRONLY || (writes && (what.flags & O_ACCMODE) != O_RDWR))
		return -EACCES;
	int host = rec_nodefs_fd(node->fs, what.ino, writes);

	if (host < 0)
		return host;
	if (writes)
		rec_nodefs_touch(node->fs, what.ino);
	vma->ino = what.ino;
	*ret_fd = host;
	return 0;
}

/* Where it goes.  The address, or -errno. */
static int64_t place(const struct rec_aspace *as, uint64_t addr, uint64_t size, int flags)
{
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if (addr % PAGE)
			return -EINVAL;
		if (!rec_aspace_allowed(addr, size))
			return addr < REC_ASPACE_LOW ? -EPERM : -ENOMEM;
		if ((flags & MAP_FIXED_NOREPLACE) && !rec_aspace_free(as, addr, size))
			return -EEXIST;
		return (int64_t)addr;
	}
	uint64_t found = rec_aspace_find(as, size, addr & ~(PAGE - 1));

	return found ? (int64_t)found : -ENOMEM;
}

static int64_t map_at(struct rec_node *node, struct rec_thread *t, struct rec_vma *vma, int fd)
{
	uint64_t number = 0, size = vma->end - vma->start;
	int keep = MAP_SHARED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	int flags = (vma->flags & keep) | MAP_FIXED;

	if (fd >= 0) {
		int r = rec__file_number(node, vma->ino, &number);

		if (r < 0)
			return r;
	}
	int r = rec_tracee_map(t->tracee, vma->start, size, vma->prot, flags, fd, vma->offset);

	if (r < 0)
		return r;
	tell(t, &(struct fmt_effect) { .op = FMT_EFFECT_MAP, .addr = vma->start, .size = size,
				       .prot = (uint32_t)vma->prot, .flags = (uint32_t)flags, .file = number,
				       .offset = vma->offset });
	if (!vma->ino && (vma->flags & MAP_SHARED))
		vma->ino = REC_INO_SHARED + node->shared_count++;
	r = rec_aspace_map(&t->memory->as, vma);
	if (r < 0)
		return r;
	r = patch_code(t, vma, fd);
	return r < 0 ? r : (int64_t)vma->start;
}

static int64_t do_mmap(struct rec_node *node, struct rec_thread *t)
{
	const uint64_t *a = t->call.args;
	struct rec_vma vma = { .prot = (int)a[2] & 7, .flags = (int)a[3], .offset = a[5] };
	int type = vma.flags & 0xf, fd = -1;

	if (!a[1] || a[5] % PAGE || (type != MAP_SHARED && type != MAP_PRIVATE && type != MAP_SHARED_VALIDATE))
		return -EINVAL;
	if (a[1] > TASK_TOP)
		return -ENOMEM;
	if (type == MAP_SHARED_VALIDATE)
		vma.flags = (vma.flags & ~0xf) | MAP_SHARED;
	if (vma.flags & MAP_ANONYMOUS) {
		vma.offset = 0;
	} else {
		int r = mapped_file(node, t, (int)a[4], &vma, &fd);

		if (r < 0)
			return r;
	}
	uint64_t size = page_up(a[1]);
	int64_t addr = place(&t->memory->as, a[0], size, vma.flags);

	if (addr < 0)
		return addr;
	vma.start = (uint64_t)addr;
	vma.end = vma.start + size;
	return map_at(node, t, &vma, fd);
}

/* ---- the others ---------------------------------------------------------------- */

static int64_t unmap(struct rec_thread *t, uint64_t addr, uint64_t size)
{
	int r = rec_tracee_unmap(t->tracee, addr, size);

	if (r < 0)
		return r;
	rec_aspace_unmap(&t->memory->as, addr, size);
	tell(t, &(struct fmt_effect) { .op = FMT_EFFECT_UNMAP, .addr = addr, .size = size });
	return 0;
}

static int64_t do_munmap(struct rec_thread *t, uint64_t addr, uint64_t size)
{
	if (addr % PAGE || !size || !rec_aspace_allowed(addr, page_up(size)))
		return -EINVAL;
	return unmap(t, addr, page_up(size));
}

static int64_t do_mprotect(struct rec_thread *t, uint64_t addr, uint64_t size, int prot)
{
	if (addr % PAGE)
		return -EINVAL;
	if (!size)
		return 0;
	size = page_up(size);
	if (!rec_aspace_allowed(addr, size))
		return -ENOMEM;
	/* PROT_GROWSDOWN and such are for main stacks, which have their full size here. */
	prot &= PROT_READ | PROT_WRITE | PROT_EXEC;
	int r = rec_tracee_protect(t->tracee, addr, size, prot);

	if (r < 0)
		return r;
	r = rec_aspace_protect(&t->memory->as, addr, size, prot);
	if (r < 0)
		return r;
	tell(t, &(struct fmt_effect) { .op = FMT_EFFECT_PROTECT, .addr = addr, .size = size, .prot = (uint32_t)prot });
	return 0;
}

static int64_t do_brk(struct rec_node *node, struct rec_thread *t, uint64_t wanted)
{
	struct rec_aspace *as = &t->memory->as;
	uint64_t old_end = page_up(as->brk), new_end = page_up(wanted);

	if (wanted < as->brk_start || wanted >= REC_STUB_ADDR)
		return (int64_t)as->brk;
	if (new_end > old_end) {
		if (!rec_aspace_free(as, old_end, new_end - old_end))
			return (int64_t)as->brk;
		struct rec_vma vma = { .start = old_end, .end = new_end, .prot = PROT_READ | PROT_WRITE,
				       .flags = MAP_PRIVATE | MAP_ANONYMOUS };

		if (map_at(node, t, &vma, -1) < 0)
			return (int64_t)as->brk;
	} else if (new_end < old_end && unmap(t, new_end, old_end - new_end) < 0) {
		return (int64_t)as->brk;
	}
	as->brk = wanted;
	return (int64_t)wanted;
}

/* Moves or grows one mapping; what mremap can do with several is not supported by Linux either. */
static int64_t do_mremap(struct rec_thread *t, const uint64_t *a)
{
	struct rec_aspace *as = &t->memory->as;
	uint64_t from = a[0], old_size = page_up(a[1]), size = page_up(a[2]), flags = a[3];
	const struct rec_vma *at = rec_aspace_at(as, from);

	if (from % PAGE || !size || size > TASK_TOP || (flags & ~(uint64_t)(MREMAP_MAYMOVE | MREMAP_FIXED)))
		return -EINVAL;
	if (!at || !old_size || at->end - from < old_size)
		return -EFAULT;
	struct rec_vma vma = *at;
	uint64_t to = from;

	vma.offset += from - vma.start;
	if (flags & MREMAP_FIXED) {
		to = a[4];
		if (!(flags & MREMAP_MAYMOVE) || to % PAGE || !rec_aspace_allowed(to, size) ||
		    (to < from + old_size && from < to + size))
			return -EINVAL;
	} else if (size < old_size) {
		int64_t r = unmap(t, from + size, old_size - size);

		return r < 0 ? r : (int64_t)from;
	} else if (size == old_size) {
		return (int64_t)from;
	} else if (vma.end != from + old_size || !rec_aspace_allowed(from, size) ||
		   !rec_aspace_free(as, from + old_size, size - old_size)) {
		if (!(flags & MREMAP_MAYMOVE))
			return -ENOMEM;
		to = rec_aspace_find(as, size, 0);
		if (!to)
			return -ENOMEM;
	}
	int r = rec_tracee_remap(t->tracee, from, old_size, to, size);

	if (r < 0)
		return r;
	tell(t, &(struct fmt_effect) { .op = FMT_EFFECT_REMAP, .addr = to, .size = size, .from = from,
				       .from_size = old_size });
	rec_aspace_unmap(as, from, old_size);
	vma.start = to;
	vma.end = to + size;
	r = rec_aspace_map(as, &vma);
	return r < 0 ? r : (int64_t)to;
}

static int64_t do_madvise(struct rec_thread *t, uint64_t addr, uint64_t size, int advice)
{
	size = page_up(size);
	if (addr % PAGE)
		return -EINVAL;
	if (!size || advice != MADV_DONTNEED)
		return advice == MADV_WIPEONFORK || advice == MADV_REMOVE || advice == MADV_DONTFORK ? -EINVAL : 0;
	if (!rec_aspace_allowed(addr, size))
		return -ENOMEM;
	int r = rec_tracee_clear(t->tracee, addr, size);

	if (r == 0)
		tell(t, &(struct fmt_effect) { .op = FMT_EFFECT_CLEAR, .addr = addr, .size = size });
	return r;
}

static int64_t do_arch_prctl(struct rec_thread *t, uint64_t code, uint64_t addr)
{
	struct user_regs_struct regs;
	uint64_t value;

	switch (code) {
	case ARCH_SET_FS:
		if (addr >= TASK_TOP)
			return -EPERM;
		tell(t, &(struct fmt_effect) { .op = FMT_EFFECT_TLS, .addr = addr });
		return rec_tracee_set_tls(t->tracee, addr);
	case ARCH_GET_FS:
		if (rec_tracee_get_regs(t->tracee, &regs) < 0)
			return -EFAULT;
		value = regs.fs_base;
		if (rec_tracee_write_user(t->tracee, addr, &value, sizeof(value)))
			return -EFAULT;
		tell(t, &(struct fmt_effect) { .op = FMT_EFFECT_WRITE, .addr = addr, .size = sizeof(value),
					       .bytes = (const uint8_t *)&value });
		return 0;
	default:
		/* CET and the rest of what newer programs ask about: absent on this CPU. */
		return -EINVAL;
	}
}

int64_t rec__memory_call(struct rec_node *node, struct rec_thread *t)
{
	const uint64_t *a = t->call.args;

	switch (t->call.nr) {
	case __NR_mmap:
		return do_mmap(node, t);
	case __NR_munmap:
		return do_munmap(t, a[0], a[1]);
	case __NR_mprotect:
		return do_mprotect(t, a[0], a[1], (int)a[2]);
	case __NR_brk:
		return do_brk(node, t, a[0]);
	case __NR_mremap:
		return do_mremap(t, a);
	case __NR_madvise:
		return do_madvise(t, a[0], a[1], (int)a[2]);
	case __NR_arch_prctl:
		return do_arch_prctl(t, a[0], a[1]);
	}
	return -ENOSYS;
}
