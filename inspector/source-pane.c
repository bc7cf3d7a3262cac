/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source-pane.h"

#include <adwaita.h>
#include <glib/gstdio.h>
#include <gtksourceview/gtksource.h>

#include "ink.h"
#include "names.h"
#include "said.h"

#define NEAR 8u		/* lines; two places that are not further apart are seen in one text */

/* A run's place in a program. */
struct place {
	char *path;			/* NULL: there is no source */
	guint line;			/* 0: no line of it */
};

/* A text with what is above it, or why there is none. */
struct side {
	GtkWidget *stack, *why, *title, *view, *runs;	/* the latter three: NULL until there is a text */
	GtkSourceBuffer *buffer;	/* its own; the second side's view may show the first one's */
	char *shown;			/* path of the text in the buffer */
	GtkTextTag *here[2];		/* the lines of both runs */
	guint frames;			/* until the line has been scrolled to for good */
};

struct _InspSourcePane {
	GtkBox parent;
	GtkWidget *said;
	struct side sides[2];
	struct place at[2];
	gboolean paired, told;		/* a second run is compared; it has told where it is */
	char *other_text;		/* of the second run's file; NULL: none */
	char *letters[4];		/* markup: which runs are at a line, as bits */
	gboolean same_text;		/* both are in the first side's */
};

G_DEFINE_FINAL_TYPE(InspSourcePane, insp_source_pane, GTK_TYPE_BOX)

static guint signal_line;

#define MARK_BREAK "break"
#define DIFFERS "\u2260"

static void make_letters(InspSourcePane *pane)
{
	for (int runs = 0; runs < 4; runs++) {
		g_free(pane->letters[runs]);
		pane->letters[runs] = g_strdup_printf("<span weight=\"bold\" foreground=\"%s\">%s%s</span>", insp_ink_run(runs == 2),
						      runs & 1 ? "A" : "", runs & 2 ? "B" : "");
	}
}

/* Those that GtkSourceView has, but comments and the numbers of lines can be read; in high contrast, and else. */
static const struct scheme {
	const char *id, *file, *parent;
} schemes[2][2] = {
	{{"hindcast-light", "light.xml", "Adwaita"}, {"hindcast-dark", "dark.xml", "Adwaita-dark"}},
	{{"hindcast-contrast", "contrast.xml", "classic"}, {"hindcast-contrast-dark", "contrast-dark.xml", "classic-dark"}},
};

