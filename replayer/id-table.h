/* SPDX-License-Identifier: GPL-2.0-or-later */
/* id-table.h - pointers by a number: threads by (node, tid), files by (node, number).  Never iterated. */
#ifndef REP_ID_TABLE_H
#define REP_ID_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct rep_id_slot {
	uint64_t id;
	void *value;		/* NULL: free */
};

/* Initialise with {0}.  Open addressing, at most half full, so a probe is short. */
struct rep_id_table {
	struct rep_id_slot *slots;
	size_t capacity;	/* a power of two, or 0 */
	size_t count;
};

/* Both halves of an id of (node, number). */
static inline uint64_t rep__id(uint32_t node, uint32_t number)
{
	return (uint64_t)node << 32 | number;
}

void *rep__id_table_get(const struct rep_id_table *table, uint64_t id);
/* id is not in the table; value is not NULL and stays the caller's. */
void rep__id_table_put(struct rep_id_table *table, uint64_t id, void *value);
/* Takes id out; its value, NULL when it was not there. */
void *rep__id_table_take(struct rep_id_table *table, uint64_t id);
void rep__id_table_done(struct rep_id_table *table);

#endif
