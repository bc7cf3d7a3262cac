/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pair.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "diff.h"

DEFINE_CLEANUP(struct fmt_reader *, fmt_reader_close)

#define WINDOW 200u	/* events of a node among which a partner is looked for */
#define RUN 3u		/* so many in a row agree before two places are taken for the same */

/* The events of one node in one run. */
struct strand {
	uint32_t *seqs;
	uint32_t count;
};

struct work {
	struct insp_pair *pair;
	unsigned int ignore;
	uint64_t *full[2];	/* of each event: a hash of all that counts */
	uint32_t *deed[2];	/* ... of all but time: the same deed, perhaps at another moment */
	uint32_t *gist[2];	/* ... of the kind of deed */
	struct fmt_buf scratch;
};

/* Kind and call, of a packet its size: what stays when numbers differ from run to run. */
static uint32_t gist_of(const struct insp_run *run, uint32_t seq, uint32_t tid)
{
	const uint32_t packet = insp_packet_of(run, seq);
	const uint64_t number = packet == INSP_NONE ? insp_aux_number(run, seq) : run->packets[packet].size;
	uint64_t hash = (uint64_t)run->kind[seq] << 48 ^ number << 24 ^ tid;

	hash *= 0x9fb21c651e98df25;
	return (uint32_t)(hash ^ hash >> 32);
}

static int hash_run(struct work *work, int side, insp_progress progress, void *data, struct fmt_error *error)
{
	const struct insp_run *run = work->pair->run[side];
	_cleanup_(fmt_reader_closep) struct fmt_reader *reader = NULL;
	struct fmt_event event;
	int r = fmt_reader_open(run->path, &reader, error);

	for (uint32_t seq = 0; seq < run->count && r == 0; seq++) {
		if (progress && seq % 8192 == 0 && !progress(data, seq, run->count))
			return -ECANCELED;
		r = fmt_reader_event(reader, seq, &event, error);
		if (r < 0)
			break;
		work->full[side][seq] = fmt_diff_hash(&event, work->ignore, &work->scratch);
		work->deed[side][seq] = (uint32_t)fmt_diff_hash(&event, work->ignore | FMT_IGNORE_TIME, &work->scratch);
		work->gist[side][seq] = gist_of(run, seq, work->ignore & FMT_IGNORE_PIDS ? 0 : event.tid);
	}
	return r;
}

/* ---- alignment of a node ---- */

struct strands {
	struct work *work;
	struct strand of[2];
	uint32_t lane[2];
	uint32_t last[2];		/* partners that were taken last; INSP_NONE: none */
	struct insp_pair_row *row;
	struct insp_difference open;	/* the difference that is growing; lane of both INSP_NONE: none */
	bool is_open;
};

static uint32_t seq_at(const struct strands *s, int side, uint32_t index)
{
	return s->of[side].seqs[index];
}

static bool same(const struct strands *s, uint32_t *const hashes[2], uint32_t i, uint32_t j)
{
	return hashes[0][seq_at(s, 0, i)] == hashes[1][seq_at(s, 1, j)];
}

static void close_difference(struct strands *s)
{
	struct insp_pair *pair = s->work->pair;

	if (!s->is_open)
		return;
	if (pair->difference_count == pair->difference_capacity) {
		pair->difference_capacity = pair->difference_capacity ? 2 * pair->difference_capacity : 64;
		pair->differences = reallocarray(pair->differences, pair->difference_capacity, sizeof(*pair->differences));
		CHECK(pair->differences);
	}
	pair->differences[pair->difference_count++] = s->open;
	s->is_open = false;
}

static void add_to_difference(struct strands *s, int side, uint32_t seq)
{
	if (!s->is_open)
		s->open = (struct insp_difference){{s->lane[0], s->lane[1]}, {INSP_NONE, INSP_NONE}, {INSP_NONE, INSP_NONE}, 0};
	s->is_open = true;
	if (s->open.first[side] == INSP_NONE)
		s->open.first[side] = seq;
	s->open.last[side] = seq;
}

