/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff-int.h - what diff.c (where runs part) and diff-cause.c (why) share. */
#ifndef FMT_DIFF_INT_H
#define FMT_DIFF_INT_H

#include "diff.h"

/* The class of cause of two events that should have been the same; NULL: one run has nothing more there. */
const char *fmt__diff_cause(const struct fmt_event *a, const struct fmt_event *b);

#endif
