/* SPDX-License-Identifier: GPL-2.0-or-later */
/* streams.h - what both sides of a conversation said to each other. */
#ifndef INSP_STREAMS_H
#define INSP_STREAMS_H

#include "buf.h"
#include "run.h"

/* Bytes that one side said without the other in between. */
struct insp_said {
	uint32_t packet;		/* the first of them */
	uint8_t side;
	uint8_t gap;			/* bytes before these were never seen */
	size_t offset, size;		/* in the text */
};

struct insp_talk {
	struct fmt_buf bytes;
	struct insp_said *said;
	uint32_t count, capacity;
	bool cut;			/* there was more than INSP_TALK_MAX */
};

#define INSP_TALK_MAX (64u << 20)

/* Puts together what a stream carried, as its receivers saw it: TCP's bytes once and in order, UDP's datagrams that
 * arrived.  Reads frames with a reader of its own, so that it may run in any thread.  0; what the reader says;
 * -ECANCELED.  The caller gives back what is in ret, even then. */
int insp_talk_read(const struct insp_run *run, uint32_t stream, insp_progress progress, void *data,
		   struct insp_talk *ret, struct fmt_error *error);
void insp_talk_done(struct insp_talk *talk);
/* "10.0.0.1:80" of a side. */
void insp_stream_put_end(const struct insp_stream *stream, int side, char *to, size_t size);
/* The next or previous packet of the stream behind a packet; INSP_NONE. */
uint32_t insp_stream_step(const struct insp_run *run, uint32_t packet, int direction);

#endif
