/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "id-table.h"

#include <stdlib.h>

#include "base/check.h"

#define CAPACITY_FIRST 64

/* Fibonacci hashing: ids are small and consecutive, their products are not. */
static size_t home_of(const struct rep_id_table *table, uint64_t id)
{
	return (size_t)((id * 0x9e3779b97f4a7c15ULL) >> 20) & (table->capacity - 1);
}

/* The slot of id, or the free one in which it would be. */
static struct rep_id_slot *find_slot(const struct rep_id_table *table, uint64_t id)
{
	size_t at = home_of(table, id);

	CHECK(table->count < table->capacity);
	while (table->slots[at].value && table->slots[at].id != id)
		at = (at + 1) & (table->capacity - 1);
	return &table->slots[at];
}

static void grow(struct rep_id_table *table)
{
	struct rep_id_table larger = {
		.capacity = table->capacity ? 2 * table->capacity : CAPACITY_FIRST,
	};

	larger.slots = calloc(larger.capacity, sizeof(*larger.slots));
	CHECK(larger.slots);
	for (size_t i = 0; i < table->capacity; i++)
		if (table->slots[i].value)
			*find_slot(&larger, table->slots[i].id) = table->slots[i];
	larger.count = table->count;
	free(table->slots);
	*table = larger;
}

void *rep__id_table_get(const struct rep_id_table *table, uint64_t id)
{
	return table->capacity ? find_slot(table, id)->value : NULL;
}

void rep__id_table_put(struct rep_id_table *table, uint64_t id, void *value)
{
	if (2 * table->count >= table->capacity)
		grow(table);
	struct rep_id_slot *slot = find_slot(table, id);

	CHECK(value && !slot->value);
	*slot = (struct rep_id_slot){id, value};
	table->count++;
}

void *rep__id_table_take(struct rep_id_table *table, uint64_t id)
{
	const size_t mask = table->capacity - 1;

	if (!table->capacity)
		return NULL;
	struct rep_id_slot *slot = find_slot(table, id);
	void *value = slot->value;

	if (!value)
		return NULL;
	/* What had to probe past the slot moves up, so that no probe ends too early. */
	size_t hole = (size_t)(slot - table->slots);

	for (size_t at = (hole + 1) & mask; table->slots[at].value; at = (at + 1) & mask) {
		const size_t home = home_of(table, table->slots[at].id);

		if (((at - home) & mask) < ((at - hole) & mask))
			continue;
		table->slots[hole] = table->slots[at];
		hole = at;
	}
	table->slots[hole].value = NULL;
	table->count--;
	return value;
}

void rep__id_table_done(struct rep_id_table *table)
{
	free(table->slots);
	*table = (struct rep_id_table){0};
}
