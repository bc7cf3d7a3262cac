/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two frames side by side: which fields are each other's, and which bytes differ. */
#include "../unit/unit.h"
#include "base/check.h"
#include "frame-pair.h"

#define FRAME_MAX 400u
#define ETHERNET 14u
#define IP 20u
#define TCP 20u
#define TCP_AT (ETHERNET + IP)

struct frame {
	uint8_t bytes[FRAME_MAX];
	size_t size;
};

static struct insp_dissection fields[2];
static struct insp_frame_pair pair;
static uint8_t marks[2][FRAME_MAX];

static void put_u16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* A segment with options (of a multiple of four bytes) and a payload. */
static struct frame segment(const uint8_t *options, size_t option_size, const char *payload)
{
	struct frame frame = {{0}, TCP_AT + TCP + option_size + strlen(payload)};
	uint8_t *ip = frame.bytes + ETHERNET, *tcp = frame.bytes + TCP_AT;

	CHECK(frame.size <= FRAME_MAX && option_size % 4 == 0);
	frame.bytes[12] = 8;
	ip[0] = 0x45;
	put_u16(ip + 2, frame.size - ETHERNET);
	ip[8] = 64;
	ip[9] = 6;
	ip[12] = ip[16] = 10;
	ip[15] = 1;
	ip[19] = 2;
	put_u16(tcp, 40000);
	put_u16(tcp + 2, 9999);
	tcp[12] = (uint8_t)((TCP + option_size) / 4 << 4);
	tcp[13] = 0x18;
	if (option_size)
		memcpy(tcp + TCP, options, option_size);
	memcpy(tcp + TCP + option_size, payload, strlen(payload));
	return frame;
}

static void compare(const struct frame *a, const struct frame *b)
{
	const struct frame *frames[2] = {a, b};

	for (int side = 0; side < 2; side++) {
		memset(marks[side], 0xee, sizeof(marks[side]));
		insp_dissect(frames[side]->bytes, frames[side]->size, &fields[side]);
	}
	insp_frame_pair((const uint8_t *[]){a->bytes, b->bytes}, (const size_t[]){a->size, b->size},
			(const struct insp_dissection *[]){&fields[0], &fields[1]}, (uint8_t *[]){marks[0], marks[1]}, &pair);
}

/* Each field of each frame is in one row, in its order; each byte of each is told of, and none behind. */
static void check_rows(const struct frame *a, const struct frame *b)
{
	const struct frame *frames[2] = {a, b};

	for (int side = 0; side < 2; side++) {
		uint32_t next = 0, counted = 0, other = 0;

		for (uint32_t i = 0; i < pair.count; i++) {
			if (pair.rows[i].of[side] != INSP_NO_FIELD)
				EQUAL(pair.rows[i].of[side], next++);
			else
				HOLDS(pair.rows[i].differs && pair.rows[i].of[!side] != INSP_NO_FIELD);
		}
		EQUAL(next, fields[side].count);
		for (size_t i = 0; i < frames[side]->size; i++) {
			HOLDS(marks[side][i] <= 1);
			counted += marks[side][i];
		}
		for (size_t i = 0; i < frames[!side]->size; i++)
			other += marks[!side][i];
		EQUAL(pair.bytes, counted > other ? counted : other);
		if (frames[side]->size < FRAME_MAX)
			EQUAL(marks[side][frames[side]->size], 0xee);
	}
}

static const char *text_of(uint32_t row, int side)
{
	return pair.rows[row].of[side] == INSP_NO_FIELD ? "" : fields[side].fields[pair.rows[row].of[side]].text;
}

/* The only row below a layer that differs; what it says of both. */
static void only_row(const char *a, const char *b)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < pair.count; i++) {
		if (!pair.rows[i].differs || strncmp(text_of(i, 0), "TCP,", 4) == 0)
			continue;
		STRING(text_of(i, 0), a);
		STRING(text_of(i, 1), b);
		found++;
	}
	EQUAL(found, 1);
	EQUAL(pair.fields, 1);
}

static void same(void)
{
	struct frame a = segment(NULL, 0, "set 4"), b;

	part("a frame and itself");
	compare(&a, &a);
	check_rows(&a, &a);
	EQUAL(pair.fields, 0);
	EQUAL(pair.bytes, 0);
	part("one byte, which is one field");
	for (size_t at = TCP_AT + 4; at < TCP_AT + 12; at++) {
		b = a;
		b.bytes[at] ^= 0x5a;
		compare(&a, &b);
		check_rows(&a, &b);
		EQUAL(pair.fields, 1);
		EQUAL(pair.bytes, 1);
		EQUAL(marks[0][at] + marks[1][at], 2);
	}
	b = a;
	put_u16(b.bytes + TCP_AT + 14, 502);
	compare(&a, &b);
	only_row("Window: 0", "Window: 502");
}

/* What both say stays alike, also where an option in one of them has moved it. */
static void moved(void)
{
	static const uint8_t options[] = {1, 1, 5, 10, 0, 0, 0, 9, 0, 0, 0, 12};
	const struct frame a = segment(NULL, 0, "set counter 5"), b = segment(options, sizeof(options), "set counter 6");
	const size_t payload_a = TCP_AT + TCP, payload_b = payload_a + sizeof(options), last = strlen("set counter 5") - 1;
	bool alone = false;

	part("an option that one has alone");
	compare(&a, &b);
	check_rows(&a, &b);
	for (size_t i = 0; i <= last; i++) {
		EQUAL(marks[0][payload_a + i], i == last);
		EQUAL(marks[1][payload_b + i], i == last);
	}
	for (uint32_t i = 0; i < pair.count; i++)
		alone |= strcmp(text_of(i, 1), "Selective acknowledgement: 9 to 12") == 0 && pair.rows[i].of[0] == INSP_NO_FIELD;
	HOLDS(alone);
	for (size_t i = 0; i < sizeof(options); i++)
		EQUAL(marks[1][TCP_AT + TCP + i], 1);
}

/* Whatever the bytes are: also when nothing in them makes sense. */
static void odd(void)
{
	part("frames by chance");
	for (int round = 0; round < 3000; round++) {
		struct frame a = segment(NULL, 0, "GET / HTTP/1.1\r\nHost: a\r\nAccept: b\r\n\r\n"), b = a;
		uint32_t before;

		for (uint64_t i = random_below(6); i > 0; i--)
			b.bytes[random_below(b.size)] = (uint8_t)random_below(256);
		if (round % 3 == 0)
			b.size = random_below(b.size + 1);
		compare(&a, &b);
		check_rows(&a, &b);
		EQUAL(pair.fields + pair.bytes == 0, a.size == b.size && memcmp(a.bytes, b.bytes, a.size) == 0);
		before = pair.bytes;
		compare(&b, &a);
		check_rows(&b, &a);
		EQUAL(pair.bytes, before);
	}
}

int main(void)
{
	same();
	moved();
	odd();
	return done();
}
