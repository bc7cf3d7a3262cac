/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "id-table.h"

#include "unit.h"

#define IDS 4096

/* Against the plainest table there is: one slot for each possible id. */
static void test_random(void)
{
	static void *expected[IDS];
	static char things[IDS];
	struct rep_id_table table = {0};
	size_t count = 0;

	part("random puts and takes");
	for (int i = 0; i < 200000; i++) {
		const uint32_t number = (uint32_t)random_below(IDS);
		/* Ids that differ in the upper half only meet in the same slots most often. */
		const uint64_t id = rep__id(number % 7, number / 7);

		if (rep__id_table_get(&table, id) != expected[number])
			HOLDS(!"a table that finds what was put there");
		if (expected[number]) {
			HOLDS(rep__id_table_take(&table, id) == expected[number]);
			expected[number] = NULL;
			count--;
		} else if (random_below(3)) {
			expected[number] = &things[number];
			rep__id_table_put(&table, id, expected[number]);
			count++;
		} else {
			HOLDS(rep__id_table_take(&table, id) == NULL);
		}
	}
	EQUAL(table.count, count);
	rep__id_table_done(&table);
}

static void test_empty(void)
{
	struct rep_id_table table = {0};

	part("a table in which nothing was ever put");
	HOLDS(rep__id_table_get(&table, 1) == NULL);
	HOLDS(rep__id_table_take(&table, 1) == NULL);
	rep__id_table_done(&table);
}

int main(void)
{
	test_empty();
	test_random();
	return done();
}
