/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cut.h - a part of a run that begins with images of its processes.
 *
 * The run is executed up to the beginning of the part; what has become of it by then is written in front of the part's events, and
 * what came before goes.
 */
#ifndef REP_CUT_H
#define REP_CUT_H

#include "rewrite.h"

struct rep_cut;

struct rep_cut_stat {
	uint64_t events, kept;
	uint64_t past;			/* of these kept: what tells of the run before the part */
	uint64_t processes, threads;	/* images */
};

struct rep_cut_options {
	vtime_ns from, to;	/* both included */
	/* Nothing of the part itself, and all files of the past are named: for one who goes on from there. */
	bool images_only;
	const char *folder;	/* where a file of memory may be put for the time being */
};

/* Executes a trace up to vtime from and makes a part of it ready.  0; -EBADMSG, -errno, and *ret_reason (the caller frees it) says why the
 * part cannot begin so. */
int rep_cut_new(struct fmt_reader *reader, const struct rep_cut_options *options, struct rep_cut **ret, char **ret_reason);
void rep_cut_free(struct rep_cut *cut);
/* For fmt_rewrite() of the same trace; used until the cut is freed. */
struct fmt_rewrite rep_cut_how(struct rep_cut *cut);
/* After the rewrite. */
struct rep_cut_stat rep_cut_stat(const struct rep_cut *cut);

#endif
