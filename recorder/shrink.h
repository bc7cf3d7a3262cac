/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shrink.h - an experiment's tree from which parts are taken away. */
#ifndef REC_SHRINK_H
#define REC_SHRINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "experiment.h"

struct rec_shrink;	/* the tree; a part is an item of a list, or a key of a map with its value */

/* Reads the file of an experiment; set as for rec_experiment_load().  0 or -errno. */
int rec_shrink_new(const char *file, const char *const *set, struct rec_shrink **ret, struct rec_exp_error *error);
void rec_shrink_free(struct rec_shrink *shrink);	/* takes NULL */

/* What is at a path ("network.links.0"), and what that is in, stays.  Done while all parts are there.  False: there is nothing. */
bool rec_shrink_keep(struct rec_shrink *shrink, const char *path);
/* How many parts are there. */
size_t rec_shrink_left(const struct rec_shrink *shrink);
/* Those of a depth (from 1) that are there and may go, in the order of the file: how many; which, if ret has room for that many. */
size_t rec_shrink_list(const struct rec_shrink *shrink, unsigned int depth, size_t *ret);
/* The depth below which there are none. */
unsigned int rec_shrink_depth(const struct rec_shrink *shrink);
/* Takes a part away.  False: it was gone. */
bool rec_shrink_drop(struct rec_shrink *shrink, size_t part);
/* Takes items of lists away that name a key which is gone, such as links of a host.  False: there are none. */
bool rec_shrink_drop_named(struct rec_shrink *shrink);
/* Remembers what is there, and puts back what has gone since then. */
void rec_shrink_mark(struct rec_shrink *shrink);
void rec_shrink_undo(struct rec_shrink *shrink);
/* Ends the run at this virtual time; from now on nothing takes that away.  First done while all parts are there.  0 or -EINVAL. */
int rec_shrink_stop(struct rec_shrink *shrink, vtime_ns stop, struct rec_exp_error *error);
/* What is there, as YAML.  0 or -EIO. */
int rec_shrink_write(const struct rec_shrink *shrink, FILE *out);

#endif
