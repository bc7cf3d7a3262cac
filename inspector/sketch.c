/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sketch.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "run-int.h"

DEFINE_CLEANUP(struct fmt_reader *, fmt_reader_close)

#define SPREAD 8u	/* events of the sketch for a mark: each of a node's 1024th events has one */
_Static_assert(SPREAD * INSP_SKETCH_WEIGHT == 1024, "a mark stands for so many");

struct point {
	uint64_t seq;			/* of the run */
	node_id node;
	uint32_t kind;
};

struct maker {
	struct fmt_reader *reader;
	struct point *points;
	uint32_t count, capacity;
	uint64_t *last;			/* of each node: where its mark before was */
	uint32_t last_count, last_capacity;
	struct fmt_chunk_id *chunks;
	uint32_t chunk_count, chunk_capacity;
};

static void add_point(struct maker *maker, uint64_t seq, node_id node, uint32_t kind)
{
	maker->points = insp__grow(maker->points, maker->count, &maker->capacity, sizeof(*maker->points));
	maker->points[maker->count++] = (struct point){seq, node, kind};
}

/* What a node did since its mark before, evenly. */
static void see_mark(void *context, const struct fmt_mark *mark)
{
	struct maker *maker = context;

	while (maker->last_count <= mark->node) {
		maker->last = insp__grow(maker->last, maker->last_count, &maker->last_capacity, sizeof(*maker->last));
		maker->last[maker->last_count++] = 0;
	}
	const uint64_t last = maker->last[mark->node];

	for (uint32_t i = 1; i <= SPREAD; i++)
		add_point(maker, last + (mark->seq - last) * i / SPREAD, mark->node, FMT_syscall);
	maker->last[mark->node] = mark->seq;
}

/* Chunks that have something that went wrong; which nodes did is not known. */
static int add_troubles(struct maker *maker)
{
	static const uint32_t kinds[] = {FMT_panic, FMT_warn, FMT_fault, FMT_packet_drop, FMT_signal, FMT_node_down, FMT_node_up,
					 FMT_injected};
	const struct fmt_want want = {.kinds = kinds, .kind_count = sizeof(kinds) / sizeof(kinds[0])};
	int has = 0;

	for (uint32_t i = 0; i < maker->chunk_count && has >= 0; i++) {
		has = fmt_reader_chunk_may_have(maker->reader, i, &want, NULL);
		if (has > 0)
			add_point(maker, maker->chunks[i].first_seq + maker->chunks[i].count / 2, 0, FMT_panic);
	}
	return has < 0 ? has : 0;
}

static int compare(const void *a, const void *b)
{
	const struct point *x = a, *y = b;

	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return x->node != y->node ? (x->node > y->node) - (x->node < y->node) : (x->kind > y->kind) - (x->kind < y->kind);
}

/* Between the begin and the end of its chunk, by its number; *chunk is where to look first. */
static vtime_ns vtime_of(const struct maker *maker, uint64_t seq, uint32_t *chunk)
{
	while (*chunk + 1 < maker->chunk_count && maker->chunks[*chunk + 1].first_seq <= seq)
		++*chunk;
	const struct fmt_chunk_id *it = &maker->chunks[*chunk];
	const double share = it->count > 1 ? (double)(seq - it->first_seq) / (double)(it->count - 1) : 0;

	return it->t0 + (vtime_ns)((double)(it->t1 - it->t0) * share);
}

static struct insp_run *draw(const char *path, struct maker *maker)
{
	struct insp_run *run = calloc(1, sizeof(*run));
	uint32_t chunk = 0;

	CHECK(run);
	CHECK((run->path = strdup(path)));
	run->count = maker->count;
	run->weight = INSP_SKETCH_WEIGHT;
	struct insp__loader *loader = insp__loader_new(run, maker->reader);

	for (uint32_t i = 0; i < maker->count; i++) {
		const struct point *point = &maker->points[i];

		insp__loader_put(loader, i, vtime_of(maker, point->seq, &chunk), point->node, point->kind);
	}
	insp__loader_free(loader);
	insp__measure_activity(run);
	return run;
}

static int find_points(struct maker *maker)
{
	struct fmt_chunk_id chunk;

	while (fmt_reader_chunk_id(maker->reader, maker->chunk_count, &chunk)) {
		maker->chunks = insp__grow(maker->chunks, maker->chunk_count, &maker->chunk_capacity, sizeof(chunk));
		maker->chunks[maker->chunk_count++] = chunk;
	}
	int failed = fmt_reader_marks(maker->reader, see_mark, maker, NULL);

	if (failed == 0 && !maker->count)
		failed = -ENODATA;
	if (failed == 0)
		failed = add_troubles(maker);
	/* The whole time is that of the run. */
	add_point(maker, 0, 0, FMT_node);
	add_point(maker, fmt_reader_count(maker->reader) - 1, 0, FMT_node);
	if (failed == 0)
		qsort(maker->points, maker->count, sizeof(*maker->points), compare);
	return failed;
}

static void find_notes(const struct maker *maker, struct insp_sketch *sketch)
{
	const struct fmt_note *note;
	uint32_t at = 0;

	while ((note = fmt_reader_note(maker->reader, sketch->note_count)))
		sketch->note_count++;
	sketch->notes = calloc(sketch->note_count + 1u, sizeof(*sketch->notes));
	CHECK(sketch->notes);
	for (uint32_t i = 0; i < sketch->note_count; i++) {
		while (at + 1 < maker->count && maker->points[at].seq < fmt_reader_note(maker->reader, i)->seq)
			at++;
		sketch->notes[i] = at;
	}
}

struct insp_sketch *insp_sketch_load(const char *path)
{
	_cleanup_(fmt_reader_closep) struct fmt_reader *reader = NULL;
	struct insp_sketch *sketch = NULL;
	struct fmt_error error;

	if (fmt_reader_open(path, &reader, &error) < 0 || fmt_reader_count(reader) < INSP_SKETCH_MIN ||
	    fmt_reader_count(reader) >= INSP_NONE)
		return NULL;
	struct maker maker = {.reader = reader};

	if (find_points(&maker) == 0) {
		sketch = calloc(1, sizeof(*sketch));
		CHECK(sketch);
		sketch->run = draw(path, &maker);
		sketch->events = fmt_reader_count(reader);
		find_notes(&maker, sketch);
	}
	free(maker.points);
	free(maker.last);
	free(maker.chunks);
	return sketch;
}

void insp_sketch_free(struct insp_sketch *sketch)
{
	if (!sketch)
		return;
	insp_run_free(sketch->run);
	free(sketch->notes);
	free(sketch);
}
