/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff-int.h - a comparison from inside: diff.c (where runs part), diff-hash.c (what counts), diff-side.c (reads one run), diff-cause.c
 * (why they part). */
#ifndef FMT_DIFF_INT_H
#define FMT_DIFF_INT_H

#include <stdatomic.h>

#include "diff.h"

#define FMT__DIFF_NODES_MAX 65536u

/* ---- diff-hash.c ---- */

#define FMT__VIEW_KINDS 256u

/* What is looked at of each kind: bit i is field i. */
struct fmt__diff_view {
	unsigned int ignore;
	uint16_t skip[FMT__VIEW_KINDS];
	uint16_t frame[FMT__VIEW_KINDS];	/* its field is a frame */
};
void fmt__diff_view_init(struct fmt__diff_view *view, unsigned int ignore);
/* As fmt_diff_hash(). */
uint64_t fmt__diff_view_hash(const struct fmt__diff_view *view, const struct fmt_event *event, struct fmt_buf *scratch);

/* ---- diff-side.c ---- */

/* An event of a node, as what counts of it. */
struct fmt__diff_mark {
	uint64_t hash;
	event_seq seq;
	node_id node;
};

/* A run that is read in a thread of its own, which has the reader until fmt__diff_side_stop(). */
struct fmt__diff_side;
/* From an event on.  parted (FMT__DIFF_NODES_MAX): events of these nodes need not be given any more, by the time that this is seen.
 * NULL: there cannot be a thread. */
struct fmt__diff_side *fmt__diff_side_start(struct fmt_reader *reader, event_seq from, const struct fmt__diff_view *view,
					    const atomic_bool *parted);
/* The next mark, which stays until it is taken.  1, 0 at the end, -EBADMSG. */
int fmt__diff_side_peek(struct fmt__diff_side *side, struct fmt__diff_mark *ret);
void fmt__diff_side_take(struct fmt__diff_side *side);
/* Ends the thread and frees it; error (may be NULL) is what peek() found to be wrong. */
void fmt__diff_side_stop(struct fmt__diff_side *side, struct fmt_error *error);

/* Number of events in chunks that are equal in both, from the start. */
event_seq fmt__diff_skip_equal(const struct fmt_reader *a, const struct fmt_reader *b);

/* The class of cause of two events that should have been the same; NULL: one run has nothing more there. */
const char *fmt__diff_cause(const struct fmt_event *a, const struct fmt_event *b);

#endif
