/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * carry.c - an embedded file goes from one trace to another as it is stored.
 *
 * Compressing the libraries of a program takes longer than recording a second of it, and a ring would do so at every lap.
 */
#include "reader-int.h"
#include "writer-int.h"

#include <string.h>

static int carry_part(struct fmt_writer *w, struct fmt_reader *from, const struct fmt__file *file, uint32_t number)
{
	const struct fmt__part *part = &from->index.parts[file->first_part + number];
	struct fmt_wire_file_part wire = {0};
	const int error = fmt__reader_load(from, FMT__DB_FILE, part->location, part->stored_size, NULL);

	if (error < 0)
		return error;
	memcpy(wire.hash, file->hash, FMT_HASH_SIZE);
	le32_put(&wire.part, number);
	le32_put(&wire.codec, part->codec);
	le32_put(&wire.raw_size, part->raw_size);
	return fmt__writer_error(w, fmt__log_append(w->fd, &w->end, FMT_RECORD_FILE_PART, &wire, sizeof(wire), from->stored.data,
						    from->stored.size));
}

int fmt__writer_carry(struct fmt_writer *w, struct fmt_reader *from, const uint8_t hash[FMT_HASH_SIZE])
{
	const struct fmt__file *file = fmt__index_file(&from->index, hash);
	struct fmt__file known = {0};

	CHECK(file && !w->ring);
	if (fmt__index_file(&w->known, hash))
		return 0;
	if (w->known.file_count >= FMT_FILES_MAX)
		return -E2BIG;
	int error = w->error < 0 ? w->error : fmt__writer_error(w, fmt__encoder_wait(w));

	for (uint32_t i = 0; error == 0 && i < file->part_count; i++)
		error = carry_part(w, from, file, i);
	if (error == 0)
		error = fmt__writer_error(w, fmt__writer_append_file(w, hash, file->size, file->part_count));
	memcpy(known.hash, hash, FMT_HASH_SIZE);
	return error == 0 ? fmt__index_add_file(&w->known, &known) : error;
}
