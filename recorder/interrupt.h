/* SPDX-License-Identifier: GPL-2.0-or-later */
/* interrupt.h - SIGINT, SIGTERM and SIGHUP while a run lasts: the user asks for its end. */
#ifndef REC_INTERRUPT_H
#define REC_INTERRUPT_H

#include <stdbool.h>

/* From here to rec_interrupt_end() the signals are counted; one run of a process at a time.  0 or -errno. */
int rec_interrupt_begin(void);
void rec_interrupt_end(void);
/* While on, SIGINT is another program's, which has the terminal. */
void rec_interrupt_spare(bool on);
/* In a process that was forked meanwhile: signals are again what they are for others. */
void rec_interrupt_leave(void);

/* Whether the user has asked for the end. */
bool rec_interrupted(void);
/* To be polled: readable a second after the user has asked, and at once when asked again. */
int rec_interrupt_fd(void);
/* One more second, for what comes next, if the user has asked once. */
void rec_interrupt_extend(void);

#endif
