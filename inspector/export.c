/* SPDX-License-Identifier: GPL-2.0-or-later */
/* export.c - pictures and tables for elsewhere. */
#include "window-int.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "export.h"
#include "summary.h"

DEFINE_CLEANUP(struct fmt_reader *, fmt_reader_close)

/* A part of a file is worse than none; a device stays. */
static void remove_file(const char *path)
{
	if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
		g_unlink(path);
}

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

/* False: it cannot be written, and says why; nothing of it is left. */
static bool write_all(InspWindow *window, const char *path, const void *bytes, gsize size)
{
	FILE *out = fopen(path, "we");
	int error = out ? 0 : errno;

	if (out && fwrite(bytes, 1, size, out) != size)
		error = errno;
	if (out && fclose(out) != 0 && !error)
		error = errno;
	if (!error)
		return true;
	insp__refuse(window, "cannot write %s: %s", path, g_strerror(error));
	if (out)
		remove_file(path);
	return false;
}

/* ... and would show in another size: it is given that size, and its own again. */
static GskRenderNode *picture_at(GtkWidget *widget, int width, int height)
{
	const int its_width = gtk_widget_get_width(widget), its_height = gtk_widget_get_height(widget);

	if (width == its_width && height == its_height)
		return picture_of(widget);
	/* Margins come out of what is allocated. */
	const int around_x = gtk_widget_get_margin_start(widget) + gtk_widget_get_margin_end(widget);
	const int around_y = gtk_widget_get_margin_top(widget) + gtk_widget_get_margin_bottom(widget);

	gtk_widget_allocate(widget, width + around_x, height + around_y, -1, NULL);
	GskRenderNode *node = picture_of(widget);

	gtk_widget_allocate(widget, its_width + around_x, its_height + around_y, -1, NULL);
	gtk_widget_queue_resize(widget);
	return node;
}

bool insp__export_png(InspWindow *window, GtkWidget *widget, int width, int height, const char *path)
{
	GskRenderNode *node = picture_at(widget, width, height);
	GskRenderer *renderer = gtk_native_get_renderer(gtk_widget_get_native(widget));

	if (!node || !renderer) {
		insp__refuse(window, "cannot save a picture: the window is not shown");
		g_clear_pointer(&node, gsk_render_node_unref);
		return false;
	}
	const graphene_rect_t all = GRAPHENE_RECT_INIT(0, 0, (float)width, (float)height);
	g_autoptr(GdkTexture) texture = gsk_renderer_render_texture(renderer, node, &all);

	gsk_render_node_unref(node);
	g_autoptr(GBytes) png = gdk_texture_save_to_png_bytes(texture);

	return write_all(window, path, g_bytes_get_data(png, NULL), g_bytes_get_size(png));
}

/* The timeline, and below it the plots when they are shown: what stands in the window. */
static void draw_pictures(InspWindow *window, cairo_t *cairo)
{
	GtkWidget *const widgets[] = {GTK_WIDGET(window->lanes), GTK_WIDGET(window->plots)};

	for (guint i = 0; i < G_N_ELEMENTS(widgets); i++) {
		GskRenderNode *node = gtk_widget_get_mapped(widgets[i]) ? picture_of(widgets[i]) : NULL;

		if (!node)
			continue;
		gsk_render_node_draw(node, cairo);
		gsk_render_node_unref(node);
		cairo_translate(cairo, 0, gtk_widget_get_height(widgets[i]));
	}
}

static cairo_status_t append(void *bytes, const unsigned char *data, unsigned int size)
{
	g_byte_array_append(bytes, data, size);
	return CAIRO_STATUS_SUCCESS;
}

static int height_of(GtkWidget *widget)
{
	return gtk_widget_get_mapped(widget) ? gtk_widget_get_height(widget) : 0;
}

bool insp__export_drawing(InspWindow *window, const char *path, bool pdf)
{
	const double width = gtk_widget_get_width(GTK_WIDGET(window->lanes));
	const double height = height_of(GTK_WIDGET(window->lanes)) + height_of(GTK_WIDGET(window->plots));
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	cairo_surface_t *surface = (pdf ? cairo_pdf_surface_create_for_stream : cairo_svg_surface_create_for_stream)(
		append, bytes, width, height);
	cairo_t *cairo = cairo_create(surface);

	draw_pictures(window, cairo);
	cairo_destroy(cairo);
	cairo_surface_finish(surface);
	const cairo_status_t status = cairo_surface_status(surface);

	cairo_surface_destroy(surface);
	if (status == CAIRO_STATUS_SUCCESS)
		return write_all(window, path, bytes->data, bytes->len);
	insp__refuse(window, "cannot draw: %s", cairo_status_to_string(status));
	return false;
}

/* ---- tables and captures ---- */

struct save_job {
	struct insp_shared *shared;
	InspEventList *list;		/* NULL: packets, as a capture */
	GCancellable *cancel;
	char *path, *filter;
	gint64 begun_us;
	struct fmt_error error;
	int result;
};

