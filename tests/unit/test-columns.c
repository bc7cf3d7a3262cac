/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "columns.h"

#include "base/check.h"
#include "random-events.h"

#define EVENTS 400

static bool same_events(const struct fmt_event *a, const struct fmt_event *b, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (a[i].vtime != b[i].vtime || a[i].node != b[i].node || a[i].tid != b[i].tid ||
		    a[i].kind != b[i].kind || a[i].body_size != b[i].body_size ||
		    (a[i].body_size && memcmp(a[i].body, b[i].body, a[i].body_size) != 0))
			return false;
	return true;
}

/* Literals of the chunks before, as one stream. */
static const uint8_t *find_before(void *context, uint64_t at, size_t *size)
{
	const struct fmt_buf *stream = context;

	if (at >= stream->size)
		return NULL;
	if (*size > stream->size - at)
		*size = stream->size - at;
	/* In pieces, as they come from chunks. */
	if (*size > 7)
		*size = 7;
	return stream->data + at;
}

static struct fmt__literals literals_of(struct fmt__payload *payload, struct fmt_buf *stream)
{
	struct fmt__literals literals = {.start = fmt__payload_start(payload), .source = find_before, .context = stream};

	literals.data = fmt__payload_literals(payload, &literals.size);
	return literals;
}

static struct fmt__slots *slots;

static void test_round_trip(void)
{
	static struct fmt_event in[EVENTS], out[EVENTS];
	struct fmt__payload *payload = fmt__payload_new();
	struct fmt__columns columns = {0};
	struct fmt_buf records = {0}, bodies = {0}, stream = {0};
	size_t all = 0;

	part("what goes in comes out");
	for (int round = 0; round < 60; round++) {
		const size_t count = random_events(&records, in, 1 + random_below(EVENTS));
		const bool learn = random_below(3);

		fmt__columns_put(&columns, payload, learn, in, count);
		const struct fmt__literals literals = literals_of(payload, &stream);
		const char *complaint = fmt__columns_get(slots, columns.raw.data, columns.raw.size, &literals, in[0].vtime, count,
							 count, out, &bodies);

		STRING(complaint ? complaint : "", "");
		HOLDS(!complaint && same_events(in, out, count));
		const size_t wanted = 1 + random_below(count);

		complaint = fmt__columns_get(slots, columns.raw.data, columns.raw.size, &literals, in[0].vtime, count, wanted, out,
					     &bodies);
		STRING(complaint ? complaint : "", "");
		HOLDS(!complaint && same_events(in, out, wanted));
		for (size_t i = 1; i < columns.cut_count; i++)
			HOLDS(columns.cuts[i - 1] < columns.cuts[i]);
		all += columns.bytes.size;
		if (learn)
			fmt_buf_put(&stream, literals.data, literals.size);
		(learn ? fmt__payload_commit : fmt__payload_drop)(payload);
	}
	printf("# %zu bytes of events, %zu literals\n", all, stream.size);
	HOLDS(stream.size < all / 2);
	fmt__columns_done(&columns);
	fmt__payload_free(payload);
	fmt_buf_done(&records);
	fmt_buf_done(&bodies);
	fmt_buf_done(&stream);
}

/* Whatever stands in a chunk, taking it apart ends, in memory that is bounded. */
static void test_damage(void)
{
	static struct fmt_event in[EVENTS], out[EVENTS];
	struct fmt__columns columns = {0};
	struct fmt_buf records = {0}, bodies = {0};
	struct fmt__payload *payload = fmt__payload_new();
	unsigned long refused = 0, tried = 0;

	part("damaged columns");
	const size_t count = random_events(&records, in, 40);

	fmt__columns_put(&columns, payload, /* learn= */ true, in, count);
	struct fmt_buf stream = {0};
	const struct fmt__literals literals = literals_of(payload, &stream);

	for (size_t size = 0; size < columns.raw.size; size += 1 + size / 50) {
		/* Of the very size, so that a read beyond the end is found by who watches memory. */
		uint8_t *cut = malloc(size + !size);

		CHECK(cut);
		memcpy(cut, columns.raw.data, size);
		HOLDS(fmt__columns_get(slots, cut, size, &literals, in[0].vtime, count, count, out, &bodies));
		free(cut);
	}
	for (size_t at = 0; at < columns.raw.size; at++) {
		for (unsigned int bit = 0; bit < 8; bit += 1 + (at > 1000) * 3) {
			columns.raw.data[at] ^= (uint8_t)(1u << bit);
			const char *complaint = fmt__columns_get(slots, columns.raw.data, columns.raw.size, &literals,
								 in[0].vtime, count, count, out, &bodies);

			tried++;
			refused += complaint != NULL;
			columns.raw.data[at] ^= (uint8_t)(1u << bit);
		}
	}
	HOLDS(refused > 0 && refused <= tried);
	/* What is not refused is other events, or the same in other words: a checksum stands before all this. */
	printf("# %lu of %lu flips refused\n", refused, tried);
	HOLDS(fmt__columns_get(slots, columns.raw.data, columns.raw.size, &literals, in[0].vtime, count - 1, count - 1, out, &bodies));
	HOLDS(fmt__columns_get(slots, columns.raw.data, columns.raw.size, &literals, INT64_MAX, count, count, out, &bodies));
	fmt__columns_done(&columns);
	fmt__payload_free(payload);
	fmt_buf_done(&records);
	fmt_buf_done(&bodies);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)random_u64();
	slots = fmt__slots_new();
	test_round_trip();
	test_damage();
	fmt__slots_free(slots);
	return done();
}
