/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.h - pieces of lines of text, for whoever shows events.  All append to out. */
#ifndef FMT_TEXT_H
#define FMT_TEXT_H

#include "event.h"

/* At most 255 bytes at once. */
__attribute__((format(printf, 2, 3))) void fmt_put_text(struct fmt_buf *out, const char *format, ...);
/* "1.020000001s" */
void fmt_put_vtime(struct fmt_buf *out, vtime_ns vtime);
/* Length of a printable UTF-8 sequence of two bytes or more; 0 when there is none.  size is not 0. */
size_t fmt_utf8_size(const uint8_t *bytes, size_t size);
/* As between the quotes of a C string, UTF-8 kept; nothing in it moves a terminal's cursor. */
void fmt_put_escaped(struct fmt_buf *out, struct fmt_bytes text);
/* As a string of JSON, with its quotes.  Bytes that are no UTF-8 become U+0080..U+00FF, so that it is JSON whatever
 * a trace holds. */
void fmt_put_json(struct fmt_buf *out, struct fmt_bytes text);
void fmt_put_hex(struct fmt_buf *out, struct fmt_bytes bytes);

/* As fmt_event_text(), with a name for the node. */
void fmt_put_event(struct fmt_buf *out, const struct fmt_event *event, const char *node);

#endif
