/* SPDX-License-Identifier: GPL-2.0-or-later */
/* source-collect.h - the source of the programs in a trace, as far as this machine has it. */
#ifndef REP_SOURCE_COLLECT_H
#define REP_SOURCE_COLLECT_H

#include "trace.h"

struct rep_collected {
	uint32_t programs;		/* embedded files with debug information */
	uint32_t files;			/* of source that were found */
	uint32_t missing;		/* that are not here, in no trace either */
	uint32_t notes;			/* places that were looked at */
};

/* Every file that lines of code of the trace's programs are from, each once, in order of paths, into a list (sources.h): what
 * the trace carries already, what is here in its place, what one of root_count folders has.  Programs that are here no more take no part.
 * 0; -E2BIG, -EBADMSG: error says why. */
int rep_sources_collect(struct fmt_reader *reader, const char *const *roots, size_t root_count, struct fmt_buf *list,
			struct rep_collected *ret, struct fmt_error *error);

/* The same of those files alone that frames at the trace's notes are from (source-noted.h).  Also -EIO: it cannot be executed up to
 * there. */
int rep_sources_collect_noted(struct fmt_reader *reader, const char *path, struct fmt_buf *list, struct rep_collected *ret,
			      struct fmt_error *error);

#endif
