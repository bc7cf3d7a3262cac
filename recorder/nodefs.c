/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nodefs.c - the files of a node.
 *
 * A node sees a read-only lower tree (the host's own, as a rule) under whatever it has
 * written itself, which lives in a private upper directory that stays after the
 * run.  The kernel's hcfs keeps no page cache, so a read, a write and a mapping all meet the same host file.
 *
 * Invariants
 *  1. The lower tree is never written; a write copies the file up first.
 *  2. What is in memory is the truth about names and attributes: the upper directory is
 *     empty when the run begins, and only this file writes to it.
 *  3. Inode numbers come from a counter, in the order in which a node meets its files; a directory
 *     is listed in the order of its names' bytes.  Neither depends on the host's file system.
 *  4. Trees that describe the host and not the experiment (HIDDEN) are empty directories.  In those where
 *     everybody's temporary files lie (QUIET) what is named is found, so that a program under test may lie
 *     there, but only the node's own files are listed: the others come and go between runs.
 *  5. The time of a directory of the lower tree is the beginning of the run, and what hindcast writes (traces and data
 *     directories) is not listed: recording into the folder that a program lies in changes both.
 *
 * Names are sorted arrays, not hashes: directories are small, listed in order, and nothing may
 * iterate in an order that depends on addresses.
 */
#include "nodefs-int.h"

#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"

static const char *const HIDDEN[] = { "/proc", "/sys", "/dev", "/run" };
static const char *const QUIET[] = { "/tmp", "/var/tmp" };

#define COPY_CHUNK (256 * 1024)

static void *must(void *p)
{
	CHECK(p != NULL);
	return p;
}

struct inode *rec__inode_of(struct rec_nodefs *fs, uint64_t ino)
{
	return ino >= 1 && ino <= fs->inode_count ? fs->inodes[ino - 1] : NULL;
}

static struct inode *inode_new(struct rec_nodefs *fs, uint32_t mode)
{
	if (fs->inode_count == fs->inode_capacity) {
		fs->inode_capacity = fs->inode_capacity ? 2 * fs->inode_capacity : 256;
		fs->inodes = must(reallocarray(fs->inodes, fs->inode_capacity, sizeof(*fs->inodes)));
	}
	struct inode *inode = must(calloc(1, sizeof(*inode)));

	inode->ino = fs->inode_count + 1;
	inode->mode = mode;
	inode->nlink = S_ISDIR(mode) ? 2 : 1;
	inode->size = S_ISDIR(mode) ? REC__DIR_SIZE : 0;
	inode->fd[0] = inode->fd[1] = -1;
	inode->stream = -1;
	fs->inodes[fs->inode_count++] = inode;
	return inode;
}

void rec__inode_close(struct inode *inode)
{
	for (int i = 0; i < 2; i++) {
		if (inode->fd[i] >= 0)
			close(inode->fd[i]);
		inode->fd[i] = -1;
	}
}

static void inode_free(struct inode *inode)
{
	rec__inode_close(inode);
	for (size_t i = 0; i < inode->entry_count; i++)
		free(inode->entries[i].name);
	free(inode->entries);
	for (size_t i = 0; i < inode->other_count; i++)
		free(inode->others[i].name);
	free(inode->others);
	free(inode->name);
	free(inode->lower);
	free(inode->io_path);
	free(inode->target);
	free(inode);
}

int64_t rec__fs_now(struct rec_nodefs *fs)
{
	return (int64_t)fs->config.realtime_ns(fs->config.arg);
}

/* Appends the node's path of an inode to buf (PATH_MAX), without a trailing slash; "" is the root. */
static void path_append(const struct inode *inode, char *buf, size_t size)
{
	if (!inode->parent) {
		/* It has lost its last name, or never had one. */
		if (inode->name)
			snprintf(buf, size, "/%s (deleted)", inode->name);
		return;
	}
	path_append(inode->parent, buf, size);
	size_t used = strlen(buf);

	snprintf(buf + used, size - used, "/%s", inode->name);
}

const char *rec_nodefs_path(struct rec_nodefs *fs, uint64_t ino)
{
	const struct inode *inode = rec__inode_of(fs, ino);

	fs->path[0] = 0;
	if (inode)
		path_append(inode, fs->path, sizeof(fs->path));
	if (!fs->path[0])
		strcpy(fs->path, "/");
	return fs->path;
}

char *rec__upper_path(struct rec_nodefs *fs, const struct inode *inode)
{
	char path[4096] = "";
	char *full;

	path_append(inode, path, sizeof(path));
	CHECK(asprintf(&full, "%s%s", fs->upper, path) >= 0);
	return full;
}

/* ---- names ----------------------------------------------------------- */

/* Position of name in a directory, or where it belongs; *ret_found says which. */
static size_t entry_find(const struct inode *dir, const char *name, bool *ret_found)
{
	size_t low = 0, high = dir->entry_count;

	*ret_found = false;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(dir->entries[middle].name, name);

		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* An inode is known by one more name. */
static void name_add(struct inode *inode, struct inode *dir, const char *name)
{
	char *copy = must(strdup(name));

	if (!inode->parent) {
		free(inode->name);
		inode->name = copy;
		inode->parent = dir;
		return;
	}
	inode->others = must(reallocarray(inode->others, inode->other_count + 1, sizeof(*inode->others)));
	inode->others[inode->other_count++] = (struct name) { dir, copy };
}

/* An inode loses a name; the last one is kept for show. */
static void name_drop(struct inode *inode, const struct inode *dir, const char *name)
{
	size_t at = 0;

	if (inode->parent == dir && !strcmp(inode->name, name)) {
		inode->parent = NULL;
		if (!inode->other_count)
			return;
		free(inode->name);
		inode->parent = inode->others[0].dir;
		inode->name = inode->others[0].name;
	} else {
		while (at < inode->other_count &&
		       (inode->others[at].dir != dir || strcmp(inode->others[at].name, name)))
			at++;
		CHECK(at < inode->other_count);
		free(inode->others[at].name);
	}
	inode->other_count--;
	memmove(inode->others + at, inode->others + at + 1, (inode->other_count - at) * sizeof(*inode->others));
}

/* Gives a name a meaning; inode NULL hides it. */
void rec__entry_set(struct inode *dir, const char *name, struct inode *inode)
{
	bool found;
	size_t at = entry_find(dir, name, &found);

	if (!found) {
		if (dir->entry_count == dir->entry_capacity) {
			dir->entry_capacity = dir->entry_capacity ? 2 * dir->entry_capacity : 8;
			dir->entries = must(reallocarray(dir->entries, dir->entry_capacity,
							 sizeof(*dir->entries)));
		}
		memmove(dir->entries + at + 1, dir->entries + at,
			(dir->entry_count - at) * sizeof(*dir->entries));
		dir->entries[at] = (struct entry) { .name = must(strdup(name)) };
		dir->entry_count++;
	}
	struct inode *old = dir->entries[at].inode;

	if (old == inode)
		return;
	if (old)
		name_drop(old, dir, name);
	dir->entries[at].inode = inode;
	if (inode)
		name_add(inode, dir, name);
}

static bool is_among(const struct inode *inode, const char *const *paths, size_t count)
{
	char path[4096] = "";

	path_append(inode, path, sizeof(path));
	for (size_t i = 0; i < count; i++)
		if (!strcmp(path, paths[i]))
			return true;
	return false;
}

static int64_t mtime_of(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

/* Brings a name of the lower tree into memory.  The inode, or NULL when there is none (or it is of a kind that
 * cannot be shared with a node: the host's sockets, pipes and devices). */
static struct inode *lower_lookup(struct rec_nodefs *fs, struct inode *dir, const char *name)
{
	_cleanup_free_ char *path = NULL;
	struct stat st;

	if (!dir->lower)
		return NULL;
	CHECK(asprintf(&path, "%s/%s", strcmp(dir->lower, "/") ? dir->lower : "", name) >= 0);
	if (lstat(path, &st) < 0)
		return NULL;
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode))
		return NULL;

	_cleanup_free_ char *target = NULL;

	if (S_ISLNK(st.st_mode)) {
		char buf[4096];
		ssize_t size = readlink(path, buf, sizeof(buf) - 1);

		if (size < 0)
			return NULL;
		buf[size] = 0;
		target = must(strdup(buf));
	}
	struct inode *inode = inode_new(fs, st.st_mode);

	inode->uid = st.st_uid;
	inode->gid = st.st_gid;
	if (S_ISDIR(st.st_mode)) {
		inode->mtime_ns = fs->began_ns;
	} else {
		inode->mtime_ns = mtime_of(&st);
		inode->size = (uint64_t)st.st_size;
		inode->met.ino = st.st_ino;
		inode->met.size = inode->size;
		inode->met.mtime_ns = inode->mtime_ns;
	}
	inode->target = STEAL(target);
	inode->lower = STEAL(path);
	rec__entry_set(dir, name, inode);
	if (!S_ISDIR(st.st_mode))
		return inode;
	inode->quiet = is_among(inode, QUIET, sizeof(QUIET) / sizeof(*QUIET));
	if (is_among(inode, HIDDEN, sizeof(HIDDEN) / sizeof(*HIDDEN))) {
		free(inode->lower);
		inode->lower = NULL;
	}
	return inode;
}

struct inode *rec__lookup(struct rec_nodefs *fs, struct inode *dir, const char *name)
{
	bool found;
	size_t at = entry_find(dir, name, &found);

	if (found)
		return dir->entries[at].inode;
	return dir->listed ? NULL : lower_lookup(fs, dir, name);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool ends_with(const char *name, const char *suffix)
{
	const size_t length = strlen(name), tail = strlen(suffix);

	return length > tail && !strcmp(name + length - tail, suffix);
}

/* Whether hindcast itself has written it: a trace, one that is being made, or a data directory. */
static bool is_record(const struct inode *dir, const struct dirent *d)
{
	static const char *const traces[] = { ".hct", ".hct.part", ".hct.tmp" };

	for (size_t i = 0; i < sizeof(traces) / sizeof(*traces); i++)
		if (ends_with(d->d_name, traces[i]))
			return true;
	if (d->d_type != DT_DIR)
		return false;

	_cleanup_free_ char *marker = NULL;

	CHECK(asprintf(&marker, "%s/%s/" REC_NODEFS_DATA_MARKER, dir->lower, d->d_name) >= 0);
	return access(marker, F_OK) == 0;
}

/* Brings all lower names of a directory into memory, in the order of their bytes. */
int rec__list(struct rec_nodefs *fs, struct inode *dir)
{
	if (dir->listed || dir->quiet)
		return 0;
	if (!dir->lower) {
		dir->listed = true;
		return 0;
	}
	DIR *stream = opendir(dir->lower);

	if (!stream)
		return -errno;
	char **names = NULL;
	size_t count = 0, capacity = 0;

	for (struct dirent *d; (d = readdir(stream));) {
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, "..") || is_record(dir, d))
			continue;
		if (count == capacity) {
			capacity = capacity ? 2 * capacity : 64;
			names = must(reallocarray(names, capacity, sizeof(*names)));
		}
		names[count++] = must(strdup(d->d_name));
	}
	closedir(stream);
	if (count)
		qsort(names, count, sizeof(*names), compare_names);
	for (size_t i = 0; i < count; i++) {
		rec__lookup(fs, dir, names[i]);
		free(names[i]);
	}
	free(names);
	dir->listed = true;
	return 0;
}

