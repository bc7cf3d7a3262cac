/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state-rows.c - the tables that a state is made of. */
#include "state-int.h"

#include <stddef.h>
#include <stdlib.h>

#define TABLE(table, type) {offsetof(struct rep_state_node, table), sizeof(struct rep_state_##type)}
const struct rep__table_info rep__node_tables[REP__NODE_TABLES] = {
	TABLE(processes, process), TABLE(threads, thread),	   TABLE(fds, fd),
	TABLE(sockets, socket),	   TABLE(interfaces, interface), TABLE(addresses, address),
	TABLE(routes, route),	   TABLE(neighbours, neighbour), TABLE(timers, timer),
	TABLE(outputs, output),	   TABLE(packets, packet),
};

/* A new row, all zero, at index; NULL when the table is full. */
void *rep__rows_insert(struct rep_table *table, size_t row_size, size_t index)
{
	CHECK(index <= table->count);
	if (table->count >= REP_STATE_ROWS_MAX)
		return NULL;
	if (table->count == table->capacity) {
		table->capacity = table->capacity ? 2 * table->capacity : 8;
		table->rows = reallocarray(table->rows, table->capacity, row_size);
		CHECK(table->rows);
	}
	uint8_t *at = (uint8_t *)table->rows + index * row_size;

	memmove(at + row_size, at, (table->count - index) * row_size);
	memset(at, 0, row_size);
	table->count++;
	return at;
}

void rep__rows_remove(struct rep_table *table, size_t row_size, size_t index)
{
	CHECK(index < table->count);
	uint8_t *at = (uint8_t *)table->rows + index * row_size;

	table->count--;
	memmove(at, at + row_size, (table->count - index) * row_size);
}

void rep__table_done(struct rep_table *table)
{
	free(table->rows);
	*table = (struct rep_table){0};
}

size_t rep__rows_find(const struct rep_table *table, size_t row_size,
		      int (*compare)(const void *row, const void *key), const void *key)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (compare((const uint8_t *)table->rows + middle * row_size, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void rep__text_set(char *to, size_t size, struct fmt_bytes from)
{
	const size_t kept = from.size < size ? from.size : size - 1;

	memset(to, 0, size);
	if (kept)
		memcpy(to, from.data, kept);
}

/* ---- the state ---- */

static int compare_node(const void *row, const void *key)
{
	const node_id a = ((const struct rep_state_node *)row)->id, b = *(const node_id *)key;

	return a < b ? -1 : a > b;
}

/* Numbers of nodes are mostly 1, 2, 3 ... */
struct rep_state_node *rep__state_node(const struct rep_state *state, node_id id)
{
	if (id && id <= state->nodes.count && rep__row(&state->nodes, struct rep_state_node, id - 1)->id == id)
		return rep__row(&state->nodes, struct rep_state_node, id - 1);
	const size_t at = rep__rows_find(&state->nodes, sizeof(struct rep_state_node), compare_node, &id);

	if (at == state->nodes.count || rep__row(&state->nodes, struct rep_state_node, at)->id != id)
		return NULL;
	return rep__row(&state->nodes, struct rep_state_node, at);
}

static int compare_link(const void *row, const void *key)
{
	const uint64_t a = ((const struct rep_state_link *)row)->id, b = *(const uint64_t *)key;

	return a < b ? -1 : a > b;
}

struct rep_state_link *rep__state_link(const struct rep_state *state, uint64_t id)
{
	if (id < state->links.count && rep__row(&state->links, struct rep_state_link, id)->id == id)
		return rep__row(&state->links, struct rep_state_link, id);
	const size_t at = rep__rows_find(&state->links, sizeof(struct rep_state_link), compare_link, &id);

	if (at == state->links.count || rep__row(&state->links, struct rep_state_link, at)->id != id)
		return NULL;
	return rep__row(&state->links, struct rep_state_link, at);
}

void rep__state_clear(struct rep_state *state)
{
	for (uint32_t i = 0; i < state->nodes.count; i++)
		for (size_t j = 0; j < REP__NODE_TABLES; j++)
			rep__table_done(rep__node_table(rep__row(&state->nodes, struct rep_state_node, i), j));
	rep__table_done(&state->nodes);
	rep__table_done(&state->links);
	*state = (struct rep_state){.realtime_ns = state->realtime_ns};
}

static void settle_packets(struct rep_table *table)
{
	struct rep_state_packet *rows = table->rows;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < table->count; i++)
		if (!rows[i].gone)
			rows[kept++] = rows[i];
	table->count = kept;
}

void rep__state_settle(struct rep_state *state)
{
	for (uint32_t i = 0; i < state->nodes.count; i++)
		settle_packets(&rep__row(&state->nodes, struct rep_state_node, i)->packets);
}

static void copy_table(struct rep_table *table, size_t row_size)
{
	void *rows = NULL;

	if (table->count) {
		rows = calloc(table->count, row_size);
		CHECK(rows);
		memcpy(rows, table->rows, table->count * row_size);
	}
	table->rows = rows;
	table->capacity = table->count;
}

struct rep_state *rep_state_copy(const struct rep_state *state)
{
	struct rep_state *copy = malloc(sizeof(*copy));

	CHECK(copy);
	*copy = *state;
	copy_table(&copy->nodes, sizeof(struct rep_state_node));
	copy_table(&copy->links, sizeof(struct rep_state_link));
	for (uint32_t i = 0; i < copy->nodes.count; i++)
		for (size_t j = 0; j < REP__NODE_TABLES; j++)
			copy_table(rep__node_table(rep__row(&copy->nodes, struct rep_state_node, i), j),
				   rep__node_tables[j].row_size);
	return copy;
}

void rep_state_free(struct rep_state *state)
{
	if (!state)
		return;
	rep__state_clear(state);
	free(state);
}
