/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * columns-put.c - encodes the events of a chunk; columns.c says how they are laid out.
 *
 * This is most of what a trace costs the run, so each event is taken apart once: a kind gets its columns when the first event
 * of it comes, and all columns are joined at the end.  The memory of columns is kept for the next chunk.
 *
 * Memory: at most 10 bytes an event for each field of each kind that a chunk has had, and the effects of one event.
 */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/le.h"
#include "columns-int.h"
#include "wire.h"

#define CUT_MIN 2048u		/* a smaller column shares its statistics with the next */
#define KIND_NUMBERS 256u	/* kinds below are found by their number */
#define TILE_ROWS 64u

/* Heads of frames on their way into their columns: byte by byte each would touch 66 buffers. */
struct tile {
	uint8_t rows[TILE_ROWS][FMT__FRAME_HEAD];
	uint8_t size[TILE_ROWS];
	size_t count;
};

struct fmt__put {
	struct fmt__shape shape;
	struct fmt__slots *slots;
	uint16_t by_number[2][KIND_NUMBERS];	/* 1 + index of a kind, by opaque */
	struct fmt_buf columns[FMT__COLUMN_FIELD];
	struct fmt_buf *fields;		/* FMT_FIELD_MAX columns of each kind, of which it has as many as fields */
	size_t fields_capacity;		/* in kinds */
	struct tile tile;
	struct fmt_effect *effects;	/* of one list */
	size_t effects_capacity;
	const struct fmt_buf **order;	/* the columns of a chunk */
	size_t column_count, order_capacity;
	bool plain;			/* every body is bytes */
	/* while a chunk is encoded */
	struct fmt_buf *bytes;		/* of all events */
	const struct fmt_event *event;
	uint64_t numbers[FMT_FIELD_MAX];	/* of this event so far */
	size_t number_count;
};

static struct fmt__put *put_new(void)
{
	struct fmt__put *put = calloc(1, sizeof(*put));

	CHECK(put);
	put->slots = fmt__slots_new();
	return put;
}

static void put_free(struct fmt__put *put)
{
	if (!put)
		return;
	for (size_t i = 0; i < FMT__COLUMN_FIELD; i++)
		fmt_buf_done(&put->columns[i]);
	for (size_t i = 0; i < put->fields_capacity * FMT_FIELD_MAX; i++)
		fmt_buf_done(&put->fields[i]);
	free(put->fields);
	free(put->effects);
	free(put->order);
	fmt__shape_done(&put->shape);
	fmt__slots_free(put->slots);
	free(put);
}

void fmt__columns_done(struct fmt__columns *columns)
{
	fmt_buf_done(&columns->raw);
	fmt_buf_done(&columns->bytes);
	free(columns->cuts);
	put_free(columns->put);
}

/* ---- the layout of kinds ---- */

/* What a field of event-kinds.def is here. */
static char type_of(const struct fmt_field *field)
{
	static const char *const keys[] = {"nr", "link", "sock"}, *const times[] = {"depart_ns", "until_ns", "expires_ns"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(field->name, keys[i]) == 0)
			return 'C';
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		if (strcmp(field->name, times[i]) == 0)
			return 'V';
	return strcmp(field->name, "frame") == 0 ? 'F' : field->type;
}

static void reserve_fields(struct fmt__put *put, size_t kinds)
{
	if (kinds <= put->fields_capacity)
		return;
	const size_t capacity = kinds * 2;

	put->fields = reallocarray(put->fields, capacity * FMT_FIELD_MAX, sizeof(*put->fields));
	CHECK(put->fields);
	memset(put->fields + put->fields_capacity * FMT_FIELD_MAX, 0,
	       (capacity - put->fields_capacity) * FMT_FIELD_MAX * sizeof(*put->fields));
	put->fields_capacity = capacity;
}

static size_t kind_new(struct fmt__put *put, uint32_t number, bool opaque)
{
	struct fmt__shape *shape = &put->shape;

	shape->kinds = fmt__grow(shape->kinds, shape->kind_count, &shape->kind_capacity, sizeof(*shape->kinds));
	struct fmt__kind *kind = &shape->kinds[shape->kind_count];
	const struct fmt_kind_info *info = opaque ? NULL : fmt_kind_info(number);

	*kind = (struct fmt__kind){.kind = number, .opaque = opaque};
	for (size_t i = 0; info && i < info->field_count; i++)
		kind->types[i] = type_of(&info->fields[i]);
	reserve_fields(put, shape->kind_count + 1);
	return shape->kind_count++;
}

