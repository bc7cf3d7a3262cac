/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hashset.c - a sorted array: a run maps some hundred files, and asks some ten thousand times. */
#include "hashset.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

void rec_hashset_done(struct rec_hashset *set)
{
	free(set->hashes);
	*set = (struct rec_hashset){0};
}

bool rec_hashset_add(struct rec_hashset *set, const uint8_t hash[32])
{
	size_t low = 0, high = set->count;

	while (low < high) {
		const size_t middle = (low + high) / 2;
		const int c = memcmp(set->hashes[middle], hash, 32);

		if (!c)
			return false;
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (set->count == set->capacity) {
		set->capacity = set->capacity ? 2 * set->capacity : 64;
		set->hashes = reallocarray(set->hashes, set->capacity, sizeof(*set->hashes));
		CHECK(set->hashes);
	}
	memmove(set->hashes + low + 1, set->hashes + low, (set->count - low) * 32);
	memcpy(set->hashes[low], hash, 32);
	set->count++;
	return true;
}
