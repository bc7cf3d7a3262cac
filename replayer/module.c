/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * module.c - an ELF file, its symbols, its debug information.
 *
 * A file comes out of a trace, so it is as untrusted as that: libelf and libdw check what they read, and limits here bound
 * what is kept of it.
 */
#include "module.h"

#include <dwarf.h>
#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"

#define SYMBOL_MAX (4u << 20)
#define UNIT_MAX (4u << 20)
#define DW_EH_PE_UDATA4 0x03
#define DW_EH_PE_DATAREL_SDATA4 0x3b

struct handles {
	int fd, debug_fd;
	Elf *debug_elf;
};

/* ---- sections ------------------------------------------------------------------ */

static Elf_Scn *section(Elf *elf, const char *name, GElf_Shdr *ret)
{
	size_t names;
	Elf_Scn *scn = NULL;

	if (elf_getshdrstrndx(elf, &names) < 0)
		return NULL;
	while ((scn = elf_nextscn(elf, scn))) {
		const char *is = gelf_getshdr(scn, ret) ? elf_strptr(elf, names, ret->sh_name) : NULL;

		if (is && strcmp(is, name) == 0)
			return scn;
	}
	return NULL;
}

static void read_build_id(struct rep_module *module)
{
	const void *id;
	const ssize_t size = dwelf_elf_gnu_build_id(module->elf, &id);

	for (ssize_t i = 0; i < size && i < 20; i++)
		snprintf(module->build_id + 2 * i, 3, "%02x", ((const uint8_t *)id)[i]);
}

/* ---- the separate file ------------------------------------------------------------ */

static int open_debug(const char *folder, const char *format, const char *a, const char *b)
{
	char name[4096], path[8192];
	struct stat st;

	snprintf(name, sizeof(name), format, a, b);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		return -1;
	}
	return fd;
}

static int find_in(const struct rep_module *module, const char *folder, const char *link)
{
	char first[3] = {module->build_id[0], module->build_id[1], 0};
	const char *slash = strrchr(module->path, '/');
	int fd = -1;

	if (module->build_id[0])
		fd = open_debug(folder, ".build-id/%s/%s.debug", first, module->build_id + 2);
	/* /usr/lib/debug has the paths of the files, other folders may have the names alone. */
	if (fd < 0 && link && slash) {
		char path[4096];

		snprintf(path, sizeof(path), "%.*s", (int)(slash - module->path), module->path);
		fd = open_debug(folder, "%s/%s", path, link);
	}
	if (fd < 0 && link)
		fd = open_debug(folder, "%s%s", link, "");
	return fd;
}

static bool same_build(const struct rep_module *module, Elf *elf)
{
	struct rep_module other = {.elf = elf};

	read_build_id(&other);
	return strcmp(other.build_id, module->build_id) == 0;
}

static Dwarf *separate_dwarf(struct rep_module *module, struct handles *handles, char *const *folders, size_t folder_count)
{
	GElf_Word crc;
	const char *link = dwelf_elf_gnu_debuglink(module->elf, &crc);

	if (link && strchr(link, '/'))
		link = NULL;
	for (size_t i = 0; i <= folder_count && handles->debug_fd < 0; i++)
		handles->debug_fd = find_in(module, i < folder_count ? folders[i] : "/usr/lib/debug", link);
	if (handles->debug_fd < 0)
		return NULL;
	handles->debug_elf = elf_begin(handles->debug_fd, ELF_C_READ_MMAP, NULL);
	if (!handles->debug_elf || !same_build(module, handles->debug_elf))
		return NULL;
	module->separate = true;
	return dwarf_begin_elf(handles->debug_elf, DWARF_C_READ, NULL);
}

static void open_dwarf(struct rep_module *module, struct handles *handles, char *const *folders, size_t folder_count)
{
	GElf_Shdr header;

	if (section(module->elf, ".debug_info", &header) || section(module->elf, ".zdebug_info", &header))
		module->dwarf = dwarf_begin_elf(module->elf, DWARF_C_READ, NULL);
	if (!module->dwarf)
		module->dwarf = separate_dwarf(module, handles, folders, folder_count);
}

/* ---- symbols -------------------------------------------------------------------------- */

static bool wanted(const GElf_Sym *sym)
{
	const unsigned type = GELF_ST_TYPE(sym->st_info);

	return (type == STT_FUNC || type == STT_OBJECT || type == STT_NOTYPE || type == STT_GNU_IFUNC) &&
	       sym->st_shndx != SHN_UNDEF && sym->st_value;
}

static void add_symbols(struct rep_module *module, Elf *elf, unsigned type)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr header;
	GElf_Sym sym;

	while ((scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &header) || header.sh_type != type || !header.sh_entsize)
			continue;
		Elf_Data *data = elf_getdata(scn, NULL);
		const size_t count = data ? data->d_size / header.sh_entsize : 0;

		if (count > SYMBOL_MAX - module->symbol_count)
			return;
		module->symbols = reallocarray(module->symbols, module->symbol_count + count + 1, sizeof(*module->symbols));
		CHECK(module->symbols);
		for (size_t i = 0; i < count; i++) {
			const char *name = gelf_getsym(data, (int)i, &sym) && wanted(&sym) ?
						   elf_strptr(elf, header.sh_link, sym.st_name) : NULL;

			if (name && name[0] && name[0] != '$')
				module->symbols[module->symbol_count++] =
					(struct rep_symbol){name, sym.st_value, sym.st_size};
		}
	}
}

