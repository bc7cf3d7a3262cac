/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scrub.h - a trace without what others should not see. */
#ifndef FMT_SCRUB_H
#define FMT_SCRUB_H

#include <stdio.h>

#include "rewrite.h"

struct fmt_scrub_options {
	bool payload, environment;
	bool sources;			/* embedded source files; else patterns are looked for in them */
	const char *patterns;		/* names with commas between; NULL: none */
	const char *regex;		/* NULL: none */
	const char *files;		/* a glob of paths; NULL: none */
};

struct fmt_scrub;

/* 0; -EINVAL: nothing is to be removed, no such pattern, no regular expression; -EBADMSG. */
int fmt_scrub_new(struct fmt_reader *reader, const struct fmt_scrub_options *options, struct fmt_scrub **ret,
		  struct fmt_error *error);
void fmt_scrub_free(struct fmt_scrub *scrub);
/* For fmt_rewrite() of the same trace; used until scrub is freed. */
struct fmt_rewrite fmt_scrub_how(struct fmt_scrub *scrub);
/* After the rewrite: what was removed, and what can no longer be replayed. */
void fmt_scrub_print(const struct fmt_scrub *scrub, FILE *out);

#endif
