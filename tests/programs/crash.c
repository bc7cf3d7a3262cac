/* SPDX-License-Identifier: GPL-2.0-or-later */
/* crash.c - writes a line, then reads from address 16. */
#include <stdio.h>

int main(void)
{
	/* Volatile, so that the compiler does not see where it leads. */
	const int *volatile nowhere = (const int *)16;

	puts("about to crash");
	fflush(stdout);
	return *nowhere;
}
