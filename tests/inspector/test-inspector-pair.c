/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two runs side by side: what they have in common, and the axis on which that is folded, against brute force. */
#include <math.h>
#include <unistd.h>

#include "../unit/unit.h"
#include "base/check.h"
#include "diff.h"
#include "gaps.h"
#include "places-pair.h"
#include "run-for-tests.h"
#include "steps.h"

#define ROUNDS 900u
#define ODD 170u	/* rounds from one difference to the next */
#define COLUMNS 89u

static char path[3][32];
static struct insp_run *run[3];	/* as it is; with odd rounds; shorter, odd, and with a node more */

static void load_all(void)
{
	struct fmt_error error = {{0}};

	for (int i = 0; i < 3; i++)
		EQUAL(insp_run_load(path[i], NULL, NULL, &run[i], &error), 0);
}

static struct insp_pair *compare(int a, int b, unsigned int ignore)
{
	struct insp_pair *pair = NULL;
	struct fmt_error error = {{0}};

	EQUAL(insp_pair_new(run[a], run[b], ignore, NULL, NULL, &pair, &error), 0);
	CHECK(pair);
	return pair;
}

/* ---- pairs ---- */

/* Partners are each other's, of one node, in order; one that is alone stands behind the last partner before. */
static void check_partners(const struct insp_pair *pair)
{
	uint32_t counts[3] = {0}, bad = 0;

	for (int side = 0; side < 2; side++) {
		uint32_t last[8];

		CHECK(pair->run[side]->lane_count <= 8);
		memset(last, 0xff, sizeof(last));
		for (uint32_t seq = 0; seq < pair->run[side]->count; seq++) {
			const uint32_t lane = insp_lane_of(pair->run[side], seq), other = pair->other[side][seq];

			if (pair->match[side][seq] == INSP_ALONE) {
				bad += other != last[lane];
				continue;
			}
			counts[pair->match[side][seq]] += side == 0;
			bad += pair->other[!side][other] != seq || (last[lane] != INSP_NONE && other <= last[lane]);
			bad += pair->row_of[side][lane] != pair->row_of[!side][insp_lane_of(pair->run[!side], other)];
			last[lane] = other;
		}
	}
	EQUAL(bad, 0);
	EQUAL(counts[INSP_SAME], pair->same);
	EQUAL(counts[INSP_CHANGED], pair->changed);
	EQUAL(pair->same + pair->changed + pair->alone[0], pair->run[0]->count);
	EQUAL(pair->same + pair->changed + pair->alone[1], pair->run[1]->count);
}

/* The index of an event among those of its node. */
static uint32_t index_of(const struct insp_run *of, uint32_t seq)
{
	uint32_t index = 0;

	for (uint32_t at = 0; at < seq; at++)
		index += insp_lane_of(of, at) == insp_lane_of(of, seq);
	return index;
}

/* What is the same from each node's begin on, with nothing between in either run. */
static void check_common(const struct insp_pair *pair)
{
	for (uint32_t row = 0; row < pair->row_count; row++) {
		uint32_t common = 0;

		for (uint32_t seq = 0; pair->rows[row].lane[0] != INSP_NONE && seq < pair->run[0]->count; seq++) {
			if (insp_lane_of(pair->run[0], seq) != pair->rows[row].lane[0])
				continue;
			if (pair->match[0][seq] != INSP_SAME || (common % 50 == 0 && index_of(pair->run[1], pair->other[0][seq]) != common))
				break;
			common++;
		}
		/* Of every fiftieth event the place is looked at, so that this ends at most so late. */
		HOLDS(common >= pair->rows[row].common && common < pair->rows[row].common + 50);
	}
}

static void check_blocks(const struct insp_pair *pair)
{
	uint32_t bad = 0;

	for (int side = 0; side < 2; side++) {
		const uint32_t lanes = pair->run[side]->lane_count;

		for (uint32_t block = 0; block < pair->run[side]->block_count; block++)
			for (uint32_t lane = 0; lane < lanes; lane++) {
				uint8_t match = 0;

				for (uint32_t seq = block * INSP_BLOCK;
				     seq < (block + 1) * INSP_BLOCK && seq < pair->run[side]->count; seq++)
					if (insp_lane_of(pair->run[side], seq) == lane)
						match |= (uint8_t)(1u << pair->match[side][seq]);
				bad += match != pair->block_match[side][block * lanes + lane];
			}
	}
	EQUAL(bad, 0);
}

