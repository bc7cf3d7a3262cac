/* SPDX-License-Identifier: GPL-2.0-or-later */
/* export.c - pictures and tables for elsewhere. */
#include "window-int.h"

#include <cairo-svg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "summary.h"

DEFINE_CLEANUP(struct fmt_reader *, fmt_reader_close)

/* What a widget shows now.  A GtkWidgetPaintable would be empty between a change and its next frame. */
static GskRenderNode *picture_of(GtkWidget *widget)
{
	GtkSnapshot *snapshot = gtk_snapshot_new();
	GdkRGBA ground;

	if (gtk_style_context_lookup_color(gtk_widget_get_style_context(widget), "window_bg_color", &ground))
		gtk_snapshot_append_color(snapshot, &ground,
			&GRAPHENE_RECT_INIT(0, 0, (float)gtk_widget_get_width(widget), (float)gtk_widget_get_height(widget)));
	GTK_WIDGET_GET_CLASS(widget)->snapshot(widget, snapshot);
	return gtk_snapshot_free_to_node(snapshot);
}

bool insp__export_png(InspWindow *window, GtkWidget *widget, const char *path)
{
	GskRenderNode *node = picture_of(widget);
	GskRenderer *renderer = gtk_native_get_renderer(gtk_widget_get_native(widget));

	if (!node || !renderer) {
		insp__refuse(window, "cannot save a picture: the window is not shown");
		g_clear_pointer(&node, gsk_render_node_unref);
		return false;
	}
	const graphene_rect_t all = GRAPHENE_RECT_INIT(0, 0, (float)gtk_widget_get_width(widget),
						       (float)gtk_widget_get_height(widget));
	g_autoptr(GdkTexture) texture = gsk_renderer_render_texture(renderer, node, &all);

	gsk_render_node_unref(node);
	if (!gdk_texture_save_to_png(texture, path)) {
		insp__refuse(window, "cannot write %s", path);
		return false;
	}
	return true;
}

bool insp__export_svg(InspWindow *window, const char *path)
{
	GtkWidget *widget = GTK_WIDGET(window->lanes);
	GskRenderNode *node = picture_of(widget);

	if (!node) {
		insp__refuse(window, "cannot save a drawing: the window is not shown");
		return false;
	}
	cairo_surface_t *surface = cairo_svg_surface_create(path, gtk_widget_get_width(widget), gtk_widget_get_height(widget));
	cairo_t *cairo = cairo_create(surface);

	gsk_render_node_draw(node, cairo);
	cairo_destroy(cairo);
	cairo_surface_finish(surface);
	const cairo_status_t status = cairo_surface_status(surface);

	cairo_surface_destroy(surface);
	gsk_render_node_unref(node);
	if (status != CAIRO_STATUS_SUCCESS)
		insp__refuse(window, "cannot write %s: %s", path, cairo_status_to_string(status));
	return status == CAIRO_STATUS_SUCCESS;
}

/* ---- tables ---- */

struct csv_job {
	struct insp_shared *shared;
	InspEventList *list;
	GCancellable *cancel;
	char *path;
	int result;
};

static void csv_job_free(gpointer data)
{
	struct csv_job *job = data;

	insp__shared_unref(job->shared);
	g_object_unref(job->list);
	g_object_unref(job->cancel);
	g_free(job->path);
	g_free(job);
}

static void put_quoted(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static int write_rows(struct csv_job *job, struct fmt_reader *reader, FILE *out)
{
	const struct insp_run *run = job->shared->run;
	const guint count = g_list_model_get_n_items(G_LIST_MODEL(job->list));
	struct fmt_buf summary = {0};
	int r = 0;

	fputs("event,vtime_ns,node,tid,kind,what\n", out);
	for (guint i = 0; i < count && r == 0 && !g_cancellable_is_cancelled(job->cancel); i++) {
		const uint32_t seq = insp_event_list_at(job->list, i);
		const struct insp_thread *thread = &run->threads[run->thread[seq]];
		const struct fmt_kind_info *info = fmt_kind_info(run->kind[seq]);
		struct fmt_event event;
		vtime_ns ran;

		r = fmt_reader_event(reader, seq, &event, NULL);
		if (r < 0)
			break;
		fmt_buf_clear(&summary);
		insp_put_summary(&summary, &event, &ran);
		fmt_buf_put(&summary, "", 1);
		fprintf(out, "%u,%llu,", seq, (unsigned long long)run->vtime[seq]);
		put_quoted(out, run->lanes[thread->lane].name);
		fprintf(out, ",%u,%s,", thread->tid, info ? info->name : "");
		put_quoted(out, (const char *)summary.data);
		fputc('\n', out);
	}
	fmt_buf_done(&summary);
	return r;
}

static void csv_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	struct csv_job *job = data;
	_cleanup_(fmt_reader_closep) struct fmt_reader *reader = NULL;
	FILE *out = fopen(job->path, "we");

	job->result = out ? fmt_reader_open(job->shared->run->path, &reader, NULL) : -errno;
	if (job->result == 0)
		job->result = write_rows(job, reader, out);
	if (out && (ferror(out) | fclose(out)) && job->result == 0)
		job->result = -EIO;
	g_task_return_boolean(task, TRUE);
}

static void csv_done(GObject *object, GAsyncResult *result, gpointer data)
{
	InspWindow *window = INSP_WINDOW(object);
	const struct csv_job *job = g_task_get_task_data(G_TASK(result));

	window->searching--;
	if (job->result < 0)
		insp__refuse(window, "cannot write %s: %s", job->path, strerror(-job->result));
	insp__update_status(window);
}

bool insp__export_csv(InspWindow *window, const char *path)
{
	InspEventList *list = window->list_of[insp__current_tab(window)];
	struct csv_job *job = g_new0(struct csv_job, 1);
	g_autoptr(GTask) task = g_task_new(window, NULL, csv_done, NULL);

	CHECK(list);
	job->shared = g_atomic_rc_box_acquire(window->shared);
	job->list = g_object_ref(list);
	job->cancel = g_object_ref(window->cancel);
	job->path = g_strdup(path);
	g_task_set_task_data(task, job, csv_job_free);
	window->searching++;
	g_task_run_in_thread(task, csv_thread);
	return true;
}
