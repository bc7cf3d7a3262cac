/* SPDX-License-Identifier: GPL-2.0-or-later */
/* writer-int.h - a writer from inside: writer.c takes in, encoder.c makes records of it, writer-ring.c keeps the end of a run. */
#ifndef FMT_WRITER_INT_H
#define FMT_WRITER_INT_H

#include "trace-int.h"

/* Events on their way into a chunk. */
struct fmt__batch {
	struct fmt_event *events;	/* FMT_CHUNK_EVENTS_MAX; bodies are set when it is encoded */
	struct fmt_buf bodies;
	uint32_t count;
	event_seq first_seq;
};

/* Bytes of files that wait for the encoder, at most. */
#define FMT__FILES_WAITING_MAX (64u << 20)

struct fmt_past;

struct fmt_writer {
	char *path;
	char *part_path;
	char *tmp_path;
	int fd;				/* of the log; locked */
	bool published;			/* the log is at path */
	bool held;			/* ... where it is not to be */
	int error;			/* the first of the file, sticky */
	uint64_t end;			/* of the log */
	uint64_t flush_time_ns;		/* CLOCK_MONOTONIC of the last flush */

	struct fmt__batch open;		/* fills */
	struct fmt__batch full;		/* is encoded */
	struct fmt__batch tail;		/* ... what a flush takes of the open one, copied */
	struct fmt__encoder *encoder;	/* NULL: none was needed yet, or it cannot be had */
	cpu_set_t cpus;			/* that it runs on; none: it has not been said */
	vtime_ns vtime;			/* of the last event */
	uint32_t flushed;		/* so many of the open batch are in a tail, or will be */
	size_t flushed_bodies;		/* bytes of their bodies */
	struct fmt__columns columns;
	struct fmt__payload *payload;
	struct fmt__summaries *summaries;

	struct fmt__hash *hash;		/* of the events */
	struct fmt_buf records;		/* some events as they are hashed */
	struct fmt_buf packed, packed_payload, summary;
	struct fmt__index known;	/* metas and files, to refuse and skip the second */
	struct fmt__index said;		/* own metas and notes, which come at the end */
	ZSTD_CCtx *packer;		/* of events */
	ZSTD_CCtx *file_packer;

	/* of a ring */
	vtime_ns ring;			/* how much is kept at least; 0: it is none */
	vtime_ns lap_start;		/* of the last lap, which is being written; the log begins one lap before */
	bool lapped;			/* something is gone */
	struct fmt_buf facts;		/* records of what came before the last lap */
	struct fmt_buf given;		/* hashes of the files that the recorder has given, which it does once */
	const char *program;		/* that makes images; NULL: nobody does (any more) */
	pid_t imager;			/* it is at those of the beginning of the last lap; 0: it is not */
	unsigned int imager_asked;	/* events since somebody looked whether it is done */
	struct fmt_reader *images;	/* what it has made, whose file has no name any more */
	struct fmt_past *past;		/* ... of all; NULL: it is none */
};

void fmt__writer_free(struct fmt_writer *w);
DEFINE_CLEANUP(struct fmt_writer *, fmt__writer_free)
/* The next event, whatever of a ring goes.  As fmt_writer_event(). */
int fmt__writer_add(struct fmt_writer *w, const struct fmt_event *event);
/* Keeps the first error of the file; gives the one that it is given. */
int fmt__writer_error(struct fmt_writer *w, int error);
/* Reads up to size bytes of a file at a place, fewer only at its end.  Number of bytes, -errno. */
ssize_t fmt__read_part(int fd, uint64_t at, uint8_t *ret, size_t size);

/* ---- encoder.c.  Errors are those of the log's file, for fmt__writer_error(). ---- */

/* Gives the full batch to the thread that encodes, which must have no other.  The error may be that of what was before. */
int fmt__encoder_batch(struct fmt_writer *w);
/* The same of the tail, which must be there no more (fmt__encoder_wait_tail()). */
int fmt__encoder_tail(struct fmt_writer *w);
/* Reads a file of size bytes (not 0, at most FMT__FILES_WAITING_MAX), and gives it to the thread, which checks its hash.  0; -EAGAIN: there
 * is no thread. */
int fmt__encoder_file(struct fmt_writer *w, const uint8_t hash[FMT_HASH_SIZE], int fd, size_t size);
/* Until nothing is being encoded. */
int fmt__encoder_wait(struct fmt_writer *w);
/* Until the full batch is; files may wait. */
int fmt__encoder_wait_batch(struct fmt_writer *w);
/* Until the tail is. */
int fmt__encoder_wait_tail(struct fmt_writer *w);
/* Had a file that was given another hash?  It is not in the trace. */
bool fmt__encoder_stale(struct fmt_writer *w);
/* Ends the thread that encodes, once it is done; a new one begins when it is needed. */
void fmt__writer_stop(struct fmt_writer *w);

/* What the thread does, for who does it instead while nothing is being encoded. */

/* Writes the events of a batch as a record. */
int fmt__writer_append(struct fmt_writer *w, struct fmt__batch *batch, bool tail);
int fmt__writer_append_part(struct fmt_writer *w, const uint8_t hash[FMT_HASH_SIZE], uint32_t part,
			    const uint8_t *raw, size_t size);
/* The parts that were appended are a file of so many bytes. */
int fmt__writer_append_file(struct fmt_writer *w, const uint8_t hash[FMT_HASH_SIZE], uint64_t size, size_t part_count);
/* Embeds a file of another trace as it is stored there, unpacked and checked by nobody.  No ring's.  0, -E2BIG, -errno. */
int fmt__writer_carry(struct fmt_writer *w, struct fmt_reader *from, const uint8_t hash[FMT_HASH_SIZE]);
/* The log takes the place of what was at path, if it has not: it has something to show now. */
int fmt__writer_publish(struct fmt_writer *w);

/* Nobody makes images for it any more, and what they were put into is gone. */
void fmt__writer_end_images(struct fmt_writer *w);
/* A ring says that it is one, in its own metas.  0, -E2BIG. */
int fmt__writer_describe_ring(struct fmt_writer *w);

#endif
