/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gdb-sources.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sources.h"

#define PATH_SIZE 4096

/* A trace is not trusted: nothing is written outside the folder. */
static bool is_safe(const char *path)
{
	const size_t size = strlen(path);

	return path[0] == '/' && path[1] && path[size - 1] != '/' && !strstr(path, "/../") && !strstr(path, "//") &&
	       (size < 3 || strcmp(path + size - 3, "/..") != 0);
}

/* The folders of a path, from the one at offset on. */
static int make_folders(char *path, size_t offset)
{
	for (char *slash = strchr(path + offset + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		const int r = mkdir(path, 0700);

		*slash = '/';
		if (r < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

static int write_file(const char *folder, const char *path, struct fmt_bytes text)
{
	char at[PATH_SIZE];

	if ((size_t)snprintf(at, sizeof(at), "%s%s", folder, path) >= sizeof(at))
		return -ENAMETOOLONG;
	const int r = make_folders(at, strlen(folder));

	if (r < 0)
		return r;
	_cleanup_close_ int fd = open(at, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	for (size_t done = 0; done < text.size;) {
		const ssize_t n = write(fd, text.data + done, text.size - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n < 0 ? 0 : (size_t)n;
	}
	return 0;
}

/* Of two files of one name the first is found by it; links come when nothing is written any more that could go through one. */
static void link_name(const char *folder, const char *path)
{
	char at[PATH_SIZE];

	if ((size_t)snprintf(at, sizeof(at), "%s%s", folder, strrchr(path, '/')) < sizeof(at))
		(void)!symlink(path + 1, at);
}

static bool next_path(const struct fmt_buf *list, size_t *pos, char path[PATH_SIZE], struct fmt_bytes *ret_text)
{
	struct fmt_bytes its;

	if (fmt_sources_next(list, pos, &its, ret_text) <= 0)
		return false;
	snprintf(path, PATH_SIZE, "%.*s", (int)(its.size < PATH_SIZE ? its.size : 0), (const char *)its.data);
	return true;
}

int rep_gdb_sources_write(struct fmt_reader *reader, const char *folder, size_t *ret_count, struct fmt_error *error)
{
	_cleanup_(fmt_buf_done) struct fmt_buf list = {0};
	char path[PATH_SIZE];
	struct fmt_bytes text;
	size_t pos = 0;
	int r = fmt_sources_read(reader, &list, error);

	*ret_count = 0;
	while (r == 0 && next_path(&list, &pos, path, &text)) {
		if (!is_safe(path))
			continue;
		r = write_file(folder, path, text);
		*ret_count += 1;
	}
	pos = 0;
	while (r == 0 && next_path(&list, &pos, path, &text))
		if (is_safe(path))
			link_name(folder, path);
	if (r < 0 && !error->text[0])
		snprintf(error->text, sizeof(error->text), "cannot write source files to %s: %s", folder, strerror(-r));
	return r;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

void rep_gdb_sources_remove(const char *folder)
{
	nftw(folder, remove_one, /* descriptors= */ 16, FTW_DEPTH | FTW_PHYS);
}
