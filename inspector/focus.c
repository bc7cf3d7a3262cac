/* SPDX-License-Identifier: GPL-2.0-or-later */
/* focus.c - where the window is: one event, that all panes are about. */
#include "window-int.h"

#include "base/check.h"
#include "said.h"

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
		insp_text_table_set(window->threads, insp_threads_rows(window->run, job->seq, job->states, job->count),
				    /* keep_marks= */ FALSE);
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

/* The line above the panes, and for a screen reader the timeline's description: what happens here. */
static void say_where(InspWindow *window)
{
	const struct insp_run *run = window->run;
	const struct insp_line *line = insp_pager_line(window->pager, window->focus);
	const struct fmt_kind_info *info = fmt_kind_info(run->kind[window->focus]);
	g_autofree char *text = g_strdup_printf("%s   %s   %s", run->lanes[insp_lane_of(run, window->focus)].name,
						info ? info->name : "", line ? line->text : "");
	char time[48];

	gtk_label_set_text(GTK_LABEL(window->where), text);
	insp_put_time(time, sizeof(time), insp_vtime(run, window->focus));
	g_autofree char *position = g_strdup_printf("@%u   %s s", window->focus, time);

	window->quiet = true;
	gtk_editable_set_text(GTK_EDITABLE(window->position), position);
	window->quiet = false;
	g_autofree char *said = g_strdup_printf("%s, %s, %s s, event %u, %s", run->lanes[insp_lane_of(run, window->focus)].name,
						info ? info->name : "", time, window->focus, line ? line->text : "");

	gtk_accessible_update_property(GTK_ACCESSIBLE(window->lanes), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, said, -1);
}

/* Loads are those of what the timeline shows. */
void insp__show_topology(InspWindow *window)
{
	const struct insp_view *view = insp_lanes_view(window->lanes);
	const uint32_t other = insp__compare_other(window);
	gboolean differs;

	if (!window->run || window->focus == INSP_NONE)
		return;
	insp_topology_set(window->topology, window->focus, insp_view_vtime(view, view->from),
			  insp_view_vtime(view, view->from + view->span));
	/* A second run that has just been opened is nowhere yet. */
	insp_topology_set_pair(window->topology, other == INSP_NONE ? NULL : insp__compare_pair(window), other);
	g_autofree char *words = insp_topology_words(window->topology, &differs);

	insp_said_set(window->topology_said, words, differs);
	gtk_accessible_update_property(GTK_ACCESSIBLE(window->topology), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, words ? words : "", -1);
}

void insp__focus(InspWindow *window, uint32_t seq, bool remember)
{
	CHECK(window->run && seq < window->run->count);
	if (remember && window->focus != INSP_NONE && window->focus != seq) {
		g_array_append_val(window->back, window->focus);
		g_array_set_size(window->forward, 0);
	}
	window->focus = seq;

	say_where(window);
	insp_lanes_set_focus(window->lanes, seq, /* follow= */ true);
	insp_overview_set_focus(window->overview, seq);
	insp_plots_set_focus(window->plots, seq);
	insp__show_in_lists(window);
	insp__note_bar_follow(window);
	fold_state(window);
	insp__compare_follow(window);
	insp__show_topology(window);
	insp__program_follow(window);
	insp__show_packet(window);
	insp__update_status(window);
}

void insp__lines_loaded(InspPager *pager, guint first, guint count, InspWindow *window)
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
	insp__range_show(window);
	insp__update_status(window);
}
