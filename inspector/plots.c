/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plots.h"

#include <math.h>

#include "base/check.h"
#include "ink.h"
#include "names.h"
#include "ruler.h"
#include "series.h"
#include "steps.h"

struct _InspPlots {
	GtkWidget parent;
	const struct insp_run *run;
	InspLanes *lanes;
	uint32_t focus, scope;
	bool ruler;
};

G_DEFINE_FINAL_TYPE(InspPlots, insp_plots, GTK_TYPE_WIDGET)

struct plot {
	InspPlots *plots;
	GtkSnapshot *snapshot;
	const struct insp_ink *ink;
	enum insp_series series;
	double top, height;
	double gutter, width;		/* of the picture */
	uint32_t columns;
	double *values, most;
};

static void paint_bars(const struct plot *p)
{
	const GdkRGBA bar = insp_ink_alpha(p->ink->text, 0.42f);

	for (uint32_t i = 0; i < p->columns; i++) {
		const double tall = p->values[i] / p->most * (p->height - 12);

		if (tall > 0)
			insp_ink_rect(p->snapshot, &bar, p->gutter + i * p->width / p->columns, p->top + p->height - 1 - tall,
				      p->width / p->columns, tall);
	}
}

/* A level holds until the next one is known. */
static void paint_line(const struct plot *p)
{
	const GdkRGBA color = insp_ink_alpha(p->ink->text, 0.75f);
	cairo_t *cairo = gtk_snapshot_append_cairo(p->snapshot,
		&GRAPHENE_RECT_INIT((float)p->gutter, (float)p->top, (float)p->width, (float)p->height));
	bool begun = false;

	for (uint32_t i = 0; i < p->columns; i++) {
		const double y = p->top + p->height - 1 - p->values[i] / p->most * (p->height - 12);
		double x, before;

		if (isnan(p->values[i]))
			continue;
		if (begun) {
			cairo_get_current_point(cairo, &x, &before);
			cairo_line_to(cairo, p->gutter + i * p->width / p->columns, before);
			cairo_line_to(cairo, p->gutter + i * p->width / p->columns, y);
		} else {
			cairo_move_to(cairo, p->gutter + i * p->width / p->columns, y);
		}
		begun = true;
	}
	gdk_cairo_set_source_rgba(cairo, &color);
	cairo_set_line_width(cairo, 1.2);
	cairo_stroke(cairo);
	cairo_destroy(cairo);
}

/* What it is, how much at most, and at the left edge of the picture in the same words as everywhere. */
static void paint_legend(const struct plot *p)
{
	GtkWidget *widget = GTK_WIDGET(p->plots);
	char text[48];

	insp_ink_text(p->snapshot, widget, insp_series_names[p->series], p->gutter - 14, p->top + p->height / 2 - 8, 1,
		      p->gutter, &p->ink->text);
	insp_put_quantity(text, sizeof(text), p->most, insp_series_units[p->series]);
	g_autofree char *up_to = p->most > 0 ? g_strdup_printf("up to %s", text) : g_strdup("none here");

	insp_ink_text(p->snapshot, widget, up_to, p->gutter - 14, p->top + p->height / 2 + 8, 1, p->gutter - 16, &p->ink->faint);
}

/* The threshold stands on the picture of the window, in the same scale, broken. */
static void paint_threshold(struct plot *p)
{
	const GdkRGBA color = insp_ink_alpha(p->ink->warning, 0.9f);

	insp_series_read(insp_lanes_view(p->plots->lanes), INSP_SERIES_SSTHRESH, p->plots->scope, p->columns, p->values);
	double level = NAN;

	for (uint32_t i = 0; i < p->columns; i++) {
		if (!isnan(p->values[i]))
			level = p->values[i];
		if (!isnan(level) && level <= p->most && i % 3 < 2)
			insp_ink_rect(p->snapshot, &color, p->gutter + i * p->width / p->columns,
				      p->top + p->height - 1 - level / p->most * (p->height - 12), p->width / p->columns, 1);
	}
}

