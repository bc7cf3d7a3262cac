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

/* Program code that was just mapped: its cpuid instructions must ask us.  They are patched even where the processor can
 * fault on cpuid, since a trace must be the same whatever host it is recorded on. */
static int patch_code(struct rec_thread *t, const struct rec_vma *vma, int fd)
{
	if (!(vma->prot & PROT_EXEC) || (vma->flags & MAP_SHARED) || fd < 0)
		return 0;
	size_t size = vma->end - vma->start;
	_cleanup_free_ uint8_t *code = malloc(size);

	CHECK(code != NULL);
	ssize_t got = pread(fd, code, size, (off_t)vma->offset);

	if (got <= 0)
		return 0;
	int r = rec__code_of_file(t, code, (size_t)got, vma->start);

	return r < 0 ? r : rec_fast_patch(t->tracee, code, (size_t)got, vma->start);
}

/* ---- mmap ------------------------------------------------------------------- */

#define DEV_ZERO ((1u << 20) | 5)	/* as kernel MKDEV */

/* Whether the descriptor's access allows the mapping: 0 or -errno. */
static int check_access(const struct kg_fd *what, const struct rec_vma *vma)
{
	const bool writes = (vma->flags & MAP_SHARED) && (vma->prot & PROT_WRITE);

	if (what->flags & O_PATH)
		return -EBADF;
	if ((what->flags & O_ACCMODE) == O_WRONLY || (writes && (what->flags & O_ACCMODE) != O_RDWR))
		return -EACCES;
	if (writes && (what->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)))
		return -EPERM;
	return S_ISREG(what->mode) && what->ino ? 0 : -ENODEV;
}

#define IS_SOCKET 1

/* What an mmap of a descriptor maps.  0, IS_SOCKET or -errno; *ret_fd is the host's, -1: it is anonymous after all. */
static int mapped_file(struct rec_node *node, struct rec_thread *t, int fd, struct rec_vma *vma, int *ret_fd)
{
	struct kg_fd what = { 0 };
	int64_t r = rec__init_call(node, t->cookie, KG_NR_FD_INO, (uint64_t)(int64_t)fd, REC_PTR(&what), 0, 0, 0, 0);

	if (r < 0)
		return (int)r;
	if (S_ISCHR(what.mode) && what.rdev == DEV_ZERO) {
		vma->flags |= MAP_ANONYMOUS;
		vma->offset = 0;
		return 0;
	}
	if (S_ISSOCK(what.mode) && !(what.flags & O_PATH))
		return IS_SOCKET;
	r = check_access(&what, vma);
	if (r < 0)
		return (int)r;
	/* mprotect() may make it writable later: the host's descriptor has to allow it now. */
	bool may_write = (vma->flags & MAP_SHARED) && (what.flags & O_ACCMODE) == O_RDWR &&
			 !(what.seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE));
	int host = rec_nodefs_fd(node->fs, what.ino, may_write);

	if (host < 0)
		return host;
	if ((vma->flags & MAP_SHARED) && !may_write)
		vma->flags |= REC_VMA_READONLY;
	vma->ino = what.ino;
	*ret_fd = host;
	return 0;
}

/* Where it goes.  The address, or -errno. */
int64_t rec__place(const struct rec_aspace *as, uint64_t addr, uint64_t size, int flags)
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

	if (flags & MAP_32BIT)
		found = rec_aspace_find_below(as, size, 1ULL << 31);
	return found ? (int64_t)found : -ENOMEM;
}

static int place(const struct rec_thread *t, uint64_t addr, uint64_t size, struct rec_vma *vma)
{
	int64_t at = rec__place(&t->memory->as, addr, size, vma->flags);

	if (at < 0)
		return (int)at;
	vma->start = (uint64_t)at;
	vma->end = vma->start + size;
	return 0;
}

/* The number of a file that is about to be mapped.  A file that the node may change is told as an object of its own
 * before its first mapping. */
static int number_of(struct rec_node *node, struct rec_thread *t, uint64_t ino, uint64_t *ret)
{
	uint64_t size;
	int r = rec__file_number(node, ino, ret);

	if (r == 0 && rec_nodefs_mapped(node->fs, ino, &size))
		tell(t, &(struct fmt_effect) { .op = FMT_EFFECT_RESIZE, .addr = size, .file = *ret });
	return r;
}

