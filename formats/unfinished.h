/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unfinished.h - files that are worth nothing before they are whole.
 *
 * Who writes one says so while it does.  A command that has called fmt_unfinished_watch() leaves none of them behind when SIGINT,
 * SIGTERM or SIGHUP ends it.  A recorder does not call it: what it has written until then is a trace.
 */
#ifndef FMT_UNFINISHED_H
#define FMT_UNFINISHED_H

#include <signal.h>

#define FMT_UNFINISHED_MAX 64	/* two of each writer */

/* From now on these signals remove what is unfinished, and then end the process as they would have.  One that is ignored stays so.  Only
 * the main thread may take them: others have them blocked. */
void fmt_unfinished_watch(void);
/* Between these two no such signal is taken: a file is made, and said to be unfinished. */
void fmt_unfinished_defer(sigset_t *ret_old);
void fmt_unfinished_resume(const sigset_t *old);
/* The path is borrowed until it is taken back. */
void fmt_unfinished_add(const char *path);
/* It is whole, or gone; NULL, or one that was never added: nothing. */
void fmt_unfinished_remove(const char *path);

#endif
