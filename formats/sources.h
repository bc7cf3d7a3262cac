/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sources.h - source files that a trace carries for whoever has not got them; an own meta, so no part of the run.
 *
 * A list of them is a buffer: bytes of the path, as debug information has it, and bytes of the text, for each file.
 */
#ifndef FMT_SOURCES_H
#define FMT_SOURCES_H

#include "trace.h"

#define FMT_META_SOURCES "format.sources"
#define FMT_SOURCES_MAX (64u << 20)	/* bytes of a list */

/* 0; -E2BIG: the list would be too large, and is as it was. */
int fmt_sources_add(struct fmt_buf *list, const char *path, struct fmt_bytes text);
/* The file at *pos, which moves on; borrowed from the list.  1; 0 after the last; -EBADMSG. */
int fmt_sources_next(const struct fmt_buf *list, size_t *pos, struct fmt_bytes *ret_path, struct fmt_bytes *ret_text);
/* What a trace carries into a list (cleared first), which is empty when that is nothing.  0, -EBADMSG. */
int fmt_sources_read(struct fmt_reader *reader, struct fmt_buf *list, struct fmt_error *error);
/* The value of the meta. */
void fmt_sources_pack(const struct fmt_buf *list, struct fmt_buf *ret);

#endif
