/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pane-window.h - a window with one pane of another window, whose commands and keys it has. */
#ifndef INSP_PANE_WINDOW_H
#define INSP_PANE_WINDOW_H

#include "window.h"

#define INSP_TYPE_PANE_WINDOW (insp_pane_window_get_type())
G_DECLARE_FINAL_TYPE(InspPaneWindow, insp_pane_window, INSP, PANE_WINDOW, AdwWindow)

/* The child has no parent.  name, title: of the pane, for ever.  Closing it runs "pane.attach NAME" in its owner, which then takes the
 * child and destroys this window. */
InspPaneWindow *insp_pane_window_new(InspWindow *owner, const char *name, const char *title, GtkWidget *child);
/* The child has no parent again. */
void insp_pane_window_release(InspPaneWindow *window);
/* What is called after the trace, and says where it is. */
void insp_pane_window_tell(InspPaneWindow *window, const char *trace, const char *position);
AdwToastOverlay *insp_pane_window_toasts(InspPaneWindow *window);

#endif
