/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace.h - the trace file: while its run goes on a log, then an SQLite database (see writer.c for why); both
 * hold compressed chunks of events, and one reader reads both.  docs/trace-format.5.md has the bytes.
 */
#ifndef FMT_TRACE_H
#define FMT_TRACE_H

#include <sched.h>

#include "event.h"

#define FMT_HASH_SIZE 32	/* SHA-256 */

/* Own metas, for a person: why the recorder did not come to its end; what was done to the trace since then. */
#define FMT_META_UNFINISHED "format.unfinished"
#define FMT_META_CHANGED "format.changed"

/* ---- writing -------------------------------------------------------- */

struct fmt_writer;

/* Creates path.  What is there is replaced only when the run ends or first flushes (until then the trace is
 * path.part).  0; -EBUSY: another recorder writes there; -errno. */
int fmt_writer_new(const char *path, struct fmt_writer **ret);
/* Keeps only the end of the run: at least the last so many ns of virtual time, and less than twice that.  What is there is renumbered.
 * Nothing else may have been written yet, but metas.  program (borrowed) is a hindcast, which is run beside the recorder to make the images
 * with which such a trace begins; NULL: it begins without, and cannot be replayed. */
void fmt_writer_ring(struct fmt_writer *w, vtime_ns duration, const char *program);
/* Removes what the recorder of a ring, killed at a bad moment, has left beside a trace of the same name. */
void fmt_writer_tidy(const struct fmt_writer *w);
/* Metadata of the run that is part of its hash: "seed", "experiment" (its text)...  0; -EINVAL: the key is empty or
 * starts with "format."; -EEXIST: it was given before; -E2BIG; -errno of the file. */
int fmt_writer_meta(struct fmt_writer *w, const char *key, const void *value, size_t size);
/* The next event in the total order (it gets the next seq; event->seq is not read).  0; -EINVAL: its vtime is
 * before that of the last one, or not below 2^63; -E2BIG: its body is over 64 MiB; -errno of the file (-ENOSPC,
 * -EIO ...), and from then on the same for every call: the trace holds what was flushed. */
int fmt_writer_event(struct fmt_writer *w, const struct fmt_event *event);
/* Embeds the content that an open file has now, once by content.  hash is what the file event says; when the content does not have it
 * it is not embedded, and -ESTALE comes from here, or from a later flush or the finish.  fd stays the caller's. */
int fmt_writer_file(struct fmt_writer *w, const uint8_t hash[FMT_HASH_SIZE], int fd);
/* What is said of the trace itself and is no part of the run: "format.changed" and the like.  As fmt_writer_meta(); nothing of it
 * is there before the end. */
int fmt_writer_own_meta(struct fmt_writer *w, const char *key, const void *value, size_t size);
/* What somebody wrote to a place of a run. */
struct fmt_note {
	uint64_t id;		/* unique in the trace, from 1 */
	event_seq seq;
	const char *author;	/* borrowed, like text */
	uint64_t time_s;	/* since 1970 */
	const char *text;
};
/* A note of the trace, copied; id is not read.  0, -E2BIG: there are too many, or it is too long. */
int fmt_writer_note(struct fmt_writer *w, const struct fmt_note *note);
/* For a copy: what is at path stays there until the end. */
void fmt_writer_hold(struct fmt_writer *w);
/* The thread that encodes runs on these processors from now on; at first, on those of who calls the writer. */
void fmt_writer_run_on(struct fmt_writer *w, const cpu_set_t *cpus);
/* Compresses harder (zstd's levels) from now on. */
void fmt_writer_level(struct fmt_writer *w, int level);
/* Makes everything so far readable after a kill: at once where it says now, otherwise if a second has passed since the last time, and
 * then as soon as the thread that encodes comes to it.  0; -ESTALE: as above, unless now; -errno of the file. */
int fmt_writer_flush(struct fmt_writer *w, bool now);
/* Ends the trace in its canonical layout: equal events and files give equal bytes.  ret_hash (may be NULL) is the run hash.  0: the
 * writer is freed; -errno: it is still the caller's, for one of the three below. */
int fmt_writer_finish(struct fmt_writer *w, uint8_t ret_hash[FMT_HASH_SIZE]);
/* For when the file cannot be written on: what is whole of the log is the trace at path.  False: there is none, since it has no events, or
 * not even its name can be changed. */
bool fmt_writer_give_up(struct fmt_writer *w);
/* Leaves nothing behind (what was at path before is gone when a flush has replaced it). */
void fmt_writer_discard(struct fmt_writer *w);
/* Leaves the trace as a killed recorder would. */
void fmt_writer_abandon(struct fmt_writer *w);

/* ---- reading -------------------------------------------------------- */

struct fmt_reader;

/* Why a trace did not open or could not be read on, for a person. */
struct fmt_error {
	char text[512];
};

/* 0; -ENOENT..., -EBADMSG (not a trace, or damaged), -EPROTONOSUPPORT (a newer version). */
int fmt_reader_open(const char *path, struct fmt_reader **ret, struct fmt_error *error);
void fmt_reader_close(struct fmt_reader *r);
/* What is unusual about the trace (it was killed, it has a damaged end), for a person; NULL: nothing. */
const char *fmt_reader_warning(const struct fmt_reader *r);