static size_t kind_index(struct fmt__put *put, uint32_t number, bool opaque)
{
	const struct fmt__shape *shape = &put->shape;

	if (number < KIND_NUMBERS) {
		uint16_t *known = &put->by_number[opaque][number];

		if (!*known)
			*known = (uint16_t)(1 + kind_new(put, number, opaque));
		return *known - 1u;
	}
	for (size_t i = 0; i < shape->kind_count; i++)
		if (shape->kinds[i].kind == number && shape->kinds[i].opaque == opaque)
			return i;
	return kind_new(put, number, opaque);
}

/* ---- one event ---- */

static size_t thread_put(struct fmt__put *put, const struct fmt_event *event)
{
	struct fmt__shape *shape = &put->shape;
	size_t rank = 0;

	while (rank < shape->thread_count) {
		const struct fmt__thread *thread = &shape->threads[shape->recent[rank]];

		if (thread->node == event->node && thread->tid == event->tid)
			break;
		rank++;
	}
	fmt_buf_put_u64(&put->columns[FMT__COLUMN_THREAD], rank);
	if (rank == shape->thread_count) {
		shape->threads = fmt__grow(shape->threads, rank, &shape->thread_capacity, sizeof(*shape->threads));
		shape->threads[rank] = (struct fmt__thread){event->node, event->tid};
		shape->recent[rank] = (uint32_t)rank;
		shape->thread_count++;
	}
	return fmt__thread_to_front(shape, rank);
}

static void difference_put(struct fmt_buf *column, uint64_t *previous, uint64_t value)
{
	fmt_buf_put_u64(column, fmt__zigzag(value - *previous));
	*previous = value;
}

/* An address is often an argument of the call: 1 + which, or 0 and a difference. */
static void address_put(struct fmt__put *put, uint64_t *previous, uint64_t addr)
{
	size_t i = 0;

	while (i < put->number_count && put->numbers[i] != addr)
		i++;
	const bool found = i < put->number_count;

	fmt_buf_put_u64(&put->columns[FMT__COLUMN_WHERE], found ? i + 1 : 0);
	if (found)
		*previous = addr;
	else
		difference_put(&put->columns[FMT__COLUMN_ADDR], previous, addr);
}

static void operands_put(struct fmt__put *put, const struct fmt_effect *effect)
{
	struct fmt_buf *extra = &put->columns[FMT__COLUMN_EXTRA];
	uint8_t crc[4];

	switch (effect->op) {
	case FMT_EFFECT_WRITE:
		fmt_buf_put(put->bytes, effect->bytes, effect->size);
		return;
	case FMT_EFFECT_READ:
		le32_put(crc, effect->crc);
		fmt_buf_put(&put->columns[FMT__COLUMN_CRC], crc, sizeof(crc));
		return;
	case FMT_EFFECT_MAP:
		fmt_buf_put_u64(extra, effect->prot);
		fmt_buf_put_u64(extra, effect->flags);
		fmt_buf_put_u64(extra, effect->file);
		fmt_buf_put_u64(extra, effect->offset);
		return;
	case FMT_EFFECT_COPY:
		fmt_buf_put_u64(extra, effect->file);
		fmt_buf_put_u64(extra, effect->offset);
		return;
	case FMT_EFFECT_STORE:
		fmt_buf_put_u64(extra, effect->file);
		fmt_buf_put(put->bytes, effect->bytes, effect->size);
		return;
	case FMT_EFFECT_RESIZE:
		fmt_buf_put_u64(extra, effect->file);
		return;
	case FMT_EFFECT_PROTECT:
		fmt_buf_put_u64(extra, effect->prot);
		return;
	case FMT_EFFECT_REMAP:
		fmt_buf_put_u64(extra, effect->from);
		fmt_buf_put_u64(extra, effect->from_size);
		return;
	case FMT_EFFECT_FILL:
	case FMT_EFFECT_UNMAP:
	case FMT_EFFECT_TLS:
	case FMT_EFFECT_CLEAR:
		return;
	}
	CHECK(!"an effect that this file does not know");
}

static void effect_put(struct fmt__put *put, struct fmt__slot *slot, size_t number, const struct fmt_effect *effect)
{
	const size_t at = number < FMT__EFFECT_SLOTS ? number : FMT__EFFECT_SLOTS - 1;

	fmt_buf_put_u64(&put->columns[FMT__COLUMN_OP], effect->op);
	address_put(put, &slot->addr[at], effect->addr);
	if (fmt__effect_has_size(effect->op))
		difference_put(&put->columns[FMT__COLUMN_SIZE], &slot->size[at], effect->size);
	operands_put(put, effect);
}

/* Takes a list apart into put->effects.  Number of effects; -EBADMSG: it is no such list. */
static int64_t take_effects(struct fmt__put *put, struct fmt_bytes list)
{
	size_t count = 0, pos = 0;
	int got;

	do {
		put->effects = fmt__grow(put->effects, count, &put->effects_capacity, sizeof(*put->effects));
		got = fmt_effect_next(list.data, list.size, &pos, &put->effects[count]);
		count += got > 0;
	} while (got > 0);
	return got < 0 ? got : (int64_t)count;
}

