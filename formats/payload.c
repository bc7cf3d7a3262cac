/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * payload.c - bytes are stored once, however many hops and system calls they pass.
 *
 * What one program writes comes back in a frame on each hop and in the buffers of who reads it, in other pieces and in
 * other chunks.  A compressor with a window over many chunks would find that, but then no chunk could be read without all
 * before it.  So the bytes of a chunk are first split into literals and copies.  Literals of all chunks are one stream; each
 * chunk's are compressed by themselves.  Copies are from literals only, never from copies, and not from far behind (WINDOW
 * bytes, FMT_PAYLOAD_CHUNKS chunks): any chunk is decoded with a bounded number of others, most with one or two.
 *
 *	bytes of the chunk:   LLLLLLLL cccccc LLLL cccc LL        L literals, c copied
 *	stream of literals:   ...............|LLLLLLLL LLLL LL
 *	                         cccccc  <-- start       cccc <-- in itself
 *
 * Repetitions are found by content: where a rolling hash of the last BLOCK bytes has zeros in some places (once in 16), the
 * block is looked up and remembered; a hit is compared, and made longer in both directions.  The places depend on content
 * alone, so they are the same wherever the bytes stand.  The table forgets by being overwritten, and is always checked
 * against the bytes themselves.
 *
 * Memory: twice WINDOW, the literals of a chunk, and 4 MiB for the table.
 */
#include "payload.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"
#include "wire.h"

#define BLOCK 32u			/* a repetition is at least so long */
#define BEFORE 64u			/* a repetition in the same chunk begins at most so far before a block that shows it */
#define TABLE_BITS 19
#define TABLE_SIZE (sizeof(uint64_t) << TABLE_BITS)
#define WINDOW FMT_PAYLOAD_WINDOW
#define SAMPLE_SHIFT 27			/* these bits of the rolling hash depend on the last BLOCK bytes */
#define SAMPLE_MASK 15u
#define RUN_MAX 16384u			/* the same few bytes again and again are copied in pieces of this size */
#define AHEAD_MAX 16u
#define PLACE_BITS 48u
#define PLACE_MASK ((1ull << PLACE_BITS) - 1)

struct fmt__payload {
	uint8_t *bytes;			/* the end of the stream, then the literals of this chunk */
	size_t kept;			/* bytes of the stream */
	size_t size;			/* with the literals */
	size_t capacity;
	uint64_t end;			/* of the stream: where the literals of this chunk begin */
	uint64_t *table;		/* 1 + place of a block in the stream, and above PLACE_BITS more of its hash; 0: nothing */
	uint64_t chunk_start[FMT_PAYLOAD_CHUNKS];	/* of the last chunks, a ring */
	size_t chunk_count;
	uint64_t gear[256];		/* of the rolling hash: any numbers that look like chance do */
};

/* splitmix64 */
static uint64_t mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

struct fmt__payload *fmt__payload_new(void)
{
	struct fmt__payload *payload = calloc(1, sizeof(*payload));

