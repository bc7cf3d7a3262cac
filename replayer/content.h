/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * content.h - the files that programs have mapped, out of the trace.
 *
 * A file event gives a number of its node to a content (hash).  A content is unpacked into a sealed memfd
 * when it is first mapped, and the least recently used go when there are many: a mapping keeps its pages
 * without the descriptor.  A file that is mapped shared, or that the recorder says calls change
 * (STORE and RESIZE effects), becomes an object that all processes of the node see: a copy, which stays.
 */
#ifndef REP_CONTENT_H
#define REP_CONTENT_H

#include <stdbool.h>

#include "id-table.h"
#include "object.h"
#include "trace.h"

#define REP_CONTENT_OPEN_MAX 128	/* descriptors of unpacked contents */
#define REP_CONTENT_FILE_MAX (1u << 20)	/* file events of a trace */
#define REP_CONTENT_EFFECT_MAX 4096	/* effects of one event that share anonymous memory */

struct rep_content_file;

struct rep_content {
	struct fmt_reader *reader;		/* borrowed */
	struct rep_id_table by_number;		/* rep__id(node, number) -> struct rep_content_file */
	struct rep_content_file *first;		/* all, to be freed */
	size_t file_count;
	struct rep_objects objects;
	struct rep_id_table anonymous;		/* event and effect -> struct rep_object */
	struct {
		uint64_t inode;
		uint8_t hash[FMT_HASH_SIZE];
	} *seen;				/* every memfd that a process may have mapped, in time */
	size_t seen_count, seen_capacity;
	struct {
		uint8_t hash[FMT_HASH_SIZE];
		int fd;				/* -EBADF: free */
		uint64_t used;			/* when, in calls */
	} open[REP_CONTENT_OPEN_MAX];
	uint64_t calls;
	bool mapped_shared;			/* a mapping that can write to an object was made; whoever asks takes it back */
};

void rep__content_init(struct rep_content *content, struct fmt_reader *reader);
void rep__content_done(struct rep_content *content);
/* A file event; the same one may come again.  0, -EEXIST (the number is taken), -EMFILE (too many), -EBADMSG (no hash, or
 * number). */
int rep__content_add(struct rep_content *content, const struct fmt_event *event,
		     const struct fmt_ev_file *ev);
/* Borrowed descriptor, valid until the next call; shared: of the object that all see.  -ENOENT: no such number;
 * -errno with error set: not in the trace, or damaged. */
int rep__content_fd(struct rep_content *content, node_id node, uint64_t number, bool shared,
		    struct fmt_error *error);
/* Gives the object that all see a size.  As rep__content_fd(). */
int rep__content_resize(struct rep_content *content, node_id node, uint64_t number, uint64_t size,
			struct fmt_error *error);
/* Borrowed descriptor of the zeroed memory that an effect (its place in its event) maps shared. -EMFILE, -errno. */
int rep__content_anonymous(struct rep_content *content, event_seq seq, size_t effect, uint64_t size);
/* The number by which a node knows what an inode of a mapping holds; 0: it is no file's. */
uint64_t rep__content_of_inode(const struct rep_content *content, node_id node, uint64_t inode);
/* What shared memory an inode is of: false, it is none's.  *ret_number: of the node's file, 0: anonymous memory, which *ret_fd
 * (borrowed) tells apart from others. */
bool rep__content_shared(const struct rep_content *content, node_id node, uint64_t inode, uint64_t *ret_number, int *ret_fd);
/* Calls each for each file of a node whose content calls or mappings may have changed, from the first number on; fd is borrowed. */
void rep__content_each_live(const struct rep_content *content, node_id node,
			    void (*each)(void *arg, uint64_t number, const uint8_t hash[FMT_HASH_SIZE], int fd), void *arg);
/* Whether the node has a file of this number. */
bool rep__content_has(const struct rep_content *content, node_id node, uint64_t number);
/* The file event of a number.  False: there has been none. */
bool rep__content_file(const struct rep_content *content, node_id node, uint64_t number, event_seq *ret);

#endif
