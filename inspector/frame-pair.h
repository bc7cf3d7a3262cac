/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frame-pair.h - two frames side by side: which fields and which bytes they do not agree in. */
#ifndef INSP_FRAME_PAIR_H
#define INSP_FRAME_PAIR_H

#include <stdbool.h>

#include "dissect.h"

#define INSP_NO_FIELD UINT32_MAX

/* A line of either, or of both. */
struct insp_field_pair {
	uint32_t of[2];			/* in each one's fields; INSP_NO_FIELD: this one has none */
	bool differs;			/* in words or in bytes, what is within it aside; only one of them has it */
};

struct insp_frame_pair {
	struct insp_field_pair rows[2 * INSP_FIELDS_MAX];
	uint32_t count;
	uint32_t fields, bytes;		/* how many differ; of bytes those of the frame that has more such */
};

/* Fields are each other's when they have the same name within the same layer, in the same order.  marks: of each byte of each frame
 * whether it is another in the other one's field, wherever that has it; as long as the frames. */
void insp_frame_pair(const uint8_t *const frames[2], const size_t sizes[2], const struct insp_dissection *const fields[2],
		     uint8_t *const marks[2], struct insp_frame_pair *ret);

#endif
