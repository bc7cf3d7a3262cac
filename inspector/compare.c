/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare.c - a second run beside the first.
 *
 *	none --open--> loading, comparing (in a thread) --compare_done--> shown --ignore--> comparing ... --close--> none
 *
 * The window has one focus, an event of the first run; the second run is where that stands there: at its partner, or behind the last
 * one of its node that has a partner.  Whoever chooses an event of the second run moves the focus the other way round.
 */
#include "compare-int.h"

#include <json-glib/json-glib.h>
#include <stdio.h>

#include "base/check.h"

DEFINE_CLEANUP(struct fmt_reader *, fmt_reader_close)

static void compared_clear(gpointer data)
{
	struct insp_compared *compared = data;

	for (int side = 0; side < 2; side++)
		g_clear_pointer(&compared->run[side], insp__shared_unref);
	insp_pair_free(compared->pair);
	g_free(compared->cause);
	g_free(compared->node);
}

void insp__compared_unref(struct insp_compared *compared)
{
	g_atomic_rc_box_release_full(compared, compared_clear);
}

/* ---- comparing, in a thread ---- */

struct compare_job {
	struct insp_compared *of;	/* run[1] NULL: path is to be loaded */
	char *path;
	GCancellable *cancel;
	struct fmt_error error;
	int result;
};

static void job_free(gpointer data)
{
	struct compare_job *job = data;

	g_clear_pointer(&job->of, insp__compared_unref);
	g_object_unref(job->cancel);
	g_free(job->path);
	g_free(job);
}

static bool go_on(void *data, uint32_t done, uint32_t count)
{
	return !g_cancellable_is_cancelled(data);
}

static bool diff_goes_on(void *data, uint64_t done, uint64_t count)
{
	return !g_cancellable_is_cancelled(data);
}

/* The event that `hindcast diff` tells of a side. */
static uint32_t seq_of(JsonObject *finding, const char *side)
{
	JsonNode *node = json_object_get_member(finding, side);

	return node && JSON_NODE_HOLDS_OBJECT(node) ? (uint32_t)insp__json_number(json_node_get_object(node), "seq") : INSP_NONE;
}

static void take_verdict(struct insp_compared *compared, const char *text)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	JsonObject *verdict = json_parser_load_from_data(parser, text, -1, NULL)
				      ? json_node_get_object(json_parser_get_root(parser)) : NULL;
	JsonArray *nodes = verdict && json_object_has_member(verdict, "nodes") ? json_object_get_array_member(verdict, "nodes") : NULL;

	compared->cause = g_strdup(insp__json_text(verdict, "cause"));
	if (!nodes || !json_array_get_length(nodes))
		return;
	JsonObject *finding = json_array_get_object_element(nodes, 0);

	compared->node = g_strdup(insp__json_text(finding, "node"));
	compared->first[0] = seq_of(finding, "a");
	compared->first[1] = seq_of(finding, "b");
}

/* Where they part first, and why, is what `hindcast diff` says too. */
static int find_verdict(struct insp_compared *compared, GCancellable *cancel, struct fmt_error *error)
{
	const struct fmt_diff_options options = {
		.ignore = compared->ignore, .json = true, .go_on = diff_goes_on, .go_on_data = cancel,
	};
	_cleanup_(fmt_reader_closep) struct fmt_reader *a = NULL;
	_cleanup_(fmt_reader_closep) struct fmt_reader *b = NULL;
	char *text = NULL;
	size_t size;
	int r = fmt_reader_open(compared->run[0]->run->path, &a, error);

	if (r == 0)
		r = fmt_reader_open(compared->run[1]->run->path, &b, error);
	if (r < 0)
		return r;
	FILE *out = open_memstream(&text, &size);

	CHECK(out);
	r = fmt_diff(a, b, &options, out, error);
	fclose(out);
	if (r >= 0)
		take_verdict(compared, text);
	free(text);
	return r < 0 ? r : 0;
}

static void compare_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	struct compare_job *job = data;
	struct insp_compared *of = job->of;
	struct insp_run *run = NULL;

	if (!of->run[1]) {
		job->result = insp_run_load(job->path, go_on, job->cancel, &run, &job->error);
		if (job->result == 0)
			of->run[1] = insp__shared_new(run);
	}
	if (job->result == 0 && !of->run[1]->run->count) {
		job->result = -ENODATA;
		g_strlcpy(job->error.text, "the trace has no events", sizeof(job->error.text));
	}
	if (job->result == 0)
		job->result = insp_pair_new(of->run[0]->run, of->run[1]->run, of->ignore, go_on, job->cancel, &of->pair, &job->error);
	if (job->result == 0)
		job->result = find_verdict(of, job->cancel, &job->error);
	g_task_return_boolean(task, TRUE);
}

