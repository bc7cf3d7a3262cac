/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scan.h - goes over a trace for when, where and of which kind its events are, and for a few of their numbers.
 *
 * Only the columns of these are taken apart; texts, memory and what else an event carries stay compressed.  That costs a fraction of
 * what fmt_reader_event() does for one event after the other.
 */
#ifndef FMT_SCAN_H
#define FMT_SCAN_H

#include "base/cleanup.h"
#include "trace.h"

#define FMT_SCAN_FIELDS 4
#define FMT_SCAN_HEAD 66u		/* bytes of a frame that are known */

/* What else is wanted of the events of a kind: fields of its row in event-kinds.def, numbers or a frame. */
struct fmt_scan_want {
	uint32_t kind;
	const char *fields[FMT_SCAN_FIELDS];	/* NULL after the last */
};

struct fmt_scanned {
	event_seq seq;
	vtime_ns vtime;
	uint32_t kind;
	uint32_t thread;		/* index of what fmt_scan_threads() gives */
	bool first;			/* of a chunk: from here on there are other threads */
	bool known;			/* the wanted fields are there; false: its body is not as its kind has it */
	uint64_t value[FMT_SCAN_FIELDS];	/* of the wanted fields; of a frame its size */
	const uint8_t *head;		/* of the frame: its first FMT_SCAN_HEAD bytes, or all when it is shorter */
};

struct fmt_scan_thread {
	node_id node;
	uint32_t tid;
};

struct fmt_scan;
/* The reader stays the caller's, may be asked for other things meanwhile, and lives until fmt_scan_free().  wants is copied. */
struct fmt_scan *fmt_scan_new(struct fmt_reader *reader, const struct fmt_scan_want *wants, size_t count);
void fmt_scan_free(struct fmt_scan *scan);
DEFINE_CLEANUP(struct fmt_scan *, fmt_scan_free)
/* Goes on with the chunk that an event is in, from its first event; past the last event there is nothing. */
void fmt_scan_seek(struct fmt_scan *scan, event_seq seq);
/* The next event, valid until the next call.  1, 0 after the last, -EBADMSG (error says where), -errno. */
int fmt_scan_next(struct fmt_scan *scan, const struct fmt_scanned **ret, struct fmt_error *error);
/* The threads of the chunk of the last event, in the order of their first events in it; valid until the next event that is the
 * first of a chunk. */
const struct fmt_scan_thread *fmt_scan_threads(const struct fmt_scan *scan, size_t *ret_count);

#endif