static void take_both(struct strands *s, uint32_t i, uint32_t j)
{
	struct insp_pair *pair = s->work->pair;
	const uint32_t a = seq_at(s, 0, i), b = seq_at(s, 1, j);
	const bool equal = s->work->full[0][a] == s->work->full[1][b];

	pair->other[0][a] = b;
	pair->other[1][b] = a;
	s->last[0] = a;
	s->last[1] = b;
	if (equal && s->row->common == i && i == j)
		s->row->common++;
	pair->match[0][a] = pair->match[1][b] = equal ? INSP_SAME : INSP_CHANGED;
	if (equal) {
		pair->same++;
		close_difference(s);
		return;
	}
	pair->changed++;
	add_to_difference(s, 0, a);
	add_to_difference(s, 1, b);
}

static void take_alone(struct strands *s, int side, uint32_t index)
{
	struct insp_pair *pair = s->work->pair;
	const uint32_t seq = seq_at(s, side, index);

	pair->alone[side]++;
	pair->match[side][seq] = INSP_ALONE;
	pair->other[side][seq] = s->last[!side];
	add_to_difference(s, side, seq);
}

/* RUN events from i and j on have the same hashes; fewer where both strands end. */
static bool agree(const struct strands *s, uint32_t *const hashes[2], uint32_t i, uint32_t j)
{
	for (uint32_t k = 0; k < RUN; k++) {
		const bool end_a = i + k >= s->of[0].count, end_b = j + k >= s->of[1].count;

		if (end_a || end_b)
			return k > 0 && end_a == end_b;
		if (!same(s, hashes, i + k, j + k))
			return false;
	}
	return true;
}

/* The nearest places from i and j on that agree: those with the least i + j.  False: there are none. */
static bool find_again(const struct strands *s, uint32_t *const hashes[2], uint32_t *i, uint32_t *j)
{
	for (uint32_t sum = 0; sum < WINDOW; sum++)
		for (uint32_t di = 0; di <= sum; di++) {
			const uint32_t x = *i + di, y = *j + sum - di;

			if (x < s->of[0].count && y < s->of[1].count && agree(s, hashes, x, y)) {
				*i = x;
				*j = y;
				return true;
			}
		}
	return false;
}

/* What lies between two places that agree: what is of a kind, in order, was changed. */
static void take_between(struct strands *s, uint32_t i, uint32_t x, uint32_t j, uint32_t y)
{
	while (i < x && j < y) {
		if (same(s, s->work->gist, i, j)) {
			take_both(s, i++, j++);
			continue;
		}
		/* The longer rest has more that stands alone. */
		if (x - i >= y - j)
			take_alone(s, 0, i++);
		else
			take_alone(s, 1, j++);
	}
	while (i < x)
		take_alone(s, 0, i++);
	while (j < y)
		take_alone(s, 1, j++);
}

static void align(struct strands *s)
{
	uint32_t i = 0, j = 0;

	while (i < s->of[0].count && j < s->of[1].count) {
		uint32_t x = i, y = j;

		if (same(s, s->work->deed, i, j)) {
			take_both(s, i++, j++);
			continue;
		}
		/* Where numbers differ for good, as those of packets behind one that only one run has, the kind has to do. */
		if (!find_again(s, s->work->deed, &x, &y) && !find_again(s, s->work->gist, &x, &y)) {
			x = i + 1;
			y = j + 1;
		}
		/* At a place that agrees in kind alone there is one to take, so that it goes on. */
		take_between(s, i, x, j, y);
		if (i == x && j == y)
			take_both(s, x++, y++);
		i = x;
		j = y;
	}
	take_between(s, i, s->of[0].count, j, s->of[1].count);
	close_difference(s);
}

/* ---- all nodes ---- */

