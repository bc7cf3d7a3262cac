/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loader.c - maps the kernel image once per node.
 *
 * Why an own loader: dlopen() maps a file once however often it is asked, dlmopen() has 16
 * namespaces, and neither lets the addresses be chosen.  Here every node has a slot of the address
 * space, by its index, so that equal runs see equal pointers:
 *
 *	slot + 0		image: text (shared with every other node), data (private)
 *	slot + KG_MEMORY_AT	the node's memory
 *
 * Text is never writable and data is never executable, before, during or after relocation.
 */
#include "loader.h"

#include <errno.h>
#include <fcntl.h>
#include <gcrypt.h>
#include <gelf.h>
#include <libelf.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>

#define KG_SLOTS_MAX 4096u
#define KG_SEGMENTS_MAX 8
#define KG_PAGE 4096ull
#define KG_HASH_SIZE 32

struct kg_segment {
	uint64_t vaddr;
	uint64_t offset;
	uint64_t file_size;
	uint64_t memory_size;
	int prot;
};

struct kg_image {
	int fd;
	uint64_t size;			/* of the file */
	uint64_t extent;		/* of the mapped image */
	uint64_t entry;
	uint64_t coverage;		/* its second door; 0: it has none */
	struct kg_segment segments[KG_SEGMENTS_MAX];
	size_t segment_count;
	Elf64_Rela *relocs;		/* owned */
	size_t reloc_count;
	bool keeps_text;
	unsigned char hash[KG_HASH_SIZE];
};

struct kg_instance {
	uint64_t base;
	uint64_t extent;
	uint64_t text_start, text_end;	/* what stays mapped after it, in the image; the same: nothing */
	uint64_t memory;
	size_t memory_size;
	const struct kg_api *api;
	kg_coverage_fn *coverage;	/* NULL: nothing is counted */
};

static uint64_t page_down(uint64_t value)
{
	return value & ~(KG_PAGE - 1);
}

static uint64_t page_up(uint64_t value)
{
	return page_down(value + KG_PAGE - 1);
}

/* ---- the file ------------------------------------------------------------------ */

static int hash_file(int fd, uint64_t size, unsigned char *ret_hash)
{
	void *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);

	if (map == MAP_FAILED)
		return -errno;
	if (!gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P)) {
		gcry_check_version(NULL);
		gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
		gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	}
	gcry_md_hash_buffer(GCRY_MD_SHA256, ret_hash, map, size);
	munmap(map, size);
	return 0;
}

static int prot_of(uint32_t flags)
{
	return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) |
	       (flags & PF_X ? PROT_EXEC : 0);
}

static int add_segment(struct kg_image *image, const GElf_Phdr *phdr)
{
	struct kg_segment *seg = &image->segments[image->segment_count];
	uint64_t end = phdr->p_vaddr + phdr->p_memsz;

	if (image->segment_count == KG_SEGMENTS_MAX)
		return -EBADMSG;
	if (phdr->p_filesz > phdr->p_memsz || end < phdr->p_vaddr || end > KG_MEMORY_AT ||
	    phdr->p_offset > image->size || phdr->p_filesz > image->size - phdr->p_offset ||
	    (phdr->p_vaddr - phdr->p_offset) % KG_PAGE)
		return -EBADMSG;
	if ((phdr->p_flags & (PF_W | PF_X)) == (PF_W | PF_X))
		return -EBADMSG;
	*seg = (struct kg_segment){
		.vaddr = phdr->p_vaddr,
		.offset = phdr->p_offset,
		.file_size = phdr->p_filesz,
		.memory_size = phdr->p_memsz,
		.prot = prot_of(phdr->p_flags),
	};
	image->segment_count++;
	if (page_up(end) > image->extent)
		image->extent = page_up(end);
	return 0;
}

/* Whether size bytes at vaddr lie in one writable segment. */
static bool is_writable(const struct kg_image *image, uint64_t vaddr, uint64_t size)
{
	for (size_t i = 0; i < image->segment_count; i++) {
		const struct kg_segment *seg = &image->segments[i];

		if ((seg->prot & PROT_WRITE) && vaddr >= seg->vaddr && size <= seg->memory_size &&
		    vaddr - seg->vaddr <= seg->memory_size - size)
			return true;
	}
	return false;
}

