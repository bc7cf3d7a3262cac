/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lists.c - the lists below the timeline: made by a thread when they are first looked at, or by a filter. */
#include "window-int.h"

#include "base/check.h"

static const struct tab_row {
	enum insp_pane pane;
	enum insp_grain grain;
} tabs[TAB_COUNT] = {
	[TAB_EVENTS] = {INSP_PANE_EVENTS, INSP_GRAIN_EVENT},
	[TAB_PACKETS] = {INSP_PANE_PACKETS, INSP_GRAIN_PACKET},
	[TAB_SYSCALLS] = {INSP_PANE_SYSCALLS, INSP_GRAIN_SYSCALL},
	[TAB_OUTPUT] = {INSP_PANE_OUTPUT, INSP_GRAIN_OUTPUT},
	[TAB_FAULTS] = {INSP_PANE_FAULTS, INSP_GRAIN_FAULT},
	[TAB_FOUND] = {INSP_PANE_FOUND, INSP_GRAIN_EVENT},
};

/* That of a window of its own when the hand is there; else the one among the tabs. */
enum insp_tab insp__current_tab(InspWindow *window)
{
	const char *name = gtk_stack_get_visible_child_name(GTK_STACK(window->lists));

	for (int tab = 0; tab < TAB_COUNT; tab++)
		if (window->hand_at && (GtkWidget *)window->slots[tabs[tab].pane].window == window->hand_at)
			return tab;
	for (int tab = 0; name && tab < TAB_COUNT; tab++)
		if (strcmp(name, insp__pane_name(tabs[tab].pane)) == 0)
			return tab;
	return TAB_EVENTS;
}

static void show_tab(InspWindow *window, enum insp_tab tab)
{
	insp__pane_show(window, tabs[tab].pane, /* asked= */ !insp__pane_is_out(window, tabs[tab].pane));
}

/* Shows the focus in a list; in that of packets, where each has one row, its packet. */
static void show_in_list(InspWindow *window, enum insp_tab tab)
{
	const uint32_t packet = insp_packet_of(window->run, window->focus);
	const bool sent = tab == TAB_PACKETS && packet != INSP_NONE;

	insp_table_show(window->tables[tab], sent ? window->run->packets[packet].send : window->focus);
}

void insp__show_in_lists(InspWindow *window)
{
	for (int tab = 0; tab < TAB_COUNT; tab++)
		if (window->list_of[tab] && insp__pane_is_seen(window, tabs[tab].pane))
			show_in_list(window, tab);
}

void insp__set_list(InspWindow *window, enum insp_tab tab, InspEventList *list)
{
	insp_table_set(window->tables[tab], list);
	g_clear_object(&window->list_of[tab]);
	window->list_of[tab] = list;
	if (list && window->focus != INSP_NONE)
		show_in_list(window, tab);
}

/* A list that a thread makes: by filter, or by granularity. */
struct list_job {
	struct insp_shared *shared;
	enum insp_tab tab;
	char *filter;			/* NULL: by granularity */
	struct insp_cone *cone;		/* its past; NULL: by one of these */
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
	g_free(job->cone);
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

	if (job->cone) {
		job->hits = insp_cone_events(run, job->cone, /* past= */ true);
	} else if (job->filter) {
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

		if (job->tab == TAB_FOUND) {
			gtk_label_set_text(GTK_LABEL(window->found), found);
		} else if (job->filter) {
			g_free(window->filter_text);
			window->filter_text = g_strdup(job->filter);
			gtk_label_set_text(GTK_LABEL(window->found), found);
			gtk_editable_set_text(GTK_EDITABLE(window->filter), job->filter);
		}
		insp__set_list(window, job->tab, insp_event_list_new(window->run, window->pager, false, job->hits));
		job->hits = (struct insp_hits){0};
	} else if (job->shared == window->shared && job->result != -ECANCELED) {
		insp__refuse(window, "%s", job->error.text);
	}
	insp__update_status(window);
}

static void make_list(InspWindow *window, enum insp_tab tab, const char *filter, const struct insp_cone *cone)
{
	struct list_job *job = g_new0(struct list_job, 1);
	g_autoptr(GTask) task = g_task_new(window, NULL, list_done, NULL);

	job->shared = g_atomic_rc_box_acquire(window->shared);
	job->tab = tab;
	job->filter = g_strdup(filter);
	job->cone = cone ? g_memdup2(cone, sizeof(*cone)) : NULL;
	job->cancel = g_object_ref(window->cancel);
	g_task_set_task_data(task, job, list_job_free);
	window->searching++;
	g_task_run_in_thread(task, list_thread);
	insp__update_status(window);
}

void insp__set_filter(InspWindow *window, const char *text)
{
	if (text && *text) {
		show_tab(window, TAB_EVENTS);
		make_list(window, TAB_EVENTS, text, NULL);
		return;
	}
	/* A run that is opened does not bring back what its user has hidden. */
	insp__pane_show(window, INSP_PANE_EVENTS, /* asked= */ false);
	g_clear_pointer(&window->filter_text, g_free);
	gtk_label_set_text(GTK_LABEL(window->found), "");
	gtk_editable_set_text(GTK_EDITABLE(window->filter), "");
	insp__set_list(window, TAB_EVENTS, insp_event_list_new(window->run, window->pager, true, (struct insp_hits){0}));
}

void insp__find(InspWindow *window, const char *text, const struct insp_cone *cone)
{
	g_free(window->found_text);
	window->found_text = g_strdup(text);
	show_tab(window, TAB_FOUND);
	make_list(window, TAB_FOUND, text, cone);
}

/* A list is made when it is first looked at. */
void insp__list_needed(InspWindow *window, enum insp_pane pane)
{
	int tab = 0;

	while (tab < TAB_COUNT && tabs[tab].pane != pane)
		tab++;
	if (!window->run || tab == TAB_COUNT)
		return;
	if (!window->list_of[tab] && tab != TAB_EVENTS && tab != TAB_FOUND)
		make_list(window, tab, NULL, NULL);
	else if (window->list_of[tab] && window->focus != INSP_NONE)
		show_in_list(window, tab);
}

void insp__tab_shown(GtkStack *stack, GParamSpec *spec, InspWindow *window)
{
	for (int tab = 0; tab < TAB_COUNT; tab++)
		if (insp__pane_is_seen(window, tabs[tab].pane) && !insp__pane_is_out(window, tabs[tab].pane))
			insp__list_needed(window, tabs[tab].pane);
	if (gtk_stack_get_visible_child(stack) == GTK_WIDGET(window->slots[INSP_PANE_PACKETS].bin) && window->run)
		insp__pane_show(window, INSP_PANE_PACKET, /* asked= */ false);
	if (window->run)
		insp__update_status(window);
}

/* ---- the widgets ---- */

/* The row of the position is selected also when that moves. */
static void row_selected(uint32_t seq, gpointer data)
{
	if (seq == INSP_WINDOW(data)->focus)
		return;
	g_autofree char *command = g_strdup_printf("focus.goto @%u", seq);

	insp__run_text(data, command);
}

void insp__add_lists(InspWindow *window)
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
						     insp__pane_title(tabs[tab].pane));
		insp_table_on_select(window->tables[tab], row_selected, window);
		insp__pane_add(window, tabs[tab].pane, window->tables[tab]);
	}
	insp__add_notes(window);
	window->differences = g_object_new(INSP_TYPE_DIFFERENCE_LIST, NULL);
	insp__pane_add(window, INSP_PANE_DIFFERENCES, GTK_WIDGET(window->differences));
	insp__pane_offer(window, INSP_PANE_DIFFERENCES, false);
}
