/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REC_SQUARE_ROOT_H
#define REC_SQUARE_ROOT_H

#include <stdint.h>

/* Rounded down. */
static inline uint64_t rec_square_root(unsigned __int128 x)
{
	uint64_t root = 0;

	for (uint64_t bit = 1ull << 63; bit; bit >>= 1)
		if ((unsigned __int128)(root | bit) * (root | bit) <= x)
			root |= bit;
	return root;
}

#endif
