/* SPDX-License-Identifier: GPL-2.0-or-later */
/* columns-get.c - takes a chunk apart into its events; columns.c says how they are laid out.  Nothing in a chunk is trusted. */
#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "columns-int.h"
#include "trace-int.h"

struct get {
	struct fmt__shape shape;
	struct fmt__column *columns;
	size_t column_count;
	struct fmt__column bytes;
	struct fmt_buf joined;		/* what these are in, when some are copies */
	struct fmt_buf *bodies;
	uint64_t bodies_size;		/* what they must come to */
	struct fmt_buf list;		/* of effects */
	vtime_ns vtime;
	uint64_t numbers[FMT_FIELD_MAX];
	size_t number_count;
};

/* All of these: false when there is nothing (right) there. */
static bool bytes_get(struct fmt__column *column, uint64_t size, const uint8_t **ret)
{
	if (size > column->size)
		return false;
	*ret = column->at;
	column->at += size;
	column->size -= size;
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
	return get->list.size <= get->bodies_size;
}

static bool sized_get(struct get *get, struct fmt__column *column)
{
	const uint8_t *bytes;
	uint64_t size;

	if (!fmt__column_u64(column, &size) || !bytes_get(&get->bytes, size, &bytes))
		return false;
	fmt_buf_put_u64(get->bodies, size);
	fmt_buf_put(get->bodies, bytes, size);
	return true;
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
	fmt_buf_put_u64(get->bodies, get->list.size);
	fmt_buf_put(get->bodies, get->list.data, get->list.size);
	return true;
}

static bool frame_get(struct get *get, struct fmt__column *column, struct fmt__slot *slot)
{
	const uint8_t *rest, *difference;
	uint64_t size;

	if (!fmt__column_u64(column, &size))
		return false;
	const size_t head = size < FMT__FRAME_HEAD ? size : FMT__FRAME_HEAD;

	for (size_t i = 0; i < head; i++) {
		if (!bytes_get(&get->columns[FMT__COLUMN_HEAD + i], 1, &difference))
			return false;
		slot->head[i] = (uint8_t)(slot->head[i] + *difference);
	}
	if (!bytes_get(&get->bytes, size - head, &rest))
		return false;
	fmt_buf_put_u64(get->bodies, size);
	fmt_buf_put(get->bodies, slot->head, head);
	fmt_buf_put(get->bodies, rest, size - head);
	return true;
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
	if (type == 'S')
		fmt_buf_put_s64(get->bodies, (int64_t)value);
	else
		fmt_buf_put_u64(get->bodies, value);
	return true;
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
		good = good && get->bodies->size <= get->bodies_size;
	}
	return good;
}

static bool event_get(struct get *get, struct fmt_event *ret)
{
	const size_t start = get->bodies->size;
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
		fmt_buf_put(get->bodies, bytes, size);
	}
	*ret = (struct fmt_event){
		.vtime = get->vtime,
		.node = get->shape.threads[thread].node,
		.tid = get->shape.threads[thread].tid,
		.kind = get->shape.kinds[kind].kind,
		.body_size = get->bodies->size - start,
	};
	return get->bodies->size <= get->bodies_size;
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
	uint64_t size;

	for (size_t i = 0; i + 1 < count; i++) {
		if (!fmt__column_u64(head, &size))
			return false;
		columns[i].size = size;
	}
	for (size_t i = 0; i + 1 < count; i++)
		if (!bytes_get(head, columns[i].size, &columns[i].at))
			return false;
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
static const char *payload_get(struct get *get, const struct fmt__literals *literals)
{
	struct fmt__column *column = &get->columns[FMT__COLUMN_COPIES];
	struct fmt_bytes copies[FMT__COPY_COLUMNS];

	get->bytes = (struct fmt__column){literals->data, literals->size};
	if (!column[0].size)
		return NULL;
	for (size_t i = 0; i < FMT__COPY_COLUMNS; i++) {
		copies[i] = (struct fmt_bytes){column[i].at, column[i].size};
		column[i].size = 0;
	}
	const char *complaint = fmt__payload_join(copies, literals, get->bodies_size, &get->joined);

	get->bytes = (struct fmt__column){get->joined.data, get->joined.size};
	return complaint;
}

static const char *take_apart(struct get *get, struct fmt__column head, const struct fmt__literals *literals, size_t count,
			      struct fmt_event *ret)
{
	const char *complaint = fmt__columns_open(&get->shape, head, count, &get->bodies_size, &get->columns, &get->column_count);

	if (!complaint)
		complaint = payload_get(get, literals);
	if (complaint)
		return complaint;
	for (size_t i = 0; i < count; i++)
		if (!event_get(get, &ret[i]))
			return "one of its events is damaged";
	bool rest = get->bytes.size;

	for (size_t i = 0; i < get->column_count; i++)
		rest = rest || get->columns[i].size;
	if (rest)
		return "there is something behind its last event";
	return get->bodies->size == get->bodies_size ? NULL : "its events have another size";
}

const char *fmt__columns_get(const uint8_t *raw, size_t size, const struct fmt__literals *literals, vtime_ns t0, size_t count,
			     struct fmt_event *ret, struct fmt_buf *bodies)
{
	struct get get = {.bodies = bodies, .vtime = t0};

	CHECK(count);
	fmt_buf_clear(bodies);
	fmt__shape_init(&get.shape, count);
	const char *complaint = take_apart(&get, (struct fmt__column){raw, size}, literals, count, ret);

	/* Only now does the buffer stay where it is. */
	for (size_t i = 0, at = 0; !complaint && i < count; at += ret[i++].body_size)
		ret[i].body = bodies->data + at;
	free(get.columns);
	fmt_buf_done(&get.joined);
	fmt_buf_done(&get.list);
	fmt__shape_done(&get.shape);
	return complaint;
}
