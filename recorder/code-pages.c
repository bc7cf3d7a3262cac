/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * code-pages.c - cpuid in code that a program writes itself.
 *
 * A compiler at run time may emit cpuid (the JVM does, in a stub that it writes and calls), and where the processor cannot fault
 * on it, it would answer with the host's features and the number of the processor that the thread happens to be on.  So no page
 * of private memory is writable and executable at once on the host, whatever the program asks for, and anonymous memory is not
 * executable before something in it is to be executed:
 *
 *             executed: scanned, patched
 *     (W) R ----------------------------> R X        each arrow is a fault that the program knows nothing of, told as
 *           <----------------------------            code-page, with all that it changes as its effects
 *                     written
 *            \                            /
 *             +---------> W R X <--------+           written by an instruction in the page itself, or too often
 *
 * That way the scanner knows an instruction that runs, from which others follow.  What the program calls (mmap, mprotect and the
 * like) begins anew on the left.  Pages of files that it makes executable without being able to write them are scanned then, as
 * a part of the call; most of them were mapped that way at once (memory.c).
 *
 * It is done on every host, so that traces are the same whatever host they are recorded on.
 *
 * What the program sees of this is that it reads 0e a2 where it had written cpuid.  Open remain: what is written to a page that
 * has become W R X, after the scan at that moment; shared memory, which may be written through another mapping; and a cpuid that
 * no direct jump leads to from where the page was entered and that the scanner does not believe to be one (cpuid-scan.c).
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "effect.h"
#include "node-int.h"

#define PAGE 4096ULL
#define INSN_MAX 15
/* What stands around code helps to tell its instructions. */
#define MARGIN 256
#define PIECE (64 * 1024)
/* A page that is written so often between executions holds data beside the code, and a turn is two faults of 60 us. */
#define TURNS_MAX 200

/* ---- pages -------------------------------------------------------------------- */