int64_t rec__map_at(struct rec_node *node, struct rec_thread *t, struct rec_vma *vma, int fd)
{
	uint64_t number = 0, size = vma->end - vma->start;
	int keep = MAP_SHARED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	int flags = (vma->flags & keep) | MAP_FIXED, prot = rec__code_prot(vma);

	if (fd >= 0) {
		int r = number_of(node, t, vma->ino, &number);

		if (r < 0)
			return r;
	}
	int r = rec_tracee_map(t->tracee, vma->start, size, prot, flags, fd, vma->offset);

	if (r < 0)
		return r;
	tell(t, &(struct fmt_effect) { .op = FMT_EFFECT_MAP, .addr = vma->start, .size = size,
				       .prot = (uint32_t)prot, .flags = (uint32_t)flags, .file = number,
				       .offset = vma->offset });
	if (!vma->ino && (vma->flags & MAP_SHARED))
		vma->ino = REC_INO_SHARED + node->shared_count++;
	rec__code_forget(t->memory, vma->start, size);
	r = rec_aspace_map(&t->memory->as, vma);
	if (r < 0)
		return r;
	rec__attached_check(t->memory, t->cookie);
	r = patch_code(t, vma, fd);
	return r < 0 ? r : (int64_t)vma->start;
}

static int64_t do_mmap(struct rec_node *node, struct rec_thread *t)
{
	const uint64_t *a = t->call.args;
	struct rec_vma vma = { .prot = (int)a[2] & 7, .flags = (int)a[3], .offset = a[5] };
	int type = vma.flags & 0xf, fd = -1;
	bool is_socket = false;

	if (!a[1] || a[5] % PAGE || (type != MAP_SHARED && type != MAP_PRIVATE && type != MAP_SHARED_VALIDATE))
		return -EINVAL;
	if (a[1] > TASK_TOP)
		return -ENOMEM;
	if (type == MAP_SHARED_VALIDATE && (vma.flags & MAP_SYNC))
		return -EOPNOTSUPP;
	if (type == MAP_SHARED_VALIDATE)
		vma.flags = (vma.flags & ~0xf) | MAP_SHARED;
	if (vma.flags & MAP_ANONYMOUS) {
		vma.offset = 0;
	} else {
		int r = mapped_file(node, t, (int)a[4], &vma, &fd);

		if (r < 0 && r != IS_SOCKET)
			return r;
		is_socket = r == IS_SOCKET;
	}
	int r = place(t, a[0], page_up(a[1]), &vma);

	if (r < 0)
		return r;
	return is_socket ? rec__ring_map(node, t, (int)a[4], &vma) : rec__map_at(node, t, &vma, fd);
}

/* ---- the others ---------------------------------------------------------------- */

int64_t rec__unmap(struct rec_thread *t, uint64_t addr, uint64_t size)
{
	int r = rec_tracee_unmap(t->tracee, addr, size);

	if (r < 0)
		return r;
	rec_aspace_unmap(&t->memory->as, addr, size);
	rec__code_forget(t->memory, addr, size);
	tell(t, &(struct fmt_effect) { .op = FMT_EFFECT_UNMAP, .addr = addr, .size = size });
	rec__attached_check(t->memory, t->cookie);
	return 0;
}

static int64_t do_munmap(struct rec_thread *t, uint64_t addr, uint64_t size)
{
	if (addr % PAGE || !size || size > TASK_TOP || addr > REC_STUB_ADDR - page_up(size))
		return -EINVAL;
	uint64_t end = addr + page_up(size);

	/* Nothing can be mapped there. */
	if (end <= REC_ASPACE_LOW)
		return 0;
	addr = addr < REC_ASPACE_LOW ? REC_ASPACE_LOW : addr;
	return rec__unmap(t, addr, end - addr);
}

/* Calls work(arg, part) for each mapped part of a range.  0, or -ENOMEM when there was a gap (after all parts, or
 * after those before it when it ends there), or what work returns first. */
