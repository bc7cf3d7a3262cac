/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pager.h - what the trace says of events, read by a thread of its own so that the window never waits for a disk or for
 * decompression.  Pages of INSP_PAGE events are kept, the least recently used go first: at most 20 MB.
 *
 * All functions are for the main thread.  Signal "loaded" (first event, count) tells that lines came.
 */
#ifndef INSP_PAGER_H
#define INSP_PAGER_H

#include <glib-object.h>

#include "run.h"

#define INSP_PAGE 256
#define INSP_PAGES_MAX 256

struct insp_line {
	const char *text;		/* owned by the page */
	vtime_ns ran;
};

#define INSP_TYPE_PAGER (insp_pager_get_type())
G_DECLARE_FINAL_TYPE(InspPager, insp_pager, INSP, PAGER, GObject)

/* The run must live until the pager's last unref. */
InspPager *insp_pager_new(const struct insp_run *run);
/* NULL: not here yet; it is asked for, and "loaded" will tell. Valid until the main loop goes on. */
const struct insp_line *insp_pager_line(InspPager *pager, uint32_t seq);
/* As insp_pager_line(), without asking. */
const struct insp_line *insp_pager_peek(InspPager *pager, uint32_t seq);
/* Calls back with the body of an event (NULL: it could not be read) unless a later request came before. */
typedef void (*insp_body_func)(uint32_t seq, GBytes *body, gpointer data);
void insp_pager_body(InspPager *pager, uint32_t seq, insp_body_func func, gpointer data);
/* Requests that are under way. */
guint insp_pager_pending(InspPager *pager);
/* Ends the thread; nothing is called back afterwards. */
void insp_pager_stop(InspPager *pager);

#endif
