/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-image.c - plans for ELF files made here: good ones to the byte, hostile ones refused.
 *
 * Nothing is executed.  Every plan that is made, however mangled its file, must keep to program memory and to
 * the file.
 */
#include <elf.h>
#include <errno.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "effect.h"
#include "image.h"
#include "tracee.h"
#include "unit.h"

#define PAGE 4096ULL

/* A program of one page of headers and code, one page of data of which a part is bss. */
struct small {
	Elf64_Ehdr eh;
	Elf64_Phdr ph[4];
	uint8_t code[PAGE - sizeof(Elf64_Ehdr) - 4 * sizeof(Elf64_Phdr)];
	uint8_t data[0x100];
};

static void make(struct small *elf, uint16_t type, uint64_t base)
{
	memset(elf, 0, sizeof(*elf));
	memcpy(elf->eh.e_ident, "\177ELF\2\1\1", 7);
	elf->eh.e_type = type;
	elf->eh.e_machine = EM_X86_64;
	elf->eh.e_version = 1;
	elf->eh.e_entry = base + 0x400;
	elf->eh.e_phoff = sizeof(Elf64_Ehdr);
	elf->eh.e_ehsize = sizeof(Elf64_Ehdr);
	elf->eh.e_phentsize = sizeof(Elf64_Phdr);
	elf->eh.e_phnum = 3;
	elf->ph[0] = (Elf64_Phdr){.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = base,
				  .p_filesz = PAGE, .p_memsz = PAGE, .p_align = PAGE};
	elf->ph[1] = (Elf64_Phdr){.p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_vaddr = base + PAGE,
				  .p_offset = PAGE, .p_filesz = 0x100, .p_memsz = 0x3000, .p_align = PAGE};
	elf->ph[2] = (Elf64_Phdr){.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W, .p_align = 16};
	memset(elf->data, 0xaa, sizeof(elf->data));
}

