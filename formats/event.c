/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event.c - events to bytes and back, generated from event-kinds.def.
 *
 * Each inclusion of the table defines F() as what one field contributes (a member, a put, a get) and EVENT()
 * as what stands around the fields.  The fields of a row have no separator: each F() brings its own semicolon.
 */
#include "event.h"

#include <errno.h>

#include "base/check.h"
#include "base/le.h"

#define RECORD_SIZE_FIELD 4	/* u32 in front of a record */

/* ---- one field ---- */

static void put_U(struct fmt_buf *buf, uint64_t value)
{
	fmt_buf_put_u64(buf, value);
}

static void put_S(struct fmt_buf *buf, int64_t value)
{
	fmt_buf_put_s64(buf, value);
}

static void put_B(struct fmt_buf *buf, struct fmt_bytes value)
{
	CHECK(value.data || !value.size);
	fmt_buf_put_u64(buf, value.size);
	fmt_buf_put(buf, value.data, value.size);
}

#define put_H put_U
#define put_T put_B
#define put_E put_B

static int get_U(const struct fmt_event *event, size_t *pos, uint64_t *ret)
{
	return fmt_get_u64(event->body, event->body_size, pos, ret);
}

static int get_S(const struct fmt_event *event, size_t *pos, int64_t *ret)
{
	return fmt_get_s64(event->body, event->body_size, pos, ret);
}

static int get_B(const struct fmt_event *event, size_t *pos, struct fmt_bytes *ret)
{
	size_t at = *pos;
	uint64_t size;

	if (fmt_get_u64(event->body, event->body_size, &at, &size) < 0)
		return -EBADMSG;
	if (size > event->body_size - at)
		return -EBADMSG;
	*ret = (struct fmt_bytes){event->body + at, size};
	*pos = at + size;
	return 0;
}

#define get_H get_U
#define get_T get_B
#define get_E get_B

/* ---- records ---- */

static size_t begin_record(struct fmt_buf *buf, vtime_ns vtime, node_id node, uint32_t tid,
			   uint32_t kind)
{
	const size_t start = buf->size;

	fmt_buf_put(buf, (uint8_t[RECORD_SIZE_FIELD]){0}, RECORD_SIZE_FIELD);
	fmt_buf_put_u64(buf, vtime);
	fmt_buf_put_u64(buf, node);
	fmt_buf_put_u64(buf, tid);
	fmt_buf_put_u64(buf, kind);
	return start;
}

static void end_record(struct fmt_buf *buf, size_t start)
{
	const size_t size = buf->size - start - RECORD_SIZE_FIELD;

	CHECK(size <= UINT32_MAX);
	le32_put(buf->data + start, (uint32_t)size);
}

static int get_u32(const uint8_t *data, size_t size, size_t *pos, uint32_t *ret)
{
	uint64_t value;

	if (fmt_get_u64(data, size, pos, &value) < 0 || value > UINT32_MAX)
		return -EBADMSG;
	*ret = (uint32_t)value;
	return 0;
}

int fmt_record_next(const uint8_t *data, size_t size, size_t *pos, struct fmt_event *ret)
{
	CHECK(*pos <= size);
	if (*pos == size)
		return 0;
	if (size - *pos < RECORD_SIZE_FIELD)
		return -EBADMSG;
	size_t at = *pos + RECORD_SIZE_FIELD;
	const uint32_t record_size = le32_get(data + *pos);

	if (record_size > size - at)
		return -EBADMSG;
	const size_t end = at + record_size;
	struct fmt_event event = {0};

	if (fmt_get_u64(data, end, &at, &event.vtime) < 0 ||
	    get_u32(data, end, &at, &event.node) < 0 || get_u32(data, end, &at, &event.tid) < 0 ||
	    get_u32(data, end, &at, &event.kind) < 0)
		return -EBADMSG;
	event.body = data + at;
	event.body_size = end - at;
	*pos = end;
	*ret = event;
	return 1;
}

void fmt_record_put_head(struct fmt_buf *buf, const struct fmt_event *event)
{
	const size_t start = begin_record(buf, event->vtime, event->node, event->tid, event->kind);
	const size_t size = buf->size - start - RECORD_SIZE_FIELD + event->body_size;

	CHECK(size <= UINT32_MAX);
	le32_put(buf->data + start, (uint32_t)size);
}