static void pairs(void)
{
	part("partners");
	for (int a = 0; a < 3; a++)
		for (int b = 0; b < 3; b++) {
			_cleanup_(insp_pair_freep) struct insp_pair *pair = compare(a, b, a + b == 3 ? FMT_IGNORE_TIME : 0);

			check_partners(pair);
			check_common(pair);
			check_blocks(pair);
			EQUAL(pair->difference_count == 0, a == b);
		}
}

/* A swap mirrors every answer. */
static void mirrors(void)
{
	_cleanup_(insp_pair_freep) struct insp_pair *there = compare(0, 2, 0);
	_cleanup_(insp_pair_freep) struct insp_pair *back = compare(2, 0, 0);
	_cleanup_(insp_gaps_freep) struct insp_gaps *there_gaps = insp_gaps_new(there);
	_cleanup_(insp_gaps_freep) struct insp_gaps *back_gaps = insp_gaps_new(back);

	part("the other way round");
	EQUAL(there->difference_count, back->difference_count);
	EQUAL(there->row_count, back->row_count);
	EQUAL(there_gaps->count, back_gaps->count);
	HOLDS(there_gaps->count > 0);
	for (int side = 0; side < 2; side++) {
		EQUAL(memcmp(there->match[side], back->match[!side], there->run[side]->count), 0);
		for (uint32_t i = 0; i < there->difference_count; i++)
			EQUAL(there->differences[i].first[side], back->differences[i].first[!side]);
		for (uint32_t i = 0; i < there->row_count; i++)
			EQUAL(there->rows[i].lane[side], back->rows[i].lane[!side]);
		for (uint32_t i = 0; i < there_gaps->count; i++)
			EQUAL(there_gaps->all[i].first[side], back_gaps->all[i].first[!side]);
	}
}

static void rows(void)
{
	_cleanup_(insp_pair_freep) struct insp_pair *pair = compare(0, 2, 0);

	part("nodes of one run alone");
	EQUAL(pair->row_count, 5);
	EQUAL(pair->rows[4].lane[0], INSP_NONE);
	STRING(run[2]->lanes[pair->rows[4].lane[1]].name, "extra");
	for (uint32_t seq = 0; seq < run[2]->count; seq++)
		if (insp_lane_of(run[2], seq) == pair->rows[4].lane[1]) {
			const uint32_t other = insp_pair_other(pair, 1, seq);

			/* It stands at the time that it happens. */
			EQUAL(pair->match[1][seq], INSP_ALONE);
			HOLDS(insp_vtime(run[0], other) <= insp_vtime(run[2], seq));
			HOLDS(other + 1 == run[0]->count || insp_vtime(run[0], other + 1) > insp_vtime(run[2], seq));
		}
}

/* One that begins at the time of an event is before or behind it by its place. */
static bool is_behind(const struct insp_pair *pair, const struct insp_difference *d, uint32_t seq)
{
	const vtime_ns now = insp_vtime(pair->run[0], seq);
	const uint32_t place = d->first[0] != INSP_NONE ? d->first[0] : insp_pair_other(pair, 1, d->first[1]);

	return d->begin > now || (d->begin == now && place > seq);
}

static void walks(void)
{
	_cleanup_(insp_pair_freep) struct insp_pair *pair = compare(0, 1, 0);
	uint32_t found = 0;

	part("from difference to difference");
	for (uint32_t seq = 0; seq < run[0]->count; seq += 1 + (uint32_t)random_below(40)) {
		uint32_t next = 0;

		while (next < pair->difference_count && !is_behind(pair, &pair->differences[next], seq))
			next++;
		EQUAL(insp_pair_step(pair, 0, seq, 1), next < pair->difference_count ? next : INSP_NONE);
		const uint32_t before = insp_pair_step(pair, 0, seq, -1);

		HOLDS(before == INSP_NONE || pair->differences[before].begin <= insp_vtime(run[0], seq));
		HOLDS(before == INSP_NONE ? next <= 1 : before + 2 >= next);
		found += next > 0;
	}
	HOLDS(found > 0);
	EQUAL(insp_pair_step(pair, 0, 0, -1), INSP_NONE);
	EQUAL(insp_pair_step(pair, 0, run[0]->count - 1, -1), pair->difference_count - 1);
}

