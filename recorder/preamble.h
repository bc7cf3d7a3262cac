/* SPDX-License-Identifier: GPL-2.0-or-later */
/* preamble.h - what a trace begins with: the metas of the run, and the events that name its nodes and links. */
#ifndef REC_PREAMBLE_H
#define REC_PREAMBLE_H

#include "experiment.h"
#include "trace.h"

/* SHA-256 of the kernel image.  0 or -errno. */
int rec_preamble_kernel(const char *path, uint8_t ret_hash[FMT_HASH_SIZE]);
/* "experiment", "seed", "kernel" (hexadecimal), "model", "cpu".  0 or -errno of the trace. */
int rec_preamble_meta(struct fmt_writer *writer, const struct rec_experiment *exp,
		      const uint8_t kernel[FMT_HASH_SIZE]);
/* Appends the node and link events, all at vtime 0 of node 0. */
void rec_preamble_events(const struct rec_experiment *exp, struct fmt_buf *records);

#endif
