/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "topology.h"

#include <math.h>

#include "ink.h"
#include "names.h"
#include "places.h"
#include "steps.h"

#define MARGIN 56.0
#define NODE 9.0		/* radius */
#define CROWD 24u		/* more nodes than these are small, and only the one of the position has its name */
#define PACKETS_MAX 400u	/* in flight, drawn one by one */

struct _InspTopology {
	GtkWidget parent;
	const struct insp_run *run;
	uint32_t seq;
	vtime_ns from, to;
	struct insp_place places[INSP_LANES_MAX];
};

G_DEFINE_FINAL_TYPE(InspTopology, insp_topology, GTK_TYPE_WIDGET)

static guint signal_focus;

static graphene_point_t point_of(InspTopology *topology, uint32_t lane)
{
	const double width = gtk_widget_get_width(GTK_WIDGET(topology)) - 2 * MARGIN;
	const double height = gtk_widget_get_height(GTK_WIDGET(topology)) - 2 * MARGIN;

	return GRAPHENE_POINT_INIT((float)(MARGIN + topology->places[lane].x * width),
				   (float)(MARGIN + topology->places[lane].y * height));
}

/* Bits a second that a link carried while the picture's range lasted; both ways. */
static double load_of(InspTopology *topology, const struct insp_link_state *state)
{
	const double seconds = (double)(topology->to - topology->from) / 1e9;

	return seconds > 0 ? (double)state->bytes * 8 / seconds : 0;
}

static void line(cairo_t *cairo, graphene_point_t a, graphene_point_t b)
{
	cairo_move_to(cairo, a.x, a.y);
	cairo_line_to(cairo, b.x, b.y);
}

static bool is_crowded(const InspTopology *topology)
{
	return topology->run->lane_count > CROWD;
}

/* As thick as it is loaded, on a logarithmic scale; broken while it is down. */
static void paint_links(InspTopology *topology, cairo_t *cairo, const struct insp_ink *ink, const struct insp_link_state *states)
{
	static const double dashes[] = {4, 5};
	const float usual = is_crowded(topology) ? 0.12f : 0.55f, idle = is_crowded(topology) ? 0.05f : 0.2f;

	for (uint32_t i = 0; i < topology->run->link_count; i++) {
		const struct insp_link *link = &topology->run->links[i];
		const GdkRGBA color = states[i].down ? ink->error : insp_ink_alpha(ink->text, states[i].bytes ? usual : idle);

		gdk_cairo_set_source_rgba(cairo, &color);
		cairo_set_dash(cairo, dashes, states[i].down ? 2 : 0, 0);
		cairo_set_line_width(cairo, 1 + fmin(log1p(load_of(topology, &states[i]) / 1e4), 8));
		line(cairo, point_of(topology, link->a), point_of(topology, link->b));
		cairo_stroke(cairo);
	}
	cairo_set_dash(cairo, NULL, 0, 0);
}

/* A packet is as far along its link as time has passed. */
static graphene_point_t packet_point(InspTopology *topology, const struct insp_packet *packet)
{
	const struct insp_run *run = topology->run;
	const vtime_ns begin = insp_vtime(run, packet->send), now = insp_vtime(run, topology->seq);
	const vtime_ns end = packet->end == INSP_NONE ? begin + run->flight_max : insp_vtime(run, packet->end);
	const double share = end > begin ? fmin((double)(now - begin) / (double)(end - begin), 1) : 1;
	const graphene_point_t a = point_of(topology, packet->from), b = point_of(topology, packet->to);

	return GRAPHENE_POINT_INIT((float)(a.x + (b.x - a.x) * share), (float)(a.y + (b.y - a.y) * share));
}

static void paint_packets(InspTopology *topology, cairo_t *cairo, const struct insp_ink *ink)
{
	g_autofree uint32_t *flying = g_new(uint32_t, PACKETS_MAX);
	const uint32_t count = insp_in_flight(topology->run, topology->seq, flying, PACKETS_MAX);
	const uint32_t focus = insp_packet_of(topology->run, topology->seq);

	for (uint32_t i = 0; i < count; i++) {
		const graphene_point_t at = packet_point(topology, &topology->run->packets[flying[i]]);
		const GdkRGBA *color = flying[i] == focus ? &ink->accent : &ink->text;

		gdk_cairo_set_source_rgba(cairo, color);
		cairo_arc(cairo, at.x, at.y, flying[i] == focus ? 5 : 3, 0, 2 * G_PI);
		cairo_fill(cairo);
	}
}

