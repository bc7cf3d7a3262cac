/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

static int refuse(struct fmt_error *error, int code, const char *format, const char *text, event_seq count)
{
	if (error)
		snprintf(error->text, sizeof(error->text), format, text, (unsigned long long)count);
	return code;
}

int fmt_place_parse(struct fmt_reader *reader, const char *text, event_seq *ret_next, vtime_ns *ret_time,
		    struct fmt_error *error)
{
	const event_seq count = fmt_reader_count(reader);
	const size_t size = strlen(text);
	vtime_ns vtime;
	uint64_t number;
	char digits[24];

	*ret_time = UINT64_MAX;
	*ret_next = 0;
	if (strcmp(text, "start") == 0)
		return 0;
	if (strcmp(text, "end") == 0) {
		*ret_next = count;
		return 0;
	}
	if (text[0] == '@' && fmt_parse_number(text + 1, &number)) {
		*ret_next = number;
		return number <= count ? 0 : refuse(error, -ERANGE, "%s: the trace has %llu events", text, count);
	}
	if (size > 1 && size < sizeof(digits) && text[size - 1] == '%') {
		snprintf(digits, sizeof(digits), "%.*s", (int)(size - 1), text);
		if (fmt_parse_number(digits, &number) && number <= 100) {
			*ret_next = count / 100 * number + count % 100 * number / 100;
			return 0;
		}
	}
	if (text[0] != '@' && fmt_parse_vtime(text, &vtime)) {
		*ret_time = vtime;
		return fmt_reader_seek(reader, vtime, ret_next, error);
	}
	return refuse(error, -EINVAL, "%s: no place in a trace of %llu events; one is @NUMBER, a time such as 12.5s, 50%%, start or end",
		      text, count);
}
