/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire.h - the fixed parts of a trace on disk.  docs/trace-format.5.md says the same in words; who changes one
 * changes both, and FMT_VERSION.  Reserved bytes are 0 when written and ignored when read.
 */
#ifndef FMT_WIRE_H
#define FMT_WIRE_H

#include "base/le.h"

#define FMT_VERSION 1			/* user_version of the database, version of the log */
#define FMT_APPLICATION_ID 0x68637472	/* "hctr"; application_id of the database */

/* Feature bits.  A reader that does not know an incompatible one must not go on. */
#define FMT_INCOMPAT_ZSTD 1u		/* codec 1 occurs */
#define FMT_INCOMPAT_KNOWN FMT_INCOMPAT_ZSTD
#define FMT_COMPAT_KNOWN 0u

enum fmt_codec {
	FMT_CODEC_STORED = 0,
	FMT_CODEC_ZSTD = 1,
};

/* What a reader accepts, and so what a writer may write. */
#define FMT_CHUNK_EVENTS_MAX 16384u
#define FMT_CHUNK_ROWS_MAX (4u << 20)	/* of bodies, and FMT_ROW_HEAD for each; one larger event is a chunk of its own */
#define FMT_ROW_HEAD 16u
#define FMT_CHUNK_RAW_MAX (2 * FMT_CHUNK_ROWS_MAX)	/* of columns; with one event FMT_RAW_MAX */
#define FMT_BODY_MAX (64u << 20)	/* one event */
#define FMT_RAW_MAX (2 * FMT_BODY_MAX)
#define FMT_STORED_MAX (FMT_RAW_MAX + (FMT_RAW_MAX >> 8) + 4096u)
#define FMT_RECORD_MAX (2 * FMT_STORED_MAX + FMT_SUMMARY_MAX)
#define FMT_PAYLOAD_WINDOW (8u << 20)	/* a chunk copies from no further behind its own literals */
#define FMT_PAYLOAD_CHUNKS 64u		/* ... and from no earlier chunk than the 64th before it */
#define FMT_SUMMARY_MAX (1u << 20)
#define FMT_MARK_EVENTS 1024u	/* of a node, from one mark to the next */
#define FMT_MARK_NODES 65536u	/* nodes from this number on have no marks */
#define FMT_FILE_PART_MAX (4u << 20)	/* every part of a file but the last has this size */
#define FMT_META_MAX (16u << 20)	/* all keys and values together */
/* Both are searched one by one. */
#define FMT_METAS_MAX 4096u
#define FMT_FILES_MAX 65536u
#define FMT_NOTES_MAX 65536u
#define FMT_NOTE_MAX 65536u	/* author and text of one */

/* ---- the log: what a trace is until its run ends ---- */

#define FMT_LOG_MAGIC "hindcast log\r\n\x1a\n"
#define FMT_MAGIC_SIZE 16

struct fmt_wire_log {
	uint8_t magic[FMT_MAGIC_SIZE];
	le32 version;
	le32 reserved;
	le64 compat;
	le64 incompat;
};
_Static_assert(sizeof(struct fmt_wire_log) == 40, "on disk");

enum fmt_record_type {
	FMT_RECORD_META = 1,		/* varint size of key, key, value */
	FMT_RECORD_CHUNK = 2,		/* fmt_wire_chunk, columns, summary, literals */
	FMT_RECORD_TAIL = 3,		/* the same: events that a later chunk will hold, too */
	FMT_RECORD_FILE_PART = 4,	/* fmt_wire_file_part, bytes */
	FMT_RECORD_FILE = 5,		/* fmt_wire_file: the parts before it are all of a file */
};

struct fmt_wire_record {
	le32 type;
	le32 size;		/* of what follows this header */
	le32 crc;		/* CRC-32C of type, size and what follows */
	le32 reserved;
};
_Static_assert(sizeof(struct fmt_wire_record) == 16, "on disk");

struct fmt_wire_chunk {
	le64 first_seq;
	le64 t0;		/* vtime of the first event */
	le64 t1;		/* ... of the last */
	le32 count;
	le32 codec;
	le32 raw_size;
	le32 checksum;		/* CRC-32C of the raw bytes */
	le32 stored_size;
	le32 summary_size;
	le64 payload_start;	/* of its literals in the stream of all literals */
	le32 payload_codec;
	le32 payload_raw_size;
	le32 payload_checksum;
	le32 reserved;
};
_Static_assert(sizeof(struct fmt_wire_chunk) == 72, "on disk");

struct fmt_wire_file_part {
	uint8_t hash[32];	/* of the whole file */
	le32 part;		/* from 0 */
	le32 codec;
	le32 raw_size;
	le32 reserved;
};
_Static_assert(sizeof(struct fmt_wire_file_part) == 48, "on disk");

struct fmt_wire_file {
	uint8_t hash[32];
	le64 size;
	le32 parts;
	le32 reserved;
};
_Static_assert(sizeof(struct fmt_wire_file) == 48, "on disk");

#endif
