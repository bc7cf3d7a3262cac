/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * range-bar.c - a range that is dragged over the timeline: its shade, and a bar below that says what happened in it.
 *
 * While it is dragged only its length is told; where the button is let go a thread counts the rest.  With a scope the numbers are
 * those of its node.
 */
#include "window-int.h"

#include <math.h>
#include <stdio.h>

#include "base/check.h"
#include "ink.h"
#include "range.h"

struct insp_range_bar {
	GtkWidget *box, *length, *facts, *trouble, *processors;
	struct insp_range range;	/* first is INSP_NONE: there is none */
	struct insp_range_sum all, *sums;	/* sums: by lane; NULL: not counted yet */
	guint serial;			/* of the last count */
	GCancellable *cancel;		/* of that */
	double begun;			/* where the drag began: a coordinate, or what the view began with when it moves */
	bool moves;
};

/* ---- what it says ---- */

static char *rate_text(double amount, vtime_ns duration, const char *unit)
{
	char text[48] = "\u2013";

	if (duration)
		insp_put_quantity(text, sizeof(text), amount * 1e9 / (double)duration, unit);
	return g_strdup(text);
}

static void show_facts(InspWindow *window, const struct insp_range_sum *sum)
{
	const struct insp_range_bar *bar = window->range_bar;
	const vtime_ns duration = insp_range_duration(window->run, &bar->range);
	g_autofree char *pace = rate_text(sum->events, duration, "/s"), *rate = rate_text(8.0 * (double)sum->bytes, duration, "bit/s");
	g_autofree char *bytes = g_format_size(sum->bytes);
	char events[48], packets[48], calls[48];

	insp_put_count(events, sizeof(events), sum->events);
	insp_put_count(packets, sizeof(packets), sum->packets);
	insp_put_count(calls, sizeof(calls), sum->calls);
	g_autofree char *text = g_strdup_printf("%s events (%s)   %s packets, %s (%s)   %s calls", events, pace, packets, bytes, rate,
						calls);

	gtk_label_set_text(GTK_LABEL(bar->facts), text);
}

/* What went wrong stands apart, and is not there when nothing did. */
static void show_trouble(InspWindow *window, const struct insp_range_sum *sum)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

	if (sum->lost)
		g_ptr_array_add(words, g_strdup_printf("%u lost", sum->lost));
	if (sum->again)
		g_ptr_array_add(words, g_strdup_printf("%u sent again", sum->again));
	if (sum->failed)
		g_ptr_array_add(words, g_strdup_printf("%u calls failed", sum->failed));
	g_ptr_array_add(words, NULL);
	g_autofree char *text = g_strjoinv("   ", (char **)words->pdata);

	gtk_label_set_text(GTK_LABEL(window->range_bar->trouble), text);
	gtk_widget_set_visible(window->range_bar->trouble, *text);
}

static char *processor_text(InspWindow *window, uint32_t lane)
{
	const vtime_ns duration = insp_range_duration(window->run, &window->range_bar->range);
	const vtime_ns ran = window->range_bar->sums[lane].ran;
	const double percent = duration ? 100 * (double)ran / (double)duration : 0;
	const char *name = window->run->lanes[lane].name;
	char time[48];

	insp_put_duration(time, sizeof(time), ran);
	return percent < 0.5 ? g_strdup_printf("%s %s", name, time) : g_strdup_printf("%s %s (%.0f\u2009%%)", name, time, percent);
}

#define PROCESSORS_SHOWN 3u

