/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * share.c - a trace for somebody else: the part that matters, without what is nobody's business.
 *
 * What is cut and removed is done by `hindcast trim` and `hindcast scrub`, as from a shell, and source is put in by `hindcast pack`; the
 * dialog shows the size of what would come out whenever a choice changes, by making it.  What was being made then is given up.
 */
#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>

#include "saving.h"
#include "window-int.h"

static const char *const choice_names[] = {"range", "payload", "environment", "sources", "noted-sources", NULL};
#define COPY_PIECE 65536u
enum { SHARE_RANGE = 1, SHARE_PAYLOAD = 2, SHARE_ENVIRONMENT = 4, SHARE_SOURCES = 8, SHARE_NOTED = 16, SHARE_SWITCHES = 3 };

#define GIVEN_UP "it was stopped"

typedef void (*share_func)(InspWindow *window, const char *path, const char *error, gpointer data);

struct share {
	InspWindow *window;
	GApplication *application;	/* held: it does not end before the folder is gone */
	guint choices, serial;		/* serial: of the dialog's question */
	char *folder, *now;		/* now: what the next step begins with */
	vtime_ns from, to;
	share_func func;
	gpointer data;
	GSubprocess *step;
	bool given_up;			/* nobody waits for it any more */
};

static void share_free(struct share *share)
{
	g_autofree char *trimmed = g_build_filename(share->folder, "trimmed.hct", NULL);
	g_autofree char *scrubbed = g_build_filename(share->folder, "scrubbed.hct", NULL);
	g_autofree char *packed = g_build_filename(share->folder, "packed.hct", NULL);

	g_unlink(packed);
	g_unlink(trimmed);
	g_unlink(scrubbed);
	g_rmdir(share->folder);
	g_clear_object(&share->step);
	g_application_release(share->application);
	g_object_unref(share->application);
	g_object_unref(share->window);
	g_free(share->folder);
	g_free(share->now);
	g_free(share);
}

static void share_end(struct share *share, const char *error)
{
	share->window->searching--;
	share->func(share->window, error ? NULL : share->now, error, share->data);
	insp__update_status(share->window);
	share_free(share);
}

static void share_step(struct share *share);

static void step_ended(GObject *object, GAsyncResult *result, gpointer data)
{
	struct share *share = data;
	g_autofree char *said = NULL;

	g_subprocess_communicate_utf8_finish(G_SUBPROCESS(object), result, NULL, &said, NULL);
	if (share->given_up) {
		share_end(share, GIVEN_UP);
		return;
	}
	if (!g_subprocess_get_successful(G_SUBPROCESS(object))) {
		if (said)
			g_strchomp(said);
		share_end(share, said && *said ? said : "hindcast failed");
		return;
	}
	g_clear_object(&share->step);
	share_step(share);
}

static void run_step(struct share *share, GPtrArray *arguments, const char *name)
{
	g_autoptr(GError) error = NULL;
	char *out = g_build_filename(share->folder, name, NULL);

	g_ptr_array_add(arguments, (gpointer)"--output");
	g_ptr_array_add(arguments, out);
	g_ptr_array_add(arguments, share->now);
	g_ptr_array_add(arguments, NULL);
	share->step = g_subprocess_newv((const char *const *)arguments->pdata,
					G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &error);
	if (!share->step) {
		g_free(out);
		share_end(share, error->message);
		return;
	}
	g_subprocess_communicate_utf8_async(share->step, NULL, NULL, step_ended, share);
	g_free(share->now);
	share->now = out;
}

