/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "named-files.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "effect.h"

void fmt_named_files_done(struct fmt_named_files *named)
{
	free(named->files);
	fmt_buf_done(&named->hashes);
	*named = (struct fmt_named_files){0};
}

void fmt_named_files_add(struct fmt_named_files *named, node_id node, uint64_t id)
{
	const struct fmt_named_file *last = named->count ? &named->files[named->count - 1] : NULL;

	if (!id || (last && last->node == node && last->id == id))
		return;
	if (named->count == named->capacity) {
		named->capacity = named->capacity ? named->capacity * 2 : 64;
		named->files = reallocarray(named->files, named->capacity, sizeof(*named->files));
		CHECK(named->files);
	}
	named->files[named->count++] = (struct fmt_named_file){node, id};
}

void fmt_named_files_learn(struct fmt_named_files *named, const struct fmt_event *event)
{
	const struct fmt_kind_info *info = fmt_kind_info(event->kind);
	struct fmt_value values[FMT_FIELD_MAX];
	const int count = fmt_event_values(event, values);
	struct fmt_effect effect;
	struct fmt_ev_exec exec;

	for (int i = 0; i < count; i++)
		for (size_t pos = 0; info->fields[i].type == 'E' &&
				     fmt_effect_next(values[i].bytes.data, values[i].bytes.size, &pos, &effect) > 0;)
			fmt_named_files_add(named, event->node, effect.file);
	if (event->kind != FMT_exec || fmt_get_exec(event, &exec) < 0)
		return;
	fmt_named_files_add(named, event->node, exec.file);
	fmt_named_files_add(named, event->node, exec.interp);
}

static int compare_file(const void *a, const void *b)
{
	const struct fmt_named_file *x = a, *y = b;

	return x->node != y->node ? (x->node > y->node) - (x->node < y->node) : (x->id > y->id) - (x->id < y->id);
}

void fmt_named_files_sort(struct fmt_named_files *named)
{
	if (named->count)
		qsort(named->files, named->count, sizeof(*named->files), compare_file);
}

bool fmt_named_files_has(const struct fmt_named_files *named, const struct fmt_event *event)
{
	struct fmt_ev_file ev;

	if (event->kind != FMT_file || fmt_get_file(event, &ev) < 0)
		return true;
	const struct fmt_named_file key = {event->node, ev.id};

	return named->count && bsearch(&key, named->files, named->count, sizeof(key), compare_file);
}

void fmt_named_files_take(struct fmt_named_files *named, const struct fmt_event *event)
{
	struct fmt_ev_file ev;

	if (event->kind == FMT_file && fmt_named_files_has(named, event) && fmt_get_file(event, &ev) == 0 &&
	    ev.hash.size == FMT_HASH_SIZE)
		fmt_buf_put(&named->hashes, ev.hash.data, FMT_HASH_SIZE);
}

bool fmt_named_files_has_hash(const struct fmt_named_files *named, const uint8_t hash[FMT_HASH_SIZE])
{
	for (size_t at = 0; at < named->hashes.size; at += FMT_HASH_SIZE)
		if (memcmp(named->hashes.data + at, hash, FMT_HASH_SIZE) == 0)
			return true;
	return false;
}
