/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lanes-int.h - what the picture's two halves share: lanes.c moves it, lanes-scene.c paints it. */
#ifndef INSP_LANES_INT_H
#define INSP_LANES_INT_H

#include "ink.h"
#include "lanes.h"

#define GUTTER 132.0		/* names of nodes */
#define RULER 26.0
#define TRACK 16.0		/* height of the band that shows activity */
#define FOLD 2.0		/* pixels of a column in which events are folded */
#define ARROWS_MAX 300u		/* more cannot be told apart, and so many can be drawn smoothly in a frame */
#define LANE_MIN 46.0
#define LANE_MAX 150.0

struct _InspLanes {
	GtkWidget parent;
	const struct insp_run *run;
	InspPager *pager;
	struct insp_view view;
	uint32_t focus, scope;
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
	const struct insp_pair *pair;	/* NULL: nothing is compared */
	int side;
	struct insp_arrow *arrows;
	uint32_t arrow_count;
	double fold_step;		/* of arrows; 0: each is one packet */
	bool single;			/* events are shown one by one */
	struct insp_lanes_stat stat;
};

uint32_t insp__lanes_first(InspLanes *lanes);
double insp__lanes_height(InspLanes *lanes);
double insp__lanes_y(InspLanes *lanes, uint32_t lane);
/* Paints all that does not follow pointer and focus. */
GskRenderNode *insp__lanes_paint(InspLanes *lanes, int width, int height);
/* What follows focus and pointer: the line of the position, its packet, cone and marks. */
void insp__lanes_paint_overlay(InspLanes *lanes, GtkSnapshot *snapshot, int width, int height);
/* The arrows in sight; returns how many render nodes they are. */
guint insp__lanes_paint_arrows(InspLanes *lanes, GtkSnapshot *snapshot, const struct insp_ink *ink, int width, int height);
/* One packet's arrow in the colour of the focus, and its conversation in a lighter one. */
void insp__lanes_paint_packet(InspLanes *lanes, GtkSnapshot *snapshot, uint32_t packet, const GdkRGBA *color,
			      int width, int height);

#endif
