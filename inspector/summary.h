/* SPDX-License-Identifier: GPL-2.0-or-later */
/* summary.h - an event in a few words, for lists and tooltips. */
#ifndef INSP_SUMMARY_H
#define INSP_SUMMARY_H

#include "event.h"

/* "openat(...) = ENOENT", "10.0.0.1:40000 > 10.0.0.2:80 tcp SA", "curl: exits with status 0"... ret_ran is how long
 * the thread ran before (0 when that is not known).  Appends printable UTF-8 without a line break to out. */
void insp_put_summary(struct fmt_buf *out, const struct fmt_event *event, vtime_ns *ret_ran);

#endif
