/* SPDX-License-Identifier: GPL-2.0-or-later */
/* talk.c - a conversation as text, who said what told by colour and by an arrow. */
#include "window-int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "saving.h"
#include "streams.h"
#include "steps.h"

#define SHOWN_MAX (1u << 20)	/* bytes; a text view of more is slow */

struct talk_job {
	struct insp_shared *shared;
	GCancellable *cancel;
	uint32_t stream;
	enum insp_talk_use use;
	struct insp_talk talk;
	struct fmt_error error;
	int result;
};

static void job_free(gpointer data)
{
	struct talk_job *job = data;

	insp__shared_unref(job->shared);
	g_object_unref(job->cancel);
	insp_talk_done(&job->talk);
	g_free(job);
}

static bool go_on(void *data, uint32_t done, uint32_t count)
{
	return !g_cancellable_is_cancelled(data);
}

static bool goes(void *saving, uint32_t done, uint32_t count)
{
	return insp__saving_goes(saving, done, count);
}

/* What one side said, byte for byte. */
static int save_side(struct insp_saving *saving, FILE *out, gpointer data)
{
	struct talk_job *job = data;
	const uint8_t side = job->use == TALK_SAVE_SERVER;
	const int r = insp_talk_read(job->shared->run, job->stream, goes, saving, &job->talk, insp__saving_reason(saving));

	if (r < 0)
		return r;
	if (job->talk.cut) {
		g_strlcpy(insp__saving_reason(saving)->text, "the conversation is longer than 64 MiB; export.pcap has no limit",
			  sizeof(job->error.text));
		return -EFBIG;
	}
	for (uint32_t i = 0; i < job->talk.count; i++)
		if (job->talk.said[i].side == side)
			fwrite(job->talk.bytes.data + job->talk.said[i].offset, 1, job->talk.said[i].size, out);
	return 0;
}

static void read_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	struct talk_job *job = data;

	job->result = insp_talk_read(job->shared->run, job->stream, go_on, job->cancel, &job->talk, &job->error);
	g_task_return_boolean(task, TRUE);
}

/* What does not print becomes a dot; lines stay. */
static char *printable(const struct insp_talk *talk, const struct insp_said *said)
{
	GString *text = g_string_sized_new(said->size + 1);

	for (size_t i = 0; i < said->size; i++) {
		const uint8_t byte = talk->bytes.data[said->offset + i];

		if (byte != '\r')
			g_string_append_c(text, byte == '\n' || byte == '\t' || (byte >= ' ' && byte < 127) ? (char)byte : '.');
	}
	if (!text->len || text->str[text->len - 1] != '\n')
		g_string_append_c(text, '\n');
	return g_string_free(text, FALSE);
}

static char *heading(const struct talk_job *job, const struct insp_said *said)
{
	const struct insp_run *run = job->shared->run;
	const struct insp_packet *packet = &run->packets[said->packet];
	char from[64], to[64], time[48];

	insp_stream_put_end(&run->streams[job->stream], said->side, from, sizeof(from));
	insp_stream_put_end(&run->streams[job->stream], !said->side, to, sizeof(to));
	insp_put_time(time, sizeof(time), insp_vtime(run, packet->send));
	return g_strdup_printf("%s %s \u2192 %s   @%u   %s s   %zu bytes%s\n", said->side ? "\u25c2" : "\u25b8", from, to,
			       packet->send, time, said->size, said->gap ? "   (bytes are missing before these)" : "");
}

static void print_talk(const struct talk_job *job)
{
	for (uint32_t i = 0; i < job->talk.count; i++) {
		g_autofree char *head = heading(job, &job->talk.said[i]), *text = printable(&job->talk, &job->talk.said[i]);

		printf("%s%s", head, text);
	}
	fflush(stdout);
}

