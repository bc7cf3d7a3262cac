/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * window.c - the life of a window.
 *
 *	empty --open--> loading --load_done--> run --open--> loading ...
 *	                   \-----load_done--> error
 *
 * The focus is one value, the number of an event; every pane is a function of run, focus and view.  What could take
 * longer than 4 ms is done by a task: loading, searching, folding the state, reading lines (pager.c).  busy says
 * whether any of it is under way; scripts wait for its end.
 */
#include "window-int.h"

#include <stdio.h>

#include "base/check.h"

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

void insp__refuse(InspWindow *window, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	adw_toast_overlay_add_toast(window->toasts, adw_toast_new(text));
	if (window->tick) {
		fprintf(stderr, "hindcast-inspector: %s\n", text);
		exit_status = 2;
	}
}

/* ---- busy and status ---- */

bool insp__is_busy(InspWindow *window)
{
	return window->loading || window->searching || window->folding ||
	       (window->pager && insp_pager_pending(window->pager));
}

char *insp__status(InspWindow *window)
{
	const struct insp_run *run = window->run;
	InspEventList *list = window->list_of[insp__current_tab(window)];
	struct insp_lanes_stat stat;

	if (!run)
		return g_strdup("{\"trace\":null}");
	insp_lanes_stat(window->lanes, &stat);
	const uint32_t focus = window->focus == INSP_NONE ? 0 : window->focus;
	g_autofree char *path = g_strescape(run->path, "");

	return g_strdup_printf(
		"{\"trace\":\"%s\",\"events\":%u,\"nodes\":%u,\"packets\":%u,\"drops\":%u,\"focus\":%u,"
		"\"vtime_ns\":%" G_GUINT64_FORMAT ",\"node\":\"%s\",\"scope\":\"%s\",\"grain\":\"%s\",\"rows\":%u,"
		"\"paint_nodes\":%u,\"arrows\":%u}",
		path, run->count, run->lane_count - 1, run->packet_count, run->drops, focus,
		(guint64)(run->count ? run->vtime[focus] : 0), run->count ? run->lanes[insp_lane_of(run, focus)].name : "",
		window->step_scope == INSP_NONE ? "all" : run->lanes[window->step_scope].name,
		insp_grain_names[window->step_grain], list ? g_list_model_get_n_items(G_LIST_MODEL(list)) : 0, stat.nodes,
		stat.arrows);
}

void insp__update_status(InspWindow *window)
{
	const bool busy = insp__is_busy(window);
	g_autofree char *status = insp__status(window);

	g_simple_action_set_state(window->busy_action, g_variant_new_boolean(busy));
	g_simple_action_set_state(window->status_action, g_variant_new_string(status));
	gtk_spinner_set_spinning(GTK_SPINNER(window->spinner), window->loading || window->searching);
}

/* ---- lists ---- */

static const struct tab_row {
	const char *name, *title;
	enum insp_grain grain;
} tabs[TAB_COUNT] = {
	[TAB_EVENTS] = {"events", "Events", INSP_GRAIN_EVENT},
	[TAB_PACKETS] = {"packets", "Packets", INSP_GRAIN_PACKET},
	[TAB_SYSCALLS] = {"syscalls", "System Calls", INSP_GRAIN_SYSCALL},
	[TAB_OUTPUT] = {"output", "Output", INSP_GRAIN_OUTPUT},
	[TAB_FAULTS] = {"faults", "Faults", INSP_GRAIN_FAULT},
};

enum insp_tab insp__current_tab(InspWindow *window)
{
	const char *name = gtk_stack_get_visible_child_name(GTK_STACK(window->lists));

	for (int tab = 0; name && tab < TAB_COUNT; tab++)
		if (strcmp(name, tabs[tab].name) == 0)
			return tab;
	return TAB_EVENTS;
}

void insp__show_tab(InspWindow *window, enum insp_tab tab)
{
	gtk_stack_set_visible_child_name(GTK_STACK(window->lists), tabs[tab].name);
}

