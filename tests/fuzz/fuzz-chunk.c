/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-chunk.c - any bytes as the columns, literals and summary of a chunk, without the checksums that keep damage from getting so far.
 *
 * The first four bytes are the number of events and, twice 256, the size of the literals at the end.
 */
#include <stdlib.h>

#include "columns.h"
#include "chunk-summary.h"
#include "fuzz.h"
#include "wire.h"

static const uint8_t before[256];

static const uint8_t *find_before(void *context, uint64_t at, size_t *size)
{
	if (at >= sizeof(before))
		return NULL;
	if (*size > sizeof(before) - at)
		*size = sizeof(before) - at;
	return before + at;
}

static void read_summary(const uint8_t *data, size_t size)
{
	static const uint32_t kinds[] = {FMT_output};
	const struct fmt_want want = {.kinds = kinds, .kind_count = 1, .has_node = true, .has_packet = true, .has_stream = true};
	struct fmt__summary_mark mark;
	struct fmt__summary_stream stream = {0};
	bool damaged = false;
	uint64_t left = 0;
	size_t pos = 0;

	fmt__summary_has(data, size, &want, &damaged);
	while (fmt__summary_mark(data, size, &pos, &mark, &left) > 0)
		continue;
	pos = 0;
	while (fmt__summary_stream(data, size, &pos, &stream) > 0)
		continue;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fmt__slots *slots;
	struct fmt_buf bodies = {0};

	if (!slots)
		slots = fmt__slots_new();
	read_summary(data, size);
	if (size < 4)
		return 0;
	const size_t count = 1 + (data[0] | (size_t)data[1] << 8) % FMT_CHUNK_EVENTS_MAX;
	const size_t rest = size - 4, literals_size = (data[2] | (size_t)data[3] << 8) % (rest + 1);
	const struct fmt__literals literals = {data + 4 + rest - literals_size, literals_size, sizeof(before), find_before, NULL};
	struct fmt_event *events = calloc(count, sizeof(*events));

	if (events)
		fmt__columns_get(slots, data + 4, rest - literals_size, &literals, 0, count, count, events, &bodies);
	free(events);
	fmt_buf_done(&bodies);
	return 0;
}
