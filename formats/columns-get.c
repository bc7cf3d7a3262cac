/* SPDX-License-Identifier: GPL-2.0-or-later */
/* columns-get.c - takes a chunk apart into its events; columns.c says how they are laid out.  Nothing in a chunk is trusted. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "columns-int.h"
#include "varint.h"
#include "wire.h"

struct get {
	struct fmt__shape shape;
	struct fmt__column *columns;
	size_t column_count;
	struct fmt__column bytes;
	struct fmt_buf joined;		/* what these are in, when some are copies */
	uint8_t *to;			/* where the body of the event goes on */
	uint8_t *end;			/* of all bodies; behind it is SLACK */
	struct fmt_buf list;		/* of effects */
	vtime_ns vtime;
	uint64_t numbers[FMT_FIELD_MAX];
	size_t number_count;
};

/* A number is put before it is seen that there is no room. */
#define SLACK FMT__VARINT_MAX

/* All of these: false when there is nothing (right) there. */
static inline bool bytes_get(struct fmt__column *column, uint64_t size, const uint8_t **ret)
{
	if (size > (size_t)(column->end - column->at))
		return false;
	*ret = column->at;
	column->at += size;
	return true;
}

/* The twins for bodies: false when they get longer than the chunk says. */
static inline bool body_put_u64(struct get *get, uint64_t value)
{
	get->to = fmt__varint_put(get->to, value);
	return get->to <= get->end;
}

static inline bool body_put(struct get *get, const uint8_t *bytes, size_t size)
{
	if (size > (size_t)(get->end - get->to))
		return false;
	if (size)
		memcpy(get->to, bytes, size);
	get->to += size;
	return true;
}

static bool difference_get(struct fmt__column *column, uint64_t *previous)
{
	uint64_t value;

	if (!fmt__column_u64(column, &value))
		return false;
	*previous += fmt__unzigzag(value);
	return true;
}

static bool address_get(struct get *get, uint64_t *previous)
{
	uint64_t where;

	if (!fmt__column_u64(&get->columns[FMT__COLUMN_WHERE], &where) || where > get->number_count)
		return false;
	if (!where)
		return difference_get(&get->columns[FMT__COLUMN_ADDR], previous);
	*previous = get->numbers[where - 1];
	return true;
}

static bool u32_get(struct fmt__column *column, uint32_t *ret)
{
	uint64_t value;

	if (!fmt__column_u64(column, &value) || value > UINT32_MAX)
		return false;
	*ret = (uint32_t)value;
	return true;
}

static bool operands_get(struct get *get, struct fmt_effect *effect)
{
	struct fmt__column *extra = &get->columns[FMT__COLUMN_EXTRA];
	const uint8_t *crc;

	switch (effect->op) {
	case FMT_EFFECT_WRITE:
		return bytes_get(&get->bytes, effect->size, &effect->bytes);
	case FMT_EFFECT_READ:
		if (!bytes_get(&get->columns[FMT__COLUMN_CRC], 4, &crc))
			return false;
		effect->crc = le32_get(crc);
		return true;
	case FMT_EFFECT_MAP:
		return u32_get(extra, &effect->prot) && u32_get(extra, &effect->flags) &&
		       fmt__column_u64(extra, &effect->file) && fmt__column_u64(extra, &effect->offset);
	case FMT_EFFECT_COPY:
		return fmt__column_u64(extra, &effect->file) && fmt__column_u64(extra, &effect->offset);
	case FMT_EFFECT_STORE:
		return fmt__column_u64(extra, &effect->file) && bytes_get(&get->bytes, effect->size, &effect->bytes);
	case FMT_EFFECT_RESIZE:
		return fmt__column_u64(extra, &effect->file);
	case FMT_EFFECT_PROTECT:
		return u32_get(extra, &effect->prot);
	case FMT_EFFECT_REMAP:
		return fmt__column_u64(extra, &effect->from) && fmt__column_u64(extra, &effect->from_size);
	case FMT_EFFECT_FILL:
	case FMT_EFFECT_UNMAP:
	case FMT_EFFECT_TLS:
	case FMT_EFFECT_CLEAR:
		return true;
	}
	return false;
}