/* Index of the first page at or behind addr. */
static size_t first_at(const struct rec_memory *m, uint64_t addr)
{
	size_t low = 0, high = m->code_page_count;

	while (low < high) {
		const size_t middle = (low + high) / 2;

		if (m->code_pages[middle].addr < addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct rec_code_page *find(const struct rec_memory *m, uint64_t page)
{
	const size_t i = first_at(m, page);

	return i < m->code_page_count && m->code_pages[i].addr == page ? &m->code_pages[i] : NULL;
}

static struct rec_code_page *add(struct rec_memory *m, uint64_t page, int prot)
{
	const size_t i = first_at(m, page);

	if (m->code_page_count == m->code_page_capacity) {
		m->code_page_capacity = m->code_page_capacity ? 2 * m->code_page_capacity : 16;
		m->code_pages = reallocarray(m->code_pages, m->code_page_capacity, sizeof(*m->code_pages));
		CHECK(m->code_pages != NULL);
	}
	memmove(m->code_pages + i + 1, m->code_pages + i, (m->code_page_count - i) * sizeof(*m->code_pages));
	m->code_page_count++;
	m->code_pages[i] = (struct rec_code_page) { .addr = page, .prot = prot };
	return &m->code_pages[i];
}

void rec__code_forget(struct rec_memory *m, uint64_t start, uint64_t size)
{
	const size_t first = first_at(m, start), last = first_at(m, start + size);

	if (last > first)
		memmove(m->code_pages + first, m->code_pages + last, (m->code_page_count - last) * sizeof(*m->code_pages));
	m->code_page_count -= last - first;
}

void rec__code_fork(struct rec_memory *child, const struct rec_memory *parent)
{
	const size_t count = parent->code_page_count;

	if (!count)
		return;
	child->code_pages = calloc(count, sizeof(*child->code_pages));
	CHECK(child->code_pages != NULL);
	memcpy(child->code_pages, parent->code_pages, count * sizeof(*child->code_pages));
	child->code_page_count = child->code_page_capacity = count;
}

static bool is_code(const struct rec_vma *vma)
{
	return vma && (vma->prot & PROT_EXEC) && !(vma->flags & MAP_SHARED);
}

/* What was a file's is scanned as a whole when it cannot be written. */
static bool is_written_code(const struct rec_vma *vma)
{
	return is_code(vma) && ((vma->prot & PROT_WRITE) || !vma->ino);
}

int rec__code_prot(const struct rec_vma *vma)
{
	return is_written_code(vma) ? (vma->prot & ~PROT_EXEC) | PROT_READ : vma->prot;
}

void rec__code_hold(const struct rec_aspace *as, struct fmt_buf *effects)
{
	for (size_t i = 0; i < as->count; i++) {
		const struct rec_vma *vma = &as->vmas[i];

		if (is_written_code(vma))
			fmt_effect_put(effects, &(struct fmt_effect) {
				.op = FMT_EFFECT_PROTECT, .addr = vma->start, .size = vma->end - vma->start,
				.prot = (uint32_t)rec__code_prot(vma) });
	}
}

static int protect(struct rec_thread *t, uint64_t start, uint64_t end, int prot)
{
	const int r = rec_tracee_protect(t->tracee, start, end - start, prot);

	if (r == 0)
		fmt_effect_put(&t->effects, &(struct fmt_effect) { .op = FMT_EFFECT_PROTECT, .addr = start,
								   .size = end - start, .prot = (uint32_t)prot });
	return r;
}

/* ---- patches ------------------------------------------------------------------ */

struct patching {
	struct rec_thread *t;
	const uint8_t *bytes;	/* as they are, of addr; NULL: not patched yet */
	uint64_t addr;
	int error;
};

static void patch(void *arg, uint64_t addr)
{
	struct patching *how = arg;

	if (how->bytes && how->bytes[addr - how->addr] == REC_CPUID_PATCH[0])
		return;
	if (rec_tracee_write(how->t->tracee, addr, REC_CPUID_PATCH, sizeof(REC_CPUID_PATCH)) != 0)
		how->error = -EFAULT;
	fmt_effect_put(&how->t->effects, &(struct fmt_effect) { .op = FMT_EFFECT_WRITE, .addr = addr,
								.size = sizeof(REC_CPUID_PATCH), .bytes = REC_CPUID_PATCH });
}

int rec__code_of_file(struct rec_thread *t, const uint8_t *code, size_t size, uint64_t addr)
{
	struct patching how = { .t = t };
	const int r = rec_cpuid_scan(code, size, addr, patch, &how);

	return r < 0 ? r : how.error;
}

/* Patches that are there already are no instructions to a scanner. */
static void unpatch(uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i + 1 < size; i++)
		if (!memcmp(bytes + i, REC_CPUID_PATCH, sizeof(REC_CPUID_PATCH)))
			bytes[i] = 0x0f;
}

/* Whether an instruction may cross into the page: it can be executed, and is not going to change unseen. */
static bool is_settled(const struct rec_memory *m, uint64_t page)
{
	const struct rec_vma *vma = rec_aspace_at(&m->as, page);
	const struct rec_code_page *at = find(m, page);

	return is_code(vma) && (at ? !(at->prot & PROT_WRITE) : !is_written_code(vma));
}

/* Whole pages, at most PIECE; entry as in rec_written_code. */
static int scan(struct rec_thread *t, uint64_t start, uint64_t end, uint64_t entry)
{
	static uint8_t bytes[PIECE + 2 * MARGIN], plain[sizeof(bytes)];
	const struct rec_memory *m = t->memory;
	uint64_t from = start - MARGIN;
	size_t size = end + MARGIN - from, left = rec_tracee_read(t->tracee, bytes, from, size);

	if (left == size) {	/* nothing is before it */
		from = start;
		size -= MARGIN;
		left = rec_tracee_read(t->tracee, bytes, from, size);
	}
	size -= left;
	if (!memmem(bytes, size, "\x0f\xa2", 2))
		return 0;
	memcpy(plain, bytes, size);
	unpatch(plain, size);
	struct patching how = { .t = t, .bytes = bytes, .addr = from };
	const struct rec_written_code code = {
		.bytes = plain, .size = size, .addr = from, .entry = entry,
		.from = is_code(rec_aspace_at(&m->as, start - 1)) ? start - 1 : start,
		.to = is_settled(m, end) ? end : end - 1,
	};
	const int r = rec_cpuid_scan_written(&code, patch, &how);

	return r < 0 ? r : how.error;
}

int rec__code_ready(struct rec_thread *t, uint64_t start, uint64_t end)
{
	const struct rec_vma *vma = rec_aspace_at(&t->memory->as, start);
	int r = 0;

	if (!is_code(vma) || is_written_code(vma))
		return 0;
	for (uint64_t at = start; r == 0 && at < end; at += PIECE)
		r = scan(t, at, end - at < PIECE ? end : at + PIECE, /* entry= */ 0);
	return r;
}

int rec__code_again(struct rec_thread *t, uint64_t start, uint64_t end)
{
	const struct rec_vma *vma = rec_aspace_at(&t->memory->as, start);

	if (!is_written_code(vma))
		return rec__code_ready(t, start, end);
	rec__code_forget(t->memory, start, end - start);
	return protect(t, start, end, rec__code_prot(vma));
}

/* ---- faults --------------------------------------------------------------------- */

static bool has_insn(const struct rec_stop_info *stop, uint64_t page)
{
	return stop->pc < page + PAGE && stop->pc + INSN_MAX > page;
}

/* What becomes of a page that the program may use as vma says. */
static int next_prot(struct rec_code_page *at, const struct rec_vma *vma, const struct rec_stop_info *stop)
{
	if (!(at->prot & PROT_EXEC))
		return at->turns < TURNS_MAX ? (vma->prot & ~PROT_WRITE) | PROT_READ : vma->prot;
	at->turns++;
	/* It could not be executed and written at once. */
	return has_insn(stop, at->addr) ? vma->prot : rec__code_prot(vma);
}

static int turn(struct rec_thread *t, struct rec_code_page *at, const struct rec_vma *vma)
{
	const struct rec_stop_info *stop = &t->call;

	at->prot = next_prot(at, vma, stop);
	int r = protect(t, at->addr, at->addr + PAGE, at->prot);

	if (r == 0 && (at->prot & PROT_EXEC))
		r = scan(t, at->addr, at->addr + PAGE, stop->pc);
	return r < 0 ? r : 1;
}

int rec__code_fault(struct rec_thread *t)
{
	const struct rec_stop_info *stop = &t->call;
	const struct rec_vma *vma = rec_aspace_at(&t->memory->as, stop->addr);
	const uint64_t page = stop->addr & ~(PAGE - 1);

	if (stop->signo != SIGSEGV || stop->code != SEGV_ACCERR || !is_written_code(vma))
		return 0;
	struct rec_code_page *at = find(t->memory, page);

	/* Executable already: it was written. */
	if (at && (at->prot & PROT_EXEC) ? (at->prot & PROT_WRITE) || !(vma->prot & PROT_WRITE) : !has_insn(stop, page))
		return 0;
	return turn(t, at ?: add(t->memory, page, rec__code_prot(vma)), vma);
}

/* ---- what calls write there -------------------------------------------------------- */

/* Whether the program may write there and the host may not. */
static bool is_held(const struct rec_memory *m, uint64_t addr)
{
	const struct rec_vma *vma = rec_aspace_at(&m->as, addr);

	return vma && (vma->prot & PROT_WRITE) && find(m, addr & ~(PAGE - 1));
}

size_t rec__code_write(struct rec_thread *t, uint64_t to, const void *from, size_t size)
{
	size_t left = rec_tracee_write_user(t->tracee, to, from, size);

	while (left > 0 && t->memory) {
		const uint64_t at = to + (size - left), page_left = PAGE - at % PAGE;
		const size_t part = left < page_left ? left : (size_t)page_left;
		const uint8_t *bytes = (const uint8_t *)from + (size - left);

		if (!is_held(t->memory, at) || rec_tracee_write(t->tracee, at, bytes, part))
			break;
		left -= part;
		if (left)
			left = rec_tracee_write_user(t->tracee, at + part, bytes + part, left);
	}
	return left;
}

void rec__code_written(struct rec_thread *t, uint64_t addr, size_t size)
{
	const struct rec_memory *m = t->memory;

	if (!m || !size)
		return;
	for (size_t i = first_at(m, addr & ~(PAGE - 1)); i < m->code_page_count && m->code_pages[i].addr < addr + size; i++)
		if (m->code_pages[i].prot & PROT_EXEC)
			scan(t, m->code_pages[i].addr, m->code_pages[i].addr + PAGE, /* entry= */ 0);
}
