/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nodefs-disk.c - a disk that is full, fails, or is slow, below the files of a node.
 *
 * Every operation on a regular file of the tree asks here first.  Output files of the experiment, and what has never had a place in
 * the tree (memfd, shared memory), are not on the disk; mappings do not ask.
 */
#include "nodefs-int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "channel.h"

#define NS_PER_S 1000000000u

void rec_nodefs_set_disk(struct rec_nodefs *fs, const struct rec_disk_fault *fault)
{
	fs->disk = fault;
	fs->room = fault ? fault->room : 0;
}

uint64_t rec_nodefs_take_cost(struct rec_nodefs *fs)
{
	const uint64_t ns = fs->cost_ns + (fs->asked && fs->disk ? fs->disk->delay_ns : 0);

	fs->cost_ns = 0;
	fs->asked = false;
	return ns;
}

static bool is_below(const char *path, const char *dir)
{
	const size_t size = strlen(dir);

	return !strncmp(path, dir, size) && (!path[size] || path[size] == '/' || (size && dir[size - 1] == '/'));
}

static bool is_on_disk(struct rec_nodefs *fs, const struct inode *inode)
{
	if (!fs->disk || inode->io_path || inode->unnamed)
		return false;
	return !fs->disk->path || is_below(rec_nodefs_path(fs, inode->ino), fs->disk->path);
}

static const char *op_name(enum rec_disk_op op)
{
	return op == REC_DISK_READ ? "read" : op == REC_DISK_WRITE ? "write" : op == REC_DISK_SYNC ? "sync" : "create";
}

static int fail(struct rec_nodefs *fs, const struct inode *inode, enum rec_disk_op op, int error)
{
	char text[4300];

	snprintf(text, sizeof(text), "%s of %s: %s", op_name(op), rec_nodefs_path(fs, inode->ino),
		 strerrorname_np(error) ?: "?");
	fs->config.disk_failed(fs->config.arg, text);
	return -error;
}

int rec__disk(struct rec_nodefs *fs, const struct inode *inode, enum rec_disk_op op, uint64_t size)
{
	const struct rec_disk_fault *disk = fs->disk;

	if (!is_on_disk(fs, inode))
		return 0;
	/* A call that comes in pieces is one operation. */
	fs->asked = true;
	if (disk->rate_bytes)
		fs->cost_ns += (uint64_t)((unsigned __int128)size * NS_PER_S / disk->rate_bytes);
	if (disk->error && (disk->ops & op) && fs->config.below(fs->config.arg, REC_PPB) < disk->share_ppb)
		return fail(fs, inode, op, disk->error);
	return 0;
}

int rec__disk_grow(struct rec_nodefs *fs, const struct inode *inode, uint64_t offset, uint64_t *size)
{
	const uint64_t end = offset + *size, growth = end > inode->size ? end - inode->size : 0;

	if (!growth || !is_on_disk(fs, inode) || !fs->disk->limited)
		return 0;
	if (growth <= fs->room) {
		fs->room -= growth;
		return 0;
	}
	/* As much as there is room for, as a real one does. */
	const uint64_t left = *size - (growth - fs->room);

	if (growth - fs->room >= *size || !left)
		return fail(fs, inode, REC_DISK_WRITE, ENOSPC);
	*size = left;
	fs->room = 0;
	return 0;
}

int rec__disk_create(struct rec_nodefs *fs, const struct inode *dir)
{
	const int r = rec__disk(fs, dir, REC_DISK_CREATE, 0);

	if (r < 0 || !is_on_disk(fs, dir) || !fs->disk->limited || fs->room)
		return r;
	return fail(fs, dir, REC_DISK_CREATE, ENOSPC);
}

void rec__disk_shrink(struct rec_nodefs *fs, const struct inode *inode, uint64_t size)
{
	if (is_on_disk(fs, inode) && fs->disk->limited && inode->upper && S_ISREG(inode->mode))
		fs->room += size;
}
