/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * walk.h - the events of a trace that a filter wants, in order.
 *
 *	_cleanup_(fmt_walk_done) struct fmt_walk walk = {0};
 *	int got = fmt_walk_init(&walk, reader, "node==client", error);
 *	while (got == 0 && (got = fmt_walk_next(&walk, &event, error)) > 0) ... then got is 0 or -errno
 */
#ifndef FMT_WALK_H
#define FMT_WALK_H

#include "filter.h"
#include "packets.h"

struct fmt_walk {
	struct fmt_reader *reader;
	struct fmt_filter *filter;	/* owned */
	struct fmt_roster roster;	/* what is known up to the last event */
	event_seq next;
	event_seq end;			/* the number that ends the walk */
	uint32_t kinds[FMT_FILTER_KINDS_MAX];	/* no others are looked at */
	struct fmt_want want;		/* all of these are */
	/* How far it is, now and then; false: it ends with -ECANCELED.  Set before the walk begins; NULL: nobody asks. */
	bool (*go_on)(void *data, uint64_t done, uint64_t count);
	void *go_on_data;
	event_seq asked;		/* where it was asked last */
};

/* 0; -EINVAL: the filter makes no sense; -EBADMSG.  filter may be NULL. */
int fmt_walk_init(struct fmt_walk *walk, struct fmt_reader *reader, const char *filter,
		  struct fmt_error *error);
/* 1, 0 at the end, -EBADMSG, -ECANCELED. */
int fmt_walk_next(struct fmt_walk *walk, struct fmt_event *ret, struct fmt_error *error);
/* The same, with every packet known: for who asks fmt_filter_packet(walk.filter) after each event. */
int fmt_walk_init_packets(struct fmt_walk *walk, struct fmt_reader *reader, const char *filter,
			  struct fmt_error *error);
void fmt_walk_done(struct fmt_walk *walk);

#endif