/* Shows the focus in a list; in that of packets, where each has one row, its packet. */
static void show_in_table(InspWindow *window, enum insp_tab tab)
{
	const uint32_t packet = insp_packet_of(window->run, window->focus);
	const bool sent = tab == TAB_PACKETS && packet != INSP_NONE;

	insp_table_show(window->tables[tab], sent ? window->run->packets[packet].send : window->focus);
}

static void set_list(InspWindow *window, enum insp_tab tab, InspEventList *list)
{
	insp_table_set(window->tables[tab], list);
	g_clear_object(&window->list_of[tab]);
	window->list_of[tab] = list;
	if (list && window->focus != INSP_NONE)
		show_in_table(window, tab);
}

/* A list that a thread makes: by filter, or by granularity. */
struct list_job {
	struct insp_shared *shared;
	enum insp_tab tab;
	char *filter;			/* NULL: by granularity */
	GCancellable *cancel;
	struct insp_hits hits;
	struct fmt_error error;
	int result;
};

static void list_job_free(gpointer data)
{
	struct list_job *job = data;

	insp__shared_unref(job->shared);
	g_clear_object(&job->cancel);
	free(job->hits.seqs);
	g_free(job->filter);
	g_free(job);
}

static bool go_on(void *data, uint32_t done, uint32_t count)
{
	return !g_cancellable_is_cancelled(data);
}

static void list_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	struct list_job *job = data;
	const struct insp_run *run = job->shared->run;

	if (job->filter) {
		job->result = insp_search(run, job->filter, go_on, job->cancel, &job->hits, &job->error);
	} else if (job->tab == TAB_PACKETS) {
		job->hits.seqs = malloc((run->packet_count + 1) * sizeof(uint32_t));
		CHECK(job->hits.seqs);
		for (job->hits.count = 0; job->hits.count < run->packet_count; job->hits.count++)
			job->hits.seqs[job->hits.count] = run->packets[job->hits.count].send;
	} else {
		job->hits = insp_hits_of_grain(run, (int)tabs[job->tab].grain);
	}
	g_task_return_boolean(task, TRUE);
}

static void list_done(GObject *object, GAsyncResult *result, gpointer data)
{
	InspWindow *window = INSP_WINDOW(object);
	struct list_job *job = g_task_get_task_data(G_TASK(result));

	window->searching--;
	if (job->shared == window->shared && job->result == 0) {
		g_autofree char *found = g_strdup_printf("%u of %u", job->hits.count, window->run->count);

		if (job->filter) {
			g_free(window->filter_text);
			window->filter_text = g_strdup(job->filter);
			gtk_label_set_text(GTK_LABEL(window->found), found);
			gtk_editable_set_text(GTK_EDITABLE(window->filter), job->filter);
		}
		set_list(window, job->tab, insp_event_list_new(window->run, window->pager, false, job->hits));
		job->hits = (struct insp_hits){0};
	} else if (job->shared == window->shared && job->result != -ECANCELED) {
		insp__refuse(window, "%s", job->error.text);
	}
	insp__update_status(window);
}

static void make_list(InspWindow *window, enum insp_tab tab, const char *filter)
{
	struct list_job *job = g_new0(struct list_job, 1);
	g_autoptr(GTask) task = g_task_new(window, NULL, list_done, NULL);

	job->shared = g_atomic_rc_box_acquire(window->shared);
	job->tab = tab;
	job->filter = g_strdup(filter);
	job->cancel = g_object_ref(window->cancel);
	g_task_set_task_data(task, job, list_job_free);
	window->searching++;
	g_task_run_in_thread(task, list_thread);
	insp__update_status(window);
}

void insp__set_filter(InspWindow *window, const char *text)
{
	insp__show_tab(window, TAB_EVENTS);
	if (text && *text) {
		make_list(window, TAB_EVENTS, text);
		return;
	}
	g_clear_pointer(&window->filter_text, g_free);
	gtk_label_set_text(GTK_LABEL(window->found), "");
	gtk_editable_set_text(GTK_EDITABLE(window->filter), "");
	set_list(window, TAB_EVENTS, insp_event_list_new(window->run, window->pager, true, (struct insp_hits){0}));
}

