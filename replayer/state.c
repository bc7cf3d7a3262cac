/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.c - the state at any moment: the nearest keyframe before it, and the events from there on.
 *
 * Keyframes lie at the beginnings of chunks, since a chunk is what has to be unpacked anyway to read one event of it.
 * Whoever reads the events in front of a moment for the first time leaves them behind (read_on()); when they have become more
 * bytes than KEYFRAME_BYTES, every second one goes, and from then on only every second chunk gets one, and so on.
 *
 * Kept in the trace they would have to be part of its layout for ever; so a finished trace of some size has them in a file of the
 * user's cache instead, whose name is the hash of the run: a first look at a trace reads it once, later ones do not.  Such a
 * file is believed only as far as its checksums go, and whoever can write it can write the program as well.
 *
 * Invariants
 *  1. frames are in the order of their events, the first is the state before all.
 *  2. The state in hand (now) is always a whole one: the one after event now.next - 1.
 *  3. front is how far somebody has read: every keyframe lies before it.
 */
#include "state-int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock-model.h"
#include "effect.h"
#include "place.h"

#define KEYFRAME_BYTES (256u << 20)
/* Smaller traces are read faster than a file is found. */
#define CACHE_CHUNKS_MIN 8
/* Goes up with every change of a row or of what a fold does. */
#define STATE_VERSION 3u
#define PROGRESS_EVERY 65536u

struct frame {
	event_seq next;			/* the first event that it does not know */
	uint8_t *bytes;			/* owned, unless it lies in the map */
	size_t size;
	uint32_t crc;
};

struct rep_states {
	struct fmt_reader *reader;	/* borrowed */
	struct rep_state now;
	struct frame *frames;
	size_t frame_count, frame_capacity;
	uint64_t frame_bytes;
	size_t stride;			/* chunks from one keyframe to the next */
	size_t next_chunk;		/* the next that may get one */
	event_seq front;
	bool altered;			/* now was given out as of a later time: nothing can be folded to it */
	uint8_t *map;			/* of the cache's file; NULL: none */
	size_t map_size;
};

/* ---- keyframes ---------------------------------------------------------------- */

static bool in_map(const struct rep_states *states, const uint8_t *bytes)
{
	return states->map && bytes >= states->map && bytes < states->map + states->map_size;
}

static void frame_free(const struct rep_states *states, struct frame *frame)
{
	if (!in_map(states, frame->bytes))
		free(frame->bytes);
}

static void thin_out(struct rep_states *states)
{
	size_t kept = 0;

	states->frame_bytes = 0;
	for (size_t i = 0; i < states->frame_count; i++) {
		if (i % 2) {
			frame_free(states, &states->frames[i]);
			continue;
		}
		states->frames[kept++] = states->frames[i];
		states->frame_bytes += states->frames[i].size;
	}
	states->frame_count = kept;
	states->stride *= 2;
}

static struct frame *frame_add(struct rep_states *states)
{
	if (states->frame_count == states->frame_capacity) {
		states->frame_capacity = states->frame_capacity ? 2 * states->frame_capacity : 64;
		states->frames = reallocarray(states->frames, states->frame_capacity, sizeof(*states->frames));
		CHECK(states->frames);
	}
	return &states->frames[states->frame_count++];
}

/* The state in hand stands before the first event of a chunk. */
static void keep(struct rep_states *states)
{
	struct fmt_buf bytes = {0};

	rep__state_settle(&states->now);
	rep__keyframe_put(&bytes, &states->now);
	*frame_add(states) = (struct frame){.next = states->now.next, .bytes = bytes.data, .size = bytes.size,
					    .crc = fmt_crc32c(0, bytes.data, bytes.size)};
	states->frame_bytes += bytes.size;
	if (states->frame_bytes > KEYFRAME_BYTES && states->frame_count > 2)
		thin_out(states);
}

/* Where the next keyframe is due; fmt_reader_count(): nowhere. */
static event_seq next_due(struct rep_states *states)
{
	struct fmt_chunk_id chunk;

	while (fmt_reader_chunk_id(states->reader, states->next_chunk, &chunk)) {
		if (chunk.first_seq >= states->front && states->next_chunk % states->stride == 0)
			return chunk.first_seq;
		states->next_chunk++;
	}
	return fmt_reader_count(states->reader);
}

/* ---- going there ---------------------------------------------------------------- */

/* Folds events from the state in hand on, up to but without end. */
static int fold_to(struct rep_states *states, event_seq end, struct fmt_error *error)
{
	struct fmt_event event;

	while (states->now.next < end) {
		const int r = fmt_reader_event(states->reader, states->now.next, &event, error);

		if (r < 0)
			return r;
		rep__state_fold(&states->now, &event);
	}
	return 0;
}

/* The same beyond the front, leaving keyframes behind. */
static int read_on(struct rep_states *states, event_seq end, struct fmt_error *error)
{
	int r = 0;

	CHECK(states->now.next <= states->front);
	while (r == 0 && states->now.next < end) {
		const event_seq due = next_due(states);

		r = fold_to(states, due < end ? due : end, error);
		if (states->now.next > states->front)
			states->front = states->now.next;
		if (r == 0 && states->now.next == due && due < fmt_reader_count(states->reader)) {
			keep(states);
			states->next_chunk++;
		}
	}
	return r;
}

