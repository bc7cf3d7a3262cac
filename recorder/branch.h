/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * branch.h - a recorded run as something that can be recorded again, and changed from a time on.
 *
 * What the trace has of the experiment (its text, overrides, seed, model, when it was stopped) is put together again.  What happens at the
 * time is one more moment of its timeline, added by an override: so a branch is an experiment like any other.
 */
#ifndef REC_BRANCH_H
#define REC_BRANCH_H

#include "command.h"
#include "experiment.h"

struct rec_branch {
	const char *path;		/* of the trace; borrowed, like reader */
	struct fmt_reader *reader;
	struct rec_exp_recorded recorded;
	char *folder;			/* where the files lie that the experiment names */
	vtime_ns at;			/* UINT64_MAX: nowhere */
	const char **set;		/* overrides: those of the run, then those of the branch; NULL terminated */
	char **moments;			/* ... of which these are its own; NULL terminated */
	bool sets;			/* there are some that are not moments */
	bool changes;			/* there is more among its moments than a seed, which takes effect when frames are given to links */
	char **unlike;			/* what on this host is not as it was; for a person; unlike_count */
	size_t unlike_count;
	struct rec_experiment *base;	/* what was run, without what the command line of record had said */
	struct rec_experiment *exp;	/* to be recorded */
};

/* Finds out what was run.  folder may be NULL.  OK; otherwise what is missing was said. */
enum fmt_status rec_branch_open(struct rec_branch *branch, struct fmt_reader *reader, const char *path, const char *folder);
/* Finds the place, before which nothing changes.  False: wrong, and said so. */
bool rec_branch_at(struct rec_branch *branch, const char *place);
/* The experiment with what changes: overrides and moments of a timeline without their time (both may be NULL, and end by NULL), and a
 * seed (NULL: the old one goes on).  False: wrong, and said so. */
bool rec_branch_change(struct rec_branch *branch, const char *const *set, const char *const *changes, const uint64_t *seed);
/* Says what on this host is not as it was when the run was recorded, as far as that shows. */
void rec_branch_warn(struct rec_branch *branch, const struct fmt_arguments *args);
/* Compares what was recorded (its trace) with the run: prints where they part.  OK: not before the branch begins. */
enum fmt_status rec_branch_compare(const struct rec_branch *branch, const char *trace);
void rec_branch_done(struct rec_branch *branch);

#endif
