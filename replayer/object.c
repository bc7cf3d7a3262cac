/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "object.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"

struct rep_object_bytes {
	unsigned refs;
	uint64_t file_size;
	uint64_t data_size;		/* of all extents */
	size_t extent_count;
	struct extent {
		uint64_t offset, size;
		uint8_t *data;
	} *extents;
};

int rep__object_new(struct rep_objects *objects, struct rep_object **ret)
{
	if (objects->count == REP_OBJECT_MAX)
		return -EMFILE;
	const int fd = memfd_create("hindcast-shared", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	struct rep_object *object = calloc(1, sizeof(*object));

	CHECK(object);
	*object = (struct rep_object){.fd = fd, .live = true, .next = objects->first, .shrunk_to = UINT64_MAX};
	objects->first = object;
	objects->count++;
	*ret = object;
	return 0;
}

static void bytes_unref(struct rep_object_bytes *bytes)
{
	if (!bytes || --bytes->refs > 0)
		return;
	for (size_t i = 0; i < bytes->extent_count; i++)
		free(bytes->extents[i].data);
	free(bytes->extents);
	free(bytes);
}

void rep__objects_done(struct rep_objects *objects)
{
	while (objects->first) {
		struct rep_object *object = objects->first;

		objects->first = object->next;
		close(object->fd);
		bytes_unref(object->last);
		free(object);
	}
}

/* ---- keeping ---------------------------------------------------------- */

static int read_at(int fd, uint8_t *to, uint64_t offset, uint64_t size)
{
	while (size > 0) {
		const ssize_t r = pread(fd, to, size, (off_t)offset);

		if (r <= 0)
			return r < 0 ? -errno : -EIO;
		to += r;
		offset += (uint64_t)r;
		size -= (uint64_t)r;
	}
	return 0;
}

static int add_extent(struct rep_object_bytes *bytes, int fd, uint64_t offset, uint64_t size)
{
	struct extent *larger =
		reallocarray(bytes->extents, bytes->extent_count + 1, sizeof(*bytes->extents));

	if (!larger)
		return -ENOMEM;
	bytes->extents = larger;
	uint8_t *data = malloc(size);

	if (!data)
		return -ENOMEM;
	bytes->extents[bytes->extent_count++] = (struct extent){offset, size, data};
	bytes->data_size += size;
	return read_at(fd, data, offset, size);
}

/* Where the file has pages at all: a segment of a gigabyte that was touched once is small. */
static int read_extents(struct rep_object_bytes *bytes, int fd)
{
	off_t end = 0;

	for (;;) {
		const off_t start = lseek(fd, end, SEEK_DATA);

		if (start < 0)
			return errno == ENXIO ? 0 : -errno;
		end = lseek(fd, start, SEEK_HOLE);
		if (end < 0)
			return -errno;
		const int r = add_extent(bytes, fd, (uint64_t)start, (uint64_t)(end - start));

		if (r < 0)
			return r;
	}
}

static bool same_bytes(const struct rep_object_bytes *a, const struct rep_object_bytes *b)
{
	if (!a || a->file_size != b->file_size || a->extent_count != b->extent_count)
		return false;
	for (size_t i = 0; i < a->extent_count; i++)
		if (a->extents[i].offset != b->extents[i].offset ||
		    a->extents[i].size != b->extents[i].size ||
		    memcmp(a->extents[i].data, b->extents[i].data, a->extents[i].size) != 0)
			return false;
	return true;
}

/* A share of the object's bytes as they are now: the last one when nothing has changed. */
static int object_bytes(struct rep_object *object, struct rep_object_bytes **ret)
{
	struct rep_object_bytes *bytes = calloc(1, sizeof(*bytes));
	const off_t size = lseek(object->fd, 0, SEEK_END);

	CHECK(bytes);
	bytes->refs = 1;
	bytes->file_size = (uint64_t)size;
	const int r = size < 0 ? -errno : read_extents(bytes, object->fd);

	if (r < 0) {
		bytes_unref(bytes);
		return r;
	}
	if (same_bytes(object->last, bytes)) {
		bytes_unref(bytes);
	} else {
		bytes_unref(object->last);
		object->last = bytes;
	}
	object->last->refs++;
	*ret = object->last;
	return 0;
}

int rep__objects_keep(struct rep_objects *objects, struct rep_objects_kept *ret)
{
	struct rep_objects_kept kept = {.list = calloc(objects->count + 1, sizeof(*kept.list))};

	CHECK(kept.list);
	for (struct rep_object *o = objects->first; o; o = o->next) {
		if (!o->live)
			continue;
		struct rep_object_bytes *bytes;
		const int r = object_bytes(o, &bytes);

		if (r < 0) {
			rep__objects_kept_done(&kept);
			return r;
		}
		kept.list[kept.count++] = (struct rep_object_kept){o, bytes};
	}
	*ret = kept;
	return 0;
}

void rep__objects_kept_done(struct rep_objects_kept *kept)
{
	for (size_t i = 0; i < kept->count; i++)
		bytes_unref(kept->list[i].bytes);
	free(kept->list);
	*kept = (struct rep_objects_kept){0};
}

uint64_t rep__objects_kept_size(const struct rep_objects_kept *kept)
{
	uint64_t size = 0;

	for (size_t i = 0; i < kept->count; i++)
		size += kept->list[i].bytes->data_size / kept->list[i].bytes->refs;
	return size;
}

/* ---- going back ------------------------------------------------------- */

static int write_at(int fd, const uint8_t *from, uint64_t offset, uint64_t size)
{
	while (size > 0) {
		const ssize_t r = pwrite(fd, from, size, (off_t)offset);

		if (r <= 0)
			return r < 0 ? -errno : -EIO;
		from += r;
		offset += (uint64_t)r;
		size -= (uint64_t)r;
	}
	return 0;
}

int rep__object_resize(struct rep_objects *objects, struct rep_object *object, uint64_t size, bool clear)
{
	const off_t now = lseek(object->fd, 0, SEEK_END);

	if (now < 0 || ((uint64_t)now != size && ftruncate(object->fd, (off_t)size) < 0))
		return -errno;
	if ((uint64_t)now > size && size < object->shrunk_to) {
		object->shrunk_to = size;
		objects->any_shrunk = true;
	}
	/* A hole leaves private copies of pages alone. */
	if (clear && size &&
	    fallocate(object->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)size) < 0)
		return -errno;
	return 0;
}

