/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * code-pane.h - instructions from where the frame that is looked at is.
 *
 * Of two runs that are near each other in the same code there is one list, in which both places are marked; where they are elsewhere, or
 * the code is not the same, the second run's list stands beside the first one's.
 */
#ifndef INSP_CODE_PANE_H
#define INSP_CODE_PANE_H

#include <gtk/gtk.h>
#include <json-glib/json-glib.h>

#define INSP_TYPE_CODE_PANE (insp_code_pane_get_type())
G_DECLARE_FINAL_TYPE(InspCodePane, insp_code_pane, INSP, CODE_PANE, GtkBox)

/* answer: of "disassemble"; NULL: none, and why.  pc: where the run is. */
void insp_code_pane_set(InspCodePane *pane, JsonObject *answer, const char *pc, const char *why);
/* Says why there is nothing; NULL: no program is looked at. */
void insp_code_pane_clear(InspCodePane *pane, const char *why);
/* Whether a second run is compared; it has not told yet then where it is, nor when it is waited for anew. */
void insp_code_pane_set_paired(InspCodePane *pane, gboolean paired);
void insp_code_pane_wait_other(InspCodePane *pane);
void insp_code_pane_set_other(InspCodePane *pane, JsonObject *answer, const char *pc, const char *why);
/* Cells with tabs between; of two runs behind a line about both, and where there are two lists behind a line that says whose. */
char *insp_code_pane_print(InspCodePane *pane);

#endif
