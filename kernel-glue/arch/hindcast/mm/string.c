// SPDX-License-Identifier: GPL-2.0-only
/*
 * string.c - memcpy() and its like.  Most copies of a kernel are short, and rep movs takes
 * some 30 cycles to start: short ones are two overlapping moves, long ones leave it to the CPU.
 */
#include <linux/export.h>
#include <linux/string.h>
#include <linux/types.h>

typedef u64 word __attribute__((__may_alias__, __aligned__(1)));
typedef u32 half __attribute__((__may_alias__, __aligned__(1)));
typedef u16 quarter __attribute__((__may_alias__, __aligned__(1)));

#define LONG_COPY 256

/* Both ends are read before either is written: right for memmove() as well. */
static __always_inline void copy_short(char *d, const char *s, size_t n)
{
	if (n >= 8) {
		u64 head = *(const word *)s, tail = *(const word *)(s + n - 8);

		*(word *)d = head;
		*(word *)(d + n - 8) = tail;
	} else if (n >= 4) {
		u32 head = *(const half *)s, tail = *(const half *)(s + n - 4);

		*(half *)d = head;
		*(half *)(d + n - 4) = tail;
	} else if (n >= 2) {
		u16 head = *(const quarter *)s, tail = *(const quarter *)(s + n - 2);

		*(quarter *)d = head;
		*(quarter *)(d + n - 2) = tail;
	} else if (n) {
		*d = *s;
	}
}

void *memcpy(void *to, const void *from, size_t size)
{
	char *d = to;
	const char *s = from;

	if (size > LONG_COPY) {
		asm volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(size) : : "memory");
		return to;
	}
	while (size > 16) {
		u64 a = ((const word *)s)[0], b = ((const word *)s)[1];

		((word *)d)[0] = a;
		((word *)d)[1] = b;
		s += 16;
		d += 16;
		size -= 16;
	}
	copy_short(d, s, size);
	return to;
}
EXPORT_SYMBOL(memcpy);

void *memmove(void *to, const void *from, size_t size)
{
	char *d = to;
	const char *s = from;

	if (size <= 16) {
		copy_short(d, s, size);
		return to;
	}
	if (d <= s || d >= s + size) {
		while (size > 16) {
			u64 a = ((const word *)s)[0];

			*(word *)d = a;
			s += 8;
			d += 8;
			size -= 8;
		}
		copy_short(d, s, size);
		return to;
	}
	while (size > 16) {
		u64 a;

		size -= 8;
		a = *(const word *)(s + size);
		*(word *)(d + size) = a;
	}
	copy_short(d, s, size);
	return to;
}
EXPORT_SYMBOL(memmove);

void *memset(void *to, int value, size_t size)
{
	char *d = to;

	if (size > 64) {
		asm volatile("rep stosb" : "+D"(d), "+c"(size) : "a"(value) : "memory");
		return to;
	}
	while (size >= 8) {
		*(word *)d = (u8)value * 0x0101010101010101ull;
		d += 8;
		size -= 8;
	}
	while (size--)
		*d++ = value;
	return to;
}
EXPORT_SYMBOL(memset);