/* The events of every lane, in order; each strand's memory is in one block. */
static uint32_t *split(const struct insp_run *run, struct strand *strands)
{
	uint32_t *all = malloc(((size_t)run->count + 1) * sizeof(*all)), at = 0;

	CHECK(all);
	for (uint32_t lane = 0; lane < run->lane_count; lane++) {
		strands[lane] = (struct strand){all + at, 0};
		at += run->lanes[lane].events;
	}
	for (uint32_t seq = 0; seq < run->count; seq++) {
		struct strand *strand = &strands[insp_lane_of(run, seq)];

		strand->seqs[strand->count++] = seq;
	}
	return all;
}

static void align_nodes(struct work *work)
{
	struct insp_pair *pair = work->pair;
	struct strand *strands[2];
	uint32_t *memory[2];

	for (int side = 0; side < 2; side++) {
		strands[side] = calloc(pair->run[side]->lane_count, sizeof(struct strand));
		CHECK(strands[side]);
		memory[side] = split(pair->run[side], strands[side]);
	}
	for (uint32_t i = 0; i < pair->row_count; i++) {
		struct insp_pair_row *row = &pair->rows[i];
		struct strands s = {.work = work, .lane = {row->lane[0], row->lane[1]}, .last = {INSP_NONE, INSP_NONE}, .row = row};

		for (int side = 0; side < 2; side++)
			if (row->lane[side] != INSP_NONE)
				s.of[side] = strands[side][row->lane[side]];
		align(&s);
	}
	for (int side = 0; side < 2; side++) {
		free(memory[side]);
		free(strands[side]);
	}
}

/* Where all of a block's events are the same a picture need not look at them. */
static void mark_blocks(struct insp_pair *pair)
{
	for (int side = 0; side < 2; side++) {
		const struct insp_run *run = pair->run[side];

		pair->block_match[side] = calloc((size_t)run->block_count * run->lane_count + 1, 1);
		CHECK(pair->block_match[side]);
		for (uint32_t seq = 0; seq < run->count; seq++)
			pair->block_match[side][(size_t)(seq / INSP_BLOCK) * run->lane_count + insp_lane_of(run, seq)] |=
				(uint8_t)(1u << pair->match[side][seq]);
	}
}

static vtime_ns begin_of(const struct insp_pair *pair, const struct insp_difference *d)
{
	vtime_ns begin = UINT64_MAX;

	for (int side = 0; side < 2; side++)
		if (d->first[side] != INSP_NONE && insp_vtime(pair->run[side], d->first[side]) < begin)
			begin = insp_vtime(pair->run[side], d->first[side]);
	return begin;
}

static int compare(const void *x, const void *y)
{
	const struct insp_difference *a = x, *b = y;

	if (a->begin != b->begin)
		return a->begin < b->begin ? -1 : 1;
	for (int side = 0; side < 2; side++)
		if (a->first[side] != b->first[side])
			return a->first[side] < b->first[side] ? -1 : 1;
	return 0;
}

static void sort_differences(struct insp_pair *pair)
{
	for (uint32_t i = 0; i < pair->difference_count; i++)
		pair->differences[i].begin = begin_of(pair, &pair->differences[i]);
	if (pair->difference_count)
		qsort(pair->differences, pair->difference_count, sizeof(*pair->differences), compare);
}

static uint32_t lane_of_node(const struct insp_run *run, node_id node)
{
	for (uint32_t lane = 0; lane < run->lane_count; lane++)
		if (run->lanes[lane].node == node)
			return lane;
	return INSP_NONE;
}

static node_id node_of(const struct insp_pair *pair, const struct insp_pair_row *row)
{
	const int side = row->lane[0] == INSP_NONE;

	return pair->run[side]->lanes[row->lane[side]].node;
}

/* No two rows are of the same node. */
static int by_node(const void *x, const void *y, void *data)
{
	const node_id a = node_of(data, x), b = node_of(data, y);

	return a < b ? -1 : a > b;
}