static void show(InspWindow *window, struct insp_compared *of)
{
	struct insp_compare *compare = window->compare = g_new0(struct insp_compare, 1);

	compare->of = of;
	compare->current = compare->other = compare->chosen = INSP_NONE;
	compare->gaps = insp_gaps_new(of->pair);
	compare->pager = insp_pager_new(of->run[1]->run);
	g_signal_connect_swapped(compare->pager, "loaded", G_CALLBACK(insp__update_status), window);
	insp__compare_state_open(window);
	insp_lanes_set_gaps(window->lanes, compare->gaps, compare->pager);
	insp_view_whole(insp_lanes_view(window->lanes));
	insp_lanes_view_changed(window->lanes);
	insp_difference_list_set(window->differences, of->pair, window->pager, compare->pager);
	gtk_widget_set_visible(window->compare_page, TRUE);
	insp__share_height(window);
	insp__pane_offer(window, INSP_PANE_DIFFERENCES, true);
	insp__pane_show(window, INSP_PANE_DIFFERENCES, /* asked= */ !insp__pane_is_out(window, INSP_PANE_DIFFERENCES));
	insp__compare_follow(window);
	insp__show_topology(window);
	insp__show_packet(window);
	insp__program_follow(window);
}

static void compare_done(GObject *object, GAsyncResult *result, gpointer data)
{
	InspWindow *window = INSP_WINDOW(object);
	struct compare_job *job = g_task_get_task_data(G_TASK(result));

	window->searching--;
	if (job->result < 0 && job->result != -ECANCELED)
		insp__refuse(window, "%s: %s", job->path, job->error.text);
	if (job->result == 0 && job->of->run[0] == window->shared && window->focus != INSP_NONE) {
		insp__compare_close(window);
		show(window, g_steal_pointer(&job->of));
	}
	insp__update_status(window);
}

static void start(InspWindow *window, const char *path, struct insp_shared *second, unsigned int ignore)
{
	struct compare_job *job = g_new0(struct compare_job, 1);
	g_autoptr(GTask) task = g_task_new(window, NULL, compare_done, NULL);

	job->of = g_atomic_rc_box_new0(struct insp_compared);
	job->of->run[0] = g_atomic_rc_box_acquire(window->shared);
	job->of->run[1] = second ? g_atomic_rc_box_acquire(second) : NULL;
	job->of->ignore = ignore;
	job->of->first[0] = job->of->first[1] = INSP_NONE;
	job->path = g_strdup(path);
	job->cancel = g_object_ref(window->cancel);
	g_task_set_task_data(task, job, job_free);
	window->searching++;
	g_task_run_in_thread(task, compare_thread);
	insp__update_status(window);
}

void insp__compare_open(InspWindow *window, const char *path)
{
	start(window, path, NULL, window->compare ? window->compare->of->ignore : 0);
}

void insp__compare_close(InspWindow *window)
{
	struct insp_compare *compare = g_steal_pointer(&window->compare);

	if (!compare)
		return;
	insp_lanes_set_gaps(window->lanes, NULL, NULL);
	insp__show_topology(window);
	insp_difference_list_set(window->differences, NULL, NULL, NULL);
	gtk_widget_set_visible(window->compare_page, FALSE);
	insp__share_height(window);
	if (insp__pane_is_seen(window, INSP_PANE_DIFFERENCES))
		insp__pane_show(window, INSP_PANE_EVENTS, /* asked= */ false);
	insp__pane_offer(window, INSP_PANE_DIFFERENCES, false);
	insp__compare_state_close(window, compare);
	g_signal_handlers_disconnect_by_data(compare->pager, window);
	insp_pager_stop(compare->pager);
	g_object_unref(compare->pager);
	insp_gaps_free(compare->gaps);
	insp__compared_unref(compare->of);
	g_free(compare);
	if (window->run && window->focus != INSP_NONE)
		insp__show_packet(window);
}

/* ---- where the second run is ---- */

void insp__compare_follow(InspWindow *window)
{
	struct insp_compare *compare = window->compare;

	if (!compare || window->focus == INSP_NONE)
		return;
	compare->other = compare->chosen != INSP_NONE ? compare->chosen : insp_pair_other(compare->of->pair, 0, window->focus);
	insp_lanes_set_other(window->lanes, compare->other);
	insp__compare_bar_show(window);
	insp__compare_threads(window);
}

