/* SPDX-License-Identifier: GPL-2.0-or-later */
/* summary.h - an event in a few words, for lists and tooltips. */
#ifndef INSP_SUMMARY_H
#define INSP_SUMMARY_H

#include "event.h"

/* "openat(...) = ENOENT", "10.0.0.1:40000 > 10.0.0.2:80 tcp SA", "curl: exits with status 0"... ret_ran is how long
 * the thread ran before (0 when that is not known).  Appends printable UTF-8 without a line break to out.
 * Of an arrival only its size is told: the frame stands in the event that sent it. */
void insp_put_summary(struct fmt_buf *out, const struct fmt_event *event, vtime_ns *ret_ran);

/* A frame; of UDP what it carries, when that is text: "“have 12 counter 5 5”  10.0.0.1:7000 > 10.0.0.2:7000 udp len=19". */
void insp_put_frame(struct fmt_buf *out, const uint8_t *frame, size_t size);

#endif
