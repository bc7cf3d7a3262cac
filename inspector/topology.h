/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * topology.h - nodes and links as they are at a position: where nodes are, what each link carries, packets on their way.
 *
 * Nodes that tell where they are (position events) are drawn there; a run without such events has them on a circle.
 */
#ifndef INSP_TOPOLOGY_H
#define INSP_TOPOLOGY_H

#include <gtk/gtk.h>

#include "run.h"

#define INSP_TYPE_TOPOLOGY (insp_topology_get_type())
G_DECLARE_FINAL_TYPE(InspTopology, insp_topology, INSP, TOPOLOGY, GtkWidget)

/* run lives until this is called with another. */
void insp_topology_set_run(InspTopology *topology, const struct insp_run *run);
/* Shows the moment after an event; from and to are the time that loads are counted over. */
void insp_topology_set(InspTopology *topology, uint32_t seq, vtime_ns from, vtime_ns to);
/* Signal "focus-event" (event): a packet or node was clicked. */

#endif
