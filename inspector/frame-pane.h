/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame-pane.h - a packet: its layers above, its bytes below; choosing a field marks its bytes.
 *
 * Of two runs a field that both have alike is there once; where they differ A's stands beside B's, with a sign.
 */
#ifndef INSP_FRAME_PANE_H
#define INSP_FRAME_PANE_H

#include <gtk/gtk.h>

#define INSP_TYPE_FRAME_PANE (insp_frame_pane_get_type())
G_DECLARE_FINAL_TYPE(InspFramePane, insp_frame_pane, INSP, FRAME_PANE, GtkBox)
/* NULL: no packet is chosen. */
void insp_frame_pane_set(InspFramePane *pane, GBytes *frame);
/* Of each run; NULL: it has none.  said: where they are; apart: it tells of a difference. */
void insp_frame_pane_set_pair(InspFramePane *pane, GBytes *const frames[2], const char *said, gboolean apart);
/* The layers as text, one line a field; of two runs "A \u2260 B" where they differ, behind a line about both. */
char *insp_frame_pane_text(InspFramePane *pane);
/* The bytes as they are shown. */
char *insp_frame_pane_bytes(InspFramePane *pane);

#endif
