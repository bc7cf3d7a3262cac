/* SPDX-License-Identifier: GPL-2.0-or-later */
/* serve.h - the control protocol on a local socket; and the same without one. */
#ifndef REP_SERVE_H
#define REP_SERVE_H

#include "control.h"

/* Serves clients until one says shutdown, or a signal comes.  path must not exist, or be a socket on which nobody listens.  0; -errno
 * with error. */
int rep_serve(struct rep_control *control, const char *path, struct fmt_error *error);
/* Connects to a server.  A descriptor, or -errno with error. */
int rep_serve_connect(const char *path, struct fmt_error *error);
/* "step unit=line back=true" as JSON, with an id; a line that begins with { as it is, but for the id when it has none.  False: error says
 * why not. */
bool rep_request_line(const char *text, int64_t id, struct fmt_buf *ret, struct fmt_error *error);

#endif
