/* SPDX-License-Identifier: GPL-2.0-or-later */
/* le.h - little-endian integers at any alignment. */
#ifndef FMT_BASE_LE_H
#define FMT_BASE_LE_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

/* Types for wire structs: no alignment, so no padding, and no arithmetic by accident. */
typedef struct { uint8_t bytes[4]; } le32;
typedef struct { uint8_t bytes[8]; } le64;

static inline uint32_t le32_get(const void *from)
{
	uint32_t value;

	memcpy(&value, from, sizeof(value));
	return le32toh(value);
}

static inline uint64_t le64_get(const void *from)
{
	uint64_t value;

	memcpy(&value, from, sizeof(value));
	return le64toh(value);
}

static inline void le32_put(void *to, uint32_t value)
{
	value = htole32(value);
	memcpy(to, &value, sizeof(value));
}

static inline void le64_put(void *to, uint64_t value)
{
	value = htole64(value);
	memcpy(to, &value, sizeof(value));
}

#endif
