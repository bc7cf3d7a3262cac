/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gaps.h - what two runs have in common, folded away: an axis with gaps.
 *
 * A stretch is a range of events of each run, as many of both, that are the same pair by pair.  One that is long enough becomes a gap; some
 * events at its edges stay in sight, so that one sees what a difference follows upon.  On the axis a gap that is closed is no wider than
 * its label needs, whatever it holds, and behind it both runs start side by side again.  One that is open is shown in full.
 *
 * The axis with gaps has coordinates of its own, the same for both runs; what an axis without them would have is called a base.
 * Invariants, tested by insp_gaps_check(): gaps are in order in both runs, do not overlap, and hold the same number of events.
 */
#ifndef INSP_GAPS_H
#define INSP_GAPS_H

#include "pair.h"
#include "view.h"

#define INSP_GAP_EDGE 8u		/* events that stay in sight at each edge of a stretch */
#define INSP_GAP_LEAST 48u		/* fewer events are not worth a gap */
#define INSP_GAPS_MAX 256u		/* the longest; more would be all that one sees */

struct insp_gap {
	uint32_t first[2], end[2];	/* events of each run: the first within, the first behind */
	bool open;
};

/* A closed gap on an axis. */
struct insp_gap_place {
	uint32_t gap;			/* index */
	double shown;			/* what is shown before it, without gaps */
	double begin[2], end[2];	/* bases, of each run */
	double at, width;		/* coordinates; width is what it would be if it was shown, at most gaps->width */
};

/* A place on the axis that does not depend on how wide gaps are. */
struct insp_spot {
	double shown;			/* of what is in no gap, so much lies before */
	uint32_t number;		/* closed gaps wholly before */
	double share;			/* of the gap behind those, so much lies before */
};

struct insp_gaps {
	const struct insp_pair *pair;
	struct insp_gap *all;
	uint32_t count, closed;
	struct insp_gap_place *places[INSP_AXIS_COUNT];	/* closed of them */
	double shown[INSP_AXIS_COUNT];	/* all that is not in closed gaps */
	double width[INSP_AXIS_COUNT];	/* for which places are laid out */
};

/* All are closed, unless the runs are the same altogether.  The pair lives longer. */
struct insp_gaps *insp_gaps_new(const struct insp_pair *pair);
void insp_gaps_free(struct insp_gaps *gaps);
DEFINE_CLEANUP(struct insp_gaps *, insp_gaps_free)
void insp_gaps_check(const struct insp_gaps *gaps);
/* Opens or closes one; INSP_NONE: all. */
void insp_gaps_set(struct insp_gaps *gaps, uint32_t gap, bool open);
/* The gap that holds an event of a run, be it open or closed; INSP_NONE. */
uint32_t insp_gaps_find(const struct insp_gaps *gaps, int side, uint32_t seq);
/* The first closed gap of which a run's events end behind seq; INSP_NONE: there is none. */
uint32_t insp_gaps_next(const struct insp_gaps *gaps, int side, uint32_t seq);

/* Lays out an axis for gaps that are at most so wide, in coordinates; what follows is about that. */
void insp_gaps_lay(struct insp_gaps *gaps, enum insp_axis axis, double width);
double insp_gaps_coord(const struct insp_gaps *gaps, enum insp_axis axis, int side, double base);
double insp_gaps_base(const struct insp_gaps *gaps, enum insp_axis axis, int side, double coord);
/* The whole axis. */
double insp_gaps_extent(const struct insp_gaps *gaps, enum insp_axis axis);
/* base, or when a closed gap hides it what comes behind that. */
double insp_gaps_behind(const struct insp_gaps *gaps, enum insp_axis axis, int side, double base);
struct insp_spot insp_gaps_spot(const struct insp_gaps *gaps, enum insp_axis axis, double coord);
double insp_gaps_coord_of_spot(const struct insp_gaps *gaps, enum insp_axis axis, const struct insp_spot *spot);

#endif
