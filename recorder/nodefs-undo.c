/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nodefs-undo.c - what a node has written and not synced, so that a loss of power can take it away.
 *
 * Files are host files, which hold everything at once.  So each change leaves an entry that says how to take it back, and a sync
 * forgets entries:
 *	fsync, fdatasync, O_SYNC of a file	those of its content, and all changes of names before: as a file system with a
 *						journal, which writes names in their order
 *	sync, syncfs				all
 * A loss of power takes the rest back, the last first.  When it tears writes, each file keeps some of the sectors, from the first
 * on, of the oldest change that is taken back: the one that was being written.
 *
 * Owners, modes and times are not taken back, nor is what was stored through a mapping.  Entries hold at most BYTES_MAX of old
 * content; beyond that the oldest are as if they had been written back, as a real system does with too much of it.
 */
#include "nodefs-int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"

#define BYTES_MAX (256ull << 20)
#define SECTOR 512u

struct undo {
	enum rec__undo_kind kind;
	struct inode *inode;		/* NULL: forgotten */
	/* DATA */
	uint64_t offset, size;		/* of what was there; size of bytes */
	uint64_t changed;		/* bytes that the change touched, from offset on */
	uint64_t file_size;
	uint8_t *bytes;
	/* names */
	struct inode *dir, *to_dir;
	char *name, *to_name;
};

static bool is_kept(const struct rec_nodefs *fs, const struct inode *inode)
{
	return fs->config.loses_power && !fs->undoing && !inode->io_path && !inode->unnamed;
}

bool rec__undo_needs(const struct rec_nodefs *fs, const struct inode *inode)
{
	for (size_t i = 0; !inode->parent && i < fs->undo_count; i++)
		if (fs->undo[i].inode == inode)
			return true;
	return false;
}

static void forget(struct rec_nodefs *fs, struct undo *undo)
{
	struct inode *inode = undo->inode;

	if (inode && undo->kind == REC__UNDO_UNNAMED && inode->released && !inode->parent)
		rec__inode_close(inode);
	fs->undo_bytes -= undo->bytes ? undo->size : 0;
	free(undo->bytes);
	free(undo->name);
	free(undo->to_name);
	*undo = (struct undo){0};
}

static struct undo *push(struct rec_nodefs *fs, enum rec__undo_kind kind, struct inode *inode)
{
	fs->undo = reallocarray(fs->undo, fs->undo_count + 1, sizeof(*fs->undo));
	CHECK(fs->undo != NULL);
	fs->undo[fs->undo_count] = (struct undo){.kind = kind, .inode = inode};
	return &fs->undo[fs->undo_count++];
}

/* The oldest contents go first; names are few. */
static void bound(struct rec_nodefs *fs)
{
	for (size_t i = 0; i < fs->undo_count && fs->undo_bytes > BYTES_MAX; i++)
		if (fs->undo[i].bytes)
			forget(fs, &fs->undo[i]);
}

void rec__undo_data(struct rec_nodefs *fs, struct inode *inode, uint64_t offset, uint64_t size)
{
	if (!is_kept(fs, inode))
		return;
	struct undo *undo = push(fs, REC__UNDO_DATA, inode);

	undo->offset = offset;
	undo->changed = size;
	undo->file_size = inode->size;
	if (offset >= inode->size)
		return;
	undo->size = size < inode->size - offset ? size : inode->size - offset;
	undo->bytes = malloc(undo->size + 1);
	CHECK(undo->bytes != NULL);
	const int64_t got = rec_nodefs_read(fs, inode->ino, undo->bytes, offset, undo->size);

	if (got < 0 || (uint64_t)got < undo->size)
		memset(undo->bytes + (got < 0 ? 0 : got), 0, undo->size - (got < 0 ? 0 : (uint64_t)got));
	fs->undo_bytes += undo->size;
	bound(fs);
}

void rec__undo_name(struct rec_nodefs *fs, enum rec__undo_kind kind, struct inode *inode, struct inode *dir, const char *name,
		    struct inode *to_dir, const char *to_name)
{
	if (!is_kept(fs, inode))
		return;
	struct undo *undo = push(fs, kind, inode);

	undo->dir = dir;
	undo->to_dir = to_dir;
	undo->name = strdup(name);
	undo->to_name = to_name ? strdup(to_name) : NULL;
	CHECK(undo->name && (!to_name || undo->to_name));
}

void rec__undo_sync(struct rec_nodefs *fs, const struct inode *inode)
{
	size_t kept = 0;

	for (size_t i = 0; i < fs->undo_count; i++) {
		struct undo *undo = &fs->undo[i];

		if (!undo->inode || !inode || undo->kind != REC__UNDO_DATA || undo->inode == inode)
			forget(fs, undo);
		else
			fs->undo[kept++] = *undo;
	}
	fs->undo_count = kept;
}