void insp__compare_goto(InspWindow *window, uint32_t seq)
{
	struct insp_compare *compare = window->compare;

	compare->chosen = seq;
	insp__focus(window, insp_pair_other(compare->of->pair, 1, seq), /* remember= */ true);
	compare->chosen = INSP_NONE;
}

guint insp__compare_pending(InspWindow *window)
{
	return window->compare ? insp_pager_pending(window->compare->pager) + insp_engine_pending(window->compare->engine) : 0;
}

const struct insp_pair *insp__compare_pair(InspWindow *window)
{
	return window->compare ? window->compare->of->pair : NULL;
}

uint32_t insp__compare_other(InspWindow *window)
{
	return window->compare ? window->compare->other : INSP_NONE;
}

/* ---- differences ---- */

static bool need_compare(InspWindow *window)
{
	if (window->compare)
		return true;
	insp__refuse(window, "no second run is open; compare.open opens one");
	return false;
}

/* Goes to a difference, seen from the first run; one that only the second has is gone to there. */
static void show_difference(InspWindow *window, uint32_t index)
{
	struct insp_compare *compare = window->compare;
	const struct insp_difference *d = &compare->of->pair->differences[index];

	compare->current = index;
	if (d->first[0] == INSP_NONE) {
		insp__compare_goto(window, d->first[1]);
	} else {
		compare->chosen = d->first[1];
		insp__focus(window, d->first[0], /* remember= */ true);
		compare->chosen = INSP_NONE;
	}
	compare->current_at = window->focus;
	insp_difference_list_show(window->differences, index);
	insp__compare_bar_show(window);
}

/* The one after that where we stand; when we have gone elsewhere since, after where we are. */
static int64_t next_difference(InspWindow *window, int direction)
{
	const struct insp_compare *compare = window->compare;

	if (compare->current != INSP_NONE && compare->current_at == window->focus) {
		const int64_t to = (int64_t)compare->current + direction;

		return to < compare->of->pair->difference_count ? to : -1;
	}
	const uint32_t to = insp_pair_step(compare->of->pair, 0, window->focus, direction);

	return to == INSP_NONE ? -1 : (int64_t)to;
}

