/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "types.h"

#include <dwarf.h>
#include <stdio.h>
#include <string.h>

/* A type that is its own type would go on for ever. */
#define DEPTH_MAX 32

bool rep_type_of(Dwarf_Die *die, Dwarf_Die *ret)
{
	Dwarf_Attribute attr;

	return dwarf_attr_integrate(die, DW_AT_type, &attr) && dwarf_formref_die(&attr, ret);
}

static bool is_qualifier(int tag)
{
	return tag == DW_TAG_const_type || tag == DW_TAG_volatile_type || tag == DW_TAG_restrict_type ||
	       tag == DW_TAG_atomic_type;
}

void rep_type_peel(const Dwarf_Die *type, Dwarf_Die *ret)
{
	Dwarf_Die next;

	*ret = *type;
	for (int i = 0; i < DEPTH_MAX && (is_qualifier(dwarf_tag(ret)) || dwarf_tag(ret) == DW_TAG_typedef); i++) {
		if (!rep_type_of(ret, &next))
			return;
		*ret = next;
	}
}

uint64_t rep_die_number(Dwarf_Die *die, unsigned attribute)
{
	Dwarf_Attribute attr;
	Dwarf_Word value;

	return dwarf_attr_integrate(die, attribute, &attr) && dwarf_formudata(&attr, &value) == 0 ? value : 0;
}

unsigned rep_type_encoding(Dwarf_Die *type)
{
	return (unsigned)rep_die_number(type, DW_AT_encoding);
}

uint64_t rep_type_size(Dwarf_Die *type)
{
	Dwarf_Word size;

	return dwarf_aggregate_size(type, &size) == 0 ? size : 0;
}

/* ---- names ------------------------------------------------------------------------ */

static void name_to(Dwarf_Die *type, char *ret, size_t size, int depth);

/* The name of what a type is made from, "void" without. */
static void inner_name(Dwarf_Die *type, char *ret, size_t size, int depth)
{
	Dwarf_Die inner;

	if (rep_type_of(type, &inner))
		name_to(&inner, ret, size, depth + 1);
	else
		snprintf(ret, size, "void");
}

static void array_name(Dwarf_Die *type, char *ret, size_t size, int depth)
{
	Dwarf_Die child;
	char inner[128];

	inner_name(type, inner, sizeof(inner), depth);
	int used = snprintf(ret, size, "%s ", inner);

	if (dwarf_child(type, &child) != 0)
		return;
	do {
		const uint64_t count = dwarf_hasattr(&child, DW_AT_count) ? rep_die_number(&child, DW_AT_count) :
				       dwarf_hasattr(&child, DW_AT_upper_bound) ? rep_die_number(&child, DW_AT_upper_bound) + 1 : 0;

		if (dwarf_tag(&child) == DW_TAG_subrange_type && used >= 0 && (size_t)used < size)
			used += snprintf(ret + used, size - (size_t)used, "[%llu]", (unsigned long long)count);
	} while (dwarf_siblingof(&child, &child) == 0);
}

static const char *tag_word(int tag)
{
	return tag == DW_TAG_structure_type ? "struct " : tag == DW_TAG_union_type ? "union " : tag == DW_TAG_class_type ? "class " :
	       tag == DW_TAG_enumeration_type ? "enum " : "";
}

static void name_to(Dwarf_Die *type, char *ret, size_t size, int depth)
{
	const int tag = dwarf_tag(type);
	const char *name = dwarf_diename(type);
	char inner[128];

	if (depth > DEPTH_MAX) {
		snprintf(ret, size, "...");
		return;
	}
	switch (tag) {
	case DW_TAG_pointer_type:
		inner_name(type, inner, sizeof(inner), depth);
		snprintf(ret, size, inner[strlen(inner) - 1] == '*' ? "%s*" : "%s *", inner);
		return;
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		inner_name(type, inner, sizeof(inner), depth);
		snprintf(ret, size, tag == DW_TAG_reference_type ? "%s &" : "%s &&", inner);
		return;
	case DW_TAG_const_type:
	case DW_TAG_volatile_type:
		inner_name(type, inner, sizeof(inner), depth);
		snprintf(ret, size, tag == DW_TAG_const_type ? "const %s" : "volatile %s", inner);
		return;
	case DW_TAG_restrict_type:
	case DW_TAG_atomic_type:
		inner_name(type, ret, size, depth);
		return;
	case DW_TAG_array_type:
		array_name(type, ret, size, depth);
		return;
	case DW_TAG_subroutine_type:
		inner_name(type, inner, sizeof(inner), depth);
		snprintf(ret, size, "%s ()", inner);
		return;
	default:
		snprintf(ret, size, "%s%s", tag_word(tag), name ? name : "{...}");
	}
}

