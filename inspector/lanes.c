/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lanes-int.h"

#include <math.h>

#include <adwaita.h>

#include "base/check.h"
#include "keys.h"
#include "names.h"
#include "steps.h"

G_DEFINE_FINAL_TYPE(InspLanes, insp_lanes, GTK_TYPE_WIDGET)

static guint signal_focus, signal_other, signal_gap, signal_viewed;

double insp_lanes_gutter(void)
{
	return GUTTER;
}

/* ---- where things are ---- */

/* The machine's own events are in the lists; it has a lane only when there are no nodes. */
uint32_t insp__lanes_first(InspLanes *lanes)
{
	return insp__lanes_rows(lanes) > 1 ? 1 : 0;
}

uint32_t insp__lanes_rows(InspLanes *lanes)
{
	return lanes->gaps ? lanes->gaps->pair->row_count : lanes->half[0].run->lane_count;
}

uint32_t insp__lanes_row(InspLanes *lanes, int side, uint32_t lane)
{
	return lanes->gaps ? lanes->gaps->pair->row_of[side][lane] : lane;
}

uint32_t insp__lanes_lane(InspLanes *lanes, int side, uint32_t row)
{
	return lanes->gaps ? lanes->gaps->pair->rows[row].lane[side] : side ? INSP_NONE : row;
}

bool insp__lanes_faded(InspLanes *lanes, int side, uint32_t lane)
{
	return lanes->scope != INSP_NONE && insp__lanes_row(lanes, 0, lanes->scope) != insp__lanes_row(lanes, side, lane);
}

double insp__lanes_height(InspLanes *lanes)
{
	const double room = gtk_widget_get_height(GTK_WIDGET(lanes)) - RULER;
	const double count = insp__lanes_rows(lanes) - insp__lanes_first(lanes);

	return fmin(fmax(room / count, lanes->gaps ? DOUBLE_MIN : LANE_MIN), LANE_MAX);
}

double insp__lanes_reach(InspLanes *lanes)
{
	return insp__lanes_height(lanes) / (lanes->gaps ? 4 : 2);
}

double insp__lanes_middle(InspLanes *lanes, uint32_t row)
{
	const double index = (double)row - insp__lanes_first(lanes);

	return RULER + (index + 0.5) * insp__lanes_height(lanes) - lanes->scroll;
}

/* The halves of a node stand closer together than those of two. */
double insp__lanes_y(InspLanes *lanes, int side, uint32_t lane)
{
	const double middle = insp__lanes_middle(lanes, insp__lanes_row(lanes, side, lane));

	return lanes->gaps ? middle + (side ? 0.92 : -0.92) * insp__lanes_reach(lanes) : middle;
}

static double overflow(InspLanes *lanes)
{
	const double all = insp__lanes_height(lanes) * (insp__lanes_rows(lanes) - insp__lanes_first(lanes));

	return fmax(all - (gtk_widget_get_height(GTK_WIDGET(lanes)) - RULER), 0);
}

/* The half and lane at y. */
static uint32_t lane_at(InspLanes *lanes, double y, int *ret_side)
{
	const double index = (y - RULER + lanes->scroll) / insp__lanes_height(lanes);
	const double row = floor(index) + insp__lanes_first(lanes);

	if (!lanes->half[0].run || !lanes->half[0].run->count || y < RULER || index < 0 || row >= insp__lanes_rows(lanes))
		return INSP_NONE;
	*ret_side = lanes->gaps && index - floor(index) > 0.5;
	return insp__lanes_lane(lanes, *ret_side, (uint32_t)row);
}

/* The event of a lane that is nearest to x; INSP_NONE when the lane has none. */
static uint32_t nearest(const struct insp_half *half, uint32_t lane, double x)
{
	const struct insp_view *view = &half->view;
	const uint32_t at = insp_view_seek(view, insp_view_at(view, x - GUTTER));
	const uint32_t after = insp_step(half->run, at ? at - 1 : INSP_NONE, 1, INSP_GRAIN_EVENT, lane);
	const uint32_t before = insp_step(half->run, at, -1, INSP_GRAIN_EVENT, lane);
	const double to_after = after == INSP_NONE ? INFINITY : fabs(GUTTER + insp_view_x_of(view, after) - x);
	const double to_before = before == INSP_NONE ? INFINITY : fabs(GUTTER + insp_view_x_of(view, before) - x);

	return to_after < to_before ? after : before;
}

