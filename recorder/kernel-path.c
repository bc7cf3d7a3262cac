/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel-path.c - in a build directory the image lies beside the program, installed it has a folder of its own. */
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel-path.h"

char *rec__find_kernel(const struct fmt_arguments *args)
{
	const bool counts = args->value[FMT_OPTION_COVERAGE];
	const char *const given = args->value[FMT_OPTION_KERNEL] ? args->value[FMT_OPTION_KERNEL]
							     : getenv("HINDCAST_KERNEL");
	char self[PATH_MAX];

	if (given && *given)
		return fmt_text_of("%s", given);
	/* In a build directory the image lies beside the program. */
	const ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (length > 0) {
		self[length] = '\0';
		_cleanup_free_ char *beside = fmt_text_of("%s/hindcast-kernel%s.so", dirname(self), counts ? "-coverage" : "");

		if (access(beside, R_OK) == 0)
			return STEAL(beside);
	}
	if (!counts && access(HINDCAST_KERNEL_INSTALLED, R_OK) == 0)
		return fmt_text_of("%s", HINDCAST_KERNEL_INSTALLED);
	return NULL;
}
