/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lanes-arrows.c - packets as arrows between lanes.
 *
 * What is odd about a packet has a shape, so that nobody needs colours: a cross half way, it was lost; a ring at its
 * begin, TCP sent its bytes again; a double line, the link made a copy of it; a zigzag in its middle, a bit was turned;
 * an open triangle at its end, it came behind one sent later.
 */
#include "lanes-int.h"

#include <math.h>

#define LOST_AT 0.42		/* share of the way */

struct arrow {
	double x0, y0, x1, y1;
};

/* One that never arrived ends half way. */
static struct arrow arrow_of(InspLanes *lanes, const struct insp_packet *packet)
{
	const double down = insp__lanes_y(lanes, packet->to) > insp__lanes_y(lanes, packet->from) ? 1 : -1;
	struct arrow a = {.x0 = GUTTER + insp_view_x_of(&lanes->view, packet->send),
			  .y0 = insp__lanes_y(lanes, packet->from) + down * TRACK / 2,
			  .y1 = insp__lanes_y(lanes, packet->to) - down * TRACK / 2};

	if (packet->fate == INSP_RECEIVED) {
		a.x1 = GUTTER + insp_view_x_of(&lanes->view, packet->end);
		return a;
	}
	/* As far as it would have gone in the time that packets take at most. */
	const double flight = lanes->view.axis == INSP_AXIS_TIME
				      ? (double)lanes->run->flight_max * lanes->view.width / lanes->view.span : 24;

	/* Not in the very middle, where another lane may lie. */
	a.x1 = a.x0 + flight * LOST_AT;
	a.y1 = a.y0 + (a.y1 - a.y0) * LOST_AT;
	return a;
}

/* ---- shapes ---- */

static void head(cairo_t *cairo, const struct arrow *a)
{
	const double angle = atan2(a->y1 - a->y0, a->x1 - a->x0);

	for (int side = -1; side <= 1; side += 2) {
		cairo_move_to(cairo, a->x1, a->y1);
		cairo_line_to(cairo, a->x1 - 8 * cos(angle + side * 0.38), a->y1 - 8 * sin(angle + side * 0.38));
	}
}

static void cross(cairo_t *cairo, double x, double y)
{
	cairo_move_to(cairo, x - 4, y - 4);
	cairo_line_to(cairo, x + 4, y + 4);
	cairo_move_to(cairo, x - 4, y + 4);
	cairo_line_to(cairo, x + 4, y - 4);
}

static void ring(cairo_t *cairo, double x, double y)
{
	cairo_new_sub_path(cairo);
	cairo_arc(cairo, x, y, 3.5, 0, 2 * G_PI);
}

static void triangle(cairo_t *cairo, double x, double y, double up)
{
	cairo_move_to(cairo, x - 5, y + up * 9);
	cairo_line_to(cairo, x + 5, y + up * 9);
	cairo_line_to(cairo, x, y + up * 2);
	cairo_close_path(cairo);
}

static void zigzag(cairo_t *cairo, double x, double y)
{
	cairo_move_to(cairo, x - 7, y - 5);
	cairo_line_to(cairo, x - 2, y + 5);
	cairo_line_to(cairo, x + 2, y - 5);
	cairo_line_to(cairo, x + 7, y + 5);
}

static void draw_marks(cairo_t *cairo, const struct insp_packet *packet, const struct arrow *a)
{
	if (packet->fate == INSP_DROPPED)
		cross(cairo, a->x1, a->y1);
	if (packet->marks & INSP_MARK_AGAIN)
		ring(cairo, a->x0, a->y0);
	if (packet->marks & INSP_MARK_LATE)
		triangle(cairo, a->x1, a->y1, a->y1 > a->y0 ? -1 : 1);
	if (packet->marks & INSP_MARK_CORRUPT)
		zigzag(cairo, (a->x0 + a->x1) / 2, (a->y0 + a->y1) / 2);
	if (packet->marks & INSP_MARK_COPY) {
		cairo_move_to(cairo, a->x0 + 4, a->y0);
		cairo_line_to(cairo, a->x1 + 4, a->y1);
	}
}

static void draw_arrow(InspLanes *lanes, cairo_t *cairo, const struct insp_packet *packet, bool heads, bool marks)
{
	const struct arrow a = arrow_of(lanes, packet);

	cairo_move_to(cairo, a.x0, a.y0);
	cairo_line_to(cairo, a.x1, a.y1);
	if (marks)
		draw_marks(cairo, packet, &a);
	if (heads && packet->fate == INSP_RECEIVED)
		head(cairo, &a);
}

/* ---- all in sight ---- */

/* What has its own colour and width; all arrows of a class are one path, stroked once. */
enum class { CLASS_USUAL, CLASS_ODD, CLASS_LOST };

static enum class class_of(const struct insp_arrow *arrow)
{
	return arrow->fate == INSP_DROPPED ? CLASS_LOST : arrow->marks ? CLASS_ODD : CLASS_USUAL;
}

static bool faded(const InspLanes *lanes, const struct insp_packet *packet)
{
	return lanes->scope != INSP_NONE && lanes->scope != packet->from && lanes->scope != packet->to;
}

struct stroke {
	enum class class;
	bool faint;
	uint32_t least, less;		/* packets that an arrow stands for: least <= count < less */
	double width;
	float alpha;
};

