/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tip.h - a cell that may be too narrow tells its whole text when it is pointed at.
 *
 * Not by gtk_widget_set_tooltip_text(): that asks the X server where the pointer is, each time, and waits for the answer, which for
 * the cells of a list that fills anew takes longer than all else.
 */
#ifndef INSP_TIP_H
#define INSP_TIP_H

#include <gtk/gtk.h>

/* css_class: only while the label has this class; NULL: always. */
void insp_tip(GtkWidget *label, const char *css_class);

#endif
