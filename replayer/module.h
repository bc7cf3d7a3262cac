/* SPDX-License-Identifier: GPL-2.0-or-later */
/* module.h - opens the files that symbols.c looks into; for symbols.c and module.c only. */
#ifndef REP_MODULE_H
#define REP_MODULE_H

#include "symbols.h"

/* One stretch of addresses of a unit. */
struct rep__unit {
	uint64_t start, end;
	Dwarf_Off die;
};

/* Reads a file; fd is the module's from here on.  What it has not stays empty.  folders: of separate debug files. */
struct rep_module *rep__module_new(int fd, const char *path, char *const *folders, size_t folder_count);
void rep__module_free(struct rep_module *module);
/* address in a process - address in the module, given one mapping of it; false: the file has nothing at that offset. */
bool rep__module_bias(const struct rep_module *module, const struct rep_target_map *map, uint64_t *ret);

#endif
