/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filehash.c - hashes of files, by what says that a file is still the same: its place on the host, its size, and
 * the times of its content and of its inode.  Good for a lower tree, which nobody changes while a run goes on; not for
 * files that the node writes, which may change twice within one tick of the host's clock.
 */
#include "filehash.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/check.h"
#include "trace.h"

struct key {
	uint64_t dev, ino, size;
	int64_t mtime_s, mtime_ns, ctime_s, ctime_ns;
};

struct known {
	struct key key;
	uint8_t hash[FMT_HASH_SIZE];
};

struct rec_filehashes {
	struct known *all;	/* sorted by key */
	size_t count, capacity;
};

struct rec_filehashes *rec_filehashes_new(void)
{
	struct rec_filehashes *hashes = calloc(1, sizeof(*hashes));

	CHECK(hashes != NULL);
	return hashes;
}

void rec_filehashes_free(struct rec_filehashes *hashes)
{
	if (!hashes)
		return;
	free(hashes->all);
	free(hashes);
}

/* Place of a key, or where it belongs. */
static size_t find(const struct rec_filehashes *hashes, const struct key *key, bool *ret_found)
{
	size_t low = 0, high = hashes->count;

	*ret_found = false;
	while (low < high) {
		const size_t middle = (low + high) / 2;
		const int order = memcmp(&hashes->all[middle].key, key, sizeof(*key));

		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void insert(struct rec_filehashes *hashes, size_t at, const struct key *key, const uint8_t hash[FMT_HASH_SIZE])
{
	if (hashes->count == hashes->capacity) {
		hashes->capacity = hashes->capacity ? 2 * hashes->capacity : 64;
		hashes->all = reallocarray(hashes->all, hashes->capacity, sizeof(*hashes->all));
		CHECK(hashes->all != NULL);
	}
	memmove(hashes->all + at + 1, hashes->all + at, (hashes->count - at) * sizeof(*hashes->all));
	hashes->all[at].key = *key;
	memcpy(hashes->all[at].hash, hash, FMT_HASH_SIZE);
	hashes->count++;
}

int rec_filehash(struct rec_filehashes *hashes, int fd, uint8_t ret[32], uint64_t *ret_size)
{
	struct stat st;
	size_t at = 0;
	bool found = false;

	if (fstat(fd, &st) < 0)
		return -errno;
	const struct key key = {
		st.st_dev, st.st_ino, (uint64_t)st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
		st.st_ctim.tv_sec, st.st_ctim.tv_nsec,
	};
	if (hashes)
		at = find(hashes, &key, &found);
	if (found) {
		memcpy(ret, hashes->all[at].hash, FMT_HASH_SIZE);
		*ret_size = key.size;
		return 0;
	}
	const int r = fmt_hash_fd(fd, ret, ret_size);

	if (r == 0 && hashes && *ret_size == key.size)
		insert(hashes, at, &key, ret);
	return r;
}
