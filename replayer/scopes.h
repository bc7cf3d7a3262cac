/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scopes.h - what an address of a program lies in: blocks, functions that were inlined into one another, and the one that was compiled.
 *
 * A compiler that inlines leaves one frame of the machine where the source has several.  Each of these is a rep_frame of its own, with the
 * registers of the one that there is, and a level: 0 for the innermost function.
 */
#ifndef REP_SCOPES_H
#define REP_SCOPES_H

#include "unwind.h"

/* As rep_unwind(), and before each frame of the machine those of the functions that were inlined there. */
size_t rep_unwind_inlined(struct rep_symbols *symbols, const struct rep_target *target, const struct user_regs_struct *regs,
			  struct rep_frame *ret, size_t max);
/* As rep_place_of(), of a frame: its own function, and in an outer one the line that calls what was inlined. */
void rep_place_of_frame(struct rep_symbols *symbols, const struct rep_target *target, const struct rep_frame *frame,
			struct rep_place_info *ret);

/* The scopes around an address of a module, innermost first, as the code is nested and not as the source is; the last one is the
 * unit.  Their number; the caller frees them. */
int rep_scopes_at(const struct rep_module *module, uint64_t addr, Dwarf_Die **ret);
bool rep_scope_is_function(Dwarf_Die *scope);
/* The function of a level among scopes, or -1. */
int rep_scope_of_level(Dwarf_Die *scopes, int count, unsigned level);

#endif