static void paint_nodes(InspTopology *topology, GtkSnapshot *snapshot, cairo_t *cairo, const struct insp_ink *ink)
{
	const uint32_t here = insp_lane_of(topology->run, topology->seq);
	const double radius = is_crowded(topology) ? NODE / 2 : NODE;

	for (uint32_t lane = 1; lane < topology->run->lane_count; lane++) {
		const graphene_point_t at = point_of(topology, lane);
		const GdkRGBA hue = insp_ink_lane(ink, lane);
		const bool down = insp_node_is_down(topology->run, lane, topology->seq);

		gdk_cairo_set_source_rgba(cairo, &ink->background);
		cairo_arc(cairo, at.x, at.y, radius, 0, 2 * G_PI);
		cairo_fill_preserve(cairo);
		gdk_cairo_set_source_rgba(cairo, down ? &ink->error : &hue);
		cairo_set_line_width(cairo, lane == here ? 4 : 2);
		cairo_stroke(cairo);
		if (down) {
			line(cairo, GRAPHENE_POINT_INIT(at.x - 5, at.y - 5), GRAPHENE_POINT_INIT(at.x + 5, at.y + 5));
			line(cairo, GRAPHENE_POINT_INIT(at.x - 5, at.y + 5), GRAPHENE_POINT_INIT(at.x + 5, at.y - 5));
			cairo_stroke(cairo);
		}
		if (lane == here || !is_crowded(topology))
			insp_ink_text(snapshot, GTK_WIDGET(topology), topology->run->lanes[lane].name, at.x, at.y + radius + 10, 0.5,
				      140, lane == here ? &ink->accent : &ink->text);
	}
}

static void insp_topology_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
	InspTopology *topology = INSP_TOPOLOGY(widget);
	const int width = gtk_widget_get_width(widget), height = gtk_widget_get_height(widget);
	struct insp_ink ink;

	if (!topology->run || topology->seq >= topology->run->count || width < 3 * MARGIN || height < 3 * MARGIN)
		return;
	g_autofree struct insp_link_state *states = g_new0(struct insp_link_state, topology->run->link_count + 1);

	insp_ink_get(widget, &ink);
	insp_places_find(topology->run, topology->seq, topology->places);
	insp_links_find(topology->run, topology->seq, topology->from, topology->to, states);
	cairo_t *cairo = gtk_snapshot_append_cairo(snapshot, &GRAPHENE_RECT_INIT(0, 0, (float)width, (float)height));

	paint_links(topology, cairo, &ink, states);
	paint_packets(topology, cairo, &ink);
	paint_nodes(topology, snapshot, cairo, &ink);
	cairo_destroy(cairo);
}

static gboolean near(graphene_point_t at, double x, double y)
{
	return hypot(at.x - x, at.y - y) < 14;
}

/* A packet: to its sending.  A node: to its event before. */
static void clicked(GtkGestureClick *gesture, int times, double x, double y, InspTopology *topology)
{
	g_autofree uint32_t *flying = g_new(uint32_t, PACKETS_MAX);
	uint32_t to = INSP_NONE;

	if (!topology->run || topology->seq >= topology->run->count)
		return;
	const uint32_t count = insp_in_flight(topology->run, topology->seq, flying, PACKETS_MAX);

	for (uint32_t i = 0; i < count && to == INSP_NONE; i++)
		if (near(packet_point(topology, &topology->run->packets[flying[i]]), x, y))
			to = topology->run->packets[flying[i]].send;
	for (uint32_t lane = 1; lane < topology->run->lane_count && to == INSP_NONE; lane++)
		if (near(point_of(topology, lane), x, y))
			to = insp_step(topology->run, topology->seq, -1, INSP_GRAIN_EVENT, lane);
	if (to != INSP_NONE)
		g_signal_emit(topology, signal_focus, 0, to);
}

static void measure(GtkWidget *widget, GtkOrientation orientation, int for_size, int *least, int *natural, int *least_base,
		    int *natural_base)
{
	*least = 200;
	*natural = 320;
}

static void insp_topology_class_init(InspTopologyClass *class)
{
	GTK_WIDGET_CLASS(class)->snapshot = insp_topology_snapshot;
	GTK_WIDGET_CLASS(class)->measure = measure;
	gtk_widget_class_set_accessible_role(GTK_WIDGET_CLASS(class), GTK_ACCESSIBLE_ROLE_IMG);
	signal_focus = g_signal_new("focus-event", INSP_TYPE_TOPOLOGY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
				    G_TYPE_UINT);
}

static void insp_topology_init(InspTopology *topology)
{
	GtkGesture *click = gtk_gesture_click_new();

	topology->seq = INSP_NONE;
	g_signal_connect(click, "released", G_CALLBACK(clicked), topology);
	gtk_widget_add_controller(GTK_WIDGET(topology), GTK_EVENT_CONTROLLER(click));
	insp_name(GTK_WIDGET(topology), "Nodes and links");
}

void insp_topology_set_run(InspTopology *topology, const struct insp_run *run)
{
	topology->run = run;
	topology->seq = INSP_NONE;
	gtk_widget_queue_draw(GTK_WIDGET(topology));
}

void insp_topology_set(InspTopology *topology, uint32_t seq, vtime_ns from, vtime_ns to)
{
	topology->seq = seq;
	topology->from = from;
	topology->to = to;
	gtk_widget_queue_draw(GTK_WIDGET(topology));
}
