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
static struct arrow arrow_of(InspLanes *lanes, int side, const struct insp_packet *packet)
{
	const struct insp_half *half = &lanes->half[side];
	const double down = insp__lanes_y(lanes, side, packet->to) > insp__lanes_y(lanes, side, packet->from) ? 1 : -1;
	struct arrow a = {.x0 = GUTTER + insp_view_x_of(&half->view, packet->send),
			  .y0 = insp__lanes_y(lanes, side, packet->from) + down * TRACK / 2,
			  .y1 = insp__lanes_y(lanes, side, packet->to) - down * TRACK / 2};

	if (packet->fate == INSP_RECEIVED) {
		a.x1 = GUTTER + insp_view_x_of(&half->view, packet->end);
		return a;
	}
	/* As far as it would have gone in the time that packets take at most. */
	const double flight = half->view.axis == INSP_AXIS_TIME
				      ? (double)half->run->flight_max * half->view.width / half->view.span : 24;

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

static void draw_arrow(InspLanes *lanes, int side, cairo_t *cairo, const struct insp_packet *packet, bool heads, bool marks)
{
	const struct arrow a = arrow_of(lanes, side, packet);

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

static bool faded(InspLanes *lanes, int side, const struct insp_packet *packet)
{
	return insp__lanes_faded(lanes, side, packet->from) && insp__lanes_faded(lanes, side, packet->to);
}

/* Both runs have it, alike to the last bit. */
static bool is_common(InspLanes *lanes, int side, const struct insp_packet *packet)
{
	const uint8_t *match = lanes->gaps ? lanes->gaps->pair->match[side] : NULL;

	return match && match[packet->send] == INSP_SAME && (packet->end == INSP_NONE || match[packet->end] == INSP_SAME);
}

struct stroke {
	enum class class;
	bool faint, common;
	uint32_t least, less;		/* packets that an arrow stands for: least <= count < less */
	double width;
	float alpha;
};

static void paint_class(InspLanes *lanes, int side, cairo_t *cairo, const struct insp_ink *ink, const struct stroke *stroke)
{
	const struct insp_half *half = &lanes->half[side];
	const GdkRGBA *base = stroke->common ? &ink->text
			      : stroke->class == CLASS_LOST ? &ink->error
			      : stroke->class == CLASS_ODD ? &ink->warning : &ink->text;
	const GdkRGBA color = insp_ink_alpha(*base, stroke->alpha);
	const bool heads = half->fold_step == 0 && half->arrow_count < 150;

	for (uint32_t i = 0; i < half->arrow_count; i++) {
		const struct insp_arrow *arrow = &half->arrows[i];
		const struct insp_packet *packet = &half->run->packets[arrow->packet];

		if (class_of(arrow) == stroke->class && arrow->count >= stroke->least && arrow->count < stroke->less &&
		    faded(lanes, side, packet) == stroke->faint && is_common(lanes, side, packet) == stroke->common)
			draw_arrow(lanes, side, cairo, packet, heads, /* marks= */ true);
	}
	gdk_cairo_set_source_rgba(cairo, &color);
	cairo_set_line_width(cairo, stroke->width);
	cairo_stroke(cairo);
}

/* How many a thick band stands for, where words have room. */
guint insp__lanes_paint_counts(InspLanes *lanes, GtkSnapshot *snapshot, const struct insp_ink *ink, int width)
{
	const struct insp_half *half = &lanes->half[0];
	double taken = -1;
	guint nodes = 0;

	for (uint32_t i = 0; half->fold_step > 0 && i < half->arrow_count && nodes < 12; i++) {
		const struct insp_arrow *arrow = &half->arrows[i];
		const struct arrow a = arrow_of(lanes, 0, &half->run->packets[arrow->packet]);
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

uint32_t insp__lanes_find_arrows(InspLanes *lanes, int side)
{
	struct insp_half *half = &lanes->half[side];

	half->arrow_count = insp_view_arrows(&half->view, half->arrows, lanes->gaps ? ARROWS_MAX / 2 : ARROWS_MAX, &half->fold_step);
	lanes->stat.arrows += half->arrow_count;
	for (uint32_t i = 0; i < half->arrow_count; i++)
		lanes->stat.folded_arrows += half->arrows[i].count > 1;
	return half->arrow_count;
}

void insp__lanes_draw_arrows(InspLanes *lanes, int side, cairo_t *cairo, const struct insp_ink *ink)
{
	const struct insp_half *half = &lanes->half[side];
	const struct stroke strokes[] = {
		{CLASS_USUAL, true, true, 1, UINT32_MAX, 1, 0.08f},
		{CLASS_USUAL, false, true, 1, UINT32_MAX, 1, 0.22f},
		{CLASS_ODD, false, true, 1, UINT32_MAX, 1, 0.4f},
		{CLASS_ODD, true, true, 1, UINT32_MAX, 1, 0.2f},
		{CLASS_LOST, false, true, 1, UINT32_MAX, 1, 0.5f},
		{CLASS_LOST, true, true, 1, UINT32_MAX, 1, 0.25f},
		{CLASS_USUAL, true, false, 1, UINT32_MAX, 1, 0.1f},
		{CLASS_USUAL, false, false, 1, 2, 1, half->arrow_count > 150 ? 0.3f : 0.5f},
		{CLASS_USUAL, false, false, 2, 20, 1, 0.3f},
		{CLASS_USUAL, false, false, 20, UINT32_MAX, 1, 0.38f},
		{CLASS_ODD, false, false, 1, UINT32_MAX, 1.2, 0.9f},
		{CLASS_ODD, true, false, 1, UINT32_MAX, 1, 0.4f},
		{CLASS_LOST, false, false, 1, UINT32_MAX, 1.4, 1},
		{CLASS_LOST, true, false, 1, UINT32_MAX, 1, 0.5f},
	};

	for (size_t i = 0; half->arrow_count && i < G_N_ELEMENTS(strokes); i++)
		if (lanes->gaps || !strokes[i].common)
			paint_class(lanes, side, cairo, ink, &strokes[i]);
}

/* ---- the packet of the focus ---- */

#define CONVERSATION_MAX 120u

/* The other packets of its conversation that are in sight. */
static void draw_conversation(InspLanes *lanes, int side, cairo_t *cairo, uint32_t number)
{
	const struct insp_half *half = &lanes->half[side];
	const uint32_t stream = half->run->packets[number].stream;
	uint32_t at, end, drawn = 0;

	insp_view_packets(&half->view, &at, &end);
	if (stream == INSP_NONE || end - at > 20000)
		return;
	for (; at < end && drawn < CONVERSATION_MAX; at++)
		if (half->run->packets[at].stream == stream && at != number) {
			draw_arrow(lanes, side, cairo, &half->run->packets[at], /* heads= */ false, /* marks= */ false);
			drawn++;
		}
}

void insp__lanes_paint_packet(InspLanes *lanes, int side, GtkSnapshot *snapshot, uint32_t number, const GdkRGBA *color,
			      int width, int height)
{
	const struct insp_packet *packet = &lanes->half[side].run->packets[number];
	const GdkRGBA light = insp_ink_alpha(*color, 0.35f);
	cairo_t *cairo = gtk_snapshot_append_cairo(snapshot,
		&GRAPHENE_RECT_INIT((float)GUTTER, (float)RULER, (float)(width - GUTTER), (float)(height - RULER)));

	draw_conversation(lanes, side, cairo, number);
	gdk_cairo_set_source_rgba(cairo, &light);
	cairo_set_line_width(cairo, 1);
	cairo_stroke(cairo);
	draw_arrow(lanes, side, cairo, packet, /* heads= */ true, /* marks= */ true);
	gdk_cairo_set_source_rgba(cairo, color);
	cairo_set_line_width(cairo, 2);
	cairo_stroke(cairo);
	cairo_destroy(cairo);
}