/* GtkSourceView 5.6 takes schemes only from files, all at once; then it needs them no more. */
static void load_schemes(void)
{
	GtkSourceStyleSchemeManager *manager = gtk_source_style_scheme_manager_get_default();
	static bool tried;
	g_autofree char *folder = tried ? NULL : g_dir_make_tmp("hindcast-XXXXXX", NULL);

	tried = true;
	if (!folder)
		return;
	for (guint i = 0; i < 4; i++) {
		g_autofree char *from = g_strdup_printf("/org/hindcast/Inspector/styles/%s", schemes[i / 2][i % 2].file);
		g_autofree char *to = g_build_filename(folder, schemes[i / 2][i % 2].file, NULL);
		g_autoptr(GBytes) xml = g_resources_lookup_data(from, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

		g_file_set_contents(to, g_bytes_get_data(xml, NULL), (gssize)g_bytes_get_size(xml), NULL);
	}
	gtk_source_style_scheme_manager_append_search_path(manager, folder);
	gtk_source_style_scheme_manager_get_scheme(manager, schemes[0][0].id);
	for (guint i = 0; i < 4; i++) {
		g_autofree char *path = g_build_filename(folder, schemes[i / 2][i % 2].file, NULL);

		g_remove(path);
	}
	g_rmdir(folder);
}

static void follow_theme(InspSourcePane *pane)
{
	AdwStyleManager *manager = adw_style_manager_get_default();
	const gboolean dark = adw_style_manager_get_dark(manager), contrast = adw_style_manager_get_high_contrast(manager);
	const char *const grounds[2] = {dark ? "#26405e" : "#d8e6f8", dark ? "#4d4320" : "#f8ecc4"};
	GtkSourceStyleSchemeManager *all = gtk_source_style_scheme_manager_get_default();

	load_schemes();
	GtkSourceStyleScheme *scheme = gtk_source_style_scheme_manager_get_scheme(all, schemes[contrast][dark].id);

	/* Nowhere to put a file: its parent. */
	if (!scheme)
		scheme = gtk_source_style_scheme_manager_get_scheme(all, schemes[contrast][dark].parent);
	make_letters(pane);
	for (int i = 0; i < 2; i++) {
		if (!pane->sides[i].buffer)
			continue;
		gtk_source_buffer_set_style_scheme(pane->sides[i].buffer, scheme);
		for (int run = 0; run < 2; run++)
			g_object_set(pane->sides[i].here[run], "paragraph-background", grounds[run], NULL);
	}
}

static void mark_activated(GtkSourceView *view, GtkTextIter *iter, guint button, GdkModifierType state, int presses,
			   InspSourcePane *pane)
{
	g_signal_emit(pane, signal_line, 0, (guint)gtk_text_iter_get_line(iter) + 1);
}

static void insp_source_pane_finalize(GObject *object)
{
	InspSourcePane *pane = INSP_SOURCE_PANE(object);

	for (int run = 0; run < 2; run++) {
		g_free(pane->at[run].path);
		g_free(pane->sides[run].shown);
		g_clear_object(&pane->sides[run].buffer);
	}
	for (int runs = 0; runs < 4; runs++)
		g_free(pane->letters[runs]);
	g_free(pane->other_text);
	G_OBJECT_CLASS(insp_source_pane_parent_class)->finalize(object);
}

static void insp_source_pane_class_init(InspSourcePaneClass *class)
{
	G_OBJECT_CLASS(class)->finalize = insp_source_pane_finalize;
	signal_line = g_signal_new("line-chosen", INSP_TYPE_SOURCE_PANE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
				   G_TYPE_UINT);
}

/* ---- the widgets ---- */

/* Which runs are at a line of the text: told in letters, since colours are not for everybody. */
static void tell_runs(GtkSourceGutterRenderer *renderer, GtkSourceGutterLines *lines, guint line, InspSourcePane *pane)
{
	const guint text = GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(renderer), "side"));
	guint runs = 0;

	for (guint run = 0; run < 2; run++)
		if ((run == text || pane->same_text) && pane->at[run].path && pane->at[run].line == line + 1)
			runs |= 1u << run;
	gtk_source_gutter_renderer_text_set_markup(GTK_SOURCE_GUTTER_RENDERER_TEXT(renderer), runs ? pane->letters[runs] : "", -1);
}

static void add_runs(InspSourcePane *pane, guint number)
{
	GtkSourceView *view = GTK_SOURCE_VIEW(pane->sides[number].view);
	GtkSourceGutterRenderer *renderer = gtk_source_gutter_renderer_text_new();
	int width = 0;

	gtk_source_gutter_renderer_text_measure(GTK_SOURCE_GUTTER_RENDERER_TEXT(renderer), "AB", &width, NULL);
	gtk_widget_set_size_request(GTK_WIDGET(renderer), MAX(width, 20), -1);
	gtk_source_gutter_renderer_set_xpad(renderer, 3);
	g_object_set_data(G_OBJECT(renderer), "side", GUINT_TO_POINTER(number));
	g_signal_connect(renderer, "query-data", G_CALLBACK(tell_runs), pane);
	gtk_source_gutter_insert(gtk_source_view_get_gutter(view, GTK_TEXT_WINDOW_LEFT), renderer, 100);
	pane->sides[number].runs = GTK_WIDGET(renderer);
	gtk_widget_set_visible(GTK_WIDGET(renderer), pane->paired);
}