void rec_nodefs_sync(struct rec_nodefs *fs)
{
	rec__undo_sync(fs, NULL);
}

void rec__undo_done(struct rec_nodefs *fs)
{
	rec__undo_sync(fs, NULL);
	free(fs->undo);
}

/* ---- taking back ---- */

/* The first torn sectors of the change stay. */
static int take_back_data(struct rec_nodefs *fs, const struct undo *undo, uint64_t torn)
{
	struct inode *inode = undo->inode;
	const int fd = rec__inode_fd(fs, inode, /* writable= */ true);
	const uint64_t kept = torn * SECTOR < undo->changed ? torn * SECTOR : undo->changed;
	const uint64_t end = undo->offset + kept;
	const uint64_t size = kept && end > undo->file_size ? end : undo->file_size;

	if (fd < 0)
		return fd;
	if (kept < undo->size && pwrite(fd, undo->bytes + kept, undo->size - kept, (off_t)end) < 0)
		return -errno;
	if (ftruncate(fd, (off_t)size) < 0)
		return -errno;
	inode->size = size;
	/* Nobody maps it any more, and what it was called before stands for other bytes. */
	inode->live = false;
	inode->version++;
	return 0;
}

/* A regular file whose last name had gone, and with it its place on the host: its bytes are in the open descriptor. */
static int put_back(struct rec_nodefs *fs, struct inode *inode)
{
	_cleanup_free_ char *path = rec__upper_path(fs, inode);
	_cleanup_close_ int to = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (to < 0)
		return -errno;
	if (inode->fd[1] < 0)
		return -EIO;
	const int r = lseek(inode->fd[1], 0, SEEK_SET) < 0 ? -errno : rec__copy_bytes(inode->fd[1], to);

	if (r < 0)
		return r;
	close(inode->fd[1]);
	inode->fd[1] = STEAL_FD(to);
	return 0;
}

static int name_again(struct rec_nodefs *fs, const struct undo *undo)
{
	struct inode *inode = undo->inode;
	const bool nameless = !inode->parent;
	int r = inode->upper ? rec__upper_dir(fs, undo->dir) : 0;

	if (r < 0)
		return r;
	if (!nameless && inode->upper && S_ISREG(inode->mode))
		r = rec__link_upper(fs, inode, undo->dir, undo->name);
	rec__entry_set(undo->dir, undo->name, inode);
	inode->nlink++;
	if (S_ISDIR(inode->mode))
		undo->dir->nlink++;
	if (r < 0 || !nameless || !inode->upper)
		return r;
	if (S_ISREG(inode->mode))
		return put_back(fs, inode);
	inode->upper = false;
	return rec__make_upper(fs, inode);
}

static int take_back(struct rec_nodefs *fs, const struct undo *undo, uint64_t torn)
{
	switch (undo->kind) {
	case REC__UNDO_DATA:
		return take_back_data(fs, undo, torn);
	case REC__UNDO_NAMED:
		rec__unname(fs, undo->dir, undo->name, undo->inode);
		undo->dir->nlink -= S_ISDIR(undo->inode->mode);
		return 0;
	case REC__UNDO_UNNAMED:
		return name_again(fs, undo);
	case REC__UNDO_MOVED:
		return rec__move(fs, undo->to_dir, undo->to_name, undo->dir, undo->name, undo->inode);
	case REC__UNDO_EXCHANGED:
		return rec__exchange(fs, undo->dir, undo->name, rec__lookup(fs, undo->dir, undo->name), undo->to_dir,
				     undo->to_name, undo->inode);
	}
	return -EINVAL;
}

/* How many sectors of a change stay: it is the oldest of its file, and something of it may have been written. */
static uint64_t torn_sectors(struct rec_nodefs *fs, size_t index)
{
	const struct undo *undo = &fs->undo[index];

	for (size_t i = 0; i < index; i++)
		if (fs->undo[i].inode == undo->inode && fs->undo[i].kind == REC__UNDO_DATA)
			return 0;
	return fs->config.below(fs->config.arg, undo->changed / SECTOR + 1);
}

int rec_nodefs_lose(struct rec_nodefs *fs, bool torn, struct rec_nodefs_loss *ret)
{
	int r = 0;

	*ret = (struct rec_nodefs_loss){0};
	fs->undoing = true;
	for (size_t i = fs->undo_count; i-- > 0 && r == 0;) {
		struct undo *undo = &fs->undo[i];

		if (!undo->inode)
			continue;
		const bool is_data = undo->kind == REC__UNDO_DATA;

		ret->writes += is_data;
		ret->bytes += is_data ? undo->changed : 0;
		ret->names += !is_data;
		r = take_back(fs, undo, torn && is_data ? torn_sectors(fs, i) : 0);
	}
	fs->undoing = false;
	rec__undo_sync(fs, NULL);
	return r;
}