/* A list is made when it is first looked at. */
static void tab_shown(GtkStack *stack, GParamSpec *spec, InspWindow *window)
{
	const enum insp_tab tab = insp__current_tab(window);

	if (!window->run)
		return;
	if (!window->list_of[tab] && tab != TAB_EVENTS)
		make_list(window, tab, NULL);
	else if (window->list_of[tab] && window->focus != INSP_NONE)
		show_in_table(window, tab);
	if (tab == TAB_PACKETS)
		gtk_stack_set_visible_child_name(GTK_STACK(window->details), "packet");
	insp__update_status(window);
}

/* ---- the focus ---- */

struct fold_job {
	struct insp_shared *shared;
	guint serial;
	uint32_t seq;
	struct insp_thread_state *states;
	uint32_t count;
};

static void fold_job_free(gpointer data)
{
	struct fold_job *job = data;

	insp__shared_unref(job->shared);
	free(job->states);
	g_free(job);
}

static void fold_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	struct fold_job *job = data;

	job->states = insp_fold(job->shared->run, job->seq, INSP_NONE, &job->count);
	g_task_return_boolean(task, TRUE);
}

static void fold_done(GObject *object, GAsyncResult *result, gpointer data)
{
	InspWindow *window = INSP_WINDOW(object);
	struct fold_job *job = g_task_get_task_data(G_TASK(result));

	window->folding--;
	/* While steps follow each other quickly only the last is worth showing. */
	if (job->serial == window->fold_serial && job->shared == window->shared)
		insp_state_pane_set(window->state, window->run, job->seq, job->states, job->count);
	insp__update_status(window);
}

static void fold_state(InspWindow *window)
{
	struct fold_job *job = g_new0(struct fold_job, 1);
	g_autoptr(GTask) task = g_task_new(window, NULL, fold_done, NULL);

	job->shared = g_atomic_rc_box_acquire(window->shared);
	job->serial = ++window->fold_serial;
	job->seq = window->focus;
	g_task_set_task_data(task, job, fold_job_free);
	window->folding++;
	g_task_run_in_thread(task, fold_thread);
}

static void frame_read(uint32_t seq, GBytes *body, gpointer data)
{
	InspWindow *window = data;
	struct fmt_ev_packet_send sent;
	gsize size = 0;
	const uint8_t *bytes = body ? g_bytes_get_data(body, &size) : NULL;
	const struct fmt_event event = {.kind = FMT_packet_send, .body = bytes, .body_size = size};

	if (!bytes || fmt_get_packet_send(&event, &sent) < 0) {
		insp_frame_pane_set(window->frame, NULL);
	} else {
		g_autoptr(GBytes) frame = g_bytes_new(sent.frame.data, sent.frame.size);

		insp_frame_pane_set(window->frame, frame);
	}
	insp__update_status(window);
}