/* ---- gaps ---- */

static bool is_hidden(const struct insp_gaps *gaps, int side, uint32_t seq)
{
	for (uint32_t i = 0; i < gaps->count; i++)
		if (!gaps->all[i].open && seq >= gaps->all[i].first[side] && seq < gaps->all[i].end[side])
			return true;
	return false;
}

/* What lies between two gaps is either too short, or holds a difference. */
static void check_shown(const struct insp_gaps *gaps)
{
	for (uint32_t i = 0; i <= gaps->count; i++) {
		const uint32_t from = i ? gaps->all[i - 1].end[0] : 0;
		const uint32_t to = i < gaps->count ? gaps->all[i].first[0] : gaps->pair->run[0]->count;
		uint32_t equal = 0, longest = 0;

		for (uint32_t seq = from; seq < to; seq++) {
			equal = gaps->pair->match[0][seq] == INSP_SAME ? equal + 1 : 0;
			longest = equal > longest ? equal : longest;
		}
		HOLDS(longest < 2 * INSP_GAP_EDGE + INSP_GAP_LEAST);
	}
}

static void compare_cells(const struct insp_view *view)
{
	static struct insp_cell cells[8 * COLUMNS];
	uint32_t counts[8 * COLUMNS] = {0}, bad = 0;
	uint8_t match[8 * COLUMNS] = {0};

	insp_view_cells(view, COLUMNS, cells);
	for (uint32_t seq = 0; seq < view->run->count; seq++) {
		const double coord = insp_view_coord(view, seq);
		const double column = floor((coord - view->from) / view->span * COLUMNS);
		const uint32_t at = insp_lane_of(view->run, seq) * COLUMNS + (uint32_t)fmax(column, 0);

		if (column < 0 || column >= COLUMNS || is_hidden(view->gaps, view->side, seq))
			continue;
		counts[at]++;
		match[at] |= (uint8_t)(1u << view->gaps->pair->match[view->side][seq]);
	}
	for (uint32_t i = 0; i < view->run->lane_count * COLUMNS; i++)
		bad += cells[i].count != counts[i] || cells[i].match != match[i];
	/* At the edge of two columns a coordinate may fall to either side. */
	HOLDS(bad <= 2);
}

/* Coordinates grow with events, both runs' closed gaps are in the same place, and each leads back to its event. */
static void check_axis(const struct insp_view views[2])
{
	const struct insp_gaps *gaps = views[0].gaps;
	uint32_t bad = 0;

	for (int side = 0; side < 2; side++) {
		const struct insp_view *view = &views[side];

		for (uint32_t seq = 0; seq < view->run->count; seq++) {
			const double coord = insp_view_coord(view, seq), base = insp_axis_base(view->run, view->axis, seq);

			bad += seq > 0 && coord < insp_view_coord(view, seq - 1);
			bad += coord > insp_view_extent(view) * (1 + 1e-9);
			if (!is_hidden(gaps, side, seq))
				bad += fabs(insp_view_base(view, coord) - base) > 1e-6 * (1 + base);
			bad += (insp_view_skip(view, seq) != seq) != is_hidden(gaps, side, seq);
		}
	}
	for (uint32_t i = 0; i < gaps->count; i++)
		for (int end = 0; end < 2 && !gaps->all[i].open; end++) {
			double coord[2];

			for (int side = 0; side < 2; side++) {
				const uint32_t seq = end ? gaps->all[i].end[side] : gaps->all[i].first[side];

				coord[side] = seq < views[side].run->count ? insp_view_coord(&views[side], seq) : 0;
			}
			bad += fabs(coord[0] - coord[1]) > 1e-6 * (1 + coord[0]);
		}
	EQUAL(bad, 0);
}

/* Both halves of a picture. */
static void look(struct insp_view views[2], struct insp_gaps *gaps)
{
	for (int axis = 0; axis < INSP_AXIS_COUNT; axis++)
		for (int i = 0; i < 25; i++) {
			views[0].axis = (enum insp_axis)axis;
			insp_view_whole(&views[0]);
			HOLDS(insp_view_x(&views[0], insp_view_extent(&views[0])) <= views[0].width);
			HOLDS(insp_view_x(&views[0], insp_view_extent(&views[0])) >= views[0].width * 0.9);
			insp_view_zoom(&views[0], pow(0.8, (double)random_below(30)), (double)random_below(970));
			insp_view_pan(&views[0], (double)random_below(2000) - 1000);
			views[1] = views[0];
			views[1].run = gaps->pair->run[1];
			views[1].side = 1;
			compare_cells(&views[0]);
			compare_cells(&views[1]);
			if (i % 8 == 0)
				check_axis(views);
		}
}

