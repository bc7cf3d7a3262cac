/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "topology.h"

#include <math.h>

#include "ink.h"
#include "names.h"
#include "places-pair.h"
#include "steps.h"

#define MARGIN 56.0
#define NODE 9.0		/* radius */
#define CROWD 24u		/* more nodes than these are small, and only the one of the position has its name */
#define NOT_THERE "\u2014"
#define DIFFERS "\u2260"

struct _InspTopology {
	GtkWidget parent;
	const struct insp_run *run;
	const struct insp_pair *pair;	/* NULL: there is but one run */
	uint32_t seqs[2];
	vtime_ns from, to;
	struct insp_places_pair *here;	/* NULL: has to be found anew */
};

G_DEFINE_FINAL_TYPE(InspTopology, insp_topology, GTK_TYPE_WIDGET)

static guint signal_focus;

static bool is_somewhere(const InspTopology *topology)
{
	return topology->run && topology->seqs[0] < topology->run->count;
}

/* What is at the position; only while a run is somewhere. */
static const struct insp_places_pair *here(InspTopology *topology)
{
	if (!topology->here) {
		topology->here = g_new(struct insp_places_pair, 1);
		insp_places_pair_init(topology->here, topology->run, topology->pair, topology->seqs);
	}
	return topology->here;
}

static void forget(InspTopology *topology)
{
	if (topology->here)
		insp_places_pair_done(topology->here);
	g_clear_pointer(&topology->here, g_free);
	gtk_widget_queue_draw(GTK_WIDGET(topology));
}

static const struct insp_run *run_of(const InspTopology *topology, int side)
{
	return side ? topology->pair->run[1] : topology->run;
}

