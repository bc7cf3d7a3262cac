/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * saving.h - files that a window writes: in a thread, with a bar that says how far it is, and Esc that stops it.
 *
 * A file is written beside its place, as NAME.part, and goes there when it is whole; so what was there stays until then, and nothing is
 * left of what was stopped or did not fit.  A device is written to as it is.  A window that is closed meanwhile finishes it.
 */
#ifndef INSP_SAVING_H
#define INSP_SAVING_H

#include <stdio.h>

#include "window.h"

struct insp_saving;

/* In a thread: writes all to out.  0; -errno, of which insp__saving_reason() may tell more. */
typedef int (*insp_saving_func)(struct insp_saving *saving, FILE *out, gpointer data);

/* Begins; data is freed when it is over.  What goes wrong is told. */
void insp__save(InspWindow *window, const char *path, insp_saving_func func, gpointer data, GDestroyNotify free_data);
/* The same for what is made by another program first, in pieces that nobody counts: begins without a thread. */
struct insp_saving *insp__saving_new(InspWindow *window, const char *path);
void insp__saving_write(struct insp_saving *saving, insp_saving_func func, gpointer data, GDestroyNotify free_data);
/* It could not be made: says why, and frees. */
void insp__saving_fail(struct insp_saving *saving, int error, const char *reason);
/* Emits "cancelled" when it is stopped. */
GCancellable *insp__saving_cancel(struct insp_saving *saving);

/* From the thread: so much is done; count 0: nobody knows of how much.  False: it is to end, with -ECANCELED. */
bool insp__saving_goes(void *saving, uint64_t done, uint64_t count);
/* Where a reason can be put. */
struct fmt_error *insp__saving_reason(struct insp_saving *saving);

/* What the foot of the window shows, while anything is being saved. */
void insp__add_saving(InspWindow *window);
/* "null", "-1" (nobody knows how far), or a share of 1. */
char *insp__saving_state(InspWindow *window);

#endif