/* ---- the upper directory --------------------------------------------- */

/* Makes sure that a directory stands in the upper tree. */
int rec__upper_dir(struct rec_nodefs *fs, struct inode *dir)
{
	if (dir->upper)
		return 0;
	if (dir->parent) {
		int r = rec__upper_dir(fs, dir->parent);

		if (r < 0)
			return r;
	}
	_cleanup_free_ char *path = rec__upper_path(fs, dir);

	if (mkdir(path, 0755) < 0) {
		struct stat st;

		/* Something else of that name must never be walked through: it might lead out. */
		if (errno != EEXIST || lstat(path, &st) < 0 || !S_ISDIR(st.st_mode))
			return errno == EEXIST ? -EIO : -errno;
	}
	dir->upper = true;
	return 0;
}

int rec__copy_bytes(int from, int to)
{
	_cleanup_free_ char *buf = must(malloc(COPY_CHUNK));

	for (;;) {
		ssize_t size = read(from, buf, COPY_CHUNK);

		if (size <= 0)
			return size < 0 ? -errno : 0;
		for (ssize_t done = 0; done < size;) {
			ssize_t part = write(to, buf + done, (size_t)(size - done));

			if (part < 0)
				return -errno;
			done += part;
		}
	}
}

/* A host file without a name.  Where the host's file system has none, it is memory. */
static int open_unnamed(struct rec_nodefs *fs, bool in_memory)
{
	int fd = in_memory ? -1 : open(fs->upper, O_TMPFILE | O_RDWR | O_CLOEXEC, 0644);

	if (fd < 0)
		fd = memfd_create("hindcast-file", MFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Makes a regular file the node's own, with its present content unless truncate. */
int rec__copy_up(struct rec_nodefs *fs, struct inode *inode, bool truncate)
{
	if (inode->upper || inode->io_path)
		return 0;
	int r = inode->parent ? rec__upper_dir(fs, inode->parent) : 0;

	if (r < 0)
		return r;
	_cleanup_free_ char *path = inode->parent ? rec__upper_path(fs, inode) : NULL;
	_cleanup_close_ int to = path ? open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644) :
				 open_unnamed(fs, /* in_memory= */ false);

	if (to < 0)
		return path ? -errno : to;
	if (inode->lower && !truncate) {
		_cleanup_close_ int from = open(inode->lower, O_RDONLY | O_CLOEXEC);

		if (from < 0)
			return -errno;
		inode->read = true;
		r = rec__copy_bytes(from, to);
		if (r < 0)
			return r;
	}
	if (inode->fd[0] >= 0)
		close(inode->fd[0]);
	inode->fd[0] = -1;
	inode->fd[1] = STEAL_FD(to);
	inode->upper = true;
	inode->version++;
	return 0;
}

int rec__inode_fd(struct rec_nodefs *fs, struct inode *inode, bool writable)
{
	if (!S_ISREG(inode->mode))
		return -ENODEV;
	if (writable) {
		int r = rec__copy_up(fs, inode, false);

		if (r < 0)
			return r;
	}
	if (inode->fd[writable] >= 0)
		return inode->fd[writable];
	if (inode->fd[1] >= 0)
		return inode->fd[1];
	_cleanup_free_ char *up = inode->upper ? rec__upper_path(fs, inode) : NULL;
	const char *path = inode->io_path ? inode->io_path : up && inode->parent ? up : inode->lower;
	int fd = path ? open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC) : -ENOENT;

	if (fd < 0)
		return path ? -errno : fd;
	inode->read |= path == inode->lower;
	inode->fd[writable] = fd;
	return fd;
}

