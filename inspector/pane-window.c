/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pane-window.h"

#include "keys.h"
#include "log.h"

struct _InspPaneWindow {
	AdwWindow parent;
	InspWindow *owner;		/* outlives this window */
	const char *name, *called;	/* the pane's */
	AdwWindowTitle *title;
	AdwToastOverlay *toasts;
};

G_DEFINE_FINAL_TYPE(InspPaneWindow, insp_pane_window, ADW_TYPE_WINDOW)

static gboolean close_requested(GtkWindow *self)
{
	InspPaneWindow *window = INSP_PANE_WINDOW(self);
	g_autofree char *command = g_strdup_printf("pane.attach %s", window->name);

	insp__run_text(window->owner, command);
	/* That has destroyed it already. */
	return GDK_EVENT_STOP;
}

/* All commands are the owner's but for this one, whatever its keys are: who looks here means this window. */
static void close_this(GtkWidget *widget, const char *action, GVariant *parameter)
{
	gtk_window_close(GTK_WINDOW(widget));
}

static GtkWidget *button_new(const char *icon, const char *action, const char *words)
{
	GtkWidget *button = gtk_button_new_from_icon_name(icon);

	gtk_actionable_set_action_name(GTK_ACTIONABLE(button), action);
	gtk_widget_set_tooltip_text(button, words);
	insp_name(button, words);
	return button;
}

/* Steps are what is done most while one looks at a pane. */
static GtkWidget *bar_new(InspPaneWindow *window)
{
	GtkWidget *bar = adw_header_bar_new(), *steps = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);

	gtk_widget_add_css_class(steps, "linked");
	gtk_box_append(GTK_BOX(steps), button_new("go-previous-symbolic", "win.step.previous", "Step back"));
	gtk_box_append(GTK_BOX(steps), button_new("go-next-symbolic", "win.step.next", "Step forward"));
	adw_header_bar_pack_start(ADW_HEADER_BAR(bar), steps);
	adw_header_bar_pack_end(ADW_HEADER_BAR(bar),
				button_new("view-restore-symbolic", "win.window.close", "Back into the main window"));
	adw_header_bar_set_title_widget(ADW_HEADER_BAR(bar), GTK_WIDGET(window->title));
	return bar;
}

static void insp_pane_window_class_init(InspPaneWindowClass *class)
{
	GTK_WINDOW_CLASS(class)->close_request = close_requested;
	gtk_widget_class_install_action(GTK_WIDGET_CLASS(class), "win.window.close", NULL, close_this);
}

static void insp_pane_window_init(InspPaneWindow *window)
{
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);

	window->title = ADW_WINDOW_TITLE(adw_window_title_new("", ""));
	window->toasts = ADW_TOAST_OVERLAY(adw_toast_overlay_new());
	gtk_widget_set_vexpand(GTK_WIDGET(window->toasts), TRUE);
	gtk_box_append(GTK_BOX(box), bar_new(window));
	gtk_box_append(GTK_BOX(box), GTK_WIDGET(window->toasts));
	adw_window_set_content(ADW_WINDOW(window), box);
}

InspPaneWindow *insp_pane_window_new(InspWindow *owner, const char *name, const char *title, GtkWidget *child)
{
	InspPaneWindow *window = g_object_new(INSP_TYPE_PANE_WINDOW, "application", gtk_window_get_application(GTK_WINDOW(owner)), NULL);

	window->owner = owner;
	window->name = name;
	window->called = title;
	gtk_widget_insert_action_group(GTK_WIDGET(window), "win", G_ACTION_GROUP(owner));
	adw_toast_overlay_set_child(window->toasts, child);
	adw_window_title_set_title(window->title, title);
	insp__keys_add(GTK_WIDGET(window));
	insp__log_listen(owner, GTK_WIDGET(window));
	return window;
}

void insp_pane_window_release(InspPaneWindow *window)
{
	adw_toast_overlay_set_child(window->toasts, NULL);
}

void insp_pane_window_tell(InspPaneWindow *window, const char *trace, const char *position)
{
	g_autofree char *title = *trace ? g_strdup_printf("%s \u2013 %s", trace, window->called) : g_strdup(window->called);
	g_autofree char *subtitle = g_strdup_printf("%s%s%s", trace, *position ? "   " : "", position);

	adw_window_title_set_subtitle(window->title, subtitle);
	/* The server is asked only for what is new. */
	if (g_strcmp0(gtk_window_get_title(GTK_WINDOW(window)), title) == 0)
		return;
	gtk_window_set_title(GTK_WINDOW(window), title);
	insp_name(GTK_WIDGET(window), title);
}

AdwToastOverlay *insp_pane_window_toasts(InspPaneWindow *window)
{
	return window->toasts;
}