static bool compare_step(InspWindow *window, int direction)
{
	if (!need_compare(window))
		return false;
	const int64_t to = next_difference(window, direction);

	if (to < 0) {
		insp__refuse(window, "%s", !window->compare->of->pair->difference_count ? "the runs do not differ"
					   : direction > 0 ? "there is no further difference" : "there is no earlier difference");
		return false;
	}
	show_difference(window, (uint32_t)to);
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

bool insp__do_compare_first(InspWindow *window, const char *argument)
{
	if (!need_compare(window))
		return false;
	if (!window->compare->of->pair->difference_count) {
		insp__refuse(window, "the runs do not differ");
		return false;
	}
	show_difference(window, 0);
	return true;
}

bool insp__do_compare_difference(InspWindow *window, const char *argument)
{
	char *end;
	const guint64 number = g_ascii_strtoull(argument, &end, 10);

	if (!need_compare(window))
		return false;
	if (*end || !number || number > window->compare->of->pair->difference_count) {
		insp__refuse(window, "there is no difference %s; there are %u", argument, window->compare->of->pair->difference_count);
		return false;
	}
	show_difference(window, (uint32_t)number - 1);
	return true;
}

bool insp__do_compare_goto(InspWindow *window, const char *argument)
{
	struct fmt_error error = {{0}};
	uint32_t seq;

	if (!need_compare(window))
		return false;
	if (insp_position_parse(window->compare->of->run[1]->run, argument, &seq, &error) < 0) {
		insp__refuse(window, "%s", error.text);
		return false;
	}
	insp__compare_goto(window, seq);
	return true;
}

bool insp__do_compare_close(InspWindow *window, const char *argument)
{
	insp__compare_close(window);
	return true;
}

/* ---- what is no difference ---- */

static bool set_ignore(InspWindow *window, unsigned int ignore)
{
	const struct insp_compared *of = window->compare->of;

	start(window, of->run[1]->run->path, of->run[1], ignore);
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
	return set_ignore(window, ignore);
}

bool insp__do_compare_ignore_time(InspWindow *window, const char *argument)
{
	return need_compare(window) && set_ignore(window, window->compare->of->ignore ^ FMT_IGNORE_TIME);
}

bool insp__do_compare_ignore_pids(InspWindow *window, const char *argument)
{
	return need_compare(window) && set_ignore(window, window->compare->of->ignore ^ FMT_IGNORE_PIDS);
}

bool insp__do_compare_ignore_ports(InspWindow *window, const char *argument)
{
	return need_compare(window) && set_ignore(window, window->compare->of->ignore ^ FMT_IGNORE_PORTS);
}

bool insp__do_compare_ignore_payload(InspWindow *window, const char *argument)
{
	return need_compare(window) && set_ignore(window, window->compare->of->ignore ^ FMT_IGNORE_PAYLOAD);
}

/* ---- what they have in common ---- */

void insp__compare_turn_gap(InspWindow *window, uint32_t gap)
{
	g_autofree char *command = g_strdup_printf("%s %u", window->compare->gaps->all[gap].open ? "compare.collapse" : "compare.expand",
						   gap + 1);

	insp__run_text(window, command);
}

/* argument: the number of a stretch, from 1; "": all. */
static bool set_gap(InspWindow *window, const char *argument, bool open)
{
	if (!need_compare(window))
		return false;
	const struct insp_gaps *gaps = window->compare->gaps;
	char *end;
	const guint64 number = g_ascii_strtoull(argument, &end, 10);

	if (*argument && (*end || !number || number > gaps->count)) {
		insp__refuse(window, "there is no identical stretch %s; there are %u of them", argument, gaps->count);
		return false;
	}
	if (!gaps->count) {
		insp__refuse(window, "no identical stretch is long enough to be folded");
		return false;
	}
	insp_lanes_open_gap(window->lanes, *argument ? (uint32_t)number - 1 : INSP_NONE, open);
	return true;
}

bool insp__do_compare_expand(InspWindow *window, const char *argument)
{
	return set_gap(window, argument, true);
}

bool insp__do_compare_collapse(InspWindow *window, const char *argument)
{
	return set_gap(window, argument, false);
}

bool insp__do_compare_stretches(InspWindow *window, const char *argument)
{
	return need_compare(window) && set_gap(window, "", window->compare->gaps->closed > 0);
}

/* ---- printed ---- */

static void put_seq(GString *text, const char *name, uint32_t seq)
{
	if (seq == INSP_NONE)
		g_string_append_printf(text, "\"%s\":null", name);
	else
		g_string_append_printf(text, "\"%s\":%u", name, seq);
}

static void put_rows(GString *text, const struct insp_pair *pair)
{
	for (uint32_t i = 0; i < pair->row_count; i++) {
		const struct insp_pair_row *row = &pair->rows[i];
		const int side = row->lane[0] == INSP_NONE;

		g_string_append_printf(text, "%s{\"node\":\"%s\",\"in\":\"%s\",\"common\":%u}", i ? "," : "",
				       pair->run[side]->lanes[row->lane[side]].name,
				       side ? "B" : row->lane[1] == INSP_NONE ? "A" : "AB", row->common);
	}
}

static void put_gaps(GString *text, const struct insp_gaps *gaps)
{
	for (uint32_t i = 0; i < gaps->count; i++) {
		const struct insp_gap *gap = &gaps->all[i];

		g_string_append_printf(text, "%s{\"a\":%u,\"b\":%u,\"count\":%u,\"folded\":%s}", i ? "," : "", gap->first[0],
				       gap->first[1], gap->end[0] - gap->first[0], gap->open ? "false" : "true");
	}
}

/* One line of JSON: the verdict, counts, each node's common begin, the stretches, and where both runs are. */
bool insp__do_print_compare(InspWindow *window, const char *argument)
{
	if (!need_compare(window))
		return false;
	const struct insp_compare *compare = window->compare;
	const struct insp_compared *of = compare->of;
	g_autoptr(GString) text = g_string_new(NULL);

	g_string_append_printf(text, "{\"same\":%s,\"cause\":\"%s\",\"node\":\"%s\",", of->cause ? "false" : "true",
			       of->cause ? of->cause : "", of->node ? of->node : "");
	put_seq(text, "first_a", of->first[0]);
	g_string_append_c(text, ',');
	put_seq(text, "first_b", of->first[1]);
	g_string_append_printf(text, ",\"equal\":%u,\"changed\":%u,\"only_a\":%u,\"only_b\":%u,\"differences\":%u,\"a\":%u,\"b\":%u,"
			       "\"nodes\":[", of->pair->same, of->pair->changed, of->pair->alone[0], of->pair->alone[1],
			       of->pair->difference_count, window->focus, compare->other);
	put_rows(text, of->pair);
	g_string_append(text, "],\"stretches\":[");
	put_gaps(text, compare->gaps);
	g_string_append(text, "]}");
	puts(text->str);
	fflush(stdout);
	return true;
}
