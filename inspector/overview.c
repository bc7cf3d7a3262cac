/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "overview.h"

#include <math.h>

#include "base/check.h"
#include "ink.h"
#include "names.h"

struct _InspOverview {
	GtkWidget parent;
	const struct insp_run *run;
	InspLanes *lanes;
	uint32_t focus;
	double *levels;			/* of each column, 0 to 1 */
	uint8_t *trouble;
	uint32_t columns;		/* that have been counted; 0: none yet */
	enum insp_axis axis;		/* ... for it */
	uint32_t *notes;		/* events that have notes */
	uint32_t note_count;
};

G_DEFINE_FINAL_TYPE(InspOverview, insp_overview, GTK_TYPE_WIDGET)

#define OVERVIEW_HEIGHT 38

/* The run does not change, so this is done once a width and axis. */
static void count_columns(InspOverview *overview, const struct insp_view *whole, uint32_t columns)
{
	const struct insp_run *run = overview->run;
	g_autofree struct insp_cell *cells = g_new(struct insp_cell, (size_t)columns * run->lane_count);
	double most = 1;

	overview->levels = g_renew(double, overview->levels, columns);
	overview->trouble = g_renew(uint8_t, overview->trouble, columns);
	overview->columns = columns;
	overview->axis = whole->axis;
	insp_view_cells(whole, columns, cells);
	for (uint32_t column = 0; column < columns; column++) {
		overview->levels[column] = 0;
		overview->trouble[column] = 0;
		for (uint32_t lane = 0; lane < run->lane_count; lane++) {
			overview->levels[column] += cells[(size_t)lane * columns + column].count;
			overview->trouble[column] |= cells[(size_t)lane * columns + column].trouble;
		}
		most = fmax(most, overview->levels[column]);
	}
	/* One burst must not make the rest invisible. */
	for (uint32_t column = 0; column < columns; column++)
		overview->levels[column] = log1p(overview->levels[column]) / log1p(most);
}

static struct insp_view whole_of(InspOverview *overview)
{
	struct insp_view whole;

	insp_view_init(&whole, overview->run, gtk_widget_get_width(GTK_WIDGET(overview)) - insp_lanes_gutter());
	whole.axis = insp_lanes_view(overview->lanes)->axis;
	insp_view_whole(&whole);
	return whole;
}

static void insp_overview_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
	InspOverview *overview = INSP_OVERVIEW(widget);
	const double width = gtk_widget_get_width(widget), height = gtk_widget_get_height(widget);
	const double gutter = insp_lanes_gutter();
	struct insp_ink ink;

	if (!overview->run || !overview->run->count || width < gutter + 20)
		return;
	const struct insp_view whole = whole_of(overview);
	const struct insp_view *view = insp_lanes_view(overview->lanes);

	insp_ink_get(widget, &ink);
	if (overview->columns != (uint32_t)(whole.width / 2) || overview->axis != whole.axis)
		count_columns(overview, &whole, (uint32_t)(whole.width / 2));
	insp_ink_text(snapshot, widget, "whole run", gutter - 14, height / 2, 1, gutter, &ink.faint);
	const GdkRGBA bar = insp_ink_alpha(ink.text, 0.45f), shown = insp_ink_alpha(ink.accent, 0.13f);
	const double x0 = fmax(gutter + insp_view_x(&whole, insp_view_base(view, view->from)), gutter);
	const double x1 = fmin(gutter + insp_view_x(&whole, insp_view_base(view, view->from + view->span)), width);

	insp_ink_rect(snapshot, &shown, x0, 0, fmax(x1 - x0, 2), height);
	for (uint32_t column = 0; column < overview->columns; column++) {
		const double tall = overview->levels[column] * (height - 12);

		if (tall > 0)
			insp_ink_rect(snapshot, &bar, gutter + column * 2, height - 3 - tall, 2, tall);
		if (overview->trouble[column])
			insp_ink_rect(snapshot, &ink.error, gutter + column * 2, 2, 2, 5);
	}
	for (uint32_t i = 0; i < overview->note_count && i < overview->columns; i++)
		insp_ink_rect(snapshot, &ink.warning, gutter + floor(insp_view_x_of(&whole, overview->notes[i])), 0, 3, 7);
	insp_ink_rect(snapshot, &ink.accent, x0, 0, 1, height);
	insp_ink_rect(snapshot, &ink.accent, fmax(x1 - 1, x0 + 1), 0, 1, height);
	if (overview->focus != INSP_NONE)
		insp_ink_rect(snapshot, &ink.accent, gutter + insp_view_x_of(&whole, overview->focus) - 1, 0, 2, height);
}

