/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compare.h - a second run beside the first, for the rest of the window. */
#ifndef INSP_COMPARE_H
#define INSP_COMPARE_H

#include "pair.h"
#include "window.h"

/* Loads and compares in a thread; then the second timeline appears. */
void insp__compare_open(InspWindow *window, const char *path);
void insp__compare_close(InspWindow *window);
/* The second timeline shows what the first does, and where the focus would be. */
void insp__compare_follow(InspWindow *window);
/* Goes to a difference. */
void insp__compare_show(InspWindow *window, uint32_t index);
/* NULL: no second run is open. */
const struct insp_pair *insp__compare_pair(InspWindow *window);
/* Reads of the second run that are under way. */
guint insp__compare_pending(InspWindow *window);

#endif
