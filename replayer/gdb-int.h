/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gdb-int.h - what the files of the gdb server share. */
#ifndef REP_GDB_INT_H
#define REP_GDB_INT_H

#include "gdb-packet.h"
#include "gdb.h"

#define REP_GDB_FILE_MAX 64
#define REP_GDB_PROCESS_MAX 4096
#define REP_GDB_POINT_MAX 256

struct rep_gdb_thread {
	node_id node;
	uint32_t pid, tid;
};

struct rep_gdb {
	struct rep_timeline *tl;		/* borrowed */
	struct rep_gdb_link link;
	struct rep_gdb_thread general;		/* what questions are about */
	struct rep_gdb_thread moving;		/* whom a step without a thread of its own is for; tid 0: general */
	struct rep_gdb_thread attached[REP_GDB_PROCESS_MAX];	/* processes that gdb knows; they need not live now */
	size_t attached_count;
	struct rep_stop stop;			/* the last one */
	bool has_target;			/* monitor seek: the next step goes there instead */
	struct rep_position target;
	node_id file_node;			/* whose files vFile opens, 0: of the general thread */
	uint32_t file_pid;
	struct rep_gdb_file {
		int fd;				/* 0: free; owned */
	} files[REP_GDB_FILE_MAX];
	struct rep_gdb_point {
		int number;			/* of the timeline; 0: free */
		char kind;			/* as in Z packets */
		node_id node;
		uint32_t pid;
		uint64_t addr;
		uint32_t size;
	} points[REP_GDB_POINT_MAX];
	event_seq *file_events;			/* of the whole trace; owned, NULL: not looked for yet */
	size_t file_event_count;
	struct fmt_buf object;			/* of qXfer, whole */
	struct fmt_buf reply;
	bool ended;
};

static inline uint64_t rep__gdb_id(node_id node, uint32_t number)
{
	return (uint64_t)node * REP_GDB_NODE + number;
}

/* Whether gdb knows the process. */
bool rep__gdb_knows(const struct rep_gdb *gdb, node_id node, uint32_t pid);
/* printf to the end of a buffer. */
__attribute__((format(printf, 2, 3))) void rep__gdb_print(struct fmt_buf *out, const char *format, ...);
/* Text for the person at gdb. */
void rep__gdb_console(struct rep_gdb *gdb, const char *text, size_t size);
/* Why the replay has stopped where it stands; nothing when nothing is wrong there. */
void rep__gdb_put_trouble(const struct rep_gdb *gdb, struct fmt_buf *out);
/* gdb-query.c: a packet that begins with q or Q; the answer is in reply. */
void rep__gdb_query(struct rep_gdb *gdb, const char *text);
/* gdb-file.c: the same for vFile, behind the colon. */
void rep__gdb_file(struct rep_gdb *gdb, const char *text, size_t size);
void rep__gdb_files_close(struct rep_gdb *gdb);
/* gdb-monitor.c: "monitor LINE". */
void rep__gdb_monitor(struct rep_gdb *gdb, const char *line);

#endif
