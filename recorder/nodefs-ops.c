/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nodefs-ops.c - what a node's kernel asks of its files (the fs_ functions of struct kg_host). */
#include "nodefs-int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"

/* ---- what the kernel asks --------------------------------------------- */

static struct rec_nodefs *fs_of(void *ctx)
{
	return *(struct rec_nodefs **)ctx;
}

static void attr_of(const struct inode *inode, struct kg_attr *ret)
{
	*ret = (struct kg_attr) {
		.ino = inode->ino, .size = inode->size, .rdev = inode->rdev,
		.mtime_ns = inode->mtime_ns, .mode = inode->mode, .nlink = inode->nlink,
		.uid = inode->uid, .gid = inode->gid,
	};
}

/* A directory and a name that came from the kernel.  Copies the name; 0 or -errno. */
static int dir_and_name(struct rec_nodefs *fs, uint64_t ino, const char *name, uint32_t size,
			struct inode **ret_dir, char ret_name[256])
{
	struct inode *dir = rec__inode_of(fs, ino);

	if (!dir || !S_ISDIR(dir->mode))
		return -ENOTDIR;
	if (size > 255)
		return -ENAMETOOLONG;
	memcpy(ret_name, name, size);
	ret_name[size] = 0;
	*ret_dir = dir;
	return 0;
}

static kg_s32 fs_lookup(void *ctx, kg_u64 ino, const char *given, kg_u32 size, struct kg_attr *ret)
{
	struct rec_nodefs *fs = fs_of(ctx);
	struct inode *dir;
	char name[256];
	int r = dir_and_name(fs, ino, given, size, &dir, name);

	if (r < 0)
		return r;
	struct inode *inode = rec__lookup(fs, dir, name);

	if (!inode)
		return -ENOENT;
	attr_of(inode, ret);
	return 0;
}

static kg_s32 fs_getattr(void *ctx, kg_u64 ino, struct kg_attr *ret)
{
	struct inode *inode = rec__inode_of(fs_of(ctx), ino);

	if (!inode)
		return -ENOENT;
	attr_of(inode, ret);
	return 0;
}

static int set_size(struct rec_nodefs *fs, struct inode *inode, uint64_t size)
{
	int r = rec__copy_up(fs, inode, size == 0);

	if (r < 0)
		return r;
	int fd = rec__inode_fd(fs, inode, true);

	if (fd < 0)
		return fd;
	rec__undo_data(fs, inode, size < inode->size ? size : inode->size, size < inode->size ? inode->size - size : 0);
	if (inode->stream < 0 && ftruncate(fd, (off_t)size) < 0)
		return -errno;
	if (size < inode->size)
		rec__disk_shrink(fs, inode, inode->size - size);
	inode->size = size;
	inode->mtime_ns = rec__fs_now(fs);
	rec__resized(fs, inode);
	return 0;
}

static kg_s32 fs_setattr(void *ctx, kg_u64 ino, kg_u32 valid, const struct kg_attr *attr,
			 struct kg_attr *ret)
{
	struct rec_nodefs *fs = fs_of(ctx);
	struct inode *inode = rec__inode_of(fs, ino);

	if (!inode)
		return -ENOENT;
	if ((valid & KG_SET_SIZE) && attr->size != inode->size) {
		int r = set_size(fs, inode, attr->size);

		if (r < 0)
			return r;
	}
	if (valid & KG_SET_MODE)
		inode->mode = (inode->mode & S_IFMT) | (attr->mode & 07777);
	if (valid & KG_SET_UID)
		inode->uid = attr->uid;
	if (valid & KG_SET_GID)
		inode->gid = attr->gid;
	if (valid & KG_SET_MTIME)
		inode->mtime_ns = attr->mtime_ns;
	attr_of(inode, ret);
	return 0;
}

/* Lets a new inode of the node's own stand in the upper directory.  0 or -errno. */
int rec__make_upper(struct rec_nodefs *fs, struct inode *inode)
{
	if (S_ISREG(inode->mode))
		return rec__copy_up(fs, inode, /* truncate= */ true);
	if (S_ISDIR(inode->mode))
		return rec__upper_dir(fs, inode);
	if (S_ISLNK(inode->mode)) {
		int r = rec__upper_dir(fs, inode->parent);

		if (r < 0)
			return r;
		_cleanup_free_ char *path = rec__upper_path(fs, inode);

		if (symlink(inode->target, path) < 0)
			return -errno;
		inode->upper = true;
	}
	/* Devices, pipes and sockets are names of the node's kernel; the host needs none of them. */
	return 0;
}

