/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filehash.h - hashes of files that several nodes of a worker map: each is read once. */
#ifndef REC_FILEHASH_H
#define REC_FILEHASH_H

#include <stdint.h>

struct rec_filehashes;

struct rec_filehashes *rec_filehashes_new(void);
void rec_filehashes_free(struct rec_filehashes *hashes);
/* SHA-256 and size of an open file's content.  hashes NULL: nothing is remembered (a file of the node's own).  0 or -errno. */
int rec_filehash(struct rec_filehashes *hashes, int fd, uint8_t ret[32], uint64_t *ret_size);

#endif
