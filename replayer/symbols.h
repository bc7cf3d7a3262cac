/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * symbols.h - what the addresses of a process are called: functions, lines of source, modules.
 *
 * A module is the content of a mapped file, read once for all processes that map it.  Symbols come from the file itself, or from a
 * separate debug file, which is looked for by build-id and then by .gnu_debuglink: in the folders that were given, then in
 * /usr/lib/debug.
 */
#ifndef REP_SYMBOLS_H
#define REP_SYMBOLS_H

#include <elfutils/libdw.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "target.h"

struct rep_symbols;

struct rep_symbol {
	const char *name;
	uint64_t addr, size;		/* in the module, not in a process */
};

/* A file with symbols; owned by the rep_symbols. */
struct rep_module {
	uint64_t file;
	unsigned index;			/* from 0 */
	char *path;
	char build_id[41];		/* "" without */
	bool separate;			/* its debug information is in another file */
	Elf *elf;			/* of the file itself; NULL: it is no ELF */
	Dwarf *dwarf;			/* NULL: no debug information */
	struct rep_symbol *symbols;	/* of functions and data, by address */
	size_t symbol_count;
	struct rep__unit *units;	/* what addresses each unit has, by address */
	size_t unit_count;
	uint64_t unwind_table, unwind_count;	/* binary search table of .eh_frame_hdr: address in the module, entries; 0: none */
	uint64_t unwind_base;		/* what its entries are relative to: the section */
	void *owned;			/* descriptors and handles, to be closed */
};

struct rep_symbols *rep_symbols_new(void);
void rep_symbols_free(struct rep_symbols *symbols);
DEFINE_CLEANUP(struct rep_symbols *, rep_symbols_free)
/* A folder that holds .build-id/xx/y.debug, or debug files by name; the first is looked into first. */
void rep_symbols_add_debug(struct rep_symbols *symbols, const char *folder);

/* The module behind an address; *ret_bias: address in the process - address in the module.  NULL: none is mapped there. */
const struct rep_module *rep_module_at(struct rep_symbols *symbols, const struct rep_target *target, uint64_t addr,
				       uint64_t *ret_bias);
/* The number of a module in rep_symbols; NULL: there is none. */
const struct rep_module *rep_module_by_index(const struct rep_symbols *symbols, unsigned index);
/* Each module that a target has mapped, once, in the order of addresses; index from 0.  NULL after the last. */
const struct rep_module *rep_module_of_target(struct rep_symbols *symbols, const struct rep_target *target, size_t index,
					      uint64_t *ret_bias);

/* The symbol that covers an address of a module; NULL: none. */
const struct rep_symbol *rep_symbol_at(const struct rep_module *module, uint64_t addr);
/* By name; NULL. */
const struct rep_symbol *rep_symbol_find(const struct rep_module *module, const char *name);
/* The unit of debug information that an address of a module belongs to. */
bool rep_unit_at(const struct rep_module *module, uint64_t addr, Dwarf_Die *ret);

/* What is at an address of a process, for a person.  Texts are borrowed from the module; NULL when unknown. */
struct rep_place_info {
	const struct rep_module *module;
	uint64_t bias;
	const char *function;		/* in C++ with the names of what it is in */
	uint64_t offset;		/* in the function */
	char qualified[192];		/* where that is put together */
	const char *file;		/* as the compiler had it */
	const char *folder;		/* where it was called: what file is relative to, if it is; NULL */
	int line;			/* 0: unknown */
	uint64_t line_start, line_end;	/* addresses of this stretch of the line */
};
/* "shop::Counter::add"; false: the function has no name. */
bool rep_qualified_name(Dwarf_Die *die, char *ret, size_t size);
void rep_place_of(struct rep_symbols *symbols, const struct rep_target *target, uint64_t addr, struct rep_place_info *ret);
/* The path of its file, absolute as far as that is known, without . and .. in it; "" without a file. */
void rep_place_path(const struct rep_place_info *place, char *ret, size_t size);

/* Where "FILE:LINE" begins: addresses in the process of each copy, at most max.  FILE may be the end of a path.  A line
 * without code is the next one that has some.  Their number. */
size_t rep_line_addresses(struct rep_symbols *symbols, const struct rep_target *target, const char *file, int line,
			  uint64_t *ret, size_t max);
/* The same for functions ("main", "add", "shop::Counter::add"; in C++ the first names may be left out): where they begin, behind their
 * prologues when lines tell where these end. */
size_t rep_function_addresses(struct rep_symbols *symbols, const struct rep_target *target, const char *name, uint64_t *ret,
			      size_t max);

#endif
