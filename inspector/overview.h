/* SPDX-License-Identifier: GPL-2.0-or-later */
/* overview.h - the whole run in a narrow strip; what the lanes show is framed in it, and dragging moves that. */
#ifndef INSP_OVERVIEW_H
#define INSP_OVERVIEW_H

#include "lanes.h"

#define INSP_TYPE_OVERVIEW (insp_overview_get_type())
G_DECLARE_FINAL_TYPE(InspOverview, insp_overview, INSP, OVERVIEW, GtkWidget)
void insp_overview_set_run(InspOverview *overview, const struct insp_run *run, InspLanes *lanes);
void insp_overview_set_focus(InspOverview *overview, uint32_t seq);
/* Events that have notes; copied. */
void insp_overview_set_notes(InspOverview *overview, const uint32_t *seqs, uint32_t count);

#endif
