/* SPDX-License-Identifier: GPL-2.0-or-later */
/* source-pane.h - the source of the chosen frame, with the line that is next and the lines with breakpoints. */
#ifndef INSP_SOURCE_PANE_H
#define INSP_SOURCE_PANE_H

#include <gtk/gtk.h>

#define INSP_TYPE_SOURCE_PANE (insp_source_pane_get_type())
G_DECLARE_FINAL_TYPE(InspSourcePane, insp_source_pane, INSP, SOURCE_PANE, GtkBox)

/* Shows a text; path names it and tells the language.  The same path again only moves the line. */
void insp_source_pane_set(InspSourcePane *pane, const char *path, const char *text, guint line);
/* Says why there is no source. */
void insp_source_pane_clear(InspSourcePane *pane, const char *why);
const char *insp_source_pane_path(InspSourcePane *pane);
/* The line of the cursor, from 1; 0: there is none. */
/* "PATH:LINE", a newline, and the text of the line that is about to run; or why there is none.  The caller frees it. */
char *insp_source_pane_print(InspSourcePane *pane);
guint insp_source_pane_cursor(InspSourcePane *pane);
/* Marks lines of this file; lines ends with 0. */
void insp_source_pane_set_breaks(InspSourcePane *pane, const guint *lines);
/* Signal "line-chosen" (line): the user clicked beside a line, to set or remove a breakpoint. */

#endif
