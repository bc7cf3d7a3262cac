/* SPDX-License-Identifier: GPL-2.0-or-later */
/* search.h - the events that a filter (formats/filter.h) keeps. */
#ifndef INSP_SEARCH_H
#define INSP_SEARCH_H

#include "run.h"

struct insp_hits {
	uint32_t *seqs;			/* rising; owned */
	uint32_t count;
};

/* Looks at the events between the filter's times, with a reader of its own, so that it may run in any thread.
 * 0; -EINVAL: the filter makes no sense; -ECANCELED; what the reader says. */
int insp_search(const struct insp_run *run, const char *filter, insp_progress progress, void *data,
		struct insp_hits *ret, struct fmt_error *error);
/* The events of a granularity, of all lanes. */
struct insp_hits insp_hits_of_grain(const struct insp_run *run, int grain);

#endif
