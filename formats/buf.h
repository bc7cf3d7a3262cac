/* SPDX-License-Identifier: GPL-2.0-or-later */
/* buf.h - a growing byte buffer, and the variable-length integers that traces are made of. */
#ifndef FMT_BUF_H
#define FMT_BUF_H

#include <stddef.h>
#include <stdint.h>

struct fmt_buf {
	uint8_t *data;
	size_t size;		/* bytes used */
	size_t capacity;
};

/* Memory of undefined content, never NULL, for free(); from a megabyte on in huge pages where there are any. */
void *fmt__alloc(size_t size);
/* Grows or aborts: memory that a run needs is not negotiable. */
void fmt__buf_grow(struct fmt_buf *buf, size_t extra);
static inline void fmt_buf_reserve(struct fmt_buf *buf, size_t extra)
{
	if (!buf->data || buf->capacity - buf->size < extra)
		fmt__buf_grow(buf, extra);
}
/* Has the host give the memory now, all at once. */
void fmt__warm(void *memory, size_t size);
void fmt__buf_warm(struct fmt_buf *buf, size_t size);
void fmt_buf_put(struct fmt_buf *buf, const void *bytes, size_t size);
/* LEB128.  Most numbers of a trace take one byte, and reading one is mostly this: so it is done in place. */
void fmt__buf_put_long(struct fmt_buf *buf, uint64_t value);
static inline void fmt_buf_put_u64(struct fmt_buf *buf, uint64_t value)
{
	fmt_buf_reserve(buf, 10);
	if (value < 0x80)
		buf->data[buf->size++] = (uint8_t)value;
	else
		fmt__buf_put_long(buf, value);
}
void fmt_buf_put_s64(struct fmt_buf *buf, int64_t value);	/* zigzag, then LEB128 */
void fmt_buf_clear(struct fmt_buf *buf);			/* keeps the memory */
void fmt_buf_done(struct fmt_buf *buf);

/* Takes an integer at *pos.  0, or -EBADMSG (cut, or longer than 64 bits); *pos moves only on success. */
int fmt__get_long(const uint8_t *data, size_t size, size_t *pos, uint64_t *ret);
static inline int fmt_get_u64(const uint8_t *data, size_t size, size_t *pos, uint64_t *ret)
{
	if (*pos >= size || data[*pos] >= 0x80)
		return fmt__get_long(data, size, pos, ret);
	*ret = data[(*pos)++];
	return 0;
}
int fmt_get_s64(const uint8_t *data, size_t size, size_t *pos, int64_t *ret);

#endif
