/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lanes.h - the space-time picture: a lane for each node, time to the right, packets as arrows.
 *
 * Life of a redraw: a change of view or size drops the scene; snapshot() makes it again (cells, marks, arrows: at most
 * 7,000 render nodes, the arrows of one colour in one cairo path); what follows the pointer and the focus is drawn
 * over it, so that a step costs only that.
 *
 * Signals: "focus" (event): the user chose one; "viewed": another part of the run is seen.
 */
#ifndef INSP_LANES_H
#define INSP_LANES_H

#include <gtk/gtk.h>

#include "cone.h"
#include "pager.h"
#include "pair.h"
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
/* Shows what differs between this run, side of a pair, and the other; NULL: nothing is compared.  The pair lives until this
 * is called with another. */
void insp_lanes_set_pair(InspLanes *lanes, const struct insp_pair *pair, int side);
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

#endif
