/* SPDX-License-Identifier: GPL-2.0-or-later */
/* said.h - the line above a pane that says how two runs compare in what it shows. */
#ifndef INSP_SAID_H
#define INSP_SAID_H

#include <gtk/gtk.h>

/* A label, which is not seen until something is said. */
GtkWidget *insp_said_new(void);
/* text: NULL: nothing, since there is but one run. */
void insp_said_set(GtkWidget *said, const char *text, gboolean differs);
/* As a line of its own, when it is seen. */
void insp_said_print(GtkWidget *said, GString *text);

#endif
