/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * names.h - what widgets are called by a screen reader.
 *
 * GTK 4.8 calls by its class what has no text of its own: a button with an icon, a row of a table, and what it makes itself inside of
 * tables and choices and lets the keyboard go to.
 */
#ifndef INSP_NAMES_H
#define INSP_NAMES_H

#include <gtk/gtk.h>

void insp_name(GtkWidget *widget, const char *name);
/* Names what can have the keyboard below a widget and has no name: by its tooltip, by what it shows, by what it belongs to. */
void insp_names_below(GtkWidget *widget);
/* Shows a window, with such names in it. */
void insp_present(GtkWidget *window);
/* The row of a table or list is called what its cells say.  To be called for each cell that has got its text. */
void insp_name_row(GtkListItem *item);

#endif
