/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * window.c - the life of a window.
 *
 *	empty --open--> loading --load_done--> run --open--> loading ...
 *	                   \-----load_done--> error
 *
 * While a long run is read its sketch is shown (reading.c).
 *
 * The focus is one value, the number of an event; every pane is a function of run, focus and view.  What could take
 * longer than 4 ms is done by a task: loading, searching, folding the state, reading lines (pager.c).  busy says
 * whether any of it is under way; scripts wait for its end.
 */
#include "window-int.h"

#include <malloc.h>
#include <stdio.h>

#include "base/check.h"
#include "log.h"
#include "said.h"
#include "saving.h"

G_DEFINE_FINAL_TYPE(InspWindow, insp_window, ADW_TYPE_APPLICATION_WINDOW)

static int exit_status;

int insp_window_status(void)
{
	return exit_status;
}

static void shared_clear(gpointer data)
{
	insp_run_free(((struct insp_shared *)data)->run);
}

struct insp_shared *insp__shared_new(struct insp_run *run)
{
	struct insp_shared *shared = g_atomic_rc_box_new0(struct insp_shared);

	shared->run = run;
	return shared;
}

void insp__shared_unref(struct insp_shared *shared)
{
	g_atomic_rc_box_release_full(shared, shared_clear);
}

/* A toast's title is markup, and filters have "&&". */
void insp__say(InspWindow *window, const char *text)
{
	/* A toast has one line; what stands below it, as a sign under a place of a filter, the log has. */
	g_autofree char *shown = g_markup_escape_text(text, (gssize)strcspn(text, "\n"));

	adw_toast_overlay_add_toast(insp__front_toasts(window), adw_toast_new(shown));
}

void insp__refuse(InspWindow *window, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	insp__say(window, text);
	insp__log_refused(window, text);
	if (window->tick) {
		fprintf(stderr, "hindcast-inspector: %s\n", text);
		exit_status = 2;
	}
}

/* ---- busy and status ---- */

bool insp__is_busy(InspWindow *window)
{
	return window->loading || window->searching || window->folding || window->repeat_tick ||
	       (window->pager && insp_pager_pending(window->pager)) || insp__compare_pending(window) ||
	       insp__program_pending(window);
}

char *insp__status(InspWindow *window)
{
	const struct insp_run *run = window->run;
	InspEventList *list = window->list_of[insp__current_tab(window)];
	const struct insp_view *view = insp_lanes_view(window->lanes);
	struct insp_lanes_stat stat;

	g_autofree char *problem = window->problem ? insp_engine_quote(window->problem) : g_strdup("null");

	if (!run && window->loading)
		return g_strdup_printf("{\"trace\":null,\"reading\":true,\"waiting\":%u}", window->waiting.length);
	if (!run)
		return g_strdup_printf("{\"trace\":null,\"problem\":%s}", problem);
	const struct insp_pair *pair = insp__compare_pair(window);

	insp_lanes_stat(window->lanes, &stat);
	g_autofree char *panes = insp__panes_status(window);
	const uint32_t focus = window->focus == INSP_NONE ? 0 : window->focus;
	g_autofree char *path = insp_engine_quote(run->path);
	g_autofree char *saving = insp__saving_state(window);
	struct insp_range chosen;
	g_autofree char *range = insp__range_get(window, &chosen) ? g_strdup_printf("[%u,%u]", chosen.first, chosen.last)
								   : g_strdup("null");

	return g_strdup_printf(
		"{\"trace\":%s,\"events\":%u,\"nodes\":%u,\"packets\":%u,\"drops\":%u,\"focus\":%u,"
		"\"vtime_ns\":%" G_GUINT64_FORMAT ",\"node\":\"%s\",\"scope\":\"%s\",\"grain\":\"%s\",\"axis\":\"%s\","
		"\"view\":[%.3f,%.3f],\"rows\":%u,"
		"\"paint_nodes\":%u,\"arrows\":%u,\"waited\":%u,\"range\":%s,\"saving\":%s,\"other\":%" G_GINT64_FORMAT ","
		"\"differences\":%d,\"notes\":%u,%s,\"problem\":%s}",
		path, run->count, run->lane_count - 1, run->packet_count, run->drops, focus,
		(guint64)(run->count ? insp_vtime(run, focus) : 0), run->count ? run->lanes[insp_lane_of(run, focus)].name : "",
		window->step_scope == INSP_NONE ? "all" : run->lanes[window->step_scope].name,
		insp_grain_names[window->step_grain], insp_axis_names[view->axis], view->from, view->span,
		list ? g_list_model_get_n_items(G_LIST_MODEL(list)) : 0, stat.nodes,
		stat.arrows, window->waited, range, saving, pair ? (gint64)insp__compare_other(window) : -1,
		pair ? (int)pair->difference_count : -1, window->notes.count, panes, problem);
}