/* Magnifying keeps what is at a place; a range that is fitted fills the picture, with gaps as wide as they are then. */
static void check_moves(struct insp_view *view)
{
	view->axis = INSP_AXIS_TIME;
	insp_view_whole(view);
	for (int i = 0; i < 40; i++) {
		const double x = (double)random_below(900), still = insp_view_base(view, insp_view_at(view, x));

		insp_view_zoom(view, i % 2 ? 0.5 : 1.6, x);
		if (view->from > -view->span * 0.04 && view->from < insp_view_extent(view) - view->span * 0.96)
			HOLDS(fabs(insp_view_base(view, insp_view_at(view, x)) - still) <= 1e-6 * (1 + fabs(still)));
	}
	for (int i = 0; i < 40; i++) {
		const uint32_t half = view->run->count / 2, a = (uint32_t)random_below(half);
		const uint32_t b = a + 1 + (uint32_t)random_below(half - 1);

		insp_view_fit(view, insp_view_coord(view, a), insp_view_coord(view, b));
		HOLDS(insp_view_x_of(view, a) > -1 && insp_view_x_of(view, b) < view->width + 1);
		if (view->span > 2 * INSP_SPAN_MIN)
			HOLDS(insp_view_x_of(view, b) - insp_view_x_of(view, a) > view->width * 0.85);
	}
}

static void arrows(struct insp_view *view)
{
	static struct insp_arrow arrows[2 * ROUNDS];
	uint32_t shown = 0;
	double step;

	view->axis = INSP_AXIS_TIME;
	insp_view_whole(view);
	const uint32_t count = insp_view_arrows(view, arrows, 2 * ROUNDS, &step);

	for (uint32_t i = 0; i < view->run->packet_count; i++) {
		const struct insp_packet *packet = &view->run->packets[i];

		shown += !is_hidden(view->gaps, view->side, packet->send) ||
			 (packet->end != INSP_NONE && insp_view_skip(view, packet->send) <= packet->end);
	}
	EQUAL(step, 0);
	EQUAL(count, shown);
}

/* Packet by packet, what insp_view_arrows() finds by blocks: those that are in sight, by the columns in which they start. */
static uint32_t arrows_slowly(const struct insp_view *view, struct insp_arrow *ret, double step)
{
	const struct insp_run *its = view->run;
	const uint32_t seen = insp_view_seek(view, view->from);
	uint32_t at, end, count = 0, first = 0;
	double column = -INFINITY;

	insp_view_packets(view, &at, &end);
	for (; at < end; at++) {
		const struct insp_arrow arrow = insp_arrow_of(its, at);
		const struct insp_packet *packet = &its->packets[at];
		const uint32_t behind = insp_view_skip(view, packet->send);
		uint32_t same;

		if (behind != packet->send && (packet->end == INSP_NONE || packet->end < behind))
			continue;
		if (packet->send < seen && packet->end != INSP_NONE && insp_view_coord(view, packet->end) < view->from)
			continue;
		if (floor(insp_view_x_of(view, packet->send) / step) != column)
			first = count;
		column = floor(insp_view_x_of(view, packet->send) / step);
		for (same = first; same < count && !insp_arrow_alike(&ret[same], &arrow); same++)
			;
		if (same == count)
			ret[count++] = arrow;
		else
			ret[same].count++;
	}
	return count;
}

/* Few are shown of many; from all to what one column holds. */
static void bundles(struct insp_view *view)
{
	static struct insp_arrow arrows[6], slowly[2 * ROUNDS];
	double step;

	insp_view_whole(view);
	for (int i = 0; i < 12; i++, insp_view_zoom(view, 0.7, view->width * 0.4)) {
		const uint32_t count = insp_view_arrows(view, arrows, 6, &step);

		if (step == 0)
			break;
		HOLDS(i > 0 || step > view->width / 4);
		EQUAL(count, arrows_slowly(view, slowly, step));
		for (uint32_t k = 0; k < count; k++) {
			EQUAL(arrows[k].packet, slowly[k].packet);
			EQUAL(arrows[k].count, slowly[k].count);
			HOLDS(insp_arrow_alike(&arrows[k], &slowly[k]));
		}
	}
}

