/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "panes.h"

#include <stdio.h>

#include "keys.h"
#include "log.h"

#include "base/check.h"

enum space { SPACE_UPPER, SPACE_LISTS, SPACE_DETAILS };

static const struct pane_row {
	const char *name, *title, *action;
	enum space space;
	int width, height;
} rows[INSP_PANE_COUNT] = {
#define PANE(id, symbol, name, title, space, width, height, keys)                                  \
	{name, title, "win.pane." name, SPACE_##space, width, height},
#include "panes.def"
#undef PANE
};

static const struct part_row {
	const char *name, *action;
} parts[INSP_PART_COUNT] = {
	[INSP_PART_OVERVIEW] = {"overview", "view.overview-other"},
	[INSP_PART_TIMELINE] = {"timeline", "view.timeline-other"},
	[INSP_PART_LISTS] = {"lists", "view.lists-other"},
	[INSP_PART_DETAILS] = {"details", "view.details-other"},
};

const char *insp__pane_name(enum insp_pane pane)
{
	return rows[pane].name;
}

const char *insp__pane_title(enum insp_pane pane)
{
	return rows[pane].title;
}

/* The tabs that it is one of; NULL: it is none. */
static GtkStack *stack_of(InspWindow *window, enum insp_pane pane)
{
	switch (rows[pane].space) {
	case SPACE_LISTS:
		return GTK_STACK(window->lists);
	case SPACE_DETAILS:
		return GTK_STACK(window->details);
	default:
		return NULL;
	}
}

bool insp__pane_is_out(InspWindow *window, enum insp_pane pane)
{
	return window->slots[pane].window != NULL;
}

bool insp__pane_is_seen(InspWindow *window, enum insp_pane pane)
{
	GtkStack *stack = stack_of(window, pane);
	GtkWidget *bin = GTK_WIDGET(window->slots[pane].bin);

	return insp__pane_is_out(window, pane) ||
	       (gtk_widget_is_visible(bin) && (!stack || gtk_stack_get_visible_child(stack) == bin));
}

char *insp__panes_status(InspWindow *window)
{
	g_autoptr(GString) out = g_string_new(NULL), hidden = g_string_new(NULL);

	for (int pane = 0; pane < INSP_PANE_COUNT; pane++)
		if (insp__pane_is_out(window, pane))
			g_string_append_printf(out, "%s\"%s\"", out->len ? "," : "", rows[pane].name);
	for (int part = 0; part < INSP_PART_COUNT; part++)
		if (window->hidden[part])
			g_string_append_printf(hidden, "%s\"%s\"", hidden->len ? "," : "", parts[part].name);
	return g_strdup_printf("\"detached\":[%s],\"hidden\":[%s]", out->str, hidden->str);
}

/* ---- who is in front ---- */

static InspPaneWindow *front_pane(InspWindow *window)
{
	for (int pane = 0; pane < INSP_PANE_COUNT; pane++)
		if (insp__pane_is_out(window, pane) && gtk_window_is_active(GTK_WINDOW(window->slots[pane].window)))
			return window->slots[pane].window;
	return NULL;
}

GtkWindow *insp__front(InspWindow *window)
{
	InspPaneWindow *front = front_pane(window);

	return front ? GTK_WINDOW(front) : GTK_WINDOW(window);
}

AdwToastOverlay *insp__front_toasts(InspWindow *window)
{
	InspPaneWindow *front = front_pane(window);

	return front ? insp_pane_window_toasts(front) : window->toasts;
}

void insp__give_keyboard(InspWindow *window, GtkWidget *widget)
{
	GtkRoot *root = gtk_widget_get_root(widget);

	if (GTK_IS_WINDOW(root) && GTK_WINDOW(root) != insp__front(window))
		gtk_window_present(GTK_WINDOW(root));
	gtk_widget_grab_focus(widget);
}

void insp__panes_tell(InspWindow *window)
{
	const struct insp_run *run = window->run ? window->run : window->sketch ? window->sketch->run : NULL;
	g_autofree char *trace = run ? g_path_get_basename(run->path) : g_strdup("");
	g_autofree char *position = NULL;
	char time[48];

	if (window->run && window->focus != INSP_NONE) {
		insp_put_time(time, sizeof(time), insp_vtime(window->run, window->focus));
		position = g_strdup_printf("@%u   %s s", window->focus, time);
	}
	for (int pane = 0; pane < INSP_PANE_COUNT; pane++)
		if (insp__pane_is_out(window, pane))
			insp_pane_window_tell(window->slots[pane].window, trace, position ? position : "");
}

/* ---- tabs and the room that is left ---- */

static bool has_tabs(GtkWidget *stack)
{
	for (GtkWidget *bin = gtk_widget_get_first_child(stack); bin; bin = gtk_widget_get_next_sibling(bin))
		if (gtk_widget_get_visible(bin))
			return true;
	return false;
}

static void show_state(InspWindow *window, const char *action, bool on)
{
	GAction *found = g_action_map_lookup_action(G_ACTION_MAP(window), action);

	/* While the window is made there are none yet. */
	if (found)
		g_simple_action_set_state(G_SIMPLE_ACTION(found), g_variant_new_boolean(on));
}

/* What there is to see of the main window, by who is out and what is hidden. */
struct room {
	bool overview, timeline, plots, lists, details;
};

static struct room room_of(InspWindow *window)
{
	return (struct room){
		.overview = !insp__pane_is_out(window, INSP_PANE_OVERVIEW) && !window->hidden[INSP_PART_OVERVIEW],
		.timeline = !insp__pane_is_out(window, INSP_PANE_TIMELINE) && !window->hidden[INSP_PART_TIMELINE],
		.plots = !insp__pane_is_out(window, INSP_PANE_PLOTS) && gtk_widget_get_visible(GTK_WIDGET(window->plots)),
		.lists = has_tabs(window->lists) && !window->hidden[INSP_PART_LISTS],
		.details = has_tabs(window->details) && !window->hidden[INSP_PART_DETAILS],
	};
}

static bool is_bare(const struct room *room)
{
	return !room->timeline && !room->plots && !room->lists && !room->details;
}

void insp__panes_lay_out(InspWindow *window)
{
	const struct room room = room_of(window);

	gtk_widget_set_visible(GTK_WIDGET(window->overview_bin), room.overview);
	gtk_widget_set_visible(GTK_WIDGET(window->timeline_bin), room.timeline);
	gtk_widget_set_visible(window->pictures, room.timeline || room.plots);
	insp_plots_set_ruler(window->plots, !room.timeline || insp__pane_is_out(window, INSP_PANE_PLOTS));
	gtk_widget_set_visible(gtk_widget_get_parent(window->lists), room.lists);
	gtk_widget_set_visible(gtk_widget_get_parent(window->details), room.details);
	gtk_widget_set_visible(window->lower, room.lists || room.details);
	gtk_widget_set_visible(window->upper, !is_bare(&room));
	gtk_widget_set_visible(window->elsewhere, is_bare(&room));
	for (int part = 0; part < INSP_PART_COUNT; part++)
		show_state(window, parts[part].action, !window->hidden[part]);
	show_state(window, "view.plots-other", gtk_widget_get_visible(GTK_WIDGET(window->plots)));
}

/* Both, as a stack hides the button by the one and takes its next child by the other. */
static void set_tab(InspWindow *window, enum insp_pane pane, bool visible)
{
	GtkStack *stack = stack_of(window, pane);
	GtkWidget *bin = GTK_WIDGET(window->slots[pane].bin);

	if (!stack)
		return;
	gtk_stack_page_set_visible(gtk_stack_get_page(stack, bin), visible);
	gtk_widget_set_visible(bin, visible);
}

/* What is looked at in place of a tab that goes is the one before it, which is about more than those behind. */
static void leave_tab(InspWindow *window, enum insp_pane pane)
{
	GtkStack *stack = stack_of(window, pane);
	GtkWidget *bin = GTK_WIDGET(window->slots[pane].bin), *other = bin;

	if (!stack)
		return;
	do
		other = gtk_widget_get_prev_sibling(other);
	while (other && !gtk_widget_get_visible(other));
	/* Else the stack takes the first that is left. */
	if (other && gtk_stack_get_visible_child(stack) == bin)
		gtk_stack_set_visible_child(stack, other);
	set_tab(window, pane, false);
}

static enum insp_part part_of(enum insp_pane pane)
{
	switch (rows[pane].space) {
	case SPACE_LISTS:
		return INSP_PART_LISTS;
	case SPACE_DETAILS:
		return INSP_PART_DETAILS;
	default:
		return pane == INSP_PANE_OVERVIEW ? INSP_PART_OVERVIEW : INSP_PART_TIMELINE;
	}
}

/* For later windows; sizes are those of now. */
static void remember(InspWindow *window)
{
	g_autoptr(GString) out = g_string_new(NULL), hidden = g_string_new(NULL);

	if (!window->keeps_panes || window->applying)
		return;
	for (int pane = 0; pane < INSP_PANE_COUNT; pane++) {
		int width, height;

		if (!insp__pane_is_out(window, pane))
			continue;
		gtk_window_get_default_size(GTK_WINDOW(window->slots[pane].window), &width, &height);
		g_string_append_printf(out, "%s%s %d %d", out->len ? "," : "", rows[pane].name, width, height);
	}
	for (int part = 0; part < INSP_PART_COUNT; part++)
		if (window->hidden[part])
			g_string_append_printf(hidden, "%s%s", hidden->len ? "," : "", parts[part].name);
	insp__settings_keep(window, "detached", out->str);
	insp__settings_keep(window, "hidden", hidden->str);
}

/* Whoever has just come to light may never have been filled. */
static void came_to_light(InspWindow *window)
{
	for (int pane = 0; pane < INSP_PANE_COUNT; pane++)
		if (insp__pane_is_seen(window, pane))
			insp__list_needed(window, pane);
	insp__program_shown(window);
}

static void hide(InspWindow *window, enum insp_part part, bool hidden)
{
	if (window->hidden[part] == hidden)
		return;
	window->hidden[part] = hidden;
	insp__panes_lay_out(window);
	if (part == INSP_PART_TIMELINE)
		insp__share_height(window);
	if (!hidden)
		came_to_light(window);
	remember(window);
}

void insp__pane_show(InspWindow *window, enum insp_pane pane, bool asked)
{
	if (insp__pane_is_out(window, pane)) {
		if (asked)
			gtk_window_present(GTK_WINDOW(window->slots[pane].window));
		return;
	}
	gtk_stack_set_visible_child(stack_of(window, pane), GTK_WIDGET(window->slots[pane].bin));
	if (asked)
		hide(window, part_of(pane), false);
}

bool insp__pane_choose(InspWindow *window, GtkWidget *stack, const char *what, const char *name)
{
	g_autoptr(GString) names = g_string_new(NULL);

	for (int pane = 0; pane < INSP_PANE_COUNT; pane++) {
		if (GTK_WIDGET(stack_of(window, pane)) != stack || window->slots[pane].withheld)
			continue;
		if (strcmp(rows[pane].name, name) == 0) {
			insp__pane_show(window, pane, /* asked= */ true);
			return true;
		}
		g_string_append_printf(names, "%s%s", names->len ? ", " : "", rows[pane].name);
	}
	insp__refuse(window, "there is no %s \"%s\"; there are %s", what, name, names->str);
	return false;
}

void insp__pane_offer(InspWindow *window, enum insp_pane pane, bool offered)
{
	if (!offered)
		insp__pane_attach(window, pane);
	window->slots[pane].withheld = !offered;
	set_tab(window, pane, offered);
	insp__panes_lay_out(window);
}

/* ---- there and back ---- */

/* The share of the timeline is not a matter of lists. */
static void lay_out_for(InspWindow *window, enum insp_pane pane)
{
	insp__panes_lay_out(window);
	if (rows[pane].space == SPACE_UPPER)
		insp__share_height(window);
	show_state(window, rows[pane].action + strlen("win."), insp__pane_is_out(window, pane));
}

static void detach(InspWindow *window, enum insp_pane pane)
{
	struct insp_slot *slot = &window->slots[pane];
	const struct pane_row *row = &rows[pane];
	g_autoptr(GtkWidget) child = g_object_ref(slot->child);

	if (pane == INSP_PANE_PLOTS)
		gtk_widget_set_visible(child, TRUE);
	adw_bin_set_child(slot->bin, NULL);
	slot->window = insp_pane_window_new(window, row->name, row->title, child);
	gtk_window_set_default_size(GTK_WINDOW(slot->window), slot->width ? slot->width : row->width,
				    slot->height ? slot->height : row->height);
	leave_tab(window, pane);
	lay_out_for(window, pane);
	insp__panes_tell(window);
	gtk_window_present(GTK_WINDOW(slot->window));
	came_to_light(window);
	remember(window);
}

/* Its tab is as it was. */
static void put_back(InspWindow *window, enum insp_pane pane)
{
	struct insp_slot *slot = &window->slots[pane];
	InspPaneWindow *from = g_steal_pointer(&slot->window);
	g_autoptr(GtkWidget) child = g_object_ref(slot->child);

	gtk_window_get_default_size(GTK_WINDOW(from), &slot->width, &slot->height);
	if (window->hand_at == GTK_WIDGET(from))
		window->hand_at = NULL;
	insp_pane_window_release(from);
	adw_bin_set_child(slot->bin, child);
	gtk_window_destroy(GTK_WINDOW(from));
}

void insp__pane_attach(InspWindow *window, enum insp_pane pane)
{
	if (!insp__pane_is_out(window, pane))
		return;
	put_back(window, pane);
	window->hidden[part_of(pane)] = false;
	set_tab(window, pane, true);
	lay_out_for(window, pane);
	if (stack_of(window, pane))
		insp__pane_show(window, pane, /* asked= */ false);
	remember(window);
}

void insp__panes_close(InspWindow *window)
{
	remember(window);
	window->keeps_panes = false;
	for (int pane = 0; pane < INSP_PANE_COUNT; pane++)
		if (insp__pane_is_out(window, pane))
			put_back(window, pane);
}

void insp__panes_run_shown(InspWindow *window)
{
	for (int pane = 0; pane < INSP_PANE_COUNT; pane++)
		if (insp__pane_is_out(window, pane))
			insp__list_needed(window, pane);
}

/* ---- the widgets ---- */

/* Beside the tabs: takes out the pane whose tab is chosen. */
static void show_button(GtkStack *stack, GParamSpec *spec, GtkWidget *button)
{
	const char *name = gtk_stack_get_visible_child_name(stack);

	for (int pane = 0; name && pane < INSP_PANE_COUNT; pane++) {
		if (strcmp(rows[pane].name, name) != 0)
			continue;
		g_autofree char *words = g_strdup_printf("%s: into a window of its own", rows[pane].title);

		gtk_actionable_set_action_name(GTK_ACTIONABLE(button), rows[pane].action);
		gtk_widget_set_tooltip_text(button, words);
		insp_name(button, words);
		insp__keys_tell(button);
	}
}

static void add_upper(InspWindow *window, enum insp_pane pane, AdwBin *bin)
{
	window->slots[pane].bin = bin;
	window->slots[pane].child = adw_bin_get_child(bin);
}

void insp__panes_init(InspWindow *window)
{
	add_upper(window, INSP_PANE_OVERVIEW, window->overview_bin);
	add_upper(window, INSP_PANE_TIMELINE, window->timeline_bin);
	add_upper(window, INSP_PANE_PLOTS, window->plots_bin);
	g_signal_connect(window->lists, "notify::visible-child", G_CALLBACK(show_button), window->list_out);
	g_signal_connect(window->details, "notify::visible-child", G_CALLBACK(show_button), window->detail_out);
	g_signal_connect(window, "unrealize", G_CALLBACK(insp__panes_close), NULL);
}

void insp__pane_add(InspWindow *window, enum insp_pane pane, GtkWidget *child)
{
	struct insp_slot *slot = &window->slots[pane];

	slot->bin = ADW_BIN(adw_bin_new());
	slot->child = child;
	adw_bin_set_child(slot->bin, child);
	gtk_stack_add_titled(stack_of(window, pane), GTK_WIDGET(slot->bin), rows[pane].name, rows[pane].title);
}

/* ---- commands ---- */

/* INSP_PANE_COUNT: there is none, or it has nothing to show, and that was said. */
static enum insp_pane find(InspWindow *window, const char *name)
{
	int pane = 0;

	while (pane < INSP_PANE_COUNT && strcmp(rows[pane].name, name) != 0)
		pane++;
	if (pane == INSP_PANE_COUNT) {
		g_autoptr(GString) names = g_string_new(NULL);

		for (int i = 0; i < INSP_PANE_COUNT; i++)
			g_string_append_printf(names, "%s%s", i ? ", " : "", rows[i].name);
		insp__refuse(window, "there is no pane \"%s\"; there are %s", name, names->str);
	} else if (window->slots[pane].withheld) {
		insp__refuse(window, "there is nothing in \"%s\": no second run is open", name);
		pane = INSP_PANE_COUNT;
	}
	return pane;
}

bool insp__do_pane_detach(InspWindow *window, const char *argument)
{
	const enum insp_pane pane = find(window, argument);

	if (pane == INSP_PANE_COUNT)
		return false;
	if (insp__pane_is_out(window, pane))
		gtk_window_present(GTK_WINDOW(window->slots[pane].window));
	else
		detach(window, pane);
	return true;
}

bool insp__do_pane_attach(InspWindow *window, const char *argument)
{
	const enum insp_pane only = *argument ? find(window, argument) : INSP_PANE_COUNT;

	if (*argument && only == INSP_PANE_COUNT)
		return false;
	for (int pane = 0; pane < INSP_PANE_COUNT; pane++)
		if (!*argument || pane == (int)only)
			insp__pane_attach(window, pane);
	return true;
}

static bool turn(InspWindow *window, enum insp_pane pane)
{
	return insp__pane_is_out(window, pane) ? insp__do_pane_attach(window, rows[pane].name)
					       : insp__do_pane_detach(window, rows[pane].name);
}

bool insp__do_pane_keep(InspWindow *window, const char *argument)
{
	if (!insp__take_switch(window, argument, &window->keeps_panes))
		return false;
	remember(window);
	return true;
}

/* A command for each, so that what was done tells it as well. */
static void restore(InspWindow *window, const char *name, int width, int height)
{
	g_autofree char *command = g_strdup_printf("pane.detach %s", name);

	for (int pane = 0; pane < INSP_PANE_COUNT; pane++)
		if (strcmp(rows[pane].name, name) == 0 && !window->slots[pane].withheld) {
			window->slots[pane].width = width;
			window->slots[pane].height = height;
			insp__run_text(window, command);
		}
}

void insp__panes_restore(InspWindow *window)
{
	if (!window->keeps_panes || window->panes_restored)
		return;
	window->panes_restored = true;
	g_autofree char *out = insp__settings_text("detached"), *hidden = insp__settings_text("hidden");
	g_auto(GStrv) panes = g_strsplit(out ? out : "", ",", -1), names = g_strsplit(hidden ? hidden : "", ",", -1);

	for (char **pane = panes; *pane; pane++) {
		char name[32];
		int width, height;

		/* What is nonsense is nothing. */
		if (sscanf(*pane, "%31s %d %d", name, &width, &height) == 3 && width > 0 && height > 0)
			restore(window, name, width, height);
	}
	for (char **name = names; *name; name++) {
		g_autofree char *command = g_strdup_printf("view.part %s off", *name);

		for (int part = 0; part < INSP_PART_COUNT; part++)
			if (strcmp(parts[part].name, *name) == 0)
				insp__run_text(window, command);
	}
}

static bool hide_if_any_is_left(InspWindow *window, enum insp_part part, bool hidden)
{
	const bool before = window->hidden[part];

	window->hidden[part] = hidden;
	const struct room room = room_of(window);

	window->hidden[part] = before;
	if (hidden && is_bare(&room)) {
		insp__refuse(window, "without \"%s\" nothing would be left to see", parts[part].name);
		return false;
	}
	hide(window, part, hidden);
	return true;
}

bool insp__do_view_part(InspWindow *window, const char *argument)
{
	g_auto(GStrv) words = g_strsplit(argument, " ", 2);
	bool done = true, known = false, on;

	if (!insp__take_switch(window, words[1] ? words[1] : "", &on))
		return false;
	for (int part = 0; part < INSP_PART_COUNT; part++)
		if (strcmp(words[0], "all") == 0 || strcmp(words[0], parts[part].name) == 0) {
			known = true;
			done = hide_if_any_is_left(window, part, !on) && done;
		}
	if (!known)
		insp__refuse(window, "there is no part \"%s\"; there are overview, timeline, lists, details, and all", words[0]);
	return known && done;
}

#define OTHER(symbol, id)                                                                          \
	bool insp__do_view_##symbol##_other(InspWindow *window, const char *argument)              \
	{                                                                                          \
		return hide_if_any_is_left(window, INSP_PART_##id, !window->hidden[INSP_PART_##id]);     \
	}
OTHER(overview, OVERVIEW)
OTHER(timeline, TIMELINE)
OTHER(lists, LISTS)
OTHER(details, DETAILS)

#define PANE(id, symbol, name, title, space, width, height, keys)                                  \
	bool insp__do_pane_##symbol(InspWindow *window, const char *argument)                      \
	{                                                                                          \
		return turn(window, INSP_PANE_##id);                                               \
	}
#include "panes.def"
#undef PANE
