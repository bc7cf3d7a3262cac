/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "buf.h"

#include <errno.h>

#include "unit.h"

static const uint64_t edges[] = {0, 1, 0x7f, 0x80, 0x3fff, 0x4000, UINT32_MAX, INT64_MAX,
				 1ull << 63, UINT64_MAX - 1, UINT64_MAX};

static void unsigned_round_trip(uint64_t value)
{
	struct fmt_buf buf = {0};
	uint64_t got = ~value;
	size_t pos = 0;

	fmt_buf_put_u64(&buf, value);
	EQUAL(fmt_get_u64(buf.data, buf.size, &pos, &got), 0);
	EQUAL(got, value);
	EQUAL(pos, buf.size);
	/* every cut is seen, and moves nothing */
	for (size_t size = 0; size < buf.size; size++) {
		pos = 0;
		EQUAL(fmt_get_u64(buf.data, size, &pos, &got), -EBADMSG);
		EQUAL(pos, 0);
	}
	fmt_buf_done(&buf);
}

/* Eight bytes are looked at together where there are so many: what stands behind an integer does not matter. */
static void crowded_round_trip(uint64_t value, uint8_t behind)
{
	struct fmt_buf buf = {0};
	uint64_t got = ~value;
	size_t pos = 1;

	fmt_buf_put_u64(&buf, 5);
	fmt_buf_put_u64(&buf, value);
	const size_t size = buf.size;

	for (int i = 0; i < 12; i++)
		fmt_buf_put(&buf, &behind, 1);
	EQUAL(fmt_get_u64(buf.data, buf.size, &pos, &got), 0);
	EQUAL(got, value);
	EQUAL(pos, size);
	fmt_buf_done(&buf);
}

static void signed_round_trip(int64_t value)
{
	struct fmt_buf buf = {0};
	int64_t got = ~value;
	size_t pos = 0;

	fmt_buf_put_s64(&buf, value);
	EQUAL(fmt_get_s64(buf.data, buf.size, &pos, &got), 0);
	EQUAL(got, value);
	EQUAL(pos, buf.size);
	fmt_buf_done(&buf);
}

static void refused(const uint8_t *bytes, size_t size)
{
	uint64_t got;
	size_t pos = 0;

	EQUAL(fmt_get_u64(bytes, size, &pos, &got), -EBADMSG);
	EQUAL(pos, 0);
}

static void test_integers(void)
{
	part("integers come back");
	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
		unsigned_round_trip(edges[i]);
		signed_round_trip((int64_t)edges[i]);
		signed_round_trip(-(int64_t)(edges[i] & INT64_MAX));
	}
	for (int i = 0; i < 10000; i++) {
		unsigned_round_trip(random_wide());
		signed_round_trip((int64_t)random_wide());
	}
	part("integers among others");
	for (unsigned int bits = 0; bits < 64; bits++)
		for (int step = -1; step <= 1; step++)
			for (int behind = 0; behind < 256; behind += 51) {
				unsigned_round_trip((1ull << bits) + (uint64_t)step);
				crowded_round_trip((1ull << bits) + (uint64_t)step, (uint8_t)behind);
			}
	part("small signed numbers are short");
	struct fmt_buf buf = {0};

	fmt_buf_put_s64(&buf, -64);
	EQUAL(buf.size, 1);
	fmt_buf_done(&buf);
}

static void test_bad_integers(void)
{
	part("what is no integer is refused");
	refused((const uint8_t[]){0x80, 0x00}, 2);			/* a longer zero */
	refused((const uint8_t[]){0xff, 0x80, 0x00}, 3);
	refused((const uint8_t[]){0x80, 0x00, 1, 2, 3, 4, 5, 6, 7, 8}, 10);
	refused((const uint8_t[]){0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 7, 8}, 10);
	refused((const uint8_t[]){0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 8}, 10);
	refused((const uint8_t[]){0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}, 10);
	refused((const uint8_t[]){0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x81, 0x01},
		11);
}

static void test_growth(void)
{
	struct fmt_buf buf = {0};
	uint8_t chunk[97];

	part("a buffer keeps what is put");
	for (int i = 0; i < 1000; i++) {
		memset(chunk, i, sizeof(chunk));
		fmt_buf_put(&buf, chunk, (size_t)i % sizeof(chunk));
	}
	size_t at = 0;

	for (int i = 0; i < 1000; i++)
		for (int k = 0; k < i % (int)sizeof(chunk); k++)
			EQUAL(buf.data[at++], (uint8_t)i);
	EQUAL(at, buf.size);
	const uint8_t *data = buf.data;

	fmt_buf_clear(&buf);
	EQUAL(buf.size, 0);
	HOLDS(buf.data == data);
	fmt_buf_done(&buf);
	HOLDS(!buf.data);
	fmt_buf_done(&buf);
}

int main(void)
{
	test_integers();
	test_bad_integers();
	test_growth();
	return done();
}