void insp__update_status(InspWindow *window)
{
	const bool busy = insp__is_busy(window);
	g_autofree char *status = insp__status(window);

	insp__log_settle(window);
	insp__panes_tell(window);
	g_simple_action_set_state(window->busy_action, g_variant_new_boolean(busy));
	g_simple_action_set_state(window->status_action, g_variant_new_string(status));
	gtk_spinner_set_spinning(GTK_SPINNER(window->spinner),
				 window->loading || window->searching || insp__program_pending(window));
}

/* ---- loading ---- */

struct load_job {
	char *path;
	InspWindow *window;		/* kept alive by the task; only its counters are touched */
	GCancellable *cancel;
	struct insp_sketch *sketch;	/* on its way to the window; NULL: none, or it is there */
	struct insp_run *run;
	struct fmt_error error;
	int result;
};

static void load_job_free(gpointer data)
{
	struct load_job *job = data;

	insp_sketch_free(job->sketch);
	insp_run_free(job->run);
	g_object_unref(job->cancel);
	g_free(job->path);
	g_free(job);
}

static bool load_progress(void *data, uint32_t done, uint32_t count)
{
	struct load_job *job = data;

	g_atomic_int_set(&job->window->done_count, (gint)(done / 1024));
	g_atomic_int_set(&job->window->all_count, (gint)(count / 1024));
	return !g_cancellable_is_cancelled(job->cancel);
}

/* In the main thread, before the run is there. */
static gboolean sketch_made(gpointer data)
{
	struct load_job *job = g_task_get_task_data(data);

	if (job->cancel == job->window->cancel && !g_cancellable_is_cancelled(job->cancel))
		insp__sketch_show(job->window, g_steal_pointer(&job->sketch));
	return G_SOURCE_REMOVE;
}

static void load_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	struct load_job *job = data;

	job->sketch = insp_sketch_load(job->path);
	if (job->sketch)
		g_main_context_invoke_full(NULL, G_PRIORITY_DEFAULT, sketch_made, g_object_ref(task), g_object_unref);
	job->result = insp_run_load(job->path, load_progress, job, &job->run, &job->error);
	malloc_trim(0);
	g_task_return_boolean(task, TRUE);
}

static gboolean show_progress(gpointer data)
{
	InspWindow *window = data;
	const gint all = g_atomic_int_get(&window->all_count);

	if (all > 0)
		insp__reading_progress(window, (int)(100.0 * g_atomic_int_get(&window->done_count) / all));
	return G_SOURCE_CONTINUE;
}

static void forget_run(InspWindow *window)
{
	insp__sketch_forget(window);
	insp__run_missing(window);
	insp__range_clear(window);
	g_clear_pointer(&window->problem, g_free);
	for (int tab = 0; tab < TAB_COUNT; tab++)
		if (window->tables[tab])
			insp__set_list(window, tab, NULL);
	if (!window->shared)
		return;
	insp__program_close(window);
	insp__notes_forget(window);
	insp__compare_close(window);
	for (int side = 0; side < 2; side++) {
		window->packet[side].waits = false;
		g_clear_pointer(&window->packet[side].frame, g_bytes_unref);
	}
	insp_lanes_set_run(window->lanes, NULL, NULL);
	insp_topology_set_run(window->topology, NULL);
	g_clear_pointer(&window->cone, g_free);
	window->marks[0] = window->marks[1] = INSP_NONE;
	g_clear_pointer(&window->found_text, g_free);
	insp_overview_set_run(window->overview, NULL, window->lanes);
	insp_plots_set_run(window->plots, NULL, window->lanes);
	g_signal_handlers_disconnect_by_data(window->pager, window);
	insp_pager_stop(window->pager);
	g_clear_object(&window->pager);
	window->run = NULL;
	window->focus = INSP_NONE;
	g_clear_pointer(&window->shared, insp__shared_unref);
	g_array_set_size(window->back, 0);
	g_array_set_size(window->forward, 0);
}

