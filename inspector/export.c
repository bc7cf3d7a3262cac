/* SPDX-License-Identifier: GPL-2.0-or-later */
/* export.c - pictures and tables for elsewhere. */
#include "window-int.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "export.h"
#include "saving.h"
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

#define PIECE 65536u

static int write_bytes(struct insp_saving *saving, FILE *out, gpointer data)
{
	gsize size, at = 0;
	const char *bytes = g_bytes_get_data(data, &size);

	for (; at < size && insp__saving_goes(saving, at, size); at += MIN(PIECE, size - at))
		if (fwrite(bytes + at, 1, MIN(PIECE, size - at), out) != MIN(PIECE, size - at))
			return -errno;
	return at < size ? -ECANCELED : 0;
}

static void free_bytes(gpointer data)
{
	g_bytes_unref(data);
}

/* Packing a large picture takes seconds. */
static int write_png(struct insp_saving *saving, FILE *out, gpointer data)
{
	g_autoptr(GBytes) png = gdk_texture_save_to_png_bytes(data);

	return write_bytes(saving, out, png);
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
	GdkTexture *texture = gsk_renderer_render_texture(renderer, node, &all);

	gsk_render_node_unref(node);
	insp__save(window, path, write_png, texture, g_object_unref);
	return true;
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
	GByteArray *bytes = g_byte_array_new();
	cairo_surface_t *surface = (pdf ? cairo_pdf_surface_create_for_stream : cairo_svg_surface_create_for_stream)(
		append, bytes, width, height);
	cairo_t *cairo = cairo_create(surface);

	draw_pictures(window, cairo);
	cairo_destroy(cairo);
	cairo_surface_finish(surface);
	const cairo_status_t status = cairo_surface_status(surface);

	GBytes *drawing = g_byte_array_free_to_bytes(bytes);

	cairo_surface_destroy(surface);
	if (status == CAIRO_STATUS_SUCCESS) {
		insp__save(window, path, write_bytes, drawing, free_bytes);
		return true;
	}
	g_bytes_unref(drawing);
	insp__refuse(window, "cannot draw: %s", cairo_status_to_string(status));
	return false;
}

/* ---- tables and captures ---- */

struct save_job {
	struct insp_shared *shared;
	InspEventList *list;		/* NULL: packets, as a capture */
	const char *format;		/* of packets */
	char *filter;
};

static void save_job_free(gpointer data)
{
	struct save_job *job = data;

	insp__shared_unref(job->shared);
	g_clear_object(&job->list);
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

static int write_rows(struct insp_saving *saving, const struct save_job *job, struct fmt_reader *reader, FILE *out)
{
	const struct insp_run *run = job->shared->run;
	const guint count = g_list_model_get_n_items(G_LIST_MODEL(job->list));
	struct fmt_buf summary = {0};
	int r = 0;

	fputs("event,vtime_ns,node,tid,kind,what\n", out);
	for (guint i = 0; i < count && r == 0; i++) {
		const uint32_t seq = insp_event_list_at(job->list, i);
		const struct insp_thread *thread = &run->threads[run->thread[seq]];
		const struct fmt_kind_info *info = fmt_kind_info(run->kind[seq]);
		struct fmt_event event;
		vtime_ns ran;

		if (i % 256 == 0 && !insp__saving_goes(saving, i, count))
			r = -ECANCELED;
		else
			r = fmt_reader_event(reader, seq, &event, insp__saving_reason(saving));
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

static int write_job(struct insp_saving *saving, FILE *out, gpointer data)
{
	const struct save_job *job = data;
	_cleanup_(fmt_reader_closep) struct fmt_reader *reader = NULL;
	const struct fmt_export_options options = {.filter = job->filter, .go_on = insp__saving_goes, .go_on_data = saving};
	const int r = fmt_reader_open(job->shared->run->path, &reader, insp__saving_reason(saving));

	if (r < 0)
		return r;
	return job->list ? write_rows(saving, job, reader, out)
			 : fmt_export(reader, job->format, out, &options, insp__saving_reason(saving));
}

static void save(InspWindow *window, const char *path, InspEventList *list, const char *filter)
{
	struct save_job *job = g_new0(struct save_job, 1);

	job->shared = g_atomic_rc_box_acquire(window->shared);
	job->list = list ? g_object_ref(list) : NULL;
	job->format = g_str_has_suffix(path, ".pcapng") ? "pcapng" : "pcap";
	job->filter = g_strdup(filter);
	insp__save(window, path, write_job, job, save_job_free);
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