static int64_t for_each_part(struct rec_aspace *as, uint64_t addr, uint64_t size, bool stop_at_gap,
			     int64_t (*work)(void *arg, uint64_t start, uint64_t end), void *arg)
{
	uint64_t end = addr + size;
	int64_t result = 0;

	while (addr < end) {
		const struct rec_vma *vma = rec_aspace_at(as, addr);

		if (!vma) {
			result = -ENOMEM;
			if (stop_at_gap)
				break;
			addr = rec_aspace_next(as, addr);
			continue;
		}
		uint64_t part_end = vma->end < end ? vma->end : end;
		int64_t r = work ? work(arg, addr, part_end) : 0;

		if (r < 0)
			return r;
		addr = part_end;
	}
	return result;
}

/* Whether [addr, addr + size), whole pages, is mapped without a gap. */
static bool is_mapped(struct rec_aspace *as, uint64_t addr, uint64_t size)
{
	return rec_aspace_allowed(addr, size) && for_each_part(as, addr, size, true, NULL, NULL) == 0;
}

struct protecting {
	struct rec_thread *t;
	int prot;
};

static int64_t protect_part(void *arg, uint64_t start, uint64_t end)
{
	struct protecting *how = arg;
	struct rec_aspace *as = &how->t->memory->as;

	struct rec_vma vma = *rec_aspace_at(as, start);
	const int before = vma.prot;

	if ((how->prot & PROT_WRITE) && (vma.flags & REC_VMA_READONLY))
		return -EACCES;
	vma.prot = how->prot;
	const int prot = rec__code_prot(&vma);
	int r = rec_tracee_protect(how->t->tracee, start, end - start, prot);

	if (r < 0)
		return r;
	r = rec_aspace_protect(as, start, end - start, how->prot);
	if (r < 0)
		return r;
	rec__code_forget(how->t->memory, start, end - start);
	tell(how->t, &(struct fmt_effect) { .op = FMT_EFFECT_PROTECT, .addr = start, .size = end - start,
					    .prot = (uint32_t)prot });
	/* What could be executed and not be written has been looked at. */
	return (before & (PROT_EXEC | PROT_WRITE)) == PROT_EXEC ? 0 : rec__code_ready(how->t, start, end);
}

static int64_t do_mprotect(struct rec_thread *t, uint64_t addr, uint64_t size, int prot)
{
	/* PROT_GROWSDOWN and such are for main stacks, which have their full size here. */
	struct protecting how = { t, prot & (PROT_READ | PROT_WRITE | PROT_EXEC) };
	const int known = PROT_READ | PROT_WRITE | PROT_EXEC | PROT_GROWSDOWN | PROT_GROWSUP | 8 /* PROT_SEM */;

	if (addr % PAGE || (prot & ~known))
		return -EINVAL;
	if (!size)
		return 0;
	size = page_up(size);
	if (!rec_aspace_allowed(addr, size))
		return -ENOMEM;
	/* As Linux does: what lies before a gap is changed. */
	return for_each_part(&t->memory->as, addr, size, true, protect_part, &how);
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

		if (rec__map_at(node, t, &vma, -1) < 0)
			return (int64_t)as->brk;
	} else if (new_end < old_end && rec__unmap(t, new_end, old_end - new_end) < 0) {
		return (int64_t)as->brk;
	}
	as->brk = wanted;
	return (int64_t)wanted;
}

/* Old size 0: the same pages a second time.  Only a file can be mapped twice. */
static int64_t alias(struct rec_node *node, struct rec_thread *t, struct rec_vma vma, uint64_t from, uint64_t to,
		     uint64_t size)
{
	int fd = vma.ino && vma.ino < REC_INO_SHARED && (vma.flags & MAP_SHARED) ?
		 rec_nodefs_fd(node->fs, vma.ino, !(vma.flags & REC_VMA_READONLY)) : -EINVAL;

	if (fd < 0)
		return fd;
	vma.offset += from - vma.start;
	vma.start = to;
	vma.end = to + size;
	return rec__map_at(node, t, &vma, fd);
}

