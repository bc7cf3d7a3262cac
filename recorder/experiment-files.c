/* SPDX-License-Identifier: GPL-2.0-or-later */
/* experiment-files.c - files that an experiment names, as a whole and unpacked. */
#include "experiment-int.h"

#include <errno.h>
#include <fcntl.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "buf.h"
#include "trace.h"

#define FILE_SIZE_MAX (256ull << 20)
#define READ_SIZE (64u << 10)

/* ~/ is the home of whoever runs the experiment, as in Shadow. */
char *rec__file_path(const struct rec__load *load, const char *path)
{
	const char *home = getenv("HOME");
	char *whole;

	if (*path == '/')
		return rec__copy(path);
	if (!strncmp(path, "~/", 2) && home)
		CHECK(asprintf(&whole, "%s/%s", home, path + 2) > 0);
	else
		CHECK(asprintf(&whole, "%s/%s", load->exp->dir, path) > 0);
	return whole;
}

int rec__read_file(const char *path, uint64_t size_max, char **ret, size_t *ret_size)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	struct fmt_buf text = {0};
	ssize_t got;

	do {
		fmt_buf_reserve(&text, READ_SIZE);
		got = read(fd, text.data + text.size, READ_SIZE);
		if (got > 0)
			text.size += (size_t)got;
	} while ((got > 0 && text.size <= size_max) || (got < 0 && errno == EINTR));
	const int error = got < 0 ? -errno : got > 0 ? -EFBIG : 0;

	if (error < 0) {
		fmt_buf_done(&text);
		return error;
	}
	*ret_size = text.size;
	fmt_buf_put(&text, "", 1);
	*ret = (char *)text.data;
	return 0;
}

int rec__note_input(struct rec__load *load, int value, const char *path)
{
	_cleanup_free_ char *whole = rec__file_path(load, path);
	_cleanup_close_ int fd = open(whole, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	uint8_t hash[FMT_HASH_SIZE];
	char hex[2 * FMT_HASH_SIZE + 1];
	uint64_t size;
	size_t count = 0;
	const int error = fd < 0 ? -errno : fmt_hash_fd(fd, hash, &size);

	if (error < 0)
		return rec__fail(load, value, "%s: %s", whole, strerror(-error));
	for (unsigned int i = 0; i < FMT_HASH_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", hash[i]);
	CHECK(asprintf(&text, "%s sha256 %s", path, hex) > 0);
	for (; load->exp->inputs && load->exp->inputs[count]; count++)
		if (!strcmp(load->exp->inputs[count], text))
			return 0;
	rec__list_add(&load->exp->inputs, &count, text);
	return 0;
}

/* Text with a zero byte in it would seem to end there. */
char *rec__file_text(struct rec__load *load, int value, const char *path)
{
	_cleanup_free_ char *whole = rec__file_path(load, path);
	_cleanup_free_ char *text = NULL;
	size_t size;
	const int error = rec__read_file(whole, FILE_SIZE_MAX, &text, &size);

	if (error < 0) {
		rec__fail(load, value, "%s: %s", whole, strerror(-error));
		return NULL;
	}
	if (strlen(text) != size) {
		rec__fail(load, value, "%s: this is not text: it has a zero byte in it", whole);
		return NULL;
	}
	return rec__note_input(load, value, path) < 0 ? NULL : STEAL(text);
}

static lzma_ret unpack(const char *packed, size_t size, struct fmt_buf *text)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_ret result = lzma_stream_decoder(&stream, FILE_SIZE_MAX, LZMA_CONCATENATED);

	stream.next_in = (const uint8_t *)packed;
	stream.avail_in = size;
	while (result == LZMA_OK && text->size <= FILE_SIZE_MAX) {
		fmt_buf_reserve(text, READ_SIZE);
		stream.next_out = text->data + text->size;
		stream.avail_out = READ_SIZE;
		result = lzma_code(&stream, LZMA_FINISH);
		text->size += READ_SIZE - stream.avail_out;
	}
	lzma_end(&stream);
	return result;
}

char *rec__file_text_xz(struct rec__load *load, int value, const char *path)
{
	_cleanup_free_ char *whole = rec__file_path(load, path);
	_cleanup_free_ char *packed = NULL;
	_cleanup_(fmt_buf_done) struct fmt_buf text = {0};
	size_t size;
	const int error = rec__read_file(whole, FILE_SIZE_MAX, &packed, &size);

	if (error < 0) {
		rec__fail(load, value, "%s: %s", whole, strerror(-error));
		return NULL;
	}
	if (unpack(packed, size, &text) != LZMA_STREAM_END) {
		rec__fail(load, value, "%s: it cannot be unpacked; it is to be a whole .xz file of at most %llu MiB of text",
			  whole, FILE_SIZE_MAX >> 20);
		return NULL;
	}
	if (text.size && memchr(text.data, 0, text.size)) {
		rec__fail(load, value, "%s: this is not text: it has a zero byte in it", whole);
		return NULL;
	}
	if (rec__note_input(load, value, path) < 0)
		return NULL;
	fmt_buf_put(&text, "", 1);
	return (char *)STEAL(text.data);
}
