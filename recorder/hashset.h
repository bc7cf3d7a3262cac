/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hashset.h - which files have been dealt with, by the SHA-256 of their content. */
#ifndef REC_HASHSET_H
#define REC_HASHSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rec_hashset {
	uint8_t (*hashes)[32];	/* sorted */
	size_t count, capacity;
};

void rec_hashset_done(struct rec_hashset *set);
/* True when the hash was not there yet. */
bool rec_hashset_add(struct rec_hashset *set, const uint8_t hash[32]);

#endif
