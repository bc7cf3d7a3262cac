/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz-filter.c - any text as a filter. */
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct fmt_filter *filter = NULL;
	struct fmt_error error;

	if (text && fmt_filter_new(text, &filter, &error) == 0)
		fmt_filter_free(filter);
	free(text);
	return 0;
}
