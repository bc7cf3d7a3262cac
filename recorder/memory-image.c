/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "memory-image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "effect.h"

#define PAGE 4096ULL
#define BATCH 256u		/* pages that are looked at together */
#define RUN_MAX (1ULL << 30)	/* bytes of one effect; a reader refuses larger ones than any call copies */

/* Bits of /proc/PID/pagemap. */
#define PAGEMAP_PRESENT (1ULL << 63)
#define PAGEMAP_SWAPPED (1ULL << 62)

/* ---- pages, each once --------------------------------------------------------- */

struct slot {
	uint64_t key;		/* of the page's bytes */
	uint64_t offset_plus_1;	/* in the file; 0: free */
};

struct rec_pages {
	int fd;
	uint64_t count;
	struct slot *slots;	/* open addressing, at most half full; a power of two */
	size_t capacity;
};

struct rec_pages *rec_pages_new(int fd)
{
	struct rec_pages *pages = calloc(1, sizeof(*pages));

	CHECK(pages && fd >= 0);
	pages->fd = fd;
	return pages;
}

void rec_pages_free(struct rec_pages *pages)
{
	if (!pages)
		return;
	close(pages->fd);
	free(pages->slots);
	free(pages);
}

int rec_pages_fd(const struct rec_pages *pages)
{
	return pages->fd;
}

uint64_t rec_pages_size(const struct rec_pages *pages)
{
	return pages->count * PAGE;
}

/* FNV-1a by words: bytes are compared before two pages are taken for one. */
static uint64_t key_of(const uint8_t page[PAGE])
{
	uint64_t key = 0xcbf29ce484222325ull, word;

	for (size_t i = 0; i < PAGE; i += sizeof(word)) {
		memcpy(&word, page + i, sizeof(word));
		key = (key ^ word) * 0x100000001b3ull;
		key ^= key >> 29;
	}
	return key;
}

static void grow(struct rec_pages *pages)
{
	const size_t capacity = pages->capacity ? 2 * pages->capacity : 4096;
	struct slot *slots = calloc(capacity, sizeof(*slots));

	CHECK(slots);
	for (size_t i = 0; i < pages->capacity; i++) {
		size_t at = pages->slots[i].key & (capacity - 1);

		if (!pages->slots[i].offset_plus_1)
			continue;
		while (slots[at].offset_plus_1)
			at = (at + 1) & (capacity - 1);
		slots[at] = pages->slots[i];
	}
	free(pages->slots);
	pages->slots = slots;
	pages->capacity = capacity;
}

static int append(struct rec_pages *pages, const uint8_t page[PAGE])
{
	for (size_t done = 0; done < PAGE;) {
		const ssize_t r = pwrite(pages->fd, page + done, PAGE - done, (off_t)(pages->count * PAGE + done));

		if (r <= 0)
			return r < 0 ? -errno : -EIO;
		done += (size_t)r;
	}
	pages->count++;
	return 0;
}

/* Where in the file a page is; it is put there if need be. */
static int page_put(struct rec_pages *pages, const uint8_t page[PAGE], uint64_t *ret_offset)
{
	const uint64_t key = key_of(page);
	uint8_t there[PAGE];

	if (pages->count * 2 >= pages->capacity)
		grow(pages);
	size_t at = key & (pages->capacity - 1);

	for (; pages->slots[at].offset_plus_1; at = (at + 1) & (pages->capacity - 1)) {
		const struct slot *slot = &pages->slots[at];

		if (slot->key != key)
			continue;
		if (pread(pages->fd, there, PAGE, (off_t)(slot->offset_plus_1 - 1)) != (ssize_t)PAGE)
			return -EIO;
		if (memcmp(there, page, PAGE) == 0) {
			*ret_offset = slot->offset_plus_1 - 1;
			return 0;
		}
	}
	const int r = append(pages, page);

	if (r < 0)
		return r;
	*ret_offset = (pages->count - 1) * PAGE;
	pages->slots[at] = (struct slot){key, *ret_offset + 1};
	return 0;
}

/* ---- a mapping ------------------------------------------------------------------ */

struct writer {
	struct rec_tracee *thread;
	const struct rec_memory_map *map;
	struct rec_pages *pages;
	struct fmt_buf *effects;
	struct fmt_effect run;		/* pages that lie behind each other in memory and in the file; size 0: none */
	int pagemap_fd;			/* -1: this host has none */
};

