/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "content.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"

struct rep_content_file {
	struct rep_content_file *next;
	struct rep_object *object;	/* what shared mappings of it have, NULL: there is none yet */
	event_seq seq;			/* of its event */
	uint64_t number;
	uint8_t hash[FMT_HASH_SIZE];
};

void rep__content_init(struct rep_content *content, struct fmt_reader *reader)
{
	*content = (struct rep_content){.reader = reader};
	for (size_t i = 0; i < REP_CONTENT_OPEN_MAX; i++)
		content->open[i].fd = -EBADF;
}

void rep__content_done(struct rep_content *content)
{
	while (content->first) {
		struct rep_content_file *file = content->first;

		content->first = file->next;
		free(file);
	}
	for (size_t i = 0; i < REP_CONTENT_OPEN_MAX; i++)
		cleanup_close(&content->open[i].fd);
	rep__id_table_done(&content->by_number);
	rep__id_table_done(&content->anonymous);
	rep__objects_done(&content->objects);
	free(content->seen);
}

int rep__content_add(struct rep_content *content, const struct fmt_event *event,
		     const struct fmt_ev_file *ev)
{
	if (ev->hash.size != FMT_HASH_SIZE || ev->id == 0 || ev->id > UINT32_MAX)
		return -EBADMSG;
	const uint64_t id = rep__id(event->node, (uint32_t)ev->id);
	const struct rep_content_file *old = rep__id_table_get(&content->by_number, id);

	if (old)	/* events are carried out again after going back */
		return old->seq == event->seq ? 0 : -EEXIST;
	if (content->file_count == REP_CONTENT_FILE_MAX)
		return -EMFILE;
	struct rep_content_file *file = calloc(1, sizeof(*file));

	CHECK(file);
	memcpy(file->hash, ev->hash.data, FMT_HASH_SIZE);
	file->seq = event->seq;
	file->number = id;
	file->next = content->first;
	content->first = file;
	content->file_count++;
	rep__id_table_put(&content->by_number, id, file);
	return 0;
}

/* ---- which file a mapping is of --------------------------------------- */

/* A memfd is told by its inode, for as long as anything maps it; then the number may go to another one, which is noted later. */
static void see(struct rep_content *content, int fd, const uint8_t hash[FMT_HASH_SIZE])
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return;
	if (content->seen_count == content->seen_capacity) {
		content->seen_capacity = content->seen_capacity ? 2 * content->seen_capacity : 64;
		content->seen = reallocarray(content->seen, content->seen_capacity,
					     sizeof(*content->seen));
		CHECK(content->seen);
	}
	content->seen[content->seen_count].inode = st.st_ino;
	memcpy(content->seen[content->seen_count].hash, hash, FMT_HASH_SIZE);
	content->seen_count++;
}

uint64_t rep__content_of_inode(const struct rep_content *content, node_id node, uint64_t inode)
{
	const uint8_t *hash = NULL;
	uint64_t number = 0;

	for (size_t i = content->seen_count; i-- > 0 && !hash;)
		if (content->seen[i].inode == inode)
			hash = content->seen[i].hash;
	/* The list begins with the newest; the first name that the node had for it is its own. */
	for (const struct rep_content_file *f = content->first; f && hash; f = f->next)
		if (f->number >> 32 == node && memcmp(f->hash, hash, FMT_HASH_SIZE) == 0)
			number = (uint32_t)f->number;
	return number;
}

static bool has_inode(int fd, uint64_t inode)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_ino == inode;
}

bool rep__content_shared(const struct rep_content *content, node_id node, uint64_t inode, uint64_t *ret_number, int *ret_fd)
{
	const struct rep_object *object = content->objects.first;

	while (object && !has_inode(object->fd, inode))
		object = object->next;
	if (!object)
		return false;
	*ret_number = 0;
	*ret_fd = object->fd;
	for (const struct rep_content_file *f = content->first; f; f = f->next)
		if (f->object == object && f->number >> 32 == node)
			*ret_number = (uint32_t)f->number;
	return true;
}

static int compare_file(const void *a, const void *b)
{
	const struct rep_content_file *const *x = a, *const *y = b;

	return ((*x)->number > (*y)->number) - ((*x)->number < (*y)->number);
}

void rep__content_each_live(const struct rep_content *content, node_id node,
			    void (*each)(void *arg, uint64_t number, const uint8_t hash[FMT_HASH_SIZE], int fd), void *arg)
{
	_cleanup_free_ const struct rep_content_file **list = calloc(content->file_count + 1, sizeof(*list));
	size_t count = 0;

	CHECK(list);
	for (const struct rep_content_file *f = content->first; f; f = f->next)
		if (f->number >> 32 == node && f->object && f->object->live)
			list[count++] = f;
	if (count)
		qsort(list, count, sizeof(*list), compare_file);
	for (size_t i = 0; i < count; i++)
		each(arg, (uint32_t)list[i]->number, list[i]->hash, list[i]->object->fd);
}

