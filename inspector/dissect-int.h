/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dissect-int.h - what the dissectors of the layers share. */
#ifndef INSP_DISSECT_INT_H
#define INSP_DISSECT_INT_H

#include "dissect.h"

#include <stdbool.h>

/* A part of the frame: at is where it begins. */
struct insp__part {
	const uint8_t *frame;
	uint32_t at, size;
};

static inline uint16_t insp__u16(const struct insp__part *part, uint32_t offset)
{
	const uint8_t *at = part->frame + part->at + offset;

	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t insp__u32(const struct insp__part *part, uint32_t offset)
{
	return (uint32_t)insp__u16(part, offset) << 16 | insp__u16(part, offset + 2);
}

static inline uint8_t insp__u8(const struct insp__part *part, uint32_t offset)
{
	return part->frame[part->at + offset];
}

/* Adds a line about bytes of a part. */
__attribute__((format(printf, 6, 7))) void insp__field(struct insp_dissection *d, uint32_t depth,
	const struct insp__part *part, uint32_t offset, uint32_t size, const char *format, ...);
/* What is behind the first bytes of a part. */
struct insp__part insp__rest(const struct insp__part *part, uint32_t skip);
/* "Layer: cut off after N bytes" when a part is shorter than its header. */
bool insp__cut(struct insp_dissection *d, const struct insp__part *part, uint32_t need, const char *layer);
/* The bytes as text, what does not print as dots; at most size - 1 of them. */
void insp__printable(char *to, size_t size, const uint8_t *bytes, size_t count);

/* dissect-app.c: what TCP and UDP carry, told by port or by how it begins. */
void insp__payload(struct insp_dissection *d, const struct insp__part *part, bool tcp, uint16_t source, uint16_t target);

#endif
