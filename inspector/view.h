/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * view.h - which part of a run is seen, and how much there is in each column of pixels.
 *
 * A view maps coordinates to pixels.  A coordinate is a virtual time in nanoseconds; on the axis of events the number of
 * an event; on that of activity what insp_activity_of() says, which makes pauses short.  All grow with the order of events.
 *
 * When two runs are compared what they have in common may be folded into gaps (gaps.h).  Then coordinates are those of the axis with its
 * gaps, the same for both runs, and what they would be without is called a base.
 */
#ifndef INSP_VIEW_H
#define INSP_VIEW_H

#include "run.h"

enum insp_axis { INSP_AXIS_TIME, INSP_AXIS_EVENT, INSP_AXIS_ACTIVITY, INSP_AXIS_COUNT };
extern const char *const insp_axis_names[INSP_AXIS_COUNT];

struct insp_gaps;
struct insp_view {
	const struct insp_run *run;
	enum insp_axis axis;
	double from, span;		/* coordinates; span > 0 */
	double width;			/* pixels */
	struct insp_gaps *gaps;		/* NULL: nothing is compared */
	int side;			/* of gaps: which of its runs this is */
};

#define INSP_SPAN_MIN 20.0		/* nanoseconds, or events */
#define INSP_GAP_WIDTH 104.0		/* pixels of a closed gap, at most */

/* Bases: of an event of a run, and of all of it. */
double insp_axis_base(const struct insp_run *run, enum insp_axis axis, uint32_t seq);
double insp_axis_extent(const struct insp_run *run, enum insp_axis axis);

void insp_view_init(struct insp_view *view, const struct insp_run *run, double width);
/* The coordinate of all of it is from 0 to this. */
double insp_view_extent(const struct insp_view *view);
double insp_view_coord(const struct insp_view *view, uint32_t seq);
double insp_view_x(const struct insp_view *view, double coord);
double insp_view_x_of(const struct insp_view *view, uint32_t seq);
double insp_view_at(const struct insp_view *view, double x);
/* From a base to its coordinate, and back. */
double insp_view_coord_of(const struct insp_view *view, double base);
double insp_view_base(const struct insp_view *view, double coord);
/* From where to where a closed gap goes, by its place; pixels, 0: the left edge of the picture. */
void insp_view_gap(const struct insp_view *view, uint32_t place, double *ret_from, double *ret_to);
/* seq, or when it is in a closed gap the first event behind that. */
uint32_t insp_view_skip(const struct insp_view *view, uint32_t seq);
/* The gaps, or how wide the picture is, change: what is seen at the left stays there.  gaps NULL: there are none any more. */
void insp_view_adapt(struct insp_view *view, struct insp_gaps *gaps, double width);
/* First event at or right of a coordinate. */
uint32_t insp_view_seek(const struct insp_view *view, double coord);
/* factor < 1 magnifies; what is at x stays there. */
void insp_view_zoom(struct insp_view *view, double factor, double x);
void insp_view_pan(struct insp_view *view, double pixels);
/* Shows from..to with a little room at both ends. */
void insp_view_fit(struct insp_view *view, double from, double to);
void insp_view_whole(struct insp_view *view);
/* Moves as little as needed for the event to be seen, and not at the very edge. */
void insp_view_show(struct insp_view *view, uint32_t seq);
/* The other axis, with the same events in sight. */
void insp_view_set_axis(struct insp_view *view, enum insp_axis axis);
/* The step of the ruler's marks: 1, 2 or 5 times a power of ten, at least apart pixels wide. */
double insp_view_tick(const struct insp_view *view, double apart);
/* The time at a coordinate. */
vtime_ns insp_view_vtime(const struct insp_view *view, double coord);
/* "12.3", "12.300 02": as many digits as marks of that step need. */
void insp_view_put_mark(const struct insp_view *view, double coord, double tick, char *to, size_t size);

/* What is in one column of one lane. */
struct insp_cell {
	uint32_t count;
	uint32_t first;			/* event; INSP_NONE: none */
	uint8_t kind;			/* of the only event, or of the first */
	uint8_t trouble;		/* insp_grain_has(INSP_GRAIN_FAULT) of any */
	uint8_t match;			/* when runs are compared: bit 1 << enum insp_match of each */
};

/* Fills cells[lane * columns + column] for the whole width.  Exact: the cells of a lane add up to its events in sight; what
 * closed gaps hold is not.
 * Blocks that lie in one column are counted as they are, so that at most 2 INSP_BLOCK events a column are looked at. */
void insp_view_cells(const struct insp_view *view, uint32_t columns, struct insp_cell *cells);

/* The packets that may touch the view: those from *ret_from to before *ret_to; some may lie within gaps. */
void insp_view_packets(const struct insp_view *view, uint32_t *ret_from, uint32_t *ret_to);
/* The arrows in sight, at most max of them: when there are more packets those that start within the same `step`
 * pixels with the same ends, fate and marks are one.  Returns how many; *ret_step is 0 when every packet has its own. */
uint32_t insp_view_arrows(const struct insp_view *view, struct insp_arrow *arrows, uint32_t max, double *ret_step);

#endif
