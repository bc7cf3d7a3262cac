/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * image.c - what the host's execve would have done, as a list of effects.
 *
 * The plan follows fs/binfmt_elf.c where programs can tell: which pages are mapped from where, zeroed tails, the order of strings,
 * vectors and auxv on the stack, registers.  It differs where Linux chooses at random or by
 * the host: addresses are fixed (tracee.h), AT_RANDOM and the vDSO are the caller's, AT_HWCAP is the virtual CPU's,
 * AT_MINSIGSTKSZ and AT_PLATFORM are constants.
 *
 *	PIE, static PIE	REC_PIE_BASE, rounded up to the largest p_align
 *	non-PIE		where it was linked
 *	interpreter	ends below REC_MMAP_TOP
 *	stack		8 MiB, ends at REC_STACK_TOP; never grows, so its size is no event
 *	brk		the page after the program's last
 *
 * An ELF file is untrusted: every sum is checked before it is used, everything lies in program memory, and file ranges
 * lie in the file (Linux would map them and let the program die of SIGBUS).
 */
#include "image.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "effect.h"
#include "tracee-int.h"
#include "vcpu.h"

#define STACK_SIZE (8ULL << 20)
/* As Linux: arguments and environment take at most three quarters of the stack. */
#define STRINGS_MAX (STACK_SIZE / 4 * 3)
#define PHNUM_MAX (65536 / sizeof(Elf64_Phdr))
#define ALIGN_MAX (1ULL << 30)
#define CODE_MAX (1ULL << 30)	/* of one segment; a sparse file costs its author nothing */
#define ADDR_MIN 0x10000ULL	/* as vm.mmap_min_addr */

static const char platform[] = "x86_64";

static uint64_t page_down(uint64_t x)
{
	return x & ~(REC_PAGE - 1);
}

static uint64_t page_up(uint64_t x)
{
	return (x + REC_PAGE - 1) & ~(REC_PAGE - 1);
}

struct elf {
	int fd;
	uint64_t file;		/* number in the trace */
	uint64_t file_size;
	Elf64_Ehdr eh;
	Elf64_Phdr *ph;
	uint64_t low, high;	/* of its PT_LOADs, whole pages, before bias */
	uint64_t align;
	uint64_t bias;
};

static void elf_done(struct elf *elf)
{
	free(elf->ph);
}

/* ---- reading and checking ------------------------------------------------------ */

static int read_all(int fd, void *to, size_t size, uint64_t offset)
{
	uint8_t *at = to;

	while (size > 0) {
		const ssize_t r = pread(fd, at, size, (off_t)offset);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (r == 0)
			return -ENOEXEC;
		at += r;
		offset += (uint64_t)r;
		size -= (size_t)r;
	}
	return 0;
}

static bool header_is_good(const Elf64_Ehdr *eh)
{
	return memcmp(eh->e_ident, ELFMAG, SELFMAG) == 0 && eh->e_ident[EI_CLASS] == ELFCLASS64 &&
	       eh->e_ident[EI_DATA] == ELFDATA2LSB && eh->e_machine == EM_X86_64 &&
	       (eh->e_type == ET_EXEC || eh->e_type == ET_DYN) &&
	       eh->e_phentsize == sizeof(Elf64_Phdr) && eh->e_phnum > 0 && eh->e_phnum <= PHNUM_MAX;
}

/* Sums do not wrap, the file has the bytes, address and offset agree within the page. */
static bool segment_is_good(const struct elf *elf, const Elf64_Phdr *ph)
{
	return ph->p_filesz <= ph->p_memsz && ph->p_memsz <= REC_OWN_START &&
	       ph->p_vaddr <= REC_OWN_START - ph->p_memsz && ph->p_offset <= elf->file_size &&
	       ph->p_filesz <= elf->file_size - ph->p_offset &&
	       ph->p_vaddr % REC_PAGE == ph->p_offset % REC_PAGE && ph->p_align <= ALIGN_MAX &&
	       (ph->p_align & (ph->p_align - 1)) == 0;
}

/* Finds the extent; -ENOEXEC when segments are wrong, overlap or are out of order (the ELF specification
 * demands ascending addresses, and an overlap would make the plan depend on its order). */
