/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbols.h"

#include <dwarf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "module.h"

#define MODULE_MAX 4096u
#define FOLDER_MAX 64u

struct rep_symbols {
	struct rep_module *modules[MODULE_MAX];
	size_t module_count;
	char *folders[FOLDER_MAX];
	size_t folder_count;
};

struct rep_symbols *rep_symbols_new(void)
{
	struct rep_symbols *symbols = calloc(1, sizeof(*symbols));

	CHECK(symbols);
	return symbols;
}

void rep_symbols_free(struct rep_symbols *symbols)
{
	if (!symbols)
		return;
	for (size_t i = 0; i < symbols->module_count; i++)
		rep__module_free(symbols->modules[i]);
	for (size_t i = 0; i < symbols->folder_count; i++)
		free(symbols->folders[i]);
	free(symbols);
}

void rep_symbols_add_debug(struct rep_symbols *symbols, const char *folder)
{
	char *copy = strdup(folder);

	CHECK(copy);
	if (symbols->folder_count < FOLDER_MAX)
		symbols->folders[symbols->folder_count++] = copy;
	else
		free(copy);
}

/* ---- modules -------------------------------------------------------------------- */

static const struct rep_module *module_of(struct rep_symbols *symbols, const struct rep_target *target,
					  const struct rep_target_map *map)
{
	for (size_t i = 0; i < symbols->module_count; i++)
		if (symbols->modules[i]->file == map->file)
			return symbols->modules[i];
	if (symbols->module_count == MODULE_MAX)
		return NULL;
	const int fd = target->ops->open(target->arg, map);

	if (fd < 0)
		return NULL;
	struct rep_module *module = rep__module_new(fd, map->path, symbols->folders, symbols->folder_count);

	module->file = map->file;
	module->index = (unsigned)symbols->module_count;
	symbols->modules[symbols->module_count++] = module;
	return module;
}

const struct rep_module *rep_module_at(struct rep_symbols *symbols, const struct rep_target *target, uint64_t addr,
				       uint64_t *ret_bias)
{
	const struct rep_target_map *maps;
	const size_t count = target->ops->maps(target->arg, &maps);

	for (size_t i = 0; i < count; i++) {
		if (addr < maps[i].start || addr >= maps[i].end)
			continue;
		const struct rep_module *module = module_of(symbols, target, &maps[i]);

		return module && rep__module_bias(module, &maps[i], ret_bias) ? module : NULL;
	}
	return NULL;
}

const struct rep_module *rep_module_by_index(const struct rep_symbols *symbols, unsigned index)
{
	return index < symbols->module_count ? symbols->modules[index] : NULL;
}

const struct rep_module *rep_module_of_target(struct rep_symbols *symbols, const struct rep_target *target, size_t index,
					      uint64_t *ret_bias)
{
	const struct rep_target_map *maps;
	const size_t count = target->ops->maps(target->arg, &maps);
	size_t seen = 0;

	for (size_t i = 0; i < count; i++) {
		/* The beginning of a file stands for all of it, at each place where it is. */
		bool again = maps[i].offset != 0;

		for (size_t j = 0; j < i && !again; j++)
			again = maps[j].file == maps[i].file && maps[j].start == maps[i].start;
		if (again)
			continue;
		const struct rep_module *module = module_of(symbols, target, &maps[i]);

		if (!module || !module->elf || !rep__module_bias(module, &maps[i], ret_bias))
			continue;
		if (seen++ == index)
			return module;
	}
	return NULL;
}

/* ---- names of addresses ------------------------------------------------------------ */

/* How far a symbol without a size may reach: assembler's labels have none. */
#define REACH 4096

