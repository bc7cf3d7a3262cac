/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dissect.h - a frame layer by layer; every line knows which bytes it is about. */
#ifndef INSP_DISSECT_H
#define INSP_DISSECT_H

#include <stddef.h>
#include <stdint.h>

struct insp_field {
	uint32_t depth;			/* 0: a layer */
	uint32_t offset, size;		/* in the frame; size may be 0: derived from other fields */
	char text[120];			/* printable, "Name: value" */
};

#define INSP_FIELDS_MAX 512		/* a frame with more says so in its last line */

struct insp_dissection {
	struct insp_field fields[INSP_FIELDS_MAX];
	uint32_t count;
};

/* Never fails: what is cut or odd is shown as such, the rest as bytes. */
void insp_dissect(const uint8_t *frame, size_t size, struct insp_dissection *ret);

#endif
