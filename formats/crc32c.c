/* SPDX-License-Identifier: GPL-2.0-or-later */
/* crc32c.c - CRC-32C, polynomial 0x1EDC6F41 reflected; by the instruction where there is one. */
#include "effect.h"

#include <string.h>

#include "base/check.h"
#include "base/le.h"

#define POLYNOMIAL 0x82f63b78u	/* reflected */

/* table[k][b]: byte b followed by k zero bytes, so that eight bytes take one step. */
static uint32_t table[8][256];

__attribute__((constructor)) static void fill_table(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
		table[0][i] = crc;
	}
	for (uint32_t i = 0; i < 256; i++)
		for (int k = 1; k < 8; k++)
			table[k][i] = (table[k - 1][i] >> 8) ^ table[0][table[k - 1][i] & 0xff];
}

static uint32_t crc_by_table(uint32_t crc, const uint8_t *bytes, size_t size)
{
	for (; size >= 8; size -= 8, bytes += 8) {
		const uint64_t word = le64_get(bytes) ^ crc;

		crc = 0;
		for (int k = 0; k < 8; k++)
			crc ^= table[7 - k][(word >> (8 * k)) & 0xff];
	}
	for (; size; size--)
		crc = (crc >> 8) ^ table[0][(crc ^ *bytes++) & 0xff];
	return crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t crc_by_cpu(uint32_t crc, const uint8_t *bytes,
							     size_t size)
{
	uint64_t wide = crc;

	for (; size >= 8; size -= 8, bytes += 8)
		wide = __builtin_ia32_crc32di(wide, le64_get(bytes));
	crc = (uint32_t)wide;
	for (; size; size--)
		crc = __builtin_ia32_crc32qi(crc, *bytes++);
	return crc;
}
#endif

uint32_t fmt_crc32c(uint32_t crc, const void *bytes, size_t size)
{
	CHECK(table[0][1]);
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2"))
		return ~crc_by_cpu(~crc, bytes, size);
#endif
	return ~crc_by_table(~crc, bytes, size);
}

uint32_t fmt_crc32c_portable(uint32_t crc, const void *bytes, size_t size)
{
	return ~crc_by_table(~crc, bytes, size);
}
