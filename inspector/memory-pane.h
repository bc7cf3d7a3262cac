/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory-pane.h - a page of a program's memory; of two runs the same address of both, with the bytes marked that differ. */
#ifndef INSP_MEMORY_PANE_H
#define INSP_MEMORY_PANE_H

#include <gtk/gtk.h>

#define INSP_TYPE_MEMORY_PANE (insp_memory_pane_get_type())
G_DECLARE_FINAL_TYPE(InspMemoryPane, insp_memory_pane, INSP, MEMORY_PANE, GtkBox)

/* bytes: what is there; NULL: nothing, and why. */
void insp_memory_pane_set(InspMemoryPane *pane, guint64 address, GBytes *bytes, const char *why);
void insp_memory_pane_clear(InspMemoryPane *pane);
/* Whether a second run is compared; it has not told yet then what it has, nor when it is waited for anew. */
void insp_memory_pane_set_paired(InspMemoryPane *pane, gboolean paired);
void insp_memory_pane_wait_other(InspMemoryPane *pane);
void insp_memory_pane_set_other(InspMemoryPane *pane, guint64 address, GBytes *bytes, const char *why);
/* As it is seen; of two runs behind a line about both. */
char *insp_memory_pane_print(InspMemoryPane *pane);

#endif
