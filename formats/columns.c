/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * columns.c - the events of a chunk, turned from rows into columns.
 *
 * Values of one field are like each other, and change by little from one event of a thread to its next; bytes of packets and
 * memory are like none of them.  So each field of each kind has a column of differences, and all bytes are apart, where
 * payload.c finds what a packet, its next hop and the reader's buffer share.
 *
 * A difference is to the value that the same field had in the same context: kind, thread, and, behind a field that
 * chooses what the others mean (the number of a call, the link of a packet), that one.  Contexts are SLOTS places of a
 * table, chosen by a sum; two that fall together predict worse, and are still decoded right, since both sides do the same.
 *
 * The layout of each kind is in the chunk itself, so a reader takes apart kinds that it does not know.  Encoder and decoder are
 * twins: X_put and X_get stand side by side and go through the columns in the same order.
 */
#include "columns.h"

#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "effect.h"
#include "trace-int.h"

#define SLOTS 4096u
#define EFFECT_SLOTS 4u
#define FRAME_HEAD 66u		/* Ethernet, IPv4, TCP with timestamps */
#define CUT_MIN 2048u		/* a smaller column shares its statistics with the next */
#define COLUMNS_MAX 4096u

enum { COLUMN_KIND, COLUMN_THREAD, COLUMN_TIME, COLUMN_OPAQUE, COLUMN_OP, COLUMN_WHERE, COLUMN_ADDR, COLUMN_SIZE, COLUMN_EXTRA,
       COLUMN_CRC, COLUMN_COPIES,
       COLUMN_HEAD = COLUMN_COPIES + FMT__COPY_COLUMNS, COLUMN_FIELD = COLUMN_HEAD + FRAME_HEAD };

/* What is remembered of a context. */
struct slot {
	uint64_t value[FMT_FIELD_MAX];
	uint64_t addr[EFFECT_SLOTS], size[EFFECT_SLOTS];
	uint8_t head[FRAME_HEAD];
};

struct thread {
	node_id node;
	uint32_t tid;
};

struct kind {
	uint32_t kind;
	char types[FMT_FIELD_MAX + 1];	/* "" with opaque */
	bool opaque;			/* its body is bytes */
	size_t first_column;		/* of its fields */
};

/* Both directions. */
struct shape {
	struct kind *kinds;
	size_t kind_count, kind_capacity;
	struct thread *threads;
	size_t thread_count, thread_capacity;
	uint32_t *recent;		/* threads, the last one first */
	struct slot *slots;
	size_t column_count;
	bool plain;			/* encoding: every body is bytes */
};

static void shape_done(struct shape *shape)
{
	free(shape->kinds);
	free(shape->threads);
	free(shape->recent);
	free(shape->slots);
}

void fmt__columns_done(struct fmt__columns *columns)
{
	fmt_buf_done(&columns->raw);
	fmt_buf_done(&columns->bytes);
	free(columns->cuts);
}

static void *grow(void *array, size_t count, size_t *capacity, size_t size)
{
	if (count < *capacity)
		return array;
	*capacity = *capacity ? *capacity * 2 : 32;
	array = reallocarray(array, *capacity, size);
	CHECK(array);
	return array;
}

static struct slot *slot_of(struct shape *shape, size_t kind, size_t thread, uint64_t context)
{
	return &shape->slots[(kind * 1000003u + thread * 8191u + context) % SLOTS];
}

static uint64_t zigzag(uint64_t difference)
{
	return difference << 1 ^ (uint64_t)((int64_t)difference >> 63);
}

static uint64_t unzigzag(uint64_t value)
{
	return value >> 1 ^ -(value & 1);
}

