/* SPDX-License-Identifier: GPL-2.0-or-later */
/* roster.h - names of nodes and processes, learnt from the events that tell them. */
#ifndef FMT_ROSTER_H
#define FMT_ROSTER_H

#include "event.h"

#define FMT_ROSTER_IF_SIZE 32

struct fmt_roster_node {
	node_id id;
	char name[64];			/* printable; cut when longer */
	char address[64];
};

struct fmt_roster_link {
	uint64_t id;
	uint64_t node_a, node_b;
	char if_a[FMT_ROSTER_IF_SIZE], if_b[FMT_ROSTER_IF_SIZE];	/* names of interfaces; "": not told */
};

struct fmt_roster_thread {
	node_id node;
	uint32_t tid;
	char name[64];			/* of its program */
};

/* Each list is by id, so that finding is fast and the order always the same. */
struct fmt_roster {
	struct fmt_roster_node *nodes;
	size_t node_count, node_capacity;
	struct fmt_roster_link *links;
	size_t link_count, link_capacity;
	struct fmt_roster_thread *threads;
	size_t thread_count, thread_capacity;
};

/* Beyond these a roster learns nothing more: 20 MiB. */
#define FMT_ROSTER_MAX 65536

/* Takes what an event tells; most tell nothing. */
void fmt_roster_learn(struct fmt_roster *roster, const struct fmt_event *event);
void fmt_roster_done(struct fmt_roster *roster);
/* "-" for the machine, "n3" for a node without a name; buf is where that is written. */
const char *fmt_roster_node(const struct fmt_roster *roster, node_id node, char buf[16]);
/* NULL: unknown. */
const struct fmt_roster_link *fmt_roster_link(const struct fmt_roster *roster, uint64_t id);
const char *fmt_roster_thread(const struct fmt_roster *roster, node_id node, uint32_t tid);

#endif