void insp__show_scopes(InspWindow *window, const struct insp_run *run)
{
	g_autoptr(GtkStringList) names = gtk_string_list_new(NULL);

	gtk_string_list_append(names, "all nodes");
	for (uint32_t lane = 0; lane < run->lane_count; lane++)
		gtk_string_list_append(names, run->lanes[lane].name);
	window->quiet = true;
	gtk_drop_down_set_model(GTK_DROP_DOWN(window->scope), G_LIST_MODEL(names));
	window->quiet = false;
}

static void show_names(InspWindow *window)
{
	const struct insp_run *run = window->run;
	g_autofree char *base = g_path_get_basename(run->path);
	char end[48], events[48], packets[48], lost[48];

	insp__show_scopes(window, run);
	insp_put_time(end, sizeof(end), insp_last_vtime(run));
	insp_put_count(events, sizeof(events), run->count);
	insp_put_count(packets, sizeof(packets), run->packet_count);
	insp_put_count(lost, sizeof(lost), run->drops);
	g_autofree char *facts = g_strdup_printf("%u nodes \u00b7 %s events \u00b7 %s packets, %s lost \u00b7 %s s%s%s",
						 run->lane_count - 1, events, packets, lost, end,
						 run->seed[0] ? " \u00b7 seed " : "", run->seed);

	adw_window_title_set_title(window->title, base);
	adw_window_title_set_subtitle(window->title, facts);
	gtk_window_set_title(GTK_WINDOW(window), base);
	g_autofree char *hash = g_strdup_printf("%.12s%s", run->hash, run->hash[0] ? "\u2026" : "not finished");

	gtk_label_set_text(GTK_LABEL(window->facts), hash);
}

/* Unless something is being typed: else the keyboard would stay with a button of the title. */
static void keyboard_to_lanes(InspWindow *window)
{
	GtkWidget *has = gtk_window_get_focus(GTK_WINDOW(window));

	if (!has || !GTK_IS_EDITABLE(has))
		gtk_widget_grab_focus(GTK_WIDGET(window->lanes));
}

static void show_run(InspWindow *window, struct insp_run *run)
{
	const struct insp_view seen = *insp_lanes_view(window->lanes);
	const bool looked = window->sketch && seen.span < insp_view_extent(&seen);

	insp__sketch_forget(window);

	window->shared = insp__shared_new(run);
	window->run = run;
	window->pager = insp_pager_new(run);
	g_signal_connect(window->pager, "loaded", G_CALLBACK(insp__lines_loaded), window);
	insp_lanes_set_run(window->lanes, run, window->pager);
	insp_overview_set_run(window->overview, run, window->lanes);
	insp_plots_set_run(window->plots, run, window->lanes);
	insp_topology_set_run(window->topology, run);
	/* Who has looked closer at a part of the sketch goes on looking at it. */
	if (looked) {
		insp_lanes_view(window->lanes)->from = seen.from;
		insp_lanes_view(window->lanes)->span = seen.span;
	}
	window->step_scope = INSP_NONE;
	insp__program_open(window);
	show_names(window);
	if (run->damage)
		window->problem = g_strdup_printf("The trace is damaged: %s. The %u events before that are shown.", run->damage,
						  run->count);
	else if (run->warning)
		window->problem = g_strdup(run->warning);
	gtk_label_set_text(GTK_LABEL(window->banner_text), window->problem ? window->problem : "");
	gtk_info_bar_set_revealed(GTK_INFO_BAR(window->banner), window->problem != NULL);
	gtk_stack_set_visible_child_name(GTK_STACK(window->pages), "run");
	insp__set_filter(window, NULL);
	insp__complete_filter(window);
	insp__recent_add(window);
	insp__notes_read(window);
	insp__panes_run_shown(window);
	keyboard_to_lanes(window);
	if (run->count) {
		insp__focus(window, 0, /* remember= */ false);
		insp__settings_apply(window);
	}
}