bool rep__objects_kept_spoilt(const struct rep_objects_kept *kept)
{
	for (size_t i = 0; i < kept->count; i++)
		if (kept->list[i].bytes->file_size > kept->list[i].object->shrunk_to)
			return true;
	return false;
}

void rep__objects_mended(struct rep_objects *objects)
{
	for (struct rep_object *o = objects->first; o; o = o->next)
		o->shrunk_to = UINT64_MAX;
	objects->any_shrunk = false;
}

static int restore(struct rep_objects *objects, struct rep_object *object, const struct rep_object_bytes *bytes)
{
	const int cleared = rep__object_resize(objects, object, bytes->file_size, /* clear= */ true);

	if (cleared < 0)
		return cleared;
	for (size_t i = 0; i < bytes->extent_count; i++) {
		const struct extent *e = &bytes->extents[i];
		const int r = write_at(object->fd, e->data, e->offset, e->size);

		if (r < 0)
			return r;
	}
	return 0;
}

int rep__objects_restore(struct rep_objects *objects, const struct rep_objects_kept *kept)
{
	for (struct rep_object *o = objects->first; o; o = o->next)
		o->live = false;
	for (size_t i = 0; i < kept->count; i++) {
		const int r = restore(objects, kept->list[i].object, kept->list[i].bytes);

		if (r < 0)
			return r;
		kept->list[i].object->live = true;
	}
	return 0;
}
