/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * source-pane.h - the source of the frame that is looked at: its line, breakpoints beside it.
 *
 * Of two runs that are near each other in the same file both lines are marked in one text; where they are elsewhere, the second run's
 * text stands beside the first one's.
 *
 * Signal "line-chosen" (line): the user has clicked beside a line of the first run's text.
 */
#ifndef INSP_SOURCE_PANE_H
#define INSP_SOURCE_PANE_H

#include <gtk/gtk.h>

#define INSP_TYPE_SOURCE_PANE (insp_source_pane_get_type())
G_DECLARE_FINAL_TYPE(InspSourcePane, insp_source_pane, INSP, SOURCE_PANE, GtkBox)

/* Says why there is no source; NULL: no program is looked at. */
void insp_source_pane_clear(InspSourcePane *pane, const char *why);
/* text may be NULL when the path is that which is shown. */
void insp_source_pane_set(InspSourcePane *pane, const char *path, const char *text, guint line);
/* Whether a second run is compared; it has not told yet then where it is, nor when it is waited for anew. */
void insp_source_pane_set_paired(InspSourcePane *pane, gboolean paired);
void insp_source_pane_wait_other(InspSourcePane *pane);
/* What the second run has; path NULL: none, and why. */
void insp_source_pane_set_other(InspSourcePane *pane, const char *path, const char *text, guint line, const char *why);
/* The place and its line; of two runs "A \u2260 B" where they differ. */
char *insp_source_pane_print(InspSourcePane *pane);
/* NULL: no source is shown. */
const char *insp_source_pane_path(InspSourcePane *pane);
/* The line with the cursor; 0: no source is shown. */
guint insp_source_pane_cursor(InspSourcePane *pane);
/* Lines with a breakpoint, which end with 0. */
void insp_source_pane_set_breaks(InspSourcePane *pane, const guint *lines);

#endif
