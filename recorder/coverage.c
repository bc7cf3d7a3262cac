/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * coverage.c - counts come out of the kernels of nodes, and go into files.
 *
 *	DIR/nodes/NAME/net/ipv4/icmp.gcda	of one node; when its host was down meanwhile, of all kernels that it has had
 *	DIR/all/net/ipv4/icmp.gcda		of all nodes
 *	DIR/all/net/ipv4/icmp.c ...		links to the sources
 *
 * Beside every .gcda there is a link to the .gcno that the compiler wrote for the same object.  Sources are named in it as the
 * compiler was given them, relative to the kernel's source; who starts gcov in DIR/all has them there.
 *
 * A worker writes the files of its own nodes, and sums are made when all workers have ended: so they do not depend on which worker
 * had which node.
 */
#include "coverage.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/le.h"
#include "command.h"
#include "experiment-int.h"
#include "loader.h"
#include "recording.h"

/* A .gcda file (gcc 12 and later): magic, version, stamp and checksum; then records of a tag, a size in bytes, and so much. */
#define GCDA_MAGIC 0x67636461u
#define GCDA_HEADER_SIZE 16u
#define GCDA_TAG_ARCS 0x01a10000u
#define GCDA_SIZE_MAX (64u << 20)

static void add_counts(uint8_t *sum, const uint8_t *more, size_t size)
{
	for (size_t at = 0; at < size; at += 8)
		le64_put(sum + at, le64_get(sum + at) + le64_get(more + at));
}

int rec__coverage_add(uint8_t *sum, const uint8_t *more, size_t size)
{
	size_t at = GCDA_HEADER_SIZE;

	if (size < at || le32_get(sum) != GCDA_MAGIC || memcmp(sum, more, at) != 0)
		return -EBADMSG;
	while (at < size) {
		if (size - at < 8 || memcmp(sum + at, more + at, 8) != 0)
			return -EBADMSG;
		const uint32_t tag = le32_get(sum + at), length = le32_get(sum + at + 4);

		at += 8;
		if (length > size - at || (tag == GCDA_TAG_ARCS && length % 8))
			return -EBADMSG;
		if (tag == GCDA_TAG_ARCS)
			add_counts(sum + at, more + at, length);
		else if (memcmp(sum + at, more + at, length) != 0)
			return -EBADMSG;
		at += length;
	}
	return 0;
}

/* ---- files ---- */

/* The folders that path lies in. */
static int make_folders(const char *path)
{
	_cleanup_free_ char *folder = fmt_text_of("%s", path);

	for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(folder, 0777) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return 0;
}

static int write_file(const char *path, const uint8_t *bytes, size_t size)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0)
		return -errno;
	for (size_t done = 0; done < size;) {
		const ssize_t put = write(fd, bytes + done, size - done);

		if (put < 0 && errno != EINTR)
			return -errno;
		done += put > 0 ? (size_t)put : 0;
	}
	return 0;
}

/* Puts counts into folder/name; those that are there already are added to bytes first. */
static int add_file(const char *folder, const char *name, uint8_t *bytes, size_t size)
{
	_cleanup_free_ char *path = fmt_text_of("%s/%s", folder, name), *there = NULL;
	size_t there_size = 0;
	int error = rec__read_file(path, GCDA_SIZE_MAX, &there, &there_size);

	if (error == -ENOENT)
		error = make_folders(path);
	else if (error == 0)
		error = there_size == size ? rec__coverage_add(bytes, (const uint8_t *)there, size) : -EBADMSG;
	return error < 0 ? error : write_file(path, bytes, size);
}

int rec_coverage_keep(const struct kg_instance *instance, const char *folder)
{
	kg_coverage_fn *const look = kg_instance_coverage(instance);
	_cleanup_free_ uint8_t *bytes = NULL;
	kg_u64 size = 0, room = 0;
	const char *name;
	int error = look ? 0 : -ENOTSUP;

	for (kg_u64 i = 0; !error && look(i, bytes, room, &name, &size); i++) {
		if (*name == '/' || strstr(name, "..") || size > GCDA_SIZE_MAX)
			return -EBADMSG;
		if (size > room) {
			free(bytes);
			room = 2 * size;
			bytes = malloc(room);
			if (!bytes)
				return -ENOMEM;
			look(i, bytes, room, &name, &size);
		}
		error = add_file(folder, name, bytes, size);
	}
	return error;
}

/* ---- all nodes ---- */

char *rec_coverage_notes(const char *image)
{
	_cleanup_free_ char *stem = rec__without_suffix(image, ".so");

	return fmt_text_of("%s.notes", stem);
}

static bool has_suffix(const char *name, const char *suffix)
{
	const size_t length = strlen(name), end = strlen(suffix);

	return length > end && strcmp(name + length - end, suffix) == 0;
}

static int link_file(const char *from, const char *name, const char *folder)
{
	_cleanup_free_ char *target = fmt_text_of("%s/%s", from, name), *path = fmt_text_of("%s/%s", folder, name);
	const int error = make_folders(path);

	return error < 0 ? error : symlink(target, path) < 0 && errno != EEXIST ? -errno : 0;
}

/* Calls one for every file below folder, with its path from there; ends with the first error. */
static int for_all_files(const char *folder, int (*one)(const char *path, const char *name, void *arg), void *arg)
{
	char *const roots[] = {(char *)folder, NULL};
	FTS *const walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
	int error = walk ? 0 : -errno;

	for (FTSENT *at; !error && (errno = 0, at = fts_read(walk));) {
		if (at->fts_info == FTS_ERR || at->fts_info == FTS_DNR || at->fts_info == FTS_NS)
			error = -at->fts_errno;
		else if (at->fts_info != FTS_D && at->fts_info != FTS_DP && at->fts_level > 0)
			error = one(at->fts_path, at->fts_path + strlen(folder) + 1, arg);
	}
	if (walk)
		fts_close(walk);
	return error;
}

struct sum {
	const char *notes;	/* absolute, as targets of links are */
	const char *nodes;
	const char *all;
};

/* Of one node: name is NODE/net/ipv4/icmp.gcda. */
static int sum_file(const char *path, const char *name, void *arg)
{
	const struct sum *const sum = arg;
	const char *const object = strchr(name, '/');
	_cleanup_free_ char *bytes = NULL;
	size_t size = 0;

	if (!object || !has_suffix(object, ".gcda"))
		return 0;
	_cleanup_free_ char *folder = fmt_text_of("%s/%.*s", sum->nodes, (int)(object - name), name);
	_cleanup_free_ char *stem = rec__without_suffix(object + 1, ".gcda");
	_cleanup_free_ char *note = fmt_text_of("%s.gcno", stem);
	int error = rec__read_file(path, GCDA_SIZE_MAX, &bytes, &size);

	if (error == 0)
		error = add_file(sum->all, object + 1, (uint8_t *)bytes, size);
	return error < 0 ? error : link_file(sum->notes, note, folder);
}

static int link_note(const char *path, const char *name, void *arg)
{
	const struct sum *const sum = arg;

	(void)path;
	return link_file(sum->notes, name, sum->all);
}

int rec_coverage_sum(const char *dir, const char *notes)
{
	_cleanup_free_ char *nodes = fmt_text_of("%s/nodes", dir), *all = fmt_text_of("%s/all", dir);
	char absolute[PATH_MAX];

	if (!realpath(notes, absolute))
		return -errno;
	struct sum sum = {.notes = absolute, .nodes = nodes, .all = all};
	const int error = for_all_files(nodes, sum_file, &sum);

	return error < 0 ? error : for_all_files(absolute, link_note, &sum);
}
