/* SPDX-License-Identifier: GPL-2.0-or-later */
/* places-pair.h - nodes, links and packets on their way at the positions of two runs, or of one: which of them agree. */
#ifndef INSP_PLACES_PAIR_H
#define INSP_PLACES_PAIR_H

#include "pair.h"
#include "places.h"

#define INSP_FLYING_MAX 400u	/* packets on their way, told one by one; of each run */

enum insp_thing { INSP_THING_NODE, INSP_THING_LINK, INSP_THING_PACKET, INSP_THING_COUNT };

/* One that either run has, or both. */
struct insp_place_row {
	enum insp_thing what;
	uint32_t of[2];			/* lane, index of links, of packets; INSP_NONE: this run has none, of packets none on its way */
	bool down[2];
	bool moved;			/* a node that is elsewhere */
	bool differs;			/* in whether it is there, down, or elsewhere */
};

struct insp_places_pair {
	struct insp_place_row *rows;	/* nodes, links, packets */
	uint32_t count;
	uint32_t same[INSP_THING_COUNT], differ[INSP_THING_COUNT];
	struct insp_place *places[2];	/* of each row of the pair, or of each lane when there is but one run: where it is */
};

/* pair: NULL: run alone at seqs[0].  Packets are the same when they are partners on the same way, however far. */
void insp_places_pair_init(struct insp_places_pair *ret, const struct insp_run *run, const struct insp_pair *pair, const uint32_t seqs[2]);
void insp_places_pair_done(struct insp_places_pair *places);

#endif
