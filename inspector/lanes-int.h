/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lanes-int.h - what the picture's two halves share: lanes.c moves it, lanes-scene.c paints it. */
#ifndef INSP_LANES_INT_H
#define INSP_LANES_INT_H

#include "gaps.h"
#include "ink.h"
#include "lanes.h"
#include "ruler.h"

#define GUTTER 132.0		/* names of nodes */
#define RULER INSP_RULER_HEIGHT
#define TRACK 16.0		/* height of the band that shows activity */
#define FOLD 2.0		/* pixels of a column in which events are folded */
#define ARROWS_MAX 300u		/* more cannot be told apart, and so many can be drawn smoothly in a frame */
#define LANE_MIN 46.0
#define LANE_MAX 150.0
#define DOUBLE_MIN 80.0		/* of a lane with two halves */

/* One run's half of each lane; when nothing is compared the first one's is the whole lane. */
struct insp_half {
	const struct insp_run *run;
	InspPager *pager;
	struct insp_view view;		/* the second half's follows the first one's */
	uint32_t focus;
	struct insp_arrow *arrows;
	uint32_t arrow_count;
	double fold_step;		/* of arrows; 0: each is one packet */
};

struct _InspLanes {
	GtkWidget parent;
	struct insp_half half[2];	/* run NULL: there is none */
	struct insp_gaps *gaps;		/* what the runs have in common; NULL: nothing is compared */
	uint32_t scope;
	double scroll;			/* pixels that lanes are moved up */
	double pointer_x, pointer_y;
	double drag_from;
	GtkWidget *menu;		/* NULL: never asked for */
	GskRenderNode *scene;		/* NULL: to be painted */
	int scene_width, scene_height;
	struct insp_cone *cone;		/* NULL: none */
	bool cone_past, cone_future;
	uint32_t marks[2];
	uint32_t *notes;		/* events that have notes */
	uint32_t note_count;
	bool single;			/* events are shown one by one */
	struct insp_lanes_stat stat;
	insp_lanes_paint_func over;	/* paints over it; NULL: nobody does */
	gpointer over_data;
};

/* Rows are nodes; the first that is shown, and behind the last. */
uint32_t insp__lanes_first(InspLanes *lanes);
uint32_t insp__lanes_rows(InspLanes *lanes);
uint32_t insp__lanes_row(InspLanes *lanes, int side, uint32_t lane);
/* The lane of a row in a run; INSP_NONE: that run does not have the node. */
uint32_t insp__lanes_lane(InspLanes *lanes, int side, uint32_t row);
/* Of a row. */
double insp__lanes_height(InspLanes *lanes);
/* The middle of a row; that of a run's half of it. */
double insp__lanes_middle(InspLanes *lanes, uint32_t row);
double insp__lanes_y(InspLanes *lanes, int side, uint32_t lane);
/* Another node is in scope. */
bool insp__lanes_faded(InspLanes *lanes, int side, uint32_t lane);
/* Half a side's height, from its middle. */
double insp__lanes_reach(InspLanes *lanes);
/* Paints all that does not follow pointer and focus. */
GskRenderNode *insp__lanes_paint(InspLanes *lanes, int width, int height);
/* What follows focus and pointer: the line of the position, its packet, cone and marks. */
void insp__lanes_paint_overlay(InspLanes *lanes, GtkSnapshot *snapshot, int width, int height);
/* A run's arrows in sight: finds them, says how many; then draws what was found. */
uint32_t insp__lanes_find_arrows(InspLanes *lanes, int side);
void insp__lanes_draw_arrows(InspLanes *lanes, int side, cairo_t *cairo, const struct insp_ink *ink);
/* How many packets thick bands stand for; returns how many render nodes that is. */
guint insp__lanes_paint_counts(InspLanes *lanes, GtkSnapshot *snapshot, const struct insp_ink *ink, int width);
/* One packet's arrow in the colour of the focus, and its conversation in a lighter one. */
void insp__lanes_paint_packet(InspLanes *lanes, int side, GtkSnapshot *snapshot, uint32_t packet, const GdkRGBA *color,
			      int width, int height);
/* lanes-pair.c: what two runs differ in, collected while lanes are painted; and what they have in common. */
struct insp_differences;
struct insp_differences *insp__differences_new(void);
void insp__differences_free(struct insp_differences *differences);	/* may be NULL */
/* match: enum insp_match, as bits.  From x0 to x1, around y. */
void insp__differences_add(struct insp_differences *differences, double x0, double x1, double y, uint8_t match);
/* Those of a lane's columns. */
void insp__differences_add_cells(struct insp_differences *differences, const struct insp_cell *cells, uint32_t columns, double y);
void insp__differences_draw(const struct insp_differences *differences, cairo_t *cairo, const struct insp_ink *ink);
/* Gaps, closed and open ones; then their words, which are so many render nodes. */
void insp__lanes_draw_gaps(InspLanes *lanes, cairo_t *cairo, const struct insp_ink *ink, int height);
guint insp__lanes_paint_gap_labels(InspLanes *lanes, GtkSnapshot *snapshot, const struct insp_ink *ink, int height);
/* The gap at a place of the picture; INSP_NONE. */
uint32_t insp__lanes_gap_at(InspLanes *lanes, double x, double y);

#endif