/* File offset of vaddr, or 0 if it is not in the file. */
static uint64_t offset_of(const struct kg_image *image, uint64_t vaddr, uint64_t size)
{
	for (size_t i = 0; i < image->segment_count; i++) {
		const struct kg_segment *seg = &image->segments[i];

		if (vaddr >= seg->vaddr && size <= seg->file_size &&
		    vaddr - seg->vaddr <= seg->file_size - size)
			return seg->offset + (vaddr - seg->vaddr);
	}
	return 0;
}

static int read_whole(int fd, void *buf, uint64_t size, uint64_t offset)
{
	ssize_t got = pread(fd, buf, size, (off_t)offset);

	if (got < 0)
		return -errno;
	return (uint64_t)got == size ? 0 : -EBADMSG;
}

/* Reads the table and checks it, so that instances can apply it unseen. */
static int read_relocs(struct kg_image *image, uint64_t vaddr, uint64_t size)
{
	uint64_t offset = offset_of(image, vaddr, size);
	int r;

	if (!offset || size % sizeof(Elf64_Rela) || !size)
		return -EBADMSG;
	image->relocs = malloc(size);
	if (!image->relocs)
		return -ENOMEM;
	image->reloc_count = size / sizeof(Elf64_Rela);
	r = read_whole(image->fd, image->relocs, size, offset);
	for (size_t i = 0; r == 0 && i < image->reloc_count; i++) {
		if (ELF64_R_TYPE(image->relocs[i].r_info) != R_X86_64_RELATIVE ||
		    !is_writable(image, image->relocs[i].r_offset, sizeof(uint64_t)))
			r = -EBADMSG;
	}
	return r;
}

static int read_dynamic(struct kg_image *image, const GElf_Phdr *phdr)
{
	uint64_t rela = 0, rela_size = 0;
	Elf64_Dyn entries[64];
	size_t count = phdr->p_filesz / sizeof(entries[0]);
	int r;

	if (count > sizeof(entries) / sizeof(entries[0]))
		return -EBADMSG;
	r = read_whole(image->fd, entries, count * sizeof(entries[0]), phdr->p_offset);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count && entries[i].d_tag != DT_NULL; i++) {
		switch (entries[i].d_tag) {
		case DT_RELA:
			rela = entries[i].d_un.d_val;
			break;
		case DT_RELASZ:
			rela_size = entries[i].d_un.d_val;
			break;
		case DT_NEEDED:
		case DT_JMPREL:
			return -EBADMSG;	/* it must not want anything of anybody */
		default:
			break;
		}
	}
	return read_relocs(image, rela, rela_size);
}

static int read_segments(struct kg_image *image, Elf *elf)
{
	size_t count;
	GElf_Phdr phdr, dynamic = { .p_type = PT_NULL };

	if (elf_getphdrnum(elf, &count) != 0)
		return -EBADMSG;
	for (size_t i = 0; i < count; i++) {
		int r = 0;

		if (!gelf_getphdr(elf, (int)i, &phdr))
			return -EBADMSG;
		if (phdr.p_type == PT_LOAD && phdr.p_memsz)
			r = add_segment(image, &phdr);
		else if (phdr.p_type == PT_DYNAMIC)
			dynamic = phdr;
		if (r < 0)
			return r;
	}
	return dynamic.p_type == PT_DYNAMIC ? read_dynamic(image, &dynamic) : -EBADMSG;
}

static bool is_executable(const struct kg_image *image, uint64_t vaddr)
{
	for (size_t i = 0; i < image->segment_count; i++) {
		const struct kg_segment *seg = &image->segments[i];

		if ((seg->prot & PROT_EXEC) && vaddr >= seg->vaddr &&
		    vaddr - seg->vaddr < seg->file_size)
			return true;
	}
	return false;
}

