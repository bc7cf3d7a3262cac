/* SPDX-License-Identifier: GPL-2.0-or-later */
/* make-trace.c - make-trace PATH ROUNDS [EVERY [extra]]: a trace of about five events a round, for tests of the window; every so many
 * rounds a request fares otherwise than in a trace without; extra: there is a node more. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run-for-tests.h"

int main(int argc, char **argv)
{
	if (argc < 3 || argc > 5) {
		fprintf(stderr, "usage: make-trace PATH ROUNDS [EVERY [extra]]\n");
		return 2;
	}
	const int r = write_odd_run(argv[1], strtoull(argv[2], NULL, 10), argc > 3 ? strtoull(argv[3], NULL, 10) : 0,
				    /* extra= */ argc > 4);

	if (r < 0)
		fprintf(stderr, "make-trace: %s: %s\n", argv[1], strerror(-r));
	return r < 0;
}