static void save_job_free(gpointer data)
{
	struct save_job *job = data;

	insp__shared_unref(job->shared);
	g_clear_object(&job->list);
	g_object_unref(job->cancel);
	g_free(job->path);
	g_free(job->filter);
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

static int write_rows(struct save_job *job, struct fmt_reader *reader, FILE *out)
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
		fprintf(out, "%u,%llu,", seq, (unsigned long long)insp_vtime(run, seq));
		put_quoted(out, run->lanes[thread->lane].name);
		fprintf(out, ",%u,%s,", thread->tid, info ? info->name : "");
		put_quoted(out, (const char *)summary.data);
		fputc('\n', out);
	}
	fmt_buf_done(&summary);
	return r;
}

static void save_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	struct save_job *job = data;
	_cleanup_(fmt_reader_closep) struct fmt_reader *reader = NULL;
	FILE *out = fopen(job->path, "we");

	job->result = out ? fmt_reader_open(job->shared->run->path, &reader, NULL) : -errno;
	const struct fmt_export_options options = {.filter = job->filter};

	if (job->result == 0)
		job->result = job->list ? write_rows(job, reader, out)
					: fmt_export(reader, g_str_has_suffix(job->path, ".pcapng") ? "pcapng" : "pcap", out, &options,
						     &job->error);
	/* What a write has lost its flush tells, with the reason. */
	if (out && (fflush(out) != 0 || ferror(out)) && job->result == 0)
		job->result = errno ? -errno : -EIO;
	if (out && fclose(out) != 0 && job->result == 0)
		job->result = -errno;
	if (g_cancellable_is_cancelled(job->cancel) && job->result == 0)
		job->result = -ECANCELED;
	if (out && job->result < 0)
		remove_file(job->path);
	g_task_return_boolean(task, TRUE);
}

#define SLOW_US 200000

static void say_saved(InspWindow *window, const char *path)
{
	g_autofree char *base = g_path_get_basename(path);
	g_autofree char *words = g_strdup_printf("%s is saved", base);

	insp__say(window, words);
}

static const char *reason_of(const struct save_job *job)
{
	static const char known[] = "cannot write: ";

	if (!job->error.text[0])
		return g_strerror(-job->result);
	return g_str_has_prefix(job->error.text, known) ? job->error.text + strlen(known) : job->error.text;
}

static void save_done(GObject *object, GAsyncResult *result, gpointer data)
{
	InspWindow *window = INSP_WINDOW(object);
	const struct save_job *job = g_task_get_task_data(G_TASK(result));

	window->searching--;
	/* Whoever has waited is told that it is over. */
	if (job->result == 0 && g_get_monotonic_time() - job->begun_us > SLOW_US)
		say_saved(window, job->path);
	if (job->result == -ECANCELED)
		insp__refuse(window, "%s was not saved: it was stopped", job->path);
	else if (job->result < 0)
		insp__refuse(window, "cannot write %s: %s", job->path, reason_of(job));
	insp__update_status(window);
}

static void save(InspWindow *window, const char *path, InspEventList *list, const char *filter)
{
	struct save_job *job = g_new0(struct save_job, 1);
	g_autoptr(GTask) task = g_task_new(window, NULL, save_done, NULL);

	job->shared = g_atomic_rc_box_acquire(window->shared);
	job->list = list ? g_object_ref(list) : NULL;
	job->cancel = g_object_ref(window->cancel);
	job->path = g_strdup(path);
	job->filter = g_strdup(filter);
	job->begun_us = g_get_monotonic_time();
	g_task_set_task_data(task, job, save_job_free);
	window->searching++;
	g_task_run_in_thread(task, save_thread);
	/* The wheel turns. */
	insp__update_status(window);
}

bool insp__export_csv(InspWindow *window, const char *path)
{
	InspEventList *list = window->list_of[insp__current_tab(window)];

	if (!list) {
		insp__refuse(window, "there is no list of events to save yet");
		return false;
	}
	save(window, path, list, NULL);
	return true;
}

void insp__export_pcap(InspWindow *window, const char *path)
{
	save(window, path, NULL, window->filter_text);
}

void insp__export_range(InspWindow *window, const char *path, const struct insp_range *range, bool table)
{
	g_autofree char *filter = g_strdup_printf("seq >= %u && seq <= %u", range->first, range->last);
	struct insp_hits hits = {.count = range->last - range->first + 1};

	if (!table) {
		save(window, path, NULL, filter);
		return;
	}
	hits.seqs = malloc(hits.count * sizeof(*hits.seqs));
	CHECK(hits.seqs);
	for (uint32_t i = 0; i < hits.count; i++)
		hits.seqs[i] = range->first + i;
	g_autoptr(InspEventList) list = insp_event_list_new(window->run, window->pager, /* all= */ false, hits);

	save(window, path, list, NULL);
}
