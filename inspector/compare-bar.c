/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compare-bar.c - what is said above the lanes while two runs are compared: which, where they part and why, what is left out. */
#include "compare-int.h"

#include "base/check.h"

static const struct ignore {
	const char *label, *action, *tooltip;
	unsigned int flag;
} ignores[] = {
	{"time", "win.compare.ignore-time", "Leave out when something happened", FMT_IGNORE_TIME},
	{"pids", "win.compare.ignore-pids", "Leave out numbers of processes and threads", FMT_IGNORE_PIDS},
	{"ports", "win.compare.ignore-ports", "Leave out ports of TCP and UDP", FMT_IGNORE_PORTS},
	{"payload", "win.compare.ignore-payload", "Leave out bytes: of frames, of memory, of texts", FMT_IGNORE_PAYLOAD},
};

struct bar {
	GtkWidget *verdict, *facts, *number;
	GtkWidget *ignore[G_N_ELEMENTS(ignores)];
};

static GtkWidget *label_new(const char *style)
{
	GtkWidget *label = gtk_label_new(NULL);

	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
	gtk_label_set_selectable(GTK_LABEL(label), TRUE);
	gtk_widget_add_css_class(label, "numeric");
	if (style)
		gtk_widget_add_css_class(label, style);
	return label;
}

static void add_button(GtkWidget *box, const char *icon, const char *action, const char *tooltip)
{
	GtkWidget *button = gtk_button_new_from_icon_name(icon);

	gtk_actionable_set_action_name(GTK_ACTIONABLE(button), action);
	gtk_widget_set_tooltip_text(button, tooltip);
	gtk_box_append(GTK_BOX(box), button);
}

static GtkWidget *linked_new(void)
{
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);

	gtk_widget_add_css_class(box, "linked");
	gtk_widget_set_valign(box, GTK_ALIGN_CENTER);
	return box;
}

static GtkWidget *steps_new(struct bar *bar)
{
	GtkWidget *box = linked_new();

	add_button(box, "go-first-symbolic", "win.compare.first", "First divergence");
	add_button(box, "go-previous-symbolic", "win.compare.previous", "Previous difference (Shift+N)");
	bar->number = gtk_button_new_with_label("");
	gtk_actionable_set_action_name(GTK_ACTIONABLE(bar->number), "win.view.list");
	gtk_actionable_set_action_target(GTK_ACTIONABLE(bar->number), "s", "differences");
	gtk_widget_set_tooltip_text(bar->number, "List the differences");
	gtk_widget_add_css_class(bar->number, "numeric");
	gtk_box_append(GTK_BOX(box), bar->number);
	add_button(box, "go-next-symbolic", "win.compare.next", "Next difference (N)");
	return box;
}

static GtkWidget *ignores_new(struct bar *bar)
{
	GtkWidget *box = linked_new();

	for (guint i = 0; i < G_N_ELEMENTS(ignores); i++) {
		/* Its action asks for another comparison; whether it is down is what is in force. */
		GtkWidget *button = gtk_toggle_button_new_with_label(ignores[i].label);

		gtk_actionable_set_action_name(GTK_ACTIONABLE(button), ignores[i].action);
		gtk_widget_set_tooltip_text(button, ignores[i].tooltip);
		gtk_box_append(GTK_BOX(box), button);
		bar->ignore[i] = button;
	}
	return box;
}

void insp__compare_bar_add(InspWindow *window)
{
	struct bar *bar = g_new0(struct bar, 1);
	GtkWidget *page = window->compare_page, *words = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
	GtkWidget *ignore = gtk_label_new("ignore"), *others = linked_new();

	bar->verdict = label_new("heading");
	bar->facts = label_new("caption");
	gtk_widget_add_css_class(bar->facts, "dim-label");
	gtk_widget_add_css_class(ignore, "dim-label");
	gtk_widget_set_hexpand(words, TRUE);
	gtk_widget_set_valign(words, GTK_ALIGN_CENTER);
	gtk_box_append(GTK_BOX(words), bar->verdict);
	gtk_box_append(GTK_BOX(words), bar->facts);
	add_button(others, "view-continuous-symbolic", "win.compare.stretches", "Fold or show what both have in common (E)");
	add_button(others, "window-close-symbolic", "win.compare.close", "Close the second run");
	gtk_box_append(GTK_BOX(page), words);
	gtk_box_append(GTK_BOX(page), steps_new(bar));
	gtk_box_append(GTK_BOX(page), ignore);
	gtk_box_append(GTK_BOX(page), ignores_new(bar));
	gtk_box_append(GTK_BOX(page), others);
	g_object_set_data_full(G_OBJECT(page), "bar", bar, g_free);
}

char *insp__compare_verdict(const struct insp_compared *compared)
{
	const struct insp_pair *pair = compared->pair;
	char time[48];

	if (!compared->cause)
		return g_strdup(pair->difference_count ? "The runs part in nothing that counts" : "The runs are the same");
	if (!compared->node)
		return g_strdup_printf("The same events; what the runs were given differs: %s", compared->cause);
	const int side = compared->first[0] == INSP_NONE;

	insp_put_time(time, sizeof(time), insp_vtime(pair->run[side], compared->first[side]));
	return g_strdup_printf("First divergence @%u%s on %s at %s s \u00b7 cause: %s", compared->first[side], side ? " of B" : "",
			       compared->node, time, compared->cause);
}

static char *facts_of(const struct insp_compared *compared)
{
	const struct insp_pair *pair = compared->pair;
	g_autofree char *a = g_path_get_basename(pair->run[0]->path), *b = g_path_get_basename(pair->run[1]->path);

	return g_strdup_printf("A %s \u00b7 B %s \u00b7 %u events the same, %u changed, %u only in A, %u only in B", a, b, pair->same,
			       pair->changed, pair->alone[0], pair->alone[1]);
}

void insp__compare_bar_show(InspWindow *window)
{
	const struct bar *bar = g_object_get_data(G_OBJECT(window->compare_page), "bar");
	const struct insp_compare *compare = window->compare;
	const uint32_t count = compare->of->pair->difference_count;
	g_autofree char *verdict = insp__compare_verdict(compare->of), *facts = facts_of(compare->of);
	const bool at = compare->current != INSP_NONE && compare->current_at == window->focus;
	g_autofree char *number = at ? g_strdup_printf("%u of %u", compare->current + 1, count)
				     : g_strdup_printf("%u difference%s", count, count == 1 ? "" : "s");

	gtk_label_set_text(GTK_LABEL(bar->verdict), verdict);
	gtk_label_set_text(GTK_LABEL(bar->facts), facts);
	gtk_button_set_label(GTK_BUTTON(bar->number), number);
	for (guint i = 0; i < G_N_ELEMENTS(ignores); i++)
		gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(bar->ignore[i]), (compare->of->ignore & ignores[i].flag) != 0);
}
