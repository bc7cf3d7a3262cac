/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plots.h - quantities over the time that the lanes show. */
#ifndef INSP_PLOTS_H
#define INSP_PLOTS_H

#include "lanes.h"

#define INSP_TYPE_PLOTS (insp_plots_get_type())
G_DECLARE_FINAL_TYPE(InspPlots, insp_plots, INSP, PLOTS, GtkWidget)
void insp_plots_set_run(InspPlots *plots, const struct insp_run *run, InspLanes *lanes);
void insp_plots_set_focus(InspPlots *plots, uint32_t seq);
void insp_plots_set_scope(InspPlots *plots, uint32_t lane);
/* Whether they have marks of the axis, as where no lanes are above them. */
void insp_plots_set_ruler(InspPlots *plots, bool on);

#endif