/* The line above the panes: what happens here. */
static void say_where(InspWindow *window)
{
	const struct insp_run *run = window->run;
	const struct insp_line *line = insp_pager_line(window->pager, window->focus);
	const struct fmt_kind_info *info = fmt_kind_info(run->kind[window->focus]);
	g_autofree char *text = g_strdup_printf("%s   %s   %s", run->lanes[insp_lane_of(run, window->focus)].name,
						info ? info->name : "", line ? line->text : "");
	char time[48];

	gtk_label_set_text(GTK_LABEL(window->where), text);
	insp_put_time(time, sizeof(time), run->vtime[window->focus]);
	g_autofree char *position = g_strdup_printf("@%u   %s s", window->focus, time);

	window->quiet = true;
	gtk_editable_set_text(GTK_EDITABLE(window->position), position);
	window->quiet = false;
	gtk_accessible_update_property(GTK_ACCESSIBLE(window->lanes), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
}

void insp__focus(InspWindow *window, uint32_t seq, bool remember)
{
	CHECK(window->run && seq < window->run->count);
	if (remember && window->focus != INSP_NONE && window->focus != seq) {
		g_array_append_val(window->back, window->focus);
		g_array_set_size(window->forward, 0);
	}
	window->focus = seq;
	const uint32_t packet = insp_packet_of(window->run, seq);

	say_where(window);
	insp_lanes_set_focus(window->lanes, seq, /* follow= */ true);
	insp_overview_set_focus(window->overview, seq);
	insp_plots_set_focus(window->plots, seq);
	show_in_table(window, insp__current_tab(window));
	fold_state(window);
	if (packet != INSP_NONE)
		insp_pager_body(window->pager, window->run->packets[packet].send, frame_read, window);
	else
		insp_frame_pane_set(window->frame, NULL);
	insp__update_status(window);
}

static void lines_loaded(InspPager *pager, guint first, guint count, InspWindow *window)
{
	if (window->focus != INSP_NONE && window->focus >= first && window->focus - first < count)
		say_where(window);
	insp__update_status(window);
}

void insp__set_scope(InspWindow *window, uint32_t lane)
{
	window->step_scope = lane;
	insp_lanes_set_scope(window->lanes, lane);
	insp_plots_set_scope(window->plots, lane);
	window->quiet = true;
	gtk_drop_down_set_selected(GTK_DROP_DOWN(window->scope), lane == INSP_NONE ? 0 : lane + 1);
	window->quiet = false;
	insp__update_status(window);
}

/* ---- loading ---- */

struct load_job {
	char *path;
	InspWindow *window;		/* kept alive by the task; only its counters are touched */
	GCancellable *cancel;
	struct insp_run *run;
	struct fmt_error error;
	int result;
};

static void load_job_free(gpointer data)
{
	struct load_job *job = data;

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

static void load_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	struct load_job *job = data;

	job->result = insp_run_load(job->path, load_progress, job, &job->run, &job->error);
	g_task_return_boolean(task, TRUE);
}

static gboolean show_progress(gpointer data)
{
	InspWindow *window = data;
	const gint all = g_atomic_int_get(&window->all_count);

	if (all > 0)
		gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(window->progress),
					      (double)g_atomic_int_get(&window->done_count) / all);
	return G_SOURCE_CONTINUE;
}

