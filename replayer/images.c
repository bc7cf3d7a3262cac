/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * images.c - what programs map from files, anywhere in a trace.
 *
 * A breakpoint is mostly set before its program has been started, and then no process could be asked where its functions
 * are.  But the trace tells of every mapping that will ever be, at addresses that are the same in every replay.
 */
#include <asm/unistd.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "control-int.h"
#include "effect.h"
#include "id-table.h"

#define IMAGE_MAX 65536u

struct image {
	node_id node;
	struct rep_target_map map;
	uint8_t hash[FMT_HASH_SIZE];
};

struct file {
	char *path;
	uint8_t hash[FMT_HASH_SIZE];
};

struct rep_images {
	struct fmt_reader *reader;
	struct image *all;
	size_t count, capacity;
	struct rep_id_table by_number;	/* rep__id(node, file) -> struct file */
	struct file **files;
	size_t file_count, file_capacity;
	/* Those of one node, as a target. */
	node_id node;
	struct rep_target_map *maps;
	size_t map_count;
	struct rep_target target;
};

uint64_t rep__file_number_of(const uint8_t hash[FMT_HASH_SIZE])
{
	uint64_t number;

	memcpy(&number, hash, sizeof(number));
	return number | 1;
}

static void learn_file(struct rep_images *images, const struct fmt_event *event)
{
	struct fmt_ev_file ev;

	if (fmt_get_file(event, &ev) < 0 || ev.hash.size != FMT_HASH_SIZE || ev.id > UINT32_MAX ||
	    rep__id_table_get(&images->by_number, rep__id(event->node, (uint32_t)ev.id)))
		return;
	if (images->file_count == images->file_capacity) {
		images->file_capacity = images->file_capacity ? 2 * images->file_capacity : 64;
		images->files = reallocarray(images->files, images->file_capacity, sizeof(struct file *));
		CHECK(images->files);
	}
	struct file *file = calloc(1, sizeof(*file));

	CHECK(file);
	memcpy(file->hash, ev.hash.data, FMT_HASH_SIZE);
	file->path = strndup((const char *)ev.path.data, ev.path.size);
	CHECK(file->path);
	images->files[images->file_count++] = file;
	rep__id_table_put(&images->by_number, rep__id(event->node, (uint32_t)ev.id), file);
}

static void add_image(struct rep_images *images, node_id node, const struct fmt_effect *effect)
{
	const struct file *file = effect->file > UINT32_MAX ? NULL :
				  rep__id_table_get(&images->by_number, rep__id(node, (uint32_t)effect->file));

	if (!file || images->count >= IMAGE_MAX)
		return;
	const struct rep_target_map map = {effect->addr, effect->addr + effect->size, effect->offset, file->path,
					   rep__file_number_of(file->hash)};

	for (size_t i = images->count; i-- > 0;)
		if (images->all[i].node == node && images->all[i].map.start == map.start &&
		    images->all[i].map.file == map.file && images->all[i].map.offset == map.offset)
			return;
	if (images->count == images->capacity) {
		images->capacity = images->capacity ? 2 * images->capacity : 64;
		images->all = reallocarray(images->all, images->capacity, sizeof(*images->all));
		CHECK(images->all);
	}
	struct image *image = &images->all[images->count++];

	*image = (struct image){.node = node, .map = map};
	memcpy(image->hash, file->hash, FMT_HASH_SIZE);
}

static void learn_effects(struct rep_images *images, node_id node, struct fmt_bytes list)
{
	struct fmt_effect effect;
	size_t pos = 0;

	while (fmt_effect_next(list.data, list.size, &pos, &effect) > 0)
		if (effect.op == FMT_EFFECT_MAP && effect.file)
			add_image(images, node, &effect);
}

static void learn(struct rep_images *images, const struct fmt_event *event)
{
	struct fmt_ev_syscall call;
	struct fmt_ev_image image;
	struct fmt_ev_exec exec;

	if (event->kind == FMT_file)
		learn_file(images, event);
	else if (event->kind == FMT_exec && fmt_get_exec(event, &exec) == 0)
		learn_effects(images, event->node, exec.effects);
	else if (event->kind == FMT_image && fmt_get_image(event, &image) == 0)
		learn_effects(images, event->node, image.effects);
	else if (event->kind == FMT_syscall && fmt_get_syscall(event, &call) == 0 && call.nr == __NR_mmap)
		learn_effects(images, event->node, call.effects);
}

struct rep_images *rep__images_new(struct fmt_reader *reader)
{
	struct rep_images *images = calloc(1, sizeof(*images));
	struct fmt_event event;

	CHECK(images);
	images->reader = reader;
	for (event_seq seq = 0; seq < fmt_reader_count(reader) && fmt_reader_event(reader, seq, &event, NULL) == 0; seq++)
		learn(images, &event);
	return images;
}

void rep__images_free(struct rep_images *images)
{
	if (!images)
		return;
	for (size_t i = 0; i < images->file_count; i++) {
		free(images->files[i]->path);
		free(images->files[i]);
	}
	free(images->files);
	rep__id_table_done(&images->by_number);
	free(images->all);
	free(images->maps);
	free(images);
}

static size_t no_memory(void *arg, void *to, uint64_t addr, size_t size)
{
	(void)arg, (void)to, (void)addr, (void)size;
	return 0;
}

static size_t image_maps(void *arg, const struct rep_target_map **ret)
{
	const struct rep_images *images = arg;

	*ret = images->maps;
	return images->map_count;
}

static int image_open(void *arg, const struct rep_target_map *map)
{
	const struct rep_images *images = arg;

	for (size_t i = 0; i < images->count; i++)
		if (images->all[i].map.file == map->file)
			return fmt_reader_file(images->reader, images->all[i].hash, NULL);
	return -ENOENT;
}

const struct rep_target *rep__images_of(struct rep_images *images, node_id node)
{
	static const struct rep_target_ops ops = {.read = no_memory, .maps = image_maps, .open = image_open};

	free(images->maps);
	images->maps = calloc(images->count + 1, sizeof(*images->maps));
	CHECK(images->maps);
	images->map_count = 0;
	for (size_t i = 0; i < images->count; i++)
		if (!node || images->all[i].node == node)
			images->maps[images->map_count++] = images->all[i].map;
	images->target = (struct rep_target){&ops, images};
	return &images->target;
}