void fmt_record_put(struct fmt_buf *buf, const struct fmt_event *event)
{
	fmt_record_put_head(buf, event);
	fmt_buf_put(buf, event->body, event->body_size);
}

/* ---- fmt_put_X ---- */

#define F(type, field) put_##type(buf, ev->field);
#define EVENT(number, symbol, name, fields)                                                        \
	void fmt_put_##symbol(struct fmt_buf *buf, vtime_ns vtime, node_id node, uint32_t tid,     \
			      const struct fmt_ev_##symbol *ev)                                    \
	{                                                                                          \
		const size_t start = begin_record(buf, vtime, node, tid, number);                  \
		fields                                                                             \
		end_record(buf, start);                                                            \
	}
#include "event-kinds.def"
#undef EVENT
#undef F

/* ---- fmt_get_X; bytes after the last field are damage, not an extension: those change the kind ---- */

#define F(type, field)                                                                             \
	if (get_##type(event, &pos, &ev.field) < 0)                                                \
		return -EBADMSG;
#define EVENT(number, symbol, name, fields)                                                        \
	int fmt_get_##symbol(const struct fmt_event *event, struct fmt_ev_##symbol *ret)           \
	{                                                                                          \
		struct fmt_ev_##symbol ev = {0};                                                   \
		size_t pos = 0;                                                                    \
                                                                                                   \
		CHECK(event->kind == number);                                                      \
		fields                                                                             \
		if (pos != event->body_size)                                                       \
			return -EBADMSG;                                                           \
		*ret = ev;                                                                         \
		return 0;                                                                          \
	}
#include "event-kinds.def"
#undef EVENT
#undef F

/* ---- all kinds alike ---- */

#define F(type, field) {#type[0], #field},
#define EVENT(number, symbol, name, fields)                                                        \
	static const struct fmt_field fields_of_##symbol[] = {fields};                             \
	_Static_assert(sizeof(fields_of_##symbol) / sizeof(struct fmt_field) <= FMT_FIELD_MAX,     \
		       "FMT_FIELD_MAX is too small for " name);
#include "event-kinds.def"
#undef EVENT

#define EVENT(number, symbol, name, fields)                                                        \
	{number, name, fields_of_##symbol,                                                         \
	 sizeof(fields_of_##symbol) / sizeof(struct fmt_field)},
static const struct fmt_kind_info kind_infos[] = {
#include "event-kinds.def"
};
#undef EVENT
#undef F

#define KIND_COUNT (sizeof(kind_infos) / sizeof(kind_infos[0]))

#define EVENT(number, symbol, name, fields) INDEX_##symbol,
enum {
#include "event-kinds.def"
};
#undef EVENT

/* A row that has another's number does not compile. */
const struct fmt_kind_info *fmt_kind_info(uint32_t kind)
{
	switch (kind) {
#define EVENT(number, symbol, name, fields)                                                        \
	case number:                                                                               \
		return &kind_infos[INDEX_##symbol];
#include "event-kinds.def"
#undef EVENT
	default:
		return NULL;
	}
}

const struct fmt_kind_info *fmt_kind_at(size_t index)
{
	return index < KIND_COUNT ? &kind_infos[index] : NULL;
}

static int get_value(const struct fmt_event *event, size_t *pos, char type, struct fmt_value *ret)
{
	int64_t value = 0;
	int error;

	switch (type) {
	case 'U':
	case 'H':
		return get_U(event, pos, &ret->u);
	case 'S':
		error = get_S(event, pos, &value);
		ret->u = (uint64_t)value;
		return error;
	default:
		return get_B(event, pos, &ret->bytes);
	}
}

int fmt_event_values(const struct fmt_event *event, struct fmt_value ret[FMT_FIELD_MAX])
{
	const struct fmt_kind_info *info = fmt_kind_info(event->kind);
	size_t pos = 0;

	if (!info)
		return -ENOENT;
	for (size_t i = 0; i < info->field_count; i++) {
		ret[i] = (struct fmt_value){0};
		if (get_value(event, &pos, info->fields[i].type, &ret[i]) < 0)
			return -EBADMSG;
	}
	return pos == event->body_size ? (int)info->field_count : -EBADMSG;
}
