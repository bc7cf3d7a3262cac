/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "said.h"

GtkWidget *insp_said_new(void)
{
	GtkWidget *said = gtk_label_new(NULL);

	gtk_label_set_xalign(GTK_LABEL(said), 0);
	gtk_label_set_wrap(GTK_LABEL(said), TRUE);
	gtk_label_set_selectable(GTK_LABEL(said), TRUE);
	gtk_widget_add_css_class(said, "said");
	gtk_widget_add_css_class(said, "numeric");
	gtk_widget_set_visible(said, FALSE);
	return said;
}

void insp_said_set(GtkWidget *said, const char *text, gboolean differs)
{
	gtk_label_set_text(GTK_LABEL(said), text ? text : "");
	gtk_widget_set_visible(said, text != NULL);
	if (differs)
		gtk_widget_add_css_class(said, "differs");
	else
		gtk_widget_remove_css_class(said, "differs");
}

void insp_said_print(GtkWidget *said, GString *text)
{
	if (gtk_widget_get_visible(said))
		g_string_append_printf(text, "%s\n", gtk_label_get_text(GTK_LABEL(said)));
}
