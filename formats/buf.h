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

/* Grows or aborts: memory that a run needs is not negotiable. */
void fmt_buf_reserve(struct fmt_buf *buf, size_t extra);
void fmt_buf_put(struct fmt_buf *buf, const void *bytes, size_t size);
void fmt_buf_put_u64(struct fmt_buf *buf, uint64_t value);	/* LEB128 */
void fmt_buf_put_s64(struct fmt_buf *buf, int64_t value);	/* zigzag, then LEB128 */
void fmt_buf_clear(struct fmt_buf *buf);			/* keeps the memory */
void fmt_buf_done(struct fmt_buf *buf);

/* Takes an integer at *pos.  0, or -EBADMSG (cut, or longer than 64 bits); *pos moves only on success. */
int fmt_get_u64(const uint8_t *data, size_t size, size_t *pos, uint64_t *ret);
int fmt_get_s64(const uint8_t *data, size_t size, size_t *pos, int64_t *ret);

#endif
