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

/* Of each lane of one of two runs, the second of which may be NULL.  Positions that either tells are scaled to fill 0 to 1, in the same
 * proportion for x and y. */
void insp_places_find(const struct insp_run *const runs[2], int side, uint32_t seq, struct insp_place *ret);
/* Where no positions are told: of a lane of so many, the first of which is no place. */
struct insp_place insp_place_on_circle(uint32_t lane, uint32_t lane_count);
/* Of each link of run->links: whether it is down; and what it carries. */
void insp_links_down(const struct insp_run *run, uint32_t seq, struct insp_link_state *ret);
void insp_links_find(const struct insp_run *run, uint32_t seq, vtime_ns from, vtime_ns to, struct insp_link_state *ret);
bool insp_node_is_down(const struct insp_run *run, uint32_t lane, uint32_t seq);
/* Packets that were sent at or before seq and have not ended by then; at most max.  Returns how many. */
uint32_t insp_in_flight(const struct insp_run *run, uint32_t seq, uint32_t *ret, uint32_t max);

#endif
