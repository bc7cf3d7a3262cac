/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "notes.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

DEFINE_CLEANUP(struct fmt_reader *, fmt_reader_close)

static char *copy(const char *text)
{
	char *copied = strdup(text ? text : "");

	CHECK(copied);
	return copied;
}

int insp_notes_read(const struct insp_run *run, struct insp_notes *ret, struct fmt_error *error)
{
	_cleanup_(fmt_reader_closep) struct fmt_reader *reader = NULL;
	struct insp_notes notes = {0};
	const struct fmt_note *note;
	const int r = fmt_reader_open(run->path, &reader, error);

	if (r < 0)
		return r;
	for (size_t i = 0; (note = fmt_reader_note(reader, i)); i++) {
		if (note->seq >= run->count)
			continue;
		notes.rows = reallocarray(notes.rows, notes.count + 1, sizeof(*notes.rows));
		CHECK(notes.rows);
		notes.rows[notes.count++] = (struct insp_note){note->id, (uint32_t)note->seq, note->time_s, copy(note->author),
							       copy(note->text)};
	}
	*ret = notes;
	return 0;
}

void insp_notes_done(struct insp_notes *notes)
{
	for (uint32_t i = 0; i < notes->count; i++) {
		free(notes->rows[i].author);
		free(notes->rows[i].text);
	}
	free(notes->rows);
	*notes = (struct insp_notes){0};
}

uint32_t insp_notes_step(const struct insp_notes *notes, uint32_t seq, int direction)
{
	if (direction > 0) {
		for (uint32_t i = 0; i < notes->count; i++)
			if (notes->rows[i].seq > seq)
				return i;
		return INSP_NONE;
	}
	for (uint32_t i = notes->count; i-- > 0;)
		if (notes->rows[i].seq < seq)
			return i;
	return INSP_NONE;
}