static void gaps(void)
{
	for (int b = 0; b < 3; b++) {
		_cleanup_(insp_pair_freep) struct insp_pair *pair = compare(0, b, b == 1 ? FMT_IGNORE_TIME : 0);
		_cleanup_(insp_gaps_freep) struct insp_gaps *gaps = insp_gaps_new(pair);
		struct insp_view views[2];

		part(b == 0 ? "gaps: the same run" : b == 1 ? "gaps: odd rounds" : "gaps: another length, another node");
		insp_gaps_check(gaps);
		check_shown(gaps);
		EQUAL(gaps->closed, b == 0 ? 0 : gaps->count);
		if (b == 0) {
			EQUAL(gaps->count, 1);
			EQUAL(gaps->all[0].end[0] - gaps->all[0].first[0], run[0]->count);
		}
		if (b == 1)
			EQUAL(gaps->count, (ROUNDS - 1) / ODD + 1);
		insp_view_init(&views[0], run[0], 970);
		insp_view_adapt(&views[0], gaps, 970);
		look(views, gaps);
		check_moves(&views[0]);
		arrows(&views[0]);
		bundles(&views[0]);
		if (!gaps->count)
			continue;
		/* One open, the others closed; then all the other way round. */
		insp_gaps_set(gaps, gaps->count / 2, b != 0);
		EQUAL(gaps->closed, b == 0 ? 1 : gaps->count - 1);
		look(views, gaps);
		insp_gaps_set(gaps, INSP_NONE, true);
		EQUAL(gaps->closed, 0);
		EQUAL(insp_gaps_next(gaps, 0, 0), INSP_NONE);
		look(views, gaps);
		bundles(&views[0]);
	}
}

/* ---- nodes, links, packets on their way ---- */

static bool flies(const struct insp_run *of, uint32_t packet, uint32_t seq)
{
	return of->packets[packet].send <= seq && (of->packets[packet].end == INSP_NONE || of->packets[packet].end > seq);
}

/* Each packet that is on its way in either run is there once, beside its partner if that is on its way too. */
static void check_flying(const struct insp_pair *pair, const struct insp_places_pair *places, const uint32_t seqs[2])
{
	uint32_t want[3] = {0}, got[3] = {0}, bad = 0;	/* of A, of B, of both */

	for (int side = 0; side < 2; side++)
		for (uint32_t i = 0; i < pair->run[side]->packet_count; i++) {
			const uint32_t send = pair->run[side]->packets[i].send;
			const bool partner = pair->match[side][send] != INSP_ALONE;

			if (!flies(pair->run[side], i, seqs[side]))
				continue;
			want[side]++;
			if (side == 0 && partner && flies(pair->run[1], insp_packet_of(pair->run[1], pair->other[0][send]), seqs[1]))
				want[2]++;
		}
	for (uint32_t i = 0; i < places->count; i++) {
		const struct insp_place_row *row = &places->rows[i];

		if (row->what != INSP_THING_PACKET)
			continue;
		for (int side = 0; side < 2; side++) {
			got[side] += row->of[side] != INSP_NONE;
			bad += row->of[side] != INSP_NONE && !flies(pair->run[side], row->of[side], seqs[side]);
		}
		got[2] += row->of[0] != INSP_NONE && row->of[1] != INSP_NONE;
		bad += row->differs != (row->of[0] == INSP_NONE || row->of[1] == INSP_NONE);
	}
	for (int i = 0; i < 3; i++)
		EQUAL(got[i], want[i]);
	EQUAL(bad, 0);
	EQUAL(places->same[INSP_THING_PACKET], want[2]);
	EQUAL(places->differ[INSP_THING_PACKET], want[0] + want[1] - 2 * want[2]);
}

