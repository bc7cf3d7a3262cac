/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources.h"

#include <string.h>

#include "base/check.h"
#include "base/cleanup.h"
#include "trace-int.h"

int fmt_sources_add(struct fmt_buf *list, const char *path, struct fmt_bytes text)
{
	const size_t path_size = strlen(path);

	/* Ten bytes a varint. */
	if (path_size + text.size + 20 > FMT_SOURCES_MAX - list->size)
		return -E2BIG;
	fmt_buf_put_u64(list, path_size);
	fmt_buf_put(list, path, path_size);
	fmt_buf_put_u64(list, text.size);
	fmt_buf_put(list, text.data, text.size);
	return 0;
}

static int take_bytes(const struct fmt_buf *list, size_t *pos, struct fmt_bytes *ret)
{
	uint64_t size;

	if (fmt_get_u64(list->data, list->size, pos, &size) < 0 || size > list->size - *pos)
		return -EBADMSG;
	*ret = (struct fmt_bytes){list->data + *pos, (size_t)size};
	*pos += (size_t)size;
	return 0;
}

int fmt_sources_next(const struct fmt_buf *list, size_t *pos, struct fmt_bytes *ret_path, struct fmt_bytes *ret_text)
{
	if (*pos >= list->size)
		return 0;
	const int r = take_bytes(list, pos, ret_path);

	return r < 0 || take_bytes(list, pos, ret_text) < 0 ? -EBADMSG : 1;
}

static int unpack(const uint8_t *value, size_t size, struct fmt_buf *list)
{
	uint64_t codec, raw_size;
	size_t pos = 0;

	if (fmt_get_u64(value, size, &pos, &codec) < 0 || fmt_get_u64(value, size, &pos, &raw_size) < 0 ||
	    codec > UINT32_MAX || raw_size > FMT_SOURCES_MAX)
		return -EBADMSG;
	ZSTD_DCtx *unpacker = ZSTD_createDCtx();

	CHECK(unpacker);
	const int r = fmt__unpack(unpacker, (uint32_t)codec, value + pos, size - pos, (size_t)raw_size, list);

	ZSTD_freeDCtx(unpacker);
	return r;
}

int fmt_sources_read(struct fmt_reader *reader, struct fmt_buf *list, struct fmt_error *error)
{
	struct fmt_bytes path, text;
	size_t size = 0, pos = 0;
	const void *value = fmt_reader_meta(reader, FMT_META_SOURCES, &size);

	fmt_buf_clear(list);
	int r = value ? unpack(value, size, list) : 0;

	while (r >= 0 && pos < list->size)
		r = fmt_sources_next(list, &pos, &path, &text);
	if (r >= 0)
		return 0;
	fmt_buf_clear(list);
	return fmt__fail(error, -EBADMSG, "the trace is damaged: its meta \"" FMT_META_SOURCES "\" is not a list of source files");
}

void fmt_sources_pack(const struct fmt_buf *list, struct fmt_buf *ret)
{
	_cleanup_(fmt_buf_done) struct fmt_buf packed = {0};
	ZSTD_CCtx *packer = fmt__packer_new(/* far= */ true);

	fmt__packer_level(packer, 19);
	const uint32_t codec = fmt__pack(packer, list->data, list->size, &packed);

	ZSTD_freeCCtx(packer);
	fmt_buf_clear(ret);
	fmt_buf_put_u64(ret, codec);
	fmt_buf_put_u64(ret, list->size);
	fmt_buf_put(ret, packed.data, packed.size);
}
