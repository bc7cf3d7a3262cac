/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * contrast.c - contrast STYLE-FOLDER: can what the window's styles and pictures colour be read?
 *
 * Ratios are those of WCAG 2.1 (1.4.3, 1.4.6, 1.4.11): words 4.5, in high contrast 7; colours that are not words 3.  The theme is what the
 * environment says (ADW_DEBUG_COLOR_SCHEME, ADW_DEBUG_HIGH_CONTRAST).  Prints each ratio; 1: one is too small.
 */
#include <adwaita.h>
#include <math.h>
#include <stdio.h>

#include "ink.h"

static int too_small;

static double linear(double channel)
{
	return channel <= 0.04045 ? channel / 12.92 : pow((channel + 0.055) / 1.055, 2.4);
}

static double luminance(const GdkRGBA *color)
{
	return 0.2126 * linear(color->red) + 0.7152 * linear(color->green) + 0.0722 * linear(color->blue);
}

static GdkRGBA over(const GdkRGBA *top, const GdkRGBA *ground)
{
	const float a = top->alpha;

	return (GdkRGBA){top->red * a + ground->red * (1 - a), top->green * a + ground->green * (1 - a),
			 top->blue * a + ground->blue * (1 - a), 1};
}

static void judge(const char *what, const GdkRGBA *color, const GdkRGBA *ground, double least)
{
	const GdkRGBA seen = over(color, ground);
	const double a = luminance(&seen), b = luminance(ground);
	const double ratio = (fmax(a, b) + 0.05) / (fmin(a, b) + 0.05);

	printf("%s %5.2f of %.1f  %s\n", ratio >= least ? "ok " : "LOW", ratio, least, what);
	too_small += ratio < least;
}

/* The deepest first descendant of a kind. */
static GtkWidget *find(GtkWidget *widget, const char *css_name)
{
	if (strcmp(gtk_widget_get_css_name(widget), css_name) == 0)
		return widget;
	for (GtkWidget *child = gtk_widget_get_first_child(widget); child; child = gtk_widget_get_next_sibling(child)) {
		GtkWidget *found = find(child, css_name);

		if (found)
			return found;
	}
	return NULL;
}

static GtkWidget *styled(GtkWidget *widget, const char *class)
{
	gtk_widget_add_css_class(widget, class);
	return widget;
}

static void judge_widget(GtkWidget *parent, GtkWidget *widget, const char *part, const char *what, const GdkRGBA *ground, double least)
{
	GdkRGBA color;

	gtk_box_append(GTK_BOX(parent), widget);
	GtkWidget *its = find(widget, part);

	if (!its) {
		printf("LOW       %s has no %s\n", what, part);
		too_small++;
		return;
	}
	gtk_style_context_get_color(gtk_widget_get_style_context(its), &color);
	judge(what, &color, ground, least);
}

static GtkWidget *table_new(void)
{
	GtkWidget *view = styled(gtk_column_view_new(NULL), "data-table");
	GtkColumnViewColumn *column = gtk_column_view_column_new("Event", NULL);

	gtk_column_view_append_column(GTK_COLUMN_VIEW(view), column);
	g_object_unref(column);
	return view;
}

static GtkWidget *entry_new(void)
{
	GtkWidget *entry = gtk_entry_new();

	gtk_entry_set_placeholder_text(GTK_ENTRY(entry), "filter");
	return entry;
}

static GtkWidget *tab_new(void)
{
	GtkWidget *bar = styled(gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0), "listbar");

	gtk_box_append(GTK_BOX(bar), gtk_button_new_with_label("Packets"));
	return bar;
}

static void judge_widgets(GtkWidget *box, const GdkRGBA *ground, double words, double accents)
{
	judge_widget(box, gtk_label_new("words"), "label", "words", ground, words);
	judge_widget(box, styled(gtk_label_new("words"), "dim-label"), "label", ".dim-label", ground, words);
	judge_widget(box, tab_new(), "label", "tabs", ground, words);
	judge_widget(box, table_new(), "label", "heads of columns", ground, words);
	judge_widget(box, entry_new(), "placeholder", "what an entry asks for", ground, words);
	judge_widget(box, styled(gtk_label_new("words"), "changed"), "label", ".changed", ground, accents);
	judge_widget(box, styled(gtk_label_new("words"), "error"), "label", ".error", ground, accents);
	judge_widget(box, styled(gtk_label_new("words"), "accent"), "label", ".accent", ground, accents);
}

static void judge_ink(GtkWidget *widget, double words, double accents)
{
	struct insp_ink ink;
	char what[32];

	insp_ink_get(widget, &ink);
	judge("text of pictures", &ink.text, &ink.background, words);
	judge("faint text of pictures", &ink.faint, &ink.background, words);
	judge("the position", &ink.accent, &ink.background, accents);
	judge("what went wrong", &ink.error, &ink.background, accents);
	judge("what differs", &ink.warning, &ink.background, 3);
	for (int run = 0; run < 2; run++) {
		GdkRGBA color;

		gdk_rgba_parse(&color, insp_ink_run(run));
		judge(run ? "of the second run" : "of the first run", &color, &ink.background, accents);
	}
	for (guint lane = 0; lane < 7; lane++) {
		const GdkRGBA hue = insp_ink_lane(&ink, lane);

		g_snprintf(what, sizeof(what), "lane %u", lane);
		judge(what, &hue, &ink.background, 3);
	}
}

static void add_style(const char *folder, const char *name)
{
	GtkCssProvider *css = gtk_css_provider_new();
	g_autofree char *path = g_build_filename(folder, name, NULL);

	gtk_css_provider_load_from_path(css, path);
	gtk_style_context_add_provider_for_display(gdk_display_get_default(), GTK_STYLE_PROVIDER(css),
						   GTK_STYLE_PROVIDER_PRIORITY_APPLICATION + 1);
	g_object_unref(css);
}

int main(int argc, char **argv)
{
	adw_init();
	const bool contrast = adw_style_manager_get_high_contrast(adw_style_manager_get_default());
	const double words = contrast ? 7 : 4.5;
	/* Errors and the like are words of a colour: in high contrast their shape says the same, and 4.5 is asked of both. */
	const double accents = 4.5;

	if (argc != 2)
		return 2;
	add_style(argv[1], "style.css");
	if (contrast)
		add_style(argv[1], "style-contrast.css");
	GtkWidget *window = gtk_window_new(), *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
	GdkRGBA ground;

	gtk_window_set_child(GTK_WINDOW(window), box);
	gtk_style_context_lookup_color(gtk_widget_get_style_context(window), "window_bg_color", &ground);
	judge_widgets(box, &ground, words, accents);
	judge_ink(box, words, accents);
	return too_small > 0;
}
