/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "content.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"

struct rep_content_file {
	struct rep_content_file *next;
	int object;			/* what shared mappings of it have, -EBADF: there is none yet */
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
		cleanup_close(&file->object);
		free(file);
	}
	for (size_t i = 0; i < REP_CONTENT_OPEN_MAX; i++)
		cleanup_close(&content->open[i].fd);
	rep__id_table_done(&content->by_number);
}

int rep__content_add(struct rep_content *content, node_id node, const struct fmt_ev_file *ev)
{
	if (ev->hash.size != FMT_HASH_SIZE || ev->id == 0 || ev->id > UINT32_MAX)
		return -EBADMSG;
	const uint64_t id = rep__id(node, (uint32_t)ev->id);

	if (rep__id_table_get(&content->by_number, id))
		return -EEXIST;
	if (content->file_count == REP_CONTENT_FILE_MAX)
		return -EMFILE;
	struct rep_content_file *file = calloc(1, sizeof(*file));

	CHECK(file);
	memcpy(file->hash, ev->hash.data, FMT_HASH_SIZE);
	file->object = -EBADF;
	file->next = content->first;
	content->first = file;
	content->file_count++;
	rep__id_table_put(&content->by_number, id, file);
	return 0;
}

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
	cleanup_close(&content->open[oldest].fd);
	memcpy(content->open[oldest].hash, hash, FMT_HASH_SIZE);
	content->open[oldest].fd = fd;
	content->open[oldest].used = content->calls;
	return fd;
}

/* Makes one file's bytes those of another. 0 or -errno. */
static int copy_content(int to, int from)
{
	const off_t size = lseek(from, 0, SEEK_END);
	off_t at = 0;

	if (size < 0 || ftruncate(to, size) < 0 || lseek(to, 0, SEEK_SET) < 0)
		return -errno;
	while (at < size) {
		const ssize_t done = sendfile(to, from, &at, (size_t)(size - at));

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
	if (content->object_count == REP_CONTENT_OBJECT_MAX)
		return -EMFILE;
	const int fd = unpacked_fd(content, file->hash, error);

	if (fd < 0)
		return fd;
	_cleanup_close_ int object = memfd_create("hindcast-shared", MFD_CLOEXEC);
	const int failed = object < 0 ? -errno : copy_content(object, fd);

	if (failed < 0)
		return failed;
	content->object_count++;
	file->object = STEAL_FD(object);
	return file->object;
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
	if (file->object >= 0)
		return file->object;
	return shared ? object_fd(content, file, error) : unpacked_fd(content, file->hash, error);
}
