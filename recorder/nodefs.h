/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nodefs.h - the files of a node: a read-only lower tree under a private upper directory. */
#ifndef REC_NODEFS_H
#define REC_NODEFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "disk.h"
#include "host.h"

struct rec_nodefs;

/* A file of this name marks a data directory, which hindcast may empty and which nodes do not see listed. */
#define REC_NODEFS_DATA_MARKER "hindcast-data"

struct rec_nodefs_config {
	const char *lower;		/* host directory that the node sees as its root, "/" as a rule */
	const char *upper;		/* host directory for all that the node writes; made if missing */
	/* The node's wall clock, for the times of what it writes. */
	uint64_t (*realtime_ns)(void *arg);
	/* Bytes that a program wrote to one of the experiment's output files. */
	void (*output)(void *arg, unsigned stream, const void *bytes, size_t size);
	/* A live file (see rec_nodefs_mapped()) got bytes (NULL: zeros), or another size. */
	void (*stored)(void *arg, uint64_t number, uint64_t offset, const void *bytes, uint64_t size);
	void (*resized)(void *arg, uint64_t number, uint64_t size);
	/* An operation failed since the disk is to fail; what, for a person. */
	void (*disk_failed)(void *arg, const char *text);
	/* A number below n by chance. */
	uint64_t (*below)(void *arg, uint64_t n);
	bool loses_power;		/* what is not synced is to be remembered (rec_nodefs_lose) */
	void *arg;
};

/* 0 or -errno. */
int rec_nodefs_new(const struct rec_nodefs_config *config, struct rec_nodefs **ret);
void rec_nodefs_free(struct rec_nodefs *fs);

/* Puts a file into the node before it starts (parents are made). */
int rec_nodefs_put(struct rec_nodefs *fs, const char *path, const void *bytes, size_t size, uint32_t mode);
/* A file that exists for the node under REC_NODEFS_IO/name, and for the host at host_path.  stream 0: it is read
 * (host_path NULL: empty); 1 or 2: it is written, and every write is reported as output of that stream; what is there already stays. */
#define REC_NODEFS_IO "/.hindcast"
int rec_nodefs_io(struct rec_nodefs *fs, const char *name, const char *host_path, unsigned stream);
/* A program of the host that the node finds as REC_NODEFS_IO/name. */
int rec_nodefs_program(struct rec_nodefs *fs, const char *name, const char *host_path);
/* Whether a path names an executable regular file (symbolic links are followed, on the node). */
bool rec_nodefs_executable(struct rec_nodefs *fs, const char *path);

/* Descriptor of a regular file, borrowed, for mapping; -errno. */
int rec_nodefs_fd(struct rec_nodefs *fs, uint64_t ino, bool writable);
/* Bytes of a regular file: how many, -errno. */
int64_t rec_nodefs_read(struct rec_nodefs *fs, uint64_t ino, void *buf, uint64_t offset, uint64_t size);
/* Its size; 0 when there is no such file. */
uint64_t rec_nodefs_size(struct rec_nodefs *fs, uint64_t ino);
/* Absolute path on the node, borrowed until the next call. */
const char *rec_nodefs_path(struct rec_nodefs *fs, uint64_t ino);
/* The number under which a file's present content is known in events; 0: under none yet. */
uint64_t rec_nodefs_number(struct rec_nodefs *fs, uint64_t ino);
void rec_nodefs_set_number(struct rec_nodefs *fs, uint64_t ino, uint64_t number);
/* A file of the node's own in memory, of that many zeros, that never stands in its tree; name is for show.  0 or -errno.
 * After rec_nodefs_close() nobody uses it any more. */
int rec_nodefs_unnamed(struct rec_nodefs *fs, const char *name, uint64_t size, uint64_t *ret_ino);
void rec_nodefs_close(struct rec_nodefs *fs, uint64_t ino);
/* Whether it is the node's own, and not a file of the lower tree. */
bool rec_nodefs_is_own(struct rec_nodefs *fs, uint64_t ino);
/* Shows the host path of each file of the lower tree that was read, and is another one now than when the node met it: by inode number, size
 * or time of change. */
void rec_nodefs_changed(const struct rec_nodefs *fs, void (*see)(void *arg, const char *path), void *arg);
/* A program maps the file.  True when the file is the node's own and this is its first mapping: it is live from now on,
 * keeps its number for ever, and all that happens to its content is reported.  The size is then *ret_size. */
bool rec_nodefs_mapped(struct rec_nodefs *fs, uint64_t ino, uint64_t *ret_size);

/* All that was written is on the disk. */
void rec_nodefs_sync(struct rec_nodefs *fs);
/* The node has lost its power, and runs no more: what was not synced is gone; torn: but for some sectors of the oldest
 * change of each file.  0 or -errno of the host. */
struct rec_nodefs_loss {
	uint64_t writes, bytes;		/* changes of content, and what they touched */
	uint64_t names;			/* files made, removed, renamed */
};
int rec_nodefs_lose(struct rec_nodefs *fs, bool torn, struct rec_nodefs_loss *ret);
/* From now on the disk is like that; fault is borrowed, NULL: as it should be. */
void rec_nodefs_set_disk(struct rec_nodefs *fs, const struct rec_disk_fault *fault);
/* How long operations since the last call take on a slow disk; ns. */
uint64_t rec_nodefs_take_cost(struct rec_nodefs *fs);
/* As rec_nodefs_read(), by a program: the disk may fail. */
int64_t rec_nodefs_load(struct rec_nodefs *fs, uint64_t ino, void *buf, uint64_t offset, uint64_t size);

/* Fills the fs_ part of the host's table; its ctx must begin with a struct rec_nodefs * (see node-int.h). */
struct kg_host;
void rec_nodefs_ops(struct kg_host *host);

#endif
