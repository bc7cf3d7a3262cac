/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gdb.h - a timeline for gdb: its remote protocol, with all processes of all nodes in one session.
 *
 * gdb wants one number for a process or thread: node * REP_GDB_NODE + the node's own number, so process 18 of node 2 is 200018.
 */
#ifndef REP_GDB_H
#define REP_GDB_H

#include "timeline.h"

#define REP_GDB_NODE 100000u

/* Serves one gdb on a connected socket until it goes; the timeline stands where it is to begin.  gdb knows no process until it
 * attaches to it.  Takes fd over. 0 or -errno. */
int rep_gdb_serve(struct rep_timeline *tl, int fd);

#endif