static int measure(struct elf *elf)
{
	bool any = false;

	elf->align = REC_PAGE;
	for (unsigned i = 0; i < elf->eh.e_phnum; i++) {
		const Elf64_Phdr *const ph = &elf->ph[i];

		if (ph->p_type != PT_LOAD || ph->p_memsz == 0)
			continue;
		if (!segment_is_good(elf, ph))
			return -ENOEXEC;
		if (!any)
			elf->low = page_down(ph->p_vaddr);
		else if (page_down(ph->p_vaddr) < page_down(elf->high - 1))
			return -ENOEXEC;
		if (any && ph->p_vaddr < elf->high)
			return -ENOEXEC;
		elf->high = ph->p_vaddr + ph->p_memsz;
		if (ph->p_align > elf->align)
			elf->align = ph->p_align;
		any = true;
	}
	elf->high = page_up(elf->high);
	return any ? 0 : -ENOEXEC;
}

static int elf_read(struct elf *elf, int fd, uint64_t file)
{
	struct stat st;

	elf->fd = fd;
	elf->file = file;
	if (fstat(fd, &st) < 0)
		return -errno;
	elf->file_size = (uint64_t)st.st_size;
	int r = read_all(fd, &elf->eh, sizeof(elf->eh), 0);
	if (r < 0)
		return r;
	if (!header_is_good(&elf->eh))
		return -ENOEXEC;
	const size_t size = elf->eh.e_phnum * sizeof(Elf64_Phdr);
	elf->ph = malloc(size);
	CHECK(elf->ph);
	r = elf->eh.e_phoff > elf->file_size ? -ENOEXEC
					     : read_all(fd, elf->ph, size, elf->eh.e_phoff);
	return r < 0 ? r : measure(elf);
}

/* ---- placing ------------------------------------------------------------------------ */

static bool fits(const struct elf *elf, uint64_t base, uint64_t end)
{
	return base >= ADDR_MIN && base <= end && elf->high - elf->low <= end - base;
}

static int place_program(struct elf *elf)
{
	uint64_t base = elf->low;

	if (elf->eh.e_type == ET_DYN)
		base = (REC_PIE_BASE + elf->align - 1) & ~(elf->align - 1);
	/* Its memory, and some for brk, below all that mmap will place. */
	if (!fits(elf, base, REC_MMAP_TOP - (1ULL << 40)))
		return -ENOEXEC;
	elf->bias = base - elf->low;
	return 0;
}

static int place_interp(struct elf *elf, const struct elf *program)
{
	const uint64_t size = elf->high - elf->low;
	uint64_t base = elf->low;

	if (elf->eh.e_type == ET_DYN) {
		if (size > 1ULL << 40)
			return -ELIBBAD;
		base = (REC_MMAP_TOP - size) & ~(elf->align - 1);
	}
	if (!fits(elf, base, REC_MMAP_TOP))
		return -ELIBBAD;
	if (base < program->high + program->bias && base + size > program->low + program->bias)
		return -ELIBBAD;
	elf->bias = base - elf->low;
	return 0;
}

/* ---- effects --------------------------------------------------------------------------- */

static void put_map(struct fmt_buf *list, uint64_t addr, uint64_t size, uint32_t prot, uint64_t file, uint64_t offset)
{
	const struct fmt_effect effect = {
		.op = FMT_EFFECT_MAP,
		.addr = addr,
		.size = size,
		.prot = prot,
		.flags = MAP_PRIVATE | MAP_FIXED | (file ? 0 : MAP_ANONYMOUS),
		.file = file,
		.offset = offset,
	};

	fmt_effect_put(list, &effect);
}

static void put_fill(struct fmt_buf *list, uint64_t addr, uint64_t size)
{
	const struct fmt_effect effect = {.op = FMT_EFFECT_FILL, .addr = addr, .size = size};

	fmt_effect_put(list, &effect);
}

static void put_write(struct fmt_buf *list, uint64_t addr, const void *bytes, size_t size)
{
	const struct fmt_effect effect = {
		.op = FMT_EFFECT_WRITE, .addr = addr, .size = size, .bytes = bytes};

	fmt_effect_put(list, &effect);
}

static uint32_t prot_of(uint32_t p_flags)
{
	return (p_flags & PF_R ? PROT_READ : 0) | (p_flags & PF_W ? PROT_WRITE : 0) |
	       (p_flags & PF_X ? PROT_EXEC : 0);
}

