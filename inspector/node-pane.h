/* SPDX-License-Identifier: GPL-2.0-or-later */
/* node-pane.h - what a node has at a position: descriptors, sockets, routes, queues ... one list at a time. */
#ifndef INSP_NODE_PANE_H
#define INSP_NODE_PANE_H

#include <gtk/gtk.h>
#include <json-glib/json-glib.h>

#define INSP_TYPE_NODE_PANE (insp_node_pane_get_type())
G_DECLARE_FINAL_TYPE(InspNodePane, insp_node_pane, INSP, NODE_PANE, GtkBox)

/* state: the member `state` of an answer (control-protocol(7)).  node: the name of the node, whose lists are
 * shown; links are of all. */
void insp_node_pane_set(InspNodePane *pane, JsonObject *state, const char *node);
/* Beside it that of a second run, where the node may have another name; state NULL: it has not told yet.  Only of a pair. */
void insp_node_pane_set_paired(InspNodePane *pane, gboolean paired);
void insp_node_pane_set_other(InspNodePane *pane, JsonObject *state, const char *node);
void insp_node_pane_clear(InspNodePane *pane, const char *why);
/* Shows a list by the name that the protocol has for it.  False: there is no such list. */
gboolean insp_node_pane_show(InspNodePane *pane, const char *list);
char *insp_node_pane_print(InspNodePane *pane);

#endif
