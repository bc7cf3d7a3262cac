/* SPDX-License-Identifier: GPL-2.0-or-later */
/* notes-pane.c - the notes of the trace: their table, their flags in the pictures, writing and removing one. */
#include "window-int.h"

#include "base/check.h"

static const struct insp_text_column columns[] = {
	NUMBER("Event"), {.title = "Time (s)", .right = TRUE}, WORD("Node"), WORD("By"), WORD("Written"), WIDE("Note"), {NULL}};

/* ---- showing ---- */

static InspTextRow *row_of(InspWindow *window, const struct insp_note *note)
{
	g_autofree char *key = g_strdup_printf("%" G_GUINT64_FORMAT, note->id);
	g_autoptr(GDateTime) written = g_date_time_new_from_unix_local((gint64)note->time_s);
	InspTextRow *row = insp_text_row_new(key);
	char time[48];

	insp_put_time(time, sizeof(time), insp_vtime(window->run, note->seq));
	row->text[0] = g_strdup_printf("%u", note->seq);
	row->text[1] = g_strdup(time);
	row->text[2] = g_strdup(window->run->lanes[insp_lane_of(window->run, note->seq)].name);
	row->text[3] = g_strdup(note->author);
	row->text[4] = written ? g_date_time_format(written, "%Y-%m-%d %H:%M") : NULL;
	row->text[5] = g_strdup(note->text);
	row->data = GUINT_TO_POINTER(note->seq);
	return row;
}

void insp__notes_read(InspWindow *window)
{
	GPtrArray *rows = g_ptr_array_new_with_free_func(g_object_unref);
	g_autofree uint32_t *seqs = NULL;
	struct fmt_error error = {{0}};

	insp_notes_done(&window->notes);
	if (insp_notes_read(window->run, &window->notes, &error) < 0)
		insp__refuse(window, "the notes cannot be read: %s", error.text);
	seqs = g_new(uint32_t, window->notes.count + 1);
	for (uint32_t i = 0; i < window->notes.count; i++) {
		g_ptr_array_add(rows, row_of(window, &window->notes.rows[i]));
		seqs[i] = window->notes.rows[i].seq;
	}
	insp_text_table_set(window->notes_table, rows, /* keep_marks= */ TRUE);
	insp_lanes_set_notes(window->lanes, seqs, window->notes.count);
	insp_overview_set_notes(window->overview, seqs, window->notes.count);
}

void insp__notes_forget(InspWindow *window)
{
	insp_notes_done(&window->notes);
	insp_text_table_clear(window->notes_table, NULL);
	insp__note_bar_close(window);
}

static void activated(InspTextRow *row, gpointer data)
{
	g_autofree char *command = g_strdup_printf("focus.goto @%u", GPOINTER_TO_UINT(row->data));

	insp__run_text(data, command);
}

void insp__add_notes(InspWindow *window)
{
	window->notes_table = insp_text_table_new(columns, "Notes", "Nobody has written a note yet.\n"
						  "M writes one to the place where you are; it is kept in the trace.");
	insp_text_table_on_activate(window->notes_table, activated, window);
	insp__pane_add(window, INSP_PANE_NOTES, GTK_WIDGET(window->notes_table));
}

/* ---- writing: the trace is written anew, which takes as long as it is large ---- */

struct note_job {
	struct insp_shared *shared;
	uint32_t seq;
	char *text;			/* NULL: id is removed */
	uint64_t id;
	struct fmt_error error;
	int result;
};

static void job_free(gpointer data)
{
	struct note_job *job = data;

	insp__shared_unref(job->shared);
	g_free(job->text);
	g_free(job);
}

static void write_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	struct note_job *job = data;
	const struct fmt_note note = {.seq = job->seq, .author = g_get_user_name(), .time_s = fmt_note_time_s(), .text = job->text};

	job->result = job->text ? fmt_note_add(job->shared->run->path, &note, &job->id, &job->error)
				: fmt_note_remove(job->shared->run->path, job->id, &job->error);
	g_task_return_boolean(task, TRUE);
}

/* Every window on the trace has the note: it stands in the file that they all show.  The one that it was written in may be gone. */
static void read_everywhere(InspWindow *window)
{
	GList *windows = gtk_application_get_windows(GTK_APPLICATION(g_application_get_default()));

	for (; windows; windows = windows->next) {
		InspWindow *other = INSP_IS_WINDOW(windows->data) ? INSP_WINDOW(windows->data) : NULL;

		if (!other || !other->run || strcmp(other->run->path, window->run->path) != 0)
			continue;
		insp__notes_read(other);
		insp__update_status(other);
	}
}

static void write_done(GObject *object, GAsyncResult *result, gpointer data)
{
	InspWindow *window = INSP_WINDOW(object);
	const struct note_job *job = g_task_get_task_data(G_TASK(result));

	g_application_release(g_application_get_default());
	window->searching--;
	if (job->result < 0)
		insp__refuse(window, "%s", job->error.text[0] ? job->error.text : g_strerror(-job->result));
	else if (job->shared == window->shared)
		read_everywhere(window);
	insp__update_status(window);
}

static void start(InspWindow *window, const char *text, uint64_t id)
{
	struct note_job *job = g_new0(struct note_job, 1);
	g_autoptr(GTask) task = g_task_new(window, NULL, write_done, NULL);

	job->shared = g_atomic_rc_box_acquire(window->shared);
	job->seq = window->focus;
	job->text = g_strdup(text);
	job->id = id;
	g_task_set_task_data(task, job, job_free);
	window->searching++;
	/* Who closes the window with the next key has written a note nevertheless. */
	g_application_hold(g_application_get_default());
	g_task_run_in_thread(task, write_thread);
	insp__update_status(window);
}

/* ---- commands ---- */

bool insp__do_note_add(InspWindow *window, const char *argument)
{
	if (!insp__need_run(window))
		return false;
	if (*argument)
		start(window, argument, 0);
	else
		insp__note_bar_ask(window);
	return true;
}

bool insp__do_note_here(InspWindow *window, const char *argument)
{
	return insp__do_note_add(window, "");
}

bool insp__do_note_remove(InspWindow *window, const char *argument)
{
	if (!insp__need_run(window))
		return false;
	start(window, NULL, g_ascii_strtoull(argument, NULL, 10));
	return true;
}

static bool step(InspWindow *window, int direction)
{
	if (!insp__need_run(window))
		return false;
	const uint32_t index = insp_notes_step(&window->notes, window->focus, direction);

	if (index == INSP_NONE) {
		insp__refuse(window, direction > 0 ? "there is no further note" : "there is no earlier note");
		return false;
	}
	insp__focus(window, window->notes.rows[index].seq, /* remember= */ true);
	return true;
}

bool insp__do_note_next(InspWindow *window, const char *argument)
{
	return step(window, 1);
}

bool insp__do_note_previous(InspWindow *window, const char *argument)
{
	return step(window, -1);
}