/* 1 + the number of effects; or 0, then the size of what is no list. */
static void effects_put(struct fmt__put *put, struct fmt_buf *column, struct fmt__slot *slot, struct fmt_bytes list)
{
	const int64_t count = list.size ? take_effects(put, list) : 0;

	fmt_buf_put_u64(column, (uint64_t)(count < 0 ? 0 : count + 1));
	if (count < 0) {
		fmt_buf_put_u64(column, list.size);
		fmt_buf_put(put->bytes, list.data, list.size);
		return;
	}
	for (size_t i = 0; i < (size_t)count; i++)
		effect_put(put, slot, i, &put->effects[i]);
}

static void tile_flush(struct fmt__put *put)
{
	const struct tile *tile = &put->tile;

	for (size_t i = 0; i < FMT__FRAME_HEAD; i++) {
		struct fmt_buf *column = &put->columns[FMT__COLUMN_HEAD + i];

		fmt_buf_reserve(column, tile->count);
		uint8_t *to = column->data + column->size;

		for (size_t row = 0; row < tile->count; row++) {
			*to = tile->rows[row][i];
			to += tile->size[row] > i;
		}
		column->size = (size_t)(to - column->data);
	}
	put->tile.count = 0;
}

/* The head of a frame differs by little from that of the one before: byte by byte. */
static void frame_put(struct fmt__put *put, struct fmt__slot *slot, struct fmt_bytes frame)
{
	const size_t head = frame.size < FMT__FRAME_HEAD ? frame.size : FMT__FRAME_HEAD;
	struct tile *tile = &put->tile;
	uint8_t *row = tile->rows[tile->count];

	for (size_t i = 0; i < head; i++) {
		row[i] = (uint8_t)(frame.data[i] - slot->head[i]);
		slot->head[i] = frame.data[i];
	}
	tile->size[tile->count++] = (uint8_t)head;
	if (tile->count == TILE_ROWS)
		tile_flush(put);
	fmt_buf_put(put->bytes, frame.data + head, frame.size - head);
}

static void number_put(struct fmt__put *put, uint64_t value)
{
	put->numbers[put->number_count++] = value;
}

static void fields_put(struct fmt__put *put, size_t kind_at, size_t thread, const struct fmt_value *values)
{
	const char *types = put->shape.kinds[kind_at].types;
	struct fmt__slot *slot = fmt__slot_of(&put->shape, kind_at, thread, 0);

	put->number_count = 0;
	for (size_t i = 0; types[i]; i++) {
		struct fmt_buf *column = &put->fields[kind_at * FMT_FIELD_MAX + i];
		const struct fmt_value *value = &values[i];

		switch (types[i]) {
		case 'C':
			fmt_buf_put_u64(column, value->u);
			slot = fmt__slot_of(&put->shape, kind_at, thread, value->u + 1);
			number_put(put, value->u);
			break;
		case 'V':
			fmt_buf_put_u64(column, fmt__zigzag(value->u - put->event->vtime));
			number_put(put, value->u);
			break;
		case 'E':
			effects_put(put, column, slot, value->bytes);
			break;
		case 'F':
			fmt_buf_put_u64(column, value->bytes.size);
			frame_put(put, slot, value->bytes);
			break;
		case 'T':
		case 'B':
			fmt_buf_put_u64(column, value->bytes.size);
			fmt_buf_put(put->bytes, value->bytes.data, value->bytes.size);
			break;
		default:
			difference_put(column, &slot->value[i], value->u);
			number_put(put, value->u);
		}
	}
}

/* A kind that is not known, or a body that is not of its kind: bytes. */
static void event_put(struct fmt__put *put, const struct fmt_event *event, vtime_ns before)
{
	struct fmt_value values[FMT_FIELD_MAX];
	const bool opaque = put->plain || fmt_event_values(event, values) < 0;
	const size_t kind = kind_index(put, event->kind, opaque);
	const size_t thread = thread_put(put, event);

	fmt_buf_put_u64(&put->columns[FMT__COLUMN_KIND], kind);
	fmt_buf_put_u64(&put->columns[FMT__COLUMN_TIME], event->vtime - before);
	put->event = event;
	if (opaque) {
		fmt_buf_put_u64(&put->columns[FMT__COLUMN_OPAQUE], event->body_size);
		fmt_buf_put(put->bytes, event->body, event->body_size);
		return;
	}
	fields_put(put, kind, thread, values);
}

/* ---- a chunk ---- */

