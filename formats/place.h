/* SPDX-License-Identifier: GPL-2.0-or-later */
/* place.h - places in a run as a person writes them. */
#ifndef FMT_PLACE_H
#define FMT_PLACE_H

#include "trace.h"

/* A place as a person writes it: "@1041" (before event 1041), "12.5s" (before what happens then), "50%" (of the events), "start", "end".
 * 0; -EINVAL, -ERANGE with error.  *ret_time: of a time, else UINT64_MAX; *ret_next: the first event that has not happened there. */
int fmt_place_parse(struct fmt_reader *reader, const char *text, event_seq *ret_next, vtime_ns *ret_time,
		    struct fmt_error *error);

#endif
