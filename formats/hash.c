/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hash.c - SHA-256, by libgcrypt, which uses the instructions of the CPU where there are any. */
#include "trace-int.h"

#include <gcrypt.h>

#define READ_SIZE (256u << 10)

struct fmt__hash {
	gcry_md_hd_t handle;
};

struct fmt__hash *fmt__hash_new(void)
{
	if (!gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P)) {
		CHECK(gcry_check_version(NULL));
		/* Nothing here is secret; secure memory would need mlock. */
		gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
		gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	}
	struct fmt__hash *hash = calloc(1, sizeof(*hash));

	CHECK(hash);
	CHECK(gcry_md_open(&hash->handle, GCRY_MD_SHA256, 0) == 0);
	return hash;
}

void fmt__hash_put(struct fmt__hash *hash, const void *bytes, size_t size)
{
	if (size)
		gcry_md_write(hash->handle, bytes, size);
}

void fmt__hash_get(struct fmt__hash *hash, uint8_t ret[FMT_HASH_SIZE])
{
	const void *digest = gcry_md_read(hash->handle, GCRY_MD_SHA256);

	CHECK(digest);
	memcpy(ret, digest, FMT_HASH_SIZE);
}

void fmt__hash_free(struct fmt__hash *hash)
{
	if (!hash)
		return;
	gcry_md_close(hash->handle);
	free(hash);
}

int fmt_hash_fd(int fd, uint8_t ret[FMT_HASH_SIZE], uint64_t *ret_size)
{
	_cleanup_(fmt__hash_freep) struct fmt__hash *hash = fmt__hash_new();
	_cleanup_free_ uint8_t *bytes = malloc(READ_SIZE);
	uint64_t at = 0;

	CHECK(bytes);
	for (;;) {
		const ssize_t got = pread(fd, bytes, READ_SIZE, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		fmt__hash_put(hash, bytes, (size_t)got);
		at += (uint64_t)got;
	}
	fmt__hash_get(hash, ret);
	if (ret_size)
		*ret_size = at;
	return 0;
}
