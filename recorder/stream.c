/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream.c - named streams of random numbers.
 *
 * The state is SHA-256 of the seed (8 bytes, little-endian) and the name, so that streams of near seeds and
 * near names have nothing in common.  The generator is xoshiro256** of Blackman and Vigna ("Scrambled
 * linear pseudorandom number generators", ACM TOMS 2021): fast, and the same on every machine.
 */
#include "stream.h"

#include <gcrypt.h>
#include <string.h>

#include "base/check.h"
#include "base/le.h"

#define NAME_SIZE_MAX 256

void rec_stream_init(struct rec_stream *s, uint64_t seed, const char *name)
{
	uint8_t text[8 + NAME_SIZE_MAX], digest[32];
	const size_t size = strlen(name);

	CHECK(size <= NAME_SIZE_MAX);
	le64_put(text, seed);
	memcpy(text + 8, name, size);
	CHECK(gcry_check_version(NULL));
	gcry_md_hash_buffer(GCRY_MD_SHA256, digest, text, 8 + size);
	for (unsigned int i = 0; i < 4; i++)
		s->state[i] = le64_get(digest + 8 * i);
	/* The one state from which the generator never leaves zero; nobody knows a seed that gives it. */
	CHECK(s->state[0] | s->state[1] | s->state[2] | s->state[3]);
}

vtime_ns rec_reseeds_next(const struct rec_reseeds *reseeds, size_t passed)
{
	return passed < reseeds->count ? reseeds->list[passed].at : UINT64_MAX;
}

bool rec_reseeds_pass(const struct rec_reseeds *reseeds, size_t *passed, vtime_ns now, uint64_t *ret)
{
	const size_t before = *passed;

	while (rec_reseeds_next(reseeds, *passed) <= now)
		*ret = reseeds->list[(*passed)++].seed;
	return *passed != before;
}

static uint64_t rotate_left(uint64_t x, unsigned int count)
{
	return x << count | x >> (64 - count);
}

uint64_t rec_stream_u64(struct rec_stream *s)
{
	uint64_t *const state = s->state;
	const uint64_t result = rotate_left(state[1] * 5, 7) * 9;
	const uint64_t shifted = state[1] << 17;

	state[2] ^= state[0];
	state[3] ^= state[1];
	state[1] ^= state[2];
	state[0] ^= state[3];
	state[2] ^= shifted;
	state[3] = rotate_left(state[3], 45);
	return result;
}

/*
 * The high half of a 64 x 64 bit product (Lemire, "Fast random integer generation in an interval", 2019).  The
 * low halves below 2^64 mod bound are drawn again, since they would favour some results.
 */
uint64_t rec_stream_below(struct rec_stream *s, uint64_t bound)
{
	CHECK(bound > 0);
	const uint64_t unfair = (0 - bound) % bound;
	unsigned __int128 product;

	do
		product = (unsigned __int128)rec_stream_u64(s) * bound;
	while ((uint64_t)product < unfair);
	return (uint64_t)(product >> 64);
}

/* Whole words are drawn: what is left of the last one is dropped. */
void rec_stream_bytes(struct rec_stream *s, void *ret, size_t size)
{
	uint8_t *to = ret;

	while (size > 0) {
		uint8_t word[8];
		const size_t part = size < sizeof(word) ? size : sizeof(word);

		le64_put(word, rec_stream_u64(s));
		memcpy(to, word, part);
		to += part;
		size -= part;
	}
}
