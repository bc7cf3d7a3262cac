/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text.c - an event as one line.
 *
 *	12 1.020000001s n1 30 syscall ran=200 nr=connect(42) a0=0x3 ... ret=-115(EINPROGRESS) effects=1#8a2f0c11
 *
 * Number, time, node, thread, kind, then fields as name=value, always in this order, so that two runs can be
 * compared with diff and searched with grep.  A field's name chooses what is said about its number.
 */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "effect.h"
#include "packet-text.h"
#include "syscall-names.h"

void fmt_put_text(struct fmt_buf *out, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	const int size = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	CHECK(size >= 0 && (size_t)size < sizeof(text));
	fmt_buf_put(out, text, (size_t)size);
}

void fmt_put_vtime(struct fmt_buf *out, vtime_ns vtime)
{
	fmt_put_text(out, "%llu.%09llus", (unsigned long long)(vtime / 1000000000u),
		     (unsigned long long)(vtime % 1000000000u));
}

/* C1 controls (U+0080..U+009F) would reach the terminal as commands. */
size_t fmt_utf8_size(const uint8_t *bytes, size_t size)
{
	static const uint32_t least[] = {0, 0, 0xa0, 0x800, 0x10000};
	size_t need;
	uint32_t code;

	if (bytes[0] >= 0xc2 && bytes[0] <= 0xdf) {
		need = 2;
		code = bytes[0] & 0x1f;
	} else if ((bytes[0] & 0xf0) == 0xe0) {
		need = 3;
		code = bytes[0] & 0x0f;
	} else if (bytes[0] >= 0xf0 && bytes[0] <= 0xf4) {
		need = 4;
		code = bytes[0] & 0x07;
	} else {
		return 0;
	}
	if (need > size)
		return 0;
	for (size_t i = 1; i < need; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (bytes[i] & 0x3f);
	}
	/* too long, surrogate, beyond Unicode; or one that turns the direction of the line */
	if (code < least[need] || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff)
		return 0;
	if ((code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	    (code >= 0x2066 && code <= 0x2069) || code == 0xfeff)
		return 0;
	return need;
}

/* Octal, since "\x1" followed by "2" would be another byte in C. */
static void put_escaped_byte(struct fmt_buf *out, uint8_t byte)
{
	static const char names[] = {['\a'] = 'a', ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n',
				     ['\v'] = 'v', ['\f'] = 'f', ['\r'] = 'r'};

	if (byte == '"' || byte == '\\')
		fmt_put_text(out, "\\%c", byte);
	else if (byte < sizeof(names) && names[byte])
		fmt_put_text(out, "\\%c", names[byte]);
	else
		fmt_put_text(out, "\\%03o", byte);
}

void fmt_put_escaped(struct fmt_buf *out, struct fmt_bytes text)
{
	for (size_t i = 0; i < text.size;) {
		const uint8_t byte = text.data[i];
		const size_t wide = fmt_utf8_size(text.data + i, text.size - i);

		if (wide) {
			fmt_buf_put(out, text.data + i, wide);
			i += wide;
			continue;
		}
		if (byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\')
			fmt_buf_put(out, &byte, 1);
		else
			put_escaped_byte(out, byte);
		i++;
	}
}

static void put_summary(struct fmt_buf *out, struct fmt_bytes bytes)
{
	fmt_put_text(out, "%zu", bytes.size);
	if (bytes.size)
		fmt_put_text(out, "#%08x", fmt_crc32c(0, bytes.data, bytes.size));
}

void fmt_put_hex(struct fmt_buf *out, struct fmt_bytes bytes)
{
	static const char digits[] = "0123456789abcdef";

	fmt_buf_reserve(out, bytes.size * 2);
	for (size_t i = 0; i < bytes.size; i++) {
		const char pair[2] = {digits[bytes.data[i] >> 4], digits[bytes.data[i] & 15]};

		fmt_buf_put(out, pair, 2);
	}
}

void fmt_put_json(struct fmt_buf *out, struct fmt_bytes text)
{
	const uint8_t *from = text.data;

	fmt_buf_put(out, "\"", 1);
	for (size_t i = 0; i < text.size; i++) {
		const size_t wide = fmt_utf8_size(from + i, text.size - i);

		if (wide) {
			fmt_buf_put(out, from + i, wide);
			i += wide - 1;
		} else if (from[i] == '"' || from[i] == '\\') {
			fmt_put_text(out, "\\%c", from[i]);
		} else if (from[i] >= 0x20 && from[i] < 0x7f) {
			fmt_buf_put(out, from + i, 1);
		} else {
			fmt_put_text(out, "\\u%04x", from[i]);
		}
	}
	fmt_buf_put(out, "\"", 1);
}

static void put_bytes(struct fmt_buf *out, const char *name, struct fmt_bytes bytes)
{
	/* What identifies something is shown whole. */
	if ((strcmp(name, "hash") == 0 || strcmp(name, "seed") == 0) && bytes.size &&
	    bytes.size <= 64) {
		fmt_put_hex(out, bytes);
		return;
	}
	put_summary(out, bytes);
	if (strcmp(name, "frame") == 0) {
		fmt_put_text(out, " [");
		fmt_put_frame(out, bytes.data, bytes.size);
		fmt_put_text(out, "]");
	}
}

/* Number of effects, and a checksum over all that they do. */
static void put_effects(struct fmt_buf *out, struct fmt_bytes list)
{
	struct fmt_effect effect;
	unsigned long long count = 0;
	size_t pos = 0;
	int got;

	while ((got = fmt_effect_next(list.data, list.size, &pos, &effect)) > 0)
		count++;
	if (got < 0)
		fmt_put_text(out, "damaged");
	else
		fmt_put_text(out, "%llu", count);
	if (list.size)
		fmt_put_text(out, "#%08x", fmt_crc32c(0, list.data, list.size));
}

static void put_named(struct fmt_buf *out, const char *name, uint64_t value)
{
	if (name)
		fmt_put_text(out, "%s(%llu)", name, (unsigned long long)value);
	else
		fmt_put_text(out, "%llu", (unsigned long long)value);
}

static void put_unsigned(struct fmt_buf *out, const char *name, uint64_t value)
{
	if (strcmp(name, "nr") == 0)
		put_named(out, fmt_syscall_name(value), value);
	else if (strcmp(name, "signo") == 0)
		put_named(out, fmt_signal_name(value), value);
	else
		fmt_put_text(out, "%llu", (unsigned long long)value);
}

static void put_signed(struct fmt_buf *out, const char *name, int64_t value)
{
	const char *error = NULL;

	if (strcmp(name, "ret") == 0 && value < 0 && value > -4096)
		error = fmt_errno_name((int)-value);
	if (error)
		fmt_put_text(out, "%lld(%s)", (long long)value, error);
	else
		fmt_put_text(out, "%lld", (long long)value);
}

static void put_field(struct fmt_buf *out, const struct fmt_field *field,
		      const struct fmt_value *value)
{
	fmt_put_text(out, " %s=", field->name);
	switch (field->type) {
	case 'U':
		put_unsigned(out, field->name, value->u);
		return;
	case 'H':
		fmt_put_text(out, "%#llx", (unsigned long long)value->u);
		return;
	case 'S':
		put_signed(out, field->name, (int64_t)value->u);
		return;
	case 'T':
		fmt_put_text(out, "\"");
		fmt_put_escaped(out, value->bytes);
		fmt_put_text(out, "\"");
		return;
	case 'B':
		put_bytes(out, field->name, value->bytes);
		return;
	case 'E':
		put_effects(out, value->bytes);
		return;
	}
	CHECK(!"a type of event-kinds.def");
}

void fmt_event_text(const struct fmt_event *event, struct fmt_buf *out)
{
	char node[16];

	snprintf(node, sizeof(node), "n%u", event->node);
	fmt_put_event(out, event, node);
}

void fmt_put_event(struct fmt_buf *out, const struct fmt_event *event, const char *node)
{
	const struct fmt_kind_info *info = fmt_kind_info(event->kind);
	struct fmt_value values[FMT_FIELD_MAX];

	fmt_put_text(out, "%llu ", (unsigned long long)event->seq);
	fmt_put_vtime(out, event->vtime);
	fmt_put_text(out, " ");
	fmt_buf_put(out, node, strlen(node));
	fmt_put_text(out, " %u ", event->tid);
	const int count = fmt_event_values(event, values);

	if (info)
		fmt_put_text(out, "%s", info->name);
	else
		fmt_put_text(out, "kind-%u", event->kind);
	if (count < 0) {
		fmt_put_text(out, " %s=", info ? "damaged" : "body");
		put_summary(out, (struct fmt_bytes){event->body, event->body_size});
		return;
	}
	for (int i = 0; i < count; i++)
		put_field(out, &info->fields[i], &values[i]);
}