/* Both halves show the same part of the axis. */
static void follow_view(InspLanes *lanes)
{
	struct insp_view *other = &lanes->half[1].view;

	if (!lanes->gaps)
		return;
	*other = lanes->half[0].view;
	other->run = lanes->half[1].run;
	other->side = 1;
}

/* ---- drawing ---- */

static void drop_scene(InspLanes *lanes)
{
	g_clear_pointer(&lanes->scene, gsk_render_node_unref);
	gtk_widget_queue_draw(GTK_WIDGET(lanes));
}

static void insp_lanes_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
	InspLanes *lanes = INSP_LANES(widget);
	const int width = gtk_widget_get_width(widget), height = gtk_widget_get_height(widget);

	if (!lanes->half[0].run || !lanes->half[0].run->count || width < GUTTER + 20 || height < RULER + 10)
		return;
	if (!lanes->scene || width != lanes->scene_width || height != lanes->scene_height) {
		insp_view_adapt(&lanes->half[0].view, lanes->gaps, width - GUTTER);
		follow_view(lanes);
		lanes->scroll = fmin(lanes->scroll, overflow(lanes));
		g_clear_pointer(&lanes->scene, gsk_render_node_unref);
		lanes->scene = insp__lanes_paint(lanes, width, height);
		lanes->scene_width = width;
		lanes->scene_height = height;
	}
	gtk_snapshot_push_clip(snapshot, &GRAPHENE_RECT_INIT(0, 0, (float)width, (float)height));
	if (lanes->scene)
		gtk_snapshot_append_node(snapshot, lanes->scene);
	insp__lanes_paint_overlay(lanes, snapshot, width, height);
	if (lanes->over)
		lanes->over(lanes, snapshot, width, height, lanes->over_data);
	gtk_snapshot_pop(snapshot);
}

/* Only what shows lines one by one is waiting for them. */
static void lines_loaded(InspPager *pager, guint first, guint count, InspLanes *lanes)
{
	if (lanes->single)
		drop_scene(lanes);
}

/* ---- the hand ---- */

static void pressed(GtkGestureClick *gesture, int times, double x, double y, InspLanes *lanes)
{
	gtk_widget_grab_focus(GTK_WIDGET(lanes));
}

static void released(GtkGestureClick *gesture, int times, double x, double y, InspLanes *lanes)
{
	int side = 0;
	const uint32_t gap = insp__lanes_gap_at(lanes, x, y), lane = lane_at(lanes, y, &side);
	const uint32_t seq = lane == INSP_NONE ? INSP_NONE : nearest(&lanes->half[side], lane, x);

	if (gap != INSP_NONE)
		g_signal_emit(lanes, signal_gap, 0, gap);
	else if (seq != INSP_NONE)
		g_signal_emit(lanes, side ? signal_other : signal_focus, 0, seq);
}

/* What can be done with an event, where it is seen. */
static GMenuModel *event_menu(void)
{
	static const struct {
		const char *label, *action;
	} items[] = {
		{"_Fit", "win.view.fit"}, {"Tint What Can Have _Caused It", "win.cone.past"},
		{"Tint What It Can Have Caused", "win.cone.future"}, {"Back to Its Cause", "win.flow.previous"},
		{"On to Its _Effect", "win.flow.next"}, {"_Read the Conversation", "win.talk.follow"},
		{"Only the Conversation's Packets", "win.talk.filter"}, {"Steps Stay on This Node", "win.step.scope-here"},
		{"Write a _Note\u2026", "win.note.here"}, {"Copy the _Position", "win.focus.copy"},
		{"Copy the Command for a _Branch from Here", "win.branch.copy"},
	};
	GMenu *menu = g_menu_new();

	for (guint i = 0; i < G_N_ELEMENTS(items); i++)
		g_menu_append(menu, items[i].label, items[i].action);
	return G_MENU_MODEL(menu);
}