/* A text that has just been set is laid out over some frames, and moves what was scrolled to meanwhile. */
static gboolean scroll_later(GtkWidget *view, GdkFrameClock *clock, gpointer data)
{
	struct side *side = data;
	GtkTextBuffer *buffer = gtk_text_view_get_buffer(GTK_TEXT_VIEW(view));
	GtkTextMark *mark = gtk_text_buffer_get_mark(buffer, g_object_get_data(G_OBJECT(view), "goes to"));

	gtk_text_view_scroll_to_mark(GTK_TEXT_VIEW(view), mark, 0, TRUE, 0, 0.4);
	return --side->frames ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void scroll_on(struct side *side)
{
	if (!g_object_get_data(G_OBJECT(side->view), "goes to"))
		return;
	if (!side->frames)
		gtk_widget_add_tick_callback(side->view, scroll_later, side, NULL);
	side->frames = 8;
}

static GtkWidget *make_view(InspSourcePane *pane, guint number)
{
	struct side *side = &pane->sides[number];
	GtkWidget *scroller = gtk_scrolled_window_new();

	side->buffer = gtk_source_buffer_new(NULL);
	side->view = gtk_source_view_new_with_buffer(side->buffer);
	/* Also in another window, which has another size. */
	g_signal_connect_swapped(side->view, "realize", G_CALLBACK(scroll_on), side);
	gtk_source_view_set_show_line_numbers(GTK_SOURCE_VIEW(side->view), TRUE);
	gtk_source_view_set_tab_width(GTK_SOURCE_VIEW(side->view), 8);
	gtk_text_view_set_editable(GTK_TEXT_VIEW(side->view), FALSE);
	gtk_text_view_set_monospace(GTK_TEXT_VIEW(side->view), TRUE);
	insp_name(side->view, number ? "Source of the second run" : "Source");
	for (int run = 0; run < 2; run++)
		side->here[run] = gtk_text_buffer_create_tag(GTK_TEXT_BUFFER(side->buffer), NULL, NULL);
	add_runs(pane, number);
	gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), side->view);
	gtk_widget_set_vexpand(scroller, TRUE);
	gtk_widget_set_hexpand(scroller, TRUE);
	return scroller;
}

/* Breakpoints are the first run's. */
static void add_breaks(InspSourcePane *pane)
{
	GtkSourceView *view = GTK_SOURCE_VIEW(pane->sides[0].view);
	GtkSourceMarkAttributes *attributes = gtk_source_mark_attributes_new();

	gtk_source_view_set_show_line_marks(view, TRUE);
	gtk_source_mark_attributes_set_icon_name(attributes, "media-record-symbolic");
	gtk_source_view_set_mark_attributes(view, MARK_BREAK, attributes, 1);
	g_object_unref(attributes);
	g_signal_connect(view, "line-mark-activated", G_CALLBACK(mark_activated), pane);
}

/* The library of languages and styles costs megabytes: whoever looks at packets alone does without. */
static void need_view(InspSourcePane *pane, guint number)
{
	struct side *side = &pane->sides[number];

	if (side->view)
		return;
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);

	side->title = gtk_label_new(NULL);
	gtk_label_set_xalign(GTK_LABEL(side->title), 0);
	gtk_label_set_ellipsize(GTK_LABEL(side->title), PANGO_ELLIPSIZE_START);
	gtk_widget_add_css_class(side->title, "dim-label");
	gtk_widget_add_css_class(side->title, "caption");
	gtk_widget_set_margin_start(side->title, 12);
	gtk_widget_set_margin_bottom(side->title, 3);
	gtk_widget_set_margin_top(side->title, 3);
	gtk_box_append(GTK_BOX(box), side->title);
	gtk_box_append(GTK_BOX(box), make_view(pane, number));
	if (number == 0)
		add_breaks(pane);
	gtk_stack_add_named(GTK_STACK(side->stack), box, "text");
	follow_theme(pane);
}

static void make_side(struct side *side)
{
	side->why = gtk_label_new(NULL);
	side->stack = gtk_stack_new();
	gtk_label_set_wrap(GTK_LABEL(side->why), TRUE);
	gtk_label_set_justify(GTK_LABEL(side->why), GTK_JUSTIFY_CENTER);
	gtk_widget_add_css_class(side->why, "dim-label");
	gtk_stack_add_named(GTK_STACK(side->stack), side->why, "why");
	gtk_widget_set_hexpand(side->stack, TRUE);
	gtk_widget_set_vexpand(side->stack, TRUE);
}