static void paint_class(InspLanes *lanes, cairo_t *cairo, const struct insp_ink *ink, const struct stroke *stroke)
{
	const GdkRGBA *base = stroke->class == CLASS_LOST ? &ink->error
			      : stroke->class == CLASS_ODD ? &ink->warning : &ink->text;
	const GdkRGBA color = insp_ink_alpha(*base, stroke->alpha);
	const bool heads = lanes->fold_step == 0 && lanes->arrow_count < 150;

	for (uint32_t i = 0; i < lanes->arrow_count; i++) {
		const struct insp_arrow *arrow = &lanes->arrows[i];
		const struct insp_packet *packet = &lanes->run->packets[arrow->packet];

		if (class_of(arrow) == stroke->class && arrow->count >= stroke->least && arrow->count < stroke->less &&
		    faded(lanes, packet) == stroke->faint)
			draw_arrow(lanes, cairo, packet, heads, /* marks= */ true);
	}
	gdk_cairo_set_source_rgba(cairo, &color);
	cairo_set_line_width(cairo, stroke->width);
	cairo_stroke(cairo);
}

/* How many a thick band stands for, where words have room. */
static guint paint_counts(InspLanes *lanes, GtkSnapshot *snapshot, const struct insp_ink *ink, int width)
{
	double taken = -1;
	guint nodes = 0;

	for (uint32_t i = 0; i < lanes->arrow_count && nodes < 12; i++) {
		const struct insp_arrow *arrow = &lanes->arrows[i];
		const struct arrow a = arrow_of(lanes, &lanes->run->packets[arrow->packet]);
		const double x = (a.x0 + a.x1) / 2 + 8, y = (a.y0 + a.y1) / 2;

		if (arrow->count < 20 || x < taken || x > width - 60 || y < RULER + 8)
			continue;
		g_autofree char *text = g_strdup_printf("%u packets", arrow->count);
		const GdkRGBA ground = insp_ink_alpha(ink->background, 0.8f);

		insp_ink_rect(snapshot, &ground, x - 2, y - 8, 68, 16);
		taken = x + 120 + insp_ink_text(snapshot, GTK_WIDGET(lanes), text, x, y, 0, 90, &ink->faint);
		nodes += 2;
	}
	return nodes;
}

guint insp__lanes_paint_arrows(InspLanes *lanes, GtkSnapshot *snapshot, const struct insp_ink *ink, int width, int height)
{
	lanes->arrow_count = insp_view_arrows(&lanes->view, lanes->arrows, ARROWS_MAX, &lanes->fold_step);
	lanes->stat.arrows = lanes->arrow_count;
	if (!lanes->arrow_count)
		return 0;
	const struct stroke strokes[] = {
		{CLASS_USUAL, true, 1, UINT32_MAX, 1, 0.1f},
		{CLASS_USUAL, false, 1, 2, 1, lanes->arrow_count > 150 ? 0.3f : 0.5f},
		{CLASS_USUAL, false, 2, 20, 1, 0.3f},
		{CLASS_USUAL, false, 20, UINT32_MAX, 1, 0.38f},
		{CLASS_ODD, false, 1, UINT32_MAX, 1.2, 0.9f},
		{CLASS_ODD, true, 1, UINT32_MAX, 1, 0.4f},
		{CLASS_LOST, false, 1, UINT32_MAX, 1.4, 1},
		{CLASS_LOST, true, 1, UINT32_MAX, 1, 0.5f},
	};
	cairo_t *cairo = gtk_snapshot_append_cairo(snapshot,
		&GRAPHENE_RECT_INIT((float)GUTTER, (float)RULER, (float)(width - GUTTER), (float)(height - RULER)));

	cairo_set_antialias(cairo, CAIRO_ANTIALIAS_DEFAULT);
	for (size_t i = 0; i < G_N_ELEMENTS(strokes); i++)
		paint_class(lanes, cairo, ink, &strokes[i]);
	cairo_destroy(cairo);
	for (uint32_t i = 0; i < lanes->arrow_count; i++)
		lanes->stat.folded_arrows += lanes->arrows[i].count > 1;
	return 1 + (lanes->fold_step > 0 ? paint_counts(lanes, snapshot, ink, width) : 0);
}

/* ---- the packet of the focus ---- */

#define CONVERSATION_MAX 120u

/* The other packets of its conversation that are in sight. */
static void draw_conversation(InspLanes *lanes, cairo_t *cairo, uint32_t number)
{
	const uint32_t stream = lanes->run->packets[number].stream;
	uint32_t at, end, drawn = 0;

	insp_view_packets(&lanes->view, &at, &end);
	if (stream == INSP_NONE || end - at > 20000)
		return;
	for (; at < end && drawn < CONVERSATION_MAX; at++)
		if (lanes->run->packets[at].stream == stream && at != number) {
			draw_arrow(lanes, cairo, &lanes->run->packets[at], /* heads= */ false, /* marks= */ false);
			drawn++;
		}
}

void insp__lanes_paint_packet(InspLanes *lanes, GtkSnapshot *snapshot, uint32_t number, const GdkRGBA *color, int width,
			      int height)
{
	const struct insp_packet *packet = &lanes->run->packets[number];
	const GdkRGBA light = insp_ink_alpha(*color, 0.35f);
	cairo_t *cairo = gtk_snapshot_append_cairo(snapshot,
		&GRAPHENE_RECT_INIT((float)GUTTER, (float)RULER, (float)(width - GUTTER), (float)(height - RULER)));

	draw_conversation(lanes, cairo, number);
	gdk_cairo_set_source_rgba(cairo, &light);
	cairo_set_line_width(cairo, 1);
	cairo_stroke(cairo);
	draw_arrow(lanes, cairo, packet, /* heads= */ true, /* marks= */ true);
	gdk_cairo_set_source_rgba(cairo, color);
	cairo_set_line_width(cairo, 2);
	cairo_stroke(cairo);
	cairo_destroy(cairo);
}
