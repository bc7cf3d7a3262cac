/* SPDX-License-Identifier: GPL-2.0-or-later */
/* calls.c - makes the calls of the given numbers, with arguments that none of them takes, and tells their errors. */
#include "say.h"

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const long nr = strtol(argv[i], NULL, 10), result = syscall(nr, -1l, -1l, -1l, -1l, -1l, -1l);

		say("%ld %s", nr, result == -1 ? strerrorname_np(errno) : "works");
	}
	return 0;
}
