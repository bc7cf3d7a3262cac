/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "effect.h"

#include <errno.h>

#include "unit.h"

static uint8_t bytes[5000];

static struct fmt_effect random_effect(void)
{
	const uint64_t size = random_below(sizeof(bytes));

	return (struct fmt_effect){
		.op = (enum fmt_effect_op)(1 + random_below(12)),
		.prot = (uint32_t)random_below(8),
		.flags = (uint32_t)random_wide(),
		.crc = (uint32_t)random_u64(),
		.addr = random_wide() >> 17,
		.size = size,
		.from = random_wide() >> 17,
		.from_size = random_wide() >> 17,
		.file = random_wide(),
		.offset = random_wide(),
		.bytes = bytes + random_below(sizeof(bytes) - size + 1),
	};
}

/* What the op has comes back; what it does not have is zero. */
static void compare(const struct fmt_effect *is, const struct fmt_effect *put)
{
	const enum fmt_effect_op op = put->op;
	const int map = op == FMT_EFFECT_MAP, remap = op == FMT_EFFECT_REMAP, copy = op == FMT_EFFECT_COPY;
	const int store = op == FMT_EFFECT_STORE, resize = op == FMT_EFFECT_RESIZE;

	EQUAL(is->op, op);
	EQUAL(is->addr, put->addr);
	EQUAL(is->size, op == FMT_EFFECT_TLS || resize ? 0 : put->size);
	EQUAL(is->prot, map || op == FMT_EFFECT_PROTECT ? put->prot : 0);
	EQUAL(is->flags, map ? put->flags : 0);
	EQUAL(is->file, map || copy || store || resize ? put->file : 0);
	EQUAL(is->offset, map || copy ? put->offset : 0);
	EQUAL(is->crc, op == FMT_EFFECT_READ ? put->crc : 0);
	EQUAL(is->from, remap ? put->from : 0);
	EQUAL(is->from_size, remap ? put->from_size : 0);
	if (op == FMT_EFFECT_WRITE || store)
		SAME(is->bytes, is->size, put->bytes, put->size);
	else
		HOLDS(!is->bytes);
}

static void test_round_trip(void)
{
	struct fmt_effect put[200], is;
	struct fmt_buf list = {0};
	size_t pos = 0;

	part("effects come back");
	for (size_t i = 0; i < 200; i++) {
		put[i] = random_effect();
		fmt_effect_put(&list, &put[i]);
	}
	for (size_t i = 0; i < 200; i++) {
		EQUAL(fmt_effect_next(list.data, list.size, &pos, &is), 1);
		compare(&is, &put[i]);
	}
	EQUAL(fmt_effect_next(list.data, list.size, &pos, &is), 0);
	fmt_buf_done(&list);
}

static void test_damage(void)
{
	struct fmt_buf list = {0};
	struct fmt_effect is;

	part("cut and damaged lists are refused, or end");
	for (int i = 0; i < 20; i++)
		fmt_effect_put(&list, &(struct fmt_effect){.op = (enum fmt_effect_op)(1 + i % 9),
							   .addr = 1000, .size = 7, .bytes = bytes});
	for (size_t size = 0; size <= list.size; size++) {
		/* a copy to the byte, so that a sanitizer sees what is read behind it */
		uint8_t *copy = malloc(size ? size : 1);
		size_t pos = 0;
		int got;

		memcpy(copy, list.data, size);
		if (size)
			copy[random_below(size)] ^= (uint8_t)(1 << random_below(8));
		while ((got = fmt_effect_next(copy, size, &pos, &is)) > 0)
			HOLDS(pos <= size);
		HOLDS(got == 0 || got == -EBADMSG);
		free(copy);
	}
	fmt_buf_done(&list);

	part("a range must not wrap around");
	fmt_effect_put(&list, &(struct fmt_effect){.op = FMT_EFFECT_UNMAP, .addr = UINT64_MAX,
						   .size = 2});
	size_t pos = 0;

	EQUAL(fmt_effect_next(list.data, list.size, &pos, &is), -EBADMSG);
	EQUAL(pos, 0);
	fmt_buf_done(&list);
}

static void test_crc(void)
{
	part("CRC-32C: the vectors of RFC 3720");
	static const uint8_t zeros[32];
	uint8_t ones[32], rising[32];

	memset(ones, 0xff, sizeof(ones));
	for (size_t i = 0; i < sizeof(rising); i++)
		rising[i] = (uint8_t)i;
	EQUAL(fmt_crc32c(0, zeros, 32), 0x8a9136aau);
	EQUAL(fmt_crc32c(0, ones, 32), 0x62a8ab43u);
	EQUAL(fmt_crc32c(0, rising, 32), 0x46dd794eu);
	EQUAL(fmt_crc32c(0, "123456789", 9), 0xe3069283u);
	EQUAL(fmt_crc32c(0, NULL, 0), 0);

	part("CRC-32C: with and without the CPU, whole and in pieces");
	for (int i = 0; i < 2000; i++) {
		const size_t size = random_below(200), at = random_below(64);
		const size_t cut = random_below(size + 1);
		const uint32_t crc = fmt_crc32c(0, bytes + at, size);

		EQUAL(fmt_crc32c_portable(0, bytes + at, size), crc);
		EQUAL(fmt_crc32c(fmt_crc32c(0, bytes + at, cut), bytes + at + cut, size - cut), crc);
	}
}

int main(void)
{
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)random_u64();
	for (int i = 0; i < 20; i++)
		test_round_trip();
	test_damage();
	test_crc();
	return done();
}
