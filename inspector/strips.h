/* SPDX-License-Identifier: GPL-2.0-or-later */
/* strips.h - the narrow pictures that go with the lanes: the overview of the whole run, and plots over the same time. */
#ifndef INSP_STRIPS_H
#define INSP_STRIPS_H

#include "lanes.h"

/* The whole run; what the lanes show is framed in it, and dragging moves that. */
#define INSP_TYPE_OVERVIEW (insp_overview_get_type())
G_DECLARE_FINAL_TYPE(InspOverview, insp_overview, INSP, OVERVIEW, GtkWidget)
void insp_overview_set_run(InspOverview *overview, const struct insp_run *run, InspLanes *lanes);
void insp_overview_set_focus(InspOverview *overview, uint32_t seq);

/* Events, throughput and queue over what the lanes show. */
#define INSP_TYPE_PLOTS (insp_plots_get_type())
G_DECLARE_FINAL_TYPE(InspPlots, insp_plots, INSP, PLOTS, GtkWidget)
void insp_plots_set_run(InspPlots *plots, const struct insp_run *run, InspLanes *lanes);
void insp_plots_set_focus(InspPlots *plots, uint32_t seq);
void insp_plots_set_scope(InspPlots *plots, uint32_t lane);

#endif