	CHECK(payload);
	payload->table = mmap(NULL, TABLE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(payload->table != MAP_FAILED);
	/* It is used all over: in small pages each look would also miss the cache of translations.  It works without large ones. */
	madvise(payload->table, TABLE_SIZE, MADV_HUGEPAGE);
	for (size_t i = 0; i < 256; i++)
		payload->gear[i] = mix((i + 1) * 0x9e3779b97f4a7c15);
	return payload;
}

void fmt__payload_free(struct fmt__payload *payload)
{
	if (!payload)
		return;
	free(payload->bytes);
	munmap(payload->table, TABLE_SIZE);
	free(payload);
}

uint64_t fmt__payload_start(const struct fmt__payload *payload)
{
	return payload->end;
}

const uint8_t *fmt__payload_literals(const struct fmt__payload *payload, size_t *ret_size)
{
	*ret_size = payload->size - payload->kept;
	return payload->bytes ? payload->bytes + payload->kept : (const uint8_t *)"";
}

void fmt__payload_drop(struct fmt__payload *payload)
{
	payload->size = payload->kept;
}

void fmt__payload_commit(struct fmt__payload *payload)
{
	payload->chunk_start[payload->chunk_count++ % FMT_PAYLOAD_CHUNKS] = payload->end;
	payload->end += payload->size - payload->kept;
	payload->kept = payload->size;
	/* Not at every chunk: moving costs. */
	if (payload->kept <= 2 * WINDOW)
		return;
	memmove(payload->bytes, payload->bytes + payload->kept - WINDOW, WINDOW);
	payload->kept = payload->size = WINDOW;
}

/* ---- looking for repetitions ---- */

/* A block whose last byte is a place to look at, and where the table may know it. */
struct sample {
	size_t at;			/* of its first byte */
	uint64_t *slot;
	uint64_t tag;			/* what the slot has above PLACE_BITS when it knows it */
};

/* What is known while the bytes of a chunk are split. */
struct split {
	struct fmt__payload *payload;
	const uint8_t *bytes;
	size_t size;
	size_t anchor;			/* before it all is split */
	uint64_t run;			/* literals since the last copy */
	uint64_t expected;		/* where the next copy would be from if it went on where the last one ended */
	uint64_t first;			/* of the stream that may be copied from */
	struct fmt_buf *copies;
	bool learn;
};

/* Its highest bits choose the slot, its lowest are kept there: most slots hold something else, and to see that in the bytes
 * themselves would be a look at memory that is far away. */
static uint64_t hash_of(const uint8_t *block)
{
	uint64_t hash = 0;

	for (size_t i = 0; i < BLOCK; i += 8)
		hash = (hash ^ le64_get(block + i)) * 0x9fb21c651e98df25 + (hash >> 29);
	return hash;
}

/* The first place of the stream that a chunk may copy from. */
static uint64_t first_of(const struct fmt__payload *payload)
{
	const size_t kept = payload->kept < WINDOW ? payload->kept : WINDOW;
	const uint64_t first = payload->end - kept;
	const uint64_t oldest = payload->chunk_count < FMT_PAYLOAD_CHUNKS
					? 0 : payload->chunk_start[payload->chunk_count % FMT_PAYLOAD_CHUNKS];

	return first > oldest ? first : oldest;
}

static void put_literals(struct fmt__payload *payload, const uint8_t *bytes, size_t size)
{
	if (payload->size + size > payload->capacity) {
		payload->capacity = (payload->size + size) * 2;
		payload->bytes = realloc(payload->bytes, payload->capacity);
		CHECK(payload->bytes);
	}
	if (size)
		memcpy(payload->bytes + payload->size, bytes, size);
	payload->size += size;
}

/* A place of the stream in memory. */
static const uint8_t *at_of(const struct fmt__payload *payload, uint64_t place)
{
	return payload->bytes + payload->kept - (payload->end - place);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many bytes before both are equal, most at the most. */
static size_t same_before(const uint8_t *a, const uint8_t *b, size_t most)
{
	size_t same = 0;

	while (same < most && a[-1 - (ptrdiff_t)same] == b[-1 - (ptrdiff_t)same])
		same++;
	return same;
}

static size_t same_after(const uint8_t *a, const uint8_t *b, size_t most)
{
	size_t same = 0;

	while (same + 8 <= most && le64_get(a + same) == le64_get(b + same))
		same += 8;
	while (same < most && a[same] == b[same])
		same++;
	return same;
}

static void literals_to(struct split *split, size_t to)
{
	put_literals(split->payload, split->bytes + split->anchor, to - split->anchor);
	split->run += to - split->anchor;
	split->anchor = to;
}

/* Where the next literal will be in the stream. */
static uint64_t end_of(const struct split *split)
{
	return split->payload->end + (split->payload->size - split->payload->kept);
}

/* A run of the same few bytes, BLOCK of them or a part of that: zeros, mostly.  The first place that the table knew of it may be much
 * shorter, and literals cannot be copied while they are made, so it would be many short copies, each time that it comes.  When there is
 * twice as much here as could be copied (`after` bytes), it becomes literals, and the table knows those from now on.  True: it has. */
static bool make_run(struct split *split, const struct sample *sample, size_t after, bool at_end)
{
	const uint8_t *block = split->bytes + sample->at;
	const size_t period = at_end ? after : BLOCK;
	const size_t left = split->size - sample->at;

	if (!split->learn || after >= RUN_MAX || left < 2 * after)
		return false;
	const size_t run = period + same_after(block, block + period, least(left, RUN_MAX) - period);

	if (run < 2 * after)
		return false;
	literals_to(split, sample->at);
	*sample->slot = (1 + end_of(split)) | sample->tag;
	literals_to(split, sample->at + run);
	return true;
}

/* Is the block of a sample where the table says?  Then everything up to the end of the repetition is split, and the result is
 * that end; 0: it is not. */
static size_t try_copy(struct split *split, const struct sample *sample)
{
	struct fmt__payload *payload = split->payload;
	const uint64_t place = (*sample->slot & PLACE_MASK) - 1;
	const size_t at = sample->at;

	/* What is still to be split might turn out to be a copy as well; here that is not awaited. */
	if (place + BLOCK > end_of(split) && at - split->anchor > BEFORE)
		literals_to(split, at - BEFORE);
	const uint64_t end = end_of(split);

	if (place < split->first || place + BLOCK > end || (*sample->slot ^ sample->tag) & ~PLACE_MASK)
		return 0;
	const uint8_t *from = at_of(payload, place);
	const uint8_t *block = split->bytes + at;

	if (memcmp(from, block, BLOCK) != 0)
		return 0;
	const size_t before = same_before(from, block, least(at - split->anchor, place - split->first));
	const size_t after = same_after(from, block, least(end - place, split->size - at));

	if (make_run(split, sample, after, place + after == end))
		return split->anchor;
	literals_to(split, at - before);
	fmt_buf_put_u64(&split->copies[FMT__COPY_RUN], split->run);
	fmt_buf_put_u64(&split->copies[FMT__COPY_SIZE], before + after);
	fmt_buf_put_s64(&split->copies[FMT__COPY_FROM], (int64_t)(place - before - split->expected));
	split->expected = place + after;
	split->run = 0;
	split->anchor = at + after;
	return split->anchor;
}

/* ---- where to look ---- */

/* Samples are found some way ahead, since the table is not in the cache: by the time that one is looked at, its slot is.  Behind a
 * copy most of them would be for nothing, so there it begins with one. */
struct ahead {
	struct fmt__payload *payload;
	const uint8_t *bytes;
	size_t size;
	size_t at;			/* next byte */
	size_t begin;			/* of what the rolling hash has seen */
	uint64_t rolling;
	struct sample samples[AHEAD_MAX];	/* a ring */
	size_t first, end;		/* counts */
	size_t depth;			/* how many it should hold */
};

/* False: there is no further sample. */
static bool find_sample(struct ahead *ahead)
{
	const uint8_t *bytes = ahead->bytes;
	const uint64_t *gear = ahead->payload->gear;
	uint64_t rolling = ahead->rolling;
	size_t at = ahead->at;
	bool found = false;

	while (at < ahead->size && !found) {
		rolling = (rolling << 1) + gear[bytes[at++]];
		found = (rolling >> SAMPLE_SHIFT & SAMPLE_MASK) == 0 && at - ahead->begin >= BLOCK;
	}
	ahead->rolling = rolling;
	ahead->at = at;
	if (!found)
		return false;
	struct sample *sample = &ahead->samples[ahead->end++ % AHEAD_MAX];

	sample->at = at - BLOCK;
	const uint64_t hash = hash_of(bytes + sample->at);

	sample->slot = &ahead->payload->table[hash >> (64 - TABLE_BITS)];
	sample->tag = hash << PLACE_BITS;
	__builtin_prefetch(sample->slot, /* rw= */ 1);
	return true;
}

static bool next_sample(struct ahead *ahead, struct sample *ret)
{
	while (ahead->end - ahead->first < ahead->depth && find_sample(ahead))
		continue;
	if (ahead->first == ahead->end)
		return false;
	*ret = ahead->samples[ahead->first++ % AHEAD_MAX];
	if (ahead->depth < AHEAD_MAX)
		ahead->depth *= 2;
	return true;
}

static void restart(struct ahead *ahead, size_t at)
{
	ahead->at = ahead->begin = at;
	ahead->first = ahead->end = 0;
	ahead->depth = 1;
}

void fmt__payload_split(struct fmt__payload *payload, const uint8_t *bytes, size_t size, bool learn,
			struct fmt_buf copies[FMT__COPY_COLUMNS])
{
	struct split split = {.payload = payload, .bytes = bytes, .size = size, .expected = payload->end, .first = first_of(payload),
			      .copies = copies, .learn = learn};
	struct ahead ahead = {.payload = payload, .bytes = bytes, .size = size, .depth = 1};
	struct sample sample;

	CHECK(payload->size == payload->kept);
	while (next_sample(&ahead, &sample)) {
		const size_t end = *sample.slot ? try_copy(&split, &sample) : 0;

		if (end)
			restart(&ahead, end);
		else if (learn)
			*sample.slot = (1 + end_of(&split) + (sample.at - split.anchor)) | sample.tag;
	}
	literals_to(&split, size);
}

/* ---- putting together ---- */

struct copy {
	uint64_t run, size;
	uint64_t place;			/* in the stream */
};

struct join {
	const struct fmt_bytes *copies;
	size_t pos[FMT__COPY_COLUMNS];
	const struct fmt__literals *literals;
	size_t used;			/* of the literals */
	size_t end;			/* of out at the most */
	struct fmt_buf *out;
};

/* The next copy; its place was the end of the one before. */
static bool next_copy(struct join *join, struct copy *copy)
{
	const struct fmt_bytes *columns = join->copies;
	int64_t step;

	if (fmt_get_u64(columns[FMT__COPY_RUN].data, columns[FMT__COPY_RUN].size, &join->pos[FMT__COPY_RUN], &copy->run) < 0 ||
	    fmt_get_u64(columns[FMT__COPY_SIZE].data, columns[FMT__COPY_SIZE].size, &join->pos[FMT__COPY_SIZE], &copy->size) < 0 ||
	    fmt_get_s64(columns[FMT__COPY_FROM].data, columns[FMT__COPY_FROM].size, &join->pos[FMT__COPY_FROM], &step) < 0)
		return false;
	copy->place += (uint64_t)step;
	return true;
}

static bool join_run(struct join *join, uint64_t size)
{
	if (size > join->literals->size - join->used || size > join->end - join->out->size)
		return false;
	fmt_buf_put(join->out, join->literals->data + join->used, size);
	join->used += size;
	return true;
}

/* From literals that are there, and not too far back. */
static bool join_copy(struct join *join, struct copy *copy)
{
	const struct fmt__literals *literals = join->literals;
	const uint64_t there = literals->start + join->used;

	if (!copy->size || copy->size > join->end - join->out->size || copy->size > there || copy->place > there - copy->size ||
	    (copy->place < literals->start && literals->start - copy->place > WINDOW))
		return false;
	for (size_t left = copy->size; left;) {
		const bool own = copy->place >= literals->start;
		size_t size = own || left < literals->start - copy->place ? left : literals->start - copy->place;
		const uint8_t *bytes = own ? literals->data + (copy->place - literals->start)
					   : literals->source(literals->context, copy->place, &size);

		if (!bytes)
			return false;
		CHECK(size && size <= left);
		fmt_buf_put(join->out, bytes, size);
		copy->place += size;
		left -= size;
	}
	return true;
}

const char *fmt__payload_join(const struct fmt_bytes copies[FMT__COPY_COLUMNS], const struct fmt__literals *literals, size_t limit,
			      struct fmt_buf *out)
{
	struct join join = {.copies = copies, .literals = literals, .end = out->size + limit, .out = out};
	struct copy copy = {.place = literals->start};

	while (join.pos[FMT__COPY_RUN] < copies[FMT__COPY_RUN].size)
		if (!next_copy(&join, &copy) || !join_run(&join, copy.run) || !join_copy(&join, &copy))
			return "a copy of its payload is damaged";
	for (size_t i = 0; i < FMT__COPY_COLUMNS; i++)
		if (join.pos[i] != copies[i].size)
			return "a copy of its payload is damaged";
	return join_run(&join, literals->size - join.used) ? NULL : "its payload is damaged";
}
