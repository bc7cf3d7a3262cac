/* SPDX-License-Identifier: GPL-2.0-or-later */
/* widgets.c - is loaded into gtk4-builder-tool: libadwaita, and the window's own widgets, of which that needs the names alone. */
#include <adwaita.h>

#define WIDGET(Name, name)                                              \
	struct _##Name {                                                \
		GtkWidget parent;                                       \
	};                                                              \
	G_DEFINE_FINAL_TYPE(Name, name, GTK_TYPE_WIDGET)                \
	static void name##_class_init(Name##Class *class)               \
	{                                                               \
	}                                                               \
	static void name##_init(Name *widget)                           \
	{                                                               \
	}

G_DECLARE_FINAL_TYPE(InspLanes, insp_lanes, INSP, LANES, GtkWidget)
G_DECLARE_FINAL_TYPE(InspOverview, insp_overview, INSP, OVERVIEW, GtkWidget)
G_DECLARE_FINAL_TYPE(InspPlots, insp_plots, INSP, PLOTS, GtkWidget)
WIDGET(InspLanes, insp_lanes)
WIDGET(InspOverview, insp_overview)
WIDGET(InspPlots, insp_plots)

/* A library of which nothing is used would not be loaded. */
static void __attribute__((constructor)) need_libadwaita(void)
{
	g_type_ensure(ADW_TYPE_APPLICATION_WINDOW);
}