/* Pages of the file, the zeroed rest of the last of them, pages of zeros. */
static void put_segment(struct fmt_buf *list, const struct elf *elf, const Elf64_Phdr *ph)
{
	const uint64_t start = page_down(ph->p_vaddr + elf->bias);
	const uint64_t file_end = ph->p_vaddr + elf->bias + ph->p_filesz;
	const uint64_t end = ph->p_vaddr + elf->bias + ph->p_memsz;
	uint64_t zeros = start;

	if (ph->p_filesz > 0) {
		zeros = page_up(file_end);
		put_map(list, start, zeros - start, prot_of(ph->p_flags), elf->file,
			page_down(ph->p_offset));
		if (end > file_end && zeros > file_end)
			put_fill(list, file_end, zeros - file_end);
	}
	if (page_up(end) > zeros)
		put_map(list, zeros, page_up(end) - zeros, prot_of(ph->p_flags), 0, 0);
}

struct patching {
	struct fmt_buf *list;
	uint64_t past;		/* everything below has been patched */
};

static void patch_found(void *arg, uint64_t addr)
{
	struct patching *const patching = arg;

	if (addr < patching->past)
		return;
	put_write(patching->list, addr, REC_CPUID_PATCH, sizeof(REC_CPUID_PATCH));
	patching->past = addr + sizeof(REC_CPUID_PATCH);
}

static int put_patches(struct fmt_buf *list, const struct elf *elf, const Elf64_Phdr *ph)
{
	struct patching patching = {.list = list};
	_cleanup_free_ uint8_t *code = NULL;

	if (ph->p_filesz > CODE_MAX)
		return -ENOEXEC;
	code = malloc(ph->p_filesz ? ph->p_filesz : 1);
	if (!code)
		return -ENOMEM;
	const int r = read_all(elf->fd, code, ph->p_filesz, ph->p_offset);
	if (r < 0)
		return r;
	return rec_cpuid_scan(code, ph->p_filesz, ph->p_vaddr + elf->bias, patch_found, &patching);
}

