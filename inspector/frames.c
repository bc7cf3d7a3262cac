/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frames.h"

#include <sys/resource.h>

#include "event-list.h"

struct insp_frames {
	GtkWidget *window;
	InspLanes *lanes;
	GdkFrameClock *clock;
	gint64 cpu_before;		/* of this thread, microseconds */
	guint painted;			/* pictures of the timeline until then */
	gint64 command_begun;		/* 0: none is under way */
	GArray *frame_us, *command_us;	/* gint64 */
	guint nodes_max, arrows_max, rows_max;
	gint64 first_us;		/* processor time of the whole program until the first picture of a run; 0: none yet */
};

static gint64 cpu_us(int who)
{
	struct rusage used;

	getrusage(who, &used);
	return (gint64)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

static void frame_begins(GdkFrameClock *clock, struct insp_frames *frames)
{
	struct insp_lanes_stat stat;

	insp_lanes_stat(frames->lanes, &stat);
	frames->painted = stat.paints;
	frames->cpu_before = cpu_us(RUSAGE_THREAD);
}

/* Only frames that painted the timeline anew count: others cost nothing. */
static void frame_ends(GdkFrameClock *clock, struct insp_frames *frames)
{
	const gint64 took = cpu_us(RUSAGE_THREAD) - frames->cpu_before;
	struct insp_lanes_stat stat;

	insp_lanes_stat(frames->lanes, &stat);
	frames->rows_max = MAX(frames->rows_max, insp_table_rows_bound());
	if (stat.paints == frames->painted)
		return;
	if (!frames->first_us)
		frames->first_us = cpu_us(RUSAGE_SELF);
	g_array_append_val(frames->frame_us, took);
	frames->nodes_max = MAX(frames->nodes_max, stat.nodes);
	frames->arrows_max = MAX(frames->arrows_max, stat.arrows);
}

static void realized(GtkWidget *window, struct insp_frames *frames)
{
	frames->clock = g_object_ref(gtk_widget_get_frame_clock(window));
	g_signal_connect(frames->clock, "before-paint", G_CALLBACK(frame_begins), frames);
	g_signal_connect(frames->clock, "after-paint", G_CALLBACK(frame_ends), frames);
}

struct insp_frames *insp_frames_new(GtkWidget *window, InspLanes *lanes)
{
	struct insp_frames *frames = g_new0(struct insp_frames, 1);

	frames->window = window;
	frames->lanes = lanes;
	frames->frame_us = g_array_new(FALSE, FALSE, sizeof(gint64));
	frames->command_us = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_signal_connect(window, "realize", G_CALLBACK(realized), frames);
	return frames;
}

void insp_frames_free(struct insp_frames *frames)
{
	if (!frames)
		return;
	g_signal_handlers_disconnect_by_data(frames->window, frames);
	if (frames->clock) {
		g_signal_handlers_disconnect_by_data(frames->clock, frames);
		g_object_unref(frames->clock);
	}
	g_array_unref(frames->frame_us);
	g_array_unref(frames->command_us);
	g_free(frames);
}

void insp_frames_begin(struct insp_frames *frames)
{
	frames->command_begun = g_get_monotonic_time();
}

void insp_frames_settled(struct insp_frames *frames)
{
	if (!frames->command_begun)
		return;
	const gint64 took = g_get_monotonic_time() - frames->command_begun;

	g_array_append_val(frames->command_us, took);
	frames->command_begun = 0;
}

static int compare(gconstpointer a, gconstpointer b)
{
	const gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;

	return x < y ? -1 : x > y;
}

/* Milliseconds below which that share of the values lies; 0: there are none. */
static double quantile(GArray *values, double share)
{
	if (!values->len)
		return 0;
	g_array_sort(values, compare);
	return (double)g_array_index(values, gint64, (guint)(share * (values->len - 1))) / 1000;
}

char *insp_frames_print(struct insp_frames *frames)
{
	char *text = g_strdup_printf("{\"frames\":%u,\"frame_cpu_ms_p10\":%.2f,\"frame_cpu_ms_p50\":%.2f,\"frame_cpu_ms_p95\":%.2f,"
				     "\"nodes_max\":%u,\"arrows_max\":%u,\"rows_max\":%u,\"commands\":%u,\"command_ms_p50\":%.1f,"
				     "\"command_ms_p95\":%.1f,\"first_picture_cpu_ms\":%.1f}\n",
				     frames->frame_us->len, quantile(frames->frame_us, 0.1), quantile(frames->frame_us, 0.5),
				     quantile(frames->frame_us, 0.95), frames->nodes_max, frames->arrows_max, frames->rows_max,
				     frames->command_us->len, quantile(frames->command_us, 0.5),
				     quantile(frames->command_us, 0.95), (double)frames->first_us / 1000);

	g_array_set_size(frames->frame_us, 0);
	g_array_set_size(frames->command_us, 0);
	frames->nodes_max = frames->arrows_max = frames->rows_max = 0;
	return text;
}