/* A file that comes into being without a name; dir_ino 0: it never gets one. */
static kg_s32 create_unnamed(struct rec_nodefs *fs, uint64_t dir_ino, const char *given, kg_u32 size,
			     const struct kg_attr *attr, struct kg_attr *ret)
{
	_cleanup_free_ char *show = strndup(size ? given : "#unnamed", size ? size : 8);
	struct inode *inode;

	CHECK(show != NULL);
	if (!S_ISREG(attr->mode))
		return -EINVAL;
	int r = rec__create_unnamed(fs, /* in_memory= */ dir_ino == 0, attr->mode, show, &inode);

	if (r < 0)
		return r;
	inode->uid = attr->uid;
	inode->gid = attr->gid;
	attr_of(inode, ret);
	return 0;
}

static kg_s32 fs_create(void *ctx, kg_u64 ino, const char *given, kg_u32 size,
			const struct kg_attr *attr, const char *target, struct kg_attr *ret)
{
	struct rec_nodefs *fs = fs_of(ctx);
	struct inode *dir;
	char name[256];

	if (!size || !ino)
		return create_unnamed(fs, ino, given, size, attr, ret);
	int r = dir_and_name(fs, ino, given, size, &dir, name);

	if (r < 0)
		return r;
	if (rec__lookup(fs, dir, name))
		return -EEXIST;
	r = rec__disk_create(fs, dir);
	if (r < 0)
		return r;
	struct inode *inode = rec__create(fs, dir, name, attr->mode, target);

	inode->uid = attr->uid;
	inode->gid = attr->gid;
	inode->rdev = attr->rdev;
	r = rec__make_upper(fs, inode);
	if (r < 0) {
		rec__entry_set(dir, name, NULL);
		inode->nlink = 0;
		return r;
	}
	if (S_ISDIR(inode->mode))
		dir->nlink++;
	rec__undo_name(fs, REC__UNDO_NAMED, inode, dir, name, NULL, NULL);
	attr_of(inode, ret);
	return 0;
}