/* The value of an exported symbol; 0: there is none of that name. */
static uint64_t find_exported(Elf *elf, const char *name)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	GElf_Sym symbol;

	while ((section = elf_nextscn(elf, section))) {
		Elf_Data *const data = elf_getdata(section, NULL);

		if (!data || !gelf_getshdr(section, &header) || header.sh_type != SHT_DYNSYM)
			continue;
		for (int i = 0; gelf_getsym(data, i, &symbol); i++) {
			const char *const found = elf_strptr(elf, header.sh_link, symbol.st_name);

			if (found && symbol.st_shndx != SHN_UNDEF && strcmp(found, name) == 0)
				return symbol.st_value;
		}
	}
	return 0;
}

static int parse(struct kg_image *image)
{
	GElf_Ehdr ehdr;
	Elf *elf;
	int r = -EBADMSG;

	if (elf_version(EV_CURRENT) == EV_NONE)
		return -ENOTSUP;
	elf = elf_begin(image->fd, ELF_C_READ, NULL);
	if (!elf)
		return -EBADMSG;
	if (elf_kind(elf) == ELF_K_ELF && gelf_getehdr(elf, &ehdr) && ehdr.e_type == ET_DYN &&
	    ehdr.e_machine == EM_X86_64 && ehdr.e_ident[EI_CLASS] == ELFCLASS64)
		r = read_segments(image, elf);
	if (r == 0) {
		image->entry = ehdr.e_entry;
		image->coverage = find_exported(elf, KG_COVERAGE_SYMBOL);
	}
	elf_end(elf);
	if (r == 0 && (!is_executable(image, image->entry) || (image->coverage && !is_executable(image, image->coverage))))
		r = -EBADMSG;
	return r;
}

int kg_image_open(const char *path, struct kg_image **ret_image)
{
	struct kg_image *image = calloc(1, sizeof(*image));
	struct stat st;
	int r;

	if (!image)
		return -ENOMEM;
	image->fd = open(path, O_RDONLY | O_CLOEXEC);
	r = image->fd < 0 || fstat(image->fd, &st) < 0 ? -errno : 0;
	if (r == 0 && (!S_ISREG(st.st_mode) || st.st_size == 0))
		r = -EBADMSG;
	if (r == 0) {
		image->size = (uint64_t)st.st_size;
		r = parse(image);
	}
	if (r == 0)
		r = hash_file(image->fd, image->size, image->hash);
	if (r < 0) {
		kg_image_close(image);
		return r;
	}
	*ret_image = image;
	return 0;
}

void kg_image_close(struct kg_image *image)
{
	if (!image)
		return;
	if (image->fd >= 0)
		close(image->fd);
	free(image->relocs);
	free(image);
}

void kg_image_keep_text(struct kg_image *image)
{
	image->keeps_text = true;
}

const unsigned char *kg_image_hash(const struct kg_image *image)
{
	return image->hash;
}

bool kg_image_counts(const struct kg_image *image)
{
	return image->coverage != 0;
}

/* ---- an instance ------------------------------------------------------------------- */

/* Takes size bytes at addr for us, and nowhere else. */
static int reserve(uint64_t addr, uint64_t size, int prot)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
	void *map = mmap((void *)addr, size, prot, flags, -1, 0);

	if (map == MAP_FAILED)
		return -errno;
	if ((uint64_t)map == addr)
		return 0;
	/* Kernels before 4.17 take the address as a hint. */
	munmap(map, size);
	return -EEXIST;
}

/* Maps over a part of what is reserved. */
static int map_at(uint64_t addr, uint64_t size, int prot, int fd, uint64_t offset)
{
	int flags = MAP_PRIVATE | MAP_FIXED | (fd < 0 ? MAP_ANONYMOUS | MAP_NORESERVE : 0);

	return mmap((void *)addr, size, prot, flags, fd, (off_t)offset) == MAP_FAILED ? -errno : 0;
}

