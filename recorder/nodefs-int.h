/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nodefs-int.h - the inside of a node's files: the tree (nodefs.c) and what the kernel asks of it (nodefs-ops.c). */
#ifndef REC_NODEFS_INT_H
#define REC_NODEFS_INT_H

#include "nodefs.h"

struct inode {
	uint64_t ino;
	uint64_t size;
	uint64_t rdev;
	uint64_t version;	/* changes of content since the lower file */
	int64_t mtime_ns;
	uint32_t mode, nlink, uid, gid;
	struct inode *parent;	/* one of its names; NULL for the root and for what has no name left */
	char *name;
	char *lower;		/* host path of what it shows, NULL when it is the node's own */
	struct {		/* regular file of the lower tree: what the host said of it when the node met it */
		uint64_t ino, size;
		int64_t mtime_ns;
	} met;
	bool read;		/* and its content was an input of the run */
	bool upper;		/* it stands in the upper directory */
	bool listed;		/* directory: the lower names are in entries */
	bool quiet;		/* directory: lower names are found, but not listed */
	bool live;		/* the node's own, and mapped: every change of its content is reported */
	bool released;		/* the kernel has forgotten it, but a loss of power might bring it back */
	bool unnamed;		/* was made without a name (O_TMPFILE, memfd, shared memory) */
	uint64_t number;	/* of the file event that told its content, 0: none */
	uint64_t number_version;
	struct name *others;	/* names beside the first one (hard links) */
	size_t other_count;
	int fd[2];		/* [writable], -1 when closed */
	int stream;		/* of an output file, else -1 */
	char *io_path;		/* host path of an io file */
	char *target;		/* of a symbolic link */
	struct entry *entries;	/* directory: sorted by name */
	size_t entry_count, entry_capacity;
};

/* A further name of a file; the first is parent and name of the inode itself. */
struct name {
	struct inode *dir;
	char *name;
};

struct entry {
	char *name;
	struct inode *inode;	/* NULL: removed, hides a lower name */
};

struct rec_nodefs {
	struct rec_nodefs_config config;
	char *lower, *upper;
	int64_t began_ns;	/* wall clock of the node when its files began */
	struct inode **inodes;	/* [ino - 1] */
	size_t inode_count, inode_capacity;
	struct undo *undo;	/* what was not synced, oldest first (nodefs-undo.c) */
	size_t undo_count;
	uint64_t undo_bytes;	/* of content in these */
	bool undoing;
	const struct rec_disk_fault *disk;	/* NULL: nothing is wrong */
	uint64_t room;		/* bytes by which files can still grow, where the disk is limited */
	uint64_t cost_ns;	/* of bytes that were read and written, not yet taken */
	bool asked;		/* there were operations since then */
	char path[4096];	/* of the last rec_nodefs_path() */
};

#define REC__DIR_SIZE 4096	/* what every directory says of its size */

/* The inode of a number, NULL when there is none. */
struct inode *rec__inode_of(struct rec_nodefs *fs, uint64_t ino);
/* What a name means in a directory; NULL: nothing. */
struct inode *rec__lookup(struct rec_nodefs *fs, struct inode *dir, const char *name);
/* Gives a name a meaning; inode NULL hides it. */
void rec__entry_set(struct inode *dir, const char *name, struct inode *inode);
/* A regular file of the node's own that stands in no directory; in_memory: it never will. */
int rec__create_unnamed(struct rec_nodefs *fs, bool in_memory, uint32_t mode, const char *show, struct inode **ret);
/* A new file of the node's own.  It does not yet stand in the upper directory. */
struct inode *rec__create(struct rec_nodefs *fs, struct inode *dir, const char *name, uint32_t mode,
			  const char *target);
/* Brings all lower names of a directory into memory.  0 or -errno. */
int rec__list(struct rec_nodefs *fs, struct inode *dir);
/* Makes sure that a directory stands in the upper tree.  0 or -errno. */
int rec__upper_dir(struct rec_nodefs *fs, struct inode *dir);
/* Its content changes now, by the node: its version, and what is to be told of it when it is live. */
void rec__changed(struct rec_nodefs *fs, struct inode *inode, uint64_t offset, const void *bytes, uint64_t size);
void rec__resized(struct rec_nodefs *fs, struct inode *inode);
/* Makes a regular file the node's own, with its present content unless truncate.  0 or -errno. */
int rec__copy_up(struct rec_nodefs *fs, struct inode *inode, bool truncate);
/* Where it stands, or would stand, in the upper tree; the caller frees it. */
char *rec__upper_path(struct rec_nodefs *fs, const struct inode *inode);
/* Host descriptor of a regular file, borrowed.  -errno. */
int rec__inode_fd(struct rec_nodefs *fs, struct inode *inode, bool writable);
/* ---- nodefs-ops.c ---- */
void rec__unname(struct rec_nodefs *fs, struct inode *dir, const char *name, struct inode *inode);
int rec__move(struct rec_nodefs *fs, struct inode *dir, const char *name, struct inode *to_dir, const char *to_name,
	      struct inode *inode);
int rec__exchange(struct rec_nodefs *fs, struct inode *dir, const char *name, struct inode *inode, struct inode *to_dir,
		  const char *to_name, struct inode *other);
int rec__link_upper(struct rec_nodefs *fs, struct inode *inode, struct inode *dir, const char *name);
int rec__make_upper(struct rec_nodefs *fs, struct inode *inode);
int rec__copy_bytes(int from, int to);

/* ---- nodefs-undo.c ---- */
enum rec__undo_kind { REC__UNDO_DATA, REC__UNDO_NAMED, REC__UNDO_UNNAMED, REC__UNDO_MOVED, REC__UNDO_EXCHANGED };
/* Before bytes of a file change, or its size from offset on. */
void rec__undo_data(struct rec_nodefs *fs, struct inode *inode, uint64_t offset, uint64_t size);
/* A name was given, taken, moved from dir to to_dir, or exchanged. */
void rec__undo_name(struct rec_nodefs *fs, enum rec__undo_kind kind, struct inode *inode, struct inode *dir, const char *name,
		    struct inode *to_dir, const char *to_name);
/* A file is synced; NULL: all are. */
void rec__undo_sync(struct rec_nodefs *fs, const struct inode *inode);
/* Whether a loss of power may bring back a file that has no name any more. */
bool rec__undo_needs(const struct rec_nodefs *fs, const struct inode *inode);
void rec__undo_done(struct rec_nodefs *fs);

/* ---- nodefs-disk.c: 0, or -errno of a disk that fails ---- */
int rec__disk(struct rec_nodefs *fs, const struct inode *inode, enum rec_disk_op op, uint64_t size);
/* Before a write; *size becomes what there is room for. */
int rec__disk_grow(struct rec_nodefs *fs, const struct inode *inode, uint64_t offset, uint64_t *size);
int rec__disk_create(struct rec_nodefs *fs, const struct inode *dir);
/* So many bytes are free again. */
void rec__disk_shrink(struct rec_nodefs *fs, const struct inode *inode, uint64_t size);

/* Closes the host's descriptors of a file. */
void rec__inode_close(struct inode *inode);
/* The node's wall clock. */
int64_t rec__fs_now(struct rec_nodefs *fs);

#endif
