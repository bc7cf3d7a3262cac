/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inspector.c - hindcast-inspector: the window on a trace.
 *
 * One process holds all windows; a second start opens a window in the first.  A start with --command or --new-instance is its
 * own process: a script moves only what it has opened.
 */
#include <malloc.h>
#include <stdio.h>

#include "keys.h"
#include "window-int.h"

static char **option_commands;
static char *option_script;
static gboolean option_quit, option_list, option_json, option_new, option_version;

static const GOptionEntry options[] = {
	{"command", 'c', 0, G_OPTION_ARG_STRING_ARRAY, &option_commands,
	 "Run a command once the trace is open; may be repeated", "COMMAND"},
	{"script", 's', 0, G_OPTION_ARG_FILENAME, &option_script,
	 "Run the commands of a file once the trace is open, one a line; -: of standard input", "FILE"},
	{"quit", 'q', 0, G_OPTION_ARG_NONE, &option_quit, "Close the window after the last command", NULL},
	{"commands", 0, 0, G_OPTION_ARG_NONE, &option_list, "List the commands", NULL},
	{"json", 0, 0, G_OPTION_ARG_NONE, &option_json, "With --commands: as JSON", NULL},
	{"new-instance", 0, 0, G_OPTION_ARG_NONE, &option_new, "Open windows in a process of their own", NULL},
	{"version", 0, 0, G_OPTION_ARG_NONE, &option_version, "Show the version", NULL},
	{NULL, 0, 0, 0, NULL, NULL, NULL},
};

static InspWindow *new_window(GApplication *application)
{
	InspWindow *window = insp_window_new(ADW_APPLICATION(application));

	if (option_commands || option_quit)
		insp_window_run(window, option_commands, option_quit);
	gtk_window_present(GTK_WINDOW(window));
	return window;
}

static void activate(GApplication *application, gpointer data)
{
	new_window(application);
}

static void open_files(GApplication *application, GFile **files, int count, const char *hint, gpointer data)
{
	for (int i = 0; i < count; i++) {
		g_autofree char *path = g_file_get_path(files[i]);
		InspWindow *window = new_window(application);

		if (path)
			insp_window_open(window, path);
		else
			insp__refuse(window, "only files of this machine can be opened");
	}
}

static GtkStyleProvider *add_style(const char *name, guint priority)
{
	g_autofree char *path = g_strdup_printf("/org/hindcast/Inspector/%s", name);
	GtkCssProvider *css = gtk_css_provider_new();

	gtk_css_provider_load_from_resource(css, path);
	gtk_style_context_add_provider_for_display(gdk_display_get_default(), GTK_STYLE_PROVIDER(css), priority);
	return GTK_STYLE_PROVIDER(css);
}

/* CSS cannot ask for contrast: what it says of that comes and goes. */
static void contrast_changed(AdwStyleManager *manager, GParamSpec *spec, gpointer data)
{
	static GtkStyleProvider *strong;

	if (strong)
		gtk_style_context_remove_provider_for_display(gdk_display_get_default(), strong);
	g_clear_object(&strong);
	if (adw_style_manager_get_high_contrast(manager))
		strong = add_style("style-contrast.css", GTK_STYLE_PROVIDER_PRIORITY_APPLICATION + 1);
}

static void startup(GApplication *application, gpointer data)
{
	AdwStyleManager *manager = adw_style_manager_get_default();

	g_object_unref(add_style("style.css", GTK_STYLE_PROVIDER_PRIORITY_APPLICATION));
	g_signal_connect(manager, "notify::high-contrast", G_CALLBACK(contrast_changed), NULL);
	contrast_changed(manager, NULL, NULL);
	gtk_window_set_default_icon_name("org.hindcast.Inspector");
	insp__keys_load(GTK_APPLICATION(application));
}

/* Its commands come after those of --command.  False: it cannot be read, and that was said. */
static bool read_script(void)
{
	g_autoptr(GStrvBuilder) all = g_strv_builder_new();
	g_autoptr(GIOChannel) in = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;

	if (strcmp(option_script, "-") == 0)
		in = g_io_channel_unix_new(0);
	else
		in = g_io_channel_new_file(option_script, "r", &error);
	if (!in || g_io_channel_read_to_end(in, &text, NULL, &error) != G_IO_STATUS_NORMAL) {
		fprintf(stderr, "hindcast-inspector: %s: %s\n", option_script, error->message);
		return false;
	}
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **at = option_commands; at && *at; at++)
		g_strv_builder_add(all, *at);
	for (char **line = lines; *line; line++)
		if (*g_strstrip(*line) && **line != '#')
			g_strv_builder_add(all, *line);
	g_strfreev(option_commands);
	option_commands = g_strv_builder_end(all);
	return true;
}

static int handle_local(GApplication *application, GVariantDict *dictionary, gpointer data)
{
	if (option_version)
		printf("hindcast-inspector %s\n", HINDCAST_VERSION);
	if (option_list)
		insp_window_print_commands(option_json);
	if (option_version || option_list)
		return 0;
	if (option_script && !read_script())
		return 2;
	if (!gtk_init_check()) {
		fputs("hindcast-inspector: there is no display to open a window on: "
		      "set DISPLAY or WAYLAND_DISPLAY, or use xvfb-run\n", stderr);
		return 3;
	}
	if (option_commands || option_quit || option_new)
		g_application_set_flags(application, g_application_get_flags(application) | G_APPLICATION_NON_UNIQUE);
	return -1;
}

/* Chunks of a trace are read into buffers of megabytes, again and again: what is given back is to go back to the system, instead
 * of staying with the thread that has read. */
static void keep_memory_small(void)
{
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
}

int main(int argc, char **argv)
{
	keep_memory_small();
	g_autoptr(AdwApplication) application = adw_application_new("org.hindcast.Inspector", G_APPLICATION_HANDLES_OPEN);

	g_set_prgname("org.hindcast.Inspector");
	g_set_application_name("hindcast");
	g_application_add_main_option_entries(G_APPLICATION(application), options);
	g_application_set_option_context_parameter_string(G_APPLICATION(application), "[TRACE...]");
	g_application_set_option_context_summary(G_APPLICATION(application), "Shows the past of a recorded run.");
	g_signal_connect(application, "handle-local-options", G_CALLBACK(handle_local), NULL);
	g_signal_connect(application, "startup", G_CALLBACK(startup), NULL);
	g_signal_connect(application, "activate", G_CALLBACK(activate), NULL);
	g_signal_connect(application, "open", G_CALLBACK(open_files), NULL);
	const int status = g_application_run(G_APPLICATION(application), argc, argv);

	return status ? status : insp_window_status();
}