static int put_elf(struct fmt_buf *list, const struct elf *elf, bool patch_cpuid)
{
	for (unsigned i = 0; i < elf->eh.e_phnum; i++) {
		const Elf64_Phdr *const ph = &elf->ph[i];

		if (ph->p_type != PT_LOAD || ph->p_memsz == 0)
			continue;
		put_segment(list, elf, ph);
		if (patch_cpuid && ph->p_flags & PF_X) {
			const int r = put_patches(list, elf, ph);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* ---- the stack --------------------------------------------------------------------------- */

#define AUXV_MAX 24

/* The stack's upper end is built in a buffer of which the last byte is the byte below REC_STACK_TOP. */
struct stack {
	uint8_t *data;
	uint64_t size;
	uint64_t sp;		/* address of the lowest byte in use */
};

static void stack_done(struct stack *stack)
{
	free(stack->data);
}

static void push(struct stack *stack, const void *bytes, size_t size)
{
	CHECK(stack->sp - size >= REC_STACK_TOP - stack->size);
	stack->sp -= size;
	if (size)
		memcpy(stack->data + (stack->sp - (REC_STACK_TOP - stack->size)), bytes, size);
}

static int check_strings(const struct rec_image_request *rq)
{
	size_t count = 0;

	if (rq->strings_size > STRINGS_MAX || strlen(rq->exec_path) > 4096 ||
	    (uint64_t)rq->argc + rq->envc > STRINGS_MAX / sizeof(uint64_t) ||
	    rq->strings_size + 8ULL * (rq->argc + rq->envc) > STRINGS_MAX)
		return -E2BIG;
	for (size_t i = 0; i < rq->strings_size; i++)
		count += rq->strings[i] == 0;
	if (count != (size_t)rq->argc + rq->envc)
		return -EINVAL;
	return rq->strings_size && rq->strings[rq->strings_size - 1] ? -EINVAL : 0;
}

struct addresses {
	uint64_t exec_path, platform, random, strings;
};

static unsigned make_auxv(const struct rec_image_request *rq, const struct elf *program, const struct elf *interp,
			  const struct addresses *at, uint64_t phdr, Elf64_auxv_t *auxv)
{
	const uint64_t rows[][2] = {
		{AT_SYSINFO_EHDR, REC_VDSO_ADDR},
		{AT_MINSIGSTKSZ, 2048},
		{AT_HWCAP, rec_vcpu_hwcap()},
		{AT_PAGESZ, REC_PAGE},
		{AT_CLKTCK, 100},
		{AT_PHDR, phdr},
		{AT_PHENT, sizeof(Elf64_Phdr)},
		{AT_PHNUM, program->eh.e_phnum},
		{AT_BASE, interp ? interp->bias : 0},
		{AT_FLAGS, 0},
		{AT_ENTRY, program->eh.e_entry + program->bias},
		{AT_UID, rq->uid},
		{AT_EUID, rq->euid},
		{AT_GID, rq->gid},
		{AT_EGID, rq->egid},
		{AT_SECURE, rq->secure},
		{AT_RANDOM, at->random},
		{AT_HWCAP2, 0},
		{AT_EXECFN, at->exec_path},
		{AT_PLATFORM, at->platform},
		{AT_NULL, 0},
	};
	const unsigned count = sizeof(rows) / sizeof(rows[0]);

	_Static_assert(sizeof(rows) / sizeof(rows[0]) <= AUXV_MAX && 2 * AUXV_MAX <= REC_AUXV_WORDS,
		       "the arrays are large enough");
	for (unsigned i = 0; i < count; i++)
		auxv[i] = (Elf64_auxv_t){.a_type = rows[i][0], .a_un.a_val = rows[i][1]};
	return count;
}

/* Where the program headers are in memory, 0 when no segment contains them. */
static uint64_t find_phdr(const struct elf *elf)
{
	for (unsigned i = 0; i < elf->eh.e_phnum; i++) {
		const Elf64_Phdr *const ph = &elf->ph[i];

		if (ph->p_type == PT_LOAD && elf->eh.e_phoff >= ph->p_offset &&
		    elf->eh.e_phoff - ph->p_offset < ph->p_filesz)
			return elf->eh.e_phoff - ph->p_offset + ph->p_vaddr + elf->bias;
	}
	return 0;
}

/* argc, argv, NULL, envp, NULL: addresses of strings that follow each other. */
static void push_vectors(struct stack *stack, const struct rec_image_request *rq, uint64_t strings, uint64_t *words)
{
	size_t n = 0, offset = 0;

	words[n++] = rq->argc;
	for (unsigned i = 0; i < rq->argc + rq->envc; i++) {
		if (i == rq->argc)
			words[n++] = 0;
		words[n++] = strings + offset;
		offset += strlen(rq->strings + offset) + 1;
	}
	if (rq->envc == 0)
		words[n++] = 0;
	words[n++] = 0;
	push(stack, words, n * sizeof(*words));
}

/* Bytes of the strings that are arguments, the rest is the environment. */
static uint64_t args_size(const struct rec_image_request *rq)
{
	uint64_t size = 0;

	for (unsigned i = 0; i < rq->argc; i++)
		size += strlen(rq->strings + size) + 1;
	return size;
}

static uint64_t vector_words(const struct rec_image_request *rq)
{
	return 1 + (uint64_t)rq->argc + 1 + rq->envc + 1;
}

static void build_stack(struct stack *stack, struct rec_image_plan *plan, const struct rec_image_request *rq, const struct elf *program,
			const struct elf *interp, uint64_t *words)
{
	Elf64_auxv_t auxv[AUXV_MAX];
	struct addresses at;
	const uint64_t zero = 0;

	push(stack, &zero, sizeof(zero));
	push(stack, rq->exec_path, strlen(rq->exec_path) + 1);
	at.exec_path = stack->sp;
	push(stack, rq->strings, rq->strings_size);
	at.strings = stack->sp;
	stack->sp &= ~15ULL;
	push(stack, platform, sizeof(platform));
	at.platform = stack->sp;
	push(stack, rq->random, 16);
	at.random = stack->sp;

	const unsigned count = make_auxv(rq, program, interp, &at, find_phdr(program), auxv);
	const uint64_t below = count * sizeof(auxv[0]) + vector_words(rq) * sizeof(uint64_t);
	stack->sp = ((stack->sp - below) & ~15ULL) + below;	/* so that sp ends on 16 bytes */
	push(stack, auxv, count * sizeof(auxv[0]));
	memcpy(plan->auxv, auxv, count * sizeof(auxv[0]));
	plan->arg_start = at.strings;
	plan->arg_end = at.strings + args_size(rq);
	plan->env_end = at.strings + rq->strings_size;
	push_vectors(stack, rq, at.strings, words);
	CHECK(stack->sp % 16 == 0);
}

static bool stack_is_executable(const struct elf *program)
{
	for (unsigned i = 0; i < program->eh.e_phnum; i++)
		if (program->ph[i].p_type == PT_GNU_STACK)
			return program->ph[i].p_flags & PF_X;
	return false;
}

static int put_stack(struct rec_image_plan *plan, const struct rec_image_request *rq, const struct elf *program,
		     const struct elf *interp)
{
	const uint64_t words_size = vector_words(rq) * sizeof(uint64_t);
	_cleanup_(stack_done) struct stack stack = {.sp = REC_STACK_TOP};
	_cleanup_free_ uint64_t *words = malloc(words_size);

	stack.size = page_up(rq->strings_size + words_size + strlen(rq->exec_path) +
			     AUXV_MAX * sizeof(Elf64_auxv_t) + 256);
	stack.data = calloc(1, stack.size);
	if (!stack.data || !words)
		return -ENOMEM;
	build_stack(&stack, plan, rq, program, interp, words);
	plan->stack_size = STACK_SIZE;
	plan->stack_start = REC_STACK_TOP - STACK_SIZE;
	put_map(&plan->effects, plan->stack_start, plan->stack_size,
		PROT_READ | PROT_WRITE | (stack_is_executable(program) ? PROT_EXEC : 0), 0, 0);
	put_write(&plan->effects, stack.sp, stack.data + (stack.sp - (REC_STACK_TOP - stack.size)),
		  REC_STACK_TOP - stack.sp);
	plan->regs.rsp = stack.sp;
	return 0;
}

/* Where its code and its data lie. */
static void put_extents(struct rec_image_plan *plan, const struct elf *elf)
{
	plan->start_code = plan->start_data = UINT64_MAX;
	for (unsigned i = 0; i < elf->eh.e_phnum; i++) {
		const Elf64_Phdr *const ph = &elf->ph[i];
		const uint64_t start = ph->p_vaddr + elf->bias, end = start + ph->p_filesz;

		if (ph->p_type != PT_LOAD || ph->p_memsz == 0)
			continue;
		plan->start_code = start < plan->start_code ? start : plan->start_code;
		if (ph->p_flags & PF_X && end > plan->end_code)
			plan->end_code = end;
		if (ph->p_flags & PF_W && start < plan->start_data)
			plan->start_data = start;
		plan->end_data = end > plan->end_data ? end : plan->end_data;
	}
	if (plan->start_data == UINT64_MAX)
		plan->start_data = plan->end_data;
}

/* ---- the plan --------------------------------------------------------------------------------- */

static int make_plan(struct rec_image_plan *plan, const struct rec_image_request *rq, bool patch_cpuid, struct elf *program,
		     struct elf *interp)
{
	int r = place_program(program);

	if (r == 0 && interp)
		r = place_interp(interp, program);
	if (r == 0)
		r = put_elf(&plan->effects, program, patch_cpuid);
	if (r == 0 && interp)
		r = put_elf(&plan->effects, interp, patch_cpuid);
	if (r == 0)
		r = put_stack(plan, rq, program, interp);
	if (r < 0)
		return r;
	const struct elf *const first = interp ? interp : program;
	plan->regs.rip = first->eh.e_entry + first->bias;
	plan->regs.eflags = 0x202;
	plan->regs.cs = 0x33;
	plan->regs.ss = 0x2b;
	plan->regs.orig_rax = (uint64_t)-1;
	plan->brk_start = program->high + program->bias;
	put_extents(plan, program);
	return plan->regs.rip < REC_OWN_START ? 0 : -ENOEXEC;
}

int rec_image_plan(const struct rec_image_request *request, bool patch_cpuid, struct rec_image_plan *ret)
{
	_cleanup_(elf_done) struct elf program = {0};
	_cleanup_(elf_done) struct elf interp = {0};
	_cleanup_(rec_image_plan_done) struct rec_image_plan plan = {0};
	const bool has_interp = request->interp_fd >= 0;
	int r = check_strings(request);

	CHECK(request->file != 0 && (!has_interp || request->interp != 0));
	if (r == 0)
		r = elf_read(&program, request->file_fd, request->file);
	if (r < 0)
		return r;
	if (has_interp) {
		r = elf_read(&interp, request->interp_fd, request->interp);
		if (r < 0)
			return r == -ENOEXEC ? -ELIBBAD : r;
	}
	r = make_plan(&plan, request, patch_cpuid, &program, has_interp ? &interp : NULL);
	if (r < 0)
		return r;
	*ret = plan;
	plan.effects = (struct fmt_buf){0};
	return 0;
}

void rec_image_plan_done(struct rec_image_plan *plan)
{
	fmt_buf_done(&plan->effects);
}