/* Index of the last keyframe that knows nothing from event next on. */
static size_t frame_before(const struct rep_states *states, event_seq next)
{
	size_t low = 0, high = states->frame_count;

	while (high - low > 1) {
		const size_t middle = low + (high - low) / 2;

		if (states->frames[middle].next <= next)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Takes a keyframe in hand; one that is damaged gives way to the one before. */
static void take_frame(struct rep_states *states, size_t index)
{
	for (;; index--) {
		const struct frame *frame = &states->frames[index];

		if (fmt_crc32c(0, frame->bytes, frame->size) == frame->crc &&
		    rep__keyframe_get(frame->bytes, frame->size, &states->now) == 0)
			return;
		CHECK(index > 0);
	}
}

static int go(struct rep_states *states, event_seq next, struct fmt_error *error)
{
	const event_seq to = next < states->front ? next : states->front;
	const size_t frame = frame_before(states, to);

	if (states->altered || states->now.next > next || states->now.next < states->frames[frame].next)
		take_frame(states, frame);
	states->altered = false;
	const int r = fold_to(states, to, error);

	return r < 0 ? r : read_on(states, next, error);
}

/* ---- the cache ---------------------------------------------------------------------- */

struct head {
	char magic[8];
	uint32_t version, frame_count;
	uint64_t events;
	uint64_t stride;
	uint32_t row_sizes;		/* of all rows: another compiler's may differ */
	uint32_t reserved;
};

struct entry {
	uint64_t next, offset, size;
	uint32_t crc, reserved;
};

static uint32_t row_sizes(void)
{
	uint32_t sum = (uint32_t)(sizeof(struct rep_state_node) * 31 + sizeof(struct rep_state_link));

	for (size_t i = 0; i < REP__NODE_TABLES; i++)
		sum = sum * 31 + (uint32_t)rep__node_tables[i].row_size;
	return sum;
}

/* "" when this trace is not cached. */
static void cache_path(const struct rep_states *states, const char *suffix, char *ret, size_t size)
{
	const uint8_t *hash = fmt_reader_hash(states->reader);
	const char *cache = getenv("HINDCAST_CACHE"), *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	struct fmt_chunk_id chunk;
	char folder[3072];

	ret[0] = '\0';
	if (!hash || !fmt_reader_chunk_id(states->reader, CACHE_CHUNKS_MIN - 1, &chunk) || (!cache && !xdg && !home))
		return;
	if (cache)
		snprintf(folder, sizeof(folder), "%s", cache);
	else
		snprintf(folder, sizeof(folder), xdg ? "%s/hindcast" : "%s/.cache/hindcast", xdg ? xdg : home);
	(void)!mkdir(folder, 0777);
	strncat(folder, "/states", sizeof(folder) - strlen(folder) - 1);
	(void)!mkdir(folder, 0777);
	int used = snprintf(ret, size, "%s/", folder);

	for (size_t i = 0; i < 16 && (size_t)used < size; i++)
		used += snprintf(ret + used, size - (size_t)used, "%02x", hash[i]);
	if ((size_t)used < size)
		snprintf(ret + used, size - (size_t)used, "%s", suffix);
}

static bool cache_fits(const struct rep_states *states, const struct head *head)
{
	return memcmp(head->magic, "hcstates", 8) == 0 && head->version == STATE_VERSION &&
	       head->events == fmt_reader_count(states->reader) && head->row_sizes == row_sizes() &&
	       head->frame_count >= 1 && head->stride >= 1 &&
	       head->frame_count <= (states->map_size - sizeof(*head)) / sizeof(struct entry);
}

static void use_entries(struct rep_states *states, const struct head *head)
{
	const struct entry *entries = (const struct entry *)(head + 1);
	event_seq last = 0;

	for (uint32_t i = 0; i < head->frame_count; i++) {
		if (entries[i].offset > states->map_size || entries[i].size > states->map_size - entries[i].offset ||
		    (i && entries[i].next <= last))
			return;
		last = entries[i].next;
	}
	/* The first is here already: the state before all. */
	for (uint32_t i = 1; i < head->frame_count; i++)
		*frame_add(states) = (struct frame){entries[i].next, states->map + entries[i].offset, entries[i].size,
						    entries[i].crc};
	states->stride = head->stride;
	states->front = head->events;
}

static void cache_read(struct rep_states *states)
{
	char path[4096];
	struct stat st;

	cache_path(states, ".keyframes", path, sizeof(path));
	_cleanup_close_ int fd = path[0] ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size < (off_t)sizeof(struct head))
		return;
	states->map_size = (size_t)st.st_size;
	states->map = mmap(NULL, states->map_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (states->map == MAP_FAILED) {
		states->map = NULL;
		return;
	}
	if (cache_fits(states, (const struct head *)states->map))
		use_entries(states, (const struct head *)states->map);
}

static bool write_all(FILE *file, const void *bytes, size_t size)
{
	return fwrite(bytes, 1, size, file) == size;
}

static bool cache_put(const struct rep_states *states, FILE *file)
{
	struct head head = {.version = STATE_VERSION, .frame_count = (uint32_t)states->frame_count,
			    .events = fmt_reader_count(states->reader), .stride = states->stride, .row_sizes = row_sizes()};
	uint64_t offset = sizeof(head) + states->frame_count * sizeof(struct entry);

	memcpy(head.magic, "hcstates", 8);
	if (!write_all(file, &head, sizeof(head)))
		return false;
	for (size_t i = 0; i < states->frame_count; i++) {
		const struct frame *frame = &states->frames[i];
		const struct entry entry = {.next = frame->next, .offset = offset, .size = frame->size, .crc = frame->crc};

		if (!write_all(file, &entry, sizeof(entry)))
			return false;
		offset += frame->size;
	}
	for (size_t i = 0; i < states->frame_count; i++)
		if (!write_all(file, states->frames[i].bytes, states->frames[i].size))
			return false;
	return true;
}

/* A cache that cannot be written is none, and nothing is wrong with that. */
static void cache_write(const struct rep_states *states)
{
	char path[4096], temporary[4096], suffix[32];

	snprintf(suffix, sizeof(suffix), ".%d.part", (int)getpid());
	cache_path(states, ".keyframes", path, sizeof(path));
	cache_path(states, suffix, temporary, sizeof(temporary));
	FILE *file = path[0] ? fopen(temporary, "wxe") : NULL;

	if (!file)
		return;
	const bool written = cache_put(states, file);

	if (fclose(file) == 0 && written)
		(void)!rename(temporary, path);
	else
		(void)!unlink(temporary);
}

/* ---- the interface -------------------------------------------------------------------- */

int rep_states_new(struct fmt_reader *reader, struct rep_states **ret)
{
	struct rep_states *states = calloc(1, sizeof(*states));
	struct rep_model model = {0};
	const char *reason;

	CHECK(states);
	states->reader = reader;
	states->stride = 1;
	/* A trace of another processor has a wall clock all the same. */
	(void)rep__model_load(reader, &model, &reason);
	states->now.realtime_ns = model.realtime_ns;
	keep(states);
	states->next_chunk = 1;
	cache_read(states);
	*ret = states;
	return 0;
}

void rep_states_free(struct rep_states *states)
{
	if (!states)
		return;
	for (size_t i = 0; i < states->frame_count; i++)
		frame_free(states, &states->frames[i]);
	free(states->frames);
	rep__state_clear(&states->now);
	if (states->map)
		munmap(states->map, states->map_size);
	free(states);
}

int rep_states_build(struct rep_states *states, rep_states_progress progress, void *data, struct fmt_error *error)
{
	const event_seq count = fmt_reader_count(states->reader);

	if (states->front == count)
		return 0;
	while (states->front < count) {
		const event_seq to = count - states->front > PROGRESS_EVERY ? states->front + PROGRESS_EVERY : count;
		const int r = go(states, to, error);

		if (r < 0)
			return r;
		if (progress && !progress(data, states->front, count))
			return -ECANCELED;
	}
	cache_write(states);
	return 0;
}

static const struct rep_state *give(struct rep_states *states)
{
	rep__state_settle(&states->now);
	states->altered |= rep__state_expire(&states->now);
	return &states->now;
}

int rep_states_at(struct rep_states *states, event_seq seq, const struct rep_state **ret, struct fmt_error *error)
{
	const event_seq count = fmt_reader_count(states->reader);

	if (seq != UINT64_MAX && seq >= count)
		return -ERANGE;
	const int r = go(states, seq == UINT64_MAX ? 0 : seq + 1, error);

	if (r == 0)
		*ret = give(states);
	return r;
}

int rep_states_at_time(struct rep_states *states, vtime_ns vtime, const struct rep_state **ret, struct fmt_error *error)
{
	event_seq next = 0;
	int r = fmt_reader_seek(states->reader, vtime, &next, error);

	if (r == 0)
		r = go(states, next, error);
	if (r < 0)
		return r;
	/* Between two events only clocks move. */
	if (states->now.vtime < vtime) {
		states->now.vtime = vtime;
		states->altered = true;
	}
	*ret = give(states);
	return 0;
}

int rep_states_at_place(struct rep_states *states, const char *text, const struct rep_state **ret, struct fmt_error *error)
{
	event_seq next;
	vtime_ns vtime;
	const int r = fmt_place_parse(states->reader, text, &next, &vtime, error);

	if (r < 0)
		return r;
	if (vtime != UINT64_MAX)
		return rep_states_at_time(states, vtime, ret, error);
	return rep_states_at(states, next ? next - 1 : UINT64_MAX, ret, error);
}

const struct rep_state_node *rep_state_node(const struct rep_state *state, node_id id)
{
	return rep__state_node(state, id);
}
