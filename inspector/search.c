/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "search.h"

#include <errno.h>

#include "base/check.h"
#include "steps.h"
#include "walk.h"

DEFINE_CLEANUP(struct fmt_reader *, fmt_reader_close)

static void add_hit(struct insp_hits *hits, uint32_t *capacity, uint32_t seq)
{
	if (hits->count == *capacity) {
		*capacity = *capacity ? *capacity * 2 : 1024;
		hits->seqs = reallocarray(hits->seqs, *capacity, sizeof(*hits->seqs));
		CHECK(hits->seqs);
	}
	hits->seqs[hits->count++] = seq;
}

/* As fmt_walk_next(), but an end can be asked for between any two events. */
static int scan(const struct insp_run *run, struct fmt_walk *walk, insp_progress progress, void *data,
		struct insp_hits *hits, struct fmt_error *error)
{
	uint32_t capacity = 0;
	struct fmt_event event;

	for (; walk->next < walk->end && walk->next < run->count; walk->next++) {
		const uint32_t seq = (uint32_t)walk->next;
		const int failed = fmt_reader_event(walk->reader, seq, &event, error);

		if (failed < 0)
			return failed;
		fmt_roster_learn(&walk->roster, &event);
		if (fmt_filter_match(walk->filter, &event, &walk->roster))
			add_hit(hits, &capacity, seq);
		if (progress && seq % 4096 == 0 && !progress(data, seq, run->count))
			return -ECANCELED;
	}
	return 0;
}

int insp_search(const struct insp_run *run, const char *text, insp_progress progress, void *data,
		struct insp_hits *ret, struct fmt_error *error)
{
	_cleanup_(fmt_reader_closep) struct fmt_reader *reader = NULL;
	_cleanup_(fmt_walk_done) struct fmt_walk walk = {0};
	struct insp_hits hits = {0};
	int r = fmt_reader_open(run->path, &reader, error);

	if (r == 0)
		r = fmt_walk_init(&walk, reader, text, error);
	if (r == 0)
		r = scan(run, &walk, progress, data, &hits, error);
	if (r < 0)
		free(hits.seqs);
	else
		*ret = hits;
	return r;
}

struct insp_hits insp_hits_of_grain(const struct insp_run *run, int grain)
{
	struct insp_hits hits = {0};
	uint32_t capacity = 0;

	for (uint32_t seq = insp_step(run, INSP_NONE, 1, grain, INSP_NONE); seq != INSP_NONE;
	     seq = insp_step(run, seq, 1, grain, INSP_NONE))
		add_hit(&hits, &capacity, seq);
	return hits;
}
