/* SPDX-License-Identifier: GPL-2.0-or-later */
/* panes.h - what is told about one position: the packet's layers and bytes, and the threads. */
#ifndef INSP_PANES_H
#define INSP_PANES_H

#include <gtk/gtk.h>

#include "fold.h"

/* Layers above, bytes below; choosing a field marks its bytes. */
#define INSP_TYPE_FRAME_PANE (insp_frame_pane_get_type())
G_DECLARE_FINAL_TYPE(InspFramePane, insp_frame_pane, INSP, FRAME_PANE, GtkBox)
/* NULL: no packet is chosen. */
void insp_frame_pane_set(InspFramePane *pane, GBytes *frame);
/* The layers as text, one line a field. */
char *insp_frame_pane_text(InspFramePane *pane);

#define INSP_TYPE_STATE_PANE (insp_state_pane_get_type())
G_DECLARE_FINAL_TYPE(InspStatePane, insp_state_pane, INSP, STATE_PANE, GtkBox)
/* The states are copied; run must live until the next call. */
void insp_state_pane_set(InspStatePane *pane, const struct insp_run *run, uint32_t seq,
			 const struct insp_thread_state *states, uint32_t count);
char *insp_state_pane_text(InspStatePane *pane);

#endif
