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

/* Executes a trace up to vtime from and makes ready the part from..to (both included) of it.  folder is where a file of memory may be
 * put for the time being.  0; -EBADMSG, -errno, and *ret_reason (the caller frees it) says why the part cannot begin so. */
int rep_cut_new(struct fmt_reader *reader, vtime_ns from, vtime_ns to, const char *folder, struct rep_cut **ret, char **ret_reason);
void rep_cut_free(struct rep_cut *cut);
/* For fmt_rewrite() of the same trace; used until the cut is freed. */
struct fmt_rewrite rep_cut_how(struct rep_cut *cut);
/* After the rewrite. */
struct rep_cut_stat rep_cut_stat(const struct rep_cut *cut);

#endif
