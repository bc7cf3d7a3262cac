/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory-image.h - the memory of a process that stands still, as effects that make it again.
 *
 * Mappings are told as they are; of their pages only those that differ from what a new mapping would have (zeros, or the file's
 * content).  These go to one file of pages for all processes, each once, so that what forks have in common is stored once.
 */
#ifndef REC_MEMORY_IMAGE_H
#define REC_MEMORY_IMAGE_H

#include <stdbool.h>

#include "buf.h"
#include "tracee.h"

struct rec_pages;

/* Pages are put to the end of fd, which is empty and becomes theirs. */
struct rec_pages *rec_pages_new(int fd);
void rec_pages_free(struct rec_pages *pages);
/* Borrowed. */
int rec_pages_fd(const struct rec_pages *pages);
/* In bytes. */
uint64_t rec_pages_size(const struct rec_pages *pages);

struct rec_memory_map {
	uint64_t start, end;
	int prot;
	int flags;		/* MAP_SHARED or MAP_PRIVATE, MAP_ANONYMOUS, MAP_NORESERVE */
	uint64_t file;		/* by which effects name it; 0: anonymous */
	uint64_t offset;
	int base_fd;		/* what a new private mapping would have there; unused when it is shared or anonymous */
};

/* Appends the effects that make a mapping and its content; pages_file is by which number they name the file of pages.  0 or -errno. */
int rec_memory_image(struct rec_tracee *thread, const struct rec_memory_map *map, struct rec_pages *pages, uint64_t pages_file,
		     struct fmt_buf *effects);

#endif
