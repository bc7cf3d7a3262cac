/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * topology.h - nodes and links as they are at a position: where nodes are, what each link carries, packets on their way.
 *
 * Nodes that tell where they are (position events) are drawn there; a run without such events has them on a circle.
 *
 * Of two runs there is one picture, the first one's, in which what the second one does not have alike is marked and told in words.
 */
#ifndef INSP_TOPOLOGY_H
#define INSP_TOPOLOGY_H

#include <gtk/gtk.h>

#include "pair.h"

#define INSP_TYPE_TOPOLOGY (insp_topology_get_type())
G_DECLARE_FINAL_TYPE(InspTopology, insp_topology, INSP, TOPOLOGY, GtkWidget)

/* run lives until this is called with another. */
void insp_topology_set_run(InspTopology *topology, const struct insp_run *run);
/* Shows the moment after an event; from and to are the time that loads are counted over. */
void insp_topology_set(InspTopology *topology, uint32_t seq, vtime_ns from, vtime_ns to);
/* The second run's event that stands beside the first one's; pair NULL: there is but one run. */
void insp_topology_set_pair(InspTopology *topology, const struct insp_pair *pair, uint32_t other);
/* How both compare; NULL: there is but one. */
char *insp_topology_words(InspTopology *topology, gboolean *ret_differs);
/* Lines of what, which, and its state, with tabs between; of two runs "A \u2260 B" where they differ. */
char *insp_topology_print(InspTopology *topology);
/* Signal "focus-event" (event): a packet or node was clicked. */

#endif
