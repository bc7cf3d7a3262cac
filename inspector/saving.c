/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "saving.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/check.h"
#include "window-int.h"

#define WHOLE 1000		/* steps of the bar */
#define UNKNOWN (-1)
#define TICK_MS 80
#define SLOW_US 200000

struct insp_saving {
	InspWindow *window;
	GApplication *application;	/* held: it does not end before the file is whole or gone */
	GCancellable *cancel;
	char *path, *place, *part;	/* place: without links; part NULL: written in place */
	gint done;			/* of WHOLE; set by the thread */
	gint64 begun_us;
	insp_saving_func func;
	gpointer data;
	GDestroyNotify free_data;
	struct fmt_error error;
	int result;
};

GCancellable *insp__saving_cancel(struct insp_saving *saving)
{
	return saving->cancel;
}

struct fmt_error *insp__saving_reason(struct insp_saving *saving)
{
	return &saving->error;
}

bool insp__saving_goes(void *data, uint64_t done, uint64_t count)
{
	struct insp_saving *saving = data;

	g_atomic_int_set(&saving->done, count ? (gint)((double)done / (double)count * WHOLE) : UNKNOWN);
	return !g_cancellable_is_cancelled(saving->cancel);
}

/* ---- the file ---- */

/* With the rights of the one that it replaces. */
static FILE *open_part(struct insp_saving *saving, const struct stat *old)
{
	saving->part = g_strconcat(saving->place, ".part", NULL);
	FILE *out = fopen(saving->part, "we");

	if (!out)
		g_clear_pointer(&saving->part, g_free);
	else if (old)
		fchmod(fileno(out), old->st_mode & 0777);
	return out;
}

static FILE *open_out(struct insp_saving *saving)
{
	struct stat old;
	char *place = realpath(saving->path, NULL);

	saving->place = g_strdup(place ? place : saving->path);
	free(place);
	if (stat(saving->place, &old) < 0)
		return open_part(saving, NULL);
	if (!S_ISREG(old.st_mode))
		return fopen(saving->place, "we");
	/* To take its place needs no right to write to it, but whoever took that away did not mean it to be replaced. */
	return access(saving->place, W_OK) == 0 ? open_part(saving, &old) : NULL;
}

static int close_out(struct insp_saving *saving, FILE *out, int result)
{
	/* What a write has lost its flush tells, with the reason. */
	if ((fflush(out) != 0 || ferror(out)) && result == 0)
		result = errno ? -errno : -EIO;
	if (fclose(out) != 0 && result == 0)
		result = -errno;
	if (result == 0 && g_cancellable_is_cancelled(saving->cancel))
		result = -ECANCELED;
	if (result == 0 && saving->part && rename(saving->part, saving->place) < 0)
		result = -errno;
	if (result < 0 && saving->part)
		unlink(saving->part);
	return result;
}

static void save_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	struct insp_saving *saving = data;
	FILE *out = open_out(saving);

	saving->result = -errno;
	if (out)
		saving->result = close_out(saving, out, saving->func(saving, out, saving->data));
	g_task_return_boolean(task, TRUE);
}

/* ---- what is shown of it ---- */

static void show_saving(InspWindow *window)
{
	const guint count = window->savings->len;
	GtkProgressBar *bar = GTK_PROGRESS_BAR(window->saving_bar);

	gtk_widget_set_visible(window->saving_page, count > 0);
	if (!count)
		return;
	const struct insp_saving *first = g_ptr_array_index(window->savings, 0);
	g_autofree char *base = g_path_get_basename(first->path);
	g_autofree char *words = count == 1 ? g_strdup_printf("Saving %s", base)
					    : g_strdup_printf("Saving %s and %u more", base, count - 1);
	const gint done = g_atomic_int_get(&first->done);

	gtk_label_set_text(GTK_LABEL(window->saving_words), words);
	if (done == UNKNOWN)
		gtk_progress_bar_pulse(bar);
	else
		gtk_progress_bar_set_fraction(bar, done / (double)WHOLE);
}

static gboolean tick(gpointer data)
{
	InspWindow *window = data;

	show_saving(window);
	insp__update_status(window);
	return G_SOURCE_CONTINUE;
}