static int compare_ran(gconstpointer a, gconstpointer b, gpointer data)
{
	const struct insp_range_sum *sums = data;
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	if (sums[x].ran != sums[y].ran)
		return sums[x].ran > sums[y].ran ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* Who computed most; the tooltip has all. */
static void show_processors(InspWindow *window)
{
	const struct insp_range_bar *bar = window->range_bar;
	g_autoptr(GArray) lanes = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	g_autoptr(GString) few = g_string_new(NULL), all = g_string_new(NULL);

	for (uint32_t lane = 0; lane < window->run->lane_count; lane++)
		if (bar->sums[lane].ran && (window->step_scope == INSP_NONE || window->step_scope == lane))
			g_array_append_val(lanes, lane);
	g_array_sort_with_data(lanes, compare_ran, bar->sums);
	for (guint i = 0; i < lanes->len; i++) {
		g_autofree char *text = processor_text(window, g_array_index(lanes, uint32_t, i));

		g_string_append_printf(all, "%s%s", i ? "\n" : "", text);
		if (i < PROCESSORS_SHOWN)
			g_string_append_printf(few, "%s%s", i ? "  " : "CPU ", text);
	}
	if (lanes->len > PROCESSORS_SHOWN)
		g_string_append_printf(few, "  and %u more", lanes->len - PROCESSORS_SHOWN);
	gtk_label_set_text(GTK_LABEL(bar->processors), few->str);
	gtk_widget_set_tooltip_text(bar->processors, lanes->len > PROCESSORS_SHOWN ? all->str : NULL);
}

static void show_length(InspWindow *window)
{
	const struct insp_range_bar *bar = window->range_bar;
	const bool one = window->step_scope != INSP_NONE;
	char time[48];

	insp_put_duration(time, sizeof(time), insp_range_duration(window->run, &bar->range));
	g_autofree char *text = g_strdup_printf("%s%s%s", one ? window->run->lanes[window->step_scope].name : "", one ? ", " : "", time);

	gtk_label_set_text(GTK_LABEL(bar->length), text);
}

void insp__range_show(InspWindow *window)
{
	const struct insp_range_bar *bar = window->range_bar;
	const bool there = bar->range.first != INSP_NONE;

	gtk_widget_set_visible(bar->box, there);
	gtk_widget_queue_draw(GTK_WIDGET(window->lanes));
	if (!there)
		return;
	show_length(window);
	if (bar->sums) {
		const struct insp_range_sum *sum = window->step_scope == INSP_NONE ? &bar->all : &bar->sums[window->step_scope];

		show_facts(window, sum);
		show_trouble(window, sum);
		show_processors(window);
		return;
	}
	char events[48];

	insp_put_count(events, sizeof(events), bar->range.last - bar->range.first + 1u);
	g_autofree char *text = g_strdup_printf("%s events", events);

	gtk_label_set_text(GTK_LABEL(bar->facts), window->step_scope == INSP_NONE ? text : "");
	gtk_label_set_text(GTK_LABEL(bar->processors), "");
	gtk_widget_set_visible(bar->trouble, FALSE);
}

/* ---- counting ---- */

struct range_job {
	struct insp_shared *shared;
	struct insp_range range;
	guint serial;
	GCancellable *cancel;
	struct insp_range_sum all, *sums;
	struct fmt_error error;
	int result;
};

static void range_job_free(gpointer data)
{
	struct range_job *job = data;

	insp__shared_unref(job->shared);
	g_object_unref(job->cancel);
	g_free(job->sums);
	g_free(job);
}

static bool go_on(void *data, uint32_t done, uint32_t count)
{
	return !g_cancellable_is_cancelled(data);
}

static void range_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	struct range_job *job = data;
	const struct insp_run *run = job->shared->run;

	job->sums = g_new(struct insp_range_sum, run->lane_count);
	job->result = insp_range_read(run, &job->range, go_on, job->cancel, job->sums, &job->all, &job->error);
	g_task_return_boolean(task, TRUE);
}

static void range_done(GObject *object, GAsyncResult *result, gpointer data)
{
	InspWindow *window = INSP_WINDOW(object);
	struct range_job *job = g_task_get_task_data(G_TASK(result));
	struct insp_range_bar *bar = window->range_bar;

	window->searching--;
	if (bar && job->serial == bar->serial && job->shared == window->shared && bar->range.first != INSP_NONE) {
		if (job->result < 0 && job->result != -ECANCELED)
			insp__refuse(window, "the range cannot be read: %s", job->error.text);
		bar->all = job->all;
		bar->sums = g_steal_pointer(&job->sums);
		insp__range_show(window);
	}
	insp__update_status(window);
}

static void forget_count(struct insp_range_bar *bar)
{
	g_cancellable_cancel(bar->cancel);
	g_clear_object(&bar->cancel);
	g_clear_pointer(&bar->sums, g_free);
	bar->serial++;
}

