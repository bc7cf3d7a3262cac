/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control.h - carries out requests of the control protocol (docs/control-protocol.7.md), one line of JSON at a time.
 *
 * Who speaks to whom over which socket is serve.c's business; `hindcast ctl` without a server and `hindcast dap` call it directly.
 */
#ifndef REP_CONTROL_H
#define REP_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "trace.h"

struct rep_control;

/* Opens a trace; node_name (NULL: all) alone is executed.  0; -ESRCH: there is no such node; what rep_timeline_open() returns.
 * All but interrupt() belongs to the thread that called this. */
int rep_control_new(const char *path, const char *node_name, struct rep_control **ret, struct fmt_error *error);
void rep_control_free(struct rep_control *control);
DEFINE_CLEANUP(struct rep_control *, rep_control_free)

/* A request is at hand: what interrupts from here on ends its move.  To be called before rep_control_handle(), where nobody else can
 * interrupt between the choice of the request and this. */
void rep_control_begin(struct rep_control *control);
/* Carries out one request and appends its answer, an object without a newline.  True: it was carried out, false: the answer is an
 * error. */
bool rep_control_handle(struct rep_control *control, const char *line, size_t size, struct fmt_buf *answer);
/* Ends the move that is under way, or the next one.  From any thread, and from signal handlers. */
void rep_control_interrupt(struct rep_control *control);
/* Somebody asked for the end. */
bool rep_control_is_over(const struct rep_control *control);

#endif