static bool effect_get(struct get *get, struct fmt__slot *slot, uint64_t number)
{
	const size_t at = number < FMT__EFFECT_SLOTS ? number : FMT__EFFECT_SLOTS - 1;
	struct fmt_effect effect = {0};
	uint64_t op;

	if (!fmt__column_u64(&get->columns[FMT__COLUMN_OP], &op) || op < FMT_EFFECT_WRITE || op > FMT_EFFECT_COPY)
		return false;
	effect.op = (enum fmt_effect_op)op;
	if (!address_get(get, &slot->addr[at]))
		return false;
	effect.addr = slot->addr[at];
	if (fmt__effect_has_size(effect.op)) {
		if (!difference_get(&get->columns[FMT__COLUMN_SIZE], &slot->size[at]))
			return false;
		effect.size = slot->size[at];
	}
	if (!operands_get(get, &effect))
		return false;
	fmt_effect_put(&get->list, &effect);
	return get->list.size <= (size_t)(get->end - get->to);
}

static bool sized_get(struct get *get, struct fmt__column *column)
{
	const uint8_t *bytes;
	uint64_t size;

	if (!fmt__column_u64(column, &size) || !bytes_get(&get->bytes, size, &bytes))
		return false;
	return body_put_u64(get, size) && body_put(get, bytes, size);
}

static bool effects_get(struct get *get, struct fmt__column *column, struct fmt__slot *slot)
{
	uint64_t count;

	if (!fmt__column_u64(column, &count))
		return false;
	if (!count)
		return sized_get(get, column);
	fmt_buf_clear(&get->list);
	for (uint64_t i = 0; i + 1 < count; i++)
		if (!effect_get(get, slot, i))
			return false;
	return body_put_u64(get, get->list.size) && body_put(get, get->list.data, get->list.size);
}

static bool frame_get(struct get *get, struct fmt__column *column, struct fmt__slot *slot)
{
	struct fmt__column *heads = &get->columns[FMT__COLUMN_HEAD];
	const uint8_t *rest;
	uint64_t size;

	if (!fmt__column_u64(column, &size))
		return false;
	const size_t head = size < FMT__FRAME_HEAD ? size : FMT__FRAME_HEAD;

	for (size_t i = 0; i < head; i++) {
		if (heads[i].at == heads[i].end)
			return false;
		slot->head[i] = (uint8_t)(slot->head[i] + *heads[i].at++);
	}
	return bytes_get(&get->bytes, size - head, &rest) && body_put_u64(get, size) && body_put(get, slot->head, head) &&
	       body_put(get, rest, size - head);
}

/* A number that is not bytes. */
static bool number_get(struct get *get, struct fmt__column *column, char type, uint64_t *previous)
{
	uint64_t value;

	if (type == 'C' || type == 'V') {
		if (!fmt__column_u64(column, &value))
			return false;
		value = type == 'V' ? get->vtime + fmt__unzigzag(value) : value;
	} else {
		if (!difference_get(column, previous))
			return false;
		value = *previous;
	}
	get->numbers[get->number_count++] = value;
	return body_put_u64(get, type == 'S' ? fmt__zigzag(value) : value);
}

static bool fields_get(struct get *get, size_t kind_at, size_t thread)
{
	const struct fmt__kind *kind = &get->shape.kinds[kind_at];
	struct fmt__slot *slot = fmt__slot_of(&get->shape, kind_at, thread, 0);
	bool good = true;

	get->number_count = 0;
	for (size_t i = 0; kind->types[i] && good; i++) {
		struct fmt__column *column = &get->columns[kind->first_column + i];

		switch (kind->types[i]) {
		case 'E':
			good = effects_get(get, column, slot);
			break;
		case 'F':
			good = frame_get(get, column, slot);
			break;
		case 'T':
		case 'B':
			good = sized_get(get, column);
			break;
		default:
			good = number_get(get, column, kind->types[i], &slot->value[i]);
			if (good && kind->types[i] == 'C')
				slot = fmt__slot_of(&get->shape, kind_at, thread,
					       get->numbers[get->number_count - 1] + 1);
		}
	}
	return good;
}

