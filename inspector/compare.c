/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare.c - a second run beside the first.
 *
 * The second timeline shows the same stretch of time, and its position is the event that stands where the focus does; the window stays
 * one window with one focus, in the first run.
 */
#include "compare.h"

#include <stdio.h>

#include "base/check.h"
#include "diff.h"
#include "window-int.h"

DEFINE_CLEANUP(struct fmt_reader *, fmt_reader_close)

struct insp_compare {
	struct insp_shared *shared;	/* of the second run */
	InspPager *pager;
	struct insp_pair *pair;
	uint32_t current;		/* difference; INSP_NONE */
	unsigned int ignore;
};

struct compare_job {
	struct insp_shared *first;
	struct insp_shared *second;	/* NULL: path is to be loaded */
	char *path;
	unsigned int ignore;
	GCancellable *cancel;
	struct insp_pair *pair;
	struct fmt_error error;
	int result;
};

static void job_free(gpointer data)
{
	struct compare_job *job = data;

	insp_pair_free(job->pair);
	insp__shared_unref(job->first);
	g_clear_pointer(&job->second, insp__shared_unref);
	g_object_unref(job->cancel);
	g_free(job->path);
	g_free(job);
}

static bool go_on(void *data, uint32_t done, uint32_t count)
{
	return !g_cancellable_is_cancelled(data);
}

static void compare_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	struct compare_job *job = data;
	struct insp_run *run = NULL;

	if (!job->second) {
		job->result = insp_run_load(job->path, go_on, job->cancel, &run, &job->error);
		if (job->result == 0)
			job->second = insp__shared_new(run);
	}
	if (job->result == 0)
		job->result = insp_pair_new(job->first->run, job->second->run, job->ignore, go_on, job->cancel, &job->pair,
					    &job->error);
	g_task_return_boolean(task, TRUE);
}

static void say_result(InspWindow *window)
{
	const struct insp_pair *pair = window->compare->pair;
	g_autofree char *path = g_path_get_basename(pair->run[1]->path);
	g_autofree char *text = pair->difference_count
		? g_strdup_printf("compared with %s: %u differences; %u events the same, %u changed, %u and %u alone", path,
				  pair->difference_count, pair->same, pair->changed, pair->alone[0], pair->alone[1])
		: g_strdup_printf("compared with %s: the same", path);

	gtk_label_set_text(GTK_LABEL(window->compare_text), text);
}

static void compare_done(GObject *object, GAsyncResult *result, gpointer data)
{
	InspWindow *window = INSP_WINDOW(object);
	struct compare_job *job = g_task_get_task_data(G_TASK(result));

	window->searching--;
	if (job->result < 0 && job->result != -ECANCELED)
		insp__refuse(window, "%s: %s", job->path, job->error.text);
	if (job->result < 0 || job->first != window->shared) {
		insp__update_status(window);
		return;
	}
	insp__compare_close(window);
	struct insp_compare *compare = window->compare = g_new0(struct insp_compare, 1);

	compare->shared = g_steal_pointer(&job->second);
	compare->pair = g_steal_pointer(&job->pair);
	compare->ignore = job->ignore;
	compare->current = INSP_NONE;
	compare->pager = insp_pager_new(compare->shared->run);
	g_signal_connect_swapped(compare->pager, "loaded", G_CALLBACK(insp__update_status), window);
	insp_lanes_set_run(window->lanes_b, compare->shared->run, compare->pager);
	insp_lanes_set_pair(window->lanes, compare->pair, 0);
	insp_lanes_set_pair(window->lanes_b, compare->pair, 1);
	insp_difference_list_set(window->differences, compare->pair, window->pager, compare->pager);
	gtk_widget_set_visible(window->compare_page, TRUE);
	insp__share_height(window);
	gtk_stack_page_set_visible(gtk_stack_get_page(GTK_STACK(window->lists), GTK_WIDGET(window->differences)), TRUE);
	gtk_stack_set_visible_child(GTK_STACK(window->lists), GTK_WIDGET(window->differences));
	say_result(window);
	insp__compare_follow(window);
	insp__update_status(window);
}

static void start(InspWindow *window, const char *path, struct insp_shared *second, unsigned int ignore)
{
	struct compare_job *job = g_new0(struct compare_job, 1);
	g_autoptr(GTask) task = g_task_new(window, NULL, compare_done, NULL);

	job->first = g_atomic_rc_box_acquire(window->shared);
	job->second = second ? g_atomic_rc_box_acquire(second) : NULL;
	job->path = g_strdup(path);
	job->ignore = ignore;
	job->cancel = g_object_ref(window->cancel);
	g_task_set_task_data(task, job, job_free);
	window->searching++;
	g_task_run_in_thread(task, compare_thread);
	insp__update_status(window);
}

void insp__compare_open(InspWindow *window, const char *path)
{
	start(window, path, NULL, window->compare ? window->compare->ignore : 0);
}