static void load_done(GObject *object, GAsyncResult *result, gpointer data)
{
	InspWindow *window = INSP_WINDOW(object);
	struct load_job *job = g_task_get_task_data(G_TASK(result));

	window->loading--;
	if (!window->loading)
		g_clear_handle_id(&window->progress_timer, g_source_remove);
	if (job->cancel == window->cancel && job->result == 0) {
		show_run(window, g_steal_pointer(&job->run));
		insp__run_arrived(window);
	} else if (job->cancel == window->cancel && job->result == -ECANCELED) {
		forget_run(window);
		gtk_stack_set_visible_child_name(GTK_STACK(window->pages), "empty");
	} else if (job->cancel == window->cancel) {
		forget_run(window);
		window->problem = g_strdup_printf("%s: %s", job->path, job->error.text);
		g_autofree char *shown = g_markup_escape_text(window->problem, -1);

		adw_status_page_set_description(window->error_page, shown);
		gtk_stack_set_visible_child_name(GTK_STACK(window->pages), "error");
		if (window->tick) {
			fprintf(stderr, "hindcast-inspector: %s\n", window->problem);
			exit_status = 2;
		}
	}
	insp__update_status(window);
}

void insp_window_open(InspWindow *window, const char *path)
{
	struct load_job *job = g_new0(struct load_job, 1);
	g_autoptr(GTask) task = g_task_new(window, NULL, load_done, NULL);
	g_autofree char *text = g_strdup_printf("Reading %s\u2026", path);

	g_cancellable_cancel(window->cancel);
	g_object_unref(window->cancel);
	window->cancel = g_cancellable_new();
	forget_run(window);
	job->path = g_strdup(path);
	job->window = window;
	job->cancel = g_object_ref(window->cancel);
	g_task_set_task_data(task, job, load_job_free);
	window->loading++;
	window->waited = 0;
	gtk_label_set_text(GTK_LABEL(window->loading_text), text);
	gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(window->progress), 0);
	gtk_stack_set_visible_child_name(GTK_STACK(window->pages), "loading");
	if (!window->progress_timer)
		window->progress_timer = g_timeout_add(80, show_progress, window);
	g_task_run_in_thread(task, load_thread);
	insp__update_status(window);
}

/* ---- the widgets ---- */

static void lane_clicked(GtkWidget *picture, guint seq, InspWindow *window)
{
	const struct insp_run *run = window->sketch ? window->sketch->run : window->run;
	const vtime_ns vtime = insp_vtime(run, seq);
	/* An event of a sketch is none of the run. */
	g_autofree char *command = window->sketch ? g_strdup_printf("focus.goto %" G_GUINT64_FORMAT ".%09" G_GUINT64_FORMAT "s",
								    (guint64)vtime / 1000000000, (guint64)vtime % 1000000000)
						  : g_strdup_printf("focus.goto @%u", seq);

	insp__run_text(window, command);
}

static void other_clicked(GtkWidget *picture, guint seq, InspWindow *window)
{
	g_autofree char *command = g_strdup_printf("compare.goto @%u", seq);

	insp__run_text(window, command);
}

static void gap_clicked(InspLanes *lanes, guint gap, InspWindow *window)
{
	insp__compare_turn_gap(window, gap);
}

static void viewed(InspLanes *lanes, InspWindow *window)
{
	insp__show_topology(window);
	insp__update_status(window);
}

static void difference_chosen(InspDifferenceList *list, guint index, InspWindow *window)
{
	g_autofree char *command = g_strdup_printf("compare.difference %u", index + 1);

	insp__run_text(window, command);
}

static void position_entered(GtkEntry *entry, InspWindow *window)
{
	g_autofree char *text = g_strstrip(g_strdup(gtk_editable_get_text(GTK_EDITABLE(entry))));

	/* What the entry shows by itself is an event and its time; the event alone is meant. */
	if (text[0] == '@')
		text[1 + strspn(text + 1, "0123456789")] = '\0';
	g_autofree char *command = g_strdup_printf("focus.goto %s", text);

	if (insp__run_text(window, command))
		gtk_widget_grab_focus(GTK_WIDGET(window->lanes));
}

static void filter_entered(GtkEntry *entry, InspWindow *window)
{
	g_autofree char *command = g_strdup_printf("list.filter %s", gtk_editable_get_text(GTK_EDITABLE(entry)));

	insp__run_text(window, command);
}

static void grain_chosen(GtkDropDown *drop, GParamSpec *spec, InspWindow *window)
{
	const guint grain = gtk_drop_down_get_selected(drop);

	if (window->quiet || grain >= INSP_GRAIN_COUNT || grain == (guint)window->step_grain)
		return;
	g_autofree char *command = g_strdup_printf("step.grain %s", insp_grain_names[grain]);

	insp__run_text(window, command);
}

