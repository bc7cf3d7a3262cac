/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What counts of two kernels come to together, and what is not added. */
#include "coverage.h"

#include <errno.h>
#include <stdint.h>

#include "unit.h"

/* As gcc 12 writes it: two functions, the second without a counter. */
struct gcda {
	uint32_t magic, version, stamp, checksum;
	uint32_t tag, size, ident, line_checksum, graph_checksum;
	uint32_t arcs_tag, arcs_size, arcs[4];
	uint32_t last_tag, last_size, last_ident, last_line_checksum, last_graph_checksum;
};

static const struct gcda object = {
	.magic = 0x67636461, .version = 0x42323241, .stamp = 7,
	.tag = 0x01000000, .size = 12, .ident = 1, .line_checksum = 2, .graph_checksum = 3,
	.arcs_tag = 0x01a10000, .arcs_size = 16, .arcs = {0xffffffff, 0, 5, 1},
	.last_tag = 0x01000000, .last_size = 12, .last_ident = 4,
};

static int add(struct gcda *sum, const struct gcda *more, size_t size)
{
	return rec__coverage_add((uint8_t *)sum, (const uint8_t *)more, size);
}

int main(void)
{
	struct gcda sum = object, more = object;

	part("counters of 64 bits are added, and nothing else changes");
	more.arcs[0] = 2;
	EQUAL(add(&sum, &more, sizeof(sum)), 0);
	const struct gcda expected = {.magic = object.magic, .version = object.version, .stamp = 7,
		.tag = object.tag, .size = 12, .ident = 1, .line_checksum = 2, .graph_checksum = 3,
		.arcs_tag = object.arcs_tag, .arcs_size = 16, .arcs = {1, 1, 10, 2},
		.last_tag = object.tag, .last_size = 12, .last_ident = 4};
	SAME(&sum, sizeof(sum), &expected, sizeof(expected));

	part("another object's are refused");
	more = object;
	more.stamp = 8;
	EQUAL(add(&sum, &more, sizeof(sum)), -EBADMSG);
	more = object;
	more.ident = 9;
	EQUAL(add(&sum, &more, sizeof(sum)), -EBADMSG);
	more = object;
	more.arcs_tag += 0x20000;
	EQUAL(add(&sum, &more, sizeof(sum)), -EBADMSG);

	part("what is no such file is refused");
	for (size_t size = 0; size < sizeof(sum); size++) {
		const int records_end = size == 16 || size == 36 || size == 60;

		sum = more = object;
		EQUAL(add(&sum, &more, size), records_end ? 0 : -EBADMSG);
	}
	sum = more = object;
	sum.magic = more.magic = 0;
	EQUAL(add(&sum, &more, sizeof(sum)), -EBADMSG);
	sum = more = object;
	sum.arcs_size = more.arcs_size = 12;
	EQUAL(add(&sum, &more, sizeof(sum)), -EBADMSG);
	sum = more = object;
	sum.last_size = more.last_size = 0xfffffff0;
	EQUAL(add(&sum, &more, sizeof(sum)), -EBADMSG);
	return done();
}
