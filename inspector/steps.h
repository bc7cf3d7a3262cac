/* SPDX-License-Identifier: GPL-2.0-or-later */
/* steps.h - from one position to another: steps by granularity, positions as text. */
#ifndef INSP_STEPS_H
#define INSP_STEPS_H

#include "run.h"

enum insp_grain { INSP_GRAIN_EVENT, INSP_GRAIN_PACKET, INSP_GRAIN_SYSCALL, INSP_GRAIN_OUTPUT, INSP_GRAIN_FAULT,
		  INSP_GRAIN_COUNT };
extern const char *const insp_grain_names[INSP_GRAIN_COUNT];

/* Whether an event is of a granularity: a fault is what went wrong badly enough to look at (a loss, a crash, a panic,
 * a warning, an exit with an error), not every call that returned an error. */
bool insp_grain_has(const struct insp_run *run, enum insp_grain grain, uint32_t seq);
/* The next (direction > 0) or previous event of a granularity, of one lane or of all (INSP_NONE), other than seq
 * itself; seq may be INSP_NONE, which is before the first.  INSP_NONE: there is none. */
uint32_t insp_step(const struct insp_run *run, uint32_t seq, int direction, enum insp_grain grain, uint32_t lane);
/* The last event of the thread at or before seq; INSP_NONE. */
uint32_t insp_thread_last(const struct insp_run *run, uint32_t lane, uint32_t tid, uint32_t seq);

/* "@1234567" or "1234567" (event), "12.5s" "20ms" (virtual time: the last event at or before it), "50%".
 * 0; -EINVAL, and error says what is wrong. */
int insp_position_parse(const struct insp_run *run, const char *text, uint32_t *ret, struct fmt_error *error);
/* "12.000 345 678", thin spaces between; at most 40 bytes. */
void insp_put_time(char *to, size_t size, vtime_ns vtime);
/* "1.2 ms": at most three digits. */
void insp_put_duration(char *to, size_t size, vtime_ns duration);

/* "8 588 000", thin spaces between; at least 48 bytes. */
void insp_put_count(char *to, size_t size, uint64_t count);
/* "12.5 Mbit/s", "41 ms": with the prefix that makes it short; only seconds become smaller than one. */
void insp_put_quantity(char *to, size_t size, double value, const char *unit);

#endif