static void insp_source_pane_init(InspSourcePane *pane)
{
	GtkWidget *both = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);

	gtk_orientable_set_orientation(GTK_ORIENTABLE(pane), GTK_ORIENTATION_VERTICAL);
	gtk_box_set_homogeneous(GTK_BOX(both), TRUE);
	pane->said = insp_said_new();
	for (int i = 0; i < 2; i++) {
		make_side(&pane->sides[i]);
		gtk_box_append(GTK_BOX(both), pane->sides[i].stack);
	}
	gtk_widget_set_visible(pane->sides[1].stack, FALSE);
	gtk_box_append(GTK_BOX(pane), pane->said);
	gtk_box_append(GTK_BOX(pane), both);
	g_signal_connect_object(adw_style_manager_get_default(), "notify::dark", G_CALLBACK(follow_theme), pane, G_CONNECT_SWAPPED);
	g_signal_connect_object(adw_style_manager_get_default(), "notify::high-contrast", G_CALLBACK(follow_theme), pane,
				G_CONNECT_SWAPPED);
	insp_source_pane_clear(pane, NULL);
}

/* ---- a text and its lines ---- */

/* The view of a side goes to a run's line. */
static void scroll(struct side *side, int run, guint line)
{
	static const char *const names[] = {"a", "b"};
	GtkTextBuffer *buffer = gtk_text_view_get_buffer(GTK_TEXT_VIEW(side->view));
	GtkTextMark *mark = gtk_text_buffer_get_mark(buffer, names[run]);
	GtkTextIter iter;

	gtk_text_buffer_get_iter_at_line(buffer, &iter, (int)line - 1);
	if (mark)
		gtk_text_buffer_move_mark(buffer, mark, &iter);
	else
		gtk_text_buffer_create_mark(buffer, names[run], &iter, /* left_gravity= */ TRUE);
	g_object_set_data(G_OBJECT(side->view), "goes to", (gpointer)names[run]);
	scroll_on(side);
}

/* The lines of a text at which runs are; 0: a run is not there. */
static void mark_lines(struct side *side, const guint lines[2])
{
	GtkTextBuffer *buffer = GTK_TEXT_BUFFER(side->buffer);
	GtkTextIter start, end;

	gtk_text_buffer_get_bounds(buffer, &start, &end);
	for (int run = 0; run < 2; run++)
		gtk_text_buffer_remove_tag(buffer, side->here[run], &start, &end);
	/* Of tags at one line that which was made last wins: both are there, and it is the first run's. */
	for (int run = 1; run >= 0; run--) {
		if (!lines[run] || (run == 1 && lines[0] == lines[1]))
			continue;
		gtk_text_buffer_get_iter_at_line(buffer, &start, (int)lines[run] - 1);
		end = start;
		gtk_text_iter_forward_line(&end);
		gtk_text_buffer_apply_tag(buffer, side->here[run], &start, &end);
	}
	gtk_widget_queue_draw(side->runs);
}

static void put_text(InspSourcePane *pane, int number, const char *path, const char *text)
{
	struct side *side = &pane->sides[number];

	need_view(pane, (guint)number);
	if (!text || g_strcmp0(path, side->shown) == 0)
		return;
	g_free(side->shown);
	side->shown = g_strdup(path);
	gtk_source_buffer_set_language(side->buffer, gtk_source_language_manager_guess_language(
		gtk_source_language_manager_get_default(), path, NULL));
	gtk_text_buffer_set_text(GTK_TEXT_BUFFER(side->buffer), text, -1);
}

static void set_place(struct place *at, const char *path, guint line)
{
	if (path != at->path) {
		g_free(at->path);
		at->path = g_strdup(path);
	}
	at->line = line;
}

static void show_title(InspSourcePane *pane, int number)
{
	const struct place *at = &pane->at[number];
	struct side *side = &pane->sides[number];

	gtk_stack_set_visible_child_name(GTK_STACK(side->stack), at->path ? "text" : "why");
	if (!at->path)
		return;
	g_autofree char *title = g_strdup_printf("%s:%u", at->path, at->line);

	gtk_label_set_text(GTK_LABEL(side->title), title);
}

/* ---- both ---- */