static int map_segment(const struct kg_image *image, const struct kg_segment *seg, uint64_t base)
{
	uint64_t start = page_down(seg->vaddr), skew = seg->vaddr - start;
	uint64_t file_end = page_up(seg->vaddr + seg->file_size);
	uint64_t end = page_up(seg->vaddr + seg->memory_size);
	int r = 0;

	if (seg->file_size)
		r = map_at(base + start, file_end - start, seg->prot, image->fd, seg->offset - skew);
	else
		file_end = start;
	if (r == 0 && end > file_end)
		r = map_at(base + file_end, end - file_end, seg->prot, -1, 0);
	/* The file goes on after the segment; what is mapped of it there must read as zero. */
	if (r == 0 && (seg->prot & PROT_WRITE) && seg->file_size)
		memset((void *)(base + seg->vaddr + seg->file_size), 0,
		       file_end - seg->vaddr - seg->file_size);
	return r;
}

static void relocate(const struct kg_image *image, uint64_t base)
{
	for (size_t i = 0; i < image->reloc_count; i++)
		*(uint64_t *)(base + image->relocs[i].r_offset) =
			base + (uint64_t)image->relocs[i].r_addend;
}

/* Instances by slot, for the handler of faults.  One thread makes and frees them. */
static struct kg_instance *slots[KG_SLOTS_MAX];
static bool has_text[KG_SLOTS_MAX];	/* that an instance before has left there */

static unsigned slot_of(const struct kg_instance *instance)
{
	return (unsigned)((instance->base - KG_SLOTS_START) / KG_SLOT_SIZE);
}

static void note_text(const struct kg_image *image, struct kg_instance *instance)
{
	for (size_t i = 0; image->keeps_text && i < image->segment_count; i++) {
		const struct kg_segment *seg = &image->segments[i];

		if (!(seg->prot & PROT_EXEC))
			continue;
		instance->text_start = page_down(seg->vaddr);
		instance->text_end = page_up(seg->vaddr + seg->memory_size);
	}
}

/* All of the image but the text. */
static void unmap_image(const struct kg_instance *instance)
{
	if (instance->text_start)
		munmap((void *)instance->base, instance->text_start);
	munmap((void *)(instance->base + instance->text_end), instance->extent - instance->text_end);
}

static int reserve_image(const struct kg_image *image, struct kg_instance *instance, uint64_t slot)
{
	int r;

	if (!has_text[(slot - KG_SLOTS_START) / KG_SLOT_SIZE])
		r = reserve(slot, image->extent, PROT_NONE);
	else
		r = (instance->text_start ? reserve(slot, instance->text_start, PROT_NONE) : 0) ?:
		    reserve(slot + instance->text_end, image->extent - instance->text_end, PROT_NONE);
	if (r == 0)
		instance->base = slot;
	return r;
}

/* base and memory are set when they are ours to unmap. */
static int map_instance(const struct kg_image *image, struct kg_instance *instance, uint64_t slot)
{
	int r;

	note_text(image, instance);
	r = reserve_image(image, instance, slot);
	if (r < 0)
		return r;
	r = reserve(slot + KG_MEMORY_AT, instance->memory_size, PROT_READ | PROT_WRITE);
	if (r < 0)
		return r;
	instance->memory = slot + KG_MEMORY_AT;
	for (size_t i = 0; r == 0 && i < image->segment_count; i++)
		if (!(image->segments[i].prot & PROT_EXEC) || !has_text[slot_of(instance)])
			r = map_segment(image, &image->segments[i], slot);
	if (r == 0)
		has_text[slot_of(instance)] = instance->text_end;
	return r;
}