static void make_rows(struct insp_pair *pair)
{
	const struct insp_run *a = pair->run[0], *b = pair->run[1];

	pair->rows = calloc(a->lane_count + b->lane_count, sizeof(*pair->rows));
	CHECK(pair->rows);
	for (uint32_t lane = 0; lane < a->lane_count; lane++)
		pair->rows[pair->row_count++] = (struct insp_pair_row){{lane, lane_of_node(b, a->lanes[lane].node)}, 0};
	for (uint32_t lane = 0; lane < b->lane_count; lane++)
		if (lane_of_node(a, b->lanes[lane].node) == INSP_NONE)
			pair->rows[pair->row_count++] = (struct insp_pair_row){{INSP_NONE, lane}, 0};
	qsort_r(pair->rows, pair->row_count, sizeof(*pair->rows), by_node, pair);
	for (int side = 0; side < 2; side++) {
		pair->row_of[side] = calloc(pair->run[side]->lane_count, sizeof(uint32_t));
		CHECK(pair->row_of[side]);
		for (uint32_t row = 0; row < pair->row_count; row++)
			if (pair->rows[row].lane[side] != INSP_NONE)
				pair->row_of[side][pair->rows[row].lane[side]] = row;
	}
}

static struct insp_pair *pair_of(const struct insp_run *a, const struct insp_run *b)
{
	struct insp_pair *pair = calloc(1, sizeof(*pair));

	CHECK(pair);
	pair->run[0] = a;
	pair->run[1] = b;
	for (int side = 0; side < 2; side++) {
		const size_t count = (size_t)pair->run[side]->count + 1;

		pair->match[side] = calloc(count, 1);
		pair->other[side] = malloc(count * sizeof(uint32_t));
		CHECK(pair->match[side] && pair->other[side]);
		memset(pair->other[side], 0xff, count * sizeof(uint32_t));
	}
	make_rows(pair);
	return pair;
}

static void swap_u32(uint32_t *pair)
{
	const uint32_t first = pair[0];

	pair[0] = pair[1];
	pair[1] = first;
}

static void swap_sides(struct insp_pair *pair)
{
	const struct insp_run *run = pair->run[0];
	uint8_t *match = pair->match[0];
	uint32_t *other = pair->other[0];

	pair->run[0] = pair->run[1];
	pair->run[1] = run;
	pair->match[0] = pair->match[1];
	pair->match[1] = match;
	pair->other[0] = pair->other[1];
	pair->other[1] = other;
	uint8_t *blocks = pair->block_match[0];
	uint32_t *row_of = pair->row_of[0];

	pair->block_match[0] = pair->block_match[1];
	pair->block_match[1] = blocks;
	pair->row_of[0] = pair->row_of[1];
	pair->row_of[1] = row_of;
	for (uint32_t i = 0; i < pair->row_count; i++)
		swap_u32(pair->rows[i].lane);
	swap_u32(pair->alone);
	for (uint32_t i = 0; i < pair->difference_count; i++) {
		swap_u32(pair->differences[i].lane);
		swap_u32(pair->differences[i].first);
		swap_u32(pair->differences[i].last);
	}
}

static int pair_in_order(const struct insp_run *a, const struct insp_run *b, unsigned int ignore, insp_progress progress,
			 void *data, struct insp_pair **ret, struct fmt_error *error)
{
	_cleanup_(insp_pair_freep) struct insp_pair *pair = pair_of(a, b);
	struct work work = {.pair = pair, .ignore = ignore};
	int r = 0;

	for (int side = 0; side < 2 && r == 0; side++) {
		work.full[side] = malloc(((size_t)pair->run[side]->count + 1) * sizeof(uint64_t));
		work.deed[side] = malloc(((size_t)pair->run[side]->count + 1) * sizeof(uint32_t));
		work.gist[side] = malloc(((size_t)pair->run[side]->count + 1) * sizeof(uint32_t));
		CHECK(work.full[side] && work.deed[side] && work.gist[side]);
		r = hash_run(&work, side, progress, data, error);
	}
	if (r == 0) {
		align_nodes(&work);
		sort_differences(pair);
		mark_blocks(pair);
	}
	for (int side = 0; side < 2; side++) {
		free(work.full[side]);
		free(work.deed[side]);
		free(work.gist[side]);
	}
	fmt_buf_done(&work.scratch);
	if (r == 0)
		*ret = STEAL(pair);
	return r;
}