static char *name_of(const struct place *at)
{
	g_autofree char *base = at->path ? g_path_get_basename(at->path) : NULL;

	return base ? g_strdup_printf("%s:%u", base, at->line) : g_strdup("where there is no source");
}

static void say(InspSourcePane *pane)
{
	const struct place *at = pane->at;
	g_autofree char *a = name_of(&at[0]), *b = name_of(&at[1]);
	const gboolean same = pane->same_text && at[0].line == at[1].line, none = !at[0].path && !at[1].path;
	const gboolean changed = at[0].path && g_strcmp0(at[0].path, at[1].path) == 0 && !pane->same_text;

	if (!pane->paired || !pane->told) {
		insp_said_set(pane->said, pane->paired ? "The second run is on its way" : NULL, FALSE);
		return;
	}
	g_autofree char *text = none ? g_strdup("Neither run has source here")
				: same ? g_strdup_printf("Both runs are at %s", a)
				       : g_strdup_printf("A is at %s, B at %s%s", a, b, changed ? ", of another text" : "");

	insp_said_set(pane->said, text, !same && !none);
}

static gboolean is_text(GtkSourceBuffer *buffer, const char *text)
{
	GtkTextIter start, end;

	gtk_text_buffer_get_bounds(GTK_TEXT_BUFFER(buffer), &start, &end);
	g_autofree char *shown = gtk_text_buffer_get_text(GTK_TEXT_BUFFER(buffer), &start, &end, /* hidden= */ TRUE);

	return g_strcmp0(shown, text) == 0;
}

/* The second run's text beside the first one's: in the same text, another part of it. */
static void show_second(InspSourcePane *pane)
{
	const struct place *at = &pane->at[1];

	if (at->path) {
		need_view(pane, 1);
		if (!pane->same_text) {
			put_text(pane, 1, at->path, pane->other_text);
			mark_lines(&pane->sides[1], (const guint[]){0, at->line});
		}
		gtk_text_view_set_buffer(GTK_TEXT_VIEW(pane->sides[1].view), GTK_TEXT_BUFFER(pane->sides[pane->same_text ? 0 : 1].buffer));
		if (at->line)
			scroll(&pane->sides[1], 1, at->line);
	}
	show_title(pane, 1);
}

/* One text or two, and which lines of them. */
static void show(InspSourcePane *pane)
{
	const struct place *at = pane->at;
	const guint apart = MAX(at[0].line, at[1].line) - MIN(at[0].line, at[1].line);

	pane->same_text = pane->told && at[0].path && g_strcmp0(at[0].path, at[1].path) == 0 &&
			  is_text(pane->sides[0].buffer, pane->other_text);
	const gboolean near = pane->same_text && apart <= NEAR, split = pane->told && !near && (at[0].path || at[1].path);

	gtk_widget_set_visible(pane->sides[1].stack, split);
	show_title(pane, 0);
	if (at[0].path)
		mark_lines(&pane->sides[0], (const guint[]){at[0].line, pane->same_text ? at[1].line : 0});
	/* Between both, when both are to be seen. */
	if (at[0].line)
		scroll(&pane->sides[0], 0, near && at[1].line ? (at[0].line + at[1].line) / 2 : at[0].line);
	if (split)
		show_second(pane);
	say(pane);
}

/* ---- what is shown ---- */

void insp_source_pane_clear(InspSourcePane *pane, const char *why)
{
	set_place(&pane->at[0], NULL, 0);
	/* Another trace may have another text of the same path. */
	g_clear_pointer(&pane->sides[0].shown, g_free);
	gtk_label_set_text(GTK_LABEL(pane->sides[0].why), why ? why : "No program is looked at.\nChoose a thread in the list of threads.");
	show(pane);
}

void insp_source_pane_set(InspSourcePane *pane, const char *path, const char *text, guint line)
{
	GtkTextIter iter;

	put_text(pane, 0, path, text);
	set_place(&pane->at[0], path, line);
	if (line) {
		gtk_text_buffer_get_iter_at_line(GTK_TEXT_BUFFER(pane->sides[0].buffer), &iter, (int)line - 1);
		gtk_text_buffer_place_cursor(GTK_TEXT_BUFFER(pane->sides[0].buffer), &iter);
	}
	show(pane);
}

