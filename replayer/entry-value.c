/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "entry-value.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "scopes.h"

bool rep__location_register(Dwarf_Attribute *attr, uint64_t *ret)
{
	Dwarf_Op *ops;
	size_t count;

	if (dwarf_getlocation(attr, &ops, &count) < 0 || count != 1)
		return false;
	if (ops[0].atom >= DW_OP_reg0 && ops[0].atom <= DW_OP_reg31)
		*ret = ops[0].atom - DW_OP_reg0;
	else if (ops[0].atom == DW_OP_regx)
		*ret = ops[0].number;
	else
		return false;
	return true;
}

/* Either of two attributes: of DWARF 5, and what GCC had before. */
static bool either(Dwarf_Die *die, unsigned int name, unsigned int old_name, Dwarf_Attribute *ret)
{
	return dwarf_attr(die, name, ret) || dwarf_attr(die, old_name, ret);
}

/* The first child that is one of two tags and passes; false: there is none. */
static bool find_child(Dwarf_Die *of, int tag, int old_tag, bool (*test)(Dwarf_Die *child, uint64_t wanted), uint64_t wanted,
		       Dwarf_Die *ret)
{
	if (dwarf_child(of, ret) != 0)
		return false;
	do {
		const int is = dwarf_tag(ret);

		if ((is == tag || is == old_tag) && test(ret, wanted))
			return true;
	} while (dwarf_siblingof(ret, ret) == 0);
	return false;
}

static bool returns_to(Dwarf_Die *call, uint64_t pc)
{
	Dwarf_Attribute attr;
	Dwarf_Addr addr;

	return either(call, DW_AT_call_return_pc, DW_AT_low_pc, &attr) && dwarf_formaddr(&attr, &addr) == 0 && addr == pc;
}

static bool is_in_register(Dwarf_Die *parameter, uint64_t number)
{
	Dwarf_Attribute attr;
	uint64_t found;

	return dwarf_attr(parameter, DW_AT_location, &attr) && rep__location_register(&attr, &found) && found == number;
}

/* The call that a caller is in. */
static bool find_call(const struct rep_place *caller, Dwarf_Die *ret)
{
	_cleanup_free_ Dwarf_Die *scopes = NULL;
	const int count = rep_scopes_at(caller->module, rep_frame_place(caller->frame) - caller->bias, &scopes);

	for (int i = 0; i < count; i++)
		if (find_child(&scopes[i], DW_TAG_call_site, DW_TAG_GNU_call_site, returns_to, caller->frame->pc - caller->bias, ret))
			return true;
	return false;
}

/* Whether it calls the function that was compiled at a place: that may have been jumped to by the one that it calls. */
static bool calls(Dwarf_Die *call, const struct rep_place *place)
{
	_cleanup_free_ Dwarf_Die *scopes = NULL;
	const int count = rep_scopes_at(place->module, rep_frame_place(place->frame) - place->bias, &scopes);
	const char *called = NULL, *name = NULL;
	Dwarf_Attribute attr;
	Dwarf_Die origin;

	if (either(call, DW_AT_call_origin, DW_AT_abstract_origin, &attr) && dwarf_formref_die(&attr, &origin))
		called = dwarf_diename(&origin);
	for (int i = 0; i < count; i++)
		if (dwarf_tag(&scopes[i]) == DW_TAG_subprogram)
			name = dwarf_diename(&scopes[i]);
	return called && name && strcmp(called, name) == 0;
}

/* The place of the caller, whose frame is the next one of the machine. */
static bool find_caller(const struct rep_place *place, struct rep_place *ret)
{
	size_t i = 1;

	while (i <= place->outer && place->frame[i].level)
		i++;
	if (!place->frame || !place->module || i > place->outer)
		return false;
	rep_place_init(ret, place->symbols, place->target, &place->frame[i]);
	ret->outer = place->outer - i;
	return ret->module != NULL;
}

bool rep__entry_value(const struct rep_place *place, uint64_t number, uint64_t *ret)
{
	struct rep_location value;
	struct rep_place caller;
	Dwarf_Die call, parameter;
	Dwarf_Attribute attr;

	if (!find_caller(place, &caller) || !find_call(&caller, &call) || !calls(&call, place) ||
	    !find_child(&call, DW_TAG_call_site_parameter, DW_TAG_GNU_call_site_parameter, is_in_register, number, &parameter) ||
	    !either(&parameter, DW_AT_call_value, DW_AT_GNU_call_site_value, &attr))
		return false;
	rep_location_of(&caller, &attr, &value);
	/* What is left on the stack is the value itself. */
	if (value.kind == REP_LOCATION_MEMORY)
		*ret = value.addr;
	else if (value.kind == REP_LOCATION_BYTES && value.size >= sizeof(*ret))
		memcpy(ret, value.bytes, sizeof(*ret));
	else
		return false;
	return true;
}
