/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-payload.c - bytes come back whatever they are, and what comes again is not stored again.
 */
#include "payload.h"

#include <stdbool.h>

#include "base/check.h"
#include "unit.h"

#define SIZE_MOST 300000u

/* What was committed: the stream so far. */
struct stream {
	struct fmt_buf bytes;
};

static const uint8_t *find_before(void *context, uint64_t at, size_t *size)
{
	const struct stream *stream = context;

	if (at >= stream->bytes.size)
		return NULL;
	if (*size > stream->bytes.size - at)
		*size = stream->bytes.size - at;
	return stream->bytes.data + at;
}

static uint64_t count_copies(const struct fmt_buf *sizes)
{
	uint64_t count = 0, value;

	for (size_t pos = 0; pos < sizes->size; count++)
		CHECK(fmt_get_u64(sizes->data, sizes->size, &pos, &value) == 0);
	return count;
}

/* Splits and joins.  Number of copies; *ret_literals is how many bytes are stored. */
static uint64_t round_trip(struct fmt__payload *payload, struct stream *stream, const uint8_t *bytes, size_t size, bool learn,
			   size_t *ret_literals)
{
	struct fmt_buf copies[FMT__COPY_COLUMNS] = {0}, out = {0};
	struct fmt_bytes columns[FMT__COPY_COLUMNS];
	struct fmt__literals literals = {.start = fmt__payload_start(payload), .source = find_before, .context = stream};

	fmt__payload_split(payload, bytes, size, learn, copies);
	literals.data = fmt__payload_literals(payload, &literals.size);
	for (size_t i = 0; i < FMT__COPY_COLUMNS; i++)
		columns[i] = (struct fmt_bytes){copies[i].data, copies[i].size};
	const char *complaint = fmt__payload_join(columns, &literals, size, &out);

	STRING(complaint ? complaint : "", "");
	SAME(out.data, out.size, bytes, size);
	const uint64_t count = count_copies(&copies[FMT__COPY_SIZE]);

	*ret_literals = literals.size;
	if (learn)
		fmt_buf_put(&stream->bytes, literals.data, literals.size);
	(learn ? fmt__payload_commit : fmt__payload_drop)(payload);
	for (size_t i = 0; i < FMT__COPY_COLUMNS; i++)
		fmt_buf_done(&copies[i]);
	fmt_buf_done(&out);
	return count;
}

static uint8_t noise[SIZE_MOST];

/* Pieces of noise, some of which were there before, runs of the same few bytes, and single changes of all that. */
static size_t make_bytes(uint8_t *bytes)
{
	const size_t most = 1 + random_below(SIZE_MOST);
	size_t size = 0;

	while (size < most) {
		const size_t left = most - size, wanted = 1 + random_below(random_below(4) ? 3000 : 40000);
		const size_t run = wanted < left ? wanted : left;
		const size_t period = 1 + random_below(random_below(2) ? 40 : 500);
		const size_t from = random_below(20) * 1000;

		switch (random_below(4)) {
		case 0:
			memset(bytes + size, 0, run);
			break;
		case 1:
			for (size_t i = 0; i < run; i++)
				bytes[size + i] = noise[from + i % period];
			break;
		default:
			memcpy(bytes + size, noise + from, run);
		}
		if (!random_below(3))
			bytes[size + random_below(run)] ^= 1;
		size += run;
	}
	return size;
}

static void test_anything(void)
{
	static uint8_t bytes[SIZE_MOST];
	struct fmt__payload *payload = fmt__payload_new();
	struct stream stream = {0};
	size_t literals, all = 0, stored = 0;

	part("anything comes back");
	for (int round = 0; round < 60; round++) {
		const size_t size = make_bytes(bytes);
		const bool learn = random_below(4);

		round_trip(payload, &stream, bytes, size, learn, &literals);
		all += size;
		stored += literals;
	}
	printf("# %zu bytes, %zu stored\n", all, stored);
	HOLDS(stored < all / 4);
	fmt__payload_free(payload);
	fmt_buf_done(&stream.bytes);
}

static void fill(uint8_t *bytes, size_t size, size_t period, size_t from)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = period == 1 ? 0 : noise[from + i % period];
}

/* A repetition of few bytes is many short copies where the first place of it was short.  It must not be so again and again.  False: it is
 * not found at all, since none of so few blocks is one to look at. */
static bool test_run(size_t period, size_t from)
{
	static uint8_t bytes[SIZE_MOST];
	struct fmt__payload *payload = fmt__payload_new();
	struct stream stream = {0};
	size_t literals;

	/* 64 bytes of it among others, as in a structure; then frames that hold nothing else. */
	memcpy(bytes, noise, 1000);
	fill(bytes + 500, 64, period, from);
	round_trip(payload, &stream, bytes, 1000, /* learn= */ true, &literals);
	fill(bytes, sizeof(bytes), period, from);
	round_trip(payload, &stream, bytes, sizeof(bytes), /* learn= */ true, &literals);
	const bool found = literals < sizeof(bytes);
	const uint64_t copies = round_trip(payload, &stream, bytes, sizeof(bytes), /* learn= */ true, &literals);

	HOLDS(!found || literals < 1000);
	HOLDS(copies <= sizeof(bytes) / 8192 + 4);
	/* A tail stores nothing for later, so it does not make long ones: it still comes back. */
	round_trip(payload, &stream, bytes, sizeof(bytes), /* learn= */ false, &literals);
	fmt__payload_free(payload);
	fmt_buf_done(&stream.bytes);
	return found;
}

static void test_runs(void)
{
	static const size_t periods[] = {2, 4, 8, 16, 32};

	part("runs of the same few bytes are copied in long pieces");
	HOLDS(test_run(1, 0));
	for (size_t i = 0; i < sizeof(periods) / sizeof(periods[0]); i++) {
		size_t found = 0;

		for (size_t from = 5000; from < 5020; from++)
			found += test_run(periods[i], from);
		printf("# period %zu: found %zu of 20\n", periods[i], found);
		HOLDS(found);
	}
}

int main(void)
{
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)random_u64();
	test_anything();
	test_runs();
	return done();
}
