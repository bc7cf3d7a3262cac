/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * object.h - memory that several processes of a node see: files that are mapped shared or changed by calls, shared anonymous memory.
 *
 * Each is a memfd.  A fork does not copy it, so a checkpoint keeps its bytes, and going back writes them again, into
 * the same memfd: frozen processes of later times map it too.  For the same reason an object outlives its birth's being undone, and is
 * found again when the same event bears it again.
 */
#ifndef REP_OBJECT_H
#define REP_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REP_OBJECT_MAX 65536

/* Bytes of one object at one time; runs of zeros are left out. */
struct rep_object_bytes;

struct rep_object {
	struct rep_object *next;
	int fd;
	bool live;			/* it has been born at the present moment */
	struct rep_object_bytes *last;	/* what was kept last; owned share */
	uint64_t shrunk_to;		/* UINT64_MAX: it has not been since that was last looked at */
};

struct rep_objects {
	struct rep_object *first;	/* the newest */
	size_t count;
	bool any_shrunk;
};

/* A new, empty, live object.  0, -EMFILE (too many), -errno. */
int rep__object_new(struct rep_objects *objects, struct rep_object **ret);
void rep__objects_done(struct rep_objects *objects);

/* What all live objects hold. */
struct rep_objects_kept {
	struct rep_object_kept {
		struct rep_object *object;	/* borrowed */
		struct rep_object_bytes *bytes;	/* owned share */
	} *list;
	size_t count;
};

/* Gives an object a size, and zeroes in place of all its bytes when clear. Truncation takes from every process, frozen ones too,
 * the private copies of pages that lie beyond; that is noted, since such frozen processes are not what they were.  0 or -errno. */
int rep__object_resize(struct rep_objects *objects, struct rep_object *object, uint64_t size, bool clear);
/* Whether what is kept of an object that has shrunk was larger. */
bool rep__objects_kept_spoilt(const struct rep_objects_kept *kept);
/* All that has been noted is dealt with. */
void rep__objects_mended(struct rep_objects *objects);
/* 0 or -errno. */
int rep__objects_keep(struct rep_objects *objects, struct rep_objects_kept *ret);
/* Makes all objects as they were; those that are not in kept are not live. 0 or -errno. */
int rep__objects_restore(struct rep_objects *objects, const struct rep_objects_kept *kept);
void rep__objects_kept_done(struct rep_objects_kept *kept);
/* How much memory it holds that no other one does. */
uint64_t rep__objects_kept_size(const struct rep_objects_kept *kept);

#endif
