/* SPDX-License-Identifier: GPL-2.0-or-later */
/* call-text.h - a system call as a person would write it, from numbers alone: what pointers point to is not in a trace. */
#ifndef REP_CALL_TEXT_H
#define REP_CALL_TEXT_H

#include "buf.h"

/* What a descriptor is, for the text; NULL: unknown. */
typedef const char *(*rep_call_fd)(void *arg, uint32_t fd);

/* "openat(AT_FDCWD, 0x7ff.., O_RDONLY|O_CLOEXEC, 0)"; fd may be NULL. */
void rep_call_text(struct fmt_buf *out, uint64_t nr, const uint64_t args[6], rep_call_fd fd, void *arg);

#endif