static graphene_point_t point_of(InspTopology *topology, int side, uint32_t lane)
{
	const double width = gtk_widget_get_width(GTK_WIDGET(topology)) - 2 * MARGIN;
	const double height = gtk_widget_get_height(GTK_WIDGET(topology)) - 2 * MARGIN;
	const struct insp_place *place = &here(topology)->places[side][topology->pair ? topology->pair->row_of[side][lane] : lane];

	return GRAPHENE_POINT_INIT((float)(MARGIN + place->x * width), (float)(MARGIN + place->y * height));
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

/* Beside what differs: in which run it is how. */
static void paint_words(InspTopology *topology, GtkSnapshot *snapshot, const struct insp_ink *ink, const struct insp_place_row *row,
			double x, double y)
{
	const char *words = row->of[1] == INSP_NONE ? "only A" : row->of[0] == INSP_NONE ? "only B"
			    : row->down[0] && !row->down[1] ? "down in A" : row->down[1] && !row->down[0] ? "down in B" : "elsewhere in B";

	insp_ink_text(snapshot, GTK_WIDGET(topology), words, x, y, 0.5, 140, &ink->warning);
}

/* As thick as it is loaded, on a logarithmic scale; broken while it is down. */
static void paint_link(InspTopology *topology, GtkSnapshot *snapshot, cairo_t *cairo, const struct insp_ink *ink,
		       const struct insp_place_row *row, const struct insp_link_state *states)
{
	static const double dashes[] = {4, 5};
	const int side = row->of[0] == INSP_NONE;
	const struct insp_link *link = &run_of(topology, side)->links[row->of[side]];
	const struct insp_link_state none = {0}, *state = side ? &none : &states[row->of[0]];
	const float usual = is_crowded(topology) ? 0.12f : 0.55f, idle = is_crowded(topology) ? 0.05f : 0.2f;
	const GdkRGBA color = row->differs ? ink->warning : row->down[side] ? ink->error
							   : insp_ink_alpha(ink->text, state->bytes ? usual : idle);
	const graphene_point_t a = point_of(topology, side, link->a), b = point_of(topology, side, link->b);

	gdk_cairo_set_source_rgba(cairo, &color);
	cairo_set_dash(cairo, dashes, row->down[0] || row->down[1] || side ? 2 : 0, 0);
	cairo_set_line_width(cairo, (row->differs ? 2 : 1) + fmin(log1p(load_of(topology, state) / 1e4), 8));
	line(cairo, a, b);
	cairo_stroke(cairo);
	cairo_set_dash(cairo, NULL, 0, 0);
	if (row->differs)
		paint_words(topology, snapshot, ink, row, (a.x + b.x) / 2, (a.y + b.y) / 2 - 10);
}

/* A packet is as far along its link as time has passed. */
static graphene_point_t packet_point(InspTopology *topology, int side, uint32_t number)
{
	const struct insp_run *run = run_of(topology, side);
	const struct insp_packet *packet = &run->packets[number];
	const vtime_ns begin = insp_vtime(run, packet->send), now = insp_vtime(run, topology->seqs[side]);
	const vtime_ns end = packet->end == INSP_NONE ? begin + run->flight_max : insp_vtime(run, packet->end);
	const double share = end > begin ? fmin((double)(now - begin) / (double)(end - begin), 1) : 1;
	const graphene_point_t a = point_of(topology, side, packet->from), b = point_of(topology, side, packet->to);

	return GRAPHENE_POINT_INIT((float)(a.x + (b.x - a.x) * share), (float)(a.y + (b.y - a.y) * share));
}

/* One that only A has is full, one that only B has is hollow, each with a letter; of one that both have A's is drawn. */
static void paint_packet(InspTopology *topology, GtkSnapshot *snapshot, cairo_t *cairo, const struct insp_ink *ink,
			 const struct insp_place_row *row)
{
	const int side = row->of[0] == INSP_NONE;
	const bool focus = !side && row->of[0] == insp_packet_of(topology->run, topology->seqs[0]);
	const GdkRGBA color = row->differs ? ink->warning : focus ? ink->accent : ink->text;
	const graphene_point_t at = packet_point(topology, side, row->of[side]);

	gdk_cairo_set_source_rgba(cairo, &color);
	cairo_arc(cairo, at.x, at.y, focus ? 5 : row->differs ? 4 : 3, 0, 2 * G_PI);
	cairo_set_line_width(cairo, 1.5);
	if (side)
		cairo_stroke(cairo);
	else
		cairo_fill(cairo);
	if (row->differs && !is_crowded(topology))
		insp_ink_text(snapshot, GTK_WIDGET(topology), side ? "B" : "A", at.x, at.y - 12, 0.5, 20, &ink->warning);
}

/* Where B has a node that has moved there. */
static void paint_move(cairo_t *cairo, const struct insp_ink *ink, graphene_point_t from, graphene_point_t to, double radius)
{
	static const double dashes[] = {2, 3};

	gdk_cairo_set_source_rgba(cairo, &ink->warning);
	cairo_set_line_width(cairo, 1.5);
	cairo_set_dash(cairo, dashes, 2, 0);
	line(cairo, from, to);
	cairo_new_sub_path(cairo);
	cairo_arc(cairo, to.x, to.y, radius, 0, 2 * G_PI);
	cairo_stroke(cairo);
	cairo_set_dash(cairo, NULL, 0, 0);
}

static void paint_cross(cairo_t *cairo, graphene_point_t at)
{
	line(cairo, GRAPHENE_POINT_INIT(at.x - 5, at.y - 5), GRAPHENE_POINT_INIT(at.x + 5, at.y + 5));
	line(cairo, GRAPHENE_POINT_INIT(at.x - 5, at.y + 5), GRAPHENE_POINT_INIT(at.x + 5, at.y - 5));
	cairo_stroke(cairo);
}

static void paint_node(InspTopology *topology, GtkSnapshot *snapshot, cairo_t *cairo, const struct insp_ink *ink,
		       const struct insp_place_row *row)
{
	const int side = row->of[0] == INSP_NONE;
	const uint32_t lane = row->of[side];
	const bool is_here = !side && lane == insp_lane_of(topology->run, topology->seqs[0]), crowded = is_crowded(topology);
	const double radius = crowded ? NODE / 2 : NODE;
	const graphene_point_t at = point_of(topology, side, lane);
	const GdkRGBA hue = insp_ink_lane(ink, lane), ground = insp_ink_alpha(ink->background, 0.8f);

	if (row->moved)
		paint_move(cairo, ink, at, point_of(topology, 1, row->of[1]), radius);
	gdk_cairo_set_source_rgba(cairo, &ink->background);
	cairo_new_sub_path(cairo);
	cairo_arc(cairo, at.x, at.y, radius, 0, 2 * G_PI);
	cairo_fill_preserve(cairo);
	gdk_cairo_set_source_rgba(cairo, row->down[side] ? &ink->error : &hue);
	cairo_set_line_width(cairo, is_here ? 4 : 2);
	cairo_stroke(cairo);
	if (row->down[side])
		paint_cross(cairo, at);
	if (row->differs) {
		gdk_cairo_set_source_rgba(cairo, &ink->warning);
		cairo_set_line_width(cairo, 1.5);
		cairo_rectangle(cairo, at.x - radius - 6, at.y - radius - 6, 2 * radius + 12, 2 * radius + 12);
		cairo_stroke(cairo);
		paint_words(topology, snapshot, ink, row, at.x, at.y - radius - 16);
	}
	if (is_here || !crowded)
		insp_ink_name(snapshot, GTK_WIDGET(topology), run_of(topology, side)->lanes[lane].name, at.x, at.y + radius + 12, 140,
			      is_here ? &ink->accent : &ink->text, &ground);
}

static void insp_topology_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
	static const enum insp_thing order[] = {INSP_THING_LINK, INSP_THING_PACKET, INSP_THING_NODE};
	InspTopology *topology = INSP_TOPOLOGY(widget);
	const int width = gtk_widget_get_width(widget), height = gtk_widget_get_height(widget);
	struct insp_ink ink;

	if (!is_somewhere(topology) || width < 3 * MARGIN || height < 3 * MARGIN)
		return;
	g_autofree struct insp_link_state *states = g_new0(struct insp_link_state, topology->run->link_count + 1);
	const struct insp_places_pair *places = here(topology);

	insp_ink_get(widget, &ink);
	insp_links_find(topology->run, topology->seqs[0], topology->from, topology->to, states);
	cairo_t *cairo = gtk_snapshot_append_cairo(snapshot, &GRAPHENE_RECT_INIT(0, 0, (float)width, (float)height));

	for (guint i = 0; i < G_N_ELEMENTS(order); i++)
		for (uint32_t k = 0; k < places->count; k++) {
			const struct insp_place_row *row = &places->rows[k];

			if (row->what != order[i])
				continue;
			if (row->what == INSP_THING_LINK)
				paint_link(topology, snapshot, cairo, &ink, row, states);
			else if (row->what == INSP_THING_PACKET)
				paint_packet(topology, snapshot, cairo, &ink, row);
			else
				paint_node(topology, snapshot, cairo, &ink, row);
		}
	cairo_destroy(cairo);
}