void insp__compare_close(InspWindow *window)
{
	struct insp_compare *compare = g_steal_pointer(&window->compare);

	if (!compare)
		return;
	insp_lanes_set_pair(window->lanes, NULL, 0);
	insp_lanes_set_pair(window->lanes_b, NULL, 0);
	insp_lanes_set_run(window->lanes_b, NULL, NULL);
	insp_difference_list_set(window->differences, NULL, NULL, NULL);
	gtk_widget_set_visible(window->compare_page, FALSE);
	insp__share_height(window);
	insp__show_tab(window, TAB_EVENTS);
	gtk_stack_page_set_visible(gtk_stack_get_page(GTK_STACK(window->lists), GTK_WIDGET(window->differences)), FALSE);
	g_signal_handlers_disconnect_by_data(compare->pager, window);
	insp_pager_stop(compare->pager);
	g_object_unref(compare->pager);
	insp_pair_free(compare->pair);
	insp__shared_unref(compare->shared);
	g_free(compare);
}

void insp__compare_follow(InspWindow *window)
{
	if (!window->compare || window->focus == INSP_NONE || !window->compare->shared->run->count)
		return;
	struct insp_view *view = insp_lanes_view(window->lanes_b);
	const struct insp_view *first = insp_lanes_view(window->lanes);

	view->axis = first->axis;
	view->from = first->from;
	view->span = first->span;
	insp_lanes_set_focus(window->lanes_b, insp_pair_other(window->compare->pair, 0, window->focus), /* follow= */ false);
	insp_lanes_view_changed(window->lanes_b);
}

guint insp__compare_pending(InspWindow *window)
{
	return window->compare ? insp_pager_pending(window->compare->pager) : 0;
}

const struct insp_pair *insp__compare_pair(InspWindow *window)
{
	return window->compare ? window->compare->pair : NULL;
}

/* ---- commands ---- */

static bool need_compare(InspWindow *window)
{
	if (window->compare)
		return true;
	insp__refuse(window, "no second run is open; compare.open opens one");
	return false;
}

/* Goes to a difference, seen from the first run; one that only the second has is gone to where it would stand. */
void insp__compare_show(InspWindow *window, uint32_t index)
{
	const struct insp_pair *pair = window->compare->pair;
	const struct insp_difference *d = &pair->differences[index];

	window->compare->current = index;
	insp__focus(window, d->first[0] != INSP_NONE ? d->first[0] : insp_pair_other(pair, 1, d->first[1]), /* remember= */ true);
	if (d->first[1] != INSP_NONE)
		insp_lanes_set_focus(window->lanes_b, d->first[1], /* follow= */ false);
	insp_difference_list_show(window->differences, index);
}

static bool compare_step(InspWindow *window, int direction)
{
	if (!need_compare(window))
		return false;
	struct insp_compare *compare = window->compare;
	const int64_t to = compare->current == INSP_NONE ? (direction > 0 ? 0 : -1) : (int64_t)compare->current + direction;

	if (to < 0 || to >= compare->pair->difference_count) {
		insp__refuse(window, "%s", !compare->pair->difference_count ? "the runs do not differ"
					   : direction > 0 ? "there is no further difference" : "there is no earlier difference");
		return false;
	}
	insp__compare_show(window, (uint32_t)to);
	return true;
}

bool insp__do_compare_next(InspWindow *window, const char *argument)
{
	return compare_step(window, 1);
}

bool insp__do_compare_previous(InspWindow *window, const char *argument)
{
	return compare_step(window, -1);
}

bool insp__do_compare_close(InspWindow *window, const char *argument)
{
	insp__compare_close(window);
	return true;
}

bool insp__do_compare_ignore(InspWindow *window, const char *argument)
{
	struct fmt_error error = {{0}};
	unsigned int ignore = 0;

	if (!need_compare(window))
		return false;
	if (strcmp(argument, "nothing") != 0 && fmt_diff_ignore(argument, &ignore, &error) < 0) {
		insp__refuse(window, "%s", error.text);
		return false;
	}
	start(window, window->compare->shared->run->path, window->compare->shared, ignore);
	return true;
}

/* As `hindcast diff` prints it; a name that ends in .json: as JSON. */
bool insp__do_compare_export(InspWindow *window, const char *argument)
{
	_cleanup_(fmt_reader_closep) struct fmt_reader *a = NULL;
	_cleanup_(fmt_reader_closep) struct fmt_reader *b = NULL;
	struct fmt_error error = {{0}};

	if (!need_compare(window))
		return false;
	FILE *out = fopen(argument, "we");
	int r = out ? fmt_reader_open(window->run->path, &a, &error) : -errno;

	if (r == 0)
		r = fmt_reader_open(window->compare->shared->run->path, &b, &error);
	if (r == 0)
		r = fmt_diff(a, b, window->compare->ignore, out, g_str_has_suffix(argument, ".json"), &error);
	if (out && fclose(out) != 0 && r >= 0)
		r = -EIO;
	if (r < 0)
		insp__refuse(window, "cannot write %s: %s", argument, error.text[0] ? error.text : strerror(-r));
	return r >= 0;
}
