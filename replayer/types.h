/* SPDX-License-Identifier: GPL-2.0-or-later */
/* types.h - types of DWARF: names as C has them, sizes, members. */
#ifndef REP_TYPES_H
#define REP_TYPES_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The type of a variable, member or type; false: void. */
bool rep_type_of(Dwarf_Die *die, Dwarf_Die *ret);
/* Behind typedef, const, volatile, atomic, restrict. */
void rep_type_peel(const Dwarf_Die *type, Dwarf_Die *ret);
/* "const char *", "struct node [4]"; type NULL: "void". */
void rep_type_name(Dwarf_Die *type, char *ret, size_t size);
/* Bytes; 0: unknown. */
uint64_t rep_type_size(Dwarf_Die *type);
/* Of an array: how many elements of what; bytes from one to the next.  False: it is none. */
bool rep_type_array(Dwarf_Die *type, Dwarf_Die *ret_element, uint64_t *ret_count, uint64_t *ret_stride);
/* Where a member of a structure is; bit_size 0: not a bit field. */
bool rep_member_place(Dwarf_Die *member, uint64_t *ret_offset, uint8_t *ret_bit_offset, uint8_t *ret_bit_size);
/* Name of the enumerator with a value; NULL. */
const char *rep_enum_name(Dwarf_Die *type, int64_t value);
/* DW_ATE_*, 0: unknown. */
unsigned rep_type_encoding(Dwarf_Die *type);
/* A number in an attribute, otherwise 0. */
uint64_t rep_die_number(Dwarf_Die *die, unsigned attribute);

#endif
