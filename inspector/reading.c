/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reading.c - a window while its run is read.
 *
 * A long run has a sketch at once, which can be looked at from all sides.  Whatever else is asked for needs the run itself: commands
 * wait, and are carried out in their order when it is there, so that what they do is what they would have done then.
 */
#include "window-int.h"

#include "base/check.h"

static void say_facts(InspWindow *window, int percent)
{
	const struct insp_sketch *sketch = window->sketch;
	char end[48], events[48];

	insp_put_time(end, sizeof(end), insp_last_vtime(sketch->run));
	insp_put_count(events, sizeof(events), sketch->events);
	g_autofree char *facts = g_strdup_printf("%u nodes \u00b7 %s events \u00b7 %s s \u00b7 reading, %d\u2009%%",
						 sketch->run->lane_count - 1, events, end, percent);

	adw_window_title_set_subtitle(window->title, facts);
}

/* Pictures are pale; panes that would say that there is nothing say nothing. */
static void show_as_unread(InspWindow *window, bool unread)
{
	GtkWidget *const pictures[] = {GTK_WIDGET(window->lanes), GTK_WIDGET(window->overview)};

	for (guint i = 0; i < G_N_ELEMENTS(pictures); i++)
		(unread ? gtk_widget_add_css_class : gtk_widget_remove_css_class)(pictures[i], "unread");
	for (int pane = INSP_PANE_THREADS; pane <= INSP_PANE_TOPOLOGY; pane++)
		(unread ? gtk_widget_add_css_class : gtk_widget_remove_css_class)(window->slots[pane].child, "unknown");
	gtk_widget_set_sensitive(window->scope, !unread);
	if (!unread)
		gtk_label_set_text(GTK_LABEL(window->where), "");
}

void insp__sketch_show(InspWindow *window, struct insp_sketch *sketch)
{
	g_autofree char *base = g_path_get_basename(sketch->run->path);

	CHECK(!window->sketch && !window->run);
	window->sketch = sketch;
	insp_lanes_set_run(window->lanes, sketch->run, NULL);
	insp_overview_set_run(window->overview, sketch->run, window->lanes);
	insp_lanes_set_focus(window->lanes, 0, /* follow= */ false);
	insp_overview_set_focus(window->overview, 0);
	insp_lanes_set_notes(window->lanes, sketch->notes, sketch->note_count);
	insp_overview_set_notes(window->overview, sketch->notes, sketch->note_count);
	show_as_unread(window, true);
	insp__show_scopes(window, sketch->run);
	gtk_label_set_text(GTK_LABEL(window->where), "Being read: what you ask for waits.");
	adw_window_title_set_title(window->title, base);
	gtk_window_set_title(GTK_WINDOW(window), base);
	say_facts(window, 0);
	gtk_stack_set_visible_child_name(GTK_STACK(window->pages), "run");
}

void insp__sketch_forget(InspWindow *window)
{
	if (!window->sketch)
		return;
	insp_lanes_set_run(window->lanes, NULL, NULL);
	insp_overview_set_run(window->overview, NULL, window->lanes);
	show_as_unread(window, false);
	g_clear_pointer(&window->sketch, insp_sketch_free);
}

void insp__reading_progress(InspWindow *window, int percent)
{
	gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(window->progress), percent / 100.0);
	if (window->sketch)
		say_facts(window, percent);
}

/* What has nothing to do with the run, or looks at how far it is. */
static bool acts_at_once(const char *text)
{
	static const char *const ids[] = {"trace.open", "cancel", "window.close", "window.close-all", "palette", "help.keys", "help.about",
					  "settings", "focus.entry", "list.entry", "view.dark", "view.plots", "view.list",
					  "view.part", "view.plots-other", "view.overview-other", "view.timeline-other",
					  "view.lists-other", "view.details-other", "view.pane", "print.status", "print.frames",
					  "export.window"};
	const size_t size = strcspn(text, " ");

	if (g_str_has_prefix(text, "pane."))
		return true;
	for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
		if (strlen(ids[i]) == size && memcmp(text, ids[i], size) == 0)
			return true;
	return false;
}

bool insp__wait_for_run(InspWindow *window, const char *text)
{
	if (window->run || !window->loading || acts_at_once(text))
		return false;
	g_queue_push_tail(&window->waiting, g_strdup(text));
	window->waited++;
	insp__update_status(window);
	return true;
}

void insp__run_arrived(InspWindow *window)
{
	/* One of them may open another run, for which the others were not meant. */
	const struct insp_run *run = window->run;

	while (window->run == run && !g_queue_is_empty(&window->waiting)) {
		g_autofree char *text = g_queue_pop_head(&window->waiting);

		insp__run_text(window, text);
	}
	insp__run_missing(window);
}

void insp__run_missing(InspWindow *window)
{
	g_queue_clear_full(&window->waiting, g_free);
}
