/* SPDX-License-Identifier: GPL-2.0-or-later */
/* named-files.h - which files of nodes the events of a part of a trace name, and which embedded contents these are. */
#ifndef FMT_NAMED_FILES_H
#define FMT_NAMED_FILES_H

#include "event.h"
#include "trace.h"

/* Initialise with {0}. */
struct fmt_named_files {
	struct fmt_named_file {
		uint64_t node, id;
	} *files;			/* by node and id, each once, once they are sorted */
	size_t count, capacity;
	struct fmt_buf hashes;
};

void fmt_named_files_done(struct fmt_named_files *named);
/* 0 is no file. */
void fmt_named_files_add(struct fmt_named_files *named, node_id node, uint64_t id);
/* All files that an event names: in its effects, and as its program. */
void fmt_named_files_learn(struct fmt_named_files *named, const struct fmt_event *event);
/* After the last of these, before what follows. */
void fmt_named_files_sort(struct fmt_named_files *named);
/* Whether the file of a file event has been named; true of what is none. */
bool fmt_named_files_has(const struct fmt_named_files *named, const struct fmt_event *event);
/* The content of a file event stays, if the file has been named. */
void fmt_named_files_take(struct fmt_named_files *named, const struct fmt_event *event);
/* Whether a content was taken. */
bool fmt_named_files_has_hash(const struct fmt_named_files *named, const uint8_t hash[FMT_HASH_SIZE]);

#endif