static void start_count(InspWindow *window)
{
	struct insp_range_bar *bar = window->range_bar;
	struct range_job *job = g_new0(struct range_job, 1);
	g_autoptr(GTask) task = g_task_new(window, NULL, range_done, NULL);

	bar->cancel = g_cancellable_new();
	job->shared = g_atomic_rc_box_acquire(window->shared);
	job->range = bar->range;
	job->serial = bar->serial;
	job->cancel = g_object_ref(bar->cancel);
	g_task_set_task_data(task, job, range_job_free);
	window->searching++;
	g_task_run_in_thread(task, range_thread);
}

static void set_range(InspWindow *window, struct insp_range range, bool count)
{
	forget_count(window->range_bar);
	window->range_bar->range = range;
	if (count)
		start_count(window);
	insp__range_show(window);
}

void insp__range_clear(InspWindow *window)
{
	set_range(window, (struct insp_range){INSP_NONE, INSP_NONE}, /* count= */ false);
}

bool insp__range_get(InspWindow *window, struct insp_range *ret)
{
	*ret = window->range_bar->range;
	return ret->first != INSP_NONE;
}

/* ---- the hand ---- */

static void drag_begin(GtkGestureDrag *gesture, double x, double y, InspWindow *window)
{
	const GdkModifierType state = gtk_event_controller_get_current_event_state(GTK_EVENT_CONTROLLER(gesture));
	const struct insp_view *view = insp_lanes_view(window->lanes);

	window->range_bar->moves = state & GDK_CONTROL_MASK || !window->run;
	window->range_bar->begun = window->range_bar->moves ? view->from : insp_view_at(view, fmax(x - insp_lanes_gutter(), 0));
}

/* The events between where the drag began and dx pixels from there; first is INSP_NONE: there are none. */
static struct insp_range dragged(GtkGestureDrag *gesture, double dx, InspWindow *window)
{
	const struct insp_view *view = insp_lanes_view(window->lanes);
	double x = 0, y;

	gtk_gesture_drag_get_start_point(gesture, &x, &y);
	const double to = insp_view_at(view, fmin(fmax(x + dx - insp_lanes_gutter(), 0), view->width));
	const double from = window->range_bar->begun;
	const uint32_t first = insp_view_seek(view, fmin(from, to)), end = insp_view_seek(view, fmax(from, to));

	return end > first ? (struct insp_range){first, end - 1} : (struct insp_range){INSP_NONE, INSP_NONE};
}

static bool is_looking(InspWindow *window)
{
	return window->sketch || (window->run && window->run->count);
}

static void drag_update(GtkGestureDrag *gesture, double dx, double dy, InspWindow *window)
{
	struct insp_view *view = insp_lanes_view(window->lanes);

	if (!is_looking(window) || fabs(dx) < 4)
		return;
	/* What has become a drag is no click any more. */
	gtk_gesture_set_state(GTK_GESTURE(gesture), GTK_EVENT_SEQUENCE_CLAIMED);
	if (!window->range_bar->moves) {
		set_range(window, dragged(gesture, dx, window), /* count= */ false);
		return;
	}
	view->from = window->range_bar->begun;
	insp_view_pan(view, -dx);
	insp_lanes_view_changed(window->lanes);
}

static void drag_end(GtkGestureDrag *gesture, double dx, double dy, InspWindow *window)
{
	if (!window->run || window->range_bar->moves || fabs(dx) < 4)
		return;
	const struct insp_range range = dragged(gesture, dx, window);
	g_autofree char *command = range.first == INSP_NONE ? g_strdup("range.clear")
							    : g_strdup_printf("range.select @%u @%u", range.first, range.last);

	insp__run_text(window, command);
}

static void paint_shade(InspLanes *lanes, GtkSnapshot *snapshot, int width, int height, gpointer data)
{
	InspWindow *window = data;
	const struct insp_range *range = &window->range_bar->range;
	const struct insp_view *view = insp_lanes_view(lanes);
	const double gutter = insp_lanes_gutter();
	struct insp_ink ink;

	if (!window->run || range->first == INSP_NONE)
		return;
	const double x0 = gutter + insp_view_x_of(view, range->first), x1 = gutter + insp_view_x_of(view, range->last);
	const double left = fmax(x0, gutter), right = fmin(fmax(x1, x0 + 1), width);

	insp_ink_get(GTK_WIDGET(lanes), &ink);
	const GdkRGBA shade = insp_ink_alpha(ink.accent, 0.12f), edge = insp_ink_alpha(ink.accent, 0.7f);

	if (right <= left)
		return;
	insp_ink_rect(snapshot, &shade, left, 0, right - left, height);
	if (x0 >= gutter)
		insp_ink_rect(snapshot, &edge, floor(x0), 0, 1, height);
	if (x1 <= width)
		insp_ink_rect(snapshot, &edge, floor(x1), 0, 1, height);
}