static gboolean near(graphene_point_t at, double x, double y)
{
	return hypot(at.x - x, at.y - y) < 14;
}

/* A packet: to its sending.  A node: to its event before.  Of the first run. */
static void clicked(GtkGestureClick *gesture, int times, double x, double y, InspTopology *topology)
{
	uint32_t to = INSP_NONE;

	if (!is_somewhere(topology))
		return;
	const struct insp_places_pair *places = here(topology);

	/* What is drawn last, packets aside, lies above. */
	for (uint32_t i = places->count; i > 0 && to == INSP_NONE; i--) {
		const struct insp_place_row *row = &places->rows[i - 1];

		if (row->of[0] == INSP_NONE)
			continue;
		if (row->what == INSP_THING_PACKET && near(packet_point(topology, 0, row->of[0]), x, y))
			to = topology->run->packets[row->of[0]].send;
		else if (row->what == INSP_THING_NODE && near(point_of(topology, 0, row->of[0]), x, y))
			to = insp_step(topology->run, topology->seqs[0], -1, INSP_GRAIN_EVENT, row->of[0]);
	}
	if (to != INSP_NONE)
		g_signal_emit(topology, signal_focus, 0, to);
}

static void measure(GtkWidget *widget, GtkOrientation orientation, int for_size, int *least, int *natural, int *least_base,
		    int *natural_base)
{
	*least = 200;
	*natural = 320;
}

static void insp_topology_finalize(GObject *object)
{
	InspTopology *topology = INSP_TOPOLOGY(object);

	if (topology->here)
		insp_places_pair_done(topology->here);
	g_free(topology->here);
	G_OBJECT_CLASS(insp_topology_parent_class)->finalize(object);
}

static void insp_topology_class_init(InspTopologyClass *class)
{
	G_OBJECT_CLASS(class)->finalize = insp_topology_finalize;
	GTK_WIDGET_CLASS(class)->snapshot = insp_topology_snapshot;
	GTK_WIDGET_CLASS(class)->measure = measure;
	gtk_widget_class_set_accessible_role(GTK_WIDGET_CLASS(class), GTK_ACCESSIBLE_ROLE_IMG);
	signal_focus = g_signal_new("focus-event", INSP_TYPE_TOPOLOGY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
				    G_TYPE_UINT);
}

static void insp_topology_init(InspTopology *topology)
{
	GtkGesture *click = gtk_gesture_click_new();

	topology->seqs[0] = topology->seqs[1] = INSP_NONE;
	g_signal_connect(click, "released", G_CALLBACK(clicked), topology);
	gtk_widget_add_controller(GTK_WIDGET(topology), GTK_EVENT_CONTROLLER(click));
	insp_name(GTK_WIDGET(topology), "Nodes and links");
}