static void scope_chosen(GtkDropDown *drop, GParamSpec *spec, InspWindow *window)
{
	const guint chosen = gtk_drop_down_get_selected(drop);

	if (window->quiet || !window->run || chosen == GTK_INVALID_LIST_POSITION)
		return;
	g_autofree char *command = g_strdup_printf("step.scope %s", chosen == 0 ? "all" : window->run->lanes[chosen - 1].name);

	insp__run_text(window, command);
}

static void banner_closed(GtkInfoBar *bar, int response, InspWindow *window)
{
	gtk_info_bar_set_revealed(bar, FALSE);
}

static void add_details(InspWindow *window)
{
	window->threads = insp_threads_new();
	window->frame = g_object_new(INSP_TYPE_FRAME_PANE, NULL);
	insp__pane_add(window, INSP_PANE_THREADS, GTK_WIDGET(window->threads));
	insp__pane_add(window, INSP_PANE_PACKET, GTK_WIDGET(window->frame));
	insp__add_program(window);
	GtkWidget *page = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);

	window->topology = g_object_new(INSP_TYPE_TOPOLOGY, NULL);
	window->topology_said = insp_said_new();
	gtk_widget_set_vexpand(GTK_WIDGET(window->topology), TRUE);
	gtk_box_append(GTK_BOX(page), window->topology_said);
	gtk_box_append(GTK_BOX(page), GTK_WIDGET(window->topology));
	insp__pane_add(window, INSP_PANE_TOPOLOGY, page);
	g_signal_connect(window->topology, "focus-event", G_CALLBACK(lane_clicked), window);
}

/* Words as wide as they are, instead of all as wide as the longest. */
static void narrow_tabs(GtkWidget *switcher)
{
	GtkLayoutManager *layout = gtk_widget_get_layout_manager(switcher);

	if (GTK_IS_BOX_LAYOUT(layout))
		gtk_box_layout_set_homogeneous(GTK_BOX_LAYOUT(layout), FALSE);
}

#define LANES_HEIGHT 330
#define PLOTS_HEIGHT 230

void insp__share_height(InspWindow *window)
{
	const bool alone = !gtk_widget_get_visible(GTK_WIDGET(window->timeline_bin));
	const bool plotted = gtk_widget_get_visible(GTK_WIDGET(window->plots)) && !insp__pane_is_out(window, INSP_PANE_PLOTS);
	const int lanes = alone ? 0 : LANES_HEIGHT - (plotted ? 60 : 0), plots = plotted ? PLOTS_HEIGHT : 0;
	const int second = gtk_widget_get_visible(window->compare_page) && !alone ? LANES_HEIGHT / 2 : 0;

	gtk_paned_set_position(GTK_PANED(window->upper), lanes + plots + second);
}

static void add_states(InspWindow *window)
{
	window->busy_action = g_simple_action_new_stateful("busy", NULL, g_variant_new_boolean(FALSE));
	window->status_action = g_simple_action_new_stateful("status", NULL, g_variant_new_string("{}"));
	g_action_map_add_action(G_ACTION_MAP(window), G_ACTION(window->busy_action));
	g_action_map_add_action(G_ACTION_MAP(window), G_ACTION(window->status_action));
}

