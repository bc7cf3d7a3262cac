/* SPDX-License-Identifier: GPL-2.0-or-later */
/* image-write.h - the processes of a session as they stand, as image events and the contents that these name. */
#ifndef REP_IMAGE_WRITE_H
#define REP_IMAGE_WRITE_H

#include "session-int.h"

/* What a file of a node holds by now. */
struct rep_image_content {
	node_id node;
	uint64_t number;
	uint64_t size;
	uint8_t hash[FMT_HASH_SIZE];
	int fd;			/* owned */
	bool is_new;		/* no event has told of this number: it is the image's own */
};

/* Initialise with {0}. */
struct rep_image {
	struct fmt_buf records;			/* image events, by node, pid, tid */
	struct rep_image_content *contents;	/* by node, in no other order */
	size_t content_count, content_capacity;
	uint64_t processes, threads;
};

/* Images of all that lives, told at vtime; pages_fd is an empty file for what memory holds, whose ownership goes over.  0; -errno, and
 * *ret_reason (static text) says what cannot be told. */
int rep__image_write(struct rep_session *session, vtime_ns vtime, int pages_fd, struct rep_image *ret, const char **ret_reason);
void rep__image_done(struct rep_image *image);

#endif