/* ---- the widgets ---- */

static GtkWidget *add_label(GtkWidget *box, const char *class, bool ellipsize)
{
	GtkWidget *label = gtk_label_new(NULL);

	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_widget_add_css_class(label, "numeric");
	if (class)
		gtk_widget_add_css_class(label, class);
	if (ellipsize)
		gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
	gtk_box_append(GTK_BOX(box), label);
	return label;
}

static void add_button(GtkWidget *box, const char *label, const char *icon, const char *action, const char *tooltip)
{
	GtkWidget *button = icon ? gtk_button_new_from_icon_name(icon) : gtk_button_new_with_label(label);

	gtk_widget_add_css_class(button, "flat");
	gtk_actionable_set_action_name(GTK_ACTIONABLE(button), action);
	gtk_widget_set_tooltip_text(button, tooltip);
	insp_name(button, tooltip);
	gtk_box_append(GTK_BOX(box), button);
}

static GtkWidget *bar_new(struct insp_range_bar *bar)
{
	bar->box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 18);
	gtk_widget_add_css_class(bar->box, "rangebar");
	gtk_widget_set_visible(bar->box, FALSE);
	bar->length = add_label(bar->box, "heading", false);
	bar->facts = add_label(bar->box, NULL, true);
	bar->trouble = add_label(bar->box, "error", true);
	bar->processors = add_label(bar->box, "dim-label", true);
	gtk_widget_set_hexpand(bar->processors, TRUE);
	GtkWidget *buttons = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);

	add_button(buttons, "Zoom", NULL, "win.range.zoom", "Show the range");
	add_button(buttons, "Export\u2026", NULL, "win.range.export-choose", "Save the events or packets of the range");
	add_button(buttons, "Share\u2026", NULL, "win.range.share", "Save the range for somebody else");
	add_button(buttons, NULL, "window-close-symbolic", "win.range.clear", "Forget the range (Esc)");
	gtk_box_append(GTK_BOX(bar->box), buttons);
	return bar->box;
}

void insp__add_range_bar(InspWindow *window)
{
	struct insp_range_bar *bar = g_new0(struct insp_range_bar, 1);
	GtkGesture *drag = gtk_gesture_drag_new();

	bar->range = (struct insp_range){INSP_NONE, INSP_NONE};
	window->range_bar = bar;
	gtk_box_insert_child_after(GTK_BOX(gtk_widget_get_parent(GTK_WIDGET(window->lanes))), bar_new(bar),
				   GTK_WIDGET(window->lanes));
	gtk_gesture_single_set_button(GTK_GESTURE_SINGLE(drag), GDK_BUTTON_PRIMARY);
	g_signal_connect(drag, "drag-begin", G_CALLBACK(drag_begin), window);
	g_signal_connect(drag, "drag-update", G_CALLBACK(drag_update), window);
	g_signal_connect(drag, "drag-end", G_CALLBACK(drag_end), window);
	gtk_widget_add_controller(GTK_WIDGET(window->lanes), GTK_EVENT_CONTROLLER(drag));
	insp_lanes_set_over(window->lanes, paint_shade, window);
}

void insp__range_bar_free(InspWindow *window)
{
	struct insp_range_bar *bar = g_steal_pointer(&window->range_bar);

	if (!bar)
		return;
	forget_count(bar);
	g_free(bar);
}

/* ---- commands ---- */

/* False: there is none, and says so. */
static bool need_range(InspWindow *window)
{
	if (!insp__need_run(window))
		return false;
	if (window->range_bar->range.first != INSP_NONE)
		return true;
	insp__refuse(window, "no range is chosen; drag over the timeline, or use range.select");
	return false;
}

