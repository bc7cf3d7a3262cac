/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * varint.h - LEB128, up to eight bytes at once; for formats/ only, where millions are read and written.
 *
 * There is one encoding of each value: a last byte of zero (except for zero itself) is damage.  Equal events must be equal bytes,
 * and what reads a trace and writes it again must not change it.
 */
#ifndef FMT_VARINT_H
#define FMT_VARINT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/le.h"

#define FMT__VARINT_MAX 10u		/* bytes */
#define FMT__VARINT_MORE 0x8080808080808080u

/* Seven bits of value go to each byte, by halves: four times 14 bits, eight times 7.  Of values below 2^56. */
static inline uint64_t fmt__spread(uint64_t value)
{
	value = (value & 0x000000000fffffff) | (value & 0x00fffffff0000000) << 4;
	value = (value & 0x00003fff00003fff) | (value & 0x0fffc0000fffc000) << 2;
	return (value & 0x007f007f007f007f) | (value & 0x3f803f803f803f80) << 1;
}

/* And back. */
static inline uint64_t fmt__gather(uint64_t bytes)
{
	bytes = (bytes & 0x007f007f007f007f) | (bytes & 0x7f007f007f007f00) >> 1;
	bytes = (bytes & 0x00003fff00003fff) | (bytes & 0x3fff00003fff0000) >> 2;
	return (bytes & 0x000000000fffffff) | (bytes & 0x0fffffff00000000) >> 4;
}

/* To a place with room for FMT__VARINT_MAX bytes, all of which it may write to.  The place behind it. */
static inline uint8_t *fmt__varint_put(uint8_t *to, uint64_t value)
{
	if (value < 0x80) {
		*to = (uint8_t)value;
		return to + 1;
	}
	if (value < 1ull << 56) {
		const unsigned int size = (70u - (unsigned int)__builtin_clzll(value)) / 7;

		le64_put(to, fmt__spread(value) | (FMT__VARINT_MORE & ((1ull << 8 * (size - 1)) - 1)));
		return to + size;
	}
	for (; value >= 0x80; value >>= 7)
		*to++ = (uint8_t)(value | 0x80);
	*to++ = (uint8_t)value;
	return to;
}

/* One that has not one byte, or is near the end.  As fmt__varint_get(). */
const uint8_t *fmt__varint_get_slow(const uint8_t *from, const uint8_t *end, uint64_t *ret);

/* The place behind it; NULL: there is none, or not of 64 bits, or it is too long. */
static inline const uint8_t *fmt__varint_get(const uint8_t *from, const uint8_t *end, uint64_t *ret)
{
	if (end - from < 8)
		return fmt__varint_get_slow(from, end, ret);
	if (*from < 0x80) {
		*ret = *from;
		return from + 1;
	}
	const uint64_t word = le64_get(from), last = ~word & FMT__VARINT_MORE;

	if (!last)
		return fmt__varint_get_slow(from, end, ret);
	const unsigned int bits = (unsigned int)__builtin_ctzll(last) + 1;
	const uint64_t bytes = word << (64 - bits) >> (64 - bits);

	if (!(bytes >> (bits - 8)))
		return NULL;
	*ret = fmt__gather(bytes);
	return from + bits / 8;
}

#endif