void rep_type_name(Dwarf_Die *type, char *ret, size_t size)
{
	if (type && type->addr)
		name_to(type, ret, size, 0);
	else
		snprintf(ret, size, "void");
}

/* ---- what is within ------------------------------------------------------------------- */

/* Of a matrix the elements are its rows, which no DIE stands for: they are seen as one long row. */
bool rep_type_array(Dwarf_Die *type, Dwarf_Die *ret_element, uint64_t *ret_count, uint64_t *ret_stride)
{
	Dwarf_Die child;

	if (dwarf_tag(type) != DW_TAG_array_type || !rep_type_of(type, ret_element))
		return false;
	*ret_count = dwarf_child(type, &child) == 0 ? 1 : 0;
	if (*ret_count) {
		do {
			if (dwarf_tag(&child) != DW_TAG_subrange_type)
				continue;
			*ret_count *= dwarf_hasattr(&child, DW_AT_count) ? rep_die_number(&child, DW_AT_count) :
				      dwarf_hasattr(&child, DW_AT_upper_bound) ? rep_die_number(&child, DW_AT_upper_bound) + 1 : 0;
		} while (dwarf_siblingof(&child, &child) == 0);
	}
	*ret_stride = dwarf_hasattr(type, DW_AT_byte_stride) ? rep_die_number(type, DW_AT_byte_stride) :
							      rep_type_size(ret_element);
	return *ret_stride != 0;
}

bool rep_member_place(Dwarf_Die *member, uint64_t *ret_offset, uint8_t *ret_bit_offset, uint8_t *ret_bit_size)
{
	const uint64_t bits = rep_die_number(member, DW_AT_bit_size);
	Dwarf_Attribute attr;
	Dwarf_Word value = 0;

	*ret_bit_offset = 0;
	*ret_bit_size = bits < 64 ? (uint8_t)bits : 0;
	/* A static member lies elsewhere. */
	if (dwarf_hasattr(member, DW_AT_external) || dwarf_hasattr(member, DW_AT_const_value))
		return false;
	if (dwarf_hasattr(member, DW_AT_data_bit_offset)) {
		const uint64_t at = rep_die_number(member, DW_AT_data_bit_offset);

		*ret_offset = at / 8;
		*ret_bit_offset = at % 8;
		return true;
	}
	if (dwarf_attr(member, DW_AT_data_member_location, &attr) && dwarf_formudata(&attr, &value) < 0)
		return false;
	*ret_offset = value;
	if (*ret_bit_size && dwarf_hasattr(member, DW_AT_bit_offset)) {
		/* The old way counts from the other end of a unit of storage. */
		const uint64_t storage = rep_die_number(member, DW_AT_byte_size) ?: 4;
		const uint64_t at = storage * 8 - rep_die_number(member, DW_AT_bit_offset) - bits;

		*ret_offset += at / 8;
		*ret_bit_offset = at % 8;
	}
	return true;
}

const char *rep_enum_name(Dwarf_Die *type, int64_t value)
{
	Dwarf_Attribute attr;
	Dwarf_Sword is;
	Dwarf_Die child;

	if (dwarf_child(type, &child) != 0)
		return NULL;
	do {
		if (dwarf_tag(&child) == DW_TAG_enumerator && dwarf_attr(&child, DW_AT_const_value, &attr) &&
		    dwarf_formsdata(&attr, &is) == 0 && is == value)
			return dwarf_diename(&child);
	} while (dwarf_siblingof(&child, &child) == 0);
	return NULL;
}
