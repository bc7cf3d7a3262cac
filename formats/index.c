/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * index.c - what a trace holds and where its bytes are.
 *
 * Each entry stands for bytes in the file (a chunk of events, 4 MiB of an embedded file), so the index is far
 * smaller than the trace; metas are limited to FMT_META_MAX.
 */
#include "trace-int.h"

#include <string.h>

/* Room for one more element of a growing array. */
static void *grow(void *array, size_t count, size_t *capacity, size_t element_size)
{
	if (count < *capacity)
		return array;
	*capacity = *capacity ? *capacity * 2 : 16;
	array = reallocarray(array, *capacity, element_size);
	CHECK(array);
	return array;
}

#define ADD(index, array, count, capacity, element)                                                \
	do {                                                                                       \
		(index)->array = grow((index)->array, (index)->count, &(index)->capacity,          \
				      sizeof(*(index)->array));                                    \
		(index)->array[(index)->count++] = (element);                                      \
	} while (0)

void fmt__index_done(struct fmt__index *index)
{
	for (size_t i = 0; i < index->meta_count; i++) {
		free(index->metas[i].key);
		free(index->metas[i].value);
	}
	for (size_t i = 0; i < index->note_count; i++) {
		free((char *)index->notes[i].author);
		free((char *)index->notes[i].text);
	}
	free(index->notes);
	free(index->metas);
	free(index->chunks);
	free(index->parts);
	free(index->files);
	*index = (struct fmt__index){0};
}

int fmt__index_add_meta(struct fmt__index *index, const char *key, size_t key_size,
			const void *value, size_t size)
{
	if (key_size > FMT_META_MAX || size > FMT_META_MAX ||
	    index->meta_bytes + key_size + size > FMT_META_MAX ||
	    index->meta_count >= FMT_METAS_MAX)
		return -E2BIG;
	_cleanup_free_ char *own_key = strndup(key, key_size);

	CHECK(own_key);
	if (fmt__index_meta(index, own_key))
		return -EEXIST;
	/* One byte more, so that who reads text finds its end. */
	uint8_t *own_value = calloc(1, size + 1);

	CHECK(own_value);
	if (size)
		memcpy(own_value, value, size);
	const struct fmt__meta meta = {STEAL(own_key), own_value, size};

	ADD(index, metas, meta_count, meta_capacity, meta);
	index->meta_bytes += key_size + size;
	return 0;
}

const char *fmt__note_complaint(const struct fmt_note *note, event_seq events)
{
	if (!note->text[0])
		return "it says nothing";
	if (strlen(note->text) + strlen(note->author) > FMT_NOTE_MAX)
		return "it is too long";
	if (note->time_s > INT64_MAX)
		return "its time is impossible";
	return note->seq < events || note->seq == 0 ? NULL : "its place is behind the last event";
}

int fmt__index_add_note(struct fmt__index *index, const struct fmt_note *note)
{
	if (index->note_count >= FMT_NOTES_MAX)
		return -E2BIG;
	struct fmt_note copy = *note;

	copy.author = strdup(note->author);
	copy.text = strdup(note->text);
	CHECK(copy.author && copy.text);
	ADD(index, notes, note_count, note_capacity, copy);
	return 0;
}

void fmt__index_add_chunk(struct fmt__index *index, const struct fmt__chunk *chunk)
{
	ADD(index, chunks, chunk_count, chunk_capacity, *chunk);
}

void fmt__index_add_part(struct fmt__index *index, const struct fmt__part *part)
{
	ADD(index, parts, part_count, part_capacity, *part);
}

int fmt__index_add_file(struct fmt__index *index, const struct fmt__file *file)
{
	if (fmt__index_file(index, file->hash))
		return -EEXIST;
	if (index->file_count >= FMT_FILES_MAX)
		return -E2BIG;
	ADD(index, files, file_count, file_capacity, *file);
	return 0;
}

const struct fmt__meta *fmt__index_meta(const struct fmt__index *index, const char *key)
{
	for (size_t i = 0; i < index->meta_count; i++)
		if (strcmp(index->metas[i].key, key) == 0)
			return &index->metas[i];
	return NULL;
}

const struct fmt__file *fmt__index_file(const struct fmt__index *index,
					const uint8_t hash[FMT_HASH_SIZE])
{
	for (size_t i = 0; i < index->file_count; i++)
		if (memcmp(index->files[i].hash, hash, FMT_HASH_SIZE) == 0)
			return &index->files[i];
	return NULL;
}

static int compare_metas(const void *a, const void *b)
{
	return strcmp(((const struct fmt__meta *)a)->key, ((const struct fmt__meta *)b)->key);
}

static int compare_files(const void *a, const void *b)
{
	return memcmp(((const struct fmt__file *)a)->hash, ((const struct fmt__file *)b)->hash,
		      FMT_HASH_SIZE);
}

/* Keys and hashes are unique, so there are no ties to break. */
void fmt__index_sort(struct fmt__index *index)
{
	if (index->meta_count)
		qsort(index->metas, index->meta_count, sizeof(*index->metas), compare_metas);
	if (index->file_count)
		qsort(index->files, index->file_count, sizeof(*index->files), compare_files);
}

event_seq fmt__index_events(const struct fmt__index *index)
{
	if (!index->chunk_count)
		return 0;
	const struct fmt__chunk *last = &index->chunks[index->chunk_count - 1];

	return last->first_seq + last->count;
}

bool fmt__meta_is_own(const char *key)
{
	return strncmp(key, FMT__META_OWN, strlen(FMT__META_OWN)) == 0;
}

static void hash_u64(struct fmt__hash *hash, uint64_t value)
{
	uint8_t bytes[8];

	le64_put(bytes, value);
	fmt__hash_put(hash, bytes, sizeof(bytes));
}

static void hash_metas(struct fmt__hash *hash, const struct fmt__index *index)
{
	uint64_t count = 0;

	for (size_t i = 0; i < index->meta_count; i++)
		count += !fmt__meta_is_own(index->metas[i].key);
	hash_u64(hash, count);
	for (size_t i = 0; i < index->meta_count; i++) {
		const struct fmt__meta *meta = &index->metas[i];

		if (fmt__meta_is_own(meta->key))
			continue;
		hash_u64(hash, strlen(meta->key));
		fmt__hash_put(hash, meta->key, strlen(meta->key));
		hash_u64(hash, meta->size);
		fmt__hash_put(hash, meta->value, meta->size);
	}
}

void fmt__run_hash(const struct fmt__index *index, const uint8_t events_hash[FMT_HASH_SIZE],
		   uint8_t ret[FMT_HASH_SIZE])
{
	static const char domain[] = "hindcast run 1\n";
	_cleanup_(fmt__hash_freep) struct fmt__hash *hash = fmt__hash_new();

	fmt__hash_put(hash, domain, strlen(domain));
	hash_metas(hash, index);
	hash_u64(hash, fmt__index_events(index));
	fmt__hash_put(hash, events_hash, FMT_HASH_SIZE);
	hash_u64(hash, index->file_count);
	for (size_t i = 0; i < index->file_count; i++)
		fmt__hash_put(hash, index->files[i].hash, FMT_HASH_SIZE);
	fmt__hash_get(hash, ret);
}