int kg_instance_new(struct kg_image *image, unsigned index, size_t memory_size,
		    const struct kg_host *host, struct kg_instance **ret_instance)
{
	struct kg_instance *instance;
	kg_entry_fn *entry;
	int r;

	if (index >= KG_SLOTS_MAX || memory_size % KG_PAGE || memory_size == 0 ||
	    memory_size > KG_SLOT_SIZE - KG_MEMORY_AT)
		return -EINVAL;
	instance = calloc(1, sizeof(*instance));
	if (!instance)
		return -ENOMEM;
	instance->extent = image->extent;
	instance->memory_size = memory_size;
	r = map_instance(image, instance, KG_SLOTS_START + index * KG_SLOT_SIZE);
	if (r == 0) {
		relocate(image, instance->base);
		entry = (kg_entry_fn *)(instance->base + image->entry);
		instance->api = entry(host);
		if (!instance->api || instance->api->abi != KG_ABI)
			r = -EPROTO;
	}
	if (image->coverage)
		instance->coverage = (kg_coverage_fn *)(instance->base + image->coverage);
	if (r < 0) {
		kg_instance_free(instance);
		return r;
	}
	slots[index] = instance;
	*ret_instance = instance;
	return 0;
}

void kg_instance_free(struct kg_instance *instance)
{
	if (!instance)
		return;
	if (instance->base) {
		slots[slot_of(instance)] = NULL;
		unmap_image(instance);
	}
	if (instance->memory)
		munmap((void *)instance->memory, instance->memory_size);
	free(instance);
}

const struct kg_api *kg_instance_api(const struct kg_instance *instance)
{
	return instance->api;
}

uint64_t kg_instance_memory(const struct kg_instance *instance)
{
	return instance->memory;
}

kg_coverage_fn *kg_instance_coverage(const struct kg_instance *instance)
{
	return instance->coverage;
}

/* ---- faults ---------------------------------------------------------------------------- */

/* The instance whose code pc is and whose stack sp is on; NULL: the fault is not a kernel's. */
static const struct kg_instance *instance_at(uint64_t pc, uint64_t sp)
{
	uint64_t slot = (pc - KG_SLOTS_START) / KG_SLOT_SIZE;
	const struct kg_instance *instance = pc >= KG_SLOTS_START && slot < KG_SLOTS_MAX ? slots[slot] : NULL;

	if (!instance || pc - instance->base >= instance->extent)
		return NULL;
	/* The first task's stack lies in the image, all others in the node's memory.  On the host's own stack
	 * the kernel has no context to leave. */
	if (sp - instance->base >= instance->extent && sp - instance->memory >= instance->memory_size)
		return NULL;
	return instance;
}

static const int fault_signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE };
#define FAULT_SIGNALS (sizeof(fault_signals) / sizeof(*fault_signals))

/* What dealt with these signals before: the process may have faults of its own that somebody mends. */
static struct sigaction before[FAULT_SIGNALS];

static void pass_on(int signo, siginfo_t *info, void *context)
{
	for (size_t i = 0; i < FAULT_SIGNALS; i++)
		if (fault_signals[i] == signo && (before[i].sa_flags & SA_SIGINFO)) {
			before[i].sa_sigaction(signo, info, context);
			return;
		}
	/* The instruction faults again, and takes the process along. */
	signal(signo, SIG_DFL);
}

static void on_fault(int signo, siginfo_t *info, void *context)
{
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
	uint64_t pc = (uint64_t)regs[REG_RIP], sp = (uint64_t)regs[REG_RSP];
	const struct kg_instance *instance = instance_at(pc, sp);

	if (!instance) {
		pass_on(signo, info, context);
		return;
	}
	/* As if the instruction had called oops(addr, pc), below the red zone, on an aligned stack. */
	regs[REG_RSP] = (greg_t)(((sp - 128) & ~15ull) - 8);
	regs[REG_RDI] = (greg_t)(uint64_t)info->si_addr;
	regs[REG_RSI] = (greg_t)pc;
	regs[REG_RIP] = (greg_t)(uint64_t)instance->api->oops;
	regs[REG_EFL] &= ~(greg_t)0x400;	/* DF */
}

int kg_faults_catch(void)
{
	static bool caught;
	static char stack[16384];
	const stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	if (caught)
		return 0;
	if (sigaltstack(&alternate, NULL) < 0)
		return -errno;
	for (size_t i = 0; i < FAULT_SIGNALS; i++)
		if (sigaction(fault_signals[i], &action, &before[i]) < 0)
			return -errno;
	caught = true;
	return 0;
}