/* What has still to be done, one after the other. */
static void share_step(struct share *share)
{
	g_autoptr(GPtrArray) arguments = g_ptr_array_new();
	g_autofree char *program = insp_engine_program();
	g_autofree char *from = g_strdup_printf("%" G_GUINT64_FORMAT "ns", share->from);
	g_autofree char *to = g_strdup_printf("%" G_GUINT64_FORMAT "ns", share->to);

	if (!program) {
		share_end(share, "there is no program `hindcast` beside this one or in PATH");
		return;
	}
	g_ptr_array_add(arguments, program);
	if (share->choices & SHARE_RANGE) {
		share->choices &= ~(guint)SHARE_RANGE;
		for (guint i = 0; i < 5; i++)
			g_ptr_array_add(arguments, (gpointer)((const char *[]){"trim", "--from", from, "--to", to}[i]));
		run_step(share, arguments, "trimmed.hct");
		return;
	}
	if (!share->choices) {
		share_end(share, NULL);
		return;
	}
	/* Frames at notes are found by executing the run, which has to be before what it needs is removed. */
	if (share->choices & SHARE_NOTED) {
		share->choices &= ~(guint)SHARE_NOTED;
		g_ptr_array_add(arguments, (gpointer)"pack");
		g_ptr_array_add(arguments, (gpointer)"--noted-sources");
		run_step(share, arguments, "packed.hct");
		return;
	}
	if (!(share->choices & (SHARE_PAYLOAD | SHARE_ENVIRONMENT))) {
		share->choices = 0;
		g_ptr_array_add(arguments, (gpointer)"pack");
		g_ptr_array_add(arguments, (gpointer)"--sources");
		run_step(share, arguments, "packed.hct");
		return;
	}
	g_ptr_array_add(arguments, (gpointer)"scrub");
	if (share->choices & SHARE_PAYLOAD)
		g_ptr_array_add(arguments, (gpointer)"--payload");
	if (share->choices & SHARE_ENVIRONMENT)
		g_ptr_array_add(arguments, (gpointer)"--environment");
	share->choices &= SHARE_SOURCES;
	run_step(share, arguments, "scrubbed.hct");
}

static gboolean share_begin(gpointer data)
{
	struct share *share = data;

	if (share->given_up)
		share_end(share, GIVEN_UP);
	else
		share_step(share);
	return G_SOURCE_REMOVE;
}

/* Makes what is chosen and calls back with its path, which is there until the callback returns.  Before that the answer can be given
 * to share_give_up(). */
static struct share *share_make(InspWindow *window, guint choices, share_func func, gpointer data)
{
	struct share *share = g_new0(struct share, 1);
	const struct insp_view *view = insp_lanes_view(window->lanes);
	struct insp_range range;

	share->window = g_object_ref(window);
	share->application = G_APPLICATION(g_object_ref(gtk_window_get_application(GTK_WINDOW(window))));
	g_application_hold(share->application);
	share->choices = choices;
	share->folder = g_dir_make_tmp("hindcast-share-XXXXXX", NULL);
	share->now = g_strdup(window->run->path);
	if (insp__range_get(window, &range)) {
		share->from = insp_vtime(window->run, range.first);
		share->to = insp_vtime(window->run, range.last);
	} else {
		share->from = insp_view_vtime(view, MAX(view->from, 0));
		share->to = insp_view_vtime(view, view->from + view->span);
	}
	share->func = func;
	share->data = data;
	window->searching++;
	insp__update_status(window);
	/* Later: whoever asks may need to know what it has begun before that ends. */
	g_idle_add(share_begin, share);
	return share;
}

/* It still calls back, with an error.  The program that is at work removes what it has written so far. */
static void share_give_up(struct share *share)
{
	share->given_up = true;
	if (share->step)
		g_subprocess_send_signal(share->step, SIGTERM);
}

/* ---- saving ---- */

/* A trace on its way to where it was wanted. */
struct delivery {
	struct insp_saving *saving;
	struct share *share;		/* NULL: it is made */
	gulong cancelled;		/* handler of saving's cancellable; 0: gone */
	FILE *in;
	guint64 size;
};

static void delivery_free(gpointer data)
{
	struct delivery *delivery = data;

	g_clear_pointer(&delivery->in, fclose);
	g_free(delivery);
}

static int copy_trace(struct insp_saving *saving, FILE *out, gpointer data)
{
	const struct delivery *delivery = data;
	g_autofree char *piece = g_malloc(COPY_PIECE);
	guint64 done = 0;

	while (insp__saving_goes(saving, done, delivery->size)) {
		const size_t size = fread(piece, 1, COPY_PIECE, delivery->in);

		if (!size)
			return ferror(delivery->in) ? -EIO : 0;
		if (fwrite(piece, 1, size, out) != size)
			return -errno;
		done += size;
	}
	return -ECANCELED;
}