/* By address; of several names the one with a size, then the first by letters. */
static int compare_symbols(const void *a, const void *b)
{
	const struct rep_symbol *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	if (!x->size != !y->size)
		return x->size ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void read_symbols(struct rep_module *module, const struct handles *handles)
{
	if (handles->debug_elf && module->separate)
		add_symbols(module, handles->debug_elf, SHT_SYMTAB);
	if (!module->symbol_count)
		add_symbols(module, module->elf, SHT_SYMTAB);
	if (!module->symbol_count)
		add_symbols(module, module->elf, SHT_DYNSYM);
	if (module->symbol_count)
		qsort(module->symbols, module->symbol_count, sizeof(*module->symbols), compare_symbols);
}

/* ---- units ----------------------------------------------------------------------------- */

static int compare_units(const void *a, const void *b)
{
	const struct rep__unit *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->die < y->die ? -1 : x->die > y->die;
}

static void add_unit(struct rep_module *module, Dwarf_Die *die, size_t *capacity)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t at = 0;

	while ((at = dwarf_ranges(die, at, &base, &start, &end)) > 0) {
		if (module->unit_count >= UNIT_MAX)
			return;
		if (module->unit_count == *capacity) {
			*capacity = *capacity ? 2 * *capacity : 64;
			module->units = reallocarray(module->units, *capacity, sizeof(*module->units));
			CHECK(module->units);
		}
		module->units[module->unit_count++] = (struct rep__unit){start, end, dwarf_dieoffset(die)};
	}
}

/* .debug_aranges would say the same, but not every compiler writes it. */
static void read_units(struct rep_module *module)
{
	Dwarf_CU *unit = NULL;
	size_t capacity = 0;
	uint8_t type;
	Dwarf_Die die;

	while (dwarf_get_units(module->dwarf, unit, &unit, NULL, &type, &die, NULL) == 0)
		if (type == DW_UT_compile || type == DW_UT_skeleton)
			add_unit(module, &die, &capacity);
	if (module->unit_count)
		qsort(module->units, module->unit_count, sizeof(*module->units), compare_units);
}

/* ---- unwinding ---------------------------------------------------------------------------- */

/* The table that is sorted for searching: all linkers write it in this one form. */
static void read_unwind_table(struct rep_module *module)
{
	GElf_Shdr header;
	Elf_Scn *scn = section(module->elf, ".eh_frame_hdr", &header);
	Elf_Data *data = scn ? elf_getdata(scn, NULL) : NULL;
	const uint8_t *bytes = data ? data->d_buf : NULL;
	uint32_t count;

	if (!bytes || data->d_size < 12 || bytes[0] != 1 || bytes[2] != DW_EH_PE_UDATA4 || bytes[3] != DW_EH_PE_DATAREL_SDATA4)
		return;
	memcpy(&count, bytes + 8, sizeof(count));
	if (count > (data->d_size - 12) / 8)
		return;
	module->unwind_base = header.sh_addr;
	module->unwind_table = header.sh_addr + 12;
	module->unwind_count = count;
}

/* ---- the module ------------------------------------------------------------------------------ */

struct rep_module *rep__module_new(int fd, const char *path, char *const *folders, size_t folder_count)
{
	struct rep_module *module = calloc(1, sizeof(*module));
	struct handles *handles = calloc(1, sizeof(*handles));
	GElf_Ehdr header;

	CHECK(module && handles);
	*handles = (struct handles){.fd = fd, .debug_fd = -1};
	module->owned = handles;
	module->path = strdup(path);
	CHECK(module->path && elf_version(EV_CURRENT) != EV_NONE);
	module->elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!module->elf || !gelf_getehdr(module->elf, &header) || header.e_machine != EM_X86_64) {
		elf_end(module->elf);
		module->elf = NULL;
		return module;
	}
	read_build_id(module);
	open_dwarf(module, handles, folders, folder_count);
	read_symbols(module, handles);
	if (module->dwarf)
		read_units(module);
	read_unwind_table(module);
	return module;
}

void rep__module_free(struct rep_module *module)
{
	if (!module)
		return;
	struct handles *handles = module->owned;

	free(module->symbols);
	free(module->units);
	dwarf_end(module->dwarf);
	elf_end(handles->debug_elf);
	elf_end(module->elf);
	if (handles->debug_fd >= 0)
		close(handles->debug_fd);
	close(handles->fd);
	free(handles);
	free(module->path);
	free(module);
}

bool rep__module_bias(const struct rep_module *module, const struct rep_target_map *map, uint64_t *ret)
{
	size_t count;
	GElf_Phdr header;

	if (!module->elf || elf_getphdrnum(module->elf, &count) < 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(module->elf, (int)i, &header) || header.p_type != PT_LOAD)
			continue;
		const uint64_t first = header.p_offset & ~0xfffull, end = header.p_offset + header.p_filesz;

		if (map->offset < first || map->offset >= end)
			continue;
		*ret = map->start - map->offset + header.p_offset - header.p_vaddr;
		return true;
	}
	return false;
}
