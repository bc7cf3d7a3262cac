/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * status.h - how far a run is: a line on the terminal, and a file in JSON, while it goes on.
 *
 * Rates are of the last second of the host's time; nothing of the run comes from here.
 */
#ifndef REC_STATUS_H
#define REC_STATUS_H

#include <stdio.h>

#include "event.h"

struct rec_status {
	FILE *terminal;			/* NULL: no line */
	const char *path;		/* of the file, NULL: none; it is replaced as a whole */
	vtime_ns stop_time;		/* UINT64_MAX: not known */
	uint64_t started_ns;		/* wall */
	bool shown;			/* a line stands on the terminal */
	/* when rates were last reckoned */
	uint64_t last_ns;
	vtime_ns last_vtime;
	uint64_t last_events, last_packets;
};

/* How far it is. */
struct rec_status_now {
	vtime_ns vtime;
	uint64_t events, packets;
};

void rec_status_init(struct rec_status *status, FILE *terminal, const char *path, vtime_ns stop_time);
/* To be called often; does something once a second.  0; -errno: the file cannot be written. */
int rec_status_show(struct rec_status *status, const struct rec_status_now *now);
/* The run is over: state is "ended" or "failed", reason why.  Takes the line off the terminal. */
int rec_status_end(struct rec_status *status, const struct rec_status_now *now, const char *state, const char *reason);

#endif