void insp_topology_set_run(InspTopology *topology, const struct insp_run *run)
{
	topology->run = run;
	topology->pair = NULL;
	topology->seqs[0] = INSP_NONE;
	forget(topology);
}

void insp_topology_set(InspTopology *topology, uint32_t seq, vtime_ns from, vtime_ns to)
{
	topology->from = from;
	topology->to = to;
	gtk_widget_queue_draw(GTK_WIDGET(topology));
	/* Who zooms stays where he is. */
	if (seq == topology->seqs[0])
		return;
	topology->seqs[0] = seq;
	forget(topology);
}

void insp_topology_set_pair(InspTopology *topology, const struct insp_pair *pair, uint32_t other)
{
	if (pair == topology->pair && other == topology->seqs[1])
		return;
	topology->pair = pair;
	topology->seqs[1] = other;
	forget(topology);
}

/* ---- told ---- */

static const char *const thing_names[INSP_THING_COUNT] = {"node", "link", "packet"};

/* "r1", "r1 - r2", "r1 > r2, 60 bytes". */
static char *name_of(const InspTopology *topology, const struct insp_place_row *row)
{
	const int side = row->of[0] == INSP_NONE;
	const struct insp_run *run = run_of(topology, side);
	const uint32_t number = row->of[side];

	if (row->what == INSP_THING_NODE)
		return g_strdup(run->lanes[number].name);
	if (row->what == INSP_THING_LINK)
		return g_strdup_printf("%s - %s", run->lanes[run->links[number].a].name, run->lanes[run->links[number].b].name);
	return g_strdup_printf("%s > %s, %u bytes", run->lanes[run->packets[number].from].name, run->lanes[run->packets[number].to].name,
			       run->packets[number].size);
}

static const char *state_of(const struct insp_place_row *row, int side)
{
	return row->of[side] == INSP_NONE ? NOT_THERE : row->what == INSP_THING_PACKET ? "on its way" : row->down[side] ? "down" : "up";
}

char *insp_topology_print(InspTopology *topology)
{
	GString *text = g_string_new(NULL);
	const struct insp_places_pair *places = is_somewhere(topology) ? here(topology) : NULL;

	for (uint32_t i = 0; places && i < places->count; i++) {
		const struct insp_place_row *row = &places->rows[i];
		g_autofree char *name = name_of(topology, row);

		g_string_append_printf(text, "%s\t%s\t%s", thing_names[row->what], name, state_of(row, 0));
		if (row->differs)
			g_string_append_printf(text, " " DIFFERS " %s", row->moved ? "elsewhere" : state_of(row, 1));
		g_string_append_c(text, '\n');
	}
	return g_string_free(text, FALSE);
}

static void add_words(GString *text, const char *format, uint32_t count)
{
	if (!count)
		return;
	g_string_append(text, text->len ? ", " : "");
	g_string_append_printf(text, format, count, count == 1 ? "" : "s");
}

/* "5 nodes, 9 links, 1 packet". */
static char *same_words(const struct insp_places_pair *places)
{
	g_autoptr(GString) text = g_string_new(NULL);

	add_words(text, "%u node%s", places->same[INSP_THING_NODE]);
	add_words(text, "%u link%s", places->same[INSP_THING_LINK]);
	add_words(text, "%u packet%s on the way", places->same[INSP_THING_PACKET]);
	return g_strdup(text->len ? text->str : "nothing");
}

static uint32_t packets_alone(const struct insp_places_pair *places, int side)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < places->count; i++)
		count += places->rows[i].what == INSP_THING_PACKET && places->rows[i].of[!side] == INSP_NONE;
	return count;
}

/* "Differ: 1 node, 2 packets on the way in A alone · the same: 4 nodes, 9 links", or "Identical: ...". */
char *insp_topology_words(InspTopology *topology, gboolean *ret_differs)
{
	g_autoptr(GString) text = g_string_new(NULL);

	*ret_differs = FALSE;
	if (!topology->pair || !is_somewhere(topology))
		return NULL;
	const struct insp_places_pair *places = here(topology);

	add_words(text, "%u node%s", places->differ[INSP_THING_NODE]);
	add_words(text, "%u link%s", places->differ[INSP_THING_LINK]);
	add_words(text, "%u packet%s on the way in A alone", packets_alone(places, 0));
	add_words(text, "%u packet%s on the way in B alone", packets_alone(places, 1));
	*ret_differs = text->len > 0;
	g_autofree char *same = same_words(places);

	return *ret_differs ? g_strdup_printf("Differ: %s \u00b7 the same: %s", text->str, same) : g_strdup_printf("Identical: %s", same);
}