int rec__create_unnamed(struct rec_nodefs *fs, bool in_memory, uint32_t mode, const char *show, struct inode **ret)
{
	int fd = open_unnamed(fs, in_memory);

	if (fd < 0)
		return fd;
	struct inode *inode = inode_new(fs, mode);

	inode->mtime_ns = rec__fs_now(fs);
	inode->name = must(strdup(show));
	inode->nlink = 0;
	inode->unnamed = inode->upper = true;
	inode->fd[1] = fd;
	inode->version = 1;
	*ret = inode;
	return 0;
}

void rec__changed(struct rec_nodefs *fs, struct inode *inode, uint64_t offset, const void *bytes, uint64_t size)
{
	inode->version++;
	if (inode->live)
		fs->config.stored(fs->config.arg, inode->number, offset, bytes, size);
}

void rec__resized(struct rec_nodefs *fs, struct inode *inode)
{
	inode->version++;
	if (inode->live)
		fs->config.resized(fs->config.arg, inode->number, inode->size);
}

struct inode *rec__create(struct rec_nodefs *fs, struct inode *dir, const char *name,
			    uint32_t mode, const char *target)
{
	struct inode *inode = inode_new(fs, mode);

	inode->mtime_ns = rec__fs_now(fs);
	if (S_ISDIR(mode))
		inode->listed = true;
	if (target) {
		inode->target = must(strdup(target));
		inode->size = strlen(target);
	}
	rec__entry_set(dir, name, inode);
	dir->mtime_ns = inode->mtime_ns;
	return inode;
}