bool rep__content_has(const struct rep_content *content, node_id node, uint64_t number)
{
	return rep__id_table_get(&content->by_number, rep__id(node, (uint32_t)number)) != NULL;
}

bool rep__content_file(const struct rep_content *content, node_id node, uint64_t number, event_seq *ret)
{
	const struct rep_content_file *file =
		rep__id_table_get(&content->by_number, rep__id(node, (uint32_t)number));

	if (file)
		*ret = file->seq;
	return file != NULL;
}

/* ---- descriptors ------------------------------------------------------ */

/* A descriptor of the content, from those that are open or out of the trace. */
static int unpacked_fd(struct rep_content *content, const uint8_t hash[FMT_HASH_SIZE],
		       struct fmt_error *error)
{
	size_t oldest = 0;

	content->calls++;
	for (size_t i = 0; i < REP_CONTENT_OPEN_MAX; i++) {
		if (content->open[i].fd >= 0 &&
		    memcmp(content->open[i].hash, hash, FMT_HASH_SIZE) == 0) {
			content->open[i].used = content->calls;
			return content->open[i].fd;
		}
		if (content->open[i].used < content->open[oldest].used)
			oldest = i;
	}
	const int fd = fmt_reader_file(content->reader, hash, error);

	if (fd < 0)
		return fd;
	see(content, fd, hash);
	cleanup_close(&content->open[oldest].fd);
	memcpy(content->open[oldest].hash, hash, FMT_HASH_SIZE);
	content->open[oldest].fd = fd;
	content->open[oldest].used = content->calls;
	return fd;
}

/* Makes an object's bytes those of a file. 0 or -errno. */
static int copy_content(struct rep_objects *objects, struct rep_object *object, int from)
{
	const off_t size = lseek(from, 0, SEEK_END), now = lseek(object->fd, 0, SEEK_END);
	off_t at = 0;

	if (size < 0 || now < 0)
		return -errno;
	/* One that is born again keeps its size if that is larger: the size that it has to have is an effect of the same event. */
	const int r = rep__object_resize(objects, object, (uint64_t)(now > size ? now : size), /* clear= */ true);

	if (r < 0)
		return r;
	if (lseek(object->fd, 0, SEEK_SET) < 0)
		return -errno;
	while (at < size) {
		const ssize_t done = sendfile(object->fd, from, &at, (size_t)(size - at));

		if (done < 0)
			return -errno;
		if (done == 0)
			return -EIO;
	}
	return 0;
}

/* The one object that all shared mappings of a file see, and that stores change; it begins as a copy. */
static int object_fd(struct rep_content *content, struct rep_content_file *file, struct fmt_error *error)
{
	const int fd = unpacked_fd(content, file->hash, error);

	if (fd < 0)
		return fd;
	int r = file->object ? 0 : rep__object_new(&content->objects, &file->object);

	if (r == 0)
		r = copy_content(&content->objects, file->object, fd);
	if (r < 0)
		return r;
	see(content, file->object->fd, file->hash);
	file->object->live = true;
	return file->object->fd;
}

int rep__content_resize(struct rep_content *content, node_id node, uint64_t number, uint64_t size,
			struct fmt_error *error)
{
	const int fd = rep__content_fd(content, node, number, /* shared= */ true, error);

	if (fd < 0)
		return fd;
	const struct rep_content_file *file =
		rep__id_table_get(&content->by_number, rep__id(node, (uint32_t)number));

	return rep__object_resize(&content->objects, file->object, size, /* clear= */ false);
}

int rep__content_anonymous(struct rep_content *content, event_seq seq, size_t effect, uint64_t size)
{
	const uint64_t id = seq * REP_CONTENT_EFFECT_MAX + effect;

	if (effect >= REP_CONTENT_EFFECT_MAX)
		return -EMFILE;
	struct rep_object *object = rep__id_table_get(&content->anonymous, id);

	if (!object) {
		const int r = rep__object_new(&content->objects, &object);

		if (r < 0)
			return r;
		rep__id_table_put(&content->anonymous, id, object);
	}
	const int r = rep__object_resize(&content->objects, object, size, /* clear= */ true);

	object->live = true;
	return r < 0 ? r : object->fd;
}

int rep__content_fd(struct rep_content *content, node_id node, uint64_t number, bool shared,
		    struct fmt_error *error)
{
	error->text[0] = '\0';
	if (number == 0 || number > UINT32_MAX)
		return -ENOENT;
	struct rep_content_file *file =
		rep__id_table_get(&content->by_number, rep__id(node, (uint32_t)number));

	if (!file)
		return -ENOENT;
	if (file->object && file->object->live)
		return file->object->fd;
	return shared ? object_fd(content, file, error) : unpacked_fd(content, file->hash, error);
}
