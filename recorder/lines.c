/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lines.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

int rec__lines_open(struct rec__load *load, int value, struct rec__lines *ret)
{
	const char *name = rec__scalar(load, value, "the name of a file");

	if (!name)
		return -EINVAL;
	char *text = rec__file_text(load, value, name);

	if (!text)
		return -EINVAL;
	ret->load = load;
	ret->value = value;
	ret->name = rec__copy(name);
	ret->text = ret->at = text;
	ret->line = 0;
	ret->count = 0;
	return 0;
}

void rec__lines_close(struct rec__lines *lines)
{
	free(lines->name);
	free(lines->text);
}

int rec__lines_fail(struct rec__lines *lines, const char *format, ...)
{
	char what[500];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return rec__fail(lines->load, lines->value, "%s:%u: %s", lines->name, lines->line, what);
}

static int split(struct rec__lines *lines, char *line)
{
	lines->count = 0;
	line[strcspn(line, "#")] = 0;
	for (char *save, *word = strtok_r(line, " \t\r", &save); word; word = strtok_r(NULL, " \t\r", &save)) {
		if (lines->count == REC__WORDS_MAX)
			return rec__lines_fail(lines, "a line has more than %d words", REC__WORDS_MAX);
		lines->words[lines->count++] = word;
	}
	return 0;
}

int rec__lines_next(struct rec__lines *lines)
{
	while (*lines->at) {
		char *line = lines->at, *end = strchrnul(line, '\n');

		lines->at = *end ? end + 1 : end;
		*end = 0;
		lines->line++;
		const int error = split(lines, line);

		if (error)
			return error;
		if (lines->count)
			return 1;
	}
	return 0;
}

int rec__lines_seconds(struct rec__lines *lines, const char *word, vtime_ns *ret)
{
	if (strspn(word, "0123456789.") == strlen(word) && !rec__parse_time(word, ret))
		return 0;
	return rec__lines_fail(lines, "'%s' is not a time in seconds, from 0, with at most nine digits behind the point", word);
}

int rec__lines_number(struct rec__lines *lines, const char *word, double *ret)
{
	char *end;
	const double value = strtod(word, &end);

	if (end == word || *end || !isfinite(value))
		return rec__lines_fail(lines, "'%s' is not a number", word);
	*ret = value;
	return 0;
}
