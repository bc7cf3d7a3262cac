/* SPDX-License-Identifier: GPL-2.0-or-later */
/* location.h - where a variable is, by the small programs that DWARF has for it; and the bytes that are there. */
#ifndef REP_LOCATION_H
#define REP_LOCATION_H

#include "unwind.h"

/* What stands still while a program of DWARF is carried out. */
struct rep_place {
	struct rep_symbols *symbols;
	const struct rep_target *target;
	const struct rep_module *module;	/* NULL: without debug information there is none */
	uint64_t bias;
	const struct rep_frame *frame;		/* NULL: none, for variables of all functions */
	size_t outer;				/* so many frames stand behind it in its array: callers, which know arguments */
	const struct user_fpregs_struct *fpregs;	/* of the innermost frame of the machine; NULL: not known, as of all others */
	uint64_t frame_base;			/* of the function, when has_frame_base */
	bool has_frame_base;
};

#define REP_PIECES_MAX 64

struct rep_location {
	enum {
		REP_LOCATION_NONE,		/* optimised away, or told in a way that needs what a frame has not */
		REP_LOCATION_MEMORY,		/* at addr */
		REP_LOCATION_BYTES,		/* in no memory: bytes are what it is */
	} kind;
	uint64_t addr;
	uint8_t bytes[REP_PIECES_MAX];
	size_t size;				/* of bytes */
};

/* Carries out the value of an attribute (DW_AT_location, DW_AT_frame_base ...) at the place's frame. */
void rep_location_of(const struct rep_place *place, Dwarf_Attribute *attr, struct rep_location *ret);
/* size bytes of what is there.  False: they cannot be had. */
bool rep_location_read(const struct rep_place *place, const struct rep_location *location, void *to, size_t size);
/* The place of a frame: its module, and the frame base of its function. */
void rep_place_init(struct rep_place *place, struct rep_symbols *symbols, const struct rep_target *target,
		    const struct rep_frame *frame);

#endif
