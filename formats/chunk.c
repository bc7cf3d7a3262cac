/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chunk.c - events in a chunk.
 *
 * An event is: varint kind * 2 + same; unless same, varint node and varint tid; varint vtime since the event
 * before; varint size of the body; the body.  Most events come from the thread of the one before, within
 * milliseconds, and are short: 1 + 2..3 + 1 bytes of header.
 */
#include "trace-int.h"

#include "effect.h"

#define ZSTD_LEVEL 3
#define ZSTD_WINDOW_LOG 23	/* 8 MiB: a packet's payload finds the write() that sent it, in any chunk */

void fmt__event_put(struct fmt_buf *raw, struct fmt__cursor *cursor, const struct fmt_event *event)
{
	const bool same = event->node == cursor->node && event->tid == cursor->tid;

	CHECK(event->vtime >= cursor->vtime);
	fmt_buf_put_u64(raw, (uint64_t)event->kind << 1 | same);
	if (!same) {
		fmt_buf_put_u64(raw, event->node);
		fmt_buf_put_u64(raw, event->tid);
	}
	fmt_buf_put_u64(raw, event->vtime - cursor->vtime);
	fmt_buf_put_u64(raw, event->body_size);
	fmt_buf_put(raw, event->body, event->body_size);
	*cursor = (struct fmt__cursor){event->vtime, event->node, event->tid};
}

static int get_thread(const uint8_t *raw, size_t size, size_t *pos, struct fmt__cursor *cursor)
{
	uint64_t node, tid;

	if (fmt_get_u64(raw, size, pos, &node) < 0 || fmt_get_u64(raw, size, pos, &tid) < 0)
		return -EBADMSG;
	if (node > UINT32_MAX || tid > UINT32_MAX)
		return -EBADMSG;
	/* There is one encoding of each event. */
	if (node == cursor->node && tid == cursor->tid)
		return -EBADMSG;
	cursor->node = (node_id)node;
	cursor->tid = (uint32_t)tid;
	return 0;
}

/* Takes one event; seq is left to the caller.  0, -EBADMSG.  *pos and *cursor move only on success. */
int fmt__event_get(const uint8_t *raw, size_t size, size_t *pos, struct fmt__cursor *cursor,
		   struct fmt_event *ret)
{
	struct fmt__cursor now = *cursor;
	uint64_t head, dt, body_size;
	size_t at = *pos;

	if (fmt_get_u64(raw, size, &at, &head) < 0 || head >> 1 > UINT32_MAX)
		return -EBADMSG;
	if (!(head & 1) && get_thread(raw, size, &at, &now) < 0)
		return -EBADMSG;
	if (fmt_get_u64(raw, size, &at, &dt) < 0 || dt > UINT64_MAX - now.vtime)
		return -EBADMSG;
	now.vtime += dt;
	if (fmt_get_u64(raw, size, &at, &body_size) < 0 || body_size > size - at)
		return -EBADMSG;
	*ret = (struct fmt_event){
		.vtime = now.vtime,
		.node = now.node,
		.tid = now.tid,
		.kind = (uint32_t)(head >> 1),
		.body = raw + at,
		.body_size = body_size,
	};
	*cursor = now;
	*pos = at + body_size;
	return 0;
}

const char *fmt__chunk_complaint(const struct fmt__chunk *chunk)
{
	if (chunk->count == 0 || chunk->count > FMT_CHUNK_EVENTS_MAX)
		return "its number of events is impossible";
	if (chunk->first_seq > UINT64_MAX / 2)
		return "its first event has an impossible number";
	if (chunk->codec > FMT_CODEC_ZSTD)
		return "its codec is unknown";
	if (chunk->raw_size > (chunk->count > 1 ? FMT_CHUNK_RAW_MAX : FMT_RAW_MAX))
		return "its size is impossible";
	if (chunk->raw_size < chunk->count * 3ull || chunk->stored_size > FMT_STORED_MAX)
		return "its size is impossible";
	if (chunk->t1 > INT64_MAX || chunk->t1 < chunk->t0 || chunk->t0 < chunk->base.vtime)
		return "its times are impossible";
	return NULL;
}

int fmt__chunk_decode(const struct fmt__chunk *chunk, const uint8_t *raw, struct fmt_event *ret,
		      struct fmt_error *error)
{
	struct fmt__cursor cursor = chunk->base;
	size_t pos = 0;

	CHECK(!fmt__chunk_complaint(chunk));
	const uint32_t checksum = fmt_crc32c(0, raw, chunk->raw_size);

	if (checksum != chunk->checksum)
		return fmt__fail(error, -EBADMSG,
				 "chunk of event %llu: checksum %08x, expected %08x; the file is damaged: "
				 "copy or record it again",
				 (unsigned long long)chunk->first_seq, checksum, chunk->checksum);
	for (uint32_t i = 0; i < chunk->count; i++) {
		if (fmt__event_get(raw, chunk->raw_size, &pos, &cursor, &ret[i]) < 0)
			return fmt__fail(error, -EBADMSG, "event %llu: damaged at byte %zu of its chunk",
					 (unsigned long long)chunk->first_seq + i, pos);
		ret[i].seq = chunk->first_seq + i;
	}
	if (pos != chunk->raw_size || ret[0].vtime != chunk->t0 || cursor.vtime != chunk->t1)
		return fmt__fail(error, -EBADMSG,
				 "chunk of event %llu: size or times are not those of its events",
				 (unsigned long long)chunk->first_seq);
	return 0;
}

ZSTD_CCtx *fmt__packer_new(void)
{
	ZSTD_CCtx *packer = ZSTD_createCCtx();

	CHECK(packer);
	CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(packer, ZSTD_c_compressionLevel, ZSTD_LEVEL)));
	CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(packer, ZSTD_c_enableLongDistanceMatching, 1)));
	CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(packer, ZSTD_c_windowLog, ZSTD_WINDOW_LOG)));
	return packer;
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