static void insp_window_init(InspWindow *window)
{
	g_type_ensure(INSP_TYPE_LANES);
	g_type_ensure(INSP_TYPE_OVERVIEW);
	g_type_ensure(INSP_TYPE_PLOTS);
	gtk_widget_init_template(GTK_WIDGET(window));
	window->cancel = g_cancellable_new();
	window->back = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	window->forward = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	window->focus = window->step_scope = window->marks[0] = window->marks[1] = INSP_NONE;
	g_queue_init(&window->script);
	g_queue_init(&window->waiting);
	window->frames = insp_frames_new(GTK_WIDGET(window), window->lanes);
	insp__panes_init(window);
	insp__add_lists(window);
	insp__add_range_bar(window);
	insp__add_note_bar(window);
	insp__add_saving(window);
	add_details(window);
	add_states(window);
	narrow_tabs(window->list_tabs);
	narrow_tabs(window->detail_tabs);
	insp__recent_show(window);
	insp__log_new(window);
	insp__add_commands(window);
	insp__panes_lay_out(window);
	g_signal_connect(window->lanes, "focus-event", G_CALLBACK(lane_clicked), window);
	g_signal_connect(window->lanes, "viewed", G_CALLBACK(viewed), window);
	g_signal_connect(window->lanes, "focus-other", G_CALLBACK(other_clicked), window);
	g_signal_connect(window->lanes, "gap", G_CALLBACK(gap_clicked), window);
	insp__compare_bar_add(window);
	insp_name(window->grain, "Step by");
	insp_name(window->scope, "Scope");
	insp_names_below(GTK_WIDGET(window));
	g_signal_connect(window->differences, "chosen", G_CALLBACK(difference_chosen), window);
	g_signal_connect(window->position, "activate", G_CALLBACK(position_entered), window);
	g_signal_connect(window->filter, "activate", G_CALLBACK(filter_entered), window);
	g_signal_connect(window->grain, "notify::selected", G_CALLBACK(grain_chosen), window);
	g_signal_connect(window->scope, "notify::selected", G_CALLBACK(scope_chosen), window);
	g_signal_connect(window->banner, "response", G_CALLBACK(banner_closed), window);
	g_signal_connect(window->lists, "notify::visible-child", G_CALLBACK(insp__tab_shown), window);
	insp__update_status(window);
}

static void insp_window_dispose(GObject *object)
{
	InspWindow *window = INSP_WINDOW(object);

	insp__panes_close(window);
	g_cancellable_cancel(window->cancel);
	g_clear_handle_id(&window->progress_timer, g_source_remove);
	g_clear_handle_id(&window->saving_timer, g_source_remove);
	if (window->repeat_tick)
		gtk_widget_remove_tick_callback(GTK_WIDGET(window), window->repeat_tick);
	if (window->lists) {
		forget_run(window);
		g_signal_handlers_disconnect_by_data(window->lists, window);
		g_signal_handlers_disconnect_by_data(window->details, window);
	}
	insp__program_free(window);
	insp__range_bar_free(window);
	g_clear_pointer(&window->frames, insp_frames_free);
	gtk_widget_dispose_template(GTK_WIDGET(window), INSP_TYPE_WINDOW);
	G_OBJECT_CLASS(insp_window_parent_class)->dispose(object);
}

static void insp_window_finalize(GObject *object)
{
	InspWindow *window = INSP_WINDOW(object);

	insp__log_free(window);
	g_object_unref(window->cancel);
	g_array_unref(window->back);
	g_array_unref(window->forward);
	g_ptr_array_unref(window->savings);
	g_free(window->filter_text);
	g_queue_clear_full(&window->script, g_free);
	insp__run_missing(window);
	g_ptr_array_unref(window->actions);
	g_object_unref(window->busy_action);
	g_object_unref(window->status_action);
	G_OBJECT_CLASS(insp_window_parent_class)->finalize(object);
}

static void insp_window_class_init(InspWindowClass *class)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = insp_window_dispose;
	G_OBJECT_CLASS(class)->finalize = insp_window_finalize;
	gtk_widget_class_set_template_from_resource(widget_class, "/org/hindcast/Inspector/window.ui");
#define BIND(child) gtk_widget_class_bind_template_child(widget_class, InspWindow, child)
	BIND(title);
	BIND(toasts);
	BIND(error_page);
	BIND(menu_button);
	BIND(pages);
	BIND(banner);
	BIND(banner_text);
	BIND(loading_text);
	BIND(progress);
	BIND(spinner);
	BIND(position);
	BIND(grain);
	BIND(scope);
	BIND(where);
	BIND(found);
	BIND(filter);
	BIND(command_log);
	BIND(facts);
	BIND(lists);
	BIND(details);
	BIND(overview);
	BIND(lanes);
	BIND(plots);
	BIND(empty_page);
	BIND(upper);
	BIND(lower);
	BIND(pictures);
	BIND(elsewhere);
	BIND(overview_bin);
	BIND(timeline_bin);
	BIND(plots_bin);
	BIND(list_out);
	BIND(detail_out);
	BIND(list_tabs);
	BIND(detail_tabs);
	BIND(compare_page);
	BIND(saving_page);
	BIND(saving_words);
	BIND(saving_bar);
#undef BIND
}

InspWindow *insp_window_new(AdwApplication *application)
{
	return g_object_new(INSP_TYPE_WINDOW, "application", application, NULL);
}