/* The event under the pointer becomes the position, then the menu is about it. */
static void menu_asked(GtkGestureClick *gesture, int times, double x, double y, InspLanes *lanes)
{
	g_autoptr(GMenuModel) items = event_menu();
	g_autoptr(GMenuModel) model = insp__keys_menu(items);

	released(gesture, times, x, y, lanes);
	if (lanes->menu)
		gtk_popover_menu_set_menu_model(GTK_POPOVER_MENU(lanes->menu), model);
	if (!lanes->menu) {
		lanes->menu = gtk_popover_menu_new_from_model(model);
		gtk_popover_set_has_arrow(GTK_POPOVER(lanes->menu), FALSE);
		gtk_widget_set_halign(lanes->menu, GTK_ALIGN_START);
		gtk_widget_set_parent(lanes->menu, GTK_WIDGET(lanes));
	}
	gtk_popover_set_pointing_to(GTK_POPOVER(lanes->menu), &(GdkRectangle){(int)x, (int)y, 1, 1});
	gtk_popover_popup(GTK_POPOVER(lanes->menu));
}

static void insp_lanes_size_allocate(GtkWidget *widget, int width, int height, int baseline)
{
	if (INSP_LANES(widget)->menu)
		gtk_popover_present(GTK_POPOVER(INSP_LANES(widget)->menu));
}

static void drag_begin(GtkGestureDrag *gesture, double x, double y, InspLanes *lanes)
{
	lanes->drag_from = lanes->half[0].view.from;
}

static void drag_update(GtkGestureDrag *gesture, double dx, double dy, InspLanes *lanes)
{
	if (!lanes->half[0].run || fabs(dx) < 4)
		return;
	/* What has become a drag is no click any more. */
	gtk_gesture_set_state(GTK_GESTURE(gesture), GTK_EVENT_SEQUENCE_CLAIMED);
	lanes->half[0].view.from = lanes->drag_from;
	insp_view_pan(&lanes->half[0].view, -dx);
	insp_lanes_view_changed(lanes);
}

static void moved(GtkEventControllerMotion *motion, double x, double y, InspLanes *lanes)
{
	lanes->pointer_x = x;
	lanes->pointer_y = y;
}

static gboolean scrolled(GtkEventControllerScroll *scroll, double dx, double dy, InspLanes *lanes)
{
	const GdkModifierType state = gtk_event_controller_get_current_event_state(GTK_EVENT_CONTROLLER(scroll));

	if (!lanes->half[0].run || !lanes->half[0].run->count)
		return FALSE;
	if (state & GDK_SHIFT_MASK || dx != 0) {
		insp_view_pan(&lanes->half[0].view, (dx != 0 ? dx : dy) * 60);
	} else if (!(state & GDK_CONTROL_MASK) && overflow(lanes) > 0) {
		lanes->scroll = fmin(fmax(lanes->scroll + dy * 40, 0), overflow(lanes));
	} else {
		insp_view_zoom(&lanes->half[0].view, pow(1.25, dy), fmax(lanes->pointer_x - GUTTER, 0));
	}
	insp_lanes_view_changed(lanes);
	return TRUE;
}

static char *describe_gap(InspLanes *lanes, uint32_t number)
{
	const struct insp_gap *gap = &lanes->gaps->all[number];
	char count[48];

	insp_put_count(count, sizeof(count), gap->end[0] - gap->first[0]);
	return g_strdup_printf("%s events are the same in both runs:\nA @%u to @%u, B @%u to @%u\nClick to %s", count,
			       gap->first[0], gap->end[0] - 1, gap->first[1], gap->end[1] - 1,
			       gap->open ? "fold them" : "see them");
}