static void forget_run(InspWindow *window)
{
	for (int tab = 0; tab < TAB_COUNT; tab++)
		if (window->tables[tab])
			set_list(window, tab, NULL);
	if (!window->shared)
		return;
	insp_lanes_set_run(window->lanes, NULL, NULL);
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

static void show_names(InspWindow *window)
{
	const struct insp_run *run = window->run;
	g_autoptr(GtkStringList) names = gtk_string_list_new(NULL);
	g_autofree char *base = g_path_get_basename(run->path);
	char end[48];

	gtk_string_list_append(names, "all nodes");
	for (uint32_t lane = 0; lane < run->lane_count; lane++)
		gtk_string_list_append(names, run->lanes[lane].name);
	insp_put_time(end, sizeof(end), insp_last_vtime(run));
	g_autofree char *facts = g_strdup_printf("%u nodes \u00b7 %u events \u00b7 %u packets, %u lost \u00b7 %s s%s%s",
						 run->lane_count - 1, run->count, run->packet_count, run->drops, end,
						 run->seed[0] ? " \u00b7 seed " : "", run->seed);

	window->quiet = true;
	gtk_drop_down_set_model(GTK_DROP_DOWN(window->scope), G_LIST_MODEL(names));
	window->quiet = false;
	adw_window_title_set_title(window->title, base);
	adw_window_title_set_subtitle(window->title, facts);
	gtk_window_set_title(GTK_WINDOW(window), base);
	g_autofree char *hash = g_strdup_printf("%.12s%s", run->hash, run->hash[0] ? "\u2026" : "not finished");

	gtk_label_set_text(GTK_LABEL(window->facts), hash);
}

static void show_run(InspWindow *window, struct insp_run *run)
{
	g_autofree char *warning = NULL;

	window->shared = insp__shared_new(run);
	window->run = run;
	window->pager = insp_pager_new(run);
	g_signal_connect(window->pager, "loaded", G_CALLBACK(lines_loaded), window);
	insp_lanes_set_run(window->lanes, run, window->pager);
	insp_overview_set_run(window->overview, run, window->lanes);
	insp_plots_set_run(window->plots, run, window->lanes);
	window->step_scope = INSP_NONE;
	show_names(window);
	if (run->damage)
		warning = g_strdup_printf("The trace is damaged: %s. The %u events before that are shown.", run->damage,
					  run->count);
	else if (run->warning)
		warning = g_strdup(run->warning);
	gtk_label_set_text(GTK_LABEL(window->banner_text), warning ? warning : "");
	gtk_info_bar_set_revealed(GTK_INFO_BAR(window->banner), warning != NULL);
	gtk_stack_set_visible_child_name(GTK_STACK(window->pages), "run");
	insp__set_filter(window, NULL);
	if (run->count)
		insp__focus(window, 0, /* remember= */ false);
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
	} else if (job->cancel == window->cancel && job->result == -ECANCELED) {
		gtk_stack_set_visible_child_name(GTK_STACK(window->pages), "empty");
	} else if (job->cancel == window->cancel) {
		g_autofree char *text = g_strdup_printf("%s: %s", job->path, job->error.text);
		g_autofree char *shown = g_markup_escape_text(text, -1);

		adw_status_page_set_description(window->error_page, shown);
		gtk_stack_set_visible_child_name(GTK_STACK(window->pages), "error");
		if (window->tick) {
			fprintf(stderr, "hindcast-inspector: %s\n", text);
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
	gtk_label_set_text(GTK_LABEL(window->loading_text), text);
	gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(window->progress), 0);
	gtk_stack_set_visible_child_name(GTK_STACK(window->pages), "loading");
	if (!window->progress_timer)
		window->progress_timer = g_timeout_add(80, show_progress, window);
	g_task_run_in_thread(task, load_thread);
	insp__update_status(window);
}

/* ---- scripts ---- */

/* Keeps frames coming. */
static gboolean script_tick(GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
	return G_SOURCE_CONTINUE;
}

static void script_end(InspWindow *window)
{
	gtk_widget_remove_tick_callback(GTK_WIDGET(window), window->tick);
	window->tick = 0;
	if (window->quit)
		gtk_window_destroy(GTK_WINDOW(window));
}

/* Runs a command once nothing is under way and all that the one before changed has been painted. */
static void script_painted(GdkFrameClock *clock, InspWindow *window)
{
	/* A list is laid out, scrolls, and is laid out again. */
	if (insp__is_busy(window))
		window->settled = 0;
	if (!window->tick || window->settled++ < 4)
		return;
	window->settled = 0;
	g_autofree char *command = g_queue_pop_head(&window->script);

	if (command)
		insp__run_text(window, command);
	else
		script_end(window);
}

static void script_begin(GtkWidget *widget, InspWindow *window)
{
	g_signal_connect_object(gtk_widget_get_frame_clock(widget), "after-paint", G_CALLBACK(script_painted), window, 0);
}

void insp_window_run(InspWindow *window, char **commands, gboolean quit)
{
	for (; commands && *commands; commands++)
		g_queue_push_tail(&window->script, g_strdup(*commands));
	window->quit = quit;
	if (window->tick)
		return;
	window->tick = gtk_widget_add_tick_callback(GTK_WIDGET(window), script_tick, NULL, NULL);
	if (gtk_widget_get_realized(GTK_WIDGET(window)))
		script_begin(GTK_WIDGET(window), window);
	else
		g_signal_connect(window, "realize", G_CALLBACK(script_begin), window);
}

/* ---- the widgets ---- */

static void row_selected(uint32_t seq, gpointer data)
{
	insp__focus(data, seq, /* remember= */ true);
}

static void lane_clicked(InspLanes *lanes, guint seq, InspWindow *window)
{
	g_autofree char *command = g_strdup_printf("focus.goto @%u", seq);

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

	if (!window->quiet && grain < INSP_GRAIN_COUNT)
		window->step_grain = grain;
	insp__update_status(window);
}

static void scope_chosen(GtkDropDown *drop, GParamSpec *spec, InspWindow *window)
{
	const guint chosen = gtk_drop_down_get_selected(drop);

	if (!window->quiet && window->run && chosen != GTK_INVALID_LIST_POSITION)
		insp__set_scope(window, chosen == 0 ? INSP_NONE : chosen - 1);
}

static void banner_closed(GtkInfoBar *bar, int response, InspWindow *window)
{
	gtk_info_bar_set_revealed(bar, FALSE);
}

static void add_tables(InspWindow *window)
{
	static const enum insp_column events[] = {INSP_COLUMN_SEQ, INSP_COLUMN_TIME, INSP_COLUMN_NODE, INSP_COLUMN_THREAD,
						  INSP_COLUMN_KIND, INSP_COLUMN_SUMMARY, INSP_COLUMN_COUNT};
	static const enum insp_column packets[] = {INSP_COLUMN_SEQ, INSP_COLUMN_TIME, INSP_COLUMN_FROM, INSP_COLUMN_TO,
						   INSP_COLUMN_PROTO, INSP_COLUMN_SIZE, INSP_COLUMN_FATE,
						   INSP_COLUMN_SUMMARY, INSP_COLUMN_COUNT};
	static const enum insp_column output[] = {INSP_COLUMN_SEQ, INSP_COLUMN_TIME, INSP_COLUMN_NODE, INSP_COLUMN_THREAD,
						  INSP_COLUMN_SUMMARY, INSP_COLUMN_COUNT};

	for (int tab = 0; tab < TAB_COUNT; tab++) {
		window->tables[tab] = insp_table_new(tab == TAB_PACKETS ? packets : tab == TAB_OUTPUT ? output : events,
						     tabs[tab].title);
		insp_table_on_select(window->tables[tab], row_selected, window);
		gtk_stack_add_titled(GTK_STACK(window->lists), window->tables[tab], tabs[tab].name, tabs[tab].title);
	}
	window->plots = g_object_new(INSP_TYPE_PLOTS, NULL);
	gtk_stack_add_titled(GTK_STACK(window->lists), GTK_WIDGET(window->plots), "plots", "Plots");
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
	g_type_ensure(INSP_TYPE_STATE_PANE);
	g_type_ensure(INSP_TYPE_FRAME_PANE);
	gtk_widget_init_template(GTK_WIDGET(window));
	window->cancel = g_cancellable_new();
	window->back = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	window->forward = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	window->focus = window->step_scope = INSP_NONE;
	g_queue_init(&window->script);
	add_tables(window);
	add_states(window);
	insp__add_commands(window);
	g_signal_connect(window->lanes, "focus-event", G_CALLBACK(lane_clicked), window);
	g_signal_connect(window->position, "activate", G_CALLBACK(position_entered), window);
	g_signal_connect(window->filter, "activate", G_CALLBACK(filter_entered), window);
	g_signal_connect(window->grain, "notify::selected", G_CALLBACK(grain_chosen), window);
	g_signal_connect(window->scope, "notify::selected", G_CALLBACK(scope_chosen), window);
	g_signal_connect(window->banner, "response", G_CALLBACK(banner_closed), window);
	g_signal_connect(window->lists, "notify::visible-child", G_CALLBACK(tab_shown), window);
	insp__update_status(window);
}

static void insp_window_dispose(GObject *object)
{
	InspWindow *window = INSP_WINDOW(object);

	g_cancellable_cancel(window->cancel);
	g_clear_handle_id(&window->progress_timer, g_source_remove);
	if (window->lists) {
		forget_run(window);
		g_signal_handlers_disconnect_by_data(window->lists, window);
	}
	gtk_widget_dispose_template(GTK_WIDGET(window), INSP_TYPE_WINDOW);
	G_OBJECT_CLASS(insp_window_parent_class)->dispose(object);
}

static void insp_window_finalize(GObject *object)
{
	InspWindow *window = INSP_WINDOW(object);

	g_object_unref(window->cancel);
	g_array_unref(window->back);
	g_array_unref(window->forward);
	g_free(window->filter_text);
	g_queue_clear_full(&window->script, g_free);
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
	BIND(state);
	BIND(frame);
#undef BIND
}

InspWindow *insp_window_new(AdwApplication *application)
{
	return g_object_new(INSP_TYPE_WINDOW, "application", application, NULL);
}