void insp_source_pane_set_paired(InspSourcePane *pane, gboolean paired)
{
	pane->paired = paired;
	g_clear_pointer(&pane->sides[1].shown, g_free);
	for (int i = 0; i < 2; i++)
		if (pane->sides[i].view)
			gtk_widget_set_visible(pane->sides[i].runs, paired);
	insp_source_pane_wait_other(pane);
}

void insp_source_pane_wait_other(InspSourcePane *pane)
{
	pane->told = FALSE;
	set_place(&pane->at[1], NULL, 0);
	g_clear_pointer(&pane->other_text, g_free);
	show(pane);
}

void insp_source_pane_set_other(InspSourcePane *pane, const char *path, const char *text, guint line, const char *why)
{
	pane->told = pane->paired;
	set_place(&pane->at[1], path, line);
	g_free(pane->other_text);
	pane->other_text = g_strdup(text);
	gtk_label_set_text(GTK_LABEL(pane->sides[1].why), why ? why : "");
	show(pane);
}

/* ---- asked ---- */

static char *line_of(InspSourcePane *pane, int number)
{
	const struct place *at = &pane->at[number];
	GtkTextIter start, end;

	if (!at->line)
		return g_strdup("");
	/* A second run's text that was never shown is the first one's. */
	GtkTextBuffer *buffer = GTK_TEXT_BUFFER(pane->sides[pane->same_text ? 0 : number].buffer);

	gtk_text_buffer_get_iter_at_line(buffer, &start, (int)at->line - 1);
	end = start;
	if (!gtk_text_iter_ends_line(&end))
		gtk_text_iter_forward_to_line_end(&end);
	return gtk_text_buffer_get_text(buffer, &start, &end, TRUE);
}

/* "PATH:LINE", or why there is none. */
static char *title_of(InspSourcePane *pane, int number)
{
	const struct place *at = &pane->at[number];
	const char *why = gtk_label_get_text(GTK_LABEL(pane->sides[number].why));

	/* Of two runs each takes one line. */
	return at->path ? g_strdup_printf("%s:%u", at->path, at->line) : g_strndup(why, pane->paired ? strcspn(why, "\n") : strlen(why));
}

char *insp_source_pane_print(InspSourcePane *pane)
{
	g_autofree char *title_a = title_of(pane, 0), *title_b = title_of(pane, 1);
	g_autofree char *line_a = line_of(pane, 0), *line_b = line_of(pane, 1);
	const gboolean same = !pane->told || (strcmp(title_a, title_b) == 0 && strcmp(line_a, line_b) == 0);

	if (same && !pane->at[0].path)
		return g_strdup_printf("%s\n", title_a);
	if (same)
		return g_strdup_printf("%s\n%s\n", title_a, line_a);
	return g_strdup_printf("%s " DIFFERS " %s\n%s " DIFFERS " %s\n", title_a, title_b, line_a, line_b);
}

const char *insp_source_pane_path(InspSourcePane *pane)
{
	return pane->at[0].path;
}

guint insp_source_pane_cursor(InspSourcePane *pane)
{
	GtkTextIter iter;

	if (!pane->at[0].path)
		return 0;
	GtkTextBuffer *buffer = GTK_TEXT_BUFFER(pane->sides[0].buffer);

	gtk_text_buffer_get_iter_at_mark(buffer, &iter, gtk_text_buffer_get_insert(buffer));
	return (guint)gtk_text_iter_get_line(&iter) + 1;
}

void insp_source_pane_set_breaks(InspSourcePane *pane, const guint *lines)
{
	GtkSourceBuffer *buffer = pane->sides[0].buffer;
	GtkTextIter start, end;

	if (!buffer)
		return;
	gtk_text_buffer_get_bounds(GTK_TEXT_BUFFER(buffer), &start, &end);
	gtk_source_buffer_remove_source_marks(buffer, &start, &end, MARK_BREAK);
	for (; *lines; lines++) {
		gtk_text_buffer_get_iter_at_line(GTK_TEXT_BUFFER(buffer), &start, (int)*lines - 1);
		gtk_source_buffer_create_source_mark(buffer, NULL, MARK_BREAK, &start);
	}
}