bool insp__do_range_select(InspWindow *window, const char *argument)
{
	uint32_t a, b;

	if (!insp__need_positions(window, "range.select", argument, &a, &b))
		return false;
	set_range(window, (struct insp_range){MIN(a, b), MAX(a, b)}, /* count= */ true);
	return true;
}

bool insp__do_range_clear(InspWindow *window, const char *argument)
{
	insp__range_clear(window);
	return true;
}

bool insp__do_range_zoom(InspWindow *window, const char *argument)
{
	struct insp_view *view = insp_lanes_view(window->lanes);
	struct insp_range range;

	if (!need_range(window))
		return false;
	insp__range_get(window, &range);
	insp_view_fit(view, insp_view_coord(view, range.first), insp_view_coord(view, range.last));
	insp_lanes_view_changed(window->lanes);
	return true;
}

bool insp__do_range_share(InspWindow *window, const char *argument)
{
	return need_range(window) && insp__do_share(window, "");
}

bool insp__do_range_export(InspWindow *window, const char *argument)
{
	const bool table = g_str_has_suffix(argument, ".csv");
	struct insp_range range;

	if (!need_range(window))
		return false;
	if (!table && !g_str_has_suffix(argument, ".pcap") && !g_str_has_suffix(argument, ".pcapng")) {
		insp__refuse(window, "range.export writes a table of events (.csv) or a capture of packets (.pcap)");
		return false;
	}
	insp__range_get(window, &range);
	insp__export_range(window, argument, &range, table);
	return true;
}

static void file_chosen(GtkNativeDialog *dialog, int response, InspWindow *window)
{
	g_autoptr(GFile) file = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog)) : NULL;
	g_autofree char *path = file ? g_file_get_path(file) : NULL;
	g_autofree char *command = g_strdup_printf("range.export %s", path);

	if (path)
		insp__run_text(window, command);
	g_object_unref(dialog);
}

bool insp__do_range_export_choose(InspWindow *window, const char *argument)
{
	if (!need_range(window))
		return false;
	GtkFileChooserNative *dialog = gtk_file_chooser_native_new("Save the Range", insp__front(window), GTK_FILE_CHOOSER_ACTION_SAVE,
								   NULL, NULL);

	gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(dialog), "range.csv");
	g_signal_connect(dialog, "response", G_CALLBACK(file_chosen), window);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
	return true;
}

static void put_sum(GString *text, const struct insp_range_sum *sum)
{
	g_string_append_printf(text, "\"events\":%u,\"packets\":%u,\"bytes\":%" G_GUINT64_FORMAT ",\"received\":%u,\"lost\":%u,"
			       "\"sent_again\":%u,\"calls\":%u,\"failed\":%u,\"cpu_ns\":%" G_GUINT64_FORMAT, sum->events, sum->packets,
			       (guint64)sum->bytes, sum->received, sum->lost, sum->again, sum->calls, sum->failed, (guint64)sum->ran);
}

bool insp__do_print_range(InspWindow *window, const char *argument)
{
	const struct insp_range_bar *bar = window->range_bar;
	const struct insp_run *run = window->run;
	g_autoptr(GString) text = g_string_new(NULL);

	if (!need_range(window))
		return false;
	if (!bar->sums) {
		insp__refuse(window, "the range has not been counted yet");
		return false;
	}
	g_string_append_printf(text, "{\"first\":%u,\"last\":%u,\"from_ns\":%" G_GUINT64_FORMAT ",\"duration_ns\":%" G_GUINT64_FORMAT ",",
			       bar->range.first, bar->range.last, (guint64)insp_vtime(run, bar->range.first),
			       (guint64)insp_range_duration(run, &bar->range));
	put_sum(text, &bar->all);
	g_string_append(text, ",\"nodes\":[");
	for (uint32_t lane = 0; lane < run->lane_count; lane++) {
		g_autofree char *name = insp_engine_quote(run->lanes[lane].name);

		g_string_append_printf(text, "%s{\"node\":%s,", lane ? "," : "", name);
		put_sum(text, &bar->sums[lane]);
		g_string_append_c(text, '}');
	}
	puts(g_string_append(text, "]}")->str);
	fflush(stdout);
	return true;
}
