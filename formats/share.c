/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "share.h"

#include <string.h>

#include "unfinished.h"

#define SUFFIX ".hct"

/* "run.hct" becomes "run.packed.hct". */
static char *default_path(const char *path, const char *word)
{
	const size_t size = strlen(path), suffix = strlen(SUFFIX);
	const bool has = size > suffix && strcmp(path + size - suffix, SUFFIX) == 0;

	return fmt_text_of("%.*s.%s" SUFFIX, (int)(has ? size - suffix : size), path, word);
}

enum fmt_status fmt_share(const struct fmt_arguments *args, const char *word, const struct fmt_rewrite *how, char **ret_path,
			  struct fmt_trace_stat *ret_stat)
{
	const char *const path = args->operand[0], *const wanted = args->value[FMT_OPTION_OUTPUT];
	enum fmt_status status = FMT_STATUS_OK;
	struct fmt_error error = {{0}};

	*ret_path = wanted ? fmt_text_of("%s", wanted) : default_path(path, word);
	if (fmt_is_over_itself(path, *ret_path))
		return FMT_STATUS_USAGE;
	struct fmt_reader *reader = fmt_open_trace(path, &status);

	if (!reader)
		return status;
	fmt_reader_stat(reader, ret_stat);
	fmt_unfinished_watch();
	const int r = fmt_rewrite(reader, *ret_path, how, &error);

	return fmt_close_trace(reader, path, r, &error);
}
