/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tool.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"

static const char *const names[] = {"hindcast-traffic"};

bool rec_tool_is(const char *path)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(path, names[i]))
			return true;
	return false;
}

char *rec_tool_find(const char *name)
{
	char self[PATH_MAX], *path;
	const ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	CHECK(rec_tool_is(name));
	if (length < 0)
		return NULL;
	self[length] = '\0';
	CHECK(asprintf(&path, "%s/%s", dirname(self), name) > 0);
	if (access(path, X_OK) == 0)
		return path;
	free(path);
	return NULL;
}
