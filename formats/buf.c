/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "buf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/le.h"

#define BUF_CAPACITY_MIN 256

void fmt__buf_grow(struct fmt_buf *buf, size_t extra)
{
	CHECK(buf->size <= buf->capacity);
	CHECK(extra <= SIZE_MAX / 4 - buf->size);
	const size_t need = buf->size + extra;
	size_t capacity = buf->capacity ? buf->capacity : BUF_CAPACITY_MIN;

	while (capacity < need)
		capacity += capacity / 2;
	uint8_t *data = realloc(buf->data, capacity);

	CHECK(data);
	buf->data = data;
	buf->capacity = capacity;
}

void fmt_buf_put(struct fmt_buf *buf, const void *bytes, size_t size)
{
	fmt_buf_reserve(buf, size);
	if (size)
		memcpy(buf->data + buf->size, bytes, size);
	buf->size += size;
}

/* Seven bits of value go to each byte, by halves: four times 14 bits, eight times 7.  Of values below 2^56. */
static uint64_t spread(uint64_t value)
{
	value = (value & 0x000000000fffffff) | (value & 0x00fffffff0000000) << 4;
	value = (value & 0x00003fff00003fff) | (value & 0x0fffc0000fffc000) << 2;
	return (value & 0x007f007f007f007f) | (value & 0x3f803f803f803f80) << 1;
}

/* And back. */
static uint64_t gather(uint64_t bytes)
{
	bytes = (bytes & 0x007f007f007f007f) | (bytes & 0x7f007f007f007f00) >> 1;
	bytes = (bytes & 0x00003fff00003fff) | (bytes & 0x3fff00003fff0000) >> 2;
	return (bytes & 0x000000000fffffff) | (bytes & 0x0fffffff00000000) >> 4;
}

#define MORE_BITS 0x8080808080808080u

/* There is room for ten bytes. */
void fmt__buf_put_long(struct fmt_buf *buf, uint64_t value)
{
	uint8_t *to = buf->data + buf->size;

	if (value < 1ull << 56) {
		const unsigned int size = (70u - (unsigned int)__builtin_clzll(value)) / 7;

		/* What is written behind the last byte is not used. */
		le64_put(to, spread(value) | (MORE_BITS & ((1ull << 8 * (size - 1)) - 1)));
		buf->size += size;
		return;
	}
	for (; value >= 0x80; value >>= 7)
		*to++ = (uint8_t)(value | 0x80);
	*to++ = (uint8_t)value;
	buf->size = (size_t)(to - buf->data);
}

void fmt_buf_put_s64(struct fmt_buf *buf, int64_t value)
{
	fmt_buf_put_u64(buf, ((uint64_t)value << 1) ^ (uint64_t)(value >> 63));
}

void fmt_buf_clear(struct fmt_buf *buf)
{
	buf->size = 0;
}

void fmt_buf_done(struct fmt_buf *buf)
{
	free(buf->data);
	*buf = (struct fmt_buf){0};
}

/*
 * There is one encoding of each value: a last byte of zero (except for zero itself) is damage.  Equal
 * events must be equal bytes, and what reads a trace and writes it again must not change it.
 */
int fmt__get_long(const uint8_t *data, size_t size, size_t *pos, uint64_t *ret)
{
	uint64_t value = 0;
	size_t at = *pos;
	const uint64_t word = size >= 8 && at <= size - 8 ? le64_get(data + at) : MORE_BITS;

	/* Up to eight bytes at once. */
	if (~word & MORE_BITS) {
		const unsigned int bits = (unsigned int)__builtin_ctzll(~word & MORE_BITS) + 1;
		const uint64_t bytes = word << (64 - bits) >> (64 - bits);

		if (bits > 8 && !(bytes >> (bits - 8)))
			return -EBADMSG;
		*pos = at + bits / 8;
		*ret = gather(bytes);
		return 0;
	}
	for (unsigned int shift = 0; shift < 70; shift += 7) {
		if (at >= size)
			return -EBADMSG;
		const uint8_t byte = data[at++];

		if (shift == 63 && byte > 1)
			return -EBADMSG;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		if (byte == 0 && shift > 0)
			return -EBADMSG;
		*pos = at;
		*ret = value;
		return 0;
	}
	return -EBADMSG;
}

int fmt_get_s64(const uint8_t *data, size_t size, size_t *pos, int64_t *ret)
{
	uint64_t value;
	const int error = fmt_get_u64(data, size, pos, &value);

	if (error < 0)
		return error;
	*ret = (int64_t)((value >> 1) ^ (0 - (value & 1)));
	return 0;
}