/* Where an mremap goes that cannot stay.  The address, or -errno. */
static int64_t place_moved(struct rec_aspace *as, uint64_t from, uint64_t old_size, uint64_t size, uint64_t flags,
			   uint64_t wanted)
{
	uint64_t to = wanted;

	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	if (flags & MREMAP_FIXED) {
		if (to % PAGE || !rec_aspace_allowed(to, size) || (to < from + old_size && from < to + size))
			return -EINVAL;
		return (int64_t)to;
	}
	to = rec_aspace_find(as, size, 0);
	return to ? (int64_t)to : -ENOMEM;
}

static int64_t move(struct rec_node *node, struct rec_thread *t, struct rec_vma vma, uint64_t from,
		    uint64_t old_size, uint64_t to, uint64_t size, bool keep)
{
	int r = rec_tracee_remap(t->tracee, from, old_size, to, size);
	struct rec_vma old = vma;

	if (r < 0)
		return r;
	tell(t, &(struct fmt_effect) { .op = FMT_EFFECT_REMAP, .addr = to, .size = size, .from = from,
				       .from_size = old_size });
	rec_aspace_unmap(&t->memory->as, from, old_size);
	rec__code_forget(t->memory, from, old_size);
	vma.offset += from - vma.start;
	vma.start = to;
	vma.end = to + size;
	r = rec_aspace_map(&t->memory->as, &vma);
	if (r < 0)
		return r;
	rec__attached_moved(t->memory, from, to, size);
	rec__attached_check(t->memory, t->cookie);
	r = rec__code_again(t, to, to + size);
	if (r < 0)
		return r;
	if (keep) {
		old.start = from;
		old.end = from + old_size;
		int64_t again = rec__map_at(node, t, &old, -1);

		if (again < 0)
			return again;
	}
	return (int64_t)to;
}

/* Moves, grows or shrinks one mapping; what mremap can do with several is not supported by Linux either. */
static int64_t do_mremap(struct rec_node *node, struct rec_thread *t, const uint64_t *a)
{
	struct rec_aspace *as = &t->memory->as;
	uint64_t from = a[0], old_size = page_up(a[1]), size = page_up(a[2]), flags = a[3];
	bool moves = flags & (MREMAP_FIXED | MREMAP_DONTUNMAP);
	const struct rec_vma *at = rec_aspace_at(as, from);

	if (from % PAGE || !size || (flags & ~(uint64_t)(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)) ||
	    (moves && !(flags & MREMAP_MAYMOVE)) || ((flags & MREMAP_DONTUNMAP) && old_size != size))
		return -EINVAL;
	if (size > TASK_TOP)
		return -ENOMEM;
	if (!at)
		return -EFAULT;
	struct rec_vma vma = *at;

	if ((flags & MREMAP_DONTUNMAP) && (vma.ino || !(vma.flags & MAP_PRIVATE)))
		return -EINVAL;
	if (!moves && old_size && size <= old_size) {
		int64_t r = size < old_size ? rec__unmap(t, from + size, old_size - size) : 0;

		return r < 0 ? r : (int64_t)from;
	}
	if (vma.end - from < old_size)
		return -EFAULT;
	if (!moves && old_size && vma.end == from + old_size && rec_aspace_allowed(from, size) &&
	    rec_aspace_free(as, from + old_size, size - old_size))
		return move(node, t, vma, from, old_size, from, size, false);
	int64_t to = place_moved(as, from, old_size, size, flags, a[4]);

	if (to < 0)
		return to;
	if (!old_size)
		return alias(node, t, vma, from, (uint64_t)to, size);
	return move(node, t, vma, from, old_size, (uint64_t)to, size, flags & MREMAP_DONTUNMAP);
}

static int64_t clear_part(void *arg, uint64_t start, uint64_t end)
{
	struct rec_thread *t = arg;
	int r = rec_tracee_clear(t->tracee, start, end - start);

	if (r == 0)
		tell(t, &(struct fmt_effect) { .op = FMT_EFFECT_CLEAR, .addr = start, .size = end - start });
	return r < 0 ? r : rec__code_again(t, start, end);
}

