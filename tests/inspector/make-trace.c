/* SPDX-License-Identifier: GPL-2.0-or-later */
/* make-trace.c - make-trace PATH ROUNDS: a trace of about five events a round, for tests of the window. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run-for-tests.h"

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: make-trace PATH ROUNDS\n");
		return 2;
	}
	const int r = write_run(argv[1], strtoull(argv[2], NULL, 10));

	if (r < 0)
		fprintf(stderr, "make-trace: %s: %s\n", argv[1], strerror(-r));
	return r < 0;
}