/* The host's side of a hard link.  0 or -errno. */
int rec__link_upper(struct rec_nodefs *fs, struct inode *inode, struct inode *dir, const char *name)
{
	int r = rec__copy_up(fs, inode, false);

	if (r == 0)
		r = rec__upper_dir(fs, dir);
	if (r < 0)
		return r;
	_cleanup_free_ char *to_dir = rec__upper_path(fs, dir);
	_cleanup_free_ char *from = NULL, *to = NULL;

	CHECK(asprintf(&to, "%s/%s", to_dir, name) >= 0);
	if (inode->parent) {
		from = rec__upper_path(fs, inode);
		return link(from, to) < 0 ? -errno : 0;
	}
	CHECK(asprintf(&from, "/proc/self/fd/%d", inode->fd[1]) >= 0);
	return linkat(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

static kg_s32 fs_link(void *ctx, kg_u64 ino, kg_u64 dir_ino, const char *given, kg_u32 size)
{
	struct rec_nodefs *fs = fs_of(ctx);
	struct inode *inode = rec__inode_of(fs, ino), *dir;
	char name[256];
	int r = dir_and_name(fs, dir_ino, given, size, &dir, name);

	if (r < 0)
		return r;
	if (!inode || S_ISDIR(inode->mode))
		return -EPERM;
	if (rec__lookup(fs, dir, name))
		return -EEXIST;
	if (S_ISREG(inode->mode)) {
		r = rec__link_upper(fs, inode, dir, name);
		if (r < 0)
			return r;
	}
	rec__entry_set(dir, name, inode);
	inode->nlink++;
	rec__undo_name(fs, REC__UNDO_NAMED, inode, dir, name, NULL, NULL);
	return 0;
}

/* Takes a name away; what it named lives on while the kernel uses it. */
void rec__unname(struct rec_nodefs *fs, struct inode *dir, const char *name, struct inode *inode)
{
	if (inode->upper && !inode->io_path) {
		_cleanup_free_ char *parent = rec__upper_path(fs, dir);
		_cleanup_free_ char *path = NULL;

		/* The descriptor must be open before the name goes: the kernel may hold the file. */
		if (S_ISREG(inode->mode))
			rec__inode_fd(fs, inode, true);
		CHECK(asprintf(&path, "%s/%s", parent, name) >= 0);
		if (S_ISDIR(inode->mode))
			rmdir(path);
		else
			unlink(path);
	}
	if (inode->nlink == 1)
		rec__disk_shrink(fs, inode, inode->size);
	rec__entry_set(dir, name, NULL);
	dir->mtime_ns = rec__fs_now(fs);
	inode->nlink -= inode->nlink > 0;
	rec__undo_name(fs, REC__UNDO_UNNAMED, inode, dir, name, NULL, NULL);
}

static bool is_empty(struct rec_nodefs *fs, struct inode *dir)
{
	rec__list(fs, dir);
	for (size_t i = 0; i < dir->entry_count; i++)
		if (dir->entries[i].inode)
			return false;
	return true;
}

static kg_s32 fs_unlink(void *ctx, kg_u64 ino, const char *given, kg_u32 size, kg_u32 is_dir)
{
	struct rec_nodefs *fs = fs_of(ctx);
	struct inode *dir;
	char name[256];
	int r = dir_and_name(fs, ino, given, size, &dir, name);

	if (r < 0)
		return r;
	struct inode *inode = rec__lookup(fs, dir, name);

	if (!inode)
		return -ENOENT;
	if (is_dir && !S_ISDIR(inode->mode))
		return -ENOTDIR;
	if (is_dir && !is_empty(fs, inode))
		return -ENOTEMPTY;
	rec__unname(fs, dir, name, inode);
	if (is_dir)
		dir->nlink--;
	return 0;
}

/* Brings a directory with all that is under it into the upper tree, so that it can be moved. */
static int copy_tree_up(struct rec_nodefs *fs, struct inode *inode)
{
	if (!S_ISDIR(inode->mode))
		return S_ISREG(inode->mode) ? rec__copy_up(fs, inode, false) :
		       inode->upper ? 0 : rec__make_upper(fs, inode);
	int r = rec__upper_dir(fs, inode);

	if (r == 0)
		r = rec__list(fs, inode);
	for (size_t i = 0; r == 0 && i < inode->entry_count; i++)
		if (inode->entries[i].inode)
			r = copy_tree_up(fs, inode->entries[i].inode);
	return r;
}

/* Host path of a name of a directory of the upper tree. */
static char *name_path(struct rec_nodefs *fs, const struct inode *dir, const char *name)
{
	_cleanup_free_ char *parent = rec__upper_path(fs, dir);
	char *path;

	CHECK(asprintf(&path, "%s/%s", parent, name) >= 0);
	return path;
}

/* A directory's ".." counts where it stands. */
static void count_move(struct inode *from, struct inode *to, const struct inode *inode)
{
	if (S_ISDIR(inode->mode)) {
		from->nlink--;
		to->nlink++;
	}
}

int rec__move(struct rec_nodefs *fs, struct inode *dir, const char *name, struct inode *to_dir,
		const char *to_name, struct inode *inode)
{
	int r = copy_tree_up(fs, inode);

	if (r == 0)
		r = rec__upper_dir(fs, to_dir);
	if (r < 0)
		return r;
	if (inode->upper) {
		_cleanup_free_ char *from = name_path(fs, dir, name);
		_cleanup_free_ char *to = name_path(fs, to_dir, to_name);

		if (rename(from, to) < 0)
			return -errno;
	}
	rec__entry_set(dir, name, NULL);
	rec__entry_set(to_dir, to_name, inode);
	count_move(dir, to_dir, inode);
	dir->mtime_ns = to_dir->mtime_ns = rec__fs_now(fs);
	rec__undo_name(fs, REC__UNDO_MOVED, inode, dir, name, to_dir, to_name);
	return 0;
}

/* What the host has under two names changes places; one of them may be nothing there (a device, say). */
static int exchange_upper(struct rec_nodefs *fs, struct inode *dir, const char *name, const struct inode *inode,
			  struct inode *to_dir, const char *to_name, const struct inode *other)
{
	_cleanup_free_ char *a = name_path(fs, dir, name);
	_cleanup_free_ char *b = name_path(fs, to_dir, to_name);
	int r = 0;

	if (inode->upper && other->upper)
		r = renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE);
	else if (inode->upper)
		r = rename(a, b);
	else if (other->upper)
		r = rename(b, a);
	return r < 0 ? -errno : 0;
}

int rec__exchange(struct rec_nodefs *fs, struct inode *dir, const char *name, struct inode *inode,
		    struct inode *to_dir, const char *to_name, struct inode *other)
{
	int r = copy_tree_up(fs, inode);

	if (r == 0)
		r = copy_tree_up(fs, other);
	if (r == 0)
		r = rec__upper_dir(fs, dir);
	if (r == 0)
		r = rec__upper_dir(fs, to_dir);
	if (r == 0)
		r = exchange_upper(fs, dir, name, inode, to_dir, to_name, other);
	if (r < 0)
		return r;
	rec__entry_set(dir, name, other);
	rec__entry_set(to_dir, to_name, inode);
	count_move(dir, to_dir, inode);
	count_move(to_dir, dir, other);
	dir->mtime_ns = to_dir->mtime_ns = rec__fs_now(fs);
	rec__undo_name(fs, REC__UNDO_EXCHANGED, inode, dir, name, to_dir, to_name);
	return 0;
}

static int replace(struct rec_nodefs *fs, struct inode *dir, const char *name, struct inode *old)
{
	if (S_ISDIR(old->mode) && !is_empty(fs, old))
		return -ENOTEMPTY;
	rec__unname(fs, dir, name, old);
	if (S_ISDIR(old->mode))
		dir->nlink--;
	return 0;
}

static kg_s32 fs_rename(void *ctx, kg_u64 ino, const char *given, kg_u32 size, kg_u64 to_ino,
			const char *to_given, kg_u32 to_size, kg_u32 flags)
{
	struct rec_nodefs *fs = fs_of(ctx);
	struct inode *dir, *to_dir;
	char name[256], to_name[256];
	int r = dir_and_name(fs, ino, given, size, &dir, name);

	if (r == 0)
		r = dir_and_name(fs, to_ino, to_given, to_size, &to_dir, to_name);
	if (r < 0)
		return r;
	if (flags & ~(kg_u32)(RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	struct inode *inode = rec__lookup(fs, dir, name);
	struct inode *old = rec__lookup(fs, to_dir, to_name);

	if (!inode)
		return -ENOENT;
	if (old == inode)
		return 0;
	if (flags & RENAME_EXCHANGE)
		return old ? rec__exchange(fs, dir, name, inode, to_dir, to_name, old) : -ENOENT;
	if (old && flags)
		return -EEXIST;
	if (old)
		r = replace(fs, to_dir, to_name, old);
	if (r < 0)
		return r;
	return rec__move(fs, dir, name, to_dir, to_name, inode);
}

static kg_s64 fs_readlink(void *ctx, kg_u64 ino, char *buf, kg_u64 size)
{
	struct inode *inode = rec__inode_of(fs_of(ctx), ino);

	if (!inode || !inode->target)
		return -EINVAL;
	size_t length = strlen(inode->target);

	memcpy(buf, inode->target, length < size ? length : size);
	return (kg_s64)(length < size ? length : size);
}

static kg_s32 fs_readdir(void *ctx, kg_u64 ino, kg_u64 pos, struct kg_dirent *ret)
{
	struct rec_nodefs *fs = fs_of(ctx);
	struct inode *dir = rec__inode_of(fs, ino);

	if (!dir || !S_ISDIR(dir->mode))
		return -ENOTDIR;
	int r = rec__list(fs, dir);

	if (r < 0)
		return r;
	/* pos counts entries, removed ones too, so that it stays good while names come and go. */
	while (pos < dir->entry_count && !dir->entries[pos].inode)
		pos++;
	if (pos >= dir->entry_count)
		return 0;
	const struct entry *entry = &dir->entries[pos];

	memset(ret, 0, sizeof(*ret));
	ret->ino = entry->inode->ino;
	ret->type = entry->inode->mode >> 12;
	ret->name_size = (kg_u32)strlen(entry->name);
	memcpy(ret->name, entry->name, ret->name_size + 1);
	return (kg_s32)pos + 1;
}

int64_t rec_nodefs_read(struct rec_nodefs *fs, uint64_t ino, void *buf, uint64_t offset, uint64_t size)
{
	struct inode *inode = rec__inode_of(fs, ino);

	if (!inode)
		return -ENOENT;
	int fd = rec__inode_fd(fs, inode, false);
	size_t done = 0;

	if (fd < 0)
		return fd;
	while (done < size) {
		ssize_t part = pread(fd, (char *)buf + done, size - done, (off_t)(offset + done));

		if (part < 0)
			return done ? (kg_s64)done : -errno;
		if (part == 0)
			break;
		done += (size_t)part;
	}
	return (kg_s64)done;
}

int64_t rec_nodefs_load(struct rec_nodefs *fs, uint64_t ino, void *buf, uint64_t offset, uint64_t size)
{
	const struct inode *inode = rec__inode_of(fs, ino);
	const int r = inode ? rec__disk(fs, inode, REC_DISK_READ, size) : -ENOENT;

	return r < 0 ? r : rec_nodefs_read(fs, ino, buf, offset, size);
}

static kg_s64 fs_read(void *ctx, kg_u64 ino, void *buf, kg_u64 offset, kg_u64 size)
{
	return rec_nodefs_load(fs_of(ctx), ino, buf, offset, size);
}

static kg_s64 fs_write(void *ctx, kg_u64 ino, const void *buf, kg_u64 offset, kg_u64 size)
{
	struct rec_nodefs *fs = fs_of(ctx);
	struct inode *inode = rec__inode_of(fs, ino);

	if (!inode)
		return -ENOENT;
	int r = rec__disk(fs, inode, REC_DISK_WRITE, size);

	if (r == 0)
		r = rec__disk_grow(fs, inode, offset, (uint64_t *)&size);
	int fd = r < 0 ? r : rec__inode_fd(fs, inode, true);
	size_t done = 0;

	if (fd < 0)
		return fd;
	rec__undo_data(fs, inode, offset, size);
	while (done < size) {
		ssize_t part = pwrite(fd, (const char *)buf + done, size - done, (off_t)(offset + done));

		if (part < 0)
			return done ? (kg_s64)done : -errno;
		done += (size_t)part;
	}
	if (offset + size > inode->size)
		inode->size = offset + size;
	inode->mtime_ns = rec__fs_now(fs);
	rec__changed(fs, inode, offset, buf, size);
	if (inode->stream > 0)
		fs->config.output(fs->config.arg, (unsigned)inode->stream, buf, size);
	return (kg_s64)done;
}

static kg_s32 fs_open(void *ctx, kg_u64 ino, kg_u32 writable)
{
	struct rec_nodefs *fs = fs_of(ctx);
	struct inode *inode = rec__inode_of(fs, ino);

	if (!inode)
		return -ENOENT;
	if (!S_ISREG(inode->mode))
		return 0;
	int fd = rec__inode_fd(fs, inode, writable);

	return fd < 0 ? fd : 0;
}

static void fs_forget(void *ctx, kg_u64 ino)
{
	struct rec_nodefs *fs = fs_of(ctx);
	struct inode *inode = rec__inode_of(fs, ino);

	if (!inode)
		return;
	inode->released = rec__undo_needs(fs, inode);
	/* Programs' mappings may outlive the kernel's interest; the host's kernel keeps the file for them. */
	if (!inode->released)
		rec__inode_close(inode);
}

static kg_s32 fs_punch(void *ctx, kg_u64 ino, kg_u64 offset, kg_u64 size)
{
	static const uint8_t zeros[65536];
	struct rec_nodefs *fs = fs_of(ctx);
	struct inode *inode = rec__inode_of(fs, ino);

	if (!inode)
		return -ENOENT;
	int fd = rec__inode_fd(fs, inode, true);

	if (fd < 0)
		return fd;
	rec__undo_data(fs, inode, offset, size);
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)size) < 0)
		for (uint64_t done = 0; done < size;) {
			size_t part = size - done < sizeof(zeros) ? (size_t)(size - done) : sizeof(zeros);

			if (pwrite(fd, zeros, part, (off_t)(offset + done)) != (ssize_t)part)
				return -EIO;
			done += part;
		}
	rec__changed(fs, inode, offset, NULL, size);
	return 0;
}

static kg_s32 fs_sync(void *ctx, kg_u64 ino)
{
	struct rec_nodefs *fs = fs_of(ctx);
	const struct inode *inode = rec__inode_of(fs, ino);

	/* A node's disk is not the host's: nothing has to be written there. */
	const int r = inode ? rec__disk(fs, inode, REC_DISK_SYNC, 0) : 0;

	if (inode && r == 0)
		rec__undo_sync(fs, inode);
	return r;
}

void rec_nodefs_ops(struct kg_host *host)
{
	host->fs_lookup = fs_lookup;
	host->fs_getattr = fs_getattr;
	host->fs_setattr = fs_setattr;
	host->fs_create = fs_create;
	host->fs_link = fs_link;
	host->fs_unlink = fs_unlink;
	host->fs_rename = fs_rename;
	host->fs_readlink = fs_readlink;
	host->fs_readdir = fs_readdir;
	host->fs_read = fs_read;
	host->fs_write = fs_write;
	host->fs_open = fs_open;
	host->fs_forget = fs_forget;
	host->fs_sync = fs_sync;
	host->fs_punch = fs_punch;
}
