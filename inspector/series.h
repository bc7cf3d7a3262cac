/* SPDX-License-Identifier: GPL-2.0-or-later */
/* series.h - quantities over the time that a view shows, a value for each column of pixels. */
#ifndef INSP_SERIES_H
#define INSP_SERIES_H

#include "view.h"

enum insp_series {
	INSP_SERIES_EVENTS,		/* a second */
	INSP_SERIES_BITS,		/* bits a second that arrive, headers and all */
	INSP_SERIES_GOODPUT,		/* ... of payload, each byte once */
	INSP_SERIES_RTT,		/* nanoseconds from TCP's sending to its acknowledgement, one segment at a time */
	INSP_SERIES_FLIGHT,		/* bytes that TCP has sent and that are not acknowledged yet */
	INSP_SERIES_CWND,		/* segments that TCP lets itself have in flight, the most of all connections */
	INSP_SERIES_SSTHRESH,		/* ... from which on it grows slowly */
	INSP_SERIES_QUEUE,		/* packets that wait for the links to send them, the most within the column */
	INSP_SERIES_COUNT
};

extern const char *const insp_series_names[INSP_SERIES_COUNT];
extern const char *const insp_series_units[INSP_SERIES_COUNT];
/* Rates are drawn as bars, levels as a line; NAN: not known there. */
bool insp_series_is_rate(enum insp_series series);
/* Of one lane, as receiver of bits and sender of the rest; INSP_NONE: of all. */
void insp_series_read(const struct insp_view *view, enum insp_series series, uint32_t lane, uint32_t columns, double *values);

#endif
