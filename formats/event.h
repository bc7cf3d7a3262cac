/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event.h - events in memory, and as the self-contained records that go from
 * the workers to the writer.
 *
 * A record is: u32 size of what follows (little-endian), then varints vtime, node, tid, kind, then the
 * body.  Bodies are the fields of event-kinds.def in order; T, B, E have a varint length first.
 */
#ifndef FMT_EVENT_H
#define FMT_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

typedef uint64_t vtime_ns;	/* virtual time since the run began */
typedef uint64_t event_seq;	/* position in the total order, from 0 */
typedef uint32_t node_id;	/* from 1; 0 is the machine */

enum fmt_kind {
#define F(type, field)
#define EVENT(number, symbol, name, fields) FMT_##symbol = number,
#include "event-kinds.def"
#undef EVENT
#undef F
};

/* What an image says of its thread. */
enum fmt_image_state {
	FMT_IMAGE_RUNS = 0,		/* in its program; its last call, if any, is answered */
	FMT_IMAGE_WAITS = 1,		/* in call nr */
	FMT_IMAGE_BORN = 2,		/* made by call nr, which has not given it 0 yet */
	FMT_IMAGE_INTERRUPTED = 3,	/* it faulted, or its call is to be made again: a signal comes next */
};

struct fmt_bytes {
	const uint8_t *data;	/* borrowed */
	size_t size;
};

#define FMT_CTYPE_U uint64_t
#define FMT_CTYPE_H uint64_t
#define FMT_CTYPE_S int64_t
#define FMT_CTYPE_T struct fmt_bytes
#define FMT_CTYPE_B struct fmt_bytes
#define FMT_CTYPE_E struct fmt_bytes

struct fmt_event {
	event_seq seq;		/* 0 until the writer or reader has numbered it */
	vtime_ns vtime;
	node_id node;
	uint32_t tid;
	uint32_t kind;		/* may be unknown to this version */
	const uint8_t *body;	/* borrowed */
	size_t body_size;
};

/* struct fmt_ev_syscall and so on; fmt_put_X() appends a record to buf, fmt_get_X()
 * takes the body of an event apart (0, -EBADMSG; pointers borrow from the event). */
#define F(type, field) FMT_CTYPE_##type field;
#define EVENT(number, symbol, name, fields)                                                        \
	struct fmt_ev_##symbol { fields };                                                         \
	void fmt_put_##symbol(struct fmt_buf *buf, vtime_ns vtime, node_id node, uint32_t tid,     \
			      const struct fmt_ev_##symbol *ev);                                   \
	int fmt_get_##symbol(const struct fmt_event *event, struct fmt_ev_##symbol *ret);
#include "event-kinds.def"
#undef EVENT
#undef F

/* Appends a record whose body is ready (one that was read from a trace, say). */
void fmt_record_put(struct fmt_buf *buf, const struct fmt_event *event);
/* The same without the body. */
void fmt_record_put_head(struct fmt_buf *buf, const struct fmt_event *event);
/* The next record of a buffer.  1, 0 at the end, -EBADMSG. */
int fmt_record_next(const uint8_t *data, size_t size, size_t *pos, struct fmt_event *ret);

/* One description of an event's fields, for what handles them all alike. */
struct fmt_field {
	char type;		/* 'U' 'H' 'S' 'T' 'B' 'E' */
	const char *name;
};
struct fmt_kind_info {
	uint32_t kind;
	const char *name;
	const struct fmt_field *fields;
	size_t field_count;
};
/* NULL: no such kind in this version. */
const struct fmt_kind_info *fmt_kind_info(uint32_t kind);
/* The rows of event-kinds.def in order, from 0; NULL after the last. */
const struct fmt_kind_info *fmt_kind_at(size_t index);

struct fmt_value {
	uint64_t u;		/* U, H, and S as two's complement */
	struct fmt_bytes bytes;	/* T, B, E */
};
#define FMT_FIELD_MAX 16
/* Takes any known event apart.  Number of fields, -EBADMSG, -ENOENT (unknown kind). */
int fmt_event_values(const struct fmt_event *event, struct fmt_value ret[FMT_FIELD_MAX]);

/* One stable line of text, without newline, as dump prints it: "seq vtime node tid kind field=value ..."
 * Appends to out.  Syscall numbers and errno are shown by name (formats/syscall-names.h). */
void fmt_event_text(const struct fmt_event *event, struct fmt_buf *out);

#endif