/* What the chunk before left goes, but for its memory. */
static void begin(struct fmt__put *put, size_t count, bool plain)
{
	struct fmt__shape *shape = &put->shape;

	free(shape->recent);
	fmt__shape_init(shape, put->slots, count);
	for (size_t i = 0; i < FMT__COLUMN_FIELD; i++)
		fmt_buf_clear(&put->columns[i]);
	for (size_t i = 0; i < shape->kind_count * FMT_FIELD_MAX; i++)
		fmt_buf_clear(&put->fields[i]);
	memset(put->by_number, 0, sizeof(put->by_number));
	shape->kind_count = shape->thread_count = put->tile.count = 0;
	put->plain = plain;
}

static void cut(struct fmt__columns *out)
{
	const size_t last = out->cut_count ? out->cuts[out->cut_count - 1] : 0;

	if (out->raw.size - last < CUT_MIN)
		return;
	out->cuts = fmt__grow(out->cuts, out->cut_count, &out->cut_capacity, sizeof(*out->cuts));
	out->cuts[out->cut_count++] = out->raw.size;
}

static void join_column(struct fmt__columns *out, const struct fmt_buf *column)
{
	if (column->size >= CUT_MIN)
		cut(out);
	fmt_buf_put(&out->raw, column->data, column->size);
	if (column->size >= CUT_MIN)
		cut(out);
}

static void column_add(struct fmt__put *put, const struct fmt_buf *column)
{
	put->order = fmt__grow(put->order, put->column_count, &put->order_capacity, sizeof(*put->order));
	put->order[put->column_count++] = column;
}

/* All columns in their order. */
static void order_columns(struct fmt__put *put)
{
	const struct fmt__shape *shape = &put->shape;

	put->column_count = 0;
	for (size_t i = 0; i < FMT__COLUMN_FIELD; i++)
		column_add(put, &put->columns[i]);
	for (size_t kind = 0; kind < shape->kind_count; kind++)
		for (size_t i = 0; shape->kinds[kind].types[i]; i++)
			column_add(put, &put->fields[kind * FMT_FIELD_MAX + i]);
}

static void head_put(struct fmt_buf *raw, const struct fmt__put *put, uint64_t bodies)
{
	const struct fmt__shape *shape = &put->shape;

	fmt_buf_put_u64(raw, bodies);
	fmt_buf_put_u64(raw, shape->kind_count);
	for (size_t i = 0; i < shape->kind_count; i++) {
		const struct fmt__kind *kind = &shape->kinds[i];
		const char *types = kind->opaque ? "?" : kind->types;

		fmt_buf_put_u64(raw, kind->kind);
		fmt_buf_put_u64(raw, strlen(types));
		fmt_buf_put(raw, types, strlen(types));
	}
	fmt_buf_put_u64(raw, shape->thread_count);
	for (size_t i = 0; i < shape->thread_count; i++) {
		fmt_buf_put_u64(raw, shape->threads[i].node);
		fmt_buf_put_u64(raw, shape->threads[i].tid);
	}
	for (size_t i = 0; i + 1 < put->column_count; i++)
		fmt_buf_put_u64(raw, put->order[i]->size);
}

static void columns_put(struct fmt__columns *out, struct fmt__payload *payload, bool learn, const struct fmt_event *events,
			size_t count, bool plain)
{
	struct fmt__put *put = out->put;
	uint64_t bodies = 0;

	begin(put, count, plain);
	put->bytes = &out->bytes;
	fmt_buf_clear(put->bytes);
	for (size_t i = 0; i < count; i++) {
		event_put(put, &events[i], events[i ? i - 1 : 0].vtime);
		bodies += events[i].body_size;
	}
	tile_flush(put);
	fmt__payload_split(payload, put->bytes->data, put->bytes->size, learn, &put->columns[FMT__COLUMN_COPIES]);
	order_columns(put);
	fmt_buf_clear(&out->raw);
	out->cut_count = 0;
	head_put(&out->raw, put, bodies);
	for (size_t i = 0; i < put->column_count; i++)
		join_column(out, put->order[i]);
}

/* Differences can be longer than what they are between, but only where somebody means them to be. */
void fmt__columns_put(struct fmt__columns *out, struct fmt__payload *payload, bool learn, const struct fmt_event *events,
		      size_t count)
{
	const size_t most = count > 1 ? FMT_CHUNK_RAW_MAX : FMT_RAW_MAX;

	CHECK(count);
	if (!out->put)
		out->put = put_new();
	columns_put(out, payload, learn, events, count, /* plain= */ false);
	if (out->raw.size > most) {
		fmt__payload_drop(payload);
		columns_put(out, payload, learn, events, count, /* plain= */ true);
	}
	CHECK(out->raw.size <= most);
}
