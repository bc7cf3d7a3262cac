/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cone.h - what an event can have been caused by, and what it can have caused.
 *
 * A node does one thing after the other, and nodes touch each other only by packets.  So the past of an event is, on
 * each lane, all up to some event; and its future all from some event on.
 */
#ifndef INSP_CONE_H
#define INSP_CONE_H

#include "search.h"

struct insp_cone {
	uint32_t event;
	/* Of each lane: the last event of its past, the first of its future; INSP_NONE: there is none. */
	uint32_t past[INSP_LANES_MAX], future[INSP_LANES_MAX];
};

/* One pass over the packets in either direction. */
void insp_cone_find(const struct insp_run *run, uint32_t event, struct insp_cone *ret);
bool insp_cone_has_past(const struct insp_run *run, const struct insp_cone *cone, uint32_t seq);
bool insp_cone_has_future(const struct insp_run *run, const struct insp_cone *cone, uint32_t seq);
/* The events of the past (or future) of an event, with itself.  The caller owns them. */
struct insp_hits insp_cone_events(const struct insp_run *run, const struct insp_cone *cone, bool past);

/* One step back or on along what happened: from a packet's end to its sending, from there or any other event to the
 * last arrival on its node; and forwards.  INSP_NONE: nothing came before (after). */
uint32_t insp_cause(const struct insp_run *run, uint32_t seq);
uint32_t insp_effect(const struct insp_run *run, uint32_t seq);

#endif