static bool event_get(struct get *get, struct fmt_event *ret)
{
	uint8_t *const start = get->to;
	const uint8_t *bytes;
	uint64_t kind, dt, size;
	size_t thread;

	if (!fmt__column_u64(&get->columns[FMT__COLUMN_KIND], &kind) || kind >= get->shape.kind_count ||
	    !fmt__column_thread(&get->columns[FMT__COLUMN_THREAD], &get->shape, &thread) ||
	    !fmt__column_u64(&get->columns[FMT__COLUMN_TIME], &dt) || dt > INT64_MAX - get->vtime)
		return false;
	get->vtime += dt;
	if (!get->shape.kinds[kind].opaque) {
		if (!fields_get(get, kind, thread))
			return false;
	} else {
		if (!fmt__column_u64(&get->columns[FMT__COLUMN_OPAQUE], &size) || !bytes_get(&get->bytes, size, &bytes))
			return false;
		if (!body_put(get, bytes, size))
			return false;
	}
	*ret = (struct fmt_event){
		.vtime = get->vtime,
		.node = get->shape.threads[thread].node,
		.tid = get->shape.threads[thread].tid,
		.kind = get->shape.kinds[kind].kind,
		.body = start,
		.body_size = (size_t)(get->to - start),
	};
	return true;
}

static bool kinds_get(struct fmt__shape *shape, struct fmt__column *head, size_t count)
{
	uint64_t kinds, size;
	const uint8_t *types;

	if (!fmt__column_u64(head, &kinds) || kinds > count)
		return false;
	shape->kinds = calloc(kinds + 1, sizeof(*shape->kinds));
	CHECK(shape->kinds);
	for (; shape->kind_count < kinds; shape->kind_count++) {
		struct fmt__kind *kind = &shape->kinds[shape->kind_count];

		if (!u32_get(head, &kind->kind) || !fmt__column_u64(head, &size) || size > FMT_FIELD_MAX ||
		    !bytes_get(head, size, &types))
			return false;
		kind->opaque = size == 1 && types[0] == '?';
		if (kind->opaque)
			continue;
		memcpy(kind->types, types, size);
		for (size_t i = 0; i < size; i++)
			if (!kind->types[i] || !strchr("UHSCVTBFE", kind->types[i]))
				return false;
	}
	return true;
}

static bool threads_get(struct fmt__shape *shape, struct fmt__column *head, size_t count)
{
	uint64_t threads;

	if (!fmt__column_u64(head, &threads) || threads > count)
		return false;
	shape->threads = calloc(threads + 1, sizeof(*shape->threads));
	CHECK(shape->threads);
	for (; shape->thread_count < threads; shape->thread_count++) {
		struct fmt__thread *thread = &shape->threads[shape->thread_count];

		if (!u32_get(head, &thread->node) || !u32_get(head, &thread->tid))
			return false;
		shape->recent[shape->thread_count] = (uint32_t)shape->thread_count;
	}
	return true;
}

/* Which columns the fields of each kind have.  Number of all columns. */
static size_t place_columns(struct fmt__shape *shape)
{
	size_t count = FMT__COLUMN_FIELD;

	for (size_t i = 0; i < shape->kind_count; i++) {
		shape->kinds[i].first_column = count;
		count += strlen(shape->kinds[i].types);
	}
	return count;
}

static bool columns_get(struct fmt__column *head, struct fmt__column *columns, size_t count)
{
	_cleanup_free_ uint64_t *sizes = calloc(count, sizeof(*sizes));

	CHECK(sizes);
	for (size_t i = 0; i + 1 < count; i++)
		if (!fmt__column_u64(head, &sizes[i]))
			return false;
	for (size_t i = 0; i + 1 < count; i++) {
		if (!bytes_get(head, sizes[i], &columns[i].at))
			return false;
		columns[i].end = head->at;
	}
	columns[count - 1] = *head;
	return true;
}

