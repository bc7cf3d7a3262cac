/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frame-pair.h"

#include <string.h>

struct work {
	const uint8_t *const *frames;
	const size_t *sizes;
	const struct insp_dissection *const *fields;
	uint8_t *const *marks;
	struct insp_frame_pair *pair;
};

/* Fields of one frame in a row, those that are within one of them among them. */
struct span {
	const struct insp_dissection *of;
	uint32_t at, end;
};

/* What a line is called: "TCP" of "TCP, 40792 > 8000, ...", "Window" of "Window: 502". */
static size_t name_size(const char *text)
{
	return strcspn(text, ":,");
}

static bool is_alike(const struct insp_field *a, const struct insp_field *b)
{
	const size_t size = name_size(a->text);

	return a->depth == b->depth && size == name_size(b->text) && memcmp(a->text, b->text, size) == 0;
}

/* The first field behind one and what is within it. */
static uint32_t behind(const struct span *span, uint32_t at)
{
	const uint32_t depth = span->of->fields[at].depth;

	for (at++; at < span->end && span->of->fields[at].depth > depth; at++)
		;
	return at;
}

/* The next field beside those of a span that is called as another; INSP_NO_FIELD. */
static uint32_t find(const struct span *span, const struct insp_field *like)
{
	for (uint32_t at = span->at; at < span->end; at = behind(span, at))
		if (is_alike(&span->of->fields[at], like))
			return at;
	return INSP_NO_FIELD;
}

/* Bytes from two places on, side by side; what one has more of has no partner.  True: some differ. */
static bool mark(const struct work *work, const uint32_t starts[2], const uint32_t sizes[2])
{
	bool any = false;

	for (int side = 0; side < 2; side++)
		for (uint32_t i = 0; i < sizes[side] && starts[side] + i < work->sizes[side]; i++) {
			const bool partner = i < sizes[!side] && starts[!side] + i < work->sizes[!side];
			const bool differs = !partner || work->frames[0][starts[0] + i] != work->frames[1][starts[1] + i];

			work->marks[side][starts[side] + i] = differs;
			any |= differs;
		}
	return any;
}

/* What is within a field tells of its bytes better than it does, and comes behind it. */
static bool is_leaf(const struct work *work, int side, uint32_t field)
{
	const struct insp_dissection *of = work->fields[side];

	return field + 1 == of->count || of->fields[field + 1].depth <= of->fields[field].depth;
}

static void add(struct work *work, uint32_t a, uint32_t b)
{
	const uint32_t of[2] = {a, b};
	uint32_t starts[2] = {0}, sizes[2] = {0};
	bool leaf = true;

	for (int side = 0; side < 2; side++) {
		if (of[side] == INSP_NO_FIELD)
			continue;
		starts[side] = work->fields[side]->fields[of[side]].offset;
		sizes[side] = work->fields[side]->fields[of[side]].size;
		leaf &= is_leaf(work, side, of[side]);
	}
	const bool bytes = mark(work, starts, sizes), alone = a == INSP_NO_FIELD || b == INSP_NO_FIELD;
	struct insp_field_pair *row = &work->pair->rows[work->pair->count++];

	*row = (struct insp_field_pair){{a, b}, alone || (bytes && leaf)};
	if (!alone && strcmp(work->fields[0]->fields[a].text, work->fields[1]->fields[b].text) != 0)
		row->differs = true;
	/* A layer repeats in its words what its fields say. */
	work->pair->fields += row->differs && (leaf || alone);
}

static void take_alone(struct work *work, int side, struct span *span)
{
	for (const uint32_t end = behind(span, span->at); span->at < end; span->at++)
		add(work, side ? INSP_NO_FIELD : span->at, side ? span->at : INSP_NO_FIELD);
}

/* Layers, fields, options: as deep as dissections are, which is 3. */
static void merge(struct work *work, struct span a, struct span b)
{
	while (a.at < a.end || b.at < b.end) {
		const uint32_t partner = a.at < a.end ? find(&b, &a.of->fields[a.at]) : b.end;

		if (partner == INSP_NO_FIELD) {
			take_alone(work, 0, &a);
			continue;
		}
		while (b.at < partner)
			take_alone(work, 1, &b);
		if (a.at == a.end)
			continue;
		const struct span inner[2] = {{a.of, a.at + 1, behind(&a, a.at)}, {b.of, b.at + 1, behind(&b, b.at)}};

		add(work, a.at, b.at);
		merge(work, inner[0], inner[1]);
		a.at = inner[0].end;
		b.at = inner[1].end;
	}
}

void insp_frame_pair(const uint8_t *const frames[2], const size_t sizes[2], const struct insp_dissection *const fields[2],
		     uint8_t *const marks[2], struct insp_frame_pair *ret)
{
	struct work work = {frames, sizes, fields, marks, ret};
	const uint32_t starts[2] = {0}, all[2] = {(uint32_t)sizes[0], (uint32_t)sizes[1]};
	uint32_t counts[2] = {0};

	ret->count = ret->fields = ret->bytes = 0;
	mark(&work, starts, all);
	merge(&work, (struct span){fields[0], 0, fields[0]->count}, (struct span){fields[1], 0, fields[1]->count});
	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < sizes[side]; i++)
			counts[side] += marks[side][i];
	ret->bytes = counts[0] > counts[1] ? counts[0] : counts[1];
}