static void fill(GtkTextBuffer *buffer, const struct talk_job *job)
{
	GtkTextIter end;
	size_t shown = 0;

	gtk_text_buffer_create_tag(buffer, "head", "weight", PANGO_WEIGHT_BOLD, "scale", 0.9, "pixels-above-lines", 8, NULL);
	gtk_text_buffer_create_tag(buffer, "side0", "left-margin", 12, NULL);
	gtk_text_buffer_create_tag(buffer, "side1", "left-margin", 36, "foreground", "#3584e4", NULL);
	for (uint32_t i = 0; i < job->talk.count && shown < SHOWN_MAX; i++) {
		const struct insp_said *said = &job->talk.said[i];
		g_autofree char *head = heading(job, said), *text = printable(&job->talk, said);

		gtk_text_buffer_get_end_iter(buffer, &end);
		gtk_text_buffer_insert_with_tags_by_name(buffer, &end, head, -1, "head", said->side ? "side1" : "side0", NULL);
		gtk_text_buffer_insert_with_tags_by_name(buffer, &end, text, (int)MIN(strlen(text), SHOWN_MAX - shown),
							 said->side ? "side1" : "side0", NULL);
		shown += said->size;
	}
}

static void show_talk(InspWindow *window, const struct talk_job *job)
{
	GtkWidget *dialog = adw_window_new(), *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
	GtkWidget *view = gtk_text_view_new(), *scroller = gtk_scrolled_window_new(), *bar = adw_header_bar_new();
	char a[64], b[64];

	insp_stream_put_end(&job->shared->run->streams[job->stream], 0, a, sizeof(a));
	insp_stream_put_end(&job->shared->run->streams[job->stream], 1, b, sizeof(b));
	g_autofree char *title = g_strdup_printf("%s \u2194 %s", a, b);
	g_autofree char *facts = g_strdup_printf("%zu bytes in %u turns%s", job->talk.bytes.size, job->talk.count,
						 job->talk.cut ? ", cut"
						 : job->talk.bytes.size > SHOWN_MAX ? ", the first part shown" : "");

	adw_header_bar_set_title_widget(ADW_HEADER_BAR(bar), adw_window_title_new(title, facts));
	gtk_text_view_set_editable(GTK_TEXT_VIEW(view), FALSE);
	gtk_text_view_set_monospace(GTK_TEXT_VIEW(view), TRUE);
	gtk_text_view_set_wrap_mode(GTK_TEXT_VIEW(view), GTK_WRAP_CHAR);
	insp_name(view, "Conversation");
	fill(gtk_text_view_get_buffer(GTK_TEXT_VIEW(view)), job);
	gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), view);
	gtk_widget_set_vexpand(scroller, TRUE);
	gtk_box_append(GTK_BOX(box), bar);
	gtk_box_append(GTK_BOX(box), scroller);
	adw_window_set_content(ADW_WINDOW(dialog), box);
	gtk_window_set_title(GTK_WINDOW(dialog), title);
	gtk_window_set_default_size(GTK_WINDOW(dialog), 760, 620);
	gtk_window_set_transient_for(GTK_WINDOW(dialog), insp__front(window));
	insp_present(dialog);
}

static void read_done(GObject *object, GAsyncResult *result, gpointer data)
{
	InspWindow *window = INSP_WINDOW(object);
	const struct talk_job *job = g_task_get_task_data(G_TASK(result));

	window->searching--;
	if (job->result < 0 && job->result != -ECANCELED)
		insp__refuse(window, "%s", job->error.text);
	else if (job->result == 0 && job->shared == window->shared && job->use == TALK_PRINT)
		print_talk(job);
	else if (job->result == 0 && job->shared == window->shared && job->use == TALK_SHOW)
		show_talk(window, job);
	insp__update_status(window);
}

void insp__talk(InspWindow *window, uint32_t stream, enum insp_talk_use use, const char *path)
{
	struct talk_job *job = g_new0(struct talk_job, 1);

	job->shared = g_atomic_rc_box_acquire(window->shared);
	job->cancel = g_object_ref(window->cancel);
	job->stream = stream;
	job->use = use;
	if (path) {
		insp__save(window, path, save_side, job, job_free);
		return;
	}
	g_autoptr(GTask) task = g_task_new(window, NULL, read_done, NULL);

	g_task_set_task_data(task, job, job_free);
	window->searching++;
	g_task_run_in_thread(task, read_thread);
}