static void end_run(struct writer *w)
{
	if (w->run.size)
		fmt_effect_put(w->effects, &w->run);
	w->run.size = 0;
}

static int put_page(struct writer *w, uint64_t addr, const uint8_t page[PAGE])
{
	uint64_t offset;
	const int r = page_put(w->pages, page, &offset);

	if (r < 0)
		return r;
	if (!w->run.size || w->run.addr + w->run.size != addr || w->run.offset + w->run.size != offset || w->run.size == RUN_MAX) {
		end_run(w);
		w->run.addr = addr;
		w->run.offset = offset;
	}
	w->run.size += PAGE;
	return 0;
}

/* Which of some pages can differ from those of a new mapping: that have been touched. */
static void find_touched(const struct writer *w, uint64_t addr, size_t count, bool ret[BATCH])
{
	uint64_t entries[BATCH];
	const size_t size = count * sizeof(entries[0]);
	const bool known = w->pagemap_fd >= 0 &&
			   pread(w->pagemap_fd, entries, size, (off_t)(addr / PAGE * sizeof(entries[0]))) == (ssize_t)size;

	for (size_t i = 0; i < count; i++)
		ret[i] = !known || entries[i] & (PAGEMAP_PRESENT | PAGEMAP_SWAPPED);
}

/* What a new mapping would have; behind a file's end there are zeros. */
static int read_base(const struct rec_memory_map *map, uint64_t addr, uint8_t *to, size_t size)
{
	memset(to, 0, size);
	if (map->flags & MAP_ANONYMOUS)
		return 0;
	for (size_t done = 0; done < size;) {
		const ssize_t r = pread(map->base_fd, to + done, size - done, (off_t)(map->offset + (addr - map->start) + done));

		if (r < 0)
			return -errno;
		if (r == 0)
			return 0;
		done += (size_t)r;
	}
	return 0;
}

/* Some pages in a row that were touched.  What cannot be read (a file mapping beyond the file's end) is as it would be. */
static int put_touched(struct writer *w, uint64_t addr, size_t count)
{
	static uint8_t now[BATCH * PAGE], base[BATCH * PAGE];
	const size_t size = count * PAGE;
	const size_t got = size - rec_tracee_read_any(w->thread, now, addr, size);
	int r = read_base(w->map, addr, base, got);

	for (size_t at = 0; r == 0 && at + PAGE <= got; at += PAGE)
		if (memcmp(now + at, base + at, PAGE) != 0)
			r = put_page(w, addr + at, now + at);
	return r;
}

static int put_batch(struct writer *w, uint64_t addr, size_t count)
{
	bool touched[BATCH];
	int r = 0;

	find_touched(w, addr, count, touched);
	for (size_t from = 0; r == 0 && from < count;) {
		size_t to = from;

		while (to < count && touched[to])
			to++;
		if (to > from)
			r = put_touched(w, addr + from * PAGE, to - from);
		from = to + (to == from);
	}
	return r;
}

int rec_memory_image(struct rec_tracee *thread, const struct rec_memory_map *map, struct rec_pages *pages, uint64_t pages_file,
		     struct fmt_buf *effects)
{
	char path[64];
	int r = 0;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", rec_tracee_native_tid(thread));
	_cleanup_close_ int pagemap_fd = open(path, O_RDONLY | O_CLOEXEC);
	struct writer w = {.thread = thread, .map = map, .pages = pages, .effects = effects, .pagemap_fd = pagemap_fd,
			   .run = {.op = FMT_EFFECT_COPY, .file = pages_file}};

	fmt_effect_put(effects, &(struct fmt_effect){.op = FMT_EFFECT_MAP, .addr = map->start, .size = map->end - map->start,
						     .prot = (uint32_t)map->prot, .flags = (uint32_t)map->flags,
						     .file = map->file, .offset = map->file ? map->offset : 0});
	if ((map->flags & MAP_TYPE) == MAP_SHARED)
		return 0;	/* its bytes are the file's */
	for (uint64_t addr = map->start; r == 0 && addr < map->end; addr += BATCH * PAGE) {
		const uint64_t left = (map->end - addr) / PAGE;

		r = put_batch(&w, addr, left < BATCH ? (size_t)left : BATCH);
	}
	end_run(&w);
	return r;
}
