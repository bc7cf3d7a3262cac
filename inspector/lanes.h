/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lanes.h - the space-time picture: a lane for each node, time to the right, packets as arrows.
 *
 * Life of a redraw: a change of view or size drops the scene; snapshot() makes it again (cells, marks, arrows: at most
 * 7,000 render nodes, the arrows of one colour in one cairo path); what follows the pointer and the focus is drawn
 * over it, so that a step costs only that.
 *
 * When two runs are compared each lane has two halves, the first run's above the second's, over the same axis; what is the same in both is
 * grey, what was changed has an outline, what only one of them has is hatched, and what they have in common is folded.
 *
 * Signals: "focus-event" (event): the user chose one; "focus-other" (event): one of the second run; "gap" (index): a gap
 * was clicked on; "viewed": another part of the run is seen.
 */
#ifndef INSP_LANES_H
#define INSP_LANES_H

#include <gtk/gtk.h>

#include "cone.h"
#include "gaps.h"
#include "pager.h"
#include "view.h"

#define INSP_TYPE_LANES (insp_lanes_get_type())
G_DECLARE_FINAL_TYPE(InspLanes, insp_lanes, INSP, LANES, GtkWidget)

/* run and pager live until this is called with others. */
void insp_lanes_set_run(InspLanes *lanes, const struct insp_run *run, InspPager *pager);
void insp_lanes_set_focus(InspLanes *lanes, uint32_t seq, bool follow);
/* Only this lane is in full colour; INSP_NONE: all are. */
void insp_lanes_set_scope(InspLanes *lanes, uint32_t lane);
/* Tints past or future of an event; cone is copied, NULL: tints nothing. */
void insp_lanes_set_cone(InspLanes *lanes, const struct insp_cone *cone, bool past, bool future);
/* Shows a second run, of which pager knows the lines; NULL: nothing is compared.  Both live until this is called with others. */
void insp_lanes_set_gaps(InspLanes *lanes, struct insp_gaps *gaps, InspPager *pager);
/* Opens or closes a gap, or all (INSP_NONE); what is seen stays where it is. */
void insp_lanes_open_gap(InspLanes *lanes, uint32_t gap, bool open);
/* Where the second run is. */
void insp_lanes_set_other(InspLanes *lanes, uint32_t seq);
/* Events that have notes, rising; copied. */
void insp_lanes_set_notes(InspLanes *lanes, const uint32_t *seqs, uint32_t count);
/* Two events whose distance is shown; INSP_NONE: not set. */
void insp_lanes_set_marks(InspLanes *lanes, const uint32_t marks[2]);
/* The view, to read or to change; then insp_lanes_view_changed(). */
struct insp_view *insp_lanes_view(InspLanes *lanes);
void insp_lanes_view_changed(InspLanes *lanes);
/* Pixels from the widget's left edge to where the view begins. */
double insp_lanes_gutter(void);

struct insp_lanes_stat {
	guint nodes, arrows, folded_arrows;	/* of the last picture */
	guint paints;			/* how often it was painted anew */
};
void insp_lanes_stat(InspLanes *lanes, struct insp_lanes_stat *ret);

/* Somebody who paints over the picture, whenever it is painted. */
typedef void (*insp_lanes_paint_func)(InspLanes *lanes, GtkSnapshot *snapshot, int width, int height, gpointer data);
void insp_lanes_set_over(InspLanes *lanes, insp_lanes_paint_func func, gpointer data);

#endif
