/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "buf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"
#include "varint.h"

#define BUF_CAPACITY_MIN 256
#define LARGE_SIZE (1u << 20)
#define HUGE_PAGE (2u << 20)
#define SMALL_PAGE 4096u

/* The host gives megabytes in huge pages in a third of the time that it takes page by page, which is what it does where it has none. */
void *fmt__alloc(size_t size)
{
	const size_t whole = (size + HUGE_PAGE - 1) & ~(size_t)(HUGE_PAGE - 1);
	void *memory = size < LARGE_SIZE ? malloc(size) : aligned_alloc(HUGE_PAGE, whole);

	CHECK(memory);
	if (size >= LARGE_SIZE)
		(void)madvise(memory, whole, MADV_HUGEPAGE);
	return memory;
}

void fmt__buf_grow(struct fmt_buf *buf, size_t extra)
{
	CHECK(buf->size <= buf->capacity);
	CHECK(extra <= SIZE_MAX / 4 - buf->size);
	const size_t need = buf->size + extra;
	size_t capacity = buf->capacity ? buf->capacity : BUF_CAPACITY_MIN;

	while (capacity < need)
		capacity += capacity / 2;
	/* What grows keeps its pages. */
	uint8_t *data = buf->data ? realloc(buf->data, capacity) : fmt__alloc(capacity);

	CHECK(data);
	buf->data = data;
	buf->capacity = capacity;
}

/* A kernel that cannot (before 5.14) gives it at the first use, in three times the time. */
void fmt__warm(void *memory, size_t size)
{
	const uintptr_t start = (uintptr_t)memory & ~(uintptr_t)(SMALL_PAGE - 1);
	const uintptr_t end = ((uintptr_t)memory + size) & ~(uintptr_t)(SMALL_PAGE - 1);

	if (end > start)
		(void)madvise((void *)start, end - start, MADV_POPULATE_WRITE);
}

void fmt__buf_warm(struct fmt_buf *buf, size_t size)
{
	fmt_buf_reserve(buf, size);
	fmt__warm(buf->data + buf->size, size);
}

void fmt_buf_put(struct fmt_buf *buf, const void *bytes, size_t size)
{
	fmt_buf_reserve(buf, size);
	if (size)
		memcpy(buf->data + buf->size, bytes, size);
	buf->size += size;
}

/* There is room for it. */
void fmt__buf_put_long(struct fmt_buf *buf, uint64_t value)
{
	buf->size = (size_t)(fmt__varint_put(buf->data + buf->size, value) - buf->data);
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

const uint8_t *fmt__varint_get_slow(const uint8_t *from, const uint8_t *end, uint64_t *ret)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 70 && from < end; shift += 7) {
		const uint8_t byte = *from++;

		if (shift == 63 && byte > 1)
			return NULL;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		if (byte == 0 && shift > 0)
			return NULL;
		*ret = value;
		return from;
	}
	return NULL;
}

int fmt__get_long(const uint8_t *data, size_t size, size_t *pos, uint64_t *ret)
{
	if (*pos >= size)
		return -EBADMSG;
	const uint8_t *behind = fmt__varint_get(data + *pos, data + size, ret);

	if (!behind)
		return -EBADMSG;
	*pos = (size_t)(behind - data);
	return 0;
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
