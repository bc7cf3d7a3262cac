/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program whose source tests embed in a trace and then remove. */
#include <stdio.h>
#include "part/counter.h"

int count = 1;

static void count_on(int by)
{
	count += by; /* marker-of-the-source */
}

int main(void)
{
	for (int i = 0; i < 3; i++)
		count_on(twice_of(i));
	printf("password=open-sesame %d\n", count);
	return count != 7;
}
