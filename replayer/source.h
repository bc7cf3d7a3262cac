/* SPDX-License-Identifier: GPL-2.0-or-later */
/* source.h - finds the source that debug information names: in given folders, among what the trace carries, at its path, among files
 * that programs have mapped. */
#ifndef REP_SOURCE_H
#define REP_SOURCE_H

#include "base/cleanup.h"
#include "trace.h"

struct rep_source;

/* reader is borrowed; NULL: no trace. */
struct rep_source *rep_source_new(struct fmt_reader *reader);
void rep_source_free(struct rep_source *source);
DEFINE_CLEANUP(struct rep_source *, rep_source_free)
/* A folder in which the end of a path may be found: with /home/me/project, /build/x/src/a.c is looked for as src/a.c and a.c. */
void rep_source_add_root(struct rep_source *source, const char *folder);
/* The text of a file into text, and where it was into path.  0; -ENOENT; -EFBIG: more than 16 MiB. */
int rep_source_read(struct rep_source *source, const char *file, struct fmt_buf *text, struct fmt_buf *path);

#endif
