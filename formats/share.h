/* SPDX-License-Identifier: GPL-2.0-or-later */
/* share.h - what pack, trim and scrub have in common: a trace in, another one out. */
#ifndef FMT_SHARE_H
#define FMT_SHARE_H

#include "command.h"
#include "rewrite.h"

/* Rewrites the trace that is the first operand to --output, or to its own name with ".WORD" before the end.  *ret_path is where
 * (the caller frees it, also when this fails), *ret_stat what the first one was.  What went wrong was said. */
enum fmt_status fmt_share(const struct fmt_arguments *args, const char *word, const struct fmt_rewrite *how, char **ret_path,
			  struct fmt_trace_stat *ret_stat);

#endif