static void places(void)
{
	uint32_t flying = 0;

	part("places");
	for (int b = 0; b < 3; b++) {
		_cleanup_(insp_pair_freep) struct insp_pair *pair = compare(0, b, 0);

		for (int i = 0; i < 120; i++) {
			const uint32_t seq = (uint32_t)random_below(run[0]->count), seqs[2] = {seq, insp_pair_other(pair, 0, seq)};
			struct insp_places_pair here;

			insp_places_pair_init(&here, run[0], pair, seqs);
			check_flying(pair, &here, seqs);
			flying += here.differ[INSP_THING_PACKET];
			EQUAL(here.same[INSP_THING_NODE], 3);
			EQUAL(here.differ[INSP_THING_NODE], b == 2);
			EQUAL(here.same[INSP_THING_LINK], run[0]->link_count);
			EQUAL(here.differ[INSP_THING_LINK], 0);
			if (b == 0)
				EQUAL(here.differ[INSP_THING_PACKET], 0);
			insp_places_pair_done(&here);
		}
	}
	HOLDS(flying > 0);
}

/* The second run, with a link and a node that go, and a node that moves. */
static void outages(void)
{
	_cleanup_(insp_pair_freep) struct insp_pair *pair = compare(0, 0, 0);
	struct insp_run other = *run[0], first = *run[0];
	struct insp_outage gone[] = {{100, INSP_OUTAGE_LINK, 0, true}, {110, INSP_OUTAGE_NODE, 2, true}, {200, INSP_OUTAGE_LINK, 0, false}};
	struct insp_position there[] = {{10, 1, 5, 5}, {11, 2, 5000, 0}, {12, 3, 0, 5000}};
	struct insp_position elsewhere[] = {{10, 1, 5, 5}, {11, 2, 5000, 0}, {12, 3, 0, 5000}, {300, 1, 90, 5}};
	static const struct {
		uint32_t seq, nodes, links;
	} want[] = {{99, 0, 0}, {105, 0, 1}, {150, 1, 1}, {250, 1, 0}, {350, 2, 0}};

	part("outages of one run, and who moves in it");
	other.outages = gone;
	other.outage_count = 3;
	other.positions = elsewhere;
	other.position_count = 4;
	first.positions = there;
	first.position_count = 3;
	pair->run[0] = &first;
	pair->run[1] = &other;
	for (unsigned int i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct insp_places_pair here;

		insp_places_pair_init(&here, &first, pair, (const uint32_t[]){want[i].seq, want[i].seq});
		EQUAL(here.differ[INSP_THING_NODE], want[i].nodes);
		EQUAL(here.differ[INSP_THING_LINK], want[i].links);
		EQUAL(here.differ[INSP_THING_PACKET], 0);
		for (uint32_t k = 0; k < here.count; k++)
			HOLDS(!here.rows[k].down[0]);
		insp_places_pair_done(&here);
	}
}

/* A packet and its partner lead to each other; what a run has alone leads nowhere. */
static void packets(void)
{
	_cleanup_(insp_pair_freep) struct insp_pair *pair = compare(0, 2, 0);
	uint32_t counts[3] = {0};

	part("packets of both");
	for (uint32_t seq = 0; seq < run[0]->count; seq++) {
		uint32_t both[2];
		const uint32_t own = insp_packet_of(run[0], seq), other = insp_pair_other(pair, 0, seq);

		insp_pair_packets(pair, (const uint32_t[]){seq, other}, both);
		if (own == INSP_NONE && pair->match[0][seq] != INSP_ALONE)
			EQUAL(both[0], INSP_NONE);
		if (own == INSP_NONE)
			continue;
		EQUAL(both[0], own);
		EQUAL(both[1], insp_pair_packet(pair, 0, own));
		if (both[1] != INSP_NONE)
			EQUAL(insp_pair_packet(pair, 1, both[1]), own);
		counts[both[1] == INSP_NONE ? 0 : run[0]->packets[own].fate == run[2]->packets[both[1]].fate ? 1 : 2]++;
	}
	HOLDS(counts[0] > 0 && counts[1] > 0 && counts[2] > 0);
}

int main(void)
{
	for (int i = 0; i < 3; i++) {
		strcpy(path[i], "/tmp/hindcast-test-XXXXXX");
		close(mkstemp(path[i]));
	}
	EQUAL(write_run(path[0], ROUNDS), 0);
	EQUAL(write_odd_run(path[1], ROUNDS, ODD, /* extra= */ false), 0);
	EQUAL(write_odd_run(path[2], ROUNDS / 2, ODD, /* extra= */ true), 0);
	load_all();
	pairs();
	mirrors();
	rows();
	walks();
	gaps();
	packets();
	places();
	outages();
	for (int i = 0; i < 3; i++) {
		insp_run_free(run[i]);
		unlink(path[i]);
	}
	return done();
}
