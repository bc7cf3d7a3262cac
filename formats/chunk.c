/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chunk.c - what a chunk says of itself, and its compression.
 */
#include "trace-int.h"

#include "effect.h"

#define ZSTD_LEVEL 3
#define ZSTD_WINDOW_LOG 23	/* 8 MiB: what a reader allows */

const char *fmt__chunk_complaint(const struct fmt__chunk *chunk)
{
	const struct fmt__packed *columns = &chunk->columns, *payload = &chunk->payload;

	if (chunk->count == 0 || chunk->count > FMT_CHUNK_EVENTS_MAX)
		return "its number of events is impossible";
	if (chunk->first_seq > UINT64_MAX / 2)
		return "its first event has an impossible number";
	if (columns->codec > FMT_CODEC_ZSTD || payload->codec > FMT_CODEC_ZSTD)
		return "its codec is unknown";
	if (columns->raw_size > (chunk->count > 1 ? FMT_CHUNK_RAW_MAX : FMT_RAW_MAX) ||
	    payload->raw_size > (chunk->count > 1 ? FMT_CHUNK_ROWS_MAX : FMT_BODY_MAX))
		return "its size is impossible";
	if (columns->raw_size < chunk->count * 3ull || columns->stored_size > FMT_STORED_MAX ||
	    payload->stored_size > FMT_STORED_MAX || chunk->summary_size > FMT_SUMMARY_MAX)
		return "its size is impossible";
	if (chunk->t1 > INT64_MAX || chunk->t1 < chunk->t0)
		return "its times are impossible";
	return NULL;
}

const char *fmt__chunk_complaint_after(const struct fmt__index *index, const struct fmt__chunk *chunk)
{
	const size_t count = index->chunk_count;
	const struct fmt__chunk *before = count ? &index->chunks[count - 1] : NULL;

	if (chunk->first_seq != fmt__index_events(index))
		return "it does not begin where the one before ends";
	if (before && chunk->t0 < before->t1)
		return "it begins before the end of the one before";
	/* Tails are no part of the stream. */
	if (chunk->payload_start != (before ? before->payload_start + (before->tail ? 0 : before->payload.raw_size) : 0))
		return "its payload has another place";
	return NULL;
}

int fmt__chunk_decode(struct fmt__slots *slots, const struct fmt__chunk *chunk, uint32_t wanted, const uint8_t *raw,
		      const struct fmt__literals *literals, struct fmt_event *ret, struct fmt_buf *bodies, struct fmt_error *error)
{
	CHECK(!fmt__chunk_complaint(chunk));
	const char *complaint = fmt__columns_get(slots, raw, chunk->columns.raw_size, literals, chunk->t0, chunk->count,
						     wanted, ret, bodies);

	if (!complaint && (ret[0].vtime != chunk->t0 || (wanted == chunk->count && ret[wanted - 1].vtime != chunk->t1)))
		complaint = "its times are not those of its events";
	if (complaint)
		return fmt__fail(error, -EBADMSG, "chunk of event %llu: %s",
				 (unsigned long long)chunk->first_seq, complaint);
	for (uint32_t i = 0; i < wanted; i++)
		ret[i].seq = chunk->first_seq + i;
	return 0;
}

/* Columns repeat themselves far apart; to look for that in programs takes half as long again, and finds nothing. */
ZSTD_CCtx *fmt__packer_new(bool far)
{
	ZSTD_CCtx *packer = ZSTD_createCCtx();

	CHECK(packer);
	CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(packer, ZSTD_c_compressionLevel, ZSTD_LEVEL)));
	CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(packer, ZSTD_c_enableLongDistanceMatching, far)));
	CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(packer, ZSTD_c_windowLog, ZSTD_WINDOW_LOG)));
	return packer;
}

void fmt__packer_level(ZSTD_CCtx *packer, int level)
{
	CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(packer, ZSTD_c_compressionLevel, level)));
}

uint32_t fmt__pack(ZSTD_CCtx *packer, const uint8_t *raw, size_t size, struct fmt_buf *out)
{
	const size_t bound = ZSTD_compressBound(size);

	fmt_buf_clear(out);
	fmt_buf_reserve(out, bound);
	const size_t packed = ZSTD_compress2(packer, out->data, bound, raw, size);

	CHECK(!ZSTD_isError(packed));
	if (packed < size) {
		out->size = packed;
		return FMT_CODEC_ZSTD;
	}
	fmt_buf_put(out, raw, size);
	return FMT_CODEC_STORED;
}

/* A flush at each cut ends a block, and the next has tables of its own. */
uint32_t fmt__pack_columns(ZSTD_CCtx *packer, const struct fmt__columns *columns, struct fmt_buf *out)
{
	const size_t size = columns->raw.size;
	const size_t bound = ZSTD_compressBound(size) + 64 * (columns->cut_count + 1);
	ZSTD_inBuffer in = {columns->raw.data, 0, 0};

	fmt_buf_clear(out);
	fmt_buf_reserve(out, bound);
	ZSTD_outBuffer to = {out->data, bound, 0};

	CHECK(!ZSTD_isError(ZSTD_CCtx_reset(packer, ZSTD_reset_session_only)));
	CHECK(!ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(packer, size)));
	for (size_t i = 0; i <= columns->cut_count; i++) {
		const bool last = i == columns->cut_count;

		in.size = last ? size : columns->cuts[i];
		CHECK(ZSTD_compressStream2(packer, &to, &in, last ? ZSTD_e_end : ZSTD_e_flush) == 0);
		CHECK(in.pos == in.size);
	}
	if (to.pos < size) {
		out->size = to.pos;
		return FMT_CODEC_ZSTD;
	}
	fmt_buf_put(out, columns->raw.data, size);
	return FMT_CODEC_STORED;
}

int fmt__unpack_checked(ZSTD_DCtx *unpacker, const struct fmt__packed *packed, const struct fmt_buf *stored, struct fmt_buf *out)
{
	if (fmt__unpack(unpacker, packed->codec, stored->data, stored->size, packed->raw_size, out) < 0)
		return -EBADMSG;
	return fmt_crc32c(0, out->data, out->size) == packed->checksum ? 0 : -EBADMSG;
}

int fmt__unpack(ZSTD_DCtx *unpacker, uint32_t codec, const uint8_t *bytes, size_t size,
		size_t raw_size, struct fmt_buf *out)
{
	CHECK(raw_size <= FMT_RAW_MAX);
	fmt_buf_clear(out);
	fmt_buf_reserve(out, raw_size);
	if (codec == FMT_CODEC_STORED) {
		if (size != raw_size)
			return -EBADMSG;
		fmt_buf_put(out, bytes, size);
		return 0;
	}
	if (codec != FMT_CODEC_ZSTD)
		return -EBADMSG;
	if (ZSTD_decompressDCtx(unpacker, out->data, raw_size, bytes, size) != raw_size)
		return -EBADMSG;
	out->size = raw_size;
	return 0;
}