/* ---- what the recorder asks ------------------------------------------- */

int rec_nodefs_new(const struct rec_nodefs_config *config, struct rec_nodefs **ret)
{
	struct stat st;

	if (stat(config->lower, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	if (mkdir(config->upper, 0755) < 0 && errno != EEXIST)
		return -errno;
	struct rec_nodefs *fs = must(calloc(1, sizeof(*fs)));

	fs->config = *config;
	fs->lower = must(strdup(config->lower));
	fs->upper = must(strdup(config->upper));
	fs->began_ns = rec__fs_now(fs);
	struct inode *root = inode_new(fs, S_IFDIR | 0755);

	root->lower = must(strdup(config->lower));
	root->upper = true;
	root->mtime_ns = fs->began_ns;
	*ret = fs;
	return 0;
}

void rec_nodefs_free(struct rec_nodefs *fs)
{
	if (!fs)
		return;
	rec__undo_done(fs);
	for (size_t i = 0; i < fs->inode_count; i++)
		inode_free(fs->inodes[i]);
	free(fs->inodes);
	free(fs->lower);
	free(fs->upper);
	free(fs);
}

/* Walks to the directory of path, making what is missing; *ret_name points to the last component. */
static int walk_parents(struct rec_nodefs *fs, const char *path, struct inode **ret_dir, const char **ret_name)
{
	struct inode *dir = fs->inodes[0];

	for (;;) {
		while (*path == '/')
			path++;
		const char *end = strchr(path, '/');

		if (!end)
			break;
		_cleanup_free_ char *name = must(strndup(path, (size_t)(end - path)));
		struct inode *next = rec__lookup(fs, dir, name);

		if (!next) {
			next = rec__create(fs, dir, name, S_IFDIR | 0755, NULL);
			dir->nlink++;
		}
		if (!S_ISDIR(next->mode))
			return -ENOTDIR;
		dir = next;
		path = end;
	}
	*ret_dir = dir;
	*ret_name = path;
	return 0;
}

int rec_nodefs_put(struct rec_nodefs *fs, const char *path, const void *bytes, size_t size, uint32_t mode)
{
	struct inode *dir;
	const char *name;
	int r = walk_parents(fs, path, &dir, &name);

	if (r < 0)
		return r;
	struct inode *inode = rec__create(fs, dir, name, S_IFREG | mode, NULL);

	r = rec__copy_up(fs, inode, true);
	if (r < 0)
		return r;
	if (pwrite(inode->fd[1], bytes, size, 0) != (ssize_t)size)
		return -EIO;
	inode->size = size;
	return 0;
}

/* A new file under REC_NODEFS_IO that is host_path on the host, and nowhere in the upper directory. */
static int io_file(struct rec_nodefs *fs, const char *name, const char *path, unsigned stream, uint32_t mode)
{
	struct inode *root = fs->inodes[0];
	struct inode *dir = rec__lookup(fs, root, REC_NODEFS_IO + 1);
	struct stat st = { 0 };

	if (!dir) {
		dir = rec__create(fs, root, REC_NODEFS_IO + 1, S_IFDIR | 0755, NULL);
		dir->upper = false;
	}
	_cleanup_close_ int fd = stream ?
		open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644) : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	struct inode *inode = rec__create(fs, dir, name, S_IFREG | mode, NULL);

	inode->io_path = must(strdup(path));
	inode->stream = (int)stream;
	inode->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	inode->fd[stream > 0] = STEAL_FD(fd);
	return 0;
}

int rec_nodefs_io(struct rec_nodefs *fs, const char *name, const char *host_path, unsigned stream)
{
	return io_file(fs, name, host_path ? host_path : "/dev/null", stream, 0644);
}

int rec_nodefs_program(struct rec_nodefs *fs, const char *name, const char *host_path)
{
	return io_file(fs, name, host_path, /* stream= */ 0, 0755);
}

/* Resolves a path from dir, following symbolic links.  NULL: nothing there. */
static struct inode *resolve(struct rec_nodefs *fs, struct inode *dir, const char *path, unsigned depth)
{
	struct inode *at = *path == '/' ? fs->inodes[0] : dir;

	if (depth > 40)
		return NULL;
	while (at && *path) {
		while (*path == '/')
			path++;
		size_t size = strcspn(path, "/");
		_cleanup_free_ char *name = must(strndup(path, size));

		path += size;
		if (!size || !strcmp(name, "."))
			continue;
		if (!S_ISDIR(at->mode))
			return NULL;
		if (!strcmp(name, "..")) {
			at = at->parent ? at->parent : at;
			continue;
		}
		struct inode *next = rec__lookup(fs, at, name);

		if (next && S_ISLNK(next->mode))
			next = resolve(fs, at, next->target, depth + 1);
		at = next;
	}
	return at;
}

bool rec_nodefs_executable(struct rec_nodefs *fs, const char *path)
{
	const struct inode *inode = resolve(fs, fs->inodes[0], path, 0);

	return inode && S_ISREG(inode->mode) && (inode->mode & 0111);
}

int rec_nodefs_unnamed(struct rec_nodefs *fs, const char *name, uint64_t size, uint64_t *ret_ino)
{
	struct inode *inode;
	int r = rec__create_unnamed(fs, /* in_memory= */ true, S_IFREG | 0600, name, &inode);

	if (r < 0)
		return r;
	if (ftruncate(inode->fd[1], (off_t)size) < 0)
		return -errno;
	inode->size = size;
	*ret_ino = inode->ino;
	return 0;
}

void rec_nodefs_close(struct rec_nodefs *fs, uint64_t ino)
{
	struct inode *inode = rec__inode_of(fs, ino);

	if (inode)
		rec__inode_close(inode);
}

int rec_nodefs_fd(struct rec_nodefs *fs, uint64_t ino, bool writable)
{
	struct inode *inode = rec__inode_of(fs, ino);

	return inode ? rec__inode_fd(fs, inode, writable) : -ENOENT;
}

uint64_t rec_nodefs_number(struct rec_nodefs *fs, uint64_t ino)
{
	const struct inode *inode = rec__inode_of(fs, ino);

	return inode && (inode->live || inode->number_version == inode->version) ? inode->number : 0;
}

void rec_nodefs_set_number(struct rec_nodefs *fs, uint64_t ino, uint64_t number)
{
	struct inode *inode = rec__inode_of(fs, ino);

	CHECK(inode && !inode->live);
	inode->number = number;
	inode->number_version = inode->version;
}

bool rec_nodefs_mapped(struct rec_nodefs *fs, uint64_t ino, uint64_t *ret_size)
{
	struct inode *inode = rec__inode_of(fs, ino);

	CHECK(inode && inode->number);
	if (inode->live || !inode->upper)
		return false;
	inode->live = true;
	*ret_size = inode->size;
	return true;
}

bool rec_nodefs_is_own(struct rec_nodefs *fs, uint64_t ino)
{
	const struct inode *inode = rec__inode_of(fs, ino);

	return inode && inode->upper;
}

void rec_nodefs_changed(const struct rec_nodefs *fs, void (*see)(void *arg, const char *path), void *arg)
{
	for (size_t i = 0; i < fs->inode_count; i++) {
		const struct inode *inode = fs->inodes[i];
		struct stat st;

		if (inode->read && (lstat(inode->lower, &st) < 0 || st.st_ino != inode->met.ino ||
				    (uint64_t)st.st_size != inode->met.size || mtime_of(&st) != inode->met.mtime_ns))
			see(arg, inode->lower);
	}
}

uint64_t rec_nodefs_size(struct rec_nodefs *fs, uint64_t ino)
{
	const struct inode *inode = rec__inode_of(fs, ino);

	return inode ? inode->size : 0;
}