/* The file is open before the folder in which it was made goes. */
static void save_made(InspWindow *window, const char *path, const char *error, gpointer data)
{
	struct delivery *delivery = data;
	struct insp_saving *saving = delivery->saving;
	GStatBuf st;

	delivery->share = NULL;
	g_signal_handler_disconnect(insp__saving_cancel(saving), delivery->cancelled);
	delivery->in = path ? fopen(path, "re") : NULL;
	if (!delivery->in) {
		const bool stopped = g_strcmp0(error, GIVEN_UP) == 0;

		insp__saving_fail(saving, stopped ? -ECANCELED : -EIO, error ? error : g_strerror(errno));
		delivery_free(delivery);
		return;
	}
	delivery->size = fstat(fileno(delivery->in), &st) == 0 ? (guint64)st.st_size : 0;
	insp__saving_write(saving, copy_trace, delivery, delivery_free);
}

static void delivery_cancelled(GCancellable *cancel, gpointer data)
{
	struct delivery *delivery = data;

	if (delivery->share)
		share_give_up(delivery->share);
}

static void share_save(InspWindow *window, const char *path, guint choices)
{
	struct delivery *delivery = g_new0(struct delivery, 1);

	delivery->saving = insp__saving_new(window, path);
	delivery->cancelled = g_signal_connect(insp__saving_cancel(delivery->saving), "cancelled", G_CALLBACK(delivery_cancelled),
					       delivery);
	delivery->share = share_make(window, choices, save_made, delivery);
}

/* "FILE", "FILE range,payload" */
bool insp__do_share_save(InspWindow *window, const char *argument)
{
	g_auto(GStrv) words = g_strsplit(argument, " ", 2);
	g_auto(GStrv) chosen = g_strsplit(words[1] ? words[1] : "", ",", -1);
	guint choices = 0;

	if (!insp__need_run(window))
		return false;
	for (char **word = chosen; *word; word++) {
		guint i = 0;

		while (choice_names[i] && strcmp(choice_names[i], *word) != 0)
			i++;
		if (!choice_names[i]) {
			insp__refuse(window, "\"%s\" is nothing that can be done to a trace: range, payload, environment, sources, "
				     "noted-sources", *word);
			return false;
		}
		choices |= 1u << i;
	}
	/* All of it is more than some of it. */
	share_save(window, words[0], choices & SHARE_SOURCES ? choices & ~(guint)SHARE_NOTED : choices);
	return true;
}

/* ---- the dialog ---- */

struct share_dialog {
	InspWindow *window;
	GtkWidget *dialog, *size;
	GtkWidget *switches[SHARE_SWITCHES];
	GtkWidget *sources;		/* in the order of source_choices */
	guint serial;
	struct share *making;		/* what the size is asked of; NULL: nothing */
};

struct sizing {
	GtkWidget *dialog;		/* a weak reference */
	guint serial;
};

static void size_made(InspWindow *window, const char *path, const char *error, gpointer data)
{
	struct sizing *sizing = data;
	struct share_dialog *d = sizing->dialog ? g_object_get_data(G_OBJECT(sizing->dialog), "share") : NULL;
	GStatBuf made, whole;

	if (d && d->serial == sizing->serial)
		d->making = NULL;
	if (d && d->serial == sizing->serial && error) {
		gtk_label_set_text(GTK_LABEL(d->size), error);
	} else if (d && d->serial == sizing->serial && g_stat(path, &made) == 0 && g_stat(window->run->path, &whole) == 0) {
		g_autofree char *small = g_format_size((guint64)made.st_size), *all = g_format_size((guint64)whole.st_size);
		g_autofree char *text = g_strdup_printf("%s of %s", small, all);

		gtk_label_set_text(GTK_LABEL(d->size), text);
	}
	if (sizing->dialog)
		g_object_remove_weak_pointer(G_OBJECT(sizing->dialog), (gpointer *)&sizing->dialog);
	g_free(sizing);
}

/* The last needs a note. */
static const struct {
	guint choice;
	const char *label;
} source_choices[] = {{0, "None"}, {SHARE_SOURCES, "Of All Programs"}, {SHARE_NOTED, "Of Stacks at Notes"}};

