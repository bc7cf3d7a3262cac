/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dap.h - the Debug Adapter Protocol, by which VS Code and other editors drive a replay, backwards as well.
 *
 * It is a translation: every request becomes requests of the control protocol (control.h).
 */
#ifndef REP_DAP_H
#define REP_DAP_H

#include "trace.h"

/* Serves one client until it disconnects or closes.  0; -EPROTO: it does not speak the protocol. */
int rep_dap_serve(int in_fd, int out_fd, struct fmt_error *error);

#endif
