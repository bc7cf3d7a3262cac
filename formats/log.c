/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log.c - the form of a trace while its run goes on, and after its recorder was killed.
 *
 * A header and records.  Each record carries its size and a checksum over all of itself; what is not whole, and what
 * comes after it, is not there.  So a log is valid after every write, whole or partial: a copy of the one file
 * at any moment is a trace of everything up to the last whole record.
 */
#include "trace-int.h"

#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "effect.h"

#define PARTS_MAX 4

int fmt__fail(struct fmt_error *error, int code, const char *format, ...)
{
	va_list args;

	CHECK(code < 0);
	if (error) {
		va_start(args, format);
		vsnprintf(error->text, sizeof(error->text), format, args);
		va_end(args);
	}
	return code;
}

/* ---- writing ---- */

/* All of it, or -errno. */
static int write_at(int fd, uint64_t at, struct iovec *iov, int iov_count)
{
	while (iov_count) {
		const ssize_t got = pwritev(fd, iov, iov_count, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		at += (uint64_t)got;
		size_t left = (size_t)got;

		for (; iov_count && left >= iov->iov_len; iov++, iov_count--)
			left -= iov->iov_len;
		if (!iov_count)
			break;
		if (got == 0)
			return -ENOSPC;
		iov->iov_base = (uint8_t *)iov->iov_base + left;
		iov->iov_len -= left;
	}
	return 0;
}

int fmt__log_begin(int fd, uint64_t *ret_end)
{
	struct fmt_wire_log header = {0};
	struct iovec iov = {&header, sizeof(header)};

	memcpy(header.magic, FMT_LOG_MAGIC, FMT_MAGIC_SIZE);
	le32_put(&header.version, FMT_VERSION);
	le64_put(&header.incompat, FMT_INCOMPAT_ZSTD);
	const int error = write_at(fd, 0, &iov, 1);

	if (error < 0)
		return error;
	*ret_end = sizeof(header);
	return 0;
}

/* One record of up to PARTS_MAX parts. */
static int append_record(int fd, uint64_t *end, uint32_t type, const struct iovec *parts, int count)
{
	struct fmt_wire_record record = {0};
	struct iovec iov[PARTS_MAX + 1] = {{&record, sizeof(record)}};
	size_t size = 0;

	CHECK(count <= PARTS_MAX);
	for (int i = 0; i < count; i++) {
		iov[i + 1] = parts[i];
		size += parts[i].iov_len;
	}
	CHECK(size <= FMT_RECORD_MAX);
	le32_put(&record.type, type);
	le32_put(&record.size, (uint32_t)size);
	uint32_t crc = fmt_crc32c(0, &record, offsetof(struct fmt_wire_record, crc));

	for (int i = 0; i < count; i++)
		crc = fmt_crc32c(crc, parts[i].iov_base, parts[i].iov_len);
	le32_put(&record.crc, crc);
	const int error = write_at(fd, *end, iov, count + 1);

	if (error < 0) {
		/* A cut record is harmless; without it the disk has a little more room. */
		(void)!ftruncate(fd, (off_t)*end);
		return error;
	}
	*end += sizeof(record) + size;
	return 0;
}

int fmt__log_append(int fd, uint64_t *end, uint32_t type, const void *head, size_t head_size,
		    const void *bytes, size_t size)
{
	const struct iovec parts[] = {{(void *)head, head_size}, {(void *)bytes, size}};

	return append_record(fd, end, type, parts, 2);
}

int fmt__log_append_chunk(int fd, uint64_t *end, const struct fmt__chunk *chunk, const void *columns, const void *summary,
			  const void *payload)
{
	struct fmt_wire_chunk wire = {0};
	const struct iovec parts[] = {{&wire, sizeof(wire)}, {(void *)columns, chunk->columns.stored_size},
				      {(void *)summary, chunk->summary_size}, {(void *)payload, chunk->payload.stored_size}};

	CHECK(!fmt__chunk_complaint(chunk));
	le64_put(&wire.first_seq, chunk->first_seq);
	le64_put(&wire.t0, chunk->t0);
	le64_put(&wire.t1, chunk->t1);
	le32_put(&wire.count, chunk->count);
	le32_put(&wire.codec, chunk->columns.codec);
	le32_put(&wire.raw_size, chunk->columns.raw_size);
	le32_put(&wire.checksum, chunk->columns.checksum);
	le32_put(&wire.stored_size, (uint32_t)chunk->columns.stored_size);
	le32_put(&wire.summary_size, (uint32_t)chunk->summary_size);
	le64_put(&wire.payload_start, chunk->payload_start);
	le32_put(&wire.payload_codec, chunk->payload.codec);
	le32_put(&wire.payload_raw_size, chunk->payload.raw_size);
	le32_put(&wire.payload_checksum, chunk->payload.checksum);
	return append_record(fd, end, chunk->tail ? FMT_RECORD_TAIL : FMT_RECORD_CHUNK, parts, 4);
}

/* ---- reading ---- */

/* All of it: 0, -EBADMSG when the file ends before, -errno. */
int fmt__read_at(int fd, uint64_t at, void *ret, size_t size)
{
	uint8_t *to = ret;

	while (size) {
		const ssize_t got = pread(fd, to, size, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -EBADMSG;
		to += got;
		at += (uint64_t)got;
		size -= (size_t)got;
	}
	return 0;
}

struct scan {
	struct fmt__index *index;
	const uint8_t *payload;
	size_t size;
	uint64_t location;	/* of the payload in the file */
	/* parts since part 0 of a file whose end has not come */
	size_t first_part;
	uint8_t hash[FMT_HASH_SIZE];
	uint64_t file_size;
};

static int scan_meta(struct scan *scan)
{
	uint64_t key_size;
	size_t pos = 0;

	if (fmt_get_u64(scan->payload, scan->size, &pos, &key_size) < 0 ||
	    key_size > scan->size - pos || memchr(scan->payload + pos, 0, key_size))
		return -EBADMSG;
	const char *key = (const char *)scan->payload + pos;

	pos += key_size;
	return fmt__index_add_meta(scan->index, key, key_size, scan->payload + pos,
				   scan->size - pos);
}

/* A chunk takes the place of the tails that held its events before. */
static void drop_tails(struct fmt__index *index, event_seq from)
{
	while (index->chunk_count && index->chunks[index->chunk_count - 1].tail &&
	       index->chunks[index->chunk_count - 1].first_seq >= from)
		index->chunk_count--;
}

static int scan_chunk(struct scan *scan, bool tail)
{
	const struct fmt_wire_chunk *wire = (const void *)scan->payload;

	if (scan->size < sizeof(*wire))
		return -EBADMSG;
	const uint64_t columns_size = le32_get(&wire->stored_size), summary_size = le32_get(&wire->summary_size);

	if (columns_size + summary_size > scan->size - sizeof(*wire))
		return -EBADMSG;
	const uint64_t at = scan->location + sizeof(*wire);
	const struct fmt__chunk chunk = {
		.first_seq = le64_get(&wire->first_seq),
		.t0 = le64_get(&wire->t0),
		.t1 = le64_get(&wire->t1),
		.count = le32_get(&wire->count),
		.columns = {le32_get(&wire->codec), le32_get(&wire->raw_size), le32_get(&wire->checksum), at, columns_size},
		.payload = {le32_get(&wire->payload_codec), le32_get(&wire->payload_raw_size),
			    le32_get(&wire->payload_checksum), at + columns_size + summary_size,
			    scan->size - sizeof(*wire) - columns_size - summary_size},
		.payload_start = le64_get(&wire->payload_start),
		.summary_location = at + columns_size,
		.summary_size = summary_size,
		.tail = tail,
	};

	if (fmt__chunk_complaint(&chunk))
		return -EBADMSG;
	if (!tail)
		drop_tails(scan->index, chunk.first_seq);
	if (fmt__chunk_complaint_after(scan->index, &chunk))
		return -EBADMSG;
	fmt__index_add_chunk(scan->index, &chunk);
	return 0;
}

static int scan_file_part(struct scan *scan)
{
	const struct fmt_wire_file_part *wire = (const void *)scan->payload;
	struct fmt__index *index = scan->index;

	if (scan->size < sizeof(*wire))
		return -EBADMSG;
	const struct fmt__part part = {
		.codec = le32_get(&wire->codec),
		.raw_size = le32_get(&wire->raw_size),
		.location = scan->location + sizeof(*wire),
		.stored_size = scan->size - sizeof(*wire),
	};

	if (part.raw_size > FMT_FILE_PART_MAX || part.codec > FMT_CODEC_ZSTD)
		return -EBADMSG;
	if (le32_get(&wire->part) == 0) {
		index->part_count = scan->first_part;
		memcpy(scan->hash, wire->hash, FMT_HASH_SIZE);
		scan->file_size = 0;
	}
	if (le32_get(&wire->part) != index->part_count - scan->first_part ||
	    memcmp(scan->hash, wire->hash, FMT_HASH_SIZE) != 0)
		return -EBADMSG;
	scan->file_size += part.raw_size;
	fmt__index_add_part(index, &part);
	return 0;
}

static int scan_file(struct scan *scan)
{
	const struct fmt_wire_file *wire = (const void *)scan->payload;
	struct fmt__index *index = scan->index;

	if (scan->size < sizeof(*wire))
		return -EBADMSG;
	struct fmt__file file = {
		.size = le64_get(&wire->size),
		.first_part = scan->first_part,
		.part_count = le32_get(&wire->parts),
	};

	memcpy(file.hash, wire->hash, FMT_HASH_SIZE);
	if (file.part_count == 0 || file.part_count != index->part_count - scan->first_part ||
	    file.size != scan->file_size || memcmp(file.hash, scan->hash, FMT_HASH_SIZE) != 0)
		return -EBADMSG;
	scan->first_part = index->part_count;
	return fmt__index_add_file(index, &file);
}

static int scan_record(struct scan *scan, uint32_t type)
{
	switch (type) {
	case FMT_RECORD_META:
		return scan_meta(scan);
	case FMT_RECORD_CHUNK:
		return scan_chunk(scan, /* tail= */ false);
	case FMT_RECORD_TAIL:
		return scan_chunk(scan, /* tail= */ true);
	case FMT_RECORD_FILE_PART:
		return scan_file_part(scan);
	case FMT_RECORD_FILE:
		return scan_file(scan);
	default:
		/* of a later version, and compatible, or the header would say so */
		return 0;
	}
}

static int check_header(int fd, struct fmt__index *index, struct fmt_error *error)
{
	struct fmt_wire_log header;
	const int read_error = fmt__read_at(fd, 0, &header, sizeof(header));

	if (read_error == -EBADMSG)
		return fmt__fail(error, -EBADMSG, "the trace is cut off within its header; "
						  "nothing of it is left to read");
	if (read_error < 0)
		return fmt__fail(error, read_error, "cannot read: %s", strerror(-read_error));
	if (le32_get(&header.version) > FMT_VERSION)
		return fmt__fail(error, -EPROTONOSUPPORT,
				 "the trace has format version %u, this program reads up to %u; "
				 "use the hindcast that recorded it, or a newer one",
				 le32_get(&header.version), FMT_VERSION);
	if (le32_get(&header.version) == 0)
		return fmt__fail(error, -EBADMSG, "the trace has format version 0, which there never was");
	index->compat = le64_get(&header.compat);
	index->incompat = le64_get(&header.incompat);
	return 0;
}

/* The record at *at.  1, 0 when none is whole there. */
static int scan_next(int fd, uint64_t file_size, uint64_t *at, struct fmt_buf *buf,
		     struct scan *scan)
{
	struct fmt_wire_record record;

	if (file_size - *at < sizeof(record) || fmt__read_at(fd, *at, &record, sizeof(record)) < 0)
		return 0;
	const uint32_t size = le32_get(&record.size);

	if (size > FMT_RECORD_MAX ||
	    size > file_size - *at - sizeof(record))
		return 0;
	fmt_buf_clear(buf);
	fmt_buf_reserve(buf, size);
	if (fmt__read_at(fd, *at + sizeof(record), buf->data, size) < 0)
		return 0;
	const uint32_t crc = fmt_crc32c(0, &record, offsetof(struct fmt_wire_record, crc));

	if (fmt_crc32c(crc, buf->data, size) != le32_get(&record.crc))
		return 0;
	scan->payload = buf->data;
	scan->size = size;
	scan->location = *at + sizeof(record);
	if (scan_record(scan, le32_get(&record.type)) < 0)
		return 0;
	*at += sizeof(record) + size;
	return 1;
}

int fmt__log_scan(int fd, struct fmt__index *index, uint64_t *ret_end, uint64_t *ret_size,
		  struct fmt_error *error)
{
	_cleanup_(fmt_buf_done) struct fmt_buf buf = {0};
	struct scan scan = {.index = index};
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fmt__fail(error, -errno, "cannot read: %s", strerror(errno));
	const int failed = check_header(fd, index, error);

	if (failed < 0)
		return failed;
	uint64_t at = sizeof(struct fmt_wire_log);

	while (scan_next(fd, (uint64_t)st.st_size, &at, &buf, &scan))
		continue;
	index->part_count = scan.first_part;
	*ret_end = at;
	*ret_size = (uint64_t)st.st_size;
	return 0;
}
