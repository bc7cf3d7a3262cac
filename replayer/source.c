/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "sources.h"

#define ROOT_MAX 64u
#define SIZE_MAX_BYTES (16 << 20)

struct rep_source {
	struct fmt_reader *reader;
	char *roots[ROOT_MAX];
	size_t root_count;
	struct fmt_buf carried;		/* by the trace */
	bool carried_read;
};

struct rep_source *rep_source_new(struct fmt_reader *reader)
{
	struct rep_source *source = calloc(1, sizeof(*source));

	CHECK(source);
	source->reader = reader;
	return source;
}

void rep_source_free(struct rep_source *source)
{
	if (!source)
		return;
	for (size_t i = 0; i < source->root_count; i++)
		free(source->roots[i]);
	fmt_buf_done(&source->carried);
	free(source);
}

void rep_source_add_root(struct rep_source *source, const char *folder)
{
	char *copy = strdup(folder);

	CHECK(copy);
	if (source->root_count < ROOT_MAX)
		source->roots[source->root_count++] = copy;
	else
		free(copy);
}

static int read_fd(int fd, struct fmt_buf *text)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -ENOENT;
	if (st.st_size > SIZE_MAX_BYTES)
		return -EFBIG;
	fmt_buf_clear(text);
	fmt_buf_reserve(text, (size_t)st.st_size + 1);
	while (text->size < (size_t)st.st_size) {
		const ssize_t n = pread(fd, text->data + text->size, (size_t)st.st_size - text->size, (off_t)text->size);

		if (n <= 0)
			return n < 0 ? -errno : 0;
		text->size += (size_t)n;
	}
	return 0;
}

static int read_path(const char *at, struct fmt_buf *text, struct fmt_buf *path)
{
	_cleanup_close_ int fd = open(at, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const int r = fd < 0 ? -ENOENT : read_fd(fd, text);

	if (r == 0) {
		fmt_buf_clear(path);
		fmt_buf_put(path, at, strlen(at));
	}
	return r;
}

/* The longest end of the path that is there. */
static int read_below(const char *root, const char *file, struct fmt_buf *text, struct fmt_buf *path)
{
	for (const char *end = file; end; end = strchr(end, '/')) {
		char at[8192];

		end += strspn(end, "/");
		snprintf(at, sizeof(at), "%s/%s", root, end);
		/* A path that climbs out of the folder is not in it. */
		if (*end && strstr(end, "..") == NULL && read_path(at, text, path) == 0)
			return 0;
	}
	return -ENOENT;
}

/* A list that is damaged is as good as none: the trace tells its run all the same. */
static int read_carried(struct rep_source *source, const char *file, struct fmt_buf *text, struct fmt_buf *path)
{
	struct fmt_bytes its_path, its_text;
	struct fmt_error error;
	size_t pos = 0;

	if (source->reader && !source->carried_read)
		fmt_sources_read(source->reader, &source->carried, &error);
	source->carried_read = true;
	while (fmt_sources_next(&source->carried, &pos, &its_path, &its_text) > 0) {
		if (its_path.size != strlen(file) || memcmp(its_path.data, file, its_path.size) != 0)
			continue;
		fmt_buf_clear(path);
		fmt_buf_put(path, file, its_path.size);
		fmt_buf_clear(text);
		fmt_buf_put(text, its_text.data, its_text.size);
		return 0;
	}
	return -ENOENT;
}

static int read_embedded(struct rep_source *source, const char *file, struct fmt_buf *text, struct fmt_buf *path)
{
	struct fmt_event event;
	struct fmt_ev_file ev;

	for (event_seq seq = 0; source->reader && seq < fmt_reader_count(source->reader); seq++) {
		if (fmt_reader_event(source->reader, seq, &event, NULL) < 0)
			return -ENOENT;
		if (event.kind != FMT_file || fmt_get_file(&event, &ev) < 0 || ev.path.size != strlen(file) ||
		    memcmp(ev.path.data, file, ev.path.size) != 0 || ev.hash.size != FMT_HASH_SIZE)
			continue;
		_cleanup_close_ int fd = fmt_reader_file(source->reader, ev.hash.data, NULL);

		if (fd < 0)
			return -ENOENT;
		fmt_buf_clear(path);
		fmt_buf_put(path, file, strlen(file));
		return read_fd(fd, text);
	}
	return -ENOENT;
}

int rep_source_read(struct rep_source *source, const char *file, struct fmt_buf *text, struct fmt_buf *path)
{
	int r = -ENOENT;

	for (size_t i = 0; r < 0 && i < source->root_count; i++)
		r = read_below(source->roots[i], file, text, path);
	/* What somebody put in is that of the run; what is at its path now may be newer. */
	if (r < 0)
		r = read_carried(source, file, text, path);
	if (r < 0 && file[0] == '/')
		r = read_path(file, text, path);
	return r < 0 && r != -EFBIG ? read_embedded(source, file, text, path) : r;
}