static char *describe_event(const struct insp_half *half, const char *which, uint32_t seq)
{
	const struct insp_line *line = insp_pager_line(half->pager, seq);
	const struct fmt_kind_info *info = fmt_kind_info(half->run->kind[seq]);
	char time[48];

	insp_put_time(time, sizeof(time), insp_vtime(half->run, seq));
	return g_strdup_printf("%s@%u  %s s  %s  %s\n%s", which, seq, time, half->run->lanes[insp_lane_of(half->run, seq)].name,
			       info ? info->name : "", line ? line->text : "");
}

static gboolean tooltip(GtkWidget *widget, int x, int y, gboolean keyboard, GtkTooltip *tip, gpointer data)
{
	InspLanes *lanes = INSP_LANES(widget);
	int side = 0;
	const uint32_t gap = insp__lanes_gap_at(lanes, x, y), lane = lane_at(lanes, y, &side);
	const struct insp_half *half = &lanes->half[side];
	const uint32_t seq = lane == INSP_NONE || x < GUTTER ? INSP_NONE : nearest(half, lane, x);

	if (gap == INSP_NONE && (seq == INSP_NONE || !half->pager || fabs(GUTTER + insp_view_x_of(&half->view, seq) - x) > 8))
		return FALSE;
	g_autofree char *text = gap != INSP_NONE ? describe_gap(lanes, gap)
						 : describe_event(half, !lanes->gaps ? "" : side ? "B " : "A ", seq);

	gtk_tooltip_set_text(tip, text);
	return TRUE;
}

/* ---- the widget ---- */

static void insp_lanes_measure(GtkWidget *widget, GtkOrientation orientation, int for_size, int *least, int *natural,
			       int *least_base, int *natural_base)
{
	*least = orientation == GTK_ORIENTATION_HORIZONTAL ? 320 : 120;
	*natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 900 : 260;
}

static void insp_lanes_dispose(GObject *object)
{
	InspLanes *lanes = INSP_LANES(object);

	insp_lanes_set_run(lanes, NULL, NULL);
	g_clear_pointer(&lanes->menu, gtk_widget_unparent);
	for (int side = 0; side < 2; side++)
		g_clear_pointer(&lanes->half[side].arrows, g_free);
	g_clear_pointer(&lanes->cone, g_free);
	g_clear_pointer(&lanes->notes, g_free);
	G_OBJECT_CLASS(insp_lanes_parent_class)->dispose(object);
}

static void theme_changed(GObject *manager, GParamSpec *spec, InspLanes *lanes)
{
	drop_scene(lanes);
}

