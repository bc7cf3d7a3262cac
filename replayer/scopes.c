/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scopes.h"

#include <dwarf.h>
#include <stdlib.h>

#include "base/check.h"

bool rep_scope_is_function(Dwarf_Die *scope)
{
	const int tag = dwarf_tag(scope);

	return tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine;
}

int rep_scopes_at(const struct rep_module *module, uint64_t addr, Dwarf_Die **ret)
{
	Dwarf_Die unit, *scopes;

	*ret = NULL;
	if (!module->dwarf || !rep_unit_at(module, addr, &unit) || dwarf_getscopes(&unit, addr, &scopes) <= 0)
		return 0;
	/* Outside of an inlined function libdw goes on where that is written, not where its copy is. */
	Dwarf_Die innermost = scopes[0];

	free(scopes);
	const int count = dwarf_getscopes_die(&innermost, ret);

	return count > 0 ? count : 0;
}

int rep_scope_of_level(Dwarf_Die *scopes, int count, unsigned level)
{
	for (int i = 0; i < count; i++)
		if (rep_scope_is_function(&scopes[i]) && level-- == 0)
			return i;
	return -1;
}

/* How many functions were inlined around where a frame of the machine stands. */
static unsigned int depth_of(struct rep_symbols *symbols, const struct rep_target *target, const struct rep_frame *frame)
{
	uint64_t bias;
	const struct rep_module *module = rep_module_at(symbols, target, rep_frame_place(frame), &bias);
	_cleanup_free_ Dwarf_Die *scopes = NULL;
	const int count = module ? rep_scopes_at(module, rep_frame_place(frame) - bias, &scopes) : 0;
	unsigned int depth = 0;

	for (int i = 0; i < count && dwarf_tag(&scopes[i]) != DW_TAG_subprogram; i++)
		depth += dwarf_tag(&scopes[i]) == DW_TAG_inlined_subroutine;
	return depth;
}

size_t rep_unwind_inlined(struct rep_symbols *symbols, const struct rep_target *target, const struct user_regs_struct *regs,
			  struct rep_frame *ret, size_t max)
{
	_cleanup_free_ struct rep_frame *frames = calloc(max, sizeof(*frames));
	size_t used = 0;

	CHECK(frames);
	const size_t count = rep_unwind(symbols, target, regs, frames, max);

	for (size_t i = 0; i < count; i++) {
		const unsigned int depth = depth_of(symbols, target, &frames[i]);

		for (unsigned int level = 0; level <= depth && used < max; level++) {
			ret[used] = frames[i];
			ret[used].level = level;
			ret[used++].inlined = level < depth;
		}
	}
	return used;
}

/* The line that calls an inlined function, for the function that it was inlined into. */
static void fill_call(Dwarf_Die *inlined, struct rep_place_info *ret)
{
	Dwarf_Attribute attr;
	Dwarf_Files *files;
	Dwarf_Word line = 0, file = 0;
	Dwarf_Die unit;
	size_t count;

	ret->file = NULL;
	ret->line = 0;
	ret->line_start = ret->line_end = 0;
	if (!dwarf_attr(inlined, DW_AT_call_line, &attr) || dwarf_formudata(&attr, &line) < 0 ||
	    !dwarf_attr(inlined, DW_AT_call_file, &attr) || dwarf_formudata(&attr, &file) < 0 || !dwarf_diecu(inlined, &unit, NULL, NULL) ||
	    dwarf_getsrcfiles(&unit, &files, &count) < 0 || file >= count)
		return;
	ret->file = dwarf_filesrc(files, file, NULL, NULL);
	ret->line = (int)line;
}

void rep_place_of_frame(struct rep_symbols *symbols, const struct rep_target *target, const struct rep_frame *frame,
			struct rep_place_info *ret)
{
	_cleanup_free_ Dwarf_Die *scopes = NULL;
	Dwarf_Addr entry;

	rep_place_of(symbols, target, rep_frame_place(frame), ret);
	if (!ret->module)
		return;
	const uint64_t own = rep_frame_place(frame) - ret->bias;
	const int count = rep_scopes_at(ret->module, own, &scopes);
	const int at = rep_scope_of_level(scopes, count, frame->level);

	if (at < 0)
		return;
	if (rep_qualified_name(&scopes[at], ret->qualified, sizeof(ret->qualified)))
		ret->function = ret->qualified;
	if (frame->inlined)
		ret->offset = dwarf_entrypc(&scopes[at], &entry) == 0 && entry <= own ? own - entry : 0;
	if (frame->level)
		fill_call(&scopes[rep_scope_of_level(scopes, count, frame->level - 1)], ret);
}