static void paint_series(InspPlots *plots, GtkSnapshot *snapshot, const struct insp_ink *ink, enum insp_series series,
			 double top, double height)
{
	const double gutter = insp_lanes_gutter(), width = gtk_widget_get_width(GTK_WIDGET(plots)) - gutter;
	struct plot p = {.plots = plots, .snapshot = snapshot, .ink = ink, .series = series, .top = top, .height = height,
			 .gutter = gutter, .width = width, .columns = (uint32_t)fmax(width / 3, 1)};

	p.values = g_new(double, p.columns);
	insp_series_read(insp_lanes_view(plots->lanes), series, plots->scope, p.columns, p.values);
	for (uint32_t i = 0; i < p.columns; i++)
		p.most = fmax(p.most, isnan(p.values[i]) ? 0 : p.values[i]);
	insp_ink_rect(snapshot, &ink->grid, gutter, top + height - 1, width, 1);
	if (p.most > 0 && insp_series_is_rate(series))
		paint_bars(&p);
	else if (p.most > 0)
		paint_line(&p);
	if (p.most > 0 && series == INSP_SERIES_CWND)
		paint_threshold(&p);
	paint_legend(&p);
	g_free(p.values);
}

static void insp_plots_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
	InspPlots *plots = INSP_PLOTS(widget);
	const double height = gtk_widget_get_height(widget), gutter = insp_lanes_gutter();
	struct insp_ink ink;

	if (!plots->run || !plots->run->count || gtk_widget_get_width(widget) < gutter + 20)
		return;
	insp_ink_get(widget, &ink);
	double top = plots->ruler ? INSP_RULER_HEIGHT : 0;
	const double each = (height - top) / (INSP_SERIES_COUNT - 1);

	if (plots->ruler)
		insp_ruler_paint(&(struct insp_ruler){
			.widget = widget, .snapshot = snapshot, .ink = &ink, .view = insp_lanes_view(plots->lanes), .gutter = gutter,
			.width = gtk_widget_get_width(widget), .height = height});
	for (int series = 0; series < INSP_SERIES_COUNT; series++)
		if (series != INSP_SERIES_SSTHRESH) {
			paint_series(plots, snapshot, &ink, series, top, each);
			top += each;
		}
	if (plots->focus == INSP_NONE)
		return;
	const struct insp_view *view = insp_lanes_view(plots->lanes);
	const double x = gutter + insp_view_x_of(view, plots->focus) / view->width * (gtk_widget_get_width(widget) - gutter);

	if (x >= gutter)
		insp_ink_rect(snapshot, &ink.accent, floor(x), 0, 1, height);
}

static void plots_measure(GtkWidget *widget, GtkOrientation orientation, int for_size, int *least, int *natural,
			  int *least_base, int *natural_base)
{
	*least = *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 320 : 220;
}

static void insp_plots_class_init(InspPlotsClass *class)
{
	GTK_WIDGET_CLASS(class)->snapshot = insp_plots_snapshot;
	GTK_WIDGET_CLASS(class)->measure = plots_measure;
	gtk_widget_class_set_accessible_role(GTK_WIDGET_CLASS(class), GTK_ACCESSIBLE_ROLE_IMG);
}

static void insp_plots_init(InspPlots *plots)
{
	plots->focus = plots->scope = INSP_NONE;
	gtk_widget_set_overflow(GTK_WIDGET(plots), GTK_OVERFLOW_HIDDEN);
	insp_name(GTK_WIDGET(plots), "Plots of events, throughput, round trip time and queue");
}

void insp_plots_set_run(InspPlots *plots, const struct insp_run *run, InspLanes *lanes)
{
	if (plots->lanes != lanes)
		g_signal_connect_object(lanes, "viewed", G_CALLBACK(gtk_widget_queue_draw), plots, G_CONNECT_SWAPPED);
	plots->run = run;
	plots->lanes = lanes;
	plots->focus = plots->scope = INSP_NONE;
	gtk_widget_queue_draw(GTK_WIDGET(plots));
}

void insp_plots_set_focus(InspPlots *plots, uint32_t seq)
{
	plots->focus = seq;
	gtk_widget_queue_draw(GTK_WIDGET(plots));
}

void insp_plots_set_scope(InspPlots *plots, uint32_t lane)
{
	plots->scope = lane;
	gtk_widget_queue_draw(GTK_WIDGET(plots));
}

void insp_plots_set_ruler(InspPlots *plots, bool on)
{
	plots->ruler = on;
	gtk_widget_queue_draw(GTK_WIDGET(plots));
}