/* Where several alignments are as good the first run decides; so that both ways round give the same, which run is first is
 * decided by what the runs are. */
int insp_pair_new(const struct insp_run *a, const struct insp_run *b, unsigned int ignore, insp_progress progress, void *data,
		  struct insp_pair **ret, struct fmt_error *error)
{
	const bool swap = strcmp(a->hash, b->hash) > 0;
	const int r = pair_in_order(swap ? b : a, swap ? a : b, ignore, progress, data, ret, error);

	if (r == 0 && swap)
		swap_sides(*ret);
	return r;
}

void insp_pair_free(struct insp_pair *pair)
{
	if (!pair)
		return;
	for (int side = 0; side < 2; side++) {
		free(pair->match[side]);
		free(pair->other[side]);
		free(pair->block_match[side]);
		free(pair->row_of[side]);
	}
	free(pair->rows);
	free(pair->differences);
	free(pair);
}

/* ---- walking ---- */

/* The event of a run at which a difference stands. */
static uint32_t place_of(const struct insp_pair *pair, int side, const struct insp_difference *d)
{
	return d->first[side] != INSP_NONE ? d->first[side] : insp_pair_other(pair, !side, d->first[!side]);
}

uint32_t insp_pair_step(const struct insp_pair *pair, int side, uint32_t seq, int direction)
{
	const vtime_ns now = insp_vtime(pair->run[side], seq);
	uint32_t low = 0, high = pair->difference_count;

	/* The first that does not begin before now; or when those before are wanted, that begins after. */
	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (direction > 0 ? pair->differences[middle].begin < now : pair->differences[middle].begin <= now)
			low = middle + 1;
		else
			high = middle;
	}
	/* Of those that begin at the same time the place decides. */
	if (direction > 0) {
		while (low < pair->difference_count && pair->differences[low].begin == now &&
		       place_of(pair, side, &pair->differences[low]) <= seq)
			low++;
		return low < pair->difference_count ? low : INSP_NONE;
	}
	while (low && pair->differences[low - 1].begin == now && place_of(pair, side, &pair->differences[low - 1]) >= seq)
		low--;
	return low ? low - 1 : INSP_NONE;
}

uint32_t insp_pair_other(const struct insp_pair *pair, int side, uint32_t seq)
{
	const uint32_t other = pair->other[side][seq];

	CHECK(pair->run[!side]->count);
	if (other != INSP_NONE)
		return other;
	const vtime_ns now = insp_vtime(pair->run[side], seq);
	const uint32_t after = now < UINT64_MAX ? insp_run_seek(pair->run[!side], now + 1) : pair->run[!side]->count;

	return after ? after - 1 : 0;
}

uint32_t insp_pair_packet(const struct insp_pair *pair, int side, uint32_t packet)
{
	const uint32_t send = pair->run[side]->packets[packet].send;

	return pair->match[side][send] == INSP_ALONE ? INSP_NONE : insp_packet_of(pair->run[!side], pair->other[side][send]);
}

void insp_pair_packets(const struct insp_pair *pair, const uint32_t seqs[2], uint32_t ret[2])
{
	for (int side = 0; side < 2; side++)
		ret[side] = insp_packet_of(pair->run[side], seqs[side]);
	/* Who only follows stands somewhere near; what it is about there matters when it is the same. */
	for (int side = 0; side < 2; side++) {
		if (ret[side] == INSP_NONE || (ret[!side] != INSP_NONE && insp_pair_other(pair, side, seqs[side]) != seqs[!side]))
			continue;
		ret[!side] = insp_pair_packet(pair, side, ret[side]);
		return;
	}
}
