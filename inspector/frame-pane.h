/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frame-pane.h - a packet: its layers above, its bytes below; choosing a field marks its bytes. */
#ifndef INSP_FRAME_PANE_H
#define INSP_FRAME_PANE_H

#include <gtk/gtk.h>

#define INSP_TYPE_FRAME_PANE (insp_frame_pane_get_type())
G_DECLARE_FINAL_TYPE(InspFramePane, insp_frame_pane, INSP, FRAME_PANE, GtkBox)
/* NULL: no packet is chosen. */
void insp_frame_pane_set(InspFramePane *pane, GBytes *frame);
/* The layers as text, one line a field. */
char *insp_frame_pane_text(InspFramePane *pane);

#endif
