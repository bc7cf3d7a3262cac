/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tip.h"

static gboolean tell(GtkWidget *label, int x, int y, gboolean by_keyboard, GtkTooltip *tooltip, gpointer data)
{
	const char *css_class = data, *text = gtk_label_get_text(GTK_LABEL(label));

	if (!*text || (css_class && !gtk_widget_has_css_class(label, css_class)))
		return FALSE;
	gtk_tooltip_set_text(tooltip, text);
	return TRUE;
}

void insp_tip(GtkWidget *label, const char *css_class)
{
	gtk_widget_set_has_tooltip(label, TRUE);
	g_signal_connect(label, "query-tooltip", G_CALLBACK(tell), (gpointer)css_class);
}