static void insp_lanes_class_init(InspLanesClass *class)
{
	GObjectClass *object_class = G_OBJECT_CLASS(class);
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

	object_class->dispose = insp_lanes_dispose;
	widget_class->snapshot = insp_lanes_snapshot;
	widget_class->measure = insp_lanes_measure;
	widget_class->size_allocate = insp_lanes_size_allocate;
	gtk_widget_class_set_css_name(widget_class, "lanes");
	gtk_widget_class_set_accessible_role(widget_class, GTK_ACCESSIBLE_ROLE_IMG);
	signal_focus = g_signal_new("focus-event", INSP_TYPE_LANES, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
				    G_TYPE_UINT);
	signal_other = g_signal_new("focus-other", INSP_TYPE_LANES, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
				    G_TYPE_UINT);
	signal_gap = g_signal_new("gap", INSP_TYPE_LANES, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
	signal_viewed = g_signal_new("viewed", INSP_TYPE_LANES, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void add_hand(InspLanes *lanes)
{
	GtkGesture *click = gtk_gesture_click_new(), *drag = gtk_gesture_drag_new(), *menu = gtk_gesture_click_new();
	GtkEventController *motion = gtk_event_controller_motion_new();
	GtkEventController *scroll = gtk_event_controller_scroll_new(GTK_EVENT_CONTROLLER_SCROLL_BOTH_AXES);

	g_signal_connect(click, "pressed", G_CALLBACK(pressed), lanes);
	g_signal_connect(click, "released", G_CALLBACK(released), lanes);
	gtk_gesture_single_set_button(GTK_GESTURE_SINGLE(menu), GDK_BUTTON_SECONDARY);
	g_signal_connect(menu, "pressed", G_CALLBACK(menu_asked), lanes);
	gtk_widget_add_controller(GTK_WIDGET(lanes), GTK_EVENT_CONTROLLER(menu));
	/* With the left button a range is chosen (range-bar.c). */
	gtk_gesture_single_set_button(GTK_GESTURE_SINGLE(drag), GDK_BUTTON_MIDDLE);
	g_signal_connect(drag, "drag-begin", G_CALLBACK(drag_begin), lanes);
	g_signal_connect(drag, "drag-update", G_CALLBACK(drag_update), lanes);
	g_signal_connect(motion, "motion", G_CALLBACK(moved), lanes);
	g_signal_connect(scroll, "scroll", G_CALLBACK(scrolled), lanes);
	gtk_widget_add_controller(GTK_WIDGET(lanes), GTK_EVENT_CONTROLLER(click));
	gtk_widget_add_controller(GTK_WIDGET(lanes), GTK_EVENT_CONTROLLER(drag));
	gtk_widget_add_controller(GTK_WIDGET(lanes), motion);
	gtk_widget_add_controller(GTK_WIDGET(lanes), scroll);
}

static void insp_lanes_init(InspLanes *lanes)
{
	lanes->half[0].focus = lanes->half[1].focus = lanes->scope = lanes->marks[0] = lanes->marks[1] = INSP_NONE;
	for (int side = 0; side < 2; side++)
		lanes->half[side].arrows = g_new(struct insp_arrow, ARROWS_MAX);
	gtk_widget_set_focusable(GTK_WIDGET(lanes), TRUE);
	gtk_widget_set_has_tooltip(GTK_WIDGET(lanes), TRUE);
	g_signal_connect(lanes, "query-tooltip", G_CALLBACK(tooltip), NULL);
	insp_name(GTK_WIDGET(lanes), "Timeline");
	g_signal_connect_object(adw_style_manager_get_default(), "notify::dark", G_CALLBACK(theme_changed), lanes, 0);
	g_signal_connect_object(adw_style_manager_get_default(), "notify::high-contrast", G_CALLBACK(theme_changed), lanes, 0);
	add_hand(lanes);
}

static void set_half(InspLanes *lanes, int side, const struct insp_run *run, InspPager *pager)
{
	struct insp_half *half = &lanes->half[side];

	if (half->pager)
		g_signal_handlers_disconnect_by_data(half->pager, lanes);
	g_set_object(&half->pager, pager);
	half->run = run;
	if (pager)
		g_signal_connect(pager, "loaded", G_CALLBACK(lines_loaded), lanes);
}

void insp_lanes_set_run(InspLanes *lanes, const struct insp_run *run, InspPager *pager)
{
	insp_lanes_set_gaps(lanes, NULL, NULL);
	set_half(lanes, 0, run, pager);
	lanes->half[0].focus = lanes->scope = lanes->marks[0] = lanes->marks[1] = INSP_NONE;
	g_clear_pointer(&lanes->cone, g_free);
	lanes->note_count = 0;
	lanes->scroll = 0;
	if (run)
		insp_view_init(&lanes->half[0].view, run, fmax(gtk_widget_get_width(GTK_WIDGET(lanes)) - GUTTER, 600));
	drop_scene(lanes);
}

/* Moves lanes up or down as little as needed for a row to be seen. */
static void show_row(InspLanes *lanes, uint32_t row)
{
	const double room = gtk_widget_get_height(GTK_WIDGET(lanes)) - RULER, tall = insp__lanes_height(lanes);
	const double top = ((double)row - insp__lanes_first(lanes)) * tall - lanes->scroll;
	const double off = top < 0 ? top : top + tall > room ? top + tall - room : 0;

	if (row < insp__lanes_first(lanes) || room < tall || off == 0)
		return;
	lanes->scroll = fmin(fmax(lanes->scroll + off, 0), overflow(lanes));
	drop_scene(lanes);
}

void insp_lanes_set_focus(InspLanes *lanes, uint32_t seq, bool follow)
{
	CHECK(seq < lanes->half[0].run->count);
	lanes->half[0].focus = seq;
	const double from = lanes->half[0].view.from;

	if (follow) {
		insp_view_show(&lanes->half[0].view, seq);
		show_row(lanes, insp__lanes_row(lanes, 0, insp_lane_of(lanes->half[0].run, seq)));
	}
	if (lanes->half[0].view.from != from)
		insp_lanes_view_changed(lanes);
	gtk_widget_queue_draw(GTK_WIDGET(lanes));
}

void insp_lanes_set_scope(InspLanes *lanes, uint32_t lane)
{
	lanes->scope = lane;
	drop_scene(lanes);
}

void insp_lanes_set_cone(InspLanes *lanes, const struct insp_cone *cone, bool past, bool future)
{
	g_clear_pointer(&lanes->cone, g_free);
	lanes->cone = cone ? g_memdup2(cone, sizeof(*cone)) : NULL;
	lanes->cone_past = past;
	lanes->cone_future = future;
	gtk_widget_queue_draw(GTK_WIDGET(lanes));
}

void insp_lanes_set_gaps(InspLanes *lanes, struct insp_gaps *gaps, InspPager *pager)
{
	struct insp_view *view = &lanes->half[0].view;

	if (lanes->half[1].pager != pager) {
		set_half(lanes, 1, gaps ? gaps->pair->run[1] : NULL, pager);
		lanes->half[1].focus = INSP_NONE;
		lanes->scroll = 0;
	}
	lanes->gaps = gaps;
	if (lanes->half[0].run) {
		insp_view_adapt(view, gaps, view->width);
		insp_view_pan(view, 0);
	}
	follow_view(lanes);
	drop_scene(lanes);
}

void insp_lanes_open_gap(InspLanes *lanes, uint32_t gap, bool open)
{
	struct insp_view *view = &lanes->half[0].view;
	const uint32_t still = gap == INSP_NONE ? lanes->half[0].focus : lanes->gaps->all[gap].first[0];
	const double x = fmin(fmax(insp_view_x_of(view, still), 0), view->width);

	insp_gaps_set(lanes->gaps, gap, open);
	view->from = insp_view_coord(view, still) - x * view->span / view->width;
	insp_view_pan(view, 0);
	insp_lanes_view_changed(lanes);
}

void insp_lanes_set_other(InspLanes *lanes, uint32_t seq)
{
	CHECK(lanes->gaps && seq < lanes->half[1].run->count);
	lanes->half[1].focus = seq;
	gtk_widget_queue_draw(GTK_WIDGET(lanes));
}

void insp_lanes_set_notes(InspLanes *lanes, const uint32_t *seqs, uint32_t count)
{
	g_free(lanes->notes);
	lanes->notes = g_memdup2(seqs, count * sizeof(*seqs));
	lanes->note_count = count;
	gtk_widget_queue_draw(GTK_WIDGET(lanes));
}

void insp_lanes_set_marks(InspLanes *lanes, const uint32_t marks[2])
{
	memcpy(lanes->marks, marks, sizeof(lanes->marks));
	gtk_widget_queue_draw(GTK_WIDGET(lanes));
}

struct insp_view *insp_lanes_view(InspLanes *lanes)
{
	return &lanes->half[0].view;
}

void insp_lanes_view_changed(InspLanes *lanes)
{
	follow_view(lanes);
	drop_scene(lanes);
	g_signal_emit(lanes, signal_viewed, 0);
}

void insp_lanes_stat(InspLanes *lanes, struct insp_lanes_stat *ret)
{
	*ret = lanes->stat;
}

void insp_lanes_set_over(InspLanes *lanes, insp_lanes_paint_func func, gpointer data)
{
	lanes->over = func;
	lanes->over_data = data;
}