void insp__add_saving(InspWindow *window)
{
	window->savings = g_ptr_array_new();
	show_saving(window);
}

char *insp__saving_state(InspWindow *window)
{
	const struct insp_saving *first = window->savings->len ? g_ptr_array_index(window->savings, 0) : NULL;
	const gint done = first ? g_atomic_int_get(&first->done) : 0;

	return !first ? g_strdup("null") : done == UNKNOWN ? g_strdup("-1") : g_strdup_printf("%.3f", done / (double)WHOLE);
}

/* ---- its life ---- */

static void say_saved(InspWindow *window, const char *path)
{
	g_autofree char *base = g_path_get_basename(path);
	g_autofree char *words = g_strdup_printf("%s is saved", base);

	insp__say(window, words);
}

static const char *reason_of(const struct insp_saving *saving)
{
	static const char known[] = "cannot write: ";

	if (!saving->error.text[0])
		return g_strerror(-saving->result);
	return g_str_has_prefix(saving->error.text, known) ? saving->error.text + strlen(known) : saving->error.text;
}

static void say_result(const struct insp_saving *saving)
{
	InspWindow *window = saving->window;

	/* Whoever has waited is told that it is over. */
	if (saving->result == 0 && g_get_monotonic_time() - saving->begun_us > SLOW_US)
		say_saved(window, saving->path);
	if (saving->result == -ECANCELED)
		insp__refuse(window, "%s was not saved: it was stopped", saving->path);
	else if (saving->result < 0)
		insp__refuse(window, "cannot write %s: %s", saving->path, reason_of(saving));
}

static void saving_end(struct insp_saving *saving)
{
	InspWindow *window = saving->window;

	g_ptr_array_remove(window->savings, saving);
	window->searching--;
	/* The window may have been closed meanwhile. */
	if (window->toasts) {
		if (!window->savings->len)
			g_clear_handle_id(&window->saving_timer, g_source_remove);
		show_saving(window);
		say_result(saving);
		insp__update_status(window);
	}
	if (saving->free_data)
		saving->free_data(saving->data);
	g_application_release(saving->application);
	g_object_unref(saving->application);
	g_object_unref(saving->cancel);
	g_free(saving->path);
	g_free(saving->place);
	g_free(saving->part);
	g_object_unref(saving->window);
	g_free(saving);
}

static void save_done(GObject *object, GAsyncResult *result, gpointer data)
{
	saving_end(g_task_get_task_data(G_TASK(result)));
}

struct insp_saving *insp__saving_new(InspWindow *window, const char *path)
{
	struct insp_saving *saving = g_new0(struct insp_saving, 1);

	saving->window = g_object_ref(window);
	saving->application = G_APPLICATION(g_object_ref(gtk_window_get_application(GTK_WINDOW(window))));
	g_application_hold(saving->application);
	saving->cancel = g_object_ref(window->cancel);
	saving->path = g_strdup(path);
	saving->done = UNKNOWN;
	saving->begun_us = g_get_monotonic_time();
	g_ptr_array_add(window->savings, saving);
	if (!window->saving_timer)
		window->saving_timer = g_timeout_add(TICK_MS, tick, window);
	window->searching++;
	/* The wheel turns. */
	insp__update_status(window);
	return saving;
}

void insp__saving_write(struct insp_saving *saving, insp_saving_func func, gpointer data, GDestroyNotify free_data)
{
	g_autoptr(GTask) task = g_task_new(saving->window, NULL, save_done, NULL);

	saving->func = func;
	saving->data = data;
	saving->free_data = free_data;
	g_task_set_task_data(task, saving, NULL);
	g_task_run_in_thread(task, save_thread);
}

void insp__saving_fail(struct insp_saving *saving, int error, const char *reason)
{
	CHECK(error < 0);
	saving->result = error;
	g_strlcpy(saving->error.text, reason, sizeof(saving->error.text));
	saving_end(saving);
}

void insp__save(InspWindow *window, const char *path, insp_saving_func func, gpointer data, GDestroyNotify free_data)
{
	insp__saving_write(insp__saving_new(window, path), func, data, free_data);
}
