/* SPDX-License-Identifier: GPL-2.0-or-later */
/* notes.h - what people have written to places of a run; they stand in the trace itself. */
#ifndef INSP_NOTES_H
#define INSP_NOTES_H

#include "run.h"

struct insp_note {
	uint64_t id;
	uint32_t seq;
	uint64_t time_s;		/* since 1970 */
	char *author, *text;		/* owned */
};

/* In the order of their places. */
struct insp_notes {
	struct insp_note *rows;
	uint32_t count;
};

/* Reads the notes of a trace anew, since others may have written some.  A note past the run's end (that was cut) is left out.
 * 0; what fmt_reader_open() returns. */
int insp_notes_read(const struct insp_run *run, struct insp_notes *ret, struct fmt_error *error);
void insp_notes_done(struct insp_notes *notes);
/* The next (direction > 0) or previous note of a place; its index, or INSP_NONE. */
uint32_t insp_notes_step(const struct insp_notes *notes, uint32_t seq, int direction);

#endif
