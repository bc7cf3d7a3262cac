/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state-int.h - what state.c, state-fold.c, state-net.c, state-rows.c and keyframe.c share. */
#ifndef REP_STATE_INT_H
#define REP_STATE_INT_H

#include <string.h>

#include "base/check.h"
#include "buf.h"
#include "state.h"

/* A hostile trace must not spend memory without end: beyond these nothing is added.  With all tables full a node has 170 MiB. */
#define REP_STATE_NODES_MAX 65536u
#define REP_STATE_LINKS_MAX 1048576u
#define REP_STATE_ROWS_MAX 262144u
/* Processes that ended and are still shown, of a node. */
#define REP_STATE_ENDED_MAX 64u

/* ---- state-rows.c: tables ---- */

void *rep__rows_insert(struct rep_table *table, size_t row_size, size_t index);
void rep__rows_remove(struct rep_table *table, size_t row_size, size_t index);
void rep__table_done(struct rep_table *table);
/* Index of the first row whose key is not below; rows begin with their key: one or two u32, or a u64. */
size_t rep__rows_find(const struct rep_table *table, size_t row_size, int (*compare)(const void *row, const void *key),
		      const void *key);

#define rep__row(table, type, index) (&((type *)(table)->rows)[index])

/* The tables of a node, for what handles them all alike. */
struct rep__table_info {
	size_t offset, row_size;
};
#define REP__NODE_TABLES 11
extern const struct rep__table_info rep__node_tables[REP__NODE_TABLES];
static inline struct rep_table *rep__node_table(const struct rep_state_node *node, size_t i)
{
	return (struct rep_table *)((uint8_t *)node + rep__node_tables[i].offset);
}

/* Cut to size, always with zero bytes behind: rows are compared and compressed. */
void rep__text_set(char *to, size_t size, struct fmt_bytes from);
struct rep_state_node *rep__state_node(const struct rep_state *state, node_id id);
struct rep_state_link *rep__state_link(const struct rep_state *state, uint64_t id);
void rep__state_clear(struct rep_state *state);
/* Takes packets out that are gone. */
void rep__state_settle(struct rep_state *state);

/* ---- state-fold.c, state-net.c ---- */

/* What one event does to the state.  Events that make no sense do nothing. */
void rep__state_fold(struct rep_state *state, const struct fmt_event *event);
/* The same, for kinds of the network; node is the event's, NULL: none. */
void rep__state_fold_net(struct rep_state *state, struct rep_state_node *node, const struct fmt_event *event);
void rep__socket_ref(struct rep_state_node *node, uint64_t sock);
void rep__socket_unref(struct rep_state_node *node, uint64_t sock);
/* Timers that have expired by now are off, or expire again later.  Whoever folds on from there comes to the same as without. */
void rep__timers_expire(struct rep_state_node *node, vtime_ns now);
/* The same, and takes away sockets whose time is over; whether there were any: then nothing can be folded on. */
bool rep__state_expire(struct rep_state *state);

/* ---- keyframe.c ---- */

/* Appends a whole state, compressed. */
void rep__keyframe_put(struct fmt_buf *out, const struct rep_state *state);
/* 0, -EBADMSG: it is none, and the state is empty. */
int rep__keyframe_get(const uint8_t *bytes, size_t size, struct rep_state *ret);

#endif
