/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rewrite.h - a trace from another: packed, trimmed, scrubbed. */
#ifndef FMT_REWRITE_H
#define FMT_REWRITE_H

#include "trace.h"

struct fmt_rewrite {
	int level;			/* of compression; 0: as a recorder does */
	const char *changed;		/* what is said of it, NULL: nothing */
	const struct fmt_buf *sources;	/* the list (sources.h) that it carries then; empty: none; NULL: what it carried before */
	/* Writes what comes before all events of the trace, files first; *ret_written: so many events.  0 or -errno.  NULL: nothing. */
	int (*begin)(void *context, struct fmt_writer *to, event_seq *ret_written);
	/* Looks at an event, and may give another body (borrowed until the next call).  1: it stays, 0: it goes.  NULL: all stay. */
	int (*event)(void *context, struct fmt_event *event);
	/* Does this embedded file stay?  NULL: all do. */
	bool (*file)(void *context, const uint8_t hash[FMT_HASH_SIZE]);
	/* What a meta becomes (borrowed until the next call).  NULL: as it is. */
	struct fmt_bytes (*meta)(void *context, const char *key, struct fmt_bytes value);
	void *context;
};

/* Writes what is left of a trace to path.  0, -errno (error says what could not be done). */
int fmt_rewrite(struct fmt_reader *from, const char *path, const struct fmt_rewrite *how, struct fmt_error *error);

#endif