/* Advice that changes nothing that a program can see; what the host does with its pages is its own affair. */
static bool is_harmless(int advice)
{
	switch (advice) {
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_WILLNEED:
	case MADV_FREE:		/* the pages may keep their bytes, and here they do */
	case MADV_DOFORK:
	case MADV_MERGEABLE:
	case MADV_UNMERGEABLE:
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
	case MADV_DONTDUMP:
	case MADV_DODUMP:
	case MADV_KEEPONFORK:
	case MADV_COLD:
	case MADV_PAGEOUT:
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
		return true;
	}
	return false;
}

static int64_t do_madvise(struct rec_thread *t, uint64_t addr, uint64_t size, int advice)
{
	if (addr % PAGE || (advice != MADV_DONTNEED && !is_harmless(advice)) || size > TASK_TOP)
		return -EINVAL;
	size = page_up(size);
	if (!size)
		return 0;
	if (!rec_aspace_allowed(addr, size))
		return -ENOMEM;
	return for_each_part(&t->memory->as, addr, size, false, advice == MADV_DONTNEED ? clear_part : NULL, t);
}

/* Every page that is mapped is in memory, as far as a program can tell. */
static int64_t do_mincore(struct rec_thread *t, uint64_t addr, uint64_t size, uint64_t vector)
{
	if (addr % PAGE)
		return -EINVAL;
	size = page_up(size);
	if (!size)
		return 0;
	if (!is_mapped(&t->memory->as, addr, size))
		return -ENOMEM;
	_cleanup_free_ uint8_t *bytes = malloc(size / PAGE);

	if (!bytes)
		return -EAGAIN;
	memset(bytes, 1, size / PAGE);
	if (rec__code_write(t, vector, bytes, size / PAGE))
		return -EFAULT;
	tell(t, &(struct fmt_effect) { .op = FMT_EFFECT_WRITE, .addr = vector, .size = size / PAGE, .bytes = bytes });
	rec__code_written(t, vector, size / PAGE);
	return 0;
}

static int64_t do_msync(struct rec_thread *t, uint64_t addr, uint64_t size, int flags)
{
	if (addr % PAGE || (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) ||
	    ((flags & MS_ASYNC) && (flags & MS_SYNC)))
		return -EINVAL;
	if (size > TASK_TOP)
		return -ENOMEM;
	size = page_up(size);
	return !size || is_mapped(&t->memory->as, addr, size) ? 0 : -ENOMEM;
}

/* All pages stay where they are in any case; only whether they are there is checked. */
static int64_t do_mlock(struct rec_thread *t, uint64_t addr, uint64_t size, uint64_t flags)
{
	if (flags & ~1ULL /* MLOCK_ONFAULT */)
		return -EINVAL;
	if (size > TASK_TOP)
		return -ENOMEM;
	size = page_up(size + addr % PAGE);
	return !size || is_mapped(&t->memory->as, addr & ~(PAGE - 1), size) ? 0 : -ENOMEM;
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
		if (rec__code_write(t, addr, &value, sizeof(value)))
			return -EFAULT;
		tell(t, &(struct fmt_effect) { .op = FMT_EFFECT_WRITE, .addr = addr, .size = sizeof(value),
					       .bytes = (const uint8_t *)&value });
		rec__code_written(t, addr, sizeof(value));
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
		return do_mremap(node, t, a);
	case __NR_madvise:
		return do_madvise(t, a[0], a[1], (int)a[2]);
	case __NR_mincore:
		return do_mincore(t, a[0], a[1], a[2]);
	case __NR_msync:
		return do_msync(t, a[0], a[1], (int)a[2]);
	case __NR_mlock:
	case __NR_munlock:
		return do_mlock(t, a[0], a[1], 0);
	case __NR_mlock2:
		return do_mlock(t, a[0], a[1], a[2]);
	case __NR_mlockall:
		return !a[0] || (a[0] & ~7ULL) || a[0] == 4 /* MCL_ONFAULT alone */ ? -EINVAL : 0;
	case __NR_shmat:
		return rec__shmat(node, t);
	case __NR_shmdt:
		return rec__shmdt(t);
	case __NR_arch_prctl:
		return do_arch_prctl(t, a[0], a[1]);
	}
	return -ENOSYS;
}