const struct rep_symbol *rep_symbol_at(const struct rep_module *module, uint64_t addr)
{
	size_t low = 0, high = module->symbol_count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (module->symbols[middle].addr <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	const struct rep_symbol *at = &module->symbols[low - 1];

	/* The first of those at this address. */
	while (at > module->symbols && at[-1].addr == at->addr)
		at--;
	return addr - at->addr < (at->size ? at->size : REACH) ? at : NULL;
}

const struct rep_symbol *rep_symbol_find(const struct rep_module *module, const char *name)
{
	for (size_t i = 0; i < module->symbol_count; i++)
		if (strcmp(module->symbols[i].name, name) == 0)
			return &module->symbols[i];
	return NULL;
}

bool rep_unit_at(const struct rep_module *module, uint64_t addr, Dwarf_Die *ret)
{
	size_t low = 0, high = module->unit_count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (module->units[middle].start <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	/* Stretches seldom overlap, and when they do the later one is the smaller. */
	for (size_t i = low; i > 0 && low - i < 8; i--)
		if (addr < module->units[i - 1].end)
			return dwarf_offdie(module->dwarf, module->units[i - 1].die, ret) != NULL;
	return false;
}

/* Where a function is declared: a definition or an inlined copy refers to that, and only there its class is known. */
static void declaration_of(Dwarf_Die *die, Dwarf_Die *ret)
{
	Dwarf_Attribute attr;
	Dwarf_Die next;

	*ret = *die;
	for (int i = 0; i < 8; i++) {
		if (!dwarf_attr(ret, DW_AT_abstract_origin, &attr) && !dwarf_attr(ret, DW_AT_specification, &attr))
			return;
		if (!dwarf_formref_die(&attr, &next))
			return;
		*ret = next;
	}
}

static bool names_scope(Dwarf_Die *scope)
{
	const int tag = dwarf_tag(scope);

	return tag == DW_TAG_namespace || tag == DW_TAG_class_type || tag == DW_TAG_structure_type || tag == DW_TAG_union_type;
}

bool rep_qualified_name(Dwarf_Die *die, char *ret, size_t size)
{
	const char *name = dwarf_diename(die);
	Dwarf_Die declaration, *scopes;
	size_t used = 0;

	if (!name)
		return false;
	declaration_of(die, &declaration);
	const int count = dwarf_getscopes_die(&declaration, &scopes);

	ret[0] = '\0';
	for (int i = count - 1; i > 0; i--) {
		const char *outer = names_scope(&scopes[i]) ? dwarf_diename(&scopes[i]) : NULL;

		if (outer && used < size)
			used += (size_t)snprintf(ret + used, size - used, "%s::", outer);
	}
	if (count > 0)
		free(scopes);
	if (used < size)
		snprintf(ret + used, size - used, "%s", name);
	return true;
}

/* The innermost function of the source that an address belongs to, inlined or not. */
static bool function_name(Dwarf_Die *unit, uint64_t addr, char *ret, size_t size)
{
	Dwarf_Die *scopes;
	const int count = dwarf_getscopes(unit, addr, &scopes);
	bool found = false;

	for (int i = 0; i < count && !found; i++) {
		const int tag = dwarf_tag(&scopes[i]);

		if (tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine)
			found = rep_qualified_name(&scopes[i], ret, size);
	}
	if (count > 0)
		free(scopes);
	return found;
}

static void fill_line(Dwarf_Die *unit, uint64_t addr, struct rep_place_info *ret)
{
	Dwarf_Line *line = dwarf_getsrc_die(unit, addr);
	Dwarf_Attribute folder;
	Dwarf_Lines *lines;
	Dwarf_Addr start, next;
	size_t count;

	if (!line || dwarf_lineno(line, &ret->line) < 0 || dwarf_lineaddr(line, &start) < 0)
		return;
	ret->file = dwarf_linesrc(line, NULL, NULL);
	if (dwarf_attr(unit, DW_AT_comp_dir, &folder))
		ret->folder = dwarf_formstring(&folder);
	ret->line_start = start + ret->bias;
	ret->line_end = ret->line_start + 1;
	if (dwarf_getsrclines(unit, &lines, &count) < 0)
		return;
	/* The lines are sorted; this one's place is found by halves. */
	size_t low = 0, high = count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (dwarf_lineaddr(dwarf_onesrcline(lines, middle), &next) == 0 && next <= start)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < count; low++) {
		Dwarf_Line *other = dwarf_onesrcline(lines, low);
		int number = 0;
		bool ends = false;

		if (dwarf_lineaddr(other, &next) < 0)
			break;
		ret->line_end = next + ret->bias;
		dwarf_lineno(other, &number);
		dwarf_lineendsequence(other, &ends);
		if (ends || number != ret->line)
			break;
	}
}

void rep_place_of(struct rep_symbols *symbols, const struct rep_target *target, uint64_t addr, struct rep_place_info *ret)
{
	Dwarf_Die unit;

	*ret = (struct rep_place_info){0};
	ret->module = rep_module_at(symbols, target, addr, &ret->bias);
	if (!ret->module)
		return;
	const uint64_t own = addr - ret->bias;
	const struct rep_symbol *symbol = rep_symbol_at(ret->module, own);

	if (symbol) {
		ret->function = symbol->name;
		ret->offset = own - symbol->addr;
	}
	if (!rep_unit_at(ret->module, own, &unit))
		return;
	if (function_name(&unit, own, ret->qualified, sizeof(ret->qualified)))
		ret->function = ret->qualified;
	fill_line(&unit, own, ret);
}

/* Appends the parts of a path to one that has been made so far. */
static void add_parts(char *to, size_t size, const char *path)
{
	for (const char *at = path; *at;) {
		const size_t part = strcspn(at, "/"), used = strlen(to);

		if (part == 2 && memcmp(at, "..", 2) == 0) {
			char *last = strrchr(to, '/');

			if (last)
				*last = '\0';
		} else if (part && !(part == 1 && *at == '.')) {
			snprintf(to + used, size - used, "/%.*s", (int)part, at);
		}
		at += part;
		at += strspn(at, "/");
	}
}

void rep_place_path(const struct rep_place_info *place, char *ret, size_t size)
{
	ret[0] = '\0';
	if (!place->file)
		return;
	if (place->file[0] != '/' && !place->folder) {
		snprintf(ret, size, "%s", place->file);
		return;
	}
	if (place->file[0] != '/')
		add_parts(ret, size, place->folder);
	add_parts(ret, size, place->file);
	/* Distributions make the folder relative, to hide where they build. */
	if (place->file[0] != '/' && place->folder[0] != '/')
		memmove(ret, ret + 1, strlen(ret));
}

/* ---- addresses of names ---------------------------------------------------------------- */

static const char *without_dots(const char *path)
{
	while (strncmp(path, "../", 3) == 0 || strncmp(path, "./", 2) == 0)
		path += path[1] == '/' ? 2 : 3;
	return path;
}

/* Whether the shorter of two paths is the end of the longer one, from the beginning of a name on: a person leaves out folders, and so do
 * compilers, which may have been called elsewhere than where the source lies now. */
static bool path_ends(const char *path, const char *wanted)
{
	path = without_dots(path);
	wanted = without_dots(wanted);
	const size_t size = strlen(path), wanted_size = strlen(wanted);
	const char *longer = size > wanted_size ? path : wanted, *shorter = size > wanted_size ? wanted : path;
	const size_t rest = size > wanted_size ? size - wanted_size : wanted_size - size;

	return shorter[0] && strcmp(longer + rest, shorter) == 0 && (!rest || shorter[0] == '/' || longer[rest - 1] == '/');
}

/* What is looked for in the lines of one unit after another. */
struct line_search {
	const char *file;
	int line;
	int next;			/* the first line from there on that has code; INT_MAX: none */
	uint64_t bias;
	uint64_t *ret;
	size_t found, max;
};

/* Beginnings of a line in one unit: where a statement begins whose predecessor is another line. */
static void search_unit(Dwarf_Die *unit, struct line_search *search)
{
	Dwarf_Lines *lines;
	size_t count;
	int last = 0;

	if (dwarf_getsrclines(unit, &lines, &count) < 0)
		return;
	for (size_t i = 0; i < count && search->found < search->max; i++) {
		Dwarf_Line *at = dwarf_onesrcline(lines, i);
		const char *path = dwarf_linesrc(at, NULL, NULL);
		bool begins = false;
		Dwarf_Addr addr;
		int number = 0;

		dwarf_lineno(at, &number);
		dwarf_linebeginstatement(at, &begins);
		if (begins && number >= search->line && path && path_ends(path, search->file)) {
			search->next = number < search->next ? number : search->next;
			if (number == search->line && last != number && dwarf_lineaddr(at, &addr) == 0)
				search->ret[search->found++] = addr + search->bias;
		}
		last = number;
	}
}

static void search_lines(struct rep_symbols *symbols, const struct rep_target *target, struct line_search *search)
{
	const struct rep_module *module;

	search->next = INT_MAX;
	for (size_t i = 0; (module = rep_module_of_target(symbols, target, i, &search->bias)); i++) {
		Dwarf_CU *unit = NULL;
		uint8_t type;
		Dwarf_Die die;

		while (module->dwarf && dwarf_get_units(module->dwarf, unit, &unit, NULL, &type, &die, NULL) == 0)
			if (type == DW_UT_compile)
				search_unit(&die, search);
	}
}

size_t rep_line_addresses(struct rep_symbols *symbols, const struct rep_target *target, const char *file, int line,
			  uint64_t *ret, size_t max)
{
	struct line_search search = {.file = file, .line = line, .ret = ret, .max = max};

	search_lines(symbols, target, &search);
	if (!search.found && search.next != INT_MAX) {
		search.line = search.next;
		search_lines(symbols, target, &search);
	}
	return search.found;
}

/* The second line of a function is where its arguments are in their places. */
static uint64_t behind_prologue(const struct rep_module *module, uint64_t start)
{
	const struct rep_symbol *symbol = rep_symbol_at(module, start);
	Dwarf_Lines *lines;
	Dwarf_Die unit;
	size_t count;
	bool inside = false;

	if (!symbol || !rep_unit_at(module, start, &unit) || dwarf_getsrclines(&unit, &lines, &count) < 0)
		return start;
	for (size_t i = 0; i < count; i++) {
		Dwarf_Addr addr;

		if (dwarf_lineaddr(dwarf_onesrcline(lines, i), &addr) < 0)
			break;
		if (inside && addr > start && addr < symbol->addr + symbol->size)
			return addr;
		inside |= addr == start;
	}
	return start;
}

/* What symbols do not tell: functions by the names that the source has for them. */
struct function_search {
	const char *name;
	uint64_t ret[16];
	size_t found;
};

static int search_function(Dwarf_Die *die, void *arg)
{
	struct function_search *search = arg;
	const size_t wanted = strlen(search->name);
	char name[192];
	Dwarf_Addr entry;

	if (search->found == sizeof(search->ret) / sizeof(search->ret[0]) || dwarf_entrypc(die, &entry) < 0 || !entry ||
	    !rep_qualified_name(die, name, sizeof(name)))
		return DWARF_CB_OK;
	const size_t size = strlen(name);

	if (size >= wanted && strcmp(name + size - wanted, search->name) == 0 &&
	    (size == wanted || name[size - wanted - 1] == ':'))
		search->ret[search->found++] = entry;
	return DWARF_CB_OK;
}

static void search_functions(const struct rep_module *module, struct function_search *search)
{
	Dwarf_CU *unit = NULL;
	uint8_t type;
	Dwarf_Die die;

	while (module->dwarf && dwarf_get_units(module->dwarf, unit, &unit, NULL, &type, &die, NULL) == 0)
		if (type == DW_UT_compile)
			dwarf_getfuncs(&die, search_function, search, 0);
}

size_t rep_function_addresses(struct rep_symbols *symbols, const struct rep_target *target, const char *name, uint64_t *ret,
			      size_t max)
{
	const struct rep_module *module;
	uint64_t bias;
	size_t found = 0;

	for (size_t i = 0; found < max && (module = rep_module_of_target(symbols, target, i, &bias)); i++) {
		const struct rep_symbol *symbol = rep_symbol_find(module, name);
		struct function_search search = {.name = name};

		if (symbol) {
			ret[found++] = behind_prologue(module, symbol->addr) + bias;
			continue;
		}
		search_functions(module, &search);
		for (size_t j = 0; j < search.found && found < max; j++)
			ret[found++] = behind_prologue(module, search.ret[j]) + bias;
	}
	return found;
}