static guint choices_of(const struct share_dialog *d)
{
	guint choices = 0;

	for (guint i = 0; i < SHARE_SWITCHES; i++)
		choices |= gtk_switch_get_active(GTK_SWITCH(d->switches[i])) ? 1u << i : 0;
	return choices | source_choices[adw_combo_row_get_selected(ADW_COMBO_ROW(d->sources))].choice;
}

static void choice_changed(GObject *object, GParamSpec *spec, struct share_dialog *d)
{
	struct sizing *sizing = g_new0(struct sizing, 1);

	if (d->making)
		share_give_up(g_steal_pointer(&d->making));
	sizing->dialog = d->dialog;
	sizing->serial = ++d->serial;
	g_object_add_weak_pointer(G_OBJECT(d->dialog), (gpointer *)&sizing->dialog);
	gtk_label_set_text(GTK_LABEL(d->size), "is being made\u2026");
	d->making = share_make(d->window, choices_of(d), size_made, sizing);
}

static void dialog_free(gpointer data)
{
	struct share_dialog *d = data;

	if (d->making)
		share_give_up(d->making);
	g_free(d);
}

static char *save_command(const char *path, guint choices)
{
	g_autoptr(GString) words = g_string_new(NULL);

	for (guint i = 0; choice_names[i]; i++)
		if (choices & 1u << i)
			g_string_append_printf(words, "%s%s", words->len ? "," : " ", choice_names[i]);
	return g_strdup_printf("share.save %s%s", path, words->str);
}

static void place_chosen(GtkNativeDialog *chooser, int response, struct share_dialog *d)
{
	g_autoptr(GFile) file = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file(GTK_FILE_CHOOSER(chooser)) : NULL;
	g_autofree char *path = file ? g_file_get_path(file) : NULL;

	if (path) {
		g_autofree char *command = save_command(path, choices_of(d));

		insp__run_text(d->window, command);
		gtk_window_close(GTK_WINDOW(d->dialog));
	}
	g_object_unref(chooser);
}

static void save_clicked(GtkButton *button, struct share_dialog *d)
{
	GtkFileChooserNative *chooser = gtk_file_chooser_native_new("Save a Trace to Share", GTK_WINDOW(d->dialog),
								    GTK_FILE_CHOOSER_ACTION_SAVE, NULL, NULL);

	gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(chooser), "shared.hct");
	g_signal_connect(chooser, "response", G_CALLBACK(place_chosen), d);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(chooser));
}

static GtkWidget *choice_new(struct share_dialog *d, guint index, const char *title, const char *subtitle, bool chosen)
{
	GtkWidget *row = adw_action_row_new();

	d->switches[index] = gtk_switch_new();
	gtk_switch_set_active(GTK_SWITCH(d->switches[index]), chosen);
	gtk_widget_set_valign(d->switches[index], GTK_ALIGN_CENTER);
	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
	adw_action_row_set_subtitle(ADW_ACTION_ROW(row), subtitle);
	adw_action_row_add_suffix(ADW_ACTION_ROW(row), d->switches[index]);
	adw_action_row_set_activatable_widget(ADW_ACTION_ROW(row), d->switches[index]);
	g_signal_connect(d->switches[index], "notify::active", G_CALLBACK(choice_changed), d);
	return row;
}

static GtkWidget *sources_new(struct share_dialog *d)
{
	g_autoptr(GtkStringList) labels = gtk_string_list_new(NULL);
	const guint count = d->window->notes.count ? G_N_ELEMENTS(source_choices) : G_N_ELEMENTS(source_choices) - 1;

	for (guint i = 0; i < count; i++)
		gtk_string_list_append(labels, source_choices[i].label);
	d->sources = adw_combo_row_new();
	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(d->sources), "Source");
	adw_action_row_set_subtitle(ADW_ACTION_ROW(d->sources), d->window->notes.count
		? "Of programs with debug information, as far as it is here; or only the files that stacks are in at the notes"
		: "Of programs that have debug information, as far as it is on this machine");
	adw_combo_row_set_model(ADW_COMBO_ROW(d->sources), G_LIST_MODEL(labels));
	g_signal_connect(d->sources, "notify::selected", G_CALLBACK(choice_changed), d);
	return d->sources;
}

