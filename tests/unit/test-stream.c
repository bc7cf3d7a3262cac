/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Streams: vectors computed by another implementation (Python), bounds, fairness, independence. */
#include "stream.h"

#include "unit.h"

static void test_vectors(void)
{
	struct rec_stream s;

	part("vectors");
	/* xoshiro256** from the state 1, 2, 3, 4: the values of its authors' C code. */
	s = (struct rec_stream){{1, 2, 3, 4}};
	HOLDS(rec_stream_u64(&s) == 11520);
	HOLDS(rec_stream_u64(&s) == 0);
	HOLDS(rec_stream_u64(&s) == 1509978240);
	HOLDS(rec_stream_u64(&s) == 1215971899390074240);
	/* Python: hashlib.sha256(struct.pack("<Q", 7) + b"link 3 a") as four little-endian words. */
	rec_stream_init(&s, 7, "link 3 a");
	HOLDS(s.state[0] == 15235649112002336231ull);
	HOLDS(s.state[3] == 13883026990999597437ull);
	HOLDS(rec_stream_u64(&s) == 11967003495224560512ull);
}

static void test_independence(void)
{
	struct rec_stream a, b, c, again;

	part("independence");
	rec_stream_init(&a, 1, "node 1");
	rec_stream_init(&b, 1, "node 2");
	rec_stream_init(&c, 2, "node 1");
	rec_stream_init(&again, 1, "node 1");
	const uint64_t first = rec_stream_u64(&a);

	HOLDS(first == rec_stream_u64(&again));
	HOLDS(first != rec_stream_u64(&b));
	HOLDS(first != rec_stream_u64(&c));
}

static void test_below(void)
{
	struct rec_stream s;
	unsigned int counts[7] = {0};

	part("below");
	rec_stream_init(&s, 0, "below");
	for (unsigned int i = 0; i < 70000; i++) {
		const uint64_t drawn = rec_stream_below(&s, 7);

		HOLDS(drawn < 7);
		counts[drawn % 7]++;
	}
	/* Ten standard deviations are about 900. */
	for (unsigned int i = 0; i < 7; i++)
		HOLDS(counts[i] > 9100 && counts[i] < 10900);
	for (unsigned int i = 0; i < 1000; i++)
		HOLDS(rec_stream_below(&s, (1ull << 63) + 1) <= 1ull << 63);
	HOLDS(rec_stream_below(&s, 1) == 0);
}

static void test_bytes(void)
{
	struct rec_stream a, b;
	uint8_t long_bytes[19], word[8];

	part("bytes");
	rec_stream_init(&a, 3, "bytes");
	rec_stream_init(&b, 3, "bytes");
	rec_stream_bytes(&a, long_bytes, sizeof(long_bytes));
	for (unsigned int i = 0; i < 16; i += 8) {
		const uint64_t value = rec_stream_u64(&b);

		for (unsigned int k = 0; k < 8; k++)
			word[k] = (uint8_t)(value >> 8 * k);
		SAME(long_bytes + i, 8, word, 8);
	}
	rec_stream_u64(&b);	/* of which three bytes were used */
	HOLDS(rec_stream_u64(&a) == rec_stream_u64(&b));
}

static void test_reseeds(void)
{
	struct rec_reseed list[] = {{.at = 5, .seed = 1}, {.at = 7, .seed = 2}, {.at = 7, .seed = 3}};
	const struct rec_reseeds reseeds = {list, 3}, none = {0};
	uint64_t seed = 99;
	size_t passed = 0;

	part("reseeds");
	HOLDS(rec_reseeds_next(&none, 0) == UINT64_MAX);
	HOLDS(!rec_reseeds_pass(&none, &passed, 100, &seed));
	HOLDS(rec_reseeds_next(&reseeds, passed) == 5);
	HOLDS(!rec_reseeds_pass(&reseeds, &passed, 4, &seed));
	HOLDS(seed == 99);
	HOLDS(rec_reseeds_pass(&reseeds, &passed, 5, &seed) && seed == 1);
	HOLDS(!rec_reseeds_pass(&reseeds, &passed, 6, &seed));
	HOLDS(rec_reseeds_next(&reseeds, passed) == 7);
	/* Of several that were passed the last one holds. */
	HOLDS(rec_reseeds_pass(&reseeds, &passed, 8, &seed) && seed == 3);
	HOLDS(rec_reseeds_next(&reseeds, passed) == UINT64_MAX);
}

int main(void)
{
	test_vectors();
	test_independence();
	test_below();
	test_bytes();
	test_reseeds();
	return done();
}
