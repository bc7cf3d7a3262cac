/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trim.h - a part of a run that still replays. */
#ifndef FMT_TRIM_H
#define FMT_TRIM_H

#include "rewrite.h"

struct fmt_trim;

/* Finds out what the part from..to (both included) needs of a trace.  0, -EBADMSG. */
int fmt_trim_new(struct fmt_reader *reader, vtime_ns from, vtime_ns to, struct fmt_trim **ret, struct fmt_error *error);
void fmt_trim_free(struct fmt_trim *trim);
/* For fmt_rewrite() of the same trace; used until trim is freed. */
struct fmt_rewrite fmt_trim_how(struct fmt_trim *trim);

struct fmt_trim_stat {
	uint64_t events, kept;
	uint64_t before;	/* of these kept: before the part */
	uint64_t processes, gone;
};
/* After the rewrite. */
struct fmt_trim_stat fmt_trim_stat(const struct fmt_trim *trim);

#endif
