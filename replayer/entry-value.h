/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * entry-value.h - what a register held when a function was called.
 *
 * Optimised code soon forgets its arguments, but where it was called the compiler often noted what they were made of.
 */
#ifndef REP_ENTRY_VALUE_H
#define REP_ENTRY_VALUE_H

#include "location.h"

/* The register that a location of one operation names (in DWARF's numbers).  False: it is another location. */
bool rep__location_register(Dwarf_Attribute *attr, uint64_t *ret);
/* That of the function that was compiled at a place, when its frame was made.  False: its caller is not known, or does not tell. */
bool rep__entry_value(const struct rep_place *place, uint64_t number, uint64_t *ret);

#endif
