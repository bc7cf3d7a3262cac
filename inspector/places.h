/* SPDX-License-Identifier: GPL-2.0-or-later */
/* places.h - nodes and links at a position: where they are, whether they are up, what they carry. */
#ifndef INSP_PLACES_H
#define INSP_PLACES_H

#include "run.h"

struct insp_place {
	double x, y;			/* 0 to 1 */
};

struct insp_link_state {
	uint64_t bytes;			/* that were sent in the range, both ways */
	bool down;			/* in either direction */
};

/* Of each lane.  Positions that are told are scaled to fill 0 to 1, in the same proportion for x and y. */
void insp_places_find(const struct insp_run *run, uint32_t seq, struct insp_place *ret);
/* Of each link of run->links. */
void insp_links_find(const struct insp_run *run, uint32_t seq, vtime_ns from, vtime_ns to, struct insp_link_state *ret);
bool insp_node_is_down(const struct insp_run *run, uint32_t lane, uint32_t seq);
/* Packets that were sent at or before seq and have not ended by then; at most max.  Returns how many. */
uint32_t insp_in_flight(const struct insp_run *run, uint32_t seq, uint32_t *ret, uint32_t max);

#endif