static bool is_number(char type)
{
	return type && strchr("UHSCV", type);
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

static size_t kind_index(struct shape *shape, uint32_t number, bool opaque)
{
	for (size_t i = 0; i < shape->kind_count; i++)
		if (shape->kinds[i].kind == number && shape->kinds[i].opaque == opaque)
			return i;
	shape->kinds = grow(shape->kinds, shape->kind_count, &shape->kind_capacity, sizeof(*shape->kinds));
	struct kind *kind = &shape->kinds[shape->kind_count];
	const struct fmt_kind_info *info = opaque ? NULL : fmt_kind_info(number);

	*kind = (struct kind){.kind = number, .opaque = opaque};
	for (size_t i = 0; info && i < info->field_count; i++)
		kind->types[i] = type_of(&info->fields[i]);
	return shape->kind_count++;
}

static void place_columns(struct shape *shape)
{
	shape->column_count = COLUMN_FIELD;
	for (size_t i = 0; i < shape->kind_count; i++) {
		shape->kinds[i].first_column = shape->column_count;
		shape->column_count += strlen(shape->kinds[i].types);
	}
}

/* ---- encoding ---- */

struct put {
	struct shape shape;
	struct fmt_buf *columns;	/* shape.column_count of them */
	struct fmt_buf *bytes;		/* of all events */
	const struct fmt_event *event;
	uint64_t numbers[FMT_FIELD_MAX];	/* of this event so far */
	size_t number_count;
};

static size_t thread_put(struct put *put, const struct fmt_event *event)
{
	struct shape *shape = &put->shape;
	size_t rank = 0;

	while (rank < shape->thread_count) {
		const struct thread *thread = &shape->threads[shape->recent[rank]];

		if (thread->node == event->node && thread->tid == event->tid)
			break;
		rank++;
	}
	fmt_buf_put_u64(&put->columns[COLUMN_THREAD], rank);
	if (rank == shape->thread_count) {
		shape->threads = grow(shape->threads, rank, &shape->thread_capacity, sizeof(*shape->threads));
		shape->threads[rank] = (struct thread){event->node, event->tid};
		shape->recent[rank] = (uint32_t)rank;
		shape->thread_count++;
	}
	const uint32_t index = shape->recent[rank];

	memmove(shape->recent + 1, shape->recent, rank * sizeof(*shape->recent));
	shape->recent[0] = index;
	return index;
}

static void difference_put(struct fmt_buf *column, uint64_t *previous, uint64_t value)
{
	fmt_buf_put_u64(column, zigzag(value - *previous));
	*previous = value;
}

/* An address is often an argument of the call: 1 + which, or 0 and a difference. */
static void address_put(struct put *put, uint64_t *previous, uint64_t addr)
{
	size_t i = 0;

	while (i < put->number_count && put->numbers[i] != addr)
		i++;
	const bool found = i < put->number_count;

	fmt_buf_put_u64(&put->columns[COLUMN_WHERE], found ? i + 1 : 0);
	if (found)
		*previous = addr;
	else
		difference_put(&put->columns[COLUMN_ADDR], previous, addr);
}

static bool has_size(enum fmt_effect_op op)
{
	return op != FMT_EFFECT_TLS && op != FMT_EFFECT_RESIZE;
}

static void effect_put(struct put *put, struct slot *slot, size_t number, const struct fmt_effect *effect)
{
	const size_t at = number < EFFECT_SLOTS ? number : EFFECT_SLOTS - 1;
	struct fmt_buf *extra = &put->columns[COLUMN_EXTRA];
	uint8_t crc[4];

	fmt_buf_put_u64(&put->columns[COLUMN_OP], effect->op);
	address_put(put, &slot->addr[at], effect->addr);
	if (has_size(effect->op))
		difference_put(&put->columns[COLUMN_SIZE], &slot->size[at], effect->size);
	switch (effect->op) {
	case FMT_EFFECT_WRITE:
		fmt_buf_put(put->bytes, effect->bytes, effect->size);
		return;
	case FMT_EFFECT_READ:
		le32_put(crc, effect->crc);
		fmt_buf_put(&put->columns[COLUMN_CRC], crc, sizeof(crc));
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

/* Number of effects; -EBADMSG: the list is no such. */
static int64_t count_effects(struct fmt_bytes list)
{
	struct fmt_effect effect;
	int64_t count = 0;
	size_t pos = 0;
	int got;

	while ((got = fmt_effect_next(list.data, list.size, &pos, &effect)) > 0)
		count++;
	return got < 0 ? got : count;
}

/* 1 + the number of effects; or 0, then the size of what is no list. */
static void effects_put(struct put *put, struct fmt_buf *column, struct slot *slot, struct fmt_bytes list)
{
	const int64_t count = count_effects(list);
	struct fmt_effect effect;
	size_t pos = 0;

	fmt_buf_put_u64(column, (uint64_t)(count < 0 ? 0 : count + 1));
	if (count < 0) {
		fmt_buf_put_u64(column, list.size);
		fmt_buf_put(put->bytes, list.data, list.size);
		return;
	}
	for (size_t i = 0; fmt_effect_next(list.data, list.size, &pos, &effect) > 0; i++)
		effect_put(put, slot, i, &effect);
}

/* The head of a frame differs by little from that of the one before: byte by byte. */
static void frame_put(struct put *put, struct slot *slot, struct fmt_bytes frame)
{
	const size_t head = frame.size < FRAME_HEAD ? frame.size : FRAME_HEAD;

	for (size_t i = 0; i < head; i++) {
		const uint8_t difference = (uint8_t)(frame.data[i] - slot->head[i]);

		fmt_buf_put(&put->columns[COLUMN_HEAD + i], &difference, 1);
		slot->head[i] = frame.data[i];
	}
	fmt_buf_put(put->bytes, frame.data + head, frame.size - head);
}

static void fields_put(struct put *put, size_t kind_at, size_t thread, const struct fmt_value *values)
{
	const struct kind *kind = &put->shape.kinds[kind_at];
	struct slot *slot = slot_of(&put->shape, kind_at, thread, 0);

	put->number_count = 0;
	for (size_t i = 0; kind->types[i]; i++) {
		struct fmt_buf *column = &put->columns[kind->first_column + i];
		const struct fmt_value *value = &values[i];

		switch (kind->types[i]) {
		case 'C':
			fmt_buf_put_u64(column, value->u);
			slot = slot_of(&put->shape, kind_at, thread, value->u + 1);
			break;
		case 'V':
			fmt_buf_put_u64(column, zigzag(value->u - put->event->vtime));
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
		}
		if (is_number(kind->types[i]))
			put->numbers[put->number_count++] = value->u;
	}
}

/* A kind that is not known, or a body that is not of its kind: bytes. */
static bool is_opaque(const struct shape *shape, const struct fmt_event *event,
		      struct fmt_value values[FMT_FIELD_MAX])
{
	return shape->plain || fmt_event_values(event, values) < 0;
}

static void event_put(struct put *put, const struct fmt_event *event, vtime_ns before)
{
	struct fmt_value values[FMT_FIELD_MAX];
	const bool opaque = is_opaque(&put->shape, event, values);
	const size_t kind = kind_index(&put->shape, event->kind, opaque);
	const size_t thread = thread_put(put, event);

	fmt_buf_put_u64(&put->columns[COLUMN_KIND], kind);
	fmt_buf_put_u64(&put->columns[COLUMN_TIME], event->vtime - before);
	put->event = event;
	if (opaque) {
		fmt_buf_put_u64(&put->columns[COLUMN_OPAQUE], event->body_size);
		fmt_buf_put(put->bytes, event->body, event->body_size);
		return;
	}
	fields_put(put, kind, thread, values);
}

static void cut(struct fmt__columns *out)
{
	const size_t last = out->cut_count ? out->cuts[out->cut_count - 1] : 0;

	if (out->raw.size - last < CUT_MIN)
		return;
	out->cuts = grow(out->cuts, out->cut_count, &out->cut_capacity, sizeof(*out->cuts));
	out->cuts[out->cut_count++] = out->raw.size;
}

static void head_put(struct fmt_buf *raw, const struct put *put, uint64_t bodies)
{
	const struct shape *shape = &put->shape;

	fmt_buf_put_u64(raw, bodies);
	fmt_buf_put_u64(raw, shape->kind_count);
	for (size_t i = 0; i < shape->kind_count; i++) {
		const struct kind *kind = &shape->kinds[i];
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
	for (size_t i = 0; i + 1 < shape->column_count; i++)
		fmt_buf_put_u64(raw, put->columns[i].size);
}

static void shape_init(struct shape *shape, size_t count)
{
	shape->recent = calloc(count, sizeof(*shape->recent));
	shape->slots = calloc(SLOTS, sizeof(*shape->slots));
	CHECK(shape->recent && shape->slots);
}

/* The kinds come first, so that each has its columns before the first event is put. */
static void find_kinds(struct shape *shape, const struct fmt_event *events, size_t count)
{
	struct fmt_value values[FMT_FIELD_MAX];

	for (size_t i = 0; i < count; i++)
		kind_index(shape, events[i].kind, is_opaque(shape, &events[i], values));
	place_columns(shape);
}

static void join_columns(struct fmt__columns *out, struct put *put)
{
	for (size_t i = 0; i < put->shape.column_count; i++) {
		if (put->columns[i].size >= CUT_MIN)
			cut(out);
		fmt_buf_put(&out->raw, put->columns[i].data, put->columns[i].size);
		if (put->columns[i].size >= CUT_MIN)
			cut(out);
		fmt_buf_done(&put->columns[i]);
	}
}

static void columns_put(struct fmt__columns *out, struct fmt__payload *payload, bool learn, const struct fmt_event *events,
			size_t count, bool plain)
{
	struct put put = {.shape.plain = plain, .bytes = &out->bytes};
	uint64_t bodies = 0;

	shape_init(&put.shape, count);
	find_kinds(&put.shape, events, count);
	put.columns = calloc(put.shape.column_count, sizeof(*put.columns));
	CHECK(put.columns);
	fmt_buf_clear(put.bytes);
	for (size_t i = 0; i < count; i++) {
		event_put(&put, &events[i], events[i ? i - 1 : 0].vtime);
		bodies += events[i].body_size;
	}
	fmt__payload_split(payload, put.bytes->data, put.bytes->size, learn, &put.columns[COLUMN_COPIES]);
	fmt_buf_clear(&out->raw);
	out->cut_count = 0;
	head_put(&out->raw, &put, bodies);
	join_columns(out, &put);
	free(put.columns);
	shape_done(&put.shape);
}

/* Differences can be longer than what they are between, but only where somebody means them to be. */
void fmt__columns_put(struct fmt__columns *out, struct fmt__payload *payload, bool learn, const struct fmt_event *events,
		      size_t count)
{
	const size_t most = count > 1 ? FMT_CHUNK_RAW_MAX : FMT_RAW_MAX;

	CHECK(count);
	columns_put(out, payload, learn, events, count, /* plain= */ false);
	if (out->raw.size > most) {
		fmt__payload_drop(payload);
		columns_put(out, payload, learn, events, count, /* plain= */ true);
	}
	CHECK(out->raw.size <= most);
}

/* ---- decoding ---- */

struct column {
	const uint8_t *at;
	size_t size;			/* what is left */
};

struct get {
	struct shape shape;
	struct column *columns;
	struct column bytes;
	struct fmt_buf joined;		/* what these are in, when some are copies */
	struct fmt_buf *bodies;
	size_t bodies_size;		/* what they must come to */
	struct fmt_buf list;		/* of effects */
	vtime_ns vtime;
	uint64_t numbers[FMT_FIELD_MAX];
	size_t number_count;
};

/* All of these: false when there is nothing (right) there. */
static bool u64_get(struct column *column, uint64_t *ret)
{
	size_t pos = 0;

	if (fmt_get_u64(column->at, column->size, &pos, ret) < 0)
		return false;
	column->at += pos;
	column->size -= pos;
	return true;
}

static bool bytes_get(struct column *column, uint64_t size, const uint8_t **ret)
{
	if (size > column->size)
		return false;
	*ret = column->at;
	column->at += size;
	column->size -= size;
	return true;
}

static bool thread_get(struct get *get, size_t *ret)
{
	struct shape *shape = &get->shape;
	uint64_t rank;

	if (!u64_get(&get->columns[COLUMN_THREAD], &rank) || rank >= shape->thread_count)
		return false;
	const uint32_t index = shape->recent[rank];

	memmove(shape->recent + 1, shape->recent, rank * sizeof(*shape->recent));
	shape->recent[0] = index;
	*ret = index;
	return true;
}

static bool difference_get(struct column *column, uint64_t *previous)
{
	uint64_t value;

	if (!u64_get(column, &value))
		return false;
	*previous += unzigzag(value);
	return true;
}

static bool address_get(struct get *get, uint64_t *previous)
{
	uint64_t where;

	if (!u64_get(&get->columns[COLUMN_WHERE], &where) || where > get->number_count)
		return false;
	if (!where)
		return difference_get(&get->columns[COLUMN_ADDR], previous);
	*previous = get->numbers[where - 1];
	return true;
}

static bool u32_get(struct column *column, uint32_t *ret)
{
	uint64_t value;

	if (!u64_get(column, &value) || value > UINT32_MAX)
		return false;
	*ret = (uint32_t)value;
	return true;
}

static bool operands_get(struct get *get, struct fmt_effect *effect)
{
	struct column *extra = &get->columns[COLUMN_EXTRA];
	const uint8_t *crc;

	switch (effect->op) {
	case FMT_EFFECT_WRITE:
		return bytes_get(&get->bytes, effect->size, &effect->bytes);
	case FMT_EFFECT_READ:
		if (!bytes_get(&get->columns[COLUMN_CRC], 4, &crc))
			return false;
		effect->crc = le32_get(crc);
		return true;
	case FMT_EFFECT_MAP:
		return u32_get(extra, &effect->prot) && u32_get(extra, &effect->flags) &&
		       u64_get(extra, &effect->file) && u64_get(extra, &effect->offset);
	case FMT_EFFECT_COPY:
		return u64_get(extra, &effect->file) && u64_get(extra, &effect->offset);
	case FMT_EFFECT_STORE:
		return u64_get(extra, &effect->file) && bytes_get(&get->bytes, effect->size, &effect->bytes);
	case FMT_EFFECT_RESIZE:
		return u64_get(extra, &effect->file);
	case FMT_EFFECT_PROTECT:
		return u32_get(extra, &effect->prot);
	case FMT_EFFECT_REMAP:
		return u64_get(extra, &effect->from) && u64_get(extra, &effect->from_size);
	case FMT_EFFECT_FILL:
	case FMT_EFFECT_UNMAP:
	case FMT_EFFECT_TLS:
	case FMT_EFFECT_CLEAR:
		return true;
	}
	return false;
}

static bool effect_get(struct get *get, struct slot *slot, uint64_t number)
{
	const size_t at = number < EFFECT_SLOTS ? number : EFFECT_SLOTS - 1;
	struct fmt_effect effect = {0};
	uint64_t op;

	if (!u64_get(&get->columns[COLUMN_OP], &op) || op < FMT_EFFECT_WRITE || op > FMT_EFFECT_COPY)
		return false;
	effect.op = (enum fmt_effect_op)op;
	if (!address_get(get, &slot->addr[at]))
		return false;
	effect.addr = slot->addr[at];
	if (has_size(effect.op)) {
		if (!difference_get(&get->columns[COLUMN_SIZE], &slot->size[at]))
			return false;
		effect.size = slot->size[at];
	}
	if (!operands_get(get, &effect))
		return false;
	fmt_effect_put(&get->list, &effect);
	return get->list.size <= get->bodies_size;
}

static bool sized_get(struct get *get, struct column *column)
{
	const uint8_t *bytes;
	uint64_t size;

	if (!u64_get(column, &size) || !bytes_get(&get->bytes, size, &bytes))
		return false;
	fmt_buf_put_u64(get->bodies, size);
	fmt_buf_put(get->bodies, bytes, size);
	return true;
}

static bool effects_get(struct get *get, struct column *column, struct slot *slot)
{
	uint64_t count;

	if (!u64_get(column, &count))
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

static bool frame_get(struct get *get, struct column *column, struct slot *slot)
{
	const uint8_t *rest, *difference;
	uint64_t size;

	if (!u64_get(column, &size))
		return false;
	const size_t head = size < FRAME_HEAD ? size : FRAME_HEAD;

	for (size_t i = 0; i < head; i++) {
		if (!bytes_get(&get->columns[COLUMN_HEAD + i], 1, &difference))
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
static bool number_get(struct get *get, struct column *column, char type, uint64_t *previous)
{
	uint64_t value;

	if (type == 'C' || type == 'V') {
		if (!u64_get(column, &value))
			return false;
		value = type == 'V' ? get->vtime + unzigzag(value) : value;
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
	const struct kind *kind = &get->shape.kinds[kind_at];
	struct slot *slot = slot_of(&get->shape, kind_at, thread, 0);
	bool good = true;

	get->number_count = 0;
	for (size_t i = 0; kind->types[i] && good; i++) {
		struct column *column = &get->columns[kind->first_column + i];

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
				slot = slot_of(&get->shape, kind_at, thread,
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

	if (!u64_get(&get->columns[COLUMN_KIND], &kind) || kind >= get->shape.kind_count ||
	    !thread_get(get, &thread) || !u64_get(&get->columns[COLUMN_TIME], &dt) ||
	    dt > INT64_MAX - get->vtime)
		return false;
	get->vtime += dt;
	if (!get->shape.kinds[kind].opaque) {
		if (!fields_get(get, kind, thread))
			return false;
	} else {
		if (!u64_get(&get->columns[COLUMN_OPAQUE], &size) || !bytes_get(&get->bytes, size, &bytes))
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

static bool kinds_get(struct shape *shape, struct column *head, size_t count)
{
	uint64_t kinds, size;
	const uint8_t *types;

	if (!u64_get(head, &kinds) || kinds > count)
		return false;
	shape->kinds = calloc(kinds + 1, sizeof(*shape->kinds));
	CHECK(shape->kinds);
	for (; shape->kind_count < kinds; shape->kind_count++) {
		struct kind *kind = &shape->kinds[shape->kind_count];

		if (!u32_get(head, &kind->kind) || !u64_get(head, &size) || size > FMT_FIELD_MAX ||
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
	place_columns(shape);
	return shape->column_count <= COLUMNS_MAX;
}

static bool threads_get(struct shape *shape, struct column *head, size_t count)
{
	uint64_t threads;

	if (!u64_get(head, &threads) || threads > count)
		return false;
	shape->threads = calloc(threads + 1, sizeof(*shape->threads));
	CHECK(shape->threads);
	for (; shape->thread_count < threads; shape->thread_count++) {
		struct thread *thread = &shape->threads[shape->thread_count];

		if (!u32_get(head, &thread->node) || !u32_get(head, &thread->tid))
			return false;
		shape->recent[shape->thread_count] = (uint32_t)shape->thread_count;
	}
	return true;
}

static bool columns_get(struct get *get, struct column *head)
{
	const size_t count = get->shape.column_count;
	uint64_t size;

	get->columns = calloc(count, sizeof(*get->columns));
	CHECK(get->columns);
	for (size_t i = 0; i + 1 < count; i++) {
		if (!u64_get(head, &size))
			return false;
		get->columns[i].size = size;
	}
	for (size_t i = 0; i + 1 < count; i++)
		if (!bytes_get(head, get->columns[i].size, &get->columns[i].at))
			return false;
	get->columns[count - 1] = *head;
	return true;
}

/* NULL, or what is wrong. */
static const char *payload_get(struct get *get, const struct fmt__literals *literals)
{
	struct column *column = &get->columns[COLUMN_COPIES];
	struct fmt_bytes copies[FMT__COPY_COLUMNS];

	get->bytes = (struct column){literals->data, literals->size};
	if (!column[0].size)
		return NULL;
	for (size_t i = 0; i < FMT__COPY_COLUMNS; i++) {
		copies[i] = (struct fmt_bytes){column[i].at, column[i].size};
		column[i].size = 0;
	}
	const char *complaint = fmt__payload_join(copies, literals, get->bodies_size, &get->joined);

	get->bytes = (struct column){get->joined.data, get->joined.size};
	return complaint;
}

static const char *take_apart(struct get *get, struct column *head, const struct fmt__literals *literals, size_t count,
			      struct fmt_event *ret)
{
	uint64_t bodies;

	if (!u64_get(head, &bodies) || bodies > FMT_RAW_MAX)
		return "the size of its events is impossible";
	get->bodies_size = bodies;
	if (!kinds_get(&get->shape, head, count))
		return "its kinds of events are damaged";
	if (!threads_get(&get->shape, head, count))
		return "its threads are damaged";
	if (!columns_get(get, head))
		return "its columns are damaged";
	const char *complaint = payload_get(get, literals);

	if (complaint)
		return complaint;
	for (size_t i = 0; i < count; i++)
		if (!event_get(get, &ret[i]))
			return "one of its events is damaged";
	bool rest = get->bytes.size;

	for (size_t i = 0; i < get->shape.column_count; i++)
		rest = rest || get->columns[i].size;
	if (rest)
		return "there is something behind its last event";
	return get->bodies->size == bodies ? NULL : "its events have another size";
}

const char *fmt__columns_get(const uint8_t *raw, size_t size, const struct fmt__literals *literals, vtime_ns t0, size_t count,
			     struct fmt_event *ret, struct fmt_buf *bodies)
{
	struct get get = {.bodies = bodies, .vtime = t0};
	struct column head = {raw, size};

	CHECK(count);
	fmt_buf_clear(bodies);
	shape_init(&get.shape, count);
	const char *complaint = take_apart(&get, &head, literals, count, ret);

	/* Only now does the buffer stay where it is. */
	for (size_t i = 0, at = 0; !complaint && i < count; at += ret[i++].body_size)
		ret[i].body = bodies->data + at;
	free(get.columns);
	fmt_buf_done(&get.joined);
	fmt_buf_done(&get.list);
	shape_done(&get.shape);
	return complaint;
}