static int file_of(const void *bytes, size_t size)
{
	const int fd = memfd_create("elf", MFD_CLOEXEC);

	HOLDS(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	return fd;
}

static const uint8_t random16[16] = "0123456789abcde";

static int plan(const void *elf, size_t size, const void *interp, struct rec_image_plan *ret)
{
	static const char strings[] = "prog\0arg\0A=1\0BB=2";
	const struct rec_image_request request = {
		.file_fd = file_of(elf, size), .interp_fd = interp ? file_of(interp, sizeof(struct small)) : -1,
		.file = 7, .interp = 8, .exec_path = "/bin/prog", .strings = strings,
		.strings_size = sizeof(strings), .argc = 2, .envc = 2, .uid = 1, .euid = 2, .gid = 3,
		.egid = 4, .random = random16,
	};
	const int r = rec_image_plan(&request, /* patch_cpuid= */ true, ret);

	close(request.file_fd);
	if (interp)
		close(request.interp_fd);
	return r;
}

static struct fmt_effect effects[4096];

static size_t list(const struct rec_image_plan *p)
{
	size_t pos = 0, n = 0;

	while (n < 4096 && fmt_effect_next(p->effects.data, p->effects.size, &pos, &effects[n]) == 1)
		n++;
	return n;
}

static void expect(size_t i, enum fmt_effect_op op, uint64_t addr, uint64_t size, uint32_t prot, uint64_t file,
		   uint64_t offset)
{
	EQUAL(effects[i].op, op);
	EQUAL(effects[i].addr, addr);
	EQUAL(effects[i].size, size);
	if (op != FMT_EFFECT_MAP)
		return;
	EQUAL(effects[i].prot, prot);
	EQUAL(effects[i].file, file);
	EQUAL(effects[i].offset, offset);
}

static void expect_small(size_t i, uint64_t base, uint64_t file)
{
	expect(i, FMT_EFFECT_MAP, base, PAGE, PROT_READ | PROT_EXEC, file, 0);
	expect(i + 1, FMT_EFFECT_MAP, base + PAGE, PAGE, PROT_READ | PROT_WRITE, file, PAGE);
	expect(i + 2, FMT_EFFECT_FILL, base + PAGE + 0x100, PAGE - 0x100, 0, 0, 0);
	expect(i + 3, FMT_EFFECT_MAP, base + 2 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, 0, 0);
}

static uint64_t aux(const uint64_t *at, uint64_t type)
{
	for (; at[0]; at += 2)
		if (at[0] == type)
			return at[1];
	return UINT64_MAX;
}

/* What the plan writes at an address. */
static const char *text_at(const struct fmt_effect *e, uint64_t addr)
{
	return (const char *)e->bytes + (addr - e->addr);
}

static void check_stack(const struct fmt_effect *e, const struct rec_image_plan *p, uint64_t base, uint64_t interp)
{
	uint64_t words[128] = {0};	/* the bytes in a list of effects have no alignment */
	const uint64_t *auxv = words + 7;

	memcpy(words, e->bytes, e->size < sizeof(words) ? e->size : sizeof(words));
	EQUAL(e->addr, p->regs.rsp);
	EQUAL(e->addr % 16, 0);
	EQUAL(e->addr + e->size, REC_STACK_TOP);
	EQUAL(words[0], 2);
	STRING(text_at(e, words[1]), "prog");
	STRING(text_at(e, words[2]), "arg");
	EQUAL(words[3], 0);
	STRING(text_at(e, words[4]), "A=1");
	STRING(text_at(e, words[5]), "BB=2");
	EQUAL(words[6], 0);
	EQUAL(aux(auxv, AT_PHDR), base + sizeof(Elf64_Ehdr));
	EQUAL(aux(auxv, AT_PHNUM), 3);
	EQUAL(aux(auxv, AT_ENTRY), base + 0x400);
	EQUAL(aux(auxv, AT_BASE), interp);
	EQUAL(aux(auxv, AT_UID), 1);
	EQUAL(aux(auxv, AT_EGID), 4);
	EQUAL(aux(auxv, AT_SYSINFO_EHDR), REC_VDSO_ADDR);
	EQUAL(aux(auxv, AT_HWCAP2), 0);
	STRING(text_at(e, aux(auxv, AT_EXECFN)), "/bin/prog");
	STRING(text_at(e, aux(auxv, AT_PLATFORM)), "x86_64");
	SAME(text_at(e, aux(auxv, AT_RANDOM)), 16, random16, 16);
}

static void test_good(void)
{
	struct rec_image_plan p = {0};
	struct small elf, interp;

	part("non-PIE");
	make(&elf, ET_EXEC, 0x400000);
	EQUAL(plan(&elf, sizeof(elf), NULL, &p), 0);
	EQUAL(list(&p), 6);
	expect_small(0, 0x400000, 7);
	expect(4, FMT_EFFECT_MAP, REC_STACK_TOP - (8 << 20), 8 << 20, PROT_READ | PROT_WRITE, 0, 0);
	check_stack(&effects[5], &p, 0x400000, 0);
	EQUAL(p.regs.rip, 0x400400);
	EQUAL(p.regs.eflags, 0x202);
	EQUAL(p.brk_start, 0x404000);
	EQUAL(p.stack_size, 8 << 20);
	rec_image_plan_done(&p);

	part("PIE with interpreter");
	make(&elf, ET_DYN, 0);
	elf.ph[2].p_flags |= PF_X;
	elf.ph[0].p_align = 2 << 20;
	make(&interp, ET_DYN, 0);
	EQUAL(plan(&elf, sizeof(elf), &interp, &p), 0);
	EQUAL(list(&p), 10);
	expect_small(0, 0x555555600000, 7);
	expect_small(4, REC_MMAP_TOP - 4 * PAGE, 8);
	expect(8, FMT_EFFECT_MAP, REC_STACK_TOP - (8 << 20), 8 << 20, PROT_READ | PROT_WRITE | PROT_EXEC, 0, 0);
	check_stack(&effects[9], &p, 0x555555600000, REC_MMAP_TOP - 4 * PAGE);
	EQUAL(p.regs.rip, REC_MMAP_TOP - 4 * PAGE + 0x400);
	rec_image_plan_done(&p);

	part("cpuid");
	make(&elf, ET_DYN, 0);
	memset(elf.code, 0x90, sizeof(elf.code));
	memcpy(elf.code + 0x100, "\x31\xc0\x0f\xa2\x89\xd8\xc3", 7);	/* xor eax, eax; cpuid; mov; ret */
	memcpy(elf.code + 0x200, "\xb8\x0f\xa2\x00\x00\x89\xd8\xc3", 8);	/* mov $0xa20f, %eax */
	EQUAL(plan(&elf, sizeof(elf), NULL, &p), 0);
	EQUAL(list(&p), 7);
	expect(4 - 3, FMT_EFFECT_WRITE, REC_PIE_BASE + offsetof(struct small, code) + 0x102, 2, 0, 0, 0);
	SAME(effects[1].bytes, 2, REC_CPUID_PATCH, 2);
	rec_image_plan_done(&p);
}

/* ---- hostile files -------------------------------------------------------------- */

static void refuse(const struct small *elf, size_t size, int expected)
{
	struct rec_image_plan p = {0};

	EQUAL(plan(elf, size, NULL, &p), expected);
}

static void test_refused(void)
{
	struct small elf;

#define REFUSE(change)                                                                             \
	do {                                                                                       \
		make(&elf, ET_DYN, 0);                                                             \
		change;                                                                            \
		refuse(&elf, sizeof(elf), -ENOEXEC);                                               \
	} while (0)

	part("refused");
	REFUSE(elf.eh.e_ident[0] = 'X');
	REFUSE(elf.eh.e_ident[EI_CLASS] = ELFCLASS32);
	REFUSE(elf.eh.e_machine = EM_386);
	REFUSE(elf.eh.e_type = ET_REL);
	REFUSE(elf.eh.e_phnum = 0);
	REFUSE(elf.eh.e_phnum = 0xffff);
	REFUSE(elf.eh.e_phentsize = 8);
	REFUSE(elf.eh.e_phoff = UINT64_MAX - 7);
	REFUSE(elf.eh.e_phoff = sizeof(elf));
	REFUSE(elf.eh.e_entry = REC_STUB_ADDR);
	REFUSE(elf.ph[0].p_vaddr = UINT64_MAX - PAGE + 1);
	REFUSE(elf.ph[1].p_memsz = UINT64_MAX);
	REFUSE(elf.ph[1].p_memsz = 1ULL << 46);
	REFUSE(elf.ph[1].p_memsz = 0x80);		/* less than in the file */
	REFUSE(elf.ph[1].p_filesz = 0x2000);		/* more than the file has */
	REFUSE(elf.ph[1].p_offset = UINT64_MAX - PAGE + 1);
	REFUSE(elf.ph[1].p_vaddr = 0);			/* over the first */
	REFUSE(elf.ph[1].p_vaddr += 8);			/* not where its page is */
	REFUSE(elf.ph[1].p_align = 3);
	REFUSE(elf.ph[1].p_align = 1ULL << 63);
	REFUSE(elf.ph[0].p_type = elf.ph[1].p_type = PT_NULL);
	make(&elf, ET_EXEC, 0);				/* page zero */
	refuse(&elf, sizeof(elf), -ENOEXEC);
	make(&elf, ET_EXEC, REC_STUB_ADDR - PAGE);
	refuse(&elf, sizeof(elf), -ENOEXEC);
	make(&elf, ET_EXEC, REC_STACK_TOP - PAGE);
	refuse(&elf, sizeof(elf), -ENOEXEC);
	make(&elf, ET_DYN, 0);
	for (size_t size = 0; size < sizeof(elf); size += 13)
		refuse(&elf, size, -ENOEXEC);
}

static void check_bounds(const struct rec_image_plan *p)
{
	const size_t n = list(p);

	for (size_t i = 0; i < n; i++) {
		const struct fmt_effect *const e = &effects[i];

		HOLDS(e->addr >= 0x10000 && e->size < REC_STUB_ADDR && e->addr <= REC_STUB_ADDR - e->size);
		if (e->op == FMT_EFFECT_MAP) {
			HOLDS(e->addr % PAGE == 0 && e->size % PAGE == 0 && e->size > 0);
			if (e->file)
				HOLDS(e->offset + e->size <= 2 * PAGE);
		}
	}
}

static void test_mangled(void)
{
	struct small elf, interp;
	unsigned good = 0;

	part("mangled");
	for (int i = 0; i < 20000; i++) {
		struct rec_image_plan p = {0};
		uint8_t *const bytes = (uint8_t *)&elf;
		const bool has_interp = i % 2;

		random_state = (uint64_t)i;
		make(&elf, i % 3 ? ET_DYN : ET_EXEC, i % 3 ? 0 : 0x400000);
		make(&interp, ET_DYN, 0);
		for (uint64_t k = random_below(4) + 1; k > 0; k--)
			bytes[random_below(offsetof(struct small, code))] ^= (uint8_t)(1u << random_below(8));
		if (i % 5 == 0)
			((uint64_t *)(void *)elf.ph)[random_below(21)] = random_wide();
		if (plan(&elf, sizeof(elf), has_interp ? &interp : NULL, &p) == 0) {
			good++;
			check_bounds(&p);
			rec_image_plan_done(&p);
		}
	}
	HOLDS(good > 1000);	/* most flips are harmless: the check above has run */
}

static void test_strings(void)
{
	struct rec_image_plan p = {0};
	struct small elf;
	const size_t size = 7 << 20;
	char *const many = calloc(1, size);
	struct rec_image_request request = {
		.interp_fd = -1, .file = 1, .exec_path = "x", .strings = many, .random = random16,
		.strings_size = size, .argc = (unsigned)size,
	};

	part("strings");
	make(&elf, ET_DYN, 0);
	request.file_fd = file_of(&elf, sizeof(elf));
	EQUAL(rec_image_plan(&request, false, &p), -E2BIG);
	request.strings_size = 100000;
	request.argc = 99999;
	EQUAL(rec_image_plan(&request, false, &p), -EINVAL);	/* the numbers do not agree */
	request.envc = 1;
	EQUAL(rec_image_plan(&request, false, &p), 0);
	rec_image_plan_done(&p);
	request.strings_size = request.argc = request.envc = 0;
	EQUAL(rec_image_plan(&request, false, &p), 0);
	rec_image_plan_done(&p);
	close(request.file_fd);
	free(many);
}

int main(void)
{
	test_good();
	test_refused();
	test_mangled();
	test_strings();
	return done();
}
