/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gate.c - is loaded into the inspector: where a trace is given its name, as when a note is written, it waits for a test to open the
 * pipe GATE. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int rename(const char *from, const char *to)
{
	int (*const real)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
	const char *gate = getenv("GATE"), *end = strrchr(to, '.');

	if (gate && end && strcmp(end, ".hct") == 0)
		close(open(gate, O_RDONLY | O_CLOEXEC));
	return real(from, to);
}