bool insp__do_share(InspWindow *window, const char *argument)
{
	if (!insp__need_run(window))
		return false;
	struct share_dialog *d = g_new0(struct share_dialog, 1);
	GtkWidget *page = adw_preferences_page_new(), *group = adw_preferences_group_new(), *last = adw_preferences_group_new();
	GtkWidget *size = adw_action_row_new(), *save = gtk_button_new_with_label("Save\u2026");
	struct insp_range range;
	const bool part = insp__range_get(window, &range);

	d->window = window;
	d->dialog = adw_preferences_window_new();
	d->size = gtk_label_new(NULL);
	gtk_widget_add_css_class(d->size, "numeric");
	gtk_widget_add_css_class(save, "suggested-action");
	gtk_widget_add_css_class(save, "pill");
	gtk_widget_set_halign(save, GTK_ALIGN_CENTER);
	gtk_widget_set_margin_top(save, 12);
	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(size), "Size");
	adw_action_row_add_suffix(ADW_ACTION_ROW(size), d->size);
	adw_preferences_group_add(ADW_PREFERENCES_GROUP(group),
		choice_new(d, 0, part ? "Only the Chosen Range" : "Only What the Timeline Shows", "The part still replays", part));
	adw_preferences_group_add(ADW_PREFERENCES_GROUP(group),
		choice_new(d, 1, "Without Payload", "Bytes of packets, memory and output; programs cannot be replayed then", false));
	adw_preferences_group_add(ADW_PREFERENCES_GROUP(group),
		choice_new(d, 2, "Without Environment", "Values of environment variables", false));
	adw_preferences_group_add(ADW_PREFERENCES_GROUP(group), sources_new(d));
	adw_preferences_group_add(ADW_PREFERENCES_GROUP(last), size);
	adw_preferences_group_add(ADW_PREFERENCES_GROUP(last), save);
	adw_preferences_page_add(ADW_PREFERENCES_PAGE(page), ADW_PREFERENCES_GROUP(group));
	adw_preferences_page_add(ADW_PREFERENCES_PAGE(page), ADW_PREFERENCES_GROUP(last));
	adw_preferences_window_add(ADW_PREFERENCES_WINDOW(d->dialog), ADW_PREFERENCES_PAGE(page));
	adw_preferences_window_set_search_enabled(ADW_PREFERENCES_WINDOW(d->dialog), FALSE);
	g_object_set_data_full(G_OBJECT(d->dialog), "share", d, dialog_free);
	g_signal_connect(save, "clicked", G_CALLBACK(save_clicked), d);
	adw_preferences_page_set_title(ADW_PREFERENCES_PAGE(page), "Share");
	gtk_window_set_title(GTK_WINDOW(d->dialog), "Share");
	gtk_window_set_default_size(GTK_WINDOW(d->dialog), 540, 520);
	gtk_window_set_transient_for(GTK_WINDOW(d->dialog), insp__front(window));
	insp_present(d->dialog);
	choice_changed(NULL, NULL, d);
	return true;
}

/* ---- the report ---- */

static void report_ended(GObject *object, GAsyncResult *result, gpointer data)
{
	g_autoptr(InspWindow) window = data;
	g_autofree char *said = NULL;

	g_subprocess_communicate_utf8_finish(G_SUBPROCESS(object), result, NULL, &said, NULL);
	window->searching--;
	if (!g_subprocess_get_successful(G_SUBPROCESS(object)))
		insp__refuse(window, "%s", said && *said ? g_strchomp(said) : "hindcast failed");
	insp__update_status(window);
}

bool insp__do_report_save(InspWindow *window, const char *argument)
{
	g_autofree char *program = insp_engine_program();
	g_autoptr(GError) error = NULL;

	if (!insp__need_run(window))
		return false;
	g_autoptr(GSubprocess) report = g_subprocess_new(G_SUBPROCESS_FLAGS_STDERR_PIPE, &error, program ? program : "hindcast",
							 "report", "--output", argument, window->run->path, NULL);

	if (!report) {
		insp__refuse(window, "%s", error->message);
		return false;
	}
	window->searching++;
	g_subprocess_communicate_utf8_async(report, NULL, NULL, report_ended, g_object_ref(window));
	return true;
}