struct fmt_trace_stat {
	uint32_t version;
	uint64_t file_size;		/* of the trace */
	uint64_t events;
	uint64_t chunks;
	uint64_t chunk_bytes;		/* of events, as stored, without payload */
	uint64_t chunk_bytes_raw;
	uint64_t payload_bytes;		/* of these the literals: texts, frames, memory */
	uint64_t payload_bytes_raw;
	uint64_t files;			/* embedded */
	uint64_t file_bytes;		/* ... as stored */
	uint64_t file_bytes_raw;
	vtime_ns first, last;		/* vtime of the first and last event; 0 when there is none */
};
void fmt_reader_stat(const struct fmt_reader *r, struct fmt_trace_stat *ret);
/* Notes in order of their places, then of their ids, from 0; NULL after the last. */
const struct fmt_note *fmt_reader_note(const struct fmt_reader *r, size_t index);
/* Adds a note to a finished trace, or removes one: a new file takes the place of the old one.  *ret_id (ret_id may be NULL) is the id
 * that the trace gives it, written when it is added; note->id is not read.  0; -EINVAL, -E2BIG: not such a note; -ENOENT: there is
 * none with this id; -EBUSY: the trace is not finished; as fmt_reader_open(). */
int fmt_note_add(const char *path, const struct fmt_note *note, uint64_t *ret_id, struct fmt_error *error);
/* Now, for a note. */
uint64_t fmt_note_time_s(void);
int fmt_note_remove(const char *path, uint64_t id, struct fmt_error *error);
/* Embedded files, in order of their hashes, from 0.  False: there is no such one. */
struct fmt_trace_file {
	uint8_t hash[FMT_HASH_SIZE];
	uint64_t size, stored_size;
};
bool fmt_reader_file_at(const struct fmt_reader *r, size_t index, struct fmt_trace_file *ret);
/* Metas in order of their keys, from 0; NULL after the last. */
const char *fmt_reader_meta_key(const struct fmt_reader *r, size_t index);

event_seq fmt_reader_count(const struct fmt_reader *r);
/* False when the recorder did not come to its end (killed, disk full): what is there is whole. */
bool fmt_reader_finished(const struct fmt_reader *r);
const uint8_t *fmt_reader_hash(const struct fmt_reader *r);	/* run hash; NULL when not finished */
/* Borrowed until close; NULL when absent. */
const void *fmt_reader_meta(struct fmt_reader *r, const char *key, size_t *ret_size);
/* Any event by number.  Valid until the next call.  0, -ERANGE, -EBADMSG (error says where).
 * error may be NULL, here and below. */
int fmt_reader_event(struct fmt_reader *r, event_seq seq, struct fmt_event *ret, struct fmt_error *error);
/* Number of the first event at or after a time; fmt_reader_count() when there is none.  0, -EBADMSG. */
int fmt_reader_seek(struct fmt_reader *r, vtime_ns vtime, event_seq *ret, struct fmt_error *error);
/* What somebody looks for: events that are all of these. */
struct fmt_want {
	const uint32_t *kinds;		/* one of them; borrowed */
	size_t kind_count;		/* 0: any kind */
	bool has_node, has_tid, has_packet, has_stream;
	node_id node;
	uint32_t tid;
	uint64_t packet;		/* the event in which this packet is sent */
	uint64_t stream;		/* those in which segments of this TCP connection are (fmt_packet.stream) */
};
/* The first wanted event at or after *seq (backwards: the last at or before it), which becomes *seq.  Chunks without any are passed
 * over unread.  Its time is that of a few chunks, whatever the trace's size, when the trace has summaries (all but the end of one
 * that was not finished).  1, 0: there is none, -EBADMSG. */
int fmt_reader_find(struct fmt_reader *r, const struct fmt_want *want, bool backwards, event_seq *seq, struct fmt_event *ret,
		    struct fmt_error *error);
/* Whether any event of a chunk may be wanted, as far as its summary says.  1, 0, -EBADMSG, -errno. */
int fmt_reader_chunk_may_have(struct fmt_reader *r, size_t index, const struct fmt_want *want, struct fmt_error *error);
/* Every 1024th event of a node has a mark, with a checksum over all of its events so far: runs whose marks are equal were
 * the same up to there. */
struct fmt_mark {
	node_id node;
	uint64_t number;		/* from 1 */
	event_seq seq;
	uint32_t crc;
};
/* All marks, those of a node in order.  0, -EBADMSG. */
int fmt_reader_marks(struct fmt_reader *r, void (*see)(void *context, const struct fmt_mark *mark), void *context,
		     struct fmt_error *error);
/* What tells whether two chunks hold the same events, if all chunks before them do.  False: there is no such chunk. */
struct fmt_chunk_id {
	event_seq first_seq;
	vtime_ns t0, t1;
	uint64_t count, raw_size, checksum;
	uint64_t payload_size, payload_checksum;
};
bool fmt_reader_chunk_id(const struct fmt_reader *r, size_t index, struct fmt_chunk_id *ret);
/* Writes an embedded file to a new sealed memfd; its content is checked against hash.  fd
 * (the caller's), -ENOENT, -EBADMSG, -errno. */
int fmt_reader_file(struct fmt_reader *r, const uint8_t hash[FMT_HASH_SIZE], struct fmt_error *error);
/* Reads everything and checks it: checksums, order, hash, files. */
int fmt_reader_verify(struct fmt_reader *r, struct fmt_error *error);

/* SHA-256 of an open file from its start (pread). */
int fmt_hash_fd(int fd, uint8_t ret[FMT_HASH_SIZE], uint64_t *ret_size);

#endif