const char *fmt__columns_open(struct fmt__shape *shape, struct fmt__column head, size_t count, uint64_t *ret_bodies,
			      struct fmt__column **ret_columns, size_t *ret_column_count)
{
	if (!fmt__column_u64(&head, ret_bodies) || *ret_bodies > FMT_RAW_MAX)
		return "the size of its events is impossible";
	if (!kinds_get(shape, &head, count))
		return "its kinds of events are damaged";
	if (!threads_get(shape, &head, count))
		return "its threads are damaged";
	const size_t columns = place_columns(shape);

	if (columns > FMT__COLUMNS_MAX)
		return "its columns are damaged";
	*ret_column_count = columns;
	*ret_columns = calloc(columns, sizeof(**ret_columns));
	CHECK(*ret_columns);
	return columns_get(&head, *ret_columns, columns) ? NULL : "its columns are damaged";
}

/* NULL, or what is wrong. */
static const char *payload_get(struct get *get, const struct fmt__literals *literals, size_t bodies)
{
	struct fmt__column *column = &get->columns[FMT__COLUMN_COPIES];
	struct fmt_bytes copies[FMT__COPY_COLUMNS];

	get->bytes = (struct fmt__column){literals->data, literals->data + literals->size};
	if (column[0].at == column[0].end)
		return NULL;
	for (size_t i = 0; i < FMT__COPY_COLUMNS; i++) {
		copies[i] = (struct fmt_bytes){column[i].at, (size_t)(column[i].end - column[i].at)};
		column[i].at = column[i].end;
	}
	const char *complaint = fmt__payload_join(copies, literals, bodies, &get->joined);

	get->bytes = (struct fmt__column){get->joined.data, get->joined.data + get->joined.size};
	return complaint;
}

/* Is something left behind the last event? */
static bool has_rest(const struct get *get)
{
	bool rest = get->bytes.at != get->bytes.end;

	for (size_t i = 0; i < get->column_count; i++)
		rest = rest || get->columns[i].at != get->columns[i].end;
	return rest;
}

static const char *take_apart(struct get *get, struct fmt__column head, const struct fmt__literals *literals, size_t count,
			      size_t wanted, struct fmt_event *ret, struct fmt_buf *bodies)
{
	uint64_t size;
	const char *complaint = fmt__columns_open(&get->shape, head, count, &size, &get->columns, &get->column_count);

	if (!complaint)
		complaint = payload_get(get, literals, size);
	if (complaint)
		return complaint;
	fmt_buf_clear(bodies);
	fmt_buf_reserve(bodies, size + SLACK);
	get->to = bodies->data;
	get->end = bodies->data + size;
	for (size_t i = 0; i < wanted; i++)
		if (!event_get(get, &ret[i]))
			return "one of its events is damaged";
	bodies->size = (size_t)(get->to - bodies->data);
	if (wanted < count)
		return NULL;
	if (has_rest(get))
		return "there is something behind its last event";
	return get->to == get->end ? NULL : "its events have another size";
}

const char *fmt__columns_get(struct fmt__slots *slots, const uint8_t *raw, size_t size, const struct fmt__literals *literals,
			     vtime_ns t0, size_t count, size_t wanted, struct fmt_event *ret, struct fmt_buf *bodies)
{
	struct get get = {.vtime = t0};

	CHECK(wanted && wanted <= count);
	fmt__shape_init(&get.shape, slots, count);
	const char *complaint = take_apart(&get, (struct fmt__column){raw, raw + size}, literals, count, wanted, ret, bodies);

	free(get.columns);
	fmt_buf_done(&get.joined);
	fmt_buf_done(&get.list);
	fmt__shape_done(&get.shape);
	return complaint;
}
