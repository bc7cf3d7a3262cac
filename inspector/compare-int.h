/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compare-int.h - what the parts of a comparison share: compare.c (its life and its commands), compare-bar.c (what is said above the
 * lanes), compare-state.c (its side of the panes), compare-export.c. */
#ifndef INSP_COMPARE_INT_H
#define INSP_COMPARE_INT_H

#include "diff.h"
#include "gaps.h"
#include "window-int.h"

/* Two runs and how they compare, which a thread may still be reading when the window has closed them. */
struct insp_compared {
	struct insp_shared *run[2];
	struct insp_pair *pair;
	unsigned int ignore;
	/* As `hindcast diff` says: */
	char *cause;			/* NULL: they are the same */
	char *node;			/* that parts first; NULL: only what the runs were given differs */
	uint32_t first[2];		/* events; INSP_NONE: this run has come to its end */
};
void insp__compared_unref(struct insp_compared *compared);

struct insp_compare {
	struct insp_compared *of;
	InspPager *pager;		/* of the second run */
	struct insp_gaps *gaps;
	uint32_t current;		/* difference that was gone to; INSP_NONE */
	uint32_t current_at;		/* the focus that it led to */
	uint32_t other;			/* where the second run is */
	uint32_t chosen;		/* event of the second run that is gone to; INSP_NONE: it follows */
	/* compare-state.c: */
	InspEngine *engine;		/* the second run's replay; it starts when it is asked something */
	guint serial;			/* of the position; answers about another are dropped */
	guint frame, depth;		/* the frame that is looked at, and how many are around it, with it */
	guint pid;			/* of the thread; 0: it does not run there */
	guint line;			/* of source, that the frame is at */
	GHashTable *roots;		/* folders in which source is looked for */
};

/* compare-state.c: panes become pairs, or are none any more. */
void insp__compare_state_open(InspWindow *window);
void insp__compare_state_close(InspWindow *window, struct insp_compare *compare);
/* The second run has gone elsewhere: its threads are told anew. */
void insp__compare_threads(InspWindow *window);
/* compare-bar.c: what the bar says is put anew. */
void insp__compare_bar_show(InspWindow *window);
/* "the same", or "first divergence @812 on r2 at 1.012 s: packet timing". */
char *insp__compare_verdict(const struct insp_compared *compared);
/* In a thread; the name's end says as what: .json, .html, or text. */
void insp__compare_export(InspWindow *window, const char *path);

#endif
