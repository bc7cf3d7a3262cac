/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "places-pair.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

struct work {
	const struct insp_run *run[2];	/* [1]: NULL: there is but one */
	const struct insp_pair *pair;
	const uint32_t *seqs;
	struct insp_places_pair *to;
};

static void add(struct work *work, struct insp_place_row row)
{
	const bool alone = row.of[0] == INSP_NONE || row.of[1] == INSP_NONE;

	row.differs = work->pair && (alone || row.down[0] != row.down[1] || row.moved);
	work->to->rows[work->to->count++] = row;
	if (row.differs)
		work->to->differ[row.what]++;
	else
		work->to->same[row.what]++;
}

static void add_node(struct work *work, uint32_t row, uint32_t a, uint32_t b)
{
	struct insp_place_row node = {.what = INSP_THING_NODE, .of = {a, b}};

	for (int side = 0; side < 2; side++)
		node.down[side] = node.of[side] != INSP_NONE && insp_node_is_down(work->run[side], node.of[side], work->seqs[side]);
	node.moved = a != INSP_NONE && b != INSP_NONE &&
		     memcmp(&work->to->places[0][row], &work->to->places[1][row], sizeof(struct insp_place)) != 0;
	add(work, node);
}

/* The first one is the machine, which is no place. */
static void add_nodes(struct work *work)
{
	const struct insp_pair *pair = work->pair;

	for (uint32_t lane = 1; !pair && lane < work->run[0]->lane_count; lane++)
		add_node(work, lane, lane, INSP_NONE);
	for (uint32_t row = 0; pair && row < pair->row_count; row++)
		if (pair->rows[row].lane[0] != 0 && pair->rows[row].lane[1] != 0)
			add_node(work, row, pair->rows[row].lane[0], pair->rows[row].lane[1]);
}

/* That with the same number; mostly it stands in the same place. */
static uint32_t link_like(const struct insp_run *run, const struct insp_run *of, uint32_t link)
{
	const uint64_t id = of->links[link].id;

	if (!run)
		return INSP_NONE;
	if (link < run->link_count && run->links[link].id == id)
		return link;
	for (uint32_t i = 0; i < run->link_count; i++)
		if (run->links[i].id == id)
			return i;
	return INSP_NONE;
}

static void add_links(struct work *work)
{
	struct insp_link_state *states[2] = {NULL, NULL};

	for (int side = 0; side < 2 && work->run[side]; side++) {
		states[side] = calloc(work->run[side]->link_count + 1, sizeof(**states));
		CHECK(states[side]);
		insp_links_down(work->run[side], work->seqs[side], states[side]);
	}
	for (int side = 0; side < 2 && work->run[side]; side++)
		for (uint32_t i = 0; i < work->run[side]->link_count; i++) {
			const uint32_t other = link_like(work->run[!side], work->run[side], i);
			struct insp_place_row row = {.what = INSP_THING_LINK, .of = {side ? other : i, side ? i : other}};

			for (int of = 0; of < 2; of++)
				row.down[of] = row.of[of] != INSP_NONE && states[of][row.of[of]].down;
			/* Those of both are the first run's. */
			if (side == 0 || other == INSP_NONE)
				add(work, row);
		}
	free(states[0]);
	free(states[1]);
}

/* What is alike in a picture: from where to where, and how large. */
static bool is_alike(const struct work *work, int side, const struct insp_packet *packet, const struct insp_packet *other)
{
	const uint32_t *own = work->pair->row_of[side], *others = work->pair->row_of[!side];

	return own[packet->from] == others[other->from] && own[packet->to] == others[other->to] && packet->size == other->size;
}

/* The partner of a packet that is on its way too. */
static uint32_t flying_like(const struct work *work, int side, uint32_t packet)
{
	const uint32_t other = work->pair ? insp_pair_packet(work->pair, side, packet) : INSP_NONE;
	const struct insp_packet *found = other == INSP_NONE ? NULL : &work->run[!side]->packets[other];

	return found && found->send <= work->seqs[!side] && (found->end == INSP_NONE || found->end > work->seqs[!side]) &&
	       is_alike(work, side, &work->run[side]->packets[packet], found) ? other : INSP_NONE;
}

static void add_packets(struct work *work)
{
	uint32_t flying[INSP_FLYING_MAX];

	for (int side = 0; side < 2 && work->run[side]; side++) {
		const uint32_t count = insp_in_flight(work->run[side], work->seqs[side], flying, INSP_FLYING_MAX);

		for (uint32_t i = 0; i < count; i++) {
			const uint32_t other = flying_like(work, side, flying[i]);

			if (side == 0 || other == INSP_NONE)
				add(work, (struct insp_place_row){.what = INSP_THING_PACKET,
								  .of = {side ? other : flying[i], side ? flying[i] : other}});
		}
	}
}

/* Both runs' places in one frame: that of all that either has told. */
static void find_places(struct work *work)
{
	const uint32_t rows = work->pair ? work->pair->row_count : work->run[0]->lane_count;
	struct insp_place lanes[INSP_LANES_MAX];

	for (int side = 0; side < 2; side++) {
		work->to->places[side] = calloc(rows + 1, sizeof(struct insp_place));
		CHECK(work->to->places[side]);
	}
	for (int side = 0; side < 2 && work->run[side]; side++) {
		insp_places_find(work->run, side, work->seqs[side], lanes);
		for (uint32_t lane = 0; lane < work->run[side]->lane_count; lane++)
			work->to->places[side][work->pair ? work->pair->row_of[side][lane] : lane] = lanes[lane];
	}
	if (!work->pair || work->run[0]->position_count || work->run[1]->position_count)
		return;
	/* On a circle all nodes of both have a place. */
	for (uint32_t row = 0; row < rows; row++)
		work->to->places[0][row] = work->to->places[1][row] = insp_place_on_circle(row, rows);
}

void insp_places_pair_init(struct insp_places_pair *ret, const struct insp_run *run, const struct insp_pair *pair, const uint32_t seqs[2])
{
	struct work work = {{run, pair ? pair->run[1] : NULL}, pair, seqs, ret};
	size_t most = 0;

	memset(ret, 0, sizeof(*ret));
	for (int side = 0; side < 2 && work.run[side]; side++)
		most += work.run[side]->lane_count + work.run[side]->link_count + INSP_FLYING_MAX;
	ret->rows = calloc(most, sizeof(*ret->rows));
	CHECK(ret->rows);
	find_places(&work);
	add_nodes(&work);
	add_links(&work);
	add_packets(&work);
	CHECK(ret->count <= most);
}

void insp_places_pair_done(struct insp_places_pair *places)
{
	free(places->rows);
	free(places->places[0]);
	free(places->places[1]);
	memset(places, 0, sizeof(*places));
}