/* The point at x becomes the middle of what the lanes show. */
static void centre_at(InspOverview *overview, double x)
{
	if (!overview->run || !overview->run->count)
		return;
	const struct insp_view whole = whole_of(overview);
	struct insp_view *view = insp_lanes_view(overview->lanes);

	view->from = insp_view_coord_of(view, insp_view_at(&whole, x - insp_lanes_gutter())) - view->span / 2;
	insp_view_pan(view, 0);
	insp_lanes_view_changed(overview->lanes);
}

static void overview_drag_begin(GtkGestureDrag *gesture, double x, double y, InspOverview *overview)
{
	centre_at(overview, x);
}

static void overview_drag(GtkGestureDrag *gesture, double dx, double dy, InspOverview *overview)
{
	double x, y;

	if (gtk_gesture_drag_get_start_point(gesture, &x, &y))
		centre_at(overview, x + dx);
}

static void overview_measure(GtkWidget *widget, GtkOrientation orientation, int for_size, int *least, int *natural,
			     int *least_base, int *natural_base)
{
	*least = *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 320 : OVERVIEW_HEIGHT;
}

static void insp_overview_finalize(GObject *object)
{
	g_free(INSP_OVERVIEW(object)->levels);
	g_free(INSP_OVERVIEW(object)->trouble);
	g_free(INSP_OVERVIEW(object)->notes);
	G_OBJECT_CLASS(insp_overview_parent_class)->finalize(object);
}

static void insp_overview_class_init(InspOverviewClass *class)
{
	G_OBJECT_CLASS(class)->finalize = insp_overview_finalize;
	GTK_WIDGET_CLASS(class)->snapshot = insp_overview_snapshot;
	GTK_WIDGET_CLASS(class)->measure = overview_measure;
	gtk_widget_class_set_accessible_role(GTK_WIDGET_CLASS(class), GTK_ACCESSIBLE_ROLE_IMG);
}

static void insp_overview_init(InspOverview *overview)
{
	GtkGesture *drag = gtk_gesture_drag_new();

	overview->focus = INSP_NONE;
	g_signal_connect(drag, "drag-begin", G_CALLBACK(overview_drag_begin), overview);
	g_signal_connect(drag, "drag-update", G_CALLBACK(overview_drag), overview);
	gtk_widget_add_controller(GTK_WIDGET(overview), GTK_EVENT_CONTROLLER(drag));
	insp_name(GTK_WIDGET(overview), "Overview of the whole run");
}

void insp_overview_set_run(InspOverview *overview, const struct insp_run *run, InspLanes *lanes)
{
	if (overview->lanes != lanes)
		g_signal_connect_object(lanes, "viewed", G_CALLBACK(gtk_widget_queue_draw), overview, G_CONNECT_SWAPPED);
	overview->run = run;
	overview->lanes = lanes;
	overview->focus = INSP_NONE;
	overview->note_count = overview->columns = 0;
	gtk_widget_queue_draw(GTK_WIDGET(overview));
}

void insp_overview_set_notes(InspOverview *overview, const uint32_t *seqs, uint32_t count)
{
	g_free(overview->notes);
	overview->notes = g_memdup2(seqs, count * sizeof(*seqs));
	overview->note_count = count;
	gtk_widget_queue_draw(GTK_WIDGET(overview));
}

void insp_overview_set_focus(InspOverview *overview, uint32_t seq)
{
	overview->focus = seq;
	gtk_widget_queue_draw(GTK_WIDGET(overview));
}
