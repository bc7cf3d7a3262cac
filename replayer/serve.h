/* SPDX-License-Identifier: GPL-2.0-or-later */
/* serve.h - the control protocol on a local socket; and the same without one. */
#ifndef REP_SERVE_H
#define REP_SERVE_H

#include "control.h"

/* Makes a socket to listen at; path must not exist, or be a socket on which nobody listens.  A descriptor, or -errno with error.
 * SIGINT, SIGTERM and SIGHUP are caught from here on. */
int rep_serve_listen(const char *path, struct fmt_error *error);
/* Serves clients until one says shutdown, a signal comes, or owner_fd (-1: none; what it brings is passed over) is at its end; then
 * listen_fd is closed and the socket removed. */
void rep_serve(struct rep_control *control, int listen_fd, int owner_fd, const char *path);
/* Connects to a server.  A descriptor, or -errno with error. */
int rep_serve_connect(const char *path, struct fmt_error *error);
/* "step unit=line back=true" as JSON, with an id; a line that begins with { as it is, but for the id when it has none.  False: error says
 * why not. */
bool rep_request_line(const char *text, int64_t id, struct fmt_buf *ret, struct fmt_error *error);

#endif
