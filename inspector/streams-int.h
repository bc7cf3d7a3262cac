/* SPDX-License-Identifier: GPL-2.0-or-later */
/* streams-int.h - which packets belong together: found while a run is loaded (run.c). */
#ifndef INSP_STREAMS_INT_H
#define INSP_STREAMS_INT_H

#include "packet-text.h"
#include "run.h"

#define INSP_STREAMS_MAX 4194304u	/* packets of more belong to none: 270 MB */

/* Streams by what they join; open addressing, a power of two. */
struct insp__stream_table {
	uint32_t *slots;		/* index + 1; 0: free */
	uint32_t count;
};

/* Gives a TCP or UDP packet its stream, and marks it when TCP has sent its bytes before. */
void insp__stream_add(struct insp_run *run, struct insp__stream_table *table, struct insp_packet *packet,
		      const struct fmt_frame *frame);

#endif
